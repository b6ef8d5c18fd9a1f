"""Views that cannot stand beside each other, and the named sets of the program."""

from __future__ import annotations

import hashlib
import random
from decimal import Decimal
from importlib.resources import files

import numpy as np
import pytest

from advisor.portfolio.clashes import ClashKind, Statement, clashes
from advisor.portfolio.load import load_portfolio
from advisor.portfolio.model import VIEW_SETS, Portfolio
from advisor.portfolio.original import original
from advisor.portfolio.settings import setting
from advisor.portfolio.views import view_set
from tests.samples import NEVER

SMALL = "version: 1\nname: Views\naccounts:\n  - {name: Roth IRA, type: roth, cash: 1000}\n"
BLOCKS = (
    "{fund: IWM, dividend_yield: 1.2%, growth: 6%, pe_now: 18, pe_then: 17, years: 5, confidence: medium, source: s}"
)


def load(views: str) -> Portfolio:
    return load_portfolio(f"{SMALL}views: {views}\n".encode(), file="views.yaml", today=NEVER)


def random_statements(rng: random.Random) -> list[Statement]:
    """No two on the same securities; returns of whole percents, so that some fit by chance."""
    found: dict[frozenset[str | None], Statement] = {}
    for _ in range(rng.randint(2, 7)):
        first, second = rng.sample("ABCD", 2)
        ends = (first, None if rng.random() < 0.4 else second)
        found.setdefault(frozenset(ends), Statement(*ends, Decimal(rng.randint(0, 2)) / 100))
    return list(found.values())


def can_all_be_true(statements: list[Statement]) -> bool:
    """By ranks: a right-hand side that the equations can reach adds none. Whole numbers, so the ranks are sure."""
    rows = [[float(x == one.first) - float(x == one.second) for x in "ABCD"] for one in statements]
    value = [[float(one.annual_return * 100)] for one in statements]
    return np.linalg.matrix_rank(np.array(rows)) == np.linalg.matrix_rank(np.hstack([rows, value]))


def test_a_contradiction_is_found_where_the_ranks_of_the_equations_tell_one() -> None:
    rng, seen = random.Random(6), set()
    for _ in range(400):
        statements = random_statements(rng)
        found = list(clashes(statements))
        assert (not found) == can_all_be_true(statements)
        seen.add(bool(found))
        for clash in found:
            assert clash.kind is ClashKind.CONTRADICTION
            before = [statements[other] for other in clash.others]
            assert can_all_be_true(before)
            assert not can_all_be_true([*before, statements[clash.index]])
            stated = statements[clash.index]
            assert clash.implied is not None
            assert can_all_be_true([*before, Statement(stated.first, stated.second, clash.implied)])
    assert seen == {True, False}


def test_returns_are_added_up_exactly() -> None:
    """0.1 + 0.2 is 0.3 here, and a difference in the eighth digit is one."""
    chain = [Statement("A", "B", Decimal("0.1")), Statement("B", "C", Decimal("0.2"))]
    assert list(clashes([*chain, Statement("A", "C", Decimal("0.3"))])) == []
    (clash,) = clashes([*chain, Statement("A", "C", Decimal("0.30000001"))])
    assert (clash.index, clash.others, clash.implied) == (2, (0, 1), Decimal("0.3"))


def test_the_named_sets_are_the_files_of_the_package() -> None:
    folder = files("advisor.portfolio") / "view_sets"
    assert sorted(file.name for file in folder.iterdir()) == sorted(f"{name}.yaml" for name in VIEW_SETS)
    for name in VIEW_SETS:
        assert view_set(name).sha256 == hashlib.sha256((folder / f"{name}.yaml").read_bytes()).hexdigest()


def test_the_articles_view_is_its_gap_of_earnings_yields_that_compare() -> None:
    """1/15.9 - 1/27 to a hundredth of a percent; nothing of the Russell 2000, whose ratio treats losses otherwise."""
    (ijr,) = view_set("small-caps-2026").views
    assert ijr.name == "IJR over SPY"
    assert float(ijr.annual_return) == pytest.approx(1 / 15.9 - 1 / 27, abs=5e-5)
    assert (ijr.confidence, ijr.years) == (Decimal("0.25"), Decimal(5))
    assert "December 2025" in ijr.source


@pytest.mark.parametrize("written", ["small-caps-2026", "[small-caps-2026]"])
def test_a_set_stands_by_itself_or_in_the_list(written: str) -> None:
    found = load(written).views
    assert found == view_set("small-caps-2026").views
    assert {view.where.line for view in found} == {5}


def test_a_set_is_switched_on_and_off_by_a_setting() -> None:
    base = original(SMALL.encode(), today=NEVER, as_of=None)
    on = base.with_settings([setting("views=small-caps-2026")])
    assert [(view.name, view.where) for view in on.views] == [("IJR over SPY", None)]
    other = original(f"{SMALL}views: small-caps-2026\n".encode(), today=NEVER, as_of=None)
    assert other.with_settings([setting("views=none")]).views == ()


def test_building_blocks_are_kept_with_the_return_that_they_make() -> None:
    """1.2% + 6% + (17/18)^(1/5) - 1 = 6.06334%."""
    (view,) = load(f"[{BLOCKS}]").views
    assert view.name == "IWM"
    assert float(view.annual_return) == pytest.approx(0.0606334, abs=1e-7)
    assert view.blocks is not None
    assert (view.blocks.pe_now, view.blocks.pe_then, view.confidence) == (18, 17, Decimal("0.5"))


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("low", "0.25"),
        ("medium", "0.5"),
        ("high", "0.75"),
        ("certain", "1"),
        ("40%", "0.4"),
        ("0.4", "0.4"),
        ("0%", "0"),
    ],
)
def test_confidence_is_a_number_or_a_word(written: str, value: str) -> None:
    (view,) = load(f"[{{symbol: IJR, annual_return: 8%, years: 5, source: s, confidence: {written}}}]").views
    assert view.confidence == Decimal(value)


def test_views_that_follow_from_others_may_stand() -> None:
    terms = "years: 5, source: s"
    views = (
        f"[{{symbol: IJR, annual_return: 8%, {terms}}}, {{symbol: SPY, annual_return: 6%, {terms}}},"
        f" {{relative: [IJR, SPY], annual_return: 2%, {terms}}}]"
    )
    assert [view.name for view in load(views).views] == ["IJR", "SPY", "IJR over SPY"]
