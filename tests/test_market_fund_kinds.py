"""What a fund is by its name and category, on names and categories as Yahoo and the issuers print them."""

from __future__ import annotations

import pytest

from advisor.market.fund_kinds import holds_bonds_alone, is_fund, is_geared
from tests.samples import market


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("IVV", "iShares Core S&P 500 ETF"),
        ("VSMPX", "Vanguard Total Stock Mkt Idx Instl Pls"),
        ("PRUFX", "T. Rowe Price Growth Stock I"),
        ("SPY", "SPDR S&P 500 ETF Trust"),
        ("", "American Funds Growth Fund of Amer R6"),
        ("GBTC", "Grayscale Bitcoin Trust"),
        ("", "Vanguard Institutional 500 Index Trust"),
    ],
)
def test_funds_are_known_by_symbol_or_name(symbol: str, name: str) -> None:
    assert is_fund(symbol, name)


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("NTRS", "Northern Trust Corp"),
        ("FRT", "Federal Realty Investment Trust"),
        ("AVD", "AMER VANGUARD CORP"),
        ("IVZ", "Invesco Ltd"),
        ("NFLX", "Netflix Inc"),
        ("2330.TW", "Taiwan Semiconductor Manufacturing"),
    ],
)
def test_companies_are_no_funds(symbol: str, name: str) -> None:
    assert not is_fund(symbol, name)


def test_no_stock_of_the_snapshot_is_taken_for_a_fund() -> None:
    stocks = [row for row in market().securities.values() if not row.is_fund]
    assert len(stocks) > 10
    assert [row.symbol for row in stocks if is_fund(row.symbol, row.name)] == []


@pytest.mark.parametrize(
    ("name", "category", "geared"),
    [
        ("ProShares Ultra QQQ", "Trading--Leveraged Equity", True),
        ("ProShares Short S&P500", "Trading--Inverse Equity", True),
        ("ProShares Ultra QQQ", None, True),
        ("ProShares UltraShort QQQ", None, True),
        ("Direxion Daily S&P 500 Bull 3X Shares", None, True),
        ("GraniteShares 2x Long NVDA Daily ETF", None, True),
        ("AdvisorShares Ranger Equity Bear ETF", None, True),
        ("JPMorgan Ultra-Short Income ETF", "Ultrashort Bond", False),
        ("Fidelity Ultrashort Bond ETF", "Ultrashort Bond", False),
        ("Vanguard Short-Term Corporate Bond ETF", "Short-Term Bond", False),
        ("iShares Russell 2000 ETF", "Small Blend", False),
        ("iShares 0-3 Month Treasury Bond ETF", "Ultrashort Bond", False),
        (None, None, False),
    ],
)
def test_geared_and_inverse_funds_are_known_by_category_or_name(
    name: str | None, category: str | None, geared: bool
) -> None:
    assert is_geared(name, category) is geared


@pytest.mark.parametrize(
    "category",
    [
        "Short-Term Bond", "Intermediate Core Bond", "Corporate Bond", "Ultrashort Bond", "High Yield Bond",
        "Money Market-Taxable", "Prime Money Market", "Long Government", "Muni National Interm", "High Yield Muni",
    ],
)  # fmt: skip
def test_categories_of_bonds_and_bills_hold_no_companies(category: str) -> None:
    assert holds_bonds_alone(category)


@pytest.mark.parametrize(
    "category",
    [
        "Communications", "Convertibles", "Moderate Allocation", "Preferred Stock", "Digital Assets", "Large Blend",
        "Nontraditional Bond", "Trading--Leveraged Debt", "Target-Date 2030", "", None,
    ],
)  # fmt: skip
def test_any_other_category_may_hold_companies(category: str | None) -> None:
    assert not holds_bonds_alone(category)


def test_categories_of_the_snapshots_funds_agree_with_what_is_known_of_them() -> None:
    """Bonds by category are all without companies; only gold, silver and commodities are beside them."""
    funds = [row for row in market().securities.values() if row.is_fund]
    by_category = {row.symbol for row in funds if holds_bonds_alone(row.sector)}
    without = {row.symbol for row in funds if market().constituents[row.symbol].gross == 0.0}
    assert without - by_category == {"DBC", "GLD", "GLDM", "IAU", "SLV"}
    assert by_category <= without
    assert {row.symbol for row in funds if is_geared(row.name, row.sector)} == {"TQQQ"}
