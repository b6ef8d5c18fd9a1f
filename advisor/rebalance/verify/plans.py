"""The two plans: that each could be carried out, what it gains, and that the right one is advised.

The cheapest plan is measured with today's holdings as the reference and no view: nothing is better than today there but
for a limit or for tax. The best plan is measured with the reference and the views, and must add the least gain to what
is otherwise done: the cheapest plan, or nothing where every hard limit holds today and the cheapest gains less.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from advisor.market.data import MarketData
from advisor.portfolio.model import Portfolio
from advisor.rebalance.verify.at_hand import faults_of
from advisor.rebalance.verify.defaults import bounds_of, exceeded, holds_today
from advisor.rebalance.verify.frame import Frame, frame_of, frame_of_today
from advisor.rebalance.verify.ledger import (
    Ledger,
    check_lots,
    check_orders,
    household_value,
    pennies,
    read_ledger,
    replayed,
)
from advisor.rebalance.verify.limits import TOLERANCE, needs
from advisor.rebalance.verify.measures import compare, gain_parts
from advisor.rebalance.verify.taxes import check_gains, realized, schedule_d

SAME = 1e-9
ZERO = Decimal(0)
NAMES = ("cheapest", "best")
WORSE = 1e-4  # a year: by how much another plan may seem cheaper, for whole shares and the choice of funds

Plan = dict[str, Any]


def check_plans(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """Both plans from their orders, the rule between them, and that the orders of the record are those of the one."""
    plans = record["plans"]
    best_frame = frame_of(portfolio, market)
    own_frame = frame_of_today(portfolio, market)
    holds, least = holds_today(portfolio, market, ledger), least_gain(ledger, portfolio, market)
    made = {name: None if plans[name] is None else read_ledger(plans[name], portfolio, market) for name in NAMES}
    faults = []
    if abs(plans["least_gain"] - least) > SAME:
        faults.append(f"plans.least_gain: {plans['least_gain']} stated, {least} worked out")
    if made["cheapest"] is None and not holds:
        return [*faults, "no cheapest plan, although a limit of the file is broken today"]
    asked = None if needs(portfolio, market, ledger) else least
    base = base_of(made["cheapest"], asked, own_frame, portfolio, market)
    allowed = {"cheapest": rigid(holds), "best": {one.name: one.beyond for one in bounds_of(base, portfolio, market)}}
    for name in NAMES:
        plan, orders = plans[name], made[name]
        if plan is not None and orders is not None:
            told = _plan_faults(plan, orders, portfolio, market, best_frame)
            told += exceeded(orders, portfolio, market, allowed[name])
            faults += [f"plans.{name}: {fault}" for fault in told]
    if made["best"] is not None and is_one_question(best_frame, own_frame):
        faults.append("a best plan, although today is the reference and no view is held")
    faults += _cheaper_faults(made, own_frame, portfolio, market)
    return faults + _choice_faults(record, made, base, least, best_frame, portfolio, market)


def check_reference(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """The mix as it is stated: today's, but for the excess in one company and for what a view is on."""
    del ledger
    frame, stated = frame_of(portfolio, market), record["reference"]
    held = {symbol: weight for symbol, weight in frame.reference.items() if weight > 0.0}
    faults = compare("reference.weights", stated["weights"], held)
    faults += compare("reference.company_excess", stated["company_excess"], frame.excess)
    if sorted(stated["viewed"]) != sorted(frame.viewed):
        faults.append(f"reference.viewed: {', '.join(frame.viewed) or 'none'} count as the market")
    return faults


def least_gain(ledger: Ledger, portfolio: Portfolio, market: MarketData) -> float:
    """What trades that no limit asks for must add a year: of value, or in dollars, whichever is less."""
    value = household_value(ledger.shares_before, ledger.cash_before, market)
    return min(float(portfolio.preferences.min_gain), float(portfolio.preferences.min_gain_usd / value))


