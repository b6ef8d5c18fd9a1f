"""What the template prints: text, tables and drawings, already formatted. Values only, no logic."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.report.charts.marks import Chart


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of a table; `aside` follows it and `lines` stand below it in small type.

    `tone` is "worse", "better" or empty.
    """

    text: str
    lines: tuple[str, ...] = ()
    aside: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """`kind` is "text", "figure" (right-aligned, one line) or "word" (one line).

    A column that `is_proposed` is left out where nothing is proposed.
    """

    label: str
    kind: str = "figure"
    is_proposed: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """The first cell is the row's header; `kind` is "plain", "group" (a subtotal above its parts) or "total"."""

    cells: tuple[Cell, ...]
    kind: str = "plain"


@dataclass(frozen=True, slots=True)
class Table:
    """A table with at least one row; `notes` stand below it."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """One of the four figures of the first page; `tone` colours the edge, the note says the same in words."""

    label: str
    value: str
    note: str
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class Why:
    """Why these trades: whole shares, the price book with how to read it, words on funds and horizon, horizons."""

    orders: str
    how_to_read: str
    price_book: Table | None
    words: tuple[str, ...]
    horizons: Table | None


@dataclass(frozen=True, slots=True)
class ReportContext:
    """The whole report, in the order in which it is read."""

    household: str
    status: str
    decision_date: str
    decision_iso: str
    data_line: str
    age_line: str  # empty while the data are at most a week old
    program: str
    page_header: str  # inside of a quoted CSS string
    answer: str
    cards: tuple[Card, ...]
    warnings: tuple[str, ...]
    broken: tuple[str, ...]
    no_broken: str
    seven_chart: Chart
    allocation_chart: Chart
    reasons: tuple[str, ...]
    drawbacks: tuple[str, ...]
    gain: Table | None
    by_company: Table
    by_fund: Table | None
    by_account: Table
    concentration: str
    holdings: Table
    measures: Table
    orders: tuple[Table, ...]  # by account
    why: Why
    tax: Table | None
    tax_rates: Table
    limits: Table | None
    stress_chart: Chart | None
    stress: Table | None
    stress_notes: tuple[str, ...]
    assumption_facts: Table
    assumptions: Table | None
    prices: Table
    constituents: Table | None
    data_facts: Table
    data_notes: tuple[str, ...]
    certificate: str
    proof: Table
    checks: Table
    important: str
    disclosures: tuple[tuple[str, str], ...]  # (what it is about, the text)
