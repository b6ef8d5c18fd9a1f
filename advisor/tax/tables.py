"""Federal tables by year and filing status: brackets, edges of the rates on gains, deduction, minimum tax.

Sources
-------
2026: Revenue Procedure 2025-32, sections 4.01 (brackets), 4.03 (rates on capital gains), 4.10 (alternative minimum tax)
and 4.14 (standard deduction). The phase-out of the exemption from the minimum tax at 50 cents a dollar, from 500,000
and 1,000,000 on: Public Law 119-21, section 70107. Thresholds of the net investment income tax, which are not indexed:
26 USC 1411(b). Deductible loss: 26 USC 1211(b).

Later years are a projection until the Internal Revenue Service publishes them: `INDEXATION` a year, rounded down to
multiples of 50 dollars, and of 100 for the minimum tax.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from advisor.portfolio.preferences import FilingStatus

PUBLISHED = 2026  # the last year whose tables are
INDEXATION = Decimal("0.027")  # a year from then on: an assumption
RATES = tuple(map(Decimal, ("0.10", "0.12", "0.22", "0.24", "0.32", "0.35", "0.37")))
GAIN_RATES = tuple(map(Decimal, ("0", "0.15", "0.20")))
COLLECTIBLES_RATE = Decimal("0.28")  # 26 USC 1(h)(1)(F)
INVESTMENT_RATE = Decimal("0.038")  # 26 USC 1411(a)
MINIMUM_RATES = (Decimal("0.26"), Decimal("0.28"))  # 26 USC 55(b)(1)
PHASE_OUT = Decimal("0.50")  # of each dollar of income above the start, 26 USC 55(d)(2)


@dataclass(frozen=True, slots=True)
class Tables:
    """One year's figures of one filing status, in dollars of taxable income where nothing else is said."""

    year: int
    is_projected: bool
    tops: tuple[Decimal, ...]  # of every bracket but the last, whose rates are `RATES`
    zero_top: Decimal  # of what may be taxed at 0% on long-term gains
    fifteen_top: Decimal
    standard_deduction: Decimal
    over_65: Decimal  # added to the standard deduction for each
    exemption: Decimal  # from the minimum tax
    exemption_start: Decimal  # minimum taxable income at which the exemption begins to go
    minimum_edge: Decimal  # from 26 to 28%
    investment_threshold: Decimal  # modified adjusted gross income
    deductible_loss: Decimal


_SINGLE, _JOINT = FilingStatus.SINGLE, FilingStatus.MARRIED_JOINT
_SEPARATE, _HEAD = FilingStatus.MARRIED_SEPARATE, FilingStatus.HEAD_OF_HOUSEHOLD
_TOPS = {
    _SINGLE: (12_400, 50_400, 105_700, 201_775, 256_225, 640_600),
    _JOINT: (24_800, 100_800, 211_400, 403_550, 512_450, 768_700),
    _HEAD: (17_700, 67_450, 105_700, 201_750, 256_200, 640_600),
    _SEPARATE: (12_400, 50_400, 105_700, 201_775, 256_225, 384_350),
}
_GAIN_TOPS = {
    _SINGLE: (49_450, 545_500),
    _JOINT: (98_900, 613_700),
    _HEAD: (66_200, 579_600),
    _SEPARATE: (49_450, 306_850),
}
_DEDUCTION = {_SINGLE: (16_100, 2_050), _JOINT: (32_200, 1_650), _HEAD: (24_150, 2_050), _SEPARATE: (16_100, 1_650)}
_MINIMUM = {
    _SINGLE: (90_100, 500_000, 244_500),
    _JOINT: (140_200, 1_000_000, 244_500),
    _HEAD: (90_100, 500_000, 244_500),
    _SEPARATE: (70_100, 500_000, 122_250),
}
_INVESTMENT = {_SINGLE: 200_000, _JOINT: 250_000, _HEAD: 200_000, _SEPARATE: 125_000}


@cache
def tables_of(year: int, status: FilingStatus) -> Tables:
    """The tables of `year`, published or projected. Raises `ValueError` for a year before the first that is known."""
    if year < PUBLISHED:
        raise ValueError(f"no federal tables of {year}")
    factor = (1 + INDEXATION) ** (year - PUBLISHED)

    def grown(amount: int, step: int = 50) -> Decimal:
        return Decimal(amount) if year == PUBLISHED else Decimal(int(amount * factor) // step * step)

    deduction, over_65 = _DEDUCTION[status]
    exemption, start, edge = _MINIMUM[status]
    return Tables(
        year=year,
        is_projected=year > PUBLISHED,
        tops=tuple(grown(top) for top in _TOPS[status]),
        zero_top=grown(_GAIN_TOPS[status][0]),
        fifteen_top=grown(_GAIN_TOPS[status][1]),
        standard_deduction=grown(deduction),
        over_65=grown(over_65),
        exemption=grown(exemption, 100),
        exemption_start=grown(start, 100),
        minimum_edge=grown(edge, 100),
        investment_threshold=Decimal(_INVESTMENT[status]),
        deductible_loss=Decimal(1500 if status is _SEPARATE else 3000),
    )