def base_of(
    cheapest: Ledger | None,
    least: float | None,
    frame: Frame,
    portfolio: Portfolio,
    market: MarketData,
) -> Ledger:
    """What is done without the best plan: nothing where the cheapest gains less than `least`, if it is asked that."""
    if cheapest is None:
        return replayed((), portfolio)
    if least is not None and gain_parts(cheapest, portfolio, market, frame)["total"] < least - TOLERANCE:
        return replayed((), portfolio)
    return cheapest


def is_one_question(best: Frame, today: Frame) -> bool:
    """Whether both plans are asked with the same returns."""
    return (
        not best.excess
        and not best.viewed
        and all(best.returns[symbol] == today.returns[symbol] for symbol in today.returns)
    )


def rigid(holds: bool) -> dict[str, float]:  # noqa: FBT001 - a property of the household
    """How far the cheapest plan may exceed default bounds: not at all, or freely."""
    return {} if holds else _Freely()


class _Freely(dict[str, float]):
    """Any bound may be exceeded by any amount."""

    def get(self, name: str, default: float | None = None) -> float:  # type: ignore[override]
        del name, default
        return math.inf


def _plan_faults(plan: Plan, orders: Ledger, portfolio: Portfolio, market: MarketData, frame: Frame) -> list[str]:
    """Orders that could be placed and break nothing, their costs to the cent, their gain part by part."""
    checkers = (check_orders, check_lots, check_gains)
    claim = {**plan, "costs": {"spread_usd": plan["spread_usd"]}}
    faults = [fault for checker in checkers for fault in checker(claim, portfolio, market, orders)]
    if orders.orders:
        faults += faults_of(orders, portfolio, market)
    owed = schedule_d(portfolio, *realized(orders, portfolio))[0] - schedule_d(portfolio, ZERO, ZERO)[0]
    spread = sum((order.spread for order in orders.orders), ZERO)
    faults += [
        f"{name}: {plan[name]} stated, {amount} worked out"
        for name, amount in (("tax_usd", owed), ("spread_usd", spread))
        if plan[name] != f"{pennies(amount):.2f}"
    ]
    return faults + compare("gain", plan["gain"], gain_parts(orders, portfolio, market, frame))


def _cheaper_faults(
    made: dict[str, Ledger | None],
    frame: Frame,
    portfolio: Portfolio,
    market: MarketData,
) -> list[str]:
    """By its own measure the cheapest plan beats doing nothing, where that is allowed, and the best plan's orders."""
    cheapest, best = made["cheapest"], made["best"]
    if cheapest is None:
        return []
    holds = holds_today(portfolio, market, cheapest)
    gain = gain_parts(cheapest, portfolio, market, frame)["total"]
    faults = [f"the cheapest plan loses {-gain:.3g} a year against doing nothing"] if holds and gain < -WORSE else []
    if best is not None and not exceeded(best, portfolio, market, rigid(holds)):
        other = gain_parts(best, portfolio, market, frame)["total"]
        if gain < other - WORSE:
            faults.append(f"the best plan's orders are cheaper by {other - gain:.3g} a year than the cheapest plan")
    return faults


def _choice_faults(
    record: dict[str, Any],
    made: dict[str, Ledger | None],
    base: Ledger,
    least: float,
    frame: Frame,
    portfolio: Portfolio,
    market: MarketData,
) -> list[str]:
    """The plan that the rule asks for is advised, and its orders are those of the record."""
    chosen, best = record["plans"]["chosen"], made["best"]
    added = -math.inf
    if best is not None and best.orders:
        added = gain_parts(best, portfolio, market, frame)["total"]
        added -= gain_parts(base, portfolio, market, frame)["total"]
    otherwise = "cheapest" if base.orders else "nothing"
    allowed = {"best" if added >= least else otherwise}
    if abs(added - least) <= TOLERANCE:
        allowed = {"best", otherwise}
    if chosen not in allowed:
        return [f"{chosen} is advised, and {' or '.join(sorted(allowed))} is the answer: best adds {added:.4g} a year"]
    wanted = record["plans"][chosen]["trades"] if chosen in NAMES else []
    told = [{key: value for key, value in trade.items() if key not in ("why", "reasons")} for trade in record["trades"]]
    return [] if told == wanted else [f"the orders are not those of the plan that is advised, {chosen}"]
