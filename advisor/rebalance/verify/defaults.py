"""The bounds that the program sets by itself: worked out again, present, and held as far as they must be.

Cash and bills may grow by the tax of the orders, other classes on offer not at all (by ten points where a view compares
two classes), small caps to a fifth of US stocks or today's part. They are hard where every limit holds today. New
money in a scenario is no part of today: bounds are of the mix that it is paid into.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from advisor.market.data import MarketData
from advisor.portfolio.model import Portfolio
from advisor.rebalance.verify.book import Book, book_of
from advisor.rebalance.verify.classes import CASH, CLASSES, US, parts_of
from advisor.rebalance.verify.ledger import Ledger, before_deposit, household_value
from advisor.rebalance.verify.limits import TOLERANCE, excess, measured
from advisor.rebalance.verify.taxes import realized, schedule_d
from advisor.rebalance.verify.views import counted

SMALL = "small_caps"
FIFTH = 0.2
COMPARED = 0.1  # of the household, by which a class may grow that a view compares with another


@dataclass(frozen=True, slots=True)
class Bound:
    """One bound, and what of it the household has before and after the orders; fractions of value."""

    name: str
    bound: float
    before: float
    after: float
    reserve: float
    beyond: float
    charge: float


def bounds_of(ledger: Ledger, portfolio: Portfolio, market: MarketData) -> list[Bound]:
    """Every bound with the orders of `ledger`."""
    before, after = (book_of(side, ledger, portfolio, market) for side in ("before", "after"))
    size, reserve = float(after.value / before.value), _reserve(ledger, portfolio, market)
    premium = float(portfolio.preferences.equity_premium)
    found = []
    for name, bound in _wanted(before, portfolio, market).items():
        first, last = level(name, before), level(name, after)
        kept = reserve if name == CASH else 0.0
        beyond = max(0.0, size * (last - bound) - kept)
        found.append(Bound(name, bound, first, last, kept, beyond, premium * (2.0 if name == SMALL else 1.0)))
    return found


def level(name: str, book: Book) -> float:
    """What a household has of a class, cash among the bills; or of small caps."""
    if name == SMALL:
        return book.small_caps()
    held = sum(weight * parts_of(symbol, book.market).get(name, 0.0) for symbol, weight in book.weights.items())
    return held + (book.cash if name == CASH else 0.0)


def _wanted(today: Book, portfolio: Portfolio, market: MarketData) -> dict[str, float]:
    """By name, the bounds of the household as it stands, in order."""
    least = {limit.name: float(limit.bound) for limit in portfolio.limits if limit.side == "min"}
    grown = before_deposit(today.value, portfolio)
    kept = sum((max(one.cash_usd - one.deposit_usd, one.min_cash_usd) for one in portfolio.accounts), Decimal(0))
    in_bills = grown * (level(CASH, today) - today.cash)
    found = {CASH: in_bills + max(grown * float(kept / today.value), least.get("cash", 0.0))}
    offered = {one for symbol in portfolio.preferences.buy for one in parts_of(symbol, market)}
    compared = _compared(portfolio, market)
    for one in CLASSES:
        if one in offered and one != CASH:
            held = grown * level(one, today)  # more than the whole of a household in debt
            found[one] = max(held, min(1.0, held + (COMPARED if one in compared else 0.0)))
    if not any(limit.name == SMALL and limit.side == "max" for limit in portfolio.limits):
        own = max(today.small_caps(), FIFTH * level(US, today))
        found[SMALL] = max(grown * own, least.get(SMALL, 0.0))
    return {name: found[name] for name in (CASH, *(one for one in CLASSES if one != CASH), SMALL) if name in found}


def _compared(portfolio: Portfolio, market: MarketData) -> set[str]:
    found: set[str] = set()
    for view in portfolio.views:
        classes = {one for symbol in (view.symbol, view.over) if symbol for one in parts_of(symbol, market)}
        if len(classes) > 1 and counted(view, portfolio, market).confidence > 0.0:
            found |= classes
    return found


def _reserve(ledger: Ledger, portfolio: Portfolio, market: MarketData) -> float:
    """What is kept in cash for the tax of the orders, where the file keeps it."""
    if not portfolio.preferences.reserve_tax:
        return 0.0
    owed = schedule_d(portfolio, *realized(ledger, portfolio))[0] - schedule_d(portfolio, Decimal(0), Decimal(0))[0]
    return float(max(owed, Decimal(0)) / household_value(ledger.shares_before, ledger.cash_before, market))


def holds_today(portfolio: Portfolio, market: MarketData, ledger: Ledger) -> bool:
    """Whether today's household keeps every limit that asks for something, soft ones among them, and its least cash.

    New money asks to be invested.
    """
    asked = [
        measured(limit, portfolio, market, ledger) for limit in portfolio.limits if limit.mode != "not_worse_than_today"
    ]
    within = all(excess(one.limit, one.before) <= TOLERANCE * one.scale for one in asked)
    is_invested = not any(account.deposit_usd for account in portfolio.accounts)
    return within and is_invested and all(one.cash_usd >= one.min_cash_usd for one in portfolio.accounts)


def spare_cash(ledger: Ledger, portfolio: Portfolio, market: MarketData) -> float:
    """What orders in shares may leave unspent: one share, or a thousandth, of each fund bought in each account."""
    value = household_value(ledger.shares_before, ledger.cash_before, market)
    steps = (
        order.price * (Decimal("0.001") if portfolio.may_trade_fractions(order.account, order.symbol) else 1)
        for order in ledger.orders
        if order.is_buy
    )
    return float(sum(steps, Decimal(0)) / value)


def check_defaults(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """Every bound there, with its figures; none exceeded further than it yields."""
    expected, stated = bounds_of(ledger, portfolio, market), record["defaults"]
    if [entry["name"] for entry in stated] != [one.name for one in expected]:
        return [f"defaults: not {', '.join(one.name for one in expected)}, in this order"]
    holds, faults = holds_today(portfolio, market, ledger), []
    for one, entry in zip(expected, stated, strict=True):
        for key in ("bound", "before", "after", "reserve", "beyond", "charge"):
            if not abs(entry[key] - getattr(one, key)) <= TOLERANCE:
                faults.append(f"defaults.{one.name}.{key}: {entry[key]} stated, {getattr(one, key)} worked out")
        if entry["yields"] is holds:
            faults.append(f"defaults.{one.name}: it yields where a limit of the file is broken, and nowhere else")
    return faults


def exceeded(ledger: Ledger, portfolio: Portfolio, market: MarketData, allowed: dict[str, float]) -> list[str]:
    """Bounds that the orders exceed by more than `allowed`, and what shares leave unspent."""
    spare = spare_cash(ledger, portfolio, market)
    return [
        f"{one.name} grows by {one.beyond:.3g} beyond its bound"
        for one in bounds_of(ledger, portfolio, market)
        if one.beyond > allowed.get(one.name, 0.0) + (spare if one.name == CASH else 0.0) + TOLERANCE
    ]
