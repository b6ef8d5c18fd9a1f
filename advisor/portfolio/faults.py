"""Holds the tree of a file against the schema, and puts each fault into words with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from advisor.errors import Issue
from advisor.portfolio.document import MAX_ISSUES, Document, Path, quoted
from advisor.portfolio.entry import FileEntry
from advisor.portfolio.schema import LimitEntry, PortfolioEntry, ScenarioFile
from advisor.portfolio.values import PRINTED_USD, did_you_mean
from advisor.portfolio.view_schema import VIEW_FORMS, ViewSetFile

LONGEST_WORD = 40

_Model = TypeVar("_Model", bound=FileEntry)

_USUAL_KEYS = {
    "ticker": "symbol",
    "quantity": "shares",
    "qty": "shares",
    "cost_basis": "cost_per_share (USD for one share, not for the lot)",
    "basis": "cost_per_share (USD for one share, not for the lot)",
    "date_acquired": "acquired",
    "purchase_date": "acquired",
    "positions": "holdings",
    "magnificent_7": "magnificent_seven",
    "mag7": "magnificent_seven",
    "maximum": "max",
    "minimum": "min",
}


def read_entries(document: Document) -> tuple[PortfolioEntry | None, list[Issue]]:
    """Typed entries of a whole document, or None with every fault of the schema.

    Faults below a part that the document already reports are left out: they follow from it.
    """
    return _read(document, PortfolioEntry)


def scenario_faults(document: Document) -> list[Issue]:
    """Every fault of the schema in a file that holds scenarios and nothing else."""
    return _read(document, ScenarioFile)[1]


def read_view_set(document: Document) -> tuple[ViewSetFile | None, list[Issue]]:
    """Typed entries of a file that holds a named set of views, or None with every fault of the schema."""
    return _read(document, ViewSetFile)


def _read(document: Document, whole: type[_Model]) -> tuple[_Model | None, list[Issue]]:
    try:
        return whole.model_validate(document.root), []
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
    return None, list(islice(_issues(document, details, whole), MAX_ISSUES))


def _issues(document: Document, details: list[ErrorDetails], whole: type[FileEntry]) -> Iterator[Issue]:
    for detail in details:
        path = _in_file(detail["loc"])
        if not any(path[:length] in document.broken for length in range(len(path) + 1)):
            yield _issue(document, path, detail, _entry_at(detail["loc"][:-1], whole))


def _in_file(path: Path) -> Path:
    """Path of the schema as the file has it: a view's form is no part of the file."""
    return (*path[:2], *path[3:]) if path[:1] == ("views",) else path


def _issue(document: Document, path: Path, detail: ErrorDetails, entry: type[FileEntry]) -> Issue:
    """The fault at `path` in words; `entry` is the model of the mapping that the path's last step is in."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(document, path, entry)
    if kind == "missing":
        way_out = entry.ways_out.get(str(path[-1]))
        return Issue(f"{_part(path[:-1])} needs the key {path[-1]}", document.where(path[:-1]), way_out)
    if kind == "too_short":
        return Issue(f"{_part(path)} needs at least one entry", document.where(path))
    if path[-1:] == ("[key]",):
        return Issue(context["message"], document.where_key(path[:-1]), context["hint"])
    if kind == "value":
        return Issue(f"{_part(path)}: {context['message']}", document.where(path), context["hint"])
    shape = "a list" if kind in ("tuple_type", "list_type") else "a mapping of keys"
    hint = _bare_limit_hint(document, path, entry) or _shape_hint(shape)
    return Issue(f"{_part(path)} must be {shape}", document.where(path), hint)


def _bare_limit_hint(document: Document, path: Path, entry: type[FileEntry]) -> str | None:
    """Of a limit that has its bound for a value, the mapping that is meant; `entry` is the model around it."""
    text, step = document.get(*path), str(path[-1]) if path else ""
    field = entry.model_fields.get(step)
    limit = entry if field is None else _model_in(field.annotation)
    if limit is None or not issubclass(limit, LimitEntry) or not isinstance(text, str):
        return None
    if field is not None and field.annotation is not limit and type(None) not in get_args(field.annotation):
        return None  # a group of limits, like funds
    if re.fullmatch(rf"{PRINTED_USD}%?", text, re.ASCII) is None:
        return None
    sides = [side for side in ("max", "min") if side in limit.model_fields]
    bound = text.replace(",", "")  # which would end the value inside of braces
    return f"did you mean {' or '.join(f'{{{side}: {bound}}}' for side in sides)}?"


def _shape_hint(shape: str) -> str:
    return "write - before each entry" if shape == "a list" else "write it as key: value"


def _unknown_key(document: Document, path: Path, entry: type[FileEntry]) -> Issue:
    key, where = str(path[-1]), document.where_key(path)
    if re.fullmatch(r"\d{3}(\.\d+)?%?", key, re.ASCII) and document.get(*path) is None:
        message = f"a value ends at its comma inside of {{ }}: {quoted(key)} is left over"
        return Issue(message, where, 'write the digits without commas, or in quotes: "120,000"')
    known = list(entry.model_fields)
    usual = _USUAL_KEYS.get(key.lower().replace("-", "_"), "")
    meant = f"did you mean {usual}?" if usual.split(" ")[0] in known else did_you_mean(key, known)
    return Issue(f"unknown key {quoted(key)} in {_part(path[:-1])}", where, meant or f"known: {', '.join(known)}")


def _entry_at(path: Path, whole: type[FileEntry]) -> type[FileEntry]:
    """Model of the mapping at `path` of the schema in one of the model `whole`."""
    if path[:1] == ("views",) and len(path) > 2:
        return VIEW_FORMS.get(str(path[2]), whole)
    entry = whole
    for step in path:
        if step in entry.model_fields:
            entry = _model_in(entry.model_fields[str(step)].annotation) or entry
    return entry


def _model_in(annotation: Any) -> type[FileEntry] | None:  # noqa: ANN401 - annotations share no type
    """Model inside an annotation like ``tuple[Model, ...]`` or ``Model | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation if issubclass(annotation, FileEntry) else None
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def _part(path: Path) -> str:
    """Path as a reader writes it: ``accounts[2].holdings[1].shares``, counting from 1."""
    text = ""
    for step in path:
        word = str(step)
        shown = word if word.isidentifier() and len(word) <= LONGEST_WORD else quoted(word)
        text += f"[{step + 1}]" if isinstance(step, int) else f".{shown}"
    return text.removeprefix(".") or "the file"
