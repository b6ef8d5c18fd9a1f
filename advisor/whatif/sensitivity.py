"""How far the answer depends on what is assumed: the best one again, with one assumption changed at a time.

Each row is the optimum before rounding to shares that the household would have if its file, or the market data, said
so: limits on risk are measured by the risk of the row, and where the file states no risk aversion, it is implied anew
(`risk.expected_returns.implied_risk_aversion`), so that today's market exposure is the best one in every row. A half or
double risk aversion is one of that in force.

Volatility, tracking error, expected return and gain are those of the row's own assumptions; the Magnificent Seven,
small caps, cash, turnover, tax and spread are facts of its trades, whatever is assumed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import numpy as np

from advisor.market.data import FactorCovariance, MarketData
from advisor.optimize.search import best_solution, open_cases
from advisor.portfolio.model import Portfolio
from advisor.rebalance.candidates import problem_of
from advisor.rebalance.plan import survey, universe
from advisor.risk.scenarios import scenario_returns
from advisor.whatif.measures import gauge_of, measures_of
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
    return (
        Sensitivity("covariance", in_force, _measures(portfolio, market)),
        *_over_windows(portfolio, market),
        *_without_views(portfolio, market),
        *_over_risk_aversions(portfolio, market),
        *_over_premia(portfolio, market),
    )


def window_covariance(market: MarketData, symbols: tuple[str, ...], months: int) -> FactorCovariance:
    """Sample covariance of the last `months` scenario months, a year, without shrinkage.

    In factor form each month is a factor: with deviations D (T, n) from the mean month, ``12/(T-1) D'D``, which is
    positive semidefinite whatever the number of months. Raises `MarketDataError` for a symbol without scenarios.
    """
    returns = scenario_returns(market, symbols)[-months:]
    deviations = returns - returns.mean(axis=0)
    days = market.scenarios.months[-months:]
    return FactorCovariance(
        symbols=symbols,
        factors=tuple(f"{day:%Y-%m}" for day in days),
        loadings=deviations.T * np.sqrt(A_YEAR / (len(days) - 1)),
        idiosyncratic=np.zeros(len(symbols)),
        method=f"sample covariance of {len(days)} monthly returns, a year",
        start=days[0],
        end=days[-1],
        short_histories={},
    )


def _over_windows(portfolio: Portfolio, market: MarketData) -> Iterator[Sensitivity]:
    symbols, scenarios = universe(portfolio), market.scenarios
    if not set(symbols) <= set(scenarios.symbols):
        return
    for months in MONTHS:
        if months <= len(scenarios.months):
            covariance = window_covariance(market, symbols, months)
            span = f"{covariance.start:%Y-%m} to {covariance.end:%Y-%m}"
            title = f"risk from the last {months // A_YEAR} years of months ({span})"
            yield Sensitivity("covariance", title, _measures(portfolio, replace(market, covariance=covariance)))


def _without_views(portfolio: Portfolio, market: MarketData) -> Iterator[Sensitivity]:
    for view in portfolio.views:
        others = tuple(other for other in portfolio.views if other != view)
        measures = _measures(replace(portfolio, views=others), market)
        yield Sensitivity("view", f"without the view on {view.name}", measures)


def _over_risk_aversions(portfolio: Portfolio, market: MarketData) -> Iterator[Sensitivity]:
    in_force = survey(portfolio, market).inputs.risk_aversion
    for word, factor in (("half", 0.5), ("double", 2.0)):
        stated = replace(portfolio.preferences, risk_aversion=Decimal(repr(in_force * factor)))
        measures = _measures(replace(portfolio, preferences=stated), market)
        yield Sensitivity("risk_aversion", f"{word} the risk aversion ({in_force * factor:.1f})", measures)


def _over_premia(portfolio: Portfolio, market: MarketData) -> Iterator[Sensitivity]:
    others = [_with_premium(portfolio, premium) for premium in PREMIA]
    low, high = (survey(other, market).inputs for other in others)
    if low.risk_aversion == high.risk_aversion and np.allclose(low.expected_return, high.expected_return, atol=1e-12):
        return
    for premium, other in zip(PREMIA, others, strict=True):
        yield Sensitivity(
            "equity_premium", f"{premium.scaleb(2):f} % a year of equity premium", _measures(other, market)
        )


def _with_premium(portfolio: Portfolio, premium: Decimal) -> Portfolio:
    return replace(portfolio, preferences=replace(portfolio.preferences, equity_premium=premium))


def _measures(portfolio: Portfolio, market: MarketData) -> Measures | None:
    household = survey(portfolio, market)
    problem = problem_of(household)
    solution = best_solution(problem, open_cases(problem))
    return None if solution is None else measures_of(gauge_of(household), solution)
