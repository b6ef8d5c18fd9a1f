"""Wash sales and waiting lots, found again by going through every pair of a sale and a purchase."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from advisor.market.data import MarketData
from advisor.once import once
from advisor.portfolio.model import Account, AccountType, Lot, Portfolio
from advisor.rebalance.verify.ledger import Ledger, Order, SoldLot
from advisor.rebalance.verify.taxes import held_more_than_a_year

WINDOW = 30  # days, on either side of a sale at a loss
Place = tuple[str, str, date]  # account, symbol, day


@dataclass(frozen=True, slots=True)
class KeptLot:
    """A lot that is not to be sold for now, and the first day on which it may be."""

    account: str
    symbol: str
    lot: Lot
    reason: str  # "wash_sale" | "almost_long_term"
    until: date


def check_calendar(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """No loss beside a purchase of the same within 30 days, in any account; no gain that waits to be long-term."""
    del record
    faults = []
    sales = [(order, sold) for order in ledger.orders for sold in order.sold if _is_taxed(order, sold)]
    alike = {order.symbol: alike_symbols(order.symbol, portfolio, market) for order in ledger.orders}
    past = {symbol: _past_purchases(portfolio, same) for symbol, same in alike.items()}
    for order, sold in sales:
        if _gain(order, sold) < 0:
            bought = _purchases(order, sold, alike[order.symbol], past[order.symbol], ledger)
            faults += [f"{order.name}: a loss beside the purchase of {purchase}" for purchase in bought]
        elif _gain(order, sold) > 0 and sold.lot is not None and _turns_long_soon(sold.lot, portfolio):
            faults.append(f"{order.name}: a short-term gain on a lot that is to wait")
    barred = barred_now(portfolio, market)
    return faults + [
        f"{order.name}: {order.symbol} or the like was sold at a loss on {barred[order.symbol]}"
        for order in ledger.orders
        if order.is_buy and order.symbol in barred
    ]


def barred_now(portfolio: Portfolio, market: MarketData) -> dict[str, date]:
    """Symbols that were sold at a loss within 30 days, or are like one that was, with the day of the sale."""
    return {
        symbol: past.date
        for past in portfolio.history
        if past.side == "sell" and (past.gain_usd or 0) < 0 and _recent(past.date, portfolio)
        for symbol in alike_symbols(past.symbol, portfolio, market)
    }


@once
def kept_lots(portfolio: Portfolio, market: MarketData) -> tuple[KeptLot, ...]:
    """Lots of taxable accounts that the calendar keeps, in the order of the file."""
    taxable = [account for account in portfolio.accounts if account.type is AccountType.TAXABLE]
    symbols = {position.symbol for account in taxable for position in account.positions}
    bought = {symbol: _past_purchases(portfolio, alike_symbols(symbol, portfolio, market)) for symbol in symbols}
    found = (
        _kept(account, position.symbol, lot, bought[position.symbol], portfolio, market)
        for account in taxable
        for position in account.positions
        for lot in position.lots
    )
    return tuple(entry for entry in found if entry is not None)


def _kept(
    account: Account, symbol: str, lot: Lot, bought: list[Place], portfolio: Portfolio, market: MarketData
) -> KeptLot | None:
    price = market.securities[symbol].close_usd
    if lot.acquired is None or lot.cost_per_share_usd is None or price == lot.cost_per_share_usd:
        return None
    if price > lot.cost_per_share_usd:
        if not _turns_long_soon(lot, portfolio):
            return None
        return KeptLot(account.name, symbol, lot, "almost_long_term", _first_long_day(lot.acquired, portfolio))
    days = [day for *place, day in bought if (*place, day) != (account.name, symbol, lot.acquired)]
    if not days:
        return None
    free = date.fromordinal(max(days).toordinal() + WINDOW + 1)
    return KeptLot(account.name, symbol, lot, "wash_sale", free)


def _first_long_day(acquired: date, portfolio: Portfolio) -> date:
    """The first day from the decision on at which a sale is long-term, found by trying."""
    day = portfolio.as_of.toordinal()
    while not held_more_than_a_year(acquired, date.fromordinal(day)):
        day += 1
    return date.fromordinal(day)


def _is_taxed(order: Order, sold: SoldLot) -> bool:
    return order.account.type is AccountType.TAXABLE and sold.lot is not None


def _gain(order: Order, sold: SoldLot) -> int:
    """Sign of the gain."""
    cost = sold.lot.cost_per_share_usd if sold.lot else None
    return 0 if cost is None else (order.price > cost) - (order.price < cost)


def alike_symbols(symbol: str, portfolio: Portfolio, market: MarketData) -> set[str]:
    """All that counts as `symbol` for wash sales: reached from it by common indexes and the user's groups."""
    index_of, by_index = _indexes(portfolio, market)
    reached: set[str] = set()
    ahead = [symbol]
    while ahead:
        here = ahead.pop()
        if here not in reached:
            reached.add(here)
            ahead += [other for group in portfolio.identical if here in group for other in group]
            ahead += by_index.get(index_of.get(here, here), [])
    return reached


@once
def _indexes(portfolio: Portfolio, market: MarketData) -> tuple[dict[str, str], dict[str, list[str]]]:
    """The index of each security, or itself, and what is of each index."""
    del portfolio
    index_of = dict(market.indexes) | {row.symbol: row.index or row.symbol for row in market.securities.values()}
    by_index: dict[str, list[str]] = {}
    for name, index in index_of.items():
        by_index.setdefault(index, []).append(name)
    return index_of, by_index


def _recent(day: date, portfolio: Portfolio) -> bool:
    return 0 <= portfolio.as_of.toordinal() - day.toordinal() <= WINDOW


def _purchases(order: Order, sold: SoldLot, alike: set[str], past: list[Place], ledger: Ledger) -> list[str]:
    """Purchases of the same thing: proposed now, in the history, or seen as young lots; not the sold lot's own."""
    now = [other.name for other in ledger.orders if other.is_buy and other.symbol in alike]
    own = (order.account.name, order.symbol, sold.lot.acquired if sold.lot else None)
    return now + [f"{place[1]} on {place[2]}" for place in past if place != own]


def _past_purchases(portfolio: Portfolio, alike: set[str]) -> list[Place]:
    """Purchases of the last 30 days, from the history and from young lots."""
    past = [(trade.account, trade.symbol, trade.date) for trade in portfolio.history if trade.side == "buy"] + [
        (account.name, position.symbol, lot.acquired)
        for account in portfolio.accounts
        for position in account.positions
        for lot in position.lots
        if lot.acquired is not None
    ]
    return [place for place in past if _recent(place[2], portfolio) and place[1] in alike]


def _turns_long_soon(lot: Lot, portfolio: Portfolio) -> bool:
    if lot.acquired is None or held_more_than_a_year(lot.acquired, portfolio.as_of):
        return False
    later = date.fromordinal(portfolio.as_of.toordinal() + portfolio.preferences.wait_days)
    return held_more_than_a_year(lot.acquired, later)
