"""A cvxpy problem compiled once, so that each further solve costs little more than the solver itself.

cvxpy is where the mathematics is written; compiling turns it into cones, ``minimise (1/2) x'Px + q'x  subject to
Ax + s = b, s in K``, in which the parameters theta enter q and b only: ``q = Q theta, b = B theta``. A cvxpy re-solve
spends nine tenths of a millisecond around a solver that needs two tenths (12 assets); here Q and B are kept and q and
b go straight to Clarabel.

Q and B are internals of cvxpy. They are read in one place (`_maps`) and checked against cvxpy's own data when
compiled; where they do not reproduce them, or cannot be read, each solve asks cvxpy for its data instead: slower, and
the same answer. Where variables stand in x, and constraints in z, is found by sending numbered vectors through
cvxpy's own inversion, so nothing of that is assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from threading import Lock
from types import SimpleNamespace
from typing import Any

import clarabel
import cvxpy as cp
import numpy as np
import scipy.sparse as sp

from advisor.optimize.cones import ConeProgram
from advisor.units import Matrix, Vector

CLEAN = "Solved"
SETTINGS: Mapping[str, Any] = {
    "verbose": False,
    "max_iter": 400,
    "time_limit": 60.0,
    "max_threads": 1,  # threads are for the caller: one solver each
    "presolve_enable": False,  # a presolved problem cannot be updated
}
SECOND_ATTEMPT: Mapping[str, Any] = {
    **SETTINGS,
    "max_iter": 1000,
    "direct_solve_method": "faer",
    "max_step_fraction": 0.95,  # of the way to the border of the cones: slower, and steadier close to the optimum
    "tol_feas": 1e-7,  # looser than at first; the certificate that follows is as strict as ever
    "tol_gap_abs": 1e-6,
    "tol_gap_rel": 1e-6,
}


@dataclass(frozen=True, slots=True)
class ConeSolution:
    """What the solver returned for one program; `status` is the solver's own word."""

    program: ConeProgram
    status: str
    x: Vector
    z: Vector
    objective: float  # of the minimisation

    @property
    def is_clean(self) -> bool:
        """Whether the solver claims a full optimum, within its tolerances."""
        return self.status == CLEAN


@dataclass(frozen=True, slots=True)
class Rows:
    """Where a constraint stands among the rows, and the sign that turns z into cvxpy's dual value."""

    index: np.ndarray
    sign: Vector

    def dual(self, z: Vector) -> Vector:
        """Dual values, one for each entry of the constraint; not negative for an inequality.

        z: of every row of the program, shape (m,).
        """
        return np.asarray(self.sign * z[self.index])


@dataclass(frozen=True, slots=True)
class Maps:
    """Parameters to data: ``q = of_q @ theta`` and ``b = of_b @ theta``."""

    of_q: sp.csr_array
    of_b: sp.csr_array


