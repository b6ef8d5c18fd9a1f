"""What is proved of a solution, and of a conflict, whatever the solver says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cvxpy as cp
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.optimize.compiled import CompiledProblem, new_solver
from advisor.optimize.cones import ConeProgram, certificate, least_objective, outside_cone, proves_infeasible


def program(
    A: list[list[float]],
    b: list[float],
    *,
    q: list[float] | None = None,
    P: list[list[float]] | None = None,
    zero: int = 0,
    nonneg: int = 0,
    soc: tuple[int, ...] = (),
) -> ConeProgram:
    columns = len(A[0])
    return ConeProgram(
        P=sp.csc_array(np.triu(P) if P else np.zeros((columns, columns))),
        q=np.array(q or [0.0] * columns),
        A=sp.csc_array(np.array(A, dtype=float)),
        b=np.array(b, dtype=float),
        zero=zero,
        nonneg=nonneg,
        soc=soc,
    )


# Each by hand: program, optimal x, optimal z.
LINEAR = (  # least x + 2y with x + y = 1, x, y >= 0: x alone; the price of the sum is -1, of y >= 0 is 1
    program([[1, 1], [-1, 0], [0, -1]], [1, 0, 0], q=[1, 2], zero=1, nonneg=2),
    [1.0, 0.0],
    [-1.0, 0.0, 1.0],
)
QUADRATIC = (  # least (1/2)(2x^2 + 2xy + 2y^2) - x with x <= 1/4: y = -1/8; price 1 - 2/4 + 1/8 = 5/8
    program([[1, 0]], [0.25], q=[-1, 0], P=[[2, 1], [1, 2]], nonneg=1),
    [0.25, -0.125],
    [0.625],
)
CONE = (  # least -x - y with |(x, y)| <= 1 - z0 is the circle: x = y = 1/sqrt 2; z = (sqrt 2, -1, -1)
    program([[0, 0], [-1, 0], [0, -1]], [1, 0, 0], q=[-1, -1], soc=(3,)),
    [0.5**0.5, 0.5**0.5],
    [2**0.5, -1.0, -1.0],
)
SOLVED = pytest.mark.parametrize("case", [LINEAR, QUADRATIC, CONE], ids=["linear", "quadratic", "cone"])
Case = tuple[ConeProgram, list[float], list[float]]


@SOLVED
def test_an_optimum_found_by_hand_is_proved(case: Case) -> None:
    given_program, x, z = case
    proof = certificate(given_program, np.array(x), np.array(z))
    assert max(proof.violation, proof.dual_residual, proof.gap) < 1e-15


@SOLVED
def test_the_solver_agrees_with_the_hand(case: Case) -> None:
    given_program, x, z = case
    found = new_solver(given_program).solve()
    assert np.array(found.x) == pytest.approx(np.array(x), abs=1e-6)
    assert np.array(found.z) == pytest.approx(np.array(z), abs=1e-6)


@pytest.mark.parametrize(
    ("case", "move", "violation", "gap"),
    [
        (LINEAR, [1e-3, 0.0], 1e-3, 1e-3),  # 1.001 in place of 1; it costs as much
        (LINEAR, [0.0, -1e-3], 1e-3, 2e-3),
        (QUADRATIC, [1e-3, 0.0], 1e-3, 1e-3 * (2 * 0.25 + 1e-3 + 0.25 - 0.125 * 2 - 1)),  # x'Px + q'x, by hand
        (CONE, [1e-3 / 2**0.5, 1e-3 / 2**0.5], 1e-3, 2**0.5 * 1e-3),  # along the radius
    ],
)
def test_a_moved_x_is_seen(case: Case, move: list[float], violation: float, gap: float) -> None:
    given_program, x, z = case
    proof = certificate(given_program, np.array(x) + move, np.array(z))
    assert proof.violation == pytest.approx(violation, rel=1e-9)
    if case is not QUADRATIC:
        assert proof.gap == pytest.approx(gap, rel=1e-9)
    else:
        assert proof.dual_residual == pytest.approx(2e-3, rel=1e-9)  # P moves the gradient by twice as much
        assert proof.gap > 1e-4


@SOLVED
def test_a_moved_z_is_seen(case: Case) -> None:
    given_program, x, z = case
    for row in range(len(z)):
        for move in (-1e-3, 1e-3):
            moved = np.array(z)
            moved[row] += move
            proof = certificate(given_program, np.array(x), moved)
            assert max(proof.dual_residual, proof.gap) > 9e-4


def test_x_within_its_limits_and_no_optimum_leaves_a_gap() -> None:
    given_program, _, z = LINEAR
    proof = certificate(given_program, np.array([0.0, 1.0]), np.array(z))
    assert (proof.violation, proof.dual_residual) == (0.0, 0.0)
    assert proof.gap == 1.0  # 2 in place of 1


def test_a_negative_price_and_a_point_outside_the_dual_cone_are_seen() -> None:
    # A z that meets stationarity and closes the gap, and is no proof: rows 0 x <= 1 and a cone of constants.
    idle = program([[0], [0], [0]], [0, 0, 0], nonneg=1, soc=(2,))
    assert certificate(idle, np.zeros(1), np.array([-0.5, 0.0, 0.0])).dual_residual == 0.5
    assert certificate(idle, np.zeros(1), np.array([0.0, 1.0, -1.25])).dual_residual == 0.25
    assert certificate(idle, np.zeros(1), np.array([0.5, 1.0, -1.0])).dual_residual == 0.0


def test_the_price_of_an_equation_has_either_sign() -> None:
    idle = program([[0]], [0], zero=1)
    assert certificate(idle, np.zeros(1), np.array([-3.0])).dual_residual == 0.0


def test_a_breach_is_measured_row_by_row() -> None:
    rows = program([[1]] * 8, [0] * 8, zero=2, nonneg=2, soc=(3, 1))
    s = np.array([-0.5, 0.25, -2.0, 3.0, 4.0, 3.0, 4.0, -1.0])
    assert outside_cone(rows, s).tolist() == [0.5, 0.25, 2.0, 0.0, 1.0, 0.0, 0.0, 1.0]


def test_numbers_that_are_none_prove_nothing() -> None:
    given_program, x, z = LINEAR
    nothing = np.full(3, np.nan)
    assert np.isnan(certificate(given_program, np.array(x), nothing).dual_residual)
    assert np.isnan(certificate(given_program, nothing[:2], np.array(z)).violation)
    conflict, proof = _cap_below_the_least(1e-2)
    assert proves_infeasible(conflict, proof, 1.0)
    for lost in (np.nan, np.inf, -np.inf):
        with np.errstate(invalid="ignore"):
            assert not proves_infeasible(conflict, np.full_like(proof, lost), 1.0)


def _cap_below_the_least(short_by: float) -> tuple[ConeProgram, np.ndarray]:
    """Weights of 1 in all, each at most 0.3, and a look-through cap short of what it can be; the solver's z."""
    w, cap = cp.Variable(4), cp.Parameter()
    look_through = np.array([1.0, 0.35, 0.3, 0.1])
    least = 0.3 * (0.1 + 0.3 + 0.35) + 0.1 * 1.0  # the three smallest, filled
    rows = [cp.sum(w) == 1, w >= 0, w <= 0.3, look_through @ w <= cap, cp.norm(w) <= 0.9]
    solver = CompiledProblem(cp.Problem(cp.Minimize(cp.sum_squares(w)), rows)).solver()
    solver.set(cap, least - short_by)
    found = solver.solve()
    return found.program, found.z


