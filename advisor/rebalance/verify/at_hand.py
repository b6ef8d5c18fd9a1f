"""Orders that the reasons put at hand: the optimum in shares, sales rounded up and purchases down.

Where these hold every limit and rule of the file, orders that gain much less, or the advice to do nothing, are refuted.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from advisor.market.data import MarketData
from advisor.portfolio.model import AccountType, Portfolio
from advisor.rebalance.verify.calendar import check_calendar
from advisor.rebalance.verify.ledger import Ledger, Order, SoldLot, household_value, pennies, replayed, step_faults
from advisor.rebalance.verify.limits import broken_after
from advisor.rebalance.verify.optimum import DUST, Move, Optimum
from advisor.rebalance.verify.taxes import realized, schedule_d

ONE, THOUSANDTH = Decimal(1), Decimal("0.001")


def orders_at_hand(found: Optimum, portfolio: Portfolio, market: MarketData, ledger: Ledger) -> Ledger | None:
    """The household with these orders, or None where they break a rule or there are none."""
    value = household_value(ledger.shares_before, ledger.cash_before, market)
    sales: dict[tuple[str, str], list[Move]] = {}
    for move in found.moves:
        if move.lot is not None and move.amount > DUST:
            sales.setdefault((move.account.name, move.symbol), []).append(move)
    orders = [order for moves in sales.values() if (order := _sale(moves, portfolio, market)) is not None]
    for move in found.moves:
        if move.lot is None and (order := _purchase(move, portfolio, market, value)) is not None:
            orders.append(order)
    made = replayed(tuple(orders), portfolio)
    is_at_hand = orders and not _has_small_orders(made, portfolio) and not faults_of(made, portfolio, market)
    return made if is_at_hand else None


def _has_small_orders(made: Ledger, portfolio: Portfolio) -> bool:
    """Whether an order is below the least trade, and does not sell a whole position."""
    return any(
        order.amount < portfolio.preferences.smallest_order_usd
        and (order.is_buy or order.shares != made.shares_before[order.account.name, order.symbol])
        for order in made.orders
    )


def faults_of(made: Ledger, portfolio: Portfolio, market: MarketData) -> list[str]:
    """What these orders break of the file's limits and rules, and of the calendar.

    Not that they are small: a limit may need an order below the least trade.
    """
    faults = [fault for order in made.orders for fault in step_faults(order, portfolio, made)]
    for order in made.orders:
        if order.is_buy and not portfolio.may_buy(order.account, order.symbol):
            faults.append(f"{order.name}: not on offer")
    for account in portfolio.accounts:
        if made.cash_after[account.name] < account.min_cash_usd:
            faults.append(f"cash in {account.name}")
    if _lacks_tax(made, portfolio):
        faults.append("cash for the tax")
    faults += check_calendar({}, portfolio, market, made)
    return faults or broken_after(portfolio, market, made)


def _lacks_tax(made: Ledger, portfolio: Portfolio) -> bool:
    """Whether the taxable accounts lack the cash that the file wants kept for the tax of these orders."""
    owed, _ = schedule_d(portfolio, *realized(made, portfolio))
    owed -= schedule_d(portfolio, Decimal(0), Decimal(0))[0]
    taxable = [account for account in portfolio.accounts if account.type is AccountType.TAXABLE]
    free = sum((made.cash_after[account.name] - account.min_cash_usd for account in taxable), Decimal(0))
    return portfolio.preferences.reserve_tax and owed > 0 and free < owed


def _sale(moves: list[Move], portfolio: Portfolio, market: MarketData) -> Order | None:
    step = _step(moves[0], portfolio)
    held = sum((move.lot.shares for move in moves if move.lot is not None), Decimal(0))
    position = next(p for p in moves[0].account.positions if p.symbol == moves[0].symbol)
    is_whole = held == position.shares and all(move.reason["traded"] > 1 - DUST for move in moves)
    sold = []
    for move in moves:
        lot = move.lot
        if lot is None:
            continue
        shares = lot.shares if is_whole else min(_up(move.reason["traded"], lot.shares, step), _down(lot.shares, step))
        if shares > 0:
            line: dict[str, Any] = {"acquired": lot.acquired}
            sold.append(SoldLot(line, shares, lot, None))
    return _order(moves[0], sum((part.shares for part in sold), Decimal(0)), tuple(sold), market)


def _purchase(move: Move, portfolio: Portfolio, market: MarketData, value: Decimal) -> Order | None:
    price = market.securities[move.symbol].close_usd
    shares = _down(Decimal(move.amount) * value / price, _step(move, portfolio))
    return _order(move, shares, (), market) if move.amount > DUST else None


def _order(move: Move, shares: Decimal, sold: tuple[SoldLot, ...], market: MarketData) -> Order | None:
    security = market.securities[move.symbol]
    amount = pennies(shares * security.close_usd)
    spread = pennies(amount * Decimal(str(security.half_spread.value)))
    if shares <= 0:
        return None
    return Order(move.account, move.symbol, move.lot is None, shares, security.close_usd, amount, spread, sold)


def _step(move: Move, portfolio: Portfolio) -> Decimal:
    return THOUSANDTH if portfolio.may_trade_fractions(move.account, move.symbol) else ONE


def _up(part: float, shares: Decimal, step: Decimal) -> Decimal:
    return (Decimal(part) * shares / step - Decimal(DUST)).to_integral_value(ROUND_CEILING) * step


def _down(shares: Decimal, step: Decimal) -> Decimal:
    return (shares / step).to_integral_value(ROUND_FLOOR) * step
