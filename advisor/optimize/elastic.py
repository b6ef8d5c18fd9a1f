"""The same rows, each allowed an excess: what must give so that the limits can be met.

Without rigid limits this problem always has a solution, and a bound from below on its optimum, worked out from the
solver's dual vector in plain arithmetic, proves a conflict whatever the solver claims.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import cvxpy as cp
import numpy as np

from advisor.optimize.compiled import CompiledProblem, ConeSolution
from advisor.optimize.cones import certificate, least_objective, proves_infeasible
from advisor.optimize.formulation import Case, Formulation
from advisor.optimize.tolerances import VIOLATION
from advisor.portfolio.model import LimitMode
from advisor.units import Vector

PROOF = 1e-7  # least excess that counts as a conflict: the violation that a solution is granted


@dataclass(frozen=True, slots=True)
class Excess:
    """The least weighted excess: by label, in the limit's own unit; their weighted sum; and its proved lower bound."""

    of: dict[str, float]
    weighted: float
    at_least: float
    flows: tuple[float, ...] = ()  # of the formulation's cash flow, by account

    @property
    def is_conflict(self) -> bool:
        """Whether it is proved that the limits cannot all be met."""
        return self.weighted > PROOF and self.at_least > 0


class ElasticProblem:
    """One household's limits with an excess each, compiled once."""

    def __init__(self, formulation: Formulation) -> None:
        self.formulation = formulation
        soft = {c.limit.label for c in formulation.limits if c.limit.mode is LimitMode.SOFT}
        self.labels = tuple(label for label in formulation.labels if label not in soft)
        place = {label: number for number, label in enumerate(self.labels)}
        self._excess = cp.Variable(len(self.labels))
        self._weights = cp.Parameter(len(self.labels))
        self._most = cp.Parameter(len(self.labels))
        rows = [
            (row.label, row.left <= row.right + (0.0 if row.is_helper else self._excess[place[row.label]]))
            for row in formulation.rows
            if row.label not in soft
        ]
        self._limited = dict(rows)  # a limit that can be moved has one row
        self._flow_weight = cp.Parameter()
        flows = 0.0 if formulation.x.flows is None else self._flow_weight * cp.sum(formulation.x.flows)
        least = cp.Minimize(self._weights @ self._excess + flows)
        bounds = [self._excess >= 0, self._excess <= self._most]
        f = formulation
        always = [*f.identities(), *f.bounds(), *f.tax_rows(), f.x.cash >= 0]
        self.compiled = CompiledProblem(cp.Problem(least, [*always, *(row for _, row in rows), *bounds]))
        self._solver = self.compiled.solver()
        self._free = 10.0 + formulation.reach.size  # beyond what a household can exceed, in any limit's unit
        self._largest = formulation.largest_values(self.compiled)

    def least_excess(self, case: Case, weights: Mapping[str, float], flow: float = 0.0) -> Excess | None:
        """The least sum of weighted excesses in `case`; None where the solver neither finds nor excludes one.

        A limit that `weights` does not name may be exceeded freely, one of infinite weight not at all; if that proves
        impossible, the sum is infinite. Each unit of the formulation's cash flow weighs `flow`, less than 0 where the
        most is sought.
        """
        named = np.array([weights.get(label, 0.0) for label in self.labels])
        rigid = np.isinf(named)
        self.formulation.set(self._solver, case)
        self.formulation.move(self._solver, self._limited, case)
        self._solver.set(self._weights, np.where(rigid, 0.0, named))
        if self.formulation.x.flows is not None:
            self._solver.set(self._flow_weight, flow)
        self._solver.set(self._most, np.where(rigid, 0.0, self._free))
        for attempt in (self._solver.solve, self._solver.solve_again):
            found = attempt()
            if proves_infeasible(found.program, found.z, self._largest):
                return Excess({}, math.inf, math.inf)
            if found.is_clean and certificate(found.program, found.x, found.z).violation <= VIOLATION:
                return self._excess_of(found, np.where(rigid, 0.0, named), flow)
        return None

    def _excess_of(self, found: ConeSolution, weights: Vector, flow: float) -> Excess:
        excess = np.maximum(found.x[self.compiled.columns(self._excess)], 0.0)
        variable = self.formulation.x.flows
        flows = np.zeros(0) if variable is None else np.maximum(found.x[self.compiled.columns(variable)], 0.0)
        return Excess(
            of=dict(zip(self.labels, excess.tolist(), strict=True)),
            weighted=float(weights @ excess) + flow * float(flows.sum()),
            at_least=least_objective(found.program, found.z, self._largest),
            flows=tuple(flows.tolist()),
        )
