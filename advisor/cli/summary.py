"""What the commands show a person: rich text on a terminal, plain text in a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.style import StyleType
from rich.table import Table
from rich.text import Text

from advisor import format as fmt
from advisor.cli.output import on_terminal
from advisor.errors import printable
from advisor.exposure.lookthrough import Exposure
from advisor.market.data import MarketData
from advisor.portfolio.model import Portfolio
from advisor.rebalance.model import LimitResult, RebalancePlan, Trade
from advisor.report.limits import (
    bound_words,
    is_costly,
    is_met,
    level_after,
    level_today,
    limit_words,
    price_in_dollars,
    price_words,
)
from advisor.report.sections.answer import answer
from advisor.report.sections.frame import (
    cash_words,
    choices,
    choices_note,
    held_words,
    least_cost_words,
    plan_words,
)
from advisor.report.sections.small_cap_case import stability_words
from advisor.report.sections.why import break_even_words, funds_words, orders_words
from advisor.whatif.model import Outcome, TradeOff

LIMIT_WORDS = {
    "broken_before": "broken, met after",
    "binding": "met, exactly at the limit",
    "slack": "met, with room",
    "exceeded": "exceeded, as a soft limit may be",
}
OTHERS = ("half", "ijr_only", "russell_2000_only")
NO_WORSE = "broken today, no worse after"
PIPE_WIDTH = 120
MOST_OVERLAPS = 8  # pairs of funds in the table of a household, unless all are asked for
PRICES_WIDTH = 100  # below it the table of limits has no room for prices: they stand below it
LEAST_WIDTH = 80  # in a narrower terminal lines break; a cut figure would be worse


def console_for(text: StringIO) -> Console:
    """Console that lays out for standard output; rich honours NO_COLOR, and a pipe gets plain text not cut at 80."""
    terminal = on_terminal()
    console = Console(file=text, force_terminal=terminal, highlight=False, markup=False, emoji=False)
    console.width = max(console.width, LEAST_WIDTH) if terminal else PIPE_WIDTH
    return console


def plain_lines(lines: Iterable[str]) -> str:
    """Sentences, each from a new line, broken between words."""
    text = StringIO()
    console = console_for(text)
    for line in lines:
        console.print(Text(printable(for_console(line))))
    return text.getvalue()


def plain_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lines of text in columns under their heads."""
    text = StringIO()
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for head in heads:
        table.add_column(head, no_wrap=True)
    for row in rows:
        table.add_row(*(Text(printable(for_console(cell))) for cell in row))
    console_for(text).print(table)
    return text.getvalue()


def summary(
    plan: RebalancePlan,
    portfolio: Portfolio,
    market: MarketData,
    written: tuple[Path, ...],
    *,
    beside: TradeOff | None = None,
    compare: str = "",
) -> str:
    """The answer first, then figures, orders, limits, what it costs and what else there is, and where the files are.

    `beside` is what was compared with the proposal, `compare` is the command that compares more.
    """
    text = StringIO()
    console = console_for(text)
    console.print(Text(portfolio.name, style="bold"), dates_words(portfolio.as_of, market))
    console.print(Text(for_console(answer(plan)), style="bold"))
    console.print(_headline(plan))
    if plan.trades:
        console.print(_trades(plan.trades))
    if plan.limits:
        console.print(_limits(plan, has_prices=console.width >= PRICES_WIDTH))
        if console.width < PRICES_WIDTH:
            console.print(_prices(plan), end="")
    for words in (break_even_words(plan), funds_words(plan, portfolio), orders_words(plan, portfolio)):
        if words:
            console.print(Text(for_console(words)))
    for words in _framed(plan, portfolio, beside):
        console.print(Text(for_console(words)))
    for words in _compared(plan, beside):
        console.print(Text(for_console(words)))
    if compare:
        console.print(Text(f"Compare: {printable(compare)}"), soft_wrap=True)
    passed = sum(check.passed for check in plan.certificate.checks)
    console.print(f"Independent check: {passed} of {len(plan.certificate.checks)} passed. A proposal, not executed.")
    for path in written:
        console.print(Text(f"  {printable(str(path))}"), soft_wrap=True)
    return text.getvalue()


def _framed(plan: RebalancePlan, portfolio: Portfolio, beside: TradeOff | None) -> tuple[str, ...]:
    """What the plans cost, why cash is kept and what else could be done with it, and the least cost without a limit."""
    told = [plan_words(plan), cash_words(plan)]
    if beside is not None:
        offered = choices(portfolio, beside.more_room)
        told += [f"Choice {number}: {words}." for number, words in enumerate(offered, start=1)]
        told += [
            choices_note(beside.more_room),
            least_cost_words(plan, beside.least_cost),
            held_words(portfolio, beside),
        ]
    return tuple(filter(None, told))


