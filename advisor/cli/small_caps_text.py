"""What ``advisor small-caps`` prints: verdicts at a glance, then each claim whole, then the tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from io import StringIO

from rich.box import SIMPLE_HEAD
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from advisor.cli.summary import console_for, for_console
from advisor.errors import printable
from advisor.evidence.headline import headline
from advisor.evidence.model import Claim, Evidence, EvidenceTable, JudgmentKind, Verdict

STYLES = {
    Verdict.TRUE: "green",
    Verdict.SUPPORTED: "green",
    Verdict.NOT_SUPPORTED: "yellow",
    Verdict.FALSE: "red",
    Verdict.REFUTED: "red",
    Verdict.UNTESTED: "dim",
}
INDENT = 2
FIGURES = "0123456789+-−–$"  # what a figure begins with
LONG = 24  # characters of a cell that may break


def small_caps_text(evidence: Evidence, as_of: date, prices: str) -> str:
    """The whole case; `prices` names the prices given, empty for the dated results."""
    text = StringIO()
    console = console_for(text)
    console.print(_text(f"The case for small companies, on {as_of}", "bold"))
    source = f"Prices of {prices}: " if prices else "No prices given: "
    console.print(_text(f"{source}{evidence.age_words}. Past returns say nothing certain about the next."))
    console.print()
    console.print(_text(evidence.premium_words, "bold"))
    console.print(_text(headline(evidence.claims), "bold"))
    console.print(_overview(evidence.claims))
    for claim in evidence.claims:
        console.print(_text(claim.title, "bold"))
        for line in _told(claim):
            console.print(Padding(line, (0, 0, 0, INDENT)))
        console.print()
    for table in evidence.tables:
        console.print(_text(table.title, "bold"))
        console.print(_table(table))
        for note in table.notes:
            console.print(Padding(_text(note, "dim"), (0, 0, 0, INDENT)))
        console.print()
    console.print(_text("Source of the results: " + evidence.source + "."))
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


def _text(words: str, style: str = "") -> Text:
    return Text(printable(for_console(words)), style=style)


def _overview(claims: tuple[Claim, ...]) -> Table:
    """Verdicts with a column for each kind of statement, so that facts and forecasts are never one count."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("Claim", overflow="fold")
    for kind in JudgmentKind:
        table.add_column(kind.capitalize(), overflow="fold")
    table.add_column("Cases", justify="right", no_wrap=True)
    table.add_column("Contrary", justify="right", no_wrap=True)
    for claim in claims:
        counts = ("" if count is None else str(count) for count in (claim.count, claim.contrary))
        table.add_row(_text(claim.title), *(_verdicts(claim, kind) for kind in JudgmentKind), *counts)
    return table


def _verdicts(claim: Claim, kind: JudgmentKind) -> Text:
    found = [judgment.verdict for judgment in claim.judgments if judgment.kind is kind]
    return Text(", ").join(_text(verdict, STYLES[verdict]) for verdict in found)


def _told(claim: Claim) -> Iterator[Text]:
    """What a claim has to say, each with its word before it."""
    judged = ((f"{judgment.kind.capitalize()}, {judgment.verdict}", judgment.words) for judgment in claim.judgments)
    data_to = "" if claim.data_to is None else f"to {claim.data_to}"
    lines = (
        (f"Said by {claim.provider}, {claim.said_on}", claim.said),
        *judged,
        ("Status", claim.standing.words),
        ("Test", claim.test),
        ("Found", claim.found),
        ("Against", claim.against),
        ("Views", claim.view),
        ("" if claim.view_words.startswith("No view") else "Why", claim.view_words),
        ("Data", "; ".join(filter(None, [claim.source, data_to, claim.age_words]))),
    )
    for head, words in lines:
        if words:
            yield Text.assemble(_text(f"{head}: " if head else "", "italic"), _text(words))


def _table(known: EvidenceTable) -> Table:
    """Figures to the right on one line; words to the left, and broken where they are long."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column(known.columns[0], overflow="fold")
    for column, head in enumerate(known.columns[1:], start=1):
        cells = [row[column] for row in known.rows]
        is_figure = all(cell[:1] in FIGURES and len(cell) < LONG for cell in cells)
        table.add_column(head, justify="right" if is_figure else "left", no_wrap=is_figure, overflow="fold")
    for row in known.rows:
        table.add_row(*(_text(cell) for cell in row))
    return table
