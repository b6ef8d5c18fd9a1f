"""Lots that are not sold, and funds that are not bought, because of the calendar.

1. A lot at a loss is kept while the same security, a fund of its index, or one that the user calls identical was
   bought within 30 days in any account of the household: the loss would be disallowed (wash sale).
2. A security is not bought within 30 days of a sale at a loss of the same, of a fund of its index, or of one that the
   user calls identical.
3. A lot with a short-term gain is kept when it becomes long-term within the user's `wait_days`.

The law disallows a loss only for as many shares as were bought; holding back the whole lot is the cautious reading.

Source: 26 USC 1091; IRS Publication 550, "Wash Sales"; Rev. Rul. 2008-5 for purchases in an IRA. That two funds of one
index are substantially identical is not settled law; this program treats them so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from advisor.dates import WASH_SALE_DAYS, first_long_term_day, is_long_term
from advisor.market.data import MarketData
from advisor.portfolio.model import Account, Lot, Portfolio


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A lot that is kept for now; `until` is the first day on which the reason is gone."""

    account: str
    symbol: str
    lot: Lot
    reason: str  # "wash_sale" | "almost_long_term"
    until: date


@dataclass(frozen=True, slots=True)
class Purchase:
    """A purchase within the wash-sale window; `place` is the lot it became, where the file shows it."""

    identity: str
    day: date
    place: tuple[str, str, date]


def wash_identities(portfolio: Portfolio, market: MarketData, symbols: Iterable[str]) -> dict[str, str]:
    """What each symbol is for wash sales: its index or itself, merged with what the user calls identical.

    Groups of the user with a common member become one. A symbol without data is itself.
    """
    merged: list[set[str]] = []
    for group in portfolio.identical:
        together = {market.identity(symbol) for symbol in group}
        apart = [other for other in merged if not other & together]
        merged = [*apart, together.union(*(other for other in merged if other & together))]
    names = {identity: min(group) for group in merged for identity in group}
    return {symbol: names.get(market.identity(symbol), market.identity(symbol)) for symbol in symbols}


def held_back(portfolio: Portfolio, market: MarketData) -> tuple[HeldBack, ...]:
    """Every lot of a taxable account that the calendar keeps, in the order of the file."""
    identities = wash_identities(portfolio, market, _symbols(portfolio))
    purchases = tuple(_purchases(portfolio, identities))
    lots = (
        (account, position.symbol, lot)
        for account in portfolio.accounts
        if account.is_taxable
        for position in account.positions
        for lot in position.lots
    )
    found = (_reason(account, symbol, lot, portfolio, market, identities, purchases) for account, symbol, lot in lots)
    return tuple(entry for entry in found if entry is not None)


def barred_identities(portfolio: Portfolio, market: MarketData) -> frozenset[str]:
    """What may not be bought, because it was sold at a loss within 30 days; as in `wash_identities`."""
    identities = wash_identities(portfolio, market, _symbols(portfolio))
    return frozenset(
        identities[trade.symbol]
        for trade in portfolio.history
        if trade.side == "sell"
        and trade.gain_usd is not None
        and trade.gain_usd < 0
        and _in_window(trade.date, portfolio.as_of)
    )


def _reason(
    account: Account,
    symbol: str,
    lot: Lot,
    portfolio: Portfolio,
    market: MarketData,
    identities: dict[str, str],
    purchases: tuple[Purchase, ...],
) -> HeldBack | None:
    price = market.securities[symbol].close_usd
    if lot.acquired is None or lot.cost_per_share_usd is None or price == lot.cost_per_share_usd:
        return None
    if price > lot.cost_per_share_usd:
        turns = first_long_term_day(lot.acquired)
        waits = (turns - portfolio.as_of).days <= portfolio.preferences.wait_days
        if is_long_term(lot.acquired, portfolio.as_of) or not waits:
            return None
        return HeldBack(account.name, symbol, lot, "almost_long_term", turns)
    place = (account.name, symbol, lot.acquired)
    others = [p.day for p in purchases if p.identity == identities[symbol] and p.place != place]
    if not others:
        return None
    return HeldBack(account.name, symbol, lot, "wash_sale", max(others) + timedelta(days=WASH_SALE_DAYS + 1))


def _symbols(portfolio: Portfolio) -> set[str]:
    held = {position.symbol for account in portfolio.accounts for position in account.positions}
    return held | {trade.symbol for trade in portfolio.history}


def _purchases(portfolio: Portfolio, identities: dict[str, str]) -> Iterator[Purchase]:
    """Purchases within 30 days, in any account: from the lots that are held, and from the history."""
    for account in portfolio.accounts:
        for position in account.positions:
            for lot in position.lots:
                if lot.acquired is not None and _in_window(lot.acquired, portfolio.as_of):
                    place = (account.name, position.symbol, lot.acquired)
                    yield Purchase(identities[position.symbol], lot.acquired, place)
    for trade in portfolio.history:
        if trade.side == "buy" and _in_window(trade.date, portfolio.as_of):
            place = (trade.account, trade.symbol, trade.date)
            yield Purchase(identities[trade.symbol], trade.date, place)


def _in_window(day: date, as_of: date) -> bool:
    return 0 <= (as_of - day).days <= WASH_SALE_DAYS
