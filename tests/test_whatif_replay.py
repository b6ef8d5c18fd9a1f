"""Records compared value by value: what counts as the same, and in which order differences are told."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from advisor.whatif.replay import FIRST, Mismatch, compared
from tests.samples import record_of

NAME = "couple-mixed-lots"


def replayed(change: Callable[[dict[str, Any]], object], *, is_same_program: bool = True) -> tuple[Mismatch, ...]:
    """What is found where `change` is made to the record that was written."""
    recorded = record_of(NAME)
    change(recorded)
    return compared(recorded, record_of(NAME), is_same_program=is_same_program).mismatches


def leaves(value: object) -> int:
    entries = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 1 if entries is None else sum(map(leaves, entries))


def test_every_value_but_versions_and_the_name_of_a_file_is_compared() -> None:
    record = record_of(NAME)
    found = compared(record, copy.deepcopy(record), is_same_program=True)
    assert found.mismatches == ()
    left_out = leaves(record["inputs"]["versions"]) + 1
    left_out += sum(leaves(one) for one in record["warnings"] if one["code"] == "stale_lot")
    assert found.values == leaves(record) - left_out


def test_a_figure_that_is_rounded_otherwise_is_counted_and_no_mismatch() -> None:
    recorded = record_of(NAME)
    recorded["after"]["volatility"] += 2**-50
    recorded["before"]["expected_return"] -= 2**-49
    found = compared(recorded, record_of(NAME), is_same_program=True)
    assert (found.mismatches, found.rounded, found.rounding) == ((), 2, 2**-49)


@pytest.mark.parametrize("is_same_program", [True, False])
@pytest.mark.parametrize("value", [0.3, 1e300, float("inf"), float("nan"), 10**400])
def test_a_figure_must_agree_in_six_digits(value: float, is_same_program: bool) -> None:
    def moved(record: dict[str, Any]) -> None:
        record["before"]["cvar_95"] = value
        record["before"]["beta"] *= 1 + 1e-7

    assert [one.path for one in replayed(moved, is_same_program=is_same_program)] == ["before.cvar_95"]


def test_orders_and_money_are_equal_whatever_the_versions() -> None:
    def one_cent(record: dict[str, Any]) -> None:
        record["trades"][0]["amount_usd"] = "23290.85"
        record["tax"]["tax_usd"] = "0.01"

    for is_same in (True, False):
        found = replayed(one_cent, is_same_program=is_same)
        assert [one.path for one in found] == ["trades[0].amount_usd", "tax.tax_usd"]
        assert (found[1].recorded, found[1].replayed) == ('"0.01"', f'"{record_of(NAME)["tax"]["tax_usd"]}"')


def test_what_counts_most_is_told_first() -> None:
    def everything(record: dict[str, Any]) -> None:
        for key in record:
            record[key] = "x"

    assert [one.path for one in replayed(everything)][: len(FIRST)] == list(FIRST)


def test_an_order_more_or_less_is_told_with_the_numbers() -> None:
    def one_more(record: dict[str, Any]) -> None:
        record["trades"].append(record["trades"][0])

    assert replayed(one_more) == (Mismatch("trades", "[4 entries]", "[3 entries]"),)


def test_a_value_that_is_absent_is_not_the_same_as_null() -> None:
    def without(record: dict[str, Any]) -> None:
        del record["limits"][0]["allowed"]
        record["gain"]["unknown"] = None

    assert replayed(without) == (
        Mismatch("limits[0].allowed", None, "null"),
        Mismatch("gain.unknown", "null", None),
    )


@pytest.mark.parametrize(("value", "is_same"), [(0, True), (0.0, True), (False, False), (None, False), ("0", False)])
def test_numbers_are_compared_as_numbers_and_nothing_else_is_one(value: object, is_same: bool) -> None:
    def set_undecided(record: dict[str, Any]) -> None:
        record["certificate"]["undecided"] = value

    assert (replayed(set_undecided) == ()) == is_same


def test_a_certificate_is_each_versions_own() -> None:
    def other_checks(record: dict[str, Any]) -> None:
        record["certificate"]["checks"].pop()

    assert [one.path for one in replayed(other_checks)] == ["certificate.checks"]
    assert replayed(other_checks, is_same_program=False) == ()


def test_a_warning_of_whoever_loaded_the_prices_is_not_compared() -> None:
    def warned(record: dict[str, Any]) -> None:
        record["warnings"].insert(0, {"code": "stale_lot", "message": "The MGK lot ..."})

    assert replayed(warned) == ()


@pytest.mark.parametrize("text", ['{"trades": {}}', '{"inputs": [], "warnings": 1}', "{}", '{"limits": [[]]}'])
def test_any_object_is_compared(text: str) -> None:
    assert compared(json.loads(text), record_of(NAME), is_same_program=True).mismatches
