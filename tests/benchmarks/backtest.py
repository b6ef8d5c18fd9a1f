"""A backtest of 12 funds over 20 years, monthly: `python -m tests.benchmarks.backtest [--peers]`.

The same made-up closes for all; each re-estimates the covariance from its trailing window every month, long only. The
constraints are not the same: bt has bounds alone, skfolio no cost of trading, and only this project has lots and taxes.
The ratios are of what a user waits, not of identical work. Imports are not counted.
"""

from __future__ import annotations

import argparse
import importlib.util
import logging
import os
import statistics
import sys
import tempfile
import warnings
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd

from advisor.backtest.model import History, Holdings, Policy, Rules
from advisor.backtest.simulate import policy_walk
from advisor.optimize.one_day import ShareLimit, VolatilityLimit
from advisor.portfolio.preferences import TaxSituation
from tests.benchmarks.measure import interleaved, ratio

FUNDS = ("VTI", "SPY", *(f"F{k}" for k in range(10)))
YEARS, WINDOW = 20, 2
GAMMA, CAP, SPREAD = 4.0, 0.30, 5e-4
ROUNDS = 3


def closes() -> tuple[tuple[date, ...], np.ndarray]:
    """Closes of weekdays: one market, own risks, a little growth."""
    rng = np.random.default_rng(12)
    count = 261 * (YEARS + WINDOW)
    days = tuple(day for k in range(2 * count) if (day := date(2004, 1, 1) + timedelta(k)).weekday() < 5)[:count]
    own = rng.uniform(0.002, 0.012, len(FUNDS))
    returns = rng.normal(0.0003, 0.009, (count, 1)) * rng.uniform(0.6, 1.3, len(FUNDS)) + own * rng.normal(
        0.0, 1.0, (count, len(FUNDS))
    )
    return days, 100.0 * np.cumprod(1.0 + returns, axis=0)


def ours(days: tuple[date, ...], prices: np.ndarray, *, taxed: bool) -> Callable[[int], object]:
    """The policy: caps on each fund, on a group and on volatility, returns implied by the own mix, one account."""
    n = len(FUNDS)
    history = History(FUNDS, days, prices, np.ones(len(days)), None, {})
    group = np.zeros((1, n))
    group[0, :4] = 1.0
    rules = Rules(
        limits=(
            ShareLimit("funds.max", np.eye(n), 0.0, 1.0),
            ShareLimit("group.max", group, 0.0, 1.0),
            VolatilityLimit("volatility.max", None),
        ),
        bounds=np.array([CAP, 0.5, 0.16]),
        not_worse=np.zeros(3, dtype=bool),
        not_applied=(),
        may_sell=np.ones((1, n), dtype=bool),
        may_buy=np.ones((1, n), dtype=bool),
        min_cash_usd=np.zeros(1),
        small_caps=np.zeros(n, dtype=bool),
        identity=np.arange(n),
        classes={},
        companies=(None,) * n,
        company_share=1.0,
        least_cash=0.0,
        least_small_caps=0.0,
        caps_small_caps=True,
        half_spread=np.full(n, SPREAD),
        expense_ratio=np.zeros(n),
        equity_premium=0.045,
        risk_aversion=GAMMA,
        return_uncertainty=0.0,
        cost_years=5.0,
        later_tax_saved=0.0,
        carried_value=0.0,
        min_trade_usd=0.0,
        min_gain=0.0,
        min_gain_usd=0.0,
        wait_days=30,
        tax=TaxSituation(short_term_rate=Decimal("0.02"), long_term_rate=Decimal("0.01")),  # low, so that it trades
    )
    holdings = Holdings(("Joint",), np.array([True]), np.zeros(1), np.full((1, n), 1e6 / n))
    start, policy = 261 * WINDOW + 2, Policy(window_years=WINDOW, taxed=taxed)
    return lambda _: policy_walk(history, holdings, rules, policy, start, "policy")


def bt_mean_variance(frame: pd.DataFrame) -> Callable[[int], object]:
    """`bt.algos.WeighMeanVar` with bounds."""
    import bt

    def run(_: int) -> object:
        algos = [
            bt.algos.RunAfterDays(261 * WINDOW),
            bt.algos.RunMonthly(),
            bt.algos.SelectAll(),
            bt.algos.WeighMeanVar(lookback=pd.DateOffset(years=WINDOW), bounds=(0.0, CAP), covar_method="ledoit-wolf"),
            bt.algos.Rebalance(),
        ]
        strategy = bt.Strategy("mean variance", algos)
        return bt.run(bt.Backtest(strategy, frame, progress_bar=False)).get_security_weights()

    return run


