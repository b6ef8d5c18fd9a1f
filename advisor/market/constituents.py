"""Questions about what a security holds: intervals of companies, and of the Magnificent Seven together."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from advisor.errors import MarketDataError
from advisor.market.data import Constituents, MarketData
from advisor.market.fund_kinds import is_geared
from advisor.portfolio.model import MAGNIFICENT_SEVEN

IntervalOf = Callable[[str], tuple[float, float]]  # low and high weight of a company, by its name


def constituents_of(market: MarketData, symbol: str) -> Constituents:
    """What is known of a fund's companies.

    Raises
    ------
    MarketDataError
        Nothing is known; all funds of these market data are named of which that holds.
    """
    try:
        return market.constituents[symbol]
    except KeyError:
        raise MarketDataError(_unknown(market, symbol)) from None


def _unknown(market: MarketData, symbol: str) -> str:
    """That nothing is known of this fund, nor of others that the market data have, why, and the way out."""
    others = (row.symbol for row in market.securities.values() if row.is_fund and row.symbol != symbol)
    funds = (symbol, *sorted(other for other in others if other not in market.constituents))
    rows = (market.securities[fund] for fund in funds if fund in market.securities)
    geared = [row.symbol for row in rows if is_geared(row.name, row.sector)]
    proxies = ", ".join(f"{{symbol: {fund}, proxy: ...}}" for fund in funds)
    whose = "this fund's" if len(funds) == 1 else "these funds'"
    text = (
        f"{', '.join(funds)}: nothing is known of {whose} holdings; "
        f"name a fund that holds the same under `securities: [{proxies}]`"
    )
    if not geared:
        return text
    return (
        f"{text}. Geared or inverse by name or category: {', '.join(geared)}; a list of shares does not tell what such "
        "a fund is exposed to, and its proxy has to be geared alike"
    )


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


def intervals_in(market: MarketData, symbol: str) -> IntervalOf:
    """By company, its weight inside one dollar of a security: (low, high). Raises as `company_of`."""
    owner = company_of(market, symbol)
    if owner is not None:
        return lambda company: (1.0, 1.0) if company == owner else (0.0, 0.0)
    constituents = constituents_of(market, symbol)
    named, other = constituents.companies, (0.0, constituents.others_high)
    return lambda company: named.get(company, other)


def company_interval(market: MarketData, symbol: str, company: str) -> tuple[float, float]:
    """Weight of one company inside one dollar of a security: (low, high)."""
    return intervals_in(market, symbol)(company)


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
