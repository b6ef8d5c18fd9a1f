"""What a source gave, and its bytes."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pytest

from advisor.market.prices.history import PriceHistory, SecurityFacts, SecurityKind, Split

HISTORY = PriceHistory(
    symbol="BRK.B",
    name="Berkshire",
    kind=SecurityKind.STOCK,
    currency="USD",
    days=(date(2026, 11, 19), date(2026, 11, 20)),
    closes=np.array([500.1, 501.25]),
    adjusted=np.array([500.1, 501.25]),
    volumes=np.array([3.0, 4.0]),
    splits=(Split(date(2026, 11, 19), Decimal("1.5")),),
    source="Yahoo chart",
    fetched=datetime(2026, 11, 21, 12, tzinfo=UTC),
)
FACTS = SecurityFacts(
    symbol="IWM",
    name="iShares Russell 2000",
    kind=SecurityKind.ETF,
    category="Small Blend",
    sector=None,
    expense_ratio=0.0019,
    dividend_yield=None,
    price_to_earnings=18.2,
    top_holdings=(("BE", "Bloom Energy", 0.0101),),
    sectors={"technology": 0.15},
    source="Yahoo fund data",
    fetched=datetime(2026, 11, 21, 12, tzinfo=UTC),
)


def test_a_history_comes_back_from_its_bytes_value_for_value() -> None:
    again = PriceHistory.from_bytes(HISTORY.to_bytes())
    for field in fields(PriceHistory):
        assert np.array_equal(getattr(again, field.name), getattr(HISTORY, field.name)), field.name
    assert again.sha256 == HISTORY.sha256


def test_facts_come_back_from_their_bytes_value_for_value() -> None:
    assert SecurityFacts.from_bytes(FACTS.to_bytes()) == FACTS


def test_one_changed_close_changes_the_digest() -> None:
    assert replace(HISTORY, closes=np.array([500.1, 501.26])).sha256 != HISTORY.sha256


def test_a_number_that_is_not_finite_is_never_written() -> None:
    with pytest.raises(ValueError, match="JSON"):
        replace(HISTORY, closes=np.array([500.1, np.nan])).to_bytes()


def test_a_column_of_another_length_is_refused() -> None:
    torn = HISTORY.to_bytes().replace(b"500.1,501.25", b"500.1", 1)
    with pytest.raises(ValueError, match="one value for each day"):
        PriceHistory.from_bytes(torn)
