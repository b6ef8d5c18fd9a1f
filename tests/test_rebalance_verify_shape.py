"""The check of a record's form agrees with a validator of JSON Schema, whatever is done to a record."""

from __future__ import annotations

import copy
import json
import random
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from advisor.rebalance.verify.shape import SCHEMAS, known_schema, schema_of, shape_faults
from tests.tampered import NAMES, fresh

ODD = (None, True, False, 0, 1, -1, 1.0, 0.5, 10**400, "", "x", "1.00", "2026-01-01", [], {}, [1], {"a": 1}, [[]])


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, item in entries for place in [(*path, key), *places(item, (*path, key))]]


def changed(record: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """The record with one value put, dropped, added or doubled at a place drawn at random."""
    *path, last = rng.choice(places(record))
    parent: Any = record
    for key in path:
        parent = parent[key]
    match rng.randrange(4):
        case 0:
            parent[last] = rng.choice(ODD)
        case 1:
            del parent[last]
        case 2 if isinstance(parent, dict):
            parent[f"{last}_"] = parent[last]
        case _:
            parent[last] = [copy.deepcopy(parent[last])]
    return record


@pytest.mark.parametrize("name", NAMES)
def test_a_written_record_has_no_fault_of_form(name: str) -> None:
    record = fresh(name)
    assert shape_faults(record, schema_of(record["schema"])) == []


def test_any_change_is_judged_as_a_validator_judges_it() -> None:
    rng = random.Random(20261130)
    schema = schema_of(fresh("couple-mixed-lots")["schema"])
    validator = jsonschema.Draft202012Validator(schema)
    verdicts = set()
    for _ in range(120):
        record = changed(fresh("couple-mixed-lots"), rng)
        faults = shape_faults(record, schema)
        assert bool(faults) != validator.is_valid(record), faults
        verdicts.add(bool(faults))
    assert verdicts == {True, False}


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "integer"}, 1.0, 1.5),
        ({"type": ["string", "null"]}, None, 1),
        ({"const": 1}, 1, True),
        ({"enum": ["a", None]}, None, "b"),
        ({"minimum": 0}, 0, -0.1),
        ({"maximum": 1}, 1, 1.1),
        ({"exclusiveMinimum": 0}, 0.1, 0),
        ({"minLength": 1}, "x", ""),
        ({"minItems": 1}, [1], []),
        ({"maxItems": 1}, [1], [1, 2]),
        ({"pattern": "^a$"}, "a", "ab"),
        ({"propertyNames": {"pattern": "^a"}}, {"ab": 1}, {"b": 1}),
        ({"prefixItems": [{"type": "null"}], "items": {"type": "string"}}, [None, "x"], [None, None]),
        ({"properties": {"a": {}}, "additionalProperties": {"type": "string"}}, {"a": 1, "b": "x"}, {"b": 1}),
        ({"anyOf": [{"type": "null"}, {"minimum": 2}]}, 3, 1),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"type": "null"}}}, None, 0),
    ],
)
def test_each_keyword_is_as_the_standard_has_it(schema: dict[str, Any], good: object, bad: object) -> None:
    for value, is_good in ((good, True), (bad, False)):
        assert (shape_faults(value, schema) == []) is is_good
        assert jsonschema.Draft202012Validator(schema).is_valid(value) is is_good


def test_a_line_break_behind_a_value_is_no_part_of_its_form() -> None:
    assert shape_faults("1.00\n", {"pattern": "^1.00$"})


def test_a_keyword_that_is_not_known_is_an_error() -> None:
    with pytest.raises(ValueError, match="multipleOf"):
        shape_faults(3, {"multipleOf": 2})


def test_no_more_faults_are_told_than_anybody_reads() -> None:
    assert len(shape_faults([0] * 100, {"items": {"type": "string"}})) == 20


@pytest.mark.parametrize("name", SCHEMAS)
def test_no_schema_of_a_record_leaves_a_key_open(name: str) -> None:
    """Every object has its keys named or the kind of all its values said."""

    def open_objects(node: Any, path: str) -> list[str]:
        found = (
            [path]
            if isinstance(node, dict) and "properties" in node and node.get("additionalProperties") is not False
            else []
        )
        entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        return (
            found
            + [one for key, item in entries if key != "properties" for one in open_objects(item, f"{path}/{key}")]
            + [
                one
                for key, item in (node.get("properties", {}) if isinstance(node, dict) else {}).items()
                for one in open_objects(item, f"{path}/{key}")
            ]
        )

    assert open_objects(schema_of(name), "") == []


@pytest.mark.parametrize("name", [None, 1, "advisor.recommendation/99", "advisor.what-if/1"])
def test_another_schema_is_not_known(name: object) -> None:
    assert not known_schema(name)


def test_every_schema_that_is_shipped_is_a_schema() -> None:
    for file in (files("advisor.rebalance") / "schemas").iterdir():
        jsonschema.Draft202012Validator.check_schema(json.loads(file.read_text("utf-8")))