class CompiledProblem:
    """One shape of problem: its matrices, and where parameters, variables and constraints stand in them.

    The problem must be DPP, with parameters that enter neither P nor A, variables without attributes, and an
    objective without a constant; `ValueError` otherwise. Parameters need no values: they are given some here, all
    different, so that the check of the maps sees each of them.
    """

    def __init__(self, problem: cp.Problem) -> None:
        if any(_has_attributes(variable) for variable in problem.variables()):
            raise ValueError("a variable has attributes; write them as constraints")
        self._problem = problem
        self._lock = Lock()
        self.parameters: dict[int, slice] = {}
        self.size = 1
        for parameter in problem.parameters():
            self.parameters[parameter.id] = slice(self.size, self.size + parameter.size)
            self.size += parameter.size
        different = np.linspace(0.5, 1.5, self.size)
        self._assign(different)
        data, chain, inverse = self._cvxpy_data()
        self.program = _cone_program(data)
        self._columns, self._rows = self._probe(chain, inverse)
        self.maps = self._checked_maps(data, np.concatenate([[1.0], different[1:]]))
        if self.maps is None:
            self._refuse_parameters_in_matrices(2 * different)

    def columns(self, variable: cp.Variable) -> np.ndarray:
        """Columns of x that hold `variable`, flat. Shape (entries of the variable,)."""
        return self._columns[variable.id]

    def rows(self, constraint: cp.Constraint) -> Rows:
        """Rows of z that hold the dual value of `constraint`, flat."""
        return self._rows[constraint.id]

    def solver(self) -> ConeSolver:
        """A solver of its own, with every parameter at zero; one for each thread."""
        return ConeSolver(self)

    def data(self, theta: Vector) -> tuple[Vector, Vector]:
        """(q, b) for these parameters."""
        if self.maps is not None:
            return self.maps.of_q @ theta, self.maps.of_b @ theta
        with self._lock:
            self._assign(theta)
            program = _cone_program(self._cvxpy_data()[0])
        return program.q, program.b

    def _assign(self, theta: Vector) -> None:
        for parameter in self._problem.parameters():
            parameter.value = theta[self.parameters[parameter.id]].reshape(parameter.shape, order="F")

    def _cvxpy_data(self) -> tuple[dict[str, Any], Any, Any]:
        try:
            data, chain, inverse = self._problem.get_problem_data(
                cp.CLARABEL, enforce_dpp=True, solver_opts={"verbose": False}
            )
        except cp.error.DPPError as error:
            raise ValueError("the problem is not DPP: cvxpy would compile it again at every solve") from error
        return data, chain, inverse

    def _probe(self, chain: Any, inverse: Any) -> tuple[dict[int, np.ndarray], dict[int, Rows]]:  # noqa: ANN401
        rows, columns = self.program.A.shape
        numbered = SimpleNamespace(
            status=CLEAN,
            x=np.arange(columns, dtype=float),
            z=np.arange(rows) + 1.0,
            obj_val=0.0,
            obj_val_dual=0.0,
            solve_time=0.0,
            iterations=0,
        )
        found = chain.invert(numbered, inverse)
        if found.opt_val != 0:
            raise ValueError("the objective holds a constant; leave it out, it moves no optimum")
        columns_of = {v.id: _flat(found.primal_vars[v.id]).astype(np.intp) for v in self._problem.variables()}
        duals = {c.id: _flat(found.dual_vars[c.id]) for c in self._problem.constraints}
        rows_of = {key: Rows(np.abs(dual).astype(np.intp) - 1, np.sign(dual)) for key, dual in duals.items()}
        return columns_of, rows_of

    def _checked_maps(self, data: Mapping[str, Any], theta: Vector) -> Maps | None:
        """Parameter maps of cvxpy if they reproduce its own data, at these values of the parameters."""
        try:
            maps = _maps(data["param_prob"], self.parameters, self.size)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            return None
        same = np.allclose(maps.of_q @ theta, self.program.q, rtol=1e-12, atol=1e-13) and np.allclose(
            maps.of_b @ theta, self.program.b, rtol=1e-12, atol=1e-13
        )
        return maps if same else None

    def _refuse_parameters_in_matrices(self, theta: Vector) -> None:
        """Ask cvxpy for the matrices at other values of the parameters: a solver keeps those it began with."""
        self._assign(theta)
        other = _cone_program(self._cvxpy_data()[0])
        if _differ(other.P, self.program.P) or _differ(other.A, self.program.A):
            raise ValueError("a parameter enters the matrices; make it a constant and compile again where it changes")


