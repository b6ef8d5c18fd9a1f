"""One way at a time, no wash sale, and every tax branch: the search against trying everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import product

import numpy as np
import pytest

from advisor.optimize.formulation import Case
from advisor.optimize.inputs import AllocationInputs, wash_pairs
from advisor.optimize.problem import AllocationProblem
from advisor.optimize.search import DUST, best_solution, every_case, one_way_case, open_cases
from advisor.optimize.tax_branches import LONG_LOSS, NET_GAIN, NET_LOSS
from advisor.portfolio.model import Portfolio
from advisor.portfolio.preferences import Preferences
from tests.households import random_household
from tests.random_answers import allocated
from tests.small_households import account, household, limits, lot, problem_of, solved
from tests.textbook_problem import Textbook

ANSWERS = 120
HARVESTERS = range(12)


def test_no_security_is_bought_and_sold_in_one_account() -> None:
    for found in allocated(ANSWERS):
        lots, buys, answer = found.inputs.lots, found.inputs.buys, found.allocation
        sold = {(a, s) for a, s, usd in zip(lots.account, lots.security, answer.sell, strict=True) if usd > 0}
        bought = {(a, s) for a, s, usd in zip(buys.account, buys.security, answer.buy, strict=True) if usd > 0}
        assert not sold & bought, found.seed


def test_nothing_sold_at_a_loss_is_bought_anywhere() -> None:
    sales_at_a_loss = 0
    for found in allocated(ANSWERS):
        lots, buys, answer = found.inputs.lots, found.inputs.buys, found.allocation
        losing = {
            row
            for row, gain, taxed, usd in zip(lots.identity, lots.gain, lots.taxable, answer.sell, strict=True)
            if usd > 0 and taxed and gain < 0
        }
        sales_at_a_loss += bool(losing)
        assert not losing & {row for row, usd in zip(buys.identity, answer.buy, strict=True) if usd > 0}, found.seed
    assert sales_at_a_loss > 20


def harvester(seed: int) -> Portfolio:
    """Small-cap lots at a loss in a taxable account, gains to net them with, and cash that wants the same funds."""
    rng = np.random.default_rng(seed)
    held = {
        "IWM": [lot(int(rng.integers(50, 200)), 330 + int(rng.integers(0, 80)), days=200)],
        "IJR": [lot(int(rng.integers(50, 300)), 150 + int(rng.integers(0, 40)), days=600)],
        "NVDA": [lot(int(rng.integers(100, 400)), 40, days=900)],
    }
    return household(
        account("Joint", "taxable", int(rng.integers(1000, 60_000)), held),
        account("Roth", "roth", int(rng.integers(1000, 60_000)), {"QQQ": [lot(50)]}),
        limits=limits(magnificent_seven_max="0.35", small_caps_min="0.1"),
        preferences=Preferences(
            min_trade_usd=Decimal(0), risk_aversion=Decimal(2), horizon_years=Decimal(int(rng.integers(1, 5)))
        ),
    )


def ways(inputs: AllocationInputs) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """What may be sold and bought: for each index, either no lot at a loss or no purchase."""
    lots, buys = inputs.lots, inputs.buys
    losing = lots.taxable & (lots.gain < 0)
    twins = sorted(set(buys.identity.tolist()))
    for choice in product(("no sale", "no purchase"), repeat=len(twins)):
        sell, buy = lots.sellable.copy(), np.ones(buys.account.size)
        for twin, way in zip(twins, choice, strict=True):
            if way == "no sale":
                sell[losing & (lots.identity == twin)] = 0.0
            else:
                buy[buys.identity == twin] = 0.0
        yield sell, buy


def best_by_trying(problem: AllocationProblem) -> float:
    """The best objective over three branches and all ways, solved one by one; minus infinity without a solution."""
    found = [
        problem.solve(Case(sell, buy, branch, problem.inputs.horizon_years))
        for branch in (NET_LOSS, NET_GAIN, LONG_LOSS)
        for sell, buy in ways(problem.inputs)
    ]
    return max((solution.objective for solution in found if solution is not None), default=-np.inf)


@pytest.mark.parametrize("seed", HARVESTERS)
def test_the_better_way_around_a_wash_sale_is_taken(seed: int) -> None:
    problem = problem_of(harvester(seed))
    assert solved(problem).objective == pytest.approx(best_by_trying(problem), abs=1e-8)


@pytest.mark.parametrize("seed", HARVESTERS)
def test_scipy_finds_no_better_way_around_a_wash_sale(seed: int) -> None:
    """The textbook problem for each way, over all pieces of the law: it shares nothing with the search."""
    problem = problem_of(harvester(seed))
    book = Textbook(harvester(seed), problem.inputs.risk_aversion)
    small = [symbol in ("IWM", "IJR") for _, symbol, _ in book.lots]
    losing = np.array([is_small and gain < 0 for is_small, gain in zip(small, book.gain, strict=True)])
    index = {"IWM": "russell", "VTWO": "russell", "IJR": "sp"}
    of_lots = np.array([index.get(symbol) for _, symbol, _ in book.lots])
    of_buys = np.array([index[symbol] for _, symbol in book.buys])
    best, most = -np.inf, book.most
    for barred in product((True, False), repeat=2):
        sell, buy = most[: len(book.lots)].copy(), most[len(book.lots) :].copy()
        for name, no_sale in zip(("russell", "sp"), barred, strict=True):
            sell[losing & (of_lots == name) & no_sale] = 0.0
            buy[(of_buys == name) & (not no_sale)] = 0.0
        book.most = np.append(sell, buy)
        best = max(best, book.solve())
    assert solved(problem).objective == pytest.approx(best, rel=1e-7)


def test_some_of_these_households_do_want_a_wash_sale() -> None:
    """Else the tests above would compare nothing."""
    wanted = 0
    for seed in HARVESTERS:
        problem = problem_of(harvester(seed))
        free = [problem.solve(case) for case in open_cases(problem)]
        best = max(solution.objective for solution in free if solution is not None)
        wanted += best > solved(problem).objective + 1e-7
    assert wanted >= 3


@pytest.mark.parametrize("seed", range(40))
def test_trying_every_branch_and_way_finds_nothing_better_in_random_households(seed: int) -> None:
    """Conflicts included: then no way has a solution."""
    problem = problem_of(random_household(seed))
    best = best_solution(problem, open_cases(problem))
    expected = best_by_trying(problem)
    assert (-np.inf if best is None else best.objective) == pytest.approx(expected, abs=1e-7)


def test_what_the_user_calls_identical_is_no_way_around_a_wash_sale() -> None:
    """VTI at a loss, and IJR wanted: apart they are traded together, as one they are not."""
    portfolio = household(
        account("Joint", "taxable", 1000, {"VTI": [lot(100, 450, days=200)], "NVDA": [lot(300, 40)]}),
        account("Roth", "roth", 20_000),
        limits=limits(magnificent_seven_max="0.3", small_caps_min="0.1"),
        preferences=Preferences(buy=("IJR",)),
    )

    def losses_and_purchases(asked: Portfolio) -> tuple[float, float]:
        problem = problem_of(asked)
        solution, lots = solved(problem), problem.inputs.lots
        return float(solution.sell[lots.gain < 0].sum()), float(solution.buy.sum())

    apart = losses_and_purchases(portfolio)
    assert min(apart) > 0.01
    together = losses_and_purchases(replace(portfolio, identical=(("VTI", "ITOT"), ("ITOT", "IJR"))))
    assert together[0] <= DUST < 0.01 < together[1]  # the limit needs the purchase


def test_every_case_is_each_branch_with_each_way_for_each_index_that_has_a_loss() -> None:
    problem = problem_of(harvester(0))
    pairs = list(wash_pairs(problem.inputs))
    cases = every_case(problem)
    assert len(pairs) == 2
    assert len(cases) == 4 * len(problem.branches)
    for case in cases:
        for of_lots, of_buys in pairs:
            assert case.most_sold[of_lots].sum() == 0 or case.most_bought[of_buys].sum() == 0
    assert best_solution(problem, cases).objective == pytest.approx(solved(problem).objective, abs=1e-8)


def test_a_household_without_losses_has_one_case_for_each_branch() -> None:
    problem = problem_of(household(account("Joint", "taxable", 5000, {"NVDA": [lot(10, 100)]})))
    assert [case.branch for case in every_case(problem)] == [NET_GAIN]


def test_the_case_of_an_answer_bars_the_other_way_of_each_pair() -> None:
    for seed in HARVESTERS:
        problem = problem_of(harvester(seed))
        solution, lots, buys = solved(problem), problem.inputs.lots, problem.inputs.buys
        case = one_way_case(problem, solution)
        assert np.all(solution.sell <= case.most_sold + DUST)
        assert np.all(solution.buy <= case.most_bought + DUST)
        for of_lots, of_buys in wash_pairs(problem.inputs):
            assert case.most_sold[of_lots].sum() == 0 or case.most_bought[of_buys].sum() == 0
        for a, s, most in zip(buys.account, buys.security, case.most_bought, strict=True):
            same = (lots.account == a) & (lots.security == s)
            assert most == 0 or case.most_sold[same].sum() == 0
