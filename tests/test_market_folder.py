"""A folder of the user's own data: every fault by file and line, and the answers that come of a sound one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from advisor.errors import MarketDataError
from advisor.market import sources
from advisor.market.constituents import company_interval
from advisor.market.data import MarketData
from advisor.market.resolve import needed_symbols
from advisor.portfolio.model import Portfolio
from tests.command import call
from tests.holdings_files import Part, invesco, ishares
from tests.market_households import (
    LAST,
    SNAPSHOT_DAY,
    calendar,
    chart,
    codes,
    days_before,
    portfolio,
    portfolio_text,
    read,
)
from tests.samples import ANSWERED, market, sample
from tests.yahoo_server import Chart

SHARED = Path(__file__).parents[2] / "shared" / "data" / "prices_wide.csv"
needs_panel = pytest.mark.skipif(not SHARED.is_file(), reason="the price panel is not part of this repository")
SYMBOLS = ("IJR", "IWM", "NVDA", "SPY", "VTI", "VTWO")
OWN = "{symbol: OWNF, shares: 100, cost_per_share: 40, acquired: 2024-01-02}"
SECURITIES = "symbol,kind,name,sector,expense_ratio\n"


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_sessions", lambda now, as_of: calendar())


def bars(symbols: Sequence[str] = SYMBOLS, last: date = LAST, **changed: Chart) -> dict[str, Chart]:
    return {symbol: chart(symbol, last=last) for symbol in symbols} | changed


def table(charts: Mapping[str, Chart], first: date = date(2015, 1, 2)) -> str:
    """The text of ``prices.csv``, a column for each symbol in Yahoo's or the project's spelling."""
    days = sorted({day for each in charts.values() for day in each.days if day >= first})
    closes = {symbol: dict(zip(each.days, each.closes, strict=True)) for symbol, each in charts.items()}
    lines = [",".join(["Date", *charts])]
    lines += [",".join([str(day), *(str(closes[symbol].get(day, "")) for symbol in charts)]) for day in days]
    return "\n".join(lines) + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound one."""
    path = tmp_path / "own"
    path.mkdir()
    (path / "prices.csv").write_text(table(bars()), "utf-8")
    return path


def given(folder: Path, held: Portfolio | None = None, **options) -> MarketData:
    return read(held or portfolio(), source=str(folder), **options).market


def refusal(folder: Path, held: Portfolio | None = None, **options) -> str:
    with pytest.raises(MarketDataError) as raised:
        given(folder, held, **options)
    return str(raised.value).replace(str(folder), "FOLDER")


# Sound folders ------------------------------------------------------------------------------------------------------
def test_the_last_close_is_the_price_and_the_file_its_origin(folder: Path) -> None:
    import hashlib

    data = given(folder)
    assert (data.source, data.id, data.as_of) == ("folder own", "folder-2026-11-20", LAST)
    digest = hashlib.sha256((folder / "prices.csv").read_bytes()).hexdigest()
    for symbol in SYMBOLS:
        row = data.securities[symbol]
        assert float(row.close_usd) == pytest.approx(chart(symbol).closes[-1], abs=0.005)
        assert row.origin is not None
        assert (row.origin.source, row.origin.sha256) == ("prices.csv of the folder own", digest)
    assert codes(data) == []


def test_volatility_is_that_of_the_closes(folder: Path) -> None:
    """Daily returns of five years; numpy's own deviation."""
    covariance = given(folder).covariance
    variances = (covariance.loadings**2).sum(axis=1) + covariance.idiosyncratic
    for place, symbol in enumerate(covariance.symbols):
        made = chart(symbol)
        first = sum(day < date(2021, 11, 20) for day in made.days)
        closes = np.array(made.closes[first:], dtype=float)
        deviation = np.std(closes[1:] / closes[:-1] - 1.0, ddof=1) * np.sqrt(252)
        assert np.sqrt(variances[place]) == pytest.approx(deviation, rel=1e-6)


