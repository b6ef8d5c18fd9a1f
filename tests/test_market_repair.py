"""A dense covariance as a root, or a refusal that names the symbols."""

from __future__ import annotations

import numpy as np
import pytest

from advisor.errors import MarketDataError
from advisor.market.estimate.repair import covariance_root
from advisor.risk.covariance import risk_model
from tests.samples import market

NAMES = ("AAA", "BBB", "CCC", "DDD")
VOLATILITIES = np.array([0.10, 0.20, 0.40, 0.80])
SOUND = np.array([[1.0, 0.5, 0.2, 0.1], [0.5, 1.0, 0.3, 0.0], [0.2, 0.3, 1.0, -0.4], [0.1, 0.0, -0.4, 1.0]])


def scaled(correlation: np.ndarray) -> np.ndarray:
    return correlation * np.outer(VOLATILITIES, VOLATILITIES)


def three(first: float, second: float, third: float) -> np.ndarray:
    """Covariance of four securities with these correlations of the first three pairs, the fourth apart."""
    correlation = np.eye(4)
    correlation[0, 1] = correlation[1, 0] = first
    correlation[0, 2] = correlation[2, 0] = second
    correlation[1, 2] = correlation[2, 1] = third
    return scaled(correlation)


def test_a_sound_dense_covariance_is_kept_and_has_a_triangular_root() -> None:
    root, notes = covariance_root(NAMES, scaled(SOUND))
    assert notes == ()
    assert np.array_equal(root, np.triu(root))
    assert root == pytest.approx(np.linalg.cholesky(scaled(SOUND)).T, abs=1e-14)


def test_the_dense_covariance_of_the_snapshot_gives_the_model_of_its_factors() -> None:
    model = risk_model(market(), market().covariance.symbols)
    root, notes = covariance_root(model.symbols, model.covariance)
    assert notes == ()
    assert root.T @ root == pytest.approx(model.covariance, abs=1e-12)


@pytest.mark.parametrize("factor", [1e-8, 1e-4, 1e4])
@pytest.mark.parametrize("covariance", [scaled(SOUND), three(0.9, 0.9, 0.6195), three(1.0, 0.5, 0.5)])
def test_a_covariance_on_another_scale_gives_the_same_root_on_the_root_of_the_scale(covariance, factor) -> None:
    """The first is sound, the second has to be repaired, the third is singular: there the product is compared."""
    plain, notes = covariance_root(NAMES, covariance)
    other, other_notes = covariance_root(NAMES, covariance * factor)
    assert len(notes) == len(other_notes)
    assert other.T @ other / factor == pytest.approx(plain.T @ plain, rel=1e-12, abs=1e-16)
    if not notes and np.linalg.matrix_rank(covariance) == 4:
        assert other / factor**0.5 == pytest.approx(plain, rel=1e-13, abs=1e-16)


def test_a_singular_covariance_is_sound() -> None:
    """Two securities that are one, one made of two others, and one without risk; no note."""
    exposures = np.array([[0.1, 0.0], [0.1, 0.0], [0.3, 0.2], [0.0, 0.0]])
    root, notes = covariance_root(NAMES, exposures @ exposures.T)
    assert notes == ()
    assert root.T @ root == pytest.approx(exposures @ exposures.T, abs=1e-15)
    assert np.linalg.norm(root @ [1.0, -1.0, 0.0, 0.5]) == pytest.approx(0.0, abs=1e-8)
    nothing, notes = covariance_root(NAMES, np.zeros((4, 4)))
    assert (notes, nothing.any()) == ((), False)


def test_rounding_is_averaged_without_a_word_and_a_small_asymmetry_with_a_note() -> None:
    for size, expected in ((1e-15, 0), (5e-9, 1)):
        skewed = SOUND.copy()
        skewed[1, 0] += size
        root, notes = covariance_root(NAMES, scaled(skewed))
        assert len(notes) == expected
        assert (root.T @ root)[0, 1] == pytest.approx(0.01 + 0.01 * size, abs=1e-17)
    assert notes[0].endswith("averaged: correlations moved by at most 2.5e-09")


def test_two_values_for_one_pair_are_refused_by_name() -> None:
    skewed = SOUND.copy()
    skewed[3, 2] += 2e-8
    with pytest.raises(MarketDataError, match="not symmetric: CCC and DDD has two values"):
        covariance_root(NAMES, scaled(skewed))


def test_a_slightly_indefinite_covariance_is_repaired_with_its_variances_kept() -> None:
    """Correlations .9, .9 and c are possible from c = 2 x .81 - 1 = .62 on; .6195 is not quite.

    The nearest that is possible moves none of them by more than the distance to .62 itself.
    """
    covariance = three(0.9, 0.9, 0.6195)
    assert np.linalg.eigvalsh(covariance).min() < 0.0
    root, notes = covariance_root(NAMES, covariance)
    found = root.T @ root
    assert np.linalg.eigvalsh(found).min() > -1e-16
    assert np.diag(found) == pytest.approx(np.diag(covariance), rel=1e-14)
    moved = np.abs(found - covariance) / np.outer(VOLATILITIES, VOLATILITIES)
    assert 0.0 < moved.max() < 0.0005
    assert f"correlations moved by at most {moved.max():.1e}" in notes[0]
    assert "repaired with its variances kept" in notes[0]
    assert len(notes) == 1


@pytest.mark.parametrize(
    ("covariance", "named"),
    [
        (three(0.9, 0.9, 0.5), "AAA, BBB, CCC"),  # each pair of the three contradicts the other two
        (three(0.0, 1.2, 0.0), "AAA, CCC"),
    ],
)
def test_a_covariance_that_is_far_from_possible_is_refused_and_the_guilty_named(covariance, named) -> None:
    with pytest.raises(MarketDataError, match=f"not positive semidefinite.* mostly of {named} would"):
        covariance_root(NAMES, covariance)


def with_entry(row: int, column: int, value: float) -> np.ndarray:
    covariance = scaled(SOUND)
    covariance[row, column] = covariance[column, row] = value
    return covariance


@pytest.mark.parametrize(
    ("covariance", "message"),
    [
        (with_entry(0, 2, np.nan), "AAA and CCC is not a finite number"),
        (with_entry(3, 3, np.inf), "covariance of DDD is not a finite number"),
        (with_entry(1, 1, -1e-12), "variance of BBB is negative"),
        (with_entry(1, 1, 0.0), "AAA and BBB is not 0, but one of them has no variance"),
        (scaled(SOUND)[:3], r"shape \(3, 4\), not a row for each of 4 symbols"),
        (scaled(SOUND)[0], r"shape \(4,\)"),
    ],
)
def test_entries_that_no_covariance_has_are_refused_by_name(covariance, message) -> None:
    with pytest.raises(MarketDataError, match=message):
        covariance_root(NAMES, covariance)


def test_a_symbol_given_twice_or_none_at_all_is_refused() -> None:
    with pytest.raises(MarketDataError, match="each of them once"):
        covariance_root(("AAA", "AAA", "CCC", "DDD"), scaled(SOUND))
    with pytest.raises(MarketDataError, match="needs symbols"):
        covariance_root((), np.zeros((0, 0)))
