"""The allocation problem, written once, as the method page states it.

maximise   (mu - er)'w + r_f 1'c - (gamma/2) ||R w||^2 - rho 1's - (1/H) (kappa's + kappa'b + T)
subject to w = w0 - (sold) + (bought),   c = c0 + (1-kappa) sold - (1+kappa) bought,   each account by itself
           0 <= s <= sellable,  0 <= b <= buyable,  c >= 0
           T >= tau_l N,  T >= tau_s S + tau_l L,  T >= -tau_s d
           every limit

s: dollars sold of each lot; b: dollars bought in each (account, fund); w: securities; c: cash; all as fractions of
household value. rho is the error of an expected return that a switch must outweigh, which keeps the answer from
trading on noise; it is charged on what is sold, so that a switch pays it once and new money does not. S and L are
the year's short and long net gains, N = S + L, and T the smallest convex function that never understates the tax
("N4" of the method page): where the year ends in a small net loss it counts the loss at the long-term rate although
the law gives the ordinary one.

Source: Markowitz (1952); rho after Boyd et al. (2024), "Markowitz Portfolio Construction at Seventy", there on
|w - w0|; tax after Moehle, Kochenderfer, Boyd and Ang (2021), "Tax-Aware Portfolio Construction via Convex
Optimization".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import cvxpy as cp
import numpy as np

from advisor.optimize.inputs import AllocationInputs, TaxRates
from advisor.optimize.limits import CompiledLimit, RiskLimit, TradeLimit, WeightLimit, sign
from advisor.units import Vector

SOLVER_OPTIONS = {"max_iter": 400, "time_limit": 60.0, "max_threads": 1}
LARGEST_EXCESS = 100.0  # of any limit, in its own unit; far beyond what a household can exceed
OBJECTIVE_SCALE = 100.0  # brings the objective to the size of the constraints, which the solver's tolerances expect


Amount = TypeVar("Amount", float, cp.Expression)


@dataclass(frozen=True, slots=True)
class Solution:
    """A clean optimum: dollars by lot (l,) and by buy (b,), as fractions of household value."""

    sell: Vector
    buy: Vector
    objective: float  # fraction of household value a year
    duality_gap: float


@dataclass(frozen=True, slots=True)
class Row:
    """One named row: ``left <= right``; `label` is the name in the YAML."""

    label: str
    left: cp.Expression
    right: cp.Expression


class AllocationProblem:
    """One household's problem, compiled once and solved for varying caps on lots and buys and varying margins."""

    def __init__(self, inputs: AllocationInputs, limits: tuple[CompiledLimit, ...]) -> None:
        self.inputs = inputs
        self.limits = limits
        lots, buys = len(inputs.lots.keys), inputs.buys.account.size
        self.sell = cp.Variable(lots)
        self.buy = cp.Variable(buys)
        self.weights = cp.Variable(len(inputs.symbols))
        self.cash = cp.Variable(len(inputs.cash))
        self.tax = cp.Variable()
        self.most_sold = cp.Parameter(lots, nonneg=True)
        self.most_bought = cp.Parameter(buys, nonneg=True)
        self.rows = [*self._limit_rows(), *self._account_rows(), *self._tax_reserve_rows()]
        self.labels = tuple(dict.fromkeys(row.label for row in self.rows))
        self.margins = {label: cp.Parameter(nonneg=True, value=0.0) for label in self.labels}
        self._excess = cp.Variable(len(self.labels), nonneg=True)
        self._counts = cp.Parameter(len(self.labels), nonneg=True)
        self._best = cp.Problem(
            cp.Maximize(OBJECTIVE_SCALE * self._utility()),
            [*self._accounting(), *(row.left + self.margins[row.label] <= row.right for row in self.rows)],
        )

    def solve(
        self, *, most_sold: Vector, most_bought: Vector, margins: Mapping[str, float] | None = None
    ) -> Solution | None:
        """The optimum, or None for any status other than a clean optimum.

        `most_sold` (l,) and `most_bought` (b,) cap the trades; `margins` tightens limits, by label, so that rounded
        orders still meet them.
        """
        self.most_sold.value, self.most_bought.value = most_sold, most_bought
        for label, parameter in self.margins.items():
            parameter.value = (margins or {}).get(label, 0.0)
        gap = _solved_gap(self._best)
        if gap is None:
            return None
        return Solution(
            sell=np.clip(_value(self.sell), 0.0, most_sold),
            buy=np.clip(_value(self.buy), 0.0, most_bought),
            objective=float(self._best.value) / OBJECTIVE_SCALE,
            duality_gap=gap / OBJECTIVE_SCALE,
        )

    def least_excess(self, active: frozenset[str], *, most_sold: Vector, most_bought: Vector) -> float | None:
        """Least total amount by which the `active` limits must be exceeded; 0 where they can all be met.

        The problem always has a solution, so an optimum above zero proves that the active limits conflict.
        None for any status other than a clean optimum.
        """
        self.most_sold.value, self.most_bought.value = most_sold, most_bought
        self._counts.value = np.array([float(label in active) for label in self.labels])
        return None if _solved_gap(self._elastic) is None else float(self._elastic.value)

    def _utility(self) -> cp.Expression:
        i = self.inputs
        spread = i.half_spread[i.lots.security] @ self.sell + i.half_spread[i.buys.security] @ self.buy
        risk = cp.sum_squares(i.model.root @ self.weights)
        earned = i.net_return @ self.weights + i.risk_free * cp.sum(self.cash)
        doubt = i.return_uncertainty * cp.sum(self.sell)
        return earned - i.risk_aversion / 2 * risk - doubt - (spread + self.tax) / i.horizon_years

    def _accounting(self) -> list[cp.Constraint]:
        i = self.inputs
        n, a = len(i.symbols), len(i.cash)
        sold = _selector(i.lots.security, n) @ self.sell
        bought = _selector(i.buys.security, n) @ self.buy
        proceeds = cp.multiply(1 - i.half_spread[i.lots.security], self.sell)
        paid = cp.multiply(1 + i.half_spread[i.buys.security], self.buy)
        short, long = self.gains()
        return [
            self.weights == i.weights - sold + bought,
            self.cash == i.cash + _selector(i.lots.account, a) @ proceeds - _selector(i.buys.account, a) @ paid,
            self.cash >= 0,
            self.sell >= 0,
            self.sell <= self.most_sold,
            self.buy >= 0,
            self.buy <= self.most_bought,
            *(self.tax >= line for line in tax_lines(i.rates, short, long)),
        ]

    def gains(self) -> tuple[cp.Expression, cp.Expression]:
        """The year's net short-term and long-term gain after the trades."""
        lots, rates = self.inputs.lots, self.inputs.rates
        short = np.where(lots.taxable & ~lots.long_term, lots.gain, 0.0) @ self.sell
        long = np.where(lots.taxable & lots.long_term, lots.gain, 0.0) @ self.sell
        return rates.short_so_far + short, rates.long_so_far + long

    def _limit_rows(self) -> list[Row]:
        total = cp.sum(self.weights) + cp.sum(self.cash)
        rows: list[Row] = []
        for compiled in self.limits:
            bound = float(compiled.limit.bound)
            match compiled:
                case WeightLimit(limit, coefficients, cash) if len(coefficients):
                    side = sign(limit)
                    measure = coefficients @ self.weights + cash * cp.sum(self.cash)
                    rows.append(Row(limit.label, side * measure, side * bound * total))
                case RiskLimit(limit, benchmark):
                    rows.append(Row(limit.label, self._deviation(benchmark, total), bound * total))
                case TradeLimit(limit, size):
                    rows.append(Row(limit.label, self._trade_measure(limit.name), cp.Constant(size)))
        return rows

    def _deviation(self, benchmark: int | None, total: cp.Expression) -> cp.Expression:
        root = self.inputs.model.root
        held = root @ self.weights
        return cp.norm(held if benchmark is None else held - root[:, benchmark] * total)

    def _trade_measure(self, name: str) -> cp.Expression:
        if name == "turnover":
            return (cp.sum(self.sell) + cp.sum(self.buy)) / 2
        return self.inputs.lots.gain @ self.sell

    @cached_property
    def _elastic(self) -> cp.Problem:
        """Every row with an excess of its own; bounded, so that an excess that does not count stays finite."""
        place = {label: number for number, label in enumerate(self.labels)}
        rows = [row.left <= row.right + self._excess[place[row.label]] for row in self.rows]
        total = cp.Minimize(self._counts @ self._excess)
        return cp.Problem(total, [*self._accounting(), *rows, self._excess <= LARGEST_EXCESS])

    def _account_rows(self) -> list[Row]:
        i = self.inputs
        return [
            Row(f"accounts.{name}.min_cash", cp.Constant(i.min_cash[a]), self.cash[a])
            for a, name in enumerate(i.account_names)
        ]

    def _tax_reserve_rows(self) -> list[Row]:
        i = self.inputs
        if not i.reserve_tax or not i.taxable_accounts.any():
            return []
        taxable = i.taxable_accounts.astype(float)
        free = taxable @ (self.cash - i.min_cash)
        so_far = max(tax_lines(i.rates, i.rates.short_so_far, i.rates.long_so_far))
        return [Row("preferences.reserve_tax", self.tax - so_far, free)]


