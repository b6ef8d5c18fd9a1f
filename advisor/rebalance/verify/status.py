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

MONTHS = ("months_to_break_even", "months_until_used_up")
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
    parts = {name: value for name, value in stated.items() if name not in ("total", *MONTHS)}
    if ledger.orders:
        faults = check_gain(record, portfolio, market, ledger)
        parts = {**gain_parts(ledger, portfolio, market)}
    else:
        faults = _forgone_faults(stated["total"], parts)
    return faults + _month_faults(stated, months_of(parts, years))


def _month_faults(stated: dict[str, Any], expected: dict[str, float | None]) -> list[str]:
    """A record of the first schema has no months until a saving is used up, and 0 to break even in their place."""
    if "months_until_used_up" not in stated and expected["months_until_used_up"] is not None:
        expected = {**expected, "months_to_break_even": 0.0}
    faults = []
    for name in (name for name in MONTHS if name in stated):
        told, months = stated[name], expected[name]
        if (told is None) != (months is None) or (
            months is not None and abs(told - months) > ROUNDED * max(1.0, months)
        ):
            faults.append(f"gain.{name}: stated {told}, worked out {months}")
    return faults


def _forgone_faults(total: float, parts: dict[str, float]) -> list[str]:
    faults = []
    if abs(sum(parts.values()) - total) > TOLERANCE:
        faults.append(f"the gain's parts add up to {sum(parts.values()):.6g}, {total:.6g} is stated")
    faults += [f"gain.{name} is above nothing" for name in ("trading_cost", "doubt") if parts[name] > TOLERANCE]
    if total < -MOST_LOST:
        faults.append(f"the best orders are said to lose {-total:.4g} a year against doing nothing")
    return faults


def months_of(parts: dict[str, float], years: float) -> dict[str, float | None]:
    """Months until one-off costs are earned back, and until a one-off saving is lost again; each None where never."""
    paid_once = -years * (parts["trading_cost"] + parts["tax"] + parts["carryforward"])
    earned_in_a_month = (parts["expected_return"] + parts["risk"] + parts["doubt"] + parts["soft_limits"]) / 12
    earned_back: float | None = None
    used_up: float | None = None
    if paid_once > 0 and earned_in_a_month > 0:
        earned_back = paid_once / earned_in_a_month
    elif paid_once <= 0 and earned_in_a_month >= 0:
        earned_back = 0.0
    elif paid_once < 0:
        used_up = paid_once / earned_in_a_month
    return {"months_to_break_even": earned_back, "months_until_used_up": used_up}
