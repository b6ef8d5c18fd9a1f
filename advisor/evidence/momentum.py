"""Strength of small companies against large ones: weeks won in a row and what followed, twelve months, years, highs.

Returns are total returns between adjusted closes; a week runs from Monday to Sunday and ends with its last close.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from advisor.market.estimate.returns import PricePanel, returns_of, years_before
from advisor.portfolio.preferences import ReturnPeriod
from advisor.units import Matrix, Vector

AFTER = (4, 13, 26, 52)  # weeks after a streak
STALE_DAYS = 7  # a close that is older does not stand for a day


@dataclass(frozen=True, slots=True)
class AfterStreak:
    """Excess of small over large in the weeks after each streak, and after any week; fractions."""

    weeks: int
    count: int
    wins: int
    mean: float
    any_count: int
    any_wins: int
    any_mean: float


@dataclass(frozen=True, slots=True)
class Momentum:
    """What the closes say on the day `last`.

    `streak` is how many weeks in a row the small companies won up to the week that ends on `streak_ended`, and
    `streak_now` up to the last whole week. `small_year` and `large_year` are returns of twelve months;
    `small_from_high` and `large_from_high` distances from the highest close, zero or negative.
    """

    small: str
    large: str
    first: date
    last: date
    streak: int
    streak_ended: date | None
    streak_now: int
    small_year: float | None
    large_year: float | None
    small_from_high: float
    large_from_high: float
    after: tuple[AfterStreak, ...]


@dataclass(frozen=True, slots=True)
class YearReturns:
    """Returns of one calendar year, in the order of the symbols; None where a symbol has not the whole year."""

    year: int
    returns: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class CalendarYears:
    """Whole years, and the begun one up to `last`."""

    symbols: tuple[str, ...]
    last: date
    years: tuple[YearReturns, ...]
    begun: YearReturns | None

    def won(self, symbol: str, against: str, *, after: int, until: int) -> dict[int, bool]:
        """Whether `symbol` was ahead of `against` in each whole year after `after`, up to `until`, that both have."""
        small, large = self.symbols.index(symbol), self.symbols.index(against)
        known = {
            year.year: (year.returns[small], year.returns[large]) for year in self.years if after < year.year <= until
        }
        return {year: one > other for year, (one, other) in known.items() if one is not None and other is not None}


@dataclass(frozen=True, slots=True)
class Since:
    """Returns of two symbols from the close of one day to that of another."""

    small: str
    large: str
    start: date
    last: date
    small_return: float
    large_return: float


def momentum_of(panel: PricePanel, small: str, large: str, *, streak_weeks: int, streak_day: date) -> Momentum:
    """Momentum of two symbols of a panel; `streak_day` lies in the last week of the streak that was claimed."""
    weekly = returns_of(panel, ReturnPeriod.WEEKLY)
    columns = [weekly.symbols.index(symbol) for symbol in (small, large)]
    excess = weekly.returns[:, columns[0]] - weekly.returns[:, columns[1]]
    runs = _runs(excess)
    place = bisect_right([_week(end) for end in weekly.ends], _week(streak_day)) - 1
    is_there = place >= 0 and _week(weekly.ends[place]) == _week(streak_day)
    small_closes, large_closes = panel.column(small), panel.column(large)
    return Momentum(
        small=small,
        large=large,
        first=panel.days[0],
        last=panel.days[-1],
        streak=runs[place] if is_there else 0,
        streak_ended=weekly.ends[place] if is_there else None,
        streak_now=runs[-1] if runs else 0,
        small_year=_year_return(panel, small),
        large_year=_year_return(panel, large),
        small_from_high=_from_high(small_closes),
        large_from_high=_from_high(large_closes),
        after=tuple(_after(weekly.returns[:, columns], runs, streak_weeks)),
    )


def _week(day: date) -> int:
    return (day.toordinal() - 1) // 7  # ordinal 1 is a Monday


def _runs(excess: Vector) -> list[int]:
    """Weeks won in a row up to each week; an unknown week ends a run."""
    runs: list[int] = []
    for value in excess.tolist():
        runs.append((runs[-1] if runs else 0) + 1 if value > 0.0 else 0)
    return runs


def _after(returns: Matrix, runs: Sequence[int], streak_weeks: int) -> Iterable[AfterStreak]:
    """What followed when a run reached `streak_weeks`; each run counts once."""
    reached = np.array([run == streak_weeks for run in runs], dtype=bool)
    for weeks in AFTER:
        if len(runs) <= weeks:
            continue
        growth = np.prod(sliding_window_view(1.0 + returns[1:], weeks, axis=0), axis=2)  # of the weeks after each
        excess = growth[:, 0] - growth[:, 1]
        known = np.isfinite(excess)
        seen, every = excess[known & reached[: len(excess)]], excess[known]
        if len(seen):
            yield AfterStreak(
                weeks, len(seen), int(np.sum(seen > 0.0)), float(seen.mean()),
                len(every), int(np.sum(every > 0.0)), float(every.mean()),
            )  # fmt: skip


def _close_on(panel: PricePanel, symbol: str, day: date) -> float | None:
    """Last close up to `day`; None where there is none in the week before."""
    row = bisect_right(panel.days, day) - 1
    closes = panel.column(symbol)
    while row >= 0 and (day - panel.days[row]).days <= STALE_DAYS:
        if np.isfinite(closes[row]):
            return float(closes[row])
        row -= 1
    return None


def _return_between(panel: PricePanel, symbol: str, start: date, end: date) -> float | None:
    before, after = _close_on(panel, symbol, start), _close_on(panel, symbol, end)
    return None if before is None or after is None else after / before - 1.0


def _year_return(panel: PricePanel, symbol: str) -> float | None:
    return _return_between(panel, symbol, years_before(panel.days[-1], 1), panel.days[-1])


def _from_high(closes: Vector) -> float:
    known = closes[np.isfinite(closes)]
    return float(known[-1] / known.max() - 1.0)


def since(panel: PricePanel, small: str, large: str, start: date) -> Since | None:
    """Returns from `start` to the panel's last day; None where a close is missing."""
    found = [_return_between(panel, symbol, start, panel.days[-1]) for symbol in (small, large)]
    if found[0] is None or found[1] is None:
        return None
    return Since(small, large, start, panel.days[-1], found[0], found[1])


def calendar_years(panel: PricePanel, symbols: tuple[str, ...]) -> CalendarYears:
    """Returns of each calendar year, from the last close of the year before."""
    last = panel.days[-1]
    whole = [year for year in range(panel.days[0].year + 1, last.year + 1) if last >= _last_session(year)]
    years = tuple(YearReturns(year, _returns_of_year(panel, symbols, year, date(year, 12, 31))) for year in whole)
    begun = None
    if last.year > panel.days[0].year and last.year not in whole:
        begun = YearReturns(last.year, _returns_of_year(panel, symbols, last.year, last))
    return CalendarYears(
        symbols, last, tuple(year for year in years if any(r is not None for r in year.returns)), begun
    )


def _last_session(year: int) -> date:
    """Last weekday of a year: the exchange is open on 31 December."""
    day = date(year, 12, 31)
    return day.replace(day=day.day - max(0, day.weekday() - 4))


def _returns_of_year(panel: PricePanel, symbols: tuple[str, ...], year: int, end: date) -> tuple[float | None, ...]:
    return tuple(_return_between(panel, symbol, date(year - 1, 12, 31), end) for symbol in symbols)