def _compared(plan: RebalancePlan, beside: TradeOff | None) -> tuple[str, ...]:
    """Other allocations, and the bootstrap interval of small caps, where they were worked out."""
    if beside is None:
        return ()
    return tuple(filter(None, (_others(beside.alternatives, plan), *stability_words(beside)[:1])))


def _others(beside: tuple[Outcome, ...], plan: RebalancePlan) -> str:
    """The built-in alternatives in one sentence: the seven and this year's tax of each."""
    told = [
        f"{one.title.lower() if one.name == 'half' else one.title}, {_other(one, plan)}"
        for one in beside
        if one.name in OTHERS
    ]
    return f"Instead: {'; '.join(told)}." if told and plan.trades else ""


def _other(outcome: Outcome, plan: RebalancePlan) -> str:
    if outcome.after is None or outcome.tax is None:
        return "no answer"
    if _shares(outcome.trades) == _shares(plan.trades):
        return "the same orders"
    seven = outcome.after.exposure.seven
    usd = outcome.tax.tax_usd
    tax = f"{fmt.money(abs(usd))}{' less' if usd < 0 else ''}" if usd else "no"
    return f"the seven at {fmt.interval(seven.low, seven.high)} for {tax} tax"


def _shares(trades: tuple[Trade, ...]) -> dict[tuple[str, str, str], Decimal]:
    return {(trade.account, trade.symbol, trade.side): trade.shares for trade in trades}


def for_console(words: str) -> str:
    """Text for a console: plain spaces, because rich breaks lines at a no-break space, too."""
    return words.replace(fmt.NO_BREAK, " ")


def dates_words(as_of: date, market: MarketData) -> str:
    """Day of the decision, and the age of the prices."""
    age = (as_of - market.as_of).days
    return f"- decision of {as_of.isoformat()}, prices of {market.as_of.isoformat()} ({age} days old)"


def _headline(plan: RebalancePlan) -> Table:
    before, after = plan.before, plan.after
    table = figures_table("", "today", "proposed")
    seven_before, seven_after = before.exposure.seven, after.exposure.seven
    rows = [
        ("Household value", fmt.money(before.value_usd), fmt.money(after.value_usd)),
        (
            "Magnificent Seven, looked through",
            fmt.interval(seven_before.low, seven_before.high),
            fmt.interval(seven_after.low, seven_after.high),
        ),
        ("Small caps", fmt.percent(before.small_cap_weight), fmt.percent(after.small_cap_weight)),
        ("Cash", fmt.percent(before.cash_weight), fmt.percent(after.cash_weight)),
        ("Volatility a year", fmt.percent(before.volatility), fmt.percent(after.volatility)),
        ("Tax of these trades", "", fmt.rough_money(plan.tax.tax_usd)),
        ("Spread of these trades", "", fmt.rough_money(plan.spread_usd)),
    ]
    for row in rows:
        table.add_row(*row)
    return table


def _trades(trades: tuple[Trade, ...]) -> Table:
    table = figures_table("Account", "Order", "Shares", "Amount", words="Why")
    table.columns[1].justify = "left"
    for trade in trades:
        table.add_row(
            Text(trade.account),
            f"{trade.side} {trade.symbol}",
            fmt.shares(trade.shares),
            fmt.cents(trade.amount_usd),
            Text(trade.why),
        )
    return table


def _limits(plan: RebalancePlan, *, has_prices: bool) -> Table:
    """Limits, with what a percentage point more room is worth a year where any of them costs something."""
    is_priced = has_prices and any(is_costly(limit) for limit in plan.limits)
    price = ("shadow price",) if is_priced else ()
    table = figures_table("Limit", "yours", "today", "proposed", *price, words="")
    for limit in plan.limits:
        table.add_row(
            limit_words(limit),
            bound_words(limit),
            level_today(limit),
            level_after(limit),
            *((_price(limit, plan),) if is_priced else ()),
            _status(limit),
        )
    return table


def _prices(plan: RebalancePlan) -> Text:
    """The column of prices as lines, for a window without room for it."""
    costly = [limit for limit in plan.limits if is_costly(limit)]
    told = (f"Worth of a point of {limit_words(limit)}: {_price(limit, plan)} a year.\n" for limit in costly)
    return Text(for_console("".join(told)))


