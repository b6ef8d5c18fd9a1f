"""The reference problem as a user of cvxpy writes it, and the ways to have it solved again and again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

import cvxpy as cp
import numpy as np
import scipy.sparse as sp

from advisor.optimize.compiled import CompiledProblem
from advisor.units import Vector
from tests.benchmarks.reference import GAMMA, SCALE, Inputs, Reference

Solve = Callable[[Inputs], Vector]


def write(problem: Reference, inputs: Inputs) -> tuple[cp.Problem, cp.Variable]:
    """The problem, with numbers or parameters for its inputs, and its weights."""
    weights, factors = cp.Variable(problem.n), cp.Variable(problem.factor.shape[1])
    risk, parts = cp.sum_squares(factors), factors
    if problem.is_factor:
        risk += cp.quad_form(weights, sp.diags_array(problem.specific, format="csc"))
        parts = cp.hstack([factors, cp.multiply(np.sqrt(problem.specific), weights)])
    trading = problem.cost * cp.norm1(weights - inputs.held)
    loss = GAMMA / 2 * risk - inputs.expected @ weights + trading
    limits = [
        cp.sum(weights) == 1,
        factors == problem.factor.T @ weights,
        weights >= 0,
        weights <= inputs.most,
        problem.look_through @ weights <= inputs.cap,
        problem.groups @ weights <= inputs.group_caps,
        cp.SOC(inputs.volatility, parts),
    ]
    return cp.Problem(cp.Minimize(SCALE * loss), limits), weights


def parameters(inputs: Inputs) -> Inputs:
    """A parameter in the place of each input."""
    return replace(inputs, **{name: cp.Parameter(np.shape(value)) for name, value in _named(inputs)})


def compiled(problem: Reference) -> Solve:
    """This project's path: compiled once, solved again with new inputs."""
    varying = parameters(problem.inputs)
    written, weights = write(problem, varying)
    made = CompiledProblem(written)
    solver, columns = made.solver(), made.columns(weights)
    for name, value in _named(problem.inputs):
        solver.set(getattr(varying, name), value)

    def solve(inputs: Inputs) -> Vector:
        solver.set(varying.expected, inputs.expected)
        solver.set(varying.held, inputs.held)
        return solver.solve().x[columns]

    return solve


def compiled_first(problem: Reference) -> Solve:
    """The same path, compiled for each solve."""
    return lambda inputs: compiled(problem)(inputs)


def cvxpy_again(problem: Reference) -> Solve:
    """cvxpy's own re-solve of a problem with parameters (DPP)."""
    varying = parameters(problem.inputs)
    written, weights = write(problem, varying)
    for name, value in _named(problem.inputs):
        getattr(varying, name).value = value

    def solve(inputs: Inputs) -> Vector:
        varying.expected.value, varying.held.value = inputs.expected, inputs.held
        written.solve(solver="CLARABEL")
        return np.asarray(weights.value)

    return solve


def cvxpy_new(problem: Reference) -> Solve:
    """A problem of its own for each solve, with numbers in it."""

    def solve(inputs: Inputs) -> Vector:
        written, weights = write(problem, inputs)
        written.solve(solver="CLARABEL")
        return np.asarray(weights.value)

    return solve


def _named(inputs: Inputs) -> list[tuple[str, Vector | float]]:
    return [(field.name, getattr(inputs, field.name)) for field in fields(inputs)]
