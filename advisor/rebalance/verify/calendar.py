"""Wash sales and waiting lots, found again by going through every pair of a sale and a purchase."""

from __future__ import annotations

from datetime import date
from typing import Any

from advisor.market.data import MarketData
from advisor.portfolio.model import AccountType, Portfolio
from advisor.rebalance.verify.ledger import Ledger, Order, SoldLot
from advisor.rebalance.verify.taxes import held_more_than_a_year


def check_calendar(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """No loss beside a purchase of the same within 30 days, in any account; no gain that waits to be long-term."""
    del record
    faults = []
    sales = [(order, sold) for order in ledger.orders for sold in order.sold if _is_taxed(order, sold)]
    alike = {order.symbol: _alike(order.symbol, portfolio, market) for order in ledger.orders}
    for order, sold in sales:
        if _gain(order, sold) < 0:
            bought = _purchases(order, sold, portfolio, alike[order.symbol], ledger)
            faults += [f"{order.name}: a loss beside the purchase of {purchase}" for purchase in bought]
        elif _gain(order, sold) > 0 and _turns_long_soon(sold, portfolio):
            faults.append(f"{order.name}: a short-term gain on a lot that is to wait")
    for order in ledger.orders:
        if order.is_buy:
            faults += [
                f"{order.name}: {past.symbol} was sold at a loss on {past.date}"
                for past in portfolio.history
                if past.side == "sell"
                and (past.gain_usd or 0) < 0
                and _recent(past.date, portfolio)
                and past.symbol in alike[order.symbol]
            ]
    return faults


def _is_taxed(order: Order, sold: SoldLot) -> bool:
    return order.account.type is AccountType.TAXABLE and sold.lot is not None


def _gain(order: Order, sold: SoldLot) -> int:
    """Sign of the gain."""
    cost = sold.lot.cost_per_share_usd if sold.lot else None
    return 0 if cost is None else (order.price > cost) - (order.price < cost)


def _alike(symbol: str, portfolio: Portfolio, market: MarketData) -> set[str]:
    """All that counts as `symbol` for wash sales: reached from it by common indexes and the user's groups."""
    index_of = dict(market.indexes) | {row.symbol: row.index or row.symbol for row in market.securities.values()}
    by_index: dict[str, list[str]] = {}
    for name, index in index_of.items():
        by_index.setdefault(index, []).append(name)
    reached: set[str] = set()
    ahead = [symbol]
    while ahead:
        here = ahead.pop()
        if here not in reached:
            reached.add(here)
            ahead += [other for group in portfolio.identical if here in group for other in group]
            ahead += by_index.get(index_of.get(here, here), [])
    return reached


def _recent(day: date, portfolio: Portfolio) -> bool:
    return 0 <= portfolio.as_of.toordinal() - day.toordinal() <= 30


def _purchases(order: Order, sold: SoldLot, portfolio: Portfolio, alike: set[str], ledger: Ledger) -> list[str]:
    """Purchases of the same thing: proposed now, in the history, or seen as young lots; not the sold lot's own."""
    now = [other.name for other in ledger.orders if other.is_buy and other.symbol in alike]
    own = (order.account.name, order.symbol, sold.lot.acquired if sold.lot else None)
    past = [(trade.account, trade.symbol, trade.date) for trade in portfolio.history if trade.side == "buy"] + [
        (account.name, position.symbol, lot.acquired)
        for account in portfolio.accounts
        for position in account.positions
        for lot in position.lots
        if lot.acquired is not None
    ]
    return now + [
        f"{symbol} on {day}"
        for account, symbol, day in past
        if _recent(day, portfolio) and (account, symbol, day) != own and symbol in alike
    ]


def _turns_long_soon(sold: SoldLot, portfolio: Portfolio) -> bool:
    acquired = sold.lot.acquired if sold.lot else None
    if acquired is None or held_more_than_a_year(acquired, portfolio.as_of):
        return False
    later = date.fromordinal(portfolio.as_of.toordinal() + portfolio.preferences.wait_days)
    return held_more_than_a_year(acquired, later)
