from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.errors import MarketDataError
from advisor.exposure.overlap import overlap
from advisor.market.snapshot import load_snapshot
from tests.small_market import FUNDS, small_market
from tests.test_exposure_concentration import possible_fund

MARKET = small_market()
SNAPSHOT = load_snapshot()


def test_funds_of_one_index_are_the_same_portfolio():
    assert overlap(SNAPSHOT, "IWM", "VTWO") == (1.0, 1.0)
    assert overlap(SNAPSHOT, "SPY", "FXAIX") == (1.0, 1.0)
    assert overlap(SNAPSHOT, "XLK", "XLK") == (1.0, 1.0)


def test_full_files_give_a_point_and_funds_of_the_same_index_share_it():
    """IWM and IJR: 41.0% by ticker, swaps on shares counted with their notional amounts (40.8% without them),
    from the two issuers' files; VTWO and SPSM follow the same two indexes.
    """
    assert overlap(SNAPSHOT, "IWM", "IJR") == pytest.approx((0.4101, 0.4101), abs=0.00005)
    assert overlap(SNAPSHOT, "SPSM", "VTWO") == overlap(SNAPSHOT, "IWM", "IJR")
    assert overlap(SNAPSHOT, "IWM", "QQQ") == (0.0, 0.0)


def test_files_of_these_two_funds_go_before_those_of_another_fund_of_the_index():
    """IVV's and QQQ's files are of other days than SPY's: 51.8% there, 50.5% between SPY and QQQ."""
    assert overlap(SNAPSHOT, "QQQ", "SPY") == pytest.approx((0.50465, 0.50465), abs=0.00005)
    assert overlap(SNAPSHOT, "IVV", "QQQ") == pytest.approx((0.51788, 0.51788), abs=0.00005)


def test_a_list_and_a_full_file_by_hand():
    """Nvidia min(0.10, 0.20); Alphabet and Berkshire are not in FULL; JPMorgan min([0, 0.03], 0.05).

    Unnamed: 0.84 of TEN, 0.75 of FULL.
    """
    bare = replace(MARKET, overlaps={})
    assert overlap(bare, "TEN", "FULL") == pytest.approx((0.10, 0.10 + 0.03 + 0.75), abs=1e-12)


def test_a_stock_and_a_fund_share_the_weight_of_the_company():
    assert overlap(MARKET, "NVDA", "FULL") == pytest.approx((0.2, 0.2), abs=1e-12)
    assert overlap(MARKET, "GOOG", "GOOGL") == (1.0, 1.0)
    assert overlap(MARKET, "GOOG", "NVDA") == (0.0, 0.0)


def test_bonds_share_nothing_with_shares_and_an_unknown_part_with_other_bonds():
    assert overlap(SNAPSHOT, "BND", "SPY") == (0.0, 0.0)
    assert overlap(SNAPSHOT, "BND", "VBTLX") == (1.0, 1.0)
    assert overlap(SNAPSHOT, "BND", "AGG") == (0.0, 1.0)


def test_an_unknown_symbol_is_an_error():
    with pytest.raises(MarketDataError, match="ZZZ"):
        overlap(MARKET, "ZZZ", "NVDA")


@settings(deadline=None)  # a busy machine is no fault
@given(st.permutations(["TEN", "FULL", "IWM", "BOND"]), st.integers(0, 2**32 - 1))
def test_no_composition_that_the_lists_allow_is_outside_the_bounds(order, seed):
    first, second = order[:2]
    rng = np.random.default_rng(seed)
    one, other = possible_fund(first, rng), possible_fund(second, rng)
    truth = sum(min(weight, other.get(company, 0.0)) for company, weight in one.items())
    if FUNDS[first].gross == 0.0 and FUNDS[second].gross == 0.0:
        return
    low, high = overlap(replace(MARKET, overlaps={}), first, second)
    assert low - 1e-12 <= truth <= high + 1e-12


@settings(deadline=None)
@given(st.sampled_from(sorted(SNAPSHOT.securities)), st.sampled_from(sorted(SNAPSHOT.securities)))
def test_overlap_is_symmetric_and_between_0_and_1(first, second):
    low, high = overlap(SNAPSHOT, first, second)
    assert 0.0 <= low <= high + 1e-12 <= 1.0 + 2e-12
    assert overlap(SNAPSHOT, second, first) == pytest.approx((low, high), abs=1e-12)
