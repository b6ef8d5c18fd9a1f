"""Two plans: the cheapest that keeps the limits, and the best; the best is advised only if it is worth the difference.

1. The cheapest plan is asked with today's holdings as the reference and without a view. Nothing is better than today
   then but what a limit asks for, or what lowers tax: its objective is tax, spread, doubt and the distance from today.
   Where every hard limit holds today and it gains less than the least gain, it is to do nothing.
2. The best plan is asked with the reference portfolio and the views. It may exceed a default bound no further than the
   cheapest did. Where today is the reference and there is no view, it is the same plan.
3. The best plan is the answer where it adds at least the least gain to the cheapest, both measured with its returns.

A threshold against doing nothing would let a broken limit pay for trades that it does not need.
"""

from __future__ import annotations

from dataclasses import dataclass

from advisor.errors import UnverifiedAnswerError
from advisor.optimize.problem import AllocationProblem
from advisor.rebalance.candidates import (
    Candidate,
    SurveyedHousehold,
    asks_for_trades,
    candidate_of,
    holds_today,
    problem_of_today,
    rated_for,
)
from advisor.rebalance.model import PlanResult, TwoPlans
from advisor.rebalance.proposal import Proposal, best_orders

NOTHING, CHEAPEST, BEST = "nothing", "cheapest", "best"


@dataclass(frozen=True, slots=True)
class Plans:
    """The plans of one household, and which of them is advised.

    Candidates are measured with the best plan's returns. `cheapest` is None where nothing is asked for and no orders in
    shares do better than none; `best` where there is no other question, or no orders for it. `proposal` is the one
    whose optimum explains the answer: of the plan that is advised, or where nothing is done, of the best orders found.
    """

    nothing: Candidate
    cheapest: Candidate | None
    best: Candidate | None
    chosen: str  # "nothing", "cheapest" or "best"
    proposal: Proposal | None
    explained: str  # which plan `proposal` is
    least_gain: float

    @property
    def advised(self) -> Candidate:
        """What the answer does."""
        return {CHEAPEST: self.cheapest, BEST: self.best}.get(self.chosen) or self.nothing


def plans_of(household: SurveyedHousehold, problem: AllocationProblem) -> Plans:
    """Both plans of `household`; `problem` is its own, compiled with default bounds that yield.

    Raises `LimitsConflictError` where the limits are proved to conflict, and `UnverifiedAnswerError` where a limit is
    broken today and no orders are found that hold them all.
    """
    least_gain = household.portfolio.preferences.least_gain(household.before.value_usd)
    nothing = candidate_of(household, ())
    holds = holds_today(household, nothing.limits)
    tracking = household if household.has_one_plan else household.tracking_today()
    own = problem if household.has_one_plan else problem_of_today(tracking, problem)
    found = _orders(tracking, own.keeping(rigid(household) if holds else {}), may_fail=holds)
    cheapest = None if found is None else rated_for(household, found.candidate)
    is_asked = asks_for_trades(household, nothing.limits)
    is_worth_it = found is not None and (is_asked or found.candidate.net_benefit.total >= least_gain)
    base = cheapest if cheapest is not None and is_worth_it else nothing
    other = None
    if not household.has_one_plan:
        other = _orders(household, problem.keeping(reached(base)), may_fail=True)
    best = None if other is None else other.candidate
    chosen = CHEAPEST if base.trades else NOTHING
    if best is not None and best.trades and best.net_benefit.total - base.net_benefit.total >= least_gain:
        chosen = BEST
    is_best_explained = other is not None and chosen != CHEAPEST
    proposal, explained = (other, BEST) if is_best_explained else (found, CHEAPEST)
    return Plans(nothing, cheapest, best, chosen, proposal, explained, least_gain)


def plan_results(plans: Plans) -> TwoPlans:
    """Both plans, ready to be written."""
    return TwoPlans(_result(plans.cheapest), _result(plans.best), plans.chosen, plans.least_gain)


def _result(candidate: Candidate | None) -> PlanResult | None:
    if candidate is None:
        return None
    return PlanResult(candidate.trades, candidate.tax.tax_usd, candidate.spread_usd, candidate.net_benefit)


def rigid(household: SurveyedHousehold) -> dict[str, float]:
    """Default bounds that do not yield."""
    return {default.label: 0.0 for default in household.defaults}


def reached(base: Candidate) -> dict[str, float]:
    """How far each default bound is exceeded: the best plan goes no further."""
    return {default.label: default.beyond for default in base.defaults}


def _orders(household: SurveyedHousehold, problem: AllocationProblem, *, may_fail: bool) -> Proposal | None:
    """The best orders of one plan; None where there are none in shares, if another answer stands without them."""
    try:
        return best_orders(household, problem)
    except UnverifiedAnswerError:
        if may_fail:
            return None
        raise
