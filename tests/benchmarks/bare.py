"""Clarabel alone, on matrices written out by hand: what a solve costs when nothing else is paid for."""

from __future__ import annotations

from dataclasses import replace

import clarabel
import numpy as np
import scipy.sparse as sp

from advisor.units import Vector
from tests.benchmarks.reference import GAMMA, SCALE, Inputs, Reference

BARE = "bare Clarabel, update"


class BareClarabel:
    """Columns: weights, size of each trade, factors. Only q and b change from solve to solve."""

    def __init__(self, problem: Reference, tolerance: float = 1e-8) -> None:
        n, factors = problem.factor.shape
        self.n = n
        eye, none = sp.eye_array, sp.csc_array
        self.P = sp.diags_array(
            SCALE * GAMMA * np.concatenate([problem.specific, np.zeros(n), np.ones(factors)]), format="csc"
        )
        self.P.eliminate_zeros()
        self.q = np.concatenate([np.zeros(n), np.full(n, SCALE * problem.cost), np.zeros(factors)])
        width = n + n + factors
        on_weights = [np.ones((1, n)), -np.eye(n), np.eye(n), problem.look_through[None], problem.groups]
        one, *bounds = (sp.hstack([none(rows), none((len(rows), width - n))]) for rows in on_weights)
        exposure = sp.hstack([none(problem.factor.T), none((factors, n)), -eye(factors)])
        trades = [sp.hstack([sign * eye(n), -eye(n), none((n, factors))]) for sign in (1, -1)]
        limit = [none((1, width)), sp.hstack([none((factors, n + n)), -eye(factors)])]
        if problem.is_factor:
            limit.append(sp.hstack([-sp.diags_array(np.sqrt(problem.specific)), none((n, n + factors))]))
        self.A = sp.vstack([one, exposure, *bounds, *trades, *limit], format="csc")
        groups = len(problem.groups)
        self.b = np.zeros(self.A.shape[0])
        self.b[0] = 1.0
        self.most = slice(1 + factors + n, 1 + factors + n + n)
        self.caps = slice(self.most.stop, self.most.stop + 1 + groups)
        self.held = slice(self.caps.stop, self.caps.stop + 2 * n)
        self.cones = [
            clarabel.ZeroConeT(1 + factors),
            clarabel.NonnegativeConeT(n + n + 1 + groups + 2 * n),
            clarabel.SecondOrderConeT(self.b.size - self.held.stop),
        ]
        self.settings = clarabel.DefaultSettings()
        self.settings.verbose, self.settings.max_threads, self.settings.presolve_enable = False, 1, False
        self.settings.tol_gap_abs = self.settings.tol_gap_rel = self.settings.tol_feas = tolerance
        self._write(problem.inputs)
        self.solver = clarabel.DefaultSolver(self.P, self.q, self.A, self.b, self.cones, self.settings)

    def solve(self, inputs: Inputs) -> Vector:
        """Weights; the solver keeps its memory and its order of elimination."""
        self._write(inputs)
        self.solver.update(q=self.q, b=self.b)
        return np.array(self.solver.solve().x[: self.n])

    def _write(self, inputs: Inputs) -> None:
        self.q[: self.n] = -SCALE * inputs.expected
        self.b[self.most] = inputs.most
        self.b[self.caps] = np.append(inputs.cap, inputs.group_caps)
        self.b[self.held] = np.concatenate([inputs.held, -inputs.held])
        self.b[self.held.stop] = min(inputs.volatility, 10.0)  # 1,000% a year is no limit


def with_volatility_limit(problem: Reference) -> Reference:
    """Halfway between the least volatility and the one wanted without a limit."""
    wanted = problem.risk(BareClarabel(problem).solve(problem.inputs))
    calm = replace(problem, cost=0.0)
    least = problem.risk(BareClarabel(calm).solve(replace(problem.inputs, expected=np.zeros(problem.n))))
    return replace(problem, inputs=replace(problem.inputs, volatility=(least + wanted) / 2))
