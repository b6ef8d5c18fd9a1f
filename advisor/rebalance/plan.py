"""The recommendation for one household.

1. Measure the household: look-through, risk, return, limits.
2. Find the best orders within the limits (`candidates`).
3. Where every limit holds today and the gain is below the user's minimum, the answer is to do nothing.
4. Say why: prices of limits, reasons lot by lot, other funds and horizons.
5. Warn of what the reader must know. The caller has the plan checked (`verify`) before anything is written.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from advisor.errors import InputError, Issue
from advisor.market.data import MARKET, MarketData
from advisor.optimize.inputs import allocation_inputs, expense_ratios, household_value_usd
from advisor.portfolio.model import Portfolio
from advisor.rebalance.candidates import (
    Candidate,
    Proposal,
    SurveyedHousehold,
    advised,
    best_orders,
    problem_of,
    relative_breach,
    small_orders,
)
from advisor.rebalance.explain import with_reasons
from advisor.rebalance.insight import explanation, with_prices
from advisor.rebalance.measurer import Measurer
from advisor.rebalance.model import Assumption, Certificate, Explanation, HouseholdState, RebalancePlan
from advisor.rebalance.trades import cash_after, shares_after
from advisor.rebalance.warn import prices_are_stale, warnings_of
from advisor.risk.covariance import betas, risk_model
from advisor.risk.expected_returns import expected_returns, implied_risk_aversion
from advisor.risk.measures import beta, weight_vector

SOLVER = "Clarabel through cvxpy"


def rebalance(portfolio: Portfolio, market: MarketData) -> RebalancePlan:
    """Recommendation for `portfolio`; `market` must already be resolved for it (`market.resolve`).

    Raises `LimitsConflictError` where the limits cannot be met together, and `UnverifiedAnswerError` where no
    rounded answer holds every limit.
    """
    household = survey(portfolio, market)
    problem = problem_of(household)
    best = best_orders(household, problem)
    chosen = advised(household, best)
    if chosen.trades:
        chosen = replace(chosen, limits=with_prices(chosen.limits, problem, best.allocation.solution))
    explained = explanation(household, problem, best)
    return _plan(household, chosen, best, explained, problem.undecided)


def survey(portfolio: Portfolio, market: MarketData) -> SurveyedHousehold:
    """Measure the household as it stands, and collect the optimizer's inputs.

    Raises `InputError` for a household that is worth nothing.
    """
    if household_value_usd(portfolio, market) <= 0:
        raise InputError((Issue("the household is worth nothing at these prices"),), portfolio.name)
    model = risk_model(market, universe(portfolio))
    returns = expected_returns(portfolio, market, model)
    measurer = Measurer(portfolio, market, model, returns, expense_ratios(market, model.symbols))
    before = measurer.measure(shares_after(portfolio, ()), cash_after(portfolio, ()))
    inputs = allocation_inputs(
        portfolio,
        market,
        model,
        returns,
        risk_aversion=_risk_aversion(measurer, before),
    )
    return SurveyedHousehold(measurer, inputs, before)


def universe(portfolio: Portfolio) -> tuple[str, ...]:
    """Every security the decision could involve: held, on offer, viewed or a benchmark."""
    held = {position.symbol for account in portfolio.accounts for position in account.positions}
    benchmarks = {limit.benchmark for limit in portfolio.limits if limit.benchmark}
    viewed = {symbol for view in portfolio.views for symbol in view.symbols}
    chosen = {*portfolio.preferences.buy, portfolio.preferences.benchmark, MARKET}
    return tuple(sorted(held | benchmarks | viewed | chosen))


def _risk_aversion(measurer: Measurer, before: HouseholdState) -> float:
    stated = measurer.portfolio.preferences.risk_aversion
    if stated is not None:
        return float(stated)
    model = measurer.model
    market = model.index(MARKET)
    return implied_risk_aversion(
        beta(model, weight_vector(model, before.weights), MARKET),
        float(np.sqrt(model.covariance[market, market])),
        float(measurer.portfolio.preferences.equity_premium),
    )


def _plan(
    household: SurveyedHousehold, chosen: Candidate, best: Proposal, explained: Explanation, undecided: int
) -> RebalancePlan:
    portfolio, inputs = household.portfolio, household.inputs
    proof = best.allocation.solution.certificate
    return RebalancePlan(
        status="trade" if chosen.trades else "do_nothing",
        trades=with_reasons(chosen.trades, chosen.limits, portfolio, household.market, explained.reasons),
        before=household.before,
        after=chosen.after,
        tax=chosen.tax,
        spread_usd=chosen.spread_usd,
        limits=chosen.limits,
        net_benefit=chosen.net_benefit,
        benchmark=portfolio.preferences.benchmark,
        risk_aversion=inputs.risk_aversion,
        horizon_years=inputs.horizon_years,
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
        explanation=explained,
        stale_prices_of=household.market.as_of if prices_are_stale(portfolio, household.market) else None,
    )


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
