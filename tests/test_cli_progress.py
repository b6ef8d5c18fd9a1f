"""The late bar, seen through a terminal of its own: nothing for quick work, gone when the work is done."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.command import CHECKOUT, PORTFOLIOS
from tests.counts import first

pty = pytest.importorskip("pty", reason="no pseudo-terminals on this system")

SAVER = PORTFOLIOS / "young-saver.yaml"
AT_ONCE, NEVER = 0.0, 3600.0  # seconds until the bar
COLOUR = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-7]|4[0-7]|9[0-7]|10[0-7]|38|48)[0-9;]*m")
TWO_STEPS = """\
import time
from advisor.cli import progress
with progress.late_bar(2, "Planning") as bar:
    {first}
    bar.step("Comparing")
    {second}
print("done")
"""
UNTIL_SHOWN = "while bar._shown is None: time.sleep(0.01)"  # however busy the machine is; a hang ends with the test
COMMAND = """\
import time
from advisor.cli import progress
from advisor.cli.main import main
progress.PATIENCE = {patience}
hide = progress.LateBar.hide
progress.LateBar.hide = lambda bar: ({wait} and time.sleep(0.5), hide(bar))
main({arguments!r})
"""


def seen(script: str, cwd: Path, environment: Mapping[str, str] | None = None) -> tuple[str, str]:
    """What the script writes to standard output, a file, and to standard error, a terminal."""
    environment = {"TERM": "xterm-256color", **(environment or {}), "PYTHONPATH": str(CHECKOUT)}
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        environment.setdefault(name, "")
    environment = {**os.environ, **environment}
    for name in [name for name, value in environment.items() if value == ""]:
        del environment[name]
    ours, theirs = pty.openpty()
    with (cwd / "stdout").open("w+b") as out:
        call = [sys.executable, "-c", script]
        process = subprocess.Popen(call, stdout=out, stderr=theirs, stdin=theirs, cwd=cwd, env=environment)
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # Linux says that the other end is closed by an error
            while part := os.read(ours, 4096):
                shown += part
        os.close(ours)
        assert process.wait() == 0, shown.decode()
        out.seek(0)
        return out.read().decode(), shown.decode()


def command(*arguments: object, patience: float, wait: bool = False) -> str:
    return COMMAND.format(patience=patience, arguments=[str(argument) for argument in arguments], wait=wait)


def test_work_of_more_than_a_second_has_a_bar_that_names_what_is_done_and_goes_away(tmp_path: Path) -> None:
    out, shown = seen(TWO_STEPS.format(first=UNTIL_SHOWN, second="time.sleep(0.3)"), tmp_path)
    assert out == "done\n"
    assert 0 <= shown.index("Planning") < shown.index("Comparing")
    assert shown.endswith("\x1b[2K")  # the line is erased last
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") == 1  # and the cursor is back


def test_a_bar_comes_within_a_step_that_takes_long_by_itself(tmp_path: Path) -> None:
    _, shown = seen(TWO_STEPS.format(first="pass", second=UNTIL_SHOWN), tmp_path)
    assert "Planning" not in shown
    assert "Comparing" in shown


def test_quick_work_shows_nothing(tmp_path: Path) -> None:
    assert seen(TWO_STEPS.format(first="pass", second="pass"), tmp_path) == ("done\n", "")


def test_a_pipe_gets_no_bar(tmp_path: Path) -> None:
    script = TWO_STEPS.format(first="time.sleep(1.2)", second="pass")
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=CHECKOUT, env={**os.environ}
    )
    assert (ended.stdout, ended.stderr) == ("done\n", "")


def test_no_color_is_heeded(tmp_path: Path) -> None:
    script = TWO_STEPS.format(first=UNTIL_SHOWN, second="pass")
    assert COLOUR.search(seen(script, tmp_path)[1])
    assert not COLOUR.search(seen(script, tmp_path, {"NO_COLOR": "1"})[1])


@pytest.mark.parametrize(
    ("arguments", "label"),
    first(
        2,
        [
            (("rebalance", SAVER, "--json"), "Planning|Comparing|Making the report"),
            (("ask", SAVER, "least-gain"), "Searching"),
            (("what-if", SAVER), "Comparing"),
            (("rebalance", SAVER), "Planning|Comparing|Making the report"),
        ],
    ),
)
def test_commands_show_it_where_they_take_long_and_where_quiet_do_not(
    arguments: tuple[object, ...], label: str, tmp_path: Path
) -> None:
    out, shown = seen(command(*arguments, patience=AT_ONCE, wait=True), tmp_path)
    assert re.search(label, shown)
    assert "\x1b" not in out
    quiet_out, quiet = seen(command(*arguments, "--quiet", patience=AT_ONCE, wait=True), tmp_path)
    assert (quiet_out, quiet) == (out, "")
    quick_out, quick = seen(command(*arguments, patience=NEVER), tmp_path)
    assert quick_out == out
    assert "\x1b" not in quick
