"""The reason printed beside an order is one that the numbers bear out."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from advisor.portfolio.model import LimitMode, Portfolio, Preferences
from tests.samples import ANSWERED, answer
from tests.small_households import account, household, limits, lot, planned, tax
from tests.views import view


def reasons(portfolio: Portfolio) -> dict[tuple[str, str], str]:
    return {(trade.side, trade.symbol): trade.why for trade in planned(portfolio).trades}


def test_a_sale_for_a_broken_limit_says_so_and_a_purchase_what_it_is_for() -> None:
    found = reasons(
        household(
            account("Roth", "roth", 0, {"NVDA": [lot(250)], "BND": [lot(600)]}),
            limits=limits(magnificent_seven_max="0.3", small_caps_min="0.2"),
        )
    )
    expected = "brings down the Magnificent Seven limit, broken today; untaxed in this account"
    assert found["sell", "NVDA"] == expected
    bought = [why for (side, _), why in found.items() if side == "buy"]
    assert bought
    assert all(why.startswith("brings up the small-cap limit, broken today") for why in bought)


def test_a_sale_for_more_cash_does_not_bring_cash_down() -> None:
    found = reasons(
        household(
            account("Roth", "roth", 0, {"SPY": [lot(100)]}),
            limits=limits(cash_min="0.3"),
            preferences=Preferences(buy=()),
        )
    )
    assert found == {("sell", "SPY"): "brings up the cash limit, broken today; untaxed in this account"}


@pytest.mark.parametrize("name", ["volatility", "beta"])
def test_a_calm_security_is_not_said_to_calm_the_household_by_its_sale(name: str) -> None:
    """Half Nvidia, half Treasury bills: Nvidia alone carries the risk. The bills are wanted for a view on IJR."""
    bound = {"volatility": "0.2", "beta": "0.9"}[name]
    portfolio = household(
        account("Roth", "roth", 0, {"NVDA": [lot(250)], "SGOV": [lot(500)]}),
        limits=limits(**{f"{name}_max": bound}),
        views=(view("IJR", "0.2"),),
    )
    found = reasons(portfolio)
    word = "the volatility limit" if name == "volatility" else "the beta limit"
    assert f"brings down {word}" in found["sell", "NVDA"]
    assert word not in found["sell", "SGOV"]


def test_the_company_over_its_limit_today_is_the_reason_even_if_another_leads_afterwards() -> None:
    found = reasons(
        household(
            account("Roth", "roth", 0, {"NVDA": [lot(250)], "JPM": [lot(100)], "BND": [lot(200)]}),
            limits=limits(single_company_max="0.38"),
            preferences=Preferences(buy=(), return_uncertainty=Decimal("0.05")),
        )
    )
    assert found == {("sell", "NVDA"): "brings down the single-company limit, broken today; untaxed in this account"}


def test_a_loss_is_named_and_a_plain_sale_pays_for_purchases() -> None:
    positions = {"NVDA": [lot(100, 20)], "TSLA": [lot(100, 450, days=200)]}
    found = reasons(
        household(account("Joint", "taxable", 0, positions), limits=limits(magnificent_seven_max="0.4"), tax=tax())
    )
    assert "realises a loss" in found["sell", "TSLA"]
    plain = reasons(
        household(
            account("Roth", "roth", 0, {"SPY": [lot(100)]}),
            views=(view("IJR", "0.2"), view("IJR", "0.1", over="IWM")),
            limits=limits(),
        )
    )
    assert plain["sell", "SPY"] == "pays for the purchases, at the least cost after tax; untaxed in this account"
    assert plain["buy", "IJR"] == "reinvests the proceeds without any of the seven"


def test_a_funds_own_limit_is_named() -> None:
    portfolio = household(
        account("Roth", "roth", 0, {"QQQ": [lot(100)], "SPY": [lot(100)]}), limits=limits(funds__QQQ_max="0.2")
    )
    assert "brings down the limit funds.QQQ, broken today" in reasons(portfolio)["sell", "QQQ"]


@pytest.mark.parametrize(
    ("bound", "words"),
    [
        ({"sectors__Energy_max": "0.2"}, "brings down the Energy limit, broken today"),
        ({"cvar_95_max": "0.06"}, "brings down the limit on the worst months, broken today"),
        ({"max_drawdown_max": "0.1"}, "brings down the drawdown limit, broken today"),
        ({"stress__covid_2020_max": "0.3"}, "brings down the limit on the loss in Covid crash, broken today"),
    ],
)
def test_limits_of_every_kind_are_named_where_they_press(bound: dict[str, str], words: str) -> None:
    """Two thirds of the household in energy, the rest in bonds: what is too much is energy in every respect."""
    found = reasons(
        household(
            account("Roth", "roth", 0, {"XLE": [lot(1000)], "BND": [lot(400)]}),
            limits=limits(**bound),
            preferences=Preferences(buy=(), risk_aversion=Decimal(1)),
        )
    )
    assert words in found["sell", "XLE"]
    assert "limit" not in found.get(("sell", "BND"), "")


def test_a_sale_that_no_limit_asks_for_and_that_buys_nothing_lowers_risk() -> None:
    found = reasons(
        household(
            account("Roth", "roth", 0, {"XLE": [lot(1000)], "BND": [lot(400)]}),
            preferences=Preferences(buy=(), risk_aversion=Decimal(8)),
        )
    )
    assert found["sell", "XLE"] == "lowers risk by more than its return is worth; untaxed in this account"


def test_a_dear_fund_is_sold_for_the_expense_ratio() -> None:
    found = reasons(
        household(
            account("Roth", "roth", 0, {"ARKK": [lot(500)], "VOO": [lot(50)]}),
            limits=limits(expense_ratio_max="0.002"),
            preferences=Preferences(buy=()),
        )
    )
    assert found["sell", "ARKK"] == "brings down the expense-ratio limit, broken today; untaxed in this account"


def test_a_loss_makes_room_under_the_realized_gain_limit() -> None:
    """A household that dreads risk would sell all of Nvidia, nine tenths of it gain; the limit lets it sell less."""
    positions = {"NVDA": [lot(300, 20)], "TSLA": [lot(100, 450, days=200)]}
    found = reasons(
        household(
            account("Joint", "taxable", 0, positions),
            limits=limits(realized_gain_max="3000"),
            preferences=Preferences(risk_aversion=Decimal(9), horizon_years=Decimal(10)),
        )
    )
    assert found["sell", "TSLA"] == "brings down the realized-gain limit; realises a loss"
    assert "realized-gain" not in found["sell", "NVDA"]


def test_a_soft_limit_that_stays_exceeded_is_a_reason_and_said_to_stay() -> None:
    soft = replace(limits(magnificent_seven_max="0.05")[0], mode=LimitMode.SOFT, price_bps_per_pp=Decimal(10))
    found = reasons(
        household(
            account("Roth", "roth", 0, {"NVDA": [lot(250)], "BND": [lot(600)]}),
            limits=(soft, *limits(turnover_max="0.1")),
        )
    )
    assert "brings down the Magnificent Seven limit, exceeded even so" in found["sell", "NVDA"]


def test_two_limits_that_say_the_same_are_both_named_though_one_alone_presses() -> None:
    found = reasons(
        household(
            account("Roth", "roth", 0, {"NVDA": [lot(250)], "BND": [lot(600)]}),
            limits=limits(magnificent_seven_max="0.3", single_company_max="0.4"),
        )
    )
    assert found["sell", "NVDA"].startswith(
        "brings down the Magnificent Seven limit, broken today; brings down the single-company limit, broken today"
    )


@pytest.mark.parametrize("name", ANSWERED)
def test_every_order_of_a_sample_has_a_reason(name: str) -> None:
    trades = answer(name).plan.trades
    assert all(trade.why for trade in trades)
    assert all("None" not in trade.why for trade in trades)


def test_a_purchase_from_cash_reinvests_no_proceeds() -> None:
    found = {trade.symbol: trade.why for trade in answer("young-saver").plan.trades}
    assert found == dict.fromkeys(
        found, "brings down the cash limit, broken today; invests cash without any of the seven"
    )


def test_a_sale_for_the_cash_an_account_must_keep_says_so() -> None:
    found = reasons(
        household(
            account("IRA", "traditional", 1000, {"SPY": [lot(100)]}, min_cash_usd=Decimal(5000)),
            preferences=Preferences(buy=()),
        )
    )
    assert found == {("sell", "SPY"): "raises the account's cash to its min_cash; untaxed in this account"}
