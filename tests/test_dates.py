from __future__ import annotations

from datetime import date, timedelta

import pytest

from advisor.dates import first_long_term_day, is_long_term

# Bought, sold, long-term: the anniversary of the day after the purchase, with every case of 29 February.
CASES = [
    ("2025-11-21", "2026-11-21", False),
    ("2025-11-21", "2026-11-22", True),
    ("2023-02-28", "2024-02-29", False),
    ("2023-02-28", "2024-03-01", True),
    ("2024-02-28", "2025-02-28", False),
    ("2024-02-29", "2025-02-28", False),
    ("2024-02-29", "2025-03-01", True),
    ("2023-06-01", "2024-06-01", False),
    ("2023-06-01", "2024-06-02", True),
]


@pytest.mark.parametrize(("bought", "sold", "expected"), CASES)
def test_holding_period_by_the_table(bought: str, sold: str, expected: bool) -> None:
    assert is_long_term(date.fromisoformat(bought), date.fromisoformat(sold)) is expected


@pytest.mark.parametrize(
    ("bought", "first"),
    [
        ("2025-11-21", "2026-11-22"),
        ("2024-02-28", "2025-03-01"),  # the period starts on 29 February
        ("2023-02-28", "2024-03-01"),
        ("2025-12-31", "2027-01-01"),
    ],
)
def test_first_long_term_day(bought: str, first: str) -> None:
    assert first_long_term_day(date.fromisoformat(bought)) == date.fromisoformat(first)


def test_a_lot_turns_long_term_once_and_stays_so() -> None:
    """Over each purchase day of four years: short on the first day's eve, long from then on."""
    for offset in range(4 * 365 + 1):
        bought = date(2023, 1, 1) + timedelta(days=offset)
        first = first_long_term_day(bought)
        assert not is_long_term(bought, first - timedelta(days=1))
        assert is_long_term(bought, first)
        assert 366 <= (first - bought).days <= 367
