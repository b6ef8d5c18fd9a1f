"""Today against proposed, beyond weights and risk: size, sectors, and the funds side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import combinations

from advisor.exposure.overlap import overlap
from advisor.exposure.sectors import household_sectors
from advisor.format import (
    EN_DASH,
    NOTICEABLE,
    ROUGH_USD,
    cents,
    change_in_points,
    interval,
    listing,
    money,
    number,
    percent,
    plural,
)
from advisor.market.data import MarketData
from advisor.market.fund_kinds import holds_bonds_alone
from advisor.market.valuations import valuations
from advisor.rebalance.model import HouseholdState, RebalancePlan
from advisor.report.model import Cell, Column, Row, Table
from advisor.report.parts import dollars, is_trade, merged, row, security_name, table

_SIZES = (
    "Large-cap funds",
    "Mid-cap funds",
    "Small-cap funds",
    "Single companies",
    "Bond funds",
    "Other funds",
    "Cash",
)
_SIZE_WORDS = {"Large": _SIZES[0], "Mid": _SIZES[1], "Mid-Cap": _SIZES[1], "Small": _SIZES[2]}
_MOST_PAIRS = 8


def size_table(plan: RebalancePlan, market: MarketData) -> Table:
    """Weights by the size of what the funds hold, by their category."""
    first, second = _sizes(plan.before, market), _sizes(plan.after, market)
    rows = [_share_row(size, first[size], second[size]) for size in _SIZES if first[size] or second[size]]
    notes = (
        "By the category of each fund; sector funds and funds of other countries are other funds. A single company's "
        "size is not looked up.",
    )
    return table("By size", _columns("Size"), rows, plan, notes)


def _sizes(state: HouseholdState, market: MarketData) -> dict[str, float]:
    totals = dict.fromkeys(_SIZES, 0.0)
    for symbol, weight in state.weights.items():
        totals[_size(symbol, market)] += weight
    totals["Cash"] = state.cash_weight
    return totals


def _size(symbol: str, market: MarketData) -> str:
    security = market.securities[symbol]
    if not security.is_fund:
        return "Single companies"
    if holds_bonds_alone(security.sector):
        return "Bond funds"
    return _SIZE_WORDS.get((security.sector or "").partition(" ")[0], "Other funds")


def sector_table(plan: RebalancePlan, market: MarketData) -> Table | None:
    """Weight of each sector, funds looked through: known, and not ruled out; None where nothing but cash is held."""
    first = household_sectors(market, plan.before.weights)
    second = household_sectors(market, plan.after.weights)
    shown = sorted(first, key=lambda sector: (-max(first[sector][0], second[sector][0]), sector))
    rows = [
        row(sector, interval(*first[sector]), interval(*second[sector]), _sector_change(first[sector], second[sector]))
        for sector in shown
        if max(first[sector][1], second[sector][1]) >= NOTICEABLE
    ]
    if not rows:
        return None
    notes = (
        "Of household value. An interval runs from what the funds' lists name to what they cannot rule out; the change "
        "is that of the lower ends.",
    )
    return table("By sector, funds looked through", _columns("Sector"), rows, plan, notes)


def _sector_change(first: tuple[float, float], second: tuple[float, float]) -> str:
    return change_in_points(first[0], second[0])


def funds_table(plan: RebalancePlan, market: MarketData) -> Table | None:
    """The funds side by side: index and expenses in dollars; None where none is held."""
    symbols = [
        symbol for symbol in merged(plan.before.weights, plan.after.weights) if market.securities[symbol].is_fund
    ]
    if not symbols:
        return None
    columns = (
        Column("Fund", "text"),
        Column("Index", "text"),
        Column("Expense ratio"),
        Column("Expenses a year, today"),
        Column("Expenses a year, proposed", is_proposed=True),
    )
    totals = [_total_expenses_usd(symbols, state, market) for state in (plan.before, plan.after)]
    words = cents if max(totals) < ROUGH_USD else money
    rows = [_fund_row(symbol, plan, market, words) for symbol in symbols]
    rows.append(row("All funds", EN_DASH, EN_DASH, *map(words, totals), kind="total"))
    return table("The funds side by side", columns, rows, plan)


def _fund_row(symbol: str, plan: RebalancePlan, market: MarketData, words: Callable[[Decimal], str]) -> Row:
    amounts = [_expenses_usd(symbol, state, market) for state in (plan.before, plan.after)]
    security = market.securities[symbol]
    ratio = security.expense_ratio
    return row(
        Cell(symbol, aside=security_name(market, symbol)),
        security.index or EN_DASH,
        Cell(EN_DASH if ratio is None else percent(ratio.value, 2)),
        *(EN_DASH if amount is None else words(amount) for amount in amounts),
    )


def valuation_table(plan: RebalancePlan, market: MarketData) -> Table | None:
    """Price to earnings of the funds' indexes as published; None where none of them has a figure."""
    funds: dict[str, list[str]] = {}
    for symbol in merged(plan.before.weights, plan.after.weights):
        if index := market.securities[symbol].index:
            funds.setdefault(index, []).append(symbol)
    rows = [
        row(
            Cell(found.index, aside=listing(tuple(symbols))),
            found.measure,
            number(found.value),
            found.as_of,
            found.losers,
            found.source,
        )
        for index, symbols in funds.items()
        for found in valuations(index)
    ]
    if not rows:
        return None
    columns = (
        Column("Index", "text"),
        Column("Measure", "word"),
        Column("Price to earnings"),
        Column("Of", "word"),
        Column("Companies with a loss", "text"),
        Column("Source", "text"),
    )
    unknown = tuple(index for index in funds if not valuations(index))
    notes = ["Two figures compare only where measure, date and the treatment of companies with a loss agree."]
    if unknown:
        notes.append(f"No figure is at hand for {listing(unknown, len(unknown))}.")
    return Table("Price to earnings of the funds' indexes, as published", columns, tuple(rows), tuple(notes))


