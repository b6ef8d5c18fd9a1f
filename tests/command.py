"""The command line as a program calls it, in this process, and as a user does, in one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from advisor.cli.main import main

CHECKOUT = Path(__file__).parent.parent
PORTFOLIOS = CHECKOUT / "portfolios"
REPORT_FILES = ["orders.csv", "recommendation.json", "report.html", "report.pdf"]


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> Ended:
    """`advisor` in this process: fast, and everything can be patched."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    shown = capsys.readouterr()
    return Ended(int(ended.value.code or 0), shown.out, shown.err)


def start(*arguments: object, cwd: Path | None = None, **options: Any) -> subprocess.Popen[str]:
    """`advisor` as a process; `env` adds to the environment of the tests."""
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), **options.pop("env", {})}
    command = [sys.executable, "-m", "advisor", *map(str, arguments)]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "encoding": "utf-8", **options}
    return subprocess.Popen(command, cwd=cwd, env=environment, **streams)


def end(process: subprocess.Popen[str]) -> Ended:
    out, err = process.communicate(timeout=600)
    return Ended(process.returncode, out or "", err or "")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}
