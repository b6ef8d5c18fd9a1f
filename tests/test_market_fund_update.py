"""Newer lists of holdings: which of several counts, what follows from it, and where each says it comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from advisor.api.recommend import recommend
from advisor.market.assemble import frozen, with_files
from advisor.market.data import Constituents, MarketData
from advisor.market.fund_update import FundNews, overlaps_of, sector_named, sector_names, updated_constituents
from advisor.market.holdings.bounds import Stocks
from advisor.market.holdings.library import import_file
from advisor.market.holdings.model import HoldingsFile
from advisor.market.holdings.read import read_holdings
from advisor.market.paths import imported_folder
from advisor.market.prices.history import SecurityFacts, SecurityKind
from advisor.market.resolve import resolve
from advisor.portfolio.load import load_portfolio
from advisor.rebalance.verify import verify
from tests.command import call
from tests.holdings_files import Part, invesco, ishares, nport, position
from tests.market_households import LAST, NOW, portfolio, portfolio_text, read
from tests.samples import market

OCTOBER = date(2026, 10, 30)
LARGE = [Part("AAPL", 30.0, sector="Information Technology"), Part("JPM", 50.0, sector="Financials"), Part("ABC", 20.0)]
LISTED = (("AAPL", "Apple Inc", 0.08), ("NVDA", "Nvidia Corp", 0.07), ("ABC", "Abc", 0.04))


def file(fund: str, parts: list[Part] = LARGE, day: date = OCTOBER) -> HoldingsFile:
    """An issuer's full file; Industrials unless a part says another sector."""
    content = ishares(parts).replace(b"May 05, 2026", day.strftime("%b %d, %Y").encode())
    return read_holdings(content, name=f"{fund}.csv", fund=fund)


def facts(symbol: str, **fields) -> SecurityFacts:
    given = {
        "name": symbol,
        "category": None,
        "sector": None,
        "expense_ratio": None,
        "dividend_yield": None,
        "price_to_earnings": None,
        "top_holdings": LISTED,
        "sectors": {"technology": 0.3, "financial_services": 0.7},
        "source": "made up",
        "fetched": NOW,
    }
    return SecurityFacts(symbol, kind=SecurityKind.ETF, **(given | fields))


def stocks(data: MarketData) -> Stocks:
    rows = [row for row in data.securities.values() if row.company and row.sector]
    return Stocks(
        {row.symbol: row.company or "" for row in rows}, {row.company or "": row.sector or "" for row in rows}
    )


def updated(
    *funds: str,
    files: Mapping[str, HoldingsFile] | None = None,
    known: Mapping[str, SecurityFacts] | None = None,
    base: MarketData | None = None,
) -> dict[str, Constituents]:
    data = base or market()
    return updated_constituents(funds, data, FundNews(files or {}, known or {}, stocks(data)))


def files(*given: HoldingsFile) -> dict[str, HoldingsFile]:
    return {each.fund: each for each in given}


# The order of preference --------------------------------------------------------------------------------------------
def test_without_news_everything_is_as_it_was_known() -> None:
    base = market()
    found = updated(*base.constituents)
    for fund, known in found.items():
        assert replace(known, sectors=None) == replace(base.constituents[fund], sectors=None)


def test_an_issuers_file_comes_before_all_else() -> None:
    found = updated("VOO", files=files(file("VOO"), file("IVV", [Part("MSFT", 1.0)])), known={"VOO": facts("VOO")})[
        "VOO"
    ]
    assert (found.basis, found.as_of, found.source) == ("full file", OCTOBER, "iShares holdings file 2026-10-30")
    assert found.companies["Apple"] == (0.3, 0.3)
    assert found.companies["JPMorgan Chase"] == (0.5, 0.5)
    assert found.magnificent_seven == (0.3, 0.3)
    assert found.others_high == pytest.approx(0.2)
    assert found.sha256 == file("VOO").sha256


