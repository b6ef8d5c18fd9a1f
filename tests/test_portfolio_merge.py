"""Changes merged into a file's tree, and a tree written as a file, against trees written by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.portfolio.document import read_document
from advisor.portfolio.merge import file_text, merged
from tests.samples import FOLDER

CORPUS = Path(__file__).parent / "fuzz_corpus" / "household.yaml"
FILES = [*sorted(FOLDER.glob("*.yaml")), CORPUS]


def tree(text: str):
    document = read_document(text.encode())
    assert document.issues == ()
    return document.root


@pytest.mark.parametrize(
    ("file", "changes", "expected"),
    [
        ("limits: {a: {max: 1}}", "limits: {a: {max: 2}}", "limits: {a: {max: 2}}"),
        ("limits: {a: {max: 1, mode: soft}}", "limits: {a: {max: 2}}", "limits: {a: {max: 2, mode: soft}}"),
        ("limits: {a: {max: 1}, b: {max: 2}}", "limits: {a: none}", "limits: {b: {max: 2}}"),
        ("limits: {a: {max: 1}, b: {max: 2}}", "limits: {b: null}", "limits: {a: {max: 1}}"),
        ("limits: {a: {max: 1, min: 0}}", "limits: {a: {max: none}}", "limits: {a: {min: 0}}"),
        ("limits: {a: {max: 1, mode: soft}, b: {max: 2}}", "limits: {a: {max: none}}", "limits: {b: {max: 2}}"),
        ("limits: {a: {max: 1, mode: soft, price: 3}}", "limits: {a: {mode: hard}}",
         "limits: {a: {max: 1, mode: hard}}"),
        ("limits: {a: {max: 1, mode: soft, price: 3}}", "limits: {a: {mode: none}}", "limits: {a: {max: 1}}"),
        ("limits: {a: {max: 1, mode: soft, price: 3}}", "limits: {a: {mode: soft}}",
         "limits: {a: {max: 1, mode: soft, price: 3}}"),
        ("limits: {a: {max: 1, mode: soft, price: 3}}", "limits: {a: {mode: hard, price: 4}}",
         "limits: {a: {max: 1, mode: hard, price: 4}}"),
        ("limits: {funds: {X: {max: 1}, Y: {max: 2}}}", "limits: {funds: {X: none}}", "limits: {funds: {Y: {max: 2}}}"),
        ("name: N", "limits: {a: {max: 1}}", "{name: N, limits: {a: {max: 1}}}"),
        ("name: N", "limits: none", "name: N"),
        ("limits: {a: {max: 1}}", "tax: ", "limits: {a: {max: 1}}"),
        ("tax: {x: 1, y: 2}", "tax: {y: none}", "tax: {x: 1}"),
        ("preferences: {buy: [A, B]}", "preferences: {buy: [C]}", "preferences: {buy: [C]}"),
        ("views: [{a: 1}, {b: 2}]", "views: [{c: 3}]", "views: [{c: 3}]"),
        ("as_of: 2026-01-01", "as_of: 2026-02-02", "as_of: 2026-02-02"),
        ("{name: N, scenarios: [{name: A}]}", "{}", "name: N"),
        ("accounts: [{name: A, cash: 1.5}, {name: B}]", "deposit: {account: A, amount: 2}",
         "accounts: [{name: A, cash: 3.5}, {name: B}]"),
        ("accounts: [{name: A}, {name: B}]", "deposit: {account: B, amount: 2}",
         "accounts: [{name: A}, {name: B, cash: 2}]"),
        ("accounts: [{name: A, cash: x}]", "deposit: {account: A, amount: 2}", "accounts: [{name: A, cash: x}]"),
    ],
)  # fmt: skip
def test_changes_are_merged_key_by_key(file: str, changes: str, expected: str) -> None:
    root = tree(file)
    found = merged(root, tree(changes))
    assert {key: node for key, node in found.items() if node is not None} == tree(expected)
    assert root == tree(file)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_written_tree_is_read_as_the_same_tree(path: Path) -> None:
    root = tree(path.read_text("utf-8"))
    assert tree(file_text(root)) == root


def test_texts_that_look_like_something_else_stay_texts() -> None:
    root = {
        "name": "a: b #c",
        "x": ["true", "null", "1e5", "2026-01-01", "- d", " e ", "'f'", '"g"', "[h", "%i", "ü" * 300],
    }
    assert tree(file_text(root)) == root