@pytest.mark.parametrize("method", ["ledoit_wolf", "factor", "pairwise"])
def test_the_choice_of_covariance_is_honoured(folder: Path, method: str) -> None:
    chosen = portfolio(more=f"preferences: {{covariance: {{method: {method}, returns: weekly, years: 4}}}}\n")
    covariance = given(folder, chosen).covariance
    assert (covariance.start, covariance.end) == (date(2022, 11, 21), LAST)
    assert "weekly" in covariance.method
    assert covariance.method != given(folder).covariance.method


def test_old_prices_are_told_and_not_refused(tmp_path: Path) -> None:
    before = days_before(LAST, 60)
    (tmp_path / "prices.csv").write_text(table(bars(last=before)), "utf-8")
    data = given(tmp_path)
    assert data.as_of == before
    assert codes(data) == []  # the age of all prices is told once, by the plan


def test_one_column_that_ends_before_the_others_is_told_or_refused(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text(table(bars(IWM=chart("IWM", last=days_before(LAST, 3)))), "utf-8")
    data = given(tmp_path)
    assert codes(data) == ["price_age"]
    assert data.securities["IWM"].close_date == days_before(LAST, 3)
    (tmp_path / "prices.csv").write_text(table(bars(IWM=chart("IWM", last=days_before(LAST, 30)))), "utf-8")
    assert "IWM: its last close is of" in refusal(tmp_path)


def test_prices_after_the_decision_are_not_seen(folder: Path) -> None:
    then = date(2026, 9, 1)
    data = given(folder, portfolio(as_of=then))
    assert (data.as_of, data.covariance.end) == (then, then)
    assert float(data.securities["NVDA"].close_usd) == pytest.approx(chart("NVDA", last=then).closes[-1], abs=0.005)


def test_a_decision_before_all_prices_is_refused(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text(table(bars(), first=date(2026, 10, 1)), "utf-8")
    assert "there is no close on or before 2026-09-01" in refusal(tmp_path, portfolio(as_of=date(2026, 9, 1)))
    everything = dict.fromkeys(SYMBOLS, "100")
    text = refusal(tmp_path, portfolio(as_of=date(2026, 9, 1)), accepted=everything)
    assert "IWM: no day is left to estimate its risk from" in text


def test_a_share_class_may_be_spelled_in_any_way(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text(table({**bars(), "BRK-B": chart("BRK.B")}), "utf-8")
    held = portfolio("{symbol: BRK.B, shares: 3, cost_per_share: 300, acquired: 2022-01-03}")
    assert given(tmp_path, held).securities["BRK.B"].company == "Berkshire Hathaway"


# Units --------------------------------------------------------------------------------------------------------------
def scaled(symbol: str, factor: float, last: date = LAST) -> Chart:
    from dataclasses import replace

    made = chart(symbol, last=last)
    return replace(made, closes=[factor * float(close or 0) for close in made.closes])


@pytest.mark.parametrize(
    ("factor", "last", "held"),
    [
        (100.0, LAST, True),
        (0.01, LAST, True),
        (100.0, SNAPSHOT_DAY, True),
        (1.0, SNAPSHOT_DAY, False),
        (1.019, SNAPSHOT_DAY, False),
        (1.03, SNAPSHOT_DAY, True),  # the same day: nothing has been adjusted since
        (0.97, SNAPSHOT_DAY, True),
        (0.97, LAST, False),  # dividends paid since the snapshot's day lower the closes before
        (0.1, LAST, False),  # as does a split of 10 to 1
    ],
)
def test_a_column_in_another_unit_is_held(tmp_path: Path, factor: float, last: date, held: bool) -> None:
    (tmp_path / "prices.csv").write_text(table(bars(last=last, NVDA=scaled("NVDA", factor, last))), "utf-8")
    if not held:
        assert codes(given(tmp_path, portfolio(as_of=last))) == []
        return
    text = refusal(tmp_path, portfolio(as_of=last))
    assert "NVDA: the close of 2026-07-13" in text
    assert "another security or unit" in text
    assert given(tmp_path, portfolio(as_of=last), accepted={"NVDA": "200"}).securities["NVDA"].close_usd == Decimal(200)


# Faults of prices.csv -----------------------------------------------------------------------------------------------
def replaced(line: int, old: str, new: str) -> Callable[[str], str]:
    """`line` from 1."""

    def change(text: str) -> str:
        lines = text.split("\n")
        assert old in lines[line - 1]
        lines[line - 1] = lines[line - 1].replace(old, new, 1)
        return "\n".join(lines)

    return change


FAULTS: dict[str, tuple[Callable[[str], str], str]] = {
    "no header": (replaced(1, "Date,", "Day,"), r"prices.csv:1: expected a header line that begins with Date"),
    "nothing": (lambda text: "", r"prices.csv:1: expected a header line"),
    "the header alone": (lambda text: text.split("\n")[0] + "\n", r"prices.csv: no prices"),
    "no symbol": (lambda text: "Date\n2026-01-02\n", r"prices.csv:1: expected each symbol once"),
    "a symbol twice": (replaced(1, "IWM", "IJR"), r"prices.csv:1: expected each symbol once"),
    "a symbol in two spellings": (replaced(1, "IJR,IWM", "BRK.B,BRK-B"), r"prices.csv:1: expected each symbol once"),
    "no ticker symbol": (replaced(1, "IWM", "iwm"), r"prices.csv:1: 'iwm' is not a ticker symbol"),
    "another date": (replaced(3, "2015-01-05", "05.01.2015"), r"prices.csv:3: no date \(YYYY-MM-DD\)"),
    "a date twice": (replaced(3, "2015-01-05", "2015-01-02"), r"prices.csv:3: no date \(YYYY-MM-DD\) after"),
    "dates the other way round": (replaced(4, "2015-01-06", "2015-01-03"), r"prices.csv:4: no date"),
    "a cell too few": (lambda text: text.replace("\n", ",\n", 1), r"prices.csv:1: '' is not a ticker symbol"),
    "a cell too many": (lambda text: text.rstrip("\n") + ",7\n", r"prices.csv:\d+: another number of fields"),
    "text": (
        lambda text: re.sub(r"(?m)^(2020-03-02),[\d.]+", r"\1,n/a", text),
        r"prices.csv:1300: IJR: 'n/a' is neither",
    ),
    "not a number": (lambda text: re.sub(r"(?m)^(2020-03-02),[\d.]+", r"\1,NaN", text), r"IJR: 'NaN' is neither"),
    "an infinity": (lambda text: re.sub(r"(?m)^(2020-03-02),[\d.]+", r"\1,inf", text), r"IJR: 'inf' is neither"),
    "an exponent": (lambda text: re.sub(r"(?m)^(2020-03-02),[\d.]+", r"\1,1e2", text), r"IJR: '1e2' is neither"),
    "a negative price": (lambda text: re.sub(r"(?m)^(2020-03-02),", r"\1,-", text), r"IJR: '-[\d.]+' is neither"),
    "zero": (lambda text: re.sub(r"(?m)^(2020-03-02),[\d.]+", r"\1,0.00", text), r"IJR: '0.00' is neither"),
    "Arabic digits": (lambda text: re.sub(r"(?m)^(2020-03-02),[\d.]+", "\\1,\u0663", text), r"IJR: '.' is neither"),
    "an open quotation mark": (lambda text: text.replace("2020-03-02", '"2020-03-02'), r"is not a CSV file in UTF-8"),
    "a column left out": (lambda text: text.replace("NVDA", "AAPL", 1), r"\n  NVDA: no column\n"),
    "a Saturday": (replaced(2, "2015-01-02", "2015-01-01"), r"IJR: 2015-01-01 is not a session"),
    "a jump": (lambda text: re.sub(r"(?m)^(2026-11-19),([\d.]+)", r"\1,9\2", text), r"IJR: the close of 2026-11-19"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_named_with_file_and_line(folder: Path, case: str) -> None:
    change, expected = FAULTS[case]
    path = folder / "prices.csv"
    path.write_text(change(path.read_text("utf-8")), "utf-8")
    assert re.search(expected, refusal(folder)), refusal(folder)


def test_many_faults_are_counted(folder: Path) -> None:
    path = folder / "prices.csv"
    path.write_text(re.sub(r"(?m)^2020-03-(\d\d),[\d.]+", r"2020-03-\1,n/a", path.read_text("utf-8")), "utf-8")
    text = refusal(folder)
    assert text.count("is neither a price nor empty") == 10
    assert text.endswith("\n  and 12 more")  # of the 22 sessions of that month


def test_bytes_that_are_no_text_are_refused(folder: Path) -> None:
    (folder / "prices.csv").write_bytes(b"Date,IWM\n2026-01-02,\xff\n")
    assert "prices.csv: is not a CSV file in UTF-8" in refusal(folder)


def test_a_folder_without_prices_is_named(tmp_path: Path) -> None:
    assert "a folder of market data needs prices.csv (docs/users/data.md), and there is none" in refusal(tmp_path)


def test_a_mark_at_the_beginning_and_blanks_are_no_fault(folder: Path) -> None:
    path = folder / "prices.csv"
    path.write_text("\ufeff" + path.read_text("utf-8").replace(",", " , ").replace("\n", "\r\n"), "utf-8")
    assert given(folder).as_of == LAST


# securities.csv -----------------------------------------------------------------------------------------------------
@pytest.fixture
def with_own(folder: Path) -> Path:
    (folder / "prices.csv").write_text(table({**bars(), "OWNF": chart("OWNF")}), "utf-8")
    return folder


def test_a_symbol_that_nobody_knows_has_to_be_described(with_own: Path) -> None:
    text = refusal(with_own, portfolio(OWN))
    assert text.startswith("OWNF: whether it is a stock or a fund is not known; add it to securities.csv")
    (with_own / "securities.csv").write_text(f"{SECURITIES}OWNF,etf,My fund,Small Value,0.0025\n", "utf-8")
    data = given(with_own, portfolio(OWN))
    row = data.securities["OWNF"]
    assert (row.name, row.is_fund, row.sector) == ("My fund", True, "Small Value")
    assert row.expense_ratio is not None
    assert row.expense_ratio.value == 0.0025
    assert data.is_small_cap("OWNF")
    (with_own / "securities.csv").write_text(f"{SECURITIES}OWNF,stock,My shares,Energy,\n", "utf-8")
    row = given(with_own, portfolio(OWN)).securities["OWNF"]
    assert (row.company, row.sector, row.expense_ratio) == ("My shares", "Energy", None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("symbol,kind\nOWNF,etf\n", "securities.csv:1: expected the header symbol,kind,name,sector,expense_ratio"),
        (f"{SECURITIES}OWNF,etf,My fund,Small Value\n", "securities.csv:2: another number of fields"),
        (
            f"{SECURITIES}OWNF,index,x,y,0.1\n",
            "securities.csv:2: the kind 'index' is not one of stock, etf, mutual_fund",
        ),
        (f"{SECURITIES}OWNF,etf,x,y,0.25\n", "securities.csv:2: the expense ratio '0.25' is not a fraction"),
        (f"{SECURITIES}OWNF,etf,x,y,25%\n", "securities.csv:2: the expense ratio '25%' is not a fraction"),
        (f"{SECURITIES}own f,etf,x,y,0.01\n", "securities.csv:2: 'own f' is not a ticker symbol"),
        (f"{SECURITIES}OWNF,etf,x,y,\nOWNF,stock,x,y,\n", "securities.csv:3: OWNF is given twice"),
    ],
)
def test_a_fault_in_the_securities_is_named_with_its_line(with_own: Path, text: str, expected: str) -> None:
    (with_own / "securities.csv").write_text(text, "utf-8")
    assert expected in refusal(with_own, portfolio(OWN))


# Holdings files -----------------------------------------------------------------------------------------------------
PARTS = [Part("AAPL", 30.0), Part("JPM", 50.0), Part("ABC", 20.0)]


def test_holdings_files_of_the_folder_are_used(with_own: Path) -> None:
    dated = ishares(PARTS).replace(b"May 05, 2026", b"Oct 30, 2026")
    (with_own / "OWNF_2026-10-30.csv").write_bytes(dated)
    (with_own / "OWNF_older.csv").write_bytes(ishares([Part("MSFT", 1.0)]))
    (with_own / "OWNF_later.csv").write_bytes(dated.replace(b"Oct 30, 2026", b"Nov 30, 2026"))
    (with_own / "spider.csv").write_bytes(invesco(PARTS, fund="SPY").replace(b"09/26/2025", b"10/30/2026"))
    (with_own / "notes.txt").write_text("not read", "utf-8")
    data = given(with_own, portfolio(OWN))
    assert company_interval(data, "OWNF", "Apple") == pytest.approx((0.3, 0.3))
    assert data.constituents["OWNF"].as_of == date(2026, 10, 30)
    assert company_interval(data, "SPY", "JPMorgan Chase") == pytest.approx((0.5, 0.5))
    assert data.securities["OWNF"].is_fund  # a fund, since it has a list of holdings


def test_a_file_of_the_folder_that_is_no_holdings_file_is_refused(folder: Path) -> None:
    (folder / "notes.csv").write_text("a,b\n1,2\n", "utf-8")
    text = refusal(folder)
    assert "FOLDER/notes.csv" in text
    assert "not a holdings file of iShares" in text


# The commands -------------------------------------------------------------------------------------------------------
def test_the_commands_work_on_a_folder(folder: Path, tmp_path: Path, capsys) -> None:
    held, out = tmp_path / "file.yaml", tmp_path / "out"
    held.write_text(portfolio_text(), "utf-8")
    ended = call(capsys, "rebalance", held, "--market", folder, "--out", out)
    assert ended.code == 0, ended.err
    record = json.loads((out / "recommendation.json").read_bytes())
    assert record["inputs"]["market"]["source"] == "folder own"
    assert call(capsys, "verify", out / "recommendation.json").code == 0
    shown = call(capsys, "exposure", held, "--market", folder, "--json", "--quiet")
    assert (shown.code, shown.document["market"]["id"]) == (0, "folder-2026-11-20")
    (folder / "prices.csv").write_text("Date\n", "utf-8")
    assert call(capsys, "exposure", held, "--market", folder).code == 4
    assert call(capsys, "verify", out / "recommendation.json").code == 0  # the record stands by itself


def test_a_security_without_a_column_is_what_the_file_says_it_is(folder: Path) -> None:
    data = given(folder, portfolio(OWN, more="securities: [{symbol: OWNF, proxy: SPY, price: 21.50}]\n"))
    assert "OWNF" not in data.securities
    path = folder / "prices.csv"
    path.write_text(path.read_text("utf-8").replace("VTI", "XYZ", 1), "utf-8")
    described = portfolio(more="securities: [{symbol: VTI, proxy: SPY, price: 370}]\n")
    assert "VTI: no column" in refusal(folder, described)  # the covariance stands on it


def test_a_stale_lot_is_told_by_the_snapshots_splits(folder: Path) -> None:
    (folder / "prices.csv").write_text(table({**bars(), "VUG": chart("VUG")}), "utf-8")
    paid = 6 * float(chart("VUG").closes[chart("VUG").days.index(date(2025, 3, 3))] or 0)
    stale = f"{{symbol: VUG, shares: 10, cost_per_share: {paid:.2f}, acquired: 2025-03-03}}"
    (warned,) = given(folder, portfolio(stale)).warnings
    assert warned.code == "stale_lot"
    assert "Enter 60 shares" in warned.message


@needs_panel
@pytest.mark.parametrize("name", ANSWERED)
def test_the_panel_behind_the_snapshot_gives_its_closes_and_its_risk(name: str, tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_bytes(SHARED.read_bytes())
    data, base = read(sample(name), source=str(tmp_path)).market, market()
    assert set(data.securities) == set(needed_symbols(sample(name))) & set(base.securities)
    assert data.as_of == base.as_of
    for symbol, row in data.securities.items():
        assert (row.close_usd, row.close_date) == (base.securities[symbol].close_usd, SNAPSHOT_DAY)
        assert volatility(data, symbol) == pytest.approx(volatility(base, symbol), rel=0.03)


def volatility(data: MarketData, symbol: str) -> float:
    covariance = data.covariance
    row = covariance.symbols.index(symbol)
    return float(np.sqrt(covariance.loadings[row] @ covariance.loadings[row] + covariance.idiosyncratic[row]))
