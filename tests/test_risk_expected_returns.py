from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from advisor.portfolio.model import Portfolio, Preferences, View
from advisor.risk.covariance import risk_model
from advisor.risk.expected_returns import ExpectedReturns, expected_returns, implied_risk_aversion
from tests.samples import market
from tests.small_households import account, household
from tests.test_risk_covariance import entry

SYMBOLS = ("BND", "IJR", "IWM", "NVDA", "SPY", "VOO", "VTI", "VTWO")
RISK_FREE = 0.0399  # yield of SGOV in the snapshot


def returns_of(*views: View, premium: str = "0.045") -> ExpectedReturns:
    portfolio: Portfolio = household(
        account("A", "roth", 1000), views=views, preferences=Preferences(equity_premium=Decimal(premium))
    )
    return expected_returns(portfolio, market(), risk_model(market(), SYMBOLS))


def annual(returns: ExpectedReturns, symbol: str) -> float:
    return float(returns.annual[SYMBOLS.index(symbol)])


def origin(returns: ExpectedReturns, symbol: str) -> str:
    return returns.origin[SYMBOLS.index(symbol)]


def close(value: float):
    return pytest.approx(value, abs=1e-12)


def test_the_market_earns_cash_plus_the_premium() -> None:
    assert annual(returns_of(), "VTI") == close(RISK_FREE + 0.045)
    assert annual(returns_of(premium="0.03"), "VTI") == close(RISK_FREE + 0.03)


@pytest.mark.parametrize("symbol", ["BND", "IJR", "NVDA"])
def test_a_security_earns_cash_plus_beta_times_the_premium(symbol: str) -> None:
    to_market = entry(symbol, "VTI") / entry("VTI", "VTI")
    assert annual(returns_of(), symbol) == close(RISK_FREE + to_market * 0.045)
    assert origin(returns_of(), symbol) == "equilibrium"


@pytest.mark.parametrize("twins", [("IWM", "VTWO"), ("SPY", "VOO")])
def test_funds_of_one_index_share_the_mean_of_their_returns(twins: tuple[str, str]) -> None:
    mean = sum(entry(symbol, "VTI") / entry("VTI", "VTI") for symbol in twins) / 2
    for symbol in twins:
        assert annual(returns_of(), symbol) == close(RISK_FREE + mean * 0.045)


def test_a_view_takes_the_place_of_the_equilibrium_and_carries_to_the_same_index_alone() -> None:
    seen = returns_of(View("IWM", Decimal("0.11"), "a bank's outlook"))
    assert (annual(seen, "IWM"), annual(seen, "VTWO")) == (0.11, 0.11)
    assert origin(seen, "IWM") == "your view (a bank's outlook)"
    assert origin(seen, "VTWO") == "your view on IWM, same index (a bank's outlook)"
    assert annual(seen, "IJR") == annual(returns_of(), "IJR")
    assert origin(seen, "IJR") == "equilibrium"


def test_a_view_of_its_own_goes_before_that_of_a_twin() -> None:
    seen = returns_of(View("IWM", Decimal("0.11")), View("VTWO", Decimal("0.10")))
    assert (annual(seen, "IWM"), annual(seen, "VTWO")) == (0.11, 0.10)
    assert origin(seen, "VTWO") == "your view"


@pytest.mark.parametrize("share", [0.4, 0.8, 1.0, 1.3])
def test_at_the_implied_risk_aversion_the_present_market_share_is_the_best_of_a_grid(share: float) -> None:
    premium, deviation = 0.045, 0.17
    gamma = implied_risk_aversion(share, deviation, premium)
    grid = np.arange(0.0, 2.0001, 0.001)
    utility = premium * grid - gamma / 2 * (deviation * grid) ** 2
    assert grid[np.argmax(utility)] == pytest.approx(share, abs=5e-4)


@pytest.mark.parametrize(("share", "expected"), [(0.0, 10.0), (-0.2, 10.0), (0.01, 10.0), (8.0, 0.5)])
def test_the_implied_risk_aversion_stays_usable_for_odd_households(share: float, expected: float) -> None:
    """0.045 / (0.01 x 0.17^2) = 155.7 is cut to 10; 0.045 / (8 x 0.17^2) = 0.19 is raised to 0.5."""
    assert implied_risk_aversion(share, 0.17, 0.045) == expected