@pytest.mark.parametrize(("day", "counts"), [("2026-06-18", False), ("2026-06-19", True), ("2026-06-20", True)])
def test_of_two_full_files_the_later_counts(day: str, counts: bool) -> None:
    found = updated("IVV", files=files(file("IVV", day=date.fromisoformat(day))))["IVV"]
    assert found.as_of == (date.fromisoformat(day) if counts else date(2026, 6, 19))
    assert (found.companies["JPMorgan Chase"][0] == 0.5) is counts


def test_a_full_file_counts_before_a_newer_list_that_stops_early() -> None:
    old = file("VOO", day=date(2025, 1, 31))
    assert updated("VOO", files=files(old), known={"VOO": facts("VOO")})["VOO"].as_of == date(2025, 1, 31)
    assert updated("SPY", known={"SPY": facts("SPY")})["SPY"].as_of == date(2026, 4, 10)


def test_a_newer_list_that_says_something_else_is_named() -> None:
    """The list's three names: Apple 8%, Nvidia 7%; the other five together at most 5 x 4%."""
    note = updated("VOO", files=files(file("VOO")), known={"VOO": facts("VOO")})["VOO"].note
    assert note == (
        "The ten largest read on 2026-11-20 hold 15.00% in the seven; the full file of 2026-10-30, used here, 30.00%."
    )
    silent = facts("VOO", top_holdings=(("ABC", "Abc", 0.04),))
    assert updated("VOO", files=files(file("VOO")), known={"VOO": silent})["VOO"].note is None


def test_a_fund_of_the_same_index_follows_a_newer_file() -> None:
    found = updated("VOO", "VFIAX", "FXAIX", "SPY", "QQQ", files=files(file("IVV")), known={"VOO": facts("VOO")})
    assert (found["VOO"].basis, found["VOO"].proxy, found["VOO"].as_of) == ("same index as IVV", "IVV", OCTOBER)
    assert found["VOO"].companies["JPMorgan Chase"] == (0.5, 0.5)
    assert found["VOO"].sha256 == file("IVV").sha256
    assert "15.00%" in (found["VOO"].note or "")
    assert (found["VFIAX"].basis, found["VFIAX"].proxy) == ("share class of VOO", "VOO")
    assert (found["FXAIX"].basis, found["FXAIX"].proxy) == ("same index as IVV", "IVV")
    assert {found[fund].companies["JPMorgan Chase"] for fund in ("VFIAX", "FXAIX")} == {(0.5, 0.5)}
    assert found["SPY"].as_of == date(2026, 4, 10)  # a file of its own is known
    assert found["QQQ"].as_of == date(2025, 9, 26)


def test_a_file_of_the_index_that_is_older_than_the_own_list_is_not_followed() -> None:
    found = updated("VOO", files=files(file("IVV", day=date(2026, 5, 1))))["VOO"]
    assert (found.basis, found.as_of) == ("ten largest", date(2026, 5, 3))


def test_a_part_and_a_multiple_of_another_fund_are_scaled() -> None:
    """A style half holds 0 to 2.5 times what the whole holds; a fund geared three times three times."""
    small = [Part("ABC", 60.0), Part("JPM", 40.0)]
    found = updated("IWN", "VTWO", "TQQQ", files=files(file("IWM", small), file("QQQ")))
    assert found["IWN"].companies["JPMorgan Chase"] == (0.0, pytest.approx(1.0))
    assert found["IWN"].others_high == pytest.approx(1.5)
    assert found["VTWO"].companies["JPMorgan Chase"] == pytest.approx((0.4, 0.4))
    assert found["VTWO"].sha256 == file("IWM", small).sha256
    assert found["TQQQ"].companies["Apple"] == pytest.approx((0.9, 0.9))
    assert found["TQQQ"].magnificent_seven == pytest.approx((0.9, 0.9))
    assert (found["TQQQ"].gross, found["TQQQ"].as_of) == (3.0, OCTOBER)


def test_the_sources_list_comes_before_the_known_one() -> None:
    found = updated("MGK", known={"MGK": facts("MGK")})["MGK"]
    assert (found.basis, found.as_of) == ("ten largest", LAST)
    assert found.source == "made up read on 2026-11-20, of a day that it does not state"
    assert found.companies["Apple"] == pytest.approx((0.08, 0.08))
    assert found.companies["Microsoft"] == pytest.approx((0.0, 0.04))


