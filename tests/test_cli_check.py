"""``advisor check`` and ``advisor schema`` as a user runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from advisor.cli.main import main
from advisor.cli.schema import NAMES

RIGHT = """\
version: 1
name: Household
as_of: 2026-07-13
accounts:
  - {name: A, type: roth, cash: 5, holdings: [{symbol: SPY, shares: 1}]}
  - {name: B, type: hsa, holdings: [{symbol: QQQ, lots: [{shares: 1}, {shares: 2}]}]}
limits: {cash: {min: 1%, max: 5%}, do_not_sell: [{symbol: SPY}]}
"""


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    shown = capsys.readouterr()
    return int(ended.value.code or 0), shown.out, shown.err


@pytest.fixture
def right(tmp_path: Path) -> Path:
    path = tmp_path / "right.yaml"
    path.write_text(RIGHT)
    return path


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    path = tmp_path / "wrong.yaml"
    path.write_text(RIGHT.replace("cash: 5,", "cash: -5,").replace("QQQ", "qqq"))
    return path


def test_a_right_file_is_summed_up_in_one_line(right: Path, capsys) -> None:
    assert run(capsys, "check", str(right)) == (
        0,
        f"{right}: no fault found: 2 accounts, 2 positions, 3 lots, 3 limits\n",
        "",
    )


def test_one_is_counted_as_one(right: Path, capsys) -> None:
    right.write_text("version: 1\nname: x\naccounts: [{name: A, type: roth, cash: 5}]\n")
    assert "1 account, 0 positions, 0 lots, 0 limits" in run(capsys, "check", str(right))[1]


def test_a_right_file_as_json(right: Path, capsys) -> None:
    code, out, err = run(capsys, "check", "--json", str(right))
    assert (code, err) == (0, "")
    counts = {"accounts": 2, "positions": 2, "lots": 3, "limits": 3}
    row = {"file": str(right), "passed": True, **counts, "issues": []}
    assert json.loads(out) == {"schema": "advisor.check/1", "passed": True, "files": [row]}


def test_many_files_are_a_line_each_and_faults_by_file(right: Path, wrong: Path, tmp_path: Path, capsys) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("version: 1\n")
    code, out, err = run(capsys, "check", str(right), str(wrong), str(other))
    assert code == 3
    lines = out.split("\n")
    assert lines[0].startswith(f"{right}: no fault found: ")
    assert lines[1:] == [f"{wrong}: 2 faults", f"{other}: 2 faults", ""]
    assert err.index(f"{wrong}:5:33: ") < err.index(f"{other}:1:1: ")
    assert run(capsys, "check", str(right), str(right))[0] == 0
    code, out, told = run(capsys, "check", str(right), str(wrong), str(other), "--json")
    document = json.loads(out)
    assert (code, told) == (3, err)
    assert [(row["file"], row["passed"], len(row["issues"])) for row in document["files"]] == [
        (str(right), True, 0),
        (str(wrong), False, 2),
        (str(other), False, 2),
    ]
    assert document["error"]["issues"] == [issue for row in document["files"] for issue in row["issues"]]


def test_standard_input_is_checked_under_its_name(right: Path, wrong: Path) -> None:
    def checked(text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "advisor", "check", *arguments]
        return subprocess.run(command, input=text, capture_output=True, text=True, check=False)

    ended = checked(right.read_text(), "-")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("standard input: no fault found: 2 accounts")
    ended = checked(wrong.read_text(), str(right), "-")
    assert (ended.returncode, ended.stdout.count("\n")) == (3, 2)
    assert "standard input:5:33: accounts[1].cash: -5 is negative" in ended.stderr
    assert checked("", "-", "-").returncode == 2
    assert checked("", "-").returncode == 3


def test_the_faults_of_a_wrong_file_are_on_stderr_with_exit_3(wrong: Path, capsys) -> None:
    code, out, err = run(capsys, "check", str(wrong))
    assert (code, out) == (3, "")
    assert f"{wrong}:5:33: accounts[1].cash: -5 is negative" in err
    assert f"{wrong}:6:46: accounts[2].holdings[1].symbol: 'qqq' is not a ticker symbol" in err
    assert "did you mean QQQ?" in err
    assert "Traceback" not in err


def test_the_faults_of_a_wrong_file_as_json(wrong: Path, capsys) -> None:
    code, out, _ = run(capsys, "check", str(wrong), "--json")
    assert code == 3
    error = json.loads(out)["error"]
    assert (error["code"], error["kind"]) == (3, "input")
    issues = error["issues"]
    assert [(issue["line"], issue["column"]) for issue in issues] == [(5, 33), (6, 46)]
    assert issues[1] == {
        "file": str(wrong),
        "line": 6,
        "column": 46,
        "message": "accounts[2].holdings[1].symbol: 'qqq' is not a ticker symbol",
        "hint": "did you mean QQQ?",
    }


def test_a_file_that_is_not_there_is_a_wrong_input(tmp_path: Path, capsys) -> None:
    code, out, err = run(capsys, "check", str(tmp_path / "none.yaml"))
    assert (code, out) == (3, "")
    assert "none.yaml: cannot be read: no such file" in err
    issue = json.loads(run(capsys, "check", str(tmp_path), "--json")[1])["error"]["issues"][0]
    assert (issue["line"], issue["message"]) == (None, "cannot be read: is a directory")


def test_the_day_of_the_decision_can_be_overruled(right: Path, capsys) -> None:
    right.write_text(RIGHT.replace("{shares: 2}", "{shares: 2, acquired: 2026-07-20}"))
    assert run(capsys, "check", str(right))[0] == 3
    assert run(capsys, "check", str(right), "--as-of", "2026-08-01")[0] == 0
    assert run(capsys, "check", str(right), "--as-of", "soon")[0] == 2


def test_the_schema_is_one_json_document(capsys) -> None:
    code, out, err = run(capsys, "schema")
    assert (code, err) == (0, "")
    assert json.loads(out)["required"] == ["version", "name", "accounts"]


@pytest.mark.parametrize("name", NAMES)
def test_each_schema_is_one_and_a_name_that_is_nearly_right_is_told(capsys, name: str) -> None:
    code, out, err = run(capsys, "schema", name)
    assert (code, err) == (0, "")
    jsonschema.Draft202012Validator.check_schema(json.loads(out))
    code, _, err = run(capsys, "schema", name[:-1])
    assert code == 2
    assert f"did you mean {name}" in err


def test_checking_imports_no_heavy_library(right: Path) -> None:
    script = (
        "import sys\nfrom advisor.cli.main import advisor\n"
        f"advisor.main(['check', {str(right)!r}], standalone_mode=False)\n"
        "heavy = {'numpy', 'pandas', 'cvxpy', 'yfinance', 'rich', 'jinja2'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
