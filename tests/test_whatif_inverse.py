"""Inverse questions by hand on tiny households, and by fresh problems just inside and just outside of each answer."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from advisor.errors import LimitsConflictError, UnverifiedAnswerError
from advisor.market.resolve import resolve
from advisor.optimize.search import best_solution, open_cases
from advisor.portfolio.limit_types import Side
from advisor.portfolio.model import DoNotSell, Limit, LimitMode, Portfolio
from advisor.portfolio.preferences import Preferences
from advisor.whatif.inverse import (
    Inverse,
    ask_largest_withdrawal,
    ask_least_deposit,
    ask_least_gain,
    ask_least_relaxation,
)
from tests.households import random_household
from tests.samples import market, sample
from tests.small_households import account, household, limits, lot, problem_of, resolved, small_household

NVDA, SPREAD = 203.53, 0.0001
IN_PARTS = Preferences(whole_shares=False, min_trade_usd=Decimal(0))


def answerable(portfolio: Portfolio) -> bool:
    """Whether a problem compiled for this household has an answer."""
    problem = problem_of(portfolio)
    return best_solution(problem, open_cases(problem)) is not None


def with_cash(portfolio: Portfolio, name: str, usd: Decimal) -> Portfolio:
    accounts = tuple(replace(a, cash_usd=a.cash_usd + usd) if a.name == name else a for a in portfolio.accounts)
    return replace(portfolio, accounts=accounts)


def with_most(portfolio: Portfolio, name: str, bound: Decimal) -> Portfolio:
    kept = tuple(limit for limit in portfolio.limits if limit.label != f"{name}.max")
    return replace(portfolio, limits=(*kept, Limit(name, Side.MAX, bound)))


def deposit(portfolio: Portfolio, name: str = "Taxable") -> Inverse:
    return ask_least_deposit(portfolio, resolved(portfolio), name)


def gain(portfolio: Portfolio) -> Inverse:
    return ask_least_gain(portfolio, resolved(portfolio))


def withdrawal(portfolio: Portfolio, *names: str) -> Inverse:
    return ask_largest_withdrawal(portfolio, resolved(portfolio), names)


def relaxation(portfolio: Portfolio) -> Inverse:
    return ask_least_relaxation(portfolio, resolved(portfolio))


def locked(**fields) -> Portfolio:
    """100 shares of Nvidia that stay, worth 20,353 dollars."""
    return household(
        account("Taxable", "taxable", 0, {"NVDA": [lot(100, 50)]}), do_not_sell=(DoNotSell(symbol="NVDA"),), **fields
    )


def test_the_least_deposit_by_hand() -> None:
    """20,353 of Nvidia are half of the household once as much cash is beside them."""
    answer = deposit(locked(limits=limits(magnificent_seven_max="0.5")))
    assert float(answer.optimum_usd) == pytest.approx(20_353, abs=0.02)
    assert answer.amount_usd == 20_353
    assert answer.is_proved
    assert answer.plan.certificate.passed
    assert answer.before.exposure.seven.high == pytest.approx(1.0)
    assert answer.plan.after.exposure.seven.high <= 0.5 + 1e-9


def test_a_deposit_is_invested_where_a_limit_asks_for_it() -> None:
    """A quarter in small caps: D / 4 of them bought when Nvidia is at most half; with the spread of the purchase."""
    answer = deposit(locked(limits=limits(magnificent_seven_max="0.5", small_caps_min="0.25"), preferences=IN_PARTS))
    total = 2 * 20_353
    spread = resolved(locked()).securities["IJR"].half_spread.value
    assert float(answer.optimum_usd) == pytest.approx(20_353 + total / 4 * spread, abs=1.0)
    assert {trade.side for trade in answer.plan.trades} == {"buy"}


def test_no_deposit_is_needed_where_the_limits_can_be_met() -> None:
    answer = deposit(household(account("Taxable", "taxable", 1000, {"NVDA": [lot(100, 150)]})))
    assert answer.amount_usd == answer.optimum_usd == 0
    assert answer.plan.certificate.passed


@pytest.mark.parametrize("seed", range(1, 9))
def test_the_least_deposit_of_random_households_is_where_fresh_problems_turn(seed: int) -> None:
    """A millionth of value more can be answered, a millionth less cannot."""
    portfolio = replace(small_household(seed), do_not_sell=(DoNotSell(symbol="NVDA"),))
    portfolio = with_most(portfolio, "magnificent_seven", Decimal("0.12"))
    answer = deposit(portfolio)
    value = problem_of(portfolio).inputs.value_usd
    assert answer.optimum_usd > 0
    assert answerable(with_cash(portfolio, "Taxable", answer.optimum_usd + value / 1_000_000))
    assert not answerable(with_cash(portfolio, "Taxable", answer.optimum_usd - value / 1_000_000))
    assert answer.amount_usd >= answer.optimum_usd
    assert answer.plan.certificate.passed


def test_no_deposit_helps_where_cash_itself_is_too_much() -> None:
    """Nothing may be bought or sold, and cash is to be at most 1%."""
    portfolio = household(
        account("Taxable", "taxable", 5000, {"NVDA": [lot(100, 50)]}, buy=()),
        do_not_sell=(DoNotSell(symbol="NVDA"),),
        limits=limits(cash_max="0.01"),
    )
    with pytest.raises(
        LimitsConflictError, match=r"which is proved: cash.max|which is proved: limits.cash.max"
    ) as caught:
        deposit(portfolio)
    assert caught.value.limits == ("cash.max",)
    assert "$" not in str(caught.value)


def test_a_deposit_does_not_help_beyond_what_is_asked_of_today() -> None:
    """No worse than today: the household with the deposit is what is compared, and it may do nothing."""
    strict = Limit("magnificent_seven", Side.MAX, Decimal("0.2"), mode=LimitMode.NOT_WORSE_THAN_TODAY)
    assert deposit(locked(limits=(strict,))).amount_usd == 0


def test_the_least_gain_by_hand() -> None:
    """Half of 100 shares goes, with half the spread's worth more: s = V/2 / (1 - h/2), at a gain of 100 of 203.53."""
    portfolio = household(
        account("Taxable", "taxable", 0, {"NVDA": [lot(100, "103.53")]}),
        limits=limits(magnificent_seven_max="0.5", realized_gain_max=10),
        preferences=replace(IN_PARTS, buy=()),
    )
    half_spread = resolved(portfolio).securities["NVDA"].half_spread.value
    sold = 20_353 / 2 / (1 - half_spread / 2)
    answer = gain(portfolio)
    assert float(answer.optimum_usd) == pytest.approx(sold * 100 / 203.53, abs=0.02)
    assert answer.amount_usd in (Decimal(5001), Decimal(5002), Decimal(5003), Decimal(5004))
    assert answer.plan.certificate.passed
    assert answer.plan.tax.long_term_gain_usd <= answer.amount_usd