def _expenses_usd(symbol: str, state: HouseholdState, market: MarketData) -> Decimal | None:
    """Expenses a year; None where the fund is not held or its ratio is not known."""
    ratio = market.securities[symbol].expense_ratio
    if ratio is None or symbol not in state.weights:
        return None
    return dollars(state.weights[symbol] * ratio.value, state)


def _total_expenses_usd(symbols: list[str], state: HouseholdState, market: MarketData) -> Decimal:
    return sum((_expenses_usd(symbol, state, market) or Decimal(0) for symbol in symbols), Decimal(0))


def overlap_table(plan: RebalancePlan, market: MarketData) -> Table | None:
    """What each fund held afterwards is known to have in common with the others; None where that is nothing."""
    shown = plan.after if is_trade(plan) else plan.before
    funds = [symbol for symbol in shown.weights if market.securities[symbol].is_fund]
    pairs = list(_overlaps(tuple(sorted(funds)), market))
    known = [(pair, ends) for pair, ends in pairs if ends[0] >= NOTICEABLE]
    found = sorted(known, key=lambda entry: (-entry[1][0], -entry[1][1], entry[0]))[:_MOST_PAIRS]
    if not found:
        return None
    rows = [row(f"{a} and {b}", interval(*ends)) for (a, b), ends in found]
    columns = (Column("Two funds", "text"), Column("Held in common"))
    notes = ["Part of one fund's value that the other holds in the same companies."]
    if len(found) < len(pairs):
        left = plural(len(pairs) - len(found), "other pair")
        notes.append(f"Of {left} less, or nothing, is known to be in common.")
    caption = "Overlap of the funds, as proposed" if is_trade(plan) else "Overlap of the funds"
    return Table(caption, columns, tuple(rows), tuple(notes))


def _overlaps(funds: tuple[str, ...], market: MarketData) -> Iterator[tuple[tuple[str, str], tuple[float, float]]]:
    for pair in combinations(funds, 2):
        yield pair, overlap(market, *pair)


def _columns(first: str) -> tuple[Column, ...]:
    return (
        Column(first, "text"),
        Column("Today"),
        Column("Proposed", is_proposed=True),
        Column("Change", is_proposed=True),
    )


def _share_row(label: str, first: float, second: float) -> Row:
    return row(label, percent(first), percent(second), change_in_points(first, second))
