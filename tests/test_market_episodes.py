from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.market.builder.episodes import deepest_fall


def by_hand(levels: list[float], sessions: int) -> float:
    """Deepest relative fall over every pair of days."""
    falls = [
        levels[end] / levels[start] - 1.0
        for start in range(len(levels))
        for end in range(start, min(len(levels), start + sessions + 1))
    ]
    return min(falls)


def test_the_peak_and_the_trough_enclose_the_largest_fall():
    assert deepest_fall(np.array([10.0, 12.0, 9.0, 11.0, 8.0, 20.0]), 6) == (1, 4)


def test_a_fall_is_cut_at_the_longest_span_allowed():
    assert deepest_fall(np.array([10.0, 9.0, 8.0, 7.0, 6.9]), 2) == (1, 3)


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(st.floats(1.0, 100.0), min_size=2, max_size=30), st.integers(1, 30))
def test_no_pair_of_days_has_a_deeper_fall(levels, sessions):
    start, end = deepest_fall(np.array(levels), sessions)
    assert 0 <= end - start <= sessions
    assert levels[end] / levels[start] - 1.0 == pytest.approx(by_hand(levels, sessions), abs=1e-12)
