"""What a limit costs: the best answer, again and again, while one bound moves and all other limits of the user stay.

1. The user's own bound is taken out, whatever its mode, and a hard one put in its place that moves.
2. The optimum without it, and the tightest bound that the other limits allow, are where the curve bends and ends.
3. Between them the bound goes in round steps; one compilation serves them all.

Points are optima before rounding to shares, with every fund on offer, so they lie a hair above what orders reach.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from advisor.market.data import MarketData
from advisor.optimize.formulation import MOVABLE
from advisor.optimize.problem import AllocationProblem
from advisor.optimize.reach import ReachAnswer, best_at, tightest
from advisor.portfolio.limit_types import Side, split_label
from advisor.portfolio.model import Limit, Portfolio
from advisor.rebalance.candidates import problem_of
from advisor.rebalance.plan import survey
from advisor.whatif.measures import Gauge, gauge_of, measures_of
from advisor.whatif.model import Curve, CurvePoint

SEVEN, VOLATILITY = "magnificent_seven.max", "volatility.max"
STEPS = (0.0005, 0.001, 0.0015, 0.002, 0.0025, 0.003, 0.004, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05)
MOST_STEPS = 20
INSIDE = 1e-5  # of the measure: how far inside the tightest bound the last point lies
SAME = 1e-6  # of the measure; bounds this close are one point
ROOM = 1e-4  # of the measure: with less between its ends, a curve shows nothing


@dataclass(frozen=True, slots=True)
class Movable:
    """One household with limits whose bounds can be moved, compiled once."""

    gauge: Gauge
    problem: AllocationProblem

    def at(self, bounds: Mapping[str, float]) -> ReachAnswer:
        """The optimum at `bounds`, by label."""
        return best_at(self.problem, bounds)

    def point(self, at: float, bounds: Mapping[str, float]) -> CurvePoint:
        """The point of a curve at `bounds`."""
        answer = self.at(bounds)
        if answer.solution is None:
            return CurvePoint(at, None, answer.is_proved)
        return CurvePoint(at, measures_of(self.gauge, answer.solution))


def movable(portfolio: Portfolio, market: MarketData, *labels: str) -> Movable:
    """The household with a movable limit for each of `labels`, in place of the user's own of that name and side.

    The bound of a label that is not moved holds for every household.
    """
    household = survey(with_movable(portfolio, *labels), market)
    return Movable(gauge_of(household), problem_of(household))


def with_movable(portfolio: Portfolio, *labels: str) -> Portfolio:
    """The household's file with a movable limit for each of `labels`."""
    kept = tuple(limit for limit in portfolio.limits if limit.label not in labels)
    return replace(portfolio, limits=(*kept, *map(_free, labels)))


def _free(label: str) -> Limit:
    name, side = split_label(label)
    return Limit(name, side, Decimal(str(MOVABLE if side is Side.MAX else -MOVABLE)))


def cost_curve(portfolio: Portfolio, market: MarketData) -> Curve | None:
    """Optima while the cap on the Magnificent Seven falls.

    Points stand in falling order: at today's level, at the level of the optimum without a cap (above it the cap costs
    nothing, and the points differ only in their cap), in round steps to the least level that the other limits allow,
    and at the user's own bound where it lies below today's level. A point that cannot be met has no measures: the
    user's bound below the least level, or today's level where the other limits ask for more.

    None where none of the seven is held, the other limits leave no room to move, or they conflict by themselves.
    """
    model = movable(portfolio, market, SEVEN)
    today = model.gauge.household.before.exposure.seven.high
    return _curve(model, SEVEN, today, own_bound(portfolio, SEVEN)) if today > 0 else None


def frontier(portfolio: Portfolio, market: MarketData) -> Curve | None:
    """Optima while the cap on volatility falls, as in `cost_curve`.

    The expected return of a point is before one-off costs, which are ``(tax_usd + spread_usd)`` over the horizon; its
    gain is the objective's, with risk and doubt weighed in.
    """
    model = movable(portfolio, market, VOLATILITY)
    today = model.gauge.household.before.volatility
    return _curve(model, VOLATILITY, today, own_bound(portfolio, VOLATILITY))


def own_bound(portfolio: Portfolio, label: str) -> float | None:
    """The user's own bound of `label`; None where there is none."""
    return next((float(limit.bound) for limit in portfolio.limits if limit.label == label), None)


def _curve(model: Movable, label: str, today: float, own: float | None) -> Curve | None:
    free, (least,) = model.point(today, {}), tightest(model.problem, label)
    if free.measures is None or least is None:
        return None
    wanted = free.measures.magnificent_seven if label == SEVEN else free.measures.volatility
    if max(wanted, today) - least < ROOM:
        return None
    last = least + INSIDE
    places = {today, max(wanted, last), last, *steps(last, wanted)}
    if own is not None and own < today:
        places.add(own)
    return Curve(label, tuple(model.point(at, {label: at}) for at in apart(places)))


def steps(low: float, high: float, most: int = MOST_STEPS) -> Iterator[float]:
    """Round figures between the two, in the smallest of `STEPS` that gives no more than `most`."""
    step = next((step for step in STEPS if high - low <= step * most), STEPS[-1])
    for number in range(math.floor(low / step) + 1, math.ceil(high / step)):
        yield round(number * step, 10)


def apart(places: set[float]) -> Iterator[float]:
    """The places in falling order, each once."""
    last = math.inf
    for at in sorted(places, reverse=True):
        if last - at > SAME:
            yield at
            last = at
