"""One fund's full list of holdings, as its issuer wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class RowKind(StrEnum):
    """What a row says about companies."""

    SHARE = "share"  # shares of one company
    SWAP = "swap"  # a total-return swap on shares of one company: exposure with the notional amount, value near 0
    UNNAMED = "unnamed"  # companies that the file does not name: an index future, an option, another fund
    OTHER = "other"  # no company at all: cash, collateral, bonds, currency forwards


@dataclass(frozen=True, slots=True)
class HoldingRow:
    """One row of the table. `value_usd` or `weight` (a fraction, as printed) is None where the file has no such column.

    `ticker` is "" where the file gives none, or one of another country's exchange. `notional_usd` is the exposure of
    a swap or of an unnamed position. `skipped` says why the row is not imported, "" for shares and swaps on shares.
    """

    ticker: str
    name: str
    sector: str
    kind: RowKind
    value_usd: float | None
    weight: float | None
    notional_usd: float = 0.0
    line: int = 0
    skipped: str = ""

    @property
    def is_share(self) -> bool:
        """Whether these are shares of a company."""
        return self.kind is RowKind.SHARE

    @property
    def key(self) -> str:
        """What the row's weight is added to: the ticker, or the name where there is none."""
        return self.ticker or self.name


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row that is not imported, and why: "cash", "future: notional 285,004,710"."""

    line: int  # in the file, or the entry's number where the file has no lines; from 1
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class HoldingsFile:
    """One fund's full list on one date; `rows` are all rows of its table, in its order.

    `net_assets_usd` is what the market values are parts of; None where that is their sum. `sha256` is of the file's
    bytes, in hexadecimal digits.
    """

    fund: str
    as_of: date
    source: str  # "iShares holdings file 2026-06-19"
    rows: tuple[HoldingRow, ...]
    net_assets_usd: float | None = None
    sha256: str = ""
    notes: tuple[str, ...] = ()

    @property
    def skipped(self) -> tuple[SkippedRow, ...]:
        """The rows that are not imported, each with its reason."""
        return tuple(SkippedRow(row.line, row.name, row.skipped) for row in self.rows if row.skipped)

    @property
    def imported(self) -> int:
        """Number of rows that are imported; with the skipped ones, all rows of the table."""
        return sum(not row.skipped for row in self.rows)


@dataclass(frozen=True, slots=True)
class Listing:
    """What a layout says before it is checked: the parts of `HoldingsFile` that stand in the file itself.

    `weight_unit` is the last printed digit of the weights (0.0001 for "0.66" percent), 0 where they are not rounded.
    `stated_count` is the number of holdings that the file claims to have. `stocks_alone` says that the list leaves
    cash out by design.
    """

    issuer: str
    fund: str | None
    as_of: date
    rows: tuple[HoldingRow, ...]
    weight_unit: float
    net_assets_usd: float | None = None
    stated_count: int | None = None
    stocks_alone: bool = False
    notes: tuple[str, ...] = ()
