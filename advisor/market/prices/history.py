"""Daily prices and facts of one security as a source gave them: plain values, before any check of ours.

Both have one spelling as bytes, which is what is kept between runs and what their digest is of.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import numpy as np

from advisor.units import Vector


class SecurityKind(StrEnum):
    """What a security is, in the words of the project."""

    STOCK = "stock"
    ETF = "etf"
    MUTUAL_FUND = "mutual_fund"


@dataclass(frozen=True, slots=True)
class Split:
    """`ratio` new shares for each old one, from the open of `day` on."""

    day: date
    ratio: Decimal
    source: str = ""  # in words, where it is not the history's own


@dataclass(frozen=True, slots=True, eq=False)
class PriceHistory:
    """Daily closes in the order of `days`, which ascend without repetition.

    closes: shape (T,), adjusted for splits alone, so that the last is the price that was paid; adjusted: shape (T,),
    adjusted for splits and dividends, so that its ratios are total returns; volumes: shape (T,), shares. `fetched` is
    UTC to the second. Values are as the source gave them: `market.prices.checks` decides whether they can be used.
    """

    symbol: str  # the project's spelling: BRK.B
    name: str | None
    kind: SecurityKind
    currency: str
    days: tuple[date, ...]
    closes: Vector
    adjusted: Vector
    volumes: Vector
    splits: tuple[Split, ...]
    source: str  # "Yahoo chart"
    fetched: datetime

    def to_bytes(self) -> bytes:
        """JSON in UTF-8; equal values give equal bytes. Raises ValueError for a number that is not finite."""
        body = {
            "symbol": self.symbol,
            "name": self.name,
            "kind": str(self.kind),
            "currency": self.currency,
            "days": [day.isoformat() for day in self.days],
            "closes": self.closes.tolist(),
            "adjusted": self.adjusted.tolist(),
            "volumes": self.volumes.tolist(),
            "splits": [[split.day.isoformat(), str(split.ratio)] for split in self.splits],
            "source": self.source,
            "fetched": self.fetched.isoformat(),
        }
        return _to_bytes(body)

    @classmethod
    def from_bytes(cls, content: bytes) -> PriceHistory:
        """The value that `to_bytes` wrote. Raises ValueError, KeyError or TypeError for anything else."""
        body = json.loads(content)
        columns = {name: np.array(body[name], dtype=float) for name in ("closes", "adjusted", "volumes")}
        days = tuple(date.fromisoformat(day) for day in body["days"])
        if any(column.shape != (len(days),) for column in columns.values()):
            raise ValueError("a column has not one value for each day")
        return cls(
            symbol=body["symbol"],
            name=body["name"],
            kind=SecurityKind(body["kind"]),
            currency=body["currency"],
            days=days,
            splits=tuple(Split(date.fromisoformat(day), Decimal(ratio)) for day, ratio in body["splits"]),
            source=body["source"],
            fetched=datetime.fromisoformat(body["fetched"]),
            **columns,
        )

    @property
    def sha256(self) -> str:
        """Digest of its bytes."""
        return hashlib.sha256(self.to_bytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class SecurityFacts:
    """What a source says of a security besides its prices. Weights, rates and yields are fractions; None is unknown.

    `top_holdings` are the largest, ten at most, as (symbol, name, weight), in the source's own spelling; no source
    dates them, so `fetched` is all that is known of their age. `sectors` are named as the source names them.
    """

    symbol: str
    name: str | None
    kind: SecurityKind
    category: str | None  # a fund's: "Small Blend"
    sector: str | None  # a stock's, as the source names it
    expense_ratio: float | None  # a year
    dividend_yield: float | None  # a year
    price_to_earnings: float | None  # of the fund's shares
    top_holdings: tuple[tuple[str, str, float], ...]
    sectors: Mapping[str, float]
    source: str
    fetched: datetime

    def to_bytes(self) -> bytes:
        """JSON in UTF-8; equal values give equal bytes. Raises ValueError for a number that is not finite."""
        body = {name: getattr(self, name) for name in self.__slots__}
        return _to_bytes(
            body | {"kind": str(self.kind), "sectors": dict(self.sectors), "fetched": self.fetched.isoformat()}
        )

    @classmethod
    def from_bytes(cls, content: bytes) -> SecurityFacts:
        """The value that `to_bytes` wrote. Raises ValueError, KeyError or TypeError for anything else."""
        body = json.loads(content)
        return cls(
            **body
            | {
                "kind": SecurityKind(body["kind"]),
                "top_holdings": tuple((symbol, name, float(weight)) for symbol, name, weight in body["top_holdings"]),
                "sectors": MappingProxyType({name: float(weight) for name, weight in body["sectors"].items()}),
                "fetched": datetime.fromisoformat(body["fetched"]),
            }
        )

    @property
    def sha256(self) -> str:
        """Digest of its bytes."""
        return hashlib.sha256(self.to_bytes()).hexdigest()


class FaultCause(StrEnum):
    """Why a source gave no usable answer. Each is a different thing for the user to do."""

    RATE_LIMITED = "rate-limited"
    NOT_FOUND = "not found"
    SOURCE_DOWN = "source down"
    BAD_ANSWER = "bad answer"
    TIMED_OUT = "timed out"
    NO_NETWORK = "no network"
    WRONG_INSTRUMENT = "wrong instrument"


@dataclass(frozen=True, slots=True)
class SourceFault:
    """One symbol that a source did not answer for, in the end; `detail` is one short line without any URL."""

    symbol: str
    cause: FaultCause
    detail: str


def now_utc(now: datetime) -> datetime:
    """A time as the values of this module carry it: UTC, to the second."""
    return now.astimezone(UTC).replace(microsecond=0)


def _to_bytes(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True).encode()
