"""Asks for one security under each fault of the loopback Yahoo, and prints what the fault was called, as JSON.

    python -m tests.yahoo_matrix                              with curl_cffi
    YF_DISABLE_CURL_CFFI=1 python -m tests.yahoo_matrix       with requests

The client chooses its HTTP library as it is imported, so that each has a process of its own.
"""

from __future__ import annotations

import json
import time
from datetime import date
from typing import Any

from advisor.market.prices.checks import check_history
from advisor.market.prices.history import PriceHistory
from advisor.market.yahoo.fetch import fetch_histories
from tests.yahoo_server import DATA_FAULTS, LAST_DAY, NOW, TRANSPORT_FAULTS, YahooServer, answer_here, sessions, walk

TIMEOUT = 1.0  # seconds
START = date(2015, 1, 2)


def outcome(server: YahooServer, fault: str) -> dict[str, Any]:
    """Names that a fault gets, each once; how long that takes, and after how many requests for data."""
    server.requests.clear()
    server.mend()
    if fault:
        server.fail("IWM", fault)
    start = time.perf_counter()
    found = fetch_histories(["IWM"], START, now=NOW, timeout=TIMEOUT)["IWM"]
    seconds = time.perf_counter() - start
    if isinstance(found, PriceHistory):
        checked = check_history(found, as_of=LAST_DAY, now=NOW, sessions=sessions())
        names, details = [str(doubt.rule) for doubt in checked.doubts], [doubt.message for doubt in checked.doubts]
    else:
        names, details = [str(found.cause)], [found.detail]
    return {"names": names, "details": details, "seconds": seconds, "requests": len(server.data_requests())}


def main() -> None:
    """Run all, the sound answer first."""
    from yfinance import _http

    with YahooServer(charts={"IWM": walk("IWM")}) as server, answer_here(server):
        faults = ["", *TRANSPORT_FAULTS, *DATA_FAULTS]
        outcomes = {fault: outcome(server, fault) for fault in faults}
    print(json.dumps({"library": _http.requests.__name__, "outcomes": outcomes}))  # noqa: T201


if __name__ == "__main__":
    main()
