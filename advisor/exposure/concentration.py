"""Herfindahl index over companies, as an interval, because funds' lists leave a part unnamed.

With c_i the household's weight in company i, HHI = sum of c_i squared (0-1 scale; cash and bonds add nothing).
Known is low_i <= c_i <= high_i for the companies that are named, c_j <= U for any other, where U is the sum of
fund weight times `others_high`, and the sum of all c: M, the fund weights times their company share (`gross`).

1. Lower bound: the unnamed part M - sum low_i is spread infinitely thin and adds nothing, so HHI >= sum low_i^2.
2. Upper bound: c_i^2 = low_i^2 + (c_i - low_i)(c_i + low_i) <= low_i^2 + (c_i - low_i)(low_i + high_i), and for the
   others c_j^2 <= c_j U. The unnamed part then goes where it counts most per unit (low_i + high_i, or U), each
   company up to its high_i: a fractional knapsack, filled greedily.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from advisor.market.constituents import IntervalOf, companies_of, company_of, constituents_of, intervals_in
from advisor.market.data import MarketData
from advisor.units import ordered


def hhi_interval(weights: Mapping[str, float], market: MarketData) -> tuple[float, float]:
    """Bounds of the Herfindahl index of a household with these security weights (cash is what they leave)."""
    parts = [(weight, intervals_in(market, symbol)) for symbol, weight in weights.items()]
    intervals = [_household_interval(company, parts) for company in companies_of(market, weights)]
    low = sum(known**2 for known, _ in intervals)
    unnamed = max(0.0, _company_mass(weights, market) - sum(known for known, _ in intervals))
    largest_other = _largest_other(weights, market)
    high = low
    for known, most in sorted(intervals, key=lambda interval: -(interval[0] + interval[1])):
        if known + most <= largest_other:
            break
        part = min(most - known, unnamed)
        high += part * (known + most)
        unnamed -= part
    return ordered(low, high + unnamed * largest_other)


def effective_number(hhi: tuple[float, float]) -> tuple[float, float]:
    """Number of equal companies with the same index, 1 / HHI, as an interval.

    Infinite at the upper end where no company is known by name; (0, 0) where no company is held at all.
    """
    low, high = hhi
    if high == 0.0:
        return (0.0, 0.0)
    return (1.0 / high, 1.0 / low if low > 0.0 else math.inf)


def _household_interval(company: str, parts: list[tuple[float, IntervalOf]]) -> tuple[float, float]:
    low = high = 0.0
    for weight, interval_of in parts:
        least, most = interval_of(company)
        low += weight * least
        high += weight * most
    return (low, high)


def _company_mass(weights: Mapping[str, float], market: MarketData) -> float:
    return sum(
        weight * (1.0 if company_of(market, symbol) is not None else constituents_of(market, symbol).gross)
        for symbol, weight in weights.items()
    )


def _largest_other(weights: Mapping[str, float], market: MarketData) -> float:
    return sum(
        weight * constituents_of(market, symbol).others_high
        for symbol, weight in weights.items()
        if company_of(market, symbol) is None
    )
