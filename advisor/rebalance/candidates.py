"""Orders, and what they make of the household: measured in shares and cents, held against limits and default bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from advisor.market.data import MarketData
from advisor.optimize.default_bounds import CASH, DefaultBound
from advisor.optimize.inputs import AllocationInputs
from advisor.optimize.limits import compile_limits
from advisor.optimize.problem import AllocationProblem
from advisor.portfolio.limit_types import Unit
from advisor.portfolio.model import LimitMode, Portfolio
from advisor.rebalance.measurer import Measurer, utility
from advisor.rebalance.model import DefaultResult, HouseholdState, LimitResult, NetBenefit, TaxResult, Trade
from advisor.rebalance.outcome import (
    EDGE,
    breach,
    default_charge,
    default_results,
    effective_bound,
    limit_results,
    net_benefit,
    soft_charge,
    tax_result,
)
from advisor.rebalance.trades import cash_after, shares_after
from advisor.risk.expected_returns import ExpectedReturns
from advisor.risk.reference import Reference
from advisor.units import SHARE_STEP

CASH_LABEL = f"defaults.{CASH}"
NO_BENEFIT = NetBenefit(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class SurveyedHousehold:
    """Everything the search for orders needs to know, worked out once; expected returns are those of the best plan."""

    measurer: Measurer
    inputs: AllocationInputs
    before: HouseholdState
    reference: Reference
    defaults: tuple[DefaultBound, ...]
    own_mix: ExpectedReturns  # what today's holdings imply, without a view

    @property
    def portfolio(self) -> Portfolio:
        """The user's file."""
        return self.measurer.portfolio

    @property
    def market(self) -> MarketData:
        """The market data."""
        return self.measurer.market

    @property
    def has_one_plan(self) -> bool:
        """Whether nothing could be better than the cheapest plan: today's holdings are the reference, and no view."""
        return self.reference.is_own_mix and np.array_equal(self.inputs.expected_return, self.own_mix.annual)

    def tracking_today(self) -> SurveyedHousehold:
        """The same household with today's holdings as its reference and no view: what the cheapest plan is asked."""
        measurer = self.measurer.expecting(self.own_mix)
        returns = self.own_mix.annual
        inputs = replace(self.inputs, expected_return=returns, implied_return=returns)
        return replace(self, measurer=measurer, inputs=inputs, before=_expecting(measurer, self.before))


@dataclass(frozen=True, slots=True)
class Candidate:
    """Orders, and the household as they would leave it."""

    trades: tuple[Trade, ...]
    after: HouseholdState
    limits: tuple[LimitResult, ...]
    defaults: tuple[DefaultResult, ...]
    tax: TaxResult
    spread_usd: Decimal
    net_benefit: NetBenefit


def problem_of(household: SurveyedHousehold) -> AllocationProblem:
    """The household's problem, compiled; its default bounds yield (`AllocationProblem.keeping` makes them hard)."""
    limits = compile_limits(household.portfolio, household.market, household.inputs)
    return AllocationProblem(household.inputs, limits, household.defaults)


def problem_of_today(household: SurveyedHousehold, problem: AllocationProblem) -> AllocationProblem:
    """The problem of `household.tracking_today()`: other expected returns alone, so the same limits."""
    return problem.under(household.inputs, problem.formulation.limits)


def problem_under(household: SurveyedHousehold, problem: AllocationProblem) -> AllocationProblem:
    """The problem of a household that differs from the one of `problem` in what is assumed alone, not compiled again.

    Other expected returns, risk and risk aversion are assumptions; accounts, lots, funds on offer, limits, taxes and
    the horizon are not.
    """
    limits = compile_limits(household.portfolio, household.market, household.inputs)
    return problem.under(household.inputs, limits)


def objective_of_nothing(household: SurveyedHousehold, candidate: Candidate, cost_years: float) -> float:
    """The optimizer's objective for the household as it stands, from figures that `candidate` measured on the way."""
    i = household.inputs
    charge = soft_charge(candidate.limits, "before", float(household.before.value_usd), 1.0)
    charge += default_charge(candidate.defaults, "before")
    today = utility(household.before, 1.0, i.risk_aversion, i.covariance_inflation)
    return today - tax_without_trades(household, candidate) / cost_years - charge


def tax_without_trades(household: SurveyedHousehold, candidate: Candidate) -> float:
    """The year's tax if nothing is done, with what is carried forward at its value; fraction of household value."""
    later_usd = household.inputs.rates.carryforward_value * float(candidate.tax.carried_without_usd)
    return (float(candidate.tax.year_tax_before_usd) - later_usd) / float(household.before.value_usd)


