"""The compiled problem against SciPy and HiGHS, measured states, and hand calculations."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from functools import cache

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from advisor.optimize.problem import AllocationProblem, Solution
from advisor.portfolio.model import LimitMode, Portfolio
from advisor.portfolio.preferences import Preferences
from advisor.rebalance.measurer import utility
from tests.small_households import (
    account,
    household,
    limits,
    lot,
    problem_of,
    small_household,
    solved,
    surveyed,
)
from tests.textbook_problem import Textbook
from tests.views import view

CASES = range(50)
SEEDS = range(12)


@cache
def case(seed: int) -> tuple[AllocationProblem, Solution, Textbook]:
    portfolio = small_household(seed)
    problem = problem_of(portfolio)
    return problem, solved(problem), Textbook(portfolio, problem.inputs.risk_aversion)


@pytest.mark.parametrize("seed", CASES)
def test_scipy_finds_the_same_optimum(seed: int) -> None:
    _, solution, book = case(seed)
    assert solution.objective == pytest.approx(book.solve(), rel=1e-7)


def test_each_tax_branch_is_the_best_one_of_some_of_these_households() -> None:
    won = Counter(case(seed)[1].case.branch.name for seed in CASES)
    assert min(won[name] for name in ("net_loss", "net_gain", "long_loss")) >= 3, won


@pytest.mark.parametrize("seed", range(60, 80))
def test_highs_finds_the_same_optimum_without_risk(seed: int) -> None:
    portfolio = small_household(seed, risk_aversion="0")
    book = Textbook(portfolio, 0.0)
    assert solved(problem_of(portfolio)).objective == pytest.approx(book.solve_linear(), rel=1e-7)


@pytest.mark.parametrize("seed", CASES)
def test_the_textbook_agrees_with_the_objective_and_the_limits_at_the_optimum(seed: int) -> None:
    """The tax among it: the law by if and else, for the sales that the solver settled on."""
    _, solution, book = case(seed)
    best = np.append(solution.sell, solution.buy)
    assert solution.objective == pytest.approx(book.objective(best), abs=1e-8)
    assert min(book.slacks(best)) > -1e-7


@pytest.mark.parametrize("seed", SEEDS)
def test_the_objective_is_the_measured_utility_less_costs(seed: int) -> None:
    """The trades are done exactly, without rounding, and the household measured as the report measures it."""
    portfolio = small_household(seed)
    found, problem = surveyed(portfolio), case(seed)[0]
    i, solution = problem.inputs, case(seed)[1]
    value = found.before.value_usd
    shares, cash = {}, {a.name: a.cash_usd for a in portfolio.accounts}
    for key, sold in zip(i.lots.keys, solution.sell, strict=True):
        place = portfolio.accounts[key.account]
        position = place.positions[key.position]
        security = found.market.securities[position.symbol]
        usd = Decimal(float(sold)) * value
        name = (place.name, position.symbol)
        kept = position.lots[key.lot].shares - usd / security.close_usd
        shares[name] = shares.get(name, Decimal(0)) + kept
        cash[place.name] += usd * (1 - Decimal(security.half_spread.value))
    for a, row, bought in zip(i.buys.account, i.buys.security, solution.buy, strict=True):
        name, symbol = portfolio.accounts[a].name, i.symbols[row]
        security = found.market.securities[symbol]
        usd = Decimal(float(bought)) * value
        shares[name, symbol] = shares.get((name, symbol), Decimal(0)) + usd / security.close_usd
        cash[name] -= usd * (1 + Decimal(security.half_spread.value))
    after = found.measurer.measure(shares, cash)
    size = float(after.value_usd / value)
    book = case(seed)[2]
    trades = np.append(solution.sell, solution.buy)
    costs = 1 - size + book.tax(trades, book.carried)
    doubt = float(portfolio.preferences.return_uncertainty) * solution.sell[book.gain >= 0].sum()
    costs -= book.saved_later * book.gain @ solution.sell
    expected = utility(after, size, i.risk_aversion, i.covariance_inflation) - doubt - costs / i.horizon_years
    assert solution.objective == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_margins_tighten_the_limits_they_name(seed: int) -> None:
    """A margin of 0.01 on each limit is the same as bounds that are 0.01 tighter (in shares of value)."""
    portfolio = replace(
        small_household(seed), limits=limits(magnificent_seven_max="0.4", turnover_max="0.6", small_caps_min="0.02")
    )
    tighter = replace(
        portfolio, limits=limits(magnificent_seven_max="0.39", turnover_max="0.59", small_caps_min="0.03")
    )
    problem = problem_of(portfolio)
    margins = dict.fromkeys((limit.label for limit in portfolio.limits), 0.01)
    expected = solved(problem_of(tighter)).objective
    assert solved(problem, margins).objective == pytest.approx(expected, abs=1e-6)
    loose = solved(problem_of(portfolio)).objective
    assert solved(problem).objective == pytest.approx(loose, abs=1e-9)  # they are gone in the next solve
    assert expected <= loose + 1e-9


def mixed(**fields) -> Portfolio:
    """100,000 dollars of Nvidia, the index and cash in a Roth."""
    held = {"NVDA": [lot(250)], "SPY": [lot(60)]}
    return household(
        account("Roth", "roth", "4167.30", held),
        **{"preferences": Preferences(risk_aversion=Decimal(2), return_uncertainty=Decimal(0))} | fields,
    )


def weights_of(problem: AllocationProblem, solution: Solution) -> np.ndarray:
    i = problem.inputs
    sold = np.bincount(i.lots.security, weights=solution.sell, minlength=len(i.symbols))
    return i.weights - sold + np.bincount(i.buys.security, weights=solution.buy, minlength=len(i.symbols))


@pytest.mark.parametrize("price", ["0.5", "2", "10"])
def test_a_soft_limit_is_exceeded_as_far_as_its_price_makes_worthwhile(price: str) -> None:
    """The best excess e of a hard limit at 30% + e, less what e costs at `price` basis points a point."""
    bound = limits(magnificent_seven_max="0.3")[0]
    soft = replace(bound, mode=LimitMode.SOFT, charge_bps_per_pp=Decimal(price))
    hard = problem_of(mixed(limits=(bound,)))

    def worth(excess: float) -> float:
        return solved(hard, {"magnificent_seven.max": -excess}).objective - float(price) * 0.01 * excess

    found = minimize_scalar(lambda e: -1e4 * worth(e), bounds=(0.0, 0.4), method="bounded", options={"xatol": 1e-7})
    problem = problem_of(mixed(limits=(soft,)))
    assert solved(problem).objective == pytest.approx(max(-found.fun / 1e4, worth(0.0)), abs=1e-8)


def mean_of_the_worst(returns: np.ndarray) -> float:
    """Mean loss of the worst 5% of months, the last of them counted in part."""
    worst, tail = sorted(-returns, reverse=True), 0.05 * len(returns)
    whole = int(tail)
    return (sum(worst[:whole]) + (tail - whole) * worst[whole]) / tail


def largest_fall(values: np.ndarray) -> float:
    return max(1 - value / max(values[: month + 1]) for month, value in enumerate(values))


@pytest.mark.parametrize(("name", "bound"), [("cvar_95", "0.05"), ("max_drawdown", "0.25")])
def test_a_limit_over_the_scenario_months_binds_where_its_own_measure_says(name: str, bound: str) -> None:
    """The linear programs of shortfall and drawdown, against sorting the months and walking through them."""
    portfolio = mixed(limits=limits(**{f"{name}_max": bound}))
    problem = problem_of(portfolio)
    i, solution = problem.inputs, solved(problem)
    (limit,) = problem.formulation.limits
    w = weights_of(problem, solution)
    paid = solution.sell @ (1 - i.half_spread[i.lots.security]) - solution.buy @ (1 + i.half_spread[i.buys.security])
    cash = float(i.cash.sum() + paid)
    path = np.vstack([w, w * np.cumprod(1 + limit.returns, axis=0)]).sum(axis=1) + cash
    measured = {"cvar_95": mean_of_the_worst(limit.returns @ w / (w.sum() + cash)), "max_drawdown": largest_fall(path)}
    assert measured[name] == pytest.approx(float(bound), abs=1e-7)
    assert solved(problem_of(replace(portfolio, limits=()))).objective > solution.objective + 1e-5


def test_a_household_of_cash_alone() -> None:
    """SciPy-free: one fund, no lots; the best share is where the marginal utility meets the cost, or the bound."""
    wanted = Preferences(buy=("IJR",), risk_aversion=Decimal(2))
    portfolio = household(account("A", "roth", 10_000), preferences=wanted, views=(view("IJR", "0.09"),))
    problem = problem_of(portfolio)
    book = Textbook(portfolio, 2.0)

    def best_of(low: float, high: float) -> float:
        return max(np.linspace(low, high, 2001), key=lambda share: book.objective(np.array([share])))

    most = 1 / 1.00005
    near = best_of(0.0, most)
    best = best_of(max(near - 1e-3, 0.0), min(near + 1e-3, most))  # the objective is concave
    assert solved(problem).buy == pytest.approx([best], abs=1e-5)


def test_a_household_with_nothing_to_buy() -> None:
    portfolio = household(
        account("A", "roth", 10_000, {"NVDA": [lot(100)]}),
        limits=limits(magnificent_seven_max="0.3"),
        preferences=Preferences(buy=()),
    )
    solution = solved(problem_of(portfolio))
    assert solution.buy.size == 0
    kept = 20_353 * (1 - solution.sell[0] / (20_353 / 30_353)) / 30_353
    assert kept <= 0.3 + 1e-9


def test_a_household_whose_every_lot_is_kept() -> None:
    problem = problem_of(household(account("A", "roth", 10_000, {"NVDA": [lot(100)]})))
    (branch,) = problem.branches
    solution = problem.solve(replace(problem.open_case(branch), most_sold=np.zeros(1)))
    assert solution is not None
    assert solution.sell == pytest.approx([0.0], abs=1e-12)


def test_a_case_says_what_may_be_traded_and_for_how_long() -> None:
    """Caps and horizon are of one solve, and gone in the next."""
    problem = problem_of(mixed(views=(), limits=limits(magnificent_seven_max="0.4")))
    (branch,) = problem.branches
    everything = problem.open_case(branch)
    first = problem.solve(everything)
    assert first is not None
    capped = problem.solve(replace(everything, most_bought=np.array([0.0, 0.0, 0.01])))
    assert capped is not None
    assert capped.buy.max() <= 0.01 + 1e-9
    shorter = problem.solve(replace(everything, horizon_years=0.5))
    assert shorter is not None
    assert shorter.objective < first.objective
    again = problem.solve(everything)
    assert again is not None
    assert again.objective == pytest.approx(first.objective, abs=1e-9)


def test_limits_that_cannot_be_met_have_no_solution() -> None:
    problem = problem_of(mixed(limits=limits(small_caps_min="0.5", turnover_max="0.1")))
    assert all(problem.solve(problem.open_case(branch)) is None for branch in problem.branches)
