"""Overlap of two securities: the sum over companies of the smaller of the two weights, as an interval.

1. The same security, or two funds of one index: 1.
2. Two funds whose full files were compared when the data were built, or funds of the same index as those: that figure.
3. Otherwise from the lists. Each named company adds between min(low, low) and min(high, high), and what neither
   list names adds at most the smaller of the two unnamed parts.
"""

from __future__ import annotations

from advisor.errors import MarketDataError
from advisor.market.constituents import companies_of, company_interval, company_of, constituents_of
from advisor.market.data import MarketData
from advisor.units import ordered


def overlap(market: MarketData, first: str, second: str) -> tuple[float, float]:
    """Bounds of the overlap of two securities, between 0 and 1; leverage does not raise it above 1.

    Funds that hold no shares (bonds, bills, gold) share nothing with funds that do; between two of them of
    different indexes nothing is known.

    Raises
    ------
    MarketDataError
        A symbol has no data, or a fund no constituents.
    """
    if _same_portfolio(market, first, second):
        return (1.0, 1.0)
    stored = _stored(market, first, second)
    if stored is not None:
        return (stored, stored)
    if _mass(market, first) == 0.0 and _mass(market, second) == 0.0:
        return (0.0, 1.0)
    return _from_lists(market, first, second)


def _same_portfolio(market: MarketData, first: str, second: str) -> bool:
    for symbol in (first, second):
        if symbol not in market.securities:
            raise MarketDataError(f"{symbol}: no market data")
    one, other = market.securities[first], market.securities[second]
    if one.is_fund != other.is_fund:
        return False
    return first == second or (one.index is not None and one.index == other.index)


def _stored(market: MarketData, first: str, second: str) -> float | None:
    """Overlap by full files of these two, or else of funds with the same indexes, if there is one."""
    exact = market.overlaps.get((first, second)) or market.overlaps.get((second, first))
    if exact is not None:
        return exact.value
    for (one, other), figure in market.overlaps.items():
        straight = _same_portfolio(market, one, first) and _same_portfolio(market, other, second)
        crossed = _same_portfolio(market, one, second) and _same_portfolio(market, other, first)
        if straight or crossed:
            return figure.value
    return None


def _from_lists(market: MarketData, first: str, second: str) -> tuple[float, float]:
    low = high = named_first = named_second = 0.0
    for company in companies_of(market, (first, second)):
        one, other = company_interval(market, first, company), company_interval(market, second, company)
        low += min(one[0], other[0])
        high += min(one[1], other[1])
        named_first += one[0]
        named_second += other[0]
    mass_first, mass_second = _mass(market, first), _mass(market, second)
    unnamed = min(max(0.0, mass_first - named_first), max(0.0, mass_second - named_second))
    most = min(1.0, mass_first, mass_second)
    return ordered(min(most, low), min(most, high + unnamed))


def _mass(market: MarketData, symbol: str) -> float:
    """Weight of all companies in a security: 1, or a fund's `gross`."""
    return 1.0 if company_of(market, symbol) is not None else constituents_of(market, symbol).gross
