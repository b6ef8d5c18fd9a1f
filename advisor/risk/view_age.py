"""Views of a named set as they count on the day of the decision: rolled with prices, aged, or switched off.

1. A set is of a day, and its figures with it. On an earlier day it was not known, and once it is older than the years
   it is held for it says nothing: then its views are switched off.
2. A view that is a difference of earnings yields is rolled. Earnings stay as they were and prices do not, so each yield
   is that of the set's day times the close of that day over the close at hand. Splits in between are counted.
3. Where that cannot be told, the confidence falls evenly with age, from what was stated to nothing when the years are
   over.
4. A view of the file's own counts as it is stated: who wrote it knows its day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from advisor.market.data import MarketData
from advisor.portfolio.model import Portfolio, PricedEarnings, View

DAYS_A_YEAR = Decimal("365.25")
EXACT = Decimal("0.000001")  # of a return a year
LEAST_MOVE, MOST_MOVE = Decimal("0.5"), Decimal(2)  # of a fund; beyond it a split was missed, more likely than not


class Use(StrEnum):
    """How a view counts."""

    STATED = "stated"
    ROLLED = "rolled"
    AGED = "aged"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class UsedView:
    """A view as it is stated, and as it counts; `prices_to` is the last day of the prices it was rolled with.

    `used` belongs to its set, but has no vintage: it is not rolled a second time.
    """

    stated: View
    used: View
    use: Use
    prices_to: date | None = None


def views_as_used(portfolio: Portfolio, market: MarketData) -> tuple[UsedView, ...]:
    """Every view of the file, in its order, as it counts on the day of the decision with the prices of `market`."""
    return tuple(_used(view, portfolio.as_of, market) for view in portfolio.views)


def views_that_count(portfolio: Portfolio, market: MarketData) -> tuple[View, ...]:
    """The views as they count, without those that are switched off."""
    return tuple(view.used for view in views_as_used(portfolio, market) if view.use is not Use.OFF)


def _used(view: View, as_of: date, market: MarketData) -> UsedView:
    if view.vintage is None:
        return UsedView(view, view, Use.STATED)
    plain = replace(view, vintage=None)
    age = Decimal((as_of - view.vintage.as_of).days) / DAYS_A_YEAR
    if age < 0 or age >= view.years:
        return UsedView(view, replace(plain, confidence=Decimal(0)), Use.OFF)
    yields = [known for priced in view.vintage.priced if (known := _rolled_yield(priced, market)) is not None]
    if len(yields) == len(view.symbols):
        found = yields[0] - sum(yields[1:], Decimal(0))
        last = max(market.securities[symbol].close_date for symbol in view.symbols)
        return UsedView(view, replace(plain, annual_return=found.quantize(EXACT)), Use.ROLLED, last)
    left = view.confidence * (1 - age / view.years)
    return UsedView(view, replace(plain, confidence=left.quantize(EXACT)), Use.AGED)


def _rolled_yield(priced: PricedEarnings, market: MarketData) -> Decimal | None:
    """Earnings yield at the close at hand; None where that is of an earlier day, or a split may have been missed."""
    security = market.securities[priced.symbol]
    if security.close_date < priced.as_of or priced.symbol in market.proxied:
        return None
    ratio = Decimal(1)
    for split in market.splits.get(priced.symbol, ()):
        if priced.as_of < split.day <= security.close_date:
            ratio *= split.ratio
    growth = security.close_usd * ratio / priced.close_usd
    if not LEAST_MOVE < growth < MOST_MOVE:
        return None
    return 1 / (priced.price_earnings * growth)
