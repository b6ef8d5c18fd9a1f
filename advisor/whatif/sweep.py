"""One household under many settings, point by point: whole orders at each, without their explanation.

The household is surveyed once for points that differ in limits alone, and compiled once for points that differ in the
horizon alone. Any other point is compiled afresh: a bound multiplies the value that the spread leaves, so that it
stands in the matrices, and a margin on it would be close but not the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from advisor.optimize.problem import AllocationProblem
from advisor.portfolio.model import Portfolio
from advisor.rebalance.candidates import SurveyedHousehold, problem_of, problem_under
from advisor.rebalance.model import HouseholdState
from advisor.rebalance.plan import survey
from advisor.whatif.changes import changes
from advisor.whatif.model import Cause, Outcome
from advisor.whatif.outcomes import best, distance, solved


def swept(
    household: SurveyedHousehold, points: Iterable[tuple[str, Portfolio]], base: HouseholdState | None
) -> Iterator[Outcome]:
    """The outcome of each named point, as it is found, with how far its change moves the answer from `base`."""
    problem: AllocationProblem | None = None
    for name, portfolio in points:
        if _is_same_but_horizon(household.portfolio, portfolio):
            problem = problem or problem_of(household)
            found = _over_horizon(name, household, problem, portfolio)
        else:
            found = solved(name, portfolio, household.market, household)
        found = replace(found, changes=tuple(changes(household.portfolio, portfolio).values()))
        if base is not None and found.after is not None and len(found.changes) == 1:
            found = replace(found, causes=(Cause(found.changes[0], distance(base, found.after)),))
        yield found


def _is_same_but_horizon(one: Portfolio, other: Portfolio) -> bool:
    preferences = replace(one.preferences, horizon_years=other.preferences.horizon_years)
    return replace(one, preferences=preferences, scenarios=other.scenarios) == other


def _over_horizon(name: str, household: SurveyedHousehold, problem: AllocationProblem, portfolio: Portfolio) -> Outcome:
    """The outcome over the horizon of `portfolio`, which differs in nothing else."""
    if portfolio.views:  # they count for their part of the horizon
        there = survey(portfolio, household.market)
        return best(name, there, problem_under(there, problem))
    years = float(portfolio.preferences.horizon_years)
    there = replace(
        household,
        measurer=replace(household.measurer, portfolio=portfolio),
        inputs=replace(household.inputs, horizon_years=years),
    )
    return best(name, there, problem.over(years))
