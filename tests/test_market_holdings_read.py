"""Each trap of issuers' files, on small files of made-up content."""

from __future__ import annotations

import hashlib
from datetime import date

import pytest

from advisor.errors import MarketDataError
from advisor.market.holdings.model import HoldingsFile
from advisor.market.holdings.read import read_holdings, sector_weights, share_weights, unnamed_weights
from tests.holdings_files import (
    ISHARES_FOOTER,
    Part,
    invesco,
    ishares,
    nport,
    position,
    spreadsheet,
    ssga,
    swap,
    vanguard_csv,
    vanguard_json,
    workbook,
)

CASH = Part("USD", 25.0, "USD CASH", asset="Cash", sector="Cash and/or Derivatives")
NVIDIA, APPLE = "67066G104", "037833100"


def read(content: bytes, fund: str | None = "MADE") -> HoldingsFile:
    return read_holdings(content, name="list.csv", fund=fund)


def reasons(file: HoldingsFile) -> list[str]:
    return [row.reason for row in file.skipped]


def refused(content: bytes, *said: str, fund: str | None = "MADE") -> None:
    with pytest.raises(MarketDataError) as error:
        read(content, fund)
    assert all(part in str(error.value) for part in ("list.csv", *said)), str(error.value)


def test_preamble_byte_order_mark_and_footer_are_no_holdings():
    content = b"\xef\xbb\xbf" + ishares([Part("AAA", 1000.0)])
    file = read(content)
    assert (file.fund, file.as_of, file.source) == ("MADE", date(2026, 5, 5), "iShares holdings file 2026-05-05")
    assert [row.ticker for row in file.rows] == ["AAA"]
    assert (file.sha256, file.imported, file.skipped, file.notes) == (hashlib.sha256(content).hexdigest(), 1, (), ())


def test_weights_come_from_market_values_where_the_file_rounds_them_to_zero():
    file = read(ishares([Part("BIG", 999_990.0), Part("TINY", 10.0)]))
    assert [row.weight for row in file.rows] == [1.0, 0.0]
    assert share_weights(file) == pytest.approx({"BIG": 0.99999, "TINY": 0.00001}, abs=1e-12)


def test_a_cash_fund_named_after_tesla_a_hotel_trust_and_collateral_are_none_of_the_seven():
    parts = [
        Part("XTSLA", 50.0, "BLK CSH FND", asset="Money Market"),
        Part("MSFUT", 25.0, "CASH COLLATERAL MSFUT USD", asset="Cash Collateral and Margins"),
        Part("APLE", 25.0, "APPLE HOSPITALITY", sector="Real Estate"),
    ]
    file = read(ishares(parts))
    assert share_weights(file) == {"APLE": 0.25}
    assert reasons(file) == ["cash fund", "collateral"]


def test_negative_cash_counts_in_the_total():
    file = read(ishares([Part("AAA", 120.0), Part("USD", -20.0, "USD CASH", asset="Cash")]))
    assert share_weights(file) == {"AAA": 1.2}


def test_a_future_without_value_is_exposure_to_companies_that_are_not_named():
    future = Part("RTYM6", 0.0, "RUSSELL 2000 EMINI", asset="Futures", notional=285_004_710.0)
    file = read(ishares([Part("AAA", 75e9), Part("USD", 25e9, asset="Cash"), future]))
    assert share_weights(file) == {"AAA": 0.75}
    assert reasons(file) == ["cash", "future: notional 285,004,710"]
    assert unnamed_weights(file) == pytest.approx({"RTYM6": 0.00285004710}, abs=1e-15)


