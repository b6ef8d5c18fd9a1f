"""From the bytes of a portfolio file to a checked `Portfolio`.

1. `document` reads the YAML into a tree of text with places.
2. `faults` holds each value against the schema, `validate` the values against each other; every fault of both
   is collected. So is every fault of the household as each scenario has it (`variants`).
3. Without a fault, the entries become the frozen values of `model` (`build`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from advisor.errors import InputError, Issue, Location
from advisor.portfolio import model
from advisor.portfolio.document import MAX_BYTES, MAX_ISSUES, read_document
from advisor.portfolio.variants import Reading, own_scenarios, reading


def read_portfolio(path: Path, *, today: date, as_of: date | None = None) -> tuple[model.Portfolio, bytes]:
    """Portfolio of the file at `path`, and the bytes it was read from.

    Raises
    ------
    InputError
        As `load_portfolio`, or because the file cannot be read.
    """
    data = read_bytes(path)
    return load_portfolio(data, file=str(path), today=today, as_of=as_of), data


def read_bytes(path: Path) -> bytes:
    """The file at `path`, one byte more than is allowed at most; raises `InputError` where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # a name with a NUL is a ValueError
        reason = getattr(error, "strerror", None) or "not a file name"
        issue = Issue(f"cannot be read: {reason.lower()}", hint="give the path of a portfolio file")
        raise InputError((issue,), str(path)) from None


def load_portfolio(data: bytes, *, file: str, today: date, as_of: date | None = None) -> model.Portfolio:
    """Checked portfolio from the bytes of a YAML file.

    Parameters
    ----------
    data
        The whole file.
    file
        Its name, for the messages.
    today
        Day of the decision where neither the file nor `as_of` gives one.
    as_of
        Day of the decision in place of the file's.

    Raises
    ------
    InputError
        With every fault of the file, in the order of the file.
    """
    document = read_document(data)
    if not document.is_whole:
        raise InputError(told(document.issues), file, document.text)
    base = reading(document, today=today, as_of=as_of)
    scenarios = tuple(own_scenarios(base))
    issues = (*document.issues, *base.issues, *_of_scenarios(base, scenarios))
    portfolio = base.household()
    if portfolio is None or issues:
        raise InputError(told(issues), file, document.text)
    found = ((name, scenario.household()) for name, scenario in scenarios)
    return replace(portfolio, scenarios=tuple(model.Scenario(name, one) for name, one in found if one is not None))


def _of_scenarios(base: Reading, scenarios: tuple[tuple[str, Reading], ...]) -> tuple[Issue, ...]:
    """Faults that scenarios have beyond those of the file."""
    known = {*base.issues}
    found = [
        replace(issue, message=f"scenario {name!r}: {issue.message}")
        for name, scenario in scenarios
        for issue in scenario.issues
        if issue not in known
    ]
    return tuple(found[:MAX_ISSUES])


def told(issues: tuple[Issue, ...]) -> tuple[Issue, ...]:
    """The issues, and whether they are all."""
    if len(issues) < MAX_ISSUES:
        return issues
    last = max(issue.where or Location(1) for issue in issues)
    return (*issues, Issue("there may be more faults: mend these first", last))
