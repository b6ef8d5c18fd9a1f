"""Prices and facts of several securities: a few at once, each in a bounded time, each with one named outcome.

A request may take `timeout` seconds, and a symbol two and a half times that, its later tries and the pauses between
them included; a source that answers for no symbol is given up after three times that. Nothing but ticker symbols is
sent.
"""

from __future__ import annotations

import queue
import random
import re
import threading
import warnings
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from time import monotonic, sleep
from typing import TypeVar

from advisor.market.prices.history import FaultCause, PriceHistory, SecurityFacts, SourceFault
from advisor.market.prices.sessions import today
from advisor.market.yahoo.chart import check_chart, history_of
from advisor.market.yahoo.faults import PASSING, Fault
from advisor.market.yahoo.summary import facts_of
from advisor.portfolio.values import SYMBOL

TICKER = re.compile(SYMBOL, re.ASCII)  # it becomes a part of an address
ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")  # the client would search for it elsewhere
SHARE_CLASS = re.compile(r"([A-Z]{1,5})\.([A-Z])")
AT_ONCE = 4
TRIES = 3
BUDGET, PATIENCE = 2.5, 3.0  # timeouts that a symbol may take; and that may pass without any answer
PAUSE = 0.1  # of a timeout, before the second try; twice that before the third; each times 0.5 to 1.5
GENERAL = PASSING | {FaultCause.NO_NETWORK}  # of the source, not of the symbol

T = TypeVar("T")


def _say_nothing(symbol: str) -> None:
    del symbol


def fetch_histories(
    symbols: Sequence[str],
    start: date,
    *,
    now: datetime,
    timeout: float = 10.0,
    progress: Callable[[str], None] = _say_nothing,
) -> dict[str, PriceHistory | SourceFault]:
    """Daily prices from `start` on, in the order of `symbols`, or why there are none.

    `progress` is called with each symbol as it is done. Raises ValueError for what is not a ticker symbol, before
    anything is asked.
    """
    _check_symbols(symbols)

    def ask(symbol: str, deadline: float) -> PriceHistory:
        from advisor.market.yahoo import client  # loads yfinance

        ticker = yahoo_ticker(symbol)
        tomorrow = today(now) + timedelta(days=1)
        document, frame = client.chart(ticker, start, tomorrow, timeout=timeout, deadline=deadline)
        meta = check_chart(document, ticker, now)
        if frame is None:
            raise Fault(FaultCause.BAD_ANSWER, "prices that the client cannot read")
        return history_of(frame, meta, symbol, now)

    return _ask_all(symbols, ask, timeout, progress)


def fetch_facts(
    symbols: Sequence[str],
    *,
    now: datetime,
    timeout: float = 10.0,
    progress: Callable[[str], None] = _say_nothing,
) -> dict[str, SecurityFacts | SourceFault]:
    """Facts besides prices, as `fetch_histories` gives prices."""
    _check_symbols(symbols)

    def ask(symbol: str, deadline: float) -> SecurityFacts:
        from advisor.market.yahoo import client  # loads yfinance

        ticker = yahoo_ticker(symbol)
        return facts_of(client.summary(ticker, timeout=timeout, deadline=deadline), symbol, ticker, now)

    return _ask_all(symbols, ask, timeout, progress)


def yahoo_ticker(symbol: str) -> str:
    """Symbol as Yahoo writes it.

    >>> [yahoo_ticker(symbol) for symbol in ("NVDA", "BRK.B", "BRK-B")]
    ['NVDA', 'BRK-B', 'BRK-B']
    """
    return SHARE_CLASS.sub(r"\1-\2", symbol) if SHARE_CLASS.fullmatch(symbol) else symbol


def _check_symbols(symbols: Sequence[str]) -> None:
    for symbol in symbols:
        if not TICKER.fullmatch(symbol):
            raise ValueError(f"{symbol!r} is not a ticker symbol")


def _ask_all(
    symbols: Sequence[str], ask: Callable[[str, float], T], timeout: float, progress: Callable[[str], None]
) -> dict[str, T | SourceFault]:
    """Outcome for each symbol, from a few threads that do not outlive an interrupted run."""
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[str, T | SourceFault | Exception]] = queue.SimpleQueue()
    outcomes: dict[str, T | SourceFault] = {}
    source = _Source(PATIENCE * timeout)

    def work() -> None:
        while True:
            try:
                symbol = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                done.put((symbol, source.ask(symbol, ask, timeout)))
            except Exception as error:  # noqa: BLE001 - raised again in the caller's thread
                done.put((symbol, error))

    for symbol in dict.fromkeys(symbols):
        waiting.put(symbol)
    count = waiting.qsize()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the client calls pandas in ways that it warns of
        if count:
            _open_client()
        warnings.simplefilter("ignore")  # once more: the client has put a filter of its own first
        for _ in range(min(AT_ONCE, count)):
            threading.Thread(target=work, daemon=True).start()
        for _ in range(count):
            symbol, outcome = done.get()
            if isinstance(outcome, Exception):
                raise outcome
            outcomes[symbol] = outcome
            progress(symbol)
    return {symbol: outcomes[symbol] for symbol in symbols}


def _open_client() -> None:
    from advisor.market.yahoo import client  # loads yfinance

    client.session().forget()


class _Source:
    """What the threads know together: when the source last answered, and for how many symbols it has failed since.

    After as many as are asked at once, or too long a time, the rest is not asked at all: neither a source that asks
    for fewer requests nor a user without a network is served by more of them.
    """

    def __init__(self, patience: float) -> None:
        self._lock = threading.Lock()
        self._patience = patience  # seconds
        self._given_up_at = monotonic() + patience
        self._failed = 0
        self._cause = FaultCause.TIMED_OUT  # of the last that failed

    def ask(self, symbol: str, ask: Callable[[str, float], T], timeout: float) -> T | SourceFault:
        with self._lock:
            deadline = min(monotonic() + BUDGET * timeout, self._given_up_at)
            if self._failed >= AT_ONCE or monotonic() >= deadline:
                return SourceFault(symbol, self._cause, "not asked, after the source failed for others")
        outcome = _in_some_tries(symbol, ask, timeout, deadline)
        with self._lock:
            if isinstance(outcome, SourceFault) and outcome.cause in GENERAL:
                self._failed += 1
                self._cause = outcome.cause
            else:
                self._failed = 0
                self._given_up_at = monotonic() + self._patience
        return outcome


def _in_some_tries(symbol: str, ask: Callable[[str, float], T], timeout: float, deadline: float) -> T | SourceFault:
    """Answer of the source, asked again after a passing fault as long as the time allows."""
    if ISIN.fullmatch(symbol):
        return SourceFault(symbol, FaultCause.WRONG_INSTRUMENT, "an ISIN is not a ticker symbol")
    attempt = 1
    while True:
        try:
            return ask(symbol, deadline)
        except Fault as fault:
            pause = PAUSE * timeout * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311 - no secret
            pause = max(pause, fault.retry_after or 0.0)
            is_late = monotonic() + pause + timeout / 2 > deadline
            if not fault.is_passing or attempt == TRIES or is_late:
                return SourceFault(symbol, fault.cause, fault.detail)
        attempt += 1
        sleep(pause)
