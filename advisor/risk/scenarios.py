"""Stress: what the household's present weights would have returned in past episodes."""

from __future__ import annotations

from collections.abc import Mapping

from advisor.errors import MarketDataError
from advisor.market.data import StressEpisode


def episode_return(episode: StressEpisode, weights: Mapping[str, float]) -> float:
    """Return of a household that held `weights` (fractions; the rest is cash at 0) through the episode."""
    missing = [symbol for symbol in weights if symbol not in episode.returns]
    if missing:
        raise MarketDataError(f"the episode {episode.name!r} has no return for {', '.join(sorted(missing))}")
    return sum(weight * episode.returns[symbol] for symbol, weight in weights.items())
