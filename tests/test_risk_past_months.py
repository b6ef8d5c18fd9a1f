from __future__ import annotations

from datetime import date

import pytest

from advisor.errors import MarketDataError
from advisor.market.data import StressEpisode
from advisor.risk.past_months import episode_return, month_returns
from tests.samples import market
from tests.small_market import small_market

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


def test_scenarios_come_in_the_order_asked_for() -> None:
    """Made up: column j of nine is 0.01 (j + 1) in the first month, minus twice that in the second."""
    found = month_returns(small_market(), ("GOOGL", "BRK.B", "FULL"))
    assert found.shape == (3, 3)
    assert found[:, 0].tolist() == pytest.approx([0.05, -0.10, 0.025], abs=1e-15)
    assert found[1].tolist() == pytest.approx([-0.10, -0.04, -0.06], abs=1e-15)


def test_scenarios_of_the_snapshot_are_its_own_figures() -> None:
    """SPY closed at 296.26 and 257.75; 1.406 was paid on 20 March 2020, after a close of 240.51.

    257.75 / 296.26 / (1 - 1.406 / 240.51) - 1 = -12.487%, in whole basis points.
    """
    found = month_returns(market(), ("IWM", "SPY"))
    place = [month.isoformat() for month in market().past_months.months].index("2020-03-31")
    assert found.shape == (120, 2)
    assert found[place, 1] == pytest.approx(-0.12487, abs=0.00005)


def test_a_symbol_without_scenarios_is_named() -> None:
    with pytest.raises(MarketDataError, match="no return scenarios for ZZZZ, AAAA in small"):
        month_returns(small_market(), ("IWM", "ZZZZ", "AAAA"))
