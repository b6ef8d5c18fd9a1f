"""``advisor replay`` as a user runs it, on what ``advisor rebalance`` wrote."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from advisor.market.snapshot import EMBEDDED
from tests.command import CHECKOUT, PORTFOLIOS, call
from tests.counts import first
from tests.samples import ANSWERED, record_of
from tests.test_cli_verify import HOSTILE, places


def written(capsys: pytest.CaptureFixture[str], folder: Path, name: str, *options: object) -> Path:
    assert call(capsys, "rebalance", PORTFOLIOS / f"{name}.yaml", "--out", folder, "--quiet", *options).code == 0
    return folder / "recommendation.json"


def changed(file: Path, change: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads(file.read_text("utf-8"))
    change(document)
    file.write_text(json.dumps(document), "utf-8")


@pytest.mark.parametrize("name", first(3, reversed(ANSWERED)))
def test_every_sample_is_replayed_to_the_last_digit(name: str, tmp_path: Path, capsys) -> None:
    file = written(capsys, tmp_path, name)
    ended = call(capsys, "replay", file)
    assert (ended.code, ended.err) == (0, "")
    document = json.loads(file.read_text("utf-8"))
    count = len(document["trades"])
    assert ended.out.startswith(f"The same {f'{count} order' if count else 'advice to do nothing'}")
    assert "The same to the last digit.\nThe versions are those recorded.\n" in ended.out
    assert "130 days before" in ended.out
    result = call(capsys, "replay", file, "--json").document
    assert (result["schema"], result["same"], result["same_orders"]) == ("advisor.replay/1", True, True)
    assert (result["orders"], result["differing"], result["differences"]) == (count, 0, [])
    assert (result["rounded"], result["rounding"]) == (0, 0)
    assert result["versions"]["recorded"] == result["versions"]["present"] == document["inputs"]["versions"]
    assert "trade_off" in document  # and so it was compared


def test_another_process_gives_the_same_digits(tmp_path: Path, capsys) -> None:
    file = written(capsys, tmp_path, "couple-mixed-lots")
    command = [sys.executable, "-m", "advisor", "replay", str(file)]
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(CHECKOUT)}
        ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
        assert ended.returncode == 0, ended.stdout
        assert "The same to the last digit." in ended.stdout


def test_market_data_of_the_users_own_are_found_beside_the_record(tmp_path: Path, capsys) -> None:
    file = written(capsys, tmp_path / "a", "couple-mixed-lots", "--accept-price", "META=900")
    assert call(capsys, "replay", file).code == 0
    moved = file.parent / "market.json"
    moved.rename(tmp_path / "elsewhere.json")
    ended = call(capsys, "replay", file)
    assert (ended.code, ended.out) == (4, "")
    assert "there is no market.json beside it" in ended.err
    assert call(capsys, "replay", file, "--market", tmp_path / "elsewhere.json").code == 0
    for other in ("snapshot", EMBEDDED):
        ended = call(capsys, "replay", file, "--market", other)
        assert (ended.code, ended.out) == (4, "")
        assert "not the market data of this recommendation" in ended.err


def test_the_first_difference_is_told_with_both_values(tmp_path: Path, capsys) -> None:
    file = written(capsys, tmp_path, "tech-employee")

    def falsify(document: dict[str, Any]) -> None:
        document["after"]["beta"] += 1e-5
        document["trades"][1]["shares"] = "1"

    changed(file, falsify)
    ended = call(capsys, "replay", file)
    assert ended.code == 6
    lines = ended.out.split("\n")
    assert lines[0] == "Not the same orders."
    assert lines[1].startswith("2 of ")
    assert lines[1].endswith(" values differ. The first: trades[1].shares")
    assert [line.split() for line in lines[2:4]] == [["recorded", '"1"'], ["replayed", '"900"']]
    assert "2 of " in ended.err
    assert "900" not in ended.err  # it may end in a log
    result = call(capsys, "replay", file, "--json").document
    assert (result["error"]["code"], result["error"]["kind"]) == (6, "unverified")
    assert (result["same"], result["same_orders"], result["differing"]) == (False, False, 2)
    assert result["differences"][0] == {"path": "trades[1].shares", "recorded": '"1"', "replayed": '"900"'}
    assert result["differences"][1]["path"] == "after.beta"


def test_what_stands_beside_the_proposal_is_replayed(tmp_path: Path, capsys) -> None:
    file = written(capsys, tmp_path, "young-saver")

    def falsify(document: dict[str, Any]) -> None:
        document["trade_off"]["sensitivities"][0]["measures"]["volatility"] += 1e-5

    changed(file, falsify)
    ended = call(capsys, "replay", file)
    assert ended.code == 6
    assert ended.out.startswith("The same ")
    assert "The first: trade_off.sensitivities[0].measures.volatility" in ended.out


def test_versions_that_differ_are_named_and_last_digits_may_differ(tmp_path: Path, capsys) -> None:
    file = written(capsys, tmp_path, "retiree-ira")

    def older(document: dict[str, Any]) -> None:
        document["inputs"]["versions"] |= {"numpy": "1.26.0", "abacus": "1"}
        document["after"]["beta"] += 4e-9
        document["certificate"]["checks"].pop()

    changed(file, older)
    ended = call(capsys, "replay", file)
    assert ended.code == 0
    assert "(recorded 1.26.0)" in ended.out
    assert "abacus none (recorded 1)" in ended.out
    assert "so the certificate is not compared" in ended.out
    assert "1 figure differs in the last digits, by at most 4e-09" in ended.out


def test_inputs_that_have_no_answer_any_more_are_no_replay(tmp_path: Path, capsys) -> None:
    file = tmp_path / "record.json"
    document = record_of("young-saver")
    text = (PORTFOLIOS / "impossible.yaml").read_text("utf-8")
    document["inputs"]["portfolio"] |= {"text": text, "sha256": hashlib.sha256(text.encode()).hexdigest()}
    file.write_text(json.dumps(document), "utf-8")
    ended = call(capsys, "replay", file)
    assert (ended.code, ended.out) == (6, "")
    assert "planned again, its inputs have no answer" in ended.err
    assert "$" not in ended.err


def test_a_text_that_was_changed_is_refused(tmp_path: Path, capsys) -> None:
    document = record_of("young-saver")
    document["inputs"]["portfolio"]["text"] += "\n"
    file = tmp_path / "record.json"
    file.write_text(json.dumps(document), "utf-8")
    ended = call(capsys, "replay", file)
    assert (ended.code, ended.out) == (3, "")
    assert "is not the text whose sha256 was recorded" in ended.err


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff\xfe", b"[" * 200_000, b'{"inputs": []}'])
def test_any_other_file_is_refused(content: bytes, tmp_path: Path, capsys) -> None:
    file = tmp_path / "file.json"
    file.write_bytes(content)
    ended = call(capsys, "replay", file)
    assert (ended.code, ended.out) == (3, "")
    assert str(file) in ended.err


@pytest.mark.parametrize("name", ["recommendation-1", "recommendation-1-views"])
def test_a_record_of_an_older_schema_was_asked_something_else_and_is_refused(name: str, capsys) -> None:
    file = Path(__file__).parent / "records" / f"{name}.json"
    ended = call(capsys, "replay", file)
    assert (ended.code, ended.out) == (3, "")
    assert str(file) in ended.err
    for part in (
        "advisor.recommendation/1",
        "another question",
        "advisor 0.",
        "`advisor verify`",
        "`advisor rebalance`",
    ):
        assert part in ended.err


def test_other_words_are_no_other_orders(tmp_path: Path, capsys) -> None:
    document = record_of("couple-mixed-lots")
    document["trades"][0]["why"] = "because"
    (tmp_path / "record.json").write_text(json.dumps(document))
    ended = call(capsys, "replay", tmp_path / "record.json", "--json")
    assert (ended.code, ended.document["same_orders"]) == (6, True)
    document["trades"][0]["shares"] = "1"
    (tmp_path / "record.json").write_text(json.dumps(document))
    assert call(capsys, "replay", tmp_path / "record.json", "--json").document["same_orders"] is False


@pytest.mark.parametrize("count", first(1, [20, 60]))
def test_a_damaged_record_is_never_a_bug(count: int, tmp_path: Path, capsys) -> None:
    rng = random.Random(20261122)
    everywhere = places(record_of("couple-mixed-lots"))
    codes = set()
    for number in range(count):
        document = record_of("couple-mixed-lots")
        *path, last = rng.choice(everywhere)
        parent: Any = document
        for key in path:
            parent = parent[key]
        parent[last] = rng.choice(HOSTILE)
        file = tmp_path / "record.json"
        file.write_text(json.dumps(document))
        ended = call(capsys, "replay", file, *(["--json"] if number % 2 else []))
        assert ended.code in (0, 3, 4, 6), (path, last, ended.err)
        assert "\x1b" not in ended.out
        codes.add(ended.code)
    assert codes >= {0, 6}
