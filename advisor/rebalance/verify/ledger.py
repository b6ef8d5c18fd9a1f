"""Money, shares and lots of a record, replayed in `Decimal` from the portfolio file."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from advisor.market.data import MarketData
from advisor.portfolio.model import Account, Lot, Portfolio

PENNY = Decimal("0.01")
THOUSANDTH = Decimal("0.001")


class LedgerError(Exception):
    """An order names an account or a security that the household does not have."""


@dataclass(frozen=True, slots=True)
class SoldLot:
    """One lot line of an order, with the lot of the file it was matched to (None where none matches)."""

    line: dict[str, Any]
    shares: Decimal
    lot: Lot | None
    matched: tuple[str, str, int] | None  # account, symbol, index of the lot in the position


@dataclass(frozen=True, slots=True)
class Order:
    """One order of the record as exact numbers."""

    account: Account
    symbol: str
    is_buy: bool
    shares: Decimal
    price: Decimal
    amount: Decimal
    spread: Decimal
    sold: tuple[SoldLot, ...]

    @property
    def name(self) -> str:
        """How faults name this order."""
        return f"{'buy' if self.is_buy else 'sell'} {self.symbol} in {self.account.name}"


@dataclass(frozen=True, slots=True)
class Ledger:
    """The household before and after the orders, replayed."""

    orders: tuple[Order, ...]
    shares_before: dict[tuple[str, str], Decimal]
    shares_after: dict[tuple[str, str], Decimal]
    cash_before: dict[str, Decimal]
    cash_after: dict[str, Decimal]


def pennies(amount: Decimal) -> Decimal:
    """Whole cents, halves away from zero."""
    return amount.quantize(PENNY, rounding=ROUND_HALF_UP)


def read_ledger(record: dict[str, Any], portfolio: Portfolio, market: MarketData) -> Ledger:
    """Replay the record's orders on the portfolio. Raises `LedgerError` for an order that names a stranger."""
    accounts = {account.name: account for account in portfolio.accounts}
    return replayed(tuple(_order(entry, accounts, market) for entry in record["trades"]), portfolio)


def replayed(orders: tuple[Order, ...], portfolio: Portfolio) -> Ledger:
    """The portfolio before and after `orders`."""
    shares = {
        (a.name, p.symbol): sum((lot.shares for lot in p.lots), Decimal(0))
        for a in portfolio.accounts
        for p in a.positions
    }
    cash = {account.name: account.cash_usd for account in portfolio.accounts}
    shares_after, cash_after = dict(shares), dict(cash)
    for order in orders:
        key = (order.account.name, order.symbol)
        shares_after[key] = shares_after.get(key, Decimal(0)) + (order.shares if order.is_buy else -order.shares)
        cash_after[order.account.name] += (-order.amount if order.is_buy else order.amount) - order.spread
    return Ledger(orders, shares, shares_after, cash, cash_after)


def _order(entry: dict[str, Any], accounts: dict[str, Account], market: MarketData) -> Order:
    if entry["account"] not in accounts:
        raise LedgerError(f"an order in {entry['account']!r}, which is no account of the household")
    if entry["symbol"] not in market.securities:
        raise LedgerError(f"an order in {entry['symbol']!r}, which the market data do not have")
    if entry["side"] not in ("buy", "sell"):
        raise LedgerError(f"an order that is neither buy nor sell: {entry['side']!r}")
    account = accounts[entry["account"]]
    return Order(
        account=account,
        symbol=entry["symbol"],
        is_buy=entry["side"] == "buy",
        shares=Decimal(entry["shares"]),
        price=Decimal(entry["price_usd"]),
        amount=Decimal(entry["amount_usd"]),
        spread=Decimal(entry["spread_usd"]),
        sold=_match_lots(entry, account),
    )


def _match_lots(entry: dict[str, Any], account: Account) -> tuple[SoldLot, ...]:
    """Match each lot line to a lot of the file with the same date and cost, the largest first.

    Equal lots are told apart by their shares: the smallest that has enough is taken, so that a lot sold whole is found.
    """
    held = next((position.lots for position in account.positions if position.symbol == entry["symbol"]), ())
    free = dict(enumerate(held))
    matched = []
    for line in sorted(entry["lots"], key=lambda line: -Decimal(line["shares"])):
        acquired = None if line["acquired"] is None else date.fromisoformat(line["acquired"])
        cost = None if line["cost_per_share_usd"] is None else Decimal(line["cost_per_share_usd"])
        shares = Decimal(line["shares"])
        fits = [k for k, lot in free.items() if lot.acquired == acquired and lot.cost_per_share_usd == cost]
        best = min(fits, key=lambda k: (free[k].shares < shares, free[k].shares), default=None)
        lot = None if best is None else free.pop(best)
        place = None if best is None else (account.name, str(entry["symbol"]), best)
        matched.append(SoldLot(line, shares, lot, place))
    return tuple(matched)


