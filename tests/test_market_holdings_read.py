"""Each trap of issuers' files, on small files of made-up content."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path

import pytest

from advisor.errors import MarketDataError
from advisor.market.holdings.read import read_holdings_file, sector_weights, share_weights

PREAMBLE = """iShares Made-Up ETF
Fund Holdings as of,"May 05, 2026"
Inception Date,"May 22, 2000"
Shares Outstanding,"1,000.00"
Stock,"-"
Bond,"-"
Cash,"-"
Other,"-"
\u00a0
"""
OLD_HEADER = "Ticker,Name,Sector,Asset Class,Market Value,Weight (%),Notional Value,Quantity,Price,Location\n"
NEW_HEADER = (
    "Ticker,Name,Type,Sector,Asset Class,Market Value,Notional Value,Quantity,Price,Market Weight,Notional Weight\n"
)
FOOTER = '\u00a0\n"The content contained herein is owned, by its owner."\nHoldings subject to change.\n'


def ishares(folder: Path, rows: list[str], *, header: str = OLD_HEADER, encoding: str = "utf-8") -> Path:
    path = folder / "ishares_MADE_2026-05-05.csv"
    path.write_text(PREAMBLE + header + "\n".join(rows) + "\n" + FOOTER, encoding=encoding)
    return path


def old_row(
    ticker: str, value: str, *, weight: str = "0.00", asset: str = "Equity", sector: str = "Industrials"
) -> str:
    return f'"{ticker}","NAME {ticker}","{sector}","{asset}","{value}","{weight}","{value}","-1.00","1.00","-"'


def new_row(ticker: str, kind: str, value: str, notional: str, *, asset: str = "Equity") -> str:
    return f'"{ticker}","NAME","{kind}","Financials","{asset}","{value}","{notional}","1.00","1.00","0.00","0.50"'


def test_preamble_byte_order_mark_and_footer_are_no_holdings(tmp_path):
    file = read_holdings_file(ishares(tmp_path, [old_row("AAA", "1,000.00")], encoding="utf-8-sig"))
    assert (file.fund, file.as_of) == ("MADE", date(2026, 5, 5))
    assert [row.ticker for row in file.rows] == ["AAA"]


def test_weights_come_from_market_values_where_the_file_rounds_them_to_zero(tmp_path):
    path = ishares(tmp_path, [old_row("BIG", "999,900.00", weight="99.99"), old_row("TINY", "100.00", weight="0.00")])
    assert share_weights(read_holdings_file(path)) == pytest.approx({"BIG": 0.9999, "TINY": 0.0001}, abs=1e-12)


def test_a_cash_fund_named_after_tesla_a_hotel_trust_and_collateral_are_none_of_the_seven(tmp_path):
    rows = [
        old_row("XTSLA", "50.00", asset="Money Market", sector="Cash and/or Derivatives"),
        old_row("MSFUT", "25.00", asset="Cash Collateral and Margins", sector="Cash and/or Derivatives"),
        old_row("APLE", "25.00", sector="Real Estate"),
    ]
    assert share_weights(read_holdings_file(ishares(tmp_path, rows))) == {"APLE": 0.25}


def test_futures_without_value_and_negative_quantities_change_nothing(tmp_path):
    rows = [
        old_row("AAA", "75.00"),
        old_row("USD", "25.00", asset="Cash", sector="Cash and/or Derivatives"),
        old_row("RTYM6", "0.00", asset="Futures", sector="Cash and/or Derivatives"),
    ]
    assert share_weights(read_holdings_file(ishares(tmp_path, rows))) == {"AAA": 0.75}


def test_a_swap_on_a_listed_stock_is_not_a_second_holding_of_it(tmp_path):
    rows = [
        new_row("AAA", "EQUITY", "60.00", "60.00"),
        new_row("AAA", "SWAP", "0.00", "15.00", asset="Swaps"),
        new_row("BBB", "SWAP", "0.00", "15.00"),
        new_row("XTSLA", "STIF", "40.00", "-30.00", asset="Money Market"),
    ]
    file = read_holdings_file(ishares(tmp_path, rows, header=NEW_HEADER))
    assert share_weights(file) == {"AAA": 0.6}
    assert [row.is_share for row in file.rows] == [True, False, False, False]


def test_dashes_for_tickers_do_not_merge_different_companies(tmp_path):
    rows = [
        old_row("-", "30.00").replace("NAME -", "ONE PRIVATE"),
        old_row("-", "70.00").replace("NAME -", "TWO PRIVATE"),
    ]
    assert share_weights(read_holdings_file(ishares(tmp_path, rows))) == {"ONE PRIVATE": 0.3, "TWO PRIVATE": 0.7}


def test_share_classes_are_spelled_one_way_whatever_the_issuer_writes(tmp_path):
    assert set(share_weights(read_holdings_file(ishares(tmp_path, [old_row("BRKB", "1.00")])))) == {"BRK.B"}


def test_a_ticker_called_cash_is_a_company(tmp_path):
    assert share_weights(read_holdings_file(ishares(tmp_path, [old_row("CASH", "1.00")]))) == {"CASH": 1.0}


def test_a_document_that_comes_twice_is_refused(tmp_path):
    path = ishares(tmp_path, [old_row("AAA", "1.00")])
    path.write_text(path.read_text(encoding="utf-8") * 2, encoding="utf-8")
    with pytest.raises(MarketDataError, match="2 header lines"):
        read_holdings_file(path)


def test_a_date_that_differs_from_the_name_is_refused(tmp_path):
    path = ishares(tmp_path, [old_row("AAA", "1.00")]).rename(tmp_path / "ishares_MADE_2026-05-06.csv")
    with pytest.raises(MarketDataError, match="2026-05-05"):
        read_holdings_file(path)


def test_a_value_that_is_no_number_is_refused_and_never_read_as_zero(tmp_path):
    with pytest.raises(MarketDataError, match="12x"):
        read_holdings_file(ishares(tmp_path, [old_row("AAA", "12x")]))


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "other_AAA_2026-05-05.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(MarketDataError, match="not a holdings file"):
        read_holdings_file(path)


def test_padded_invesco_tickers_are_matched(tmp_path):
    path = tmp_path / "invesco_MADE_2025-09-26.csv"
    head = "Fund Ticker,Security Identifier,Holding Ticker,Shares/Par Value,MarketValue,Weight,Name,"
    head += "Class of Shares,Sector,Date"
    row = 'MADE,000,{} ,"1","{}",50.0,Name,{},Energy,09/26/2025'
    lines = [head, row.format("NVDA", "300.00", "Common Stock"), row.format("USD", "100.00", "Currency")]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    file = read_holdings_file(path)
    assert share_weights(file) == {"NVDA": 0.75}
    assert sector_weights(file) == {"Energy": 0.75}


def spreadsheet(path: Path, rows: list[list[str]]) -> None:
    """The least that makes an .xlsx file: shared strings for text, numbers in place, blank rows at the end."""
    texts = sorted({cell for row in rows for cell in row if not _is_number(cell)})
    body = ""
    for number, row in enumerate([*rows, [], []], start=1):
        cells = ""
        for place, cell in enumerate(row):
            reference = f"{chr(ord('A') + place)}{number}"
            if _is_number(cell):
                cells += f'<c r="{reference}"><v>{cell}</v></c>'
            elif cell:
                cells += f'<c r="{reference}" t="s"><v>{texts.index(cell)}</v></c>'
        body += f'<row r="{number}">{cells}</row>'
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", f"<worksheet {space}><sheetData>{body}</sheetData></worksheet>")
        shared = "".join(f"<si><t>{text}</t></si>" for text in texts)
        archive.writestr("xl/sharedStrings.xml", f"<sst {space}>{shared}</sst>")


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


SSGA = [
    ["Fund Name:", "Made-Up Trust"],
    ["Ticker Symbol:", "MADE"],
    ["Holdings:", "As of 10-Apr-2026"],
    [],
    ["Name", "Ticker", "Identifier", "SEDOL", "Weight", "Sector", "Shares Held", "Local Currency"],
    ["NVIDIA CORP", "NVDA", "x", "y", "7.5", "-", "10", "USD"],
    ["BERKSHIRE", "BRK.B", "x", "y", "1.5", "-", "10", "USD"],
    ["US DOLLAR", "-", "x", "y", "0.3", "-", "10", "USD"],
    ["Past performance is no guarantee."],
]


def test_a_spreadsheet_keeps_its_own_weights_and_leaves_cash_out(tmp_path):
    path = tmp_path / "ssga_MADE_2026-04-10.xlsx"
    spreadsheet(path, SSGA)
    file = read_holdings_file(path)
    assert file.as_of == date(2026, 4, 10)
    assert share_weights(file) == pytest.approx({"NVDA": 0.075, "BRK.B": 0.015}, abs=1e-15)
    assert sector_weights(file) == {}


def test_a_spreadsheet_with_entities_is_refused(tmp_path):
    path = tmp_path / "ssga_MADE_2026-04-10.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", '<!DOCTYPE a [<!ENTITY b "c">]><worksheet/>')
    with pytest.raises(MarketDataError, match="document type"):
        read_holdings_file(path)
