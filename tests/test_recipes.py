"""The recipes of CONTRIBUTING.md, each applied to a scratch copy of the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.recipes import LIMIT, RECIPES, Recipe

ROOT = Path(__file__).parent.parent
COPIED = ("advisor", "templates", "tests", "docs", "portfolios", "pyproject.toml", "README.md", "CONTRIBUTING.md")
TIMEOUT = 1800  # against a hang


def copied(to: Path) -> Path:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, to / name)
    return to


def applied(recipe: Recipe, root: Path) -> None:
    for file, anchor, text in recipe.before:
        replace_once(root / file, anchor, text + anchor)
    for file, old, new in recipe.instead:
        replace_once(root / file, old, new)
    for file, text in recipe.new.items():
        (root / file).write_text(text, "utf-8")


def replace_once(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{path.name}: {old!r}"
    path.write_text(text.replace(old, new), "utf-8")


def run(root: Path, *arguments: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(root)}
    ended = subprocess.run([sys.executable, *arguments], cwd=root, env=environment, capture_output=True, text=True,
                           timeout=TIMEOUT, check=False)  # fmt: skip
    assert ended.returncode == 0, f"{arguments}\n{ended.stdout[-3000:]}\n{ended.stderr[-3000:]}"


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_works_as_it_is_written(name: str, tmp_path: Path) -> None:
    recipe = RECIPES[name]
    root = copied(tmp_path)
    applied(recipe, root)
    for command in recipe.commands:
        run(root, *command)
    if recipe.script:
        run(root, "-c", recipe.script)
    if recipe.tests:
        run(root, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"tests/{module}.py" for module in recipe.tests))


def test_a_limit_is_three_files() -> None:
    assert LIMIT.files == {
        "advisor/portfolio/limit_types.py",
        "advisor/optimize/limits.py",
        "advisor/rebalance/verify/rules.py",
    }


def test_every_recipe_fits_the_code_as_it_is(tmp_path: Path) -> None:
    for number, recipe in enumerate(RECIPES.values()):
        applied(recipe, copied(tmp_path / str(number)))