def test_losses_make_the_least_gain_nothing() -> None:
    portfolio = household(
        account("Taxable", "taxable", 0, {"NVDA": [lot(60, 300), lot(60, 150)]}),
        limits=limits(magnificent_seven_max="0.5"),
    )
    answer = gain(portfolio)
    assert answer.amount_usd == answer.optimum_usd == 0


def test_gains_that_other_limits_rule_out_are_a_conflict() -> None:
    with pytest.raises(LimitsConflictError):
        gain(locked(limits=limits(magnificent_seven_max="0.5")))


@pytest.mark.parametrize("seed", [1, 2, 3, 5, 6, 7, 9, 10])
def test_the_least_gain_of_random_households_is_where_fresh_problems_turn(seed: int) -> None:
    portfolio = small_household(seed)
    others = tuple(limit for limit in portfolio.limits if limit.name in ("volatility", "cash", "beta"))
    portfolio = with_most(replace(portfolio, limits=others), "magnificent_seven", Decimal("0.15"))
    answer = gain(portfolio)
    value = problem_of(portfolio).inputs.value_usd
    assert answerable(with_most(portfolio, "realized_gain", answer.optimum_usd + value / 1_000_000))
    assert answer.optimum_usd > 0
    assert not answerable(with_most(portfolio, "realized_gain", answer.optimum_usd - value / 1_000_000))
    assert answer.plan.certificate.passed