def test_the_mandate_holds_for_the_sources_list() -> None:
    """Small caps hold none of the seven, whatever the list leaves open."""
    found = updated("AVUV", known={"AVUV": facts("AVUV", top_holdings=(("ABC", "Abc", 0.01),))})["AVUV"]
    assert found.basis == "ten largest, mandate"
    assert found.magnificent_seven == (0.0, 0.0)


def test_what_is_known_by_mandate_stays() -> None:
    known = {fund: facts(fund) for fund in ("AGG", "MAGS", "SCHA", "VTWO")}
    found = updated(*known, known=known)
    for fund in known:
        assert found[fund].companies == market().constituents[fund].companies


def test_of_an_unknown_fund_nothing_is_known_without_news() -> None:
    assert updated("NEWF") == {}
    assert updated("NEWF", files=files(file("NEWF")))["NEWF"].companies["Apple"] == (0.3, 0.3)


def test_shares_without_a_symbol_are_companies_of_their_own() -> None:
    """A list of foreign shares: the largest unnamed company is the largest of them, not the last."""
    listed = (("", "Samsung", 0.09), ("", "Nestle", 0.03), ("AAPL", "Apple", 0.02), ("", "Cash", 0.01))
    found = updated("NEWF", known={"NEWF": facts("NEWF", top_holdings=listed)})["NEWF"]
    assert found.others_high == pytest.approx(0.09)
    assert found.coverage == pytest.approx(0.15)


# Funds of funds, geared funds, bonds --------------------------------------------------------------------------------
AOR = (
    ("IVV", "iShares Core S&P 500 ETF", 0.352),
    ("IUSB", "iShares Core Total USD Bond Market ETF", 0.33),
    ("IDEV", "iShares Core MSCI Intl Dev Mkts ETF", 0.19),
    ("IEMG", "iShares Core MSCI Emerging Markets ETF", 0.07),
    ("IAGG", "iShares Core Intl Aggregate Bd ETF", 0.05),
)


def test_a_fund_of_funds_holds_what_its_funds_hold() -> None:
    """IVV's own share of the seven is known; IUSB, IDEV and IAGG, 57% together, are not."""
    found = updated("AOR", known={"AOR": facts("AOR", top_holdings=AOR, sectors={})})["AOR"]
    seven = market().constituents["IVV"].magnificent_seven
    assert seven[0] > 0.3
    assert found.magnificent_seven[0] == pytest.approx(0.352 * seven[0], abs=1e-9)
    assert 0.352 * seven[1] + 0.57 <= found.magnificent_seven[1] <= 0.352 * seven[1] + 0.57 + 2 * 0.008 + 1e-9
    assert found.companies["Nvidia"][0] == pytest.approx(0.352 * market().constituents["IVV"].companies["Nvidia"][0])
    assert found.note == (
        "It holds funds: IVV 35.2%, IEMG 7.0%, looked through; "
        "IUSB 33.0%, IDEV 19.0%, IAGG 5.0%, where any company may be."
    )


def test_funds_in_an_issuers_file_are_no_companies_and_both_notes_are_kept() -> None:
    parts = [Part("AAPL", 30.0), Part("IVV", 60.0), Part("NEWF", 10.0, name="Newcomer ETF")]
    found = updated("AOR", files=files(file("AOR", parts)), known={"AOR": facts("AOR")})["AOR"]
    apple = market().constituents["IVV"].companies["Apple"]
    assert found.companies["Apple"] == pytest.approx((0.3 + 0.6 * apple[0], 0.3 + 0.6 * apple[1] + 0.1))
    assert found.note == (
        "It holds funds: IVV 60.0%, looked through; NEWF 10.0%, where any company may be. "
        "The ten largest read on 2026-11-20 hold 15.00% in the seven; the full file of 2026-10-30, used here, "
        f"{100 * found.magnificent_seven[0]:.2f}%."
    )


