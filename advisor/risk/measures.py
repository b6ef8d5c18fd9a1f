"""Measures: pure functions of weights and a risk model, or of weights and return scenarios.

Weights are fractions of household value, cash excluded, shape (n,) in the order of the model's symbols.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from advisor.risk.covariance import RiskModel, betas
from advisor.units import Matrix, Vector


def weight_vector(model: RiskModel, weights: Mapping[str, float]) -> Vector:
    """Weights by symbol as an array in the model's order, shape (n,); a symbol that is not held weighs 0."""
    return np.array([weights.get(symbol, 0.0) for symbol in model.symbols])


def volatility(model: RiskModel, weights: Vector) -> float:
    """Standard deviation of the return, a year: sqrt(w' Sigma w). weights: fractions, shape (n,)."""
    return float(np.linalg.norm(model.root @ weights))


def tracking_error(model: RiskModel, weights: Vector, benchmark: str) -> float:
    """Standard deviation of the return in excess of the benchmark's, a year: sqrt((w-b)' Sigma (w-b)).

    weights: fractions, shape (n,).
    """
    active = weights.copy()
    active[model.index(benchmark)] -= 1.0
    return float(np.linalg.norm(model.root @ active))


def beta(model: RiskModel, weights: Vector, benchmark: str) -> float:
    """Sensitivity of the return to the benchmark's: cov(r, r_b) / var(r_b). weights: fractions, shape (n,)."""
    return float(betas(model, benchmark) @ weights)


def expected_shortfall(outcomes: Vector, tail: float = 0.05) -> float:
    """Mean loss of the worst `tail` share of equally likely outcomes, positive for a loss.

    Where `tail` times their number is not whole, the last of the worst counts by the fraction left.

    Parameters: `outcomes`, returns, shape (T,); `tail` in (0, 1]. Raises ValueError for no outcome, or one that is
    not finite. Source: Rockafellar and Uryasev (2002), "Conditional value-at-risk for general loss distributions",
    proposition 8.
    """
    if not outcomes.size or not np.isfinite(outcomes).all() or not 0.0 < tail <= 1.0:
        raise ValueError("expected shortfall needs finite outcomes and a tail within (0, 1]")
    worst = tail * outcomes.size
    shares = np.clip(worst - np.arange(outcomes.size), 0.0, 1.0)
    return float(-(shares @ np.sort(outcomes)) / worst)


def max_drawdown(values: Vector) -> float:
    """Largest fall from a running peak, as a positive fraction of the peak; `values` are above zero, shape (T,)."""
    return float((1.0 - values / np.maximum.accumulate(values)).max())


def buy_and_hold_drawdown(returns: Matrix, weights: Vector, cash: float) -> float:
    """Largest fall from a running peak, as a fraction of the peak, of a portfolio that is never rebalanced.

    Parameters: `returns`, simple returns by period, shape (T, n); `weights` at the start, shape (n,), and `cash`,
    which earns nothing, as fractions of one value. The start counts as the first peak. Raises ValueError for a
    return that is not finite or a portfolio without positive value at the start.
    """
    if not np.isfinite(returns).all() or not weights.sum() + cash > 0.0:
        raise ValueError("a drawdown needs finite returns and a portfolio of positive value")
    growth = np.vstack([np.ones(returns.shape[1]), np.cumprod(1.0 + returns, axis=0)])
    return max_drawdown(growth @ weights + cash)
