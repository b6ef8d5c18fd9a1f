"""Single values to be set in a file: ``limits.magnificent_seven.max=20%``, and ranges of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from advisor.errors import Location
from advisor.portfolio import values
from advisor.portfolio.document import Document, Node, Path, read_document
from advisor.portfolio.limit_types import LIMITS_OF_PARTS
from advisor.portfolio.values import ValueFaultError
from advisor.portfolio.variants import Changes

MOST_POINTS = 200
FORM = "write PATH=VALUE, like limits.magnificent_seven.max=20%"
RANGE_FORM = "write PATH=FROM:TO:STEP, like limits.magnificent_seven.max=15%:40%:5%"
_OF_A_LIMIT = ("max", "min", "mode", "price")


@dataclass(frozen=True, slots=True)
class Setting:
    """One value at its path in the file; the path as it is written, for people."""

    path: str
    value: str

    @property
    def words(self) -> str:
        """``limits.magnificent_seven.max=20%``."""
        return f"{self.path}={self.value}"


def setting(text: str) -> Setting:
    """The setting of ``PATH=VALUE``; raises `ValueFaultError`."""
    path, equals, value = text.partition("=")
    if not equals or not value.strip() or not all(path.strip().split(".")):
        raise ValueFaultError("is not a setting", FORM)
    return Setting(path.strip(), value.strip())


def sweep_points(text: str) -> tuple[Setting, ...]:
    """The settings of ``PATH=FROM:TO:STEP``, both ends included; raises `ValueFaultError`."""
    whole = setting(text)
    ends = [end.strip() for end in whole.value.split(":")]
    if len(ends) != 3:
        raise ValueFaultError("is not a range", RANGE_FORM)
    unit = "%" if all(end.endswith("%") for end in ends) else ""
    low, high, step = (_number(end.removesuffix("%") if unit else end) for end in ends)
    if step <= 0:
        raise ValueFaultError(f"the step {ends[2]} is not above zero", RANGE_FORM)
    if low > high:
        raise ValueFaultError(f"it goes from {ends[0]} down to {ends[1]}", f"write {ends[1]}:{ends[0]}:{ends[2]}")
    count = int((high - low) / step) + 1
    if count > MOST_POINTS:
        raise ValueFaultError(f"it has {count:,} points", f"at most {MOST_POINTS}: give a larger step")
    points = [low + step * number for number in range(count)]
    points += [high] if points[-1] < high else []
    return tuple(Setting(whole.path, f"{point:f}{unit}") for point in points)


def _number(text: str) -> Decimal:
    if re.fullmatch(values.NUMBER, text, re.ASCII) is None:
        raise ValueFaultError(f"{text!r} is not a number", f"{RANGE_FORM}; all three in percent, or none")
    return Decimal(text)


def settings_changes(settings: Sequence[Setting], document: Document) -> Changes:
    """The settings as one tree of changes of `document`; the n-th stands in line n, so that a fault names it.

    Raises `ValueFaultError` for a value that is no YAML, or two that do not go together.
    """
    tree: dict[str, Node] = {}
    places: dict[Path, Location] = {(): Location(len(settings) + 1)}  # where the fault of no single one stands
    for line, one in enumerate(settings, start=1):
        path: tuple[str, ...] = _path(one.path, document)
        node = _node(one.value)
        if path[0] == "name":
            raise ValueFaultError("the name of a household changes no answer", None)
        if path[0] == "deposit" and len(path) > 1:
            account = path[1]
            path, node = ("deposit",), {"account": account, "amount": node}
        _put(tree, path, node)
        for length in range(1, len(path) + 1):
            places.setdefault(path[:length], Location(line))
    return Changes(", ".join(one.words for one in settings), tree, places, places)


def _node(text: str) -> Node:
    document = read_document(text.encode("utf-8", "surrogatepass"))
    if document.issues:
        raise ValueFaultError(document.issues[0].message, document.issues[0].hint)
    return document.root


def _put(tree: dict[str, Node], path: tuple[str, ...], node: Node) -> None:
    for step in path[:-1]:
        inner = tree.setdefault(step, {})
        if not isinstance(inner, dict):
            raise ValueFaultError(f"{step} is set already", "give each value once")
        tree = inner
    if path[-1] in tree:
        raise ValueFaultError(f"{path[-1]} is set already", "give each value once")
    tree[path[-1]] = node


def _path(text: str, document: Document) -> tuple[str, ...]:
    """Keys of a path; names in it may hold points, and a symbol is the file's own key where it has one."""
    steps = text.split(".")
    if steps[0] == "deposit":
        return ("deposit", ".".join(steps[1:])) if len(steps) > 1 else ("deposit",)
    if steps[0] != "limits" or len(steps) < 3 or steps[1] not in LIMITS_OF_PARTS:
        return tuple(steps)
    end = (steps[-1],) if steps[-1] in _OF_A_LIMIT else ()
    name = ".".join(steps[2 : len(steps) - len(end)])
    return ("limits", steps[1], file_key(name, document.get("limits", steps[1])), *end)


def file_key(name: str, node: Node) -> str:
    """The key under which the mapping has `name`, in whichever spelling of the symbol."""
    known = {values.loose_symbol(key): key for key in node} if isinstance(node, dict) else {}
    return known.get(values.loose_symbol(name), name)
