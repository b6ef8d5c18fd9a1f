"""Do nothing, half the move, and other funds, against sums by hand and other runs of the planner."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import cache

import pytest

from advisor.market.resolve import resolve
from advisor.portfolio.limit_types import Side
from advisor.portfolio.model import Account, AccountType, Limit, Portfolio, Position
from advisor.portfolio.model import Lot as HeldLot
from advisor.rebalance.model import RebalancePlan
from advisor.rebalance.plan import rebalance
from advisor.whatif.alternatives import alternatives
from advisor.whatif.model import Outcome
from tests.samples import ANSWERED, answer, market, sample
from tests.small_households import account, household, limits, lot, planned, resolved

CENT = Decimal("0.01")


@cache
def beside(name: str) -> dict[str, Outcome]:
    found = answer(name)
    return {outcome.name: outcome for outcome in alternatives(found.portfolio, found.market, found.plan)}


@pytest.mark.parametrize("name", ANSWERED)
def test_the_five_stand_beside_every_proposal_in_their_order(name: str) -> None:
    untaxed = ["do_nothing", "half", "ijr_only", "russell_2000_only"]
    is_taxed = any(place.is_taxable for place in sample(name).accounts)
    assert list(beside(name)) == ([*untaxed, "held_until_death"] if is_taxed else untaxed)
    titles = [outcome.title for outcome in beside(name).values()]
    assert titles[:4] == ["Do nothing", "Half the move", "IJR only", "Russell 2000 only"]
    assert titles[4:] == (["If you hold until death"] if is_taxed else [])


@pytest.mark.parametrize("name", ANSWERED)
def test_doing_nothing_leaves_the_household_as_it_is_and_costs_nothing(name: str) -> None:
    found = beside(name)["do_nothing"]
    assert (found.status, found.trades, found.reason) == ("do_nothing", (), "")
    assert found.after == answer(name).plan.before
    assert found.tax is not None
    assert (found.tax.tax_usd, found.spread_usd) == (0, 0)
    assert found.net_benefit is not None
    assert found.net_benefit.total == 0


def halves(plan: RebalancePlan, name: str) -> dict[tuple[str, str, str], tuple[Decimal, Decimal]]:
    """Shares and dollars of half of each order, lot by lot, rounded down; worked out from the plan's orders alone."""
    expected = {}
    for trade in plan.trades:
        account = next(account for account in sample(name).accounts if account.name == trade.account)
        step = Decimal("0.001") if sample(name).may_trade_fractions(account, trade.symbol) else Decimal(1)
        pieces = [part.shares for part in trade.lots] or [trade.shares]
        shares = sum(((piece / 2 / step).to_integral_value(ROUND_FLOOR) * step for piece in pieces), Decimal(0))
        if shares:
            amount = (shares * trade.price_usd).quantize(CENT, ROUND_HALF_UP)
            expected[(trade.account, trade.symbol, trade.side)] = (shares, amount)
    return expected


@pytest.mark.parametrize("name", ["tech-employee", "retiree-ira"])
def test_half_the_move_is_half_of_each_order_rounded_down(name: str) -> None:
    found = beside(name)["half"]
    orders = {(t.account, t.symbol, t.side): (t.shares, t.amount_usd) for t in found.trades}
    assert orders == halves(answer(name).plan, name)
    for trade in found.trades:
        assert sum((part.shares for part in trade.lots), Decimal(0)) == (trade.shares if trade.side == "sell" else 0)


def test_half_of_a_sale_of_one_whole_share_is_none_and_pays_for_no_purchase() -> None:
    """One share of SPY is sold for six of small caps: half of it would be no sale, and a purchase without cash."""
    portfolio = household(
        account("IRA", "traditional", 0, {"SPY": [lot(10)]}), limits=limits(small_caps_min="0.095", cash_max="0.02")
    )
    plan = planned(portfolio)
    assert [(trade.side, trade.shares) for trade in plan.trades] == [("sell", 1), ("buy", 5), ("buy", 1)]
    found = {outcome.name: outcome for outcome in alternatives(portfolio, resolved(portfolio), plan)}["half"]
    assert found.trades == ()


