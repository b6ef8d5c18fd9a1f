"""Covariance from price history, in the factor form that `MarketData` carries.

docs/users/risk-from-history.md compares.

1. Returns of the window by day, week or month; a history with fewer than `LEAST_PERIODS` of them is refused.
2. The securities with a return in (nearly) every period: their covariance is the sample's, or shrunk.
3. Every other security by regression on them, over the periods it has (`histories`).

Only the method `pairwise` takes each pair by itself, and repairs what does not fit together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NoReturn

import numpy as np

from advisor.errors import MarketDataError
from advisor.market.data import FactorCovariance
from advisor.market.estimate.estimators import (
    common_correlation,
    ledoit_wolf,
    pairwise_covariance,
    sample_covariance,
)
from advisor.market.estimate.histories import (
    FULL,
    PER_SLOPE,
    REPEATED,
    FactorFit,
    fit_factors,
    fit_in_turn,
    shared_histories,
)
from advisor.market.estimate.repair import covariance_root
from advisor.market.estimate.returns import PERIODS_A_YEAR, PricePanel, ReturnTable, returns_of, years_before
from advisor.portfolio.preferences import CovarianceChoice, CovarianceMethod, ReturnPeriod
from advisor.units import Matrix

LEAST_PERIODS = 24  # of a history, or of a pair's common one
LATE_DAYS = 31  # by which prices may begin after the window without a word
DAYS_A_YEAR = 365.25
DENSE = 0.9  # part of the sessions of a year that daily prices have at least
FLAT = 1e-8  # standard deviation of a return below which a price does not move
WORDS = {
    CovarianceMethod.SAMPLE: "Sample covariance of the full histories, shorter ones regressed on longer ones",
    CovarianceMethod.LEDOIT_WOLF: (
        "Covariance of the full histories, shrunk by {shrinkage:.3f} of the way towards one variance and no "
        "correlation (Ledoit and Wolf 2004), shorter ones regressed on longer ones"
    ),
    CovarianceMethod.FACTOR: (
        "Broad funds as factors, with their sample covariance; every other security regressed on them, its residual "
        "independent of all others"
    ),
    CovarianceMethod.PAIRWISE: "Sample covariance of each pair over the periods that both have",
}


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """Returns of the window, the covariance of each pair in it, and in words when it is."""

    table: ReturnTable
    covariance: Matrix
    counts: Matrix  # periods that a pair has in common
    where: str
    longest_first: list[int]  # columns, the market before all
    repeats: Mapping[int, int]  # columns that move as one with another, and which that is

    @property
    def market(self) -> int:
        """Column of the market."""
        return self.longest_first[0]


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A fit, the columns that are its factors, and what has to be said of it."""

    fit: FactorFit
    factors: list[int]
    shrinkage: float = 0.0
    notes: tuple[str, ...] = ()


def covariance_from_history(
    panel: PricePanel, end: date, choice: CovarianceChoice, *, broad: Collection[str], market: str
) -> FactorCovariance:
    """Annual covariance of all securities of a panel over the years up to `end`, both anniversaries included.

    `broad` are the symbols that may be factors of the method of that name, as far as they have a full history; `market`
    is a factor too, and among the regressors of every regression.

    Raises
    ------
    MarketDataError
        A security with fewer than `LEAST_PERIODS` returns; `market` without a full history; prices that are not daily
        where daily returns are asked for; no more periods than securities, or linearly dependent ones (sample, factor);
        a covariance that is too far from being one (pairwise).
    """
    start = years_before(end, choice.years)
    prices = panel.between(start, end)
    window = _window(returns_of(prices, choice.returns), market, f"between {start} and {end}")
    table = window.table
    fitted = _pairwise(window) if choice.method is CovarianceMethod.PAIRWISE else _regressed(window, choice, broad)
    a_year = PERIODS_A_YEAR[table.period]
    words = WORDS[choice.method].format(shrinkage=fitted.shrinkage)
    lengths = dict(zip(table.symbols, np.diag(window.counts).astype(int).tolist(), strict=True))
    return FactorCovariance(
        symbols=table.symbols,
        factors=tuple(table.symbols[column] for column in fitted.factors),
        loadings=fitted.fit.loadings * np.sqrt(a_year),
        idiosyncratic=fitted.fit.residual * a_year,
        method=f"{words}; {len(table.ends)} {table.period} simple total returns, {a_year} a year",
        start=prices.days[0],
        end=table.ends[-1],
        short_histories={symbol: n for symbol, n in lengths.items() if n < FULL * len(table.ends)},
        notes=(*_late(prices.days[0], start), *_repeated(window), *fitted.notes),
    )


def too_short(panel: PricePanel, end: date, choice: CovarianceChoice) -> Mapping[str, int]:
    """Returns in the window of those that have too few for a covariance by this choice."""
    return _short(returns_of(panel.between(years_before(end, choice.years), end), choice.returns))


def _short(table: ReturnTable) -> dict[str, int]:
    known = np.isfinite(table.returns).sum(axis=0).tolist()
    return {symbol: count for symbol, count in zip(table.symbols, known, strict=True) if count < LEAST_PERIODS}


