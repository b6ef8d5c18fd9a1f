"""Which input makes the difference between two answers.

Of a scenario: each of its changes is applied alone to the household's inputs, and the problem is solved again; what
the changes do only together is the rest. A change that has no answer by itself is a part of that rest; so is a tax rate
that no file could have beside the household's other rates.
"""

from __future__ import annotations

from dataclasses import replace

from advisor.portfolio.model import Portfolio
from advisor.rebalance.candidates import SurveyedHousehold
from advisor.rebalance.model import HouseholdState
from advisor.whatif.changes import changes, with_part
from advisor.whatif.model import Cause, Change, Outcome
from advisor.whatif.outcomes import distance, holdings, solved

TOGETHER = Change("together", None, None)  # what changes do only if made together


def with_causes(
    found: Outcome, household: SurveyedHousehold, changed: Portfolio, base: HouseholdState | None
) -> Outcome:
    """`found`, the outcome of `changed`, with what differs from the household's file and how far each moves the answer.

    `base` is the household after the proposal; without it, or without an answer, there are changes and no causes.
    """
    made = changes(household.portfolio, changed)
    found = replace(found, changes=tuple(made.values()))
    if base is None or found.after is None:
        return found
    if len(made) == 1:
        return replace(found, causes=(Cause(found.changes[0], distance(base, found.after)),))
    alone = {}
    for key, change in made.items():
        portfolio = with_part(household.portfolio, changed, key)
        if not portfolio.tax.has_possible_rates:
            continue
        after = solved("", portfolio, household.market, household).after
        if after is not None:
            alone[change] = after
    causes = [Cause(change, distance(base, after)) for change, after in alone.items()]
    causes.append(Cause(TOGETHER, _rest(base, found.after, list(alone.values()))))
    return replace(found, causes=tuple(sorted(causes, key=lambda cause: -cause.moved)))


def _rest(base: HouseholdState, found: HouseholdState, alone: list[HouseholdState]) -> float:
    """Half the size of what `found` moves beyond the sum of the single moves."""
    start, end = holdings(base), holdings(found)
    moved = [holdings(state) for state in alone]
    names = dict.fromkeys((*start, *end, *(name for one in moved for name in one)))
    return (
        sum(
            abs(end.get(n, 0.0) - start.get(n, 0.0) - sum(one.get(n, 0.0) - start.get(n, 0.0) for one in moved))
            for n in names
        )
        / 2
    )
