"""What could go wrong beyond past episodes: simple shocks to the seven and to small caps, in percent and dollars."""

from __future__ import annotations

from advisor.rebalance.model import HouseholdState, RebalancePlan
from advisor.report.format import signed_money, signed_percent
from advisor.report.model import Cell, Column, Row, Table
from advisor.report.parts import dollars, row, table

SHOCKS = (  # what it is, return of the seven, return of small-cap funds; everything else stands still
    ("The seven gain 20 %, small caps lose 10 %", 0.20, -0.10),
    ("Small caps lose 20 % alone", 0.0, -0.20),
    ("The seven lose 30 % alone", -0.30, 0.0),
)
_NOTICEABLE = 5e-4


def shocks_table(plan: RebalancePlan) -> Table:
    """The household's return in each shock, today and proposed."""
    columns = (Column("If", "text"), Column("Today"), Column("Proposed", is_proposed=True))
    notes = (
        "Hypothetical, and simpler than life: only what is named moves, all else stands still, and the seven count "
        "with their upper end, funds looked through.",
    )
    return table("If only these move", columns, [_shock_row(plan, *shock) for shock in SHOCKS], plan, notes)


def _shock_row(plan: RebalancePlan, words: str, seven: float, small: float) -> Row:
    first, second = (_return(state, seven, small) for state in (plan.before, plan.after))
    change = second - first
    tone = "worse" if change <= -_NOTICEABLE else "better" if change >= _NOTICEABLE else ""
    return row(words, _cell(first, plan.before, ""), _cell(second, plan.after, tone))


def _cell(value: float, state: HouseholdState, tone: str) -> Cell:
    words = (signed_money(dollars(value, state)), *filter(None, (tone,)))
    return Cell(signed_percent(value), lines=words, tone=tone)


def _return(state: HouseholdState, seven: float, small: float) -> float:
    return state.exposure.seven.high * seven + state.small_cap_weight * small
