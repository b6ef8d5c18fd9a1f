"""The program's own bounds: their levels by hand, when they are hard, and when they give way."""

from __future__ import annotations

from decimal import Decimal

import pytest

from advisor.portfolio.model import Portfolio
from advisor.portfolio.preferences import Preferences
from advisor.rebalance.model import DefaultResult, RebalancePlan
from tests.small_households import account, faults_of, household, limits, lot, planned, surveyed, tax
from tests.views import view


def bounds(portfolio: Portfolio) -> dict[str, float]:
    return {one.name: one.bound for one in surveyed(portfolio).defaults}


def results(plan: RebalancePlan) -> dict[str, DefaultResult]:
    return {one.name: one for one in plan.defaults}


def mixed(**fields) -> Portfolio:
    return household(
        account("Roth", "roth", 5000, {"SPY": [lot(100)], "BND": [lot(300)], "SGOV": [lot(100)], "VXUS": [lot(200)]}),
        **fields,
    )


def test_each_class_that_could_be_bought_has_its_part_of_today_as_bound() -> None:
    """The buy list holds US stocks alone: bonds and stocks abroad could not grow."""
    portfolio = mixed()
    weights = surveyed(portfolio).before.weights
    cash = surveyed(portfolio).before.cash_weight
    assert bounds(portfolio) == pytest.approx(
        {
            "cash_and_bills": cash + weights["SGOV"],
            "us_stocks": weights["SPY"],
            "small_caps": 0.2 * weights["SPY"],
        }
    )


def test_a_fund_of_another_class_on_the_buy_list_brings_its_bound() -> None:
    portfolio = mixed(preferences=Preferences(buy=("IJR", "BND", "VXUS")))
    found = bounds(portfolio)
    weights = surveyed(portfolio).before.weights
    assert found["bonds"] == pytest.approx(weights["BND"])
    assert found["international_stocks"] == pytest.approx(weights["VXUS"])


def test_a_world_fund_counts_in_its_parts() -> None:
    portfolio = household(
        account("Roth", "roth", 0, {"VT": [lot(100)], "IJR": [lot(10)]}), preferences=Preferences(buy=("IJR", "VXUS"))
    )
    weights = surveyed(portfolio).before.weights
    assert bounds(portfolio)["us_stocks"] == pytest.approx(0.6 * weights["VT"] + weights["IJR"])
    assert bounds(portfolio)["international_stocks"] == pytest.approx(0.4 * weights["VT"])


@pytest.mark.parametrize(
    ("bound", "expected"), [({"small_caps_min": "0.5"}, 0.5), ({"small_caps_min": "0.01"}, None), ({}, None)]
)
def test_small_caps_that_the_file_asks_for_are_no_more_than_it_asks(bound: dict, expected: float | None) -> None:
    portfolio = mixed(limits=limits(**bound))
    usual = 0.2 * surveyed(portfolio).before.weights["SPY"]
    assert bounds(portfolio)["small_caps"] == pytest.approx(usual if expected is None else expected)


def test_a_cap_on_small_caps_of_the_file_takes_the_place_of_the_default() -> None:
    assert "small_caps" not in bounds(mixed(limits=limits(small_caps_max="0.4")))
    assert "small_caps" in bounds(mixed(limits=limits(funds__IJR_max="0.4")))  # one fund's cap says nothing of the rest


def test_more_small_caps_than_the_convention_are_kept_and_not_added_to() -> None:
    portfolio = household(account("Roth", "roth", 0, {"IJR": [lot(100)], "SPY": [lot(10)]}))
    assert bounds(portfolio)["small_caps"] == pytest.approx(surveyed(portfolio).before.weights["IJR"])


def test_cash_that_an_account_must_keep_is_within_the_bound() -> None:
    """Of two accounts one keeps more than it has: the other's cash does not count for it."""
    portfolio = household(
        account("A", "taxable", 1000, {"SPY": [lot(10)]}, min_cash_usd=Decimal(4000)),
        account("B", "roth", 6000, {"SPY": [lot(10)]}),
    )
    value = float(surveyed(portfolio).before.value_usd)
    assert bounds(portfolio)["cash_and_bills"] == pytest.approx((4000 + 6000) / value)


def test_a_view_across_classes_lets_each_grow_by_a_tenth() -> None:
    """What is bought for it is within that, and the other bounds are held."""
    portfolio = mixed(
        views=(view("VXUS", "0.08", over="SPY", confidence="0.6"),), preferences=Preferences(buy=("IJR", "VXUS"))
    )
    weights = surveyed(portfolio).before.weights
    found = bounds(portfolio)
    assert found["international_stocks"] == pytest.approx(weights["VXUS"] + 0.1)
    assert found["us_stocks"] == pytest.approx(weights["SPY"] + 0.1)
    within = bounds(mixed(views=(view("IJR", "0.08", over="SPY"),)))
    assert within["us_stocks"] == pytest.approx(weights["SPY"])


def test_where_every_limit_holds_no_bound_is_passed_by_more_than_a_share() -> None:
    """A harvest whose proceeds have no place: cash stays where it is, but for what whole shares leave."""
    portfolio = household(
        account("Joint", "taxable", 1000, {"VTI": [lot(400, 450, days=264)]}),
        tax=tax(long_term_rate="0.188", year_to_date_short_usd="50000"),
    )
    plan = planned(portfolio)
    spare = sum(float(t.price_usd) for t in plan.trades if t.side == "buy") / float(plan.before.value_usd)
    for one in plan.defaults:
        assert not one.yields
        assert one.beyond <= spare + 1e-9
    assert faults_of(portfolio, plan) == []


def test_a_broken_limit_outranks_them() -> None:
    """All of the household is one fund of the seven: what the cap asks to be sold has no room but cash."""
    portfolio = household(account("Roth", "roth", 0, {"QQQ": [lot(300)]}), limits=limits(magnificent_seven_max="0.2"))
    plan = planned(portfolio)
    found = results(plan)
    assert plan.after.exposure.seven.high <= 0.2 + 1e-9
    assert all(one.yields for one in found.values())
    assert found["cash_and_bills"].beyond > 0.05
    assert found["small_caps"].beyond <= 0.01
    assert faults_of(portfolio, plan) == []


def test_they_are_in_no_conflict() -> None:
    """Cash of at most 1% of the file stays a limit: it is met, and the default for small caps gives way."""
    portfolio = household(
        account("Roth", "roth", 0, {"QQQ": [lot(300)]}), limits=limits(magnificent_seven_max="0.2", cash_max="0.01")
    )
    plan = planned(portfolio)
    assert plan.after.cash_weight <= 0.01 + 1e-9
    assert results(plan)["small_caps"].beyond > 0.1
    assert faults_of(portfolio, plan) == []


def test_cash_may_grow_by_the_tax_of_the_trades_and_no_more() -> None:
    portfolio = household(
        account("Joint", "taxable", 0, {"SPY": [lot(300, 150)]}), limits=limits(magnificent_seven_max="0.29")
    )
    plan = planned(portfolio)
    cash = results(plan)["cash_and_bills"]
    value = float(plan.before.value_usd)
    assert plan.tax.tax_usd > 1000
    assert cash.reserve == pytest.approx(float(plan.tax.tax_usd) / value)
    shares = {t.symbol: float(t.price_usd) for t in plan.trades if t.side == "buy"}
    assert plan.after.cash_weight * float(plan.after.value_usd) <= float(plan.tax.tax_usd) + sum(shares.values()) + 1
