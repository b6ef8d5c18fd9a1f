"""The least tax and spread with which each level of the Magnificent Seven can be reached.

1. Trades of a household that weighs nothing but its one-off costs: the optimizer's own rows with no return, no risk and
   no doubt in the objective, and what is paid once charged to a single year.
2. Every other hard limit is no worse than today, as far as the picks ever relax one; soft limits are left out.
3. The cap on the seven falls from today's level to the least that can be reached.

So no trades that keep the other limits no worse than today reach a level for less, in parts of a share: orders lie on
the curve or above it, by what they spend on other limits and on a better mix.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from advisor.market.data import MarketData
from advisor.optimize.inputs import AllocationInputs
from advisor.optimize.later_tax import NO_LATER_TAX
from advisor.optimize.limits import compile_limits
from advisor.optimize.problem import AllocationProblem
from advisor.optimize.reach import best_at, tightest
from advisor.portfolio.model import LimitMode, Portfolio
from advisor.rebalance.plan import survey
from advisor.whatif.curves import INSIDE, ROOM, SEVEN, Movable, apart, own_bound, steps, with_movable
from advisor.whatif.measures import costs_of, gauge_of
from advisor.whatif.model import CostPoint, LeastCost

MOST_STEPS = 30
BEND = 1e-5  # of household value: a straight line that lies further above the curve is bent


def least_cost(portfolio: Portfolio, market: MarketData) -> LeastCost | None:
    """Least one-off costs at each cap of the seven, falling, from today's level on.

    Round steps, the user's own bound where it lies below today's level, and the least level that can be reached. None
    where none of the seven is held, or the other limits leave no room to move or conflict by themselves.
    """
    model = _counting_costs(portfolio, market)
    before, (least,) = model.gauge.household.before, tightest(model.problem, SEVEN)
    today = before.exposure.seven.high
    if least is None or today - least < ROOM:
        return None
    last = least + INSIDE
    places = {today, last, *steps(last, today, MOST_STEPS)}
    own = own_bound(portfolio, SEVEN)
    if own is not None and own < today:
        places.add(own)
    points = tuple(_points(model, places))
    bends = set(_bends([(p.at, float(p.once_usd)) for p in points if p.once_usd is not None], float(before.value_usd)))
    return LeastCost(SEVEN, tuple(sorted((*points, *_points(model, bends)), key=lambda point: -point.at)))


def no_worse(portfolio: Portfolio) -> Portfolio:
    """The household with every hard limit no worse than today."""
    limits = tuple(
        replace(limit, mode=LimitMode.NOT_WORSE_THAN_TODAY) if limit.mode is LimitMode.HARD else limit
        for limit in portfolio.limits
    )
    return replace(portfolio, limits=limits)


def _counting_costs(portfolio: Portfolio, market: MarketData) -> Movable:
    """The household under its hard limits, with a movable cap on the seven and nothing but costs in the objective."""
    hard = tuple(limit for limit in portfolio.limits if limit.mode is not LimitMode.SOFT)
    free = with_movable(no_worse(replace(portfolio, limits=hard)), SEVEN)
    household = survey(free, market)
    limits = compile_limits(free, household.market, household.inputs)
    return Movable(gauge_of(household), AllocationProblem(_costs_alone(household.inputs), limits))


def _costs_alone(inputs: AllocationInputs) -> AllocationInputs:
    """Losses carried forward count nothing either: the curve shows this year's tax."""
    return replace(
        inputs,
        expected_return=inputs.expense_ratio.copy(),
        implied_return=inputs.expense_ratio.copy(),
        risk_free=0.0,
        risk_aversion=0.0,
        covariance_inflation=0.0,
        return_uncertainty=0.0,
        horizon_years=1.0,
        rates=replace(inputs.rates, carryforward_value=0.0),
        later=NO_LATER_TAX,
    )


def _points(model: Movable, places: set[float]) -> Iterator[CostPoint]:
    for at in apart(places):
        answer = best_at(model.problem, {SEVEN: at})
        if answer.solution is None:
            yield CostPoint(at, None, None, answer.is_proved)
        else:
            tax_usd, spread_usd = costs_of(model.gauge, answer.solution)
            yield CostPoint(at, tax_usd, spread_usd)


def _bends(known: list[tuple[float, float]], value_usd: float) -> Iterator[float]:
    """Where the curve bends between two points: there the lines through its neighbors on both sides meet.

    It is a chain of straight lines, one for each kind of sale, so a point at each bend shows it as it is.
    """
    for before, left, right, after in zip(known, known[1:], known[2:], known[3:], strict=False):
        first, second = _slope(before, left), _slope(right, after)
        if first == second:
            continue
        at = (right[1] - left[1] + first * left[0] - second * right[0]) / (first - second)
        lower = left[1] + first * (at - left[0])
        chord = left[1] + _slope(left, right) * (at - left[0])
        if right[0] < at < left[0] and chord - lower > BEND * value_usd:
            yield at


def _slope(one: tuple[float, float], other: tuple[float, float]) -> float:
    return (other[1] - one[1]) / (other[0] - one[0])
