"""What kind of asset a security is, read from its category by the check's own rules."""

from __future__ import annotations

from functools import cache

from advisor.market.data import MarketData

US, ABROAD, BONDS, GOODS, CASH, OTHER = (
    "us_stocks",
    "international_stocks",
    "bonds",
    "gold_and_commodities",
    "cash_and_bills",
    "other",
)
CLASSES = (US, ABROAD, BONDS, GOODS, CASH, OTHER)
WORLD = {US: 0.6, ABROAD: 0.4}
SIZES, STYLES = ("Large", "Mid-Cap", "Small"), ("Blend", "Growth", "Value")
US_SECTORS = (
    *("Technology", "Communications", "Consumer Cyclical", "Consumer Defensive", "Financial", "Health", "Industrials"),
    *("Equity Energy", "Natural Resources", "Utilities", "Derivative Income", "Trading--Leveraged Equity"),
)
REGIONS = (
    *("Foreign", "Diversified Emerging Mkts", "Diversified Pacific", "Pacific/Asia", "Europe Stock", "China Region"),
    *("India Equity", "Japan Stock", "Latin America Stock", "Miscellaneous Region"),
)
BILLS = ("Ultrashort Bond", "Money Market", "Prime Money Market", "Taxable Money Market")
LENT = ("bond", "bonds", "government", "treasury", "muni")
NOT_LENT = ("allocation", "convertible", "convertibles", "equity", "nontraditional", "preferred", "stock", "target")


def parts_of(symbol: str, market: MarketData) -> dict[str, float]:
    """By class, what a dollar in the security is of it."""
    security = market.securities[symbol]
    return _parts_of_category(security.sector or "") if security.is_fund else {US: 1.0}


@cache
def _parts_of_category(category: str) -> dict[str, float]:
    if _begins(category, ("Global Large-Stock",)):
        return WORLD
    if _begins(category, BILLS):
        return {CASH: 1.0}
    if _begins(category, US_SECTORS) or _begins(
        category, tuple(f"{size} {style}" for size in SIZES for style in STYLES)
    ):
        return {US: 1.0}
    if _begins(category, REGIONS):
        return {ABROAD: 1.0}
    if _begins(category, ("Commodities",)):
        return {GOODS: 1.0}
    words = category.casefold().replace("-", " ").replace("/", " ").split()
    is_lent = any(word in LENT for word in words) or "money market" in category.casefold()
    return {BONDS: 1.0} if is_lent and not any(word in NOT_LENT for word in (*words, "")) else {OTHER: 1.0}


def _begins(category: str, names: tuple[str, ...]) -> bool:
    return category.casefold().startswith(tuple(name.casefold() for name in names))
