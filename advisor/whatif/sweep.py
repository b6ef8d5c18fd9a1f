"""One household under many settings, point by point: whole orders at each, without their explanation.

The household is surveyed once for points that differ in limits alone. Each point is compiled afresh: a bound multiplies
the value that the spread leaves, so that it stands in the matrices, and a margin on it would be close but not the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from advisor.portfolio.model import Portfolio
from advisor.rebalance.candidates import Household
from advisor.rebalance.model import HouseholdState
from advisor.whatif.changes import changes
from advisor.whatif.model import Cause, Outcome
from advisor.whatif.outcomes import distance, solved


def swept(
    household: Household, points: Iterable[tuple[str, Portfolio]], base: HouseholdState | None
) -> Iterator[Outcome]:
    """The outcome of each named point, as it is found, with how far its change moves the answer from `base`."""
    for name, portfolio in points:
        found = solved(name, portfolio, household.market, household)
        found = replace(found, changes=tuple(changes(household.portfolio, portfolio).values()))
        if base is not None and found.after is not None and len(found.changes) == 1:
            found = replace(found, causes=(Cause(found.changes[0], distance(base, found.after)),))
        yield found
