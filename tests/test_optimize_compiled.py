"""A compiled problem answers as cvxpy itself does, whatever the parameters, the order of solves or the thread."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import cvxpy as cp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from advisor.optimize import compiled
from advisor.optimize.compiled import CompiledProblem, ConeSolution, ConeSolver, Maps

KINDS = ("linear", "quadratic", "cone")
SEEDS = range(12)


@dataclass(frozen=True)
class Model:
    """Weights with two ways to trade; rows of every kind, in an order that mixes them."""

    root: np.ndarray
    group: np.ndarray
    problem: cp.Problem
    weights: cp.Variable
    expected: cp.Parameter
    held: cp.Parameter
    most: cp.Parameter
    rows: dict[str, cp.Constraint]


def model(kind: str, seed: int) -> Model:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 9))
    root, group = rng.normal(size=(n, n)) * 2 / np.sqrt(n), rng.uniform(0.0, 1.0, n)
    weights, factors, trades = cp.Variable(n), cp.Variable(n), cp.Variable((n, 2))
    expected, held, most = cp.Parameter(n), cp.Parameter(n), cp.Parameter()
    rows = {
        "long only": weights >= 0,
        "trades": weights == held + trades[:, 0] - trades[:, 1],
        "group": group @ weights <= most,
        "budget": cp.sum(weights) == 1,
        "one way": trades >= 0,
        "factors": root @ weights == factors,
    }
    cost = 0.05 * cp.sum(trades) - expected @ weights
    if kind != "linear":
        cost += (0.05 if kind == "cone" else 0.5) * cp.sum_squares(factors)
    if kind == "cone":
        rows["volatility"] = cp.norm(factors) <= most
        rows["distance"] = cp.SOC(0.8 * most, weights - held)
    problem = cp.Problem(cp.Minimize(cost), list(rows.values()))
    return Model(root, group, problem, weights, expected, held, most, rows)


def values(made: Model, seed: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Expected returns, holdings and cap; feasible, because what is held stays under the cap."""
    rng = np.random.default_rng(seed)
    held = rng.dirichlet(np.ones(made.weights.size))
    least = max(made.group @ held, np.linalg.norm(made.root @ held))
    return rng.normal(size=held.size), held, rng.uniform(1.0, 1.3) * least


def solve_with(solver: ConeSolver, made: Model, seed: int) -> ConeSolution:
    for parameter, value in zip((made.expected, made.held, made.most), values(made, seed), strict=True):
        solver.set(parameter, value)
    return solver.solve()


def solve_by_cvxpy(made: Model, seed: int) -> None:
    made.expected.value, made.held.value, made.most.value = values(made, seed)
    made.problem.solve(solver="CLARABEL")


def objective(solution: ConeSolution) -> float:
    program, x = solution.program, solution.x
    upper = program.P.toarray()
    return float(0.5 * x @ (upper + np.triu(upper, 1).T) @ x + program.q @ x)


def duals(row: cp.Constraint) -> np.ndarray:
    parts = row.dual_value if isinstance(row.dual_value, list) else [row.dual_value]
    return np.concatenate([np.ravel(part, order="F") for part in parts])


def assert_same_answer(made: Model, problem: CompiledProblem, solution: ConeSolution) -> None:
    """Against what cvxpy has just written into the variables and constraints."""
    assert solution.is_clean
    assert_allclose(solution.x[problem.columns(made.weights)], made.weights.value, atol=1e-6)
    assert objective(solution) == pytest.approx(made.problem.value, abs=1e-7)
    for name, row in made.rows.items():
        assert_allclose(problem.rows(row).dual(solution.z), duals(row), atol=1e-5, err_msg=name)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_weights_objective_and_duals_are_those_of_cvxpy(kind: str, seed: int) -> None:
    made = model(kind, seed)
    problem = CompiledProblem(made.problem)
    assert problem.maps is not None
    solver = problem.solver()
    for step in range(4):
        solution = solve_with(solver, made, 100 * seed + step)
        solve_by_cvxpy(made, 100 * seed + step)
        assert_same_answer(made, problem, solution)


def test_the_random_problems_bind_rows_of_every_kind() -> None:
    binding = set()
    for seed in SEEDS:
        made = model("cone", seed)
        problem = CompiledProblem(made.problem)
        solution = solve_with(problem.solver(), made, seed)
        binding |= {name for name, row in made.rows.items() if np.any(problem.rows(row).dual(solution.z) > 1e-3)}
    assert binding == set(model("cone", 0).rows)


