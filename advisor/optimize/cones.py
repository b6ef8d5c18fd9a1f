"""A problem in cones, and what can be proved of it in plain numpy, whatever the solver says.

    minimise (1/2) x'Px + q'x   subject to   Ax + s = b,  s in K = {0}^zero x R+^nonneg x second-order cones

Source: Boyd and Vandenberghe (2004), "Convex Optimization", sections 5.5 (optimality) and 5.8 (alternatives).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from advisor.units import Matrix, Vector

ROUNDING = float(np.finfo(float).eps)  # of each operation, twice over
SMALL = 50_000  # entries of a matrix


@dataclass(frozen=True, slots=True)
class ConeProgram:
    """The data of the problem; P is the upper triangle, soc the size of each second-order cone, in row order."""

    P: sp.csc_array
    q: Vector
    A: sp.csc_array
    b: Vector
    zero: int
    nonneg: int
    soc: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ConeCertificate:
    """How far a pair (x, z) is from proving itself optimal; zeros prove it."""

    violation: float  # largest breach of a row by x
    dual_residual: float  # largest breach of stationarity or of the dual cone by z
    gap: float  # primal less dual objective, absolute


def certificate(program: ConeProgram, x: Vector, z: Vector) -> ConeCertificate:
    """Violation, dual residual and gap of x (variables) and z (one dual for each row)."""
    curvature = _curvature(program, x)
    stationarity = curvature + program.q + _as_it_is_quick(program.A).T @ z
    outside = np.where(np.arange(z.size) < program.zero, 0.0, outside_cone(program, z))
    return ConeCertificate(
        violation=float(np.max(outside_cone(program, program.b - program.A @ x), initial=0.0)),
        dual_residual=float(max(np.max(np.abs(stationarity), initial=0.0), np.max(outside, initial=0.0))),
        gap=abs(float(x @ curvature + program.q @ x + program.b @ z)),
    )


def least_objective(program: ConeProgram, z: Vector, largest: Vector | float) -> float:
    """What q'x cannot lie below for any x that meets the rows with every ``|x_j| <= largest_j``; P must be zero.

    For such an x and any z in the dual cone, ``q'x >= q'x - z'(b - Ax) = (q + A'z)'x - b'z``. z is first moved into the
    dual cone, which the solver's may miss by its tolerance; and what rounding may have added to the sums is taken off,
    or entries of 1e6 in A could prove a feasible problem infeasible. z: shape (m,); largest: shape (n,).
    """
    inside = _into_dual_cone(program, z)
    residual = np.sum(largest * np.abs(program.q + program.A.T @ inside))
    sizes = np.sum(largest * (np.abs(program.q) + abs(program.A).T @ np.abs(inside)))
    rounding = ROUNDING * sum(program.A.shape) * (np.abs(program.b) @ np.abs(inside) + sizes)
    return float(-(program.b @ inside) - residual - rounding)


def proves_infeasible(program: ConeProgram, z: Vector, largest: Vector | float) -> bool:
    """Whether z proves that no x with every ``|x_j| <= largest_j`` meets the rows (Farkas).

    If one did, it would meet them with a zero objective too, which a bound above zero rules out.
    """
    nothing = replace(program, q=np.zeros_like(program.q))
    return least_objective(nothing, z, largest) > 0


def outside_cone(program: ConeProgram, s: Vector) -> Vector:
    """Breach of each row of `s`, zero inside the cone; a second-order cone's stands at its first row.

    s and result: shape (m,).
    """
    breach = np.zeros_like(s)
    first = program.zero + program.nonneg
    breach[: program.zero] = np.abs(s[: program.zero])
    breach[program.zero : first] = np.maximum(-s[program.zero : first], 0.0)
    for size in program.soc:
        breach[first] = max(float(np.linalg.norm(s[first + 1 : first + size]) - s[first]), 0.0)
        first += size
    return breach


@dataclass(frozen=True, slots=True)
class SecondOrderCone:
    """One cone ``offset - matrix x``, at one x: its radius there, and how far the point lies outside."""

    matrix: Matrix
    offset: Vector
    direction: Vector  # of the part whose norm is bounded, length 1; zeros where that part is zero
    radius: float
    breach: float


def second_order_cones(program: ConeProgram, x: Vector) -> Iterator[SecondOrderCone]:
    """The second-order cones of the program at x, in row order. x: shape (n,)."""
    first = program.zero + program.nonneg
    for size in program.soc:
        matrix = program.A[first : first + size].toarray()
        offset = program.b[first : first + size]
        point = offset - matrix @ x
        radius = float(np.linalg.norm(point[1:]))
        direction = point[1:] / radius if radius > 0 else np.zeros(size - 1)
        yield SecondOrderCone(matrix, offset, direction, radius, max(radius - float(point[0]), 0.0))
        first += size


def objective_and_gradient(program: ConeProgram, x: Vector) -> tuple[float, Vector]:
    """``(1/2) x'Px + q'x`` and its gradient. x and gradient: shape (n,)."""
    curvature = _curvature(program, x)
    return float(x @ curvature / 2 + program.q @ x), curvature + program.q


def _into_dual_cone(program: ConeProgram, z: Vector) -> Vector:
    inside = z.copy()
    first = program.zero + program.nonneg
    inside[program.zero : first] = np.maximum(inside[program.zero : first], 0.0)
    for size in program.soc:
        inside[first] = max(float(inside[first]), float(np.linalg.norm(inside[first + 1 : first + size])))
        first += size
    return inside


def _curvature(program: ConeProgram, x: Vector) -> Vector:
    """Px from the upper triangle of P."""
    upper = _as_it_is_quick(program.P)
    return np.asarray(upper @ x + upper.T @ x - upper.diagonal() * x)


def _as_it_is_quick(matrix: sp.csc_array) -> sp.csc_array | Matrix:
    """Dense where it is small: to transpose a sparse matrix takes ten times as long as to multiply by it then."""
    rows, columns = matrix.shape
    return matrix.toarray() if rows * columns <= SMALL else matrix
