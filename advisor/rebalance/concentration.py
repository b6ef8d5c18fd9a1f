"""Whether a household that sets no limit on it is concentrated, and how that is said.

It is where the Magnificent Seven are more than `BEYOND_MARKET` more of its US stocks than of the US market, so that
bonds, gold and cash do not hide them; where a company exceeds `COMPANY` of the household, funds looked through; or
where shares of the seven held directly exceed `DIRECT`. The upper ends of intervals count.
"""

from __future__ import annotations

from dataclasses import dataclass

from advisor.format import interval
from advisor.market.asset_classes import AssetClass, class_shares
from advisor.market.constituents import magnificent_seven_interval
from advisor.market.data import MARKET, MarketData
from advisor.portfolio.model import Portfolio
from advisor.rebalance.model import HouseholdState

BEYOND_MARKET, COMPANY, DIRECT = 0.05, 0.10, 0.30
CODE = "concentration_without_limit"
LIMITS = ("magnificent_seven", "single_company")


@dataclass(frozen=True, slots=True)
class Concentration:
    """Intervals of the seven: of the household, of its US stocks (None without any), and of the US market."""

    of_household: tuple[float, float]
    of_stocks: tuple[float, float] | None
    of_market: tuple[float, float]
    largest: str
    of_largest: tuple[float, float]
    direct: float

    @property
    def is_high(self) -> bool:
        """Whether any of the three measures is beyond what needs no word."""
        beyond = self.of_stocks is not None and self.of_stocks[1] - self.of_market[1] > BEYOND_MARKET
        return beyond or self.of_largest[1] > COMPANY or self.direct > DIRECT


def concentration_of(state: HouseholdState, market: MarketData) -> Concentration:
    """Of a household at one moment."""
    seven, largest = state.exposure.seven, state.exposure.companies[0]
    stocks = sum(
        weight * class_shares(market.securities[symbol]).get(AssetClass.US_STOCKS, 0.0)
        for symbol, weight in state.weights.items()
    )
    return Concentration(
        of_household=(seven.low, seven.high),
        of_stocks=(seven.low / stocks, seven.high / stocks) if stocks > 0.0 else None,
        of_market=magnificent_seven_interval(market, MARKET),
        largest=largest.company,
        of_largest=(largest.low, largest.high),
        direct=seven.direct,
    )


def has_limit(portfolio: Portfolio) -> bool:
    """Whether the file limits the seven, or any one company."""
    return any(limit.name in LIMITS for limit in portfolio.limits)


def concentration_words(portfolio: Portfolio, market: MarketData, state: HouseholdState) -> str:
    """What is said of a concentrated household without such a limit; empty of any other."""
    if has_limit(portfolio):
        return ""
    found = concentration_of(state, market)
    if not found.is_high:
        return ""
    limit = "no limit on the Magnificent Seven or on one company" if portfolio.limits else "no limit"
    words = f"You set {limit}. The seven are {interval(*found.of_household)} of your money"
    if found.of_stocks is not None:
        words += f" and {interval(*found.of_stocks)} of your US stocks"
    words += f"; the market's share is {interval(*found.of_market)}."
    if found.of_largest[1] > COMPANY:
        words += f" The largest company, {found.largest}, is {interval(*found.of_largest)} of your money."
    return words
