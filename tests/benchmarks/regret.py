"""What a single convex form of the tax costs beside the three exact branches: `python -m tests.benchmarks.regret`.

The single form charges the largest of three lines, T >= tau_l N, tau_s S + tau_l L, -tau_s d: it is convex and never
less than the law, so one solve does for all years. Its trades are valued again by the law, and what they fall short of
the best of the branches is the regret, in basis points of household value a year. Random households with taxable lots,
a horizon of three years, and no worth of carried losses, beyond which the form would not be convex.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np

from advisor.optimize.inputs import TaxRates
from advisor.optimize.problem import AllocationProblem, Solution
from advisor.optimize.search import best_solution, open_cases
from advisor.optimize.tax_branches import TaxBranch
from tests.households import random_household
from tests.small_households import problem_of
from tests.textbook_problem import schedule_d

SINGLE = TaxBranch("single", (1, 2, 3), 0, 0)  # -tau_s d; tau_l N; tau_s S + tau_l L, in every year
HORIZON = Decimal(3)


def taxed_problem(seed: int) -> AllocationProblem | None:
    """A random household's problem; None without a lot that a sale would be taxed for."""
    portfolio = random_household(seed)
    problem = problem_of(
        replace(
            portfolio,
            tax=replace(portfolio.tax, carryforward_value=Decimal(0)),
            preferences=replace(portfolio.preferences, horizon_years=HORIZON),
        )
    )
    lots = problem.inputs.lots
    return problem if (lots.taxable & (lots.sellable > 0) & (lots.gain != 0)).any() else None


def regret(problem: AllocationProblem) -> float | None:
    """Of the single form, as a fraction of household value a year; None where the limits conflict."""
    cases = open_cases(problem)
    exact = best_solution(problem, cases)
    single = best_solution(problem, (replace(cases[0], branch=SINGLE),))
    if exact is None or single is None:
        return None
    overcharged = single.tax - law(problem.inputs.rates, *gains(problem, single))
    return exact.objective - (single.objective + overcharged / problem.inputs.horizon_years)


def gains(problem: AllocationProblem, solution: Solution) -> tuple[float, float]:
    """The year's net short-term and long-term gain."""
    lots, rates = problem.inputs.lots, problem.inputs.rates
    gain = np.where(lots.taxable, lots.gain * solution.sell, 0.0)
    short, long = float(gain[~lots.long_term].sum()), float(gain[lots.long_term].sum())
    return rates.short_so_far + short, rates.long_so_far + long


def law(rates: TaxRates, short: float, long: float) -> float:
    """The year's tax by if and else."""
    return schedule_d(short, long, high=rates.short_term, low=rates.long_term, allowed=rates.loss_deduction)


def figures(count: int) -> dict[str, float]:
    """Mean, median, 90%, largest and share above one basis point, over the first `count` households with an answer."""
    found: list[float] = []
    seed = 0
    while len(found) < count:
        problem = taxed_problem(seed)
        amount = None if problem is None else regret(problem)
        if amount is not None:
            found.append(1e4 * amount)
        seed += 1
    bps = np.array(found)
    if not math.isfinite(float(bps.sum())) or bps.min() < -1e-2:
        raise ValueError(f"the single form beats the law by {-bps.min()} basis points")
    return {
        "households": float(count),
        "mean": float(bps.mean()),
        "median": float(np.median(bps)),
        "90%": float(np.quantile(bps, 0.9)),
        "largest": float(bps.max()),
        "share above 1": float((bps > 1).mean()),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; `--json` for machines."""
    parser = argparse.ArgumentParser(description="Regret of a single convex tax form, in basis points a year.")
    parser.add_argument("--households", type=int, default=400)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    found = figures(chosen.households)
    lines = [json.dumps(found)] if chosen.json else [f"{name:>14}  {value:10.3f}" for name, value in found.items()]
    print("\n".join(lines))  # noqa: T201 - a benchmark prints
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
