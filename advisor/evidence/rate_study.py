"""What small companies returned above large ones after changes of the rate: an event study on monthly returns.

1. A window is of whole months and begins with the month after the announcement.
2. Its excess is the compounded return of the small companies less that of the large ones.
3. Sets of changes are counted side by side: every cut, the first of each cycle, and first cuts by two plain rules;
   every rise, and the first after a cut. Rises without a cut between them are one cycle.
4. Windows overlap, so the interval of a mean comes from blocks of consecutive months; the naive t is for show.
5. Windows that begin in any month of the study are the baseline.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from advisor.evidence.facts import RateChange
from advisor.market.estimate.returns import PricePanel, returns_of
from advisor.portfolio.preferences import ReturnPeriod
from advisor.units import Vector

HORIZONS = (1, 3, 6, 12, 24)  # months
EVERY, FIRST, AFTER_A_RISE, AFTER_A_PAUSE, BY_CYCLE = "every", "first", "after_a_rise", "after_a_pause", "by_cycle"
PAUSE = timedelta(days=180)
LEVEL = 0.9  # of the bootstrap interval
FEWEST = 2  # observations of which a deviation can be said
FEWEST_BLOCKS = 2  # of which an interval is drawn
FEWEST_CHANGES = 5  # months with a change; draws of fewer only repeat them, and the interval is their range


class Direction(StrEnum):
    """Which changes of the rate a study is of."""

    CUT = "cut"
    RISE = "rise"


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How intervals are drawn. A block is as long as the longest window, so that no window is longer than a block."""

    block_months: int = 24
    draws: int = 4000
    seed: int = 1926


@dataclass(frozen=True, slots=True, eq=False)
class MonthlyPair:
    """Monthly simple total returns of small and large companies.

    small_returns, large_returns: shape (T,), fractions, NaN where unknown; row t is of month `first_month` + t, where
    a month's number is 12 * year + month.
    """

    small: str
    large: str
    first_month: int
    small_returns: Vector
    large_returns: Vector


@dataclass(frozen=True, slots=True)
class RateHorizon:
    """Excess after the changes of a set over one horizon; fractions. None where too few changes tell it."""

    months: int
    count: int
    wins: int
    mean: float | None
    low: float | None
    high: float | None
    naive_t: float | None


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """One way of counting changes, and what it gives."""

    key: str
    results: tuple[RateHorizon, ...]


@dataclass(frozen=True, slots=True)
class CycleMeans:
    """Mean excess after the changes of one cycle, by horizon; None where no window is over."""

    cycle: str
    changes: int
    means: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class EventStudy:
    """The whole study; `any_month` is the baseline. `first` is the first day of its months, `last` the last."""

    direction: Direction
    small: str
    large: str
    first: date
    last: date
    sets: tuple[ChangeSet, ...]
    any_month: tuple[RateHorizon, ...]
    cycles: tuple[CycleMeans, ...]
    bootstrap: Bootstrap

    def of(self, key: str, months: int) -> RateHorizon:
        """What one set gives over one horizon."""
        results = next(found.results for found in self.sets if found.key == key)
        return next(result for result in results if result.months == months)

    def baseline(self, months: int) -> RateHorizon:
        """The windows of any month over one horizon."""
        return next(result for result in self.any_month if result.months == months)


def month_number(of: date) -> int:
    """Number of a month: successive months have successive numbers."""
    return 12 * of.year + of.month


