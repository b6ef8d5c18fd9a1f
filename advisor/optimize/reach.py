"""How far one limit could be tightened while all others are kept, and the best trades at a bound of one's own.

The excess of a movable limit with bound b is ``f(b) = min (measure - b) x value`` over all trades within the others; it
is concave in b, and its root is the least bound that can be met. Newton's method, with the value taken as 1, finds it
in two or three steps from the side that cannot be met, because the value after the trades is all but 1.

Source: Dinkelbach (1967), "On Nonlinear Fractional Programming".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from advisor.optimize.elastic import ElasticProblem
from advisor.optimize.formulation import Case
from advisor.optimize.limits import sign
from advisor.optimize.problem import AllocationProblem, Solution
from advisor.optimize.search import every_case, open_cases
from advisor.optimize.solve import best_with_reserve

STEPS = 6
CLOSE = 1e-9  # of the measure


@dataclass(frozen=True, slots=True)
class ReachAnswer:
    """The best trades under moved bounds; without any, `is_proved` says whether it is proved that there are none."""

    solution: Solution | None
    is_proved: bool


def best_at(problem: AllocationProblem, bounds: Mapping[str, float]) -> ReachAnswer:
    """The optimum over all tax branches with `bounds` in place of those of the movable limits, by label."""
    undecided = problem.undecided
    cases = tuple(replace(case, bounds=bounds) for case in open_cases(problem))
    solution = best_with_reserve(problem, cases)
    return ReachAnswer(solution, is_proved=solution is not None or problem.undecided == undecided)


def tightest(problem: AllocationProblem, *labels: str) -> tuple[float | None, ...]:
    """For each of `labels` the tightest bound that can be met with all other limits, from the side that cannot be met.

    Other movable limits keep the bounds they were compiled with. None where the others conflict, or the solver is not
    certain.
    """
    elastic, cases = ElasticProblem(problem.formulation), every_case(problem)
    sides = {limit.limit.label: sign(limit.limit) for limit in problem.formulation.limits}
    return tuple(_tightest(elastic, cases, label, sides[label]) for label in labels)


def _tightest(elastic: ElasticProblem, cases: tuple[Case, ...], label: str, side: float) -> float | None:
    weights = {other: 1.0 if other == label else math.inf for other in elastic.labels}
    bound = 0.0 if side > 0 else 1.0
    for _ in range(STEPS):
        found = (elastic.least_excess(replace(case, bounds={label: bound}), weights) for case in cases)
        excess = min((entry.weighted for entry in found if entry), default=math.inf)
        if math.isinf(excess):
            return None
        bound += side * excess
        if excess <= CLOSE:
            break
    return bound
