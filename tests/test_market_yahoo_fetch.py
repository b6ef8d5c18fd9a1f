"""Prices from the real client, as the loopback Yahoo gives them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from advisor.market.prices.history import FaultCause, PriceHistory, SecurityKind, SourceFault
from advisor.market.yahoo import fetch
from advisor.market.yahoo.faults import seconds_to_wait
from advisor.market.yahoo.fetch import fetch_facts, fetch_histories
from tests.yahoo_server import (
    LAST_DAY,
    NOW,
    Answer,
    YahooServer,
    answer_here,
    fund_facts,
    recorded_bars,
    stock_facts,
    walk,
)

START = date(2016, 1, 4)
MANY = [f"F{place}" for place in range(12)]
SHORT = {"count": 40}
RECORDED = Path(__file__).parents[2] / "shared" / "data" / "yahoo" / "recorded"


@pytest.fixture
def server() -> Iterator[YahooServer]:
    charts = {symbol: walk(symbol, **SHORT) for symbol in ("IWM", "BRK-B", *MANY)}
    facts = {"IWM": fund_facts("IWM"), "NVDA": stock_facts("NVDA")}
    with YahooServer(charts, facts) as server, answer_here(server):
        yield server


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses between tries, which are noted and not made."""
    made: list[float] = []
    monkeypatch.setattr(fetch, "sleep", made.append)
    return made


def history_of(symbol: str, timeout: float = 10.0) -> PriceHistory | SourceFault:
    return fetch_histories([symbol], START, now=NOW, timeout=timeout)[symbol]


def prices_of(symbol: str) -> PriceHistory:
    found = history_of(symbol)
    assert isinstance(found, PriceHistory), found
    return found


def fault_of(symbol: str, timeout: float = 10.0) -> SourceFault:
    found = history_of(symbol, timeout)
    assert isinstance(found, SourceFault)
    return found


def test_prices_are_those_of_the_source(server: YahooServer) -> None:
    chart = walk("IWM", splits=((date(2021, 7, 6), 3, 2), (date(2024, 6, 10), 1, 15)))
    server.charts["IWM"] = chart
    found = prices_of("IWM")
    first = next(row for row, day in enumerate(chart.days) if day >= START)
    assert found.days == chart.days[first:]
    np.testing.assert_array_equal(found.closes, chart.closes[first:])
    np.testing.assert_array_equal(found.adjusted, chart.adjusted[first:])
    np.testing.assert_array_equal(found.volumes, chart.volumes[first:])
    assert [(split.day, split.ratio) for split in found.splits] == [
        (date(2021, 7, 6), Decimal("1.5")),
        (date(2024, 6, 10), Decimal(str(1 / 15))),
    ]
    assert (found.symbol, found.kind, found.currency, found.name) == (
        "IWM",
        SecurityKind.ETF,
        "USD",
        "A made-up security",
    )
    assert found.fetched == NOW
    assert PriceHistory.from_bytes(found.to_bytes()).to_bytes() == found.to_bytes()


def test_a_history_costs_one_request_beside_a_cookie_and_a_crumb(server: YahooServer) -> None:
    fetch_histories(MANY, START, now=NOW)
    others = [request.path for request in server.requests if request not in server.data_requests()]
    assert (len(server.data_requests()), others) == (len(MANY), ["/", "/v1/test/getcrumb"])


def test_a_share_class_is_asked_for_in_the_spelling_of_the_source(server: YahooServer) -> None:
    assert prices_of("BRK.B").symbol == "BRK.B"
    assert [request.path for request in server.data_requests()] == ["/v8/finance/chart/BRK-B"]


