"""``advisor samples``, and that the examples of every help text work on what it writes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.command import PORTFOLIOS, call, contents
from tests.test_cli_main import commands

NAMES = sorted(path.stem for path in PORTFOLIOS.glob("*.yaml"))


def test_the_list_names_every_household_and_says_what_it_is(capsys) -> None:
    ended = call(capsys, "samples")
    assert (ended.code, ended.err) == (0, "")
    rows = dict(re.findall(r"^([a-z-]+) +(\S.*)$", ended.out, re.MULTILINE))
    assert sorted(rows) == NAMES
    assert rows["retiree-ira"].startswith("A retired couple")
    assert "Expected" not in ended.out
    document = call(capsys, "samples", "--json").document
    assert [sample["name"] for sample in document["samples"]] == NAMES
    assert all(sample["about"].endswith(".") for sample in document["samples"])


@pytest.mark.parametrize("name", ["tech-employee", "tech-employee.yaml", "Tech-Employee"])
def test_a_named_one_is_written_here(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    ended = call(capsys, "samples", name)
    assert (ended.code, ended.out) == (
        0,
        "Written: tech-employee.yaml\nNext: advisor rebalance tech-employee.yaml\n",
    )
    assert contents(tmp_path) == {"tech-employee.yaml": (PORTFOLIOS / "tech-employee.yaml").read_bytes()}


def test_what_is_there_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    mine = tmp_path / "tech-employee.yaml"
    mine.write_text("mine")
    ended = call(capsys, "samples", "tech-employee")
    assert (ended.code, ended.out) == (7, "")
    assert "already here" in ended.err
    assert contents(tmp_path) == {mine.name: b"mine"}


def test_another_name_is_wrong_usage_and_lists_the_names(capsys) -> None:
    ended = call(capsys, "samples", "nobody")
    assert (ended.code, ended.out) == (2, "")
    assert all(name in ended.err for name in NAMES)


@pytest.mark.parametrize("name", commands())
def test_households_in_examples_are_samples(name: str, capsys) -> None:
    examples = call(capsys, *name.split(), "--help").out.partition("Example:")[2].partition("Options:")[0]
    for file in re.findall(r"[^\s*]+\.yaml", re.sub(r"#.*", "", examples)):
        assert file.removesuffix(".yaml") in NAMES, file
