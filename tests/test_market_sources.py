"""Market data of a whole household, from the real client on a loopback Yahoo to the checked record."""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from advisor.api.recommend import recommend
from advisor.errors import MarketDataError, OutputError
from advisor.market import sources
from advisor.market.paths import imported_folder
from advisor.market.prices import cache as cache_module
from advisor.market.resolve import resolve
from advisor.market.snapshot import read_snapshot
from advisor.market.sources import MarketInput
from advisor.market.yahoo import fetch
from advisor.portfolio.load import load_portfolio
from advisor.rebalance.verify import verify
from tests.holdings_files import Part, invesco
from tests.market_households import (
    LAST,
    NEEDED,
    asked,
    at,
    calendar,
    chart,
    codes,
    facts,
    portfolio,
    portfolio_text,
    read,
    yahoo,
)
from tests.samples import market
from tests.yahoo_server import YahooServer, answer_here, stock_facts

STOOD_IN = "securities: [{symbol: FUNDX, proxy: SPY, price: 21.50}]\n"


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """One calendar for all tests, and no pauses between tries."""
    monkeypatch.setattr(sources, "_sessions", lambda now, as_of: calendar())
    monkeypatch.setattr(fetch, "sleep", lambda seconds: None)


@pytest.fixture
def server() -> Iterator[YahooServer]:
    with yahoo() as server, answer_here(server):
        yield server


def recorded(text: str, found: MarketInput) -> dict:
    """The record of the recommendation for a file, which its independent check has passed."""
    held = load_portfolio(text.encode(), file="test.yaml", today=LAST)
    made = recommend(held, found.market, "test.yaml", text, {"advisor": "test"})
    record: dict = json.loads(made.json_text)
    assert record["certificate"]["passed"]
    if found.document is not None:  # from what is written, as `advisor verify` does
        written = read_snapshot(found.document, source="market.json", file="market.json")
        checks = verify(record, held, resolve(written, held))
        assert [check.detail for check in checks if not check.passed] == []
    return record


def test_what_is_kept_gives_what_was_fetched(server: YahooServer) -> None:
    online = read(portfolio())
    count = len(server.requests)
    assert read(portfolio(), offline=True).document == online.document
    assert read(portfolio()).document == online.document
    assert len(server.requests) == count


def test_symbols_of_the_portfolio_are_asked_for_and_no_others(server: YahooServer) -> None:
    server.charts["BRK-B"] = chart("BRK.B")
    read(portfolio("{symbol: BRK-B, shares: 3, cost_per_share: 300, acquired: 2022-01-03}"))
    prices = {r.path.rsplit("/", 1)[-1] for r in server.requests if r.path.startswith("/v8/finance/chart/")}
    facts = {r.path.rsplit("/", 1)[-1] for r in server.requests if r.path.startswith("/v10/finance/quoteSummary/")}
    assert prices == {"BRK-B", "IJR", "IWM", "NVDA", "SPY", "VTI", "VTWO"}
    assert facts == {
        "IJR",
        "IWM",
        "SGOV",
        "SPY",
        "VTI",
        "VTWO",
    }  # what is known of a stock of the snapshot does not age


def test_prices_and_lists_carry_their_origin_into_the_record(server: YahooServer) -> None:
    found = read(portfolio())
    inputs = recorded(portfolio_text(), found)["inputs"]["market"]
    assert (inputs["source"], inputs["id"], inputs["age_days"]) == ("Yahoo", "yahoo-2026-11-20", 0)
    prices = {row["symbol"]: row for row in inputs["prices"]}
    assert set(prices) == set(NEEDED) - {"SGOV"}  # whose yield is used, and not its price
    for symbol, row in prices.items():
        close = chart(symbol).closes[-1]
        assert row["price_usd"] == f"{Decimal(str(close)).quantize(Decimal('0.01')).normalize():f}"
        assert (row["as_of"], row["age_days"]) == ("2026-11-20", 0)
        assert row["source"] == "Yahoo chart, read 2026-11-20 22:30 UTC"
    assert len({row["sha256"] for row in inputs["prices"]}) == len(prices)
    (listed,) = [row for row in inputs["holdings"] if row["fund"] == "SPY"]
    assert (listed["as_of"], listed["basis"], listed["age_days"]) == ("2026-04-10", "full file", 224)
    assert found.market.constituents["VTI"].source == (
        "Yahoo quoteSummary read on 2026-11-20, of a day that it does not state"
    )


