from __future__ import annotations

from itertools import pairwise
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.risk.covariance import risk_model
from advisor.risk.measures import (
    beta,
    buy_and_hold_drawdown,
    expected_shortfall,
    tracking_error,
    volatility,
    weight_vector,
)
from advisor.risk.past_months import month_returns
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


def shortfall_by_definition(outcomes: list[float], tail: float) -> float:
    """Rockafellar and Uryasev: the least of a + E[max(loss - a, 0)] / tail over a, reached at one of the losses."""
    losses = [-outcome for outcome in outcomes]
    return min(a + sum(max(loss - a, 0.0) for loss in losses) / (tail * len(losses)) for a in losses)


@pytest.mark.parametrize(
    ("outcomes", "tail", "expected"),
    [
        ([-0.10, -0.30, 0.05, 0.20], 0.25, 0.30),
        ([-0.10, -0.30, 0.05, 0.20], 0.50, 0.20),
        ([-0.10, -0.30, 0.05, 0.20], 0.375, (0.30 + 0.5 * 0.10) / 1.5),  # one outcome and half of the next
        ([-0.10, -0.30, 0.05, 0.20], 0.05, 0.30),  # a fifth of one outcome is that outcome
        ([-0.10, -0.30, 0.05, 0.20], 1.0, 0.0375),
        ([0.02, 0.04], 0.5, -0.02),  # no loss at all: the mean gain, with its sign
    ],
)
def test_the_expected_shortfall_is_the_mean_of_the_worst_outcomes_by_hand(outcomes, tail, expected) -> None:
    assert expected_shortfall(np.array(outcomes), tail) == pytest.approx(expected, abs=1e-15)


@settings(deadline=None)  # a busy machine is no fault
@given(st.lists(st.floats(-1.0, 3.0), min_size=1, max_size=40), st.floats(0.01, 1.0))
def test_the_expected_shortfall_is_the_minimum_that_defines_it(outcomes, tail) -> None:
    found = expected_shortfall(np.array(outcomes), tail)
    assert found == pytest.approx(shortfall_by_definition(outcomes, tail), abs=1e-9)


@pytest.mark.parametrize(
    ("outcomes", "tail"), [([], 0.05), ([0.1, np.nan], 0.05), ([0.1, -np.inf], 0.05), ([0.1], 0.0), ([0.1], 1.1)]
)
def test_a_shortfall_of_nothing_or_of_what_is_not_a_number_is_refused(outcomes, tail) -> None:
    with pytest.raises(ValueError, match="finite outcomes and a tail"):
        expected_shortfall(np.array(outcomes), tail)


def drawdown_by_hand(returns: list[list[float]], weights: list[float], cash: float) -> float:
    """Every pair of a peak and a later value, each holding carried forward on its own."""
    holdings, values = list(weights), [sum(weights) + cash]
    for row in returns:
        holdings = [held * (1.0 + change) for held, change in zip(holdings, row, strict=True)]
        values.append(sum(holdings) + cash)
    return max(1.0 - later / peak for place, peak in enumerate(values) for later in values[place:])


@pytest.mark.parametrize(
    ("returns", "weights", "cash", "expected"),
    [
        ([[-0.5], [1.0]], [1.0], 0.0, 0.5),  # the start is a peak
        ([[-0.5], [1.0]], [0.5], 0.5, 0.25),  # cash neither falls nor earns
        ([[1.0], [-0.5], [-0.5]], [0.5], 0.5, 0.5),  # 1, 1.5, 1, 0.75: rebalanced it would be 1 - 0.75^2
        ([[0.1], [0.2]], [1.0], 0.0, 0.0),
        ([[-0.2, 0.3], [0.1, -0.4]], [0.5, 0.5], 0.0, (1.05 - 0.83) / 1.05),  # 1, 0.40 + 0.65, 0.44 + 0.39
        ([[-1.0]], [0.7], 0.3, 0.7),
    ],
)
def test_the_drawdown_of_a_portfolio_left_alone_by_hand(returns, weights, cash, expected) -> None:
    found = buy_and_hold_drawdown(np.array(returns), np.array(weights), cash)
    assert found == pytest.approx(expected, abs=1e-15)


def test_the_drawdown_is_that_of_every_pair_of_a_peak_and_a_later_value() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        returns = rng.normal(0.005, 0.08, (int(rng.integers(1, 40)), 4))
        weights, cash = rng.dirichlet(np.ones(4)) * 0.9, 0.1
        expected = drawdown_by_hand(returns.tolist(), weights.tolist(), cash)
        assert buy_and_hold_drawdown(returns, weights, cash) == pytest.approx(expected, abs=1e-12)


def test_a_drawdown_is_a_share_of_the_peak_whatever_the_size_of_the_portfolio() -> None:
    returns = np.array([[0.1, -0.3], [-0.2, 0.4]])
    weights = np.array([0.5, 0.4])
    small = buy_and_hold_drawdown(returns, weights, 0.1)
    assert buy_and_hold_drawdown(returns, 1e6 * weights, 1e5) == pytest.approx(small, rel=1e-12)


@pytest.mark.parametrize(
    ("returns", "weights", "cash"), [([[np.nan]], [1.0], 0.0), ([[0.1]], [0.0], 0.0), ([[0.1]], [np.nan], 0.0)]
)
def test_a_drawdown_of_nothing_or_of_what_is_not_a_number_is_refused(returns, weights, cash) -> None:
    with pytest.raises(ValueError, match="finite returns and a portfolio of positive value"):
        buy_and_hold_drawdown(np.array(returns), np.array(weights), cash)


PANEL = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "ohlc" / "SPY.csv"


@pytest.mark.skipif(not PANEL.is_file(), reason="the price panel is not shipped (docs/developers/snapshot.md)")
def test_the_worst_months_and_the_fall_of_spy_are_those_of_another_download() -> None:
    """Month-end adjusted closes of a file the builder does not read, to April 2026; the basis point is rounding.

    Worst six of 120 months and the fall from the end of 2021 to September 2022 lie within both.
    """
    ends = {}
    for line in PANEL.read_text("utf-8").splitlines()[1:]:
        day, *_, adjusted, _, _ = line.split(",")
        ends[day[:7]] = float(adjusted)
    levels = [ends[month] for month in sorted(ends) if "2016-06" <= month <= "2026-04"]
    changes = sorted(after / before - 1.0 for before, after in pairwise(levels))
    falls = [1.0 - later / peak for place, peak in enumerate(levels) for later in levels[place:]]
    monthly = month_returns(market(), ("SPY",))
    assert expected_shortfall(monthly[:, 0]) == pytest.approx(-sum(changes[:6]) / 6, abs=1e-4)
    assert buy_and_hold_drawdown(monthly, np.ones(1), 0.0) == pytest.approx(max(falls), abs=3e-4)


def test_the_worst_months_and_the_deepest_fall_of_known_funds() -> None:
    """Reckoned by awk from the panel's month-end adjusted closes of 2016-06-30 to 2026-06-30.

    Whole basis points move a mean by half of one at most, and a fall over many months by a few.
    """
    known = {"SPY": (0.09246, 0.23927), "IWM": (0.12255, 0.32293), "BND": (0.03158, 0.17278)}
    for symbol, (shortfall, fall) in known.items():
        monthly = month_returns(market(), (symbol,))
        assert expected_shortfall(monthly[:, 0]) == pytest.approx(shortfall, abs=6e-5)
        assert buy_and_hold_drawdown(monthly, np.ones(1), 0.0) == pytest.approx(fall, abs=3e-4)
