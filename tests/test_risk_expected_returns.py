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
from tests.views import view

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


def test_a_certain_view_is_the_return_of_its_index_and_is_named_with_its_source() -> None:
    seen = returns_of(view("IWM", "0.11", source="a bank's outlook"))
    assert annual(seen, "IWM") == annual(seen, "VTWO") == close(0.11)
    assert origin(seen, "IWM") == "your view (a bank's outlook)"
    assert origin(seen, "VTWO") == "your view on IWM, same index (a bank's outlook)"
    assert origin(seen, "IJR") == "equilibrium, moved by your views"


def test_a_view_moves_what_moves_with_it_in_proportion() -> None:
    """A certain view on one return moves another by cov / var of the surprise: the regression on it."""
    start, seen = returns_of(), returns_of(view("IJR", "0.11"))
    surprise = 0.11 - annual(start, "IJR")
    for symbol in ("NVDA", "BND", "VTI"):
        follows = entry(symbol, "IJR") / entry("IJR", "IJR") * surprise
        assert annual(seen, symbol) == close(annual(start, symbol) + follows)


def test_a_view_of_less_confidence_or_time_moves_equilibrium_and_says_so() -> None:
    half = returns_of(view("IWM", "0.11", confidence="0.5"), view("NVDA", "0.2", confidence="0"))
    assert set(half.origin) == {"equilibrium, moved by your views"}
    short = returns_of(view("IWM", "0.11", years="1.5"))
    told = "equilibrium, moved by your views; IWM counts in part, for 1.5 years of the horizon"
    assert (origin(short, "IWM"), origin(short, "VTWO")) == (told, told)
    assert origin(short, "SPY") == "equilibrium, moved by your views"


def test_a_view_of_no_confidence_leaves_equilibrium() -> None:
    assert returns_of(view("IWM", "0.11", confidence="0")).origin == ("equilibrium",) * len(SYMBOLS)


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
