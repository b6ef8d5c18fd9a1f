"""Where cash rises for want of room: what a larger share of small caps, or one more fund, would make of it.

Choices and no orders. The fund is found by a rule, not by preference: of the broad US stock funds with data that hold
at most `LITTLE_OF_SEVEN` of the Magnificent Seven, by the upper end of their lists, the one that moves most like the US
stock market, large companies before medium ones; the next are named beside it. Each choice is answered by the same two
plans, before rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from advisor.market.asset_classes import AssetClass, class_shares
from advisor.market.constituents import magnificent_seven_interval
from advisor.market.data import MARKET, MarketData
from advisor.optimize.default_bounds import CASH, SMALL
from advisor.portfolio.limit_types import Side
from advisor.portfolio.model import Limit, Portfolio
from advisor.rebalance.candidates import problem_of
from advisor.rebalance.model import RebalancePlan
from advisor.rebalance.plan import survey
from advisor.risk.covariance import risk_model
from advisor.risk.measures import tracking_error
from advisor.whatif.decision import decided_of
from advisor.whatif.model import MoreRoom

NOTABLE = 0.05  # of the household, by which cash rises beyond its bound
LITTLE_OF_SEVEN = 0.02  # of a fund
MOST_OTHERS = 3
MID_CAP = "Mid-Cap Blend"
BROAD = ("Large Blend", MID_CAP)  # categories, of the whole economy


@dataclass(frozen=True, slots=True)
class Offer:
    """A fund that could be bought, its upper share of the seven, and how far it moves apart from the market."""

    symbol: str
    seven: float
    apart: float  # standard deviation a year
    is_mid: bool  # of medium companies, which come after the large ones


def more_room(portfolio: Portfolio, market: MarketData, plan: RebalancePlan) -> MoreRoom | None:
    """What the choices come to; None where cash rises by no more than `NOTABLE` beyond its bound."""
    beyond = beyond_room(plan)
    if beyond <= NOTABLE:
        return None
    share = _enough(plan, beyond)
    offers = offered(portfolio, market)
    fund = offers[0] if offers else None
    with_fund = None
    if fund is not None:
        preferences = replace(portfolio.preferences, buy=(*portfolio.preferences.buy, fund.symbol))
        with_fund = _cash(_open_to(replace(portfolio, preferences=preferences), fund.symbol), market)
    return MoreRoom(
        beyond=beyond,
        cash=plan.after.cash_weight,
        small_caps=float(share),
        cash_with_small_caps=_cash(_with_small_caps(portfolio, share), market),
        fund=None if fund is None else fund.symbol,
        fund_seven=None if fund is None else fund.seven,
        cash_with_fund=with_fund,
        others=tuple(offer.symbol for offer in offers[1 : 1 + MOST_OTHERS]),
    )


def beyond_room(plan: RebalancePlan) -> float:
    """By how much cash and bills exceed their default bound, a fraction of household value."""
    return next((default.beyond for default in plan.defaults if default.name == CASH), 0.0)


def offered(portfolio: Portfolio, market: MarketData) -> tuple[Offer, ...]:
    """Funds that the rule allows and that may not be bought yet, the nearest to the market first."""
    found = []
    for symbol, security in sorted(market.securities.items()):
        is_broad = security.is_fund and security.sector in BROAD and symbol not in market.proxied
        if not is_broad or symbol in portfolio.preferences.buy or symbol not in market.covariance.symbols:
            continue
        seven = magnificent_seven_interval(market, symbol)[1]
        if seven <= LITTLE_OF_SEVEN and class_shares(security).get(AssetClass.US_STOCKS, 0.0) == 1.0:
            model = risk_model(market, (symbol, MARKET))
            apart = tracking_error(model, np.array([1.0, 0.0]), MARKET)
            found.append(Offer(symbol, seven, apart, is_mid=security.sector == MID_CAP))
    return tuple(sorted(found, key=lambda offer: (offer.is_mid, offer.apart, offer.symbol)))


def _enough(plan: RebalancePlan, beyond: float) -> Decimal:
    """The share of small caps, a whole point, that would take in what is kept for want of room; all at most."""
    return min(Decimal(math.ceil((plan.after.small_cap_weight + beyond) * 100)) / 100, Decimal(1))


def _with_small_caps(portfolio: Portfolio, share: Decimal) -> Portfolio:
    kept = tuple(limit for limit in portfolio.limits if (limit.name, limit.side) != (SMALL, Side.MAX))
    return replace(portfolio, limits=(*kept, Limit(SMALL, Side.MAX, share)))


def _open_to(portfolio: Portfolio, symbol: str) -> Portfolio:
    """Accounts with a list of their own offer the fund as well."""
    accounts = tuple(
        account if account.buy is None else replace(account, buy=(*account.buy, symbol))
        for account in portfolio.accounts
    )
    return replace(portfolio, accounts=accounts)


def _cash(portfolio: Portfolio, market: MarketData) -> float | None:
    """Cash after the answer of `portfolio`, a fraction of household value; None where its limits leave none."""
    household = survey(portfolio, market)
    answer = decided_of(household, problem_of(household))
    if answer is None:
        return None
    if answer.allocation is None:
        return household.before.cash_weight
    solution = answer.allocation.solution
    return float(solution.cash.sum() / (solution.weights.sum() + solution.cash.sum()))
