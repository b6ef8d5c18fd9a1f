"""Allocations and plans of random households, each worked out once for all tests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from advisor.errors import LimitsConflictError, UnverifiedAnswerError
from advisor.market.resolve import resolve
from advisor.optimize.inputs import AllocationInputs
from advisor.optimize.solve import Allocation, allocate
from advisor.portfolio.model import Portfolio
from advisor.rebalance.model import RebalancePlan
from advisor.rebalance.plan import rebalance
from tests.households import random_household
from tests.samples import market
from tests.small_households import problem_of

Refusal = LimitsConflictError | UnverifiedAnswerError


@dataclass(frozen=True)
class Allocated:
    """A household's inputs and allocation; without one, its limits cannot be met together."""

    seed: int
    inputs: AllocationInputs
    allocation: Allocation


@cache
def allocated(count: int) -> tuple[Allocated, ...]:
    """The first `count` random households that have an allocation."""
    found: list[Allocated] = []
    seed = 0
    while len(found) < count:
        problem = problem_of(random_household(seed))
        allocation = allocate(problem)
        if allocation is not None:
            found.append(Allocated(seed, problem.inputs, allocation))
        seed += 1
    return tuple(found)


def answer_to(portfolio: Portfolio) -> RebalancePlan | Refusal:
    """The plan, or the named reason of a refusal."""
    try:
        return rebalance(portfolio, resolve(market(), portfolio))
    except (LimitsConflictError, UnverifiedAnswerError) as refusal:
        return refusal


@cache
def answer(seed: int) -> RebalancePlan | Refusal:
    """The answer to one random household."""
    return answer_to(random_household(seed))
