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
from advisor.rebalance.verify.ledger import Ledger, household_value
from advisor.rebalance.verify.marginal import optimum_in
from advisor.rebalance.verify.measures import gain_parts, risk_aversion
from advisor.rebalance.verify.optimum import Optimum, nothing_traded, objective

EQUAL = 1e-9
CENTS = Decimal("0.05")  # of rounding in all; what orders may gain on the optimum
ACCEPTED = 1e-6  # a year: what the solver's certificate accepts
SOLVED = 10 * ACCEPTED  # a year: an optimum put together again from its trades
LIMITS_TIGHTENED = 1e-2  # a year: most that an optimum may lose because limits were tightened for the rounding
MENU = 5e-5  # a year: within this of the best mix, fewer funds are taken
HORIZONS = {0.5, 1.0, 2.0, 3.0, 5.0, 10.0}  # years


def check_explanation(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """Funds bought are those chosen, one branch is the best, and what shares lose by rounding is what it must be."""
    explained, found = record["explanation"], optimum_in(record, portfolio, market, ledger)
    faults = _menu_faults(explained, portfolio, ledger)
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
    """Orders' gain and rounding loss make up the optimum's gain, which is worked out from the reasons."""
    explained, total = record["explanation"], record["gain"]["total"]
    loss, own = explained["rounding_loss"], float(portfolio.preferences.horizon_years)
    menu = explained["menu"]["loss"] if explained["menu"] else 0.0
    faults = []
    if loss < -_most_gained_by_rounding(market, ledger):
        faults.append(f"rounding to shares gains {-loss:.3g} a year on the optimum")
    best = [row["gain"] for row in explained["horizons"] if row["years"] == own]
    if not best:
        faults.append("horizons: the household's own is missing")
    elif abs(total + loss + menu - best[0]) > ACCEPTED + MENU:  # shares may need other funds than the optimum
        faults.append(f"gain {total:.3g}, rounding {loss:.3g} and funds {menu:.3g} do not make up {best[0]:.3g}")
    gain = _gain_of(found, portfolio, market, ledger)
    if not -SOLVED - MENU <= total + loss - gain <= LIMITS_TIGHTENED:
        faults.append(f"rounding loses {gain - total:.3g} a year by the reasons, {loss:.3g} is stated")
    return faults + _at_hand_faults(record, found, portfolio, market, ledger)


def _gain_of(found: Optimum, portfolio: Portfolio, market: MarketData, ledger: Ledger) -> float:
    """What the optimum of the reasons gains a year on doing nothing."""
    aversion = risk_aversion(portfolio, market, ledger)
    today = objective(nothing_traded(ledger, portfolio, market), ledger, portfolio, market, aversion)
    return objective(found, ledger, portfolio, market, aversion) - today


def _at_hand_faults(
    record: dict[str, Any], found: Optimum, portfolio: Portfolio, market: MarketData, ledger: Ledger
) -> list[str]:
    """No orders that the reasons put at hand are much better than those of the record."""
    made = orders_at_hand(found, portfolio, market, ledger)
    if made is None:
        return []
    gain = gain_parts(made, portfolio, market)["total"]
    if record["gain"]["total"] < gain - MENU:
        return [f"orders in shares by the reasons gain {gain:.3g} a year, {record['gain']['total']:.3g} is stated"]
    return []


def _most_gained_by_rounding(market: MarketData, ledger: Ledger) -> float:
    """Cents, and the solver's tolerance; fraction of household value a year."""
    return 1e-7 + float(CENTS / household_value(ledger.shares_before, ledger.cash_before, market))
