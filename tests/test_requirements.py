"""The pinned releases: within the ranges of pyproject.toml, with hashes, and from no named address."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
MAIN = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["build"]]
EXTRAS = PROJECT["project"]["optional-dependencies"]
DEVELOPMENT = [*MAIN, *EXTRAS["test"], *EXTRAS["lint"]]


def lines_of(name: str) -> list[str]:
    """Requirements of a file, each with its continuation lines."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8").replace("\\\n", "")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def pins(name: str) -> dict[str, set[str]]:
    """Versions by package; there are several where they differ by Python."""
    found: dict[str, set[str]] = {}
    for requirement in (Requirement(line.partition("--hash")[0].strip()) for line in lines_of(name)):
        (one,) = requirement.specifier
        assert one.operator == "=="
        found.setdefault(canonicalize_name(requirement.name), set()).add(one.version)
    return found


def named(entries: list[str]) -> Iterator[tuple[str, Requirement]]:
    for requirement in map(Requirement, entries):
        yield canonicalize_name(requirement.name), requirement


@pytest.mark.parametrize(("name", "entries"), [("main", MAIN), ("development", DEVELOPMENT)])
def test_every_dependency_is_pinned_within_its_range(name: str, entries: list[str]) -> None:
    found = pins(name)
    for package, requirement in named(entries):
        assert found[package], package
        assert all(requirement.specifier.contains(version) for version in found[package]), package


@pytest.mark.parametrize("name", ["main", "development"])
def test_every_pin_has_hashes_and_none_an_address(name: str) -> None:
    for line in lines_of(name):
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", line), line[:60]
        assert "//" not in line


def test_tests_run_on_the_releases_of_the_main_job() -> None:
    main, development = pins("main"), pins("development")
    assert main.items() <= development.items()


def test_the_main_job_installs_no_test_tool() -> None:
    assert not pins("main").keys() & {"pytest", "hypothesis", "selenium", "weasyprint", "mypy", "ruff"}


def test_the_oldest_releases_are_the_lower_bounds() -> None:
    found = pins("oldest")
    entries = [*PROJECT["project"]["dependencies"], *EXTRAS["test"]]
    assert found.keys() == {package for package, _ in named(entries)}
    for package, requirement in named(entries):
        (lowest,) = (one.version for one in requirement.specifier if one.operator == ">=")
        (version,) = found[package]
        assert requirement.specifier.contains(version), package
        assert version == lowest or re.fullmatch(rf"{re.escape(lowest)}(\.0)*", version), package


@pytest.mark.parametrize("script", ["run", "pin"])
def test_the_gate_takes_no_arguments(script: str) -> None:
    ended = subprocess.run([ROOT / ".ci" / script, "--fast"], capture_output=True, text=True, check=False, timeout=600)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "takes no arguments" in ended.stderr
