"""Holds the views of a file against each other, those of its named sets among them.

Two funds of one index are one security to the model, but not to the file: clashes that only market data tell are found
in `risk.views`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from pydantic import ValidationError

from advisor.errors import Issue, Location
from advisor.portfolio import values
from advisor.portfolio.clashes import Clash, ClashKind, Statement, clashes
from advisor.portfolio.document import Document, Node, Path, quoted
from advisor.portfolio.model import VIEW_SETS, BuildingBlocks
from advisor.portfolio.view_schema import BlocksViewEntry, view_form
from advisor.portfolio.views import view_set
from advisor.portfolio.written import fraction_text

MOST = Decimal("0.5")  # a year, of a view in either direction

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class _Stated:
    """A view that can be read, with its place."""

    statement: Statement
    where: Location

    @property
    def name(self) -> str:
        one = self.statement
        return one.first if one.second is None else f"{one.first} over {one.second}"


def check_views(document: Document) -> Iterator[Issue]:
    """Views can all be true at once, each says something of its own, and building blocks give a possible return."""
    entries = list(_entries(document))
    yield from _sets_twice(document, entries)
    for path, item in entries:
        if isinstance(item, dict):
            yield from _wild_blocks(document, path, item)
    stated = list(_stated(document, entries))
    for clash in clashes([one.statement for one in stated]):
        yield clash_issue(clash, [one.name for one in stated], [one.where for one in stated])


def clash_issue(clash: Clash, names: list[str], places: list[Location | None]) -> Issue:
    """The clash in words, at the place of the later view; `names` and `places` are those of all views."""
    name, where = names[clash.index], places[clash.index]
    others = ", ".join(_told(names[other], places[other]) for other in clash.others)
    if clash.kind is ClashKind.ITSELF:
        return Issue(f"the view {name} is of one security over itself", where, "name another, or remove the view")
    if clash.kind is ClashKind.SECOND:
        return Issue(f"a second view on {name}", where, f"keep one; the first is {others}")
    implied = "another return" if clash.implied is None else f"{fraction_text(round(clash.implied, 6))} a year"
    return Issue(f"the view {name} cannot be true beside {others}", where, f"these make it {implied}: mend one of them")


def _told(name: str, where: Location | None) -> str:
    return name if where is None else f"{name} in line {where.line}"


def _entries(document: Document) -> Iterator[tuple[Path, Node]]:
    node = document.get("views")
    for index, item in enumerate(node if isinstance(node, list) else [node]):
        yield ("views", index), item


def _sets_twice(document: Document, entries: list[tuple[Path, Node]]) -> Iterator[Issue]:
    seen: set[str] = set()
    for path, item in entries:
        if isinstance(item, str):
            if item in seen:
                yield Issue(f"{quoted(item)} is listed twice", document.where(path), "keep one")
            seen.add(item)


def _wild_blocks(document: Document, path: Path, item: dict[str, Node]) -> Iterator[Issue]:
    found = _blocks_return(item) if view_form(item) == "blocks" else None
    if found is not None and abs(found) > MOST:
        message = f"these building blocks make {fraction_text(round(found, 4))} a year"
        yield Issue(message, document.where(path), "from -50% to 50% is meant")


def _stated(document: Document, entries: list[tuple[Path, Node]]) -> Iterator[_Stated]:
    """Every view that can be read; a set counts once."""
    seen: set[str] = set()
    for path, item in entries:
        if isinstance(item, str) and item in VIEW_SETS and item not in seen:
            seen.add(item)
            for view in view_set(item).views:
                yield _Stated(Statement(view.symbol, view.over, view.annual_return), document.where(path))
        elif isinstance(item, dict):
            key = {"relative": "relative", "blocks": "fund"}.get(view_form(item), "symbol")
            statement = _statement(item, key)
            if statement is not None:
                yield _Stated(statement, document.where((*path, key)))


def _statement(item: dict[str, Node], key: str) -> Statement | None:
    ends = item.get(key)
    symbols = [_read(values.loose_symbol, end) for end in (ends if isinstance(ends, list) else [ends])]
    stated = _blocks_return(item) if key == "fund" else _read(values.fraction, item.get("annual_return"))
    if stated is None or len(symbols) != (2 if key == "relative" else 1):
        return None
    first, second = (*symbols, None)[:2]
    if first is None or (key == "relative" and second is None):
        return None
    return Statement(first, second, stated)


def _blocks_return(item: dict[str, Node]) -> Decimal | None:
    """Return a year of building blocks; None where one cannot be read."""
    try:
        entry = BlocksViewEntry.model_validate(item)
    except ValidationError:
        return None
    return BuildingBlocks(entry.dividend_yield, entry.growth, entry.pe_now, entry.pe_then).annual_return(entry.years)


def _read(parse: Callable[[str], _Value], node: Node) -> _Value | None:
    """Value of a text, or None where the schema will find fault with it."""
    try:
        return parse(node) if isinstance(node, str) else None
    except values.ValueFaultError:
        return None
