"""Time to refresh the prices and facts of many securities, against a Yahoo on this machine that takes its time.

    python -m tests.benchmarks.market_refresh [--symbols 25] [--latency 0.05] [--rounds 3]

Prints for each round the seconds of the first import, of the prices (11 years of daily bars) and of the facts, and
how many requests that took. Each round is a process of its own, as a run of the command line is.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from datetime import date

from tests.yahoo_server import NOW, YahooServer, fund_facts, walk

PROGRAM = """
import json, sys, time
from datetime import date, datetime

start = time.perf_counter()
from advisor.market.yahoo import client
from advisor.market.yahoo.fetch import fetch_facts, fetch_histories

now, symbols = datetime.fromisoformat(sys.argv[1]), sys.argv[2:]
imported = time.perf_counter()
prices = fetch_histories(symbols, date(2015, 7, 13), now=now)
priced = time.perf_counter()
facts = fetch_facts(symbols, now=now)
done = time.perf_counter()
bars = sum(len(found.days) for found in prices.values())
known = sum(bool(found.sectors) for found in facts.values())
print(json.dumps({"import": imported - start, "prices": priced - imported, "facts": done - priced,
                  "total": done - start, "bars": bars, "facts_known": known}))
"""


def main() -> None:
    """Run the rounds and print one line for each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--symbols", type=int, default=25)
    parser.add_argument("--latency", type=float, default=0.05)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    symbols = [f"F{place}" for place in range(options.symbols)]
    charts = {symbol: walk(symbol) for symbol in symbols}
    facts = {symbol: fund_facts(symbol) for symbol in symbols}
    print(f"{options.symbols} symbols, {options.latency * 1000:.0f} ms a request, since {date(2015, 7, 13)}")  # noqa: T201
    for _ in range(options.rounds):
        with YahooServer(charts, facts, latency=options.latency) as server:
            start = time.perf_counter()
            command = [sys.executable, "-c", PROGRAM, NOW.isoformat(), *symbols]
            run = subprocess.run(command, env=server.environment(), capture_output=True, text=True, check=True)
            process = time.perf_counter() - start
            figures = json.loads(run.stdout) | {"process": process}
            line = ", ".join(f"{name} {figure:.2f}" for name, figure in figures.items())
            print(f"{line}, requests {len(server.requests)}, most at once {server.most_at_once}")  # noqa: T201


if __name__ == "__main__":
    main()
