"""Whether to trade at all, and what the orders gain against doing nothing.

Which plan is advised, if any, is the business of `plans`; here that the status, the orders and the gain are of it.
"""

from __future__ import annotations

from typing import Any

from advisor.market.data import MarketData
from advisor.portfolio.model import Portfolio
from advisor.rebalance.verify.frame import frame_of
from advisor.rebalance.verify.later import cost_years
from advisor.rebalance.verify.ledger import Ledger, read_ledger
from advisor.rebalance.verify.limits import needs
from advisor.rebalance.verify.measures import check_gain, gain_parts

MONTHS = ("months_to_break_even", "months_until_used_up")
ROUNDED = 1e-6  # of a number of months


def check_status(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """A "trade" has orders, of a plan that is advised; "do_nothing" has none, and nothing is asked for."""
    status = record["status"]
    if status not in ("trade", "do_nothing"):
        return [f"status {status!r}"]
    if (status == "trade") != bool(ledger.orders):
        return [f"status {status!r} with {len(ledger.orders)} orders"]
    asked_for = needs(portfolio, market, ledger)
    faults = []
    if status == "do_nothing" and asked_for:
        faults.append(f"nothing is done although {', '.join(asked_for)} is broken")
    if (record["plans"]["chosen"] == "nothing") != (status == "do_nothing"):
        faults.append(f"status {status!r}, and the plan that is advised is {record['plans']['chosen']}")
    return faults


def check_no_worse(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """The stated gain is the objective's, part by part, and so are the months in which the orders earn their cost back.

    For "do_nothing" it is that of the best orders that were found and not made.
    """
    stated, orders = record["gain"], gained_by(record, portfolio, market, ledger)
    faults = check_gain(record, portfolio, market, orders)
    parts = gain_parts(orders, portfolio, market, frame_of(portfolio, market))
    return faults + _month_faults(stated, months_of(parts, cost_years(portfolio)))


def gained_by(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> Ledger:
    """The orders whose gain is stated."""
    if ledger.orders:
        return ledger
    plans = record["plans"]
    plan = plans["best"] or plans["cheapest"]
    return ledger if plan is None else read_ledger(plan, portfolio, market)


def _month_faults(stated: dict[str, Any], expected: dict[str, float | None]) -> list[str]:
    faults = []
    for name in (name for name in MONTHS if name in stated):
        told, months = stated[name], expected[name]
        if (told is None) != (months is None) or (
            months is not None and abs(told - months) > ROUNDED * max(1.0, months)
        ):
            faults.append(f"gain.{name}: stated {told}, worked out {months}")
    return faults


def months_of(parts: dict[str, float], years: float) -> dict[str, float | None]:
    """Months until one-off costs are earned back, and until a one-off saving is lost again; each None where never."""
    paid_once = -years * (parts["trading_cost"] + parts["tax"] + parts["carryforward"] + parts["later_tax"])
    a_year = parts["expected_return"] + parts["risk"] + parts["doubt"] + parts["soft_limits"] + parts["default_bounds"]
    earned_in_a_month = a_year / 12
    earned_back: float | None = None
    used_up: float | None = None
    if paid_once > 0 and earned_in_a_month > 0:
        earned_back = paid_once / earned_in_a_month
    elif paid_once <= 0 and earned_in_a_month >= 0:
        earned_back = 0.0
    elif paid_once < 0:
        used_up = paid_once / earned_in_a_month
    return {"months_to_break_even": earned_back, "months_until_used_up": used_up}
