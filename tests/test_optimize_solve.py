"""The advised allocation against trying everything, named conflicts, and no advice without a clean optimum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from itertools import combinations, product

import numpy as np
import pytest

from advisor.errors import LimitsConflictError, UnverifiedAnswerError
from advisor.optimize import compiled as compiled_module
from advisor.optimize.diagnose import diagnose
from advisor.optimize.formulation import Case
from advisor.optimize.fund_choice import INDIFFERENT
from advisor.optimize.problem import AllocationProblem
from advisor.optimize.solve import allocate
from advisor.optimize.tax_branches import LONG_LOSS, NET_GAIN, NET_LOSS
from advisor.portfolio.model import DoNotSell, Portfolio
from advisor.portfolio.preferences import Preferences
from tests.households import random_household
from tests.small_households import account, household, limits, lot, planned, problem_of, small_household, tax
from tests.test_optimize_search import harvester, ways


def best_of_each_menu(problem: AllocationProblem) -> dict[tuple[str, ...], float]:
    """The best objective of every set of funds, over three branches and all ways around a wash sale, one by one."""
    i = problem.inputs
    offered = sorted({i.symbols[security] for security in i.buys.security})
    symbols = np.array([i.symbols[security] for security in i.buys.security])
    menus = [menu for size in range(len(offered) + 1) for menu in combinations(offered, size)]
    best = dict.fromkeys(menus, -np.inf)
    for menu, branch, (sell, buy) in product(menus, (NET_LOSS, NET_GAIN, LONG_LOSS), ways(i)):
        case = Case(sell, np.where(np.isin(symbols, menu), buy, 0.0), branch, i.horizon_years)
        solution = problem.solve(case)
        if solution is not None:
            best[menu] = max(best[menu], solution.objective)
    return best


def by_rule(problem: AllocationProblem, best: dict[tuple[str, ...], float]) -> tuple[str, ...]:
    """The fewest funds within half a basis point of the best; then the least fee and spread; then the symbols."""
    i, most = problem.inputs, max(best.values())

    def cost(symbol: str) -> float:
        row = i.symbols.index(symbol)
        return i.horizon_years * i.expense_ratio[row] + i.half_spread[row]

    near = [menu for menu, objective in best.items() if objective >= most - INDIFFERENT]
    return min(near, key=lambda menu: (len(menu), sum(map(cost, menu)), menu))


HOUSEHOLDS: dict[str, Callable[[int], Portfolio]] = {
    "harvester": harvester,
    "small": small_household,
    "random": random_household,
}


@pytest.mark.parametrize(
    ("kind", "seed"),
    [(kind, seed) for kind, count in (("harvester", 10), ("small", 10), ("random", 25)) for seed in range(count)],
)
def test_trying_every_branch_way_and_menu_finds_the_allocation(kind: str, seed: int) -> None:
    """The best mix to 1e-7 of household value a year, the menu by its rule, and that menu's best mix to 1e-7."""
    problem = problem_of(HOUSEHOLDS[kind](seed))
    expected = best_of_each_menu(problem)
    allocation = allocate(problem)
    if allocation is None:
        assert max(expected.values()) == -np.inf
        return
    assert allocation.best.objective == pytest.approx(max(expected.values()), abs=1e-7)
    if allocation.menu.symbols:
        assert allocation.menu.symbols == by_rule(problem, {menu: o for menu, o in expected.items() if menu})
    assert allocation.solution.objective == pytest.approx(expected[allocation.menu.symbols], abs=1e-7)


# 100,000 dollars at the closes of the snapshot: NVDA 203.53, SPY 749.17, IWM 293.48, IJR 144.99.
def roth(cash: object, positions: dict, **fields) -> Portfolio:
    return household(account("Roth", "roth", cash, positions), **fields)


def taxed(cash: object, positions: dict, **fields) -> Portfolio:
    return household(account("Joint", "taxable", cash, positions), **fields)