def first_day(number: int) -> date:
    """First day of the month with a number of `month_number`."""
    return date((number - 1) // 12, (number - 1) % 12 + 1, 1)


def pair_of_panel(panel: PricePanel, small: str, large: str) -> MonthlyPair:
    """Monthly returns of two symbols of a panel of adjusted closes."""
    table = returns_of(panel, ReturnPeriod.MONTHLY)
    numbers = [month_number(end) for end in table.ends]
    if not numbers:
        return MonthlyPair(small, large, month_number(panel.days[0]), np.zeros(0), np.zeros(0))
    grid = np.full((numbers[-1] - numbers[0] + 1, 2), np.nan)
    columns = [table.symbols.index(symbol) for symbol in (small, large)]
    grid[[number - numbers[0] for number in numbers]] = table.returns[:, columns]
    return MonthlyPair(small, large, numbers[0], grid[:, 0], grid[:, 1])


def window_excesses(pair: MonthlyPair, months: int) -> Vector:
    """Excess over the window that begins in each month, shape (T,); NaN where a month of it is unknown."""
    found = np.full(len(pair.small_returns), np.nan)
    if len(found) >= months:
        small, large = (
            np.prod(sliding_window_view(1.0 + returns, months), axis=1)
            for returns in (pair.small_returns, pair.large_returns)
        )
        found[: len(small)] = small - large
    return found


def cut_sets(changes: Iterable[RateChange]) -> dict[str, tuple[date, ...]]:
    """Announcement days by way of counting.

    Every checked cut; those that the table names as first of a cycle; those whose last change before was a rise; those
    with half a year or more since the last cut. No plain rule gives the second: it leaves out November 2002 and June
    2003, eleven and seven months after a cut, and holds September 2025, nine months after one.
    """
    ordered = sorted(changes, key=lambda change: change.announced)
    checked = [(before, change) for before, change in pairwise(ordered) if change.cycle]
    cuts = [change for change in ordered if change.change_bp < 0]
    paused = {after.announced for before, after in pairwise(cuts) if after.announced - before.announced >= PAUSE}
    return {
        EVERY: tuple(change.announced for _, change in checked),
        FIRST: tuple(change.announced for _, change in checked if change.begins),
        AFTER_A_RISE: tuple(change.announced for before, change in checked if before.change_bp > 0),
        AFTER_A_PAUSE: tuple(change.announced for _, change in checked if change.announced in paused),
    }


def rise_sets(changes: Iterable[RateChange]) -> dict[str, tuple[date, ...]]:
    """Announcement days by way of counting: every rise, and those whose last change before was a cut."""
    ordered = sorted(changes, key=lambda change: change.announced)
    rises = [(before, change) for before, change in pairwise(ordered) if change.change_bp > 0]
    return {
        EVERY: tuple(change.announced for _, change in rises),
        FIRST: tuple(change.announced for before, change in rises if before.change_bp < 0),
    }


def rise_cycles(changes: Iterable[RateChange]) -> dict[date, str]:
    """The cycle of each rise, named by its years: rises without a cut between them."""
    runs: list[list[date]] = []
    is_open = False
    for change in sorted(changes, key=lambda change: change.announced):
        if change.change_bp > 0:
            if not is_open:
                runs.append([])
            runs[-1].append(change.announced)
        is_open = change.change_bp > 0
    return {day: _years_of(run) for run in runs for day in run}


def _years_of(run: Sequence[date]) -> str:
    first, last = run[0].year, run[-1].year
    return f"{first}" if first == last else f"{first} to {last}"


def _cut_cycles(changes: Iterable[RateChange]) -> dict[date, str]:
    return {change.announced: change.cycle for change in changes if change.cycle}


def event_study(
    pair: MonthlyPair,
    changes: Sequence[RateChange],
    direction: Direction = Direction.CUT,
    *,
    horizons: tuple[int, ...] = HORIZONS,
    bootstrap: Bootstrap | None = None,
) -> EventStudy | None:
    """The study of a pair of monthly returns; None where no change in that direction has a window in them.

    Its months begin with the first checked cut in either direction, so that both have the same baseline.
    """
    drawn_by = bootstrap or Bootstrap()
    cuts = _cut_cycles(changes)
    cycle_of = cuts if direction is Direction.CUT else rise_cycles(changes)
    sets = cut_sets(changes) if direction is Direction.CUT else rise_sets(changes)
    known = np.flatnonzero(np.isfinite(pair.small_returns) & np.isfinite(pair.large_returns)) + pair.first_month
    starts = [month_number(day) + 1 for day in cycle_of]
    if not len(known) or not any(known[0] <= start <= known[-1] for start in starts):
        return None
    first = max(min(month_number(day) + 1 for day in (*cuts, *cycle_of)), int(known[0]))
    windows = {months: window_excesses(pair, months) for months in horizons}
    cycles = _cycles(cycle_of, windows, pair.first_month)
    counted = tuple(
        ChangeSet(
            key, tuple(_result(windows[months], pair.first_month, first, days, months, drawn_by) for months in horizons)
        )
        for key, days in sets.items()
    )
    votes = tuple(
        _plain_result(months, [cycle.means[place] for cycle in cycles]) for place, months in enumerate(horizons)
    )
    return EventStudy(
        direction=direction,
        small=pair.small,
        large=pair.large,
        first=first_day(first),
        last=first_day(int(known[-1]) + 1) - timedelta(days=1),
        sets=(*counted, ChangeSet(BY_CYCLE, votes)),
        any_month=tuple(
            _plain_result(months, windows[months][first - pair.first_month :].tolist()) for months in horizons
        ),
        cycles=cycles,
        bootstrap=drawn_by,
    )


def _result(
    excesses: Vector, first_month: int, first: int, days: tuple[date, ...], months: int, bootstrap: Bootstrap
) -> RateHorizon:
    """Mean, wins and interval of the windows that begin in the month after each of `days`."""
    begun = np.zeros(len(excesses))
    for day in days:
        place = month_number(day) + 1 - first_month
        if 0 <= place < len(begun):
            begun[place] += 1.0
    known = np.isfinite(excesses)
    seen = np.repeat(excesses[known], begun[known].astype(int))
    plain = _plain_result(months, seen.tolist())
    over = slice(first - first_month, int(np.flatnonzero(known)[-1]) + 1 if known.any() else 0)
    low, high = _interval(np.where(known, excesses, 0.0)[over], np.where(known, begun, 0.0)[over], bootstrap)
    return RateHorizon(months, plain.count, plain.wins, plain.mean, low, high, plain.naive_t)


def _plain_result(months: int, values: Iterable[float | None]) -> RateHorizon:
    """Mean and wins of what is known, as though each value were independent."""
    seen = np.array([value for value in values if value is not None and math.isfinite(value)])
    if not len(seen):
        return RateHorizon(months, 0, 0, None, None, None, None)
    deviation = float(seen.std(ddof=1)) if len(seen) >= FEWEST else 0.0
    mean = float(seen.mean())
    t = mean / (deviation / math.sqrt(len(seen))) if deviation > 0.0 else None
    return RateHorizon(months, len(seen), int(np.sum(seen > 0.0)), mean, None, None, t)


def _interval(excesses: Vector, weights: Vector, bootstrap: Bootstrap) -> tuple[float | None, float | None]:
    """Interval of the weighted mean over draws of blocks of consecutive months; draws without a change say nothing.

    Blocks run on from the last month to the first, or the first and last changes would hardly ever be drawn.

    Source: H. Kuensch, The jackknife and the bootstrap for general stationary observations, 1989 (moving blocks);
    D. Politis and J. Romano, A circular block-resampling procedure for stationary data, 1992.
    """
    length, block = len(excesses), bootstrap.block_months
    if length < FEWEST_BLOCKS * block or np.count_nonzero(weights) < FEWEST_CHANGES:
        return None, None
    numbers = np.random.default_rng(bootstrap.seed)
    begins = numbers.integers(0, length, size=(bootstrap.draws, math.ceil(length / block)))
    sums = (_block_sums(values, block)[begins].sum(axis=1) for values in (excesses * weights, weights))
    total, changes = sums
    means = total[changes > 0.0] / changes[changes > 0.0]
    low, high = np.quantile(means, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return float(low), float(high)


def _block_sums(values: Vector, block: int) -> Vector:
    """Sum of the block that begins in each month, shape (T,)."""
    return np.asarray(sliding_window_view(np.concatenate([values, values[: block - 1]]), block).sum(axis=1))


def _cycles(cycle_of: Mapping[date, str], windows: Mapping[int, Vector], first_month: int) -> tuple[CycleMeans, ...]:
    """Means by cycle; a cycle of which no window is over says nothing, and is left out."""
    found = []
    for cycle in dict.fromkeys(cycle_of.values()):
        places = [month_number(day) + 1 - first_month for day, of in cycle_of.items() if of == cycle]
        means = []
        for excesses in windows.values():
            seen = [float(excesses[place]) for place in places if 0 <= place < len(excesses)]
            known = [value for value in seen if math.isfinite(value)]
            means.append(sum(known) / len(known) if known else None)
        found.append(CycleMeans(cycle, len(places), tuple(means)))
    return tuple(cycle for cycle in found if any(mean is not None for mean in cycle.means))
