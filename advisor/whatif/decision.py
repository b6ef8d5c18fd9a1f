"""What the program would decide, before rounding to shares: how much in small caps, through which funds, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from advisor.optimize.problem import AllocationProblem
from advisor.optimize.search import DUST
from advisor.optimize.solve import Allocation, allocate
from advisor.rebalance.candidates import SurveyedHousehold, candidate_of, objective_of_nothing, shortfall_of
from advisor.units import Vector


@dataclass(frozen=True, slots=True)
class Decision:
    """Small-cap funds after the trades, as shares of household value by symbol, and what is bought.

    Less of a fund than the household's least trade is not bought. `gain` is that of the best trades found against
    doing nothing, a year, whether they are worth making or not.
    """

    shares: Mapping[str, float]
    bought: tuple[str, ...]
    gain: float

    @property
    def small_caps(self) -> float:
        """Share of the household in small-cap funds."""
        return sum(self.shares.values())


def decision_of(household: SurveyedHousehold, problem: AllocationProblem) -> Decision | None:
    """The advised allocation with the funds that the proposal would choose; None where the limits leave none.

    Nothing is done where every limit holds today and the best trades gain less than the user's minimum.
    """
    allocation = allocate(problem)
    if allocation is None:
        return None
    idle = candidate_of(household, ())
    gained = allocation.solution.objective - objective_of_nothing(household, idle, household.inputs.horizon_years)
    if not shortfall_of(household, idle) and gained < float(household.portfolio.preferences.min_gain):
        return Decision(_small_caps(household, household.inputs.weights), (), gain=gained)
    solution = allocation.solution
    after = np.clip(solution.weights, 0.0, None) / float(solution.weights.sum() + solution.cash.sum())
    return Decision(_small_caps(household, after), _bought(household, allocation), gain=gained)


def _bought(household: SurveyedHousehold, allocation: Allocation) -> tuple[str, ...]:
    i = household.inputs
    amounts = np.bincount(i.buys.security, weights=allocation.buy, minlength=len(i.symbols))
    return tuple(s for s, amount in zip(i.symbols, amounts, strict=True) if amount > max(i.min_trade, DUST))


def _small_caps(household: SurveyedHousehold, weights: Vector) -> dict[str, float]:
    market, symbols = household.market, household.inputs.symbols
    return {s: float(weight) for s, weight in zip(symbols, weights, strict=True) if market.is_small_cap(s)}
