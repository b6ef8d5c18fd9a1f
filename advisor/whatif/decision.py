"""What the program would decide, before rounding to shares: how much in small caps, through which funds, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from advisor.optimize.fund_choice import first_choice
from advisor.optimize.problem import AllocationProblem
from advisor.optimize.search import DUST
from advisor.optimize.solve import Allocation, allocate, with_tax_reserve
from advisor.rebalance.candidates import (
    SurveyedHousehold,
    asks_for_trades,
    candidate_of,
    holds_today,
    objective_of_nothing,
    problem_of_today,
)
from advisor.rebalance.two_plans import rigid
from advisor.units import Vector


@dataclass(frozen=True, slots=True)
class Decision:
    """Small-cap funds after the trades, as shares of household value by symbol, and what is bought.

    Less of a fund than the household's smallest order is not bought. `gain` is that of the best trades found against
    doing nothing, a year, whether they are worth making or not.
    """

    shares: Mapping[str, float]
    bought: tuple[str, ...]
    gain: float

    @property
    def small_caps(self) -> float:
        """Share of the household in small-cap funds."""
        return sum(self.shares.values())


@dataclass(frozen=True, slots=True)
class Decided:
    """What the two plans come to before rounding: trades, or None where nothing is done; and what they gain a year.

    Where nothing is done the gain is that of the best trades found.
    """

    allocation: Allocation | None
    gain: float


def decided_of(household: SurveyedHousehold, problem: AllocationProblem) -> Decided | None:
    """The answer by the rule of `rebalance.two_plans`; None where the limits leave no trades.

    `problem` is the household's, with default bounds that yield.
    """
    idle = candidate_of(household, ())
    least = household.portfolio.preferences.least_gain(household.before.value_usd)
    nothing = objective_of_nothing(household, idle, household.inputs.cost_years)
    holds = holds_today(household, idle.limits)
    is_asked, keep = asks_for_trades(household, idle.limits), rigid(household) if holds else {}
    if household.has_one_plan:
        found = _allocated(problem, keep)
        if found is None:
            return None
        gained = found.solution.objective - nothing
        return Decided(None if not is_asked and gained < least else found, gained)
    tracking = household.tracking_today()
    cheapest = _allocated(problem_of_today(tracking, problem), keep)
    if cheapest is None:
        return None
    more = household.inputs.expected_return - tracking.inputs.expected_return
    today = objective_of_nothing(tracking, candidate_of(tracking, ()), tracking.inputs.cost_years)
    is_idle = not is_asked and cheapest.solution.objective - today < least
    reached = rigid(household) if is_idle else problem.beyond(cheapest.solution)
    best = _allocated(problem, reached)
    base = nothing if is_idle else cheapest.solution.objective + float(more @ cheapest.solution.weights)
    if best is not None and best.solution.objective - base >= least:
        return Decided(best, best.solution.objective - nothing)
    if is_idle:
        return Decided(None, 0.0 if best is None else best.solution.objective - nothing)
    return Decided(cheapest, base - nothing)


def decision_of(household: SurveyedHousehold, problem: AllocationProblem) -> Decision | None:
    """The answer with the funds that the proposal would choose; None where the limits leave none.

    `problem` is the household's, with default bounds that yield.
    """
    answer = decided_of(household, problem)
    if answer is None:
        return None
    if answer.allocation is None:
        return Decision(_small_caps(household, household.inputs.weights), (), gain=answer.gain)
    solution = answer.allocation.solution
    after = np.clip(solution.weights, 0.0, None) / float(solution.weights.sum() + solution.cash.sum())
    return Decision(_small_caps(household, after), _bought(household, answer.allocation), gain=answer.gain)


def _allocated(problem: AllocationProblem, most_beyond: Mapping[str, float]) -> Allocation | None:
    kept, best = with_tax_reserve(problem.keeping(most_beyond))
    return allocate(kept, choose=first_choice, best=best)


def _bought(household: SurveyedHousehold, allocation: Allocation) -> tuple[str, ...]:
    i = household.inputs
    amounts = np.bincount(i.buys.security, weights=allocation.buy, minlength=len(i.symbols))
    return tuple(s for s, amount in zip(i.symbols, amounts, strict=True) if amount > max(i.min_trade, DUST))


def _small_caps(household: SurveyedHousehold, weights: Vector) -> dict[str, float]:
    market, symbols = household.market, household.inputs.symbols
    return {s: float(weight) for s, weight in zip(symbols, weights, strict=True) if market.is_small_cap(s)}
