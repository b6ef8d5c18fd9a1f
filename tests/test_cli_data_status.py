"""``advisor data status`` and ``refresh``, as far as they ask nobody."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from advisor.market.live import FACTS, PRICES
from advisor.market.paths import imported_folder
from advisor.market.snapshot import load_snapshot
from advisor.market.sources import yahoo_cache
from tests.command import call
from tests.test_market_history import FACTS as SOME_FACTS
from tests.test_market_history import HISTORY


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


def test_a_price_for_a_symbol_that_is_not_refreshed_is_refused(capsys, tmp_path: Path) -> None:
    ended = call(capsys, "data", "refresh", "IWM", "--accept-price", "SPY=1")
    assert ended.code == 4
    assert "--accept-price: SPY is not among the symbols" in ended.err
