from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from advisor.portfolio.model import PastTrade, Portfolio, SecurityNote
from advisor.portfolio.preferences import Preferences, TaxSituation
from tests.small_households import AS_OF, account, household, limits, lot, planned

PLAIN = household(account("Roth", "roth", 0, {"SPY": [lot(100)]}))


def warned(portfolio: Portfolio) -> dict[str, str]:
    return {warning.code: warning.message for warning in planned(portfolio).warnings}


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (date(2026, 7, 12), "prices_after_decision"),
        (date(2026, 7, 13), None),
        (date(2026, 7, 20), None),
        (date(2026, 7, 21), "stale_prices"),
    ],
)
def test_prices_older_than_a_week_or_of_the_future_are_told(day: date, code: str | None) -> None:
    found = set(warned(replace(PLAIN, as_of=day)))
    assert found & {"prices_after_decision", "stale_prices"} == ({code} if code else set())


def test_the_age_of_the_prices_is_counted_in_days() -> None:
    assert "2026-07-13, 130 days before" in warned(PLAIN)["stale_prices"]


def test_a_sale_at_a_loss_warns_of_the_next_thirty_days() -> None:
    portfolio = household(
        account("Joint", "taxable", 0, {"TSLA": [lot(100, 450, days=200)], "NVDA": [lot(100, 20)]}),
        limits=limits(magnificent_seven_max="0.5"),
    )
    assert warned(portfolio)["loss_sales"].startswith("These orders sell TSLA at a loss.")
    assert "loss_sales" not in warned(PLAIN)


def test_what_the_file_calls_identical_is_named_beside_a_loss() -> None:
    portfolio = household(
        account("Joint", "taxable", 0, {"TSLA": [lot(100, 450, days=200)], "NVDA": [lot(100, 20)]}),
        limits=limits(magnificent_seven_max="0.5"),
        identical=(("TSLA", "XLY"), ("SPY", "RSP")),
    )
    text = warned(portfolio)["loss_sales"]
    assert "or what the file calls identical (TSLA, XLY), in any account" in text
    assert "RSP" not in text


def test_limits_over_past_months_name_the_holdings_whose_months_are_anothers() -> None:
    held = {"QQQM": [lot(10)], "SPY": [lot(10)]}
    text = warned(household(account("Roth", "roth", 0, held), limits=limits(cvar_95_max="0.5")))["stand_in_months"]
    assert text.startswith("The figures for cvar_95 are of past months")
    assert text.endswith("QQQM (52 months as QQQ).")
    for quiet in (
        household(account("Roth", "roth", 0, held), limits=limits(volatility_max="0.9")),
        household(account("Roth", "roth", 0, {"SPY": [lot(10)]}), limits=limits(max_drawdown_max="0.9")),
    ):
        assert "stand_in_months" not in warned(quiet)


def test_each_kept_lot_is_named_with_the_day_it_is_free() -> None:
    portfolio = household(
        account("Joint", "taxable", 0, {"IWM": [lot(10, 400, days=200)], "SPY": [lot(10, 100, days=360)]}),
        history=(PastTrade(AS_OF, "Joint", "VTWO", "buy", Decimal(1)),),
    )
    found = warned(portfolio)
    assert "IWM lot of 2026-05-04 in Joint is at a loss" in found["kept_wash_sale"]
    assert found["kept_wash_sale"].endswith("it is kept until 2026-12-21.")
    assert found["kept_almost_long_term"].endswith("it is kept until 2026-11-26.")


def test_a_wide_interval_names_the_widest_fund() -> None:
    """ARKK's list stops at ten holdings: of the seven it holds something between zero and a quarter of its weight."""
    wide = household(account("Roth", "roth", 0, {"ARKK": [lot(500)], "SPY": [lot(10)], "RSP": [lot(10)]}))
    assert "the widest gap is ARKK" in warned(wide)["wide_interval"]
    assert "wide_interval" not in warned(PLAIN)


def test_assumed_tax_rates_are_told_only_where_they_matter() -> None:
    taxable = household(account("Joint", "taxable", 0, {"SPY": [lot(100, 700)]}), tax=TaxSituation())
    assert "24% on short-term and 15% on long-term" in warned(taxable)["default_tax_rates"]
    partly = replace(taxable.tax, short_term_rate=Decimal("0.358"), state_rate=Decimal("0.093"))
    found = warned(replace(taxable, tax=partly))["default_tax_rates"]
    assert "35.8% on short-term and 15% on long-term gains are used, with 9.3% of state tax" in found
    assert "default_tax_rates" not in warned(replace(taxable, tax=replace(taxable.tax, is_stated=True)))
    assert "default_tax_rates" not in warned(replace(PLAIN, tax=TaxSituation()))


def test_proxies_and_unknown_fees_are_named() -> None:
    note = SecurityNote("MYFUND", "VOO", price_usd=Decimal(50))
    portfolio = household(account("Roth", "roth", 0, {"MYFUND": [lot(100)], "SPY": [lot(1)]}), securities=(note,))
    found = warned(portfolio)
    assert "MYFUND as VOO" in found["proxies"]
    assert found["unknown_fees"].startswith("The expense ratio of MYFUND is unknown")
    assert {"proxies", "unknown_fees"} & set(warned(PLAIN)) == set()


def test_an_order_below_the_users_least_is_told() -> None:
    """Four dollars of NVDA over the limit must go, whatever the least trade is."""
    small = household(
        account("Roth", "roth", "9600", {"NVDA": [lot(2)]}, fractional=True),
        limits=limits(magnificent_seven_max="0.04", cash_min="0.9595", cash_max="0.961"),
        preferences=Preferences(min_trade_usd=Decimal(100), buy=()),
    )
    plan = planned(small)
    assert [trade.symbol for trade in plan.trades] == ["NVDA"]
    assert 0 < plan.trades[0].amount_usd < 100
    assert "min_trade, $100" in warned(small)["below_min_trade"]


def test_a_proxy_for_a_fund_with_data_is_said_not_to_be_used() -> None:
    portfolio = replace(PLAIN, securities=(SecurityNote("SPY", "VOO"),))
    found = warned(portfolio)
    assert "proxies" not in found
    assert found["proxies_not_used"].endswith("the proxy is not used: SPY.")


@pytest.mark.parametrize(("day", "is_old"), [(date(2026, 9, 26), False), (date(2026, 9, 27), True)])
def test_a_list_of_holdings_older_than_a_year_is_named_with_the_way_out(day: date, is_old: bool) -> None:
    """QQQ's file is of 2025-09-26: 365 days before the one day, and 366 before the other."""
    holder = household(account("Roth", "roth", 0, {"QQQ": [lot(100)], "IWM": [lot(10)]}))
    found = warned(replace(holder, as_of=day))
    assert ("old_holdings" in found) is is_old
    if is_old:
        assert "more than a year old: QQQ (2025-09-26). " in found["old_holdings"]
        assert "advisor data import-holdings" in found["old_holdings"]
