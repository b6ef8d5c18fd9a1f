"""Sectors inside a security as intervals, each by hand on the small market."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from advisor.errors import MarketDataError
from advisor.exposure.sectors import sector_interval
from advisor.market.data import MarketData
from advisor.portfolio.model import SECTORS
from tests.samples import market
from tests.small_market import small_market

IT, FINANCIALS = "Information Technology", "Financials"


def with_sectors(**fields) -> MarketData:
    """The small market with the sectors of three stocks; JPM's is not known. `fields` change funds."""
    data = small_market()
    sectors = {"NVDA": IT, "GOOG": "Communication Services", "GOOGL": "Communication Services"}
    securities = {s: replace(security, sector=sectors.get(s)) for s, security in data.securities.items()}
    constituents = {fund: replace(known, **fields.get(fund, {})) for fund, known in data.constituents.items()}
    for fund, indexed in fields.pop("index", {}).items():
        securities[fund] = replace(securities[fund], index=indexed)
    return replace(data, securities=securities, constituents=constituents)


def close(*ends: float):
    return pytest.approx(ends, abs=1e-12)


def test_a_stock_is_wholly_in_its_sector_and_one_without_may_be_in_any() -> None:
    data = with_sectors()
    assert sector_interval(data, "NVDA", IT) == (1.0, 1.0)
    assert sector_interval(data, "NVDA", FINANCIALS) == (0.0, 0.0)
    assert sector_interval(data, "JPM", FINANCIALS) == (0.0, 1.0)


def test_a_fund_is_known_by_its_list_and_what_is_missing_of_the_whole_may_be_in_any_sector() -> None:
    data = with_sectors(FULL={"sectors": {IT: 0.7, FINANCIALS: 0.28}})
    assert sector_interval(data, "FULL", IT) == close(0.70, 0.72)
    assert sector_interval(data, "FULL", "Energy") == close(0.0, 0.02)
    over = with_sectors(FULL={"sectors": {IT: 0.7, FINANCIALS: 0.3002}})
    assert sector_interval(over, "FULL", "Energy") == (0.0, 0.0)


def test_a_fund_without_a_list_has_the_newest_of_its_index() -> None:
    data = with_sectors(
        TEN={},
        FULL={"sectors": {IT: 0.6, FINANCIALS: 0.4}, "as_of": date(2025, 1, 1)},
        IWM={"sectors": {IT: 0.5, FINANCIALS: 0.5}, "as_of": date(2026, 1, 1)},
        index={"TEN": "one", "FULL": "one", "IWM": "one"},
    )
    assert sector_interval(data, "TEN", IT) == close(0.5, 0.5)
    assert sector_interval(data, "FULL", IT) == close(0.6, 0.6)


def test_a_fund_that_nobody_lists_is_placed_by_its_known_companies() -> None:
    """TEN names 0.10 of Nvidia and 0.06 to 0.09 of Alphabet: 0.16 is placed, 0.84 may be in any sector."""
    data = with_sectors()
    assert sector_interval(data, "TEN", IT) == close(0.10, 0.94)
    assert sector_interval(data, "TEN", "Communication Services") == close(0.06, 0.90)
    assert sector_interval(data, "TEN", "Energy") == close(0.0, 0.84)


def test_a_fund_without_shares_is_in_no_sector() -> None:
    assert sector_interval(with_sectors(), "BOND", IT) == (0.0, 0.0)


def test_what_has_no_data_is_an_error() -> None:
    with pytest.raises(MarketDataError, match="ZZZZ: no market data"):
        sector_interval(small_market(), "ZZZZ", IT)


def test_in_the_snapshot_every_security_is_within_the_sectors() -> None:
    """Known weights never exceed the companies' sum, and the upper ends reach it: 1.002 allows for rounded lists."""
    data = market()
    for symbol, security in data.securities.items():
        ends = [sector_interval(data, symbol, sector) for sector in SECTORS]
        gross = data.constituents[symbol].gross if security.is_fund else 1.0
        assert all(0.0 <= low <= high for low, high in ends)
        assert sum(low for low, _ in ends) <= gross * 1.002
        assert sum(high for _, high in ends) >= gross * 0.9999


def test_the_largest_fund_of_all_takes_the_list_of_its_index() -> None:
    assert market().constituents["SPY"].sectors is None
    newest = market().constituents["IVV"].sectors
    assert newest is not None
    low, high = sector_interval(market(), "SPY", IT)
    assert (low, high - low) == close(newest[IT], 1 - sum(newest.values()))
