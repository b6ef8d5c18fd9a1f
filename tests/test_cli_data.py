"""``advisor data status`` and ``advisor data refresh``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from advisor.market.live import FACTS, PRICES
from advisor.market.paths import imported_folder
from advisor.market.snapshot import load_snapshot
from advisor.market.sources import yahoo_cache
from tests.command import call
from tests.market_households import calendar, yahoo
from tests.test_market_prices_history import FACTS as SOME_FACTS
from tests.test_market_prices_history import HISTORY
from tests.yahoo_server import YahooServer, answer_here


def test_with_nothing_held_it_says_so_and_dates_the_snapshot(capsys) -> None:
    ended = call(capsys, "data", "status")
    assert (ended.code, ended.err) == (0, "")
    assert "Snapshot: snapshot-2026-07-13, 200 symbols, " in ended.out
    assert "Prices kept from Yahoo: none" in ended.out
    assert "Imported holdings files: none" in ended.out


def test_what_is_kept_is_shown_with_its_days_source_and_digest(capsys) -> None:
    today = date.today()  # noqa: DTZ011 - the command counts from the same day
    history = replace(HISTORY, days=(today - timedelta(days=4), today - timedelta(days=3)))
    yahoo_cache().write(PRICES, "BRK.B", history.to_bytes())
    yahoo_cache().write(FACTS, "IWM", SOME_FACTS.to_bytes())
    document = call(capsys, "data", "status", "--json").document
    (kept,) = document["cache"]["prices"]
    assert kept["symbol"] == "BRK.B"
    assert (kept["closes"], kept["last"]) == (2, history.days[-1].isoformat())
    assert kept["sha256"] == history.sha256
    (facts,) = document["cache"]["facts"]
    assert (facts["symbol"], facts["listed_holdings"]) == ("IWM", 1)
    assert document["snapshot"]["sha256"] == load_snapshot().sha256
    line = next(line for line in call(capsys, "data", "status").out.splitlines() if line.startswith("BRK.B"))
    assert "Yahoo chart, 2026-11-21 12:00 UTC" in line


def test_a_torn_file_of_the_cache_is_set_aside_and_named(capsys) -> None:
    cache = yahoo_cache()
    cache.write(PRICES, "SPY", HISTORY.to_bytes())
    (path,) = cache.folder.glob("*.data")
    path.write_bytes(path.read_bytes()[:-10])
    ended = call(capsys, "data", "status")
    assert ended.code == 0
    assert "Prices kept from Yahoo: none" in ended.out
    assert "unreadable, set aside as .bad: prices-SPY.data" in ended.err
    assert path.with_suffix(".bad").is_file()


def test_imported_lists_are_shown_by_name_without_being_read(capsys) -> None:
    imported_folder().mkdir(parents=True)
    (imported_folder() / f"IWM_2026-05-05_{'0' * 12}.csv").write_text("not read here")
    document = call(capsys, "data", "status", "--json").document
    assert [(file["fund"], file["as_of"]) for file in document["holdings"]["files"]] == [("IWM", "2026-05-05")]
    assert "IWM    2026-05-05" in call(capsys, "data", "status").out


def test_there_is_nothing_to_refresh_where_nothing_is_kept(capsys) -> None:
    ended = call(capsys, "data", "refresh")
    assert (ended.code, ended.out) == (4, "")
    assert "nothing is kept that could be refreshed; give a portfolio file, or symbols" in ended.err


@pytest.mark.parametrize(
    ("name", "code"), [("nvda", 2), ("../etc/passwd", 2), ("АAPL", 2), ("none.yaml", 3), ("IWM?range=max", 2)]
)
def test_what_is_neither_a_file_nor_a_symbol_is_refused_before_anything_is_asked(name: str, code: int, capsys) -> None:
    ended = call(capsys, "data", "refresh", name)
    assert (ended.code, ended.out) == (code, "")
    assert json.dumps(ended.err)


@pytest.fixture
def server() -> Iterator[YahooServer]:
    last = calendar().last_completed(datetime.now(UTC))
    with yahoo(["IWM", "VTWO", "NVDA"], last=last) as made, answer_here(made):
        yield made


def test_symbols_are_fetched_checked_and_kept(server: YahooServer, capsys) -> None:
    ended = call(capsys, "data", "refresh", "IWM", "NVDA", "--quiet")
    assert (ended.code, ended.err) == (0, "")
    assert [line.split()[0] for line in ended.out.splitlines()[2:]] == ["IWM", "NVDA"]
    held = call(capsys, "data", "status", "--json").document["cache"]
    assert [row["symbol"] for row in held["prices"]] == ["IWM", "NVDA"]
    assert [row["symbol"] for row in held["facts"]] == ["IWM"]  # of a stock that the snapshot knows, nothing is asked


def test_without_names_all_that_is_kept_is_fetched_anew(server: YahooServer, capsys) -> None:
    call(capsys, "data", "refresh", "IWM", "--quiet")
    before = len(server.data_requests("IWM"))
    ended = call(capsys, "data", "refresh", "--json", "--quiet")
    assert [row["symbol"] for row in ended.document["prices"]] == ["IWM"]
    assert len(server.data_requests("IWM")) == 2 * before


def test_one_that_fails_is_named_and_the_others_are_kept(server: YahooServer, capsys) -> None:
    ended = call(capsys, "data", "refresh", "IWM", "ZZZZ", "--quiet")
    assert ended.code == 4
    assert "ZZZZ: not found" in ended.err
    assert [row["symbol"] for row in call(capsys, "data", "status", "--json").document["cache"]["prices"]] == ["IWM"]


def test_what_could_not_be_read_now_is_no_refresh(server: YahooServer, capsys) -> None:
    """The kept prices would do for a run; the user has asked for new ones."""
    assert call(capsys, "data", "refresh", "IWM", "--quiet").code == 0
    server.fail("IWM", "502")
    ended = call(capsys, "data", "refresh", "IWM", "--quiet")
    assert (ended.code, ended.out) == (4, "")
    assert "not read now, and left as kept:\n  IWM: source down (" in ended.err
