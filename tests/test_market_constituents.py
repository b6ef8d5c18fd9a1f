from __future__ import annotations

from dataclasses import replace

import pytest

from advisor.errors import MarketDataError
from advisor.market.constituents import companies_of, company_interval, magnificent_seven_interval
from tests.small_market import small_market

MARKET = small_market()


def test_a_stock_is_its_company_and_no_other():
    assert company_interval(MARKET, "GOOG", "Alphabet") == (1.0, 1.0)
    assert company_interval(MARKET, "GOOG", "Nvidia") == (0.0, 0.0)
    assert magnificent_seven_interval(MARKET, "GOOGL") == (1.0, 1.0)
    assert magnificent_seven_interval(MARKET, "JPM") == (0.0, 0.0)


def test_a_fund_is_its_list_and_what_the_list_cannot_rule_out():
    assert company_interval(MARKET, "TEN", "Alphabet") == (0.06, 0.09)
    assert company_interval(MARKET, "TEN", "JPMorgan Chase") == (0.0, 0.03)
    assert company_interval(MARKET, "BOND", "JPMorgan Chase") == (0.0, 0.0)
    assert magnificent_seven_interval(MARKET, "TEN") == (0.16, 0.19)


def test_companies_are_those_that_are_or_may_be_held_by_name():
    assert companies_of(MARKET, ("FULL", "GOOG", "BOND")) == ("Alphabet", "JPMorgan Chase", "Nvidia")


def test_a_fund_of_which_nothing_is_known_is_an_error_and_not_a_zero():
    market = small_market()
    market.constituents.pop("TEN")
    with pytest.raises(MarketDataError, match="TEN: nothing is known of this fund's holdings"):
        magnificent_seven_interval(market, "TEN")


def test_all_funds_of_which_nothing_is_known_are_named_at_once():
    market = small_market()
    market.constituents.pop("TEN")
    market.constituents.pop("BOND")
    with pytest.raises(MarketDataError) as caught:
        magnificent_seven_interval(market, "TEN")
    assert str(caught.value) == (
        "TEN, BOND: nothing is known of these funds' holdings; name a fund that holds the same under "
        "`securities: [{symbol: TEN, proxy: ...}, {symbol: BOND, proxy: ...}]`"
    )


def test_of_a_geared_fund_the_reason_is_told():
    market = small_market()
    market.constituents.pop("TEN")
    rows = {**market.securities, "TEN": replace(market.securities["TEN"], sector="Trading--Leveraged Equity")}
    with pytest.raises(MarketDataError, match=r"by name or category: TEN;.* its proxy has to be geared alike"):
        magnificent_seven_interval(replace(market, securities=rows), "TEN")


def test_an_unknown_symbol_is_an_error():
    with pytest.raises(MarketDataError, match="ZZZ"):
        company_interval(MARKET, "ZZZ", "Nvidia")
