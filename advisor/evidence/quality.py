"""What owning small companies was like: volatility, drawdowns, and how alike two funds of one index are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

import numpy as np

from advisor.market.estimate.returns import PricePanel
from advisor.risk.measures import max_drawdown
from advisor.units import TRADING_DAYS, Vector

CRASH = 2020  # the last year with a fall of a third
LONGEST_CLOSURE = 7  # days from close to close, in September 2001


@dataclass(frozen=True, slots=True)
class SymbolRisk:
    """Volatility a year and the deepest fall from a high, of daily closes; `crash_drawdown` of the year `CRASH` alone.

    Drawdowns are positive fractions of the high; None where the closes do not hold that year.
    """

    symbol: str
    volatility: float
    max_drawdown: float
    crash_drawdown: float | None


@dataclass(frozen=True, slots=True)
class Risk:
    """Risk of several symbols over the days that all of them have closes on."""

    first: date
    last: date
    days: int
    of: tuple[SymbolRisk, ...]

    def symbol(self, name: str) -> SymbolRisk:
        """Risk of one symbol."""
        return next(risk for risk in self.of if risk.symbol == name)


def risk_of(panel: PricePanel, symbols: tuple[str, ...]) -> Risk | None:
    """Risk over the common days of `symbols`; None where there are not enough of them, or where they are not daily.

    Volatility is of returns from one day of the panel to the next, where both have every close.
    """
    closes = np.column_stack([panel.column(symbol) for symbol in symbols])
    common = np.flatnonzero(np.isfinite(closes).all(axis=1))
    days = [panel.days[row] for row in common]
    apart = np.diff([day.toordinal() for day in days])
    is_daily = (np.diff(common) == 1) & (apart <= LONGEST_CLOSURE)
    if np.count_nonzero(is_daily) < TRADING_DAYS or np.median(apart) > 1.0:
        return None
    in_crash = np.array([day.year == CRASH for day in days])
    return Risk(
        days[0],
        days[-1],
        len(days),
        tuple(_risk(symbol, closes[common, column], is_daily, in_crash) for column, symbol in enumerate(symbols)),
    )


def _risk(symbol: str, closes: Vector, is_daily: np.ndarray, in_crash: np.ndarray) -> SymbolRisk:
    returns = (closes[1:] / closes[:-1] - 1.0)[is_daily]
    return SymbolRisk(
        symbol,
        float(returns.std(ddof=1)) * math.sqrt(TRADING_DAYS),
        max_drawdown(closes),
        max_drawdown(closes[in_crash]) if in_crash.any() else None,
    )