def candidate_of(household: SurveyedHousehold, trades: tuple[Trade, ...]) -> Candidate:
    """The household measured as these orders would leave it."""
    portfolio, before, measurer = household.portfolio, household.before, household.measurer
    after = measurer.measure(shares_after(portfolio, trades), cash_after(portfolio, trades)) if trades else before
    tax = tax_result(portfolio, trades)
    limits = limit_results(measurer, before, after, trades)
    reserve_usd = max(tax.tax_usd, Decimal(0)) if portfolio.preferences.reserve_tax else Decimal(0)
    yields = not holds_today(household, limits)
    return _rated(
        household,
        Candidate(
            trades=trades,
            after=after,
            limits=limits,
            defaults=default_results(household.defaults, measurer, before, after, reserve_usd, yields=yields),
            tax=tax,
            spread_usd=sum((trade.spread_usd for trade in trades), Decimal(0)),
            net_benefit=NO_BENEFIT,
        ),
    )


def rated_for(household: SurveyedHousehold, candidate: Candidate) -> Candidate:
    """The same orders with what they gain under the expected returns of `household`."""
    return _rated(household, replace(candidate, after=_expecting(household.measurer, candidate.after)))


def _expecting(measurer: Measurer, state: HouseholdState) -> HouseholdState:
    return replace(state, expected_return=measurer.expected_return(state.weights, state.cash_weight))


def _rated(household: SurveyedHousehold, candidate: Candidate) -> Candidate:
    i = household.inputs
    benefit = net_benefit(
        household.before,
        candidate.after,
        candidate.trades,
        candidate.tax,
        risk_aversion=i.risk_aversion,
        cost_years=i.cost_years,
        return_uncertainty=i.return_uncertainty,
        covariance_inflation=i.covariance_inflation,
        carryforward_value=i.rates.carryforward_value,
        later_tax_saved=i.later_tax_saved,
        limits=candidate.limits,
        defaults=candidate.defaults,
    )
    return replace(candidate, net_benefit=benefit)


def small_orders(household: SurveyedHousehold, trades: tuple[Trade, ...]) -> tuple[Trade, ...]:
    """Orders below the smallest order that do not sell a whole position."""
    left = shares_after(household.portfolio, trades)
    least_usd = household.portfolio.preferences.smallest_order_usd
    return tuple(trade for trade in trades if trade.amount_usd < least_usd and (trade.account, trade.symbol) in left)


def untidy_orders(household: SurveyedHousehold, trades: tuple[Trade, ...]) -> tuple[Trade, ...]:
    """Orders that are too small, and sales that leave a rest that is not worth having."""
    left = shares_after(household.portfolio, trades)
    least_usd = household.portfolio.preferences.least_trade_usd(household.before.value_usd)
    crumbs = (
        trade
        for trade in trades
        if trade.side == "sell" and 0 < left.get((trade.account, trade.symbol), 0) * trade.price_usd < least_usd
    )
    return (*small_orders(household, trades), *crumbs)


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


def holds_today(household: SurveyedHousehold, limits: tuple[LimitResult, ...]) -> bool:
    """Whether today's household keeps every limit of its file, soft ones included, and every account's least cash.

    A limit that is to be no worse than today asks for nothing. New money asks to be invested.
    """
    asked = tuple(limit for limit in limits if limit.mode != LimitMode.NOT_WORSE_THAN_TODAY)
    return _keeps(household, asked) and household.portfolio.deposit_usd == 0


def asks_for_trades(household: SurveyedHousehold, limits: tuple[LimitResult, ...]) -> bool:
    """Whether today's household breaks a limit that must be kept; what a soft one asks for has its price."""
    return not _keeps(household, tuple(limit for limit in limits if limit.mode == LimitMode.HARD))


def _keeps(household: SurveyedHousehold, limits: tuple[LimitResult, ...]) -> bool:
    """Whether today's household keeps these limits, and every account its least cash."""
    value_usd = float(household.before.value_usd)
    return all(
        breach(limit.side, limit.bound, limit.before) <= EDGE * (value_usd if limit.unit is Unit.USD else 1.0)
        for limit in limits
    ) and all(account.cash_usd >= account.min_cash_usd for account in household.portfolio.accounts)


def beyond_defaults(household: SurveyedHousehold, problem: AllocationProblem, candidate: Candidate) -> dict[str, float]:
    """By label, how much further than the problem lets them the orders exceed default bounds, fractions of value.

    Orders in whole shares cannot spend the last dollars of a sale: cash may be more by one share of each fund bought in
    each account. So it may be here, and not in the problem, where it would be spent at each asking.
    """
    spare_usd = sum((_unit_usd(household, trade) for trade in candidate.trades if trade.side == "buy"), Decimal(0))
    leeway = float(spare_usd / household.before.value_usd)
    found = {
        default.label: result.beyond - problem.most_beyond.get(default.label, math.inf)
        for default, result in zip(household.defaults, candidate.defaults, strict=True)
    }
    if CASH_LABEL in found:
        found[CASH_LABEL] -= leeway
    return {label: excess for label, excess in found.items() if excess > EDGE}


def _unit_usd(household: SurveyedHousehold, trade: Trade) -> Decimal:
    """The smallest amount by which a purchase can be larger: one share, or a thousandth."""
    account = next(account for account in household.portfolio.accounts if account.name == trade.account)
    in_parts = household.portfolio.may_trade_fractions(account, trade.symbol)
    return trade.price_usd * (SHARE_STEP if in_parts else 1)


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
