"""The changes between two recommendations for a person: one sentence first, then tables."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from io import StringIO

from rich.table import Table
from rich.text import Text

from advisor import format as fmt
from advisor.cli.summary import console_for, figures_table, for_console
from advisor.errors import printable
from advisor.rebalance.model import LimitResult
from advisor.report.limits import limit_figure
from advisor.report.sections.cause_words import NOTHING, change_words
from advisor.whatif.difference import Step
from advisor.whatif.two_answers import Causes, RecordedAnswer, TwoAnswers, with_other_orders

TITLES = {
    "value": "Household value",
    "magnificent_seven": "Magnificent Seven, at most",
    "small_caps": "Small caps",
    "cash": "Cash",
    "volatility": "Volatility a year",
    "tax": "Tax of the trades",
    "spread": "Spread of the trades",
}
STATUS = {"broken_before": "broken today", "binding": "binding", "slack": "slack", "exceeded": "exceeded"}
ORDER = (
    "Inputs are switched in this order, and the household is planned after each; in another order they would share the "
    "move differently. *: other orders than before this step."
)


def diff_text(name: str, answers: TwoAnswers, causes: Causes | None) -> str:
    """The answer first, then what is behind it."""
    text = StringIO()
    console = console_for(text)
    old, new = answers.old, answers.new
    console.print(Text(printable(name), style="bold"), f"- from {old.as_of.isoformat()} to {new.as_of.isoformat()}")
    console.print(Text(printable(for_console(advice_words(answers, causes))), style="bold"))
    if answers.orders:
        console.print(_orders(answers))
    console.print(_measures(answers))
    if answers.limits:
        console.print(_limits(answers))
    if causes is not None and causes.found.steps:
        console.print(_steps(causes))
        for step in causes.found.steps:
            if step.outcome.reason:
                console.print(Text(printable(f"- {step.change.path}: no answer. {step.outcome.reason}")))
        console.print(ORDER)
    if causes is not None:
        for line in _program_words(causes):
            console.print(Text(for_console(line)))
    console.print("Proposals, not executed.")
    return text.getvalue()


def advice_words(answers: TwoAnswers, causes: Causes | None) -> str:
    """Whether the advice is the same, what becomes of the seven, and why."""
    old, new = answers.old, answers.new
    if answers.is_same_advice:
        return f"The same advice: {_advice(new)}{_unchanged_words(causes)}."
    changed = f"Other advice: {_orders_words(answers)}"
    before, after = (fmt.percent(one.measures["magnificent_seven"][1] or 0.0) for one in (old, new))
    seven = f"stay at {after}" if before == after else f"go to {after} in place of {before}"
    return f"{changed}; the Magnificent Seven are to {seven} of the household{_because(causes)}."


def _advice(answer: RecordedAnswer) -> str:
    return fmt.plural(len(answer.orders), "order") if answer.orders else "to do nothing"


def _orders_words(answers: TwoAnswers) -> str:
    """How many orders of the old and the new advice are other ones, and how many are equal in shares as well."""
    old, new = answers.old, answers.new
    if not (old.orders and new.orders):
        return f"{_advice(new)} in place of {_advice(old)}"
    if old.orders.keys() == new.orders.keys():
        return f"{len(answers.orders)} of {fmt.plural(len(new.orders), 'order')} change"
    counts = (
        (sum(old.orders.get(key) == count for key, count in new.orders.items()), "as before"),
        (sum(one.old is not None and one.new is not None for one in answers.orders), "with other shares"),
        (sum(one.old is None for one in answers.orders), "new"),
        (sum(one.new is None for one in answers.orders), "no more"),
    )
    told = ", ".join(f"{count} {words}" for count, words in counts if count)
    return f"{_advice(new)} in place of {_advice(old)}: {told}"


def _unchanged_words(causes: Causes | None) -> str:
    if causes is None:
        return ""
    return ", though inputs changed" if causes.found.steps else "; no input changed"


def _because(causes: Causes | None) -> str:
    """The inputs behind it: those that move the proposed household, else those that change its orders."""
    if causes is None:
        return ""
    steps = causes.found.steps
    if any(step.moved is None for step in steps):
        return f"; the inputs that changed are {_paths(steps)}"
    moving = sorted((s for s in steps if s.moved is not None and s.moved >= NOTHING), key=lambda s: -(s.moved or 0))
    if moving:
        return f", {'because of' if len(moving) == 1 else 'mostly because of'} {change_words(moving[0].change)}"
    ordering = with_other_orders(causes.found)
    if ordering:
        return f", because of {_paths(ordering)}"
    return "; no input explains it, so the program is another"


def _paths(steps: tuple[Step, ...] | list[Step]) -> str:
    return fmt.listing(tuple(step.change.path for step in steps), len(steps))


def _orders(answers: TwoAnswers) -> Table:
    table = figures_table("Account", "Order", "shares then", "shares now", words="")
    table.columns[1].justify = "left"
    for one in answers.orders:
        words = "new" if one.old is None else "no more" if one.new is None else "changed"
        shares = ("" if count is None else fmt.shares(count) for count in (one.old, one.new))
        table.add_row(Text(printable(one.account)), Text(printable(f"{one.side} {one.symbol}")), *shares, words)
    return table


def _measures(answers: TwoAnswers) -> Table:
    table = figures_table("", "today then", "today now", "proposed then", "proposed now")
    for one in answers.measures:
        values = (*one.today, *one.proposed)
        cells = ("" if value is None else for_console(_figure(one.name, one.unit, value)) for value in values)
        table.add_row(TITLES[one.name], *cells)
    return table


def _figure(name: str, unit: str, value: float) -> str:
    if unit == "fraction":
        return fmt.percent(value)
    return (fmt.money if name == "value" else fmt.cents)(Decimal(repr(value)))


def _limits(answers: TwoAnswers) -> Table:
    table = figures_table("Limit", "bound then", "bound now", "today then", "today now", words="")
    for one in answers.limits:
        bounds = ("" if limit is None else limit.bound_words for limit in (one.old, one.new))
        today = (
            "" if limit is None else for_console(limit_figure(limit, limit.before)) for limit in (one.old, one.new)
        )
        table.add_row(Text(printable(one.label)), *bounds, *today, _limit_words(one.old, one.new))
    return table


def _limit_words(old: LimitResult | None, new: LimitResult | None) -> str:
    if new is None:
        return "no more"
    if old is None:
        return f"new, {STATUS.get(new.status, '')}"
    if old.mode != new.mode:
        return f"{_mode(old)}, now {_mode(new)}"
    before, after = STATUS.get(old.status, ""), STATUS.get(new.status, "")
    return after if before == after else f"{before}, now {after}"


def _mode(limit: LimitResult) -> str:
    return printable(limit.mode.replace("_", " "))


def _steps(causes: Causes) -> Table:
    table = figures_table("Input", "moves", "seven", "orders", words="from, to")
    changed = with_other_orders(causes.found)
    for step in causes.found.steps:
        after, change = step.outcome.after, step.change
        moved = "no answer" if after is None else "" if step.moved is None else fmt.percent(step.moved)
        seven = "" if after is None else fmt.percent(after.exposure.seven.high)
        orders = "" if after is None else f"{len(step.outcome.trades)}{'*' if step in changed else ''}"
        words = f"{'none' if change.before is None else change.before} to {change.after or 'none'}"
        cells = (for_console(cell) for cell in (moved, seven, orders))
        table.add_row(Text(printable(change.path)), *cells, Text(printable(words)))
    return table


def _program_words(causes: Causes) -> Iterator[str]:
    """What is left that no input explains."""
    told = (
        (causes.before, "This program makes another answer of the old inputs than is recorded"),
        (causes.after, "This program makes another answer of the new inputs than is recorded"),
    )
    for apart, words in told:
        if apart is None:
            yield f"{words}: none."
        elif apart >= NOTHING:
            yield f"{words}: {fmt.percent(apart)} of the household apart."
