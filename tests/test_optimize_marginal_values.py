"""The price book against gradients taken by hand, and the signs that optimality gives its sums."""

from __future__ import annotations

import numpy as np
import pytest

from advisor.optimize.marginal_values import marginal_values
from advisor.optimize.solve import allocate
from tests.households import random_household
from tests.small_households import account, household, limits, lot, problem_of, small_household, solved
from tests.views import view

NOISE = 1e-6  # a year, of each dollar: a hundredth of a basis point
FORGONE = 1e-8  # of household value a year: what the solver's tolerance leaves in all


@pytest.mark.parametrize("seed", range(80))
def test_what_is_traded_in_part_gains_nothing_more(seed: int) -> None:
    """In part: zero. Sold out: a gain. Kept: a loss. Purchases likewise.

    Where the sum is off by more than the noise, the amount it could still be earned on is next to nothing.
    """
    problem = problem_of(random_household(seed))
    allocation = allocate(problem)
    if allocation is None:
        return
    solution, book = allocation.solution, marginal_values(problem, allocation.solution)
    trades = [(solution.sell, solution.case.most_sold, book.net_of_lot)]
    trades += [(solution.buy, solution.case.most_bought, book.net_of_buy)]
    for amounts, most, net in trades:
        for k in np.flatnonzero(most > 0):
            assert net(k) <= NOISE or net(k) * (most[k] - amounts[k]) <= FORGONE
            assert net(k) >= -NOISE or -net(k) * amounts[k] <= FORGONE


@pytest.mark.parametrize("seed", range(12))
def test_the_parts_are_the_gradients_of_the_objective(seed: int) -> None:
    """Mix, fee, doubt and spread of one more dollar sold, from the covariance and the returns by hand."""
    problem = problem_of(small_household(seed))
    solution = solved(problem)
    book, i = marginal_values(problem, solution), problem.inputs
    for k, security in enumerate(i.lots.security):
        spread = i.half_spread[security]
        covariance = sum(i.model.covariance[security, j] * solution.weights[j] for j in range(len(i.symbols)))
        vol = np.sqrt(np.diag(i.model.covariance))
        together = i.covariance_inflation * vol[security] * float(vol @ solution.weights)
        risk = i.risk_aversion * (covariance + together)
        apart = risk - (i.implied_return[security] - i.risk_free)  # what it adds to risk beyond what it is implied for
        assert book.lots["mix"][k] == pytest.approx(apart, abs=1e-9)
        viewed = i.implied_return[security] - i.expected_return[security]
        assert of(book.lots, "views", k) == pytest.approx(viewed, abs=1e-8)
        assert of(book.lots, "fees", k) == pytest.approx(i.expense_ratio[security], abs=1e-8)
        doubt = 0.0 if i.lots.taxable[k] and i.lots.gain[k] < 0 else i.return_uncertainty
        assert of(book.lots, "doubt", k) == pytest.approx(-doubt, abs=1e-8)
        assert book.lots["spread"][k] == pytest.approx(-spread * (1 / i.horizon_years + i.risk_free), abs=1e-15)


def of(parts: dict[str, np.ndarray], name: str, place: int) -> float:
    """A part, 0 where it is next to nothing for every trade."""
    return float(parts[name][place]) if name in parts else 0.0


def test_the_tax_of_a_long_gain_is_its_rate_less_what_it_saves_later_over_the_horizon() -> None:
    """NVDA at a gain of 70%, 15% long-term, three years at the riskless rate r: of each dollar of tax the deferral.

    That is 0.15 (1 - 1 / (1 + 0.85 ((1 + r)^3 - 1))) x 0.7 / 3 a dollar.
    """
    portfolio = household(
        account("Joint", "taxable", 5000, {"NVDA": [lot(250, 61.059)], "SPY": [lot(60, 700)]}),
        limits=limits(magnificent_seven_max="0.4"),
    )
    problem = problem_of(portfolio)
    book = marginal_values(problem, solved(problem))
    gain = (203.53 - 61.059) / 203.53
    deferral = 1 - 1 / (1 + 0.85 * ((1 + problem.inputs.risk_free) ** 3 - 1))
    assert book.lots["tax"][0] == pytest.approx(-0.15 * deferral * gain / 3, abs=1e-6)


def test_a_limit_counts_by_what_the_lot_weighs_in_it() -> None:
    """SPY is partly the seven; NVDA wholly: the limit's relief has that ratio."""
    problem = problem_of(
        household(
            account("Roth", "roth", 5000, {"NVDA": [lot(250)], "SPY": [lot(60)]}),
            limits=limits(magnificent_seven_max="0.4"),
            views=(view("NVDA", "0.3"),),
        )
    )
    solution = solved(problem)
    book = marginal_values(problem, solution)
    relief = book.lots["magnificent_seven.max"]
    price = problem.limit_duals(solution)["magnificent_seven.max"]
    seven = problem.formulation.limits[0].rows[0]
    nvda, spy = problem.inputs.lots.security
    bound_on_spread = 0.4 * problem.inputs.half_spread
    assert relief[0] == pytest.approx(price * (seven[nvda] - bound_on_spread[nvda]), rel=1e-6)
    assert relief[1] == pytest.approx(price * (seven[spy] - bound_on_spread[spy]), rel=1e-6)
