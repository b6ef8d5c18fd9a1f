"""Sensitivities against problems written with the assumption in the file, and covariances against numpy's."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from advisor.market.data import NO_PAST_MONTHS
from advisor.optimize.solve import Allocation
from advisor.portfolio.model import Portfolio
from advisor.portfolio.preferences import Preferences
from advisor.rebalance import candidates
from advisor.rebalance.candidates import candidate_of, objective_of_nothing
from advisor.rebalance.plan import universe
from advisor.risk.covariance import risk_model
from advisor.whatif.decision import decided_of
from advisor.whatif.sensitivity import sensitivities, window_covariance
from tests.small_households import account, household, limits, lot, resolved, surveyed
from tests.views import view


def typical(**fields) -> Portfolio:
    given = {
        "limits": limits(magnificent_seven_max="0.5", small_caps_max="0.3"),
        "views": (view("IJR", "0.13", confidence="0.7"), view("QQQ", "-0.03", over="SPY", confidence="0.5")),
    }
    return household(
        account("T", "taxable", 5000, {"NVDA": [lot(200, 150), lot(50, 30)]}),
        account("R", "roth", 1000, {"QQQ": [lot(50)]}),
        **{**given, **fields},
    )


def rows_of(portfolio: Portfolio) -> dict[str, object]:
    found = sensitivities(portfolio, resolved(portfolio))
    assert len({row.title for row in found}) == len(found)
    return {row.title: row.measures for row in found}


def test_every_kind_of_row_is_there_in_order() -> None:
    portfolio = typical()
    kinds = [row.kind for row in sensitivities(portfolio, resolved(portfolio))]
    assert kinds == [
        *["covariance"] * 4,
        *["view"] * 2,
        *["risk_aversion"] * 2,
        *["equity_premium"] * 2,
    ]


def test_the_first_row_is_the_answer_as_assumed() -> None:
    portfolio = typical()
    first = sensitivities(portfolio, resolved(portfolio))[0]
    assert "2021-07 to 2026-07" in first.title
    solution = answered(portfolio).solution
    assert first.measures is not None
    assert first.measures.turnover == pytest.approx((solution.sell.sum() + solution.buy.sum()) / 2, abs=1e-9)


def answered(portfolio: Portfolio) -> Allocation:
    """The trades of the household's answer before rounding, from a problem compiled for it alone."""
    found = surveyed(portfolio)
    decided = decided_of(found, candidates.problem_of(found))
    assert decided is not None
    assert decided.allocation is not None
    return decided.allocation


def gain_of(portfolio: Portfolio) -> float:
    """What that gains on doing nothing."""
    found = surveyed(portfolio)
    idle = objective_of_nothing(found, candidate_of(found, ()), found.inputs.cost_years)
    return answered(portfolio).solution.objective - idle


def test_rows_of_views_and_risk_aversion_are_the_answers_of_files_that_say_so() -> None:
    """1e-7 of the objective; the file states a risk aversion of 2, so nothing is implied."""
    stated = Preferences(risk_aversion=Decimal(2), buy=("IWM", "IJR"))
    portfolio = typical(preferences=stated, limits=limits(magnificent_seven_max="0.5"))
    rows = rows_of(portfolio)
    ijr, qqq = portfolio.views
    asked = {
        "without the view on IJR": replace(portfolio, views=(qqq,)),
        "without the view on QQQ over SPY": replace(portfolio, views=(ijr,)),
        "half the risk aversion (1.0)": replace(portfolio, preferences=replace(stated, risk_aversion=Decimal(1))),
        "double the risk aversion (4.0)": replace(portfolio, preferences=replace(stated, risk_aversion=Decimal(4))),
    }
    for title, changed in asked.items():
        assert rows[title].gain == pytest.approx(gain_of(changed), abs=1e-7), title


def test_an_implied_risk_aversion_is_implied_anew_in_each_row() -> None:
    """The premium enters through it alone."""
    portfolio = typical(preferences=Preferences(return_uncertainty=Decimal(0)))
    rows = rows_of(portfolio)
    low, high = rows["2% a year of equity premium"], rows["6% a year of equity premium"]
    again = replace(portfolio, preferences=replace(portfolio.preferences, equity_premium=Decimal("0.06")))
    assert high.gain == pytest.approx(gain_of(again), abs=1e-7)
    assert low.gain < high.gain


@pytest.mark.parametrize("months", [36, 60, 120])
def test_the_covariance_of_a_window_is_numpys(months: int) -> None:
    portfolio = typical()
    data, symbols = resolved(portfolio), universe(portfolio)
    model = risk_model(replace(data, covariance=window_covariance(data, symbols, months)), symbols)
    columns = [data.past_months.symbols.index(symbol) for symbol in symbols]
    expected = 12 * np.cov(data.past_months.returns[-months:, columns], rowvar=False)
    assert model.covariance == pytest.approx(expected, abs=1e-13)
    assert np.linalg.eigvalsh(model.covariance).min() > -1e-14


def test_windows_are_named_with_their_months() -> None:
    titles = list(rows_of(typical()))[1:4]
    assert titles == [
        "risk from the last 3 years of months (2023-07 to 2026-06)",
        "risk from the last 5 years of months (2021-07 to 2026-06)",
        "risk from the last 10 years of months (2016-07 to 2026-06)",
    ]


def test_a_market_without_scenarios_has_no_windows() -> None:
    portfolio = typical()
    found = sensitivities(portfolio, replace(resolved(portfolio), past_months=NO_PAST_MONTHS))
    assert [row.kind for row in found].count("covariance") == 1


def test_a_market_of_fifty_months_has_the_one_window_that_fits() -> None:
    portfolio = typical()
    data = resolved(portfolio)
    short = replace(data.past_months, months=data.past_months.months[-50:], returns=data.past_months.returns[-50:])
    found = sensitivities(portfolio, replace(data, past_months=short))
    assert [row.title for row in found if "years" in row.title] == [
        "risk from the last 3 years of months (2023-07 to 2026-06)"
    ]


def test_where_the_risk_aversion_is_stated_the_premium_has_no_row() -> None:
    portfolio = typical(preferences=Preferences(risk_aversion=Decimal(2)))
    kinds = [row.kind for row in sensitivities(portfolio, resolved(portfolio))]
    assert kinds == ["covariance"] * 4 + ["view"] * 2 + ["risk_aversion"] * 2


def test_where_the_premium_implies_the_risk_aversion_it_has_rows_beside_any_views() -> None:
    portfolio = typical(views=tuple(view(s, "0.08") for s in universe(typical()) if s != "VTWO"))
    assert [row.kind for row in sensitivities(portfolio, resolved(portfolio))].count("equity_premium") == 2


def test_a_row_that_meets_no_limits_has_no_measures() -> None:
    """A volatility that the window of three years allows and the estimate in force does not."""
    calm = typical(limits=limits(volatility_max="0.3", cash_min="0", turnover_max="0.01"), views=())
    rows = sensitivities(calm, resolved(calm))
    assert {row.measures is None for row in rows} == {True, False}
