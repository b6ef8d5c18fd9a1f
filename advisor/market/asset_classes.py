"""What kind of asset a security is, by its category: what may not grow unless the household asks for it.

A class is what an investor decides on first, before any fund: how much in US stocks, stocks abroad, bonds, cash. Bills
are cash. A world fund is counted in its parts.

Source: the categories are Morningstar's, as Yahoo Finance prints them. 60% for the US part of a world stock fund is a
round figure, not a measurement: its lists name too few of its companies to add them up by country.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from advisor.market.data import Security
from advisor.market.fund_kinds import holds_bonds_alone


class AssetClass(StrEnum):
    """Kind of asset; `OTHER` is what belongs to none of them, or is not known."""

    US_STOCKS = "us_stocks"
    INTERNATIONAL_STOCKS = "international_stocks"
    BONDS = "bonds"
    GOLD_AND_COMMODITIES = "gold_and_commodities"
    CASH_AND_BILLS = "cash_and_bills"
    OTHER = "other"


US_PART_OF_WORLD = 0.6

_WORLD = MappingProxyType(
    {AssetClass.US_STOCKS: US_PART_OF_WORLD, AssetClass.INTERNATIONAL_STOCKS: 1.0 - US_PART_OF_WORLD}
)
_PREFIXES: tuple[tuple[AssetClass, tuple[str, ...]], ...] = (
    (AssetClass.CASH_AND_BILLS, ("ultrashort bond", "money market", "prime money market", "taxable money market")),
    (
        AssetClass.US_STOCKS,
        (
            *("large blend", "large growth", "large value"),
            *("mid-cap blend", "mid-cap growth", "mid-cap value"),
            *("small blend", "small growth", "small value"),
            *("technology", "communications", "consumer cyclical", "consumer defensive", "financial", "health"),
            *("industrials", "equity energy", "natural resources", "utilities"),
            *("derivative income", "trading--leveraged equity"),
        ),
    ),
    (
        AssetClass.INTERNATIONAL_STOCKS,
        (
            *("foreign", "diversified emerging mkts", "diversified pacific", "pacific/asia", "europe stock"),
            *("china region", "india equity", "japan stock", "latin america stock", "miscellaneous region"),
        ),
    ),
    (AssetClass.GOLD_AND_COMMODITIES, ("commodities",)),
)


def class_shares(security: Security) -> Mapping[AssetClass, float]:
    """What of a dollar in `security` is of each class; the shares add up to 1."""
    if not security.is_fund:
        return MappingProxyType({AssetClass.US_STOCKS: 1.0})
    category = (security.sector or "").casefold()
    if category.startswith("global large-stock"):
        return _WORLD
    return MappingProxyType({_class_of(category): 1.0})


def _class_of(category: str) -> AssetClass:
    for asset_class, prefixes in _PREFIXES:
        if category.startswith(prefixes):
            return asset_class
    return AssetClass.BONDS if holds_bonds_alone(category) else AssetClass.OTHER
