from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from advisor.risk.covariance import risk_model
from advisor.risk.measures import beta, tracking_error, volatility, weight_vector
from tests.samples import market
from tests.test_risk_covariance import entry

SYMBOLS = ("BND", "IJR", "IWM", "NVDA", "SPY", "VTWO")
HOUSEHOLDS = (
    {"SPY": 1.0},
    {"NVDA": 0.5, "BND": 0.25},
    {"IWM": 0.1, "VTWO": 0.15, "IJR": 0.05, "SPY": 0.6},
    {},
)


def double_sum(weights: dict[str, float]) -> float:
    return sum(v * w * entry(one, other) for one, v in weights.items() for other, w in weights.items())


def close(value: float):
    return pytest.approx(value, abs=1e-13)


@pytest.mark.parametrize("weights", HOUSEHOLDS)
def test_volatility_is_the_double_sum(weights: dict[str, float]) -> None:
    model = risk_model(market(), SYMBOLS)
    assert volatility(model, weight_vector(model, weights)) == close(sqrt(double_sum(weights)))


@pytest.mark.parametrize("weights", HOUSEHOLDS)
def test_tracking_error_is_the_double_sum_of_active_weights(weights: dict[str, float]) -> None:
    model = risk_model(market(), SYMBOLS)
    active = weights | {"SPY": weights.get("SPY", 0.0) - 1.0}
    expected = sqrt(max(0.0, double_sum(active)))
    assert tracking_error(model, weight_vector(model, weights), "SPY") == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("weights", HOUSEHOLDS)
def test_beta_is_the_weighted_sum_of_betas(weights: dict[str, float]) -> None:
    model = risk_model(market(), SYMBOLS)
    expected = sum(weight * entry(symbol, "SPY") / entry("SPY", "SPY") for symbol, weight in weights.items())
    assert beta(model, weight_vector(model, weights), "SPY") == close(expected)


def test_cash_and_what_is_not_held_weigh_nothing() -> None:
    model = risk_model(market(), SYMBOLS)
    vector = weight_vector(model, {"SPY": 0.5})
    assert vector.tolist() == [0.0, 0.0, 0.0, 0.0, 0.5, 0.0]
    assert volatility(model, vector) == close(0.5 * sqrt(entry("SPY", "SPY")))


def test_measuring_leaves_the_weights_alone() -> None:
    model = risk_model(market(), SYMBOLS)
    vector = weight_vector(model, {"SPY": 0.5})
    tracking_error(model, vector, "SPY")
    assert np.array_equal(vector, weight_vector(model, {"SPY": 0.5}))
