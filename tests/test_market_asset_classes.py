"""Asset classes against a list written by hand, and against the check's own reading of the same categories."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.market.asset_classes import AssetClass, class_shares
from advisor.market.data import MarketData
from advisor.rebalance.verify.classes import parts_of
from tests.samples import market

# What an investor would call each, by Morningstar's category.
BY_HAND = {
    "Large Blend": "us_stocks",
    "Large Growth": "us_stocks",
    "Large Value": "us_stocks",
    "Mid-Cap Blend": "us_stocks",
    "Mid-Cap Growth": "us_stocks",
    "Mid-Cap Value": "us_stocks",
    "Small Blend": "us_stocks",
    "Small Growth": "us_stocks",
    "Small Value": "us_stocks",
    "Technology": "us_stocks",
    "Health": "us_stocks",
    "Financial": "us_stocks",
    "Utilities": "us_stocks",
    "Equity Energy": "us_stocks",
    "Foreign Large Blend": "international_stocks",
    "Foreign Small/Mid Value": "international_stocks",
    "Diversified Emerging Mkts": "international_stocks",
    "Europe Stock": "international_stocks",
    "Japan Stock": "international_stocks",
    "China Region": "international_stocks",
    "Intermediate Core Bond": "bonds",
    "Intermediate Core-Plus Bond": "bonds",
    "Long Government": "bonds",
    "Short Government": "bonds",
    "Short-Term Bond": "bonds",
    "Inflation-Protected Bond": "bonds",
    "High Yield Bond": "bonds",
    "Muni National Interm": "bonds",
    "Global Bond-USD Hedged": "bonds",
    "Ultrashort Bond": "cash_and_bills",
    "Prime Money Market": "cash_and_bills",
    "Money Market-Taxable": "cash_and_bills",
    "Commodities Focused": "gold_and_commodities",
    "Commodities Broad Basket": "gold_and_commodities",
    "Real Estate": "other",
    "Digital Assets": "other",
    "Allocation--50% to 70% Equity": "other",
    "Moderate Allocation": "other",
    "Target-Date 2040": "other",
    "Convertibles": "other",
    "Preferred Stock": "other",
    "Nontraditional Bond": "other",
    "Options Trading": "other",
    "": "other",
}


def with_category(category: str | None) -> MarketData:
    """The market with a fund of that category under the name of SPY."""
    data = market()
    changed = replace(data.securities["SPY"], sector=category)
    return replace(data, securities={**data.securities, "SPY": changed})


@pytest.mark.parametrize("category", BY_HAND)
def test_a_category_is_of_the_class_that_an_investor_would_say(category: str) -> None:
    data = with_category(category)
    assert dict(class_shares(data.securities["SPY"])) == {AssetClass(BY_HAND[category]): 1.0}
    assert parts_of("SPY", data) == {BY_HAND[category]: 1.0}


def test_a_world_fund_is_counted_in_its_parts() -> None:
    data = with_category("Global Large-Stock Blend")
    assert dict(class_shares(data.securities["SPY"])) == {"us_stocks": 0.6, "international_stocks": 0.4}
    assert parts_of("SPY", data) == {"us_stocks": 0.6, "international_stocks": 0.4}


def test_a_fund_without_a_category_is_of_no_known_class() -> None:
    assert dict(class_shares(with_category(None).securities["SPY"])) == {AssetClass.OTHER: 1.0}


@pytest.mark.parametrize("symbol", sorted(market().securities))
def test_every_security_has_a_class_and_the_check_reads_the_same(symbol: str) -> None:
    shares = class_shares(market().securities[symbol])
    assert sum(shares.values()) == pytest.approx(1.0, abs=1e-12)
    assert {str(one): part for one, part in shares.items()} == parts_of(symbol, market())
    if not market().securities[symbol].is_fund:
        assert dict(shares) == {AssetClass.US_STOCKS: 1.0}


def test_real_estate_alone_is_of_no_class_in_the_embedded_data() -> None:
    """So that a category that is new is looked at once."""
    of_no_class = (one for one in market().securities.values() if class_shares(one).get(AssetClass.OTHER))
    assert {security.sector for security in of_no_class} == {"Real Estate"}
