"""One fund's full list of holdings, as its issuer wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class HoldingRow:
    """One line of a file. `value_usd` or `weight` (a fraction) is None where the file has no such column."""

    ticker: str
    name: str
    sector: str
    is_share: bool
    value_usd: float | None
    weight: float | None


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A line of the table that is no share of a company, and why."""

    line: int  # in the file, from 1
    name: str
    reason: str  # "cash", "future: notional 285,004,710"


@dataclass(frozen=True, slots=True)
class HoldingsFile:
    """One fund's full list on one date. `sha256` is of the file's bytes, in hexadecimal digits."""

    fund: str
    as_of: date
    source: str  # "iShares holdings file 2026-06-19"
    rows: tuple[HoldingRow, ...]
    sha256: str = ""
    skipped: tuple[SkippedRow, ...] = ()
    notes: tuple[str, ...] = ()
