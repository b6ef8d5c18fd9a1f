"""Prices of limits against re-planning by hand, and under limits that say the same thing twice."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from advisor.optimize.limits import compile_limits
from advisor.optimize.problem import AllocationProblem
from advisor.optimize.search import best_solution
from advisor.optimize.shadow_prices import STEP, limit_prices
from advisor.optimize.solve import allocate
from advisor.portfolio.preferences import Preferences
from tests.households import random_household
from tests.small_households import (
    account,
    household,
    limits,
    lot,
    problem_of,
    resolved,
    small_household,
    solved,
    surveyed,
)


def capped(**bounds: object):
    return household(
        account("Joint", "taxable", 5000, {"NVDA": [lot(250, 60)], "SPY": [lot(60, 400)]}),
        limits=limits(**bounds),
        preferences=Preferences(company_share=Decimal(1)),  # so that the cap alone asks for the sale
    )


def test_a_price_is_what_another_bound_gains() -> None:
    """The household is compiled anew with the bound moved by a hundredth of a point, both ways."""
    problem = problem_of(capped(magnificent_seven_max="0.4", turnover_max="0.9"))
    best = solved(problem)
    price = limit_prices(problem, best)["magnificent_seven.max"].value
    looser = solved(problem_of(capped(magnificent_seven_max="0.4001", turnover_max="0.9"))).objective
    tighter = solved(problem_of(capped(magnificent_seven_max="0.3999", turnover_max="0.9"))).objective
    assert price == pytest.approx((looser - tighter) / 2e-4, rel=0.01)


def test_a_limit_with_room_has_no_price() -> None:
    problem = problem_of(capped(magnificent_seven_max="0.4", turnover_max="0.9"))
    assert "turnover.max" not in limit_prices(problem, solved(problem))


def test_a_limit_said_twice_has_an_interval_in_place_of_a_price() -> None:
    """Largest company and all seven are both NVDA here, at the same bound: neither alone gains what both would."""
    portfolio = household(
        account("Roth", "roth", 0, {"NVDA": [lot(250)], "BND": [lot(700)]}),
        limits=limits(magnificent_seven_max="0.3", single_company_max="0.3"),
        preferences=Preferences(company_share=Decimal(1)),
    )
    problem = problem_of(portfolio)
    best = solved(problem)
    prices = limit_prices(problem, best)
    once = problem_of(replace(portfolio, limits=limits(magnificent_seven_max="0.3")))
    whole = limit_prices(once, solved(once))["magnificent_seven.max"]
    assert whole.value is not None
    for label in ("magnificent_seven.max", "single_company.max"):
        assert prices[label].value is None
        assert prices[label].low == pytest.approx(0.0, abs=1e-4)
        assert prices[label].high == pytest.approx(whole.value, rel=0.01)


@pytest.mark.parametrize("seed", range(60))
def test_every_price_lies_between_a_step_out_and_a_step_in(seed: int) -> None:
    """Within 2% or 0.05 basis points a point; so does the dual where no price is given."""
    portfolio = random_household(seed)
    problem = problem_of(portfolio)
    allocation = allocate(problem)
    if allocation is None:
        return
    solution = allocation.solution
    duals = problem.limit_duals(solution)
    for label, price in limit_prices(problem, solution).items():
        room = max(0.02 * duals[label], 5e-4)
        assert price.low - room <= duals[label] <= price.high + room
        assert price.value in (None, duals[label])


@pytest.mark.parametrize("seed", range(12))
def test_relaxing_any_limit_never_lowers_the_optimum(seed: int) -> None:
    problem = problem_of(small_household(seed))
    best = solved(problem)
    for label in problem.formulation.labels:
        looser = solved(problem, {label: -STEP * 10})
        assert looser.objective >= best.objective - 1e-8


def test_prices_hold_in_the_case_they_were_found_in() -> None:
    """A margin that the search has put on a limit stays while the price is found."""
    portfolio = capped(magnificent_seven_max="0.4")
    inputs = surveyed(portfolio).inputs
    problem = AllocationProblem(inputs, compile_limits(portfolio, resolved(portfolio), inputs))
    case = replace(problem.open_case(problem.branches[0]), margins={"magnificent_seven.max": 0.05})
    tight = best_solution(problem, (case,))
    assert tight is not None
    lower = problem_of(capped(magnificent_seven_max="0.35"))
    expected = limit_prices(lower, solved(lower))["magnificent_seven.max"].value
    assert limit_prices(problem, tight)["magnificent_seven.max"].value == pytest.approx(expected, rel=1e-3)
