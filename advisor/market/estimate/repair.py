"""A dense covariance as a root, or a refusal that names the symbols.

What cannot be a covariance is refused by name. A matrix that is a little asymmetric or indefinite, as one put together
from histories of unequal length is, is repaired, and a note says how far.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from advisor.errors import MarketDataError
from advisor.units import Matrix

# Relative to the volatilities of a pair, so that no scale of the covariance matters.
ROUNDING = 1e-13  # what arithmetic alone leaves
ASYMMETRY = 1e-8  # averaged; beyond it the two values of a pair are two claims
INDEFINITE = 1e-3  # part of the largest eigenvalue below 0 that is still repaired
NAMED = 5  # symbols named at most where many contradict each other


def covariance_root(symbols: tuple[str, ...], covariance: Matrix) -> tuple[Matrix, tuple[str, ...]]:
    """Upper triangular root, shape (n, n), with ``root.T @ root`` a covariance, and notes on what was repaired in it.

    Asymmetry of at most `ASYMMETRY` is averaged. Eigenvalues of the correlation that lie below 0 by at most
    `INDEFINITE` times the largest are raised to 0, and the variances kept. A singular covariance is sound as it is.

    Raises `MarketDataError` that names the symbols for anything worse: another shape, values that are not finite,
    a negative variance. Source: Rebonato and Jaeckel (2000), "The most general methodology to create a valid
    correlation matrix for risk management and option pricing purposes": the spectral decomposition.
    """
    _check_entries(symbols, covariance)
    variances = np.diag(covariance)
    volatilities = np.sqrt(np.where(variances > 0.0, variances, 1.0))
    scale = np.outer(volatilities, volatilities)
    notes = _asymmetry(symbols, covariance / scale)
    half, repairs = _half(symbols, (covariance + covariance.T) / 2.0 / scale)
    triangular: Matrix = np.asarray(np.linalg.qr(half, mode="r"))
    signs = np.where(np.diag(triangular) < 0.0, -1.0, 1.0)
    return signs[:, None] * triangular * np.sqrt(variances), notes + repairs


def _check_entries(symbols: tuple[str, ...], covariance: Matrix) -> None:
    count = len(symbols)
    if not count or len(set(symbols)) != count:
        raise MarketDataError("a covariance needs symbols, each of them once")
    if covariance.shape != (count, count):
        raise MarketDataError(f"the covariance has shape {covariance.shape}, not a row for each of {count} symbols")
    if not np.isfinite(covariance).all():
        raise MarketDataError(f"the covariance of {_pair(symbols, ~np.isfinite(covariance))} is not a finite number")
    variances = np.diag(covariance)
    if variances.min() < 0.0:
        raise MarketDataError(f"the variance of {symbols[int(variances.argmin())]} is negative")
    riskless = (variances == 0.0)[:, None] & (covariance != 0.0)
    if riskless.any():
        raise MarketDataError(f"the covariance of {_pair(symbols, riskless)} is not 0, but one of them has no variance")


def _asymmetry(symbols: tuple[str, ...], correlation: Matrix) -> tuple[str, ...]:
    gap = np.abs(correlation - correlation.T)
    if gap.max() > ASYMMETRY:
        raise MarketDataError(f"the covariance is not symmetric: {_pair(symbols, gap)} has two values")
    if gap.max() <= ROUNDING:
        return ()
    return (f"covariance not quite symmetric, averaged: correlations moved by at most {gap.max() / 2.0:.1e}",)


def _half(symbols: tuple[str, ...], correlation: Matrix) -> tuple[Matrix, tuple[str, ...]]:
    """Matrix whose columns, multiplied with each other, give the correlation, and a note if it had to be repaired."""
    values, vectors = np.linalg.eigh(correlation)
    half: Matrix = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
    lowest = values[0] / values[-1] if values[-1] > 0.0 else 0.0
    if lowest >= -ROUNDING:
        return half, ()
    if lowest < -INDEFINITE:
        amounts = np.abs(vectors[:, 0])
        largest = [place for place in np.argsort(-amounts)[:NAMED] if amounts[place] > amounts.max() / 2.0]
        named = ", ".join(symbols[place] for place in sorted(largest))
        raise MarketDataError(
            f"the covariance is not positive semidefinite: its lowest eigenvalue is {lowest:.1e} of the largest, and a "
            f"portfolio mostly of {named} would have a negative variance"
        )
    half = half / np.where(np.diag(correlation) > 0.0, np.linalg.norm(half, axis=0), 1.0)
    moved = np.abs(half.T @ half - correlation)
    return half, (
        f"covariance not positive semidefinite (lowest eigenvalue {lowest:.1e} of the largest), repaired with its "
        f"variances kept: correlations moved by at most {moved.max():.1e}, that of {_pair(symbols, moved)} most",
    )


def _pair(symbols: tuple[str, ...], sizes: Matrix | NDArray[np.bool_]) -> str:
    """The two symbols of the largest entry, or the one on the diagonal."""
    row, column = divmod(int(np.argmax(sizes)), len(symbols))
    first, second = sorted((row, column))
    return symbols[row] if row == column else f"{symbols[first]} and {symbols[second]}"
