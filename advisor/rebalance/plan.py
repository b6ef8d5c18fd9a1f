"""The recommendation for one household.

1. Measure the household: look-through, risk, return, limits.
2. Find the best allocation within the limits, and round it to orders.
3. Where rounding breaks a limit, tighten that limit by twice the breach and solve again, doubling each time.
4. Where every limit holds today and the gain is below the user's minimum, the answer is to do nothing.
5. Warn of what the reader must know. The caller has the plan checked (`verify`) before anything is written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from advisor.errors import InputError, Issue, UnverifiedAnswerError
from advisor.market.data import MarketData
from advisor.optimize.inputs import AllocationInputs, allocation_inputs, expense_ratios, household_value_usd
from advisor.optimize.limits import compile_limits
from advisor.optimize.problem import AllocationProblem
from advisor.optimize.solve import Allocation, allocate
from advisor.portfolio.model import Portfolio
from advisor.rebalance.explain import with_reasons
from advisor.rebalance.measure import Yardstick
from advisor.rebalance.model import (
    Assumption,
    Certificate,
    Gain,
    HouseholdState,
    LimitResult,
    RebalancePlan,
    TaxResult,
    Trade,
)
from advisor.rebalance.outcome import EDGE, breach, gain, limit_results, tax_result
from advisor.rebalance.trades import cash_after, orders, shares_after
from advisor.rebalance.warn import warnings_of
from advisor.risk.covariance import betas, risk_model
from advisor.risk.expected_returns import MARKET, expected_returns, implied_risk_aversion
from advisor.risk.measures import beta, weight_vector

ROUNDING_ATTEMPTS = 12
SOLVER = "Clarabel through cvxpy"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Orders, and the household as they would leave it."""

    trades: tuple[Trade, ...]
    after: HouseholdState
    limits: tuple[LimitResult, ...]
    tax: TaxResult
    spread_usd: Decimal
    gain: Gain
    allocation: Allocation


@dataclass(frozen=True, slots=True)
class Household:
    """Everything the search for orders needs to know, worked out once."""

    yardstick: Yardstick
    inputs: AllocationInputs
    before: HouseholdState

    @property
    def portfolio(self) -> Portfolio:
        """The user's file."""
        return self.yardstick.portfolio

    @property
    def market(self) -> MarketData:
        """The market data."""
        return self.yardstick.market


def rebalance(portfolio: Portfolio, market: MarketData) -> RebalancePlan:
    """Recommendation for `portfolio`; `market` must already be resolved for it (`market.resolve`).

    Raises `LimitsConflictError` where the limits cannot be met together, and `UnverifiedAnswerError` where no
    rounded answer holds every limit.
    """
    household = survey(portfolio, market)
    problem = AllocationProblem(household.inputs, compile_limits(portfolio, market, household.inputs))
    best = _best_candidate(household, problem)
    nothing = _candidate(household, best.allocation, ())
    idle = not _shortfall(household, nothing) and best.gain.total < float(portfolio.preferences.min_gain)
    return _plan(household, replace(nothing if idle else best, gain=best.gain))


def survey(portfolio: Portfolio, market: MarketData) -> Household:
    """Measure the household as it stands, and collect the optimizer's inputs."""
    if household_value_usd(portfolio, market) <= 0:
        raise InputError((Issue("the household is worth nothing at these prices"),), portfolio.name)
    model = risk_model(market, universe(portfolio))
    returns = expected_returns(portfolio, market, model)
    yardstick = Yardstick(portfolio, market, model, returns, expense_ratios(market, model.symbols))
    before = yardstick.measure(shares_after(portfolio, ()), cash_after(portfolio, ()))
    inputs = allocation_inputs(
        portfolio,
        market,
        model,
        returns,
        risk_aversion=_risk_aversion(yardstick, before),
    )
    return Household(yardstick, inputs, before)


def universe(portfolio: Portfolio) -> tuple[str, ...]:
    """Every security the decision could involve: held, on offer, viewed or a benchmark."""
    held = {position.symbol for account in portfolio.accounts for position in account.positions}
    benchmarks = {limit.benchmark for limit in portfolio.limits if limit.benchmark}
    viewed = {view.symbol for view in portfolio.views}
    chosen = {*portfolio.preferences.buy, portfolio.preferences.benchmark, MARKET}
    return tuple(sorted(held | benchmarks | viewed | chosen))


