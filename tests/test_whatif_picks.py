"""Cheap, balanced and full, against a search by trying every share."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, Decimal

import pytest

from advisor.errors import LimitsConflictError, UnverifiedAnswerError
from advisor.market.resolve import resolve
from advisor.portfolio.limit_types import Side
from advisor.portfolio.model import Limit, LimitMode, Portfolio
from advisor.rebalance.plan import rebalance
from advisor.whatif.picks import BALANCED, CHEAP, FULL, Pick, picks, with_bounds
from tests.households import random_household
from tests.samples import ANSWERED, answer, market, sample


def of(name: str) -> dict[str, Pick]:
    found = answer(name)
    return {pick.name: pick for pick in picks(found.portfolio, found.market, found.plan)}


def by_hand(portfolio: Portfolio, today: dict[str, float], thousandths: int) -> Portfolio:
    """The file with its caps that are broken today relaxed, and no net gain allowed."""

    def relaxed(limit: Limit) -> Limit:
        if limit.label not in today:
            return limit
        bound = float(limit.bound) + thousandths / 1000 * (today[limit.label] - float(limit.bound))
        return replace(limit, bound=Decimal(repr(bound)).quantize(Decimal("0.0001"), ROUND_CEILING))

    limits = tuple(relaxed(limit) for limit in portfolio.limits if limit.name != "realized_gain")
    return replace(portfolio, limits=(*limits, Limit("realized_gain", Side.MAX, Decimal(0))))


def has_answer(portfolio: Portfolio) -> bool:
    try:
        plan = rebalance(portfolio, resolve(market(), portfolio))
    except (LimitsConflictError, UnverifiedAnswerError):
        return False
    gain = plan.tax.short_term_gain_usd + plan.tax.long_term_gain_usd
    assert gain <= 0
    return True


def test_the_engineers_cheap_share_is_the_least_that_has_orders_without_a_gain() -> None:
    plan, portfolio = answer("tech-employee").plan, sample("tech-employee")
    today = {limit.label: limit.before for limit in plan.limits if limit.before > limit.bound and limit.unit != "usd"}
    assert today.keys() == {"magnificent_seven.max", "single_company.max"} | ({"cash.min"} & today.keys())
    today = {label: value for label, value in today.items() if label.endswith(".max")}
    share = round(of("tech-employee")[CHEAP].share * 1000)
    assert 0 < share < 1000
    assert has_answer(by_hand(portfolio, today, share))
    assert [k for k in range(share - 3, share) if has_answer(by_hand(portfolio, today, k))] == []
    assert [k for k in range(0, share, 150) if has_answer(by_hand(portfolio, today, k))] == []


def test_the_cheap_share_is_found_where_whole_shares_need_far_more_than_parts_of_them() -> None:
    portfolio = random_household(192)
    data = resolve(market(), portfolio)
    plan = rebalance(portfolio, data)
    broken = next(limit for limit in plan.limits if limit.label == "single_company.max")
    assert broken.before > broken.bound
    cheap, _, _ = picks(portfolio, data, plan)
    share = round(cheap.share * 1000)
    assert has_answer(by_hand(portfolio, {broken.label: broken.before}, share))
    tried = [*range(0, share, 40), *range(share - 3, share)]
    assert [k for k in tried if has_answer(by_hand(portfolio, {broken.label: broken.before}, k))] == []


def test_the_bounds_of_a_pick_leave_its_share_of_each_breach_rounded_outward() -> None:
    found, plan = of("tech-employee"), answer("tech-employee").plan
    for name in (CHEAP, BALANCED):
        pick = found[name]
        for label in ("magnificent_seven.max", "single_company.max"):
            limit = next(limit for limit in plan.limits if limit.label == label)
            exact = limit.bound + pick.share * (limit.before - limit.bound)
            assert 0 <= float(pick.bounds[label]) - exact < 1e-4 + 1e-12
            assert pick.bounds[label] == pick.bounds[label].quantize(Decimal("0.0001"))
    assert found[BALANCED].share == pytest.approx(found[CHEAP].share / 2, abs=1e-12)
    assert found[CHEAP].bounds["realized_gain.max"] == 0
    assert "realized_gain.max" not in found[BALANCED].bounds
    assert (found[FULL].share, found[FULL].bounds) == (0.0, {})


def test_the_three_of_the_engineer_differ_in_tax_and_in_what_they_reach() -> None:
    plans = []
    for pick in of("tech-employee").values():
        portfolio = with_bounds(sample("tech-employee"), pick.bounds)
        plans.append(rebalance(portfolio, resolve(market(), portfolio)))
    cheap, balanced, full = plans
    assert cheap.tax.tax_usd == 0
    assert cheap.tax.tax_usd < balanced.tax.tax_usd
    assert balanced.tax.tax_usd <= full.tax.tax_usd  # both sell up to the file's own limit on gains
    sevens = [plan.after.exposure.seven.high for plan in plans]
    assert sevens == sorted(sevens, reverse=True)
    assert full.tax == answer("tech-employee").plan.tax


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("retiree-ira", "realizes no net gain"),
        ("young-saver", "realizes no net gain"),
        ("already-diversified", "nothing to do"),
    ],
)
def test_where_nothing_can_be_spared_the_three_are_one_and_say_why(name: str, reason: str) -> None:
    found = of(name)
    assert [found[CHEAP].same_as, found[BALANCED].same_as, found[FULL].same_as] == [FULL, FULL, ""]
    assert found[CHEAP].bounds == found[BALANCED].bounds == {}
    assert reason in found[CHEAP].reason


def test_where_no_limit_is_broken_there_is_nothing_to_relax() -> None:
    """Without limits the engineer still trades, for the risk that it saves, and at a gain."""
    base = sample("tech-employee")
    free = replace(base, limits=(), preferences=replace(base.preferences, risk_aversion=Decimal(9)))
    data = resolve(market(), free)
    plan = rebalance(free, data)
    assert plan.status == "trade"
    assert plan.tax.long_term_gain_usd > 0
    cheap, balanced, _ = picks(free, data, plan)
    assert (cheap.same_as, balanced.same_as) == (FULL, FULL)
    assert "no limit is broken today" in cheap.reason


def test_losses_can_pay_for_the_whole_move() -> None:
    """The couple's Tesla stands at a loss: every limit can be met without a net gain, by other trades."""
    found = of("couple-mixed-lots")
    assert (found[CHEAP].share, found[CHEAP].bounds, found[CHEAP].same_as) == (
        0.0,
        {"realized_gain.max": Decimal(0)},
        "",
    )
    assert found[BALANCED].same_as == FULL


