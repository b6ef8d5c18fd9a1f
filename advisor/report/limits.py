"""Limits in words: what each one bounds, how it stands today and after the trades."""

from __future__ import annotations

from collections.abc import Callable

from advisor.format import EN_DASH, NO_BREAK, exact_money, fine, number, percent, rough_money
from advisor.portfolio.limit_types import MeasuredOn, Part, Side, Unit
from advisor.rebalance.model import LimitResult, RebalancePlan
from advisor.report.model import Cell, Column, Row, Table
from advisor.report.parts import dollars, is_trade, row, table
from advisor.units import BASIS_POINT

LARGEST = "single_company"  # the one limit whose level is of somebody
_MET = 1e-6  # the same slack that the orders' rounding is granted
_UPPER_END = (
    "A limit on companies or sectors binds on the upper end of the interval: what is known plus what the funds' lists "
    "cannot rule out."
)
_PRICE = (
    "Shadow price: what one percentage point more room would be worth, in basis points of household value and in "
    "dollars a year (for an amount in dollars, one percent of household value more; for beta, 0.01 more). A dash: more "
    "room is worth nothing. They belong to the best trades before rounding to shares."
)
_PRICE_RANGE = (
    "Where a limit has two shadow prices, no single one holds: a little more room is worth the first, a little less "
    "costs the second."
)
_UNPRICED = "No limit costs anything: a little more room in any of them is worth nothing."
_SOFT = (
    "A soft limit may be exceeded: each percentage point beyond it (for an amount in dollars, one percent of household "
    "value; for beta, 0.01) counts as its charge, in basis points of household value a year."
)
_NOT_WORSE = "A limit that is to be no worse than today is kept at its bound, or at today's figure if beyond it."
_SCENARIOS = (
    "Hypothetical: these weights applied to past months, before tax and trading cost. The largest fall is that of a "
    "household that holds them unchanged throughout."
)


def limit_words(limit: LimitResult) -> str:
    """What the limit bounds: ``Largest company``, ``Tracking error against SPY``, ``Energy sector``."""
    part = limit.subject if limit.type.part is Part.EPISODE and limit.subject else limit.part  # an episode has a title
    name = limit.type.label.format(part=part)
    return f"{name} against {limit.subject}" if limit.type.has_benchmark else name


def limit_figure(limit: LimitResult, value: float) -> str:
    """A level in the limit's own unit, with at least the decimals of the bound beside it."""
    if limit.unit is Unit.USD:
        return exact_money(value, limit.decimals)
    return number(value, limit.decimals) if limit.unit is Unit.RATIO else percent(value, limit.decimals)


def company_before(limit: LimitResult) -> str | None:
    """The company that stands highest today, where the limit is on the largest."""
    return limit.subject_before if limit.name == LARGEST else None


def company_after(limit: LimitResult) -> str | None:
    """The company that stands highest with the proposal, where the limit is on the largest."""
    return limit.subject if limit.name == LARGEST else None


def level_today(limit: LimitResult) -> str:
    """``Meta 20.9%`` where the limit is on the largest company, else ``20.9%``."""
    return _level(company_before(limit), limit_figure(limit, limit.before))


def level_after(limit: LimitResult) -> str:
    """The same with the proposal: ``Apple 10.1%``."""
    return _level(company_after(limit), limit_figure(limit, limit.after))


def _level(company: str | None, figure: str) -> str:
    return f"{company} {figure}" if company else figure


def bound_words(limit: LimitResult) -> str:
    """``at most 25%``."""
    return f"{'at most' if limit.side is Side.MAX else 'at least'} {limit.bound_words}"


def mode_words(limit: LimitResult) -> tuple[str, ...]:
    """How strictly the limit is meant, in small type below the bound; nothing for a hard one."""
    if limit.charge_bps_per_pp is not None:
        return (f"soft, {number(limit.charge_bps_per_pp)} bp a point",)
    if limit.allowed is not None:
        return ("or no worse than today",)
    return ()


def is_met(limit: LimitResult, value: float) -> bool:
    """Whether a level keeps the bound."""
    return _keeps(limit, limit.bound, value)


def is_kept(limit: LimitResult, value: float) -> bool:
    """Whether a level keeps the bound, or today's figure where that is allowed."""
    return _keeps(limit, limit.bound if limit.allowed is None else limit.allowed, value)


def _keeps(limit: LimitResult, bound: float, value: float) -> bool:
    slack = _MET * max(1.0, abs(bound))
    return value <= bound + slack if limit.side is Side.MAX else value >= bound - slack


def find_limit(plan: RebalancePlan, name: str, side: Side = Side.MAX) -> LimitResult | None:
    """The limit of that name and side, where the user set one."""
    return next((limit for limit in plan.limits if limit.name == name and limit.side is side), None)


