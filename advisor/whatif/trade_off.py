"""Everything that stands beside a proposal, worked out in one go."""

from __future__ import annotations

from dataclasses import replace

from advisor.market.data import MarketData
from advisor.portfolio.model import LimitMode, Portfolio
from advisor.rebalance.model import RebalancePlan
from advisor.whatif.alternatives import alternatives
from advisor.whatif.curves import cost_curve, frontier
from advisor.whatif.model import TradeOff
from advisor.whatif.scenarios import scenario_outcomes
from advisor.whatif.sensitivity import sensitivities


def trade_off(portfolio: Portfolio, market: MarketData, plan: RebalancePlan) -> TradeOff:
    """Alternatives, curves and sensitivities of `plan`; `market` is the one it was made with.

    The cost of each level of the seven is that of coming there with every other limit no worse than today: otherwise
    nothing could be said of levels between today's and the limits'. The frontier lies within all limits.
    """
    return TradeOff(
        alternatives=(*alternatives(portfolio, market, plan), *scenario_outcomes(portfolio, market, plan)),
        cost_curve=cost_curve(_no_worse(portfolio), market),
        frontier=frontier(portfolio, market),
        sensitivities=sensitivities(portfolio, market),
    )


def _no_worse(portfolio: Portfolio) -> Portfolio:
    limits = tuple(
        replace(limit, mode=LimitMode.NOT_WORSE_THAN_TODAY) if limit.mode is LimitMode.HARD else limit
        for limit in portfolio.limits
    )
    return replace(portfolio, limits=limits)
