"""What went wrong, by the exchange with the source.

The client's own exceptions are no guide: it calls web pages, timeouts and broken connections "possibly delisted".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from advisor.market.prices.history import FaultCause

DATA_PATHS = ("/v8/finance/chart/", "/v10/finance/quoteSummary/")
PASSING = {FaultCause.RATE_LIMITED, FaultCause.SOURCE_DOWN, FaultCause.TIMED_OUT}  # mostly over after a moment
LIMITED = {429, 999}  # the second is Yahoo's own
UNAUTHORIZED = {401, 403}
NO_CONNECTION = {5, 6, 7}  # curl: neither proxy nor host resolved, or not connected
BROKEN_CERTIFICATE = {60}  # curl: the peer could not be verified
TIME_IS_UP = {28}


class Fault(Exception):  # noqa: N818 - it is the user's word for it: SourceFault
    """An answer that cannot be used.

    `is_passing` says whether it is worth another try, `retry_after` how many seconds the source asks to be left alone.
    """

    def __init__(
        self, cause: FaultCause, detail: str, *, is_passing: bool | None = None, retry_after: float | None = None
    ) -> None:
        self.cause = cause
        self.detail = detail
        self.is_passing = cause in PASSING if is_passing is None else is_passing
        self.retry_after = retry_after
        super().__init__(f"{cause}: {detail}")


class RefusedError(OSError):
    """A request that this project does not make; an OSError, so that the client takes it for a failed connection."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came of it: `status` is None where `error` says why there is no answer."""

    is_data: bool  # not one of the client's requests for cookies
    status: int | None = None
    content: bytes = b""
    retry_after: float | None = None
    error: Exception | None = None


def asks_for_data(path: str) -> bool:
    """Whether a path is one where prices and facts are, and not one for cookies."""
    return path.startswith(DATA_PATHS)


def read_answer(exchanges: Sequence[Exchange]) -> Any:  # noqa: ANN401 - JSON
    """The JSON document of the last answer with data. Raises Fault with the cause where there is none."""
    last = next((exchange for exchange in reversed(exchanges) if exchange.is_data), None)
    last = last or (exchanges[-1] if exchanges else None)
    if last is not None and last.status in UNAUTHORIZED:  # for want of a crumb, which may have been refused
        last = next((exchange for exchange in exchanges if exchange.status in LIMITED), last)
    if last is None:
        raise Fault(FaultCause.BAD_ANSWER, "the client asked nothing")
    if last.error is not None:
        raise fault_of_connection(last.error)
    document = _parsed(last.content)
    _raise_for_status(last, document)
    if not last.is_data:
        raise Fault(FaultCause.BAD_ANSWER, "no data were asked for, after an answer that the client could not read")
    if document is None:
        raise _fault_of_text(last.content)
    if _says_not_found(document):
        raise _not_found()
    return document


def fault_of_connection(error: Exception) -> Fault:
    """Cause of a request without an answer, for the exceptions of both HTTP libraries."""
    if isinstance(error, RefusedError):
        return Fault(FaultCause.BAD_ANSWER, str(error))
    code, names = getattr(error, "code", 0), {parent.__name__ for parent in type(error).__mro__}
    if code in TIME_IS_UP or "Timeout" in names or isinstance(error, TimeoutError):
        return Fault(FaultCause.TIMED_OUT, "no complete answer in time")
    if code in BROKEN_CERTIFICATE or (not code and "SSLError" in names):
        return Fault(FaultCause.BAD_ANSWER, "the certificate is not the source's")
    reason = getattr(error.args[0], "reason", None) if error.args else None  # urllib3: the connection was never made
    if code in NO_CONNECTION or "ProxyError" in names or reason is not None:
        return Fault(FaultCause.NO_NETWORK, "the source cannot be reached")
    return Fault(FaultCause.SOURCE_DOWN, "the connection broke off")


def seconds_to_wait(value: str | None, date: str | None) -> float | None:
    """Meaning of a Retry-After header, seconds or a date, beside the Date header of the same answer."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(date or "")
    except (TypeError, ValueError):
        return None
    return max(wait, timedelta()).total_seconds()


def _parsed(content: bytes) -> Any:  # noqa: ANN401 - JSON
    """The document; None for anything that is not an object, which no answer of this source is."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _raise_for_status(exchange: Exchange, document: Any) -> None:  # noqa: ANN401 - JSON
    status = exchange.status or 0
    if status in LIMITED:
        asked = "" if exchange.retry_after is None else f", and to wait {exchange.retry_after:.0f} s"
        raise Fault(
            FaultCause.RATE_LIMITED,
            f"the source asks for fewer requests (HTTP {status}){asked}",
            retry_after=exchange.retry_after,
        )
    if status == 404 and _says_not_found(document):
        raise _not_found()
    if status >= 500:
        raise Fault(FaultCause.SOURCE_DOWN, f"the source fails (HTTP {status})", retry_after=exchange.retry_after)
    if status != 200:
        raise Fault(FaultCause.BAD_ANSWER, f"the source gives no data (HTTP {status})")


def _says_not_found(document: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether the source itself says that it knows no such symbol."""
    if not isinstance(document, dict):
        return False
    parts = [part for part in document.values() if isinstance(part, dict)]
    errors = [part["error"] for part in parts if isinstance(part.get("error"), dict)]
    return any(error.get("code") == "Not Found" for error in errors)


def _not_found() -> Fault:
    return Fault(FaultCause.NOT_FOUND, "the source knows no such symbol; it may be misspelt or delisted")


def _fault_of_text(content: bytes) -> Fault:
    """Cause of a body that is no document; after a page that asks for consent, the client has given it."""
    if b"Will be right back" in content:
        return Fault(FaultCause.SOURCE_DOWN, "the source says that it will be right back")
    if not content.strip():
        return Fault(FaultCause.BAD_ANSWER, "an empty answer", is_passing=True)
    if content.lstrip().startswith(b"<"):
        return Fault(FaultCause.BAD_ANSWER, "a web page in place of data", is_passing=True)
    return Fault(FaultCause.BAD_ANSWER, "data that break off, or are none", is_passing=True)
