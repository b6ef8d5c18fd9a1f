"""Households on a made-up Yahoo: charts that agree with the snapshot, and market data as a run reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np

from advisor.market.data import MarketData
from advisor.market.live import YEARS
from advisor.market.prices.history import PriceHistory, SecurityFacts, SecurityKind, SourceFault
from advisor.market.prices.sessions import Sessions
from advisor.market.sources import Request, load_market
from advisor.market.yahoo.fetch import yahoo_ticker
from advisor.portfolio.load import load_portfolio
from advisor.portfolio.model import Portfolio
from tests.samples import market
from tests.yahoo_server import Chart, YahooServer, fund_facts, stock_facts, walk

SNAPSHOT_DAY = date(2026, 7, 13)
NOW = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)  # a Friday, after the close in New York
LAST = date(2026, 11, 20)
FIRST = date(2010, 1, 4)  # of the charts
PRICE = 50.0  # of a security that the snapshot does not know
NEEDED = ("IJR", "IWM", "NVDA", "SGOV", "SPY", "VTI", "VTWO")  # by `portfolio()`, SGOV for the risk-free rate
TEXT = """\
version: 1
name: A household
as_of: {as_of}
accounts:
  - name: Brokerage
    type: taxable
    cash: 5000
    holdings:
      - {{symbol: NVDA, shares: 100, cost_per_share: 150, acquired: 2026-01-12}}
      - {{symbol: SPY, shares: 60, cost_per_share: 500, acquired: 2024-02-01}}{more}
limits: {{magnificent_seven: {{max: 40%}}, small_caps: {{max: 30%}}}}
tax: {{filing_status: single, short_term_rate: 35%, long_term_rate: 15%}}
"""


@cache
def calendar() -> Sessions:
    """Sessions beyond any day of these tests, and beyond today."""
    return Sessions.new_york(max(date(2027, 6, 30), datetime.now(UTC).date() + timedelta(days=60)), date(1999, 1, 4))


def portfolio_text(*holdings: str, as_of: date = LAST, more: str = "") -> str:
    """A file with two holdings and those given as YAML: ``{symbol: X, shares: 1, ...}``; `more` is added at its end."""
    return TEXT.format(as_of=as_of, more="".join(f"\n      - {holding}" for holding in holdings)) + more


def portfolio(*holdings: str, as_of: date = LAST, more: str = "") -> Portfolio:
    text = portfolio_text(*holdings, as_of=as_of, more=more)
    return load_portfolio(text.encode(), file="test.yaml", today=as_of)


def chart(symbol: str, *, last: date = LAST, seed: int = 1) -> Chart:
    """A history without splits and dividends; a security of the snapshot has its close there on its day."""
    whole = _whole_chart(symbol, seed)
    count = sum(day <= last for day in whole.days)
    return replace(
        whole,
        days=whole.days[:count],
        closes=whole.closes[:count],
        adjusted=whole.adjusted[:count],
        volumes=whole.volumes[:count],
    )


@cache
def _whole_chart(symbol: str, seed: int) -> Chart:
    known = market().securities.get(symbol)
    days = [day for day in calendar().days if day >= FIRST]
    kind = "ETF" if known is None or known.is_fund else "EQUITY"
    made = walk(yahoo_ticker(symbol), days=days, seed=seed, close=PRICE, kind=kind)
    closes = np.array(made.closes, dtype=float)
    if known is not None:
        closes = np.round(closes * float(known.close_usd) / closes[days.index(SNAPSHOT_DAY)], 4)
    return replace(made, closes=closes.tolist(), adjusted=closes.tolist(), dividends=())


SEVEN = {
    "AAPL": "Apple",
    "AMZN": "Amazon",
    "GOOGL": "Alphabet",
    "META": "Meta",
    "MSFT": "Microsoft",
    "NVDA": "Nvidia",
    "TSLA": "Tesla",
}


def facts(symbol: str) -> dict[str, Any]:
    """What the source says; of a fund of the snapshot, the list of the seven that is known, or one name that is not."""
    known, ticker = market().securities.get(symbol), yahoo_ticker(symbol)
    if known is None:
        return fund_facts(ticker)
    if not known.is_fund:
        return stock_facts(ticker)
    companies = market().constituents[symbol].companies
    weights = {stock: companies.get(company, (0.0, 0.0))[0] for stock, company in SEVEN.items()}
    listed = {stock: weight for stock, weight in weights.items() if weight} or {"BE": 0.01}
    made = fund_facts(ticker)
    made["topHoldings"]["holdings"] = [
        {"symbol": stock, "holdingName": stock, "holdingPercent": weight} for stock, weight in listed.items()
    ]
    return made


def yahoo(symbols: Iterable[str] = NEEDED, *, last: date = LAST, latency: float = 0.0) -> YahooServer:
    """A Yahoo that knows these symbols, in the project's spelling."""
    chosen = sorted(symbols)
    return YahooServer(
        {yahoo_ticker(symbol): chart(symbol, last=last) for symbol in chosen},
        {yahoo_ticker(symbol): facts(symbol) for symbol in chosen},
        latency,
    )


