"""Bounds from a list that stops early, against portfolios that are known in full."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.market.holdings.bounds import Stocks, TopList, from_full_file, from_holdings, from_top_list, scaled
from advisor.market.holdings.read import read_holdings
from advisor.portfolio.model import MAGNIFICENT_SEVEN
from tests.holdings_files import Part, ishares, nport, position

DAY = date(2026, 5, 3)
SEVEN = {
    "AAPL": "Apple", "MSFT": "Microsoft", "NVDA": "Nvidia", "GOOGL": "Alphabet", "GOOG": "Alphabet",
    "META": "Meta", "AMZN": "Amazon", "TSLA": "Tesla",
}  # fmt: skip
SECTORS = {
    "Apple": "Tech", "Microsoft": "Tech", "Nvidia": "Tech", "Alphabet": "Media", "Meta": "Media",
    "Amazon": "Consumer", "Tesla": "Consumer", "Bank": "Banks", "Maker": "Tech",
}  # fmt: skip
STOCKS = Stocks({**SEVEN, "BNK": "Bank", "MKR": "Maker"}, SECTORS)


def top(weights: dict, sectors: dict | None = None) -> TopList:
    return TopList(weights, sectors or {}, DAY, "test")


def test_the_sector_weights_close_the_interval_that_the_list_leaves_open():
    """Like XLK: three of the seven listed, five classes not, smallest listed weight 0.0237, media 0.0096.

    By the list alone 5 x 0.0237 stay open; no consumer company can be in it, and media is 0.0096 in all.
    """
    listed = {"NVDA": 0.1548, "AAPL": 0.1361, "MSFT": 0.1004, "MKR": 0.0237}
    found = from_top_list(
        "XLK", top(listed, {"Tech": 0.9904, "Media": 0.0096}), STOCKS, allowed=MAGNIFICENT_SEVEN, basis=""
    )
    assert found.magnificent_seven[0] == pytest.approx(0.3913, abs=1e-12)
    assert found.magnificent_seven[1] == pytest.approx(0.3913 + 0.0096 + 0.00005, abs=1e-12)
    assert found.companies["Tesla"] == (0.0, 0.0)
    assert found.companies["Alphabet"] == (0.0, pytest.approx(0.00965, abs=1e-12))
    naive = from_top_list("XLK", top(listed), STOCKS, allowed=MAGNIFICENT_SEVEN, basis="")
    assert naive.magnificent_seven[1] == pytest.approx(0.3913 + 5 * 0.0237, abs=1e-12)


def test_two_classes_of_one_company_are_one_and_a_missing_class_stays_open():
    found = from_top_list("F", top({"GOOGL": 0.05, "BNK": 0.02}), STOCKS, allowed=MAGNIFICENT_SEVEN, basis="")
    assert found.companies["Alphabet"] == pytest.approx((0.05, 0.07), abs=1e-12)
    both = from_top_list(
        "F", top({"GOOGL": 0.05, "GOOG": 0.04, "BNK": 0.02}), STOCKS, allowed=MAGNIFICENT_SEVEN, basis=""
    )
    assert both.companies["Alphabet"] == pytest.approx((0.09, 0.09), abs=1e-12)


def test_a_mandate_excludes_what_it_cannot_hold_but_never_what_is_listed():
    listed = {"NVDA": 0.2, "BNK": 0.05}
    found = from_top_list("F", top(listed), STOCKS, allowed=("Nvidia",), basis="")
    assert found.magnificent_seven == (0.2, 0.2)
    none = from_top_list("F", top(listed), STOCKS, allowed=(), basis="")
    assert none.companies["Nvidia"] == (0.2, 0.2)


def test_an_unlisted_name_is_no_larger_than_the_smallest_listed_and_a_listed_stranger_counts_as_other():
    found = from_top_list("F", top({"NVDA": 0.2, "XYZ": 0.08, "BNK": 0.05}), STOCKS, allowed=(), basis="")
    assert found.others_high == 0.08
    assert from_top_list("F", top({"NVDA": 0.2, "BNK": 0.05}), STOCKS, allowed=(), basis="").others_high == 0.05


def test_a_full_file_gives_points_and_names_the_largest_stranger():
    weights = {"GOOGL": 0.3, "GOOG": 0.2, "XYZ": 0.15, "BNK": 0.1}
    found = from_full_file("F", weights, {}, STOCKS, as_of=DAY, source="test")
    assert found.companies["Alphabet"] == (0.5, 0.5)
    assert found.companies["Maker"] == (0.0, 0.0)
    assert (found.magnificent_seven, found.others_high, found.holdings_count) == ((0.5, 0.5), 0.15, 4)


def test_a_fund_geared_three_times_carries_three_times_the_weights():
    parent = from_full_file("F", {"NVDA": 0.4, "XYZ": 0.6}, {}, STOCKS, as_of=DAY, source="test")
    geared = scaled("3F", parent, 3.0, 3.0, basis="", note=None)
    assert geared.magnificent_seven == pytest.approx((1.2, 1.2), abs=1e-12)
    assert (geared.gross, geared.coverage) == (3.0, 1.0)
    assert geared.others_high == pytest.approx(1.8, abs=1e-12)


def test_a_subset_keeps_the_seven_and_may_lack_any_other():
    parent = from_full_file("F", {"NVDA": 0.4, "BNK": 0.1, "XYZ": 0.5}, {}, STOCKS, as_of=DAY, source="test")
    part = scaled("P", parent, 1.25, 1.6, basis="", note=None)
    assert part.companies["Nvidia"] == pytest.approx((0.5, 0.64), abs=1e-12)
    assert part.companies["Bank"] == pytest.approx((0.0, 0.16), abs=1e-12)
    assert part.gross == 1.0


INSIDE = from_full_file("IN", {"NVDA": 0.3, "BNK": 0.1, "XYZ": 0.2}, {}, STOCKS, as_of=DAY, source="test")
BONDS = replace(INSIDE, companies={}, others_high=0.0, magnificent_seven=(0.0, 0.0), gross=0.0)


def test_a_listed_fund_is_looked_through_and_one_that_nobody_knows_may_be_any_company():
    """0.4 x 0.3 of Nvidia known; 0.25 in a fund unknown; 0.05 of the list, mostly funds, is not there at all.

    By the list alone each class could weigh 0.05 more; Bank is there by name.
    """
    listed = {"IN": 0.4, "NEWF": 0.25, "BIL": 0.2, "BNK": 0.1}
    found = from_top_list(
        "F",
        replace(top(listed), funds={"IN": INSIDE, "NEWF": None, "BIL": BONDS}),
        STOCKS,
        allowed=MAGNIFICENT_SEVEN,
        basis="",
    )
    plain = from_top_list("F", top(listed), STOCKS, allowed=MAGNIFICENT_SEVEN, basis="")
    assert plain.magnificent_seven == pytest.approx((0.0, 0.05), abs=1e-12)
    assert found.magnificent_seven == pytest.approx((0.12, 0.05 + 0.05 + 0.12 + 0.25), abs=1e-12)
    assert found.companies["Nvidia"] == pytest.approx((0.12, 0.05 + 0.05 + 0.12 + 0.25), abs=1e-12)
    assert found.companies["Tesla"] == pytest.approx((0.0, 0.05 + 0.05 + 0.25), abs=1e-12)
    assert found.companies["Bank"] == pytest.approx((0.1 + 0.04, 0.1 + 0.05 + 0.04 + 0.25), abs=1e-12)
    assert found.others_high == pytest.approx(0.4 + 0.05 + 0.4 * 0.2 + 0.25, abs=1e-12)
    assert found.coverage == pytest.approx(0.95 - 0.25, abs=1e-12)
    assert found.note == "It holds funds: IN 40.0%, BIL 20.0%, looked through; NEWF 25.0%, where any company may be."


def test_a_little_money_in_a_fund_widens_by_that_little_whatever_the_mandate():
    listed = {"XYZ": 0.08, "BNK": 0.05, "FGXXX": 0.02}
    sectors = {"Tech": 0.4, "Banks": 0.6}
    found = from_top_list("F", replace(top(listed, sectors), funds={"FGXXX": None}), STOCKS, allowed=(), basis="")
    assert found.magnificent_seven == pytest.approx((0.0, 0.02), abs=1e-12)
    assert found.companies["Apple"] == pytest.approx((0.0, 0.02), abs=1e-12)
    assert found.others_high == pytest.approx(0.10, abs=1e-12)
    assert found.sectors == sectors


def test_sectors_of_a_fund_of_funds_and_more_than_the_whole_of_it_are_not_claimed():
    listed = replace(top({"NEWF": 0.98, "BNK": 0.02}, {"Tech": 1.0}), funds={"NEWF": None})
    found = from_top_list("F", listed, STOCKS, allowed=MAGNIFICENT_SEVEN, basis="")
    assert found.sectors is None
    assert found.companies["Bank"] == pytest.approx((0.02, 1.0), abs=1e-12)
    assert found.magnificent_seven[1] <= 1.0


def test_a_geared_fund_inside_counts_with_its_exposure():
    geared = scaled("3IN", INSIDE, 3.0, 3.0, basis="", note=None)
    listed = replace(top({"3IN": 0.5, "BNK": 0.5}), funds={"3IN": geared})
    found = from_top_list("F", listed, STOCKS, allowed=MAGNIFICENT_SEVEN, basis="")
    assert found.companies["Nvidia"] == pytest.approx((0.45, 0.45), abs=1e-12)
    assert found.gross == pytest.approx(0.5 * 3 + 0.5, abs=1e-12)


def test_funds_in_a_full_file_are_looked_through_as_well():
    """Half in a fund with 30% Nvidia, a tenth in an unknown one: 0.4 x 1 + 0.5 x 0.3, and 0.1 more."""
    file = read_holdings(ishares([Part("NVDA", 40.0), Part("IN", 50.0), Part("NEWF", 10.0)]), name="f.csv", fund="F")
    found = from_holdings(file, {"Tech": 0.4}, STOCKS, {"IN": INSIDE, "NEWF": None})
    assert found.companies["Nvidia"] == pytest.approx((0.55, 0.65), abs=1e-12)
    assert found.companies["Bank"] == pytest.approx((0.05, 0.15), abs=1e-12)
    assert found.magnificent_seven == pytest.approx((0.55, 0.65), abs=1e-12)
    assert (found.coverage, found.sectors) == (pytest.approx(0.9, abs=1e-12), None)
    assert found.others_high == pytest.approx(0.5 + 0.5 * 0.2 + 0.1, abs=1e-12)


@st.composite
def full_funds(draw):
    """A fund known in full: the stocks above and thirty strangers, weights that sum to 1."""
    tickers = [*STOCKS.company, *(f"S{number}" for number in range(30))]
    raw = [draw(st.integers(0, 1000)) for _ in tickers]
    raw[-1] += 1
    weights = {ticker: part / sum(raw) for ticker, part in zip(tickers, raw, strict=True) if part}
    return dict(sorted(weights.items(), key=lambda item: -item[1]))


@settings(deadline=None)  # a busy machine is no fault
@given(full_funds(), st.integers(1, 15), st.booleans())
def test_the_truth_is_never_outside_the_bounds(weights, length, with_sectors):
    listed = dict(list(weights.items())[:length])
    sectors: dict[str, float] = {}
    for ticker, weight in weights.items():
        sector = SECTORS.get(STOCKS.company.get(ticker, ""), "Banks")
        sectors[sector] = sectors.get(sector, 0.0) + weight
    published = {name: round(weight, 4) for name, weight in sectors.items() if round(weight, 4) > 0.0}
    found = from_top_list(
        "F", top(listed, published if with_sectors else {}), STOCKS, allowed=MAGNIFICENT_SEVEN, basis=""
    )
    truth = dict.fromkeys(SECTORS, 0.0)
    strangers = [weight for ticker, weight in weights.items() if ticker not in STOCKS.company]
    for ticker, weight in weights.items():
        if ticker in STOCKS.company:
            truth[STOCKS.company[ticker]] += weight
    slack = 1e-9 + (0.00005 if with_sectors else 0.0)  # a sector under half a unit of its last digit is not printed
    for company, weight in truth.items():
        low, high = found.companies.get(company, (0.0, found.others_high))
        assert low - 1e-9 <= weight <= high + slack
    assert max(strangers, default=0.0) <= found.others_high + 1e-9
    seven = sum(truth[company] for company in MAGNIFICENT_SEVEN)
    assert found.magnificent_seven[0] - 1e-9 <= seven <= found.magnificent_seven[1] + 4 * slack
    assert found.magnificent_seven[1] <= sum(found.companies[company][1] for company in MAGNIFICENT_SEVEN) + 1e-12


def held(parts: list[Part]):
    file = read_holdings(ishares(parts), name="list.csv", fund="F")
    return from_holdings(file, {}, STOCKS)


def test_a_file_of_shares_and_cash_alone_gives_points():
    found = held([Part("NVDA", 60.0), Part("BNK", 10.0), Part("XYZ", 20.0), Part("USD", 10.0, asset="Cash")])
    assert (found.magnificent_seven, found.coverage, found.others_high) == ((0.6, 0.6), 1.0, 0.2)
    assert all(low == high for low, high in found.companies.values())
    assert (found.basis, found.holdings_count, found.as_of) == ("full file", 3, date(2026, 5, 5))


def test_an_index_future_can_hold_any_company_but_one_on_small_companies_none_of_the_seven():
    """Of a fund of 100 dollars, 4 in an S&P 500 future and 2 in a Russell 2000 future."""
    future = {"value": 0.0, "asset": "Futures"}
    large, small = Part("ESU6", notional=4.0, **future), Part("RTYU6", notional=2.0, **future)
    found = held([Part("NVDA", 60.0), Part("XYZ", 40.0), large, small])
    assert found.magnificent_seven == pytest.approx((0.6, 0.64), abs=1e-12)
    assert found.companies["Nvidia"] == pytest.approx((0.6, 0.64), abs=1e-12)
    assert found.companies["Bank"] == pytest.approx((0.0, 0.06), abs=1e-12)
    assert (found.coverage, found.others_high) == pytest.approx((0.94, 0.46), abs=1e-12)
    assert held([Part("XYZ", 40.0), small]).magnificent_seven == (0.0, 0.0)


def test_a_filing_without_tickers_does_not_deny_the_companies_that_it_could_name():
    shares = [("NVIDIA", 500.0, "67066G104"), ("A BANK", 300.0, "123456789"), ("A MAKER", 200.0, "987654321")]
    content = nport([position(Part("", value, name, cusip=cusip), 1000.0) for name, value, cusip in shares], 1000.0)
    found = from_holdings(read_holdings(content, name="f.xml", fund="F"), {}, STOCKS)
    assert found.companies["Nvidia"] == (0.5, 0.5)
    assert found.companies["Bank"] == found.companies["Maker"] == (0.0, 0.3)
    assert found.companies["Apple"] == (0.0, 0.0)
