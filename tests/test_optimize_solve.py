"""One way at a time, no wash sale, the least order, named conflicts, and no advice without a clean optimum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product

import numpy as np
import pytest
from cvxpy.reductions.solvers.solving_chain import SolvingChain

from advisor.errors import LimitsConflictError, UnverifiedAnswerError
from advisor.market.resolve import resolve
from advisor.optimize import problem as problem_module
from advisor.optimize.limits import compile_limits
from advisor.optimize.problem import AllocationProblem
from advisor.optimize.solve import Allocation, allocate
from advisor.portfolio.model import DoNotSell, Portfolio, Preferences
from advisor.rebalance.plan import survey
from tests.households import random_household
from tests.samples import market
from tests.small_households import account, household, limits, lot, planned, problem_of, tax


def allocated(portfolio: Portfolio) -> tuple[AllocationProblem, Allocation] | None:
    """None where the household's limits conflict."""
    data = resolve(market(), portfolio)
    inputs = survey(portfolio, data).inputs
    problem = AllocationProblem(inputs, compile_limits(portfolio, data, inputs))
    try:
        return problem, allocate(problem)
    except LimitsConflictError:
        return None


ANSWERS = [found for seed in range(150) if (found := allocated(random_household(seed)))]


def test_no_security_is_bought_and_sold_in_one_account() -> None:
    for problem, answer in ANSWERS:
        lots, buys = problem.inputs.lots, problem.inputs.buys
        sold = {(a, s) for a, s, usd in zip(lots.account, lots.security, answer.sell, strict=True) if usd > 0}
        bought = {(a, s) for a, s, usd in zip(buys.account, buys.security, answer.buy, strict=True) if usd > 0}
        assert not sold & bought


def test_nothing_sold_at_a_loss_is_bought_anywhere() -> None:
    sales_at_a_loss = 0
    for problem, answer in ANSWERS:
        lots, buys = problem.inputs.lots, problem.inputs.buys
        losing = {
            row
            for row, gain, taxed, usd in zip(lots.identity, lots.gain, lots.taxable, answer.sell, strict=True)
            if usd > 0 and taxed and gain < 0
        }
        sales_at_a_loss += bool(losing)
        assert not losing & {row for row, usd in zip(buys.identity, answer.buy, strict=True) if usd > 0}
    assert sales_at_a_loss > 20


def test_an_order_below_the_least_trade_is_flagged() -> None:
    flagged = 0
    for problem, answer in ANSWERS:
        i, orders = problem.inputs, {}
        for place, usd in zip(zip(i.lots.account, i.lots.security, strict=True), answer.sell, strict=True):
            orders["sell", place] = orders.get(("sell", place), 0.0) + usd
        for place, usd in zip(zip(i.buys.account, i.buys.security, strict=True), answer.buy, strict=True):
            orders["buy", place] = orders.get(("buy", place), 0.0) + usd
        small = [usd for usd in orders.values() if 0 < usd < i.min_trade * (1 - 1e-9)]
        assert not small or answer.below_minimum
        flagged += answer.below_minimum
    assert 0 < flagged < len(ANSWERS) / 4


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


@pytest.mark.parametrize("seed", range(12))
def test_the_better_way_around_a_wash_sale_is_taken(seed: int) -> None:
    """Every combination of "no loss sale" and "no purchase" over both indices, solved one by one."""
    problem = problem_of(harvester(seed))
    lots, buys = problem.inputs.lots, problem.inputs.buys
    losing = lots.taxable & (lots.gain < 0)
    twins = sorted(set(buys.identity))
    best = -np.inf
    for choice in product(("no sale", "no purchase"), repeat=len(twins)):
        sell, buy = lots.sellable.copy(), np.ones(buys.account.size)
        for twin, way in zip(twins, choice, strict=True):
            if way == "no sale":
                sell[losing & (lots.identity == twin)] = 0.0
            else:
                buy[buys.identity == twin] = 0.0
        solution = problem.solve(most_sold=sell, most_bought=buy)
        best = max(best, solution.objective if solution else -np.inf)
    assert allocate(problem).objective == pytest.approx(best, abs=1e-8)


def test_some_of_these_households_do_want_a_wash_sale() -> None:
    """Else the test above would compare nothing."""
    wanted = 0
    for seed in range(12):
        problem = problem_of(harvester(seed))
        free = problem.solve(
            most_sold=problem.inputs.lots.sellable, most_bought=np.ones(problem.inputs.buys.account.size)
        )
        assert free is not None
        wanted += free.objective > allocate(problem).objective + 1e-7
    assert wanted >= 3


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
    with pytest.raises(LimitsConflictError) as refused:
        planned(CONFLICTS["two conflicts at once"][0])
    assert len(str(refused.value).splitlines()) == 2


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
def test_limits_without_room_for_rounding_are_refused_by_name(bounds: dict[str, str]) -> None:
    names = {label.rpartition("_")[0] for label in bounds}
    with pytest.raises(UnverifiedAnswerError, match=r"no orders in thousandths of a share hold") as refused:
        planned(roth(100, {"SPY": [lot(100)]}, limits=limits(**bounds)))
    assert any(name in str(refused.value) for name in names)


@dataclass
class Renamed:
    """A solver's answer under another status."""

    answer: object
    status: str

    def __getattr__(self, name: str) -> object:
        return getattr(self.answer, name)


def spoil(monkeypatch: pytest.MonkeyPatch, status: Callable[[str], str]) -> None:
    honest = SolvingChain.solve_via_data

    def dishonest(self, *args, **options):
        answer = honest(self, *args, **options)
        return Renamed(answer, status(str(answer.status)))

    monkeypatch.setattr(SolvingChain, "solve_via_data", dishonest)


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
    monkeypatch.setitem(problem_module.SOLVER_OPTIONS, "max_iter", 2)
    with pytest.raises(UnverifiedAnswerError):
        planned(roth(5000, HALF_NVDA, limits=limits(magnificent_seven_max="0.4")))


def test_a_bare_word_of_infeasible_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first solve claims that no portfolio meets the limits; the elastic problem shows that one does."""
    answers = iter(["PrimalInfeasible"])
    spoil(monkeypatch, lambda honest: next(answers, honest))
    with pytest.raises(UnverifiedAnswerError, match="neither an answer nor a proof"):
        planned(roth(5000, HALF_NVDA, limits=limits(magnificent_seven_max="0.4")))
