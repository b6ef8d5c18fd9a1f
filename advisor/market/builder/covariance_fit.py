"""Factor-form covariance whose factors are traded securities.

1. Daily simple returns over the window; the factors are securities with a return on every day of it.
2. Covariance of the factors: the sample's (ddof 1), times the sessions of a year; its Cholesky factor gives
   their loadings, and they have no idiosyncratic variance.
3. Every other security is regressed on the factors (least squares, with intercept) over the days it has; its
   loadings are the coefficients times the Cholesky factor, its idiosyncratic variance the residuals'
   (over T - 1, so that explained and residual variance add up to the sample's).

Every covariance with a factor, and every variance, so equals the sample's for a full history. For a shorter one
this is the two-block maximum-likelihood estimator: the regression comes from the common days, the factors'
moments from the whole window.

Source: R. F. Stambaugh, "Analyzing investments whose histories differ in length", Journal of Financial
Economics 45 (1997), section 2.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from advisor.errors import MarketDataError
from advisor.market.data import FactorCovariance
from advisor.units import TRADING_DAYS, Matrix, Vector

YEARS = 5
REPEATED = 1e-6  # part of a volatility below which a factor only repeats the others
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
    start = end.replace(year=end.year - YEARS)
    window = returns.loc[start.isoformat() : end.isoformat()]
    market = window[list(factors)].to_numpy()
    if not np.isfinite(market).all():
        raise MarketDataError("factors.csv: a factor has no return on a day of the window")
    cholesky = _factor_loadings(np.cov(market, rowvar=False, ddof=1) * TRADING_DAYS)
    symbols = tuple(sorted(str(symbol) for symbol in window))
    loadings = np.zeros((len(symbols), len(factors)))
    idiosyncratic = np.zeros(len(symbols))
    for place, symbol in enumerate(symbols):
        if symbol in factors:
            loadings[place] = cholesky[factors.index(symbol)]
        else:
            beta, idiosyncratic[place] = _regress(window[symbol].to_numpy(), market)
            loadings[place] = beta @ cholesky
    days = window.notna().sum()
    short = {symbol: int(days[symbol]) for symbol in symbols if days[symbol] < len(window)}
    return FactorCovariance(symbols, factors, loadings, idiosyncratic, METHOD, start, end, short)


def _factor_loadings(covariance: Matrix) -> Matrix:
    """Cholesky factor, whose diagonal is what the earlier factors leave unexplained of each volatility."""
    try:
        cholesky = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
        repeated = bool((np.diag(cholesky) < REPEATED * np.sqrt(np.diag(covariance))).any())
    except np.linalg.LinAlgError:
        repeated = True
    if repeated:
        raise MarketDataError("factors.csv: the factors are linearly dependent")
    return cholesky


def _regress(own: Vector, market: Matrix) -> tuple[Vector, float]:
    """Slopes, shape (k,), and residual variance a year, over the days on which `own` is known."""
    known = np.isfinite(own)
    own_excess = own[known] - own[known].mean()
    market_excess = market[known] - market[known].mean(axis=0)
    beta = np.linalg.lstsq(market_excess, own_excess, rcond=None)[0]
    residual = own_excess - market_excess @ beta
    return beta, float(residual @ residual) / (int(known.sum()) - 1) * TRADING_DAYS
