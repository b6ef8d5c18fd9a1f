"""The problem that everyone solves, and its data: made from a seed, the same in every run.

    minimise   (gamma/2) w'Sw - mu'w + cost |w - held|_1
    subject to sum w = 1,  0 <= w <= most,
               c'w <= cap                  the look-through weight of seven companies
               G w <= group caps
               sqrt(w'Sw) <= volatility    set halfway between the least and the wanted one, so that it binds

S = F F' + diag(specific): a sample covariance and its Cholesky factor ("dense"), or 20 factors ("factor").
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from advisor.units import TRADING_DAYS, Matrix, Vector

FACTORS = 20
GAMMA = 4.0
COST = 2e-3
SCALE = 100.0  # of the objective: the solver's gap of 1e-8 would leave weights open to 3e-5


@dataclass(frozen=True, slots=True)
class Inputs:
    """What may vary from solve to solve: numbers, or cvxpy parameters of their shapes."""

    expected: Any  # mu, (n,)
    held: Any  # (n,)
    most: Any  # (n,)
    cap: Any
    group_caps: Any  # (g,)
    volatility: Any


@dataclass(frozen=True, slots=True)
class Reference:
    """One problem: what stays, and the first inputs."""

    factor: Matrix  # F, (n, r)
    specific: Vector  # (n,), zeros where dense
    look_through: Vector  # c, (n,)
    groups: Matrix  # G, (g, n)
    cost: float
    returns: Matrix  # (days, n), for those who ask for them
    inputs: Inputs

    @property
    def n(self) -> int:
        return int(self.look_through.size)

    @property
    def is_factor(self) -> bool:
        return bool(self.specific.any())

    @property
    def covariance(self) -> Matrix:
        return np.asarray(self.factor @ self.factor.T + np.diag(self.specific))

    def risk(self, weights: Vector) -> float:
        """Volatility of `weights`."""
        return float(np.sqrt(np.sum((weights @ self.factor) ** 2) + self.specific @ weights**2))


def reference(n: int, covariance: str) -> Reference:
    """The problem with n assets, without its volatility limit (`bare.with_volatility_limit`)."""
    rng = np.random.default_rng(n)
    factors = min(FACTORS, n // 3)
    loadings = rng.normal(0.0, 0.3, (n, factors))
    loadings[:, 0] = rng.normal(1.0, 0.25, n)
    spread = np.concatenate([[0.16], np.full(factors - 1, 0.05)])  # a year
    own = rng.uniform(0.12, 0.35, n)
    days = max(750, n + 250)
    shocks = rng.normal(size=(days, factors)) * spread @ loadings.T + rng.normal(size=(days, n)) * own
    returns = rng.normal(0.09, 0.05, n) / TRADING_DAYS + shocks / np.sqrt(TRADING_DAYS)
    if covariance == "dense":
        factor, specific = np.linalg.cholesky(TRADING_DAYS * np.cov(returns, rowvar=False)), np.zeros(n)
    else:
        factor, specific = loadings * spread, own**2
    groups = _groups(n)
    return Reference(
        factor=factor,
        specific=specific,
        look_through=_look_through(rng, n),
        groups=groups,
        cost=COST,
        returns=returns,
        inputs=Inputs(
            expected=TRADING_DAYS * returns.mean(axis=0),
            held=rng.dirichlet(np.ones(n)),
            most=np.full(n, 0.30 if n <= 12 else max(0.02, 5.0 / n)),
            cap=0.25,
            group_caps=np.full(len(groups), 1.3 / len(groups)),
            volatility=np.inf,
        ),
    )


def variations(problem: Reference, count: int) -> list[Inputs]:
    """The inputs, then others like them: new expected returns and holdings."""
    rng = np.random.default_rng(3)
    others = [
        replace(
            problem.inputs,
            expected=problem.inputs.expected * (1 + 0.1 * rng.normal(size=problem.n)),
            held=rng.dirichlet(np.ones(problem.n)),
        )
        for _ in range(count - 1)
    ]
    return [problem.inputs, *others]


def _look_through(rng: np.random.Generator, n: int) -> Vector:
    """Seven companies, and funds that hold them."""
    weights = np.zeros(n)
    weights[:7] = 1.0
    funds = slice(7, max(9, 7 + n // 10))
    weights[funds] = rng.uniform(0.15, 0.55, weights[funds].size)
    return weights


def _groups(n: int) -> Matrix:
    count = 3 if n <= 12 else 5
    groups = np.zeros((count, n))
    groups[np.arange(n) % count, np.arange(n)] = 1.0
    return groups
