"""A small knapsack by hand, rows that are added later, and silence."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from advisor.optimize.milp import LinearRows, MixedProgram


def knapsack(worth: list[float], weight: list[float], room: float, *, whole: bool = True) -> MixedProgram:
    """What fits into `room` and is worth most; `cost` is minimised, so worth counts negative."""
    size = len(worth)
    rows = LinearRows(sp.csr_array(np.array([weight])), np.array([-np.inf]), np.array([room]))
    return MixedProgram(-np.array(worth), rows, np.full(size, whole), gap=1e-9)


def zero_one(size: int) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros(size), np.ones(size)


def test_the_best_knapsack_is_the_one_found_by_hand() -> None:
    """10 kg of room. The best whole pieces are 4 kg and 6 kg, worth 11 + 13 = 24; by worth for a kilo, 7 kg leads."""
    answer = knapsack([11, 21, 13], [4, 7, 6], 10).solve(*zero_one(3))
    assert answer.x == pytest.approx([1, 0, 1], abs=1e-9)
    assert answer.objective == pytest.approx(-24)


def test_continuous_columns_may_be_cut() -> None:
    """7 kg whole (3 a kilo), then 3 of the 4 kg: 21 + 11 x 3/4."""
    answer = knapsack([11, 21, 13], [4, 7, 6], 10, whole=False).solve(*zero_one(3))
    assert answer.x == pytest.approx([0.75, 1, 0], abs=1e-9)
    assert answer.objective == pytest.approx(-29.25)


def test_rows_added_and_bounds_given_later_are_kept_to() -> None:
    program = knapsack([11, 21, 13], [4, 7, 6], 10)
    program.at_most(np.array([1.0, 0.0, 1.0]), 1.0)  # not both; a row may also be shorter than x
    assert program.solve(*zero_one(3)).objective == pytest.approx(-21)
    program.at_most(np.array([0.0, 1.0]), 0.0)
    assert program.solve(*zero_one(3)).objective == pytest.approx(-13)
    assert program.solve(np.zeros(3), np.array([1.0, 1.0, 0.0])).objective == pytest.approx(-11)
    assert program.solve(*zero_one(3)).objective == pytest.approx(-13)


def test_nothing_feasible_is_no_answer() -> None:
    answer = knapsack([1.0, 1.0], [1.0, 1.0], 1.5).solve(np.array([1.0, 1.0]), np.array([1.0, 1.0]))
    assert answer.x is None
    assert answer.objective == np.inf


def test_an_equality_without_whole_numbers_is_no_answer() -> None:
    rows = LinearRows(sp.csr_array(np.array([[2.0, 2.0]])), np.array([3.0]), np.array([3.0]))
    assert MixedProgram(np.zeros(2), rows, np.full(2, True), gap=1e-9).solve(np.zeros(2), np.full(2, 5.0)).x is None


@pytest.mark.parametrize("seed", range(20))
def test_random_knapsacks_agree_with_trying_every_choice(seed: int) -> None:
    rng = np.random.default_rng(seed)
    worth, weight = rng.uniform(1, 20, 8), rng.uniform(1, 10, 8)
    room = weight.sum() / 2
    choices = np.array(np.meshgrid(*[[0, 1]] * 8)).reshape(8, -1).T
    best = max(worth @ choice for choice in choices if weight @ choice <= room)
    answer = knapsack(list(worth), list(weight), room).solve(*zero_one(8))
    assert -answer.objective == pytest.approx(best, abs=1e-8)
    assert weight @ answer.x <= room + 1e-6


def test_the_solver_writes_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """Down to the file descriptors: another build of it wrote to stdout from compiled code."""
    program = knapsack([11, 21, 13], [4, 7, 6], 10)
    program.solve(*zero_one(3))
    program.solve(np.ones(3), np.ones(3))
    assert capfd.readouterr() == ("", "")


def test_the_same_program_has_the_same_answer() -> None:
    rng = np.random.default_rng(3)
    worth, weight = rng.uniform(1, 20, 30), rng.uniform(1, 10, 30)
    answers = [knapsack(list(worth), list(weight), 60.0).solve(*zero_one(30)) for _ in range(3)]
    assert all(np.array_equal(answers[0].x, answer.x) for answer in answers)
