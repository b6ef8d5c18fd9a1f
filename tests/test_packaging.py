"""The wheel and the source archive hold what a user needs, and the command runs from the wheel alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent
DATA = (
    "advisor/backtest/schemas/backtest-1.json",
    "advisor/evidence/results/results-2026-07-13.json",
    "advisor/evidence/schemas/small-caps-2.json",
    "advisor/evidence/tables/standings.csv",
    "advisor/evidence/tables/year_to_date.csv",
    "advisor/portfolio/view_prices.csv",
    "advisor/evidence/tables/rate_changes.csv",
    "advisor/market/snapshots/snapshot-2026-07-13.json",
    "advisor/portfolio/view_sets/small-caps-2026.yaml",
    "advisor/whatif/schemas/diff-1.json",
    "advisor/rebalance/schemas/recommendation-1.json",
    "advisor/rebalance/schemas/recommendation-2.json",
    "advisor/rebalance/schemas/recommendation-3.json",
    "advisor/rebalance/schemas/verification-1.json",
    "advisor/whatif/schemas/what-if-3.json",
    "advisor/_share/templates/_what-if.js",
    "advisor/_share/templates/what-if.html.j2",
    "advisor/py.typed",
)
REPORT_FILES = ["orders.csv", "recommendation.json", "report.html", "report.pdf"]


def build(kind: str, project: Path, into: Path) -> Path:
    """The archive that the build back end makes, without network."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(into)]
    ended = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    (archive,) = into.iterdir()
    return archive


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", CHECKOUT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source archive, unpacked."""
    archive = build("sdist", CHECKOUT, tmp_path_factory.mktemp("sdist"))
    folder = tmp_path_factory.mktemp("source")
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    (project,) = folder.iterdir()
    return project


@pytest.fixture
def installed(wheel: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def names(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def on_disk(*folders: str) -> set[str]:
    return {
        path.relative_to(CHECKOUT).as_posix()
        for folder in folders
        for path in (CHECKOUT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and "_share" not in path.parts
    }


def run(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python with the unpacked wheel first on its path, in a folder of its own."""
    cwd = installed.parent / "cwd"
    cwd.mkdir(exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def test_every_module_table_template_and_sample_is_in_the_wheel(wheel: Path) -> None:
    found = names(wheel)
    assert on_disk("advisor") <= found
    assert {f"advisor/_share/{name}" for name in on_disk("templates", "portfolios")} <= found
    assert set(DATA) <= found
    assert len([name for name in found if name.startswith("advisor/market/tables/")]) >= 7


def test_nothing_else_is_in_the_wheel(wheel: Path) -> None:
    shared = {f"advisor/_share/{name}" for name in on_disk("templates", "portfolios")}
    others = {name for name in names(wheel) - on_disk("advisor") - shared if ".dist-info/" not in name}
    assert others == set()


def test_the_wheel_is_named_licensed_and_has_its_command(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    texts = {name.split("/", 1)[1]: archive.read(name).decode() for name in names(wheel) if ".dist-info/" in name}
    assert {"licenses/LICENSE", "licenses/templates/fonts/OFL.txt"} <= texts.keys()
    assert "Name: smallcap-advisor\n" in texts["METADATA"]
    assert "Requires-Dist: cvxpy" in texts["METADATA"]
    assert "Requires-Dist: yfinance" in texts["METADATA"]
    assert texts["entry_points.txt"].strip() == "[console_scripts]\nadvisor = advisor.cli.main:main"


def test_the_command_runs_from_the_wheel_alone(installed: Path) -> None:
    where = run(installed, "-c", "import advisor.share as s; print(s.__file__); print(s.share('templates'))").stdout
    assert where.split("\n")[:2] == [
        str(installed / "advisor" / "share.py"),
        str(installed / "advisor" / "_share" / "templates"),
    ]
    sample = installed / "advisor" / "_share" / "portfolios" / "young-saver.yaml"
    ended = run(installed, "-m", "advisor", "rebalance", str(sample))
    assert ended.returncode == 0, ended.stderr
    folder = installed.parent / "cwd" / "reports" / "young-saver-2026-11-20"
    assert sorted(path.name for path in folder.iterdir()) == REPORT_FILES
    ended = run(installed, "-m", "advisor", "verify", str(folder / "recommendation.json"))
    assert ended.returncode == 0, ended.stderr
    for words in (["samples", "young-saver"], ["check", "young-saver.yaml"]):
        ended = run(installed, "-m", "advisor", *words)
        assert ended.returncode == 0, ended.stderr
    schema = run(installed, "-m", "advisor", "schema").stdout
    assert json.loads(schema) == json.loads((sample.parent / "portfolio.schema.json").read_text("utf-8"))


def test_without_its_templates_the_wheel_finds_none_elsewhere(installed: Path) -> None:
    """The control of the test above: the checkout's templates are out of reach."""
    (installed / "advisor" / "_share" / "templates" / "report.html.j2").unlink()
    sample = installed / "advisor" / "_share" / "portfolios" / "young-saver.yaml"
    ended = run(installed, "-m", "advisor", "rebalance", str(sample))
    assert ended.returncode == 1
    assert "report.html.j2" in ended.stderr


def test_the_wheel_of_the_source_archive_is_the_same(wheel: Path, source: Path, tmp_path: Path) -> None:
    again = build("wheel", source, tmp_path)
    assert again.name == wheel.name
    assert names(again) == names(wheel)


def test_the_source_archive_has_the_tests_and_documents_and_nothing_private(source: Path) -> None:
    found = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    assert on_disk("tests", "docs") <= found
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "pyproject.toml"} <= found
    assert not {name for name in found if name.split("/")[0] in ("reports", "dist", "build", ".venv", "shared")}
