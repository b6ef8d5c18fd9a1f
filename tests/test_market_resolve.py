from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from advisor.errors import MarketDataError
from advisor.market.constituents import magnificent_seven_interval
from advisor.market.data import NO_PAST_MONTHS
from advisor.market.resolve import resolve
from advisor.market.snapshot import load_snapshot
from advisor.portfolio.limit_types import Side
from advisor.portfolio.model import Limit, SecurityNote
from advisor.portfolio.preferences import Preferences
from advisor.risk.past_months import month_returns
from tests.small_market import household, small_market
from tests.views import view

PREFERENCES = Preferences(buy=("IWM",), benchmark="FULL")


def one(symbol: str, **fields):
    fields = {"preferences": PREFERENCES, **fields}
    return household(("Roth", "100", {symbol: "10"}), **fields)


def test_a_portfolio_of_known_symbols_changes_nothing():
    market = small_market()
    found = resolve(market, one("NVDA"))
    assert dict(found.securities) == dict(market.securities)
    assert found.covariance.symbols == market.covariance.symbols
    np.testing.assert_array_equal(found.covariance.loadings, market.covariance.loadings)


def test_all_unknown_symbols_are_named_at_once_with_place_and_remedy():
    portfolio = household(
        ("Roth", "0", {"AAA": "1", "NVDA": "1"}),
        ("Joint", "0", {"AAA": "1"}),
        preferences=Preferences(buy=("BBB",), benchmark="CCC"),
        views=(view("DDD", "0.05"),),
        limits=(Limit("beta", Side.MAX, Decimal(1), benchmark="EEE"),),
    )
    with pytest.raises(MarketDataError) as caught:
        resolve(small_market(), portfolio)
    text = str(caught.value)
    for part in (
        "AAA (account 'Roth', account 'Joint')",
        "BBB (preferences.buy)",
        "CCC (preferences.benchmark)",
        "DDD (views)",
        "EEE (limits.beta.benchmark)",
        "securities: [{symbol: X, proxy:",
        "--market yahoo",
        "--market FOLDER",
    ):
        assert part in text
    assert "NVDA" not in text


def test_a_proxied_fund_has_the_risk_the_list_and_the_falls_of_its_proxy_at_its_own_price():
    note = SecurityNote("PLAN", "TEN", price_usd=Decimal("12.34"), expense_ratio=Decimal("0.0005"))
    found = resolve(small_market(), one("PLAN", securities=(note,)))
    own, proxy = found.securities["PLAN"], found.securities["TEN"]
    assert (own.close_usd, own.is_fund, own.index) == (Decimal("12.34"), True, proxy.index)
    assert own.expense_ratio.value == pytest.approx(0.0005)
    assert "your proxy" in own.half_spread.source
    held = found.constituents["PLAN"]
    assert (held.fund, held.proxy, held.basis) == ("PLAN", "TEN", "as TEN (your proxy)")
    assert held.companies == found.constituents["TEN"].companies
    rows = [found.covariance.symbols.index(symbol) for symbol in ("PLAN", "TEN")]
    np.testing.assert_array_equal(*found.covariance.loadings[rows])
    assert found.covariance.idiosyncratic[rows[0]] == found.covariance.idiosyncratic[rows[1]]
    assert found.episodes[0].returns["PLAN"] == found.episodes[0].returns["TEN"]
    assert found.episodes[0].stand_ins["PLAN"] == "TEN"
    assert not found.covariance.loadings.flags.writeable
    assert month_returns(found, ("PLAN",)).tolist() == month_returns(found, ("TEN",)).tolist()
    assert dict(found.past_months.stand_ins) == {"TEN": "1 month as FULL", "PLAN": "all months as TEN"}
    assert not found.past_months.returns.flags.writeable


def test_a_fee_that_nobody_stated_stays_unknown():
    found = resolve(small_market(), one("PLAN", securities=(SecurityNote("PLAN", "TEN", Decimal(10)),)))
    assert found.securities["PLAN"].expense_ratio is None
    assert found.securities["PLAN"].dividend_yield is None


def test_a_stock_may_stand_for_another_and_then_is_that_company():
    found = resolve(small_market(), one("UNIT", securities=(SecurityNote("UNIT", "NVDA", Decimal(10)),)))
    assert magnificent_seven_interval(found, "UNIT") == (1.0, 1.0)


