"""How each view counts on the day, from its definition; and what a record says of that.

A view of a named set has a day. Before it, and once the years of the view are over, it is off. A difference of earnings
yields goes with prices: a price over earnings grows as the price does, splits undone, where earnings stay. Where no
price tells that, the confidence goes down a straight line to zero at the end of the years. Whatever else the file
states counts as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from advisor.market.data import MarketData
from advisor.portfolio.model import Portfolio, PricedEarnings, View

TROPICAL_YEAR = 365.25  # days
STEP = 6  # decimals to which a rolled return and an aged confidence are stated
SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Counted:
    """A view's return a year and confidence as they count, how they came about, and the last day of the prices used."""

    use: str
    annual_return: float
    confidence: float
    prices_to: str | None = None


def counted(view: View, portfolio: Portfolio, market: MarketData) -> Counted:
    """How `view` counts on the day of the decision."""
    stated, trust = stated_return(view), float(view.confidence)
    if view.vintage is None:
        return Counted("stated", stated, trust)
    lived = (portfolio.as_of.toordinal() - view.vintage.as_of.toordinal()) / TROPICAL_YEAR
    left = 1.0 - lived / float(view.years)
    if lived < 0.0 or left <= 0.0:
        return Counted("off", stated, 0.0)
    ratios = [_ratio_now(priced, market) for priced in view.vintage.priced]
    if not ratios or None in ratios:
        return Counted("aged", stated, round(trust * left, STEP))
    yields = 1.0 / np.array(ratios, dtype=float)
    gap = float(yields @ np.array([1.0, -1.0][: len(yields)]))
    days = [market.securities[priced.symbol].close_date for priced in view.vintage.priced]
    return Counted("rolled", round(gap, STEP), trust, max(days).isoformat())


def _ratio_now(priced: PricedEarnings, market: MarketData) -> float | None:
    """Price over earnings at the price at hand; None before the ratio's day, of a proxy, and after an odd move."""
    security = market.securities[priced.symbol]
    if priced.symbol in market.proxied or security.close_date < priced.as_of:
        return None
    whole = float(security.close_usd)
    for split in market.splits.get(priced.symbol, ()):
        is_between = security.close_date >= split.day > priced.as_of
        whole *= float(split.ratio) if is_between else 1.0
    times = whole / float(priced.close_usd)
    return float(priced.price_earnings) * times if 0.5 < times < 2.0 else None


def stated_return(view: View) -> float:
    """What a view says, from its building blocks where it has them."""
    if view.blocks is None:
        return float(view.annual_return)
    blocks = view.blocks
    growth_of_price = np.log(float(blocks.pe_then)) - np.log(float(blocks.pe_now))
    re_rating = np.exp(growth_of_price / float(view.years)) - 1.0
    return float(blocks.dividend_yield) + float(blocks.growth) + float(re_rating)


def view_faults(stated: object, portfolio: Portfolio, market: MarketData) -> list[str]:
    """What a record says of its views, against the file, the set's own prices and the market data."""
    if not isinstance(stated, list) or len(stated) != len(portfolio.views):
        return ["assumptions.views is not a list with one line for each view of the file"]
    faults = []
    for line, view in zip(stated, portfolio.views, strict=True):
        expected = _line(view, portfolio, market)
        wrong = [name for name in {**expected, **line} if not _agrees(line.get(name), expected.get(name))]
        if wrong:
            faults.append(f"assumptions.views: {', '.join(wrong)} of {view.name} is not what follows from its set")
    return faults


def _agrees(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= SAME
    return type(one) is type(other) and one == other


def _line(view: View, portfolio: Portfolio, market: MarketData) -> dict[str, Any]:
    found, vintage = counted(view, portfolio, market), view.vintage
    return {
        "name": " over ".join(filter(None, (view.symbol, view.over))),
        "set": view.set,
        "set_as_of": vintage.as_of.isoformat() if vintage else None,
        "use": found.use,
        "stated_return": stated_return(view),
        "used_return": found.annual_return,
        "stated_confidence": float(view.confidence),
        "used_confidence": found.confidence,
        "prices_to": found.prices_to,
        "priced": [
            {
                "symbol": priced.symbol,
                "price_earnings": f"{priced.price_earnings.normalize():f}",
                "close_usd": f"{priced.close_usd.normalize():f}",
                "as_of": priced.as_of.isoformat(),
                "source": priced.source,
            }
            for priced in (vintage.priced if vintage else ())
        ],
    }