@pytest.mark.parametrize("new", [True, False])
def test_a_swap_on_a_listed_stock_adds_its_notional_amount_to_the_shares(new):
    parts = [
        Part("AAA", 60.0),
        Part("AAA", 0.0, type="SWAP", notional=15.0),
        Part("BBB", 0.0, type="SWAP", notional=10.0),
        Part("XTSLA", 40.0, asset="Money Market", type="STIF", notional=-30.0),
    ]
    file = read(ishares(parts, new=new))
    assert share_weights(file) == {"AAA": 0.75, "BBB": 0.1}
    assert sector_weights(file) == {"Industrials": 0.85}
    assert [row.is_share for row in file.rows] == [True, False, False, False]
    assert (file.imported, reasons(file)) == (3, ["cash fund"])
    assert file.notes == ("2 swaps on shares count with their notional amount, 25.00% of the fund",)


def test_a_warrant_and_a_swap_on_an_index_are_not_shares():
    parts = [
        Part("AAA", 90.0),
        Part("-", 10.0, "AAA WARRANT", type="WARRANT"),
        Part("SPXSW", 0.0, "INDEX SWAP", asset="Swaps", type="SWAP", notional=20.0),
    ]
    file = read(ishares(parts, new=True))
    assert share_weights(file) == {"AAA": 0.9}
    assert reasons(file) == ["warrant", "swap: notional 20"]
    assert unnamed_weights(file) == {"SPXSW": 0.2}


def test_a_short_position_is_told_and_not_netted():
    file = read(ishares([Part("AAA", 110.0), Part("BBB", -10.0)]))
    assert share_weights(file) == {"AAA": 1.1}
    assert reasons(file) == ["short position"]


def test_dashes_for_tickers_do_not_merge_different_companies():
    file = read(ishares([Part("-", 30.0, "ONE PRIVATE"), Part("-", 70.0, "TWO PRIVATE")]))
    assert share_weights(file) == {"ONE PRIVATE": 0.3, "TWO PRIVATE": 0.7}


@pytest.mark.parametrize("spelling", ["BRKB", "BRK.B", "BRK-B", "BRK/B"])
def test_share_classes_are_spelled_one_way_whatever_the_issuer_writes(spelling):
    assert set(share_weights(read(ishares([Part(spelling, 1.0)])))) == {"BRK.B"}


def test_a_ticker_called_cash_is_a_company():
    assert share_weights(read(ishares([Part("CASH", 1.0)]))) == {"CASH": 1.0}


def test_a_ticker_of_another_countrys_exchange_names_nothing_here():
    parts = [Part("MC", 50.0, "LVMH", currency="EUR"), Part("MC", 50.0, "MOELIS CLASS A")]
    for content in (ishares(parts), ssga(parts), vanguard_csv(parts)):
        assert share_weights(read(content)) == {"LVMH": 0.5, "MC": 0.5}


def test_rows_of_one_ticker_are_added_with_a_note():
    file = read(ishares([Part("AAA", 60.0), Part("AAA", 20.0), Part("BBB", 20.0)]))
    assert share_weights(file) == {"AAA": 0.8, "BBB": 0.2}
    assert file.notes == ("rows of one security are added: AAA (2 times)",)


def test_a_document_that_comes_once_for_each_share_class_is_read_once():
    once = ishares([Part("AAA", 60.0), CASH])
    file = read(once + once.replace(b"1,000.00", b"2,000.00"))
    assert share_weights(file) == share_weights(read(once))
    assert file.notes == ("the list is there 2 times, once for each share class; read once",)


def test_two_documents_that_differ_are_refused():
    once = ishares([Part("AAA", 60.0), CASH])
    refused(once + once.replace(b"60.00", b"61.00"), "2 header lines", "differ")
    refused(once + once.replace(b"May 05", b"May 06"), "2 dates")


@pytest.mark.parametrize("text", [b"", b"-", b"soon", b"2026", b"Feb 30, 2026", b"Foo 05, 2026"])
def test_a_list_without_a_date_is_refused_whatever_the_name_of_the_file(text):
    content = ishares([Part("AAA", 1.0)]).replace(b"May 05, 2026", text)
    with pytest.raises(MarketDataError, match=r"made-2026-05-05.csv:2:1: no date of the list"):
        read_holdings(content, name="made-2026-05-05.csv", fund="MADE")


def test_a_month_in_full_is_a_date_too():
    assert read(ishares([Part("AAA", 1.0)]).replace(b"May 05", b"September 05")).as_of == date(2026, 9, 5)


