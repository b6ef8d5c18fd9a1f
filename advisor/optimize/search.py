"""The best trades over the household's tax branches and over its ways to stay clear of wash sales.

The optimum of a case may trade one security both ways in an account, or buy what is sold at a loss anywhere (a wash
sale). Then each way without that is a case of its own, and the better one stands: branch and bound, with the case that
contains both as the bound. Few households need it, because few funds may be bought.

Source: Land and Doig (1960), "An Automatic Method of Solving Discrete Programming Problems".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product

import numpy as np

from advisor.optimize.formulation import Case
from advisor.optimize.inputs import Masks, wash_pairs
from advisor.optimize.problem import AllocationProblem, Solution

DUST = 1e-7  # of household value; solver noise, not a trade
TIE = 5e-9  # of the scaled objective, whatever the size of returns; no way is better by less


def best_solution(problem: AllocationProblem, cases: tuple[Case, ...]) -> Solution | None:
    """Best certified solution of `cases` that trades nothing both ways; None where there is none."""
    best: Solution | None = None
    for case in cases:
        best = _better(problem, case, best)
    return best


def open_cases(problem: AllocationProblem, margins: Mapping[str, float] | None = None) -> tuple[Case, ...]:
    """Every tax branch within reach, with everything on offer."""
    return tuple(replace(problem.open_case(branch), margins=dict(margins or {})) for branch in problem.branches)


def _better(problem: AllocationProblem, case: Case, best: Solution | None) -> Solution | None:
    solution = problem.solve(case)
    if solution is None or (best is not None and solution.cone.objective >= best.cone.objective - TIE):
        return best
    both = next(_both_ways(problem, solution), None)
    if both is None:
        return solution
    for way in _ways_apart(case, both):
        best = _better(problem, way, best)
    return best


def _both_ways(problem: AllocationProblem, solution: Solution) -> Iterator[Masks]:
    for of_lots, of_buys in problem.one_way_only:
        if solution.sell[of_lots].sum() > DUST and solution.buy[of_buys].sum() > DUST:
            yield of_lots, of_buys


def _ways_apart(case: Case, both: Masks) -> tuple[Case, Case]:
    of_lots, of_buys = both
    return (
        replace(case, most_sold=np.where(of_lots, 0.0, case.most_sold)),
        replace(case, most_bought=np.where(of_buys, 0.0, case.most_bought)),
    )


def one_way_case(problem: AllocationProblem, solution: Solution) -> Case:
    """The case of `solution`, with what it does not trade barred wherever trading it both ways is."""
    case = solution.case
    for of_lots, of_buys in problem.one_way_only:
        without_sale, without_purchase = _ways_apart(case, (of_lots, of_buys))
        case = without_purchase if solution.sell[of_lots].sum() > DUST else without_sale
    return case


def every_case(problem: AllocationProblem) -> tuple[Case, ...]:
    """Every combination of tax branch and way without a wash sale: together they are all that the household may do."""
    pairs = tuple(wash_pairs(problem.inputs))
    cases = []
    for branch, ways in product(problem.branches, product((0, 1), repeat=len(pairs))):
        case = problem.open_case(branch)
        for way, pair in zip(ways, pairs, strict=True):
            case = _ways_apart(case, pair)[way]
        cases.append(case)
    return tuple(cases)
