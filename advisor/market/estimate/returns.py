"""From closes to returns by day, week or month, in which what is missing stays missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from advisor.errors import MarketDataError
from advisor.market.history import PriceHistory
from advisor.portfolio.model import ReturnPeriod
from advisor.units import TRADING_DAYS, Matrix, Vector

PERIODS_A_YEAR = {ReturnPeriod.DAILY: TRADING_DAYS, ReturnPeriod.WEEKLY: 52, ReturnPeriod.MONTHLY: 12}
FRIDAY = 4


@dataclass(frozen=True, slots=True, eq=False)
class PricePanel:
    """Closes adjusted for splits and dividends: shape (T, n), NaN where a security has none on a day.

    `days` ascend without repetition; columns are in the order of `symbols`.
    """

    symbols: tuple[str, ...]
    days: tuple[date, ...]
    prices: Matrix

    def column(self, symbol: str) -> Vector:
        """Closes of one security, shape (T,)."""
        return np.asarray(self.prices[:, self.symbols.index(symbol)])

    def between(self, start: date, end: date) -> PricePanel:
        """Days from `start` to `end`, both included."""
        rows = [row for row, day in enumerate(self.days) if start <= day <= end]
        return PricePanel(self.symbols, tuple(self.days[row] for row in rows), self.prices[rows])


@dataclass(frozen=True, slots=True, eq=False)
class ReturnTable:
    """Simple total returns, shape (T, n), NaN where a security has none; `ends` are the days on which they end."""

    symbols: tuple[str, ...]
    ends: tuple[date, ...]
    returns: Matrix
    period: ReturnPeriod


def panel_of(histories: Iterable[PriceHistory]) -> PricePanel:
    """Adjusted closes of several histories on the days that any of them has; symbols in alphabetical order."""
    ordered = sorted(histories, key=lambda history: history.symbol)
    days = tuple(sorted({day for history in ordered for day in history.days}))
    rows = {day: row for row, day in enumerate(days)}
    prices = np.full((len(days), len(ordered)), np.nan)
    for column, history in enumerate(ordered):
        prices[[rows[day] for day in history.days], column] = history.adjusted
    prices.setflags(write=False)
    return PricePanel(tuple(history.symbol for history in ordered), days, prices)


def returns_of(panel: PricePanel, period: ReturnPeriod) -> ReturnTable:
    """Returns between the last closes of successive days, weeks (Monday to Sunday) or months.

    A security without a close in a period has no return in it nor in the next, and a day's return is never that of
    two days. A week or month that the panel ends in counts only if it is over.
    """
    ends = _period_ends(panel.days, period)
    closes = np.full((len(ends), len(panel.symbols)), np.nan)
    first = 0
    for row, last in enumerate(ends):
        closes[row] = _last_known(panel.prices[first : last + 1])
        first = last + 1
    returns = closes[1:] / closes[:-1] - 1.0
    return ReturnTable(panel.symbols, tuple(panel.days[end] for end in ends[1:]), returns, period)


def years_before(day: date, years: int) -> date:
    """The same day of the calendar some years before; 28 February for a 29th that is not there."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def _period_ends(days: tuple[date, ...], period: ReturnPeriod) -> list[int]:
    """Row of the last day of each period that is over."""
    if not days:
        raise MarketDataError("no price history")
    if period is ReturnPeriod.DAILY:
        return list(range(len(days)))
    names = [_name(day, period) for day in days]
    ends = [row for row in range(len(days) - 1) if names[row] != names[row + 1]]
    return [*ends, len(days) - 1] if _is_over(days[-1], period) else ends


def _name(day: date, period: ReturnPeriod) -> tuple[int, int]:
    if period is ReturnPeriod.WEEKLY:
        year, week, _ = day.isocalendar()
        return (year, week)
    return (day.year, day.month)


def _is_over(last: date, period: ReturnPeriod) -> bool:
    if period is ReturnPeriod.WEEKLY:
        return last.weekday() >= FRIDAY
    return (last + timedelta(days=1)).month != last.month


def _last_known(prices: Matrix) -> Vector:
    """Last close of each column that is known; NaN for a column without any."""
    known = np.isfinite(prices)
    rows = np.where(known.any(axis=0), prices.shape[0] - 1 - np.argmax(known[::-1], axis=0), 0)
    return np.asarray(prices[rows, np.arange(prices.shape[1])])
