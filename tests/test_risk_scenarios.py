from __future__ import annotations

from datetime import date

import pytest

from advisor.errors import MarketDataError
from advisor.market.data import StressEpisode
from advisor.risk.scenarios import episode_return

FALL = StressEpisode(
    "fall", "A fall", date(2020, 2, 19), date(2020, 3, 23), {"SPY": -0.34, "IWM": -0.41, "BND": 0.01, "QQQ": -0.28}, {}
)


def test_a_household_returns_the_sum_of_its_parts_and_nothing_on_cash() -> None:
    """0.5 x -0.34 + 0.2 x -0.41 + 0.1 x 0.01 = -0.251, the other 0.2 is cash."""
    assert episode_return(FALL, {"SPY": 0.5, "IWM": 0.2, "BND": 0.1}) == pytest.approx(-0.251, abs=1e-15)
    assert episode_return(FALL, {}) == 0.0


def test_a_security_without_a_return_is_named_and_never_counted_as_zero() -> None:
    with pytest.raises(MarketDataError, match="'fall' has no return for AAAA, ZZZZ"):
        episode_return(FALL, {"SPY": 0.5, "ZZZZ": 0.1, "AAAA": 0.1})
