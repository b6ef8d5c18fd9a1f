"""What a docstring of a public function says: shapes where it takes or gives arrays, errors where it raises them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.test_architecture import PACKAGE, modules, room_of

ARRAY = re.compile(r"\b(Vector|Matrix|ndarray)\b")
SHAPE = re.compile(r"shape|\((\w+, ?)*\w*,?\)", re.IGNORECASE)


def functions() -> Iterator[tuple[Path, str, ast.FunctionDef]]:
    """Public functions of modules and of public classes; commands have the help of their users in the docstring."""
    for path, tree in modules():
        if room_of(path) == "cli":
            continue
        for node in tree.body:
            inner = node.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_") else [node]
            for one in inner:
                if isinstance(one, ast.FunctionDef) and not one.name.startswith("_"):
                    yield path, one.name, one


def annotations(function: ast.FunctionDef) -> list[str]:
    given = [one.annotation for one in (*function.args.args, *function.args.kwonlyargs)]
    return [ast.unparse(one) for one in (*given, function.returns) if one is not None]


def raised(function: ast.FunctionDef) -> set[str]:
    found = (node.exc for node in ast.walk(function) if isinstance(node, ast.Raise) and node.exc is not None)
    return {ast.unparse(one.func if isinstance(one, ast.Call) else one) for one in found} - {"AssertionError"}


def test_functions_of_arrays_state_shapes() -> None:
    missing = [
        f"{path.relative_to(PACKAGE)}: {name}"
        for path, name, function in functions()
        if any(map(ARRAY.search, annotations(function))) and not SHAPE.search(ast.get_docstring(function) or "")
    ]
    assert missing == []


def test_functions_that_raise_say_what() -> None:
    missing = [
        f"{path.relative_to(PACKAGE)}: {name}"
        for path, name, function in functions()
        if (errors := raised(function)) and not _says(ast.get_docstring(function) or "", errors)
    ]
    assert missing == []


def _says(words: str, errors: set[str]) -> bool:
    return "aises" in words or "AdvisorError" in words or any(error in words for error in errors)
