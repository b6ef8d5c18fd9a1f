"""The grid against problems compiled for each point, and its gaps against SciPy's HiGHS."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import linprog

from advisor.market.resolve import resolve
from advisor.optimize.problem import AllocationProblem
from advisor.optimize.search import open_cases
from advisor.optimize.solve import best_with_reserve
from advisor.portfolio.limit_types import Side
from advisor.portfolio.model import DoNotSell, Limit, Portfolio
from advisor.rebalance import candidates
from advisor.whatif.grid import grid
from advisor.whatif.measures import gauge_of, measures_of
from advisor.whatif.model import CurvePoint, Grid
from tests.samples import market, sample
from tests.small_households import account, household, limits, lot, problem_of, resolved, small_household, surveyed

KNOBS = ("magnificent_seven.max", "small_caps.max", "small_caps.min")


def turned(portfolio: Portfolio, cap: float, share: float) -> Portfolio:
    """The household with the knobs as limits of its file."""
    own = [limit for limit in portfolio.limits if limit.label not in KNOBS]
    asked = [
        Limit("magnificent_seven", Side.MAX, Decimal(repr(cap))),
        Limit("small_caps", Side.MAX, Decimal(repr(share))),
        Limit("small_caps", Side.MIN, Decimal(repr(share))),
    ]
    return replace(portfolio, limits=(*own, *asked))


def grid_of(portfolio: Portfolio, **axes) -> Grid:
    return grid(portfolio, resolved(portfolio), **axes)


def checked(portfolio: Portfolio, cap: float, point: CurvePoint) -> bool:
    """Compare one point with a problem compiled for it; whether there is an answer."""
    asked = turned(portfolio, cap, point.at)
    problem = candidates.problem_of(surveyed(asked))
    solution = best_with_reserve(problem, open_cases(problem))
    assert (solution is None) == (point.measures is None)
    if solution is None or point.measures is None:
        return False
    expected = measures_of(gauge_of(surveyed(asked)), solution)
    assert point.measures.gain == pytest.approx(expected.gain, abs=1e-7)
    assert point.measures.small_caps == pytest.approx(point.at, abs=1e-7)
    assert point.measures.magnificent_seven <= cap + 1e-7
    return True


@pytest.mark.parametrize("name", ["tech-employee", "retiree-ira", "couple-mixed-lots"])
def test_points_of_a_sample_are_those_of_fresh_problems(name: str) -> None:
    """Every tenth of the default grid; 1e-7 of value a year."""
    portfolio = sample(name)
    found = grid(portfolio, resolve(market(), portfolio))
    points = [(cap, point) for cap, row in zip(found.caps, found.points, strict=True) for point in row]
    assert len(points) >= 205
    assert all(point.is_proved for _, point in points)
    answers = [checked(portfolio, cap, point) for cap, point in points[::10]]
    assert any(answers)
    bounds = {limit.label: float(limit.bound) for limit in portfolio.limits}
    assert bounds["magnificent_seven.max"] in found.caps
    assert bounds.get("small_caps.max", 0.0) in (0.0, *found.shares)


@pytest.mark.parametrize("seed", range(6))
def test_random_households_with_gaps_agree_with_fresh_problems(seed: int) -> None:
    portfolio = small_household(seed)
    caps, shares = (0.6, 0.4, 0.2, 0.05), (0.0, 0.1, 0.3, 0.6)
    found = grid_of(portfolio, caps=caps, shares=shares)
    assert (found.caps, found.shares) == (caps, shares)
    answers = [checked(portfolio, cap, point) for cap, row in zip(caps, found.points, strict=True) for point in row]
    assert any(answers)


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4, 8])
def test_gaps_are_where_no_linear_program_has_an_answer(seed: int) -> None:
    """Households without limits on risk: HiGHS on the linear rows of each tax branch, for each point."""
    portfolio = small_household(seed, risk_aversion="0")
    caps, shares = (0.5, 0.3, 0.1, 0.02), (0.0, 0.15, 0.4, 0.7)
    found = grid_of(portfolio, caps=caps, shares=shares)
    met = []
    for cap, row in zip(caps, found.points, strict=True):
        for point in row:
            met.append(_highs_finds_one(problem_of(turned(portfolio, cap, point.at))))
            assert met[-1] == (point.measures is not None), (cap, point.at)
    assert {*met} == {True, False}


def _highs_finds_one(problem: AllocationProblem) -> bool:
    for branch in problem.branches:
        program = problem.program(problem.open_case(branch))
        rows = program.zero + program.nonneg
        matrix, b = program.A[:rows].toarray(), program.b[:rows]
        found = linprog(
            np.zeros(program.q.size),
            A_ub=matrix[program.zero :],
            b_ub=b[program.zero :],
            A_eq=matrix[: program.zero],
            b_eq=b[: program.zero],
            bounds=(None, None),
            method="highs",
        )
        if found.status == 0:
            return True
    return False


def test_axes_fall_and_rise_whatever_their_order() -> None:
    found = grid_of(small_household(0), caps=(0.3, 0.6), shares=(0.2, 0.1))
    assert found.caps == (0.6, 0.3)
    assert found.shares == (0.1, 0.2)
    assert [[point.at for point in row] for row in found.points] == [[0.1, 0.2], [0.1, 0.2]]


def test_a_lower_cap_is_never_better() -> None:
    found = grid_of(small_household(2))
    for column in zip(*found.points, strict=True):
        gains = [point.measures.gain if point.measures else -np.inf for point in column]
        assert all(lower <= higher + 1e-7 for higher, lower in pairwise(gains))


def test_limits_that_conflict_without_the_knobs_leave_gaps_alone() -> None:
    portfolio = household(
        account("A", "roth", 1000, {"NVDA": [lot(100)]}),
        limits=limits(cash_min="0.9"),
        do_not_sell=(DoNotSell(account="A"),),
    )
    found = grid_of(portfolio)
    assert all(point.measures is None and point.is_proved for row in found.points for point in row)


def test_a_household_with_little_room_has_finer_steps() -> None:
    portfolio = sample("young-saver")
    found = grid(portfolio, resolve(market(), portfolio))
    assert len(found.shares) > 10
    assert found.shares[1] - found.shares[0] == pytest.approx(0.0001)
    assert all(point.measures for row in found.points for point in row)


def test_shares_reach_beyond_forty_points_where_the_household_is_there() -> None:
    portfolio = household(
        account("A", "roth", 1000, {"NVDA": [lot(100)], "IWM": [lot(300)]}), limits=limits(small_caps_max="0.9")
    )
    found = grid_of(portfolio)
    assert found.shares[0] == 0.0
    assert found.shares[-1] == 0.9


def test_without_small_caps_on_offer_or_held_the_only_share_is_none() -> None:
    portfolio = household(account("A", "roth", 1000, {"NVDA": [lot(100)]}, buy=()))
    found = grid_of(portfolio)
    assert found.shares == (0.0,)
    assert len(found.caps) > 20
