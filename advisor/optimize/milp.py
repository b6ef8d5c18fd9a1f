"""A mixed-integer linear program in HiGHS that keeps its rows between solves.

HiGHS is called by itself, since scipy's copy of it starts anew with each solve. Effort is limited by nodes, which
repeat on every machine; the time limit is only a guard.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from advisor.units import Vector

OPTIONS = {
    "output_flag": False,
    "threads": 1,
    "mip_rel_gap": 0.0,  # an absolute one is given, which means the same for every household
    "mip_max_nodes": 100,  # 500 took up to 60 times as long, for orders that were better in 1 of 160 households
    "mip_pool_soft_limit": 100,  # conflicts that are kept, each of which costs time at every node
    "time_limit": 20.0,
}


@dataclass(frozen=True, slots=True)
class LinearRows:
    """``lower <= matrix x <= upper``."""

    matrix: sp.csr_array
    lower: Vector
    upper: Vector


@dataclass(frozen=True, slots=True)
class MixedAnswer:
    """The best x found and its objective; None and infinity where there is none, or none in the nodes allowed."""

    x: Vector | None
    objective: float


class _Quiet(highspy.Highs):
    """HiGHS without its banner, which 1.16 prints as its constructor enables callbacks, before options can be set."""

    def enableCallbacks(self) -> None:  # noqa: N802 - the library's own name
        self.setOptionValue("output_flag", OPTIONS["output_flag"])
        super().enableCallbacks()  # type: ignore[no-untyped-call]


class MixedProgram:
    """``minimise cost @ x`` subject to rows that may be added, and bounds that vary from solve to solve.

    `gap`: an answer is taken whose objective is at most this far above the best there can be.
    """

    def __init__(self, cost: Vector, rows: LinearRows, integral: NDArray[np.bool_], gap: float) -> None:
        self._solver = _Quiet()  # type: ignore[no-untyped-call]
        for name, value in OPTIONS.items():
            self._solver.setOptionValue(name, value)
        self._solver.setOptionValue("mip_abs_gap", gap)
        free = np.full(cost.size, highspy.kHighsInf)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = cost.size, rows.lower.size
        model.col_cost_, model.col_lower_, model.col_upper_ = cost, -free, free
        model.row_lower_, model.row_upper_ = _finite(rows.lower), _finite(rows.upper)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = rows.matrix.indptr
        model.a_matrix_.index_ = rows.matrix.indices
        model.a_matrix_.value_ = rows.matrix.data
        kinds = highspy.HighsVarType
        model.integrality_ = [kinds.kInteger if whole else kinds.kContinuous for whole in integral]
        self._solver.passModel(model)
        self._columns = np.arange(cost.size, dtype=np.int32)

    def at_most(self, row: Vector, end: float) -> None:
        """Add ``row @ x <= end``; `row` may be shorter than x. row: shape (k,), with k at most the length of x."""
        (columns,) = np.nonzero(row)
        self._solver.addRow(-highspy.kHighsInf, end, columns.size, columns.astype(np.int32), row[columns])

    def solve(self, lower: Vector, upper: Vector) -> MixedAnswer:
        """The best x between `lower` and `upper`. lower, upper: shape (n,)."""
        self._solver.changeColsBounds(self._columns.size, self._columns, _finite(lower), _finite(upper))
        self._solver.run()
        info = self._solver.getInfo()
        found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        if not found:
            return MixedAnswer(None, np.inf)
        return MixedAnswer(np.array(self._solver.getSolution().col_value), float(info.objective_function_value))


def _finite(ends: Vector) -> Vector:
    return np.clip(ends, -highspy.kHighsInf, highspy.kHighsInf)
