"""Twenty conflicts, each named by its limits; every figure of the help is tried by changing the file as it says."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from advisor.errors import LimitsConflictError, UnverifiedAnswerError
from advisor.optimize.diagnose import Diagnosis
from advisor.optimize.prechecks import findings
from advisor.portfolio.model import DoNotSell, LimitMode, PastTrade, Portfolio
from advisor.portfolio.preferences import Preferences
from advisor.rebalance.conflict import _Speaker
from tests.small_households import (
    AS_OF,
    account,
    faults_of,
    household,
    limits,
    lot,
    planned,
    problem_of,
    surveyed,
)
from tests.test_optimize_solve import CONFLICTS as FIRST_CONFLICTS
from tests.test_optimize_solve import HALF_NVDA, roth, taxed

LOCKED = {"do_not_sell": (DoNotSell("NVDA"),)}
THOUSANDTHS = 5e-6  # of household value: what rounding to thousandths of a share takes of the room
CONFLICTS: dict[str, tuple[Portfolio, set[str]]] = {
    **FIRST_CONFLICTS,
    "a sector that is locked": (
        roth(0, HALF_NVDA, limits=limits(**{"sectors__Information Technology_max": "0.3"}, cash_max="0.9"), **LOCKED),
        {"sectors.Information Technology.max"},
    ),
    "small caps that fell further than the loss allowed": (
        roth(0, HALF_NVDA, limits=limits(stress__covid_2020_max="0.1", cash_max="0.1", turnover_max="1")),
        {"stress.covid_2020.max", "cash.max"},
    ),
    "a fall that the locked shares alone bring": (
        roth(0, HALF_NVDA, limits=limits(max_drawdown_max="0.15", volatility_max="0.9"), **LOCKED),
        {"max_drawdown.max"},
    ),
    "bad months that the locked shares alone bring": (
        roth(0, HALF_NVDA, limits=limits(cvar_95_max="0.05", beta_max="3"), **LOCKED),
        {"cvar_95.max"},
    ),
    "fees below those of the funds that are asked for": (
        roth(0, HALF_NVDA, limits=limits(expense_ratio_max="0.0002", small_caps_min="0.5", turnover_max="1")),
        {"expense_ratio.max", "small_caps.min"},
    ),
    "small caps that nobody may buy": (
        roth(0, HALF_NVDA, limits=limits(small_caps_min="0.1"), preferences=Preferences(buy=())),
        {"small_caps.min"},
    ),
    "small caps that were all sold at a loss last week": (
        taxed(
            1000,
            HALF_NVDA_AT_A_GAIN := {"NVDA": [lot(250, 20)], "SPY": [lot(60, 300)]},
            limits=limits(small_caps_min="0.1", turnover_max="0.9"),
            history=tuple(
                PastTrade(AS_OF - timedelta(days=7), "Joint", symbol, "sell", Decimal(10), Decimal(-500))
                for symbol in ("IWM", "IJR")
            ),
        ),
        {"small_caps.min"},
    ),
    "funds whose own limits add up to less": (
        roth(
            0,
            HALF_NVDA,
            limits=limits(small_caps_min="0.3", funds__IWM_max="0.1", funds__VTWO_max="0.05", funds__IJR_max="0.1"),
        ),
        {"small_caps.min", "funds.IWM.max", "funds.VTWO.max", "funds.IJR.max"},
    ),
    "an account that must keep more than it holds": (
        household(
            account("Small", "roth", 100, {"SPY": [lot(2)]}, min_cash_usd=Decimal(5000)),
            account("Large", "roth", 0, HALF_NVDA),
        ),
        {"accounts.Small.min_cash"},
    ),
    "seven of ten in the seven, and little turnover": (
        taxed(0, HALF_NVDA_AT_A_GAIN, limits=limits(magnificent_seven_max="0.3", turnover_max="0.1")),
        {"magnificent_seven.max", "turnover.max"},
    ),
}


def refusal(portfolio: Portfolio) -> LimitsConflictError:
    with pytest.raises(LimitsConflictError) as refused:
        planned(portfolio)
    return refused.value


def test_there_are_twenty_conflicts() -> None:
    assert len(CONFLICTS) >= 20


@pytest.mark.parametrize("name", CONFLICTS)
def test_each_conflict_is_named_by_its_limits(name: str) -> None:
    portfolio, expected = CONFLICTS[name]
    error = refusal(portfolio)
    assert set(error.limits) == expected
    named = {place["label"] for conflict in error.details["conflicts"] for place in conflict["limits"]}
    assert named == expected


def relaxed(portfolio: Portfolio, moves: dict[str, float]) -> Portfolio:
    """The file with each bound moved by as much, rounded outward to six digits, or to a dollar."""
    value_usd = surveyed(portfolio).inputs.value_usd

    def moved(limit):
        if limit.label not in moves:
            return limit
        step = Decimal(f"{moves[limit.label] + THOUSANDTHS:.6f}") * (value_usd if limit.name == "realized_gain" else 1)
        return replace(limit, bound=limit.bound + step if limit.side == "max" else limit.bound - step)

    def place(held):
        step = moves.get(f"accounts.{held.name}.min_cash")
        return replace(held, min_cash_usd=held.min_cash_usd - Decimal(f"{step:.7f}") * value_usd - 1) if step else held

    return replace(
        portfolio,
        limits=tuple(map(moved, portfolio.limits)),
        accounts=tuple(map(place, portfolio.accounts)),
        preferences=replace(
            portfolio.preferences,
            reserve_tax=portfolio.preferences.reserve_tax and "preferences.reserve_tax" not in moves,
            whole_shares=False,
            min_trade_usd=Decimal(0),
        ),
    )


@pytest.mark.parametrize("name", CONFLICTS)
def test_every_repair_gives_a_verified_answer(name: str) -> None:
    portfolio, _ = CONFLICTS[name]
    repair = refusal(portfolio).details["repair"]
    assert repair
    mended = relaxed(portfolio, repair)
    assert faults_of(mended, planned(mended)) == []


@pytest.mark.parametrize("name", [name for name in CONFLICTS if "a fall that" not in name])
def test_a_repair_is_the_least_in_sum(name: str) -> None:
    """A hundredth less of every move does not mend the conflict; a fall is not linear, and only nearly the least."""
    portfolio, _ = CONFLICTS[name]
    repair = refusal(portfolio).details["repair"]
    almost = relaxed(
        portfolio, {label: 0.99 * by - 2 * THOUSANDTHS for label, by in repair.items() if "reserve" not in label}
    )
    with pytest.raises((LimitsConflictError, UnverifiedAnswerError)):
        planned(replace(almost, preferences=replace(almost.preferences, reserve_tax=portfolio.preferences.reserve_tax)))


@pytest.mark.parametrize("name", CONFLICTS)
def test_what_each_limit_alone_would_take_is_enough_or_said_not_to_be(name: str) -> None:
    portfolio, expected = CONFLICTS[name]
    alone = refusal(portfolio).details["alone"]
    assert set(alone) == expected
    for label, by in alone.items():
        if by is not None:
            mended = relaxed(portfolio, {label: by})
            assert faults_of(mended, planned(mended)) == []


@pytest.mark.parametrize("name", CONFLICTS)
def test_the_message_names_every_limit_and_its_figures_are_those_for_a_program(name: str) -> None:
    error = refusal(CONFLICTS[name][0])
    assert all(label in str(error) for label in error.limits)
    assert "What would help" in str(error)
    if set(error.details["repair"]) == {"magnificent_seven.max"}:
        shown = re.search(r"magnificent_seven\.max to ([\d.]+)%", str(error))
        bound = error.details["conflicts"][0]["limits"][0]["bound"]
        assert shown is not None
        assert float(shown[1]) / 100 >= bound + error.details["repair"]["magnificent_seven.max"] - 1e-9


@pytest.mark.parametrize("name", CONFLICTS)
def test_a_bound_that_would_help_is_rounded_so_that_it_is_enough(name: str) -> None:
    """Outward, and by less than a unit of its last digit: of each figure in the sentences of what would help."""
    error = refusal(CONFLICTS[name][0])
    bounds = {place["label"]: place["bound"] for one in error.details["conflicts"] for place in one["limits"]}
    _, helps = str(error).split("What would help, each confirmed by solving again:\n")
    together, *alone = helps.splitlines()
    told = 0
    for text, moves in ((together, error.details["repair"]), ("\n".join(alone), error.details["alone"])):
        for label, by in moves.items():
            found = re.search(rf"(?:^|[ ,]){re.escape(label)}[^\n]*? to ([\d.]+)(%?)", text)
            if found is None or by is None:
                continue
            is_max = label.endswith(".max")
            exact = max((bounds[label] + by if is_max else bounds[label] - by), -9.0 if "beta" in label else 0.0)
            unit = 10.0 ** -len(found[1].partition(".")[2]) / (100 if found[2] else 1)
            stated = float(found[1]) / (100 if found[2] else 1)
            outward = (stated - exact) * (1 if is_max else -1)
            assert -1e-9 <= outward < unit + 1e-9, (label, exact, found[0])
            told += 1
    assert told or "reserve" in helps


@pytest.mark.parametrize("name", CONFLICTS)
def test_what_the_repair_says_is_not_said_again_of_its_only_limit(name: str) -> None:
    error = refusal(CONFLICTS[name][0])
    repair, alone = error.details["repair"], error.details["alone"]
    said = {label for label in alone if f"{label} alone would have to move" in str(error)}
    enough = {label for label, by in alone.items() if by is not None and "reserve" not in label}
    assert said == enough - (set(repair) if len(repair) == 1 else set())


def test_amounts_are_told_apart_from_the_message() -> None:
    """Percent of household value in the text, which may end in a log; dollars in the notes of ``--debug``."""
    error = refusal(CONFLICTS["no gain to be realised, all of it in the stock that must go"][0])
    assert "$" not in str(error)
    assert any(note.startswith("realized_gain.max to $") for note in error.__notes__)


def test_what_is_locked_is_said_in_plain_figures() -> None:
    portfolio = CONFLICTS["a locked stock over the limit on one company"][0]
    worth = 250 * 203.53
    share = worth / (worth + 60 * 749.17)
    assert f"{100 * share:.1f}% of the household counts here and may not be sold" in str(refusal(portfolio))


def test_the_largest_fall_within_the_turnover_is_a_fractional_knapsack() -> None:
    """Twice the turnover of NVDA, all of it one of the seven, is what 10% of turnover can sell: 20 points."""
    portfolio = CONFLICTS["seven of ten in the seven, and little turnover"][0]
    assert "sales within the turnover limit bring at most 20.0 points" in str(refusal(portfolio))


def test_the_knapsack_is_right_against_a_linear_program() -> None:
    from scipy.optimize import linprog

    portfolio = CONFLICTS["seven of ten in the seven, and little turnover"][0]
    problem = problem_of(portfolio)
    found = next(f for f in findings(problem.inputs, problem.formulation.limits) if f.kind == "turnover")
    lots, seven = problem.inputs.lots, problem.formulation.limits[0].rows[0]
    best = linprog(
        -seven[lots.security], A_ub=np.ones((1, len(lots.keys))), b_ub=[0.2], bounds=[(0, v) for v in lots.sellable]
    )
    assert found.have == pytest.approx(-best.fun, abs=1e-12)


@pytest.mark.parametrize("seed", range(40))
def test_a_reason_without_a_solver_is_never_given_where_there_is_an_answer(seed: int) -> None:
    """Findings are necessary conditions: where one fires, the household has no allocation."""
    from advisor.optimize.limits import compile_limits
    from advisor.optimize.solve import allocate
    from tests.households import random_household
    from tests.small_households import resolved

    portfolio = random_household(seed)
    found = surveyed(portfolio)
    problem = problem_of(portfolio)
    if allocate(problem) is not None:
        hard = [
            c
            for c in compile_limits(portfolio, resolved(portfolio), found.inputs)
            if c.limit.mode is not LimitMode.SOFT
        ]
        assert findings(found.inputs, tuple(hard)) == ()


def test_a_soft_limit_never_conflicts() -> None:
    portfolio = CONFLICTS["a locked stock over the limit on one company"][0]
    soft = replace(portfolio, limits=tuple(replace(limit, mode=LimitMode.SOFT) for limit in portfolio.limits))
    assert planned(soft).limits[0].status == "exceeded"


def test_a_limit_that_may_be_no_worse_than_today_never_conflicts_alone() -> None:
    portfolio = CONFLICTS["a locked stock over the limit on one company"][0]
    mild = replace(portfolio, limits=tuple(replace(x, mode=LimitMode.NOT_WORSE_THAN_TODAY) for x in portfolio.limits))
    assert planned(mild).certificate.max_violation == 0


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("beta.max", "1.020001"),
        ("magnificent_seven.max", "50.0001%"),
        ("realized_gain.max", "1.044% of household value"),
    ],
)
def test_a_conflict_by_a_hair_has_more_digits_in_its_own_unit(label: str, shown: str) -> None:
    """A thousandth of a thousandth beyond the bound; 1,000 dollars of 95,832.70."""
    portfolio = roth(
        0, HALF_NVDA, limits=limits(beta_max="1.02", realized_gain_max="1000", magnificent_seven_max="0.5")
    )
    speaker = _Speaker(problem_of(portfolio), portfolio, Diagnosis((), {}, {}, {}, needs_wash_sale=False))
    assert speaker._reach(label, 1e-6) == shown


def message(portfolio: Portfolio) -> str:
    with pytest.raises(LimitsConflictError) as caught:
        planned(portfolio)
    return str(caught.value)


def test_bounds_are_quoted_as_the_file_has_them() -> None:
    """12.34% and 45.678%: rounded, the second would read like what is reached."""
    text = message(roth(0, HALF_NVDA, limits=limits(magnificent_seven_max="0.1234"), **LOCKED))
    assert "asks for at most 12.34%" in text
    locked = {"limits": limits(cash_min="0.0045"), "do_not_sell": (DoNotSell("SPY"),)}
    text = message(roth(330, {"SPY": [lot(100)]}, **locked))
    reached = re.search(r"cash cannot be more than (0\.\d+)%, and the file asks for at least 0\.45%", text)
    assert reached, text
    assert len(reached[1]) >= len("0.44")
    assert float(reached[1]) < 0.45


def test_a_limit_that_may_stand_as_today_is_quoted_with_both_bounds_where_today_is_beyond_its_own() -> None:
    def cash_at_most(bound: str) -> str:
        kept = tuple(
            replace(limit, mode=LimitMode.NOT_WORSE_THAN_TODAY) if limit.name == "cash" else limit
            for limit in limits(magnificent_seven_max="0.2", cash_max=bound)
        )
        return str(refusal(roth(1000, HALF_NVDA, limits=kept, preferences=Preferences(buy=()))))

    inputs = surveyed(roth(1000, HALF_NVDA)).inputs
    today = float(inputs.cash.sum())
    assert 0.01 < today < 0.2
    assert f"cash at most 1%, or no worse than today's {100 * today:.1f}% (" in cash_at_most("0.01")
    assert "cash at most 30% (" in cash_at_most("0.3")


def test_a_reason_stands_below_the_conflict_that_it_is_of() -> None:
    bounds = limits(magnificent_seven_max="0.3", small_caps_min="0.1")
    portfolio = roth(0, HALF_NVDA, limits=bounds, preferences=Preferences(buy=()), **LOCKED)
    reasons = {one["limits"][0]["label"]: one["reasons"] for one in refusal(portfolio).details["conflicts"]}
    assert set(reasons) == {"magnificent_seven.max", "small_caps.min"}
    assert ["may not be sold" in one for one in reasons["magnificent_seven.max"]] == [True]
    assert ["nothing of it may be bought" in one for one in reasons["small_caps.min"]] == [True]


def test_what_stands_between_a_limit_and_the_nearest_that_it_could_get_is_named() -> None:
    """A third of Nvidia is locked; little of the rest can be sold within the turnover limit."""
    portfolio = household(
        account("IRA", "traditional", 0, {"NVDA": [lot(400)], "BND": [lot(1000)]}),
        account("Roth", "roth", 0, {"NVDA": [lot(200)]}),
        limits=limits(single_company_max="0.2", turnover_max="0.0825", small_caps_max="0.2"),
        do_not_sell=(DoNotSell(account="Roth"),),
    )
    text = message(portfolio)
    figures = re.search(
        r"Even without your other limits, the largest company cannot be less than ([\d.]+)%.*\n"
        r"  with every other limit kept, the largest company cannot be less than ([\d.]+)%, "
        r"because of turnover at most 8.25% \(turnover.max\)",
        text,
    )
    assert figures, text
    locked = 200 * 203.53 / (600 * 203.53 + 1000 * 72.5)
    assert float(figures[1]) == pytest.approx(100 * locked, abs=0.1)
    assert "small caps" not in text.split("What would help")[0]
    (repair,) = re.findall(r"single_company.max to ([\d.]+)%", text)
    assert float(repair) == pytest.approx(float(figures[2]), abs=0.11)  # rounded to be enough


def test_a_repair_moves_a_limit_even_where_keeping_less_for_the_tax_would_be_less() -> None:
    """The tax is owed: what is kept for it has no bound to move, nor is it said how far it gets."""
    bounds = limits(magnificent_seven_max="0.3", cash_max="0.02", small_caps_min="0.65")
    error = refusal(taxed(0, {"NVDA": [lot(300, 5)]}, limits=bounds))
    repair, alone = error.details["repair"], error.details["alone"]
    assert alone["preferences.reserve_tax"] < repair["cash.max"] - 0.005
    assert set(repair) == {"cash.max"}
    assert "the cash kept for tax cannot be" not in str(error)


def test_a_conflict_that_buying_back_would_mend_says_why_nothing_is_bought_back() -> None:
    """A loss must make room for the gain, and the fund that has it must stay: only a wash sale would do both."""
    bounds = limits(magnificent_seven_max="0.2", realized_gain_max="0", funds__IWM_min="0.5", cash_max="0.6")
    positions = {"NVDA": [lot(250, 20)], "IWM": [lot(200, 500)]}
    error = refusal(taxed(0, positions, limits=bounds))
    assert error.details["needs_wash_sale"] is True
    assert "(nothing is bought that is sold at a loss: a wash sale)" in str(error)
    locked = refusal(taxed(0, positions, limits=bounds, **LOCKED))
    assert locked.details["needs_wash_sale"] is False
    assert "wash sale" not in str(locked)


def test_a_default_in_a_conflict_is_said_to_be_one() -> None:
    """Selling what the limit asks for brings tax that nothing but the proceeds could pay, and they are to be spent."""
    portfolio = taxed(
        0,
        {"NVDA": [lot(300, 5)]},
        limits=limits(magnificent_seven_max="0.3", cash_max="0.0"),
    )
    text = message(portfolio)
    assert "preferences.reserve_tax" in text
    assert "on by default; your file does not set it" in text
    stated = replace(portfolio, preferences=replace(portfolio.preferences, is_reserve_stated=True))
    assert "on by default" not in message(stated)