@pytest.mark.parametrize(
    ("note", "reason"),
    [
        (SecurityNote("PLAN", "TEN"), "proxy TEN given, but no price"),
        (SecurityNote("PLAN", "NONE", Decimal(10)), "its proxy NONE has no data either"),
    ],
)
def test_an_incomplete_note_says_what_is_missing(note, reason):
    with pytest.raises(MarketDataError, match=reason):
        resolve(small_market(), one("PLAN", securities=(note,)))


def test_an_incomplete_note_for_a_security_nobody_asks_for_is_no_fault():
    assert "PLAN" not in resolve(small_market(), one("NVDA", securities=(SecurityNote("PLAN", "TEN"),))).securities


def test_a_note_overrides_nothing_that_has_data_and_fills_in_missing_holdings():
    market = small_market()
    note = SecurityNote("FULL", "TEN", price_usd=Decimal(1))
    same = resolve(market, one("FULL", securities=(note,)))
    assert same.securities["FULL"] == market.securities["FULL"]
    assert same.constituents["FULL"] == market.constituents["FULL"]
    bare = replace(market, constituents={key: value for key, value in market.constituents.items() if key != "FULL"})
    filled = resolve(bare, one("FULL", securities=(note,)))
    assert filled.constituents["FULL"].proxy == "TEN"
    assert filled.securities["FULL"].close_usd == market.securities["FULL"].close_usd


def test_market_data_without_scenarios_stay_without_for_a_proxy():
    bare = replace(small_market(), past_months=NO_PAST_MONTHS)
    found = resolve(bare, one("PLAN", securities=(SecurityNote("PLAN", "TEN", Decimal(10)),)))
    with pytest.raises(MarketDataError, match="no return scenarios for PLAN in small"):
        month_returns(found, ("PLAN",))


@pytest.mark.parametrize("spelling", ["BRK-B", "BRKB", "BRK.B"])
def test_any_spelling_of_a_share_class_finds_its_data(spelling):
    found = resolve(small_market(), one(spelling))
    assert found.securities[spelling].close_usd == Decimal(500)
    assert found.securities[spelling].company == "Berkshire"
    assert month_returns(found, (spelling,)).tolist() == month_returns(found, ("BRK.B",)).tolist()


def test_small_caps_are_told_by_the_category_of_the_fund_or_its_proxy():
    portfolio = household(("Roth", "0", {"SC": "1", "VB": "1", "VTI": "1"}), securities=(
        SecurityNote("SC", "IWM", Decimal(20)),
    ))  # fmt: skip
    found = resolve(load_snapshot(), portfolio)
    assert [s for s in ("IWM", "VTWO", "IJR", "VB", "SC", "VTI", "NVDA") if found.is_small_cap(s)] == [
        "IWM", "VTWO", "IJR", "VB", "SC",
    ]  # fmt: skip


def test_the_design_example_resolves_on_the_embedded_snapshot():
    portfolio = household(("401k", "0", {"VFIAX": "1", "SC": "2"}), securities=(
        SecurityNote("VFIAX", "VOO"), SecurityNote("SC", "IJR", Decimal("30")),
    ))  # fmt: skip
    found = resolve(load_snapshot(), portfolio)
    assert found.securities["VFIAX"].name == "Vanguard 500 Index Fund Admiral Shares"
    assert found.is_small_cap("SC")


def test_a_proxied_fund_moves_with_its_proxy_in_full():
    portfolio = household(("Roth", "0", {"SC": "1", "DGRO": "1"}), securities=(
        SecurityNote("SC", "DGRO", Decimal(20)),
    ))  # fmt: skip
    before, after = load_snapshot(), resolve(load_snapshot(), portfolio)

    def covariance(market, one, other):
        table = market.covariance
        i, j = table.symbols.index(one), table.symbols.index(other)
        own = table.idiosyncratic[i] if i == j else 0.0
        return float(table.loadings[i] @ table.loadings[j] + own)

    variance = covariance(before, "DGRO", "DGRO")
    assert before.covariance.idiosyncratic[before.covariance.symbols.index("DGRO")] > 0
    assert covariance(after, "DGRO", "DGRO") == pytest.approx(variance, rel=1e-12)
    assert covariance(after, "SC", "SC") == pytest.approx(variance, rel=1e-12)
    assert covariance(after, "SC", "DGRO") == pytest.approx(variance, rel=1e-12)
    assert covariance(after, "SC", "SPY") == pytest.approx(covariance(before, "DGRO", "SPY"), rel=1e-12)
