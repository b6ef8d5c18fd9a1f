"""An HTTP session that watches what the client does: where it asks, how long, and what comes back.

It is a session of whichever library the client uses, curl_cffi or requests. It follows redirects itself, to look at
each host before it is asked.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from yfinance import _http

from advisor.market.yahoo.faults import UNAUTHORIZED, Exchange, RefusedError, asks_for_data, seconds_to_wait

DATA_HOSTS = {"query1.finance.yahoo.com", "query2.finance.yahoo.com"}
FIRST_COOKIE = "fc.yahoo.com"
COOKIE_HOSTS = {FIRST_COOKIE, "guce.yahoo.com", "consent.yahoo.com", "finance.yahoo.com"}
HOPS = 6  # Yahoo's consent pages need four


@dataclass(slots=True)
class Attempt:
    """One try of one thread: until when it may last, and what was exchanged so far."""

    timeout: float  # seconds for each request
    deadline: float  # of `time.monotonic`
    exchanges: list[Exchange] = field(default_factory=list)

    def seconds_left(self) -> float:
        """Time for the next request. Raises TimeoutError where there is none."""
        left = min(self.timeout, self.deadline - time.monotonic())
        if left <= 0.0:
            raise TimeoutError("no time is left for this symbol")
        return left


class WatchedSession(_http.requests.Session):  # type: ignore[misc]
    """The client's session. Each request belongs to the attempt that its thread has announced with `watch`."""

    def __init__(self) -> None:
        super().__init__(**({"impersonate": "chrome"} if _http.HAS_CURL_CFFI else {}))
        if not _http.HAS_CURL_CFFI:
            self.headers.update(_http.new_session().headers)
        self._threads = threading.local()
        self._silent: set[str] = set()
        self._first_cookie: Any = None  # the answer that brought it

    def forget(self) -> None:
        """Ask the hosts for cookies anew that did not answer."""
        self._silent.clear()
        if self._first_cookie is not None and not self._first_cookie.headers:
            self._first_cookie = None

    @contextmanager
    def watch(self, timeout: float, deadline: float) -> Iterator[list[Exchange]]:
        """Collect what this thread exchanges, and end it by the deadline."""
        attempt = self._threads.attempt = Attempt(timeout, deadline)
        try:
            yield attempt.exchanges
        finally:
            del self._threads.attempt

    def request(self, method: str, url: str, **options: Any) -> Any:  # noqa: ANN401 - either library's response
        """Make one request, redirects included. Raises what the library raises, and RefusedError."""
        attempt: Attempt = self._threads.attempt
        if urlsplit(url).hostname == FIRST_COOKIE:
            return self._ask_first_cookie(attempt, method, url, options)
        is_data = asks_for_data(urlsplit(url).path)
        try:
            response = self._follow(attempt, method, url, options)
        except Exception as error:
            attempt.exchanges.append(Exchange(is_data, error=error))
            raise
        headers = response.headers
        exchange = Exchange(
            is_data=is_data or asks_for_data(urlsplit(response.url).path),
            status=response.status_code,
            content=response.content,
            retry_after=seconds_to_wait(headers.get("Retry-After"), headers.get("Date")),
        )
        attempt.exchanges.append(exchange)
        if exchange.is_data and response.status_code >= 400 and response.status_code not in UNAUTHORIZED:
            raise RefusedError("the client would throw its cookies away, and ask again at once")
        return response

    def _follow(self, attempt: Attempt, method: str, url: str, options: dict[str, Any]) -> Any:  # noqa: ANN401
        """Answer of the last address. A redirect is asked with GET, and gets nothing of what the first was sent."""
        for _ in range(HOPS):
            response = self._ask(attempt, method, url, options)
            location = response.headers.get("Location")
            if not (300 <= response.status_code < 400 and location):
                return response
            method, url, options = "GET", urljoin(url, location), {}
        raise RefusedError("the source redirects without end")

    def _ask_first_cookie(self, attempt: Attempt, method: str, url: str, options: dict[str, Any]) -> Any:  # noqa: ANN401
        """Answer of the host that gives the first cookie, or an empty one where it fails: many networks block it.

        It is asked once. The client would ask before each request, because it finds no cookie in a file, and with
        requests it does not survive a failure.
        """
        if self._first_cookie is None:
            self._first_cookie = _http.requests.Response()
            with suppress(Exception):  # nothing depends on it
                self._first_cookie = self._follow(attempt, method, url, options)
        return self._first_cookie

    def _ask(self, attempt: Attempt, method: str, url: str, options: dict[str, Any]) -> Any:  # noqa: ANN401
        """One request to one allowed host; a host for cookies that fails once is not asked again."""
        host = _allowed_host(url)
        if host in self._silent:
            raise RefusedError("the source's host for cookies does not answer")
        bounded = options | {"timeout": attempt.seconds_left(), "allow_redirects": False}
        try:
            return _in_time(lambda: super(WatchedSession, self).request(method, url, **bounded), bounded["timeout"])
        except Exception:
            if host in COOKIE_HOSTS:
                self._silent.add(host)
            raise


def _allowed_host(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or parts.port not in (None, 443) or parts.hostname not in DATA_HOSTS | COOKIE_HOSTS:
        raise RefusedError("the source sends the request to a host that is not its own")
    return parts.hostname


def _in_time(call: Callable[[], Any], seconds: float) -> Any:  # noqa: ANN401 - either library's response
    """Result of a call, or TimeoutError after so many seconds in all.

    curl bounds a request as a whole. requests bounds each read, so that a server which sends a byte now and then is
    waited for without end: its calls get a thread of their own, which is left behind when the time is up.
    """
    if _http.HAS_CURL_CFFI:
        return call()
    results: list[Any] = []
    errors: list[Exception] = []

    def run() -> None:
        try:
            results.append(call())
        except Exception as error:  # noqa: BLE001 - handed to the caller's thread
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError("no complete answer in time")
    return results[0]