HALF_NVDA = {"NVDA": [lot(250)], "SPY": [lot(60)]}
CONFLICTS: dict[str, tuple[Portfolio, set[str]]] = {
    "a locked stock over the limit on one company": (
        roth(0, HALF_NVDA, limits=limits(single_company_max="0.3"), do_not_sell=(DoNotSell("NVDA"),)),
        {"single_company.max"},
    ),
    "more small caps than the turnover allows": (
        roth(0, HALF_NVDA, limits=limits(small_caps_min="0.3", turnover_max="0.1", funds__IWM_max="0.2")),
        {"small_caps.min", "turnover.max"},
    ),
    "funds that must be more than all small caps may be": (
        roth(0, HALF_NVDA, limits=limits(funds__IWM_min="0.2", funds__IJR_min="0.15", small_caps_max="0.3")),
        {"funds.IWM.min", "funds.IJR.min", "small_caps.max"},
    ),
    "an account that must keep more cash than the household may": (
        household(
            account("IRA", "traditional", 0, HALF_NVDA, min_cash_usd=Decimal(40_000)),
            limits=limits(cash_max="0.1", turnover_max="0.9"),
        ),
        {"accounts.IRA.min_cash", "cash.max"},
    ),
    "more cash than the turnover allows": (
        roth(0, HALF_NVDA, limits=limits(cash_min="0.5", turnover_max="0.2", beta_max="3")),
        {"cash.min", "turnover.max"},
    ),
    "a tame household of small caps": (
        roth(0, HALF_NVDA, limits=limits(volatility_max="0.08", cash_max="0.1", small_caps_max="1")),
        {"volatility.max", "cash.max"},
    ),
    "near the benchmark without its largest companies": (
        roth(
            0,
            {"NVDA": [lot(80)], "SPY": [lot(100)]},
            limits=limits(tracking_error_max="0.05", magnificent_seven_max="0.1"),
        ),
        {"tracking_error.max", "magnificent_seven.max"},
    ),
    "no gain to be realised, all of it in the stock that must go": (
        taxed(
            0,
            {"NVDA": [lot(250, 20)], "SPY": [lot(60, 200)]},
            limits=limits(realized_gain_max="1000", single_company_max="0.2", volatility_max="0.9"),
        ),
        {"realized_gain.max", "single_company.max"},
    ),
    "the tax of the sales, kept as cash": (
        taxed(
            0,
            {"NVDA": [lot(490, 20)]},
            limits=limits(magnificent_seven_max="0.2", cash_max="0.05"),
            tax=tax(long_term_rate="0.3"),
        ),
        {"magnificent_seven.max", "cash.max", "preferences.reserve_tax"},
    ),
    "a loss that cannot be sold beside the purchase of its twin": (
        taxed(
            100,
            {"IWM": [lot(100, 400, days=200)], "SPY": [lot(100, 700)]},
            limits=limits(funds__IWM_max="0.1", small_caps_min="0.25"),
            preferences=Preferences(buy=("VTWO",)),
        ),
        {"funds.IWM.max", "small_caps.min"},
    ),
    "two conflicts at once": (
        roth(
            0,
            HALF_NVDA,
            limits=limits(
                single_company_max="0.3", cash_min="0.3", cash_max="0.4", small_caps_min="0.3", small_caps_max="0.9"
            ),
            do_not_sell=(DoNotSell("NVDA"),),
        ),
        {"single_company.max", "cash.min", "small_caps.min"},
    ),
}


def without(portfolio: Portfolio, label: str) -> Portfolio:
    if label.startswith("accounts."):
        accounts = tuple(replace(a, min_cash_usd=Decimal(0)) for a in portfolio.accounts)
        return replace(portfolio, accounts=accounts)
    if label == "preferences.reserve_tax":
        return replace(portfolio, preferences=replace(portfolio.preferences, reserve_tax=False))
    return replace(portfolio, limits=tuple(limit for limit in portfolio.limits if limit.label != label))


@pytest.mark.parametrize("name", CONFLICTS)
def test_a_conflict_names_its_limits_and_no_other(name: str) -> None:
    portfolio, expected = CONFLICTS[name]
    with pytest.raises(LimitsConflictError) as refused:
        planned(portfolio)
    assert set(refused.value.limits) == expected
    assert all(label in str(refused.value) for label in expected)


@pytest.mark.parametrize("name", [name for name in CONFLICTS if name != "two conflicts at once"])
def test_without_any_one_of_them_there_is_an_answer(name: str) -> None:
    portfolio, expected = CONFLICTS[name]
    for label in expected:
        assert planned(without(portfolio, label)).certificate.max_violation <= 1e-9


def test_two_conflicts_are_told_apart() -> None:
    found = diagnose(problem_of(CONFLICTS["two conflicts at once"][0]))
    assert found is not None
    assert [set(core.labels) for core in found.cores] == [{"single_company.max"}, {"cash.min", "small_caps.min"}]


