"""Views for tests, with everything that a test does not care about filled in."""

from __future__ import annotations

from decimal import Decimal

from advisor.portfolio.model import BuildingBlocks, View


def view(
    symbol: str,
    annual_return: str,
    *,
    over: str | None = None,
    confidence: str = "1",
    years: str = "50",
    source: str = "a test",
    blocks: BuildingBlocks | None = None,
) -> View:
    """A view, by default a certain one that is held for longer than any horizon."""
    return View(symbol, over, Decimal(annual_return), Decimal(confidence), Decimal(years), source, blocks)
