"""What could go wrong beyond past episodes: risk measures and simple shocks, in percent and dollars."""

from __future__ import annotations

from collections.abc import Callable

from advisor.format import EN_DASH, money, percent, signed_money, signed_percent
from advisor.rebalance.model import HouseholdState, RebalancePlan
from advisor.report.model import Cell, Column, Row, Table
from advisor.report.parts import dollars, row, table, tone_of

SHOCKS = (  # what it is, return of the seven, return of small-cap funds; everything else stands still
    ("The seven gain 20%, small caps lose 10%", 0.20, -0.10),
    ("Small caps lose 20% alone", 0.0, -0.20),
    ("The seven lose 30% alone", -0.30, 0.0),
)


def shocks_table(plan: RebalancePlan) -> Table:
    """The household's return in each shock, today and proposed."""
    columns = (Column("If", "text"), Column("Today"), Column("Proposed", is_proposed=True))
    notes = (
        "Hypothetical, and simpler than life: only what is named moves, all else stands still, and the seven count "
        "with their upper end, funds looked through.",
    )
    return table("If only these move", columns, [_shock_row(plan, *shock) for shock in SHOCKS], plan, notes)


def losses_table(plan: RebalancePlan) -> Table:
    """Risk measures in percent and dollars, today and proposed."""
    columns = (Column("Measure", "text"), Column("Today"), Column("Proposed", is_proposed=True))
    rows = [_measure_row(words, measure, plan) for words, measure in _measures(plan)]
    return table("Risk in percent and dollars", columns, rows, plan)


def _measures(plan: RebalancePlan) -> tuple[tuple[str, Callable[[HouseholdState], float | None]], ...]:
    return (
        ("Volatility, a year", lambda state: state.volatility),
        (f"Tracking error against {plan.benchmark}, a year", lambda state: state.tracking_error),
        ("Average loss of the worst 5% of past months", lambda state: state.cvar_95),
        ("Largest fall from a peak over those months", lambda state: state.max_drawdown),
    )


def _measure_row(words: str, measure: Callable[[HouseholdState], float | None], plan: RebalancePlan) -> Row:
    first, second = measure(plan.before), measure(plan.after)
    tone = "" if first is None or second is None else tone_of(first - second)
    return row(words, _amount(first, plan.before, ""), _amount(second, plan.after, tone))


def _amount(value: float | None, state: HouseholdState, tone: str) -> Cell:
    if value is None:
        return Cell(EN_DASH)
    return Cell(percent(value), lines=(_said(money(dollars(value, state)), tone),), tone=tone)


def _said(amount: str, tone: str) -> str:
    return f"{amount}, {tone}" if tone else amount


def _shock_row(plan: RebalancePlan, words: str, seven: float, small: float) -> Row:
    first, second = (_return(state, seven, small) for state in (plan.before, plan.after))
    return row(words, _cell(first, plan.before, ""), _cell(second, plan.after, tone_of(second - first)))


def _cell(value: float, state: HouseholdState, tone: str) -> Cell:
    words = _said(signed_money(dollars(value, state)), tone)
    return Cell(signed_percent(value), lines=(words,), tone=tone)


def _return(state: HouseholdState, seven: float, small: float) -> float:
    return state.exposure.seven.high * seven + state.small_cap_weight * small
