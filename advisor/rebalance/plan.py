"""The recommendation for one household.

1. Measure the household: look-through, risk, the reference portfolio and what it implies, limits.
2. Find the cheapest plan that keeps the limits, and the best one; advise the best where it is worth the difference
   (`two_plans`).
3. Say why: prices of limits, reasons lot by lot, other funds and horizons.
4. Warn of what the reader must know. The caller has the plan checked (`verify`) before anything is written.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from advisor.errors import InputError, Issue
from advisor.market.data import MARKET, MarketData
from advisor.once import once
from advisor.optimize.cones import ConeCertificate
from advisor.optimize.default_bounds import default_bounds
from advisor.optimize.inputs import allocation_inputs, expense_ratios, holdings, household_value_usd, own_mix
from advisor.optimize.problem import AllocationProblem
from advisor.portfolio.model import Portfolio
from advisor.rebalance.candidates import Candidate, SurveyedHousehold, problem_of, relative_breach, small_orders
from advisor.rebalance.explain import with_reasons
from advisor.rebalance.insight import explanation, with_prices
from advisor.rebalance.measurer import Measurer
from advisor.rebalance.model import (
    Assumption,
    Certificate,
    Explanation,
    NetBenefit,
    RebalancePlan,
    ReferenceResult,
)
from advisor.rebalance.trades import cash_after, shares_after
from advisor.rebalance.two_plans import Plans, plan_results, plans_of
from advisor.rebalance.warn import prices_are_stale, warnings_of
from advisor.risk.covariance import RiskModel, betas, risk_model
from advisor.risk.expected_returns import expected_returns, implied_risk_aversion
from advisor.risk.reference import reference_portfolio
from advisor.units import Vector

SOLVER = "Clarabel through cvxpy"
NO_CERTIFICATE = ConeCertificate(0.0, 0.0, 0.0)  # where there is no optimum to certify


def rebalance(portfolio: Portfolio, market: MarketData) -> RebalancePlan:
    """Recommendation for `portfolio`; `market` must already be resolved for it (`market.resolve`).

    Raises `LimitsConflictError` where the limits cannot be met together, and `UnverifiedAnswerError` where no
    rounded answer holds every limit.
    """
    household, problem = question_of(portfolio, market)
    plans = plans_of(household, problem)
    chosen, explained = plans.advised, Explanation()
    undecided = problem.undecided
    if plans.proposal is not None:
        why = plans.proposal
        if chosen.trades:
            chosen = replace(chosen, limits=with_prices(chosen.limits, why.problem, why.allocation.solution))
        explained = explanation(why, plans.explained)
        undecided += why.problem.undecided
    return _plan(household, plans, chosen, explained, undecided)


@once
def question_of(portfolio: Portfolio, market: MarketData) -> tuple[SurveyedHousehold, AllocationProblem]:
    """The household surveyed, and its problem: the same for the plan and for what is compared with it.

    Raises as `survey`.
    """
    household = survey(portfolio, market)
    return household, problem_of(household)


def survey(portfolio: Portfolio, market: MarketData) -> SurveyedHousehold:
    """Measure the household as it stands, and collect the optimizer's inputs.

    Raises `InputError` for a household that is worth nothing.
    """
    if household_value_usd(portfolio, market) <= 0:
        raise InputError((Issue("the household is worth nothing at these prices"),), portfolio.name)
    model = risk_model(market, universe(portfolio))
    held, sellable = (own_mix(portfolio, market) * weights for weights in holdings(portfolio, market, model))
    reference = reference_portfolio(portfolio, market, model, held, sellable)
    aversion = _risk_aversion(portfolio, model, reference.weights)
    returns = expected_returns(portfolio, market, model, reference.weights, aversion)
    implied = expected_returns(replace(portfolio, views=()), market, model, held, aversion)
    measurer = Measurer(portfolio, market, model, returns, expense_ratios(market, model.symbols))
    before = measurer.measure(shares_after(portfolio, ()), cash_after(portfolio, ()))
    inputs = allocation_inputs(portfolio, market, model, returns, risk_aversion=aversion)
    return SurveyedHousehold(measurer, inputs, before, reference, default_bounds(portfolio, market, inputs), implied)


def universe(portfolio: Portfolio) -> tuple[str, ...]:
    """Every security the decision could involve: held, on offer, viewed or a benchmark."""
    held = {position.symbol for account in portfolio.accounts for position in account.positions}
    benchmarks = {limit.benchmark for limit in portfolio.limits if limit.benchmark}
    viewed = {symbol for view in portfolio.views for symbol in view.symbols}
    chosen = {*portfolio.preferences.buy, portfolio.preferences.benchmark, MARKET}
    return tuple(sorted(held | benchmarks | viewed | chosen))


def _risk_aversion(portfolio: Portfolio, model: RiskModel, reference: Vector) -> float:
    """The user's, or the one that the reference portfolio implies. reference: shape (n,)."""
    stated = portfolio.preferences.risk_aversion
    if stated is not None:
        return float(stated)
    return implied_risk_aversion(model, reference, float(portfolio.preferences.equity_premium))


