"""``advisor ask`` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import PORTFOLIOS, call

HALF = """\
version: 1
name: Half
as_of: 2026-11-20
accounts:
  - {name: Broker, type: taxable, holdings: [{symbol: NVDA, shares: 100, cost_per_share: 50, acquired: 2020-01-02}]}
  - {name: Old, type: roth, cash: 10}
limits:
  magnificent_seven: {max: 50%}
  do_not_sell: [{symbol: NVDA}]
tax: {short_term_rate: 24%, long_term_rate: 15%}
"""


@pytest.fixture
def half(tmp_path: Path) -> Path:
    path = tmp_path / "half.yaml"
    path.write_text(HALF)
    return path


def test_the_answer_comes_first_in_one_sentence(half: Path, capsys) -> None:
    """20,353 dollars of Nvidia beside 10 of cash: 20,343 more make it half."""
    ended = call(capsys, "ask", half, "least-deposit")
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert " ".join(" ".join(lines[1:3]).split()) == (
        "Illustration at prices of July 13, 2026: a deposit of $20,343 into Broker is the least with which every limit "
        "can be met."
    )
    assert lines[3] == "Goals: the file's limits. Prices of 2026-07-13, 130 days old. The deposit is there in cash " + (
        "before the trades."
    )
    assert any(line.split() == ["Magnificent", "Seven,", "upper", "end", "100.0%", "50.0%"] for line in lines)
    assert lines[-1].endswith("21 of 21 passed. A proposal, not executed.")


def test_nothing_is_written(half: Path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(half.parent)
    call(capsys, "ask", half, "least-deposit")
    assert [path.name for path in half.parent.iterdir()] == ["half.yaml"]


def test_a_goal_takes_the_place_of_the_files_limit(half: Path, capsys) -> None:
    ended = call(capsys, "ask", half, "least-deposit", "--goal", "limits.magnificent_seven.max=80%", "--json")
    assert ended.document["optimum_usd"] == f"{20_353 / 0.8 - 20_363:.2f}"
    assert ended.document["goals"] == ["limits.magnificent_seven.max=80%"]


def test_a_goal_is_not_placed_on_the_line_of_the_files_limit(half: Path, capsys) -> None:
    ended = call(capsys, "ask", half, "least-gain", "--goal", "limits.magnificent_seven.max=80%")
    assert ended.code == 5
    assert "at most 80% (magnificent_seven.max)" in ended.err
    assert "line 8" not in ended.err


def test_what_whole_orders_cost_is_told_without_a_false_reason(half: Path, capsys) -> None:
    """Nothing is bought or sold where a household of cash is emptied, but for the last dollar, which measures it."""
    half.write_text("version: 1\nname: Cash\naccounts: [{name: A, type: taxable, cash: 5000}]\n")
    ended = call(capsys, "ask", half, "largest-withdrawal")
    assert "at most $4,999 can be withdrawn from A" in ended.out
    assert "efore rounding" not in ended.out


def test_a_goal_is_hard_where_the_files_limit_is_soft(half: Path, capsys) -> None:
    half.write_text(HALF.replace("{max: 50%}", "{max: 50%, mode: soft}"))
    assert call(capsys, "ask", half, "least-deposit", "--json").document["amount_usd"] == "0.00"
    asked = call(capsys, "ask", half, "least-deposit", "--goal", "limits.magnificent_seven.max=50%", "--json")
    assert asked.document["amount_usd"] == "20343.00"


def test_the_account_is_the_one_that_is_named(half: Path, capsys) -> None:
    document = call(capsys, "ask", half, "least-deposit", "--account", "Old", "--json").document
    assert document["accounts"] == {"Old": "20343.00"}
    assert document["schema"] == "advisor.ask/1"
    assert document["is_proved"] is True
    assert all(check["passed"] for check in document["checks"])


def test_old_prices_make_the_answer_an_illustration_or_are_refused(half: Path, capsys) -> None:
    asked = ("ask", half, "least-gain", "--goal", "limits.magnificent_seven.max=100%", "--as-of", "2026-07-22")
    stale = call(capsys, *asked)
    assert "Illustration at prices of July 13, 2026: n" in stale.out
    assert "The prices are of 2026-07-13, 9 days before the day of the decision" in stale.err
    assert next(w["code"] for w in call(capsys, *asked, "--json").document["warnings"]) == "stale_prices"
    refused = call(capsys, *asked, "--max-price-age", "6")
    assert (refused.code, refused.out) == (4, "")
    assert "--max-price-age 6" in refused.err
    allowed = call(capsys, *asked, "--max-price-age", "7")
    assert allowed.code == 0
    recent = call(capsys, *asked[:-1], "2026-07-20")
    assert "Illustration" not in recent.out
    assert "2026-07-13" not in recent.err


def test_limits_that_no_gain_meets_are_a_conflict_with_their_lines(half: Path, capsys) -> None:
    ended = call(capsys, "ask", half, "least-gain", "--json")
    assert ended.code == 5
    assert ended.document["error"]["limits"] == ["magnificent_seven.max"]
    assert "line 8" in ended.err
    assert str(half) in ended.err


def test_a_limit_is_relaxed_in_the_files_own_words(half: Path, capsys) -> None:
    ended = call(capsys, "ask", half, "least-relaxation")
    assert "limits.magnificent_seven.max 99.96% in place of 50%" in " ".join(ended.out.split())


def test_nothing_needs_to_be_relaxed(half: Path, capsys) -> None:
    ended = call(capsys, "ask", half, "least-relaxation", "--goal", "limits.magnificent_seven.max=100%")
    assert "nothing needs to be relaxed" in ended.out


def test_the_largest_withdrawal_leaves_the_limits_held(half: Path, capsys) -> None:
    """Of 20,363 with 20,353 locked, a cap of 100% leaves the 10 of the Roth, which is not taxable."""
    half.write_text(HALF.replace("type: taxable, ", "type: taxable, cash: 500, "))
    ended = call(capsys, "ask", half, "largest-withdrawal", "--goal", "limits.magnificent_seven.max=100%")
    assert "at most $500 can be withdrawn from Broker" in ended.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("most-fun",), "'most-fun' is none: one of"),
        (("least-deposit", "--goal", "views=1"), "'views=1' is no limit"),
        (("least-deposit", "--goal", "limits.magnificent_seven.max"), "is not a setting"),
        (("least-deposit", "--goal", "limits.magnificent_seven.max=400%"), "too large"),
        (("least-deposit", "--account", "New"), "no account is called 'New'"),
        (("least-deposit", "--account", "Old", "--account", "Broker"), "into one account"),
        (("least-gain", "--account", "Old"), "not of an account"),
    ],
)
def test_a_wrong_call_is_told(half: Path, capsys, arguments: tuple[str, ...], says: str) -> None:
    ended = call(capsys, "ask", half, *arguments)
    assert ended.code == 2
    assert says in ended.err


def test_a_file_without_a_taxable_account_asks_for_the_name(half: Path, capsys) -> None:
    half.write_text(HALF.replace("taxable", "roth"))
    ended = call(capsys, "ask", half, "largest-withdrawal")
    assert ended.code == 2
    assert "name one of Broker, Old" in ended.err


def test_every_question_is_answered_for_a_sample(capsys) -> None:
    sample = PORTFOLIOS / "couple-mixed-lots.yaml"
    for question in ("least-deposit", "least-gain", "least-relaxation", "largest-withdrawal"):
        ended = call(capsys, "ask", sample, question, "--json")
        assert ended.code == 0, ended.err
        assert json.loads(ended.out)["question"] == question
        assert json.loads(ended.out)["after"]["magnificent_seven"]["high"] <= 0.28 + 1e-9
