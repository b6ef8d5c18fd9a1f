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
    UNREACHED,
    DayTrades,
    ShareLimit,
    TradedLimit,
    VolatilityLimit,
    WalkDay,
    WalkProblem,
    WalkShape,
)

TIGHT = {"tol_gap_abs": 1e-10, "tol_gap_rel": 1e-10, "tol_feas": 1e-10}


def shape(
    n: int = 6, pieces: int = 2, *, limits: tuple = (), defaults: tuple = (), taxed: bool = True, accounts: int = 2
) -> WalkShape:
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
        defaults=defaults,
        risk_aversion=3.0,
        cost_years=4.0,
        later_tax_saved=0.11,
        carried_value=0.2,
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
        doubt=np.where(gains.sum(axis=0) < 0, 0.0, 0.005),
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
BOUNDS = (0.35, 0.02, 0.18, 0.12, 0.4, 0.03)
CASH = ShareLimit("cash_and_bills", np.array([[0.0, 0, 0, 0, 0, 1]]), 1.0, 1.0, price=0.045)
STOCKS = ShareLimit("us_stocks", np.array([[1.0, 1, 1, 0.6, 0, 0]]), 0.0, 1.0, price=0.045)
DEFAULTS = (CASH, STOCKS, replace(CASH, price=UNREACHED), replace(STOCKS, price=UNREACHED))
DEFAULT_BOUNDS = (0.1, 0.5, 0.15, 0.6)  # the last two of the rows that are hard


@pytest.mark.parametrize("taxed", [True, False])
def test_every_weight_of_every_day_is_that_of_cvxpys_own_solution(taxed: bool) -> None:
    rng = np.random.default_rng(3)
    made = shape(pieces=2 if taxed else 1, limits=ALL, defaults=DEFAULTS, taxed=taxed)
    problem = WalkProblem(made)
    for _ in range(25):
        today = day(rng, made, (*BOUNDS, *DEFAULT_BOUNDS))
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
    made = shape(limits=ALL, defaults=DEFAULTS)
    days = [day(rng, made, (*BOUNDS, *DEFAULT_BOUNDS)) for _ in range(6)]
    one = WalkProblem(made)
    in_turn = [one.solve(today) for today in days]
    for today, found in zip(days, in_turn, strict=True):
        alone = WalkProblem(made).solve(today)
        weights = (weights_after(made, today, trades.sell, trades.buy) for trades in (found, alone))
        np.testing.assert_allclose(*weights, atol=5e-6)
        assert found.objective == pytest.approx(alone.objective, abs=1e-9)


def utility(made: WalkShape, today: WalkDay, trades: DayTrades) -> float:
    """The objective of trades that keep every hard row, by the formula: term by term, in a loop over what is traded."""
    weights, cash = weights_after(made, today, trades.sell, trades.buy), today.cash.sum()
    spent = later = 0.0
    for tranche, sold in enumerate(trades.sell):
        cash += sold * (1 - made.half_spread[made.sell_security[tranche]])
        spent += sold * made.half_spread[made.sell_security[tranche]]
        later += 0.11 * sold * today.gains[:, tranche].sum()
    for pair, bought in enumerate(trades.buy):
        cash -= bought * (1 + made.half_spread[made.buy_security[pair]])
        spent += bought * made.half_spread[made.buy_security[pair]]
    short, long = today.so_far + today.gains @ trades.sell
    net, deduction = short + long, 0.005
    tax = max(0.25 * net, 0.4 * short + 0.25 * long, -0.25 * deduction + 0.2 * (net + deduction))
    variance = weights @ (today.root.T @ today.root) @ weights
    charged = sum(
        0.045 * max(0.0, bound.rows[0] @ weights + bound.cash * cash - most * (weights.sum() + cash))
        for bound, most in zip(made.defaults, today.bounds, strict=True)
        if bound.price < UNREACHED
    )
    doubted = sum(0.005 * sold for sold, g in zip(trades.sell, today.gains.T, strict=True) if g.sum() >= 0)
    return today.expected @ weights - 1.5 * variance - doubted - (spent + tax - later) / 4.0 - charged


def test_the_objective_is_its_formula_worked_out_again_and_no_other_trades_are_better() -> None:
    rng = np.random.default_rng(8)
    made = shape(defaults=(CASH, STOCKS))
    problem = WalkProblem(made)
    for _ in range(5):
        today = day(rng, made, (0.1, 0.5))
        found = problem.solve(today)
        best = utility(made, today, found)
        assert found.objective == pytest.approx(best, abs=2e-8)
        for part in (0.0, 0.3, 0.9):  # towards none, and towards others within the cash of each account
            fewer = replace(found, sell=part * found.sell, buy=part * found.buy)
            assert utility(made, today, fewer) <= best + 1e-8
            sell = part * found.sell + (1 - part) * rng.uniform(0, 1, found.sell.size) * today.sellable
            assert utility(made, today, replace(found, sell=sell, buy=part * found.buy)) <= best + 1e-8


def test_what_trades_leave_is_what_every_single_one_of_them_leaves() -> None:
    made = shape(2, 1, taxed=False, accounts=1)
    today = replace(day(np.random.default_rng(1), made), weights=np.array([0.6, 0.3]), cash=np.array([0.1]))
    weights, cash = made.after(today, DayTrades(np.array([0.2, 0.0]), np.array([0.0, 0.25]), np.zeros(0), 0.0))
    assert weights == pytest.approx([0.4, 0.55])
    assert cash == pytest.approx(0.1 + 0.2 * (1 - 3e-4) - 0.25 * (1 + 3e-4))


