"""A Yahoo on 127.0.0.1 for tests: charts made from bars, facts, crumbs and consent pages, and every fault in turn.

    with YahooServer(charts={"IWM": walk("IWM")}, facts={"IWM": fund_facts("IWM")}, latency=0.05) as server:
        server.fail("IWM", "429", times=1)
        ...
        server.requests

Symbols are in Yahoo's spelling (BRK-B). `tests/shim` brings an unmodified program here: see `environment`, and
`answer_here` for the process of the test itself. What is served is made up here; the shapes are Yahoo's.
"""

from __future__ import annotations

import csv
import json
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from advisor.market.prices.sessions import Sessions
from tests.shim.sitecustomize import HOST_HEADER, PORT, to_loopback

SHIM = Path(__file__).parent / "shim"
OHLC = Path(__file__).parents[2] / "shared" / "data" / "ohlc"
NEW_YORK = ZoneInfo("America/New_York")
LAST_DAY = date(2026, 7, 13)  # a Monday
NOW = datetime(2026, 7, 13, 21, 30, tzinfo=UTC)  # after the close of that day
CRUMB = "a1B2c3D4e5F"
NOT_FOUND = {"code": "Not Found", "description": "No data found, symbol may be delisted"}


@dataclass(frozen=True)
class Chart:
    """Daily bars of one security, and what the source says of it."""

    symbol: str
    days: tuple[date, ...]
    closes: Sequence[float | None]
    adjusted: Sequence[float | None]
    volumes: Sequence[int | None]
    kind: str = "ETF"
    currency: str = "USD"
    name: str = "A made-up security"
    splits: tuple[tuple[date, int, int], ...] = ()  # day, numerator, denominator
    dividends: tuple[tuple[date, float], ...] = ()


@cache
def sessions() -> Sessions:
    """Sessions of the exchange to half a year after the last day that is served."""
    return Sessions.new_york(LAST_DAY + timedelta(days=180), date(2005, 1, 3))


def walk(
    symbol: str,
    *,
    last: date = LAST_DAY,
    count: int = 2770,
    seed: int = 1,
    close: float = 100.0,
    days: Sequence[date] | None = None,
    kind: str = "ETF",
    **more: Any,
) -> Chart:
    """A plausible history of `count` sessions that ends at `close`: returns of 1.1% a day, 0.3% paid a quarter."""
    days = tuple(days) if days is not None else tuple(day for day in sessions().days if day <= last)[-count:]
    generator = np.random.default_rng([seed, *symbol.encode()])
    returns = np.clip(generator.normal(0.0003, 0.011, len(days)), -0.2, 0.2)
    closes = np.exp(np.cumsum(np.log1p(returns)))
    closes = np.round(closes * (close / closes[-1]), 4)
    quarters = [row for row in range(1, len(days)) if row % 63 == 0]
    factors = np.ones(len(days))
    for row in quarters:
        factors[:row] *= 1.0 - 0.003
    return Chart(
        symbol=symbol,
        days=days,
        closes=closes.tolist(),
        adjusted=np.round(closes * factors, 6).tolist(),
        volumes=generator.integers(1_000_000, 9_000_000, len(days)).tolist(),
        kind=kind,
        dividends=tuple((days[row], round(float(closes[row]) * 0.003, 4)) for row in quarters),
        **more,
    )


def recorded_bars(symbol: str) -> Chart | None:
    """A real history, where the folder of shared data stands beside the checkout."""
    path = OHLC / f"{symbol}.csv"
    if not path.exists():
        return None
    rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    return Chart(
        symbol=symbol,
        days=tuple(date.fromisoformat(row["Date"][:10]) for row in rows),
        closes=[float(row["Close"]) for row in rows],
        adjusted=[float(row["AdjClose"]) for row in rows],
        volumes=[int(float(row["Volume"])) for row in rows],
        dividends=tuple(
            (date.fromisoformat(row["Date"][:10]), float(row["Dividends"])) for row in rows if float(row["Dividends"])
        ),
    )


def fund_facts(symbol: str, **modules: Any) -> dict[str, Any]:
    """Facts of a made-up fund; `modules` replace parts of them."""
    largest = [("AAPL", "Apple Inc", 0.07), ("MSFT", "Microsoft Corp", 0.06), ("", "Cash", 0.02)]
    return {
        "quoteType": {"symbol": symbol, "quoteType": "ETF", "longName": f"{symbol} Fund"},
        "summaryDetail": {"yield": 0.0125},
        "fundProfile": {
            "categoryName": "Small Blend",
            "feesExpensesInvestment": {"annualReportExpenseRatio": 0.0019},
        },
        "topHoldings": {
            "holdings": [
                {"symbol": holding, "holdingName": name, "holdingPercent": weight} for holding, name, weight in largest
            ],
            "equityHoldings": {"priceToEarnings": 0.055},
            "sectorWeightings": [{"technology": 0.4}, {"healthcare": 0.6}],
        },
    } | modules


