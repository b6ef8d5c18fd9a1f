"""Estimators of the covariance of one period's returns. X has shape (T, n), rows are periods."""

from __future__ import annotations

import numpy as np

from advisor.units import Matrix


def sample_covariance(X: Matrix) -> Matrix:
    """Sample covariance (over T - 1), shape (n, n), of complete returns."""
    return np.atleast_2d(np.cov(X, rowvar=False, ddof=1))


def ledoit_wolf(X: Matrix) -> tuple[Matrix, float]:
    """Covariance shrunk towards ``mean variance x identity``, shape (n, n), and by how much, of complete returns.

    The intensity comes from the Gram matrix alone: the sum of squares of all products of two returns of one day is
    the square of that day's sum of squares, so that no matrix of fourth powers is formed.
    Source: Ledoit and Wolf (2004), "A well-conditioned estimator for large-dimensional covariance matrices",
    lemma 3.3 (covariance over T, as there).
    """
    periods, count = X.shape
    centred = X - X.mean(axis=0)
    covariance = centred.T @ centred / periods
    mean_variance = np.trace(covariance) / count
    squares = np.sum(covariance**2)
    distance = squares - count * mean_variance**2
    fourth = np.sum(np.sum(centred**2, axis=1) ** 2) / periods
    error = min(float((fourth - squares) / periods), float(distance))
    shrinkage = 0.0 if error <= 0.0 else error / float(distance)
    shrunk = (1.0 - shrinkage) * covariance
    shrunk[np.diag_indices(count)] += shrinkage * mean_variance
    return shrunk, shrinkage


def pairwise_covariance(X: Matrix) -> tuple[Matrix, Matrix]:
    """Covariance of each pair over the periods that both have (over their number less 1), and these numbers.

    Missing returns are NaN. Three matrix products: of the masks, of the sums, of the products; a 0 in the place of a
    missing value enters each of them with weight 0 alone. NaN for a pair with fewer than two common periods. The
    result need not be positive semidefinite. Returns: shape (T, n); results: shape (n, n).
    """
    centred, mask = _centred(X)
    counts = mask.T @ mask
    with np.errstate(divide="ignore", invalid="ignore"):
        covariance = _common_products(centred, mask, counts) / (counts - 1.0)
    covariance[counts < 2.0] = np.nan
    return covariance, counts


def common_correlation(X: Matrix) -> Matrix:
    """Correlation of each pair over the periods that both have, variances too; NaN where one does not move in them.

    X: returns, shape (T, n); result: shape (n, n).
    """
    centred, mask = _centred(X)
    counts = mask.T @ mask
    with np.errstate(divide="ignore", invalid="ignore"):
        sums = centred.T @ mask
        squares = (centred**2).T @ mask - sums**2 / counts  # [i, j]: of i over the periods that j has
        return np.asarray(_common_products(centred, mask, counts) / np.sqrt(squares * squares.T))


def _centred(X: Matrix) -> tuple[Matrix, Matrix]:
    """Returns less their means, 0 where they are missing, and the mask, 1 where they are not."""
    known = np.isfinite(X)
    mask = known.astype(float)
    means = np.where(known, X, 0.0).sum(axis=0) / np.maximum(mask.sum(axis=0), 1.0)
    return np.where(known, X - means, 0.0), mask


def _common_products(centred: Matrix, mask: Matrix, counts: Matrix) -> Matrix:
    """Sum of the products of each pair about their means, over the periods that both have."""
    sums = centred.T @ mask  # [i, j]: sum of i over the periods that j has
    return np.asarray(centred.T @ centred - sums * sums.T / counts)
