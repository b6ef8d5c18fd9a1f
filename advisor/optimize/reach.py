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
from advisor.optimize.limits import sign
from advisor.optimize.problem import AllocationProblem, Solution
from advisor.optimize.search import best_solution, every_case, open_cases

STEPS = 6
CLOSE = 1e-9  # of the measure


@dataclass(frozen=True, slots=True)
class Answer:
    """The best trades under moved bounds; without any, `is_proved` says whether it is proved that there are none."""

    solution: Solution | None
    is_proved: bool


def best_at(problem: AllocationProblem, bounds: Mapping[str, float]) -> Answer:
    """The optimum over all tax branches with `bounds` in place of those of the movable limits, by label."""
    undecided = problem.undecided
    cases = tuple(replace(case, bounds=bounds) for case in open_cases(problem))
    solution = best_solution(problem, cases)
    return Answer(solution, is_proved=solution is not None or problem.undecided == undecided)


def tightest(problem: AllocationProblem, label: str, kept: Mapping[str, float] | None = None) -> float | None:
    """The tightest bound of `label` that can be met with all other limits, from the side that cannot be met.

    `kept` are bounds of other movable limits. None where the others conflict, or the solver is not certain.
    """
    elastic = ElasticProblem(problem.formulation)
    side = next(sign(c.limit) for c in problem.formulation.limits if c.limit.label == label)
    weights = {other: 1.0 if other == label else math.inf for other in elastic.labels}
    bound = 0.0 if side > 0 else 1.0
    for _ in range(STEPS):
        cases = (replace(case, bounds={**(kept or {}), label: bound}) for case in every_case(problem))
        found = (elastic.least_excess(case, weights) for case in cases)
        excess = min((entry.weighted for entry in found if entry), default=math.inf)
        if math.isinf(excess):
            return None
        bound += side * excess
        if excess <= CLOSE:
            break
    return bound