def check_orders(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """Prices, amounts, spread, share steps, and what may be bought."""
    faults = []
    for order in ledger.orders:
        security = market.securities[order.symbol]
        if order.price != security.close_usd:
            faults.append(f"{order.name}: price {order.price}, the market says {security.close_usd}")
        if order.shares <= 0:
            faults.append(f"{order.name}: {order.shares} shares")
        if order.amount != pennies(order.shares * order.price):
            faults.append(f"{order.name}: {order.shares} x {order.price} is not {order.amount}")
        if order.spread != pennies(order.amount * Decimal(str(security.half_spread.value))):
            faults.append(f"{order.name}: spread {order.spread}")
        faults += step_faults(order, portfolio, ledger)
        if order.is_buy and not _offered(order, portfolio):
            faults.append(f"{order.name}: not among what may be bought there")
    faults += _two_orders(ledger)
    stated = Decimal(record["costs"]["spread_usd"])
    if stated != sum((order.spread for order in ledger.orders), Decimal(0)):
        faults.append(f"the spread of all orders is not {stated}")
    return faults


def step_faults(order: Order, portfolio: Portfolio, ledger: Ledger) -> list[str]:
    """A part of a share that cannot be ordered; the whole of a position can always be sold."""
    if not order.is_buy and order.shares == ledger.shares_before.get((order.account.name, order.symbol)):
        return []
    is_mutual_fund = re.fullmatch("[A-Z]{4}X", order.symbol) is not None
    if not (portfolio.preferences.whole_shares and not order.account.fractional and not is_mutual_fund):
        off_step = order.shares % THOUSANDTH != 0 and not _whole_lots(order)
        return [f"{order.name}: {order.shares} is no whole number of thousandths"] if off_step else []
    parts = [sold.shares for sold in order.sold] or [order.shares]
    return [f"{order.name}: {part} is no whole number of shares" for part in parts if part % 1]


def _whole_lots(order: Order) -> bool:
    """Whether every lot line is in thousandths or takes its lot whole."""
    return all(
        sold.shares % THOUSANDTH == 0 or (sold.lot is not None and sold.shares == sold.lot.shares)
        for sold in order.sold
    )


def _offered(order: Order, portfolio: Portfolio) -> bool:
    offered = order.account.buy if order.account.buy is not None else portfolio.preferences.buy
    return order.symbol in portfolio.preferences.buy and order.symbol in offered


def _two_orders(ledger: Ledger) -> list[str]:
    counts = Counter((order.account.name, order.symbol) for order in ledger.orders)
    return [f"{count} orders for {symbol} in {account}" for (account, symbol), count in counts.items() if count > 1]


def check_lots(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """Each sale is made of lots of the file, none sold twice, oversold or locked."""
    del record, market
    faults = []
    for order in ledger.orders:
        if order.is_buy:
            faults += [f"{order.name}: a buy with lots"] * bool(order.sold)
            continue
        if sum((sold.shares for sold in order.sold), Decimal(0)) != order.shares:
            faults.append(f"{order.name}: the lots do not add up to {order.shares} shares")
        for entry in portfolio.do_not_sell:
            if entry.symbol in (None, order.symbol) and entry.account in (None, order.account.name):
                faults.append(f"{order.name}: the file says do_not_sell")
        for sold in order.sold:
            if sold.lot is None:
                faults.append(f"{order.name}: no such lot left in the file: {sold.line['acquired']}")
            elif not 0 < sold.shares <= sold.lot.shares:
                faults.append(f"{order.name}: {sold.shares} of a lot of {sold.lot.shares} shares")
    faults += [
        f"{account} would hold {left} {symbol}" for (account, symbol), left in ledger.shares_after.items() if left < 0
    ]
    return faults


def check_cash(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """Cash of every account as claimed, never negative, the account's own minimum kept; value to the cent.

    A record without a side before claims nothing of it.
    """
    faults = []
    for side, cash in (("before", ledger.cash_before), ("after", ledger.cash_after)):
        if side not in record:
            continue
        stated = {name: Decimal(amount) for name, amount in record[side]["cash_usd"].items()}
        if stated.keys() != cash.keys():
            faults.append(f"cash {side}: not the household's accounts")
        faults += [
            f"cash {side} in {name}: {stated.get(name)} stated, {pennies(amount)} replayed"
            for name, amount in cash.items()
            if stated.get(name) != pennies(amount)
        ]
    for account in portfolio.accounts:
        least = (
            min(account.min_cash_usd, ledger.cash_before[account.name]) if not ledger.orders else account.min_cash_usd
        )
        if ledger.cash_after[account.name] < max(least, Decimal(0)):
            faults.append(
                f"cash after in {account.name}: {ledger.cash_after[account.name]}, at least {least} must stay"
            )
    for side, shares, cash in (
        ("before", ledger.shares_before, ledger.cash_before),
        ("after", ledger.shares_after, ledger.cash_after),
    ):
        if side not in record:
            continue
        value = pennies(household_value(shares, cash, market))
        if Decimal(record[side]["value_usd"]) != value:
            faults.append(f"value {side}: {record[side]['value_usd']} stated, {value} replayed")
    return faults


def household_value(shares: dict[tuple[str, str], Decimal], cash: dict[str, Decimal], market: MarketData) -> Decimal:
    """Cash and positions at the market's prices."""
    held = sum((n * market.securities[symbol].close_usd for (_, symbol), n in shares.items()), Decimal(0))
    return held + sum(cash.values(), Decimal(0))


def before_deposit(value: Decimal, portfolio: Portfolio) -> float:
    """By how much each weight was larger before new money was paid in; 1 where the household had nothing."""
    new = sum((account.deposit_usd for account in portfolio.accounts), Decimal(0))
    return float(value / (value - new)) if value > new else 1.0
