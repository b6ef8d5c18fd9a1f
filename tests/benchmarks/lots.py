"""A batch: households of 12 assets and 30 tax lots, each with its own holdings, lots, taxes and expected returns.

    minimise   (gamma/2) w'Sw - mu'w + cost (1'buy + 1'sell) + tax'sell
    subject to w = held - L sell + buy,  0 <= sell <= lot,  buy >= 0,  and the limits of the reference problem, wider

Lots are slots: one that a household does not have is a lot of size 0, so that the matrices serve every household.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import clarabel
import cvxpy as cp
import numpy as np
import scipy.sparse as sp

from advisor.optimize.compiled import CompiledProblem
from advisor.units import Matrix, Vector
from tests.benchmarks.bare import BARE, with_volatility_limit
from tests.benchmarks.measure import Row, interleaved, ratio, row
from tests.benchmarks.reference import GAMMA, SCALE, Reference, reference

LOTS = 30
WIDER = 0.2  # what is added to the caps: a household with one large lot must find room
FEW = 50  # households that are enough to time a new problem for each
OURS, NEW = "compiled, re-solve", "cvxpy, new problem"


@dataclass(frozen=True, slots=True)
class Household:
    """Its expected returns (n,), holdings (n,), lot sizes (30,) and tax on each lot's sale (30,)."""

    expected: Vector
    held: Vector
    lots: Vector
    tax: Vector


Solve = Callable[[Household], Vector]


def lot_map(n: int) -> Matrix:
    """L, (n, 30): which asset each slot is a lot of."""
    return np.eye(n)[:, np.arange(LOTS) % n]


def households(problem: Reference, count: int) -> list[Household]:
    """About half of the slots used; gains of -60 to 90%, three in ten of them short-term."""
    rng = np.random.default_rng(11)
    made = []
    for _ in range(count):
        lots = rng.dirichlet(np.ones(LOTS)) * (rng.random(LOTS) < 0.5)
        lots = lots / lots.sum() if lots.any() else np.full(LOTS, 1 / LOTS)
        gain = rng.normal(0.2, 0.35, LOTS).clip(-0.6, 0.9)
        rate = np.where(rng.random(LOTS) < 0.3, 0.37, 0.20)
        expected = problem.inputs.expected * (1 + 0.1 * rng.normal(size=problem.n))
        made.append(Household(expected, lot_map(problem.n) @ lots, lots, 0.3 * rate * gain))
    return made


def write(problem: Reference, given: Household, *, with_volatility: bool) -> tuple[cp.Problem, cp.Variable]:
    """The problem as a user of cvxpy writes it; `given` may hold parameters."""
    n, inputs = problem.n, problem.inputs
    weights, buy, sell, factors = cp.Variable(n), cp.Variable(n), cp.Variable(LOTS), cp.Variable(n)
    trading = problem.cost * (cp.sum(buy) + cp.sum(sell)) + given.tax @ sell
    limits = [
        cp.sum(weights) == 1,
        weights == given.held - lot_map(n) @ sell + buy,
        factors == problem.factor.T @ weights,
        weights >= 0,
        weights <= inputs.most + WIDER,
        problem.look_through @ weights <= inputs.cap + WIDER,
        problem.groups @ weights <= inputs.group_caps + WIDER,
        buy >= 0,
        sell >= 0,
        sell <= given.lots,
    ]
    if with_volatility:
        limits.append(cp.SOC(inputs.volatility, factors))
    loss = GAMMA / 2 * cp.sum_squares(factors) - given.expected @ weights + trading
    return cp.Problem(cp.Minimize(SCALE * loss), limits), weights


def solvers(problem: Reference, first: Household, *, with_volatility: bool) -> dict[str, Callable[[], Solve]]:
    """How each makes a solver of its own, for one thread."""
    n = problem.n
    varying = Household(cp.Parameter(n), cp.Parameter(n), cp.Parameter(LOTS), cp.Parameter(LOTS))
    written, weights = write(problem, varying, with_volatility=with_volatility)
    made = CompiledProblem(written)
    columns = made.columns(weights)

    def compiled() -> Solve:
        solver = made.solver()

        def solve(household: Household) -> Vector:
            solver.set(varying.expected, household.expected)
            solver.set(varying.held, household.held)
            solver.set(varying.lots, household.lots)
            solver.set(varying.tax, household.tax)
            return solver.solve().x[columns]

        return solve

    def again(household: Household) -> Vector:
        for parameter, value in zip(_inputs(varying), _inputs(household), strict=True):
            parameter.value = value
        written.solve(solver="CLARABEL")
        return np.asarray(weights.value)

    def new(household: Household) -> Vector:
        own, found = write(problem, household, with_volatility=with_volatility)
        own.solve(solver="CLARABEL")
        return np.asarray(found.value)

    return {
        BARE: lambda: BareLots(problem, first, with_volatility=with_volatility).solve,
        OURS: compiled,
        "cvxpy, re-solve (DPP)": lambda: again,
        NEW: lambda: new,
    }