def test_the_largest_withdrawal_by_hand() -> None:
    """20,353 of Nvidia in the Roth may be 80% of what is left: 25,441.25 of 30,353."""
    portfolio = household(
        account("Roth", "roth", 0, {"NVDA": [lot(100)]}),
        account("Taxable", "taxable", 10_000),
        do_not_sell=(DoNotSell(account="Roth"),),
        limits=limits(magnificent_seven_max="0.8"),
    )
    answer = withdrawal(portfolio, "Taxable")
    assert float(answer.optimum_usd) == pytest.approx(30_353 - 20_353 / 0.8, abs=0.02)
    assert answer.amount_usd == 4911
    assert answer.accounts == {"Taxable": 4911}
    assert answer.plan.certificate.passed
    assert answer.plan.after.exposure.seven.high <= 0.8 + 1e-9


def test_a_lot_with_a_short_term_gain_is_not_sold_for_a_withdrawal() -> None:
    """Cash, the long-term lot less its spread and, of the tax reserve, nothing: its cost is its price."""
    portfolio = household(
        account("Taxable", "taxable", 1000, {"NVDA": [lot(50, "203.53"), lot(50, 100, days=100)]}),
        preferences=IN_PARTS,
    )
    half_spread = resolved(portfolio).securities["NVDA"].half_spread.value
    answer = withdrawal(portfolio, "Taxable")
    assert float(answer.optimum_usd) == pytest.approx(1000 + 50 * NVDA * (1 - half_spread), abs=0.02)
    assert answer.plan.tax.short_term_gain_usd == 0
    assert answer.amount_usd <= answer.optimum_usd


def test_the_tax_of_a_withdrawal_is_kept_back() -> None:
    """A long-term gain of half the price at 15%: 7.5% of what is sold stays as cash."""
    portfolio = household(
        account("Taxable", "taxable", 0, {"NVDA": [lot(100, "101.765")]}),
        account("Roth", "roth", 20_000),
        preferences=IN_PARTS,
    )
    half_spread = resolved(portfolio).securities["NVDA"].half_spread.value
    answer = withdrawal(portfolio, "Taxable")
    assert float(answer.optimum_usd) == pytest.approx(20_353 * (1 - half_spread - 0.075), abs=0.02)
    assert float(answer.plan.tax.tax_usd) == pytest.approx(20_353 * 0.075, abs=2)


@pytest.mark.parametrize("seed", [0, 2, 3, 4, 5, 6, 7, 8])
def test_the_largest_withdrawal_of_random_households_is_where_fresh_problems_turn(seed: int) -> None:
    portfolio = small_household(seed)
    others = tuple(limit for limit in portfolio.limits if limit.name not in ("turnover", "realized_gain"))
    portfolio = with_most(replace(portfolio, limits=others), "magnificent_seven", Decimal("0.45"))
    portfolio = replace(portfolio, preferences=replace(portfolio.preferences, wait_days=366))
    answer = withdrawal(portfolio, "Taxable")
    value = problem_of(portfolio).inputs.value_usd
    assert answerable(with_cash(portfolio, "Taxable", -answer.optimum_usd + value / 1_000_000))
    assert not answerable(with_cash(portfolio, "Taxable", -answer.optimum_usd - value / 1_000_000))
    assert answer.amount_usd <= answer.optimum_usd
    assert answer.plan.certificate.passed


def test_a_small_household_may_be_a_whole_share_away_from_the_exact_amount() -> None:
    """A share of BRK.B is 3% of it: plans in whole shares begin far below the exact amount."""
    portfolio = random_household(155)
    answer = withdrawal(portfolio, "Account 0")
    assert 0 < answer.amount_usd < answer.optimum_usd * Decimal("0.98")
    assert answer.plan.certificate.passed


