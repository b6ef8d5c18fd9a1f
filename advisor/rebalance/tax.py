"""This year's capital gains tax, netted as Schedule D nets it, at the user's marginal rates.

Source: IRS Topic 409 and Schedule D (Form 1040): short and long gains are netted first each by itself, then against
each other; 26 USC 1211(b) limits the deduction of a net loss from ordinary income; 26 USC 1212(b) carries the rest
forward.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from advisor.portfolio.preferences import TaxSituation
from advisor.units import to_cents


@dataclass(frozen=True, slots=True)
class YearTax:
    """Tax of one year's net gains (negative: what the loss saves on ordinary income) and the loss left over."""

    tax_usd: Decimal
    carried_forward_usd: Decimal


def year_tax(tax: TaxSituation, short_gain_usd: Decimal, long_gain_usd: Decimal) -> YearTax:
    """Tax of the year if these gains come on top of those so far and of the carryforwards."""
    short = tax.year_to_date_short_usd - tax.carryforward_short_usd + short_gain_usd
    long = tax.year_to_date_long_usd - tax.carryforward_long_usd + long_gain_usd
    short_rate = tax.short_term_rate + tax.state_rate
    long_rate = tax.long_term_rate + tax.state_rate
    net = short + long
    if net < 0:
        deducted = min(-net, tax.loss_deduction_usd)
        return YearTax(to_cents(-short_rate * deducted), to_cents(-net - deducted))
    if short >= 0 and long >= 0:
        owed = short_rate * short + long_rate * long
    else:
        owed = (short_rate if short > 0 else long_rate) * net
    return YearTax(to_cents(owed), Decimal(0))
