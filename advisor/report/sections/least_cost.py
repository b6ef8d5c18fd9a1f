"""The chart of what each level of the Magnificent Seven costs at least, for the report and the what-if page."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from advisor.format import exact_money, money, percent
from advisor.rebalance.model import HouseholdState, RebalancePlan
from advisor.report.charts.marks import Chart
from advisor.report.charts.plane import Axis, Line, Marker, Plane, exact_words, plane_chart
from advisor.report.limits import find_limit
from advisor.report.parts import is_trade
from advisor.whatif.model import LeastCost, Outcome

TITLE = "Least cost of each level of the Magnificent Seven"
_NEXT_TO_NONE = 0.02  # of the household in the seven, below which their cost is no question
_SAME = 5e-4  # of household value
_BESIDE = 0.02  # of an axis: points that lie closer would hide each other
_MOST_TOLD = 8  # points of the curve in its description


@dataclass(frozen=True, slots=True)
class Spot:
    """What stands beside the curve: a level of the seven, upper end, and what it costs once."""

    title: str
    level: float
    once_usd: Decimal
    is_proposal: bool = False


def cost_chart(plan: RebalancePlan, found: LeastCost | None) -> Chart | None:
    """The chart of the report: today, the plan and the user's own cap beside the curve."""
    limit = find_limit(plan, "magnificent_seven")
    named = None if limit is None else (limit.bound, f"your limit {limit.bound_words}")
    spots = [Spot("Proposed", plan.after.exposure.seven.high, plan.tax.tax_usd + plan.spread_usd, is_proposal=True)]
    return least_cost_chart(found, plan.before, named, tuple(spots if is_trade(plan) else ()))


def outcome_spots(outcomes: tuple[Outcome, ...]) -> tuple[Spot, ...]:
    """Outcomes with orders, each place once; the one named "proposal" is the proposal."""
    found: dict[tuple[float, Decimal], Spot] = {}
    for one in outcomes:
        if one.after is None or one.tax is None or one.spread_usd is None or not one.trades:
            continue
        is_proposal = one.name == "proposal"
        title = "Proposed" if is_proposal else one.title
        spot = Spot(title, one.after.exposure.seven.high, one.tax.tax_usd + one.spread_usd, is_proposal)
        found.setdefault((spot.level, spot.once_usd), spot)
    return tuple(found.values())


def least_cost_chart(
    found: LeastCost | None, before: HouseholdState, limit: tuple[float, str] | None, spots: tuple[Spot, ...]
) -> Chart | None:
    """Least tax and spread in dollars against the level of the seven; None where there is next to none of them.

    `limit` is the user's own cap with its name.
    """
    known, today = _reached(found), before.exposure.seven.high
    if found is None or len(known) < 2 or today < _NEXT_TO_NONE:
        return None
    markers = _markers(today, spots)
    levels = [*(level for level, _ in known), *(m.x for m in markers), *([] if limit is None else [limit[0]])]
    dollars = [*(once for _, once in known), *(m.y for m in markers)]
    least = min(level for level, _ in known)
    lost = any(point.once_usd is None and point.is_proved and point.at < least for point in found.points)
    low = min(*levels, *(point.at for point in found.points)) if lost else min(levels)
    ends, high = (low, max(levels)), (min(dollars), max(dollars))
    plane = Plane(
        Axis("Magnificent Seven after the trades", *ends, exact_words(percent, 100, ends)),
        Axis("least tax and spread, once", *high, exact_words(exact_money, 1, high)),
        (Line(known, "proposed"),),
        _apart(markers, ends[1] - ends[0], high[1] - high[0]),
        () if limit is None else (limit,),
        unreachable=(low, least, "out of reach") if lost and least - low > _SAME else None,
    )
    reach = "" if not lost else f" Less than {percent(least)} is out of reach within the other limits."
    return plane_chart("cost", TITLE, f"{_told(known, markers)}{reach}", plane)


def _reached(found: LeastCost | None) -> tuple[tuple[float, float], ...]:
    """Level and dollars of each point that can be reached, the level falling."""
    points = found.points if found else ()
    return tuple((point.at, float(point.once_usd)) for point in points if point.once_usd is not None)


def _markers(today: float, spots: tuple[Spot, ...]) -> tuple[Marker, ...]:
    first = Marker(today, 0.0, "Today", "square", "now")
    return (
        first,
        *(
            Marker(spot.level, float(spot.once_usd), spot.title, "diamond", "proposed")
            if spot.is_proposal
            else Marker(spot.level, float(spot.once_usd), spot.title)
            for spot in spots
        ),
    )


def _apart(markers: tuple[Marker, ...], across: float, up: float) -> tuple[Marker, ...]:
    """Without those that would lie on one before them; the page's tables name them all."""
    kept: list[Marker] = []
    for marker in markers:
        if marker.shape != "circle" or all(
            abs(marker.x - other.x) > _BESIDE * across or abs(marker.y - other.y) > _BESIDE * up for other in kept
        ):
            kept.append(marker)
    return tuple(kept)


def _told(known: tuple[tuple[float, float], ...], markers: tuple[Marker, ...]) -> str:
    """The chart in words: its curve at a few levels, then what stands beside it."""
    step = -(-len(known) // _MOST_TOLD)
    curve = "; ".join(f"{percent(level)} for {_dollars(once)}" for level, once in known[::step])
    beside = "; ".join(f"{m.label}: {percent(m.x)} for {_dollars(m.y)}" for m in markers)
    return f"At least: {curve}. {beside}."


def _dollars(once: float) -> str:
    return money(Decimal(round(once)))
