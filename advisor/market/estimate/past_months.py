"""Past months and episodes of securities with a price history of their own, and what stands in where it ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from types import MappingProxyType

import numpy as np

from advisor.errors import MarketDataError
from advisor.market.data import MarketData, PastMonths, StressEpisode
from advisor.market.estimate.returns import PricePanel, returns_of
from advisor.portfolio.preferences import ReturnPeriod
from advisor.units import Vector

MONTHS = 120

Month = tuple[int, int]


def past_months_of(panel: PricePanel, base: MarketData, stand_ins: Mapping[str, Sequence[str]]) -> PastMonths:
    """The last ten years of months: a security's own return, else what `base` says of it, else its first stand-in's.

    `stand_ins` name symbols of the panel or of `base`. No month ends after the panel's last day. Rounded to whole basis
    points, as snapshots hold them.

    Raises
    ------
    MarketDataError
        A month for which neither the security nor a stand-in has a return; a month that is missing altogether.
    """
    own = returns_of(panel, ReturnPeriod.MONTHLY)
    past = [day for day in base.past_months.months if day <= panel.days[-1]]
    ends = {_month(day): day for day in (*past, *own.ends)}
    months = tuple(day for _, day in sorted(ends.items()))[-MONTHS:]
    _check_succession(months, base)
    known = {symbol: _by_month(base.past_months.months, column) for symbol, column in _columns(base.past_months)}
    fresh = {symbol: _by_month(own.ends, own.returns[:, place]) for place, symbol in enumerate(own.symbols)}
    columns, used = [], {}
    for symbol in panel.symbols:
        others = tuple(other for other in stand_ins.get(symbol, ()) if other != symbol)
        column, words = _completed(symbol, months, fresh, known, others, base)
        columns.append(column)
        if words:
            used[symbol] = words
    returns = np.column_stack(columns).round(4)
    returns.setflags(write=False)
    source = (
        f"simple total returns by calendar month to {months[-1]}, from the price histories; months before a history "
        f"begins from {base.id}"
    )
    return PastMonths(panel.symbols, months, returns, MappingProxyType(used), source)


def episode_of(episode: StressEpisode, panel: PricePanel, stand_ins: Mapping[str, Sequence[str]]) -> StressEpisode:
    """The episode for the symbols of a panel: as known, else from the two closes, else the first stand-in's.

    Raises `MarketDataError` for a security of which neither it nor any stand-in has a return in the episode.
    """
    returns: dict[str, float] = {}
    used: dict[str, str] = {}
    for symbol in panel.symbols:
        if symbol in episode.returns:
            returns[symbol] = episode.returns[symbol]
            if symbol in episode.stand_ins:
                used[symbol] = episode.stand_ins[symbol]
            continue
        own = _between(panel, symbol, episode.start, episode.end)
        if own is None:
            used[symbol] = _first_known(symbol, stand_ins.get(symbol, ()), episode)
            own = episode.returns[used[symbol]]
        returns[symbol] = own
    return replace(episode, returns=MappingProxyType(returns), stand_ins=MappingProxyType(used))


def _first_known(symbol: str, stand_ins: Sequence[str], episode: StressEpisode) -> str:
    for other in stand_ins:
        if other in episode.returns:
            return other
    raise MarketDataError(f"{symbol}: neither it nor any stand-in has a return in the episode {episode.name!r}")


def _between(panel: PricePanel, symbol: str, start: date, end: date) -> float | None:
    rows = {day: row for row, day in enumerate(panel.days)}
    if start not in rows or end not in rows:
        return None
    first, last = panel.column(symbol)[[rows[start], rows[end]]]
    return float(last / first - 1.0) if np.isfinite(first) and np.isfinite(last) else None


def _check_succession(months: Sequence[date], base: MarketData) -> None:
    for earlier, later in pairwise(months):
        if 12 * (later.year - earlier.year) + later.month - earlier.month > 1:
            raise MarketDataError(
                f"no return in the months between {earlier} and {later}: the prices have to begin before "
                f"{base.past_months.months[-1]}, up to which {base.id} knows the months"
            )


def _month(day: date) -> Month:
    return (day.year, day.month)


def _columns(scenarios: PastMonths) -> list[tuple[str, Vector]]:
    return [(symbol, scenarios.returns[:, place]) for place, symbol in enumerate(scenarios.symbols)]


def _by_month(ends: Sequence[date], column: Vector) -> dict[Month, float]:
    return {_month(day): float(value) for day, value in zip(ends, column, strict=True) if np.isfinite(value)}


def _completed(
    symbol: str,
    months: Sequence[date],
    fresh: Mapping[str, Mapping[Month, float]],
    known: Mapping[str, Mapping[Month, float]],
    stand_ins: Sequence[str],
    base: MarketData,
) -> tuple[Vector, str]:
    """Returns of a security without gaps, and in words whose they are where they are not its own."""
    nothing: Mapping[Month, float] = {}
    tables = [(symbol, fresh[symbol]), (base.id, known.get(symbol, nothing))]
    tables += [(other, {**known.get(other, nothing), **fresh.get(other, nothing)}) for other in stand_ins]
    column, counts = np.zeros(len(months)), dict.fromkeys((name for name, _ in tables), 0)
    for place, day in enumerate(months):
        name, value = next(((n, table[_month(day)]) for n, table in tables if _month(day) in table), (None, 0.0))
        if name is None:
            raise MarketDataError(f"{symbol}: neither it nor any stand-in has a return in the month to {day}")
        column[place] = value
        counts[name] += 1
    words = [f"{counts[other]} months as {other}" for other in stand_ins if counts[other]]
    if counts[base.id] and symbol in base.past_months.stand_ins:
        words.insert(0, f"in {base.id}: {base.past_months.stand_ins[symbol]}")
    return column, ", ".join(words)
