"""Risk as of one day, from the closes of the trailing window alone, and the returns that a mix then implies."""

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
from advisor.risk.expected_returns import LEAST_AVERSION, MOST_AVERSION
from advisor.units import TRADING_DAYS, Matrix, Vector

APART = 1.0 + 1e-9  # on each variance, so that two symbols with the prices of one still have a Cholesky factor


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """Of one day: covariance a year = root.T @ root, with zeros for symbols without a whole window.

    market: the place of the US market; known: which symbols have the window (n,).
    """

    root: Matrix  # (n, n)
    market: int
    known: NDArray[np.bool_]

    def implied(self, aversion: float, mix: Vector) -> Vector:
        """Returns a year in excess of cash at which `mix` is the best portfolio, shape (n,); 0 where nothing is known.

        mix: fractions of household value, shape (n,). As `risk.expected_returns` has them, before expenses and views.
        """
        return np.asarray(aversion * (self.root.T @ (self.root @ mix)))


class Estimator:
    """Estimates from one history; daily returns are worked out once."""

    def __init__(self, history: History, window_years: int) -> None:
        self.history, self.window_years = history, window_years
        with np.errstate(invalid="ignore"):
            self.returns = history.prices[1:] / history.prices[:-1] - 1.0
        self.first = np.argmax(np.isfinite(history.prices), axis=0)
        self.markets = [history.symbols.index(s) for s in (MARKET, LARGE_CAPS) if s in history.symbols]

    def at(self, row: int) -> Estimate:
        """What the closes up to and including that of `row` say: Ledoit-Wolf covariance of daily returns.

        The market is `MARKET`, or `LARGE_CAPS` until that has the window.
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
        return Estimate(root, next(column for column in self.markets if known[column]), known)


def risk_aversion(rules: Rules, estimate: Estimate, mix: Vector) -> float:
    """The file's, or that at which the US market earns the premium in the reference portfolio of the start.

    ``premium / (Sigma mix)_market`` within its bounds, as `risk.expected_returns.implied_risk_aversion` has it. mix:
    fractions of household value, shape (n,).
    """
    if rules.risk_aversion is not None:
        return rules.risk_aversion
    with_market = float(estimate.implied(1.0, mix)[estimate.market])
    if with_market <= rules.equity_premium / MOST_AVERSION:
        return MOST_AVERSION
    return max(LEAST_AVERSION, rules.equity_premium / with_market)
