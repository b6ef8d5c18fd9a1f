"""Everything that stands beside a proposal, worked out in one go."""

from __future__ import annotations

from advisor.market.data import MarketData
from advisor.portfolio.model import Portfolio
from advisor.rebalance.model import RebalancePlan
from advisor.whatif.alternatives import alternatives, unsolved
from advisor.whatif.curves import cost_curve, frontier
from advisor.whatif.least_cost import least_cost, no_worse
from advisor.whatif.model import TradeOff
from advisor.whatif.more_room import more_room
from advisor.whatif.scenarios import scenario_outcomes
from advisor.whatif.sensitivity import sensitivities
from advisor.whatif.stability import stability
from advisor.whatif.view_audit import view_audit

MOST_LOTS = 2_000  # beyond, comparing takes longer than planning, which takes seconds itself
_TOO_LARGE = (
    f"Other funds, curves, assumptions, views and histories are not compared for more than {MOST_LOTS:,} lots; "
    "advisor what-if compares scenarios on request."
)


def trade_off(portfolio: Portfolio, market: MarketData, plan: RebalancePlan) -> TradeOff:
    """Alternatives, curves, sensitivities, audits and stability of `plan`; `market` is the one it was made with.

    The best trades under each cap of the seven, and the least cost of each level, have every other limit no worse than
    today: otherwise nothing could be said of levels between today's and the limits'. The frontier lies within all. Of a
    household of more than `MOST_LOTS` lots only what needs no solving is compared, and `note` says so.
    """
    if is_large(portfolio):
        return TradeOff(unsolved(portfolio, market, plan), None, None, (), _TOO_LARGE)
    return TradeOff(
        alternatives=(*alternatives(portfolio, market, plan), *scenario_outcomes(portfolio, market, plan)),
        cost_curve=cost_curve(no_worse(portfolio), market),
        frontier=frontier(portfolio, market),
        sensitivities=sensitivities(portfolio, market),
        views=view_audit(portfolio, market),
        stability=stability(portfolio, market, in_orders=plan.after.small_cap_weight),
        least_cost=least_cost(portfolio, market),
        more_room=more_room(portfolio, market, plan),
    )


def is_large(portfolio: Portfolio) -> bool:
    """Whether the household has more than `MOST_LOTS` lots."""
    lots = sum(len(position.lots) for account in portfolio.accounts for position in account.positions)
    return lots > MOST_LOTS
