"""The problem of one day of a backtest, against cvxpy's own way to Clarabel and against hand calculations."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

from advisor.errors import UnverifiedAnswerError
from advisor.optimize.one_day import (
    LARGEST,
    SCALE,
    ShareLimit,
    TradedLimit,
    VolatilityLimit,
    WalkDay,
    WalkProblem,
    WalkShape,
)

TIGHT = {"tol_gap_abs": 1e-10, "tol_gap_rel": 1e-10, "tol_feas": 1e-10}


def shape(n: int = 6, pieces: int = 2, *, limits: tuple = (), taxed: bool = True, accounts: int = 2) -> WalkShape:
    """Every security in every account, each in pieces, and all of them on offer."""
    pairs = np.array([(a, s) for a in range(accounts) for s in range(n)])
    sells = np.repeat(pairs, pieces, axis=0)
    return WalkShape(
        accounts=accounts,
        sell_account=sells[:, 0],
        sell_security=sells[:, 1],
        buy_account=pairs[:, 0],
        buy_security=pairs[:, 1],
        half_spread=np.full(n, 3e-4),
        limits=limits,
        risk_aversion=3.0,
        return_uncertainty=0.005,
        horizon_years=3.0,
        rates=(0.4, 0.25) if taxed else None,
    )


def day(rng: np.random.Generator, made: WalkShape, bounds: tuple[float, ...] = ()) -> WalkDay:
    n, sells = made.half_spread.size, made.sell_account.size
    returns = rng.normal(0, 0.01, (400, n)) + rng.normal(0, 0.008, (400, 1))
    held = rng.dirichlet(np.ones(sells)) * 0.96
    gains = rng.uniform(-0.3, 0.6, (2, sells)) * (made.sell_account == 0)
    gains[rng.integers(0, 2, sells), np.arange(sells)] = 0.0  # short-term or long-term, not both
    return WalkDay(
        root=np.linalg.cholesky(252 * np.cov(returns, rowvar=False)).T,
        expected=rng.uniform(0.0, 0.08, n),
        weights=np.bincount(made.sell_security, weights=held, minlength=n),
        cash=np.full(made.accounts, 0.04 / made.accounts),
        min_cash=np.zeros(made.accounts),
        sellable=held,
        buyable=np.ones(made.buy_account.size),
        gains=gains,
        so_far=rng.uniform(-0.02, 0.02, 2),
        loss_deduction=0.005,
        bounds=np.array(bounds),
    )


def weights_after(made: WalkShape, today: WalkDay, sell: np.ndarray, buy: np.ndarray) -> np.ndarray:
    n = made.half_spread.size
    sold = np.bincount(made.sell_security, weights=sell, minlength=n)
    return today.weights - sold + np.bincount(made.buy_security, weights=buy, minlength=n)


ALL = (
    ShareLimit("small_caps.max", np.array([[1.0, 1, 0, 0, 0, 0]]), 0.0, 1.0),
    ShareLimit("cash.min", np.zeros((1, 6)), 1.0, -1.0),
    VolatilityLimit("volatility.max", None),
    VolatilityLimit("tracking_error.max", 3),
    TradedLimit("turnover.max", "turnover"),
    TradedLimit("realized_gain.max", "realized_gain"),
)


@pytest.mark.parametrize("taxed", [True, False])
def test_every_weight_of_every_day_is_that_of_cvxpys_own_solution(taxed: bool) -> None:
    rng = np.random.default_rng(3)
    made = shape(pieces=2 if taxed else 1, limits=ALL, taxed=taxed)
    problem = WalkProblem(made)
    for _ in range(25):
        today = day(rng, made, (0.35, 0.02, 0.18, 0.12, 0.4, 0.03))
        ours = problem.solve(today)
        problem.assign(today)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # at its tightest Clarabel calls every other solution inaccurate
            problem.problem.solve(solver="CLARABEL", **TIGHT)
        assert ours.objective == pytest.approx(problem.problem.value / SCALE, abs=1e-9)
        theirs = weights_after(made, today, problem.sell.value, problem.buy.value)
        np.testing.assert_allclose(weights_after(made, today, ours.sell, ours.buy), theirs, atol=5e-6)


def test_a_day_is_solved_alike_whatever_was_solved_before() -> None:
    rng = np.random.default_rng(4)
    made = shape(limits=ALL)
    days = [day(rng, made, (0.35, 0.02, 0.18, 0.12, 0.4, 0.03)) for _ in range(6)]
    one = WalkProblem(made)
    in_turn = [one.solve(today) for today in days]
    for today, found in zip(days, in_turn, strict=True):
        alone = WalkProblem(made).solve(today)
        weights = (weights_after(made, today, trades.sell, trades.buy) for trades in (found, alone))
        np.testing.assert_allclose(*weights, atol=5e-6)
        assert found.objective == pytest.approx(alone.objective, abs=1e-9)


def test_money_stays_in_its_account_and_pays_the_spread() -> None:
    rng = np.random.default_rng(5)
    made = shape()
    today = day(rng, made)
    found = WalkProblem(made).solve(today)
    for account in range(2):
        got = found.sell[made.sell_account == account].sum() * (1 - 3e-4)
        paid = found.buy[made.buy_account == account].sum() * (1 + 3e-4)
        assert paid <= today.cash[account] + got + 1e-8


def test_a_hard_limit_out_of_reach_is_come_as_close_to_as_the_lots_allow() -> None:
    """Half of the first security may be sold: from 60% it comes to 30% of what the spread leaves, not to 20%."""
    limit = ShareLimit("funds.A.max", np.array([[1.0, 0.0]]), 0.0, 1.0)
    made = replace(shape(2, 1, limits=(limit,), taxed=False, accounts=1), half_spread=np.zeros(2))
    today = WalkDay(
        root=np.eye(2) * 0.2,
        expected=np.array([0.09, 0.0]),
        weights=np.array([0.6, 0.4]),
        cash=np.zeros(1),
        min_cash=np.zeros(1),
        sellable=np.array([0.3, 0.4]),
        buyable=np.zeros(2),
        gains=np.zeros((2, 2)),
        so_far=np.zeros(2),
        loss_deduction=0.0,
        bounds=np.array([0.2]),
    )
    found = WalkProblem(made).solve(today)
    assert found.sell[0] == pytest.approx(0.3, abs=1e-6)
    assert found.excess[0] == pytest.approx(0.1, abs=1e-6)


def test_the_best_share_of_one_fund_is_mertons() -> None:
    """Without costs or limits: premium / (gamma variance), by hand 0.06 / (3 x 0.2^2) = 0.5."""
    made = replace(shape(1, 1, taxed=False, accounts=1), half_spread=np.zeros(1), return_uncertainty=0.0)
    today = replace(
        day(np.random.default_rng(1), shape(2, 1, taxed=False, accounts=1)),
        root=np.array([[0.2]]),
        expected=np.array([0.06]),
        weights=np.zeros(1),
        cash=np.ones(1),
        sellable=np.zeros(1),
        buyable=np.ones(1),
        gains=np.zeros((2, 1)),
    )
    assert WalkProblem(made).solve(today).buy[0] == pytest.approx(0.5, abs=1e-6)


def test_tax_keeps_a_gain_unrealised_where_its_yearly_share_outweighs_what_is_gained() -> None:
    """Selling a dollar for cash gains 1% a year in utility at no risk; tax of a long gain of 0.9 costs 0.225 / 3."""
    made = replace(shape(1, 1, accounts=1), half_spread=np.zeros(1), return_uncertainty=0.0)
    today = WalkDay(
        root=np.zeros((1, 1)),
        expected=np.array([-0.01]),
        weights=np.ones(1),
        cash=np.zeros(1),
        min_cash=np.zeros(1),
        sellable=np.ones(1),
        buyable=np.zeros(1),
        gains=np.array([[0.0], [0.9]]),
        so_far=np.zeros(2),
        loss_deduction=0.0,
        bounds=np.zeros(0),
    )
    problem = WalkProblem(made)
    assert problem.solve(today).sell[0] == pytest.approx(0.0, abs=1e-6)
    assert problem.solve(replace(today, gains=np.zeros((2, 1)))).sell[0] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("taxed", [True, False])
def test_doing_nothing_is_worth_what_a_day_without_trades_is(taxed: bool) -> None:
    rng = np.random.default_rng(6)
    made = shape(taxed=taxed)
    today = day(rng, made)
    fixed = replace(today, sellable=np.zeros(made.sell_account.size), buyable=np.zeros(made.buy_account.size))
    problem = WalkProblem(made)
    assert problem.standing(today) == pytest.approx(problem.solve(fixed).objective, abs=1e-8)


def test_doing_nothing_pays_the_price_of_a_soft_limit() -> None:
    """Of 20%, 60% are held, at a price of 2% a year: 0.02 x 0.4 = 0.008, and 0.09 x 0.6 are earned."""
    soft = ShareLimit("funds.A.max", np.array([[1.0, 0.0]]), 0.0, 1.0, price=0.02)
    made = replace(shape(2, 1, limits=(soft,), taxed=False, accounts=1), risk_aversion=0.0)
    today = replace(
        day(np.random.default_rng(1), made, (0.2,)),
        expected=np.array([0.09, 0.0]),
        weights=np.array([0.6, 0.4]),
        cash=np.zeros(1),
    )
    fixed = replace(today, sellable=np.zeros(2), buyable=np.zeros(2))
    problem = WalkProblem(made)
    assert problem.standing(today) == pytest.approx(0.09 * 0.6 - 0.008, abs=1e-12)
    assert problem.standing(today) == pytest.approx(problem.solve(fixed).objective, abs=1e-8)


def test_a_day_without_an_answer_is_named() -> None:
    made = shape(2, 1, limits=(TradedLimit("turnover.max", "turnover"),), accounts=1)
    today = day(np.random.default_rng(2), made, (-0.1,))
    with pytest.raises(UnverifiedAnswerError, match="2020-01-31"):
        WalkProblem(made).solve(today, "2020-01-31")


def test_more_securities_than_it_is_meant_for_are_refused() -> None:
    with pytest.raises(ValueError, match=f"more than {LARGEST}"):
        WalkProblem(shape(LARGEST + 1, 1, accounts=1))
