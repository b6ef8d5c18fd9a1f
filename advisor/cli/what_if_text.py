"""A comparison as tables for a person, and in words what makes the difference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from advisor import format as fmt
from advisor.api.compare import Comparison, Picked
from advisor.cli.summary import console_for, dates_words, figures_table, for_console
from advisor.errors import printable
from advisor.rebalance.warn import prices_are_stale
from advisor.report.limits import bound_words, level_after, limit_words
from advisor.report.sections.answer import illustration_words
from advisor.report.sections.cause_words import cause_words, change_words
from advisor.whatif.model import Outcome
from advisor.whatif.outcomes import broken_limits, value_before_usd

WIDE = 100  # columns; in a narrower window risk and spread are left to what-if.json, and that is said


def comparison_text(comparison: Comparison, written: Iterable[Path]) -> str:
    """The table first, then why the rows differ, sweeps, picks, and where the files are."""
    text = StringIO()
    console = console_for(text)
    base = comparison.base
    console.print(Text(printable(base.portfolio.name), style="bold"), dates_words(base.portfolio.as_of, base.market))
    if prices_are_stale(base.portfolio, base.market):
        console.print(for_console(f"{illustration_words(base.market.as_of)}."))
    console.print(_table("", comparison.outcomes, console))
    _print_lines(console, _no_answers(comparison.outcomes))
    _print_lines(console, (line for outcome in comparison.outcomes for line in _why(outcome)))
    for sweep in comparison.sweeps:
        console.print(Text(f"\n{printable(sweep.path)}", style="bold"))
        console.print(_table("at", sweep.outcomes, console, cut=f"{sweep.path}="))
        _print_lines(console, _no_answers(sweep.outcomes, cut=f"{sweep.path}="))
    if comparison.picks:
        console.print()
        outcomes = [picked.outcome for picked in comparison.picks if picked.outcome is not None]
        console.print(_table("Picks", outcomes, console))
        _print_lines(console, (_pick_words(picked) for picked in comparison.picks))
    if console.width < WIDE:
        console.print(
            f"Left out in {console.width} columns: volatility, tracking error and spread. "
            f"They are shown from {WIDE} columns on, and are in what-if.json."
        )
    console.print(
        "Proposals, not executed. Each pick passed the independent check; the other rows did not go through it."
    )
    for path in written:
        console.print(Text(f"  {printable(str(path))}"), soft_wrap=True)
    return text.getvalue()


def _table(first: str, outcomes: Iterable[Outcome], console: Console, cut: str = "") -> Table:
    wide = console.width >= WIDE
    risk = ("volat.", "tracking error") if wide else ()
    cost = ("tax", "spread") if wide else ("tax",)
    table = figures_table(first, "seven", "small", *risk, *cost, "net benefit", "orders", "broken")
    for outcome in outcomes:
        title = Text(printable(_short(outcome.title.removeprefix(cut))))
        table.add_row(title, *(for_console(cell) for cell in _cells(outcome, is_wide=wide)))
    return table


def _cells(outcome: Outcome, *, is_wide: bool) -> Iterator[str]:
    after, tax, spread, gain = outcome.after, outcome.tax, outcome.spread_usd, outcome.net_benefit
    if after is None or tax is None or spread is None or gain is None:
        yield "no answer"
        return
    yield fmt.percent(after.exposure.seven.high)
    yield fmt.percent(after.small_cap_weight)
    if is_wide:
        yield fmt.percent(after.volatility)
        yield fmt.percent(after.tracking_error)
    yield fmt.money(tax.tax_usd)
    if is_wide:
        yield fmt.money(spread)
    yield fmt.signed_money(Decimal(repr(gain.total)) * value_before_usd(outcome)) if outcome.trades else ""
    yield str(len(outcome.trades))
    yield str(len(broken_limits(outcome))) if outcome.limits else ""


def _short(path: str) -> str:
    """A path, or a value set at it, without its section."""
    return path.removeprefix("limits.").removeprefix("preferences.").removeprefix("tax.")


def _print_lines(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        console.print(Text(f"- {printable(for_console(line))}"))


def _why(outcome: Outcome) -> Iterator[str]:
    """What is behind a row: what it changes and how far that moves the answer, and what it breaks."""
    if outcome.causes:
        yield f"{outcome.title}: {'; '.join(cause_words(outcome))}"
    elif outcome.changes:
        yield f"{outcome.title}: {'; '.join(change_words(change) for change in outcome.changes)}"
    broken = broken_limits(outcome)
    if broken:
        told = (f"{limit_words(x)} ({level_after(x)}, {bound_words(x)})" for x in broken)
        yield f"{outcome.title} breaks {fmt.plural(len(broken), 'limit')}: {', '.join(told)}"


def _no_answers(outcomes: Iterable[Outcome], cut: str = "") -> Iterator[str]:
    """Why rows have no answer, each reason once."""
    by_reason: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.reason:
            by_reason.setdefault(outcome.reason, []).append(outcome.title.removeprefix(cut))
    for reason, titles in by_reason.items():
        yield f"{', '.join(titles)}: no answer. {reason}"


def _pick_words(picked: Picked) -> str:
    pick = picked.pick
    if pick.share is None:
        return f"{pick.title}: no answer, because {pick.reason}"
    if pick.same_as:
        return f"{pick.title}: the same as {pick.same_as}, because {pick.reason}"
    if not pick.bounds:
        return f"{pick.title}: every limit as the file has it"
    allowed = "leaves nothing of a breach"
    if pick.share:
        allowed = f"allows up to {fmt.percent(pick.share)} of each breach of today"
    capped = ", and realizes no net gain" if "realized_gain.max" in pick.bounds else ""
    after = None if picked.outcome is None else picked.outcome.after
    end = "" if after is None else f"; the seven end at {fmt.percent(after.exposure.seven.high)}"
    return f"{pick.title}: {allowed}{capped}{end}"
