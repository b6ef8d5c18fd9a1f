"""Curves against problems compiled point by point, and measures against the measurer of the household."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from advisor.market.resolve import resolve
from advisor.optimize.search import DUST, open_cases
from advisor.optimize.solve import best_with_reserve
from advisor.portfolio.limit_types import Side
from advisor.portfolio.model import DoNotSell, Limit, LimitMode, Portfolio
from advisor.rebalance import candidates
from advisor.rebalance.candidates import candidate_of, objective_of_nothing
from advisor.rebalance.measurer import utility
from advisor.whatif.curves import SEVEN, cost_curve, frontier
from advisor.whatif.measures import gauge_of, measures_of
from advisor.whatif.model import Curve
from tests.samples import ANSWERED, market, sample
from tests.small_households import (
    account,
    household,
    limits,
    lot,
    problem_of,
    resolved,
    small_household,
    solved,
    surveyed,
)


def with_cap(portfolio: Portfolio, name: str, bound: float) -> Portfolio:
    kept = [limit for limit in portfolio.limits if limit.label != f"{name}.max"]
    return replace(portfolio, limits=(*kept, Limit(name, Side.MAX, Decimal(repr(bound)))))


def curve(portfolio: Portfolio) -> Curve:
    found = cost_curve(portfolio, resolved(portfolio))
    assert found is not None
    return found


@pytest.mark.parametrize("seed", range(10))
def test_measures_are_those_of_the_yardstick(seed: int) -> None:
    """Of a household with the weights and cash of the optimum, measured in shares and dollars; 1e-9."""
    portfolio = small_household(seed)
    known, problem = surveyed(portfolio), problem_of(portfolio)
    solution, i = solved(problem), problem.inputs
    value = float(i.value_usd)
    shares: dict[tuple[str, str], Decimal] = {}
    for symbol, weight in zip(i.symbols, solution.weights, strict=True):
        close = known.market.securities[symbol].close_usd
        shares["Taxable", symbol] = Decimal(float(weight) * value) / close
    cash = {"Taxable": Decimal(float(solution.cash.sum()) * value)}
    state = known.measurer.measure(shares, cash)
    found = measures_of(gauge_of(known), solution)
    assert found.magnificent_seven == pytest.approx(state.exposure.seven.high, abs=1e-9)
    assert found.small_caps == pytest.approx(state.small_cap_weight, abs=1e-9)
    assert found.cash == pytest.approx(state.cash_weight, abs=1e-9)
    assert found.volatility == pytest.approx(state.volatility, abs=1e-9)
    assert found.tracking_error == pytest.approx(state.tracking_error, abs=1e-9)
    assert found.expected_return == pytest.approx(state.expected_return, abs=1e-9)
    size = float(solution.weights.sum() + solution.cash.sum())
    improved = utility(state, size, i.risk_aversion, i.covariance_inflation)
    later = i.later_tax_saved * float(i.lots.gain @ solution.sell)
    once = (float(found.tax_usd + found.spread_usd) / value - later) / i.cost_years
    if portfolio.tax.carryforward_value == 0:
        idle = candidate_of(known, ())
        today = utility(known.before, 1.0, i.risk_aversion, i.covariance_inflation)
        doubt = i.return_uncertainty * solution.sell[~i.lots.taxable | (i.lots.gain >= 0)].sum()
        assert found.gain == pytest.approx(improved - today - once - doubt, abs=1e-7)
        assert found.gain == solution.objective - objective_of_nothing(known, idle, i.cost_years)
        added = solution.tax - float(idle.tax.year_tax_before_usd) / value
        assert float(found.tax_usd) == pytest.approx(added * value, abs=0.02 + 1e-7 * value)
    traded = solution.sell[solution.sell > DUST].sum() + solution.buy[solution.buy > DUST].sum()
    assert found.turnover == pytest.approx(traded / 2, abs=1e-6)


@pytest.mark.parametrize("name", ["tech-employee", "couple-mixed-lots"])
@pytest.mark.parametrize(("draw", "label"), [(cost_curve, "magnificent_seven"), (frontier, "volatility")])
def test_each_point_is_the_optimum_under_that_cap(name: str, draw, label: str) -> None:
    portfolio = sample(name)
    data = resolve(market(), portfolio)
    found = draw(portfolio, data)
    assert found.label == f"{label}.max"
    assert len(found.points) > 12
    for point in found.points[::3]:
        known = surveyed(with_cap(portfolio, label, point.at))
        problem = candidates.problem_of(known)
        best = best_with_reserve(problem, open_cases(problem))
        assert best is not None
        expected = measures_of(gauge_of(known), best)
        assert point.measures is not None
        assert point.measures.gain == pytest.approx(expected.gain, abs=1e-7)
        assert getattr(point.measures, label) <= point.at + 1e-7


def test_the_cost_curve_of_a_sample_has_its_ends_its_bend_and_the_users_bound() -> None:
    portfolio = sample("tech-employee")
    found = cost_curve(portfolio, resolve(market(), portfolio))
    assert found is not None
    places = [point.at for point in found.points]
    assert places == sorted(places, reverse=True)
    assert places[0] == pytest.approx(surveyed(portfolio).before.exposure.seven.high)
    assert 0.65 in places
    assert 15 <= len(places) <= 25
    met = [point for point in found.points if point.measures]
    gains = [point.measures.gain for point in met]
    assert all(np.diff(gains) <= 1e-7)  # a tighter cap is never better
    bend = met[0].measures.magnificent_seven  # down to it a cap costs nothing
    assert all(gain == pytest.approx(gains[0], abs=1e-7) for at, gain in zip(places, gains, strict=False) if at >= bend)
    below = [point.measures.gain for point in met if point.at < bend - 1e-6]
    assert below
    assert max(below) < gains[0] - 1e-6


@pytest.mark.parametrize("name", ANSWERED)
def test_every_sample_has_a_certified_end_or_no_room(name: str) -> None:
    portfolio = sample(name)
    for draw in (cost_curve, frontier):
        found = draw(portfolio, resolve(market(), portfolio))
        if name == "young-saver":
            assert found is None  # nothing is sold, and the new money cannot stay cash
            continue
        assert found is not None
        assert found.points[-1].measures is not None
        assert all(point.is_proved for point in found.points)


def two_accounts(**fields) -> Portfolio:
    """3,000 dollars and 100 locked shares of 203.53; 100 more that may go."""
    return household(
        account("Kept", "roth", 3000, {"NVDA": [lot(100)]}),
        account("Open", "roth", 0, {"NVDA": [lot(100)]}),
        do_not_sell=(DoNotSell(account="Kept"),),
        **fields,
    )


def test_the_least_cap_by_hand() -> None:
    """All of the open account is sold for IWM or kept as cash; the locked Nvidia is the same, the spread is gone."""
    found = curve(two_accounts())
    value, locked = 3000 + 2 * 20_353.0, 20_353.0
    assert found.points[-1].at == pytest.approx(locked / value, abs=2e-4)
    assert found.points[-1].measures is not None
    assert found.points[-1].measures.magnificent_seven <= found.points[-1].at + 1e-7


def test_a_bound_of_the_user_that_cannot_be_met_is_a_proved_gap() -> None:
    found = curve(two_accounts(limits=limits(magnificent_seven_max="0.2")))
    assert found.points[-1].at == 0.2
    assert found.points[-1].measures is None
    assert found.points[-1].is_proved
    assert found.points[-2].measures is not None


def test_a_soft_bound_is_taken_out_and_does_not_charge() -> None:
    soft = Limit("magnificent_seven", Side.MAX, Decimal("0.6"), mode=LimitMode.SOFT, charge_bps_per_pp=Decimal(50))
    with_soft, without = curve(two_accounts(limits=(soft,))), curve(two_accounts())
    places = {point.at: point.measures for point in without.points}
    assert 0.6 in {point.at for point in with_soft.points}
    for point in with_soft.points:
        if places.get(point.at):
            assert point.measures is not None
            assert point.measures.gain == pytest.approx(places[point.at].gain, abs=1e-9)


def test_without_the_seven_there_is_no_cost_curve() -> None:
    portfolio = household(account("A", "roth", 1000, {"BND": [lot(100)]}))
    assert cost_curve(portfolio, resolved(portfolio)) is None


def test_limits_that_conflict_without_the_cap_leave_no_curve() -> None:
    portfolio = two_accounts(limits=limits(cash_min="0.9"))
    assert cost_curve(portfolio, resolved(portfolio)) is None
    assert frontier(portfolio, resolved(portfolio)) is None


def test_a_locked_household_without_cash_has_no_room_for_a_curve() -> None:
    portfolio = household(
        account("A", "roth", 0, {"NVDA": [lot(100)]}), do_not_sell=(DoNotSell(account="A"),), limits=()
    )
    assert cost_curve(portfolio, resolved(portfolio)) is None
    assert frontier(portfolio, resolved(portfolio)) is None


def test_the_label_of_the_cost_curve_is_the_limits() -> None:
    assert curve(two_accounts()).label == SEVEN
