from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from advisor.portfolio.model import Portfolio, View
from advisor.portfolio.preferences import Preferences
from advisor.risk.covariance import RiskModel, risk_model
from advisor.risk.expected_returns import (
    ExpectedReturns,
    expected_returns,
    implied_returns,
    implied_risk_aversion,
)
from advisor.units import Vector
from tests.samples import market
from tests.small_households import account, household
from tests.test_risk_covariance import entry
from tests.views import view

SYMBOLS = ("BND", "IJR", "IWM", "NVDA", "SPY", "VOO", "VTI", "VTWO")
RISK_FREE = 0.0399  # yield of SGOV in the snapshot


MARKET_ALONE = np.array([float(symbol == "VTI") for symbol in SYMBOLS])


def returns_of(*views: View, premium: str = "0.045") -> ExpectedReturns:
    """Of a household that holds the US stock market alone, and is as averse to risk as that implies."""
    plain = Preferences(covariance_inflation=Decimal(0))
    portfolio: Portfolio = household(account("A", "roth", 1000), views=views, preferences=plain)
    aversion = float(premium) / entry("VTI", "VTI")
    return expected_returns(portfolio, market(), risk_model(market(), SYMBOLS), MARKET_ALONE, aversion)


def annual(returns: ExpectedReturns, symbol: str) -> float:
    return float(returns.annual[SYMBOLS.index(symbol)])


def origin(returns: ExpectedReturns, symbol: str) -> str:
    return returns.origin[SYMBOLS.index(symbol)]


def close(value: float):
    return pytest.approx(value, abs=1e-12)


def test_the_market_earns_cash_plus_the_premium() -> None:
    assert annual(returns_of(), "VTI") == close(RISK_FREE + 0.045)
    assert annual(returns_of(premium="0.03"), "VTI") == close(RISK_FREE + 0.03)


@pytest.mark.parametrize("symbol", ["BND", "IJR", "IWM", "NVDA"])
def test_a_security_earns_cash_plus_beta_times_the_premium(symbol: str) -> None:
    to_market = entry(symbol, "VTI") / entry("VTI", "VTI")
    assert annual(returns_of(), symbol) == close(RISK_FREE + to_market * 0.045)
    assert origin(returns_of(), symbol) == "implied by your own mix"


@pytest.mark.parametrize("twins", [("IWM", "VTWO"), ("SPY", "VOO")])
def test_funds_of_one_index_share_the_mean_of_their_returns_once_a_view_moves_them(twins: tuple[str, str]) -> None:
    seen = returns_of(view("NVDA", "0.2"))
    surprise = 0.2 - (RISK_FREE + entry("NVDA", "VTI") / entry("VTI", "VTI") * 0.045)
    mean = sum(entry(symbol, "VTI") / entry("VTI", "VTI") for symbol in twins) / 2
    follows = sum(entry(symbol, "NVDA") / entry("NVDA", "NVDA") for symbol in twins) / 2
    for symbol in twins:
        assert annual(seen, symbol) == close(RISK_FREE + mean * 0.045 + follows * surprise)


def test_a_certain_view_is_the_return_of_its_index_and_is_named_with_its_source() -> None:
    seen = returns_of(view("IWM", "0.11", source="a bank's outlook"))
    assert annual(seen, "IWM") == annual(seen, "VTWO") == close(0.11)
    assert origin(seen, "IWM") == "your view (a bank's outlook)"
    assert origin(seen, "VTWO") == "your view on IWM, same index (a bank's outlook)"
    assert origin(seen, "IJR") == "implied by your own mix, moved by your views"


def test_a_view_moves_what_moves_with_it_in_proportion() -> None:
    """A certain view on one return moves another by cov / var of the surprise: the regression on it."""
    start, seen = returns_of(), returns_of(view("IJR", "0.11"))
    surprise = 0.11 - annual(start, "IJR")
    for symbol in ("NVDA", "BND", "VTI"):
        follows = entry(symbol, "IJR") / entry("IJR", "IJR") * surprise
        assert annual(seen, symbol) == close(annual(start, symbol) + follows)


def test_a_view_of_less_confidence_or_time_moves_what_is_implied_and_says_so() -> None:
    half = returns_of(view("IWM", "0.11", confidence="0.5"), view("NVDA", "0.2", confidence="0"))
    assert set(half.origin) == {"implied by your own mix, moved by your views"}
    short = returns_of(view("IWM", "0.11", years="1.5"))
    told = "implied by your own mix, moved by your views; IWM counts in part, for 1.5 years of the horizon"
    assert (origin(short, "IWM"), origin(short, "VTWO")) == (told, told)
    assert origin(short, "SPY") == "implied by your own mix, moved by your views"


def test_a_view_of_no_confidence_leaves_what_is_implied() -> None:
    assert returns_of(view("IWM", "0.11", confidence="0")).origin == ("implied by your own mix",) * len(SYMBOLS)


MIXES = {
    "stocks and bonds": {"VTI": 0.6, "BND": 0.4},
    "one stock and a fund": {"NVDA": 0.3, "SPY": 0.5},
    "with cash": {"IJR": 0.2, "VOO": 0.3},
}


def mix_of(name: str) -> Vector:
    return np.array([MIXES[name].get(symbol, 0.0) for symbol in SYMBOLS])


def model() -> RiskModel:
    return risk_model(market(), SYMBOLS)


@pytest.mark.parametrize("inflation", [0.0, 0.3])
@pytest.mark.parametrize("name", MIXES)
def test_at_the_implied_returns_no_other_mix_is_better(name: str, inflation: float) -> None:
    """Thousands of other mixes, from a hair away to any at all; cash earns the risk-free rate."""
    mix, covariance, rng = mix_of(name), model().covariance, np.random.default_rng(3)
    implied = implied_returns(model(), mix, RISK_FREE, 2.5, inflation)
    volatilities = np.sqrt(np.diag(covariance))

    def utility(weights: np.ndarray) -> np.ndarray:
        variance = np.einsum("ij,jk,ik->i", weights, covariance, weights) + inflation * (weights @ volatilities) ** 2
        return weights @ (implied - RISK_FREE) - 2.5 / 2 * variance

    others = mix + rng.normal(size=(4000, mix.size)) * 10.0 ** rng.uniform(-4, 0, size=(4000, 1))
    assert utility(others).max() < utility(mix[None, :])[0]


@pytest.mark.parametrize("name", MIXES)
def test_at_the_implied_risk_aversion_the_market_earns_the_premium(name: str) -> None:
    aversion = implied_risk_aversion(model(), mix_of(name), 0.045)
    implied = implied_returns(model(), mix_of(name), RISK_FREE, aversion, 0.0)
    assert implied[SYMBOLS.index("VTI")] == close(RISK_FREE + 0.045)


@pytest.mark.parametrize(("share", "expected"), [(0.0, 10.0), (-0.2, 10.0), (0.01, 10.0), (8.0, 0.5)])
def test_the_implied_risk_aversion_stays_usable_for_odd_households(share: float, expected: float) -> None:
    """Of nearly no stocks it would be far above 10, of eight times the market far below 0.5."""
    assert implied_risk_aversion(model(), share * MARKET_ALONE, 0.045) == expected
