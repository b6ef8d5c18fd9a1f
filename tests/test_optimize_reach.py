"""Bounds that move: against problems compiled with those bounds, and the tightest against SciPy's HiGHS."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from scipy.optimize import linprog

from advisor.optimize.formulation import MOVABLE
from advisor.optimize.problem import AllocationProblem
from advisor.optimize.reach import best_at, tightest
from advisor.optimize.search import best_solution, open_cases
from advisor.portfolio.limit_types import Side
from advisor.portfolio.model import DoNotSell, Limit, Portfolio
from tests.small_households import account, household, limits, lot, problem_of, small_household, solved

SEVEN, SMALL_MOST, SMALL_LEAST, VOLATILITY = (
    "magnificent_seven.max",
    "small_caps.max",
    "small_caps.min",
    "volatility.max",
)


def with_movable(portfolio: Portfolio, *labels: str) -> Portfolio:
    kept = [limit for limit in portfolio.limits if limit.label not in labels]
    moved = []
    for label in labels:
        name, _, kind = label.rpartition(".")
        moved.append(Limit(name, Side(kind), Decimal(str(MOVABLE if kind == "max" else -MOVABLE))))
    return replace(portfolio, limits=(*kept, *moved))


def with_bounds(portfolio: Portfolio, bounds: dict[str, float]) -> AllocationProblem:
    kept = [limit for limit in portfolio.limits if limit.label not in bounds]
    asked = [
        Limit(label.rpartition(".")[0], Side(label.rpartition(".")[2]), Decimal(repr(bound)))
        for label, bound in bounds.items()
    ]
    return problem_of(replace(portfolio, limits=(*kept, *asked)))


@pytest.mark.parametrize("seed", range(12))
def test_a_moved_bound_is_the_bound_compiled(seed: int) -> None:
    """One compilation, bounds up and down in turn, against one compilation for each; 1e-7 in objective and shares."""
    portfolio = small_household(seed)
    labels = (SEVEN, SMALL_MOST, SMALL_LEAST, VOLATILITY)
    one = problem_of(with_movable(portfolio, *labels))
    found = 0
    for seven, share, risk in ((0.5, 0.1, 0.3), (0.3, 0.2, 0.18), (0.45, 0.05, 0.2), (0.3, 0.2, 0.18)):
        bounds = {SEVEN: seven, SMALL_MOST: share, SMALL_LEAST: share, VOLATILITY: risk}
        moved, fresh = best_at(one, bounds), with_bounds(portfolio, bounds)
        expected = best_solution(fresh, open_cases(fresh))
        assert (moved.solution is None) == (expected is None)
        if moved.solution is not None and expected is not None:
            found += 1
            assert moved.solution.objective == pytest.approx(expected.objective, abs=1e-7)
            total = moved.solution.weights.sum() + moved.solution.cash.sum()
            small = [s in ("IWM", "VTWO", "IJR") for s in one.inputs.symbols]
            assert moved.solution.weights[small].sum() / total == pytest.approx(share, abs=1e-7)
            assert moved.solution.certificate.violation < 1e-7
    assert found


def test_a_problem_whose_bounds_were_moved_gives_its_own_answer_again() -> None:
    problem = problem_of(small_household(3))
    before = solved(problem).objective
    label = next(c.limit.label for c in problem.formulation.limits if c.limit.name not in ("turnover", "realized_gain"))
    best_at(problem, {label: 0.2})
    assert solved(problem).objective == pytest.approx(before, abs=1e-9)


def test_a_bound_that_does_not_stand_beside_the_value_cannot_be_moved() -> None:
    problem = problem_of(household(account("A", "roth", 1000), limits=limits(turnover_max="0.5")))
    with pytest.raises(ValueError, match="no limit on a share"):
        best_at(problem, {"turnover.max": 0.1})


def test_a_limit_compiled_with_a_bound_that_makes_a_coefficient_zero_cannot_be_moved() -> None:
    """A cap of 100% has no coefficient for Nvidia, all of which is in the seven."""
    problem = problem_of(
        household(account("A", "roth", 100, {"NVDA": [lot(5)]}), limits=limits(magnificent_seven_max=1))
    )
    with pytest.raises(ValueError, match="compile with another constant"):
        best_at(problem, {SEVEN: 0.5})


def test_the_tightest_cap_by_hand() -> None:
    """100 shares of Nvidia locked, 100 free, 3,000 in cash: the free ones go for cash, less the spread."""
    portfolio = household(
        account("Kept", "roth", 3000, {"NVDA": [lot(100)]}),
        account("Open", "roth", 0, {"NVDA": [lot(100)]}),
        do_not_sell=(DoNotSell(account="Kept"),),
    )
    problem = problem_of(with_movable(portfolio, SEVEN))
    paid = 20_353 * problem.inputs.half_spread[problem.inputs.model.index("NVDA")]
    assert tightest(problem, SEVEN)[0] == pytest.approx(20_353 / (3000 + 2 * 20_353 - paid), abs=1e-8)


@pytest.mark.parametrize("seed", range(8))
def test_the_tightest_cap_is_that_of_a_linear_program(seed: int) -> None:
    """Charnes-Cooper by HiGHS over the rows of each tax branch, written from the cone data; 1e-8."""
    portfolio = with_movable(small_household(seed, risk_aversion="0"), SEVEN)
    problem = problem_of(portfolio)
    assert tightest(problem, SEVEN)[0] == pytest.approx(_least_ratio(problem), abs=1e-7)


def _least_ratio(problem: AllocationProblem) -> float:
    """min seven'w / total over the branches: scaled by t = 1/total, a linear program."""
    best = np.inf
    seven = next(c for c in problem.formulation.limits if c.limit.label == SEVEN).rows[0]
    x = problem.formulation.x
    columns = problem.compiled.columns
    for branch in problem.branches:
        program = problem.program(problem.open_case(branch))
        rows = program.zero + program.nonneg
        matrix, b = program.A[:rows].toarray(), program.b[:rows]
        scaled = np.hstack([matrix, -b[:, None]])
        objective, total = np.zeros(scaled.shape[1]), np.zeros(scaled.shape[1])
        objective[columns(x.weights)] = seven
        total[columns(x.weights)] = 1.0
        total[columns(x.cash)] = 1.0
        found = linprog(
            objective,
            A_ub=scaled[program.zero :],
            b_ub=np.zeros(program.nonneg),
            A_eq=np.vstack([scaled[: program.zero], total]),
            b_eq=np.append(np.zeros(program.zero), 1.0),
            bounds=[(None, None)] * program.q.size + [(0, None)],
            method="highs",
        )
        best = min(best, found.fun if found.status == 0 else np.inf)
    return best


@pytest.mark.parametrize("label", [SEVEN, VOLATILITY, SMALL_MOST])
@pytest.mark.parametrize("seed", range(4))
def test_just_inside_the_tightest_bound_there_is_an_answer_and_just_outside_a_proof_of_none(
    label: str, seed: int
) -> None:
    problem = problem_of(with_movable(small_household(seed), label))
    (bound,) = tightest(problem, label)
    assert bound is not None
    inside, outside = best_at(problem, {label: bound + 1e-5}), best_at(problem, {label: bound - 1e-5})
    assert inside.solution is not None
    assert outside.solution is None
    assert outside.is_proved


def test_other_limits_that_conflict_leave_no_tightest_bound() -> None:
    portfolio = household(
        account("A", "taxable", 1000, {"NVDA": [lot(100, 100)]}), limits=limits(cash_min="0.5", turnover_max="0.1")
    )
    assert tightest(problem_of(with_movable(portfolio, SEVEN)), SEVEN) == (None,)
