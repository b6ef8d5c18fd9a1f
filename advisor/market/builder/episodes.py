"""Stress episodes: what every security returned between two dated closes.

1. Named episodes: within a search window, the peak and the trough of SPY that enclose its largest fall.
2. Small-cap winters: the deepest falls of the ratio IWM / SPY within three years, not overlapping.
3. A security without a price at the start takes the return of the first of its stand-ins that has one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from advisor.errors import MarketDataError
from advisor.market.data import StressEpisode
from advisor.market.fact_tables import own_table
from advisor.units import Vector

WINTERS = 3
WINTER_SESSIONS = 756  # three years
CASH = "cash at 0 %"  # stand-in of last resort for bonds, bills and metals
TRIPLE = "3 x QQQ, daily"  # stand-in of a fund geared three times


def stress_episodes(prices: pd.DataFrame, stand_ins: Mapping[str, Sequence[str]]) -> tuple[StressEpisode, ...]:
    """All episodes in order of their start."""
    spans = []
    for row in own_table("episodes", ("name", "title", "search_start", "search_end")):
        market = prices["SPY"].loc[row["search_start"] : row["search_end"]]
        start, end = deepest_fall(market.to_numpy(), len(market))
        spans.append((row["name"], row["title"], market.index[start], market.index[end]))
    for start, end in _winters(prices):
        first, last = prices.index[start], prices.index[end]
        spans.append((f"small_cap_winter_{first.year}", f"Small-cap winter, {first.year} to {last.year}", first, last))
    episodes = [_episode(name, title, prices.loc[start:end], stand_ins) for name, title, start, end in spans]
    return tuple(sorted(episodes, key=lambda episode: (episode.start, episode.name)))


def deepest_fall(levels: Vector, sessions: int) -> tuple[int, int]:
    """Places of the peak and the trough of the largest relative fall that lasts at most `sessions`.

    levels: shape (T,).
    """
    best, span = 0.0, (0, 0)
    for start in range(len(levels) - 1):
        ahead = levels[start : start + sessions + 1]
        trough = int(np.argmin(ahead))
        fall = ahead[trough] / ahead[0] - 1.0
        if fall < best:
            best, span = fall, (start, start + trough)
    return span


def _winters(prices: pd.DataFrame) -> list[tuple[int, int]]:
    """The deepest falls of IWM against SPY, searched again in what each one leaves on either side."""
    ratio = (prices["IWM"] / prices["SPY"]).to_numpy()
    pieces, found = [(0, len(ratio))], []
    while pieces:
        first, last = pieces.pop()
        if last - first < 2:
            continue
        start, end = deepest_fall(ratio[first:last], WINTER_SESSIONS)
        if end > start:
            start, end = first + start, first + end
            found.append((ratio[end] / ratio[start], start, end))
            if len(found) < 2**WINTERS:
                pieces += [(first, start + 1), (end, last)]
    return [(start, end) for _, start, end in sorted(found)[:WINTERS]]


def _episode(name: str, title: str, prices: pd.DataFrame, stand_ins: Mapping[str, Sequence[str]]) -> StressEpisode:
    first, last = prices.iloc[0].to_numpy(dtype=float), prices.iloc[-1].to_numpy(dtype=float)
    own = {str(symbol): float(value) for symbol, value in zip(prices.columns, last / first - 1.0, strict=True)}
    triple = float((1.0 + 3.0 * prices["QQQ"].pct_change(fill_method=None).iloc[1:]).to_numpy().prod()) - 1.0
    sources = {CASH: 0.0, TRIPLE: triple} | own
    returns: dict[str, float] = {}
    used: dict[str, str] = {}
    for symbol in sorted(own):
        returns[symbol] = own[symbol]
        if not np.isfinite(own[symbol]):
            used[symbol] = _first_known(symbol, stand_ins.get(symbol, ()), sources)
            returns[symbol] = sources[used[symbol]]
    return StressEpisode(name, title, prices.index[0].date(), prices.index[-1].date(), returns, used)


def _first_known(symbol: str, candidates: Sequence[str], sources: Mapping[str, float]) -> str:
    for candidate in candidates:
        if np.isfinite(sources.get(candidate, np.nan)):
            return candidate
    raise MarketDataError(f"{symbol}: none of its stand-ins has a price at the start of the episode")
