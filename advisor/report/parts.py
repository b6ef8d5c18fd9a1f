"""Small helpers that every table is built with."""

from __future__ import annotations

from decimal import Decimal

from advisor.format import NOTICEABLE
from advisor.market.data import MarketData
from advisor.market.fund_kinds import holds_bonds_alone
from advisor.portfolio.model import MAGNIFICENT_SEVEN
from advisor.portfolio.preferences import SMALL_CAP_FUNDS
from advisor.rebalance.model import HouseholdState, RebalancePlan
from advisor.report.model import Cell, Column, Row, Table

SEVEN, OTHER_STOCKS, FUNDS, BONDS, OTHER_SMALL, CASH = (
    "Seven held directly",
    "Other shares",
    "Other funds",
    "Bond funds",
    "Other small-cap",
    "Cash",
)
GROUPS = (SEVEN, OTHER_STOCKS, FUNDS, *SMALL_CAP_FUNDS, OTHER_SMALL, BONDS, CASH)


def is_trade(plan: RebalancePlan) -> bool:
    """Whether there is something proposed, so that "Proposed" columns make sense."""
    return plan.status == "trade"


def dollars(fraction: float, state: HouseholdState) -> Decimal:
    """Dollar view of a fraction of household value; shown in whole dollars, never traded on."""
    return Decimal(repr(float(fraction))) * state.value_usd


def tone_of(better_by: float) -> str:
    """What a difference is to the reader: "better", "worse", or empty where it does not show."""
    return "worse" if better_by <= -NOTICEABLE else "better" if better_by >= NOTICEABLE else ""


def cells(*fields: str | Cell) -> tuple[Cell, ...]:
    """Cells from texts."""
    return tuple(field if isinstance(field, Cell) else Cell(field) for field in fields)


def row(*fields: str | Cell, kind: str = "plain") -> Row:
    """One row from texts and cells."""
    return Row(cells(*fields), kind)


def table(
    caption: str,
    columns: tuple[Column, ...],
    rows: list[Row],
    plan: RebalancePlan,
    notes: tuple[str, ...] = (),
) -> Table:
    """Table without its "Proposed" columns where nothing is proposed."""
    kept = [index for index, column in enumerate(columns) if is_trade(plan) or not column.is_proposed]
    return Table(
        caption=caption,
        columns=tuple(columns[index] for index in kept),
        rows=tuple(Row(tuple(line.cells[index] for index in kept), line.kind) for line in rows),
        notes=notes,
    )


def pairs(caption: str, labels: tuple[str, str], rows: list[Row]) -> Table:
    """Two columns of text: what, and how it stands."""
    return Table(caption, (Column(labels[0], "text"), Column(labels[1], "text")), tuple(rows))


def merged(first: dict[str, float], second: dict[str, float]) -> tuple[str, ...]:
    """Keys of both, in the order of the first, then of the second."""
    return tuple(dict.fromkeys([*first, *second]))


def security_name(market: MarketData, symbol: str) -> str:
    """Full name of a security, or nothing where the market data have none."""
    security = market.securities.get(symbol)
    return "" if security is None or security.name == symbol else security.name


def group_of(symbol: str, market: MarketData) -> str:
    """Which of `GROUPS` a holding belongs to."""
    if symbol in SMALL_CAP_FUNDS:
        return symbol
    if market.is_small_cap(symbol):
        return OTHER_SMALL
    security = market.securities.get(symbol)
    if security is not None and not security.is_fund:
        return SEVEN if security.company in MAGNIFICENT_SEVEN else OTHER_STOCKS
    return BONDS if security is not None and holds_bonds_alone(security.sector) else FUNDS


def group_weights(state: HouseholdState, market: MarketData) -> dict[str, float]:
    """Weight of each group that is held, in the order of `GROUPS`; cash always."""
    totals = dict.fromkeys(GROUPS, 0.0)
    for symbol, weight in state.weights.items():
        totals[group_of(symbol, market)] += weight
    totals[CASH] = state.cash_weight
    return {group: weight for group, weight in totals.items() if weight or group == CASH}
