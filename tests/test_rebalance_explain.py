"""The reason printed beside an order is one that the numbers bear out."""

from __future__ import annotations

from decimal import Decimal

import pytest

from advisor.portfolio.model import Portfolio, Preferences, View
from tests.samples import ANSWERED, answer
from tests.small_households import account, household, limits, lot, planned, tax


def reasons(portfolio: Portfolio) -> dict[tuple[str, str], str]:
    return {(trade.side, trade.symbol): trade.why for trade in planned(portfolio).trades}


def test_a_sale_for_a_broken_limit_says_so_and_a_purchase_what_it_is_for() -> None:
    found = reasons(
        household(
            account("Roth", "roth", 0, {"NVDA": [lot(250)], "BND": [lot(600)]}),
            limits=limits(magnificent_seven_max="0.3", small_caps_min="0.2"),
        )
    )
    expected = "brings down the Magnificent Seven limit, broken today; no tax in this account"
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
    assert found == {("sell", "SPY"): "brings up the cash limit, broken today; no tax in this account"}


@pytest.mark.parametrize("name", ["volatility", "beta"])
def test_a_calm_security_is_not_said_to_calm_the_household_by_its_sale(name: str) -> None:
    """Half Nvidia, half Treasury bills: Nvidia alone carries the risk. The bills are wanted for a view on IJR."""
    bound = {"volatility": "0.2", "beta": "0.9"}[name]
    portfolio = household(
        account("Roth", "roth", 0, {"NVDA": [lot(250)], "SGOV": [lot(500)]}),
        limits=limits(**{f"{name}_max": bound}),
        views=(View("IJR", Decimal("0.2")),),
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
    assert found == {("sell", "NVDA"): "brings down the single-company limit, broken today; no tax in this account"}


def test_a_loss_is_named_and_a_plain_sale_pays_for_purchases() -> None:
    positions = {"NVDA": [lot(100, 20)], "TSLA": [lot(100, 450, days=200)]}
    found = reasons(
        household(account("Joint", "taxable", 0, positions), limits=limits(magnificent_seven_max="0.4"), tax=tax())
    )
    assert "realises a loss" in found["sell", "TSLA"]
    plain = reasons(
        household(
            account("Roth", "roth", 0, {"SPY": [lot(100)]}), views=(View("IJR", Decimal("0.2")),), limits=limits()
        )
    )
    assert plain["sell", "SPY"] == "pays for the purchases, at the least cost after tax; no tax in this account"
    assert plain["buy", "IJR"] == "reinvests the proceeds without any of the seven"


def test_a_funds_own_limit_is_named() -> None:
    portfolio = household(
        account("Roth", "roth", 0, {"QQQ": [lot(100)], "SPY": [lot(100)]}), limits=limits(funds__QQQ_max="0.2")
    )
    assert "brings down the limit funds.QQQ, broken today" in reasons(portfolio)["sell", "QQQ"]


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
    assert found == {("sell", "SPY"): "raises the account's cash to its min_cash; no tax in this account"}
