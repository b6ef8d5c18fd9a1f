"""A chart of daily prices: the shape of the document is checked, the numbers are the client's."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import NoneType
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from advisor.errors import printable
from advisor.market.prices.history import FaultCause, PriceHistory, SecurityKind, Split, now_utc
from advisor.market.yahoo.faults import Fault

KINDS = {"EQUITY": SecurityKind.STOCK, "ETF": SecurityKind.ETF, "MUTUALFUND": SecurityKind.MUTUAL_FUND}
SOURCE = "Yahoo chart"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_NAME = 100
NUMBERS: set[type] = {int, float}


def check_chart(document: Any, ticker: str, now: datetime) -> Mapping[str, Any]:  # noqa: ANN401 - JSON
    """The chart's metadata. Raises Fault for another instrument, and for anything that the source never sends."""
    try:
        chart = document["chart"]["result"][0]
        meta = chart["meta"]
        words = {name: meta.get(name) for name in ("symbol", "instrumentType", "currency", "exchangeTimezoneName")}
    except (AttributeError, IndexError, KeyError, TypeError):
        raise Fault(FaultCause.BAD_ANSWER, "an answer without a chart") from None
    for name, value in words.items():
        if not isinstance(value, str):
            raise Fault(FaultCause.BAD_ANSWER, f"an answer that does not say its {name}")
    check_instrument(words["symbol"], words["instrumentType"], ticker)
    if words["currency"] != "USD":
        raise Fault(FaultCause.WRONG_INSTRUMENT, f"its prices are in {_word(words['currency'])}, not in USD")
    try:
        _check_days(chart["timestamp"], words["exchangeTimezoneName"], now)
        _check_columns(chart["indicators"], len(chart["timestamp"]))
        _check_splits(chart.get("events") or {})
    except (AttributeError, IndexError, KeyError, TypeError):
        raise Fault(FaultCause.BAD_ANSWER, "a chart without prices") from None
    return dict(meta)


def check_instrument(symbol: str, kind: str, ticker: str) -> SecurityKind:
    """What a security is, where it is the one that was asked for. Raises Fault with "wrong instrument"."""
    if symbol != ticker:
        raise Fault(FaultCause.WRONG_INSTRUMENT, f"the answer is for {_word(symbol)}")
    if kind not in KINDS:
        raise Fault(FaultCause.WRONG_INSTRUMENT, f"it is neither a stock nor a fund, but {_word(kind)}")
    return KINDS[kind]


def history_of(frame: Any, meta: Mapping[str, Any], symbol: str, now: datetime) -> PriceHistory:  # noqa: ANN401
    """Prices of the client's data frame. A day without a close is left out. Raises Fault where no day is left."""
    closes, adjusted = (frame[name].to_numpy(dtype=float) for name in ("Close", "Adj Close"))
    known = ~(np.isnan(closes) | np.isnan(adjusted))
    if not known.any():
        raise Fault(FaultCause.BAD_ANSWER, "a chart without prices")
    days = frame.index.date.tolist()
    ratios = frame["Stock Splits"].to_numpy(dtype=float)
    return PriceHistory(
        symbol=symbol,
        name=name_of(meta),
        kind=KINDS[meta["instrumentType"]],
        currency=meta["currency"],
        days=tuple(day for day, is_known in zip(days, known, strict=True) if is_known),
        closes=closes[known],
        adjusted=adjusted[known],
        volumes=frame["Volume"].to_numpy(dtype=float)[known],
        splits=tuple(
            Split(day, Decimal(str(ratio))) for day, ratio in zip(days, ratios.tolist(), strict=True) if ratio != 0.0
        ),
        source=SOURCE,
        fetched=now_utc(now),
    )


def name_of(meta: Mapping[str, Any]) -> str | None:
    """The longest name that the source gives."""
    names = [meta.get(key) for key in ("longName", "shortName")]
    return next((printable(name)[:LONGEST_NAME] for name in names if isinstance(name, str) and name), None)


def _check_days(timestamps: list[Any], zone: str, now: datetime) -> None:
    """One row a day, in order, up to today; the last day may have a second row, which is the price of this minute."""
    try:
        here = ZoneInfo(zone)
        days = [(EPOCH + timedelta(seconds=second)).astimezone(here).date() for second in timestamps]
    except (KeyError, ValueError, OverflowError, OSError):
        raise Fault(FaultCause.BAD_ANSWER, "times that cannot be read") from None
    if not days:
        raise Fault(FaultCause.BAD_ANSWER, "a chart without prices")
    whole = days[:-1] if days[-2:-1] == days[-1:] else days
    if any(later <= earlier for earlier, later in itertools.pairwise(whole)):
        raise Fault(FaultCause.BAD_ANSWER, "days that come twice, or out of order")
    today: date = now.astimezone(here).date()
    if days[-1] > today:
        raise Fault(FaultCause.BAD_ANSWER, f"a price of {days[-1]}, which is after today ({today})")


def _check_columns(indicators: Mapping[str, Any], length: int) -> None:
    quote = indicators["quote"][0]
    columns = {name: quote[name] for name in ("open", "high", "low", "close", "volume")}
    columns["adjclose"] = indicators["adjclose"][0]["adjclose"]
    for name, column in columns.items():
        if len(column) != length:
            raise Fault(FaultCause.BAD_ANSWER, f"{length} days, but {len(column)} values of {name}")
        if not {type(value) for value in column} <= NUMBERS | {NoneType} or math.inf in column or -math.inf in column:
            raise Fault(FaultCause.BAD_ANSWER, f"a value of {name} that is not a number")


def _check_splits(events: Mapping[str, Any]) -> None:
    for split in (events.get("splits") or {}).values():
        if not {type(split["numerator"]), type(split["denominator"])} <= NUMBERS:
            raise Fault(FaultCause.BAD_ANSWER, "a split that is not a ratio of numbers")


def _word(text: str) -> str:
    """A word of the source that can be shown."""
    return printable(text)[:20]
