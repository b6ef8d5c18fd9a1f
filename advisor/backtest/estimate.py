"""Risk and expected returns as of one day, from the closes of the trailing window alone."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from advisor.backtest.history import LARGE_CAPS
from advisor.backtest.model import History, Rules
from advisor.market.data import MARKET
from advisor.market.estimate.estimators import ledoit_wolf
from advisor.market.estimate.returns import years_before
from advisor.risk.expected_returns import implied_risk_aversion
from advisor.units import TRADING_DAYS, Matrix, Vector

APART = 1.0 + 1e-9  # on each variance, so that two symbols with the prices of one still have a Cholesky factor


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """Of one day: covariance a year = root.T @ root, with zeros for symbols without a whole window.

    expected: a year in excess of cash, before expenses (n,); known: which symbols have the window (n,).
    """

    root: Matrix  # (n, n)
    expected: Vector
    betas: Vector  # (n,) to the market
    market_volatility: float
    known: NDArray[np.bool_]


class Estimator:
    """Estimates from one history; daily returns are worked out once."""

    def __init__(self, history: History, rules: Rules, window_years: int) -> None:
        self.history, self.window_years = history, window_years
        self.premium, self.identity = rules.equity_premium, rules.identity
        with np.errstate(invalid="ignore"):
            self.returns = history.prices[1:] / history.prices[:-1] - 1.0
        self.first = np.argmax(np.isfinite(history.prices), axis=0)
        self.markets = [history.symbols.index(s) for s in (MARKET, LARGE_CAPS) if s in history.symbols]

    def at(self, row: int) -> Estimate:
        """What the closes up to and including that of `row` say: Ledoit-Wolf covariance of daily returns.

        The market is `MARKET`, or `LARGE_CAPS` until that has the window. Equilibrium returns are beta times the file's
        premium, the same for funds of one index, as in `risk.expected_returns`.
        """
        h = self.history
        start = bisect_left(h.days, years_before(h.days[row], self.window_years))
        known = self.first <= start
        columns = np.flatnonzero(known)
        covariance = TRADING_DAYS * ledoit_wolf(self.returns[start:row, columns])[0]
        covariance[np.diag_indices(columns.size)] *= APART
        n = len(h.symbols)
        root = np.zeros((n, n))
        root[: columns.size, columns] = np.linalg.cholesky(covariance).T
        market = next(column for column in self.markets if known[column])
        variance = float(root[:, market] @ root[:, market])
        betas = root.T @ root[:, market] / variance
        members = np.bincount(self.identity, weights=known, minlength=n)
        shared = np.bincount(self.identity, weights=betas, minlength=n) / np.maximum(members, 1.0)
        expected = np.where(known, shared[self.identity] * self.premium, 0.0)
        return Estimate(root, expected, betas, float(np.sqrt(variance)), known)


def risk_aversion(rules: Rules, estimate: Estimate, weights: Vector) -> float:
    """The file's, or that at which the exposure at the start is the best one, as `rebalance.plan` takes today's.

    weights: fractions, shape (n,).
    """
    if rules.risk_aversion is not None:
        return rules.risk_aversion
    return implied_risk_aversion(float(estimate.betas @ weights), estimate.market_volatility, rules.equity_premium)
