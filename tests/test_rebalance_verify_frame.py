"""The check finds a program that asks another question: each part of it is changed, and its coherent record refused.

What is recorded is what the changed program believes, down to the last figure. The check shares no code with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from advisor.optimize import default_bounds
from advisor.optimize.later_tax import LaterTax
from advisor.portfolio.model import Portfolio
from advisor.portfolio.preferences import Preferences
from advisor.rebalance import plan as planning
from advisor.rebalance import two_plans
from advisor.rebalance.candidates import SurveyedHousehold, candidate_of
from advisor.rebalance.model import RebalancePlan
from advisor.rebalance.record import PortfolioFile, record, to_json
from advisor.rebalance.verify import verify
from advisor.risk import reference
from tests.small_households import account, household, limits, lot, planned, resolved, surveyed
from tests.views import view

FILE = PortfolioFile("test.yaml", "")
HOUSEHOLD = household(
    account("Joint", "taxable", 3000, {"NVDA": [lot(300, 60)], "VTI": [lot(200, 220)], "TSLA": [lot(60, 450)]}),
    account("Roth", "roth", 1000, {"QQQ": [lot(60)], "BND": [lot(400)], "IJR": [lot(40)]}),
    limits=limits(magnificent_seven_max="0.35"),
    views=(view("IJR", "0.03", over="SPY", confidence="0.4"),),
)


def failed(plan: RebalancePlan, portfolio: Portfolio = HOUSEHOLD) -> dict[str, str]:
    """The checks that fail, each by the first word of its name, of the record that is made of `plan`."""
    written: dict[str, Any] = json.loads(to_json(record(plan, portfolio, resolved(portfolio), FILE, {})))
    checks = verify(written, portfolio, resolved(portfolio))
    return {check.name.split(":")[0]: check.detail for check in checks if not check.passed}


@cache
def honest() -> RebalancePlan:
    return planned(HOUSEHOLD)


def test_the_household_shows_every_part_and_its_honest_record_passes() -> None:
    plan = honest()
    assert failed(plan) == {}
    assert set(plan.reference.excess) == {"Nvidia"}
    assert plan.reference.viewed == ("IJR",)
    assert {one.name for one in plan.defaults} == {"cash_and_bills", "us_stocks", "small_caps"}
    assert plan.plans.cheapest is not None
    assert plan.plans.best is not None
    assert plan.later_tax_saved > 0


Change = Callable[[pytest.MonkeyPatch], None]


def kept(held: Any, sellable: Any, companies: Any, most: float) -> Any:
    """No shares of a company are too many."""
    del sellable, companies, most
    return {}, held.copy()


def nearest(root: Any, offered: Any, market: int) -> Any:
    """The first fund on offer, however far from the market."""
    mix = 0.0 * root[0]
    mix[offered[0]] = 1.0
    return mix


def halved(real: Callable[..., float]) -> Callable[..., float]:
    return lambda *args: 0.5 * real(*args)


def looser(name: str) -> Callable[..., Any]:
    real = default_bounds.default_bounds

    def changed(*args: Any) -> Any:
        return tuple(replace(one, bound=one.bound + 0.05) if one.name == name else one for one in real(*args))

    return changed


CHANGES: dict[str, tuple[str, Change]] = {
    "a company that is all a choice": (
        "reference",
        lambda m: m.setattr(reference, "without_excess", kept),
    ),
    "another mix in its place": ("reference", lambda m: m.setattr(reference, "nearest_mix", nearest)),
    "viewed holdings that count as themselves": (
        "reference",
        lambda m: m.setattr(reference, "_viewed", lambda *args: ()),
    ),
    "half the risk aversion": (
        "assumptions",
        lambda m: m.setattr(planning, "implied_risk_aversion", halved(planning.implied_risk_aversion)),
    ),
    "small caps to half of US stocks": ("defaults", lambda m: m.setattr(default_bounds, "SMALL_CAPS", 0.5)),
    "another charge": ("defaults", lambda m: m.setattr(default_bounds, "SMALL_CAPS_CHARGE", 1.0)),
    "no default bounds": ("defaults", lambda m: m.setattr(planning, "default_bounds", lambda *args: ())),
    "more room for cash": ("defaults", lambda m: m.setattr(planning, "default_bounds", looser("cash_and_bills"))),
    "more room for a class": ("defaults", lambda m: m.setattr(planning, "default_bounds", looser("us_stocks"))),
    "no worth of what is saved later": ("assumptions", lambda m: m.setattr(LaterTax, "saved", lambda *args: 0.0)),
    "a gain that is a credit": ("assumptions", lambda m: m.setattr(LaterTax, "saved", lambda *args: 0.5)),
    "any gain is worth it": ("plans", lambda m: m.setattr(Preferences, "least_gain", lambda *args: 0.0)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_question_is_found_in_its_record(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    check, changed = CHANGES[change]
    with monkeypatch.context() as patch:
        changed(patch)
        plan = planned(HOUSEHOLD)
    assert check in failed(plan)


def advising(plan: RebalancePlan, chosen: str) -> RebalancePlan:
    """The record of the other plan, with everything that is measured of its orders."""
    found: SurveyedHousehold = surveyed(HOUSEHOLD)
    orders = getattr(plan.plans, chosen).trades
    other = candidate_of(found, orders)
    return replace(
        plan,
        trades=other.trades,
        after=other.after,
        tax=other.tax,
        spread_usd=other.spread_usd,
        limits=other.limits,
        defaults=other.defaults,
        net_benefit=other.net_benefit,
        plans=replace(plan.plans, chosen=chosen),
    )


def test_the_other_plan_in_place_of_the_one_that_is_worth_it_is_found() -> None:
    plan = honest()
    other = "cheapest" if plan.plans.chosen == "best" else "best"
    assert "plans" in failed(advising(plan, other))


def test_a_cheapest_plan_that_is_missing_is_found() -> None:
    plan = honest()
    assert "plans" in failed(replace(plan, plans=replace(plan.plans, cheapest=None)))


def test_a_cheapest_plan_that_breaks_a_limit_is_found() -> None:
    plan = honest()
    cheapest = plan.plans.cheapest
    assert cheapest is not None
    fewer = candidate_of(surveyed(HOUSEHOLD), cheapest.trades[1:])
    broken = replace(
        cheapest,
        trades=fewer.trades,
        tax_usd=fewer.tax.tax_usd,
        spread_usd=fewer.spread_usd,
        net_benefit=fewer.net_benefit,
    )
    assert "plans" in failed(replace(plan, plans=replace(plan.plans, cheapest=broken)))


def test_a_cheapest_plan_that_is_not_the_cheapest_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """It sells what the best plan sells and more: the best plan's orders cost less than it says must be."""
    real = two_plans.problem_of_today

    def dearer(found: SurveyedHousehold, problem: Any) -> Any:
        inputs = replace(found.inputs, expected_return=found.inputs.expected_return + 0.3 * (found.inputs.weights == 0))
        return real(replace(found, inputs=inputs), problem)

    with monkeypatch.context() as patch:
        patch.setattr(two_plans, "problem_of_today", dearer)
        plan = planned(HOUSEHOLD)
    assert {"plans", "optimum", "marginal values"} & failed(plan).keys()


def test_a_plan_that_lets_a_class_grow_is_found_in_a_household_that_keeps_its_limits() -> None:
    """Orders that move a tenth of the household from bonds to US stocks, in a record that calls them the best plan."""
    portfolio = household(
        account("Roth", "roth", 0, {"VTI": [lot(100)], "BND": [lot(800)]}), preferences=Preferences(buy=("VTI",))
    )
    plan, found = planned(portfolio), surveyed(portfolio)
    assert not plan.trades
    wanted = replace(portfolio, limits=limits(funds__VTI_min="0.5"))
    grown = planned(wanted)
    other = candidate_of(found, grown.trades)
    forged = replace(
        plan,
        status="trade",
        trades=grown.trades,
        after=other.after,
        tax=other.tax,
        spread_usd=other.spread_usd,
        limits=other.limits,
        defaults=other.defaults,
        net_benefit=other.net_benefit,
        plans=replace(grown.plans, chosen="cheapest"),
    )
    assert other.after.weights["VTI"] > found.before.weights["VTI"] + 0.02
    assert "us_stocks grows" in failed(forged, portfolio)["plans"]
    assert Decimal(0) < sum((trade.amount_usd for trade in grown.trades), Decimal(0))
