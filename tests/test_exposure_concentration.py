from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.exposure.concentration import effective_number, hhi_interval
from tests.small_market import CLOSES, FUNDS, STOCKS, small_market

MARKET = small_market()


def test_stocks_alone_give_a_point():
    """0.5 squared for Nvidia, (0.2 + 0.2) squared for the two classes of Alphabet, cash nothing."""
    low, high = hhi_interval({"NVDA": 0.5, "GOOG": 0.2, "GOOGL": 0.2}, MARKET)
    assert (low, high) == (pytest.approx(0.41, abs=1e-12), pytest.approx(0.41, abs=1e-12))
    assert effective_number((low, high)) == pytest.approx((1 / 0.41, 1 / 0.41))


def test_a_fund_cut_after_ten_gives_an_interval_by_hand():
    """TEN alone: 0.10^2 + 0.06^2 = 0.0136 known. Unnamed is 0.84: first 0.03 to Alphabet at 0.06 + 0.09 a unit,

    then 0.81 in companies of at most 0.03.
    """
    low, high = hhi_interval({"TEN": 1.0}, MARKET)
    assert low == pytest.approx(0.0136, abs=1e-12)
    assert high == pytest.approx(0.0136 + 0.03 * 0.15 + 0.81 * 0.03, abs=1e-12)


def test_bonds_and_cash_are_no_companies():
    assert hhi_interval({"BOND": 0.7}, MARKET) == (0.0, 0.0)
    assert effective_number((0.0, 0.0)) == (0.0, 0.0)


def test_bonds_beside_a_fund_leave_no_room_for_its_strangers():
    """Half TEN, half BOND: companies weigh 0.5 in all, of which 0.08 are known; Alphabet takes 0.015 more, and the

    other 0.405 sit in companies of at most 0.015.
    """
    low, high = hhi_interval({"TEN": 0.5, "BOND": 0.5}, MARKET)
    assert low == pytest.approx(0.0034, abs=1e-12)
    assert high == pytest.approx(0.0034 + 0.015 * 0.075 + 0.405 * 0.015, abs=1e-12)


def test_where_no_company_is_known_the_effective_number_has_no_upper_end():
    low, high = effective_number(hhi_interval({"IWM": 1.0}, MARKET))
    assert low == pytest.approx(1 / 0.01)
    assert high == math.inf


@st.composite
def households(draw):
    parts = [draw(st.integers(0, 100)) for _ in CLOSES]
    total = sum(parts) + draw(st.integers(1, 100))
    return {symbol: part / total for symbol, part in zip(sorted(CLOSES), parts, strict=True) if part}


def possible_fund(fund: str, rng: np.random.Generator) -> dict[str, float]:
    """One composition that the list of a fund allows: named companies within bounds, the rest in strangers."""
    held = FUNDS[fund]
    if held.gross == 0.0:
        return {}
    weights = {company: float(rng.uniform(*interval)) for company, interval in held.companies.items()}
    rest, strangers = 1.0 - sum(weights.values()), [*sorted(set(STOCKS.values()) - set(weights)), *range(200)]
    for stranger in strangers:
        part = min(rest, float(rng.choice([held.others_high, rng.uniform(0.0, held.others_high)])))
        weights[stranger] = part
        rest -= part
    return weights


@settings(deadline=None)  # a busy machine is no fault
@given(households(), st.integers(0, 2**32 - 1))
def test_no_composition_that_the_lists_allow_is_outside_the_bounds(weights, seed):
    rng = np.random.default_rng(seed)
    companies: dict[object, float] = {}
    for symbol, weight in weights.items():
        inside = {STOCKS[symbol]: 1.0} if symbol in STOCKS else possible_fund(symbol, rng)
        for company, part in inside.items():
            companies[company] = companies.get(company, 0.0) + weight * part
    truth = sum(weight**2 for weight in companies.values())
    low, high = hhi_interval(weights, MARKET)
    assert low - 1e-12 <= truth <= high + 1e-12
