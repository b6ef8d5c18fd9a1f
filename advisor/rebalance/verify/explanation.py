"""Why this answer: that what is said of funds, tax branches, horizons and rounding agrees with the reasons and orders.

The reasons are an optimum, which is put together again and measured (`optimum`). What is said of other horizons, funds
and branches is the solver's word; where two of them meet they must agree.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from advisor.market.data import MarketData
from advisor.portfolio.model import Portfolio
from advisor.rebalance.verify.at_hand import orders_at_hand
from advisor.rebalance.verify.defaults import bounds_of, exceeded, holds_today, spare_cash
from advisor.rebalance.verify.frame import Frame, frame_of_today
from advisor.rebalance.verify.ledger import Ledger, household_value, read_ledger
from advisor.rebalance.verify.limits import needs
from advisor.rebalance.verify.marginal import explained_frame, optimum_in
from advisor.rebalance.verify.measures import gain_parts
from advisor.rebalance.verify.optimum import Optimum, nothing_traded, objective
from advisor.rebalance.verify.plans import base_of, least_gain, rigid

EQUAL = 1e-9
CENTS = Decimal("0.05")  # of rounding in all; what orders may gain on the optimum
ACCEPTED = 1e-6  # a year: what the solver's certificate accepts
SOLVED = 10 * ACCEPTED  # a year: an optimum put together again from its trades
LIMITS_TIGHTENED = 1e-2  # a year: most that an optimum may lose because limits were tightened for the rounding
WORTH_OF_CASH = 0.2  # a year, most that a dollar is worth which shares leave unspent beyond a default bound
MENU = 5e-5  # a year: within this of the best mix, fewer funds are taken
HORIZONS = {0.5, 1.0, 2.0, 3.0, 5.0, 10.0}  # years


def check_explanation(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """Funds bought are those chosen, one branch is the best, and what shares lose by rounding is what it must be."""
    explained, found = record["explanation"], optimum_in(record, portfolio, market, ledger)
    faults = _menu_faults(explained, portfolio, explained_orders(record, portfolio, market, ledger))
    best = [branch["behind"] for branch in explained["branches"] if branch["behind"] is not None]
    if not best or min(best) > EQUAL:
        faults.append("no tax branch is the best one")
    if len({branch["branch"] for branch in explained["branches"]}) != len(explained["branches"]):
        faults.append("a tax branch stands twice")
    years = [row["years"] for row in explained["horizons"]]
    if years != sorted(set(years)) or set(years) - HORIZONS - {float(portfolio.preferences.horizon_years)}:
        faults.append("horizons: not those that are compared, each once")
    return faults + _rounding_faults(record, found, portfolio, market, ledger)


def _menu_faults(explained: dict[str, Any], portfolio: Portfolio, ledger: Ledger) -> list[str]:
    bought = {order.symbol for order in ledger.orders if order.is_buy}
    chosen = set(explained["menu"]["symbols"]) if explained["menu"] else set()
    told = [explained["menu"], *explained["menu"]["others"]] if explained["menu"] else []
    faults = []
    if bought - chosen:
        faults.append(f"bought beside the chosen funds: {', '.join(sorted(bought - chosen))}")
    if any(set(menu["symbols"]) - set(portfolio.preferences.buy) for menu in told):
        faults.append("a choice of funds that are not on offer")
    if len({tuple(sorted(menu["symbols"])) for menu in told}) != len(told):
        faults.append("a choice of funds stands twice")
    return faults


def _rounding_faults(
    record: dict[str, Any], found: Optimum, portfolio: Portfolio, market: MarketData, ledger: Ledger
) -> list[str]:
    """Orders' gain and rounding loss make up the optimum's gain, which is worked out from the reasons.

    All of it is of the plan that is explained, with what that plan takes as given.
    """
    frame = explained_frame(record, portfolio, market)
    orders = explained_orders(record, portfolio, market, ledger)
    explained, total = record["explanation"], gain_parts(orders, portfolio, market, frame)["total"]
    loss, own = explained["rounding_loss"], float(portfolio.preferences.horizon_years)
    menu = (explained["menu"]["loss"] or 0.0) if explained["menu"] else 0.0
    faults = []
    spare = spare_cash(orders, portfolio, market)
    if loss < -_most_gained_by_rounding(market, ledger) - WORTH_OF_CASH * spare:
        faults.append(f"rounding to shares gains {-loss:.3g} a year on the optimum")
    best = [row["gain"] for row in explained["horizons"] if row["years"] == own]
    if not best:
        faults.append("horizons: the household's own is missing")
    elif abs(total + loss + menu - best[0]) > ACCEPTED + MENU:  # shares may need other funds than the optimum
        faults.append(f"gain {total:.3g}, rounding {loss:.3g} and funds {menu:.3g} do not make up {best[0]:.3g}")
    gain = _gain_of(found, portfolio, market, ledger, frame)
    if not -SOLVED - MENU <= total + loss + menu - gain <= LIMITS_TIGHTENED:
        faults.append(f"rounding loses {gain - total:.3g} a year by the reasons, {loss:.3g} is stated")
    return faults + _at_hand_faults(record, found, portfolio, market, ledger, frame, total)


def _gain_of(found: Optimum, portfolio: Portfolio, market: MarketData, ledger: Ledger, frame: Frame) -> float:
    """What the optimum of the reasons gains a year on doing nothing."""
    today = objective(nothing_traded(ledger, portfolio, market), ledger, portfolio, market, frame)
    return objective(found, ledger, portfolio, market, frame) - today


def explained_orders(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> Ledger:
    """The orders of the plan that is explained, made or not; of none, what the record does."""
    plan = record["plans"][record["explanation"]["plan"]]
    return ledger if plan is None else read_ledger(plan, portfolio, market)


def _allowed(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> dict[str, float]:
    """How far the plan that is explained may exceed default bounds."""
    holds = holds_today(portfolio, market, ledger)
    if record["explanation"]["plan"] == "cheapest":
        return rigid(holds)
    cheapest = record["plans"]["cheapest"]
    orders = None if cheapest is None else read_ledger(cheapest, portfolio, market)
    least = None if needs(portfolio, market, ledger) else least_gain(ledger, portfolio, market)
    base = base_of(orders, least, frame_of_today(portfolio, market), portfolio, market)
    return {one.name: one.beyond for one in bounds_of(base, portfolio, market)}


def _at_hand_faults(
    record: dict[str, Any],
    found: Optimum,
    portfolio: Portfolio,
    market: MarketData,
    ledger: Ledger,
    frame: Frame,
    stated: float,
) -> list[str]:
    """No orders that the reasons put at hand are much better than those of the plan."""
    made = orders_at_hand(found, portfolio, market, ledger)
    if made is None or exceeded(made, portfolio, market, _allowed(record, portfolio, market, ledger)):
        return []
    gain = gain_parts(made, portfolio, market, frame)["total"]
    if stated < gain - MENU:
        return [f"orders in shares by the reasons gain {gain:.3g} a year, those of the plan {stated:.3g}"]
    return []


def _most_gained_by_rounding(market: MarketData, ledger: Ledger) -> float:
    """Cents, and the solver's tolerance; fraction of household value a year."""
    return 1e-7 + float(CENTS / household_value(ledger.shares_before, ledger.cash_before, market))