def test_the_risk_free_rate_is_the_yield_of_bills(server: YahooServer) -> None:
    found = read(portfolio()).market.risk_free
    assert (found.value, found.as_of) == (0.0125, LAST)
    assert found.source == "yield of SGOV (Treasury bills); Yahoo quoteSummary"


# Faults of the source -----------------------------------------------------------------------------------------------
def test_a_kept_price_is_marked_in_the_record(server: YahooServer) -> None:
    for symbol in NEEDED:
        server.charts[symbol] = chart(symbol, last=date(2026, 11, 19))
    read(portfolio(), now=at("2026-11-19"))
    for symbol in NEEDED:
        server.charts[symbol] = chart(symbol)
    server.fail("NVDA", "502")
    found = read(portfolio())
    assert codes(found.market) == ["kept_price"]
    record = recorded(portfolio_text(), found)
    told = [warned["message"] for warned in record["warnings"] if warned["code"] == "kept_price"]
    assert told == ["NVDA: source down (the source fails (HTTP 502)); the prices read on 2026-11-19 are used."]
    (price,) = [row for row in record["inputs"]["market"]["prices"] if row["symbol"] == "NVDA"]
    assert (price["as_of"], price["age_days"]) == ("2026-11-19", 1)


def test_facts_that_fail_leave_the_prices(server: YahooServer) -> None:
    server.facts.clear()
    found = read(portfolio())
    assert codes(found.market) == ["facts_not_new"]
    assert found.market.risk_free == market().risk_free
    assert found.market.constituents["VTI"] == market().constituents["VTI"]
    assert found.market.securities["VTI"].close_usd == Decimal(str(chart("VTI").closes[-1])).quantize(Decimal("0.01"))
    assert "facts_not_new" in [warned["code"] for warned in recorded(portfolio_text(), found)["warnings"]]


def test_a_source_that_limits_everyone_ends_the_run(server: YahooServer) -> None:
    server.fail("*", "429")
    with pytest.raises(MarketDataError, match="no usable price from Yahoo for 6 symbols") as raised:
        read(portfolio())
    assert str(raised.value).count("rate-limited") == 6


def test_an_accepted_price_is_the_price_of_the_orders(server: YahooServer) -> None:
    server.fail("IWM", "100 times")
    with pytest.raises(MarketDataError, match=r"--accept-price IWM=123\.45"):
        read(portfolio())
    found = read(portfolio(), accepted={"IWM": "251.25"})
    record = recorded(portfolio_text(), found)
    assert record["inputs"]["market"]["accepted_prices"] == {"IWM": "251.25"}
    (price,) = [row for row in record["inputs"]["market"]["prices"] if row["symbol"] == "IWM"]
    assert (price["price_usd"], price["sha256"]) == ("251.25", None)
    assert price["source"] == "your own price (--accept-price)"
    warned = {warning["code"]: warning["message"] for warning in record["warnings"]}
    assert warned["accepted_prices"] == "Prices as you set them, in place of the source's: IWM at $251.25."
    assert "accepted: 251.25" in warned["price_recent_move"]
    bought = {trade["symbol"]: trade["price_usd"] for trade in record["trades"] if trade["side"] == "buy"}
    assert bought.get("IWM", "251.25") == "251.25"


def test_a_price_for_a_symbol_that_is_not_needed_is_refused(server: YahooServer) -> None:
    with pytest.raises(MarketDataError, match="QQQ is not among the symbols"):
        read(portfolio(), accepted={"QQQ": "700"})
    assert server.requests == []


