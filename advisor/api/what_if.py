"""``what_if``: other limits, funds, rates or assumptions beside the proposal, as one call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from advisor.api.compare import Base, Comparison, Wanted, compared, needs
from advisor.api.household import Day, Household, market_of
from advisor.api.naming import naming
from advisor.api.versions import versions
from advisor.errors import InputError, Issue, MarketDataError
from advisor.market.sources import MarketInput
from advisor.portfolio.model import Portfolio, Scenario
from advisor.portfolio.original import Original, original
from advisor.portfolio.settings import Setting, setting, sweep_points
from advisor.portfolio.values import ValueFaultError


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
    0.66
    """
    portfolio = household.on(as_of)
    data = household.file.text.encode()
    base = original(data, today=portfolio.as_of, as_of=portfolio.as_of)
    own = tuple(Scenario(name, _changed(base, name, values)) for name, values in (scenarios or {}).items())
    swept = tuple((path, tuple(_points(base, path, values))) for path, values in (sweeps or {}).items())
    wanted = Wanted((*portfolio.scenarios, *own), (), swept)
    with naming(household.file.name, data):
        found = _market(household, portfolio, wanted, market, now)
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


def _changed(base: Original, name: str, values: Mapping[str, object]) -> Portfolio:
    try:
        return base.with_settings([Setting(path, _written(value)) for path, value in values.items()])
    except ValueFaultError as fault:
        raise _wrong(name, fault) from None


def _points(base: Original, path: str, values: str | Sequence[object]) -> Iterator[Scenario]:
    try:
        if isinstance(values, str):
            points = sweep_points(f"{path}={values}")
        else:
            points = tuple(setting(f"{path}={_written(value)}") for value in values)
        for point in points:
            yield Scenario(point.words, base.with_settings([point]))
    except ValueFaultError as fault:
        raise _wrong(path, fault) from None


def _wrong(name: str, fault: ValueFaultError) -> InputError:
    return InputError((Issue(str(fault), hint=fault.hint),), name)


def _written(value: object) -> str:
    """A value as a file has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_written, value))}]"
    return str(value)