def test_half_the_move_of_the_engineer_pays_the_tax_of_its_own_lots() -> None:
    found, plan = beside("tech-employee")["half"], answer("tech-employee").plan
    gain = Decimal(0)
    for trade in plan.trades:
        for part in trade.lots:
            if part.gain_usd is not None and part.cost_per_share_usd is not None:
                gain += (part.shares // 2) * (trade.price_usd - part.cost_per_share_usd)
    assert found.tax is not None
    assert found.tax.long_term_gain_usd == gain.quantize(CENT, ROUND_HALF_UP)
    assert found.tax.tax_usd == (gain * Decimal("0.281")).quantize(CENT, ROUND_HALF_UP)  # 18.8% and 9.3%


def test_half_the_move_shows_the_limits_it_leaves_broken() -> None:
    found = beside("tech-employee")["half"]
    seven = next(limit for limit in found.limits if limit.label == "magnificent_seven.max")
    assert seven.after == pytest.approx(found.after.exposure.seven.high)
    assert seven.after > seven.bound + 0.05


@pytest.mark.parametrize("name", ANSWERED)
def test_half_the_move_leaves_no_account_short_of_cash(name: str) -> None:
    found = beside(name)["half"]
    for place in sample(name).accounts:
        assert found.after.cash_usd[place.name] >= min(place.cash_usd, place.min_cash_usd)


def test_a_purchase_is_cut_where_its_halved_sale_does_not_pay_for_it() -> None:
    """Of three shares that are sold, half is one: what was to be bought for one and a half is too much."""
    prices = {symbol: security.close_usd for symbol, security in market().securities.items()}
    portfolio = Portfolio(
        name="Three shares",
        as_of=answer("tech-employee").portfolio.as_of,
        accounts=(Account("IRA", AccountType.ROTH, Decimal(0), (Position("SPY", (HeldLot(Decimal(3)),)),)),),
        limits=(Limit("small_caps", Side.MIN, Decimal("0.9")),),
    )
    data = resolve(market(), portfolio)
    plan = rebalance(portfolio, data)
    assert [trade.shares for trade in plan.trades if trade.side == "sell"] == [3]
    found = alternatives(portfolio, data, plan)[1]
    sold, *bought = found.trades
    assert (sold.shares, sold.side) == (1, "sell")
    whole = sum((trade.shares // 2 for trade in plan.trades if trade.side == "buy"), Decimal(0))
    assert 0 < sum((trade.shares for trade in bought), Decimal(0)) < whole
    assert 0 <= found.after.cash_usd["IRA"] < max(prices[trade.symbol] for trade in bought)


@pytest.mark.parametrize(("name", "menu"), [("ijr_only", ("IJR",)), ("russell_2000_only", ("IWM", "VTWO"))])
@pytest.mark.parametrize("household", ["tech-employee", "couple-mixed-lots", "already-diversified"])
def test_other_funds_are_the_plan_of_a_file_that_offers_only_them(household: str, name: str, menu: tuple) -> None:
    found = beside(household)[name]
    other = replace(sample(household), preferences=replace(sample(household).preferences, buy=menu))
    plan = rebalance(other, resolve(market(), other))
    assert found.status == plan.status
    assert [replace(trade, why="", reasons=()) for trade in plan.trades] == list(found.trades)
    assert (found.tax, found.after) == (plan.tax, plan.after)
    assert [change.path for change in found.changes] == ["preferences.buy"]
    assert found.changes[0].after == f"[{', '.join(menu)}]"
    moved = [
        abs(found.after.weights.get(s, 0) - answer(household).plan.after.weights.get(s, 0))
        for s in {*found.after.weights, *answer(household).plan.after.weights}
    ]
    cash = abs(found.after.cash_weight - answer(household).plan.after.cash_weight)
    assert found.causes[0].moved == pytest.approx((sum(moved) + cash) / 2, abs=1e-15)


def test_funds_that_no_account_can_buy_are_a_conflict_in_words() -> None:
    found = beside("young-saver")["ijr_only"]
    assert found.status == "conflict"
    assert (found.after, found.net_benefit, found.tax, found.trades) == (None, None, None, ())
    assert "cash cannot be less than" in found.reason
    assert "limits.cash.max, line 23" in found.reason
    assert "\n" not in found.reason