def measured(count: int, rounds: int) -> Iterator[Row]:
    """Rows per household, in one thread by CPU time and in two by wall time, without and with a volatility limit."""
    problem = with_volatility_limit(reference(12, "dense"))
    batch = households(problem, count)
    for with_volatility in (False, True):
        work = "batch, volatility limit" if with_volatility else "batch, QP"
        makers = solvers(problem, batch[0], with_volatility=with_volatility)
        exact = _weights(BareLots(problem, batch[0], with_volatility=with_volatility, tolerance=1e-10).solve, batch)
        batches = {who: batch if who != NEW else batch[:FEW] for who in makers}
        found = {who: _weights(make(), batches[who]) for who, make in makers.items()}
        works = {who: _one_thread(make(), batches[who]) for who, make in makers.items()}
        seconds = interleaved(works, rounds)
        each = {who: [s / len(batches[who]) for s in turns] for who, turns in seconds.items()}
        for who, turns in each.items():
            difference = float(np.max(np.abs(found[who] - exact[: len(found[who])])))
            figures = _figures(turns, each[BARE]) | {"max_weight_difference": difference}
            yield row(work, problem.n, "dense", who, **figures)
        yield from _two_threads(work, {who: makers[who] for who in (BARE, OURS)}, batch, rounds)


def _two_threads(
    work: str, makers: Mapping[str, Callable[[], Solve]], batch: list[Household], rounds: int
) -> Iterator[Row]:
    """Half of the batch for each thread and its solver, by the clock on the wall, beside one thread."""
    halves = [batch[: len(batch) // 2], batch[len(batch) // 2 :]]
    with ThreadPoolExecutor(2) as threads:
        works: dict[str, Callable[[int], object]] = {}
        for who, make in makers.items():
            works[who] = _one_thread(make(), batch)
            pair = [_one_thread(make(), half) for half in halves]
            works[f"{who}, two threads"] = lambda _, pair=pair: list(threads.map(lambda run: run(0), pair))
        seconds = interleaved(works, rounds, clock=time.perf_counter)
    each = {who: [s / len(batch) for s in turns] for who, turns in seconds.items()}
    for who, turns in each.items():
        speed_up = ratio(each[who.removesuffix(", two threads")], turns)
        yield row(f"{work}, wall time", 12, "dense", who, **_figures(turns, each[BARE]), speed_up=speed_up)


def _one_thread(solve: Solve, batch: list[Household]) -> Callable[[int], object]:
    return lambda _: [solve(household) for household in batch]


def _weights(solve: Solve, batch: list[Household]) -> Matrix:
    return np.array([solve(household) for household in batch])


def _figures(seconds: list[float], bare: list[float]) -> dict[str, float]:
    middle = statistics.median(seconds)
    return {"ms": 1e3 * middle, "ratio_to_bare": ratio(seconds, bare), "per_second": 1 / middle}


def _inputs(household: Household) -> tuple[object, ...]:
    return household.expected, household.held, household.lots, household.tax


class BareLots:
    """The same in matrices written out by hand. Columns: weights, bought, sold, factors."""

    def __init__(self, problem: Reference, first: Household, *, with_volatility: bool, tolerance: float = 1e-8) -> None:
        n = self.n = problem.n
        eye, width = np.eye, 3 * n + LOTS
        at = {"weights": 0, "buy": n, "sell": 2 * n, "factors": 2 * n + LOTS}

        def rows(**blocks: Matrix) -> Matrix:
            made = np.zeros((len(next(iter(blocks.values()))), width))
            for name, block in blocks.items():
                made[:, at[name] : at[name] + block.shape[1]] = block
            return made

        inputs, groups = problem.inputs, problem.groups
        A = [
            rows(weights=np.ones((1, n))),
            rows(weights=eye(n), sell=lot_map(n), buy=-eye(n)),
            rows(weights=problem.factor.T, factors=-eye(n)),
            rows(weights=-eye(n)),
            rows(weights=eye(n)),
            rows(weights=np.vstack([problem.look_through, groups])),
            rows(buy=-eye(n)),
            rows(sell=-eye(LOTS)),
            rows(sell=eye(LOTS)),
        ]
        caps = np.append(inputs.cap, inputs.group_caps) + WIDER
        self.b = np.concatenate(
            [np.ones(1), np.zeros(3 * n), inputs.most + WIDER, caps, np.zeros(n + LOTS), np.zeros(LOTS)]
        )
        self.held, self.lots = slice(1, 1 + n), slice(self.b.size - LOTS, self.b.size)
        cones = [clarabel.ZeroConeT(1 + 2 * n), clarabel.NonnegativeConeT(self.b.size - 1 - 2 * n)]
        if with_volatility:
            A += [np.zeros((1, width)), rows(factors=-eye(n))]
            self.b = np.concatenate([self.b, [inputs.volatility], np.zeros(n)])
            cones.append(clarabel.SecondOrderConeT(1 + n))
        self.cost, self.q = problem.cost, np.zeros(width)
        self._write(first)  # by whose sizes the solver scales the rows, for all that follow
        P = SCALE * GAMMA * np.diag(np.concatenate([np.zeros(2 * n + LOTS), np.ones(n)]))
        settings = clarabel.DefaultSettings()
        settings.verbose, settings.max_threads, settings.presolve_enable = False, 1, False
        settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = tolerance
        self.solver = clarabel.DefaultSolver(
            sp.csc_array(P), self.q, sp.csc_array(np.vstack(A)), self.b, cones, settings
        )

    def solve(self, household: Household) -> Vector:
        """Weights of one household."""
        self._write(household)
        self.solver.update(q=self.q, b=self.b)
        return np.array(self.solver.solve().x[: self.n])

    def _write(self, household: Household) -> None:
        n = self.n
        self.q[:n] = -SCALE * household.expected
        self.q[n : 2 * n] = SCALE * self.cost
        self.q[2 * n : 2 * n + LOTS] = SCALE * (self.cost + household.tax)
        self.b[self.held], self.b[self.lots] = household.held, household.lots
