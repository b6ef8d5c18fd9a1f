"""Views from the command line: faults with their line, and what replay and diff say of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import call
from tests.samples import text_of
from tests.test_cli_diff import replaced, saved

TERMS = "annual_return: 8%, years: 5, source: A test"
SET = "views: [small-caps-2026]"
SPELLED_OUT = """views:
  - {relative: [IJR, SPY], annual_return: 2.59%, confidence: 25%, years: 5, source: A test}"""


def household(folder: Path, views: str) -> Path:
    file = folder / "household.yaml"
    file.write_text(replaced(text_of("tech-employee"), (SET, views)), "utf-8")
    return file


@pytest.mark.parametrize(
    ("views", "command", "message"),
    [
        ("views:\n  - {symbol: IJR, annual_return: 8%, source: s}", "check", "needs the key years"),
        ("views:\n  - {symbol: IJR, annual_return: 8%, years: 5}", "check", "needs the key source"),
        (f"views:\n  - {{symbol: IJR, confidence: 101%, {TERMS}}}", "check", "101% is too large"),
        (f"views: [{{symbol: IJR, {TERMS}}},\n  {{symbol: IJR, {TERMS}}}]", "check", "a second view on IJR"),
        (
            f"views: [{{symbol: IWM, {TERMS}}},\n  {{symbol: VTWO, {TERMS}}}]",
            "rebalance",
            "second view on VTWO (Russell",
        ),
    ],
    ids=["no time", "no source", "confidence", "two views", "two funds of one index"],
)
def test_a_wrong_view_ends_with_exit_3_and_its_line(
    views: str, command: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = household(tmp_path, views)
    line = 1 + file.read_text("utf-8").split("\n").index(views.split("\n")[1])
    out = ("--out", tmp_path / "out") if command == "rebalance" else ()
    ended = call(capsys, command, file, *out)
    assert ended.code == 3
    assert message in ended.err
    assert f"household.yaml:{line}:" in ended.err


def test_a_diff_names_the_field_of_a_view(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = replaced(text_of("tech-employee"), (SET, SPELLED_OUT))
    old = saved(tmp_path / "old", text)
    new = saved(tmp_path / "new", replaced(text, ("confidence: 25%", "confidence: 75%")))
    document = call(capsys, "diff", old, new, "--json").document
    (step,) = document["causes"]["steps"]
    assert (step["path"], step["before"], step["after"]) == ("views.IJR over SPY.confidence", "25%", "75%")


def test_a_set_counts_as_its_rolled_view_spelled_out_and_only_a_set_is_recorded(tmp_path: Path) -> None:
    by_name = json.loads(saved(tmp_path / "name", text_of("tech-employee")).read_text("utf-8"))
    (used,) = by_name["assumptions"].pop("views")
    assert (used["use"], used["stated_return"], used["prices_to"]) == ("rolled", 0.0259, "2026-07-13")
    spelled_out = replaced(
        text_of("tech-employee"),
        (SET, SPELLED_OUT),
        ("2.59%, confidence", f"{100 * used['used_return']:.4f}%, confidence"),
    )
    by_hand = json.loads(saved(tmp_path / "hand", spelled_out).read_text("utf-8"))
    assert [one["name"] for one in by_name["inputs"]["view_sets"]] == ["small-caps-2026"]
    assert "view_sets" not in by_hand["inputs"]
    (stated,) = by_hand["assumptions"].pop("views")
    assert (stated["use"], stated["stated_return"]) == ("stated", used["used_return"])
    assert by_hand["trades"] == by_name["trades"]
    assert by_hand["assumptions"] == by_name["assumptions"]


def test_a_replay_names_a_set_of_views_that_is_another_now(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = saved(tmp_path / "record", text_of("tech-employee"))
    document = json.loads(file.read_text("utf-8"))
    document["inputs"]["view_sets"][0]["sha256"] = "0" * 64
    file.write_text(json.dumps(document), "utf-8")
    ended = call(capsys, "replay", file)
    assert ended.code == 6
    assert "The first: inputs.view_sets[0].sha256" in ended.out


def test_a_wrong_set_of_a_scenario_is_named_at_its_own_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Not at the set of the file, whose place it would take."""
    file = household(tmp_path, SET)
    text = replaced(
        file.read_text("utf-8"), ("\nscenarios:\n", "\nscenarios:\n  - {name: Other, views: no-such-set}\n")
    )
    file.write_text(text, "utf-8")
    line = 1 + text[: text.index("no-such-set")].count("\n")
    ended = call(capsys, "check", file)
    assert ended.code == 3
    assert f"household.yaml:{line}:" in ended.err


def test_a_scenario_with_a_view_on_an_unknown_symbol_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = household(tmp_path, SET)
    scenario = f"\nscenarios:\n  - {{name: Other, views: [{{symbol: XQZZ, {TERMS}}}]}}\n"
    file.write_text(replaced(file.read_text("utf-8"), ("\nscenarios:\n", scenario)), "utf-8")
    ended = call(capsys, "what-if", file, "--out", tmp_path / "out")
    assert ended.code == 0
    assert "XQZZ" in ended.out
