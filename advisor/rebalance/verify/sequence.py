"""The orders one after another: sales before the purchases that they pay for, in the order of the file."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from advisor.market.data import MarketData
from advisor.portfolio.model import Portfolio
from advisor.rebalance.verify.ledger import Ledger, Order


def check_sequence(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """Placed as they stand, no order takes its account's cash below nothing; sales first, then purchases, as filed."""
    del record, market
    cash = dict(ledger.cash_before)
    faults = []
    for order in ledger.orders:
        cash[order.account.name] += (-order.amount if order.is_buy else order.amount) - order.spread
        if cash[order.account.name] < min(Decimal(0), ledger.cash_before[order.account.name]):
            faults.append(f"{order.name}: nothing has paid for it yet, cash would be {cash[order.account.name]}")
    places = [_place(order, portfolio) for order in ledger.orders]
    if places != sorted(places):
        faults.append("the orders do not stand in the order of the file, sales first")
    return faults


def _place(order: Order, portfolio: Portfolio) -> tuple[bool, int, int]:
    """Sales before purchases; by account; what is held by its position, what is bought by its place on offer."""
    account = [one.name for one in portfolio.accounts].index(order.account.name)
    held, offered = [position.symbol for position in order.account.positions], portfolio.preferences.buy
    symbols = list(offered) if order.is_buy else held
    return order.is_buy, account, symbols.index(order.symbol) if order.symbol in symbols else len(symbols)
