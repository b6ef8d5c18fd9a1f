"""Federal income tax of a year with capital gains, step by step as the statute and the forms go.

Every figure that is reported comes from here; the optimizer has the same law as lines (`optimize.tax_cells`), and the
independent check a third one. Amounts are dollars, exact until they are shown.

Sources: 26 USC 1(h) (rates on gains; Schedule D Tax Worksheet), 1(j) (brackets), 55 to 59 (Form 6251), 1211(b) and
1212(b) (losses; Capital Loss Carryover Worksheet), 1222 (netting), 1411 (Form 8960).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from advisor.tax.tables import (
    COLLECTIBLES_RATE,
    GAIN_RATES,
    INVESTMENT_RATE,
    MINIMUM_RATES,
    PHASE_OUT,
    RATES,
    Tables,
)

ZERO = Decimal(0)
TOP_BELOW_25 = 4  # brackets with a rate below 25%: 10, 12, 22 and 24%


@dataclass(frozen=True, slots=True)
class YearIncome:
    """What a year holds besides capital gains."""

    tables: Tables
    ordinary: Decimal  # taxable, after deductions; negative: deductions that found no income
    qualified: Decimal  # dividends that are taxed as long-term gains
    adjusted_gross: Decimal  # modified, with these dividends
    investment: Decimal  # net investment income, with these dividends
    added_back: Decimal  # what the minimum tax does not let be deducted


@dataclass(frozen=True, slots=True)
class Gains:
    """Net gains of a year, with what was carried forward; negative are losses."""

    short: Decimal
    long: Decimal  # collectibles among them
    collectibles: Decimal = ZERO
    carried_long: Decimal = ZERO  # long-term loss of earlier years that is already taken off `long`


@dataclass(frozen=True, slots=True)
class FederalTax:
    """The tax of the year in its parts, and the losses that are carried into the next."""

    regular: Decimal
    minimum: Decimal  # what the alternative minimum tax adds
    investment: Decimal  # net investment income tax
    counted: Decimal  # gains in adjusted gross income; negative: the loss deducted
    carried_short: Decimal
    carried_long: Decimal

    @property
    def total(self) -> Decimal:
        """All of it."""
        return self.regular + self.minimum + self.investment


def federal_tax(income: YearIncome, gains: Gains) -> FederalTax:
    """Tax of the year with these gains."""
    counted, carried_short, carried_long = _counted(income, gains)
    net_capital_gain = max(ZERO, min(gains.short + gains.long, gains.long))  # 26 USC 1222(11)
    preferred = net_capital_gain + income.qualified  # 1(h)(11)
    at_28 = min(
        net_capital_gain, max(ZERO, gains.collectibles + min(gains.short, ZERO) - gains.carried_long)
    )  # 1(h)(4)
    before_floor = income.ordinary + income.qualified + counted
    taxable = max(ZERO, before_floor)
    regular = _regular(taxable, preferred, at_28, income.tables)
    tentative = _tentative_minimum(before_floor, taxable, preferred, at_28, income)
    return FederalTax(
        regular=regular,
        minimum=max(ZERO, tentative - regular),
        investment=_investment_tax(income, counted),
        counted=counted,
        carried_short=carried_short,
        carried_long=carried_long,
    )


def _counted(income: YearIncome, gains: Gains) -> tuple[Decimal, Decimal, Decimal]:
    """The gain or deductible loss of the year, and the short-term and long-term loss carried forward."""
    net = gains.short + gains.long
    if net >= 0:
        return net, ZERO, ZERO
    deducted = min(-net, income.tables.deductible_loss)
    used = min(deducted, max(ZERO, income.ordinary + income.qualified))  # 1212(b)(2): what had income to meet
    short_loss = max(ZERO, -gains.short - max(ZERO, gains.long))
    long_loss = max(ZERO, -gains.long - max(ZERO, gains.short))
    from_short = min(short_loss, used)
    return -deducted, short_loss - from_short, long_loss - (used - from_short)


def ordinary_tax(amount: Decimal, tables: Tables) -> Decimal:
    """Tax by the brackets."""
    return _by_steps(amount, tables.tops, RATES)


def _by_steps(amount: Decimal, tops: Sequence[Decimal], rates: Sequence[Decimal]) -> Decimal:
    owed, bottom = ZERO, ZERO
    for top, rate in zip((*tops, max(amount, ZERO)), rates, strict=True):
        owed += rate * max(ZERO, min(amount, top) - bottom)
        bottom = max(bottom, top)
    return owed


def _regular(taxable: Decimal, preferred: Decimal, at_28: Decimal, tables: Tables) -> Decimal:
    """26 USC 1(h)(1): (A) ordinary, (B) 0%, (C) 15%, (D) 20%, (F) 28%; never more than by the brackets alone."""
    adjusted = min(preferred - at_28, taxable)
    ordinary = _by_brackets(taxable, preferred, adjusted, tables)
    at_0 = min(adjusted, max(ZERO, min(tables.zero_top, taxable) - (taxable - adjusted)))
    at_15 = min(adjusted - at_0, max(ZERO, tables.fifteen_top - (ordinary + at_0)))
    at_20 = adjusted - at_0 - at_15
    rest = taxable - ordinary - adjusted
    owed = ordinary_tax(ordinary, tables) + GAIN_RATES[1] * at_15 + GAIN_RATES[2] * at_20 + COLLECTIBLES_RATE * rest
    return min(owed, ordinary_tax(taxable, tables))


def _by_brackets(taxable: Decimal, preferred: Decimal, adjusted: Decimal, tables: Tables) -> Decimal:
    """What is taxed by the brackets, 26 USC 1(h)(1)(A): ordinary income, and 28% gain below the end of 24%."""
    below_25 = min(taxable, tables.tops[TOP_BELOW_25 - 1])
    return max(taxable - min(preferred, taxable), min(below_25, taxable - min(adjusted, taxable)))


def _tentative_minimum(
    before_floor: Decimal, taxable: Decimal, preferred: Decimal, at_28: Decimal, income: YearIncome
) -> Decimal:
    """Form 6251; numbers of lines in the comments are those of 2025."""
    tables = income.tables
    minimum_income = before_floor + income.added_back  # line 4
    exemption = max(ZERO, tables.exemption - PHASE_OUT * max(ZERO, minimum_income - tables.exemption_start))
    left = max(ZERO, minimum_income - exemption)  # line 6
    adjusted = preferred - at_28  # line 13
    at_gains_rates = min(left, adjusted)  # line 16
    below = max(ZERO, taxable - adjusted)  # line 20
    ordinary = max(
        taxable - min(preferred, taxable), min(min(taxable, tables.tops[TOP_BELOW_25 - 1]), below)
    )  # line 27
    at_0 = min(at_gains_rates, max(ZERO, tables.zero_top - below))  # line 23
    room = max(ZERO, tables.fifteen_top - max(ZERO, tables.zero_top - below) - ordinary)  # line 29
    at_15 = min(at_gains_rates - at_0, room)  # line 30
    at_20 = at_gains_rates - at_0 - at_15  # line 33
    owed = _minimum_rates(left - at_gains_rates, tables) + GAIN_RATES[1] * at_15 + GAIN_RATES[2] * at_20  # line 38
    return min(owed, _minimum_rates(left, tables))


def _minimum_rates(amount: Decimal, tables: Tables) -> Decimal:
    return _by_steps(amount, (tables.minimum_edge,), MINIMUM_RATES)


def _investment_tax(income: YearIncome, counted: Decimal) -> Decimal:
    """26 USC 1411(a)(1): on the lesser of net investment income and what income exceeds the threshold by."""
    above = max(ZERO, income.adjusted_gross + counted - income.tables.investment_threshold)
    return INVESTMENT_RATE * min(max(ZERO, income.investment + counted), above)
