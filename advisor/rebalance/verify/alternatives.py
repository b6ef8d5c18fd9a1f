"""What stands beside a proposal, replayed like the proposal itself: orders, lots, cash, tax, measures, gain, limits.

Only what was solved for has to keep its limits; half a move may break them.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from advisor.market.data import MarketData
from advisor.portfolio.model import Portfolio
from advisor.rebalance.verify.ledger import Ledger, check_cash, check_lots, check_orders, read_ledger
from advisor.rebalance.verify.limits import check_limits
from advisor.rebalance.verify.measures import check_gain, check_measures
from advisor.rebalance.verify.taxes import check_gains, check_tax

UNSOLVED = ("do_nothing", "half")
MENUS = {"ijr_only": ("IJR",), "russell_2000_only": ("IWM", "VTWO")}  # what may be bought there, whatever the file says
REPLAYED = (check_orders, check_lots, check_cash, check_gains, check_tax, check_measures, check_gain)


def check_alternatives(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """Every alternative that has an answer, from its orders; one without an answer must say why."""
    del ledger
    return [
        f"{outcome['name']}: {fault}"
        for outcome in record["trade_off"]["alternatives"]
        for fault in _faults(outcome, portfolio, market)
    ]


def _faults(outcome: dict[str, Any], portfolio: Portfolio, market: MarketData) -> list[str]:
    if outcome["after"] is None:
        return [] if outcome["reason"] and not outcome["trades"] else ["neither an answer nor a reason"]
    if (outcome["status"] == "trade") != bool(outcome["trades"]):
        return [f"status {outcome['status']!r} with {len(outcome['trades'])} orders"]
    household = _household(outcome, portfolio)
    claim = {part: outcome[part] for part in ("after", "trades", "tax", "costs", "gain", "limits")}
    ledger = read_ledger(claim, household, market)
    checkers = REPLAYED if outcome["name"] in UNSOLVED else (*REPLAYED, check_limits)
    return [fault for checker in checkers for fault in checker(claim, household, market, ledger)]


def _household(outcome: dict[str, Any], portfolio: Portfolio) -> Portfolio:
    """The file with the alternative's own menu, or the scenario's; half a move need not raise all cash.

    The menu is the whole of it, bought or not: funds of one index on offer share one expected return.
    """
    name = outcome["name"]
    if name in MENUS:
        return replace(portfolio, preferences=replace(portfolio.preferences, buy=MENUS[name]))
    if name not in UNSOLVED:
        return next((scenario.portfolio for scenario in portfolio.scenarios if scenario.name == name), portfolio)
    accounts = tuple(replace(account, min_cash_usd=Decimal(0)) for account in portfolio.accounts)
    return replace(portfolio, accounts=accounts, preferences=replace(portfolio.preferences, reserve_tax=False))
