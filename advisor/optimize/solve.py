"""From the compiled problem to the allocation that is advised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from advisor.optimize.formulation import Case, gains_per_dollar
from advisor.optimize.fund_choice import Menu, MenuChoice, choose_menu
from advisor.optimize.inputs import AllocationInputs
from advisor.optimize.problem import AllocationProblem, Solution
from advisor.optimize.search import DUST, best_solution, open_cases
from advisor.optimize.tax_branches import branch_at, tax_lines
from advisor.units import Vector

FREE_RESERVE = 1.0  # of household value: binds nothing
RESERVE_ROUNDS = 8
SAME_RESERVE = 1e-7  # of household value


@dataclass(frozen=True, slots=True)
class Allocation:
    """The advised trades as fractions of household value, before they become shares.

    `best` is the optimum with every fund on offer; `solution` the one within the chosen menu.
    """

    solution: Solution
    best: Solution
    menu: Menu
    menus: tuple[Menu, ...]

    @property
    def sell(self) -> Vector:
        """Sold of each lot (l,)."""
        return np.where(self.solution.sell > DUST, self.solution.sell, 0.0)

    @property
    def buy(self) -> Vector:
        """Bought in each (account, fund) (b,)."""
        return np.where(self.solution.buy > DUST, self.solution.buy, 0.0)


def with_tax_reserve(problem: AllocationProblem) -> tuple[AllocationProblem, Solution | None]:
    """`problem` with the tax of its best trades as what cash may grow by, where the user keeps it in cash.

    And these trades, so that they need not be found again; None where there are none.
    """
    if not _keeps_tax(problem):
        return problem, best_solution(problem, open_cases(problem))
    reserve, best = _settled(problem, open_cases(problem))
    kept = problem.keeping(problem.most_beyond, reserve)
    kept.undecided = problem.undecided
    return kept, None if best is None else replace(best, case=replace(best.case, reserve=reserve))


def best_with_reserve(problem: AllocationProblem, cases: tuple[Case, ...]) -> Solution | None:
    """The best solution of `cases` with its tax as what cash may grow by, where the user keeps it in cash."""
    return _settled(problem, cases)[1] if _keeps_tax(problem) else best_solution(problem, cases)


def _keeps_tax(problem: AllocationProblem) -> bool:
    i, defaults = problem.inputs, problem.formulation.defaults
    return bool(i.reserve_tax and i.taxable_accounts.any() and any(default.has_reserve for default in defaults))


def _settled(problem: AllocationProblem, cases: tuple[Case, ...]) -> tuple[float, Solution | None]:
    """The tax that the best trades add to this year's if cash may grow by just that much, and these trades.

    The tax depends on the trades and they on it: the root of ``tax(reserve) - reserve`` is found by secants, from a
    reserve that binds nothing. Where cash then stays within the bound and the tax, that answer is the one. The tax
    cannot stand in the row itself: the solver would make itself owe more, to be let keep more cash.
    """
    best = best_solution(problem, _reserving(cases, FREE_RESERVE))
    if best is None:
        return 0.0, None
    tax = _added_tax(problem, best)
    if _cash_beyond(problem, best) <= tax + SAME_RESERVE:
        return tax, best
    last, reserve = (FREE_RESERVE, tax), tax
    for _ in range(RESERVE_ROUNDS):
        best = best_solution(problem, _reserving(cases, reserve))
        tax = 0.0 if best is None else _added_tax(problem, best)
        if abs(tax - reserve) <= SAME_RESERVE:
            break
        slope = (tax - last[1]) / (reserve - last[0]) if reserve != last[0] else 0.0
        last, reserve = (reserve, tax), max(0.0, (tax - slope * reserve) / (1.0 - slope)) if slope < 1.0 else tax
    return reserve, best


def _added_tax(problem: AllocationProblem, solution: Solution) -> float:
    return max(0.0, added_tax(problem.inputs, solution.sell))


def _cash_beyond(problem: AllocationProblem, solution: Solution) -> float:
    """How far cash and bills exceed their default bound, before what is kept for tax."""
    default = next(default for default in problem.formulation.defaults if default.has_reserve)
    total = float(solution.weights.sum() + solution.cash.sum())
    return default.level(solution.weights, float(solution.cash.sum())) - default.bound * total


def _reserving(cases: tuple[Case, ...], reserve: float) -> tuple[Case, ...]:
    return tuple(replace(case, reserve=reserve) for case in cases)


def added_tax(inputs: AllocationInputs, sell: Vector) -> float:
    """This year's tax with the sales `sell`, shape (l,), less that without any; all fractions of household value."""
    lines = tax_lines(replace(inputs.rates, carryforward_value=0.0))
    start = np.array([inputs.rates.short_so_far, inputs.rates.long_so_far])

    def owed(short: float, long: float) -> float:
        return max(lines[k].at(short, long) for k in branch_at(short, long).lines)

    return owed(*(start + gains_per_dollar(inputs) @ sell)) - owed(*start)


def allocate(
    problem: AllocationProblem,
    margins: Mapping[str, float] | None = None,
    choose: Callable[[AllocationProblem, tuple[Case, ...], Solution], MenuChoice] = choose_menu,
    best: Solution | None = None,
) -> Allocation | None:
    """The best allocation within all limits, from the fewest funds; None where no case has a certified solution.

    `margins` tightens limits, by label. `choose` is `first_choice` where no other menus are to be told; `best` the
    optimum over all funds, where it is known.
    """
    cases = open_cases(problem, margins)
    best = best or best_solution(problem, cases)
    if best is None:
        return None
    choice = choose(problem, cases, best)
    return Allocation(choice.solution, best, choice.chosen, choice.tried)


def buying(allocation: Allocation, symbols: tuple[str, ...]) -> Allocation:
    """The same, with `symbols` as its menu where whole shares need other funds than the chosen ones."""
    if set(symbols) <= set(allocation.menu.symbols):
        return allocation
    tried = {menu.symbols: menu for menu in allocation.menus}
    return replace(allocation, menu=tried.get(symbols, Menu(symbols, None)))