@pytest.mark.parametrize("text", ["12x", "1e3", "1_000", "nan", "inf", "12,34", "1.2.3", "٣", "--5", "1 000", "0x1"])
def test_a_value_that_is_no_number_is_refused_with_its_line_and_never_read_as_zero(text):
    content = ishares([Part("AAA", 7777.0), Part("BBB", 1.0)]).replace(b"7,777.00", text.encode())
    refused(content, "list.csv:11:1", "is not a number")


def test_all_faults_are_told_at_once_and_capped():
    refused(ishares([Part("AAA", 7.0), Part("BBB", 8.0)]).replace(b".00", b"x"), ":11:1", ":12:1")
    many = ishares([Part(f"A{number}", 7.0) for number in range(100)]).replace(b"7.00", b"7x")
    refused(many, ":11:1", ":30:1", "and 80 more faults")


def test_a_field_more_than_the_header_has_shifts_no_column():
    content = ishares([Part("AAA", 1.0), Part("BBB", 2.0)]).replace(b'"BBB",', b'"BBB","x",')
    refused(content, ":12:1: 12 fields where the header has 11")
    refused(ishares([Part("AAA", 1.0)]).replace(b'"AAA",', b""), ":11:1: 10 fields where the header has 11")


def test_a_row_below_a_blank_line_is_not_lost_in_silence():
    content = ishares([Part("AAA", 1.0), Part("BBB", 2.0)]).replace(b'"BBB"', b'\n"BBB"')
    refused(content, ":13:1: a row below the end of the table")


def test_a_list_that_was_cut_is_told_by_the_sum_of_its_own_weights():
    content = ishares([Part(f"A{number}", 1000.0) for number in range(10)])
    cut = b"\n".join(line for line in content.split(b"\n") if b'"A9"' not in line)
    refused(cut, "the weights sum to 90.00%, where the market values would print as 99.99%")
    refused(ssga([Part("AAA", 60.0), Part("BBB", 40.0)], weights=["60.0", "30.0"]), "90.00%, not 99.5 to 100.5%")


def test_a_printed_weight_that_its_value_does_not_explain_is_named_and_the_value_counts():
    file = read(ishares([Part("AAA", 50.0), Part("BBB", 50.0)], weights=["50.30", "49.70"]))
    assert share_weights(file) == {"AAA": 0.5, "BBB": 0.5}
    assert file.notes == ("NAME AAA (line 11) is printed as 50.300%, and is 50.000% by its market value, which counts",)


def test_market_values_that_sum_to_nothing_are_refused():
    refused(ishares([Part("AAA", 50.0), Part("USD", -50.0, asset="Cash")], weights=["50", "50"]), "sum to 0.00")


def test_a_list_without_any_company_is_refused():
    refused(ishares([CASH]), "no shares of companies")


def test_a_file_of_another_kind_is_refused_and_a_web_page_named():
    refused(b"a,b\n1,2\n", "not a holdings file of iShares, SSGA, Invesco, Vanguard")
    refused(b"", "not a holdings file")
    refused(b"<!DOCTYPE html><html></html>", "is a web page")
    refused(spreadsheet([["a", "b"]]), "not a holdings file")
    refused(b"[1]", "not a holdings file")


def test_the_symbol_comes_from_the_file_or_has_to_be_given():
    refused(ishares([Part("AAA", 1.0)]), "does not say the fund's symbol", "--fund", fund=None)
    assert read(invesco([Part("AAA", 1.0)], fund="QQQ"), fund=None).fund == "QQQ"
    assert read(ssga([Part("AAA", 1.0)]), fund=None).fund == "MADE"
    assert read(vanguard_csv([Part("AAA", 1.0)], title="S&P 500 ETF (VOO)"), fund=None).fund == "VOO"
    refused(invesco([Part("AAA", 1.0)], fund="QQQ"), "is of QQQ, not of SPY", fund="SPY")
    assert read(ishares([Part("AAA", 1.0)]), fund="brk-b").fund == "BRK.B"
    for bad in ("../x", "IWM;", "", "A" * 12, "1WM"):
        refused(ishares([Part("AAA", 1.0)]), fund=bad)


