"""A problem under other assumptions, not compiled again, answers as one compiled for them does."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from advisor.market.data import MarketData
from advisor.optimize.problem import AllocationProblem
from advisor.optimize.search import best_solution, open_cases
from advisor.portfolio.model import Portfolio, SecurityNote
from advisor.rebalance.candidates import problem_of, problem_under
from advisor.rebalance.plan import survey, universe
from advisor.risk.past_months import month_returns
from advisor.whatif.stability import drawn_covariance
from tests.small_households import account, household, limits, lot, resolved

MONTHS = range(0, 60, 5)


def typical(**bounds: object) -> Portfolio:
    return household(
        account("T", "taxable", 5000, {"NVDA": [lot(200, 150), lot(50, 230)], "SPY": [lot(30, 500)]}),
        account("R", "roth", 1000, {"QQQ": [lot(50)]}),
        limits=limits(magnificent_seven_max="0.5", small_caps_max="0.3", **bounds),
    )


def other_market(portfolio: Portfolio, first: int) -> MarketData:
    """The same market with risk from five years of months."""
    market = resolved(portfolio)
    symbols, months = universe(portfolio), market.past_months.months
    rows = np.arange(first, first + 60)
    covariance = drawn_covariance(symbols, months, month_returns(market, symbols), rows)
    return replace(market, covariance=covariance)


def objective(problem: AllocationProblem) -> float:
    solution = best_solution(problem, open_cases(problem))
    assert solution is not None
    return solution.objective


@pytest.mark.parametrize("first", MONTHS)
def test_another_risk_model_gives_the_objective_of_a_new_compilation(first: int) -> None:
    """Within 1e-8 of household value a year, ten thousand times less than what a choice of funds turns on."""
    portfolio = typical(volatility_max="0.24")
    compiled = problem_of(survey(portfolio, resolved(portfolio)))
    other = survey(portfolio, other_market(portfolio, first))
    under = problem_under(other, compiled)
    assert under.compiled is compiled.compiled
    assert objective(under) == pytest.approx(objective(problem_of(other)), abs=1e-8)


@pytest.mark.parametrize("first", MONTHS)
def test_another_under_another_gives_the_objective_of_a_new_compilation(first: int) -> None:
    """The cheapest plan of a draw: today's returns under a risk model that is itself not the compiled one."""
    portfolio = typical(volatility_max="0.24")
    compiled = problem_of(survey(portfolio, resolved(portfolio)))
    between = survey(portfolio, other_market(portfolio, 25))
    other = survey(portfolio, other_market(portfolio, first))
    averse = replace(other, inputs=replace(other.inputs, risk_aversion=2 * other.inputs.risk_aversion))
    for last in (between, other, averse, between.tracking_today()):
        under = problem_under(last, problem_under(between, compiled))
        assert under.compiled is compiled.compiled
        assert objective(under) == pytest.approx(objective(problem_of(last)), abs=1e-8)


def test_the_problem_that_was_compiled_still_answers_for_itself() -> None:
    portfolio = typical()
    compiled = problem_of(survey(portfolio, resolved(portfolio)))
    before = objective(compiled)
    moved = objective(problem_under(survey(portfolio, other_market(portfolio, 0)), compiled))
    assert objective(compiled) == pytest.approx(before, abs=1e-12)
    assert abs(moved - before) > 1e-4


@pytest.mark.parametrize("bounds", [{"tracking_error_max": "0.2"}, {"beta_max": "1.5"}], ids=["tracking error", "beta"])
def test_a_limit_that_measures_risk_against_a_benchmark_is_compiled_again(bounds: dict[str, str]) -> None:
    portfolio = typical(**bounds)
    compiled = problem_of(survey(portfolio, resolved(portfolio)))
    other = survey(portfolio, other_market(portfolio, 0))
    under = problem_under(other, compiled)
    assert under.compiled is not compiled.compiled
    assert objective(under) == pytest.approx(objective(problem_of(other)), abs=1e-12)


@pytest.mark.parametrize("bounds", [{}, {"tracking_error_max": "0.2"}])
def test_other_returns_and_risk_aversion_never_compile_again(bounds: dict[str, str]) -> None:
    portfolio = typical(**bounds)
    compiled = problem_of(survey(portfolio, resolved(portfolio)))
    base = survey(portfolio, resolved(portfolio))
    rng = np.random.default_rng(5)
    for gamma in (0.7, 1.0, 3.0):
        changed = replace(
            base.inputs,
            expected_return=base.inputs.expected_return + rng.normal(scale=0.02, size=len(base.inputs.symbols)),
            risk_aversion=gamma,
        )
        other = replace(base, inputs=changed)
        under = problem_under(other, compiled)
        assert under.compiled is compiled.compiled
        assert objective(under) == pytest.approx(objective(problem_of(other)), abs=1e-8)


def test_without_risk_aversion_the_quadratic_is_gone_and_the_problem_is_compiled_again() -> None:
    portfolio = typical()
    base = survey(portfolio, resolved(portfolio))
    compiled = problem_of(base)
    other = replace(base, inputs=replace(base.inputs, risk_aversion=0.0))
    under = problem_under(other, compiled)
    assert under.compiled is not compiled.compiled
    assert objective(under) == pytest.approx(objective(problem_of(other)), abs=1e-12)


def test_a_security_that_moves_as_another_has_its_places_for_another_risk_model_too() -> None:
    """Two symbols of one fund leave a root with a zero on its diagonal, which is none under other returns of months."""
    portfolio = household(
        account("T", "taxable", 5000, {"SWTSX": [lot(2000, 10)], "NVDA": [lot(50, 230)]}),
        limits=limits(small_caps_max="0.3"),
        securities=(SecurityNote("SWTSX", "VTI", Decimal(16)),),
    )
    base = survey(portfolio, resolved(portfolio))
    compiled = problem_of(base)
    other = survey(portfolio, other_market(portfolio, 20))
    under = problem_under(other, compiled)
    assert under.compiled is compiled.compiled
    assert objective(under) == pytest.approx(objective(problem_of(other)), abs=1e-8)
