"""Bands over draws of history, against answers planned draw by draw and a covariance by numpy."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from advisor.market.data import NO_PAST_MONTHS
from advisor.optimize.solve import allocate
from advisor.portfolio.model import Portfolio
from advisor.rebalance.candidates import problem_of
from advisor.rebalance.plan import survey, universe
from advisor.risk.covariance import risk_model
from advisor.risk.past_months import month_returns
from advisor.whatif.stability import (
    BLOCK_MONTHS,
    DRAWS,
    FEW_DRAWS,
    LEAST_FOR_BAND,
    drawn_covariance,
    drawn_months,
    stability,
)
from tests.samples import answer
from tests.small_households import account, household, limits, lot, resolved

FEW = 12


def typical(**fields) -> Portfolio:
    given = {"limits": limits(magnificent_seven_max="0.5", small_caps_max="0.3")}
    return household(
        account("T", "taxable", 5000, {"NVDA": [lot(200, 150), lot(50, 30)]}),
        account("R", "roth", 1000, {"QQQ": [lot(50)]}),
        **{**given, **fields},
    )


def test_a_draw_has_as_many_months_in_blocks_and_every_month_the_same_chance() -> None:
    """Of 4,000 draws of 118 months each month is drawn 4,000 times on average; five standard errors are 500 or less."""
    draws = list(drawn_months(118, 4_000))
    assert {len(rows) for rows in draws} == {118}
    steps = np.diff(draws[0]) % 118
    assert (steps[np.arange(1, 118) % BLOCK_MONTHS != 0] == 1).all()
    counts = np.bincount(np.concatenate(draws), minlength=118)
    assert np.abs(counts - 4_000).max() < 5 * np.sqrt(4_000 * BLOCK_MONTHS)


def test_the_same_draws_come_again() -> None:
    first, second = (np.array(list(drawn_months(120, 5))) for _ in range(2))
    assert (first == second).all()
    assert len({tuple(rows) for rows in first.tolist()}) == 5


def test_the_covariance_of_a_draw_is_numpys() -> None:
    portfolio = typical()
    market, symbols = resolved(portfolio), universe(portfolio)
    returns = month_returns(market, symbols)
    rows = next(iter(drawn_months(len(returns), 1)))
    drawn = drawn_covariance(symbols, market.past_months.months, returns, rows)
    model = risk_model(replace(market, covariance=drawn), symbols)
    np.testing.assert_allclose(model.covariance, 12 * np.cov(returns[rows], rowvar=False), rtol=1e-9, atol=1e-14)


def test_bands_and_counts_are_those_of_answers_planned_one_by_one() -> None:
    """Shares within 1e-5 of the household: the same optimum, by another compilation."""
    portfolio = typical()
    market, symbols = resolved(portfolio), universe(portfolio)
    returns = month_returns(market, symbols)
    small, russell, bought = [], [], []
    for rows in drawn_months(len(returns), FEW):
        covariance = drawn_covariance(symbols, market.past_months.months, returns, rows)
        found = survey(portfolio, replace(market, covariance=covariance))
        allocation = allocate(problem_of(found))
        assert allocation is not None
        weights = allocation.solution.weights / (allocation.solution.weights.sum() + allocation.solution.cash.sum())
        small.append(sum(weights[symbols.index(s)] for s in ("IWM", "VTWO", "IJR")))
        russell.append(sum(weights[symbols.index(s)] for s in ("IWM", "VTWO")))
        bought.append(allocation.menu.symbols)
    told = stability(portfolio, market, FEW)
    assert told is not None
    assert (told.draws, told.unmet, told.block_months) == (FEW, 0, BLOCK_MONTHS)
    band = told.small_caps
    assert told.is_range  # of so few draws there is no band
    assert (band.low, band.middle, band.high) == pytest.approx((min(small), np.median(small), max(small)), abs=1e-5)
    assert dict(told.menus) == dict(Counter(bought))
    indexes = {name: (symbols, band) for name, symbols, band in told.indexes}
    assert indexes["Russell 2000"][0] == ("IWM", "VTWO")
    assert indexes["Russell 2000"][1].high == pytest.approx(max(russell), abs=1e-5)
    assert indexes["S&P SmallCap 600"][0] == ("IJR",)
    assert indexes["S&P SmallCap 600"][1].low == pytest.approx(min(np.subtract(small, russell)), abs=1e-5)


def test_where_limits_leave_no_choice_the_band_is_one_figure() -> None:
    portfolio = typical(limits=limits(small_caps_max="0.2", small_caps_min="0.2"))
    told = stability(portfolio, resolved(portfolio), FEW)
    assert told is not None
    assert told.small_caps.low == pytest.approx(0.2, abs=1e-6)
    assert told.small_caps.high == pytest.approx(0.2, abs=1e-6)
    assert told.pinned_by == "small_caps.max"


@pytest.mark.parametrize(
    ("bounds", "pinned"),
    [
        ({"small_caps_max": "0.05"}, "small_caps.max"),  # far less than any draw would buy
        ({"small_caps_min": "0.6"}, "small_caps.min"),
        ({"funds__IWM_max": "0.02", "funds__IJR_max": "0.02", "funds__VTWO_max": "0.01"}, "limits"),
        ({"small_caps_max": "0.9"}, ""),
    ],
)
def test_a_share_that_a_limit_holds_is_called_pinned(bounds: dict[str, str], pinned: str) -> None:
    """It stands at the bound in every draw, so that its band would measure the limit and not the history."""
    portfolio = typical(limits=limits(magnificent_seven_max="0.3", **bounds))
    told = stability(portfolio, resolved(portfolio), FEW)
    assert told is not None
    assert told.pinned_by == pinned
    if pinned:
        bound = sum(float(bound) for bound in bounds.values())
        assert (told.small_caps.low, told.small_caps.high) == pytest.approx((bound, bound), abs=1e-4)
    else:
        assert told.small_caps.high - told.small_caps.low > 0.01


def test_nothing_done_is_pinned_by_nothing() -> None:
    told = answer_stability("already-diversified")
    assert told.menus[0][0] == ()
    assert told.pinned_by == ""


def answer_stability(name: str):
    made = answer(name)
    told = stability(made.portfolio, made.market, FEW)
    assert told is not None
    return told


@pytest.mark.parametrize("draws", [LEAST_FOR_BAND - 1, LEAST_FOR_BAND])
def test_a_band_takes_enough_answers_and_is_the_range_of_fewer(draws: int) -> None:
    portfolio = typical()
    market = resolved(portfolio)
    told = stability(portfolio, market, draws)
    assert told is not None
    assert told.is_range == (draws < LEAST_FOR_BAND)
    assert DRAWS >= LEAST_FOR_BAND > FEW_DRAWS


def test_draws_under_which_a_limit_on_risk_cannot_be_met_are_counted_and_in_no_band() -> None:
    """Nearly all of the household has to be small caps, too volatile in some draws alone, whatever else is cash."""
    portfolio = typical(limits=limits(volatility_max="0.188", small_caps_min="0.85"))
    market, symbols = resolved(portfolio), universe(portfolio)
    returns = month_returns(market, symbols)
    unmet = 0
    for rows in drawn_months(len(returns), FEW):
        covariance = drawn_covariance(symbols, market.past_months.months, returns, rows)
        unmet += allocate(problem_of(survey(portfolio, replace(market, covariance=covariance)))) is None
    told = stability(portfolio, market, FEW)
    assert told is not None
    assert told.unmet == unmet > 0
    assert sum(count for _, count in told.menus) == FEW - unmet


def test_every_method_that_the_months_allow_is_a_row() -> None:
    portfolio = typical()
    told = stability(portfolio, resolved(portfolio), 1)
    assert told is not None
    titles = [method.title for method in told.methods]
    assert titles == [
        "sample covariance, 10 years of months",
        "shrunk covariance (Ledoit and Wolf), 10 years of months",
        "broad funds as factors, 10 years of months",
    ]
    assert all(method.small_caps is not None for method in told.methods)


def test_nothing_is_told_without_months_or_without_an_answer() -> None:
    portfolio = typical()
    market = resolved(portfolio)
    assert stability(portfolio, replace(market, past_months=NO_PAST_MONTHS), FEW) is None
    conflict = typical(limits=limits(small_caps_min="0.5", small_caps_max="0.6", turnover_max="0.01"))
    assert stability(conflict, market, FEW) is None


@pytest.mark.parametrize(("bounds", "draws"), [({}, DRAWS), ({"tracking_error_max": "0.3"}, FEW_DRAWS)])
def test_there_are_fewer_draws_where_each_is_costly(bounds: dict[str, str], draws: int) -> None:
    portfolio = typical(limits=limits(small_caps_max="0.3", **bounds))
    told = stability(portfolio, resolved(portfolio))
    assert told is not None
    assert told.draws == sum(count for _, count in told.menus) == draws