@pytest.mark.parametrize(
    "symbol",
    [
        "",
        " SPY",
        "spy",
        "SPY?range=max&",
        "A/../../../v1/finance/search?q=x#",
        "../x",
        "АAPL",  # a Cyrillic A
        "SPY\r\nX-Evil: 1",
        "SPY\n",
        "SPY%00",
        "٣",
        "A" * 16,
        "A" * 300,
        "^GSPC",
        "-A",
    ],
)
def test_nothing_is_requested_for_what_is_no_ticker_symbol(server: YahooServer, symbol: str) -> None:
    for ask in (lambda: fetch_histories(["IWM", symbol], START, now=NOW), lambda: fetch_facts([symbol], now=NOW)):
        with pytest.raises(ValueError, match="is not a ticker symbol"):
            ask()
    assert server.requests == []


def test_nothing_is_requested_for_an_isin(server: YahooServer) -> None:
    assert fault_of("US0378331005").cause is FaultCause.WRONG_INSTRUMENT
    assert server.requests == []


@pytest.mark.parametrize("fault", ["429", "502", "short", "truncated"])
def test_a_fault_that_passes_costs_one_more_try(server: YahooServer, pauses: list[float], fault: str) -> None:
    server.fail("IWM", fault, times=1)
    assert len(prices_of("IWM").days) == SHORT["count"]
    assert len(server.data_requests()) == 2
    assert len(pauses) == 1


def test_a_fault_that_stays_is_tried_three_times_with_longer_pauses(server: YahooServer, pauses: list[float]) -> None:
    server.fail("IWM", "502")
    assert fault_of("IWM", timeout=10.0).cause is FaultCause.SOURCE_DOWN
    assert len(server.data_requests()) == 3
    assert 0.5 <= pauses[0] <= 1.5  # a tenth of the timeout, times 0.5 to 1.5
    assert 1.0 <= pauses[1] <= 3.0


def test_a_pause_is_as_long_as_the_source_asks_for(server: YahooServer, pauses: list[float]) -> None:
    server.fail("IWM", "429 for seconds", times=1)
    prices_of("IWM")
    assert pauses == [4.0]


def test_a_source_that_asks_for_more_patience_than_there_is_time_is_left_alone(
    server: YahooServer, pauses: list[float]
) -> None:
    server.fail("IWM", "429 for long")
    fault = fault_of("IWM")
    assert (fault.cause, len(server.data_requests()), pauses) == (FaultCause.RATE_LIMITED, 1, [])
    assert "wait 3600 s" in fault.detail


def test_retry_after_is_read_as_seconds_or_as_a_date() -> None:
    now, later = "Mon, 13 Jul 2026 21:30:00 GMT", "Mon, 13 Jul 2026 21:32:00 GMT"
    values = [("120", None), (later, now), (now, later), (later, None), ("soon", now), (None, now)]
    assert [seconds_to_wait(*value) for value in values] == [120.0, 120.0, 0.0, None, None, None]


def test_at_most_four_requests_are_open_at_once(server: YahooServer) -> None:
    server.latency = 0.05
    fetch_histories(MANY, START, now=NOW)
    assert server.most_at_once == 4


def test_outcomes_have_the_order_of_the_symbols_and_progress_tells_of_each(server: YahooServer) -> None:
    server.fail("F3", "404")
    told: list[str] = []
    threads: list[bool] = []

    def progress(symbol: str) -> None:
        told.append(symbol)
        threads.append(threading.current_thread() is threading.main_thread())

    found = fetch_histories([*MANY, "F0"], START, now=NOW, progress=progress)
    assert list(found) == MANY
    assert sorted(told) == sorted(MANY)
    assert all(threads)
    assert [symbol for symbol, each in found.items() if isinstance(each, SourceFault)] == ["F3"]


@pytest.mark.parametrize("fault", ["429", "502", "slow"])
def test_one_symbol_that_fails_takes_no_other_with_it(server: YahooServer, fault: str) -> None:
    server.fail("F1", fault)
    found = fetch_histories(MANY, START, now=NOW, timeout=1.0)
    assert [symbol for symbol, each in found.items() if isinstance(each, SourceFault)] == ["F1"]


