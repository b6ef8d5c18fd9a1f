"""What a record says of why: that it speaks of this household, adds up, and agrees with the orders.

Prices of limits and other horizons are results of the optimizer, which nothing here can repeat; what can be worked out
of them without it is.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from advisor.market.data import MarketData
from advisor.portfolio.model import Portfolio
from advisor.rebalance.verify.ledger import Ledger

EQUAL = 1e-9
CENTS = Decimal("0.05")  # of rounding in all; what orders may gain on the optimum


def check_explanation(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """Reasons add up and name what there is, the funds bought are those chosen, and shares gain nothing by rounding."""
    explained = record["explanation"]
    faults = [fault for reason in explained["reasons"] for fault in _reason_faults(reason, portfolio, market)]
    bought = {order.symbol for order in ledger.orders if order.is_buy}
    chosen = set(explained["menu"]["symbols"]) if explained["menu"] else set()
    if bought - chosen:
        faults.append(f"bought beside the chosen funds: {', '.join(sorted(bought - chosen))}")
    best = [branch["behind"] for branch in explained["branches"] if branch["behind"] is not None]
    if best and min(best) > EQUAL:
        faults.append("every tax branch is behind the best one")
    if explained["rounding_loss"] < -_most_gained_by_rounding(market, ledger):
        faults.append(f"rounding to shares gains {-explained['rounding_loss']:.3g} a year on the optimum")
    return faults


def _most_gained_by_rounding(market: MarketData, ledger: Ledger) -> float:
    """Cents, and the solver's tolerance; fraction of household value a year."""
    held = (shares * market.securities[symbol].close_usd for (_, symbol), shares in ledger.shares_before.items())
    return 1e-7 + float(CENTS / (sum(held, Decimal(0)) + sum(ledger.cash_before.values(), Decimal(0))))


def _reason_faults(reason: dict[str, Any], portfolio: Portfolio, market: MarketData) -> list[str]:
    name = f"{reason['side']} {reason['symbol']} in {reason['account']}"
    account = next((account for account in portfolio.accounts if account.name == reason["account"]), None)
    if account is None:
        return [f"{name}: no such account"]
    faults = []
    if reason["side"] == "sell":
        lots = [lot for position in account.positions if position.symbol == reason["symbol"] for lot in position.lots]
        if not any(_is_lot(lot.acquired, lot.cost_per_share_usd, reason) for lot in lots):
            faults.append(f"{name}: no such lot")
    elif not portfolio.may_buy(account, reason["symbol"]):
        faults.append(f"{name}: not on offer")
    parts = reason["parts"]
    if abs(sum(parts.values()) - reason["net"]) > EQUAL:
        faults.append(f"{name}: the parts do not add up to the net")
    preferences = portfolio.preferences
    spread = market.securities[reason["symbol"]].half_spread.value
    expected = {
        "spread": -spread / float(preferences.horizon_years),
        "doubt": -float(preferences.return_uncertainty) if reason["side"] == "sell" else 0.0,
    }
    faults += [f"{name}: {part} is not {value:.3g}" for part, value in expected.items() if _differs(parts, part, value)]
    return faults


def _is_lot(acquired: Any, cost: Decimal | None, reason: dict[str, Any]) -> bool:  # noqa: ANN401 - a date or None
    stated = reason["cost_per_share_usd"]
    same_cost = stated is None if cost is None else stated is not None and Decimal(stated) == cost
    return same_cost and reason["acquired"] == (acquired.isoformat() if acquired else None)


def _differs(parts: dict[str, float], part: str, value: float) -> bool:
    """Whether a part is not `value`; one that is next to nothing everywhere may be left out."""
    return abs(parts.get(part, 0.0) - value) > (EQUAL if part in parts else 2e-8)
