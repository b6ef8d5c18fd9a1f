"""Whether to trade at all: the rule for doing nothing, and what the orders gain against it.

Nothing is done where every hard limit and every account's least cash hold today and the best orders gain less than the
user's `min_gain`; otherwise the best orders are made, whatever they gain.
"""

from __future__ import annotations

from typing import Any

from advisor.market.data import MarketData
from advisor.portfolio.model import Portfolio
from advisor.rebalance.verify.ledger import Ledger
from advisor.rebalance.verify.limits import TOLERANCE, broken_today
from advisor.rebalance.verify.measures import check_gain, gain_parts

ROUNDED = 1e-6  # of a number of months
MOST_LOST = 1e-4  # a year: best orders that lose more than this against nothing are none


def check_status(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """A "trade" has orders that are asked for or worth it; "do_nothing" has none, and neither is the case."""
    status = record["status"]
    if status not in ("trade", "do_nothing"):
        return [f"status {status!r}"]
    if (status == "trade") != bool(ledger.orders):
        return [f"status {status!r} with {len(ledger.orders)} orders"]
    asked_for = needs(portfolio, market, ledger)
    least = float(portfolio.preferences.min_gain)
    if status == "do_nothing":
        gain = record["gain"]["total"]
        faults = [f"nothing is done although {', '.join(asked_for)} is broken"] if asked_for else []
        return faults + ([f"nothing is done although orders gain {gain:.4g} a year"] if gain >= least else [])
    gain = gain_parts(ledger, portfolio, market)["total"]
    if asked_for or gain >= least - TOLERANCE:
        return []
    return [f"every limit holds today, and the orders gain {gain:.4g} a year, less than {least:.4g}"]


def needs(portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """What of the file today's household breaks so that orders are asked for."""
    short = [
        f"accounts.{account.name}.min_cash" for account in portfolio.accounts if account.cash_usd < account.min_cash_usd
    ]
    return broken_today(portfolio, market, ledger) + short


def check_no_worse(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """The stated gain is the objective's, part by part, and so are the months in which the orders earn their cost back.

    For "do_nothing" the record states the gain of orders that it does not list: its parts add up, none has a sign that
    it cannot have, and the whole is no loss against doing nothing, which holds every limit.
    """
    stated, years = record["gain"], float(portfolio.preferences.horizon_years)
    parts = {name: value for name, value in stated.items() if name not in ("total", "months_to_break_even")}
    if ledger.orders:
        faults = check_gain(record, portfolio, market, ledger)
        parts = {**gain_parts(ledger, portfolio, market)}
    else:
        faults = _forgone_faults(stated["total"], parts)
    expected, months = months_to_break_even(parts, years), stated["months_to_break_even"]
    if (months is None) != (expected is None) or (
        expected is not None and abs(months - expected) > ROUNDED * max(1.0, expected)
    ):
        faults.append(f"gain.months_to_break_even: stated {months}, worked out {expected}")
    return faults


def _forgone_faults(total: float, parts: dict[str, float]) -> list[str]:
    faults = []
    if abs(sum(parts.values()) - total) > TOLERANCE:
        faults.append(f"the gain's parts add up to {sum(parts.values()):.6g}, {total:.6g} is stated")
    faults += [f"gain.{name} is above nothing" for name in ("trading_cost", "doubt") if parts[name] > TOLERANCE]
    if total < -MOST_LOST:
        faults.append(f"the best orders are said to lose {-total:.4g} a year against doing nothing")
    return faults


def months_to_break_even(parts: dict[str, float], years: float) -> float | None:
    """Months in which the yearly gain pays what is paid once; None if it never does."""
    paid_once = -years * (parts["trading_cost"] + parts["tax"] + parts["carryforward"])
    earned_in_a_month = (parts["expected_return"] + parts["risk"] + parts["doubt"] + parts["soft_limits"]) / 12
    if paid_once <= 0:
        return 0.0
    return paid_once / earned_in_a_month if earned_in_a_month > 0 else None
