"""From closes to returns by day, week or month, in which what is missing stays missing."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from advisor.errors import MarketDataError
from advisor.market.prices.history import PriceHistory
from advisor.portfolio.preferences import ReturnPeriod
from advisor.units import TRADING_DAYS, Matrix, Vector

PERIODS_A_YEAR = {ReturnPeriod.DAILY: TRADING_DAYS, ReturnPeriod.WEEKLY: 52, ReturnPeriod.MONTHLY: 12}
# How far apart two closes may be, in numbers of `_number`, for the return between them to be of one period: the
# exchange has not been closed for longer than from a Friday to a Wednesday since 2001 (October 2012).
APART = {ReturnPeriod.DAILY: 5, ReturnPeriod.WEEKLY: 1, ReturnPeriod.MONTHLY: 1}
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
        rows = slice(bisect_left(self.days, start), bisect_right(self.days, end))
        return PricePanel(self.symbols, self.days[rows], self.prices[rows])


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

    A security without a close in a period has no return in it nor in the next: a day's return is never that of two
    days, and no return spans a week or month that is missing altogether. A week or month that the panel ends in counts
    only if no weekday of it is left.
    """
    ends = _period_ends(panel.days, period)
    closes = _last_closes(panel.prices, ends)
    returns = closes[1:] / closes[:-1] - 1.0
    numbers = np.array([_number(panel.days[end], period) for end in ends])
    returns[np.diff(numbers) > APART[period]] = np.nan
    return ReturnTable(panel.symbols, tuple(panel.days[end] for end in ends[1:]), returns, period)


def years_before(day: date, years: int) -> date:
    """The same day of the calendar some years before; 28 February for a 29th that is not there."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def _number(day: date, period: ReturnPeriod) -> int:
    """Number of the day, week or month; successive weeks and months have successive numbers."""
    if period is ReturnPeriod.MONTHLY:
        return 12 * day.year + day.month
    return day.toordinal() if period is ReturnPeriod.DAILY else (day.toordinal() - 1) // 7  # ordinal 1 is a Monday


def _period_ends(days: tuple[date, ...], period: ReturnPeriod) -> list[int]:
    """Row of the last day of each period that is over."""
    if not days:
        raise MarketDataError("no price history in the window of the covariance")
    numbers = [_number(day, period) for day in (*days, _next_weekday(days[-1]))]
    return [row for row in range(len(days)) if numbers[row] != numbers[row + 1]]


def _next_weekday(day: date) -> date:
    return day + timedelta(days=7 - day.weekday() if day.weekday() >= FRIDAY else 1)


def _last_closes(prices: Matrix, ends: list[int]) -> Matrix:
    """Last known close of each security in each period, NaN where it has none; `ends` are the periods' last rows."""
    rows = np.where(np.isfinite(prices), np.arange(len(prices))[:, None], -1)
    last = np.maximum.accumulate(rows, axis=0)[ends]
    begins = np.array([0, *(end + 1 for end in ends)])[:-1, None]
    closes = np.take_along_axis(prices, np.maximum(last, 0), axis=0)
    return np.asarray(np.where(last >= begins, closes, np.nan))
