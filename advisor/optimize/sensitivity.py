"""What the answer would be over other horizons: the strongest of all knobs, because it spreads the one-off costs."""

from __future__ import annotations

from dataclasses import replace

from advisor.optimize.problem import AllocationProblem, Solution
from advisor.optimize.search import open_cases
from advisor.optimize.solve import best_with_reserve

HORIZONS = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0)  # years


def over_horizons(problem: AllocationProblem) -> dict[float, Solution]:
    """The best solution over each of `HORIZONS` and the user's own, by years; those without one are left out."""
    years = sorted({*HORIZONS, problem.inputs.horizon_years})
    cases = open_cases(problem)
    found = {h: best_with_reserve(problem, tuple(replace(case, horizon_years=h) for case in cases)) for h in years}
    return {h: solution for h, solution in found.items() if solution is not None}
