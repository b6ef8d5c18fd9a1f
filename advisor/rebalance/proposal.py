"""From an allocation to orders in shares that hold every limit.

1. The best allocation is rounded outward. That is good enough where it holds every limit, keeps to the least trade and
   loses next to nothing, as it does in large households.
2. Otherwise the best orders in whole shares are searched for near the optimum; if there are none, without the least
   trade, which a limit may not allow.
3. Whatever is found is measured in shares and cents. Where it breaks a limit by a hair, the limit is tightened by
   twice the breach and the search begins again, doubling each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from advisor.errors import UnverifiedAnswerError
from advisor.optimize.problem import AllocationProblem
from advisor.optimize.quantities import Quantities, round_outward
from advisor.optimize.solve import Allocation, allocate, buying, with_tax_reserve
from advisor.optimize.whole_shares import GOOD, is_same_search, orders_in_shares, own_orders_alone
from advisor.rebalance.candidates import (
    Candidate,
    SurveyedHousehold,
    beyond_defaults,
    candidate_of,
    objective_of_nothing,
    shortfall_of,
    untidy_orders,
)
from advisor.rebalance.conflict import refusal
from advisor.rebalance.model import Trade
from advisor.rebalance.trades import orders, shares_after

ATTEMPTS = 12
NEXT_TO_NOTHING = 1e-5  # of household value a year: a tenth of a basis point


@dataclass(frozen=True, slots=True)
class Proposal:
    """The best orders found, the allocation they carry out, and what whole shares lose against it, a year.

    `household` and `problem` are what was asked: whose returns, and what is kept for tax.
    """

    household: SurveyedHousehold
    problem: AllocationProblem
    candidate: Candidate
    allocation: Allocation
    rounding_loss: float


def best_orders(household: SurveyedHousehold, problem: AllocationProblem) -> Proposal:
    """The best orders that hold every limit.

    Raises `LimitsConflictError` where the limits are proved to conflict, and `UnverifiedAnswerError` where no orders
    are found that hold them, and none at all does not either.
    """
    problem, best = with_tax_reserve(problem)
    first = allocate(problem, {}, best=best)
    if first is None:
        raise refusal(problem, household.portfolio)
    allocation: Allocation | None = first
    optimum = first.solution.objective  # without margins
    margins: dict[str, float] = {}
    for _ in range(ATTEMPTS):
        if allocation is None:
            break
        optimum = max(optimum, allocation.solution.objective)
        proposal = _best_rounding(household, problem, allocation, optimum)
        shortfall = _shortfall(household, problem, proposal.candidate)
        if not shortfall:
            return _without_needless(proposal)
        for label, excess in shortfall.items():
            margins[label] = 2 * (margins.get(label, 0.0) + excess)
        allocation = allocate(problem, margins, best=None)
    none = _proposal(household, problem, first, (), optimum)
    if _shortfall(household, problem, none.candidate):
        raise _no_room(household, margins)
    return none


def _without_needless(proposal: Proposal) -> Proposal:
    """The proposal without small orders, where every bound holds without them and next to nothing is lost."""
    household, trades = proposal.household, proposal.candidate.trades
    least_usd = household.portfolio.preferences.least_trade_usd(household.before.value_usd)
    left = shares_after(household.portfolio, trades)
    needed = tuple(t for t in trades if t.amount_usd >= least_usd or (t.account, t.symbol) not in left)
    if not needed or len(needed) == len(trades):
        return proposal
    candidate = candidate_of(household, needed)
    loss = proposal.candidate.net_benefit.total - candidate.net_benefit.total
    if loss > NEXT_TO_NOTHING or _shortfall(household, proposal.problem, candidate):
        return proposal
    return replace(proposal, candidate=candidate, rounding_loss=proposal.rounding_loss + loss)


def _best_rounding(
    household: SurveyedHousehold, problem: AllocationProblem, allocation: Allocation, optimum: float
) -> Proposal:
    """The allocation in shares: rounded outward where that is good enough, else searched for."""

    def proposed(variant: Allocation, quantities: Quantities) -> Proposal:
        trades = orders(quantities, household.inputs, household.portfolio, household.market)
        return _proposal(household, problem, variant, trades, optimum)

    def searched(variant: Allocation, least_trade: float) -> list[Proposal]:
        quantities = orders_in_shares(problem, variant.solution, least_trade)
        answers = [] if quantities is None else [proposed(variant, quantities)]
        return [answer for answer in answers if not beyond_defaults(household, problem, answer.candidate)]

    def behind(answer: Proposal) -> float:
        return optimum - _reached(household, answer.candidate)

    outward = proposed(allocation, round_outward(household.inputs, allocation.sell, allocation.buy))
    shortfall = _shortfall(household, problem, outward.candidate)
    holds = not shortfall and not untidy_orders(household, outward.candidate.trades)
    if holds and behind(outward) <= NEXT_TO_NOTHING:
        return outward
    least, own = problem.inputs.min_trade, own_orders_alone(problem.inputs, allocation.solution)
    found = [*([outward] if holds else []), *searched(replace(allocation, solution=own), least)]
    best, tried = min(found, key=behind, default=None), [own]
    for solution in (allocation.solution, allocation.best):  # with other orders, and of every fund
        is_new = not any(is_same_search(solution, other) for other in tried)
        if is_new and (best is None or behind(best) > GOOD):
            tried.append(solution)
            answers = searched(replace(allocation, solution=solution), least)
            best = next((one for one in answers if best is None or behind(one) < behind(best) - GOOD), best)
    if best is None:
        best = next(iter(searched(allocation, 0.0)), outward)  # a limit may need an order that is smaller
    return best


def _proposal(
    household: SurveyedHousehold,
    problem: AllocationProblem,
    allocation: Allocation,
    trades: tuple[Trade, ...],
    optimum: float,
) -> Proposal:
    candidate = candidate_of(household, trades)
    bought = tuple(sorted({trade.symbol for trade in trades if trade.side == "buy"}))
    carried_out = buying(allocation, bought)
    of_these_funds = optimum + (allocation.menu.loss or 0.0) - (carried_out.menu.loss or 0.0)
    return Proposal(household, problem, candidate, carried_out, of_these_funds - _reached(household, candidate))


def _reached(household: SurveyedHousehold, candidate: Candidate) -> float:
    """The optimizer's objective with these orders."""
    return objective_of_nothing(household, candidate, household.inputs.cost_years) + candidate.net_benefit.total


def _shortfall(household: SurveyedHousehold, problem: AllocationProblem, candidate: Candidate) -> dict[str, float]:
    """Breaches of limits, cash rules and hard default bounds, by label, as fractions of value."""
    return shortfall_of(household, candidate) | beyond_defaults(household, problem, candidate)


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
