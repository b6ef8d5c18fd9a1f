"""The issuers' own files and two filings: figures worked out by hand from the files, traps and all."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date

import pytest

from advisor.errors import MarketDataError
from advisor.market.holdings import nport
from advisor.market.holdings.bounds import Stocks, from_holdings
from advisor.market.holdings.faults import Faults
from advisor.market.holdings.model import HoldingsFile, RowKind
from advisor.market.holdings.read import read_holdings, share_weights, unnamed_weights
from tests.command import CHECKOUT

SHARED = CHECKOUT.parent / "shared" / "data"
SEVEN = ("AAPL", "MSFT", "GOOGL", "GOOG", "AMZN", "NVDA", "META", "TSLA")
COMPANIES = ("Apple", "Microsoft", "Alphabet", "Alphabet", "Amazon", "Nvidia", "Meta", "Tesla")
STOCKS = Stocks(dict(zip(SEVEN, COMPANIES, strict=True)), {})

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared holdings files are not beside this checkout")


def content(name: str) -> bytes:
    return (SHARED / name).read_bytes()


def read(name: str, fund: str) -> HoldingsFile:
    return read_holdings(content(f"holdings/{name}"), name=name, fund=fund)


def reasons(file: HoldingsFile) -> Counter[str]:
    return Counter(row.reason.partition(":")[0] for row in file.skipped)


@pytest.mark.parametrize(
    ("name", "fund", "rows", "skipped", "printed"),
    [
        ("ishares_IVV_2026-06-19.csv", "IVV", 508, 4, 32.50),
        ("ssga_SPY_2026-04-10.xlsx", "SPY", 505, 1, 32.83),
        ("invesco_QQQ_2025-09-26.csv", "QQQ", 101, 0, 44.49),
        ("ishares_IWM_2026-05-05.csv", "IWM", 1929, 5, 0.0),
        ("ishares_IJR_2026-06-19.csv", "IJR", 665, 10, 0.0),
    ],
)
def test_rows_add_up_and_the_seven_are_the_published_part(name, fund, rows, skipped, printed):
    file = read(name, fund)
    assert (len(file.rows), len(file.skipped), file.imported) == (rows, skipped, rows - skipped)
    by_print = sum(row.weight or 0.0 for row in file.rows if row.ticker in SEVEN)
    assert 100.0 * by_print == pytest.approx(printed, abs=0.005)
    assert 100.0 * sum(share_weights(file).get(symbol, 0.0) for symbol in SEVEN) == pytest.approx(printed, abs=0.005)


def test_small_shares_printed_as_nothing_have_their_weight_by_value():
    file = read("ishares_IWM_2026-05-05.csv", "IWM")
    assert sum(row.weight == 0.0 for row in file.rows) == 259
    assert all(row.key in share_weights(file) for row in file.rows if row.is_share and row.value_usd)
    assert reasons(file) == {"cash": 2, "cash fund": 1, "collateral": 1, "future": 1}
    assert "future: notional 285,004,710" in [row.reason for row in file.skipped]


def test_the_swaps_of_a_small_cap_fund_are_exposure_with_their_notional_amounts():
    lines = list(csv.reader(content("holdings/ishares_IJR_2026-06-19.csv").decode().splitlines()))
    table = [dict(zip(lines[9], line, strict=True)) for line in lines[10:] if len(line) == len(lines[9])]
    total = sum(float(row["Market Value"].replace(",", "")) for row in table)
    of_jackson = [row for row in table if row["Ticker"] == "JXN"]
    assert [row["Type"] for row in of_jackson] == ["SWAP", "EQUITY"]
    amount = sum(float(row["Notional Value"].replace(",", "")) for row in of_jackson)
    file = read("ishares_IJR_2026-06-19.csv", "IJR")
    assert share_weights(file)["JXN"] == pytest.approx(amount / total, rel=1e-12)
    assert sum(row.kind is RowKind.SWAP for row in file.rows) == 51


def test_futures_leave_the_seven_open_in_a_large_cap_fund_and_closed_in_small_cap_funds():
    large = from_holdings(read("ishares_IVV_2026-06-19.csv", "IVV"), {}, STOCKS)
    assert large.companies["Nvidia"][1] - large.companies["Nvidia"][0] == pytest.approx(0.0011656, abs=1e-7)
    for name, fund in (("ishares_IJR_2026-06-19.csv", "IJR"), ("ishares_IWM_2026-05-05.csv", "IWM")):
        file = read(name, fund)
        assert from_holdings(file, {}, STOCKS).magnificent_seven == (0.0, 0.0)
        assert 0.003 < sum(unnamed_weights(file).values()) < 0.004


@pytest.mark.parametrize(
    ("name", "day", "positions", "of_net_assets"),
    [("dupree", date(2022, 12, 31), 55, 0.9784), ("sample7_goldman_bond", date(2023, 3, 31), 1685, 1.0393)],
)
def test_each_position_of_a_filing_is_read_on_its_report_date(name, day, positions, of_net_assets):
    listing = nport.read(content(f"nport/{name}.xml"), Faults(name))
    assert (listing.as_of, len(listing.rows)) == (day, positions)
    parts = [(row.value_usd or 0.0) / listing.net_assets_usd for row in listing.rows]
    assert sum(parts) == pytest.approx(of_net_assets, abs=5e-5)
    assert [row.weight for row in listing.rows] == pytest.approx(parts, abs=2e-5)


def test_bonds_and_funds_inside_a_fund_are_no_companies():
    listing = nport.read(content("nport/sample7_goldman_bond.xml"), Faults("x"))
    assert Counter(row.kind for row in listing.rows)[RowKind.SHARE] == 0
    assert Counter(row.skipped for row in listing.rows)["another fund"] == 2
    with pytest.raises(MarketDataError, match="no shares of companies"):
        read_holdings(content("nport/sample7_goldman_bond.xml"), name="x", fund="GSFIX")