def test_where_no_orders_avoid_a_gain_the_cheap_one_says_so() -> None:
    """Cash must be raised by selling at a gain, whatever the caps."""
    base = sample("tech-employee")
    roth = next(account for account in base.accounts if account.name == "Roth IRA")
    taxable = next(account for account in base.accounts if account.name == "Brokerage")
    changed = replace(
        base,
        accounts=(
            replace(taxable, min_cash_usd=Decimal(40000)),
            *(a for a in base.accounts if a not in (taxable, roth)),
        ),
        limits=tuple(limit for limit in base.limits if limit.name != "realized_gain" and limit.name != "cash"),
    )
    changed = replace(changed, limits=tuple(replace(x, bound=Decimal("0.9")) for x in changed.limits[:1]))
    data = resolve(market(), changed)
    plan = rebalance(changed, data)
    assert plan.tax.long_term_gain_usd > 0
    cheap, balanced, full = picks(changed, data, plan)
    assert (cheap.share, balanced.share, full.share) == (None, None, 0.0)
    assert "without a net gain" in cheap.reason


@pytest.mark.parametrize("name", ANSWERED)
def test_a_cap_on_gains_is_hard_whatever_it_was(name: str) -> None:
    soft = Limit("realized_gain", Side.MAX, Decimal(5), mode=LimitMode.SOFT)
    base = sample(name)
    base = replace(base, limits=(*(x for x in base.limits if x.name != "realized_gain"), soft))
    found = with_bounds(base, {"realized_gain.max": Decimal(0)})
    assert found.limits[-1] == Limit("realized_gain", Side.MAX, Decimal(0))
    assert len(found.limits) == len(base.limits)
