"""What all commands share: help, exit codes, streams, errors as JSON, and no stack without ``--debug``."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from advisor.cli import main as entry
from advisor.cli.failure import KINDS
from advisor.cli.main import COMMANDS, advisor
from tests.command import CHECKOUT, PORTFOLIOS, call, contents, end, start

PAGES = ("command-line", "more-commands", "exit-codes")
MANUAL = "\n".join((CHECKOUT / "docs" / "users" / f"{page}.md").read_text("utf-8") for page in PAGES)
HEAVY = ("numpy", "pandas", "cvxpy", "yfinance", "rich", "scipy", "pydantic", "yaml", "jinja2", "plutoprint")
SAVER = PORTFOLIOS / "young-saver.yaml"
NO_DATA = """\
version: 1
name: x
as_of: 2026-07-13
accounts:
  - {name: A, type: roth, holdings: [{symbol: ZZZZ, shares: 10}, {symbol: IWM, shares: 1}, {symbol: QQQQX, shares: 1}]}
"""


def commands() -> dict[str, click.Command]:
    """Every command by its words, those of groups as well: ``data import-holdings``."""
    context = click.Context(advisor)
    found: dict[str, click.Command] = {}
    for name in advisor.list_commands(context):
        command = advisor.get_command(context, name)
        inner = command.commands if isinstance(command, click.Group) else {}
        found |= {f"{name} {word}": part for word, part in inner.items()} or {name: command}
    return found


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["rebalance", "--help"], ["verify", "-h"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    script = (
        f"import sys\nfrom advisor.cli.main import main\ntry:\n    main({arguments!r})\n"
        f"except SystemExit as ended:\n    assert not ended.code\n"
        f"sys.exit(str(set({HEAVY!r}) & set(sys.modules)) if set({HEAVY!r}) & set(sys.modules) else 0)\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=CHECKOUT)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout


@pytest.mark.parametrize("name", commands())
def test_each_command_explains_itself_and_every_option(name: str, capsys) -> None:
    text = call(capsys, *name.split(), "--help").out
    command = commands()[name]
    assert (command.help or "").strip().split("\n")[0] in " ".join(text.split())
    assert "Example:" in text
    assert all(option.help for option in command.params if isinstance(option, click.Option))


def test_the_manual_has_every_command_and_option_and_no_other() -> None:
    sections = dict(
        re.findall(r"^## `advisor ([a-z][a-z -]*[a-z])[^`]*`\n(.*?)(?=^## |\Z)", MANUAL, re.MULTILINE | re.DOTALL)
    )
    common = MANUAL.split("## Options of several commands")[1].split("\n## ")[0]
    assert sections.keys() == commands().keys()
    for name, command in commands().items():
        stated = {match for text in (common, sections[name]) for match in re.findall(r"`(--[a-z-]+)", text)}
        for option in (option for option in command.params if isinstance(option, click.Option)):
            assert {*option.opts, *option.secondary_opts} <= stated, (name, option.opts)
    known = {opt for command in commands().values() for option in command.params for opt in option.opts}
    assert set(re.findall(r"`(--[a-z-]+)", MANUAL)) <= known | {"--help", "--version"}


def test_the_manual_has_every_exit_code_and_kind() -> None:
    rows = dict(re.findall(r"^\| (\d+) \| `?([a-z_]+|)`? \|", MANUAL, re.MULTILINE))
    assert {int(code): kind for code, kind in rows.items() if kind} == KINDS
    assert {"0", "129", "130", "143"} <= set(re.findall(r"\b\d+\b", MANUAL.split("## Exit codes")[1]))


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--help"], 0),
        (["--version"], 0),
        (["check", SAVER], 0),
        (["nonsense"], 2),
        (["rebalance"], 2),
        (["rebalance", SAVER, "--nonsense"], 2),
        (["rebalance", SAVER, "--as-of", "2026-02-30"], 2),
        (["rebalance", SAVER, "--as-of", "1066-10-14"], 2),
        (["rebalance", SAVER, "--market", "yahoo", "--offline"], 4),
        (["rebalance", SAVER, "--accept-price", "SPY"], 2),
        (["rebalance", SAVER, "--accept-price", "SPY=-1"], 2),
        (["rebalance", SAVER, "--accept-price", "SPY=1", "--accept-price", "SPY=2"], 2),
        (["rebalance", SAVER, "--accept-price", "ZZZZ=1"], 4),
        (["rebalance", SAVER, "--out", ""], 2),
        (["rebalance", SAVER, SAVER], 2),
        (["rebalance", "none.yaml"], 3),
        (["rebalance", ""], 3),
        (["rebalance", PORTFOLIOS], 3),
        (["exposure", "none.yaml"], 3),
        (["check", "x" * 5000], 3),
        (["verify", "none.json"], 3),
        (["verify", SAVER], 3),
        (["rebalance", SAVER, "--market", "none.json"], 4),
        (["exposure", SAVER, "--market", SAVER], 4),
        (["rebalance", PORTFOLIOS / "impossible.yaml"], 5),
        (["rebalance", SAVER, "--out", SAVER], 7),
    ],
    ids=lambda value: " ".join(str(part)[-20:] for part in value) if isinstance(value, list) else str(value),
)
def test_exit_codes(
    arguments: list[object], code: int, capsys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = call(capsys, *arguments)
    assert ended.code == code
    assert (ended.out == "") == (code != 0)
    assert "Traceback" not in ended.err
    assert contents(tmp_path) == {}
    if code > 1 and arguments[0] in COMMANDS and "--nonsense" not in arguments:
        document = call(capsys, *arguments, "--json").document
        assert document["schema"].startswith("advisor.")
        error = document["error"]
        assert (error["code"], error["kind"]) == (code, KINDS[code])
        assert error["message"]


def test_a_symbol_without_data_is_named_with_the_ways_to_supply_it(tmp_path: Path, capsys) -> None:
    file = tmp_path / "file.yaml"
    file.write_text(NO_DATA)
    ended = call(capsys, "rebalance", file, "--out", tmp_path / "out")
    assert (ended.code, ended.out) == (4, "")
    assert all(
        part in ended.err for part in ("ZZZZ", "QQQQX", "securities:", "proxy:", "--market yahoo", "--market FOLDER")
    )
    assert not (tmp_path / "out").exists()


def test_every_fault_of_the_file_is_in_the_document_of_the_error(tmp_path: Path, capsys) -> None:
    file = tmp_path / "file.yaml"
    file.write_text(NO_DATA.replace("roth", "rot").replace("shares: 10", "shares: ten"))
    for command in ("rebalance", "exposure", "check"):
        issues = call(capsys, command, file, "--json").document["error"]["issues"]
        assert [(issue["line"], issue["file"]) for issue in issues] == [(5, str(file)), (5, str(file))]


def test_a_bug_shows_its_stack_only_when_asked(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("advisor.portfolio.load.read_portfolio", fail)
    ended = call(capsys, "rebalance", SAVER)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "error: this is a bug in advisor: ZeroDivisionError: oh (run again with --debug)\n"
    assert "Traceback" in call(capsys, "rebalance", SAVER, "--debug").err
    assert call(capsys, "rebalance", SAVER, "--json").document["error"]["kind"] == "bug"


def test_debug_shows_the_stack_of_a_named_error(capsys) -> None:
    ended = call(capsys, "check", "none.yaml", "--debug")
    assert (ended.code, ended.out) == (3, "")
    assert "Traceback" in ended.err


def test_a_name_does_not_steer_the_terminal(tmp_path: Path, capsys) -> None:
    for name in ("\x1b[31mred.yaml", "a\nb.yaml", "\u202eevil.yaml"):
        file = tmp_path / name
        for ended in (call(capsys, "check", file), call(capsys, "rebalance", SAVER, "--out", SAVER / name)):
            assert ended.code in (3, 7)
            assert not set("\x1b\u202e") & set(ended.err)
        file.write_text(SAVER.read_text("utf-8"))
        ended = call(capsys, "check", file)
        assert ended.code == 0
        assert not set("\x1b\u202e") & set(ended.out)
        assert ended.out.count("\n") == 1


def test_a_file_name_that_is_not_text_is_no_obstacle(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux has file names of any bytes")
    file = tmp_path / "caf\udce9.yaml"
    file.write_bytes(SAVER.read_bytes())
    commands = (["check"], ["rebalance", "--out", tmp_path / "caf\udce9"])
    for ended in map(end, [start(*command, file) for command in commands]):
        assert (ended.code, "caf·" in ended.out) == (0, True), ended.err
    assert len(contents(tmp_path / "caf\udce9")) == 4


@pytest.mark.parametrize("command", ["exposure", "rebalance"])
def test_a_small_alphabet_gets_plain_signs(command: str, tmp_path: Path) -> None:
    file = PORTFOLIOS / "already-diversified.yaml"  # has an interval, whose dash is no ASCII
    ended = end(start(command, file, cwd=tmp_path, env={"PYTHONIOENCODING": "ascii"}))
    assert ended.code == 0, ended.err
    assert "0.0-0.6%" in ended.out
    assert ended.out.isascii()


def test_the_module_and_the_script_are_the_same_command() -> None:
    ended = end(start("--version"))
    assert (ended.code, ended.out) == (0, f"advisor, version {entry.__version__}\n")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read anything")
@pytest.mark.parametrize("command", ["check", "exposure", "rebalance", "verify"])
def test_a_file_that_may_not_be_read_is_a_wrong_input(command: str, tmp_path: Path, capsys) -> None:
    file = tmp_path / "file.yaml"
    file.touch(mode=0o000)
    ended = call(capsys, command, file)
    assert ended.code == 3
    assert "permission denied" in ended.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rebalanc", SAVER], "no command is called 'rebalanc': did you mean rebalance?"),
        (["whatif", SAVER], "did you mean what-if?"),
        (["data", "statu"], "no command is called 'statu': did you mean status?"),
        (["xyzzy"], "no command is called 'xyzzy': there is rebalance, what-if, "),
        (["exposure", SAVER, "--market", "yaho"], "'yaho' is no source, and no file or folder: did you mean yahoo?"),
        (["exposure", SAVER, "--market", "bloomberg"], "give snapshot, yahoo, or the path of a file or folder"),
        (["ask", SAVER, "least-deposti"], "did you mean least-deposit?"),
        (["ask", SAVER, "most"], "one of least-deposit, least-gain, "),
        (["ask", SAVER, "least-deposit", "--account", "roth ira"], "'roth ira': did you mean Roth IRA?"),
        (["rebalance", SAVER, "--pdf-engine", "weasiprint"], "did you mean weasyprint?"),
        (
            ["check", SAVER, "--as-of", "11/20/2026"],
            "'11/20/2026' is not a date; write YYYY-MM-DD: did you mean 2026-11-20?",
        ),
        (["rebalance", SAVER, "--ofline"], "--offline"),
    ],
)
def test_a_name_that_is_nearly_right_is_told_the_right_one_with_exit_2(
    arguments: list[object], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = call(capsys, *arguments)
    assert ended.code == 2
    assert ended.out == ""
    assert words in " ".join(ended.err.split())


def test_a_path_is_not_taken_for_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    """A folder of any name is one, and a path that is not there is for whoever reads market data."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "yaho").mkdir()
    for path in ("yaho", "./yahoo.json", "none/such"):
        assert call(capsys, "exposure", SAVER, "--market", path).code == 4
