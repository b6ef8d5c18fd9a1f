"""A problem in cones, and what can be proved of it in plain numpy, whatever the solver says.

    minimise (1/2) x'Px + q'x   subject to   Ax + s = b,  s in K = {0}^zero x R+^nonneg x second-order cones

Source: Boyd and Vandenberghe (2004), "Convex Optimization", sections 5.5 (optimality) and 5.8 (alternatives).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from advisor.units import Vector


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
class Certificate:
    """How far a pair (x, z) is from proving itself optimal; zeros prove it."""

    violation: float  # largest breach of a row by x
    dual_residual: float  # largest breach of stationarity or of the dual cone by z
    gap: float  # primal less dual objective, absolute


def certificate(program: ConeProgram, x: Vector, z: Vector) -> Certificate:
    """Violation, dual residual and gap of x (variables) and z (one dual for each row)."""
    curvature = _symmetric(program.P) @ x
    stationarity = curvature + program.q + program.A.T @ z
    outside = np.where(np.arange(z.size) < program.zero, 0.0, outside_cone(program, z))
    return Certificate(
        violation=float(np.max(outside_cone(program, program.b - program.A @ x), initial=0.0)),
        dual_residual=float(max(np.max(np.abs(stationarity), initial=0.0), np.max(outside, initial=0.0))),
        gap=abs(float(x @ curvature + program.q @ x + program.b @ z)),
    )


def proves_infeasible(program: ConeProgram, z: Vector, largest: float) -> bool:
    """Whether z proves that no x with every ``|x_j| <= largest`` meets the rows (Farkas).

    For such an x, ``z'(b - Ax) >= 0`` for every z in the dual cone, so ``b'z + largest * sum |A'z|_j < 0`` rules it
    out. z is first moved into the dual cone, which the solver's may miss by its tolerance.
    """
    inside = _into_dual_cone(program, z)
    slack = np.abs(program.A.T @ inside).sum() * largest
    rounding = 1e-14 * (np.abs(program.b) @ np.abs(inside))
    return bool(-(program.b @ inside) > slack + rounding)


def outside_cone(program: ConeProgram, s: Vector) -> Vector:
    """Breach of each row of `s`, zero inside the cone; a second-order cone's stands at its first row."""
    breach = np.zeros_like(s)
    first = program.zero + program.nonneg
    breach[: program.zero] = np.abs(s[: program.zero])
    breach[program.zero : first] = np.maximum(-s[program.zero : first], 0.0)
    for size in program.soc:
        breach[first] = max(float(np.linalg.norm(s[first + 1 : first + size]) - s[first]), 0.0)
        first += size
    return breach


def _into_dual_cone(program: ConeProgram, z: Vector) -> Vector:
    inside = z.copy()
    first = program.zero + program.nonneg
    inside[program.zero : first] = np.maximum(inside[program.zero : first], 0.0)
    for size in program.soc:
        inside[first] = max(float(inside[first]), float(np.linalg.norm(inside[first + 1 : first + size])))
        first += size
    return inside


def _symmetric(upper: sp.csc_array) -> sp.csc_array:
    return sp.csc_array(upper + sp.triu(upper, k=1).T)
