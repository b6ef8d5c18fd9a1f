"""The independent check works views out by itself, and so finds what was made of them wrongly."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

import pytest

from advisor.portfolio.clashes import Statement, clashes
from advisor.portfolio.model import BuildingBlocks, Portfolio, View
from advisor.rebalance.plan import survey, universe
from advisor.rebalance.verify import verify
from advisor.rebalance.verify.frame import frame_of
from tests.samples import market, record_of, sample
from tests.views import view

NAMES = ("IJR", "IWM", "SPY", "QQQ", "NVDA", "VTI", "MGK", "BND")  # of eight indexes or companies


def random_views(rng: random.Random) -> tuple[View, ...]:
    """Views that can all be true; some certain, some of no confidence, some over part of the horizon."""
    found: list[View] = []
    for _ in range(rng.randint(1, 6)):
        first, second = rng.sample(NAMES, 2)
        one = view(
            first,
            f"{rng.uniform(-0.05, 0.15):.4f}",
            over=second if rng.random() < 0.5 else None,
            confidence=rng.choice(("0", "0.1", "0.5", "0.9", "1")),
            years=rng.choice(("1", "2", "5")),
        )
        stated = [Statement(other.symbol, other.over, other.annual_return) for other in (*found, one)]
        if not list(clashes(stated)):
            found.append(one)
    return tuple(found)


def by_the_check(portfolio: Portfolio) -> dict[str, float]:
    found = frame_of(portfolio, market())
    return {symbol: found.returns[symbol] for symbol in universe(portfolio)}


def by_the_program(portfolio: Portfolio) -> dict[str, float]:
    found = survey(portfolio, market()).inputs
    return dict(zip(found.symbols, found.expected_return.tolist(), strict=True))


def test_one_view_after_another_comes_to_what_all_at_once_come_to() -> None:
    """1e-9 a year, over 60 draws of views: two forms of one formula that share no code."""
    rng = random.Random(2026)
    for _ in range(60):
        portfolio = replace(sample("tech-employee"), views=random_views(rng))
        assert by_the_check(portfolio) == pytest.approx(by_the_program(portfolio), abs=1e-9)


def test_building_blocks_are_put_together_again() -> None:
    blocks = BuildingBlocks(Decimal("0.012"), Decimal("0.06"), Decimal(18), Decimal(17))
    made = view("IWM", str(blocks.annual_return(Decimal(5))), years="5", blocks=blocks)
    portfolio = replace(sample("tech-employee"), views=(made,))
    assert by_the_check(portfolio)["IWM"] == pytest.approx(0.0606334, abs=1e-7)
    wrong = replace(portfolio, views=(replace(made, annual_return=Decimal("0.07")),))
    assert by_the_check(wrong)["IWM"] != pytest.approx(by_the_program(wrong)["IWM"], abs=1e-3)


def test_returns_as_they_were_without_the_views_are_caught() -> None:
    record = record_of("tech-employee")
    plain = by_the_program(replace(sample("tech-employee"), views=()))
    for symbol, row in record["assumptions"]["securities"].items():
        assert row["expected_return"] != pytest.approx(plain[symbol], abs=1e-6)
        row["expected_return"] = plain[symbol]
    details = {
        c.name.split(":")[0]: c.detail for c in verify(record, sample("tech-employee"), market()) if not c.passed
    }
    assert list(details) == ["assumptions"]
    assert "expected_return" in details["assumptions"]
