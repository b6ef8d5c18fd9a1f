"""Weight of a sector inside one dollar of a security, as an interval: what is known, and what is not ruled out.

1. A stock is in its own sector, and cash in none.
2. A fund's list of sectors gives each weight; what the list does not add up to may be in any sector.
3. A fund without such a list has that of the funds of its index, the newest first, since they hold the same.
4. Otherwise the companies known to be in it are counted by their sectors, and the rest may be in any.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from advisor.market.constituents import company_of, constituents_of
from advisor.market.data import Constituents, MarketData
from advisor.portfolio.model import SECTORS


def sector_interval(market: MarketData, symbol: str, sector: str) -> tuple[float, float]:
    """Weight of `sector` inside one dollar of `symbol`: (low, high).

    Raises
    ------
    MarketDataError
        The symbol has no data, or a fund no constituents.
    """
    if company_of(market, symbol) is not None:
        own = market.securities[symbol].sector
        return (0.0, 1.0) if own is None else (float(own == sector), float(own == sector))
    constituents = constituents_of(market, symbol)
    known = _listed(market, constituents) or _by_company(market, constituents)
    low = known.get(sector, 0.0)
    return (low, low + max(0.0, constituents.gross - sum(known.values())))


def household_sectors(market: MarketData, weights: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Weight of each sector in a household of `weights` (the rest is cash), funds looked through: (low, high).

    Raises `MarketDataError` as `sector_interval`.
    """
    found = {}
    for sector in SECTORS:
        ends = [(weight, sector_interval(market, symbol, sector)) for symbol, weight in weights.items()]
        found[sector] = sum(weight * low for weight, (low, _) in ends), sum(weight * high for weight, (_, high) in ends)
    return found


def _listed(market: MarketData, constituents: Constituents) -> dict[str, float]:
    """Sector weights of the fund's list, or of the newest list of a fund of its index; empty without one."""
    if constituents.sectors is not None:
        return dict(constituents.sectors)
    identity = market.identity(constituents.fund)
    twins = [other for fund, other in market.constituents.items() if market.identity(fund) == identity]
    newest = max(
        (twin for twin in twins if twin.sectors is not None),
        key=lambda twin: (twin.as_of or date.min, twin.fund),
        default=None,
    )
    return {} if newest is None or newest.sectors is None else dict(newest.sectors)


def _by_company(market: MarketData, constituents: Constituents) -> dict[str, float]:
    """Sector weights of the companies that are known to be in the fund."""
    stocks = (security for security in market.securities.values() if security.company and security.sector)
    sectors = {stock.company: stock.sector for stock in stocks}
    known: dict[str, float] = {}
    for company, (low, _) in constituents.companies.items():
        sector = sectors.get(company)
        if sector is not None:
            known[sector] = known.get(sector, 0.0) + low
    return known