def test_of_a_geared_fund_that_the_table_does_not_know_nothing_is_known() -> None:
    """Its shares are the half of it, the rest are swaps; the issuer's own file has them."""
    for named in (
        facts("QLD", category="Trading--Leveraged Equity"),
        facts("QLD", name="Direxion Daily 2X Shares"),
        facts("QLD", category="Trading--Leveraged Debt", top_holdings=()),
    ):
        assert updated("QLD", known={"QLD": named}) == {}
        assert updated("QLD", known={"QLD": named}, files=files(file("QLD")))["QLD"].basis == "full file"


def test_a_bond_fund_without_a_list_holds_no_companies() -> None:
    found = updated("VCIT", known={"VCIT": facts("VCIT", category="Corporate Bond", top_holdings=())})["VCIT"]
    known = market().constituents["BND"]
    assert replace(found, fund="BND", source=known.source) == replace(known, sectors=None)
    assert found.source == "made up read on 2026-11-20: category 'Corporate Bond'"
    for category in ("Convertibles", "Digital Assets", None):
        assert updated("GBTC", known={"GBTC": facts("GBTC", category=category, top_holdings=())}) == {}


# Sectors ------------------------------------------------------------------------------------------------------------
def test_sectors_of_a_file_are_named_as_the_project_names_them() -> None:
    found = updated("VOO", files=files(file("VOO")))["VOO"]
    assert found.sectors == pytest.approx({"Information Technology": 0.3, "Financials": 0.5, "Industrials": 0.2})
    odd = [Part("AAPL", 30.0, sector="Gadgets"), Part("JPM", 70.0, sector="Financials")]
    borrowed = updated("VOO", files=files(file("VOO", odd)))["VOO"].sectors
    assert borrowed is not None  # those of the newest list of the index
    assert "Gadgets" not in borrowed
    assert sum(borrowed.values()) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("technology", "Information Technology"),
        ("Information Technology", "Information Technology"),
        ("Communication", "Communication Services"),
        ("communication_services", "Communication Services"),
        ("Consumer Cyclical", "Consumer Discretionary"),
        ("realestate", "Real Estate"),
        ("Real Estate", "Real Estate"),
        ("Financial Services", "Financials"),
        ("Gadgets", None),
        (None, None),
    ],
)
def test_a_sector_has_one_name(text: str | None, name: str | None) -> None:
    assert sector_named(text, sector_names()) == name


# Overlaps -----------------------------------------------------------------------------------------------------------
def test_the_overlap_of_two_files_is_the_sum_of_the_smaller_weights() -> None:
    """AAPL min(30, 10) + ABC min(20, 60) = 30%."""
    other = [Part("AAPL", 10.0), Part("ABC", 60.0), Part("XYZ", 30.0)]
    given = files(file("VOO"), file("VTI", other, day=date(2026, 9, 30)))
    figure = overlaps_of(["VTI", "VOO", "QQQ"], market(), given)[("VOO", "VTI")]
    assert figure.value == pytest.approx(0.10 + 0.20)
    assert figure.as_of == date(2026, 9, 30)
    assert figure.source == "VOO: iShares holdings file 2026-10-30; VTI: iShares holdings file 2026-09-30"


def test_the_overlap_of_older_files_than_those_known_is_not_taken() -> None:
    old = files(file("IVV", day=date(2026, 1, 2)), file("IJR", day=date(2026, 1, 2)))
    assert overlaps_of(["IJR", "IVV"], market(), old)[("IJR", "IVV")] == market().overlaps[("IJR", "IVV")]


def test_a_known_overlap_holds_for_every_fund_of_the_two_indexes() -> None:
    """Of two figures, IJR with IVV and with SPY, the newer one."""
    known = market().overlaps[("IJR", "IVV")]
    assert (known.as_of, market().overlaps[("IJR", "SPY")].as_of) == (date(2026, 6, 19), date(2026, 4, 10))
    found = overlaps_of(["IJR", "VOO", "VTWO"], market(), {})
    assert found[("IJR", "VOO")] == known
    assert found[("IJR", "VTWO")] == market().overlaps[("IJR", "IWM")]
    assert ("VOO", "VTWO") in found