def tax_lines(rates: TaxRates, short: Amount, long: Amount) -> tuple[Amount, Amount, Amount]:
    """The three lines whose maximum is the year's tax to the optimizer, of the year's net short and long gain."""
    return (
        rates.long_term * (short + long),
        rates.short_term * short + rates.long_term * long,
        -rates.short_term * rates.loss_deduction,
    )


def _selector(target: np.ndarray, size: int) -> np.ndarray:
    """Matrix (size, m) that sums m amounts into `size` places by their target index."""
    matrix = np.zeros((size, target.size))
    matrix[target, np.arange(target.size)] = 1.0
    return matrix


def _value(variable: cp.Variable) -> Vector:
    return np.asarray(variable.value, dtype=float)


def _solved_gap(problem: cp.Problem) -> float | None:
    """Solve, and give the gap between primal and dual objective; None for any status but a clean optimum."""
    data, chain, inverse = problem.get_problem_data(cp.CLARABEL, solver_opts=SOLVER_OPTIONS)
    raw = chain.solve_via_data(problem, data, warm_start=False, verbose=False, solver_opts=SOLVER_OPTIONS)
    if str(raw.status) != "Solved":
        return None
    problem.unpack_results(raw, chain, inverse)
    return abs(float(raw.obj_val) - float(raw.obj_val_dual))
