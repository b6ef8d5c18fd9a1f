"""The JSON Schema of a scenario's sections: those of the file, of which any part may be left out or ``none``."""

from __future__ import annotations

from typing import Any

JsonSchema = dict[str, Any]
SECTIONS = ("as_of", "limits", "tax", "preferences", "views")
REMOVED = {"const": "none"}
_REF = "#/$defs/"
_SUFFIX = "Change"


def with_scenario_sections(schema: JsonSchema) -> JsonSchema:
    """`schema`, the file's, in which the sections of a scenario have the shape of the file's, in part."""
    own = schema["$defs"]
    found: dict[str, JsonSchema] = {}
    properties = dict(own["ScenarioEntry"]["properties"])
    for key in SECTIONS:
        section = {name: node for name, node in schema["properties"][key].items() if name != "default"}
        shape = _in_part(section, own, found) if "$ref" in section else section
        properties[key] = {"anyOf": [shape, REMOVED], "description": properties[key]["description"]}
    scenario = {**own["ScenarioEntry"], "properties": properties}
    return {**schema, "$defs": {**own, **found, "ScenarioEntry": scenario}}


def _in_part(node: Any, own: JsonSchema, found: dict[str, JsonSchema]) -> Any:  # noqa: ANN401 - JSON
    """`node` with every mapping it refers to in part; those are added to `found`."""
    if isinstance(node, list):
        return [_in_part(item, own, found) for item in node]
    if not isinstance(node, dict) or node.get("type") == "array":  # a list is replaced as a whole
        return node
    if "$ref" in node:
        name = node["$ref"].removeprefix(_REF)
        if name + _SUFFIX not in found:
            found[name + _SUFFIX] = {}  # first, in case the mapping refers to itself
            found[name + _SUFFIX] = _mapping_in_part(name, own, found)
        return {"$ref": f"{_REF}{name}{_SUFFIX}"}
    kept = {key: item for key, item in node.items() if key != "default"}
    if "anyOf" in kept:
        kept["anyOf"] = _in_part(kept["anyOf"], own, found)
    if isinstance(named := kept.get("additionalProperties"), dict):
        kept["additionalProperties"] = {"anyOf": [_in_part(named, own, found), REMOVED]}
    if "patternProperties" in kept:
        patterns = kept["patternProperties"].items()
        kept["patternProperties"] = {key: {"anyOf": [_in_part(item, own, found), REMOVED]} for key, item in patterns}
    return kept


def _mapping_in_part(name: str, own: JsonSchema, found: dict[str, JsonSchema]) -> JsonSchema:
    """The mapping `name` without required keys, each of which may be ``none``."""
    entry = own[name]
    properties = {
        key: {"anyOf": [_in_part(field, own, found), REMOVED], "description": field["description"]}
        for key, field in entry["properties"].items()
    }
    kept = {key: item for key, item in entry.items() if key != "required"}
    return {**kept, "properties": properties, "title": name + _SUFFIX}
