"""The command: what is measured, the table, and the check that all found the same weights."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tests.benchmarks import lots, memory, single
from tests.benchmarks.measure import Row

AGREE = 1e-5  # largest difference of a weight
AGREE_IN_BATCH = 1e-4  # of 1,000 households some are flat: the solver's gap of 1e-8 leaves their weights that open
PACKAGES = (
    "clarabel", "cvxpy", "numpy", "scipy", "pandas", "PyPortfolioOpt", "Riskfolio-Lib", "skfolio", "cvxportfolio",
)  # fmt: skip
COLUMNS = ("ms", "ratio_to_bare", "max_weight_difference", "per_second", "speed_up", "mib", "slope")
FORMATS = dict(zip(COLUMNS, (".3f", ".2f", ".1e", ".0f", ".2f", ".0f", ".2f"), strict=True))


def main() -> int:
    """Measure, print and compare; 1 where this project's weights are not those of the bare solver."""
    options = _options()
    _say(_machine())
    rows: list[Row] = []
    for found in _measured(options):
        if not rows or any(rows[-1][key] != found[key] for key in ("work", "n", "covariance")):
            _say("\n" + _heading(found))
        rows.append(found)
        _say(_line(found))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    apart = [r for r in rows if _is_apart(r) and r["who"] in single.OWN]
    return 1 if apart else 0


def _measured(options: argparse.Namespace) -> Iterator[Row]:
    of_one: list[Row] = []
    for n in options.n:
        for covariance in ("dense", "factor"):
            if n < 2000 or covariance == "factor" or options.all:
                for found in single.measured(
                    n, covariance, rounds=options.rounds, peers=options.peers, everything=options.all
                ):
                    of_one.append(found)
                    yield found
    yield from single.slopes(of_one)
    yield from lots.measured(options.count, min(options.rounds, 5))
    for n in options.memory:
        yield from memory.measured(n, "dense", single.remembered(peers=options.peers))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=single.__doc__)
    parser.add_argument("--n", type=int, nargs="*", default=[12, 50, 500, 2000], help="numbers of assets, or none")
    parser.add_argument("--peers", action="store_true", help="other optimizers too (pip install -e '.[peers]')")
    parser.add_argument("--all", action="store_true", help="2,000 assets dense and peers at every size: hours, 16 GB")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there")
    parser.add_argument("--quick", action="store_true", help="12 assets, few rounds: that it runs and agrees")
    parser.set_defaults(rounds=21, count=1000, memory=[12, 500])
    options = parser.parse_args()
    if options.quick:
        options.n, options.rounds, options.count, options.memory = [12], 1, 20, [12]
    return options


def _machine() -> str:
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    load = f", load {os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else ""
    return f"Python {platform.python_version()}, {os.cpu_count()} cores{load}; {', '.join(found)}"


def _heading(found: Row) -> str:
    columns = "".join(f"{name.replace('_', ' '):>23}" for name in COLUMNS if found.get(name) is not None)
    return f"{found['work']}, {found['n']} assets, {found['covariance']}".ljust(44) + columns


def _line(found: Row) -> str:
    figures = "".join(f"{found[name]:>23{FORMATS[name]}}" for name in COLUMNS if found.get(name) is not None)
    return f"  {found['who']:42}{figures}{'  differs' if _is_apart(found) else ''}"


def _is_apart(found: Row) -> bool:
    agree = AGREE_IN_BATCH if found["work"].startswith("batch") else AGREE
    return (found["max_weight_difference"] or 0.0) > agree


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
