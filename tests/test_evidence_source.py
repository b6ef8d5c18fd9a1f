"""Prices for the case from Yahoo, by way of the real client on a loopback server, and from files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from advisor.errors import MarketDataError
from advisor.evidence.case import case_from_prices, dated_case
from advisor.evidence.recompute import SYMBOLS
from advisor.evidence.source import price_panel
from advisor.market import sources
from advisor.market.sources import Request
from advisor.market.yahoo import fetch
from tests.market_households import LAST, asked, at, calendar, unwatched, yahoo
from tests.yahoo_server import YahooServer, answer_here

NOW = at(LAST.isoformat())


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[YahooServer]:
    """One calendar, and no pauses between tries."""
    monkeypatch.setattr(sources, "_sessions", lambda now, as_of: calendar())
    monkeypatch.setattr(fetch, "sleep", lambda seconds: None)
    with yahoo(SYMBOLS) as server, answer_here(server):
        yield server


def test_yahoo_renews_the_case_and_is_asked_for_its_funds_alone(server: YahooServer) -> None:
    found = price_panel(Request("yahoo", NOW), None, LAST, unwatched)
    assert (found.name, found.sha256) == ("Yahoo", None)
    assert set(found.panel.symbols) == set(SYMBOLS)
    assert set(asked(server)) == set(SYMBOLS)
    claims = {claim.key: claim for claim in case_from_prices(found.panel, LAST).claims}
    for key in ("rate_cuts", "momentum", "calendar_years", "quality"):
        assert claims[key].age_words == f"computed from these prices, to {LAST}", key
    assert claims.keys() == {claim.key for claim in dated_case(LAST).claims}


def test_what_was_kept_is_used_without_asking(server: YahooServer) -> None:
    online = price_panel(Request("yahoo", NOW), None, LAST, unwatched)
    count = len(server.requests)
    offline = price_panel(Request("yahoo", NOW, offline=True), None, LAST, unwatched)
    assert offline.name == "the cache"
    assert (offline.panel.prices == online.panel.prices).all()
    assert len(server.requests) == count


def test_a_fund_that_yahoo_does_not_give_is_named(server: YahooServer) -> None:
    del server.charts["IJR"]
    with pytest.raises(MarketDataError, match="IJR"):
        price_panel(Request("yahoo", NOW), None, LAST, unwatched)


def file_of(folder: Path, closes: list[float], every: int = 1) -> Path:
    file = folder / "closes.csv"
    days = [date(2026, 1, 1) + timedelta(days=every * n) for n in range(len(closes))]
    file.write_text("Date,SPY\n" + "".join(f"{day},{close}\n" for day, close in zip(days, closes, strict=True)))
    return file


@pytest.mark.parametrize(
    ("closes", "words"),
    [
        ([100.0] * 20 + [50.0] * 20, r"SPY: the close of 2026-01-21 is 0\.5 times that of 2026-01-20"),
        ([100.0] * 20 + [5000.0] + [100.0] * 20, "SPY: the close of 2026-01-21 is 50 times"),
        ([100.0] * 20 + [150.0], r"SPY: the close of 2026-01-21 is 1\.5 times"),
    ],
)
def test_a_jump_in_a_file_is_refused_by_its_day(tmp_path: Path, closes: list[float], words: str) -> None:
    """A missed split, a slip of the decimal point, and a last row that nothing follows."""
    with pytest.raises(MarketDataError, match=words) as caught:
        price_panel(Request("snapshot", NOW), file_of(tmp_path, closes), LAST, unwatched)
    assert "adjusted for splits" in str(caught.value)


def test_a_large_move_over_a_long_gap_is_no_jump(tmp_path: Path) -> None:
    found = price_panel(Request("snapshot", NOW), file_of(tmp_path, [100.0, 50.0], every=300), LAST, unwatched)
    assert found.panel.prices[:, 0].tolist() == [100.0, 50.0]


def test_a_snapshot_has_no_prices_to_test_with(tmp_path: Path) -> None:
    with pytest.raises(MarketDataError, match="no past prices"):
        price_panel(Request(str(tmp_path / "market.json"), NOW), None, LAST, unwatched)
