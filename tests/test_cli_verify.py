"""``advisor verify`` as a user runs it."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from advisor.market.snapshot import EMBEDDED
from advisor.rebalance.orders_file import orders_csv
from advisor.report.sections.answer import orders_note
from tests.command import call
from tests.samples import ANSWERED, answer, record_of

HOSTILE = (
    None,
    True,
    0,
    -1,
    1e308,
    "",
    "x",
    [],
    {},
    [1],
    {"a": 1},
    "NaN",
    "1e999",
    float("nan"),
    10**30,
    "\ud800",
    [[[]]],
)


def save(folder: Path, document: object) -> Path:
    path = folder / "moved and renamed.json"
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize("name", ANSWERED)
def test_a_record_is_verified_wherever_it_lies(name: str, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    file = save(tmp_path, record_of(name))
    ended = call(capsys, "verify", file)
    assert (ended.code, ended.err) == (0, "")
    market, *checks, last = ended.out.strip().split("\n")
    assert "prices of 2026-07-13, 130 days before" in market
    assert all(line.startswith("passed  ") for line in checks)
    document = call(capsys, "verify", file, "--json").document
    assert_meets_its_schema(document)
    assert document["passed"]
    assert last.startswith("Not checked: that no better orders exist; ")
    assert last.endswith(". advisor replay plans again and compares what the optimizer alone knows.")
    assert all(one in last for one in document["not_checked"])
    assert document["market"] == {"id": "snapshot-2026-07-13", "as_of": "2026-07-13", "age_days": 130}
    assert len(document["checks"]) == len(checks)


def assert_meets_its_schema(document: dict[str, Any]) -> None:
    text = (files("advisor.rebalance") / "schemas" / "verification-1.json").read_text("utf-8")
    jsonschema.validate(document, json.loads(text), cls=jsonschema.Draft202012Validator)


def test_the_orders_file_beside_a_record_is_checked_with_it(tmp_path: Path, capsys) -> None:
    file = save(tmp_path, record_of("tech-employee"))
    orders = tmp_path / "orders.csv"
    plan = answer("tech-employee").plan
    orders.write_text(orders_csv(plan.trades, orders_note(plan)))
    ended = call(capsys, "verify", file)
    assert (ended.code, "passed  orders.csv: the same orders, every cell" in ended.out) == (0, True)
    orders.write_text(orders.read_text().replace(",NVDA,", ",AAPL,"))
    ended = call(capsys, "verify", file)
    assert ended.code == 6
    assert "FAILED  orders.csv" in ended.out
    assert "line 2: symbol 'AAPL', NVDA in the record" in ended.out
    for content in (b"\xff\xfe", b""):
        orders.write_bytes(content)
        assert call(capsys, "verify", file).code == (3 if content else 6)


def test_an_orders_file_that_is_a_folder_is_none(tmp_path: Path, capsys) -> None:
    (tmp_path / "orders.csv").mkdir()
    assert call(capsys, "verify", save(tmp_path, record_of("tech-employee"))).code == 0


def test_a_record_cannot_steer_the_terminal(tmp_path: Path, capsys) -> None:
    document = record_of("tech-employee")
    document["limits"][1]["subject"] = "\x1b[2Jpassed"
    ended = call(capsys, "verify", save(tmp_path, document))
    assert ended.code == 6
    assert "\x1b" not in ended.out


def one_cent(document: dict[str, Any]) -> None:
    amount = document["trades"][0]["amount_usd"]
    document["trades"][0]["amount_usd"] = amount[:-1] + ("1" if amount[-1] != "1" else "2")


def other_market(document: dict[str, Any]) -> None:
    document["inputs"]["market"]["sha256"] = "0" * 64


def no_market(document: dict[str, Any]) -> None:
    document["inputs"]["market"] = []


def no_trades(document: dict[str, Any]) -> None:
    document["trades"] = None


@pytest.mark.parametrize("change", [one_cent, other_market, no_market, no_trades])
def test_a_changed_record_fails(change: Callable[[dict[str, Any]], None], tmp_path: Path, capsys) -> None:
    document = record_of("tech-employee")
    change(document)
    file = save(tmp_path, document)
    ended = call(capsys, "verify", file, "--market", "snapshot")
    assert ended.code == 6
    assert "\nFAILED  " in f"\n{ended.out}"
    assert "checks failed" in ended.err
    assert "$" not in ended.err
    result = call(capsys, "verify", file, "--market", "snapshot", "--json").document
    assert_meets_its_schema(result)
    assert (result["passed"], result["error"]["kind"]) == (False, "unverified")
    assert not all(check["passed"] for check in result["checks"])


def text_of_another(document: dict[str, Any]) -> None:
    document["inputs"]["portfolio"]["text"] += "\n"


def text_with_a_fault(document: dict[str, Any]) -> None:
    document["inputs"]["portfolio"] |= {"text": "x", "sha256": hashlib.sha256(b"x").hexdigest()}


def text_of_half_a_character(document: dict[str, Any]) -> None:
    document["inputs"]["portfolio"]["text"] = "\ud800"


def no_inputs(document: dict[str, Any]) -> None:
    del document["inputs"]


def first_day_of_all(document: dict[str, Any]) -> None:
    document["as_of"] = "0001-01-01"


@pytest.mark.parametrize(
    "change", [text_of_another, text_with_a_fault, text_of_half_a_character, no_inputs, first_day_of_all]
)
def test_what_is_not_a_record_is_refused(change: Callable[[dict[str, Any]], None], tmp_path: Path, capsys) -> None:
    document = record_of("young-saver")
    change(document)
    ended = call(capsys, "verify", save(tmp_path, document))
    assert (ended.code, ended.out) == (3, "")
    assert "moved and renamed.json" in ended.err


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"{}", b"\xff\xfe", b"[" * 200_000, b"1" * 5000, b"%PDF-1.4", b'{"inputs": []}'],
    ids=lambda content: repr(content[:12]),
)
def test_any_other_file_is_refused(content: bytes, tmp_path: Path, capsys) -> None:
    file = tmp_path / "file.json"
    file.write_bytes(content)
    ended = call(capsys, "verify", file)
    assert (ended.code, ended.out) == (3, "")
    assert str(file) in ended.err


def test_an_endless_file_is_read_no_further_than_a_record_can_be(capsys) -> None:
    if not Path("/dev/zero").exists():
        pytest.skip("no endless device")
    ended = call(capsys, "verify", "/dev/zero")
    assert ended.code == 3
    assert "longer than 64 MiB" in ended.err


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, item in entries for place in [(*path, key), *places(item, (*path, key))]]


def test_a_damaged_record_is_never_a_bug(tmp_path: Path, capsys) -> None:
    rng = random.Random(20261120)
    everywhere = places(record_of("couple-mixed-lots"))
    inputs = [place for place in everywhere if len(place) == 1 or place[:2] == ("inputs", "portfolio")]
    codes = set()
    for number in range(60):
        document = record_of("couple-mixed-lots")
        *path, last = rng.choice(inputs if number % 4 == 0 else everywhere)  # most of a record are figures of tables
        parent: Any = document
        for key in path:
            parent = parent[key]
        parent[last] = rng.choice(HOSTILE)
        ended = call(capsys, "verify", save(tmp_path, document))
        assert ended.code in (0, 3, 6), (path, last, ended.err)
        codes.add(ended.code)
    assert codes >= {3, 6}


def test_a_key_that_stands_twice_is_no_record(tmp_path: Path, capsys) -> None:
    """Readers differ in which of the two counts."""
    file = save(tmp_path, record_of("tech-employee"))
    file.write_text(file.read_text().replace('"status":', '"status": "do_nothing", "status":', 1))
    ended = call(capsys, "verify", file)
    assert ended.code == 3
    assert "has a key twice: status" in ended.err


def test_what_is_no_record_is_told_in_words(tmp_path: Path, capsys) -> None:
    (tmp_path / "record.json").write_bytes(b"\x80 no")
    (tmp_path / "empty.json").write_text("")
    for name in ("record.json", "empty.json"):
        ended = call(capsys, "verify", tmp_path / name)
        assert ended.code == 3
        assert "give the recommendation.json of a run of advisor rebalance" in ended.err
        assert "Expecting value" not in ended.err
        assert "codec" not in ended.err


def test_orders_that_are_not_beside_the_record_are_said_not_to_be_checked(tmp_path: Path, capsys) -> None:
    file = save(tmp_path, record_of("tech-employee"))
    assert not (file.parent / "orders.csv").exists()
    assert "orders.csv, which is not beside the record" in call(capsys, "verify", file).out


def test_other_market_data_are_looked_for_beside_the_record(tmp_path: Path, capsys) -> None:
    document = record_of("tech-employee")
    other_market(document)
    file = save(tmp_path, document)
    ended = call(capsys, "verify", file)
    assert ended.code == 4
    assert "there is no market.json beside it; give them with --market FILE" in ended.err
    (file.parent / "market.json").write_bytes(EMBEDDED.read_bytes())
    assert "not the market data of this recommendation" in call(capsys, "verify", file).err
