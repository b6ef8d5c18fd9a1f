"""Histories of unequal length: which of them are full, and what the others are by regression on them.

The covariance of the full histories is estimated from the periods they share. Each shorter one is regressed on longer
ones over the periods it has; what it has in common with them is carried over to the whole window, and what the
regression leaves is its own risk. No missing return is ever replaced by a number.

Source: R. F. Stambaugh, "Analyzing investments whose histories differ in length", Journal of Financial Economics 45
(1997), section 2; T. W. Anderson, "Maximum likelihood estimates for a multivariate normal distribution when some
observations are missing", Journal of the American Statistical Association 52 (1957).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from advisor.errors import MarketDataError
from advisor.units import Matrix, Vector

FULL = 0.98  # part of the periods that a full history has
SHARED = 0.9  # part of the periods that full histories have together
REPEATED = 1e-6  # part of a volatility below which a security only repeats others
PER_SLOPE = 10  # periods that each slope of a regression needs

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FactorFit:
    """Loadings, shape (n, k), in standard deviations a period; residual variances a period, shape (n,)."""

    loadings: Matrix
    residual: Vector


def shared_histories(known: Mask, candidates: Iterable[int]) -> tuple[list[int], Mask]:
    """Columns of `candidates` that are full and known together in most periods, and in which periods, shape (T,).

    known: shape (T, n). The first candidate is taken in any case. Each later one must have `FULL` of the periods, and
    leave `SHARED` of them with the ones before it: small gaps on different days cannot take away more than the rest.
    """
    chosen: list[int] = []
    shared = np.ones(len(known), dtype=bool)
    for column in candidates:
        both = shared & known[:, column]
        if not chosen or (known[:, column].mean() >= FULL and both.mean() >= SHARED):
            chosen.append(column)
            shared = both
    return chosen, shared


def fit_factors(symbols: Sequence[str], returns: Matrix, columns: Sequence[int], covariance: Matrix) -> FactorFit:
    """Regress every security on the factors in `columns`, whose `covariance` is kept; residuals are independent.

    returns: shape (T, n), complete in `columns`. Where a security has fewer than ten periods for each slope, its
    slopes are those of as many factors as it has periods for: `_nearest`. Raises `MarketDataError` for factors that
    repeat each other.
    """
    cholesky = _cholesky([symbols[column] for column in columns], covariance)
    loadings = np.zeros((len(symbols), len(columns)))
    loadings[list(columns)] = cholesky
    residual = np.zeros(len(symbols))
    for place in sorted(set(range(len(symbols))) - set(columns)):
        own = np.isfinite(returns[:, place])
        slopes, residual[place] = _regress(returns[own, place], returns[own][:, columns])
        loadings[place] = slopes @ cholesky
    return FactorFit(loadings, residual)


def fit_in_turn(
    symbols: Sequence[str], returns: Matrix, columns: Sequence[int], covariance: Matrix, others: Iterable[int]
) -> tuple[FactorFit, list[int]]:
    """Regress each of `others`, in their order, on all before it; the residual of each is a factor of the later ones.

    Two short histories so keep what they have in common beyond the full ones. `covariance` is that of `columns`, whose
    first is taken into every regression where there are too few periods for all. Returns the columns in the order of
    the loadings' factors too. Raises `MarketDataError` for columns that repeat each other.

    returns: shape (T, n); covariance: shape (c, c), for c columns.
    """
    known = np.isfinite(returns)
    order = list(columns)
    loadings = np.zeros((len(symbols), len(symbols)))
    loadings[order, : len(order)] = _cholesky([symbols[column] for column in order], covariance)
    for place in others:
        own = known[:, place]
        among, shared = shared_histories(known[own], order)
        rows = np.flatnonzero(own)[shared]
        slopes, residual = _regress(returns[rows, place], returns[rows][:, among])
        loadings[place] = slopes @ loadings[among]
        loadings[place, len(order)] = np.sqrt(residual)
        order.append(place)
    return FactorFit(loadings, np.zeros(len(symbols))), order


def _cholesky(symbols: Sequence[str], covariance: Matrix) -> Matrix:
    """Cholesky factor, whose diagonal is what the earlier securities leave unexplained of each volatility."""
    try:
        cholesky = np.asarray(np.linalg.cholesky(covariance), dtype=np.float64)
        left = np.diag(cholesky) / np.sqrt(np.diag(covariance))
    except np.linalg.LinAlgError:
        left = np.zeros(len(symbols))
    if left.min() < REPEATED:
        place = int(np.argmax(left < REPEATED))
        named = f"{symbols[place]} is a fixed mix of other securities" if left.any() else "one is a mix of the others"
        raise MarketDataError(
            f"the returns that the covariance is built on are linearly dependent: {named}; leave it out, give it the "
            "data of another (securities: [{symbol: X, proxy: ..., price: ...}]), or choose the method pairwise under "
            "preferences.covariance"
        )
    return cholesky


def _regress(own: Vector, others: Matrix) -> tuple[Vector, float]:
    """Slopes, shape (k,), of `own`, shape (T,), on `others`, shape (T, k), and residual variance (over T - 1)."""
    own_excess = own - own.mean()
    excess = others - others.mean(axis=0)
    chosen = _nearest(own_excess, excess, len(own) // PER_SLOPE)
    slopes = np.zeros(others.shape[1])
    directions, triangle = np.linalg.qr(excess[:, chosen])
    slopes[chosen] = np.linalg.lstsq(triangle, directions.T @ own_excess, rcond=None)[0]
    residual = own_excess - excess @ slopes
    return slopes, float(residual @ residual) / (len(own) - 1)


def _nearest(own: Vector, others: Matrix, most: int) -> list[int]:
    """At most that many columns: all, or the first and then each time the one that explains most of what is left.

    Source: forward selection, as in A. Miller, "Subset Selection in Regression" (2002), section 3.2.
    """
    if others.shape[1] <= most:
        return list(range(others.shape[1]))
    rest, left = own.copy(), others.copy()  # what the chosen columns do not explain
    least_rest, least = REPEATED * np.linalg.norm(own), REPEATED * np.linalg.norm(others, axis=0)
    chosen = [0]
    while True:
        direction = left[:, chosen[-1]] / np.linalg.norm(left[:, chosen[-1]])
        left -= np.outer(direction, direction @ left)
        rest -= direction * (direction @ rest)
        sizes = np.linalg.norm(left, axis=0)
        is_new = sizes > least
        is_new[chosen] = False
        if len(chosen) >= most or not is_new.any() or np.linalg.norm(rest) <= least_rest:
            return chosen
        gain = np.abs(rest @ left) / np.where(is_new, sizes, np.inf)
        chosen.append(int(np.argmax(gain)))
