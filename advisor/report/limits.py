"""Limits in words: what each one bounds, how it stands today and after the trades."""

from __future__ import annotations

from decimal import Decimal

from advisor.portfolio.model import LimitKind
from advisor.rebalance.model import LimitResult, RebalancePlan
from advisor.report.format import money, number, percent
from advisor.report.model import Cell, Column, Row, Table
from advisor.report.parts import is_trade, row, table

_MET = 1e-6  # the same slack that the orders' rounding is granted
_UPPER_END = (
    "A limit on a company binds on the upper end of its interval: what is known plus what the funds' lists "
    "cannot rule out."
)
_PRICE = (
    "Price: how much the objective would gain, in basis points a year, if the bound were one percentage point "
    "looser (for an amount in dollars, one percent of household value; for beta, 0.01)."
)
_WORDS = {
    "magnificent_seven": "Magnificent Seven",
    "single_company": "Largest company",
    "small_caps": "Small-cap funds together",
    "volatility": "Volatility",
    "tracking_error": "Tracking error",
    "beta": "Beta",
    "turnover": "Turnover",
    "realized_gain": "Realized gain",
    "cash": "Cash",
}


def limit_words(limit: LimitResult) -> str:
    """What the limit bounds: ``Largest company (Nvidia)``, ``Tracking error against SPY``."""
    name = _WORDS.get(limit.name)
    if name is None:
        return limit.name.removeprefix("funds.") if limit.name.startswith("funds.") else limit.name
    if limit.subject is None:
        return name
    return (
        f"{name} against {limit.subject}" if limit.name in ("tracking_error", "beta") else f"{name} ({limit.subject})"
    )


def limit_figure(limit: LimitResult, value: float) -> str:
    """A bound or a level in the limit's own unit."""
    if limit.unit == "usd":
        return money(Decimal(repr(value)))
    return number(value, 2) if limit.unit == "ratio" else percent(value)


def bound_words(limit: LimitResult) -> str:
    """``at most 25.0 %``."""
    side = "at most" if limit.kind is LimitKind.MAX else "at least"
    return f"{side} {limit_figure(limit, limit.bound)}"


def is_met(limit: LimitResult, value: float) -> bool:
    """Whether a level keeps the bound."""
    slack = _MET * max(1.0, abs(limit.bound))
    return value <= limit.bound + slack if limit.kind is LimitKind.MAX else value >= limit.bound - slack


def find_limit(plan: RebalancePlan, name: str, kind: LimitKind = LimitKind.MAX) -> LimitResult | None:
    """The limit of that name and side, where the user set one."""
    return next((limit for limit in plan.limits if limit.name == name and limit.kind is kind), None)


def broken_today(plan: RebalancePlan) -> tuple[LimitResult, ...]:
    """Limits that the household breaks before any trade."""
    return tuple(limit for limit in plan.limits if limit.status == "broken_before")


def broken_sentence(limit: LimitResult, plan: RebalancePlan) -> str:
    """One line about a broken limit, with what the proposal makes of it."""
    today = f"{limit_words(limit)}: {limit_figure(limit, limit.before)} today, limit {bound_words(limit)}"
    if not is_trade(plan):
        return today + "."
    return f"{today}; {limit_figure(limit, limit.after)} with the proposal."


def limits_table(plan: RebalancePlan) -> Table | None:
    """Every limit with its bound, level, status and, where one is known, its price."""
    if not plan.limits:
        return None
    columns = [
        Column("Limit", "text"),
        Column("Bound"),
        Column("Today"),
        Column("Proposed", is_proposed=True),
        Column("Status", "text"),
    ]
    notes = [_UPPER_END]
    is_priced = any(limit.price_bps_per_pp is not None for limit in plan.limits)
    if is_priced:
        columns.append(Column("Price, bp a year"))
        notes.append(_PRICE)
    rows = [_limit_row(limit, plan, is_priced=is_priced) for limit in plan.limits]
    return table("Your limits", tuple(columns), rows, plan, tuple(notes))


def _limit_row(limit: LimitResult, plan: RebalancePlan, *, is_priced: bool) -> Row:
    fields = [
        Cell(limit_words(limit), lines=(limit.label,)),
        Cell(bound_words(limit)),
        Cell(limit_figure(limit, limit.before)),
        Cell(limit_figure(limit, limit.after)),
        _status_cell(limit, plan),
    ]
    if is_priced:
        price = limit.price_bps_per_pp
        fields.append(Cell("–" if price is None else number(price)))
    return row(*fields)


def _status_cell(limit: LimitResult, plan: RebalancePlan) -> Cell:
    if limit.status != "broken_before":
        return Cell("Met, exactly at the limit" if limit.status == "binding" else "Met, with room")
    if not is_trade(plan):
        return Cell("Broken today", tone="worse")
    if is_met(limit, limit.after):
        return Cell("Broken today, met by the proposal", tone="better")
    return Cell("Broken today and with the proposal", tone="worse")
