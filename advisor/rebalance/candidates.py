"""From an allocation to orders in shares that hold every limit.

1. The best allocation is rounded outward. That is good enough where it holds every limit, keeps to the least trade and
   loses next to nothing, as it does in large households.
2. Otherwise the best orders in whole shares are searched for near the optimum; if there are none, without the least
   trade, which a limit may not allow.
3. Whatever is found is measured in shares and cents. Where it breaks a limit by a hair, the limit is tightened by
   twice the breach and the search begins again, doubling each time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from advisor.errors import UnverifiedAnswerError
from advisor.market.data import MarketData
from advisor.optimize.inputs import AllocationInputs
from advisor.optimize.limits import compile_limits
from advisor.optimize.problem import AllocationProblem
from advisor.optimize.quantities import Quantities, round_outward
from advisor.optimize.solve import Allocation, allocate, buying
from advisor.optimize.whole_shares import orders_in_shares
from advisor.portfolio.limit_types import Unit
from advisor.portfolio.model import Portfolio
from advisor.rebalance.conflict import refusal
from advisor.rebalance.measurer import Measurer, utility
from advisor.rebalance.model import HouseholdState, LimitResult, NetBenefit, TaxResult, Trade
from advisor.rebalance.outcome import (
    EDGE,
    breach,
    effective_bound,
    limit_results,
    net_benefit,
    soft_charge,
    tax_result,
)
from advisor.rebalance.trades import cash_after, orders, shares_after

ATTEMPTS = 12
NEXT_TO_NOTHING = 1e-5  # of household value a year: a tenth of a basis point


@dataclass(frozen=True, slots=True)
class SurveyedHousehold:
    """Everything the search for orders needs to know, worked out once."""

    measurer: Measurer
    inputs: AllocationInputs
    before: HouseholdState

    @property
    def portfolio(self) -> Portfolio:
        """The user's file."""
        return self.measurer.portfolio

    @property
    def market(self) -> MarketData:
        """The market data."""
        return self.measurer.market


@dataclass(frozen=True, slots=True)
class Candidate:
    """Orders, and the household as they would leave it."""

    trades: tuple[Trade, ...]
    after: HouseholdState
    limits: tuple[LimitResult, ...]
    tax: TaxResult
    spread_usd: Decimal
    net_benefit: NetBenefit


@dataclass(frozen=True, slots=True)
class Proposal:
    """The best orders found, the allocation they carry out, and what whole shares lose against it, a year."""

    candidate: Candidate
    allocation: Allocation
    rounding_loss: float


def problem_of(household: SurveyedHousehold) -> AllocationProblem:
    """The household's problem, compiled."""
    limits = compile_limits(household.portfolio, household.market, household.inputs)
    return AllocationProblem(household.inputs, limits)


def problem_under(household: SurveyedHousehold, problem: AllocationProblem) -> AllocationProblem:
    """The problem of a household that differs from the one of `problem` in what is assumed alone, not compiled again.

    Other expected returns, risk and risk aversion are assumptions; accounts, lots, funds on offer, limits, taxes and
    the horizon are not.
    """
    limits = compile_limits(household.portfolio, household.market, household.inputs)
    return problem.under(household.inputs, limits)


def best_orders(household: SurveyedHousehold, problem: AllocationProblem) -> Proposal:
    """The best orders that hold every limit.

    Raises `LimitsConflictError` where the limits are proved to conflict, and `UnverifiedAnswerError` where no orders
    are found that hold them.
    """
    margins: dict[str, float] = {}
    optimum = -math.inf  # without margins
    for _ in range(ATTEMPTS):
        allocation = allocate(problem, margins)
        if allocation is None:
            raise _no_room(household, margins) if margins else refusal(problem, household.portfolio)
        optimum = max(optimum, allocation.solution.objective)
        proposal = _best_rounding(household, problem, allocation, optimum)
        shortfall = shortfall_of(household, proposal.candidate)
        if not shortfall:
            return proposal
        for label, excess in shortfall.items():
            margins[label] = 2 * (margins.get(label, 0.0) + excess)
    raise _no_room(household, margins)


def advised(household: SurveyedHousehold, best: Proposal) -> Candidate:
    """The best orders, or none where every limit holds today and they gain less than the user's minimum.

    The gain is that of the best orders, also where they are not made.
    """
    nothing = candidate_of(household, ())
    gained = best.candidate.net_benefit
    idle = not shortfall_of(household, nothing) and gained.total < float(household.portfolio.preferences.min_gain)
    return replace(nothing, net_benefit=gained) if idle else best.candidate


def _best_rounding(
    household: SurveyedHousehold, problem: AllocationProblem, allocation: Allocation, optimum: float
) -> Proposal:
    """The allocation in shares: rounded outward where that is good enough, else searched for."""
    outward = _proposal(
        household, allocation, round_outward(household.inputs, allocation.sell, allocation.buy), optimum
    )
    holds = not shortfall_of(household, outward.candidate) and not small_orders(household, outward.candidate.trades)
    if holds and outward.rounding_loss <= NEXT_TO_NOTHING:
        return outward
    for variant, least_trade in (
        (allocation, problem.inputs.min_trade),
        (replace(allocation, solution=allocation.best), problem.inputs.min_trade),  # every fund on offer
        (allocation, 0.0),  # a limit may need an order that is smaller
    ):
        quantities = orders_in_shares(problem, variant.solution, least_trade)
        if quantities is not None:
            searched = _proposal(household, variant, quantities, optimum)
            return min([searched, *([outward] if holds else [])], key=lambda answer: answer.rounding_loss)
    return outward


