"""The price of each limit: what relaxing it by a little would be worth.

The optimum's dual value is that price where it is unique. Where limits say the same thing twice it is not, so every
price is confirmed by solving again with the limit relaxed; where the two disagree, the interval between a step out and
a step in is given instead.

Source: Boyd and Vandenberghe (2004), "Convex Optimization", section 5.6 (sensitivity).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from advisor.optimize.problem import AllocationProblem, Solution

STEP = 1e-4  # of a limit, in its own unit: a hundredth of a percentage point
RELATIVE, ABSOLUTE = 0.02, 5e-4  # agreement: 2%, or 0.05 basis points for each percentage point
NOTHING = 1e-6  # gain for each unit of a limit that counts as none


@dataclass(frozen=True, slots=True)
class LimitPrice:
    """What the objective gains a year for each unit by which the limit is relaxed, both as fractions.

    `low` and `high` are what a step out and a step in found; `value` is the dual value if they confirm it, else None.
    """

    label: str
    value: float | None
    low: float
    high: float


def limit_prices(problem: AllocationProblem, solution: Solution) -> dict[str, LimitPrice]:
    """Prices of the user's limits by label, within the tax branch and the funds of `solution`.

    Limits that cost nothing are absent.
    """
    duals = problem.limit_duals(solution)
    labels = [compiled.limit.label for compiled in problem.formulation.limits]
    return {
        label: _confirmed(problem, solution, label, duals[label]) for label in labels if duals.get(label, 0.0) > NOTHING
    }


def _confirmed(problem: AllocationProblem, solution: Solution, label: str, dual: float) -> LimitPrice:
    gained, lost = _gain(problem, solution, label, -STEP), _gain(problem, solution, label, STEP)
    low = 0.0 if gained is None else max(gained / STEP, 0.0)
    high = float("inf") if lost is None else -lost / STEP
    agrees = gained is not None and abs(low - dual) <= max(RELATIVE * dual, ABSOLUTE)
    return LimitPrice(label, dual if agrees else None, low, high)


def _gain(problem: AllocationProblem, solution: Solution, label: str, tightened_by: float) -> float | None:
    margins = dict(solution.case.margins)
    margins[label] = margins.get(label, 0.0) + tightened_by
    moved = problem.solve(replace(solution.case, margins=margins))
    return None if moved is None else moved.objective - solution.objective