def test_a_limit_no_worse_than_today_compares_with_what_is_left_of_the_withdrawal() -> None:
    """Nvidia is 67% today and all of the household once the cash is gone: doing nothing keeps it no worse."""
    loose = Limit("magnificent_seven", Side.MAX, Decimal("0.5"), mode=LimitMode.NOT_WORSE_THAN_TODAY)
    portfolio = household(
        account("Roth", "roth", 0, {"NVDA": [lot(100)]}),
        account("Taxable", "taxable", 10_000),
        do_not_sell=(DoNotSell(account="Roth"),),
        limits=(loose,),
    )
    answer = withdrawal(portfolio, "Taxable")
    assert float(answer.optimum_usd) == pytest.approx(10_000, abs=0.02)
    assert answer.is_proved


def test_a_withdrawal_may_come_from_several_accounts() -> None:
    portfolio = household(
        account("One", "taxable", 3000),
        account("Two", "taxable", 500, min_cash_usd=Decimal(200)),
        account("R", "roth", 9),
    )
    answer = withdrawal(portfolio, "One", "Two")
    assert answer.amount_usd == 3300
    assert answer.accounts == {"One": 3000, "Two": 300}


def test_limits_that_conflict_leave_no_withdrawal() -> None:
    with pytest.raises(LimitsConflictError):
        withdrawal(locked(limits=limits(magnificent_seven_max="0.5")), "Taxable")


def test_limits_that_only_short_term_gains_meet_are_told_from_those_that_nothing_meets() -> None:
    lots = {"NVDA": [lot(100, 100, days=100)]}
    portfolio = household(
        account("Taxable", "taxable", 10_000, lots),
        limits=limits(magnificent_seven_max="0.5"),
        preferences=Preferences(whole_shares=False, wait_days=0),
    )
    with pytest.raises(LimitsConflictError, match="With sales at a short-term gain the limits can be met") as told:
        withdrawal(portfolio, "Taxable")
    assert told.value.limits == ("magnificent_seven.max",)
    with pytest.raises(LimitsConflictError) as told:
        withdrawal(locked(limits=limits(magnificent_seven_max="0.5")), "Taxable")
    assert "short-term" not in str(told.value)


def test_nothing_needs_to_be_relaxed_where_the_limits_can_be_met() -> None:
    answer = relaxation(household(account("Taxable", "taxable", 1000, {"NVDA": [lot(100, 150)]})))
    assert answer.changes == ()
    assert answer.plan.certificate.passed


def test_the_least_relaxation_by_hand() -> None:
    """Nvidia that stays is 20,353 of 25,353: 80.28%, in hundredths of a point."""
    portfolio = with_cash(locked(limits=limits(magnificent_seven_max="0.5")), "Taxable", Decimal(5000))
    answer = relaxation(portfolio)
    (change,) = answer.changes
    assert change.path == "limits.magnificent_seven.max"
    assert change.before == "50%"
    assert change.after in ("80.28%", "80.29%")
    assert answer.alone == answer.changes
    assert answer.plan.certificate.passed


def test_an_account_that_is_to_keep_more_cash_than_it_is_worth_is_relaxed() -> None:
    portfolio = household(account("Taxable", "taxable", 1000, min_cash_usd=Decimal(1500)))
    (change,) = relaxation(portfolio).changes
    assert change.path == "accounts.Taxable.min_cash"
    assert (change.before, change.after) == ("1500", "999")  # a thousandth of a point of room


def test_the_impossible_sample_is_reached_by_a_deposit_of_millions() -> None:
    """Nvidia of 1,221,180 dollars is a fifth of what the household would have to be worth."""
    portfolio = sample("impossible")
    answer = ask_least_deposit(portfolio, resolve(market(), portfolio), "Blackout")
    nvidia = 6000 * NVDA
    today = float(answer.before.value_usd)
    assert float(answer.optimum_usd) == pytest.approx(nvidia / 0.2 - today, rel=1e-3)
    assert answer.plan.after.exposure.seven.high <= 0.3


def test_what_no_whole_shares_can_carry_out_is_refused_not_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    from advisor.whatif import inverse

    def refuse(*_: object) -> None:
        raise UnverifiedAnswerError("no")

    monkeypatch.setattr(inverse, "_verified", refuse)
    with pytest.raises(UnverifiedAnswerError, match="whole shares"):
        deposit(locked(limits=limits(magnificent_seven_max="0.5")))