class ConeSolver:
    """Solves one compiled problem for varying parameters; not to be shared between threads."""

    def __init__(self, compiled: CompiledProblem) -> None:
        self.compiled = compiled
        self.theta = np.zeros(compiled.size)
        self.theta[0] = 1.0
        self._base = compiled.program.A
        self._linear: tuple[np.ndarray, Vector] | None = None
        self._weight = 1.0
        self._caps: dict[int, tuple[np.ndarray, Vector]] = {}
        self._places: dict[int, np.ndarray] = {}  # of coefficients that were ever shifted, in the data of A
        self._shifts: dict[int, float] = {}
        self._solver: clarabel.DefaultSolver | None = None

    def another(self) -> ConeSolver:
        """A solver of its own for the same problem: with the coefficients and the objective that this one was given."""
        other = ConeSolver(self.compiled)
        other._base, other._linear, other._weight = self._base, self._linear, self._weight
        return other

    def set(self, parameter: cp.Parameter, value: Vector | float) -> None:
        """Give `parameter` a value, for every solve until it is set again. value: of the parameter's own shape."""
        self.theta[self.compiled.parameters[parameter.id]] = np.ravel(value, order="F")

    def cap(self, constraint: cp.Constraint, most: Vector) -> None:
        """Give ``variable <= constant`` another constant, for every solve until it is given again.

        A parameter would do, but cvxpy takes memory for every column times every parameter: 3 GB at 10,000 lots.

        most: of the variable's own shape.
        """
        self._caps[constraint.id] = (self.compiled.rows(constraint).index, most)

    def put(self, constraint: cp.Constraint, columns: np.ndarray, old: Matrix, new: Matrix) -> None:
        """Give `columns` the coefficients `new` in the rows of `constraint`, where they are compiled as `old`.

        Before the first solve alone. Raises `ValueError` where the rows do not hold `old`, of either sign, or where a
        coefficient that was zero as compiled is to be another: its place is not kept.

        columns: shape (k,); old, new: shape (rows, k).
        """
        rows, matrix = self.compiled.rows(constraint).index, self._base.copy()
        held = matrix[rows][:, columns].toarray()
        numbered = sp.csc_array((np.arange(1.0, matrix.nnz + 1), matrix.indices, matrix.indptr), shape=matrix.shape)
        places = numbered[rows][:, columns].toarray().astype(np.intp) - 1
        side = next((side for side in (1.0, -1.0) if np.allclose(held, side * old, rtol=1e-12, atol=1e-14)), None)
        kept = places >= 0
        if side is None or np.any(new[~kept]):
            raise ValueError("these rows cannot be given other coefficients; compile again")
        matrix.data[places[kept]] = side * new[kept]
        self._base = matrix

    def weigh(self, weight: float, columns: np.ndarray, linear: Vector) -> None:
        """Give `columns` another linear objective, and then the whole of it a weight beside the quadratic one.

        columns, linear: shape (k,).
        """
        self._weight, self._linear = weight, (columns, linear)

    def shift(self, constraint: cp.Constraint, columns: np.ndarray, by: float) -> None:
        """Add `by` to the coefficients of `columns` in every row of `constraint`, until `unshift`.

        Raises `ValueError` for a coefficient that is zero as compiled: its place is not kept.

        columns: shape (k,).
        """
        if constraint.id not in self._places:
            self._places[constraint.id] = _places(
                self.compiled.program.A, self.compiled.rows(constraint).index, columns
            )
        self._shifts[constraint.id] = by

    def unshift(self) -> None:
        """Take all shifts back."""
        self._shifts.clear()

    def solve(self) -> ConeSolution:
        """Solve for the present parameters; the caller judges the status, and the certificate."""
        program = self.program()
        if self._solver is None:
            self._solver = new_solver(program)
        elif self._places:
            self._solver.update(q=program.q, b=program.b, A=program.A)
        else:
            self._solver.update(q=program.q, b=program.b)
        return _solution(program, self._solver)

    def solve_again(self) -> ConeSolution:
        """Solve once more from the beginning, scaled to the present data and by another factorisation."""
        program = self.program()
        return _solution(program, new_solver(program, SECOND_ATTEMPT))

    def program(self) -> ConeProgram:
        """The problem in cones, for the present parameters."""
        q, b = self.compiled.data(self.theta)
        for rows, most in self._caps.values():
            b[rows] = most
        if self._linear is not None:
            columns, linear = self._linear
            q = q.copy()
            q[columns] = linear
        q = self._weight * q
        return replace(self.compiled.program, q=q, b=b, A=self._matrix())

    def _matrix(self) -> sp.csc_array:
        if not self._shifts:
            return self._base
        matrix = self._base.copy()
        for constraint, by in self._shifts.items():
            matrix.data[self._places[constraint]] += by
        return matrix


