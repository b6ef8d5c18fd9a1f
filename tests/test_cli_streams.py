"""Every command as a process, among libraries that write to standard output: what is there is the result alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import CHECKOUT, PORTFOLIOS, Ended, end, start
from tests.holdings_files import Part, ishares
from tests.made_up_past import HOUSEHOLD, panel
from tests.noise.sitecustomize import BUFFERED, NOISE
from tests.test_cli_backtest import written
from tests.test_cli_data_compare_risk import HOUSEHOLD as TWO_FUNDS
from tests.test_cli_data_compare_risk import closes
from tests.test_cli_data_compare_risk import written as in_folder
from tests.test_cli_main import commands

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="C's own buffers are reached by another name there")
NOISY = {"PYTHONPATH": os.pathsep.join([str(CHECKOUT / "tests" / "noise"), str(CHECKOUT)])}
SAVER = PORTFOLIOS / "young-saver.yaml"
NOTHING_KEPT = 4  # exit code of a refresh where there is nothing to refresh


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The files that commands are given."""
    folder = tmp_path_factory.mktemp("given")
    ended = end(start("rebalance", SAVER, "--out", folder / "out", "--quiet"))
    assert ended.code == 0, ended.err
    (folder / "household.yaml").write_text(HOUSEHOLD)
    (folder / "two-funds.yaml").write_text(TWO_FUNDS)
    (folder / "list.csv").write_bytes(ishares([Part("NVDA", 6000.0), Part("AAA", 4000.0)]))
    written(folder / "closes.csv", panel(years=5))
    in_folder(folder / "prices", closes())
    return {path.name: path for path in [*folder.iterdir(), folder / "out" / "recommendation.json"]}


def arguments(name: str, made: dict[str, Path]) -> list[object]:
    record = made["recommendation.json"]
    return {
        "rebalance": [SAVER],
        "what-if": [SAVER],
        "ask": [SAVER, "least-deposit", "--account", "Roth IRA"],
        "small-caps": [],
        "backtest": [made["household.yaml"], "--prices", made["closes.csv"]],
        "exposure": [SAVER],
        "check": [SAVER],
        "verify": [record],
        "replay": [record],
        "diff": [record, record],
        "data status": [],
        "data refresh": [],
        "data import-holdings": [made["list.csv"], "--fund", "MADE"],
        "data compare-risk": [made["two-funds.yaml"], "--market", made["prices"]],
        "samples": ["tech-employee"],
        "schema": [],
    }[name]


def run(name: str, made: dict[str, Path], folder: Path, *options: str, **environment: str) -> Ended:
    environment = {**NOISY, "ADVISOR_HOME": str(folder / "home"), **environment}
    ended = end(start(*name.split(), *arguments(name, made), *options, cwd=folder, env=environment))
    assert NOISE.decode() in ended.err, "no library was noisy, so nothing was tried"
    return ended


@pytest.mark.parametrize("name", commands())
def test_standard_output_is_one_document(name: str, made, tmp_path: Path) -> None:
    options = [] if name == "schema" else ["--json"]
    ended = run(name, made, tmp_path, *options, **{BUFFERED: "1"})
    document = json.loads(ended.out)
    assert isinstance(document, dict)
    known = document["$schema" if name == "schema" else "schema"]
    assert re.fullmatch(r"https://json-schema\.org/.*" if name == "schema" else r"advisor\.[a-z-]+/\d+", known)
    assert (known == "advisor.error/1") == (ended.code != 0)
    assert ended.code == (NOTHING_KEPT if name == "data refresh" else 0), ended.err


@pytest.mark.parametrize("name", commands())
def test_text_that_is_piped_is_the_result_alone(name: str, made, tmp_path: Path) -> None:
    ended = run(name, made, tmp_path)
    assert NOISE.decode().strip() not in ended.out
    assert ended.code == (NOTHING_KEPT if name == "data refresh" else 0), ended.err
    assert bool(ended.out.strip()) == (ended.code == 0)


def test_the_noise_would_reach_standard_output_if_nothing_guarded_it() -> None:
    command = [sys.executable, "-c", "import yaml"]
    ended = subprocess.run(command, env={**os.environ, **NOISY}, capture_output=True, check=True, timeout=600)
    assert ended.stdout.count(NOISE) == 3  # from the descriptor, from Python, from C