def test_a_file_without_tickers_is_compared_with_no_other() -> None:
    """Its companies are there by name alone, so that hardly any would be found in the other file."""
    parts = [Part("", 60.0, name="ABC CORP", cusip="123456789"), Part("", 40.0, name="APPLE INC", cusip="037833100")]
    filing = read_holdings(nport([position(part, 100.0) for part in parts], 100.0), name="f.xml", fund="VTI")
    given = files(file("VOO"), filing)
    assert ("VOO", "VTI") not in overlaps_of(["VOO", "VTI"], market(), given)
    found = updated("VTI", files=given)["VTI"]
    assert found.companies["Apple"] == pytest.approx((0.4, 0.4))
    assert found.companies["Nvidia"] == (0.0, 0.0)  # found by CUSIP and ISIN, or not there
    assert found.companies["JPMorgan Chase"] == pytest.approx((0.0, 0.6))  # may be the one that has no ticker


# Beside the snapshot ------------------------------------------------------------------------------------------------
def test_a_snapshot_with_a_newer_file_is_another_one() -> None:
    data = with_files(market(), files(file("IVV")))
    assert (data.id, data.sha256) == ("snapshot-2026-07-13+holdings", "")
    assert data.source == "snapshot with imported holdings files"
    assert data.constituents["VOO"].basis == "same index as IVV"
    assert data.constituents["OEF"].as_of == OCTOBER  # the largest hundred of it
    assert data.securities == market().securities
    unchanged = set(market().constituents) - {"IVV", "VOO", "VFIAX", "FXAIX", "SPYM", "OEF"}
    assert {fund: data.constituents[fund] for fund in unchanged} == {
        fund: market().constituents[fund] for fund in unchanged
    }
    again = frozen(data)[0]
    assert again.constituents["IVV"] == data.constituents["IVV"]


def test_a_file_that_is_older_than_what_is_known_changes_nothing() -> None:
    assert with_files(market(), files(file("IVV", day=date(2026, 1, 2)))) is market()


def test_an_imported_file_counts_in_the_run_and_can_be_verified(tmp_path: Path) -> None:
    path = tmp_path / "IVV.csv"
    path.write_bytes(ishares(LARGE).replace(b"May 05, 2026", b"Oct 30, 2026"))
    kept = import_file(path, imported_folder(), fund="IVV")
    text = portfolio_text("{symbol: IVV, shares: 20, cost_per_share: 500, acquired: 2024-02-01}")
    held = load_portfolio(text.encode(), file="test.yaml", today=LAST)
    found = read(held, source="snapshot")
    assert found.market.id == "snapshot-2026-07-13+holdings"
    assert found.document is not None
    record = json.loads(recommend(held, found.market, "test.yaml", text, {}).json_text)
    (line,) = [row for row in record["inputs"]["market"]["holdings"] if row["fund"] == "IVV"]
    assert line == {
        "fund": "IVV",
        "basis": "full file",
        "as_of": "2026-10-30",
        "age_days": 21,
        "source": "iShares holdings file 2026-10-30",
        "sha256": kept.sha256,
    }
    checks = verify(record, held, resolve(found.market, held))
    assert [check.detail for check in checks if not check.passed] == []
    earlier = read(portfolio(as_of=date(2026, 10, 29)), source="snapshot")
    assert (earlier.document, earlier.market.id) == (None, "snapshot-2026-07-13")


def test_the_command_writes_the_market_data_with_the_imported_file(tmp_path: Path, capsys) -> None:
    path, held, out = tmp_path / "made.csv", tmp_path / "file.yaml", tmp_path / "out"
    path.write_bytes(invesco(LARGE, fund="QQQ").replace(b"09/26/2025", b"10/30/2026"))
    held.write_text(portfolio_text("{symbol: QQQ, shares: 10, cost_per_share: 500, acquired: 2024-02-01}"), "utf-8")
    assert call(capsys, "data", "import-holdings", path).code == 0
    assert call(capsys, "rebalance", held, "--out", out, "--quiet").code == 0
    assert json.loads((out / "market.json").read_bytes())["id"] == "snapshot-2026-07-13+holdings"
    ended = call(capsys, "verify", out / "recommendation.json")
    assert ended.code == 0
    assert "Checked against snapshot-2026-07-13+holdings" in ended.out