def _places(matrix: sp.csc_array, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Where the data of `matrix` hold the coefficients of `columns` in `rows`."""
    column_of = np.repeat(np.arange(matrix.shape[1]), np.diff(matrix.indptr))
    found = np.flatnonzero(np.isin(matrix.indices, rows) & np.isin(column_of, columns))
    if found.size != rows.size * columns.size:
        raise ValueError("a coefficient to be shifted is zero; compile with another constant")
    return found


def new_solver(program: ConeProgram, options: Mapping[str, Any] | None = None) -> clarabel.DefaultSolver:
    """Clarabel, set up for `program`."""
    settings = clarabel.DefaultSettings()
    for name, value in (options or SETTINGS).items():
        setattr(settings, name, value)
    cones = [
        clarabel.ZeroConeT(program.zero),
        clarabel.NonnegativeConeT(program.nonneg),
        *map(clarabel.SecondOrderConeT, program.soc),
    ]
    return clarabel.DefaultSolver(program.P, program.q, program.A, program.b, cones, settings)


def _solution(program: ConeProgram, solver: clarabel.DefaultSolver) -> ConeSolution:
    raw = solver.solve()
    return ConeSolution(program, str(raw.status), np.array(raw.x), np.array(raw.z), float(raw.obj_val))


def _cone_program(data: Mapping[str, Any]) -> ConeProgram:
    dims, size = data["dims"], data["c"].size
    if dims.exp or dims.psd or dims.p3d:
        raise ValueError("only linear and second-order cones are compiled")
    quadratic = sp.triu(data["P"], format="csc") if "P" in data else sp.csc_array((size, size))
    return ConeProgram(
        P=sp.csc_array(quadratic),
        q=np.asarray(data["c"], dtype=float),
        A=sp.csc_array(data["A"]),
        b=np.asarray(data["b"], dtype=float),
        zero=int(dims.zero),
        nonneg=int(dims.nonneg),
        soc=tuple(int(size) for size in dims.soc),
    )


def _maps(stuffed: Any, places: Mapping[int, slice], size: int) -> Maps:  # noqa: ANN401 - cvxpy's ParamConeProg
    """Read the maps out of cvxpy's stuffed problem (1.9), and reorder them to this module's theta.

    Raises `ValueError` where a parameter enters A or P, and what the attribute accesses raise where cvxpy has changed.
    """
    place_of = np.zeros(size, dtype=np.intp)  # in theta, of each column of cvxpy's; the constant's is first
    for parameter, column in stuffed.param_id_to_col.items():
        if parameter in places:
            place = places[parameter]
            place_of[column : column + place.stop - place.start] = np.arange(place.start, place.stop)
    row_of, starts, (rows, _) = stuffed.reduced_A.problem_data_index  # of [A b], column by column
    linear, both = sp.coo_array(stuffed.q), sp.coo_array(stuffed.reduced_A.reduced_mat)
    quadratic = sp.coo_array(stuffed.P if stuffed.P is not None else (0, size))
    in_q, in_b = linear.row < linear.shape[0] - 1, both.row >= starts[-2]  # q ends with the objective's constant
    if np.any(place_of[quadratic.col[quadratic.data != 0]]) or np.any(place_of[both.col[~in_b & (both.data != 0)]]):
        raise ValueError("a parameter enters the matrices")
    of_q = (linear.data[in_q], (linear.row[in_q], place_of[linear.col[in_q]]))
    of_b = (both.data[in_b], (row_of[both.row[in_b]], place_of[both.col[in_b]]))
    return Maps(sp.csr_array(of_q, (linear.shape[0] - 1, size)), sp.csr_array(of_b, (rows, size)))


def _has_attributes(variable: cp.Variable) -> bool:
    return any(value is not None and value is not False for value in variable.attributes.values())


def _differ(one: sp.csc_array, other: sp.csc_array) -> bool:
    return one.shape != other.shape or bool((one - other).count_nonzero())


def _flat(value: Any) -> Vector:  # noqa: ANN401 - whatever cvxpy holds
    return np.ravel(np.asarray(value, dtype=float), order="F")
