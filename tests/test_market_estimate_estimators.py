"""Estimators against loops over their definitions, and against pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.market.estimate.estimators import (
    common_correlation,
    ledoit_wolf,
    pairwise_covariance,
    sample_covariance,
)

SEEDS = range(5)


def returns(seed: int, periods: int, count: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(0.0, 0.01, (periods, 3)) @ rng.normal(0.5, 1.0, (3, count)) + rng.normal(
        0.0, 0.02, (periods, count)
    )


def ledoit_wolf_by_loops(X: np.ndarray) -> tuple[list[list[float]], float]:
    """Lemma 3.3 of the paper as it is written: m, d^2, b^2 and the norm that is divided by n, day by day."""
    periods, count = X.shape
    means = [sum(X[t, i] for t in range(periods)) / periods for i in range(count)]
    x = [[X[t, i] - means[i] for i in range(count)] for t in range(periods)]
    S = [[sum(x[t][i] * x[t][j] for t in range(periods)) / periods for j in range(count)] for i in range(count)]
    m = sum(S[i][i] for i in range(count)) / count
    d2 = sum((S[i][j] - m * (i == j)) ** 2 for i in range(count) for j in range(count)) / count
    each_day = 0.0
    for t in range(periods):
        each_day += sum((x[t][i] * x[t][j] - S[i][j]) ** 2 for i in range(count) for j in range(count)) / count
    b2 = min(each_day / periods**2, d2)
    shrunk = [[b2 / d2 * m * (i == j) + (1 - b2 / d2) * S[i][j] for j in range(count)] for i in range(count)]
    return shrunk, b2 / d2


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("periods", "count"), [(60, 4), (24, 8), (7, 9)])
def test_ledoit_and_wolf_is_lemma_3_3_of_their_paper(seed: int, periods: int, count: int) -> None:
    X = returns(seed, periods, count)
    expected, intensity = ledoit_wolf_by_loops(X)
    found, shrinkage = ledoit_wolf(X)
    assert shrinkage == pytest.approx(intensity, rel=1e-11)
    assert found == pytest.approx(np.array(expected), rel=1e-11, abs=1e-18)
    assert 0.0 < shrinkage <= 1.0


def test_ledoit_and_wolf_of_two_days_by_hand() -> None:
    """x = (1, 0), (-1, 0), (0, 2), (0, -2) times 1%: S = diag(0.5, 2) over 4 days, m = 1.25, d^2 = 0.5625.

    Each day's xx' is diag(1, 0) or diag(0, 4): squared distances from S 0.25 + 4 and 0.25 + 4, halved; their sum over
    16 is 17 / 32 = 0.53125, so that 17/18 of the way is gone.
    """
    found, shrinkage = ledoit_wolf(np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 2.0], [0.0, -2.0]]) / 100.0)
    assert shrinkage == pytest.approx(17 / 18, rel=1e-13)
    expected = np.diag([17 / 18 * 1.25 + 0.5 / 18, 17 / 18 * 1.25 + 2.0 / 18]) / 1e4
    assert found == pytest.approx(expected, rel=1e-13, abs=1e-20)


def test_one_security_and_two_of_equal_variance_without_correlation_are_not_shrunk() -> None:
    alone, shrinkage = ledoit_wolf(returns(1, 30, 1))
    assert shrinkage == 0.0
    assert alone == pytest.approx(returns(1, 30, 1).var(), rel=1e-13)
    _, shrinkage = ledoit_wolf(np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]))
    assert shrinkage == 0.0


@given(seed=st.integers(0, 10**6), factor=st.sampled_from([1e-6, 1e-2, 1e3]))
@settings(max_examples=25, deadline=None)
def test_ledoit_and_wolf_does_not_know_the_unit(seed: int, factor: float) -> None:
    X = returns(seed, 40, 6)
    (plain, one), (scaled, other) = ledoit_wolf(X), ledoit_wolf(X * factor)
    assert other == pytest.approx(one, rel=1e-9)
    assert scaled == pytest.approx(plain * factor**2, rel=1e-9)


def test_the_sample_covariance_is_over_the_periods_less_one() -> None:
    """1, 3 and 2, 8: deviations -1, 1 and -3, 3; sums 2, 18 and 6 over 1."""
    assert sample_covariance(np.array([[1.0, 2.0], [3.0, 8.0]])).tolist() == [[2.0, 6.0], [6.0, 18.0]]
    assert sample_covariance(np.array([[1.0], [3.0]])).tolist() == [[2.0]]


def holed(seed: int, periods: int, count: int) -> np.ndarray:
    """Late starts, early ends, and single gaps."""
    rng = np.random.default_rng(1000 + seed)
    X = returns(seed, periods, count)
    X[rng.random(X.shape) < 0.1] = np.nan
    for column in range(count):
        X[: rng.integers(0, periods // 2), column] = np.nan
    return X


@pytest.mark.parametrize("seed", range(20))
def test_pairwise_covariance_is_that_of_pandas(seed: int) -> None:
    """To 1e-14 of the two volatilities of a pair, where both have at least two periods; a pair with fewer has none."""
    X = holed(seed, 60, 7)
    frame = pd.DataFrame(X)
    found, counts = pairwise_covariance(X)
    expected = frame.cov(min_periods=2).to_numpy()
    assert counts.tolist() == (frame.notna().T.astype(int) @ frame.notna().astype(int)).to_numpy().tolist()
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert found / scale == pytest.approx(expected / scale, abs=1e-14, rel=0.0, nan_ok=True)


def test_a_pair_with_one_common_period_has_no_covariance() -> None:
    X = np.array([[0.01, np.nan], [0.02, 0.03], [np.nan, 0.01]])
    found, counts = pairwise_covariance(X)
    assert counts.tolist() == [[2.0, 1.0], [1.0, 2.0]]
    assert np.isnan(found).tolist() == [[False, True], [True, False]]


def test_a_missing_return_is_not_zero_in_any_sum() -> None:
    """Two columns that share two days, 1 and 3%, 2 and 8%; what each has besides does not count for the pair."""
    X = np.array([[0.01, 0.02], [0.03, 0.08], [0.50, np.nan], [np.nan, -0.70]])
    found, _ = pairwise_covariance(X)
    assert found[0, 1] == pytest.approx(0.0006, rel=1e-13)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_common_correlation_is_that_of_pandas(seed: int) -> None:
    X = holed(seed, 50, 6)
    assert common_correlation(X) == pytest.approx(pd.DataFrame(X).corr(min_periods=2).to_numpy(), abs=1e-13)
