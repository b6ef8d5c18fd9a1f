"""Peak memory of one solve, each in a process of its own: `python -m tests.benchmarks.memory WHO N COVARIANCE`."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measure import Row, row

STATUS = Path("/proc/self/status")
DATA = "the data alone"


def measured(n: int, covariance: str, who: list[str]) -> Iterator[Row]:
    """A row for the data alone, and for each of `who`."""
    for one in (DATA, *who):
        command = [sys.executable, "-m", "tests.benchmarks.memory", one, str(n), covariance]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        yield row("peak memory", n, covariance, one, mib=float(done.stdout))


def peak_mib() -> float:
    """Peak of this process so far.

    Linux counts the parent's memory in `getrusage` of a child; its status file does not.
    """
    if STATUS.exists():
        return int(STATUS.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def _solve_once(who: str, n: int, covariance: str) -> None:
    from tests.benchmarks.bare import BARE, BareClarabel, with_volatility_limit
    from tests.benchmarks.reference import reference

    problem = with_volatility_limit(reference(n, covariance))
    if who == BARE:
        BareClarabel(problem).solve(problem.inputs)
    elif who != DATA:
        from tests.benchmarks.single import maker  # with cvxpy, which the others do without

        maker(who)(problem)(problem.inputs)


if __name__ == "__main__":
    _solve_once(sys.argv[1], int(sys.argv[2]), sys.argv[3])
    sys.stdout.write(f"{peak_mib()}\n")