def test_padded_invesco_tickers_are_matched_and_currency_is_cash():
    file = read(invesco([Part("NVDA", 300.0, cusip=NVIDIA), Part("USD", 100.0, asset="Currency")]))
    assert share_weights(file) == {"NVDA": 0.75}
    assert sector_weights(file) == {"Industrials": 0.75}
    assert (file.as_of, reasons(file)) == (date(2025, 9, 26), ["cash"])


def test_a_cusip_that_contradicts_the_ticker_is_refused():
    refused(invesco([Part("NVDA", 1.0, cusip=APPLE)]), ":2:1", "different securities")


def test_an_invesco_file_of_two_funds_or_two_days_is_refused():
    content = invesco([Part("AAA", 1.0), Part("BBB", 1.0)])
    refused(content + content.split(b"\n")[1].replace(b"MADE", b"OTHER") + b"\n", "2 funds")
    refused(content + content.split(b"\n")[1].replace(b"09/26", b"09/27") + b"\n", "2 dates")


def test_a_spreadsheet_keeps_its_own_unrounded_weights_and_leaves_cash_out():
    dollars = Part("-", 2.5, "US DOLLAR", cusip="999USDZ92")
    file = read(ssga([Part("NVDA", 75.0, cusip=NVIDIA), Part("BRK.B", 22.5), dollars]))
    assert file.as_of == date(2026, 4, 10)
    assert share_weights(file) == pytest.approx({"NVDA": 0.75, "BRK.B": 0.225}, abs=1e-12)
    assert reasons(file) == ["cash"]


def test_a_spreadsheet_of_2023_has_texts_short_cusips_and_a_placeholder():
    parts = [
        Part("-", 60.0, "NVIDIA CORP", cusip=NVIDIA),
        Part("AAPL", 40.0, cusip=APPLE),
        Part("DUMMY", 0.0, "DUMMY", cusip="DUMMY"),
        Part("CASH_USD", 0.2, "U.S. Dollar", cusip="CASH_USD"),
        Part("-", 0.1, "SOMETHING", cusip="12345678"),
    ]
    file = read(ssga(parts, texts=True))
    assert share_weights(file) == pytest.approx({"NVDA": 60 / 100.3, "AAPL": 40 / 100.3}, abs=1e-8)
    assert reasons(file) == ["placeholder", "cash", "no ticker"]
    assert unnamed_weights(file) == pytest.approx({"SOMETHING": 0.1 / 100.3}, abs=1e-8)


def test_numbers_of_a_spreadsheet_are_read_without_scientific_notation():
    file = read(ssga([Part("AAA", 99.999996), Part("BBB", 0.000004)]))
    assert share_weights(file) == pytest.approx({"AAA": 0.99999996, "BBB": 0.00000004}, rel=1e-12)


def test_vanguards_sections_are_read_together_and_the_smallest_weights_by_value():
    parts = [
        Part("NVDA", 99_000.0, "NVIDIA Corp."),
        Part("TINY", 1.0, "Tiny Inc."),
        Part("", 9.0, "E-MINI S&P 500 FUT DEC25"),
        Part("", 990.0, "MKTLIQ 12/31/2049", asset="Cash"),
    ]
    file = read(vanguard_csv(parts), fund=None)
    assert (file.fund, file.as_of) == ("MADE", date(2025, 9, 30))
    assert [row.weight for row in file.rows] == pytest.approx([0.99, 0.0, 0.0001, 0.0099], rel=1e-12)
    assert share_weights(file) == pytest.approx({"NVDA": 0.99, "TINY": 0.00001}, abs=1e-12)
    assert reasons(file) == ["future or swap: value 9", "cash"]


