"""The JSON Schema against the files that the program itself reads."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from advisor.portfolio.load import load_portfolio
from advisor.portfolio.schema import json_schema

CORPUS = Path(__file__).parent / "fuzz_corpus"


def as_an_editor_reads(text: str) -> object:
    """Tree of a file by YAML 1.2's core types, as language servers give it to a JSON Schema."""

    def plain(node):
        if isinstance(node, dict):
            return {str(key) if not isinstance(key, bool) else "NO": plain(item) for key, item in node.items()}
        if isinstance(node, list):
            return [plain(item) for item in node]
        return node.isoformat() if isinstance(node, dt.date) else node

    return plain(yaml.safe_load(text))


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("name", ["household.yaml", "smallest.yaml"])
def test_a_right_file_is_right_by_the_schema(name: str, validator) -> None:
    text = (CORPUS / name).read_text()
    load_portfolio(text.encode(), file=name, today=dt.date(2026, 7, 13))
    validator.validate(as_an_editor_reads(text))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("cash: 18000", "csh: 18000"),
        ("type: roth", "type: 401k"),
        ("volatility: {max: 18%,", "volatility: {max: 18,"),
        ("volatility: {max: 18%,", "volatility: {min: 18%,"),
        ("whole_shares: false", "whole_shares: 1"),
        ("Energy: {min", "Enerji: {min"),
        ("covid_2020: {max: 35%}", "covid_2020: {min: 35%}"),
        ("price: 2.5", "price: 0"),
        ("covariance_inflation: 0.25", "covariance_inflation: 2"),
        ("method: ledoit_wolf", "method: shrunk"),
        ("years: 3", "years: 11"),
        ("identical: [[VTI, ITOT, SCHB]", "identical: [VTI, [ITOT, SCHB]"),
        ("symbol: MGK", "symbol: mgk"),
        ("shares: 100", "shares: -100"),
        ("shares: 100", "shares: 1e400 shares"),
        ("side: buy", "side: bought"),
        ("mode: hard", "mode: softly"),
        ("name: Tech-heavy household", "name: ''"),
        ("version: 1", "version: 2"),
        ("- {name: Calmer, limits", "- {nam: Calmer, limits"),
        ("{volatility: {max: 15%}}", "{volatility: {maxx: 15%}}"),
        ("{volatility: {max: 15%}}", "{volatility: {max: 15}}"),
        ("state_rate: none", "state_rate: nothing"),
        ("amount: 5000", "amount: -1"),
    ],
)
def test_what_the_program_refuses_the_schema_refuses(old: str, new: str, validator) -> None:
    text = (CORPUS / "household.yaml").read_text()
    assert old in text
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(as_an_editor_reads(text.replace(old, new, 1)))


def test_every_key_is_described_and_unknown_ones_are_refused_everywhere() -> None:
    schema = json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for name, entry in {"the file": schema, **schema["$defs"]}.items():
        assert entry["additionalProperties"] is False, name
        for key, field in entry["properties"].items():
            assert field["description"], f"{name}: {key}"


def test_no_key_may_be_null() -> None:
    assert '"null"' not in json.dumps(json_schema())


def test_every_key_is_explained_in_the_documentation() -> None:
    users = Path(__file__).parents[1] / "docs" / "users"
    page = "".join((users / f"{name}.md").read_text() for name in ("portfolio-file", "limits", "views", "what-if"))
    schema = json_schema()
    keys = {key for entry in (schema, *schema["$defs"].values()) for key in entry["properties"]}
    assert {key for key in keys if f"`{key}`" not in page} == set()