def test_a_market_that_the_file_describes_itself_is_asked_for_all_the_same(server: YahooServer) -> None:
    """The covariance stands on it."""
    del server.charts["VTI"]
    with pytest.raises(MarketDataError, match=r"VTI: not found"):
        read(portfolio(more="securities: [{symbol: VTI, proxy: SPY, price: 370}]\n"))


# What is kept between runs ------------------------------------------------------------------------------------------
def test_a_cache_that_cannot_be_written_costs_a_note(server: YahooServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: object, content: bytes) -> None:
        raise OutputError("no space left on the device")

    monkeypatch.setattr(cache_module, "write_atomically", full)
    found = read(portfolio())
    assert found.kept_notes == ("not kept for the next run: no space left on the device",)
    monkeypatch.undo()


def test_a_disk_that_takes_no_more_costs_a_note(server: YahooServer) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # bytes; a history has some 100,000
    try:
        found = read(portfolio())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert found.market.id == "yahoo-2026-11-20"
    assert found.kept_notes
    assert all(note.startswith("not kept for the next run: ") for note in found.kept_notes)
    kept = [path.name for path in sources.yahoo_cache().folder.iterdir()]
    assert [name for name in kept if not name.startswith("facts-")] == []


def test_what_is_unreadable_in_the_cache_is_named(server: YahooServer) -> None:
    first = read(portfolio())
    for path in sources.yahoo_cache().folder.glob("prices-*.data"):
        path.write_bytes(b"torn")
    found = read(portfolio())
    assert found.document == first.document
    names = ", ".join(f"prices-{symbol}.data" for symbol in NEEDED if symbol != "SGOV")
    assert found.kept_notes == (f"unreadable in the cache, set aside and read anew: {names}",)


def test_offline_the_age_of_the_prices_is_told(server: YahooServer) -> None:
    read(portfolio())
    assert read(portfolio(), offline=True).kept_notes == (
        "offline: prices as they were read on 2026-11-20 22:30 UTC or later",
    )


# A decision in the past ---------------------------------------------------------------------------------------------
def test_a_past_decision_knows_nothing_that_came_later(server: YahooServer) -> None:
    then = date(2026, 7, 20)
    split = (date(2026, 9, 1), 10, 1)
    server.charts["NVDA"] = replace(server.charts["NVDA"], splits=(split,))
    closes = [float(close or 0) / 10.0 for close in chart("NVDA").closes]  # all of them in the shares of today
    server.charts["NVDA"] = replace(server.charts["NVDA"], closes=closes, adjusted=closes)
    imported = imported_folder()
    imported.mkdir(parents=True)
    content = invesco([Part("AAPL", 60.0), Part("MSFT", 40.0)], fund="SPY").replace(b"09/26/2025", b"08/14/2026")
    (imported / f"SPY_2026-08-14_{_digits(content)}.csv").write_bytes(content)

    found = read(portfolio(as_of=then))
    data = found.market
    assert (data.id, data.as_of) == ("yahoo-2026-07-20", then)
    paid = chart("NVDA", last=then).closes[-1]
    assert float(data.securities["NVDA"].close_usd) == pytest.approx(paid, abs=0.005)
    assert data.splits == {}
    assert data.covariance.end == then
    assert max(data.past_months.months) == date(2026, 6, 30)
    assert data.constituents["SPY"].as_of == date(2026, 4, 10)
    assert data.constituents["SPY"].companies == market().constituents["SPY"].companies
    assert codes(data) == ["facts_read_later"]
    assert read(portfolio()).market.constituents["SPY"].as_of == date(2026, 8, 14)


