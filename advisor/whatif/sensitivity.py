"""How far the answer depends on what is assumed: the best one again, with one assumption changed at a time.

Each row is the answer before rounding to shares that the household would have if its file, or the market data, said so,
by the same two plans: limits on risk are measured by the risk of the row, and what the own mix implies is worked out
anew. A half or double risk aversion is one of that in force.

Volatility, tracking error, expected return and gain are those of the row's own assumptions; the Magnificent Seven,
small caps, cash, turnover, tax and spread are facts of its trades, whatever is assumed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np

from advisor.market.data import FactorCovariance, MarketData
from advisor.optimize.problem import AllocationProblem
from advisor.portfolio.model import Portfolio
from advisor.rebalance.candidates import SurveyedHousehold, problem_under
from advisor.rebalance.plan import question_of, survey
from advisor.risk.past_months import month_returns, sample_of_months
from advisor.whatif.decision import decided_of
from advisor.whatif.measures import gauge_of, idle_measures, measures_of
from advisor.whatif.model import Measures, Sensitivity

MONTHS = (36, 60, 120)
A_YEAR = 12
PREMIA = (Decimal("0.02"), Decimal("0.06"))


def sensitivities(portfolio: Portfolio, market: MarketData) -> tuple[Sensitivity, ...]:
    """The answer under other views, covariances, risk aversions and equity premia, each by itself.

    The first row has the assumptions in force. Rows that cannot differ are left out: of scenario months where the
    market data lack them for a security of the household, and of premia where neither a return nor the risk aversion
    depends on them. A row without measures meets no limits under its assumption.
    """
    covariance = market.covariance
    in_force = f"as assumed: risk from {covariance.start:%Y-%m} to {covariance.end:%Y-%m}"
    household, problem = question_of(portfolio, market)
    return (
        Sensitivity("covariance", in_force, _measures(household, problem)),
        *_over_windows(household, problem),
        *_without_views(household, problem),
        *_over_risk_aversions(household, problem),
        *_over_premia(household, problem),
    )


def window_covariance(market: MarketData, symbols: tuple[str, ...], months: int) -> FactorCovariance:
    """Sample covariance of the last `months` scenario months, a year, without shrinkage.

    In factor form each month is a factor: with deviations D (T, n) from the mean month, ``12/(T-1) D'D``, which is
    positive semidefinite whatever the number of months. Raises `MarketDataError` for a symbol without scenarios.
    """
    returns, days = month_returns(market, symbols)[-months:], market.past_months.months[-months:]
    names, method = tuple(f"{day:%Y-%m}" for day in days), f"sample covariance of {len(days)} monthly returns, a year"
    return sample_of_months(symbols, returns, names, method, (days[0], days[-1]))


def _over_windows(household: SurveyedHousehold, problem: AllocationProblem) -> Iterator[Sensitivity]:
    market, symbols = household.market, household.inputs.symbols
    if not set(symbols) <= set(market.past_months.symbols):
        return
    for months in MONTHS:
        if months <= len(market.past_months.months):
            covariance = window_covariance(market, symbols, months)
            span = f"{covariance.start:%Y-%m} to {covariance.end:%Y-%m}"
            title = f"risk from the last {months // A_YEAR} years of months ({span})"
            other = survey(household.portfolio, replace(market, covariance=covariance))
            yield Sensitivity("covariance", title, _measures(other, problem))


def _without_views(household: SurveyedHousehold, problem: AllocationProblem) -> Iterator[Sensitivity]:
    """At a confidence of 0 a view counts nothing, and its securities stay in the problem."""
    views = household.portfolio.views
    for view in views:
        others = tuple(replace(one, confidence=Decimal(0)) if one == view else one for one in views)
        other = _changed(household, views=others)
        yield Sensitivity("view", f"without the view on {view.name}", _measures(other, problem))


def _over_risk_aversions(household: SurveyedHousehold, problem: AllocationProblem) -> Iterator[Sensitivity]:
    in_force = household.inputs.risk_aversion
    for word, factor in (("half", 0.5), ("double", 2.0)):
        other = _preferring(household, risk_aversion=Decimal(repr(in_force * factor)))
        yield Sensitivity(
            "risk_aversion", f"{word} the risk aversion ({in_force * factor:.1f})", _measures(other, problem)
        )


def _over_premia(household: SurveyedHousehold, problem: AllocationProblem) -> Iterator[Sensitivity]:
    others = [_preferring(household, equity_premium=premium) for premium in PREMIA]
    low, high = (other.inputs for other in others)
    if low.risk_aversion == high.risk_aversion and np.allclose(low.expected_return, high.expected_return, atol=1e-12):
        return
    for premium, other in zip(PREMIA, others, strict=True):
        title = f"{premium.scaleb(2):f}% a year of equity premium"
        yield Sensitivity("equity_premium", title, _measures(other, problem))


def _preferring(household: SurveyedHousehold, **preferences: Any) -> SurveyedHousehold:  # noqa: ANN401 - fields of preferences
    return _changed(household, preferences=replace(household.portfolio.preferences, **preferences))


def _changed(household: SurveyedHousehold, **fields: Any) -> SurveyedHousehold:  # noqa: ANN401 - fields of a portfolio
    return survey(replace(household.portfolio, **fields), household.market)


def _measures(household: SurveyedHousehold, problem: AllocationProblem) -> Measures | None:
    answer = decided_of(household, problem_under(household, problem))
    if answer is None:
        return None
    gauge = gauge_of(household)
    if answer.allocation is None:
        return replace(idle_measures(gauge), gain=answer.gain)
    return replace(measures_of(gauge, answer.allocation.solution), gain=answer.gain)
