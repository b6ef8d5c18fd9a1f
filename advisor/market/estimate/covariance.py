"""Covariance from price history, in the factor form that `MarketData` carries. docs/data.md compares the methods.

Every method but one splits the securities in two: those with a return in (nearly) every period of the window, and
those with a shorter history. The covariance of the former is estimated from the periods they share; each of the
latter is regressed on them over the periods it has, and what the regression leaves is taken as its own risk.

Source: R. F. Stambaugh, "Analyzing investments whose histories differ in length", Journal of Financial Economics 45
(1997), section 2.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NoReturn

import numpy as np

from advisor.errors import MarketDataError
from advisor.market.data import FactorCovariance
from advisor.market.estimate.estimators import ledoit_wolf, pairwise_covariance, sample_covariance
from advisor.market.estimate.repair import covariance_root
from advisor.market.estimate.returns import PERIODS_A_YEAR, PricePanel, ReturnTable, returns_of, years_before
from advisor.portfolio.model import CovarianceChoice, CovarianceMethod
from advisor.units import Matrix, Vector

REPEATED = 1e-6  # part of a volatility below which a factor only repeats the others
FULL = 0.98  # part of the window's periods that a full history has
LEAST_PERIODS = 24  # of a history, or of a pair's common one
PER_SLOPE = 10  # periods that each slope of a regression needs
WORDS = {
    CovarianceMethod.SAMPLE: "Sample covariance of the full histories, shorter ones regressed on them (Stambaugh 1997)",
    CovarianceMethod.LEDOIT_WOLF: (
        "Covariance of the full histories shrunk towards one variance and no correlation (Ledoit and Wolf 2004) by "
        "{shrinkage:.1%}, shorter ones regressed on them (Stambaugh 1997)"
    ),
    CovarianceMethod.FACTOR: (
        "Broad funds as factors, with their sample covariance; every other security regressed on them and its residual "
        "taken as independent of all others (Stambaugh 1997 for the short histories)"
    ),
    CovarianceMethod.PAIRWISE: "Sample covariance of each pair over the periods that both have",
}


@dataclass(frozen=True, slots=True, eq=False)
class FactorFit:
    """Loadings, shape (n, k), in standard deviations a period; residual variances a period, shape (n,)."""

    loadings: Matrix
    residual: Vector


def covariance_from_history(
    panel: PricePanel, end: date, choice: CovarianceChoice, *, broad: Collection[str], market: str
) -> FactorCovariance:
    """Annual covariance of all securities of a panel over the years up to `end`, both anniversaries included.

    `broad` are the symbols that may be factors of the method of that name, as far as they have a full history;
    `market` is the one that a security with a very short history is regressed on alone.

    Raises
    ------
    MarketDataError
        A security with fewer than `LEAST_PERIODS` returns; `market` without a full history; two securities that are the
        same series; a covariance that is too far from being one (pairwise).
    """
    start = years_before(end, choice.years)
    table = returns_of(panel.between(start, end), choice.returns)
    _check_lengths(table, start, end)
    if choice.method is CovarianceMethod.PAIRWISE:
        return _pairwise(table, start, end)
    known = np.isfinite(table.returns).sum(axis=0)
    full = [s for s, count in zip(table.symbols, known, strict=True) if count >= FULL * len(table.ends)]
    factors = tuple(s for s in full if s in broad) if choice.method is CovarianceMethod.FACTOR else tuple(full)
    if market not in factors:
        raise MarketDataError(
            f"{market}: its price history has gaps between {start} and {end}; the covariance is built on it"
        )
    columns = [table.symbols.index(symbol) for symbol in factors]
    common = table.returns[np.isfinite(table.returns[:, columns]).all(axis=1)]
    shrinkage = 0.0
    if choice.method is CovarianceMethod.LEDOIT_WOLF:
        covariance, shrinkage = ledoit_wolf(common[:, columns])
    else:
        covariance = sample_covariance(common[:, columns])
    fit = fit_factors(table.symbols, common, columns, covariance, market=table.symbols.index(market))
    method = f"{WORDS[choice.method].format(shrinkage=shrinkage)}; {_described(table)}"
    return _annual(table, factors, fit, method, start, end)


def fit_factors(
    symbols: Sequence[str], returns: Matrix, columns: Sequence[int], covariance: Matrix, *, market: int | None = None
) -> FactorFit:
    """Regress every security on the factors in `columns`, whose `covariance` is kept as it is.

    returns: shape (T, n), complete in `columns`. Where a security has fewer than ten periods for each slope, it is
    regressed on the column `market` alone, if one is given. Raises `MarketDataError` for factors that repeat each
    other.
    """
    cholesky = _factor_loadings([symbols[column] for column in columns], covariance)
    loadings = np.zeros((len(symbols), len(columns)))
    residual = np.zeros(len(symbols))
    for place in range(len(symbols)):
        if place in columns:
            loadings[place] = cholesky[columns.index(place)]
            continue
        own = returns[:, place]
        few = market is not None and np.isfinite(own).sum() < PER_SLOPE * len(columns)
        chosen = [columns.index(market)] if few and market is not None else list(range(len(columns)))
        beta, residual[place] = _regress(own, returns[:, [columns[c] for c in chosen]])
        loadings[place] = beta @ cholesky[chosen]
    return FactorFit(loadings, residual)


def _check_lengths(table: ReturnTable, start: date, end: date) -> None:
    known = np.isfinite(table.returns).sum(axis=0)
    short = [f"{symbol} ({count})" for symbol, count in zip(table.symbols, known, strict=True) if count < LEAST_PERIODS]
    if short:
        _refuse_short(", ".join(short), f"{table.period} returns between {start} and {end}")


def _refuse_short(what: str, where: str) -> NoReturn:
    raise MarketDataError(
        f"fewer than {LEAST_PERIODS} {where}: {what}; choose shorter periods or more years under "
        "preferences.covariance, or name a fund of the same kind: `securities: [{symbol: X, proxy: ..., price: ...}]`"
    )


def _pairwise(table: ReturnTable, start: date, end: date) -> FactorCovariance:
    covariance, counts = pairwise_covariance(table.returns)
    fewest = np.unravel_index(int(np.argmin(counts)), counts.shape)
    if counts[fewest] < LEAST_PERIODS:
        pair = " and ".join(sorted({table.symbols[place] for place in fewest}))
        _refuse_short(f"{pair} ({counts[fewest]:.0f})", f"common {table.period} returns between {start} and {end}")
    root, notes = covariance_root(table.symbols, covariance)
    fit = FactorFit(np.ascontiguousarray(root.T), np.zeros(len(table.symbols)))
    method = f"{WORDS[CovarianceMethod.PAIRWISE]}; {_described(table)}"
    return _annual(table, table.symbols, fit, method, start, end, notes)


def _described(table: ReturnTable) -> str:
    a_year = PERIODS_A_YEAR[table.period]
    return f"{len(table.ends)} {table.period} simple total returns, {a_year} a year"


def _annual(
    table: ReturnTable,
    factors: tuple[str, ...],
    fit: FactorFit,
    method: str,
    start: date,
    end: date,
    notes: tuple[str, ...] = (),
) -> FactorCovariance:
    a_year = PERIODS_A_YEAR[table.period]
    known = np.isfinite(table.returns).sum(axis=0)
    periods = len(table.ends)
    short = {symbol: int(count) for symbol, count in zip(table.symbols, known, strict=True) if count < FULL * periods}
    return FactorCovariance(
        symbols=table.symbols,
        factors=factors,
        loadings=fit.loadings * np.sqrt(a_year),
        idiosyncratic=fit.residual * a_year,
        method=method,
        start=start,
        end=end,
        short_histories=short,
        notes=notes,
    )


def _factor_loadings(symbols: Sequence[str], covariance: Matrix) -> Matrix:
    """Cholesky factor, whose diagonal is what the earlier factors leave unexplained of each volatility."""
    try:
        cholesky = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
    except np.linalg.LinAlgError:
        cholesky = np.zeros_like(covariance)
    repeated = np.diag(cholesky) < REPEATED * np.sqrt(np.diag(covariance))
    if repeated.any():
        first = symbols[int(np.argmax(repeated))] if not repeated.all() else ", ".join(symbols)
        raise MarketDataError(
            f"the factors of the covariance are linearly dependent ({first}): their returns repeat each other; "
            "the method ledoit_wolf, or more periods than securities, avoids it"
        )
    return cholesky


def _regress(own: Vector, market: Matrix) -> tuple[Vector, float]:
    """Slopes, shape (k,), and residual variance (over the periods less 1), over the periods on which `own` is known."""
    known = np.isfinite(own)
    own_excess = own[known] - own[known].mean()
    market_excess = market[known] - market[known].mean(axis=0)
    beta = np.linalg.lstsq(market_excess, own_excess, rcond=None)[0]
    residual = own_excess - market_excess @ beta
    return beta, float(residual @ residual) / (int(known.sum()) - 1)