@pytest.mark.parametrize("short_by", [0.3, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6])
def test_a_conflict_is_proved_down_to_a_millionth(short_by: float) -> None:
    conflict, z = _cap_below_the_least(short_by)
    assert proves_infeasible(conflict, z, 1.0)


def test_a_conflict_of_cones_is_proved() -> None:
    x = cp.Variable(2)
    apart = cp.Problem(cp.Minimize(0), [cp.norm(x) <= 1, cp.norm(x - np.array([3.0, 0.0])) <= 1.999])
    found = CompiledProblem(apart).solver().solve()
    assert found.status == "PrimalInfeasible"
    assert proves_infeasible(found.program, found.z, 4.0)


def test_a_proof_holds_only_within_the_bounds_it_was_given() -> None:
    far = program([[1.0], [-1.0]], [-100.0, 101.0], nonneg=2)  # x <= -100, x >= -101
    z = np.array([1.0, 0.0])
    assert proves_infeasible(far, z, 99.0)
    assert not proves_infeasible(far, z, 100.0)
    assert proves_infeasible(far, z, np.array([99.0]))


def _feasible(seed: int) -> tuple[ConeProgram, np.ndarray]:
    """A feasible program of whole numbers, so that no rounding makes it infeasible, and a point of it."""
    rng = np.random.default_rng(seed)
    columns, zero, nonneg = int(rng.integers(1, 5)), int(rng.integers(0, 4)), int(rng.integers(0, 4))
    cones = tuple(int(size) for size in rng.integers(1, 4, int(rng.integers(0, 3))))
    x = rng.integers(-3, 4, columns).astype(float)
    tips = [np.concatenate([[5.0], rng.choice([0.0, 3.0], 1), rng.choice([0.0, 4.0], 1)])[:size] for size in cones]
    slack = np.concatenate([np.zeros(zero), rng.integers(0, 3, nonneg), *tips])
    scale = 10.0 ** rng.integers(0, 7)
    A = rng.integers(-9, 10, (slack.size, columns)) * scale + rng.integers(-9, 10, (slack.size, columns))
    return program(
        A.tolist() or [[0.0] * columns], (A @ x + slack).tolist() or [0.0], zero=zero, nonneg=nonneg, soc=cones
    ), x