def asked(server: YahooServer) -> list[str]:
    """Tickers whose prices or facts were asked for, each once."""
    return sorted({request.path.rsplit("/", 1)[-1] for request in server.data_requests()})


@contextmanager
def unwatched(what: str, symbols: Sequence[str]) -> Iterator[Callable[[str], None]]:
    """Nobody looks at the progress."""
    yield lambda _: None


def read(
    held: Portfolio,
    *,
    source: str = "yahoo",
    now: datetime = NOW,
    offline: bool = False,
    accepted: Mapping[str, str] | None = None,
):
    """Market data for a portfolio, as the commands read them."""
    prices = {symbol: Decimal(price) for symbol, price in (accepted or {}).items()}
    return load_market(Request(source, now, offline, prices), held, unwatched)


def codes(data: MarketData) -> list[str]:
    return [warned.code for warned in data.warnings]


def history(symbol: str, *, now: datetime = NOW, last: date = LAST, seed: int = 1, **fields: Any) -> PriceHistory:
    """What the source would give of `chart(symbol)` at `now`, to a run for a decision on that day."""
    bars, known = chart(symbol, last=last, seed=seed), market().securities.get(symbol)
    first = sum(day < date(now.year - YEARS, 1, 1) for day in bars.days)
    given = {
        "symbol": symbol,
        "name": bars.name,
        "kind": SecurityKind.ETF if known is None or known.is_fund else SecurityKind.STOCK,
        "currency": "USD",
        "days": bars.days[first:],
        "closes": np.array(bars.closes[first:], dtype=float),
        "adjusted": np.array(bars.adjusted[first:], dtype=float),
        "volumes": np.array(bars.volumes[first:], dtype=float),
        "splits": (),
        "source": "Yahoo chart",
        "fetched": now,
    }
    return PriceHistory(**(given | fields))


class Source:
    """A source that answers with what it was given, and remembers what it was asked."""

    name = "Yahoo"

    def __init__(
        self,
        histories: Mapping[str, PriceHistory | SourceFault],
        facts: Mapping[str, SecurityFacts | SourceFault] | None = None,
    ) -> None:
        self.answers = dict(histories)
        self.known_facts = dict(facts or {})
        self.asked: list[tuple[str, ...]] = []
        self.asked_facts: list[tuple[str, ...]] = []

    def histories(
        self, symbols: Sequence[str], start: date, now: datetime, done: Callable[[str], None]
    ) -> Mapping[str, PriceHistory | SourceFault]:
        self.asked.append(tuple(symbols))
        return {symbol: self.answers[symbol] for symbol in symbols}

    def facts(
        self, symbols: Sequence[str], now: datetime, done: Callable[[str], None]
    ) -> Mapping[str, SecurityFacts | SourceFault]:
        self.asked_facts.append(tuple(symbols))
        return {symbol: self.known_facts[symbol] for symbol in symbols}


def days_before(day: date, count: int) -> date:
    """The session that many sessions before a day."""
    days = [each for each in calendar().days if each <= day]
    return days[-1 - count]


def at(day: str, time: str = "22:30") -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(f"{day}T{time}:00+00:00")
