"""A whole recommendation: `python -m tests.benchmarks.recommendation`.

A household of 3 accounts and 40 lots is planned, its files are laid out, one whose limits conflict is told so, all
after imports, and the command is run as a user runs it, beside an interpreter that imports cvxpy and pandas and does
nothing.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np

from advisor.api.recommend import recommend, report_files
from advisor.errors import LimitsConflictError
from advisor.market.data import MarketData
from advisor.market.resolve import resolve
from advisor.market.snapshot import load_snapshot
from advisor.optimize.limits import compile_limits
from advisor.optimize.marginal_values import marginal_values
from advisor.optimize.problem import AllocationProblem
from advisor.optimize.sensitivity import over_horizons
from advisor.optimize.shadow_prices import limit_prices
from advisor.optimize.solve import allocate
from advisor.portfolio.limit_types import Side
from advisor.portfolio.load import load_portfolio
from advisor.portfolio.model import Account, AccountType, Limit, Lot, Portfolio, Position
from advisor.portfolio.preferences import FilingStatus, Preferences, TaxSituation
from advisor.rebalance.plan import rebalance, survey
from tests.benchmarks.measure import interleaved, ratio

CHECKOUT = Path(__file__).parent.parent.parent
SAMPLES = CHECKOUT / "portfolios"
AS_OF = date(2026, 11, 20)
LOTS = {  # how many of each, by account: 40 in all
    AccountType.TAXABLE: {"NVDA": 8, "AAPL": 6, "MSFT": 5, "VOO": 6, "IWM": 3},
    AccountType.TRADITIONAL: {"QQQ": 4, "VTI": 2, "BND": 1},
    AccountType.ROTH: {"MGK": 3, "IJR": 2},
}
PLANNED, REPORT = "recommendation, 3 accounts, 40 lots", "report, PDF, record and orders of it"
COMMAND, IMPORTS = "advisor rebalance, four files written", 'python -c "import cvxpy, pandas"'
ROUNDS = 7


def household(market: MarketData, seed: int = 0) -> Portfolio:
    """Three accounts and 40 lots of 4,000 to 40,000 dollars, bought over nine years, some at a loss."""
    rng = np.random.default_rng(seed)

    def lot(symbol: str, kind: AccountType) -> Lot:
        price = market.securities[symbol].close_usd
        shares = Decimal(int(rng.uniform(4_000, 40_000) / float(price)) + 1)
        if kind is not AccountType.TAXABLE:
            return Lot(shares)
        cost = (price * Decimal(f"{rng.uniform(0.2, 1.15):.4f}")).quantize(Decimal("0.01"))
        return Lot(shares, cost, AS_OF - timedelta(days=int(rng.integers(40, 3300))))

    accounts = tuple(
        Account(
            kind.value,
            kind,
            Decimal(5000),
            tuple(Position(symbol, tuple(lot(symbol, kind) for _ in range(n))) for symbol, n in held.items()),
        )
        for kind, held in LOTS.items()
    )
    return Portfolio(
        name="Forty lots",
        as_of=AS_OF,
        accounts=accounts,
        limits=(
            Limit("magnificent_seven", Side.MAX, Decimal("0.35")),
            Limit("single_company", Side.MAX, Decimal("0.18")),
            Limit("small_caps", Side.MIN, Decimal("0.10")),
            Limit("small_caps", Side.MAX, Decimal("0.30")),
            Limit("volatility", Side.MAX, Decimal("0.19")),
        ),
        tax=TaxSituation(
            is_stated=True,
            filing_status=FilingStatus.MARRIED_JOINT,
            short_term_rate=Decimal("0.24"),
            long_term_rate=Decimal("0.15"),
        ),
        preferences=Preferences(),
    )


def works(folder: Path) -> dict[str, Callable[[int], object]]:
    """What is measured, by name."""
    market = load_snapshot()
    forty = household(market)
    locked = load_portfolio((SAMPLES / "impossible.yaml").read_bytes(), file="impossible.yaml", today=AS_OF)
    of_forty, of_locked = resolve(market, forty), resolve(market, locked)

    def conflict(_: int) -> None:
        try:
            rebalance(locked, of_locked)
        except LimitsConflictError:
            return
        raise RuntimeError("the limits of impossible.yaml were met")

    inputs = survey(forty, of_forty).inputs
    problem = AllocationProblem(inputs, compile_limits(forty, of_forty, inputs))
    allocation = allocate(problem)
    if allocation is None:
        raise RuntimeError("the limits of the forty lots were not met")
    made = recommend(forty, market, "forty.yaml", "version: 1\n", {"advisor": "benchmark"})
    return {
        PLANNED: lambda _: rebalance(forty, of_forty),
        "  of it: every limit priced": lambda _: limit_prices(problem, allocation.solution),
        "  of it: every lot's price book": lambda _: marginal_values(problem, allocation.solution),
        "  of it: seven horizons": lambda _: over_horizons(problem),
        "conflict named (impossible.yaml)": conflict,
        REPORT: lambda _: report_files(made, sys.stderr.write),
        COMMAND: process("-m", "advisor", "rebalance", str(SAMPLES / "tech-employee.yaml"), "--out", str(folder)),
        IMPORTS: process("-c", "import cvxpy, pandas"),
    }


def process(*arguments: str) -> Callable[[int], object]:
    """A Python process that must succeed."""
    return lambda _: subprocess.run([sys.executable, *arguments], cwd=CHECKOUT, check=True, capture_output=True)


def cpu_seconds() -> float:
    """Spent so far, by this process and those it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main() -> None:
    """Print the medians."""
    with tempfile.TemporaryDirectory() as folder:
        measured = works(Path(folder))
        interleaved(measured, 1)  # what is loaded at first use is loaded now
        wall = interleaved(measured, ROUNDS, clock=time.perf_counter)
        cpu = interleaved(measured, ROUNDS, clock=cpu_seconds)
    sys.stdout.write(f"{f'load {os.getloadavg()[0]:.2f}, medians of {ROUNDS} rounds':44}    wall s     CPU s\n")
    for what in measured:
        sys.stdout.write(f"{what:44}{statistics.median(wall[what]):10.3f}{statistics.median(cpu[what]):10.3f}\n")
    for what, one, other in (("report to recommendation", REPORT, PLANNED), ("command to imports", COMMAND, IMPORTS)):
        ratios = [ratio(seconds[one], seconds[other]) for seconds in (wall, cpu)]
        sys.stdout.write(f"{f'ratio of {what}':44}{ratios[0]:10.2f}{ratios[1]:10.2f}\n")


if __name__ == "__main__":
    main()
