"""``what_if``: other limits, funds, rates or assumptions beside the proposal, as one call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from advisor.api.compare import Base, Comparison, Wanted, compared, needs
from advisor.api.household import Household, market_of, required
from advisor.api.naming import naming
from advisor.api.plain import Day, file_text_of, refused
from advisor.api.versions import versions
from advisor.errors import MarketDataError
from advisor.market.sources import MarketInput
from advisor.portfolio.model import BUILT_IN_SCENARIOS, Portfolio, Scenario
from advisor.portfolio.original import Original, original
from advisor.portfolio.settings import Setting, setting, sweep_points
from advisor.portfolio.values import ValueFaultError
from advisor.portfolio.values import name as checked_name


def what_if(
    household: Household,
    scenarios: Mapping[str, Mapping[str, object]] | None = None,
    *,
    sweeps: Mapping[str, str | Sequence[object]] | None = None,
    as_of: Day | None = None,
    market: str | Path | None = None,
    now: datetime | None = None,
) -> Comparison:
    """Compare scenarios with the proposal.

    Doing nothing, half the move, IJR alone, the Russell 2000 alone, the scenarios of the household's file and three
    picks (cheap, balanced, full) are always there.

    Parameters
    ----------
    household : Household
        As `load_household` gives it.
    scenarios : mapping, optional
        Values of the file that are other, by the scenario's name:
        ``{"Tighter": {"limits.magnificent_seven.max": "50%"}}``.
    sweeps : mapping, optional
        For a path of the file the values to try: ``"60%:85%:5%"`` or a list; each is solved by itself.
    as_of, market, now
        As in `propose`.

    Returns
    -------
    Comparison
        `table` is a frame of all outcomes; `write` writes what-if.json, the page and the picks.

    Raises
    ------
    InputError
        A path or value that is none of the file, or no day of the decision.
    MarketDataError
        A security without data.
    LimitsConflictError
        Neither the file nor anything beside it has an answer.

    Examples
    --------
    >>> from advisor import load_household, what_if
    >>> found = what_if(load_household("tech-employee.yaml"), {"Calmer": {"limits.magnificent_seven.max": "70%"}})
    >>> round(float(found.table.loc["Calmer", "magnificent_seven"]), 2)
    0.61
    """
    portfolio = required(household).on(as_of)
    data = household.file.text.encode()
    base = original(data, today=portfolio.as_of, as_of=portfolio.as_of)
    own = tuple(_scenarios(base, portfolio, _mapping(scenarios, "scenarios")))
    swept = tuple((str(path), _points(base, str(path), values)) for path, values in _mapping(sweeps, "sweeps").items())
    wanted = Wanted((*portfolio.scenarios, *own), (), swept)
    with naming(household.file.name, data):
        found = _market(household, portfolio, wanted, market, now or household.now)
        asked = Base(portfolio, found.market, household.file, base, versions(), found.document)
        return compared(asked, wanted, lambda: None)


def _market(
    household: Household, portfolio: Portfolio, wanted: Wanted, market: str | Path | None, now: datetime | None
) -> MarketInput:
    """Market data for all that is compared, or, where a source has not all of it, for the file."""
    source = household.market if market is None else market
    try:
        return market_of(needs(portfolio, wanted), source, now)
    except MarketDataError:
        return market_of(portfolio, source, now)


def _mapping(given: object, what: str) -> Mapping[Any, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise refused(
            what, f"a {type(given).__name__} is not a mapping", 'like {"limits.magnificent_seven.max": "50%"}'
        )
    return given


def _scenarios(base: Original, portfolio: Portfolio, given: Mapping[Any, Any]) -> Iterator[Scenario]:
    """Each scenario with a name of its own."""
    taken = {one.name.casefold() for one in portfolio.scenarios} | {*BUILT_IN_SCENARIOS}
    taken |= {title.casefold() for title in BUILT_IN_SCENARIOS.values()}
    for name, values in given.items():
        try:
            own = checked_name(name if isinstance(name, str) else str(name))
        except ValueFaultError as fault:
            raise refused("scenarios", str(fault), fault.hint) from None
        if own.casefold() in taken:
            raise refused("scenarios", f"a second scenario is named {own!r}", "give it another name")
        taken.add(own.casefold())
        yield Scenario(own, _changed(base, own, _mapping(values, f"scenario {own}")))


def _changed(base: Original, name: str, values: Mapping[Any, Any]) -> Portfolio:
    try:
        return base.with_settings([Setting(str(path), _written(value, name)) for path, value in values.items()])
    except ValueFaultError as fault:
        raise refused(name, str(fault), fault.hint) from None


def _points(base: Original, path: str, values: object) -> tuple[Scenario, ...]:
    """One scenario for each value, each once."""
    try:
        if isinstance(values, str):
            points = sweep_points(f"{path}={values}")
        elif isinstance(values, Iterable):
            points = tuple(dict.fromkeys(setting(f"{path}={_written(value, path)}") for value in values))
        else:
            raise refused(path, f"a {type(values).__name__} is no range", "give a list, or text as FROM:TO:STEP")
        return tuple(Scenario(point.words, base.with_settings([point])) for point in points)
    except ValueFaultError as fault:
        raise refused(path, str(fault), fault.hint) from None


def _written(value: object, what: str) -> str:
    """A value as a file has it."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(_written(item, what) for item in value)}]"
    if isinstance(value, Mapping):
        raise refused(what, "a mapping is no single value", "give the path of each value: limits.cash.min")
    return file_text_of(value)