def _risk_aversion(yardstick: Yardstick, before: HouseholdState) -> float:
    stated = yardstick.portfolio.preferences.risk_aversion
    if stated is not None:
        return float(stated)
    model = yardstick.model
    market = model.index(MARKET)
    return implied_risk_aversion(
        beta(model, weight_vector(model, before.weights), MARKET),
        float(np.sqrt(model.covariance[market, market])),
        float(yardstick.portfolio.preferences.equity_premium),
    )


def _best_candidate(household: Household, problem: AllocationProblem) -> Candidate:
    """Best rounded orders that hold every limit; each breach by rounding tightens its limit for the next attempt."""
    margins: dict[str, float] = {}
    for _ in range(ROUNDING_ATTEMPTS):
        allocation = allocate(problem, margins)
        trades = orders(allocation, household.inputs, household.portfolio, household.market)
        candidate = _candidate(household, allocation, trades)
        shortfall = _shortfall(household, candidate)
        if not shortfall:
            return candidate
        for label, excess in shortfall.items():
            margins[label] = 2 * (margins.get(label, 0.0) + excess)
    broken = ", ".join(sorted(shortfall))
    raise UnverifiedAnswerError(f"no orders in thousandths of a share hold {broken}; no advice is given")


def _candidate(household: Household, allocation: Allocation, trades: tuple[Trade, ...]) -> Candidate:
    portfolio, before = household.portfolio, household.before
    after = household.yardstick.measure(shares_after(portfolio, trades), cash_after(portfolio, trades))
    tax = tax_result(portfolio, trades)
    spread = sum((trade.spread_usd for trade in trades), Decimal(0))
    return Candidate(
        trades=trades,
        after=after,
        limits=limit_results(household.yardstick, before, after, trades),
        tax=tax,
        spread_usd=spread,
        gain=gain(
            before,
            after,
            trades,
            tax,
            risk_aversion=household.inputs.risk_aversion,
            horizon_years=household.inputs.horizon_years,
            return_uncertainty=household.inputs.return_uncertainty,
        ),
        allocation=allocation,
    )


def _shortfall(household: Household, candidate: Candidate) -> dict[str, float]:
    """Breaches of limits and of cash rules, by label, as fractions of value."""
    breaches = {limit.label: _relative_breach(household, limit) for limit in candidate.limits}
    broken = {label: excess for label, excess in breaches.items() if excess > EDGE}
    missing_usd = {
        f"accounts.{account.name}.min_cash": account.min_cash_usd - candidate.after.cash_usd[account.name]
        for account in household.portfolio.accounts
    }
    if household.portfolio.preferences.reserve_tax and candidate.tax.tax_usd > 0:
        missing_usd["preferences.reserve_tax"] = candidate.tax.tax_usd - _free_cash(household, candidate)
    short = {label: float(usd / household.before.value_usd) for label, usd in missing_usd.items() if usd > 0}
    return broken | short


def _free_cash(household: Household, candidate: Candidate) -> Decimal:
    taxable = [account for account in household.portfolio.accounts if account.is_taxable]
    return sum((candidate.after.cash_usd[account.name] - account.min_cash_usd for account in taxable), Decimal(0))


def _plan(household: Household, chosen: Candidate) -> RebalancePlan:
    portfolio, inputs = household.portfolio, household.inputs
    return RebalancePlan(
        status="trade" if chosen.trades else "do_nothing",
        trades=with_reasons(chosen.trades, chosen.limits, household.yardstick, household.before),
        before=household.before,
        after=chosen.after,
        tax=chosen.tax,
        spread_usd=chosen.spread_usd,
        limits=chosen.limits,
        gain=chosen.gain,
        benchmark=portfolio.preferences.benchmark,
        risk_aversion=inputs.risk_aversion,
        horizon_years=inputs.horizon_years,
        return_uncertainty=inputs.return_uncertainty,
        equity_premium=float(portfolio.preferences.equity_premium),
        risk_free=inputs.risk_free,
        assumptions=_assumptions(household, chosen),
        warnings=warnings_of(household.yardstick, household.before, chosen.after, chosen.trades, chosen.allocation),
        certificate=Certificate(
            max_violation=max([0.0, *(_relative_breach(household, limit) for limit in chosen.limits)]),
            duality_gap=chosen.allocation.duality_gap,
            solver=SOLVER,
            checks=(),
        ),
    )


def _relative_breach(household: Household, limit: LimitResult) -> float:
    scale = float(household.before.value_usd) if limit.unit == "usd" else 1.0
    return breach(limit.kind, limit.bound, limit.after) / scale


def _assumptions(household: Household, chosen: Candidate) -> tuple[Assumption, ...]:
    model, returns = household.yardstick.model, household.yardstick.returns
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