@pytest.mark.parametrize("kind", KINDS)
def test_the_solve_before_leaves_no_trace(kind: str) -> None:
    made = model(kind, 5)
    problem = CompiledProblem(made.problem)
    columns = problem.columns(made.weights)
    order = np.random.default_rng(0).integers(0, 20, 200).tolist()
    solver = problem.solver()
    for seed in order:
        again = solve_with(solver, made, seed)
        fresh = solve_with(problem.solver(), made, seed)
        assert objective(again) == pytest.approx(objective(fresh), abs=1e-7)
        assert_allclose(again.x[columns], fresh.x[columns], atol=1e-4)  # flat: 1e-8 of objective is 1e-4 of weight


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_solves_give_the_same_bits(kind: str) -> None:
    made = model(kind, 3)
    problem = CompiledProblem(made.problem)
    one, other = problem.solver(), problem.solver()
    for seed in range(20):
        first, second = solve_with(one, made, seed), solve_with(other, made, seed)
        assert_array_equal(first.x, second.x)
        assert_array_equal(first.z, second.z)


@pytest.mark.parametrize("kind", KINDS)
def test_two_threads_with_a_solver_each_give_the_bits_of_one(kind: str) -> None:
    made = model(kind, 4)
    problem = CompiledProblem(made.problem)

    def batch(seeds: range) -> np.ndarray:
        solver = problem.solver()
        return np.array([solve_with(solver, made, seed).x for seed in seeds])

    halves = (range(150), range(150, 300))
    with ThreadPoolExecutor(2) as threads:
        assert_array_equal(np.array(list(threads.map(batch, halves))), np.array([batch(half) for half in halves]))


def unreadable(*_: Any) -> Maps:
    raise AttributeError("reduced_A")


def shuffled(maps: Callable[..., Maps]) -> Callable[..., Maps]:
    def wrong(*arguments: Any) -> Maps:
        right = maps(*arguments)
        return Maps(of_q=right.of_q, of_b=right.of_b[::-1])

    return wrong


