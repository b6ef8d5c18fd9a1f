"""From the compiled problem to the allocation that is advised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from advisor.optimize.fund_choice import Menu, choose_menu
from advisor.optimize.problem import AllocationProblem, Solution
from advisor.optimize.search import DUST, best_solution, open_cases
from advisor.units import Vector


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


def allocate(problem: AllocationProblem, margins: Mapping[str, float] | None = None) -> Allocation | None:
    """The best allocation within all limits, from the fewest funds; None where no case has a certified solution.

    `margins` tightens limits, by label.
    """
    cases = open_cases(problem, margins)
    best = best_solution(problem, cases)
    if best is None:
        return None
    choice = choose_menu(problem, cases, best)
    return Allocation(choice.solution, best, choice.chosen, choice.tried)


def buying(allocation: Allocation, symbols: tuple[str, ...]) -> Allocation:
    """The same, with `symbols` as its menu where whole shares need other funds than the chosen ones."""
    if set(symbols) <= set(allocation.menu.symbols):
        return allocation
    tried = {menu.symbols: menu for menu in allocation.menus}
    return replace(allocation, menu=tried.get(symbols, Menu(symbols, None)))
