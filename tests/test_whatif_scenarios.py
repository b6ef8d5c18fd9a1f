"""PastMonths, sweeps and their causes, against runs of the planner on files with the values written in."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest

from advisor.errors import InputError, LimitsConflictError, UnverifiedAnswerError
from advisor.market.resolve import resolve
from advisor.portfolio.load import load_portfolio
from advisor.portfolio.model import Portfolio, Scenario
from advisor.portfolio.original import original
from advisor.portfolio.preferences import CovarianceChoice
from advisor.portfolio.settings import Setting, sweep_points
from advisor.rebalance.model import HouseholdState, RebalancePlan
from advisor.rebalance.plan import rebalance, survey
from advisor.whatif.changes import changes, parts, with_part
from advisor.whatif.model import Outcome
from advisor.whatif.scenarios import scenario_outcome, scenario_outcomes
from advisor.whatif.sweep import swept
from tests.households import random_household
from tests.samples import ANSWERED, NEVER, answer, market, sample, text_of
from tests.views import view


def weights(state: HouseholdState) -> dict[str, float]:
    return {**state.weights, "": state.cash_weight}


def apart(one: HouseholdState, other: HouseholdState) -> float:
    a, b = weights(one), weights(other)
    return sum(abs(a.get(name, 0) - b.get(name, 0)) for name in a.keys() | b.keys()) / 2


def with_scenarios(name: str, scenarios: str) -> Portfolio:
    text = text_of(name).partition("scenarios:")[0] + f"scenarios: [{scenarios}]\n"
    return load_portfolio(text.encode(), file=name, today=NEVER)


def outcome(name: str, scenario: str) -> Outcome:
    portfolio = with_scenarios(name, scenario)
    (found,) = scenario_outcomes(portfolio, answer(name).market, answer(name).plan)
    return found


def agrees(found: Outcome, portfolio: Portfolio) -> bool:
    """Whether an outcome is that of a fresh run of the planner."""
    try:
        plan: RebalancePlan = rebalance(portfolio, resolve(market(), portfolio))
    except LimitsConflictError:
        return found.status == "conflict"
    except UnverifiedAnswerError:
        return found.status == "unverified"
    fresh = [replace(trade, why="", reasons=()) for trade in plan.trades]
    return (found.status, list(found.trades), found.after, found.tax) == (plan.status, fresh, plan.after, plan.tax)


def test_a_scenario_is_the_answer_of_the_file_with_its_values() -> None:
    found = outcome("couple-mixed-lots", "{name: Tighter, limits: {magnificent_seven: {max: 22%}}}")
    text = text_of("couple-mixed-lots").replace("magnificent_seven: {max: 28%}", "magnificent_seven: {max: 22%}")
    assert agrees(found, load_portfolio(text.encode(), file="x", today=NEVER))
    assert (found.name, found.title) == ("Tighter", "Tighter")
    assert found.after.exposure.seven.high <= 0.22 + 1e-9


def test_one_change_is_the_cause_of_the_whole_move() -> None:
    found = outcome("couple-mixed-lots", "{name: Tighter, limits: {magnificent_seven: {max: 22%}}}")
    (cause,) = found.causes
    assert (cause.change.path, cause.change.before, cause.change.after) == (
        "limits.magnificent_seven.max",
        "28%",
        "22%",
    )
    assert cause.moved == pytest.approx(apart(answer("couple-mixed-lots").plan.after, found.after), abs=1e-15)
    assert cause.moved > 0.05


def test_a_limit_that_does_not_bind_moves_nothing() -> None:
    found = outcome("tech-employee", "{name: More, limits: {small_caps: {max: 35%}}}")
    assert [(cause.change.path, cause.moved) for cause in found.causes] == [("limits.small_caps.max", 0.0)]


def test_several_changes_are_made_one_at_a_time_and_the_rest_is_what_they_do_together() -> None:
    base, name = answer("couple-mixed-lots"), "couple-mixed-lots"
    found = outcome(name, "{name: Both, limits: {magnificent_seven: {max: 24%}}, preferences: {buy: [IWM, VTWO]}}")
    alone = {
        "limits.magnificent_seven.max": outcome(name, "{name: A, limits: {magnificent_seven: {max: 24%}}}").after,
        "preferences.buy": outcome(name, "{name: B, preferences: {buy: [IWM, VTWO]}}").after,
    }
    moved = {cause.change.path: cause.moved for cause in found.causes}
    assert moved.keys() == {*alone, "together"}
    for path, after in alone.items():
        assert moved[path] == pytest.approx(apart(base.plan.after, after), abs=1e-15)
    assert [cause.moved for cause in found.causes] == sorted(moved.values(), reverse=True)
    start, end = weights(base.plan.after), weights(found.after)
    singles = [weights(after) for after in alone.values()]
    names = {*start, *end, *(symbol for one in singles for symbol in one)}
    rest = sum(
        abs(end.get(n, 0) - start.get(n, 0) - sum(one.get(n, 0) - start.get(n, 0) for one in singles)) for n in names
    )
    assert moved["together"] == pytest.approx(rest / 2, abs=1e-15)


def test_a_change_that_has_no_answer_by_itself_is_no_cause_and_the_rest_holds_it() -> None:
    found = outcome(
        "tech-employee", "{name: Out, limits: {magnificent_seven: {max: 55%}, realized_gain: {max: 300000}}}"
    )
    assert found.status == "trade"
    assert {cause.change.path for cause in found.causes} == {"together", "limits.realized_gain.max"}
    assert {change.path for change in found.changes} == {"limits.magnificent_seven.max", "limits.realized_gain.max"}


@pytest.mark.parametrize(
    ("rates", "impossible"),
    [
        ("short_term_rate: 10%, long_term_rate: 5%", {"tax.short_term_rate"}),  # 10% beside the file's 18.8%
        ("short_term_rate: 40%, state_rate: 5%, long_term_rate: 15%", set()),
        ("short_term_rate: 95%, state_rate: 2%", {"tax.short_term_rate"}),  # 95% beside the file's 9.3%
        ("long_term_rate: 30%, carryforward_value: 32%", {"tax.carryforward_value"}),
    ],
)
def test_a_tax_rate_that_no_file_could_have_by_itself_is_not_solved_for(rates: str, impossible: set[str]) -> None:
    portfolio = with_scenarios("tech-employee", f"{{name: Other rates, tax: {{{rates}}}}}")
    (found,) = scenario_outcomes(portfolio, answer("tech-employee").market, answer("tech-employee").plan)
    assert {c.path for c in found.changes} - {cause.change.path for cause in found.causes} == impossible
    for line in impossible:
        key, after = line.removeprefix("tax."), next(c.after for c in found.changes if c.path == line)
        with pytest.raises(InputError):
            with_scenarios("tech-employee", f"{{name: Alone, tax: {{{key}: {after}}}}}")


def test_a_conflict_is_an_outcome_in_words() -> None:
    found = outcome("tech-employee", "{name: Out, limits: {magnificent_seven: {max: 20%}}}")
    assert (found.status, found.after, found.trades, found.causes) == ("conflict", None, (), ())
    assert [change.path for change in found.changes] == ["limits.magnificent_seven.max"]
    assert "the Magnificent Seven cannot be less than" in found.reason
    assert "What would help" not in found.reason
    assert "\n" not in found.reason


def test_a_scenario_with_a_symbol_that_the_market_lacks_says_so() -> None:
    portfolio = replace(sample("retiree-ira"), views=(view("NOPE", "0.05"),), scenarios=())
    household = survey(sample("retiree-ira"), answer("retiree-ira").market)
    found = scenario_outcome(Scenario("View", portfolio), household, None)
    assert found.status == "unverified"
    assert "NOPE" in found.reason or "No market data" in found.reason


def test_a_scenario_that_the_market_data_cannot_measure_says_so() -> None:
    base = original(text_of("couple-mixed-lots").encode(), today=NEVER, as_of=None)
    changed = base.with_settings([Setting("limits.stress.unheard_of.max", "20%")])
    household = survey(sample("couple-mixed-lots"), answer("couple-mixed-lots").market)
    found = scenario_outcome(Scenario("Unheard of", changed), household, None)
    assert (found.status, found.after) == ("unverified", None)
    assert found.reason.startswith("snapshot-2026-07-13 has no stress episode 'unheard_of': it has dot_com, ")


def test_a_scenario_that_wants_risk_estimated_otherwise_is_refused_in_words() -> None:
    base = sample("retiree-ira")
    portfolio = replace(base, preferences=replace(base.preferences, covariance=CovarianceChoice()), scenarios=())
    found = scenario_outcome(Scenario("Risk", portfolio), survey(base, answer("retiree-ira").market), None)
    assert (found.status, found.after) == ("unverified", None)
    assert "compare-risk" in found.reason


def sweep(name: str, words: str) -> tuple[Outcome, ...]:
    base = original(text_of(name).encode(), today=NEVER, as_of=None)
    points = [(point.words, base.with_settings([point])) for point in sweep_points(words)]
    found = answer(name)
    return tuple(swept(survey(found.portfolio, found.market), points, found.plan.after))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("tech-employee", "limits.magnificent_seven.max=60%:84%:8%"),
        ("tech-employee", "limits.realized_gain.max=60000:140000:40000"),
        ("couple-mixed-lots", "limits.magnificent_seven.max=20%:36%:8%"),
        ("couple-mixed-lots", "limits.small_caps.min=0%:20%:10%"),
        ("couple-mixed-lots", "preferences.horizon_years=1:9:4"),
        ("couple-mixed-lots", "tax.state_rate=0%:10%:10%"),
        ("retiree-ira", "limits.volatility.max=12.5%:14.5%:1%"),
        ("young-saver", "deposit.Roth IRA=0:2000:1000"),
    ],
)
def test_each_point_of_a_sweep_is_a_fresh_run_of_the_changed_file(name: str, words: str) -> None:
    base = original(text_of(name).encode(), today=NEVER, as_of=None)
    found = sweep(name, words)
    assert [one.name for one in found] == [point.words for point in sweep_points(words)]
    for one, point in zip(found, sweep_points(words), strict=True):
        assert agrees(one, base.with_settings([point])), one.name


@pytest.mark.parametrize("seed", range(8))
def test_random_households_under_other_bounds_and_horizons_have_the_answers_of_fresh_runs(seed: int) -> None:
    portfolio = random_household(seed)
    household = survey(portfolio, resolve(market(), portfolio))
    tighter = replace(
        portfolio,
        limits=tuple(
            replace(x, bound=(x.bound * Decimal("0.97")).quantize(Decimal("0.0001"))) for x in portfolio.limits
        ),
    )
    looser = replace(
        portfolio,
        limits=tuple(
            replace(x, bound=(x.bound * Decimal("1.2")).quantize(Decimal("0.0001"))) for x in portfolio.limits
        ),
    )
    over = [
        replace(portfolio, preferences=replace(portfolio.preferences, horizon_years=Decimal(years))) for years in (2, 9)
    ]
    points = [("tighter", tighter), ("two", over[0]), ("looser", looser), ("nine", over[1]), ("same", portfolio)]
    for one, (_, changed) in zip(swept(household, points, None), points, strict=True):
        assert agrees(one, changed)


def test_a_tighter_cap_never_gains_more() -> None:
    """Up to what the few funds of a menu and whole shares lose: half a basis point and a tenth of one."""
    found = sweep("couple-mixed-lots", "limits.magnificent_seven.max=16%:34%:3%")
    gains = [one.net_benefit.total for one in found if one.net_benefit is not None]
    assert len(gains) == 7
    assert all(tight <= loose + 6e-5 for tight, loose in pairwise(gains))
    assert gains[-1] > gains[0] + 1e-3


@pytest.mark.parametrize("name", ANSWERED)
def test_the_parts_of_a_household_are_all_its_inputs(name: str) -> None:
    """Every part of one household, put into another, makes the one."""
    one, other = replace(sample(name), scenarios=()), replace(sample("tech-employee"), scenarios=())
    found = one
    for key in changes(one, other):
        found = with_part(found, other, key)
    assert changes(found, other) == {}
    assert parts(found).keys() == parts(other).keys()


def test_changes_are_in_the_words_of_the_file() -> None:
    base = sample("tech-employee")
    (_, bonus) = with_scenarios(
        "tech-employee",
        "{name: A}, {name: B, as_of: 2026-12-01, limits: {magnificent_seven: {max: 50%, mode: soft, price: 3},"
        " cash: none, do_not_sell: none, turnover: {max: 12.5%}, tracking_error: {max: 30%}}, tax: {state_rate: none,"
        " carryforward: {long_term: 4100}}, preferences: {min_gain: 0.1%, reserve_tax: false, risk_aversion: 3},"
        " views: [{symbol: IJR, annual_return: 7.5%, years: 5, source: A bank}],"
        " deposit: {account: Brokerage, amount: 0.50}}",
    ).scenarios
    told = {change.path: (change.before, change.after) for change in changes(base, bonus.portfolio).values()}
    assert told == {
        "as_of": ("2026-11-20", "2026-12-01"),
        "accounts.Brokerage": ("cash 9000", "cash 9000.5"),
        "limits.magnificent_seven.max": ("65%", "50%, soft at 3"),
        "limits.cash.min": ("1%", None),
        "limits.do_not_sell": ("[Unvested shares]", None),
        "limits.turnover.max": (None, "12.5%"),
        "limits.tracking_error.max": (None, "30%, against SPY"),
        "tax.state_rate": ("9.3%", "0%"),
        "tax.carryforward.long_term": ("0", "4100"),
        "preferences.min_gain": ("0.05%", "0.1%"),
        "preferences.reserve_tax": ("true", "false"),
        "preferences.risk_aversion": (None, "3"),
        "views.IJR over SPY": ("2.59%, confidence 25%, 5 years", None),
        "views.IJR": (None, "7.5%, confidence 50%, 5 years"),
    }