def test_a_default_bound_is_no_limit_of_the_user() -> None:
    """More cash than its bound, and nothing to buy: charged for, and not told."""
    made = shape(2, 1, defaults=(replace(CASH, rows=np.zeros((1, 2))),), taxed=False, accounts=1)
    today = replace(day(np.random.default_rng(1), made, (0.01,)), buyable=np.zeros(2), expected=np.full(2, 1.0))
    found = WalkProblem(made).solve(today)
    assert found.excess.size == 0
    free = WalkProblem(replace(made, defaults=())).solve(replace(today, bounds=np.zeros(0)))
    assert free.objective - found.objective == pytest.approx(0.045 * (0.04 - 0.01), abs=1e-8)


def test_a_hard_default_bound_holds_and_a_charged_one_yields_to_what_is_worth_more() -> None:
    """A dollar in the first costs 6% a year: more than the charge on cash. Cash is 4% before the trades."""
    cash = replace(CASH, rows=np.zeros((1, 2)))
    made = shape(2, 1, defaults=(cash, replace(cash, price=UNREACHED)), taxed=False, accounts=1)
    today = replace(
        day(np.random.default_rng(1), made, (0.04, 2.0)), buyable=np.zeros(2), expected=np.array([-0.06, 0.5])
    )
    problem = WalkProblem(made)
    assert problem.solve(today).sell[0] == pytest.approx(today.sellable[0], abs=1e-6)
    held = problem.solve(replace(today, bounds=np.array([0.04, 0.04])))
    assert held.sell.sum() == pytest.approx(0.0, abs=1e-6)


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
        doubt=np.full(2, 0.005),
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
    made = replace(shape(1, 1, taxed=False, accounts=1), half_spread=np.zeros(1))
    today = replace(
        day(np.random.default_rng(1), shape(2, 1, taxed=False, accounts=1)),
        root=np.array([[0.2]]),
        expected=np.array([0.06]),
        weights=np.zeros(1),
        cash=np.ones(1),
        sellable=np.zeros(1),
        doubt=np.zeros(1),
        buyable=np.ones(1),
        gains=np.zeros((2, 1)),
    )
    assert WalkProblem(made).solve(today).buy[0] == pytest.approx(0.5, abs=1e-6)


def test_tax_keeps_a_gain_unrealised_where_its_yearly_share_outweighs_what_is_gained() -> None:
    """Selling a dollar for cash gains 1% a year at no risk; a long gain of 0.9 costs 0.9 (0.25 - 0.11) / 4 = 3.15%.

    Where as much as 0.22 of it is saved later, and that much a loss is worth, 0.9 x 0.03 / 4 = 0.7% does not keep it.
    """
    made = replace(shape(1, 1, accounts=1), half_spread=np.zeros(1))
    today = WalkDay(
        root=np.zeros((1, 1)),
        expected=np.array([-0.01]),
        weights=np.ones(1),
        cash=np.zeros(1),
        min_cash=np.zeros(1),
        sellable=np.ones(1),
        doubt=np.zeros(1),
        buyable=np.zeros(1),
        gains=np.array([[0.0], [0.9]]),
        so_far=np.zeros(2),
        loss_deduction=0.0,
        bounds=np.zeros(0),
    )
    problem = WalkProblem(made)
    assert problem.solve(today).sell[0] == pytest.approx(0.0, abs=1e-6)
    assert problem.solve(replace(today, gains=np.zeros((2, 1)))).sell[0] == pytest.approx(1.0, abs=1e-6)
    saving = WalkProblem(replace(made, later_tax_saved=0.22, carried_value=0.22))
    assert saving.solve(today).sell[0] == pytest.approx(1.0, abs=1e-6)


def test_a_gain_that_uses_up_a_carried_loss_is_never_a_credit() -> None:
    """A year that is far below zero: each dollar of gain costs what a loss carried forward is worth, and saves less."""
    made = replace(shape(1, 1, accounts=1), half_spread=np.zeros(1))
    today = WalkDay(
        root=np.zeros((1, 1)),
        expected=np.array([0.001]),
        weights=np.ones(1),
        cash=np.zeros(1),
        min_cash=np.zeros(1),
        sellable=np.ones(1),
        doubt=np.zeros(1),
        buyable=np.zeros(1),
        gains=np.array([[0.0], [0.3]]),
        so_far=np.array([0.0, -0.9]),
        loss_deduction=0.005,
        bounds=np.zeros(0),
    )
    for saved in (0.0, 0.11, 0.2):
        problem = WalkProblem(replace(made, later_tax_saved=saved))
        assert problem.solve(today).sell[0] == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize("so_far", [(0.01, 0.02), (-0.01, 0.02), (0.02, -0.01), (-0.002, -0.001), (-0.03, -0.05)])
@pytest.mark.parametrize("taxed", [True, False])
def test_doing_nothing_is_worth_what_a_day_without_trades_is(taxed: bool, so_far: tuple[float, float]) -> None:
    rng = np.random.default_rng(6)
    made = shape(taxed=taxed)
    today = replace(day(rng, made), so_far=np.array(so_far))
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