def test_a_conflict_that_a_wash_sale_would_resolve_says_so() -> None:
    with pytest.raises(LimitsConflictError, match="wash sale"):
        planned(CONFLICTS["a loss that cannot be sold beside the purchase of its twin"][0])
    with pytest.raises(LimitsConflictError) as refused:
        planned(CONFLICTS["more cash than the turnover allows"][0])
    assert "wash sale" not in str(refused.value)


def test_a_kept_tax_is_no_conflict_where_nothing_is_traded() -> None:
    """The year began with a loss of 2,000, which the optimizer's tax counts for less than the law; no cash at all."""
    locked = taxed(
        0,
        {"SPY": [lot(100, 100)]},
        do_not_sell=(DoNotSell("SPY"),),
        tax=tax(year_to_date_long_usd=-2000),
    )
    assert planned(locked).status == "do_nothing"


@pytest.mark.parametrize(
    "bounds",
    [{"small_caps_min": "0.2", "small_caps_max": "0.2"}, {"beta_min": "1.02", "beta_max": "1.02"}, {"cash_max": "0"}],
)
@pytest.mark.parametrize(("whole", "orders"), [(True, "whole shares"), (False, "thousandths of a share")])
def test_limits_without_room_for_rounding_are_refused_by_name(bounds: dict[str, str], whole: bool, orders: str) -> None:
    names = {label.rpartition("_")[0] for label in bounds}
    with pytest.raises(UnverifiedAnswerError, match=f"no orders in {orders} hold") as refused:
        planned(
            roth(100, {"SPY": [lot(100)]}, limits=limits(**bounds), preferences=Preferences(whole_shares=whole)),
        )
    assert any(name in str(refused.value) for name in names)


HONEST = compiled_module._solution


def spoil(monkeypatch: pytest.MonkeyPatch, status: Callable[[str], str]) -> None:
    """The solver's answers under another status."""

    def dishonest(*args):
        answer = HONEST(*args)
        return replace(answer, status=status(answer.status))

    monkeypatch.setattr(compiled_module, "_solution", dishonest)


NOT_CLEAN = (
    "AlmostSolved",
    "MaxIterations",
    "MaxTime",
    "InsufficientProgress",
    "NumericalError",
    "Unsolved",
    "AlmostPrimalInfeasible",
    "PrimalInfeasible",
    "DualInfeasible",
)


@pytest.mark.parametrize("status", NOT_CLEAN)
def test_a_status_other_than_a_clean_optimum_is_never_advice(status: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(monkeypatch, lambda honest: status)
    with pytest.raises(UnverifiedAnswerError, match="neither an answer nor a proof"):
        planned(roth(5000, HALF_NVDA, limits=limits(magnificent_seven_max="0.4")))


def test_a_solver_that_gives_up_by_itself_gives_no_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(compiled_module.SETTINGS, "max_iter", 2)
    monkeypatch.setitem(compiled_module.SECOND_ATTEMPT, "max_iter", 2)
    with pytest.raises(UnverifiedAnswerError):
        planned(roth(5000, HALF_NVDA, limits=limits(magnificent_seven_max="0.4")))


def test_a_bare_word_of_infeasible_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The solver claims of all its attempts that no portfolio meets the limits; the elastic problem finds one."""
    answers = iter(["PrimalInfeasible"] * 4)
    spoil(monkeypatch, lambda honest: next(answers, honest))
    portfolio = roth(5000, HALF_NVDA, limits=limits(magnificent_seven_max="0.4"), preferences=Preferences(buy=()))
    with pytest.raises(UnverifiedAnswerError, match="neither an answer nor a proof"):
        planned(portfolio)


def test_an_unclean_re_solve_is_tried_again_from_a_fresh_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = problem_of(roth(5000, HALF_NVDA, limits=limits(magnificent_seven_max="0.4")))
    first = allocate(problem)
    assert first is not None
    answers = iter(["AlmostSolved"])
    spoil(monkeypatch, lambda honest: next(answers, honest))
    again = allocate(problem)
    assert again is not None
    assert again.solution.objective == pytest.approx(first.solution.objective, abs=1e-9)


@pytest.mark.parametrize("part", ["x", "z"])
def test_a_clean_status_without_a_certificate_is_no_advice(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The solver says solved, and its vectors do not prove it."""

    def careless(*args):
        answer = HONEST(*args)
        return replace(answer, **{part: getattr(answer, part) * 1.001})

    monkeypatch.setattr(compiled_module, "_solution", careless)
    with pytest.raises(UnverifiedAnswerError, match="neither an answer nor a proof"):
        planned(roth(5000, HALF_NVDA, limits=limits(magnificent_seven_max="0.4")))
