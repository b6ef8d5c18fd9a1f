"""yfinance as it is published, set up so that it writes no file, unpickles nothing, and says nothing.

Importing this module loads yfinance, pandas and an HTTP library (about 0.9 s).
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import date
from functools import cache
from typing import Any

import yfinance
from yfinance.cache import _CookieCacheDummy, _CookieCacheManager, _ISINCacheDummy, _ISINCacheManager, _TzCacheManager
from yfinance.data import YfData

from advisor.market.paths import cache_folder
from advisor.market.yahoo.faults import read_answer
from advisor.market.yahoo.session import WatchedSession

SUMMARY = "https://query2.finance.yahoo.com/v10/finance/quoteSummary/"
MODULES = ("quoteType", "assetProfile", "summaryDetail", "fundProfile", "topHoldings")


class _NewYork:
    """The client's cache of time zones, in which every symbol is American: no request for each, and no file.

    It serves to turn the first and last day into times; the answer has a time zone of its own.
    """

    def lookup(self, ticker: str) -> str:
        del ticker
        return "America/New_York"

    def store(self, ticker: str, zone: str) -> None:
        """Nothing is kept."""


@cache
def session() -> WatchedSession:
    """The one session of the process: the client keeps its cookies and its crumb for one alone."""
    logging.getLogger("yfinance").disabled = True
    yfinance.config.debug.hide_exceptions = False
    yfinance.set_tz_cache_location(str(cache_folder() / "yfinance"))  # for any file that a later version may write
    _CookieCacheManager._Cookie_cache = _CookieCacheDummy()  # the real one unpickles a file
    _ISINCacheManager._isin_cache = _ISINCacheDummy()
    _TzCacheManager._tz_cache = _NewYork()
    return WatchedSession()


def chart(ticker: str, start: date, end: date, *, timeout: float, deadline: float) -> tuple[Any, Any]:
    """The source's chart as its JSON document, and as the data frame that the client makes of it.

    The frame is None where the client cannot read the document. Raises Fault.
    """
    YfData.cache_get.cache_clear()  # it would replay a failure
    frame = None
    with session().watch(timeout, deadline) as exchanges, suppress(Exception):  # the cause is in the exchange
        frame = yfinance.Ticker(ticker, session=session()).history(
            start=start, end=end, interval="1d", auto_adjust=False, actions=True, timeout=timeout
        )
    return read_answer(exchanges), frame


def summary(ticker: str, *, timeout: float, deadline: float) -> Any:  # noqa: ANN401 - JSON
    """The source's facts as its JSON document, in one request. Raises Fault."""
    with session().watch(timeout, deadline) as exchanges, suppress(Exception):  # the cause is in the exchange
        YfData(session=session()).get_raw_json(
            SUMMARY + ticker,
            params={"modules": ",".join(MODULES), "corsDomain": "finance.yahoo.com", "formatted": "false"},
            timeout=timeout,
        )
    return read_answer(exchanges)
