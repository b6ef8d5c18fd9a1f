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
class Figure:
    """A chart under its caption; `notes` stand beside or below it."""

    caption: str
    chart: Chart
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A heading with its text: a disclosure, or a word of the glossary."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Header:
    """Whose proposal, of which day, on which data, by which program."""

    household: str
    decision_date: str
    decision_iso: str
    data_line: str
    age_line: str  # empty while the prices are at most five trading days old
    program: str
    page_header: str  # inside of a quoted CSS string


@dataclass(frozen=True, slots=True)
class Answer:
    """The first page: one sentence, four cards, what to know, what is broken today, and two charts."""

    sentence: str
    cards: tuple[Card, ...]
    warnings: tuple[str, ...]
    broken: tuple[str, ...]
    no_broken: str
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """Why: reasons for and against, limits, the objective part by part, and where the seven sit."""

    reasons: tuple[str, ...]
    choices: tuple[str, ...]  # where cash is kept for want of room
    choices_note: str
    drawbacks: tuple[str, ...]
    defaults: Table | None
    limits: Table | None
    gain: Table | None
    by_company: Table
    by_fund: Table | None
    by_account: Table
    concentration: str


@dataclass(frozen=True, slots=True)
class ComparisonTables:
    """Today against proposed: measures, holdings, size, sectors, funds, valuations, overlap."""

    measures: Table
    holdings: Table
    sizes: Table
    sectors: Table | None
    funds: Table | None
    valuations: Table | None
    overlap: Table | None


@dataclass(frozen=True, slots=True)
class TradeOffs:
    """What else could be done: alternatives, and what each level of risk and of the seven would cost."""

    figures: tuple[Figure, ...]
    alternatives: Table | None
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SmallCapCase:
    """The case for small caps: its claims and their tests, the household's views, and how far history decides."""

    words: tuple[str, ...]
    claims: Table
    rate_cut_figure: Figure
    rate_cuts: Table
    rate_rise_figure: Figure
    rate_rises: Table
    views: Table | None
    no_views: str  # empty where there are some
    stability: Table | None
    stability_words: tuple[str, ...]
    no_stability: str  # empty where there is some, or where `no_views` says why


@dataclass(frozen=True, slots=True)
class Risks:
    """What could go wrong: past episodes, shocks, risk in dollars, and the years in which small companies lagged."""

    stress: Table | None
    stress_figure: Figure | None
    stress_words: str
    shocks: Table
    losses: Table
    history: Figure | None
    years: Table | None


@dataclass(frozen=True, slots=True)
class Trades:
    """Orders by account with what each does to the seven, and what one more dollar of each would add."""

    words: str
    orders: tuple[Table, ...]
    figure: Figure | None
    how_to_read: str
    price_book: Table | None


@dataclass(frozen=True, slots=True)
class TaxAndCost:
    """Tax and cost of the trades, the rates used, and when they are earned back."""

    break_even: str
    tax: Table | None
    rates: Table


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What was taken as given, and what another horizon, view, risk window or taste for risk would change."""

    words: tuple[str, ...]
    horizons: Table | None
    sensitivities: Table | None
    facts: Table
    securities: Table | None


@dataclass(frozen=True, slots=True)
class Data:
    """Where every figure comes from."""

    facts: Table
    notes: tuple[str, ...]
    prices: Table | None
    constituents: Table | None


@dataclass(frozen=True, slots=True)
class Proof:
    """What the solver's own vectors prove, and what the independent check found."""

    words: str
    optimum: Table
    checks: Table


@dataclass(frozen=True, slots=True)
class Closing:
    """What every reader must be told, and the words used."""

    important: str
    disclosures: tuple[Entry, ...]
    glossary: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class ReportContext:
    """The whole report, section by section in the order in which it is read."""

    status: str  # "trade" | "do_nothing"
    header: Header
    answer: Answer
    why: Why
    comparison: ComparisonTables
    trade_off: TradeOffs
    small_caps: SmallCapCase
    risks: Risks
    trades: Trades
    tax: TaxAndCost
    assumptions: Assumptions
    data: Data
    proof: Proof
    closing: Closing
