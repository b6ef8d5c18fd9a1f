"""Holds the names and deposits of scenarios against each other; their sections are judged once they are merged."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.errors import Issue
from advisor.portfolio.document import Document, quoted
from advisor.portfolio.model import BUILT_IN_SCENARIOS
from advisor.portfolio.validate import held_by_account, repeated, unknown_account

MAX_SCENARIOS = 50  # each is a whole household to check and to solve for


def check_scenarios(document: Document, accounts: list[str] | None = None) -> Iterator[Issue]:
    """PastMonths have names of their own, and pay into accounts that there are: the document's, or those given."""
    scenarios = list(document.mappings("scenarios"))
    known = list(held_by_account(document)) if accounts is None else accounts
    built_in = {word.casefold() for words in BUILT_IN_SCENARIOS.items() for word in words}
    named = [(path, name if isinstance(name := scenario.get("name"), str) else None) for path, scenario in scenarios]
    for path, name in named:
        if name is not None and name.casefold() in built_in:
            hint = "give another name: every comparison has that one"
            yield Issue(f"a scenario is named {quoted(name)}", document.where((*path, "name")), hint)
    for path, name, first in repeated(document, named, key="name"):
        where = document.where((*path, "name"))
        yield Issue(f"a second scenario is named {quoted(name)}", where, f"rename it; {first}")
    for path, scenario in scenarios:
        if isinstance(deposit := scenario.get("deposit"), dict):
            yield from unknown_account(document, (*path, "deposit"), deposit, known)
    if len(scenarios) > MAX_SCENARIOS:
        where = document.where(scenarios[MAX_SCENARIOS][0])
        yield Issue(f"more than {MAX_SCENARIOS} scenarios", where, "put them into several files (--scenarios)")
