"""Comparing published ratios: what compares, what is refused, and what a point of growth costs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.evidence.valuation import (
    IncomparableValuationsError,
    check_comparable,
    earnings_yield_gap,
    price_of_growth,
    treatment_note,
)
from advisor.market.valuations import Valuation, all_valuations, valuations


def one(index: str, measure: str, as_of: str, losers: str) -> Valuation:
    (found,) = [
        v for v in all_valuations() if (v.index, v.measure, v.as_of, v.losers) == (index, measure, as_of, losers)
    ]
    return found


def test_the_two_ratios_of_december_2023_do_not_compare() -> None:
    """The same index in the same month, with and without the companies that lose money."""
    without = one("Russell 2000", "trailing P/E", "2023-12", "left out")
    with_losses = one("Russell 2000", "trailing P/E", "2023-12", "counted")
    assert (without.value, with_losses.value) == (11.8, 27.1)
    with pytest.raises(
        IncomparableValuationsError, match=r"11\.8 and Russell 2000 at 27\.1 do not compare \(companies"
    ):
        check_comparable(without, with_losses)


def test_the_articles_russell_does_not_compare_with_its_s_and_p() -> None:
    russell = one("Russell 2000", "trailing P/E", "2025-12", "most likely left out")
    large = one("S&P 500", "trailing P/E", "2025-12", "not stated")
    with pytest.raises(IncomparableValuationsError, match="most likely left out against not stated"):
        earnings_yield_gap(russell, large)


def test_the_s_and_p_600_compares_with_a_note() -> None:
    small = one("S&P SmallCap 600", "trailing P/E", "2025-12", "not stated")
    large = one("S&P 500", "trailing P/E", "2025-12", "not stated")
    assert earnings_yield_gap(small, large) == pytest.approx(0.025856, abs=1e-6)  # 6.2893% less 3.7037%
    assert "not stated" in treatment_note(small, large)


def test_a_forward_ratio_does_not_compare_with_a_trailing_one_nor_one_month_with_another() -> None:
    forward = one("S&P SmallCap 600", "forward P/E", "2025-12", "not stated")
    trailing = one("S&P SmallCap 600", "trailing P/E", "2025-12", "not stated")
    with pytest.raises(IncomparableValuationsError, match="measure: forward P/E against trailing P/E"):
        check_comparable(forward, trailing)
    with pytest.raises(IncomparableValuationsError, match="month: 2022-06 against 2023-12"):
        check_comparable(
            one("Russell 2000", "trailing P/E", "2022-06", "left out"),
            one("Russell 2000", "trailing P/E", "2023-12", "left out"),
        )


def test_a_day_compares_with_its_month() -> None:
    of_day = one("Russell 2000", "trailing P/E", "2022-06-03", "counted")
    check_comparable(of_day, replace(of_day, as_of="2022-06"))


def test_a_stated_treatment_needs_no_note() -> None:
    stated = one("Russell 2000", "trailing P/E", "2023-12", "counted")
    assert treatment_note(stated, stated) == ""


def test_growth_is_priced_by_a_forward_ratio_alone() -> None:
    forward = one("S&P SmallCap 600", "forward P/E", "2025-12", "not stated")
    assert price_of_growth(forward, 0.19) == pytest.approx(15.61 / 19)
    with pytest.raises(IncomparableValuationsError):
        price_of_growth(one("S&P SmallCap 600", "trailing P/E", "2025-12", "not stated"), 0.19)
    with pytest.raises(ValueError, match="not expected to grow"):
        price_of_growth(forward, 0.0)


def test_past_ratios_are_kept_apart_from_the_latest() -> None:
    assert {found.as_of for found in valuations("Russell 2000")} == {"2025-12", "2025-01-01", "2025-09-30"}
    assert all(found.provider and found.source for found in all_valuations())