def exchanged(maps: Callable[..., Maps]) -> Callable[..., Maps]:
    """Two parameters of one size taken for each other: the mistake that equal trial values would hide."""

    def wrong(*arguments: Any) -> Maps:
        right = maps(*arguments)
        columns = np.arange(right.of_q.shape[1])
        size = (columns.size - 2) // 2  # constant, expected, held, most in some order
        places = sorted(place.start for place in arguments[1].values() if place.stop - place.start == size)
        one, other = (slice(start, start + size) for start in places)
        columns[one], columns[other] = columns[other].copy(), columns[one].copy()
        return Maps(of_q=right.of_q[:, columns], of_b=right.of_b[:, columns])

    return wrong


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("broken", [lambda _: unreadable, shuffled, exchanged], ids=["unreadable", "shuffled", "other"])
def test_maps_that_are_not_cvxpys_own_are_not_used(
    kind: str, broken: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = model(kind, 6)
    monkeypatch.setattr(compiled, "_maps", broken(compiled._maps))
    problem = CompiledProblem(made.problem)
    assert problem.maps is None
    solver = problem.solver()
    for seed in range(3):
        solution = solve_with(solver, made, seed)
        solve_by_cvxpy(made, seed)
        assert_same_answer(made, problem, solution)


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """Threads that take turns at every chance, so that a missing lock shows."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("eager_threads")
def test_two_threads_share_a_problem_without_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    """cvxpy's parameters are then one state for all: without a lock one thread would solve the other's problem."""
    made = model("cone", 7)
    monkeypatch.setattr(compiled, "_maps", unreadable)
    problem = CompiledProblem(made.problem)

    def batch(seeds: range) -> np.ndarray:
        solver = problem.solver()
        return np.array([solve_with(solver, made, seed).x for seed in seeds])

    halves = (range(20), range(20, 40))
    with ThreadPoolExecutor(2) as threads:
        assert_array_equal(np.array(list(threads.map(batch, halves))), np.array([batch(half) for half in halves]))


X, SCALE, PRICE = cp.Variable(3), cp.Parameter(nonneg=True), cp.Parameter(3)
REFUSED = {
    "a parameter in A": (cp.sum_squares(X), [SCALE * X[0] + X[1] == 1], "matrices"),
    "a parameter in P": (SCALE * cp.sum_squares(X) - cp.sum(X), [X <= 5], "matrices"),
    "a number in the objective": (cp.sum_squares(X) + 1, [X >= 1], "constant"),
    "a parameter in the objective": (cp.sum_squares(X) + SCALE, [X >= 1], "constant"),
    "a product of parameters": (cp.sum_squares(X) - SCALE * PRICE @ X, [X >= 1], "DPP"),
    "an attribute": (cp.sum_squares(cp.Variable(2, nonneg=True)), [], "attributes"),
    "another cone": (cp.sum(cp.exp(X)), [X >= 1], "second-order"),
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.parametrize("readable", [True, False], ids=["with maps", "without maps"])
def test_what_cannot_be_solved_again_is_refused(what: str, readable: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not readable:
        monkeypatch.setattr(compiled, "_maps", unreadable)
    cost, rows, word = REFUSED[what]
    with pytest.raises(ValueError, match=word):
        CompiledProblem(cp.Problem(cp.Minimize(cost), rows))


def test_a_problem_without_parameters_or_rows_is_solved() -> None:
    x, price = cp.Variable(3), cp.Parameter(3)
    free = CompiledProblem(cp.Problem(cp.Maximize(price @ x - cp.sum_squares(x))))
    solver = free.solver()
    solver.set(price, np.array([1.0, 2.0, 3.0]))
    assert_allclose(solver.solve().x[free.columns(x)], [0.5, 1.0, 1.5], atol=1e-8)  # price / 2
    fixed = CompiledProblem(cp.Problem(cp.Minimize(cp.sum_squares(x)), [cp.sum(x) == 1]))
    assert_allclose(fixed.solver().solve().x[fixed.columns(x)], np.full(3, 1 / 3), atol=1e-8)


def test_a_matrix_is_read_and_written_column_by_column() -> None:
    x, target = cp.Variable((2, 3)), cp.Parameter((2, 3))
    row = x >= target
    problem = CompiledProblem(cp.Problem(cp.Minimize(cp.sum_squares(x)), [row]))
    solver = problem.solver()
    wanted = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    solver.set(target, wanted)
    solution = solver.solve()
    assert_allclose(solution.x[problem.columns(x)].reshape((2, 3), order="F"), wanted, atol=1e-7)
    assert_allclose(problem.rows(row).dual(solution.z), 2 * np.ravel(wanted, order="F"), atol=1e-6)  # d(x^2)/dx


def test_a_parameter_keeps_its_value_and_starts_at_zero() -> None:
    x, floor, cap = cp.Variable(), cp.Parameter(), cp.Parameter()
    problem = CompiledProblem(cp.Problem(cp.Maximize(x), [x <= cap, x >= floor]))
    solver = problem.solver()
    solver.set(cap, 3.0)
    assert solver.solve().x[0] == pytest.approx(3.0, abs=1e-7)
    solver.set(floor, 1.0)
    assert solver.solve().x[0] == pytest.approx(3.0, abs=1e-7)
    assert problem.solver().solve().x[0] == pytest.approx(0.0, abs=1e-7)


@pytest.mark.parametrize("readable", [True, False], ids=["with maps", "without maps"])
def test_a_bound_may_be_given_without_a_parameter(readable: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not readable:
        monkeypatch.setattr(compiled, "_maps", unreadable)
    x, price = cp.Variable(3), cp.Parameter(3)
    most, least = x <= np.ones(3), x >= 0
    problem = CompiledProblem(cp.Problem(cp.Maximize(price @ x), [least, most]))
    solver, other = problem.solver(), problem.solver()
    for one in (solver, other):
        one.set(price, np.array([1.0, 2.0, 3.0]))
    for caps in (np.array([3.0, 0.5, 2.0]), np.full(3, 0.25)):
        solver.cap(most, caps)
        solution = solver.solve()
        assert_allclose(solution.x[problem.columns(x)], caps, atol=1e-7)
        assert_allclose(problem.rows(most).dual(solution.z), [1.0, 2.0, 3.0], atol=1e-6)  # the prices
    assert_allclose(other.solve().x[problem.columns(x)], np.ones(3), atol=1e-7)  # as written


def test_limits_that_conflict_are_not_clean_and_the_next_solve_is() -> None:
    made = model("cone", 8)
    problem = CompiledProblem(made.problem)
    solver = problem.solver()
    assert solve_with(solver, made, 0).is_clean
    solver.set(made.most, 1e-3)
    refused = solver.solve()
    assert not refused.is_clean
    assert refused.status == "PrimalInfeasible"
    assert_array_equal(solve_with(solver, made, 1).x, solve_with(solver, made, 1).x)
    assert solve_with(solver, made, 1).is_clean


@pytest.mark.parametrize(
    ("setting", "value", "status"), [("max_iter", 1, "MaxIterations"), ("time_limit", 0.0, "MaxTime")]
)
def test_a_solver_that_gives_up_is_not_clean(
    setting: str, value: float, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = model("cone", 9)
    monkeypatch.setattr(compiled, "SETTINGS", {**compiled.SETTINGS, setting: value})
    solver = CompiledProblem(made.problem).solver()
    for seed in range(2):
        solution = solve_with(solver, made, seed)
        assert solution.status == status
        assert not solution.is_clean


def test_limits_of_time_and_iterations_are_always_set() -> None:
    assert compiled.SETTINGS["time_limit"] <= 60
    assert compiled.SETTINGS["max_iter"] <= 1000


def test_a_second_attempt_begins_from_the_start_and_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    made = model("cone", 10)
    solver = CompiledProblem(made.problem).solver()
    first = solve_with(solver, made, 0)
    options, real = [], compiled.new_solver

    def watched(program: Any, given: Any = None) -> Any:
        options.append(given)
        return real(program, given)

    monkeypatch.setattr(compiled, "new_solver", watched)
    second = solver.solve_again()
    assert options == [compiled.SECOND_ATTEMPT]
    assert second.is_clean
    assert_allclose(second.x, first.x, atol=1e-6)
