"""Views: from the entries of a file to values, and the named sets of views that the program carries.

A set is a file of `view_sets` in the portfolio file's own form. It is dated and never changed in silence: a record
names it with its digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib.resources import files

from advisor.errors import InputError, Location
from advisor.portfolio.document import Document, read_document
from advisor.portfolio.faults import read_view_set
from advisor.portfolio.model import BuildingBlocks, View
from advisor.portfolio.view_schema import AbsoluteViewEntry, BlocksViewEntry, RelativeViewEntry, ViewItem


@dataclass(frozen=True, slots=True)
class ViewSet:
    """A named set: what it says, the day of its figures, its views, and the digest of its file."""

    name: str
    title: str
    as_of: date
    views: tuple[View, ...]
    sha256: str


@cache
def view_set(name: str) -> ViewSet:
    """The set `name`, one of `model.VIEW_SETS`."""
    data = (files("advisor.portfolio") / "view_sets" / f"{name}.yaml").read_bytes()
    document = read_document(data)
    entry, issues = read_view_set(document)
    if entry is None or document.issues:
        raise InputError((*document.issues, *issues), f"{name}.yaml", document.text)
    views = tuple(replace(view, set=name) for view in views_of(entry.views, document))
    return ViewSet(name, entry.name, entry.as_of, views, hashlib.sha256(data).hexdigest())


def views_of(entries: Sequence[ViewItem], document: Document) -> tuple[View, ...]:
    """The views of a file without fault, those of its named sets among them; places are those of `document`."""
    return tuple(
        view for index, entry in enumerate(entries) for view in _views(entry, document.where(("views", index)))
    )


def _views(entry: ViewItem, where: Location) -> Iterator[View]:
    match entry:
        case str():
            yield from (replace(view, where=where) for view in view_set(entry).views)
        case AbsoluteViewEntry():
            told = (entry.annual_return, entry.confidence, entry.years, entry.source)
            yield View(entry.symbol, None, *told, where=where)
        case RelativeViewEntry():
            first, second = entry.relative
            told = (entry.annual_return, entry.confidence, entry.years, entry.source)
            yield View(first, second, *told, where=where)
        case BlocksViewEntry():
            blocks = BuildingBlocks(entry.dividend_yield, entry.growth, entry.pe_now, entry.pe_then)
            told = (blocks.annual_return(entry.years), entry.confidence, entry.years, entry.source)
            yield View(entry.fund, None, *told, blocks, where=where)
