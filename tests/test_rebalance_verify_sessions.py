"""Trading days by the rules of their holidays agree with the calendar that the program uses."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from advisor.market.prices.sessions import Sessions
from advisor.rebalance.verify.sessions import FRESH, is_stale


def test_old_prices_are_told_from_fresh_ones_as_by_the_program() -> None:
    """Every day from 2023 to 2026 as the day of prices, and decisions up to two weeks later."""
    day, last = date(2023, 1, 1), date(2026, 11, 30)
    sessions = Sessions.new_york(last + timedelta(days=14), day)
    while day <= last:
        for later in (5, 6, 7, 8, 9, 10, 11, 14):
            decision = day + timedelta(days=later)
            assert is_stale(day, decision) == (sessions.age(day, decision) > FRESH), (day, decision)
        day += timedelta(days=1)


@pytest.mark.parametrize(
    ("prices", "decision", "stale"),
    [
        (date(2026, 7, 13), date(2026, 7, 20), False),  # five sessions
        (date(2026, 7, 13), date(2026, 7, 21), True),
        (date(2026, 3, 27), date(2026, 4, 6), False),  # Good Friday, April 3
        (date(2026, 3, 27), date(2026, 4, 7), True),
        (date(2026, 7, 13), date(2026, 7, 12), False),  # of the future
    ],
)
def test_the_sixth_session_makes_prices_old(prices: date, decision: date, stale: bool) -> None:
    assert is_stale(prices, decision) is stale