def stock_facts(symbol: str, sector: str = "Technology") -> dict[str, Any]:
    """Facts of a made-up company."""
    return {
        "quoteType": {"symbol": symbol, "quoteType": "EQUITY", "longName": f"{symbol} Inc."},
        "summaryDetail": {"dividendYield": 0.004, "trailingPE": 30.0},
        "assetProfile": {"sector": sector},
    }


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    host: str
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class Answer:
    """What is sent back; `how` says how, where not plainly."""

    status: int
    body: bytes
    content_type: str = "application/json;charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    how: str = "plainly"


def as_json(document: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(status, json.dumps(document).encode(), headers=headers)


def as_page(text: str, status: int = 200, **headers: str) -> Answer:
    page = f"<!DOCTYPE html>\n<html><body>{text}</body></html>"
    return Answer(status, page.encode(), "text/html;charset=utf-8", headers)


def _error(status: int, code: str) -> Callable[[Answer], Answer]:
    document = {"chart": {"result": None, "error": {"code": code, "description": "..."}}}
    return lambda answer: as_json(document, status)


def _body(body: bytes) -> Callable[[Answer], Answer]:
    return lambda answer: Answer(200, body)


TRANSPORT_FAULTS: dict[str, Callable[[Answer], Answer]] = {
    "429": lambda answer: Answer(429, b"Too Many Requests\r\n", "text/plain"),
    "404": lambda answer: as_json({"chart": {"result": None, "error": NOT_FOUND}}, 404),
    "500": _error(500, "Internal Server Error"),
    "502": lambda answer: as_page("502 Bad Gateway", 502),
    "html": lambda answer: as_page("Yahoo"),
    "will be right back": lambda answer: as_page("<h1>Will be right back...</h1>"),
    "truncated": lambda answer: Answer(200, answer.body[: len(answer.body) // 2]),
    "empty": _body(b""),
    "redirect": lambda answer: as_page("", 302, Location="https://example.com/elsewhere"),
    "no result": _body(b'{"chart":{"result":[],"error":null}}'),
    "null": _body(b"null"),
    "list": _body(b"[]"),
    "short": lambda answer: Answer(200, answer.body, how="short"),
    "reset": lambda answer: Answer(200, answer.body, how="reset"),
    "slow": lambda answer: Answer(200, answer.body, how="slow"),
    "drip": lambda answer: Answer(200, answer.body, how="drip"),
}


def _change_chart(change: Callable[[dict[str, Any]], None]) -> Callable[[Answer], Answer]:
    """A fault in the data: `change` works on ``chart.result[0]`` in place."""

    def changed(answer: Answer) -> Answer:
        document = json.loads(answer.body)
        change(document["chart"]["result"][0])
        return as_json(document)

    return changed


def _last(column: str, value: Callable[[float], Any]) -> Callable[[Answer], Answer]:
    def change(chart: dict[str, Any]) -> None:
        columns = chart["indicators"]["adjclose" if column == "adjclose" else "quote"][0]
        columns[column][-1] = value(columns[column][-1])

    return _change_chart(change)


def _meta(**values: str) -> Callable[[Answer], Answer]:
    return _change_chart(lambda chart: chart["meta"].update(values))


def _without(name: str) -> Callable[[Answer], Answer]:
    return _change_chart(lambda chart: chart["meta"].pop(name))


def _split(chart: dict[str, Any]) -> None:
    second = chart["timestamp"][-5]
    event = {"date": second, "numerator": 4, "denominator": 0, "splitRatio": "4:0"}
    chart.setdefault("events", {})["splits"] = {str(second): event}


def _unannounced_split(chart: dict[str, Any]) -> None:
    """The last ten days at a quarter of the price, without an event, in all columns."""
    for columns in (chart["indicators"]["quote"][0], chart["indicators"]["adjclose"][0]):
        for name in set(columns) - {"volume"}:
            columns[name][-10:] = [value / 4.0 for value in columns[name][-10:]]


def _shorten(chart: dict[str, Any]) -> None:
    chart["indicators"]["quote"][0]["close"].pop()


def _repeat(chart: dict[str, Any]) -> None:
    chart["timestamp"][-3] = chart["timestamp"][-4]


def _repeat_last(chart: dict[str, Any]) -> None:
    """The price of this minute beside the row of the day, as Yahoo sends it during a session."""
    chart["timestamp"].append(chart["timestamp"][-1] + 3600)
    for columns in (chart["indicators"]["quote"][0], chart["indicators"]["adjclose"][0]):
        for name in columns:
            columns[name] = [*columns[name], columns[name][-1] * 2 if name == "volume" else columns[name][-1] + 1.0]


def _future(chart: dict[str, Any]) -> None:
    chart["timestamp"][-1] += 400 * 86400


def _scale_last(factor: float) -> Callable[[Answer], Answer]:
    def change(chart: dict[str, Any]) -> None:
        for columns in (chart["indicators"]["quote"][0], chart["indicators"]["adjclose"][0]):
            for name in set(columns) - {"volume"}:
                columns[name][-1] *= factor

    return _change_chart(change)


def _no_closes(chart: dict[str, Any]) -> None:
    """None for the last two sessions; for one alone, the day before is a price that one may have in any case."""
    chart["indicators"]["quote"][0]["close"][-2:] = [None, None]


def _old(chart: dict[str, Any]) -> None:
    """Without the last 280 sessions, which are 400 days."""
    del chart["timestamp"][-280:]
    for columns in (chart["indicators"]["quote"][0], chart["indicators"]["adjclose"][0]):
        for name in columns:
            columns[name] = columns[name][:-280]


def _no_columns(chart: dict[str, Any]) -> None:
    chart["indicators"]["quote"] = [{}]


TRANSPORT_FAULTS["no columns"] = _change_chart(_no_columns)
DATA_FAULTS: dict[str, Callable[[Answer], Answer]] = {
    "no closes": _change_chart(_no_closes),
    "100 times": _scale_last(100.0),
    "a hundredth": _scale_last(0.01),
    "zero": _last("close", lambda close: 0.0),
    "negative": _last("close", lambda close: -5.0),
    "text": _last("close", str),
    "infinite": _last("adjclose", lambda close: float("inf")),
    "no volume": _last("volume", lambda volume: 0),
    "old": _change_chart(_old),
    "future": _change_chart(_future),
    "repeated day": _change_chart(_repeat),
    "unequal columns": _change_chart(_shorten),
    "other symbol": _meta(symbol="SPAM"),
    "pence": _meta(currency="GBp"),
    "other type": _meta(instrumentType="INDEX"),
    "no currency": _without("currency"),
    "unknown zone": _meta(exchangeTimezoneName="Mars/Olympus_Mons"),
    "split 4:0": _change_chart(_split),
    "split without event": _change_chart(_unannounced_split),
}
OTHER_FAULTS: dict[str, Callable[[Answer], Answer]] = {
    "429 for long": lambda answer: Answer(429, b"Too Many Requests\r\n", "text/plain", {"Retry-After": "3600"}),
    "429 for seconds": lambda answer: Answer(429, b"Too Many Requests\r\n", "text/plain", {"Retry-After": "4"}),
    "404 page": lambda answer: as_page("404", 404),
    "401": _error(401, "Unauthorized"),
    "loop": lambda answer: as_page("", 302, Location="https://query2.finance.yahoo.com/v8/finance/chart/AGAIN"),
    "no close": _last("close", lambda close: None),
    "second row of the day": _change_chart(_repeat_last),
    "consent": lambda answer: as_page("", 307, Location="https://guce.yahoo.com/consent?done=x"),
}
FAULTS = TRANSPORT_FAULTS | DATA_FAULTS | OTHER_FAULTS


class YahooServer:
    """The server, from `with` to the end of its block; `requests` are all that arrived, in order."""

    def __init__(
        self,
        charts: Mapping[str, Chart] | None = None,
        facts: Mapping[str, Mapping[str, Any]] | None = None,
        latency: float = 0.0,
    ) -> None:
        self.charts = dict(charts or {})
        self.facts = dict(facts or {})
        self.latency = latency
        self.crumb = CRUMB
        self.answers: dict[str, Answer] = {}  # by path, in place of what is made: for recorded answers
        self.requests: list[Seen] = []
        self.most_at_once = 0
        self.closing = threading.Event()
        self._has_consent = False
        self._now_open = 0
        self._lock = threading.Lock()
        self._faults: dict[str, tuple[str, int | None]] = {}
        self._httpd = _Httpd(self)

    @property
    def port(self) -> int:
        return self._httpd.server_address[1]

    def __enter__(self) -> YahooServer:
        threading.Thread(target=self._httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._httpd.shutdown()
        self._httpd.server_close()

    def fail(self, symbol: str, mode: str, times: int | None = None) -> None:
        """Answer the next requests for a symbol's data ("*": for anyone's) with a fault; all of them by default."""
        if mode not in FAULTS:
            raise ValueError(f"{mode}: one of {sorted(FAULTS)}")
        self._faults[symbol] = (mode, times)

    def mend(self) -> None:
        """Answer everything rightly again."""
        self._faults.clear()

    def environment(self) -> dict[str, str]:
        """Variables under which a Python process meets this Yahoo in place of the real one."""
        path = [str(SHIM), str(SHIM.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
        return dict(os.environ) | {PORT: str(self.port), "PYTHONPATH": os.pathsep.join(path)}

    def data_requests(self, symbol: str | None = None) -> list[Seen]:
        """Requests for charts and facts, of one symbol or of all."""
        paths = ("/v8/finance/chart/", "/v10/finance/quoteSummary/")
        seen = [request for request in self.requests if request.path.startswith(paths)]
        return [request for request in seen if symbol in (None, request.path.rsplit("/", 1)[-1])]

    def wait_for_requests(self, count: int, seconds: float) -> bool:
        """Whether so many requests for data arrive within some time."""
        for _ in range(int(seconds / 0.05)):
            if len(self.data_requests()) >= count:
                return True
            time.sleep(0.05)
        return False

    def answer(self, seen: Seen) -> Answer:
        """What to send back."""
        with self._lock:
            self.requests.append(seen)
        if seen.path in self.answers:
            return self.answers[seen.path]
        self._has_consent |= seen.path == "/v2/collectConsent" and seen.method == "POST"
        if seen.path.startswith("/v8/finance/chart/"):
            return self._failing(seen, self._chart(seen))
        if seen.path.startswith("/v10/finance/quoteSummary/"):
            return self._failing(seen, self._summary(seen))
        return _page_for_cookies(seen, self.crumb)

    @contextmanager
    def open_request(self) -> Iterator[None]:
        """Count how many are open at once."""
        with self._lock:
            self._now_open += 1
            self.most_at_once = max(self.most_at_once, self._now_open)
        try:
            yield
        finally:
            with self._lock:
                self._now_open -= 1

    def _failing(self, seen: Seen, answer: Answer) -> Answer:
        symbol = seen.path.rsplit("/", 1)[-1]
        with self._lock:
            key = symbol if symbol in self._faults else "*"
            mode, left = self._faults.get(key, ("", 0))
            if not mode or left == 0 or (mode == "consent" and self._has_consent):
                return answer
            self._faults[key] = (mode, None if left is None else left - 1)
        return FAULTS[mode](answer)

    def _chart(self, seen: Seen) -> Answer:
        chart = self.charts.get(seen.path.rsplit("/", 1)[-1])
        if chart is None:
            return as_json({"chart": {"result": None, "error": NOT_FOUND}}, 404)
        start, end = (int(seen.query.get(name, default)) for name, default in (("period1", 0), ("period2", 2**40)))
        return as_json({"chart": {"result": [chart_document(chart, start, end)], "error": None}})

    def _summary(self, seen: Seen) -> Answer:
        if seen.query.get("crumb") != self.crumb:
            error = {"code": "Unauthorized", "description": "Invalid Crumb"}
            return as_json({"finance": {"result": None, "error": error}}, 401)
        facts = self.facts.get(seen.path.rsplit("/", 1)[-1])
        if facts is None:
            return as_json({"quoteSummary": {"result": None, "error": NOT_FOUND}}, 404)
        asked = seen.query.get("modules", "").split(",")
        found = {name: module for name, module in facts.items() if name in asked}
        return as_json({"quoteSummary": {"result": [found], "error": None}})


def chart_document(chart: Chart, start: int, end: int) -> dict[str, Any]:
    """``chart.result[0]`` as Yahoo writes it, for the days from `start` up to `end` in seconds since 1970."""
    seconds = {day: _opening(day) for day in chart.days}
    rows = [row for row, day in enumerate(chart.days) if start <= seconds[day] < end]
    closes = [chart.closes[row] for row in rows]
    splits = [split for split in chart.splits if start <= seconds[split[0]] < end]
    dividends = [dividend for dividend in chart.dividends if start <= seconds[dividend[0]] < end]
    events = {
        "dividends": {str(seconds[day]): {"amount": amount, "date": seconds[day]} for day, amount in dividends},
        "splits": {
            str(seconds[day]): {
                "date": seconds[day],
                "numerator": new,
                "denominator": old,
                "splitRatio": f"{new}:{old}",
            }
            for day, new, old in splits
        },
    }
    quote: dict[str, Any] = dict.fromkeys(("open", "high", "low", "close"), closes)
    quote["volume"] = [chart.volumes[row] for row in rows]
    return {
        "meta": {
            "currency": chart.currency,
            "symbol": chart.symbol,
            "exchangeName": "PCX",
            "instrumentType": chart.kind,
            "gmtoffset": -14400,
            "timezone": "EDT",
            "exchangeTimezoneName": "America/New_York",
            "regularMarketPrice": closes[-1] if closes else None,
            "longName": chart.name,
            "priceHint": 2,
            "dataGranularity": "1d",
            "range": "",
            "validRanges": ["1d", "5d", "1mo", "1y", "max"],
            "currentTradingPeriod": {},
        },
        "timestamp": [seconds[chart.days[row]] for row in rows],
        "events": {name: event for name, event in events.items() if event},
        "indicators": {"quote": [quote], "adjclose": [{"adjclose": [chart.adjusted[row] for row in rows]}]},
    }


@cache
def _opening(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, 9, 30, tzinfo=NEW_YORK).timestamp())


def _page_for_cookies(seen: Seen, crumb: str) -> Answer:
    """Cookies, crumbs and the pages on which a European visitor consents."""
    pages = {
        ("fc.yahoo.com", "/"): as_page("", 404, **{"Set-Cookie": "A3=d=made-up; Path=/"}),
        ("guce.yahoo.com", "/consent"): as_page(
            "", 302, Location="https://consent.yahoo.com/v2/collectConsent?sessionId=3_cc-session_made-up"
        ),
        ("guce.yahoo.com", "/copyConsent"): as_page("", 302, Location="https://finance.yahoo.com/"),
        ("finance.yahoo.com", "/"): as_page("Yahoo Finance", 200, **{"Set-Cookie": "A1=d=made-up; Path=/"}),
    }
    if seen.path == "/v1/test/getcrumb":
        return Answer(200, crumb.encode(), "text/plain;charset=utf-8")
    if seen.path == "/v2/collectConsent" and seen.method == "POST":
        return as_page("", 302, Location="https://guce.yahoo.com/copyConsent?sessionId=3_cc-session_made-up")
    if seen.path == "/v2/collectConsent":
        fields = {"csrfToken": "made-up", "sessionId": "3_cc-session_made-up", "namespace": "yahoo"}
        inputs = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in fields.items())
        return as_page(f'<form method="post">{inputs}<button name="agree" value="agree">Yes</button></form>')
    return pages.get((seen.host, seen.path), as_page("404", 404))


class _Httpd(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, yahoo: YahooServer) -> None:
        self.yahoo = yahoo
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # it would hold the body back until the head is acknowledged
    server: _Httpd

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        yahoo = self.server.yahoo
        parts = urlsplit(self.path)
        seen = Seen(
            host=self.headers.get(HOST_HEADER, ""),
            method=self.command,
            path=parts.path or "/",
            query={name: values[0] for name, values in parse_qs(parts.query).items()},
            headers=dict(self.headers.items()),
            body=self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(),
        )
        with yahoo.open_request():
            if yahoo.latency:
                time.sleep(yahoo.latency)
            self._send(yahoo.answer(seen), yahoo.closing)

    do_POST = do_GET  # noqa: N815 - the library's name

    def _send(self, answer: Answer, closing: threading.Event) -> None:
        if answer.how == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        if answer.how == "slow":
            closing.wait(60.0)
        self.send_response(answer.status)
        missing = 100 if answer.how == "short" else 0
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body) + missing))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if answer.how == "drip":
            for byte in answer.body:
                if closing.wait(0.1):
                    break
                self.wfile.write(bytes([byte]))
        else:
            self.wfile.write(answer.body)
        self.close_connection = answer.how != "plainly"


@contextmanager
def answer_here(server: YahooServer) -> Iterator[YahooServer]:
    """Bring the client of this process to a server, with a session that remembers nothing."""
    from yfinance import _http
    from yfinance.data import SingletonMeta, YfData

    from advisor.market.yahoo import client

    library = _http.requests.Session
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PORT, str(server.port))
        patch.setenv("NO_PROXY", "127.0.0.1")
        patch.setattr(library, "request", to_loopback(library.request))
        SingletonMeta._instances.pop(YfData, None)
        client.session.cache_clear()
        yield server
