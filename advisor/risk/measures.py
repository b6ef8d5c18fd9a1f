"""Ex-ante measures: pure functions of weights and a risk model.

Weights are fractions of household value, cash excluded, shape (n,) in the order of the model's symbols.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from advisor.risk.covariance import RiskModel, betas
from advisor.units import Vector


def weight_vector(model: RiskModel, weights: Mapping[str, float]) -> Vector:
    """Weights by symbol as an array in the model's order, shape (n,); a symbol that is not held weighs 0."""
    return np.array([weights.get(symbol, 0.0) for symbol in model.symbols])


def volatility(model: RiskModel, weights: Vector) -> float:
    """Standard deviation of the return, a year: sqrt(w' Sigma w)."""
    return float(np.linalg.norm(model.root @ weights))


def tracking_error(model: RiskModel, weights: Vector, benchmark: str) -> float:
    """Standard deviation of the return in excess of the benchmark's, a year: sqrt((w-b)' Sigma (w-b))."""
    active = weights.copy()
    active[model.index(benchmark)] -= 1.0
    return float(np.linalg.norm(model.root @ active))


def beta(model: RiskModel, weights: Vector, benchmark: str) -> float:
    """Sensitivity of the return to the benchmark's: cov(r, r_b) / var(r_b)."""
    return float(betas(model, benchmark) @ weights)
