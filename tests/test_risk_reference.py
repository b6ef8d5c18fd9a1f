"""The reference portfolio against mixes worked out by hand, and the nearest mix against a search of its own."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from scipy.optimize import minimize

from advisor.portfolio.model import DoNotSell, Portfolio
from advisor.portfolio.preferences import Preferences
from advisor.rebalance.candidates import SurveyedHousehold
from advisor.risk.covariance import risk_model
from advisor.risk.reference import nearest_mix, without_excess
from tests.samples import market
from tests.small_households import account, household, lot, surveyed
from tests.views import view

OFFERED = ("IJR", "IWM", "RSP", "VTI", "VTV")


def reference(portfolio: Portfolio) -> dict[str, float]:
    found: SurveyedHousehold = surveyed(portfolio)
    rows = zip(found.inputs.symbols, found.reference.weights, strict=True)
    return {symbol: float(weight) for symbol, weight in rows if weight > 1e-12}


def half_nvidia(**fields) -> Portfolio:
    """$50,882.50 of Nvidia and as much of bonds and cash, in an account without tax."""
    return household(account("Roth", "roth", "40882.50", {"NVDA": [lot(250)], "IJR": [lot("68.9703")]}), **fields)


def test_what_is_held_is_the_reference() -> None:
    portfolio = household(account("Roth", "roth", 10_000, {"VTI": [lot(100)], "BND": [lot(200)]}))
    found = surveyed(portfolio)
    assert reference(portfolio) == pytest.approx(dict(found.before.weights))
    assert found.reference.is_own_mix


def test_a_company_above_its_part_counts_as_the_market_in_what_is_on_offer() -> None:
    """Half is Nvidia, a tenth of it a choice: 40% of the household is IJR, the one fund on offer."""
    portfolio = half_nvidia(preferences=Preferences(buy=("IJR",)))
    value = 250 * 203.53 + 40_882.50 + 68.9703 * 144.99
    direct = 250 * 203.53 / value
    found = reference(portfolio)
    assert found["NVDA"] == pytest.approx(0.1, abs=1e-9)
    assert found["IJR"] == pytest.approx(68.9703 * 144.99 / value + direct - 0.1, abs=1e-9)
    assert surveyed(portfolio).reference.excess == pytest.approx({"Nvidia": direct - 0.1})


@pytest.mark.parametrize(("share", "left"), [("0", 0.0), ("0.25", 0.25), ("1", 0.5)])
def test_the_part_that_is_a_choice_is_the_users(share: str, left: float) -> None:
    portfolio = half_nvidia(preferences=Preferences(buy=("IJR",), company_share=Decimal(share)))
    assert reference(portfolio).get("NVDA", 0.0) == pytest.approx(min(left, 0.5), abs=2e-3)


def test_shares_that_may_not_be_sold_stay_in_the_reference() -> None:
    locked = half_nvidia(do_not_sell=(DoNotSell("NVDA", None, "vesting"),))
    found = surveyed(locked)
    assert found.reference.excess == {}
    assert reference(locked) == pytest.approx(dict(found.before.weights))


def test_two_classes_of_one_company_are_one_company() -> None:
    held = np.array([0.2, 0.1, 0.7])
    excess, left = without_excess(held, held, ["Alphabet", "Alphabet", None], 0.15)
    assert excess == pytest.approx({"Alphabet": 0.15})
    assert left == pytest.approx([0.1, 0.05, 0.7])


def test_a_fund_is_always_a_choice() -> None:
    portfolio = household(account("Roth", "roth", 0, {"QQQ": [lot(100)]}))
    assert surveyed(portfolio).reference.excess == {}


def test_a_holding_that_a_view_is_on_counts_as_the_market() -> None:
    portfolio = household(
        account("Roth", "roth", 0, {"QQQ": [lot(100)], "BND": [lot(300)]}),
        views=(view("QQQ", "0.12", confidence="0.5"), view("BND", "0.05", confidence="0.5")),
    )
    weights = surveyed(portfolio).before.weights
    assert reference(portfolio) == pytest.approx({"VTI": weights["QQQ"], "BND": weights["BND"]})
    assert surveyed(portfolio).reference.viewed == ("QQQ",)
    silent = replace(portfolio, views=(view("QQQ", "0.12", confidence="0"),))
    assert surveyed(silent).reference.viewed == ()


@pytest.mark.parametrize("count", range(1, len(OFFERED)))
def test_no_other_mix_of_the_funds_is_nearer_to_the_market(count: int) -> None:
    """Against SLSQP from several starts, and thousands of random mixes; variance to 1e-9 a year."""
    offered = OFFERED[:count]
    model = risk_model(market(), tuple(sorted({*offered, "VTI"})))
    rows = [model.index(symbol) for symbol in offered]
    found = nearest_mix(model.root, rows, model.index("VTI"))
    assert found.sum() == pytest.approx(1.0)
    assert found.min() >= 0.0

    def apart(mix: np.ndarray) -> float:
        difference = -np.eye(len(model.symbols))[model.index("VTI")]
        difference[rows] += mix
        return float(difference @ model.covariance @ difference)

    rng = np.random.default_rng(count)
    tried = min(map(apart, rng.dirichlet(np.ones(count), size=3000)))
    one = {"type": "eq", "fun": lambda mix: mix.sum() - 1.0}
    solved = min(
        minimize(apart, start, bounds=[(0.0, 1.0)] * count, constraints=one, tol=1e-14).fun
        for start in rng.dirichlet(np.ones(count), size=5)
    )
    assert apart(found[rows]) <= min(tried, solved) + 1e-9


def test_without_a_fund_on_offer_the_market_itself_stands_in() -> None:
    model = risk_model(market(), ("BND", "VTI"))
    assert nearest_mix(model.root, [], model.index("VTI")).tolist() == [0.0, 1.0]
