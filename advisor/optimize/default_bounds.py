"""Bounds that the program sets by itself, where the user sets none: an answer moves only what it has a reason to move.

1. Cash and bills grow by no more than the tax that these trades leave to be paid.
2. No other class of assets on the buy list grows beyond today; by up to `VIEWED_GROWTH` where a view compares it with
   another class.
3. Small caps are at most `SMALL_CAPS` of US stocks, or today's part if that is more. This is a convention, about twice
   their part of the US market, and no estimate. A limit ``small_caps.max`` of the file takes its place.

Today is the mix without new money (`Account.deposit_usd`), which is to be invested like the rest.

They are hard while the household keeps every limit of its file. Where it breaks one they yield, at a charge: a broken
limit outranks them. They are no limits of the user, and no conflict is ever because of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from advisor.market.asset_classes import AssetClass, class_shares
from advisor.market.data import MarketData
from advisor.optimize.inputs import AllocationInputs, own_mix
from advisor.portfolio.limit_types import Side
from advisor.portfolio.model import Portfolio
from advisor.risk.view_age import views_that_count
from advisor.units import Vector

SMALL_CAPS = 0.2  # of US stocks
VIEWED_GROWTH = 0.1  # of the household
CASH, SMALL = "cash_and_bills", "small_caps"
SMALL_CAPS_CHARGE = 2.0  # times what another dollar beyond its bound is charged


@dataclass(frozen=True, slots=True)
class DefaultBound:
    """``of_security @ w + of_cash * sum(c) <= bound * value``, beyond which each dollar is charged `charge` a year.

    of_security: shape (n,). `bound` is a fraction of household value after the trades; of cash and bills the tax of the
    trades comes on top of it.
    """

    name: str  # "cash_and_bills", "small_caps", or another asset class
    of_security: Vector
    of_cash: float
    bound: float
    charge: float

    @property
    def label(self) -> str:
        """Name among the rows of a problem."""
        return f"defaults.{self.name}"

    @property
    def has_reserve(self) -> bool:
        """Whether cash kept for the tax of the trades is allowed beside it."""
        return self.name == CASH

    def level(self, weights: Vector, cash: float) -> float:
        """What a household of `weights`, shape (n,), and `cash` has of it; all fractions of its value."""
        return float(self.of_security @ weights + self.of_cash * cash)


def default_bounds(portfolio: Portfolio, market: MarketData, inputs: AllocationInputs) -> tuple[DefaultBound, ...]:
    """The bounds of a household as it stands."""
    return tuple(_bounds(portfolio, market, inputs))


def _bounds(portfolio: Portfolio, market: MarketData, inputs: AllocationInputs) -> Iterator[DefaultBound]:
    charge, mix = float(portfolio.preferences.equity_premium), own_mix(portfolio, market)
    held = mix * inputs.weights
    of_class = {one: _row(one, market, inputs.symbols) for one in AssetClass}
    bills = of_class[AssetClass.CASH_AND_BILLS]
    yield DefaultBound(CASH, bills, 1.0, _cash_bound(portfolio, inputs, float(bills @ held), mix), charge)
    viewed = _viewed_classes(portfolio, market)
    for one in AssetClass:
        row = of_class[one]
        if one is not AssetClass.CASH_AND_BILLS and any(
            row[inputs.symbols.index(s)] for s in portfolio.preferences.buy
        ):
            growth = VIEWED_GROWTH if one in viewed else 0.0
            today = float(row @ held)  # more than the whole while a withdrawal is owed
            yield DefaultBound(str(one), row, 0.0, max(today, min(1.0, today + growth)), charge)
    if ("small_caps", Side.MAX) not in {(limit.name, limit.side) for limit in portfolio.limits}:
        small = np.array([float(market.is_small_cap(symbol)) for symbol in inputs.symbols])
        stocks = float(of_class[AssetClass.US_STOCKS] @ held)
        bound = max(float(small @ held), SMALL_CAPS * stocks, _least(portfolio, "small_caps"))
        yield DefaultBound(SMALL, small, 0.0, bound, SMALL_CAPS_CHARGE * charge)


def _row(one: AssetClass, market: MarketData, symbols: Iterable[str]) -> Vector:
    return np.array([class_shares(market.securities[symbol]).get(one, 0.0) for symbol in symbols])


def _cash_bound(portfolio: Portfolio, inputs: AllocationInputs, bills: float, mix: float) -> float:
    """Today's cash and bills, raised to what each account, and the household, must keep in cash."""
    new = np.array([float(account.deposit_usd / inputs.value_usd) for account in portfolio.accounts])
    by_account = mix * float(np.maximum(inputs.cash - new, inputs.min_cash).sum())
    return bills + max(by_account, _least(portfolio, "cash"))


def _least(portfolio: Portfolio, name: str) -> float:
    """The file's own minimum of that name, 0 where it has none."""
    bounds = (float(limit.bound) for limit in portfolio.limits if (limit.name, limit.side) == (name, Side.MIN))
    return max(bounds, default=0.0)


def _viewed_classes(portfolio: Portfolio, market: MarketData) -> set[AssetClass]:
    """Classes that a view compares with another one."""
    viewed: set[AssetClass] = set()
    for view in views_that_count(portfolio, market):
        classes = {one for symbol in view.symbols for one in class_shares(market.securities[symbol])}
        if len(classes) > 1 and view.confidence > 0:
            viewed |= classes
    return viewed