def test_a_source_that_fails_four_times_running_is_not_asked_for_the_rest(
    server: YahooServer, pauses: list[float]
) -> None:
    server.fail("*", "429")
    found = fetch_histories(MANY, START, now=NOW)
    assert {each.cause for each in found.values() if isinstance(each, SourceFault)} == {FaultCause.RATE_LIMITED}
    assert len(found) == len(MANY)
    asked = {request.path for request in server.data_requests()}
    assert len(asked) <= 7  # four that failed, and the three that were open when the fourth did


def test_without_a_server_there_is_no_network(server: YahooServer) -> None:
    server.__exit__()
    assert fault_of("IWM").cause is FaultCause.NO_NETWORK


def test_a_day_without_a_close_is_left_out(server: YahooServer) -> None:
    chart = server.charts["IWM"]
    server.fail("IWM", "no close")
    found = prices_of("IWM")
    assert found.days == chart.days[:-1]
    np.testing.assert_array_equal(found.closes, chart.closes[:-1])


def test_of_two_rows_for_the_last_day_the_later_counts(server: YahooServer) -> None:
    chart = server.charts["IWM"]
    server.fail("IWM", "second row of the day")
    found = prices_of("IWM")
    assert found.days == chart.days
    assert found.closes[-1] == chart.closes[-1] + 1.0


def test_a_page_that_asks_for_consent_is_answered_and_the_prices_asked_for_again(
    server: YahooServer, pauses: list[float]
) -> None:
    server.fail("IWM", "consent")
    assert len(prices_of("IWM").days) == SHORT["count"]
    hosts = [request.host for request in server.requests if request.path == "/v2/collectConsent"]
    assert hosts == ["consent.yahoo.com", "consent.yahoo.com"]


def test_a_redirect_is_followed_to_hosts_of_the_source_alone(server: YahooServer) -> None:
    server.fail("IWM", "redirect")
    assert "not its own" in fault_of("IWM").detail
    assert {request.host for request in server.requests} <= {
        "fc.yahoo.com",
        "query1.finance.yahoo.com",
        "query2.finance.yahoo.com",
    }


def test_redirects_without_end_are_a_bad_answer(server: YahooServer) -> None:
    server.fail("*", "loop")
    fault = fault_of("IWM")
    assert (fault.cause, fault.detail) == (FaultCause.BAD_ANSWER, "the source redirects without end")


def test_a_host_for_cookies_that_never_answers_is_asked_once(server: YahooServer) -> None:
    server.answers["/"] = Answer(200, b"", how="slow")
    found = fetch_histories(MANY, START, now=NOW, timeout=1.0)
    assert [each for each in found.values() if isinstance(each, SourceFault)] == []
    assert [request.host for request in server.requests].count("fc.yahoo.com") == 1


def test_a_crumb_that_has_expired_is_renewed(server: YahooServer) -> None:
    first = fetch_facts(["IWM"], now=NOW)["IWM"]
    server.crumb = "another"
    second = fetch_facts(["IWM"], now=NOW)["IWM"]
    assert first == second
    assert not isinstance(second, SourceFault)


def test_facts_for_which_no_crumb_is_given_are_rate_limited(server: YahooServer, pauses: list[float]) -> None:
    server.answers["/v1/test/getcrumb"] = Answer(429, b"Too Many Requests", "text/plain")
    assert isinstance(prices_of("IWM"), PriceHistory)  # prices need none
    fault = fetch_facts(["IWM"], now=NOW)["IWM"]
    assert isinstance(fault, SourceFault)
    assert fault.cause is FaultCause.RATE_LIMITED


def test_a_source_that_never_answers_is_not_waited_for_once_for_each_symbol(server: YahooServer) -> None:
    server.answers = {path: Answer(200, b"", how="slow") for path in ("/", "/v1/test/getcrumb")}
    server.fail("*", "slow")
    found = fetch_histories(MANY, START, now=NOW, timeout=0.5)
    assert {each.cause for each in found.values() if isinstance(each, SourceFault)} == {FaultCause.TIMED_OUT}
    assert len(found) == len(MANY)
    details = [each.detail for each in found.values() if isinstance(each, SourceFault)]
    assert sum(detail.startswith("not asked") for detail in details) >= len(MANY) - 7


