"""The problem of one day of a backtest, compiled once for the whole walk through the past.

maximise   (mu - er)'w - (gamma/2) ||R w||^2 - rho's - (1/C) (spread's + spread'b + T - lambda g's)
           - (price x excess of each limit, and default bound)
subject to w = w0 - (sold) + (bought),   c = c0 + (1-spread) sold - (1+spread) bought,   each account by itself
           0 <= s <= sellable,  0 <= b <= buyable,  c >= 0,  T above the lines of the year's tax,  every limit

The objective is `formulation`'s, with mu in excess of cash: what cash earns is the same for every dollar. From day to
day nearly everything changes, the covariance root R and the gains of the lots too, and these enter the matrix. So here,
unlike in `compiled`, theta gives q, b and the entries of A: ``[A b] = M theta``, checked when compiled against cvxpy's
own data. It pays for small problems alone, for M has a column for each entry of R.

In the past a limit may be out of reach on some day: each may be exceeded, at its price, or at `UNREACHED` where it is
hard, which no gain of a trade outweighs. T is the convex form of the tax for a year that ends with a net gain. A net
loss saves tax at the long-term rate up to the yearly deduction, and beyond it what a loss carried forward is worth. A
ledger has the exact tax.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import clarabel
import cvxpy as cp
import numpy as np
import scipy.sparse as sp

from advisor.errors import UnverifiedAnswerError
from advisor.optimize.compiled import SECOND_ATTEMPT, SETTINGS, new_solver
from advisor.optimize.cones import ConeProgram, certificate
from advisor.optimize.inputs import Indices
from advisor.optimize.tolerances import DUAL_RESIDUAL, GAP, VIOLATION
from advisor.units import Matrix, Vector

SCALE = 100.0  # of the objective, some percent a year, to the size of the constraints
UNREACHED = 50.0  # a year for each dollar beyond a hard limit
FAST = {
    **SETTINGS,
    "tol_gap_abs": 1e-9,
    "tol_gap_rel": 1e-9,
    "tol_feas": 1e-9,
    "iterative_refinement_enable": False,  # two fifths of the time; what it would mend, the certificate shows
}
LARGEST = 50  # securities, for which a parameter in each place of R costs little


@dataclass(frozen=True, slots=True, eq=False)
class ShareLimit:
    """``side * (rows @ w + cash * sum(c)) <= side * bound * total``; rows: shape (r, n); side +1 for a maximum."""

    label: str
    rows: Matrix
    cash: float
    side: float
    price: float = UNREACHED

    def measure(self, weights: Vector, cash: float, root: Matrix) -> float:
        """The limited share; of several the one that is nearest to its bound.

        weights: shape (n,); root: shape (k, n).
        """
        del root
        return self.side * float((self.side * (self.rows @ weights + self.cash * cash)).max())

    def excess(self, bound: float, weights: Vector, cash: float, root: Matrix) -> float:
        """How far the share lies beyond `bound`; negative inside. weights: shape (n,); root: shape (k, n)."""
        return self.side * (self.measure(weights, cash, root) - bound)


@dataclass(frozen=True, slots=True)
class VolatilityLimit:
    """Volatility, or tracking error where `benchmark` is an index into the securities; a maximum."""

    label: str
    benchmark: int | None
    price: float = UNREACHED
    side: float = 1.0

    def measure(self, weights: Vector, cash: float, root: Matrix) -> float:
        """Standard deviation a year. weights: shape (n,); root: shape (k, n)."""
        del cash
        active = root @ weights - (0.0 if self.benchmark is None else root[:, self.benchmark])
        return float(np.linalg.norm(active))

    def excess(self, bound: float, weights: Vector, cash: float, root: Matrix) -> float:
        """How far the deviation lies above `bound`; negative below. weights: shape (n,); root: shape (k, n)."""
        return self.measure(weights, cash, root) - bound


@dataclass(frozen=True, slots=True)
class TradedLimit:
    """A maximum on the trades themselves, kept without exception: no trade keeps it."""

    label: str
    what: str  # "turnover" | "realized_gain"
    price: float = UNREACHED


DayLimit = ShareLimit | VolatilityLimit | TradedLimit


@dataclass(frozen=True, slots=True, eq=False)
class WalkShape:
    """What stays the same over all days; n securities, a accounts, m tranches of lots, b buys.

    rates: short-term and long-term tax rate; None for a walk without tax. Spreads are of each dollar traded.
    cost_years: over which what is paid once is spread. later_tax_saved and carried_value: worth today of the later tax
    that a dollar of gain saves, and of a dollar of loss carried forward (`optimize.later_tax`); the first is at most
    the second, and that at most the long-term rate. defaults: the program's own bounds, apart from the user's limits.
    """

    accounts: int
    sell_account: Indices  # (m,)
    sell_security: Indices  # (m,)
    buy_account: Indices  # (b,)
    buy_security: Indices  # (b,)
    half_spread: Vector  # (n,)
    limits: tuple[DayLimit, ...]
    defaults: tuple[ShareLimit, ...]
    risk_aversion: float
    cost_years: float
    later_tax_saved: float
    carried_value: float
    rates: tuple[float, float] | None

    def after(self, day: WalkDay, trades: DayTrades) -> tuple[Vector, float]:
        """Weights (n,) and cash that the trades leave, as fractions of value before them."""
        sold, bought = trades.sell, trades.buy
        received = float((1 - self.half_spread[self.sell_security]) @ sold)
        paid = float((1 + self.half_spread[self.buy_security]) @ bought)
        n = self.half_spread.size
        weights = day.weights - _selector(self.sell_security, n) @ sold + _selector(self.buy_security, n) @ bought
        return weights, float(day.cash.sum()) + received - paid


@dataclass(frozen=True, slots=True, eq=False)
class WalkDay:
    """What is known on one day, as fractions of that day's household value."""

    root: Matrix  # (n, n), of the covariance a year; zero columns for what cannot be held
    expected: Vector  # (n,) a year in excess of cash, less expenses
    weights: Vector  # (n,)
    cash: Vector  # (a,)
    min_cash: Vector  # (a,)
    sellable: Vector  # (m,)
    doubt: Vector  # (m,) a year, of each dollar sold
    buyable: Vector  # (b,)
    gains: Matrix  # (2, m): short-term and long-term gain of each dollar sold
    so_far: Vector  # (2,): this year's gains net of losses carried forward
    loss_deduction: float
    bounds: Vector  # (k + d,), one for each limit, then one for each default bound


