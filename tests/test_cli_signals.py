"""A run that is interrupted stops soon, says so with its exit code, and leaves everything as it was."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.command import CHECKOUT, PORTFOLIOS, REPORT_FILES, contents, end, start
from tests.counts import first

SAVER = PORTFOLIOS / "young-saver.yaml"
SCRIPT = """\
import os, signal, sys
sys.argv = ["advisor", "rebalance", {file!r}, "--out", {out!r}]
import advisor.cli.main, advisor.api.recommend, advisor.files
def after(module, name):
    real = getattr(module, name)
    def interrupted(*args, **kwargs):
        result = real(*args, **kwargs)
        try:
            os.kill(os.getpid(), {number})
        except BaseException:
            if not {swallowed}:
                raise
        return result
    setattr(module, name, interrupted)
after({module}, {name!r})
advisor.cli.main.main()
"""
NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STEPS = [
    ("advisor.api.recommend", "rebalance"),
    ("advisor.api.recommend", "render_pdf"),
    ("advisor.files", "_keep"),
    ("advisor.files", "_sync_folder"),
]
WAYS = [*((False, *step) for step in STEPS), *((True, *step) for step in reversed(STEPS))]


@pytest.mark.parametrize(("swallowed", "module", "name"), first(6, WAYS))
def test_an_interruption_at_any_step_changes_nothing(
    swallowed: bool,
    module: str,
    name: str,
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "orders.csv").write_bytes(b"old")
    number = signal.SIGINT if swallowed else signal.SIGTERM
    script = SCRIPT.format(
        file=str(SAVER), out=str(out), number=int(number), module=module, name=name, swallowed=swallowed
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=CHECKOUT)
    assert ended.returncode == 128 + number, ended.stderr
    assert ended.stderr == "interrupted\n"
    assert contents(out) == {"orders.csv": b"old"}


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number.name)
def test_a_signal_from_outside_stops_a_run_soon(number: signal.Signals, tmp_path: Path) -> None:
    process = start("rebalance", SAVER, "--out", tmp_path / "out")
    time.sleep(0.5)
    process.send_signal(number)
    ended = end(process)
    if ended.code != 0:  # a fast machine may have finished
        assert ended.code in (128 + number, -number)  # the second before the command has set itself up
        assert contents(tmp_path) == {}
    assert "Traceback" not in ended.err


def test_what_is_ignored_by_the_caller_stays_ignored(tmp_path: Path) -> None:
    """As under ``nohup``."""
    process = start(
        "rebalance",
        SAVER,
        "--out",
        tmp_path / "out",
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    time.sleep(0.5)
    process.send_signal(signal.SIGHUP)
    assert end(process).code == 0
    assert sorted(contents(tmp_path / "out")) == REPORT_FILES
