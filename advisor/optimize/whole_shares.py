"""The best orders in whole shares, with the user's least trade, near the continuous optimum.

A mixed-integer linear program over the same cones: linear rows as they are, the quadratic objective and the
second-order cones by tangents, which lie outside of them; each answer is measured exactly and cut off until the
tangents meet the best answer. Shares may leave the continuous optimum by a few at first, then by more, then freely.
Tangents and tolerances let a limit be broken by a hair, so an answer counts only once it is checked in whole shares.

Source: Duran and Grossmann (1986), "An Outer-Approximation Algorithm for a Class of Mixed-Integer Nonlinear Programs";
Kelley (1960), "The Cutting-Plane Method for Solving Convex Programs". Solver: HiGHS.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from advisor.optimize.cones import ConeProgram, objective_and_gradient, second_order_cones
from advisor.optimize.formulation import Case
from advisor.optimize.inputs import AllocationInputs, Indices
from advisor.optimize.milp import LinearRows, MixedProgram
from advisor.optimize.problem import AllocationProblem, Solution
from advisor.optimize.quantities import Quantities, round_outward, sale_orders
from advisor.optimize.search import DUST, best_solution, one_way_case
from advisor.units import Vector

WINDOWS = (2.0, 8.0, np.inf)  # shares to either side of the continuous optimum
ROUNDS = 12  # of tangents, in each window
SHRINK = 5e-7  # of each cone, so that answers within the tolerance of HiGHS lie inside it
CLOSE = 2e-6  # of household value a year, from what no orders can beat to the best answer: a fiftieth of a basis point
GOOD = 5e-5  # lost by whole shares; where more is, a wider window is tried, and other tax branches


def orders_in_shares(problem: AllocationProblem, solution: Solution, least_trade: float) -> Quantities | None:
    """The best orders near `solution`, or None where no shares are found that meet the rows of its case.

    `least_trade` is the smallest order, as a fraction of household value, unless it sells a whole position; with one,
    no sale leaves a rest below `AllocationInputs.least_rest`. Where whole shares lose much, another tax branch is
    searched too if its continuous optimum is better than the best so far.
    """
    best, scale = _in_case(problem, solution, least_trade), problem.formulation.scale
    for branch in problem.branches:
        if best.objective - solution.cone.objective <= GOOD * scale:
            break
        other = best_solution(problem, (replace(solution.case, branch=branch),))
        if branch != solution.case.branch and other and other.cone.objective < best.objective - CLOSE * scale:
            best = min(best, _in_case(problem, other, least_trade), key=lambda found: found.objective)
    return best.quantities


def own_orders_alone(inputs: AllocationInputs, solution: Solution) -> Solution:
    """The solution with a case that allows the orders it makes and no other: of each, every lot of its position."""
    case, order = solution.case, sale_orders(inputs)
    made = np.unique(order[solution.sell > DUST])
    return replace(
        solution,
        case=replace(
            case,
            most_sold=np.where(np.isin(order, made), case.most_sold, 0.0),
            most_bought=np.where(solution.buy > DUST, case.most_bought, 0.0),
        ),
    )


def is_same_search(one: Solution, other: Solution) -> bool:
    """Whether `orders_in_shares` would look for the same orders around both: the same trades, and the same case."""
    return one.case.branch == other.case.branch and all(
        np.array_equal(mine, its)
        for mine, its in (
            (one.sell, other.sell),
            (one.buy, other.buy),
            (one.case.most_sold, other.case.most_sold),
            (one.case.most_bought, other.case.most_bought),
        )
    )


@dataclass(frozen=True, slots=True)
class _InShares:
    """The best orders of one case, and their objective in cone form: less is better, and infinite is none."""

    quantities: Quantities | None
    objective: float


def _in_case(problem: AllocationProblem, solution: Solution, least_trade: float) -> _InShares:
    case = with_spare_cash(problem, one_way_case(problem, solution), solution)
    program, scale = problem.program(case), problem.formulation.scale
    shares = _Shares(problem, case, least_trade, _squares(program).size)
    close = CLOSE * scale / 2  # one half for the tangents, one for the search of HiGHS
    rows = _stacked([shares.widened(_linear_rows(program)), *shares.rows()])
    mixed = MixedProgram(shares.cost(program), rows, shares.integral, gap=close)
    _touch(mixed, program, solution.cone.x)
    best = _Best()
    for window in WINDOWS:
        _search(mixed, program, shares.bounds(solution, window), close, best)
        if best.objective - solution.cone.objective <= GOOD * scale:
            break
    return _InShares(None if best.columns is None else shares.quantities(best.columns), best.objective)


def with_spare_cash(problem: AllocationProblem, case: Case, solution: Solution) -> Case:
    """The case with room for what whole shares cannot spend: one share of each fund bought in each account.

    It is charged like all cash beyond its default bound.
    """
    buys = problem.inputs.buys
    spare = float(buys.share_value[solution.buy > DUST].sum())
    reserved = [default.label for default in problem.formulation.defaults if default.has_reserve]
    room = {label: case.most_beyond[label] + spare for label in reserved if label in case.most_beyond}
    return replace(case, most_beyond={**case.most_beyond, **room})


@dataclass(slots=True)
class _Best:
    """The best answer so far."""

    columns: Vector | None = None
    objective: float = np.inf


def _search(
    mixed: MixedProgram, program: ConeProgram, bounds: tuple[Vector, Vector], close: float, best: _Best
) -> None:
    """Improve `best` within the bounds by rounds of tangents, until they meet it or there is no answer."""
    for _ in range(ROUNDS):
        answer = mixed.solve(*bounds)
        if answer.x is None:
            return
        x = answer.x[: program.q.size]
        objective, _ = objective_and_gradient(program, x)
        if objective < best.objective and all(cone.breach == 0 for cone in second_order_cones(program, x)):
            best.columns, best.objective = answer.x, objective
        if best.columns is not None and best.objective - answer.objective <= close:
            return
        _touch(mixed, program, x)


def _linear_rows(program: ConeProgram) -> LinearRows:
    """Rows of the zero and the nonnegative cone: ``A x = b``, ``A x <= b``."""
    linear = program.zero + program.nonneg
    lower = np.where(np.arange(linear) < program.zero, program.b[:linear], -np.inf)
    return LinearRows(sp.csr_array(program.A[:linear]), lower, program.b[:linear])


def _stacked(parts: list[LinearRows]) -> LinearRows:
    return LinearRows(
        sp.csr_array(sp.vstack([part.matrix for part in parts])),
        np.concatenate([part.lower for part in parts]),
        np.concatenate([part.upper for part in parts]),
    )


def _touch(mixed: MixedProgram, program: ConeProgram, x: Vector) -> None:
    """Add the tangents at x."""
    for row, end in _tangents(program, x):
        mixed.at_most(row, end)


def _tangents(program: ConeProgram, x: Vector) -> Iterator[tuple[Vector, float]]:
    """Rows ``row @ (x, epigraphs) <= end`` that touch each square of the objective, and each cone, at x."""
    width, squares = program.q.size, _squares(program)
    for k, column in enumerate(squares):
        row = np.zeros(width + squares.size)
        row[column] = program.P[column, column] * x[column]
        row[width + k] = -1.0
        yield row, float(row[column] * x[column] / 2)
    for cone in second_order_cones(program, x):
        if cone.radius > 0:
            yield (
                cone.matrix[0] - cone.direction @ cone.matrix[1:],
                float(cone.offset[0] - cone.direction @ cone.offset[1:]) - SHRINK,
            )


def _squares(program: ConeProgram) -> Indices:
    """Columns whose squares the objective charges; each gets an epigraph of its own, which a few tangents describe."""
    columns = np.flatnonzero(program.P.diagonal())
    if program.P.count_nonzero() != columns.size:
        raise ValueError("the quadratic objective is not a sum of squares of columns")
    return columns


@dataclass(frozen=True, slots=True)
class _Order:
    """Lots of one security sold in one account, or one purchase; entries count sales first, then purchases."""

    entries: np.ndarray
    most: float  # fraction of value
    position: float  # value of the whole position; 0 for a purchase
    may_go: bool  # the whole position may be sold


class _Shares:
    """Columns and rows that shares and orders add to those of the cones.

    Columns: x of the cones; the epigraph of each square; whole shares of each lot and purchase; for each order, a
    switch that says it is traded and one that says the whole position goes.
    """

    def __init__(self, problem: AllocationProblem, case: Case, least_trade: float, squares: int) -> None:
        lots, buys = problem.inputs.lots, problem.inputs.buys
        self.inputs: AllocationInputs = problem.inputs
        self.least_trade = least_trade
        self.amounts = np.concatenate(problem.columns_of_trades())
        self.most = np.concatenate([case.most_sold, case.most_bought])
        self.share_value = np.concatenate([lots.share_value, buys.share_value])
        self.whole = np.concatenate([lots.whole, buys.whole])
        held = np.array([float(shares) for shares in lots.shares])
        self.part = np.concatenate([held - np.floor(held), np.zeros(buys.whole.size)])  # of a share, at a lot's end
        self.orders = tuple(self._orders(problem.inputs, case))
        self.epigraphs = problem.width + np.arange(squares)
        self.share_columns = problem.width + squares + np.arange(self.whole.size)
        self.traded = problem.width + squares + self.whole.size + np.arange(len(self.orders))
        self.gone = self.traded + len(self.orders)
        self.size = problem.width + squares + self.whole.size + 2 * len(self.orders)
        self.integral = np.arange(self.size) >= problem.width + squares

    def _orders(self, inputs: AllocationInputs, case: Case) -> Iterator[_Order]:
        lots, number = inputs.lots, sale_orders(inputs)
        for order in range(int(number.max(initial=-1)) + 1):
            entries = np.flatnonzero(number == order)
            most, position = float(case.most_sold[entries].sum()), float(lots.value[entries].sum())
            yield _Order(entries, most, position, may_go=most > position * (1 - 1e-12))
        for entry, most in enumerate(case.most_bought, start=number.size):
            yield _Order(np.array([entry]), float(most), 0.0, may_go=False)

    def widened(self, rows: LinearRows) -> LinearRows:
        """The rows with zeros for the columns that come after those of the cones."""
        count, width = rows.matrix.shape
        matrix = sp.hstack([rows.matrix, sp.csr_array((count, self.size - width))])
        return LinearRows(sp.csr_array(matrix), rows.lower, rows.upper)

    def cost(self, program: ConeProgram) -> Vector:
        """Linear part of the objective, and the epigraphs of its squares."""
        cost = np.zeros(self.size)
        cost[: program.q.size] = program.q
        cost[self.epigraphs] = 1.0
        return cost

    def rows(self) -> Iterator[LinearRows]:
        """Amounts are whole shares, and orders are none, at least the user's least trade, or the whole position."""
        yield self._whole_rows()
        yield self._order_rows()

    def _whole_rows(self) -> LinearRows:
        matrix = sp.lil_array((self.whole.size, self.size))
        gone_of = {entry: self.gone[k] for k, order in enumerate(self.orders) for entry in order.entries}
        for entry in np.flatnonzero(self.whole):
            matrix[entry, self.amounts[entry]] = 1.0
            matrix[entry, self.share_columns[entry]] = -self.share_value[entry]
            matrix[entry, gone_of[entry]] = -self.share_value[entry] * self.part[entry]
        nothing = np.zeros(self.whole.size)
        return LinearRows(sp.csr_array(matrix), nothing, nothing)

    def _order_rows(self) -> LinearRows:
        """``least * (traded - gone) <= amount <= most * traded`` and ``position * gone <= amount``.

        And ``amount <= position - rest * (traded - gone)`` where the position may go: what is left is none, or `rest`.
        """
        least, rest = self.least_trade, self.inputs.least_rest if self.least_trade > 0 else 0.0
        count = 4 * len(self.orders)
        matrix, lower = sp.lil_array((count, self.size)), np.zeros(count)
        for k, order in enumerate(self.orders):
            columns = self.amounts[order.entries]
            matrix[4 * k, columns] = 1.0
            matrix[4 * k, self.traded[k]] = -least
            matrix[4 * k, self.gone[k]] = least
            matrix[4 * k + 1, columns] = -1.0
            matrix[4 * k + 1, self.traded[k]] = order.most
            matrix[4 * k + 2, columns] = 1.0
            matrix[4 * k + 2, self.gone[k]] = -order.position
            if order.may_go and rest > 0:
                matrix[4 * k + 3, columns] = -1.0
                matrix[4 * k + 3, self.traded[k]] = -rest
                matrix[4 * k + 3, self.gone[k]] = rest
                lower[4 * k + 3] = -order.position
        return LinearRows(sp.csr_array(matrix), lower, np.full(count, np.inf))

    def bounds(self, solution: Solution, window: float) -> tuple[Vector, Vector]:
        """Shares within `window` of the continuous optimum; an order near the least trade may go to it or to none."""
        wanted = np.concatenate([solution.sell, solution.buy]) / self.share_value
        most = np.floor(self.most / self.share_value + 1e-9)
        low, high = np.floor(wanted) - window, np.ceil(wanted) + window
        for order in self.orders:
            e = order.entries
            near = self.least_trade + min(window, 8.0) * self.share_value[e].max(initial=0.0)
            if (wanted[e] * self.share_value[e]).sum() < near:
                low[e] = 0.0
                high[e] = np.maximum(high[e], np.ceil(self.least_trade / self.share_value[e]) + window)
            if 0 < order.position < near:
                low[e], high[e] = 0.0, most[e]
        lower, upper = np.full(self.size, -np.inf), np.full(self.size, np.inf)
        lower[self.epigraphs] = 0.0
        lower[self.share_columns] = np.where(self.whole, np.clip(low, 0.0, most), 0.0)
        upper[self.share_columns] = np.where(self.whole, np.clip(high, 0.0, most), 0.0)
        lower[self.traded[0] :], upper[self.traded[0] :] = 0.0, 1.0
        upper[self.gone] = [float(order.may_go) for order in self.orders]
        return lower, upper

    def quantities(self, columns: Vector) -> Quantities:
        """The shares of an answer."""
        counted = np.rint(columns[self.share_columns])
        gone = np.zeros(self.whole.size)
        for k, order in enumerate(self.orders):
            gone[order.entries] = round(float(columns[self.gone[k]]))
        shares = np.where(self.whole, counted + gone * self.part, columns[self.amounts] / self.share_value)
        values = np.where(shares * self.share_value > 1e-9, shares * self.share_value, 0.0)
        lots = self.inputs.lots.value.size
        return round_outward(self.inputs, values[:lots], values[lots:])