def test_vanguards_document_has_no_cash_and_its_weights_stay_below_one():
    file = read(vanguard_json([Part("NVDA", 75.0, cusip=NVIDIA), Part("AAA", 25.0)], cash=0.02))
    assert file.as_of == date(2026, 6, 30)
    assert share_weights(file) == pytest.approx({"NVDA": 0.735, "AAA": 0.245}, abs=1e-12)
    assert file.notes[0].startswith("the positions are 98.00% of net assets")
    refused(vanguard_json([Part("NVDA", 75.0)], cash=0.4), "sum to 60.00%, not 95 to 100.5%")


def test_a_page_of_several_is_refused_with_the_count():
    refused(vanguard_json([Part("AAA", 1.0)], size=3512), "1 of 3,512 holdings", "one page of several")


def test_documents_that_are_no_list_of_vanguard_are_refused():
    refused(b"{}", "no list fund.entity")
    refused(b'{"fund": {"entity": [1]}}', "no list fund.entity")
    refused(b'{"fund": {"entity": []}}', "0 dates")
    refused(b'{"fund": ', "is not a JSON document")
    refused(b'{"a":' * 100_000, "is not a JSON document")
    refused(b'{"a": NaN}', "is not a JSON document")
    refused(vanguard_json([Part("AAA", 1.0)]).replace(b"1.0", b"1e999999999"), "is not a JSON document")
    refused(vanguard_json([Part("AAA", 1.0)]).replace(b"1.0", b"9" * 5000), "is not a JSON document")


def test_a_json_number_with_an_exponent_is_its_number():
    content = vanguard_json([Part("AAA", 1.0), Part("BBB", 1.0)]).replace(
        b'"marketValue": 1.0', b'"marketValue": 1.0E+2'
    )
    assert share_weights(read(content)) == {"AAA": 0.5, "BBB": 0.5}


def test_a_filing_is_matched_by_cusip_and_isin_and_dated_by_its_report_date():
    apple_by_isin = position(Part("", 300.0, "Apple Inc."), 1000.0).replace(
        '<other otherDesc="x" value="1"/>', '<isin value="US0378331005"/>'
    )
    entries = [
        position(Part("", 500.0, "NVIDIA CORP", cusip=NVIDIA), 1000.0),
        apple_by_isin,
        position(Part("", 120.0, "OTHER CO", cusip="123456789"), 1000.0),
        position(Part("", 50.0, "Apple bond", cusip="037833DT4"), 1000.0, category="DBT"),
        position(Part("", 20.0, "Money fund"), 1000.0, category="STIV"),
        position(Part("", 5.0, "Some ETF"), 1000.0, issuer="RF"),
    ]
    file = read(nport(entries, 1000.0))
    assert (file.as_of, file.source) == (date(2026, 3, 31), "N-PORT holdings file 2026-03-31")
    assert share_weights(file) == pytest.approx({"NVDA": 0.5, "AAPL": 0.3, "OTHER CO": 0.12}, abs=1e-12)
    assert reasons(file) == ["bond", "cash", "another fund"]
    assert unnamed_weights(file) == {"Some ETF": 0.005}
    assert file.notes[0] == "the filing is of Made-Up Series"
    assert file.notes[1].startswith("the positions are 99.50% of net assets")


def test_derivatives_of_a_filing_count_by_their_notional_amounts():
    entries = [
        position(Part("", 950.0, "OTHER CO", cusip="123456789"), 1000.0),
        position(Part("", 1.0, "Bank"), 1000.0, category="DE", more=swap(NVIDIA, "40.0")),
        position(Part("", 0.5, "Bank EUR"), 1000.0, category="DE", more=swap(NVIDIA, "40.0", "EUR")),
        position(
            Part("", -2.0, "E-mini"), 1000.0, category="DE",
            more="<derivativeInfo><futrDeriv><notionalAmt>30</notionalAmt><curCd>USD</curCd></futrDeriv></derivativeInfo>",
        ),
        position(Part("", 3.0, "JPY forward"), 1000.0, category="DFE"),
    ]  # fmt: skip
    file = read(nport(entries, 1000.0))
    assert share_weights(file) == pytest.approx({"OTHER CO": 0.95, "NVDA": 0.04}, abs=1e-12)
    assert reasons(file) == [
        "swap of unknown direction: value 0", "equity derivative: notional 30", "currency derivative",
    ]  # fmt: skip
    assert unnamed_weights(file) == {"Bank EUR": 0.0005, "E-mini": 0.03}


