"""Return scenarios: what every security returned in each of the last calendar months, of ten years at most.

1. A month's return is its last adjusted close over that of the month before, less 1; the month that the panel
   ends in counts only if no weekday of it is left (`market.estimate.returns`).
2. A month in which a security has no return of its own takes that of the first of its stand-ins that has one: the
   same stand-ins as in the stress episodes, but cash is none of them, since 0 is no return that anything had.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd

from advisor.errors import MarketDataError
from advisor.market.data import PastMonths
from advisor.market.estimate.returns import PricePanel, returns_of
from advisor.portfolio.preferences import ReturnPeriod

MONTHS = 120


def monthly_returns(prices: pd.DataFrame, stand_ins: Mapping[str, Sequence[str]], as_of: date) -> PastMonths:
    """PastMonths of all symbols of a panel of adjusted closes that ends on `as_of`.

    Raises
    ------
    MarketDataError
        The panel spans no full month, or neither a security nor any of its stand-ins has a return in some month.
    """
    days = tuple(day.date() for day in pd.DatetimeIndex(prices.index))
    panel = PricePanel(tuple(map(str, prices)), days, prices.to_numpy(dtype=float)).between(days[0], as_of)
    table = returns_of(panel, ReturnPeriod.MONTHLY)
    if not table.ends:
        raise MarketDataError("the price panel spans no full calendar month: no scenarios")
    own = pd.DataFrame(table.returns, index=pd.DatetimeIndex(table.ends), columns=list(table.symbols)).iloc[-MONTHS:]
    first = own.index[0].date().replace(day=1)
    before = max(day for day in days if day < first)
    symbols = tuple(sorted(table.symbols))
    filled = {symbol: _completed(symbol, own, stand_ins.get(symbol, ())) for symbol in symbols}
    return PastMonths(
        symbols=symbols,
        months=tuple(day.date() for day in own.index),
        returns=np.column_stack([returns.to_numpy(dtype=float) for returns, _ in filled.values()]),
        stand_ins={symbol: used for symbol, (_, used) in filled.items() if used},
        source=(
            f"simple total returns by calendar month, from the closes of {before} to those of "
            f"{own.index[-1].date()} in the panel of adjusted closes that the covariance comes from"
        ),
    )


def _completed(symbol: str, own: pd.DataFrame, candidates: Sequence[str]) -> tuple[pd.Series, str]:
    """Returns of a security without gaps, and in words whose they are where they are not its own."""
    returns, used = own[symbol].copy(), []
    for other in candidates:
        if other not in own:
            continue
        taken = returns.isna() & own[other].notna()
        if taken.any():
            returns[taken] = own.loc[taken, other]
            count = int(taken.sum())
            used.append(f"{count} month{'' if count == 1 else 's'} as {other}")
    if returns.isna().any():
        first = returns.index[returns.isna()][0].date()
        raise MarketDataError(f"{symbol}: neither it nor any of its stand-ins has a return in the month to {first}")
    return returns, ", ".join(used)