def _plan(
    household: SurveyedHousehold, plans: Plans, chosen: Candidate, explained: Explanation, undecided: int
) -> RebalancePlan:
    portfolio, inputs = household.portfolio, household.inputs
    reference = _reference(household)
    proof = NO_CERTIFICATE if plans.proposal is None else plans.proposal.allocation.solution.certificate
    return RebalancePlan(
        status="trade" if chosen.trades else "do_nothing",
        trades=with_reasons(
            chosen.trades,
            chosen.limits,
            chosen.defaults,
            reference,
            portfolio,
            household.market,
            explained.reasons,
        ),
        before=household.before,
        after=chosen.after,
        tax=chosen.tax,
        spread_usd=chosen.spread_usd,
        limits=chosen.limits,
        net_benefit=_stated_benefit(plans),
        benchmark=portfolio.preferences.benchmark,
        risk_aversion=inputs.risk_aversion,
        horizon_years=inputs.horizon_years,
        cost_years=inputs.cost_years,
        later_tax_saved=inputs.later_tax_saved,
        carryforward_value=inputs.rates.carryforward_value,
        return_uncertainty=inputs.return_uncertainty,
        equity_premium=float(portfolio.preferences.equity_premium),
        risk_free=inputs.risk_free,
        assumptions=_assumptions(household, chosen),
        warnings=warnings_of(
            household.measurer,
            household.before,
            chosen.after,
            chosen.trades,
            below_minimum=bool(small_orders(household, chosen.trades)),
        ),
        certificate=Certificate(
            max_violation=max([0.0, *(relative_breach(household, limit) for limit in chosen.limits)]),
            duality_gap=proof.gap,
            solver=SOLVER,
            checks=(),
            optimum_violation=proof.violation,
            dual_residual=proof.dual_residual,
            undecided=undecided,
        ),
        reference=reference,
        defaults=chosen.defaults,
        plans=plan_results(plans),
        explanation=explained,
        stale_prices_of=household.market.as_of if prices_are_stale(portfolio, household.market) else None,
    )


def _stated_benefit(plans: Plans) -> NetBenefit:
    """Of the orders that are made; where none are, of the best that were found."""
    if plans.advised.trades:
        return plans.advised.net_benefit
    return (plans.best or plans.cheapest or plans.nothing).net_benefit


def _reference(household: SurveyedHousehold) -> ReferenceResult:
    found, symbols = household.reference, household.inputs.symbols
    weights = {symbol: float(weight) for symbol, weight in zip(symbols, found.weights, strict=True) if weight > 0.0}
    return ReferenceResult(weights, found.excess, found.viewed)


def _assumptions(household: SurveyedHousehold, chosen: Candidate) -> tuple[Assumption, ...]:
    model, returns = household.measurer.model, household.measurer.returns
    to_market = betas(model, MARKET)
    shown = {*household.before.weights, *chosen.after.weights, *household.portfolio.preferences.buy}
    return tuple(
        Assumption(
            symbol=symbol,
            expected_return=float(returns.annual[row]),
            volatility=float(np.sqrt(model.covariance[row, row])),
            beta=float(to_market[row]),
            origin=returns.origin[row],
        )
        for row, symbol in enumerate(model.symbols)
        if symbol in shown
    )
