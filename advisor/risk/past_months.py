"""Stress and scenarios: what securities returned in past episodes and months, and a household of them with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np

from advisor.errors import MarketDataError
from advisor.market.data import FactorCovariance, MarketData, StressEpisode
from advisor.units import Matrix

MONTHS_A_YEAR = 12


def episode_return(episode: StressEpisode, weights: Mapping[str, float]) -> float:
    """Return of a household that held `weights` (fractions; the rest is cash at 0) through the episode.

    Raises `MarketDataError` for a symbol that the episode lacks.
    """
    missing = [symbol for symbol in weights if symbol not in episode.returns]
    if missing:
        raise MarketDataError(f"the episode {episode.name!r} has no return for {', '.join(sorted(missing))}")
    return sum(weight * episode.returns[symbol] for symbol, weight in weights.items())


def month_returns(market: MarketData, symbols: tuple[str, ...]) -> Matrix:
    """Simple total returns of `symbols` in each month of the market's scenarios, shape (T, n).

    Raises `MarketDataError` for a symbol without scenarios.
    """
    columns = {symbol: column for column, symbol in enumerate(market.past_months.symbols)}
    missing = [symbol for symbol in symbols if symbol not in columns]
    if missing:
        raise MarketDataError(f"no return scenarios for {', '.join(missing)} in {market.id}")
    return market.past_months.returns[:, [columns[symbol] for symbol in symbols]]


def sample_of_months(
    symbols: tuple[str, ...], returns: Matrix, names: tuple[str, ...], method: str, span: tuple[date, date]
) -> FactorCovariance:
    """Sample covariance of monthly returns, shape (T, n), a year, without shrinkage; each month is a factor, by name.

    With deviations D (T, n) from the mean month it is ``12/(T-1) D'D``, positive semidefinite whatever the number of
    months. `span` are the first and the last day of the months.
    """
    deviations = returns - returns.mean(axis=0)
    return FactorCovariance(
        symbols=symbols,
        factors=names,
        loadings=deviations.T * np.sqrt(MONTHS_A_YEAR / (len(returns) - 1)),
        idiosyncratic=np.zeros(len(symbols)),
        method=method,
        start=span[0],
        end=span[1],
        short_histories={},
    )