def _window(table: ReturnTable, market: str, where: str) -> _Window:
    """Refuses what is too short for anything to be estimated."""
    known = np.isfinite(table.returns).sum(axis=0)
    if short := _short(table):
        listed = ", ".join(f"{symbol} ({count})" for symbol, count in short.items())
        _refuse_short(listed, f"{table.period} returns {where}")
    column = table.symbols.index(market)
    if known[column] < FULL * len(table.ends):
        raise MarketDataError(f"{market}: its price history has gaps {where}; the covariance is built on it")
    years = (table.ends[-1] - table.ends[0]).days / DAYS_A_YEAR
    if table.period is ReturnPeriod.DAILY and len(table.ends) < DENSE * PERIODS_A_YEAR[table.period] * years:
        raise MarketDataError(
            f"prices on {len(table.ends) + 1} days {where} are not daily; choose returns: weekly or monthly under "
            "preferences.covariance"
        )
    longest = sorted(range(len(known)), key=lambda c: (c != column, -known[c], table.symbols[c]))
    covariance, counts = pairwise_covariance(table.returns)
    return _Window(table, covariance, counts, where, longest, _repeats(table.returns, counts, longest))


def _repeats(returns: Matrix, counts: Matrix, order: list[int]) -> dict[int, int]:
    """Columns that move as one with an earlier one of the order, and which that is."""
    left = 2.0 * (1.0 - np.abs(common_correlation(returns)))  # squared, as a part of the volatility
    is_one = (left < REPEATED**2) & (counts >= LEAST_PERIODS)
    return {c: order[int(np.argmax(is_one[order, c]))] for p, c in enumerate(order) if is_one[order[:p], c].any()}


def _refuse_short(what: str, where: str) -> NoReturn:
    raise MarketDataError(
        f"fewer than {LEAST_PERIODS} {where}: {what}; choose shorter periods or more years under "
        "preferences.covariance, or name a fund of the same kind: `securities: [{symbol: X, proxy: ..., price: ...}]`"
    )


def _regressed(window: _Window, choice: CovarianceChoice, broad: Collection[str]) -> _Fitted:
    """The full histories together, all others by regression: in turn, or on broad funds alone (`factor`)."""
    table, longest = window.table, window.longest_first
    moves = np.sqrt(np.diag(window.covariance)) > FLAT
    if not moves[window.market]:
        raise MarketDataError(f"{table.symbols[window.market]}: its price does not move {window.where}")
    independent = [c for c in longest if moves[c] and c not in window.repeats]
    if choice.method is CovarianceMethod.FACTOR:
        independent = [c for c in independent if c == window.market or table.symbols[c] in broad]
    columns, shared = shared_histories(np.isfinite(table.returns), independent)
    common = table.returns[shared][:, columns]
    shrinkage = 0.0
    notes: tuple[str, ...] = ()
    if choice.method is CovarianceMethod.LEDOIT_WOLF:
        covariance, shrinkage = ledoit_wolf(common)
    else:
        covariance, notes = sample_covariance(common), _few(window, *common.shape)
    if choice.method is CovarianceMethod.FACTOR:
        fit = fit_factors(table.symbols, table.returns[shared], columns, covariance)
        return _Fitted(fit, columns, shrinkage, notes)
    others = [c for c in longest if c not in columns]
    fit, factors = fit_in_turn(table.symbols, table.returns, columns, covariance, others)
    return _Fitted(fit, factors, shrinkage, notes)


def _few(window: _Window, periods: int, count: int) -> tuple[str, ...]:
    """A warning where the periods are few for a sample covariance of so many securities; a refusal where too few.

    Source: R. Kan and D. R. Smith, "The distribution of the sample minimum-variance frontier", Management Science 54
    (2008): the least variance in a sample is on average (T - n) / (T - 1) of the true one.
    """
    period = window.table.period
    if periods <= count:
        raise MarketDataError(
            f"{periods} {period} returns {window.where} are too few for the sample covariance of {count} securities: "
            "choose the method ledoit_wolf, shorter periods or more years under preferences.covariance"
        )
    if periods >= PER_SLOPE * count:
        return ()
    seen = np.sqrt((periods - count) / (periods - 1))
    return (
        f"the covariance of {count} securities is estimated from {periods} {period} returns only: the volatility of a "
        f"portfolio that was chosen by it can look as small as {seen:.2f} of what it is",
    )


def _pairwise(window: _Window) -> _Fitted:
    table, counts = window.table, window.counts
    fewest = np.unravel_index(int(np.argmin(counts)), counts.shape)
    if counts[fewest] < LEAST_PERIODS:
        pair = " and ".join(sorted({table.symbols[place] for place in fewest}))
        _refuse_short(f"{pair} ({counts[fewest]:.0f})", f"common {table.period} returns {window.where}")
    try:
        root, notes = covariance_root(table.symbols, window.covariance)
    except MarketDataError as error:
        raise MarketDataError(f"{error}; the method sample cannot contradict itself so") from error
    fit = FactorFit(np.ascontiguousarray(root.T), np.zeros(len(table.symbols)))
    return _Fitted(fit, list(range(len(table.symbols))), notes=notes)


def _late(first: date, start: date) -> Iterator[str]:
    if (first - start).days > LATE_DAYS:
        yield f"the covariance is estimated from prices since {first}: there are none from {start} on, as asked for"


def _repeated(window: _Window) -> Iterator[str]:
    symbols = window.table.symbols
    for column, other in window.repeats.items():
        yield (
            f"{symbols[other]} and {symbols[column]} move as one in all {window.counts[column, other]:.0f} "
            f"{window.table.period} returns: is one entered for the other?"
        )