def test_facts_cost_one_request_for_each_symbol(server: YahooServer) -> None:
    found = fetch_facts(["IWM", "NVDA", "NONE"], now=NOW)
    assert [type(each).__name__ for each in found.values()] == ["SecurityFacts", "SecurityFacts", "SourceFault"]
    assert len(server.data_requests()) == 3


@pytest.mark.skipif(recorded_bars("IWM") is None, reason="the shared price bars are not beside the checkout")
def test_real_bars_pass_through_unchanged(server: YahooServer) -> None:
    chart = recorded_bars("IWM")
    assert chart is not None
    server.charts["IWM"] = chart
    found = prices_of("IWM")
    rows = [row for row, day in enumerate(chart.days) if day >= START]
    assert found.days == tuple(chart.days[row] for row in rows)
    np.testing.assert_array_equal(found.closes, [chart.closes[row] for row in rows])
    np.testing.assert_array_equal(found.adjusted, [chart.adjusted[row] for row in rows])


@pytest.mark.skipif(not RECORDED.exists(), reason="the shared recorded answers are not beside the checkout")
@pytest.mark.parametrize(
    ("name", "symbol", "rows", "last_close"),
    [
        ("chart-QQQ-2020-01-01-to-2020-01-03", "QQQ", 1, 216.16),
        ("historical-via-chart-MSFT-dividends-2021-02-01-to-2022-01-31.csv", "MSFT", 252, 308.26),
        ("historical-via-chart-NVDA-split-2021-02-01-to-2022-01-31.csv", "NVDA", 252, 22.84),
    ],
)
def test_recorded_answers_are_read(server: YahooServer, name: str, symbol: str, rows: int, last_close: float) -> None:
    body = json.loads((RECORDED / f"{name}.json").read_text("utf-8"))["response"]["bodyJson"]
    server.answers[f"/v8/finance/chart/{symbol}"] = Answer(200, json.dumps(body).encode())
    found = prices_of(symbol)
    assert (found.symbol, found.currency) == (symbol, "USD")
    assert len(found.days) == rows
    assert found.closes[-1] == pytest.approx(last_close, abs=0.005)


@pytest.mark.skipif(not RECORDED.exists(), reason="the shared recorded answers are not beside the checkout")
def test_recorded_facts_are_read(server: YahooServer) -> None:
    name = "quoteSummary-all-QQQ.json"
    body = json.loads((RECORDED / name).read_text("utf-8"))["response"]["bodyJson"]
    server.answers["/v10/finance/quoteSummary/QQQ"] = Answer(200, json.dumps(body).encode())
    found = fetch_facts(["QQQ"], now=NOW)["QQQ"]
    assert not isinstance(found, SourceFault)
    assert (found.name, found.kind, found.category) == ("Invesco QQQ Trust", SecurityKind.ETF, "Large Growth")
    assert (found.expense_ratio, found.dividend_yield) == (0.002, 0.0054)
    assert found.price_to_earnings == pytest.approx(1 / 0.02938, rel=1e-12)
    assert found.top_holdings[0] == ("AAPL", "Apple Inc", 0.090070695)
    assert (len(found.top_holdings), len(found.sectors)) == (10, 11)
    assert sum(found.sectors.values()) == pytest.approx(1.0, abs=0.001)


def test_prices_end_today_whatever_the_clock_of_the_machine_says(server: YahooServer) -> None:
    earlier = NOW - timedelta(days=20)
    found = fetch_histories(["IWM"], START, now=earlier)["IWM"]
    assert isinstance(found, PriceHistory)
    assert found.days[-1] <= earlier.date() < LAST_DAY
