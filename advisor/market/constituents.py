"""Questions about what a security holds: intervals of companies, and of the Magnificent Seven together."""

from __future__ import annotations

from collections.abc import Iterable

from advisor.errors import MarketDataError
from advisor.market.data import Constituents, MarketData
from advisor.portfolio.model import MAGNIFICENT_SEVEN


def constituents_of(market: MarketData, symbol: str) -> Constituents:
    """What is known of a fund's companies.

    Raises
    ------
    MarketDataError
        Nothing is known.
    """
    try:
        return market.constituents[symbol]
    except KeyError:
        raise MarketDataError(
            f"{symbol}: nothing is known of this fund's holdings; name a fund that holds the same under "
            f"`securities: [{{symbol: {symbol}, proxy: ...}}]`"
        ) from None


def company_of(market: MarketData, symbol: str) -> str | None:
    """Issuer of a stock; None for a fund.

    Raises
    ------
    MarketDataError
        The symbol has no data.
    """
    if symbol not in market.securities:
        raise MarketDataError(f"{symbol}: no market data")
    return market.securities[symbol].company


def magnificent_seven_interval(market: MarketData, symbol: str) -> tuple[float, float]:
    """Weight of the seven inside one dollar of a security: (low, high)."""
    company = company_of(market, symbol)
    if company is None:
        return constituents_of(market, symbol).magnificent_seven
    weight = 1.0 if company in MAGNIFICENT_SEVEN else 0.0
    return (weight, weight)


def company_interval(market: MarketData, symbol: str, company: str) -> tuple[float, float]:
    """Weight of one company inside one dollar of a security: (low, high)."""
    owner = company_of(market, symbol)
    if owner is None:
        constituents = constituents_of(market, symbol)
        return constituents.companies.get(company, (0.0, constituents.others_high))
    weight = 1.0 if owner == company else 0.0
    return (weight, weight)


def companies_of(market: MarketData, symbols: Iterable[str]) -> tuple[str, ...]:
    """Companies that these securities are, hold or may hold by name, in alphabetical order."""
    found: set[str] = set()
    for symbol in symbols:
        owner = company_of(market, symbol)
        if owner is None:
            intervals = constituents_of(market, symbol).companies
            found.update(company for company, interval in intervals.items() if interval[1] > 0.0)
        else:
            found.add(owner)
    return tuple(sorted(found))
