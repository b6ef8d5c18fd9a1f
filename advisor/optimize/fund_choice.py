"""Which funds to buy: the fewest that come within half a basis point a year of the best mix.

IWM and VTWO follow one index and IJR moves almost with them, so the best mix between them is decided by noise: a
hundredth of a basis point moved two per cent of a household from one to another in trials. The sum in small caps is
the decision; the fund is how it is carried out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from advisor.optimize.formulation import Case
from advisor.optimize.problem import AllocationProblem, Solution
from advisor.optimize.search import DUST, best_solution

INDIFFERENT = 5e-5  # of household value a year: half a basis point
LONGEST_MENU = 3  # funds; larger menus than this are not taken apart


@dataclass(frozen=True, slots=True)
class Menu:
    """Funds to buy from, and what keeping to them costs against all on offer; None where they meet no limits."""

    symbols: tuple[str, ...]
    loss: float | None  # fraction of household value a year


@dataclass(frozen=True, slots=True)
class MenuChoice:
    """The chosen menu with its solution, and every menu that was tried."""

    solution: Solution
    chosen: Menu
    tried: tuple[Menu, ...]


def choose_menu(problem: AllocationProblem, cases: tuple[Case, ...], best: Solution) -> MenuChoice:
    """The menu of fewest funds within `INDIFFERENT` of `best`, then of least fee and spread, then by symbol."""
    if best.buy.sum() <= DUST:
        return MenuChoice(best, Menu((), 0.0), ())
    found = {menu: best_solution(problem, _offering(problem, cases, menu)) for menu in _menus(problem, best)}
    tried = tuple(Menu(_symbols(problem, menu), _loss(best, answer)) for menu, answer in found.items())
    near = [
        (len(menu), _cost(problem, menu), _symbols(problem, menu), answer)
        for menu, answer in found.items()
        if answer is not None and best.objective - answer.objective <= INDIFFERENT
    ]
    if not near:
        return MenuChoice(best, Menu(_symbols(problem, _bought(problem, best)), 0.0), tried)
    _, _, symbols, answer = min(near, key=lambda entry: entry[:3])
    return MenuChoice(answer, Menu(symbols, _loss(best, answer)), tried)


def first_choice(problem: AllocationProblem, cases: tuple[Case, ...], best: Solution) -> MenuChoice:
    """What `choose_menu` chooses, found by trying menus in the order of choice up to the first that is near enough."""
    if best.buy.sum() <= DUST:
        return MenuChoice(best, Menu((), 0.0), ())

    def order(menu: tuple[int, ...]) -> tuple[int, float, tuple[str, ...]]:
        return len(menu), _cost(problem, menu), _symbols(problem, menu)

    for menu in sorted(_menus(problem, best), key=order):
        answer = best_solution(problem, _offering(problem, cases, menu))
        if answer is not None and best.objective - answer.objective <= INDIFFERENT:
            return MenuChoice(answer, Menu(_symbols(problem, menu), _loss(best, answer)), ())
    return MenuChoice(best, Menu(_symbols(problem, _bought(problem, best)), 0.0), ())


def _menus(problem: AllocationProblem, best: Solution) -> Iterator[tuple[int, ...]]:
    """Every set of up to three funds on offer; of a long list, sets of what the best mix buys and single funds."""
    offered = tuple(int(security) for security in np.unique(problem.inputs.buys.security))
    used = _bought(problem, best)
    several = offered if len(offered) <= LONGEST_MENU else used
    yield from ((fund,) for fund in offered)
    for size in range(2, min(len(several), LONGEST_MENU) + 1):
        yield from combinations(several, size)


def _bought(problem: AllocationProblem, solution: Solution) -> tuple[int, ...]:
    buys = problem.inputs.buys
    return tuple(int(s) for s in np.unique(buys.security) if solution.buy[buys.security == s].sum() > DUST)


def _offering(problem: AllocationProblem, cases: tuple[Case, ...], menu: tuple[int, ...]) -> tuple[Case, ...]:
    on_menu = np.isin(problem.inputs.buys.security, menu)
    return tuple(replace(case, most_bought=np.where(on_menu, case.most_bought, 0.0)) for case in cases)


def _symbols(problem: AllocationProblem, menu: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(sorted(problem.inputs.symbols[security] for security in menu))


def _cost(problem: AllocationProblem, menu: tuple[int, ...]) -> float:
    """Fees over the horizon, and spreads, of a dollar in each fund."""
    i = problem.inputs
    return float(sum(i.expense_ratio[fund] * i.cost_years + i.half_spread[fund] for fund in menu))


def _loss(best: Solution, answer: Solution | None) -> float | None:
    return None if answer is None else max(best.objective - answer.objective, 0.0)
