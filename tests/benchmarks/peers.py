"""The reference problem in the words of other optimizers, as far as each has words for it.

All take one dense covariance matrix and build a new problem for each answer. They are given expected returns and
covariance as numbers, so that what they would spend on estimating is left out.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cvxpy as cp
import numpy as np
import pandas as pd

from advisor.units import Matrix, Vector
from tests.benchmarks.reference import GAMMA, Inputs, Reference
from tests.benchmarks.written import Solve


@dataclass(frozen=True, slots=True)
class Peer:
    """How it is asked, up to which size by default, and what it leaves out."""

    make: Callable[[Reference], Solve]
    largest: int
    note: str
    has_trading_cost: bool = True


def pyportfolioopt(problem: Reference) -> Solve:
    """`EfficientFrontier.max_quadratic_utility`, with the caps and the volatility limit as cvxpy constraints."""
    from pypfopt import EfficientFrontier, objective_functions

    covariance, (rows, _) = problem.covariance, _linear(problem)

    def solve(inputs: Inputs) -> Vector:
        bounds = list(zip(np.zeros(problem.n), inputs.most, strict=True))
        frontier = EfficientFrontier(inputs.expected, covariance, weight_bounds=bounds, solver="CLARABEL")
        frontier.add_constraint(lambda w: rows @ w <= _caps(inputs))
        frontier.add_constraint(lambda w: cp.SOC(inputs.volatility, _parts(problem, w)))
        frontier.add_objective(objective_functions.transaction_cost, w_prev=inputs.held, k=problem.cost)
        frontier.max_quadratic_utility(risk_aversion=GAMMA)
        return np.asarray(frontier.weights)

    return solve


def skfolio(problem: Reference) -> Solve:
    """`MeanRisk` with a prior that returns the given numbers."""
    from skfolio.optimization import MeanRisk, ObjectiveFunction
    from skfolio.prior import BasePrior, ReturnDistribution

    covariance, (rows, names) = problem.covariance, _linear(problem)
    returns = pd.DataFrame(problem.returns, columns=names)

    class Given(BasePrior):
        def __init__(self, expected: Vector | None = None) -> None:
            self.expected = expected

        def fit(self, X: pd.DataFrame, y: None = None, **_: object) -> Given:
            self.return_distribution_ = ReturnDistribution(
                mu=self.expected, covariance=covariance, returns=X.to_numpy()
            )
            return self

    def solve(inputs: Inputs) -> Vector:
        model = MeanRisk(
            objective_function=ObjectiveFunction.MAXIMIZE_UTILITY,
            risk_aversion=GAMMA / 2,
            prior_estimator=Given(inputs.expected),
            max_weights=inputs.most,
            left_inequality=rows,
            right_inequality=_caps(inputs),
            max_standard_deviation=inputs.volatility,
            transaction_costs=problem.cost,
            previous_weights=inputs.held,
            solver="CLARABEL",
        )
        return np.asarray(model.fit(returns).weights_)

    return solve


def cvxportfolio(problem: Reference) -> Solve:
    """`SinglePeriodOptimization`; the volatility limit as variance, the only form it has."""
    import cvxportfolio as cvx

    rows, names = _linear(problem)
    covariance = pd.DataFrame(problem.covariance, index=names, columns=names)
    exposures = pd.DataFrame(rows.T, index=names)
    cost = cvx.TransactionCost(a=pd.Series(problem.cost, index=names))

    def solve(inputs: Inputs) -> Vector:
        expected = cvx.ReturnsForecast(r_hat=pd.Series(inputs.expected, index=names))
        limits = [
            cvx.LongOnly(),
            cvx.NoCash(),
            cvx.MaxWeights(pd.Series(inputs.most, index=names)),
            cvx.FactorMaxLimit(exposures, pd.Series(_caps(inputs))),
            cvx.FullCovariance(covariance) <= inputs.volatility**2,
        ]
        objective = expected - GAMMA / 2 * cvx.FullCovariance(covariance) - cost
        policy = cvx.SinglePeriodOptimization(objective, limits, include_cash_return=False, solver="CLARABEL")
        held = pd.Series(np.append(inputs.held, 0.0) * 1e6, index=[*names, "cash"])
        trades, _, _ = policy.execute(held, market_data=None, t=pd.Timestamp("2026-11-20"))
        return (held + trades).to_numpy()[:-1] / 1e6

    return solve


def riskfolio(problem: Reference) -> Solve:
    """`Portfolio.optimization` with utility; 250 days of returns, over which it loops without using them here."""
    import riskfolio as rp

    rows, names = _linear(problem)
    returns = pd.DataFrame(problem.returns[:250], columns=names)
    covariance = pd.DataFrame(problem.covariance, index=names, columns=names)

    def solve(inputs: Inputs) -> Vector:
        portfolio = rp.Portfolio(returns=returns)
        portfolio.mu, portfolio.cov = pd.DataFrame(inputs.expected[None], columns=names), covariance
        portfolio.ainequality = np.vstack([rows, np.eye(problem.n)])
        portfolio.binequality = np.concatenate([_caps(inputs), inputs.most])[:, None]
        portfolio.upperdev = inputs.volatility
        portfolio.solvers = ["CLARABEL"]
        weights = portfolio.optimization(model="Classic", rm="MV", obj="Utility", rf=0, l=GAMMA / 2, hist=True)
        return weights.to_numpy().ravel()

    return solve


PEERS: Mapping[str, Peer] = {
    "PyPortfolioOpt": Peer(pyportfolioopt, 2000, "whole problem; limits in cvxpy"),
    "skfolio": Peer(skfolio, 2000, "whole problem"),
    "cvxportfolio": Peer(
        cvxportfolio, 50, "whole problem; at 500 assets over 10 GB, at 2,000 out of memory, so from there with --all"
    ),
    "Riskfolio-Lib": Peer(
        riskfolio, 2000, "no proportional cost of trading: beside the bare solver without one", has_trading_cost=False
    ),
}


def quiet(solve: Solve) -> Solve:
    """The same without the warnings of others, which are not ours to fail on."""

    def solved(inputs: Inputs) -> Vector:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return solve(inputs)

    return solved


def _linear(problem: Reference) -> tuple[Matrix, list[str]]:
    """Rows of the look-through and group caps, and names for the assets."""
    return np.vstack([problem.look_through, problem.groups]), [f"A{number}" for number in range(problem.n)]


def _caps(inputs: Inputs) -> Vector:
    return np.append(inputs.cap, inputs.group_caps)


def _parts(problem: Reference, weights: cp.Variable) -> cp.Expression:
    common = problem.factor.T @ weights
    if not problem.is_factor:
        return common
    return cp.hstack([common, cp.multiply(np.sqrt(problem.specific), weights)])