def _status(limit: LimitResult) -> Text:
    """How the limit stands in words; a colour says no more than they do."""
    if limit.status == "broken_before" and not is_met(limit, limit.after):
        return Text(NO_WORSE, style="yellow")
    style = {"broken_before": "green", "exceeded": "yellow"}.get(limit.status, "")
    return Text(LIMIT_WORDS[limit.status], style=style)


def _price(limit: LimitResult, plan: RebalancePlan) -> str:
    return f"{price_words(limit)}, {price_in_dollars(limit, plan)}" if is_costly(limit) else ""


class _Figures(Table):
    """Table that shows each figure as `for_console` does."""

    def add_row(self, *cells: RenderableType | None, style: StyleType | None = None, end_section: bool = False) -> None:
        """Add the cells below the others."""
        shown = (for_console(cell) if isinstance(cell, str) else cell for cell in cells)
        super().add_row(*shown, style=style, end_section=end_section)


def figures_table(first: str, *columns: str, words: str | None = None) -> Table:
    """Table whose names and closing words may break; its figures may not."""
    table = _Figures(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(first, overflow="fold")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    if words is not None:
        table.add_column(words, overflow="fold")
    return table


def exposure_text(
    seen: Exposure,
    overlaps: Mapping[tuple[str, str], tuple[float, float]],
    portfolio: Portfolio,
    market: MarketData,
    *,
    quiet: bool,
    show_all: bool = False,
) -> str:
    """Companies, funds, accounts and overlaps of a household; the largest overlaps alone unless `show_all`."""
    text = StringIO()
    console = console_for(text)
    seven = seen.seven
    console.print(Text(portfolio.name, style="bold"), dates_words(portfolio.as_of, market))
    headline = (
        f"Magnificent Seven: {fmt.interval(seven.low, seven.high)} of {fmt.money(seen.value_usd)}; "
        f"{fmt.percent(seven.direct)} held directly, {fmt.percent(seven.through_funds)} through funds."
    )
    console.print(Text(for_console(headline), style="bold"))
    console.print(_companies(seen))
    if seen.funds:
        console.print(_funds(seen))
    console.print(_accounts(seen))
    if overlaps:
        shown = len(overlaps) if show_all else MOST_OVERLAPS
        console.print(_overlaps(overlaps, shown))
        if len(overlaps) > shown:
            console.print(f"and {len(overlaps) - shown} more pairs: --all")
    count = fmt.count_interval(seen.effective_companies, 1) or "none is known by name"
    unnamed = for_console(fmt.percent(seen.unnamed))
    console.print(f"Effective number of companies: {count}. In no list by name: {unnamed}.")
    if not quiet:
        console.print("Intervals run from what the funds' lists name to what they cannot rule out.", style="dim")
    return text.getvalue()


def _companies(seen: Exposure, most: int = 12) -> Table:
    table = figures_table("Company", "direct", "through funds", "in all")
    for company in seen.companies[:most]:
        table.add_row(
            company.company,
            fmt.percent(company.direct),
            fmt.percent(company.through_funds),
            fmt.interval(company.low, company.high),
        )
    return table


def _funds(seen: Exposure) -> Table:
    table = figures_table("Fund", "weight", "seven in it", "of household", "covers", "list of", words="basis")
    for fund in seen.funds:
        table.add_row(
            fund.symbol,
            fmt.percent(fund.weight),
            fmt.interval(*fund.seven_in_fund),
            fmt.interval(fund.seven_low, fund.seven_high),
            fmt.percent(fund.coverage, 0),
            fmt.iso(fund.as_of),
            fund.basis,
        )
    return table


def _accounts(seen: Exposure) -> Table:
    table = figures_table("Account", "value", "of household", "seven in account")
    for account in seen.accounts:
        table.add_row(
            Text(account.name),
            fmt.money(account.value_usd),
            fmt.percent(account.weight),
            fmt.interval(account.seven_low, account.seven_high),
        )
    return table


def _overlaps(overlaps: Mapping[tuple[str, str], tuple[float, float]], most: int) -> Table:
    """The largest first, by what is known to be in common, then by what may be."""
    table = figures_table("Overlap of two funds", "held in common")
    largest_first = sorted(overlaps.items(), key=lambda pair: (-pair[1][0], -pair[1][1], pair[0]))
    for (a, b), ends in largest_first[:most]:
        table.add_row(f"{a} and {b}", fmt.interval(*ends))
    return table