def _digits(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()[:12]


def test_later_prices_change_nothing_in_a_past_decision(server: YahooServer) -> None:
    held = portfolio(as_of=date(2026, 7, 20))
    first = read(held)
    for symbol in NEEDED:
        made = chart(symbol)
        row = made.days.index(date(2026, 7, 21))
        closes = [*made.closes[:row], *(1.3 * float(close or 0) for close in made.closes[row:])]
        server.charts[symbol] = replace(made, closes=closes, adjusted=closes)
    for path in sources.yahoo_cache().folder.glob("prices-*.data"):
        path.unlink()
    again = read(held)
    documents = [json.loads(found.document or b"") for found in (first, again)]
    for document in documents:
        for row in document["securities"]:
            del row["origin"]  # other bytes were read
    assert documents[0] == documents[1]


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Pacific/Kiritimati", "America/Los_Angeles"])
def test_the_time_zone_of_the_machine_changes_nothing(
    server: YahooServer, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = read(portfolio())
    for path in sources.yahoo_cache().folder.iterdir():
        path.unlink()
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert read(portfolio()).document == first.document
    finally:
        monkeypatch.undo()
        time.tzset()
    assert "TZ" not in os.environ or os.environ["TZ"] != zone


def test_facts_read_in_the_evening_are_of_the_day_in_new_york(server: YahooServer) -> None:
    evening = at("2026-11-21", "01:30")  # still 20:30 on the day before
    found = read(portfolio(), now=evening)
    assert found.market.constituents["VTI"].as_of == LAST
    assert found.market.risk_free.as_of == LAST
    assert codes(found.market) == []


# Stale lots ---------------------------------------------------------------------------------------------------------
def test_a_lot_of_before_a_split_is_told_with_the_corrected_count(server: YahooServer) -> None:
    """The source adjusts all closes for the split of 6 to 1; the lot was entered at the price of its own day."""
    made = chart("VUG")
    server.charts["VUG"] = replace(made, splits=((date(2026, 4, 21), 6, 1),))
    server.facts["VUG"] = facts("VUG")
    paid = 6 * float(made.closes[made.days.index(date(2025, 3, 3))] or 0)
    stale = f"{{symbol: VUG, shares: 10, cost_per_share: {paid:.2f}, acquired: 2025-03-03}}"
    found = read(portfolio(stale))
    (warned,) = [warned for warned in found.market.warnings if warned.code == "stale_lot"]
    assert f"Enter 60 shares at ${paid / 6:,.2f}." in warned.message
    assert "the split of 6 to 1 on 2026-04-21" in warned.message
    told = [row["message"] for row in recorded(portfolio_text(stale), found)["warnings"] if row["code"] == "stale_lot"]
    assert told == [warned.message]
    right = f"{{symbol: VUG, shares: 60, cost_per_share: {paid / 6:.2f}, acquired: 2025-03-03}}"
    assert codes(read(portfolio(right)).market) == []


def test_the_snapshot_tells_a_lot_of_before_a_split_by_its_cost() -> None:
    stale = "{symbol: VUG, shares: 10, cost_per_share: 484.86, acquired: 2025-12-01}"
    (warned,) = read(portfolio(stale), source="snapshot").market.warnings
    assert (warned.code, warned.symbols) == ("stale_lot", ("VUG",))
    assert "60 shares at $80.81" in warned.message
    right = "{symbol: VUG, shares: 60, cost_per_share: 80.81, acquired: 2025-12-01}"
    assert read(portfolio(right), source="snapshot").market.warnings == ()


def test_a_share_class_is_one_security_under_every_spelling(server: YahooServer) -> None:
    """HEI-A in the file is HEI.A in the market data and HEI-A at the source."""
    made = replace(chart("HEI.A"), kind="EQUITY", splits=((date(2026, 4, 21), 5, 1),))
    server.charts["HEI-A"], server.facts["HEI-A"] = made, stock_facts("HEI-A")
    paid = 5 * float(made.closes[made.days.index(date(2025, 3, 3))] or 0)
    stale = f"{{symbol: HEI-A, shares: 10, cost_per_share: {paid:.2f}, acquired: 2025-03-03}}"
    found = read(portfolio(stale), accepted={"HEI.A": "51.25"})
    assert codes(found.market) == ["price_accepted", "stale_lot"]
    record = recorded(portfolio_text(stale), found)
    assert {"stale_lot", "accepted_prices"} <= {row["code"] for row in record["warnings"]}
    assert ("HEI-A", "51.25") in [(row["symbol"], row["price_usd"]) for row in record["inputs"]["market"]["prices"]]


# The portfolio file's own securities --------------------------------------------------------------------------------
def test_a_security_without_data_is_what_the_file_says_it_is(server: YahooServer) -> None:
    held = "{symbol: FUNDX, shares: 100, cost_per_share: 20, acquired: 2024-01-02}"
    found = read(portfolio(held, more=STOOD_IN))
    assert "FUNDX" in asked(server)
    assert "FUNDX" not in found.market.securities
    record = recorded(portfolio_text(held, more=STOOD_IN), found)
    (price,) = [row for row in record["inputs"]["market"]["prices"] if row["symbol"] == "FUNDX"]
    assert (price["price_usd"], price["source"]) == ("21.5", "your own price (portfolio file)")


def test_a_security_with_data_has_its_own_in_spite_of_a_note(server: YahooServer) -> None:
    server.charts["FUNDX"] = chart("FUNDX")
    held = "{symbol: FUNDX, shares: 100, cost_per_share: 20, acquired: 2024-01-02}"
    found = read(portfolio(held, more=STOOD_IN))
    assert float(found.market.securities["FUNDX"].close_usd) == pytest.approx(
        float(chart("FUNDX").closes[-1] or 0), abs=0.005
    )


@pytest.mark.parametrize(("count", "price"), [(10, "21.5"), (24, "21.5"), (25, None)])
def test_a_note_stands_in_for_a_history_that_is_too_short(server: YahooServer, count: int, price: str | None) -> None:
    made = chart("FUNDX")
    columns = {name: getattr(made, name)[-count:] for name in ("days", "closes", "adjusted", "volumes")}
    server.charts["FUNDX"] = replace(made, **columns)
    held = "{symbol: FUNDX, shares: 100, cost_per_share: 20, acquired: 2024-01-02}"
    found = read(portfolio(held, more=STOOD_IN))
    assert ("FUNDX" in found.market.securities) is (price is None)
    assert codes(found.market).count("short_history") == (price is not None)
    record = recorded(portfolio_text(held, more=STOOD_IN), found)
    (row,) = [row for row in record["inputs"]["market"]["prices"] if row["symbol"] == "FUNDX"]
    assert row["price_usd"] == price or price is None
    if price is not None:
        with pytest.raises(MarketDataError, match=rf"fewer than 24 daily returns .*FUNDX \({count - 1}\)"):
            read(portfolio(held))


def test_a_loss_beside_a_purchase_of_a_fund_without_data_is_a_wash_sale(server: YahooServer) -> None:
    """VTWO was bought; it is neither held nor on offer, so that nobody asks for its price."""
    held = "{symbol: IWM, shares: 60, cost_per_share: 900, acquired: 2025-01-02}"
    more = (
        "preferences: {buy: [IJR]}\n"
        "history: [{date: 2026-11-05, account: Brokerage, symbol: VTWO, side: buy, shares: 10}]\n"
    )
    found = read(portfolio(held, more=more))
    assert "VTWO" not in asked(server)
    assert found.market.identity("VTWO") == "Russell 2000"
    record = recorded(portfolio_text(held, more=more), found)
    assert "kept_wash_sale" in [row["code"] for row in record["warnings"]]
    without = "preferences: {buy: [IJR]}\n"
    record = recorded(portfolio_text(held, more=without), read(portfolio(held, more=without)))
    assert "kept_wash_sale" not in [row["code"] for row in record["warnings"]]


def test_a_snapshot_has_no_history_to_choose_a_covariance_from() -> None:
    with pytest.raises(MarketDataError, match="a snapshot has no price history"):
        read(portfolio(more="preferences: {covariance: {method: ledoit_wolf}}\n"), source="snapshot")


@pytest.mark.parametrize("method", ["sample", "ledoit_wolf", "factor", "pairwise"])
def test_each_choice_of_covariance_reaches_the_market_data(server: YahooServer, method: str) -> None:
    chosen = f"preferences: {{covariance: {{method: {method}, returns: weekly, years: 3}}}}\n"
    found = read(portfolio(more=chosen)).market.covariance
    assert (found.start, found.end) == (date(2023, 11, 20), LAST)
    assert "weekly" in found.method