def skfolio_walk_forward(frame: pd.DataFrame) -> Callable[[int], object]:
    """`WalkForward` over `MeanRisk` with caps on the funds and on the group."""
    from skfolio.model_selection import WalkForward, cross_val_predict
    from skfolio.moments import LedoitWolf
    from skfolio.optimization import MeanRisk, ObjectiveFunction
    from skfolio.prior import EmpiricalPrior

    returns, group = frame.pct_change().dropna(), np.zeros((1, len(FUNDS)))
    group[0, :4] = 1.0

    def run(_: int) -> object:
        model = MeanRisk(
            objective_function=ObjectiveFunction.MAXIMIZE_UTILITY,
            risk_aversion=GAMMA / 2,
            prior_estimator=EmpiricalPrior(covariance_estimator=LedoitWolf()),
            max_weights=CAP,
            left_inequality=group,
            right_inequality=np.array([0.5]),
            solver="CLARABEL",
        )
        return cross_val_predict(model, returns, cv=WalkForward(test_size=21, train_size=261 * WINDOW))

    return run


def cvxportfolio_single_period(frame: pd.DataFrame) -> Callable[[int], object]:
    """`SinglePeriodOptimization` with caps and a cost of trading, monthly."""
    import cvxportfolio as cvx

    logging.disable(logging.CRITICAL)
    returns = frame.pct_change().dropna()
    returns["cash"] = 0.0
    exposures = pd.DataFrame(np.eye(len(FUNDS))[:, :4].sum(axis=1, keepdims=True), index=list(FUNDS))

    def run(_: int) -> object:
        with tempfile.TemporaryDirectory() as folder:
            data = cvx.UserProvidedMarketData(
                returns=returns,
                cash_key="cash",
                trading_frequency="monthly",
                base_location=Path(folder),
                min_history=pd.Timedelta("700d"),
            )
            simulator = cvx.MarketSimulator(
                market_data=data, costs=[cvx.TransactionCost(a=SPREAD)], base_location=Path(folder)
            )
            objective = cvx.ReturnsForecast() - GAMMA / 2 * cvx.FullCovariance() - cvx.TransactionCost(a=SPREAD)
            limits = [
                cvx.LongOnly(),
                cvx.NoCash(),
                cvx.MaxWeights(pd.Series(CAP, index=list(FUNDS))),
                cvx.FactorMaxLimit(exposures, pd.Series([0.5])),
            ]
            policy = cvx.SinglePeriodOptimization(objective, limits, include_cash_return=False, solver="CLARABEL")
            return simulator.backtest(policy, start_time=returns.index[261 * WINDOW])

    return run


PEERS = {
    "bt": ("bt WeighMeanVar (bounds alone)", bt_mean_variance),
    "cvxportfolio": ("cvxportfolio SinglePeriodOptimization", cvxportfolio_single_period),
    "skfolio": ("skfolio WalkForward (no cost of trading)", skfolio_walk_forward),
}


def main() -> None:
    """Measure, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", action="store_true", help="the other programs too, as far as they are installed")
    days, prices = closes()
    works = {
        "without lots and tax": ours(days, prices, taxed=False),
        "with lots and tax": ours(days, prices, taxed=True),
    }
    frame = pd.DataFrame(prices, index=pd.to_datetime(list(days)), columns=list(FUNDS))
    missing = []
    for module, (name, make) in PEERS.items() if parser.parse_args().peers else ():
        if importlib.util.find_spec(module) is None:
            missing.append(name)
        else:
            works[name] = make(frame)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of others are not ours to fail on
        seconds = interleaved(works, ROUNDS)
    own = seconds["without lots and tax"]
    sys.stdout.write(
        f"load {os.getloadavg()[0]:.2f}; {len(FUNDS)} funds, {YEARS} years, monthly: CPU seconds, median of "
    )
    sys.stdout.write(f"{ROUNDS} rounds, and the ratio to the first\n")
    for name, took in seconds.items():
        sys.stdout.write(f"{name:42s} {statistics.median(took):8.3f} {ratio(took, own):8.1f}\n")
    for name in missing:
        sys.stdout.write(f"{name:42s} not installed\n")


if __name__ == "__main__":
    main()
