"""The snapshot's covariance: factors are the traded securities of the table `factors`, with a return on every day.

Every covariance with a factor, and every variance, equals the sample's for a full history. `market.estimate.histories`
has the regressions, which are the same for the price histories of any source.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from advisor.errors import MarketDataError
from advisor.market.data import FactorCovariance
from advisor.market.estimate.estimators import sample_covariance
from advisor.market.estimate.histories import fit_factors
from advisor.market.estimate.returns import years_before
from advisor.units import TRADING_DAYS

YEARS = 5
METHOD = (
    "Daily simple total returns, 252 sessions a year. Factors are traded securities with a full history and keep "
    "their sample covariance exactly; every other security is regressed on them over the days it has, and its "
    "residual variance is taken as independent of all others (Stambaugh 1997 for the short histories)."
)


def fit_factor_covariance(returns: pd.DataFrame, factors: tuple[str, ...], end: date) -> FactorCovariance:
    """Estimate from the returns of the five years up to `end`, both anniversaries included.

    Raises
    ------
    MarketDataError
        A factor lacks a return in the window, or the factors are linearly dependent.
    """
    start = years_before(end, YEARS)
    window = returns.loc[start.isoformat() : end.isoformat()].sort_index(axis=1)
    symbols = tuple(str(symbol) for symbol in window)
    table = window.to_numpy()
    columns = [symbols.index(factor) for factor in factors]
    if not np.isfinite(table[:, columns]).all():
        raise MarketDataError("factors.csv: a factor has no return on a day of the window")
    fit = fit_factors(symbols, table, columns, sample_covariance(table[:, columns]))
    days = window.notna().sum()
    short = {symbol: int(days[symbol]) for symbol in symbols if days[symbol] < len(window)}
    loadings = fit.loadings * np.sqrt(TRADING_DAYS)
    return FactorCovariance(symbols, factors, loadings, fit.residual * TRADING_DAYS, METHOD, start, end, short)