def broken_today(plan: RebalancePlan) -> tuple[LimitResult, ...]:
    """Limits that the household is beyond before any trade, however strictly they are meant."""
    return tuple(
        limit
        for limit in plan.limits
        if limit.status == "broken_before" or (limit.status == "exceeded" and not is_met(limit, limit.before))
    )


def exceeded(plan: RebalancePlan) -> tuple[LimitResult, ...]:
    """Soft limits that the household is beyond after the trades."""
    return tuple(limit for limit in plan.limits if limit.status == "exceeded")


def broken_sentence(limit: LimitResult, plan: RebalancePlan) -> str:
    """One line about a broken limit, with what the proposal makes of it."""
    today = f"{limit_words(limit)}: {level_today(limit)} today, limit {bound_words(limit)}"
    return f"{today}; {level_after(limit)} with the proposal." if is_trade(plan) else f"{today}."


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
    is_priced = any(is_costly(limit) for limit in plan.limits)
    if is_priced:
        columns.append(Column("Shadow price", is_proposed=True))
    rows = [_limit_row(limit, plan, is_priced=is_priced) for limit in plan.limits]
    notes = [_UPPER_END] if any(limit.type.counts_upper_end for limit in plan.limits) else []
    notes += [note for note, applies in _price_notes(plan, is_priced=is_priced) if applies]
    notes += [note for note, applies in _mode_notes(plan) if applies]
    return table("Your limits", tuple(columns), rows, plan, tuple(notes))


def is_costly(limit: LimitResult) -> bool:
    """Whether more room in the limit is worth something."""
    return limit.shadow_price_bps_per_pp is not None or limit.shadow_price_range is not None


def price_words(limit: LimitResult) -> str:
    """``4.30 bp``; ``0.20 to 0.90 bp`` where no one price holds; a dash where the limit costs nothing."""
    return _price_words(limit, fine, f"{NO_BREAK}bp")


def price_in_dollars(limit: LimitResult, plan: RebalancePlan) -> str:
    """The same in dollars a year: basis points of household value."""
    return _price_words(limit, lambda price: rough_money(dollars(price * BASIS_POINT, plan.before)), "")


def _price_words(limit: LimitResult, words: Callable[[float], str], unit: str) -> str:
    if limit.shadow_price_bps_per_pp is not None:
        return words(limit.shadow_price_bps_per_pp) + unit
    if limit.shadow_price_range is None:
        return EN_DASH
    low, high = limit.shadow_price_range
    return f"{words(low)}{unit} or more" if high is None else f"{words(low)} to {words(high)}{unit}"


def _price_notes(plan: RebalancePlan, *, is_priced: bool) -> tuple[tuple[str, bool], ...]:
    return (
        (_PRICE, is_trade(plan) and is_priced),
        (_PRICE_RANGE, is_trade(plan) and any(limit.shadow_price_range is not None for limit in plan.limits)),
        (_UNPRICED, is_trade(plan) and not is_priced),
    )


def _mode_notes(plan: RebalancePlan) -> tuple[tuple[str, bool], ...]:
    return (
        (_SOFT, any(limit.charge_bps_per_pp is not None for limit in plan.limits)),
        (_NOT_WORSE, any(limit.allowed is not None for limit in plan.limits)),
        (_SCENARIOS, any(limit.type.measured_on is MeasuredOn.MONTHS for limit in plan.limits)),
    )


def _limit_row(limit: LimitResult, plan: RebalancePlan, *, is_priced: bool) -> Row:
    fields = [
        Cell(limit_words(limit), lines=(limit.label,)),
        Cell(bound_words(limit), lines=mode_words(limit)),
        Cell(limit_figure(limit, limit.before), lines=tuple(filter(None, (company_before(limit),)))),
        Cell(limit_figure(limit, limit.after), lines=tuple(filter(None, (company_after(limit),)))),
        _status_cell(limit, plan),
    ]
    if is_priced:
        fields.append(Cell(price_words(limit), lines=(price_in_dollars(limit, plan),) if is_costly(limit) else ()))
    return row(*fields)


def _status_cell(limit: LimitResult, plan: RebalancePlan) -> Cell:
    if limit.status == "exceeded":
        return Cell("Exceeded, as a soft limit may be", tone="worse")
    if limit.status == "slack" and is_trade(plan) and is_costly(limit):
        return Cell("Met, at the limit but for rounding to shares")
    if limit.status != "broken_before":
        return Cell("Met, exactly at the limit" if limit.status == "binding" else "Met, with room")
    if not is_trade(plan):
        return Cell("Broken today" if limit.allowed is None else "Broken today, and no worse", tone="worse")
    if is_met(limit, limit.after):
        return Cell("Broken today, met by the proposal", tone="better")
    if limit.allowed is not None and is_kept(limit, limit.after):
        return Cell("Broken today, no worse with the proposal", tone="worse")
    return Cell("Broken today and with the proposal", tone="worse")
