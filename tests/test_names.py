"""One name for each thing: the list of docs/developers/names.md, and the shelves of the documentation."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.architecture_picture import PICTURE, picture
from tests.test_architecture import PACKAGE, modules, room_of

DOCS = PACKAGE.parent / "docs"
NAMES = (DOCS / "developers" / "names.md").read_text("utf-8")
USERS = sorted((DOCS / "users").glob("*.md"))
DEVELOPERS = sorted((DOCS / "developers").glob("*.md"))
MOST_WORDS = 1500
RETIRED = re.compile(r"yardstick|price_book_|scenario_returns|pricebook", re.IGNORECASE)


def is_apart(path: Path) -> bool:
    """The check shares nothing, and a command has the name of what it calls."""
    return room_of(path) == "cli" or path.parent.name == "verify"


@cache
def trees() -> tuple[tuple[Path, ast.Module], ...]:
    """Every module, read once."""
    return tuple(modules())


@cache
def homes_of() -> dict[str, set[Path]]:
    """Where each public name is defined."""
    found: dict[str, set[Path]] = {}
    for name, path in definitions():
        found.setdefault(name, set()).add(path)
    return found


def definitions() -> Iterator[tuple[str, Path]]:
    """Each public class, function and constant of a module."""
    for path, tree in trees():
        if is_apart(path):
            continue
        for node in tree.body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                yield node.name, path
            elif isinstance(node, ast.Assign):
                yield from ((target.id, path) for target in node.targets if isinstance(target, ast.Name))


def listed() -> list[str]:
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \|", NAMES, re.MULTILINE)[2:]
    return [name for cell in rows for name in re.findall(r"`(\w+)`", cell)]


def test_no_name_of_the_list_is_listed_twice() -> None:
    assert len(listed()) == len(set(listed())) > 30


@pytest.mark.parametrize("name", listed())
def test_a_name_of_the_list_has_one_home(name: str) -> None:
    homes = sorted(str(path.relative_to(PACKAGE)) for path in homes_of().get(name, ()))
    if homes:
        assert len(homes) == 1, homes
    else:  # a field or a module
        uses = [path for path, _ in trees() if path.stem == name or re.search(rf"^    {name}:", path.read_text(), re.M)]
        assert uses, name


def test_no_two_public_classes_have_one_name() -> None:
    homes: dict[str, set[Path]] = {}
    for path, tree in trees():
        if is_apart(path):
            continue
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, set()).add(path)
    assert {name: paths for name, paths in homes.items() if len(paths) > 1} == {}


def test_words_that_were_retired_do_not_come_back() -> None:
    found = [(path.name, match[0]) for path, _ in trees() for match in RETIRED.finditer(path.read_text("utf-8"))]
    assert found == []


def test_the_picture_of_the_house_is_that_of_the_code() -> None:
    """If this fails: python -m tests.architecture_picture."""
    assert PICTURE.read_text("utf-8") == picture()


@pytest.mark.parametrize("page", USERS, ids=lambda page: page.stem)
def test_a_page_for_users_is_short_and_begins_with_what_it_is_for(page: Path) -> None:
    text = page.read_text("utf-8")
    assert len(text.split()) <= MOST_WORDS
    assert text.split("\n\n")[1].startswith("Use this page to ")


def test_the_index_has_every_page() -> None:
    index = (DOCS / "README.md").read_text("utf-8")
    linked = set(re.findall(r"\]\((\w+/[\w-]+\.md)\)", index))
    assert linked == {f"{page.parent.name}/{page.name}" for page in (*USERS, *DEVELOPERS)}


@pytest.mark.parametrize(
    "page", [*USERS, *DEVELOPERS, DOCS / "README.md", PACKAGE.parent / "CONTRIBUTING.md"], ids=lambda page: page.stem
)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:|mailto:", target):
            continue
        path, _, anchor = target.partition("#")
        there = Path(os.path.normpath(page.parent / path)) if path else page
        assert there.exists(), target
        if anchor and there.suffix == ".md":
            heads = re.findall(r"^#+ (.+)$", there.read_text("utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
            assert anchor in slugs, target