@dataclass(frozen=True, slots=True, eq=False)
class DayTrades:
    """Sold of each tranche (m,), bought in each pair (b,), what each limit is exceeded by (k,), and the utility."""

    sell: Vector
    buy: Vector
    excess: Vector
    objective: float  # a year


class WalkProblem:
    """One shape, compiled; solved for one day after the other.

    Raises `ValueError` for more than `LARGEST` securities.
    """

    def __init__(self, shape: WalkShape) -> None:
        n = shape.half_spread.size
        if n > LARGEST:
            raise ValueError(f"{n} securities: more than {LARGEST}, for which parameters in the matrix are meant")
        self.shape, self.bounded = shape, (*shape.limits, *shape.defaults)
        self.sell, self.buy = cp.Variable(shape.sell_account.size), cp.Variable(shape.buy_account.size)
        self.weights, self.cash = cp.Variable(n), cp.Variable(shape.accounts)
        self.deviation, self.short_of_cash = cp.Variable(n), cp.Variable(shape.accounts)
        self.excess = cp.Variable(max(1, len(self.bounded)))  # cvxpy has no variables without entries
        self.gains, self.tax = cp.Variable(2), cp.Variable()
        self._day = {
            name: cp.Parameter(size)
            for name, size in (
                ("root", (n, n)),
                ("expected", n),
                ("weights", n),
                ("cash", shape.accounts),
                ("min_cash", shape.accounts),
                ("sellable", self.sell.size),
                ("doubt", self.sell.size),
                ("buyable", self.buy.size),
                *((("gains", (2, self.sell.size)), ("so_far", 2), ("loss_deduction", ())) if shape.rates else ()),
                *((("bounds", len(self.bounded)),) if self.bounded else ()),
            )
        }
        self.problem = cp.Problem(cp.Maximize(SCALE * self._utility()), [*self._balances(), *self._rows()])
        self._compile()

    def solve(self, day: WalkDay, when: object = "") -> DayTrades:
        """The best trades of the day. Raises `UnverifiedAnswerError`, naming `when`, where no answer is certain."""
        program = self._program(day)
        for attempt in (self._again, new_solver, lambda p: new_solver(p, SECOND_ATTEMPT)):
            found = attempt(program).solve()
            x, z = np.array(found.x), np.array(found.z)
            if _is_proved(program, x, z):  # whatever the solver calls it, which at its tightest is often "almost"
                return self._trades(day, x, -float(found.obj_val) / SCALE)
        raise UnverifiedAnswerError(f"no certain answer for the policy on {when}")

    def standing(self, day: WalkDay) -> float:
        """The utility a year of doing nothing on a day on which every hard limit and default bound holds."""
        s = self.shape
        risk = float(np.sum((day.root @ day.weights) ** 2))
        tax = 0.0
        if s.rates:
            (short, long), (of_short, of_long) = s.rates, day.so_far
            net, carried = of_short + of_long, s.carried_value
            beyond = carried * net - (long - carried) * day.loss_deduction
            tax = max(long * net, short * of_short + long * of_long, beyond)
        cash = float(day.cash.sum())
        exceeded = sum(
            limit.price * max(limit.excess(bound, day.weights, cash, day.root), 0.0)
            for limit, bound in zip(s.limits, day.bounds[: len(s.limits)], strict=True)
            if not isinstance(limit, TradedLimit) and limit.price < UNREACHED
        )
        return float(day.expected @ day.weights - s.risk_aversion / 2 * risk - tax / s.cost_years - exceeded)

    def assign(self, day: WalkDay) -> None:
        """Give cvxpy's own parameters the values of the day, for whoever solves `problem` in another way."""
        for name, parameter in self._day.items():
            parameter.value = np.asarray(getattr(day, name))

    def _utility(self) -> cp.Expression:
        s, spread = self.shape, self.shape.half_spread
        once = spread[s.sell_security] @ self.sell + spread[s.buy_security] @ self.buy
        if s.rates:
            once += self.tax - s.later_tax_saved * cp.sum(self._day["gains"] @ self.sell)
        prices = [limit.price for limit in self.bounded] or [UNREACHED]
        return (
            self._day["expected"] @ self.weights
            - s.risk_aversion / 2 * cp.sum_squares(self.deviation)
            - self._day["doubt"] @ self.sell
            - once / s.cost_years
            - np.array(prices) @ self.excess
            - UNREACHED * cp.sum(self.short_of_cash)
        )

    def _balances(self) -> Iterator[cp.Constraint]:
        s, day, spread = self.shape, self._day, self.shape.half_spread
        n, a = spread.size, s.accounts
        sold, bought = _selector(s.sell_security, n), _selector(s.buy_security, n)
        proceeds = _selector(s.sell_account, a, 1 - spread[s.sell_security])
        paid = _selector(s.buy_account, a, 1 + spread[s.buy_security])
        yield self.weights == day["weights"] - sold @ self.sell + bought @ self.buy
        yield self.cash == day["cash"] + proceeds @ self.sell - paid @ self.buy
        yield self.deviation == day["root"] @ self.weights
        yield from (self.sell >= 0, self.sell <= day["sellable"], self.buy >= 0, self.buy <= day["buyable"])
        yield from (self.cash >= 0, self.short_of_cash >= 0, self.cash + self.short_of_cash >= day["min_cash"])
        if s.rates:
            short, long = s.rates
            yield self.gains == day["so_far"] + day["gains"] @ self.sell
            yield long * cp.sum(self.gains) <= self.tax
            yield short * self.gains[0] + long * self.gains[1] <= self.tax
            in_full = (long - s.carried_value) * day["loss_deduction"]
            yield s.carried_value * cp.sum(self.gains) - in_full <= self.tax

    def _rows(self) -> Iterator[cp.Constraint]:
        yield self.excess >= 0
        total, in_cash = cp.sum(self.weights) + cp.sum(self.cash), cp.sum(self.cash)
        for k, limit in enumerate(self.bounded):
            bound, excess = self._day["bounds"][k], self.excess[k]
            match limit:
                case ShareLimit():
                    share = limit.side * limit.rows @ self.weights + limit.side * limit.cash * in_cash
                    yield share <= limit.side * (bound * total) + excess
                case VolatilityLimit(benchmark=None):
                    yield cp.SOC(bound * total + excess, self.deviation)
                case VolatilityLimit():
                    followed = self._day["root"][:, limit.benchmark]
                    yield cp.SOC(bound * total + excess, self.deviation - followed * total)
                case TradedLimit(what="turnover"):
                    yield (cp.sum(self.sell) + cp.sum(self.buy)) / 2 <= bound
                case TradedLimit() if self.shape.rates:
                    yield cp.sum(self._day["gains"] @ self.sell) <= bound

    def _compile(self) -> None:
        for parameter in self._day.values():  # different values, so that the check below sees each
            parameter.value = np.linspace(0.5, 1.5, parameter.size).reshape(parameter.shape)
        data, _, _ = self.problem.get_problem_data(cp.CLARABEL, enforce_dpp=True, solver_opts={"verbose": False})
        stuffed = data["param_prob"]
        self._maps = _read_maps(stuffed)
        self._column = dict(stuffed.var_id_to_col)
        first = stuffed.param_id_to_col
        self._places = {
            name: slice(first[p.id], first[p.id] + p.size) for name, p in self._day.items() if p.id in first
        }
        dims = data["dims"]
        self._quadratic = sp.csc_array(sp.triu(data["P"], format="csc"))
        self._cones = (int(dims.zero), int(dims.nonneg), tuple(map(int, dims.soc)))
        maps = self._maps
        entries = np.zeros(maps.end_of_a - maps.end_of_q)
        self._matrix = sp.csc_array((entries, maps.rows_of_a, maps.starts), shape=maps.shape)
        theta = maps.constant.copy()
        for name, place in self._places.items():
            theta[place] = np.ravel(self._day[name].value, order="F")
        program = self._cone_program(theta)
        same = np.allclose(program.q, data["c"], rtol=1e-12, atol=1e-13) and np.allclose(program.b, data["b"])
        if not same or abs(program.A - sp.csc_array(data["A"])).max() > 1e-12:
            raise ValueError("cvxpy's parameter maps do not give its own data: another version than 1.9?")
        self._solver: clarabel.DefaultSolver | None = None

    def _program(self, day: WalkDay) -> ConeProgram:
        theta = self._maps.constant.copy()
        for name, place in self._places.items():
            theta[place] = np.ravel(getattr(day, name), order="F")
        return self._cone_program(theta)

    def _cone_program(self, theta: Vector) -> ConeProgram:
        maps = self._maps
        zero, nonneg, soc = self._cones
        entries = maps.of_all @ theta
        b = np.zeros(maps.shape[0])
        b[maps.rows_of_b] = entries[maps.end_of_a :]
        self._matrix.data[:] = entries[maps.end_of_q : maps.end_of_a]  # a new matrix costs as much as the product
        return ConeProgram(
            P=self._quadratic, q=entries[: maps.end_of_q], A=self._matrix, b=b, zero=zero, nonneg=nonneg, soc=soc
        )

    def _again(self, program: ConeProgram) -> clarabel.DefaultSolver:
        if self._solver is None:
            self._solver = new_solver(program, FAST)
        else:
            self._solver.update(q=program.q, A=program.A.data, b=program.b)
        return self._solver

    def _trades(self, day: WalkDay, x: Vector, objective: float) -> DayTrades:
        def values(variable: cp.Variable) -> Vector:
            start = self._column[variable.id]
            return x[start : start + variable.size]

        return DayTrades(
            sell=np.clip(values(self.sell), 0.0, day.sellable),
            buy=np.clip(values(self.buy), 0.0, day.buyable),
            excess=np.maximum(values(self.excess)[: len(self.shape.limits)], 0.0),
            objective=objective,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Maps:
    """Theta to data: ``of_all @ theta`` are q, then the entries of A, then those of b; `constant` is theta's start."""

    of_all: sp.csr_array
    end_of_q: int
    end_of_a: int
    rows_of_a: np.ndarray
    rows_of_b: np.ndarray
    starts: np.ndarray
    shape: tuple[int, int]
    constant: Vector


def _read_maps(stuffed: Any) -> _Maps:  # noqa: ANN401 - cvxpy's ParamConeProg
    """Read the maps out of cvxpy's stuffed problem (1.9): [A b] by columns, A with the other sign than Clarabel's."""
    of_q = sp.csr_array(stuffed.q)[:-1]  # without the objective's constant
    both = sp.csr_array(stuffed.reduced_A.reduced_mat)
    row_of, starts, (rows, _) = stuffed.reduced_A.problem_data_index
    in_a = int(starts[-2])
    of_all = sp.csr_array(sp.vstack([of_q, -both[:in_a], both[in_a:]]))
    of_all.eliminate_zeros()
    constant = np.zeros(of_all.shape[1])
    constant[-1] = 1.0
    return _Maps(
        of_all=of_all,
        end_of_q=of_q.shape[0],
        end_of_a=of_q.shape[0] + in_a,
        rows_of_a=np.asarray(row_of[:in_a]),
        rows_of_b=np.asarray(row_of[in_a:]),
        starts=np.asarray(starts[:-1]),
        shape=(int(rows), len(starts) - 2),
        constant=constant,
    )


def _is_proved(program: ConeProgram, x: Vector, z: Vector) -> bool:
    """Whether x and z prove each other optimal, by the rule of `problem`, in the unit of the objective.

    Where limits are far out of reach their prices make the objective large, and the rule is relative to it.
    """
    proof = certificate(program, x, z)
    size = max(SCALE, abs(float(program.q @ x)))
    return proof.violation <= VIOLATION and proof.dual_residual <= DUAL_RESIDUAL * size and proof.gap <= GAP * size


def _selector(target: Indices, size: int, weight: Vector | float = 1.0) -> sp.csr_array:
    """Matrix (size, m) that sums m amounts, times their weight, into `size` places by their target index."""
    weights = np.broadcast_to(weight, target.shape)
    return sp.csr_array((weights, (target, np.arange(target.size))), shape=(size, target.size))