def test_a_filing_may_have_blank_lines_before_its_declaration():
    content = nport([position(Part("", 1.0, "A", cusip="123456789"), 1.0)], 1.0, before='\n <?xml version="1.0"?>')
    assert read(content).fund == "MADE"


@pytest.mark.parametrize("before", ['<!DOCTYPE a [<!ENTITY b "c">]>', '<!DOCTYPE a SYSTEM "file:///etc/passwd">'])
def test_a_filing_with_entities_or_a_document_type_is_refused(before):
    refused(nport([], 1.0, before=before), "document type")


def test_a_filing_without_net_assets_or_date_is_refused():
    content = nport([position(Part("", 1.0, "A", cusip="123456789"), 1.0)], 1.0)
    refused(content.replace(b"repPdDate", b"repPdX"), "no date of the list")
    refused(content.replace(b"<netAssets>1.00", b"<netAssets>0.00"), "no net assets")
    refused(content[:-30], "is not an XML file")
    refused(b"<other/>", "not an N-PORT filing")


def test_hostile_spreadsheets_are_refused_before_they_are_opened():
    refused(workbook("<sheetData/>", before='<!DOCTYPE a [<!ENTITY b "c">]>'), "document type")
    refused(spreadsheet([["a"]], extra='<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'), "beyond")
    refused(spreadsheet([["a"]], extra='<row r="9999999999"/>'), "beyond")
    refused(workbook(f"<sheetData>{' ' * (33 * 2**20)}</sheetData>"), "unpacks to more than 32 MiB")
    refused(ssga([Part("AAA", 1.0)])[:-40], "is not a spreadsheet that can be read")
    refused(b"PK\x03\x04nonsense", "is not a spreadsheet that can be read")


def test_other_encodings_long_lines_and_large_files_are_refused_with_their_reason():
    text = ishares([Part("AAA", 1.0)])
    refused(text.decode().encode("utf-16"), "is not text in UTF-8")
    refused(text.replace(b"NAME", b"N\0ME"), "is not text in UTF-8")
    refused(text.replace(b"NAME", b"N\xe9ME"), "list.csv:11:1: is not text in UTF-8")
    refused(text + b"a" * (2 * 2**20), "bytes is no row of a table")
    refused(text + b"\n" * 60_000, "more than 50,000 lines")
    refused(text + b" " * (33 * 2**20), "is larger than 32 MiB")
    refused(text.replace(b'"NAME', b'"NAME" '), "is not a CSV file")
    refused(text.replace(b'"NAME AAA"', b'"NAME AAA'), "is not a CSV file")
    refused(text.replace(b"NAME AAA", b"A" * 140_000), "is not a CSV file")


def test_lists_longer_or_wider_than_any_funds_are_refused():
    wide = ishares([Part("AAA", 1.0)]).replace(
        b"Ticker,Name", b"Ticker,Name" + b"".join(b",C%d" % n for n in range(60))
    )
    refused(wide, ":10:1: 71 columns")
    refused(b'{"fund": {"entity": [' + b"{}," * 50_001 + b"{}]}}", "more than 50,000 entries")
    refused(b'{"fund": "' + b" " * (9 * 2**20) + b'"}', "is larger than 8 MiB")
    refused(nport(["<a>" * 100], 1.0), "more elements than any fund's positions need")
    refused(nport(["<invstOrSec/>"] * 50_001, 1.0), "more than 50,000 positions")


def test_a_footer_with_quotation_marks_is_none_of_the_rows():
    assert "“terms”" in ISHARES_FOOTER
    assert len(read(ishares([Part("AAA", 1.0), CASH])).rows) == 2
