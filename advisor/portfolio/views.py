"""Views: from the entries of a file to values, and the named sets of views that the program carries.

A set is a file of `view_sets` in the portfolio file's own form. It is dated and never changed in silence: a record
names it with its digest. `view_prices.csv` has the prices of a set's day, from which its views are rolled to a later
one.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files

from advisor.errors import InputError, Location
from advisor.portfolio.document import Document, read_document
from advisor.portfolio.faults import read_view_set
from advisor.portfolio.model import BuildingBlocks, PricedEarnings, View, Vintage
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
    """The set `name`, one of `model.VIEW_SETS`. Raises `InputError` where it cannot be read."""
    data = (files("advisor.portfolio") / "view_sets" / f"{name}.yaml").read_bytes()
    document = read_document(data)
    entry, issues = read_view_set(document)
    if entry is None or document.issues:
        raise InputError((*document.issues, *issues), f"{name}.yaml", document.text)
    views = tuple(
        replace(view, set=name, vintage=_vintage(name, view, entry.as_of)) for view in views_of(entry.views, document)
    )
    return ViewSet(name, entry.name, entry.as_of, views, hashlib.sha256(data).hexdigest())


def _vintage(name: str, view: View, as_of: date) -> Vintage:
    """The day of a set, with the prices of that day where they are known for each security of the view."""
    known = {priced.symbol: priced for of, priced in _view_prices() if of == name}
    is_whole = all(symbol in known for symbol in view.symbols)
    return Vintage(as_of, tuple(known[symbol] for symbol in view.symbols) if is_whole else ())


@cache
def _view_prices() -> tuple[tuple[str, PricedEarnings], ...]:
    text = (files("advisor.portfolio") / "view_prices.csv").read_text("utf-8")
    return tuple(
        (
            row["set"],
            PricedEarnings(
                row["symbol"],
                Decimal(row["price_earnings"]),
                Decimal(row["close_usd"]),
                date.fromisoformat(row["as_of"]),
                row["source"],
            ),
        )
        for row in csv.DictReader(text.splitlines())
    )


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
