"""Gains and the year's tax, worked out again by if and else."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from advisor.market.data import MarketData
from advisor.portfolio.model import AccountType, Portfolio
from advisor.rebalance.verify.ledger import Ledger, Order, SoldLot, pennies


def held_more_than_a_year(acquired: date, sold: date) -> bool:
    """Holding period by counting months from the day after purchase (IRS Publication 550; Rev. Rul. 66-7)."""
    begin = date.fromordinal(acquired.toordinal() + 1)
    if (begin.month, begin.day) == (2, 29):
        return sold >= date(begin.year + 1, 3, 1)
    return (sold.year, sold.month, sold.day) >= (begin.year + 1, begin.month, begin.day)


def check_gains(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """Each taxable lot line has its gain to the cent and its term; each sheltered one has neither."""
    del record, market
    return [fault for order in ledger.orders for sold in order.sold for fault in _lot_faults(order, sold, portfolio)]


def _lot_faults(order: Order, sold: SoldLot, portfolio: Portfolio) -> list[str]:
    gain, term = sold.line["gain_usd"], sold.line["term"]
    if order.account.type is not AccountType.TAXABLE:
        return [] if gain is None and term is None else [f"{order.name}: a gain in a sheltered account"]
    if sold.lot is None or sold.lot.acquired is None or sold.lot.cost_per_share_usd is None:
        return [f"{order.name}: a taxable lot without date and cost"]
    faults = []
    expected = pennies(sold.shares * (order.price - sold.lot.cost_per_share_usd))
    if gain is None or Decimal(gain) != expected:
        faults.append(f"{order.name}: gain {gain} stated, {expected} replayed")
    expected_term = "long" if held_more_than_a_year(sold.lot.acquired, portfolio.as_of) else "short"
    if term != expected_term:
        faults.append(f"{order.name}: term {term} stated, {expected_term} by the dates")
    return faults


def realized(ledger: Ledger, portfolio: Portfolio) -> tuple[Decimal, Decimal]:
    """Short and long gain of the orders, from the file's own lots."""
    short = long = Decimal(0)
    for order in ledger.orders:
        if order.account.type is not AccountType.TAXABLE:
            continue
        for sold in order.sold:
            if sold.lot is None or sold.lot.acquired is None or sold.lot.cost_per_share_usd is None:
                continue
            gain = pennies(sold.shares * (order.price - sold.lot.cost_per_share_usd))
            if held_more_than_a_year(sold.lot.acquired, portfolio.as_of):
                long += gain
            else:
                short += gain
    return short, long


def schedule_d(portfolio: Portfolio, short_gain: Decimal, long_gain: Decimal) -> tuple[Decimal, Decimal]:
    """Tax of the year to the cent, and the loss carried forward, line by line as Schedule D goes.

    Lines 7 and 15: net short and net long, carryforwards in; line 16: their sum; line 21: the loss that counts.
    """
    tax = portfolio.tax
    line_7 = tax.year_to_date_short_usd + short_gain - tax.carryforward_short_usd
    line_15 = tax.year_to_date_long_usd + long_gain - tax.carryforward_long_usd
    on_short = tax.short_term_rate + tax.state_rate
    on_long = tax.long_term_rate + tax.state_rate
    line_16 = line_7 + line_15
    if line_16 < 0:
        allowed = Decimal(1500) if tax.filing_status == "married_separate" else Decimal(3000)
        line_21 = -line_16 if -line_16 < allowed else allowed
        return pennies(-line_21 * on_short), pennies(-line_16 - line_21)
    if line_7 <= 0:
        owed = line_16 * on_long
    elif line_15 <= 0:
        owed = line_16 * on_short
    else:
        owed = line_7 * on_short + line_15 * on_long
    return pennies(owed), Decimal(0)


def check_tax(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """The year's tax with and without the orders, the loss left over, and the cash kept for the difference."""
    del market
    short, long = realized(ledger, portfolio)
    before, left_before = schedule_d(portfolio, Decimal(0), Decimal(0))
    after, carried = schedule_d(portfolio, short, long)
    expected = {
        "short_term_gain_usd": short,
        "long_term_gain_usd": long,
        "tax_usd": after - before,
        "year_tax_before_usd": before,
        "year_tax_after_usd": after,
        "carried_forward_usd": carried,
        "carried_without_usd": left_before,
    }
    stated = record["tax"]
    faults = [
        f"{name}: {stated[name]} stated, {amount} worked out"
        for name, amount in expected.items()
        if Decimal(stated[name]) != amount
    ]
    if ledger.orders and portfolio.preferences.reserve_tax and after > before:
        free = sum(
            (ledger.cash_after[a.name] - a.min_cash_usd for a in portfolio.accounts if a.type is AccountType.TAXABLE),
            Decimal(0),
        )
        if free < after - before:
            faults.append(f"{after - before} of tax falls due, {free} of cash is left for it in taxable accounts")
    return faults
