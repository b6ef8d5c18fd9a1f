"""New money is invested in the mix that it is paid into; cash that stands in the file is a choice."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from advisor.portfolio.load import load_portfolio
from advisor.portfolio.model import Portfolio
from advisor.portfolio.preferences import Preferences
from advisor.rebalance.verify.ledger import before_deposit
from tests.samples import NEVER, sample, text_of
from tests.small_households import account, faults_of, household, limits, lot, planned, surveyed

ROTH = account("Roth", "roth", 1000, {"VTI": [lot(300)], "BND": [lot(500)]})


def with_deposit(portfolio: Portfolio, usd: int) -> Portfolio:
    first, *rest = portfolio.accounts
    paid = replace(first, cash_usd=first.cash_usd + usd, deposit_usd=Decimal(usd))
    return replace(portfolio, accounts=(paid, *rest))


def test_money_is_put_into_the_mix_before_it_where_its_funds_are_on_the_buy_list() -> None:
    """$40,000 beside 75% VTI, 24% BND and 1% cash: the same parts after it, to a share of each."""
    before = household(ROTH, preferences=Preferences(buy=("IJR", "VTI", "BND")))
    portfolio = with_deposit(before, 40_000)
    plan, mix = planned(portfolio), surveyed(before).before
    assert {(trade.side, trade.symbol) for trade in plan.trades} == {("buy", "VTI"), ("buy", "BND")}
    share = 370 / float(plan.before.value_usd)
    for symbol, weight in mix.weights.items():
        assert plan.after.weights[symbol] == pytest.approx(weight, abs=share)
    assert plan.after.cash_weight == pytest.approx(mix.cash_weight, abs=share)
    assert faults_of(portfolio, plan) == []
    assert all("than before the new money (a default)" in trade.why for trade in plan.trades)


def test_the_same_cash_in_the_file_is_left_alone() -> None:
    portfolio = household(replace(ROTH, cash_usd=Decimal(41_000)))
    plan = planned(portfolio)
    assert plan.status == "do_nothing"
    assert faults_of(portfolio, plan) == []


def test_small_caps_alone_on_offer_take_what_their_default_leaves_them() -> None:
    portfolio = with_deposit(household(ROTH), 40_000)
    plan = planned(portfolio)
    assert {trade.symbol for trade in plan.trades} == {"IJR"}
    assert plan.after.small_cap_weight == pytest.approx(0.2 * surveyed(household(ROTH)).before.weights["VTI"], abs=2e-3)
    assert faults_of(portfolio, plan) == []


def test_a_broken_limit_and_new_money_are_answered_together() -> None:
    portfolio = with_deposit(household(ROTH, limits=limits(magnificent_seven_max="0.15")), 40_000)
    plan = planned(portfolio)
    assert plan.after.exposure.seven.high <= 0.15 + 1e-9
    assert faults_of(portfolio, plan) == []


def test_into_an_empty_household_there_is_no_mix_to_keep() -> None:
    portfolio = with_deposit(household(account("Roth", "roth", 0)), 5_000)
    assert before_deposit(Decimal(5000), portfolio) == 1.0
    plan = planned(portfolio)
    assert plan.status == "do_nothing"
    assert faults_of(portfolio, plan) == []


def test_a_scenario_of_a_file_knows_its_new_money_and_the_file_has_none() -> None:
    portfolio = sample("couple-mixed-lots")
    scenario = next(one.portfolio for one in portfolio.scenarios if one.name == "New money")
    assert {one.name: one.deposit_usd for one in scenario.accounts if one.deposit_usd} == {"Joint": Decimal(20_000)}
    assert scenario.deposit_usd == 20_000
    assert portfolio.deposit_usd == 0
    plain = text_of("couple-mixed-lots").partition("scenarios:")[0]
    assert load_portfolio(plain.encode(), file="x", today=NEVER).deposit_usd == 0