@settings(max_examples=400, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), direction=st.integers(0, 2**32 - 1), near=st.booleans())
def test_nothing_proves_a_feasible_problem_infeasible(seed: int, direction: int, near: bool) -> None:
    """Whatever z; those nearly orthogonal to A come closest."""
    feasible, x = _feasible(seed)
    assert certificate(feasible, x, np.zeros(feasible.b.size)).violation == 0.0
    z = np.random.default_rng(direction).normal(size=feasible.b.size)
    if near:
        basis = np.linalg.svd(feasible.A.toarray().T)[2]
        z = basis.T @ (basis @ z * (np.arange(z.size) >= min(feasible.A.shape)))
    assert not proves_infeasible(feasible, z, np.abs(x))
    assert not proves_infeasible(feasible, -z, np.abs(x))


@pytest.mark.parametrize(
    ("rows", "z"),
    [
        ([[641765, -641764], [641847, -641848], [944358, -944358]], [0.7357036238363533, 0.7357036238366196, -1.0]),
        ([[727441, -727441], [589963, -589962], [590411, -590412]], [-1.0, 0.6162800942750668, 0.6162800942753417]),
        ([[633582, -633581], [632480, -632481], [982384, -982384]], [0.7759367234779385, 0.7759367234780558, -1.0]),
    ],
)
def test_rounding_proves_no_conflict(rows: list[list[float]], z: list[float]) -> None:
    """x = (1, 1) meets each row exactly; the sums of A'z are zero only because the rest of them is rounded away."""
    sums = np.sum(rows, axis=1).astype(float)
    exact = program(rows, sums.tolist(), zero=3)
    assert certificate(exact, np.ones(2), np.zeros(3)).violation == 0.0
    assert -(sums @ np.array(z)) > 1e-13
    assert not proves_infeasible(exact, np.array(z), 1.0)


def test_a_small_dual_residual_is_no_proof_where_amounts_are_large() -> None:
    """A million dollars in two funds: feasible, though -b'z is 5.0 and no entry of A'z above 1e-5.

    A household in dollars was called infeasible on such a vector in trials (-b'z = 5.0, slack 736).
    """
    feasible = program([[1, 1], [-1, 0], [0, -1], [1, 0]], [1e6, 0, 0, 4e5], zero=1, nonneg=3)
    z = np.array([-5e-6, 0.0, 0.0, 0.0])
    assert certificate(feasible, np.array([4e5, 6e5]), z).violation == 0.0
    assert -(feasible.b @ z) == pytest.approx(5.0)
    assert not proves_infeasible(feasible, z, 1e6)


@SOLVED
def test_a_bound_on_the_objective_is_met_by_the_optimum(case: Case) -> None:
    given_program, x, z = case
    linear = replace(given_program, P=sp.csc_array(given_program.P.shape))
    bound = least_objective(linear, np.array(z), 1.0)
    assert bound <= given_program.q @ x + 1e-12
    if case is not QUADRATIC:
        assert bound == pytest.approx(given_program.q @ x, abs=1e-12)


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), direction=st.integers(0, 2**32 - 1))
def test_no_feasible_point_lies_below_the_bound(seed: int, direction: int) -> None:
    feasible, x = _feasible(seed)
    rng = np.random.default_rng(direction)
    priced = replace(feasible, q=rng.normal(size=x.size))
    assert least_objective(priced, rng.normal(size=feasible.b.size), np.abs(x)) <= priced.q @ x


MOVES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "outside the dual cone": lambda z: z - 1e-9,
    "scaled": lambda z: 1e-6 * z,
}


@pytest.mark.parametrize("move", MOVES)
def test_a_proof_survives_what_a_solver_does_to_it(move: str) -> None:
    conflict, z = _cap_below_the_least(1e-3)
    assert proves_infeasible(conflict, MOVES[move](z), 1.0)
