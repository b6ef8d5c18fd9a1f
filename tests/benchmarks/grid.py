"""The grid of the what-if file: `python -m tests.benchmarks.grid`.

Each sample's default grid, against Clarabel alone on the same programs: one solver, new vectors and coefficients for
each, nothing certified, measured or compared, and only the programs that `grid` does not spare itself.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from advisor.market.data import MarketData
from advisor.market.resolve import resolve
from advisor.market.snapshot import load_snapshot
from advisor.optimize.compiled import new_solver
from advisor.optimize.cones import ConeProgram
from advisor.optimize.formulation import Case
from advisor.optimize.problem import AllocationProblem, Solution
from advisor.portfolio.load import load_portfolio
from advisor.portfolio.model import Portfolio
from advisor.whatif import grid as room
from tests.benchmarks.measure import interleaved, ratio

SAMPLES = Path(__file__).parent.parent.parent / "portfolios"
NAMES = ("tech-employee", "retiree-ira", "couple-mixed-lots", "already-diversified")
ROUNDS = 5


def programs(portfolio: Portfolio, market: MarketData) -> list[ConeProgram]:
    """The programs that `grid` solves, in its order."""
    seen: list[ConeProgram] = []
    own = AllocationProblem.solve

    def noted(problem: AllocationProblem, case: Case) -> Solution | None:
        seen.append(problem.program(case))
        return own(problem, case)

    AllocationProblem.solve = noted
    try:
        room.grid(portfolio, market)
    finally:
        AllocationProblem.solve = own
    return seen


def bare(found: list[ConeProgram]) -> Callable[[int], None]:
    """One solver for all of `found`."""

    def solve_all(_: int) -> None:
        solver = new_solver(found[0])
        for program in found:
            solver.update(q=program.q, b=program.b, A=program.A)
            solver.solve()

    return solve_all


def main() -> None:
    """Print the medians."""
    market = load_snapshot()
    sys.stdout.write(f"load {os.getloadavg()[0]:.2f}, medians of {ROUNDS} rounds\n")
    sys.stdout.write(f"{'':22}{'points':>8}{'solves':>8}{'grid s':>9}{'bare s':>9}{'ratio':>7}\n")
    for name in NAMES:
        portfolio = load_portfolio((SAMPLES / f"{name}.yaml").read_bytes(), file=name, today=date(2026, 11, 20))
        data = resolve(market, portfolio)
        found = programs(portfolio, data)
        points = sum(len(row) for row in room.grid(portfolio, data).points)
        works = {"grid": lambda _, p=portfolio, d=data: room.grid(p, d), "bare": bare(found)}
        seconds = interleaved(works, ROUNDS, clock=time.perf_counter)
        whole, alone = (statistics.median(seconds[who]) for who in ("grid", "bare"))
        times = ratio(seconds["grid"], seconds["bare"])
        sys.stdout.write(f"{name:22}{points:8}{len(found):8}{whole:9.3f}{alone:9.3f}{times:7.2f}\n")


if __name__ == "__main__":
    main()
