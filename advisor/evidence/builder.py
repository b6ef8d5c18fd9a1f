"""``python -m advisor.evidence.builder DATA_FOLDER``: compute the dated results, and write them beside this module.

The folder holds ``macro/kf_size_portfolios_monthly.csv`` (Kenneth French's size portfolios, monthly returns as
fractions) and ``prices_wide.csv`` (adjusted closes). What is written are figures computed from them, and no price.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np

from advisor.errors import MarketDataError
from advisor.evidence.facts import rate_changes
from advisor.evidence.funds import funds_record
from advisor.evidence.rate_study import Direction, MonthlyPair, event_study, month_number
from advisor.evidence.recompute import SYMBOLS, recomputed
from advisor.evidence.results import DATED, InputFile, Results, results_text
from advisor.market.fact_tables import day, number
from advisor.market.price_file import content_of, panel_of_table, read_prices
from advisor.market.snapshot import load_snapshot

PORTFOLIOS, PRICES = Path("macro") / "kf_size_portfolios_monthly.csv", Path("prices_wide.csv")
SMALL, LARGE = "Qnt 2", "Hi 20"  # the second fifth by size from below, and the largest
NAMES = "the second-smallest fifth of companies", "the largest fifth"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the results of the folder that is named."""
    parser = argparse.ArgumentParser(description="Compute the dated results of the small-cap case.")
    parser.add_argument("folder", type=Path)
    given = parser.parse_args(arguments)
    DATED.write_text(results_text(built(given.folder)), encoding="utf-8", newline="\n")


def built(folder: Path) -> Results:
    """The results of a folder's files. Raises `MarketDataError` where they cannot be used."""
    pair, portfolios = size_portfolios(folder / PORTFOLIOS)
    studies = {direction: event_study(pair, rate_changes(), direction) for direction in Direction}
    cuts, rises = studies[Direction.CUT], studies[Direction.RISE]
    if cuts is None or rises is None:
        raise MarketDataError(f"{folder / PORTFOLIOS}: no window after a change of the rate")
    table = read_prices(folder / PRICES, SYMBOLS, date.min)
    panel = panel_of_table(table)
    source = "adjusted closes from Yahoo, of a public copy (dsturdy/Factor_Attribution_5_csvs)"
    prices = InputFile(PRICES.name, table.sha256, panel.days[0], panel.days[-1], source)
    empty = Results(
        (portfolios, prices), cuts, rises, None, None, None, None, None, None, None, funds_record(load_snapshot())
    )
    found = recomputed(empty, panel, panel.days[-1])
    if found.lacking:
        raise MarketDataError(f"{folder / PRICES}: {found.lacking}")
    return found.results


def size_portfolios(path: Path) -> tuple[MonthlyPair, InputFile]:
    """Monthly returns of the small and the large portfolio, and the file they are of; months without a gap.

    Raises `MarketDataError` for a month that is missing.
    """
    content = content_of(path)
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    ends = [day(row["ym"], path.name) for row in rows]
    numbers = [month_number(end) for end in ends]
    if not ends or numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        raise MarketDataError(f"{path.name}: the months are not one after another")
    small, large = (np.array([number(row[name], path.name) for row in rows]) for name in (SMALL, LARGE))
    file = InputFile(path.name, hashlib.sha256(content).hexdigest(), ends[0], ends[-1], "Kenneth French library")
    return MonthlyPair(*NAMES, numbers[0], small, large), file


if __name__ == "__main__":
    main()
