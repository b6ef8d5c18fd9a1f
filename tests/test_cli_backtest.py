"""``advisor backtest`` as a user runs it, on made-up closes in a file and in a folder."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from advisor.backtest.record import backtest_schema
from advisor.market import sources
from advisor.market.estimate.returns import PricePanel
from advisor.market.yahoo import fetch
from tests.command import call, contents
from tests.made_up_past import HOUSEHOLD, SYMBOLS, panel
from tests.market_households import NEEDED, calendar, portfolio_text, yahoo
from tests.test_cli_data_compare_risk import closes as closes_of_folder
from tests.test_cli_data_compare_risk import written as in_folder
from tests.yahoo_server import answer_here


def written(path: Path, prices: PricePanel) -> Path:
    lines = [
        ",".join([day.isoformat(), *("" if np.isnan(cell) else f"{cell:.6f}" for cell in row)])
        for day, row in zip(prices.days, prices.prices, strict=True)
    ]
    path.write_text("\n".join([",".join(["Date", *prices.symbols]), *lines]) + "\n")
    return path


@pytest.fixture
def closes(tmp_path: Path) -> Path:
    return written(tmp_path / "closes.csv", panel(years=5))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.yaml"
    path.write_text(HOUSEHOLD)
    return path


def test_the_terminal_shows_every_row_and_says_that_it_is_hypothetical(file, closes, capsys) -> None:
    ended = call(capsys, "backtest", file, "--prices", closes, "--band", "0%", "--band", "2%")
    assert (ended.code, ended.err) == (0, "")
    for words in ("monthly, band 2%", "without small caps", "buy and hold", "SPY", "the best of 2 tried"):
        assert words in ended.out
    text = " ".join(ended.out.split())
    for words in (
        "HYPOTHETICAL",
        "chosen knowing how they did",
        "hypothetical in nature",
        "losing periods are included",
        "not a registered investment adviser",
    ):
        assert words in text
    assert "At the start: the holdings of 2026-07-13, $" in text
    assert "Not applied in full: single_company.max: counts shares held directly alone" in text


def test_the_tables_fit_into_eighty_columns(file, closes, capsys) -> None:
    ended = call(capsys, "backtest", file, "--prices", closes, "--frequency", "quarterly", "--band", "2.5%")
    tables = ended.out.split("Limits applied")[0].splitlines()[4:]
    assert max(len(line.rstrip()) for line in tables) <= 80
    assert not any("…" in line for line in tables)


def test_the_document_follows_its_schema(file, closes, capsys) -> None:
    ended = call(capsys, "backtest", file, "--prices", closes, "--json", "--tried", "3", "--no-tax")
    assert ended.code == 0
    jsonschema.validate(ended.document, backtest_schema(), cls=jsonschema.Draft202012Validator)
    assert ended.document["trials"] == 4
    assert ended.document["prices"]["source"] == "closes.csv"
    assert "Without tax" in " ".join(ended.document["assumptions"])


def test_out_writes_the_document_and_the_daily_values(file, closes, tmp_path, capsys) -> None:
    ended = call(capsys, "backtest", file, "--prices", closes, "--out", tmp_path / "new")
    assert ended.code == 0
    assert set(contents(tmp_path / "new")) == {"backtest.json", "values.csv", "trades.csv"}
    assert str(tmp_path / "new" / "values.csv") in ended.out
    assert (tmp_path / "new" / "values.csv").stat().st_mode & 0o077 == 0


def test_the_trades_add_up_to_the_turnover_of_each_row(file, closes, tmp_path, capsys) -> None:
    """Half of all trades over value, a year: values of the days of decision, from the other file."""
    ended = call(capsys, "backtest", file, "--prices", closes, "--no-tax", "--out", tmp_path / "new", "--json")
    with (tmp_path / "new" / "trades.csv").open(newline="") as lines:
        trades = list(csv.DictReader(lines))
    with (tmp_path / "new" / "values.csv").open(newline="") as lines:
        values = {line["Date"]: line for line in csv.DictReader(lines)}
    days = [date.fromisoformat(day) for day in values]
    years = (days[-1] - days[0]).days / 365.25
    policies = [row for row in ended.document["rows"] if row["policy"]]
    assert {trade["row"] for trade in trades} <= {row["name"] for row in policies}
    for row in policies:
        own = [trade for trade in trades if trade["row"] == row["name"]]
        turned = sum(float(trade["amount_usd"]) / float(values[trade["decided"]][row["name"]]) for trade in own) / 2
        assert row["figures"]["turnover"] == pytest.approx(turned / years, abs=1e-4)
    assert trades


def test_nothing_is_written_without_out(file, closes, tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    before = set(contents(tmp_path))
    call(capsys, "backtest", file, "--prices", closes)
    assert set(contents(tmp_path)) == before


def test_a_snapshot_has_no_past_and_both_ways_out_are_named(file, capsys) -> None:
    ended = call(capsys, "backtest", file)
    assert ended.code == 4
    assert "--prices PANEL.csv" in ended.err
    assert "--market yahoo" in ended.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--band", "200%"), "200% is too large"),
        (("--band", "wide"), "is not a fraction"),
        (("--frequency", "weekly"), "weekly"),
        (("--start", "2020-01-01", "--end", "2019-01-01"), "--start 2020-01-01 is not before --end 2019-01-01"),
        (("--start", "soon"), "--start 'soon' is not a date"),
        (("--window-years", "0"), "window-years"),
        (("--tried", "-1"), "tried"),
        (("--delay", "2"), "delay"),
        (("--out", ""), "--out is empty"),
    ],
)
def test_a_wrong_option_is_a_wrong_use(file, closes, capsys, options, words) -> None:
    ended = call(capsys, "backtest", file, "--prices", closes, *options)
    assert ended.code == 2
    assert words in ended.err


def test_what_is_wrong_with_the_prices_is_named_with_exit_code_4(file, tmp_path, capsys) -> None:
    prices = panel(years=5)
    ten = PricePanel(prices.symbols, prices.days[:10], prices.prices[:10])
    fewer = panel(years=5, symbols=[s for s in SYMBOLS if s != "NVDA"])
    stopped = prices.prices.copy()
    stopped[1200:, prices.symbols.index("NVDA")] = np.nan
    split, real = prices.prices.copy(), prices.prices.copy()
    split[1000:, prices.symbols.index("NVDA")] /= 10
    real[1000:, prices.symbols.index("NVDA")] *= 0.55
    cases = {
        "none.csv": (None, "cannot be read"),
        "ten.csv": (ten, "10 days of prices"),
        "fewer.csv": (fewer, "no prices for NVDA"),
        "stopped.csv": (PricePanel(prices.symbols, prices.days, stopped), "NVDA: its last price is of"),
        "split.csv": (PricePanel(prices.symbols, prices.days, split), f"to {prices.days[1000]}: a missing split?"),
    }
    for name, (table, words) in cases.items():
        path = tmp_path / name
        if table is not None:
            written(path, table)
        ended = call(capsys, "backtest", file, "--prices", path)
        assert (ended.code, ended.out) == (4, "")
        assert words in ended.err
    crashed = written(tmp_path / "crashed.csv", PricePanel(prices.symbols, prices.days, real))
    assert call(capsys, "backtest", file, "--prices", crashed).code == 0


def test_a_start_of_some_days_ago_is_refused(file, closes, capsys) -> None:
    ended = call(capsys, "backtest", file, "--prices", closes, "--start", panel(years=5).days[-2].isoformat())
    assert ended.code == 4
    assert "at least 60 after its first day" in ended.err


def test_a_start_before_the_first_possible_day_names_that_day(file, closes, capsys) -> None:
    ended = call(capsys, "backtest", file, "--prices", closes, "--start", "2016-01-04")
    assert ended.code == 4
    assert "the first possible day is 2018-01-01" in ended.err


def test_the_day_of_the_decision_is_the_last_that_is_known(file, closes, capsys) -> None:
    text = HOUSEHOLD.replace("2020-01-02", "2018-01-02")
    file.write_text(text)
    ended = call(capsys, "backtest", file, "--prices", closes, "--json", "--as-of", "2019-03-29")
    assert ended.document["end"] == "2019-03-29"


@pytest.mark.parametrize(("kept", "earns"), [((*NEEDED, "BIL"), "BIL"), (NEEDED, None)])
def test_yahoos_histories_are_walked_with_or_without_bills(kept, earns, tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(sources, "_sessions", lambda now, as_of: calendar())
    monkeypatch.setattr(fetch, "sleep", lambda seconds: None)
    last = calendar().last_completed(datetime.now(UTC))
    path = tmp_path / "file.yaml"
    path.write_text(portfolio_text(as_of=last), "utf-8")
    with yahoo(kept, last=last) as server, answer_here(server):
        ended = call(capsys, "backtest", path, "--market", "yahoo", "--json", "--frequency", "yearly")
        again = call(capsys, "backtest", path, "--market", "yahoo", "--offline", "--json", "--frequency", "yearly")
    assert ended.code == 0, ended.err
    assert ended.document["end"] == last.isoformat()
    assert ended.document["cash_earns"] == earns
    assert again.document["rows"] == ended.document["rows"]


def test_a_folders_prices_are_walked_and_its_facts_used(tmp_path, capsys) -> None:
    folder = in_folder(tmp_path / "prices", closes_of_folder())
    path = tmp_path / "file.yaml"
    path.write_text(HOUSEHOLD, "utf-8")
    ended = call(capsys, "backtest", path, "--market", folder, "--json", "--frequency", "quarterly")
    assert ended.code == 0, ended.err
    assert ended.document["prices"]["source"] == "prices.csv"
    assert ended.document["market"]["id"] == "folder-2026-07-13"
    assert ended.document["cash_earns"] is None