def _proposal(household: SurveyedHousehold, allocation: Allocation, quantities: Quantities, optimum: float) -> Proposal:
    trades = orders(quantities, household.inputs, household.portfolio, household.market)
    candidate = candidate_of(household, trades)
    reached = objective_of_nothing(household, candidate, household.inputs.horizon_years) + candidate.net_benefit.total
    bought = tuple(sorted({trade.symbol for trade in trades if trade.side == "buy"}))
    return Proposal(candidate, buying(allocation, bought), optimum - reached)


def objective_of_nothing(household: SurveyedHousehold, candidate: Candidate, horizon_years: float) -> float:
    """The optimizer's objective for the household as it stands, from figures that `candidate` measured on the way."""
    i = household.inputs
    charge = soft_charge(candidate.limits, "before", float(household.before.value_usd), 1.0)
    today = utility(household.before, 1.0, i.risk_aversion, i.covariance_inflation)
    return today - tax_without_trades(household, candidate) / horizon_years - charge


def tax_without_trades(household: SurveyedHousehold, candidate: Candidate) -> float:
    """The year's tax if nothing is done, with what is carried forward at its value; fraction of household value."""
    later_usd = household.inputs.rates.carryforward_value * float(candidate.tax.carried_without_usd)
    return (float(candidate.tax.year_tax_before_usd) - later_usd) / float(household.before.value_usd)


def candidate_of(household: SurveyedHousehold, trades: tuple[Trade, ...]) -> Candidate:
    """The household measured as these orders would leave it."""
    portfolio, before, i = household.portfolio, household.before, household.inputs
    after = household.measurer.measure(shares_after(portfolio, trades), cash_after(portfolio, trades))
    tax = tax_result(portfolio, trades)
    limits = limit_results(household.measurer, before, after, trades)
    return Candidate(
        trades=trades,
        after=after,
        limits=limits,
        tax=tax,
        spread_usd=sum((trade.spread_usd for trade in trades), Decimal(0)),
        net_benefit=net_benefit(
            before,
            after,
            trades,
            tax,
            risk_aversion=i.risk_aversion,
            horizon_years=i.horizon_years,
            return_uncertainty=i.return_uncertainty,
            covariance_inflation=i.covariance_inflation,
            carryforward_value=i.rates.carryforward_value,
            limits=limits,
        ),
    )


def small_orders(household: SurveyedHousehold, trades: tuple[Trade, ...]) -> tuple[Trade, ...]:
    """Orders below the user's least trade that do not sell a whole position."""
    left = shares_after(household.portfolio, trades)
    least_usd = household.portfolio.preferences.min_trade_usd
    return tuple(trade for trade in trades if trade.amount_usd < least_usd and (trade.account, trade.symbol) in left)


def shortfall_of(household: SurveyedHousehold, candidate: Candidate) -> dict[str, float]:
    """Breaches of limits and of cash rules, by label, as fractions of value."""
    breaches = {limit.label: relative_breach(household, limit) for limit in candidate.limits}
    broken = {label: excess for label, excess in breaches.items() if excess > EDGE}
    missing_usd = {
        f"accounts.{account.name}.min_cash": account.min_cash_usd - candidate.after.cash_usd[account.name]
        for account in household.portfolio.accounts
    }
    if household.portfolio.preferences.reserve_tax and candidate.tax.tax_usd > 0:
        missing_usd["preferences.reserve_tax"] = candidate.tax.tax_usd - _free_cash(household, candidate)
    short = {label: float(usd / household.before.value_usd) for label, usd in missing_usd.items() if usd > 0}
    return broken | short


def relative_breach(household: SurveyedHousehold, limit: LimitResult) -> float:
    """How far a limit is exceeded, a limit in dollars as a fraction of value; a soft limit never is."""
    allowed = effective_bound(limit)
    if allowed is None:
        return 0.0
    scale = float(household.before.value_usd) if limit.unit is Unit.USD else 1.0
    return breach(limit.side, allowed, limit.after) / scale


def _free_cash(household: SurveyedHousehold, candidate: Candidate) -> Decimal:
    taxable = [account for account in household.portfolio.accounts if account.is_taxable]
    return sum((candidate.after.cash_usd[account.name] - account.min_cash_usd for account in taxable), Decimal(0))


def _no_room(household: SurveyedHousehold, margins: Mapping[str, float]) -> UnverifiedAnswerError:
    names = ", ".join(sorted(margins))
    if household.portfolio.preferences.whole_shares:
        return UnverifiedAnswerError(
            f"no orders in whole shares hold {names}: allow parts of a share (fractional: true in an account, or "
            "whole_shares: false in the preferences), or widen the limit a little, or what presses against it"
        )
    return UnverifiedAnswerError(
        f"no orders in thousandths of a share hold {names}: the limits leave no room for rounding; "
        "widen them a little, or what presses against them"
    )
