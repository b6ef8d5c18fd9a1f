"""The keys and values of a record, against the JSON Schema of its version: nothing unknown, nothing missing.

The schemas are read here and not by a library, so that a key without a rule is found wherever the program runs. Of the
keywords of JSON Schema those that these schemas use are known, and any other is an error.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Sized
from functools import cache
from importlib.resources import files
from typing import Any

FIRST_SCHEMA = "advisor.recommendation/1"
OLDER = (FIRST_SCHEMA, "advisor.recommendation/2")  # of another objective, which this check does not have
SCHEMAS = {
    FIRST_SCHEMA: "recommendation-1.json",
    "advisor.recommendation/2": "recommendation-2.json",
    "advisor.recommendation/3": "recommendation-3.json",
}
ANNOTATIONS = {"$schema", "$id", "$defs", "title", "description", "format"}
ARRAY = (list, tuple)  # a record that is not written yet may hold the latter
MOST = 20  # faults that are told

Json = Any
Rule = Callable[[Json, Json, "Place"], Iterator[str]]


class Place:
    """Where in the document a value stands, and the schema that its rules refer to."""

    def __init__(self, root: dict[str, Json], path: str, schema: dict[str, Json]) -> None:
        self.root, self.path, self.schema = root, path, schema

    def at(self, step: str, schema: dict[str, Json] | None = None) -> Place:
        """The place of a part, with the schema of that part."""
        return Place(self.root, self.path + step, self.schema if schema is None else schema)


def is_older(record: dict[str, Json]) -> bool:
    """Whether a record was made for another objective; part of one, like an alternative, says nothing of that."""
    return record.get("schema") in OLDER


def known_schema(name: object) -> bool:
    """Whether a record of the schema `name` can be checked."""
    return isinstance(name, str) and name in SCHEMAS


@cache
def schema_of(name: str) -> dict[str, Json]:
    """The JSON Schema of that name. Raises `KeyError` for one that is not known."""
    text = (files("advisor.rebalance") / "schemas" / SCHEMAS[name]).read_text("utf-8")
    found: dict[str, Json] = json.loads(text)
    return found


def shape_faults(document: Json, schema: dict[str, Json]) -> list[str]:
    """Every place where `document` is not as `schema` has it, `MOST` at most. Raises `ValueError` for a new keyword."""
    found = []
    for fault in _faults(document, Place(schema, "record", schema)):
        found.append(fault)
        if len(found) == MOST:
            break
    return found


def _faults(value: Json, place: Place) -> Iterator[str]:
    for keyword, rule in place.schema.items():
        if keyword in ANNOTATIONS:
            continue
        if keyword not in RULES:
            raise ValueError(f"the schema has a keyword that the check does not know: {keyword}")
        yield from RULES[keyword](value, rule, place)


def _of_type(value: Json, names: Json, place: Place) -> Iterator[str]:
    names = [names] if isinstance(names, str) else names
    if not any(TYPES[name](value) for name in names):
        yield f"{place.path} is no {' or '.join(names)}"


def _number(value: Json) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and (isinstance(value, int) or math.isfinite(value))
    )


TYPES: dict[str, Callable[[Json], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, ARRAY),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": _number,
    "integer": lambda value: _number(value) and value == int(value),
}


def _same(one: Json, other: Json) -> bool:
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


def _const(value: Json, rule: Json, place: Place) -> Iterator[str]:
    if not _same(value, rule):
        yield f"{place.path} is not {rule!r}"


def _enum(value: Json, rule: Json, place: Place) -> Iterator[str]:
    if not any(_same(value, one) for one in rule):
        yield f"{place.path} is none of {', '.join(map(str, rule))}"


def _ref(value: Json, rule: Json, place: Place) -> Iterator[str]:
    target: Json = place.root
    for step in rule.removeprefix("#/").split("/"):
        target = target[step]
    yield from _faults(value, place.at("", target))


def _any_of(value: Json, rule: Json, place: Place) -> Iterator[str]:
    tried = [list(_faults(value, place.at("", one))) for one in rule]
    if all(tried):
        yield min(tried, key=len)[0]


def _properties(value: Json, rule: Json, place: Place) -> Iterator[str]:
    if isinstance(value, dict):
        for key in value.keys() & rule.keys():
            yield from _faults(value[key], place.at(f".{key}", rule[key]))


def _required(value: Json, rule: Json, place: Place) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (f"{place.path}.{key} is missing" for key in rule if key not in value)


def _additional(value: Json, rule: Json, place: Place) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    for key in value.keys() - place.schema.get("properties", {}).keys():
        if rule is False:
            yield f"{place.path}.{str(key)[:40]} is a key that records of this schema do not have"
        elif isinstance(rule, dict):
            yield from _faults(value[key], place.at(f".{key}", rule))


def _property_names(value: Json, rule: Json, place: Place) -> Iterator[str]:
    if isinstance(value, dict):
        for key in value:
            yield from _faults(key, place.at(f".{str(key)[:40]} (its name)", rule))


def _items(value: Json, rule: Json, place: Place) -> Iterator[str]:
    if isinstance(value, ARRAY):
        first = len(place.schema.get("prefixItems", ()))
        for index, item in enumerate(value[first:], first):
            yield from _faults(item, place.at(f"[{index}]", rule))


def _prefix_items(value: Json, rule: Json, place: Place) -> Iterator[str]:
    if isinstance(value, ARRAY):
        for index, (item, one) in enumerate(zip(value, rule, strict=False)):
            yield from _faults(item, place.at(f"[{index}]", one))


def _sized(is_too: Callable[[int, int], bool], kind: type[Sized] | tuple[type[Sized], ...], words: str) -> Rule:
    def rule(value: Json, bound: Json, place: Place) -> Iterator[str]:
        if isinstance(value, kind) and is_too(len(value), bound):
            yield f"{place.path} has {words} {bound} entries"

    return rule


def _compared(is_beyond: Callable[[float, float], bool], words: str) -> Rule:
    def rule(value: Json, bound: Json, place: Place) -> Iterator[str]:
        if _number(value) and is_beyond(value, bound):
            yield f"{place.path} is {words} {bound}"

    return rule


def _pattern(value: Json, rule: Json, place: Place) -> Iterator[str]:
    if isinstance(value, str) and (not re.search(rule, value) or value.endswith("\n")):
        yield f"{place.path} has not the form {rule}"


RULES: dict[str, Rule] = {
    "type": _of_type,
    "const": _const,
    "enum": _enum,
    "$ref": _ref,
    "anyOf": _any_of,
    "properties": _properties,
    "required": _required,
    "additionalProperties": _additional,
    "propertyNames": _property_names,
    "items": _items,
    "prefixItems": _prefix_items,
    "minItems": _sized(lambda size, bound: size < bound, ARRAY, "fewer than"),
    "maxItems": _sized(lambda size, bound: size > bound, ARRAY, "more than"),
    "minLength": _sized(lambda size, bound: size < bound, str, "fewer than"),
    "minimum": _compared(lambda value, bound: value < bound, "below"),
    "maximum": _compared(lambda value, bound: value > bound, "above"),
    "exclusiveMinimum": _compared(lambda value, bound: value <= bound, "not above"),
    "pattern": _pattern,
}
