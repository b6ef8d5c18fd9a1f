"""Puts the parts of a snapshot together and writes it.

docs/developers/snapshot.md describes the method and the source of every figure.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

from advisor.errors import MarketDataError
from advisor.market.builder.covariance_fit import fit_factor_covariance
from advisor.market.builder.episodes import stress_episodes
from advisor.market.builder.fund_lists import all_constituents, load_sources, overlaps
from advisor.market.builder.panel import Panel, load_panel, long_run
from advisor.market.builder.past_months import monthly_returns
from advisor.market.builder.security_facts import all_securities, risk_free
from advisor.market.data import MarketData
from advisor.market.fact_tables import Row, day, fund_table, own_table, split_list, stock_table
from advisor.market.holdings.bounds import Stocks
from advisor.market.prices.history import Split
from advisor.market.snapshot_writer import snapshot_text

NOTES = (
    "Closes, covariance and episodes come from one panel of adjusted closes; holdings lists and fund facts have "
    "their own, earlier dates.",
    "Lists of the ten largest holdings carry the day they were read, not the day they describe.",
    "Fees, yields and spreads are the latest known and dated one by one; spreads marked as assumption are the team's.",
)


def build(prices: Path, facts: Path, holdings: Path) -> str:
    """Text of the snapshot.

    Raises
    ------
    MarketDataError
        Any input is missing, unreadable or inconsistent; the message names it.
    """
    panel = load_panel(prices)
    stock_rows, fund_rows = stock_table(), fund_table()
    factors = tuple(row["symbol"] for row in own_table("factors", ("symbol",)))
    _check_symbols(panel, {*stock_rows, *fund_rows}, factors, prices)
    stocks = Stocks(
        {symbol: row["company"] for symbol, row in stock_rows.items()},
        {row["company"]: row["sector"] for row in stock_rows.values()},
    )
    sources = load_sources(facts, holdings, stocks)
    constituents = all_constituents(fund_rows, sources)
    covariance = fit_factor_covariance(panel.returns, factors, panel.as_of)
    stand_ins = _stand_ins(fund_rows, stock_rows)
    return snapshot_text(
        MarketData(
            source="snapshot",
            id=f"snapshot-{panel.as_of}",
            as_of=panel.as_of,
            sha256="",
            securities={row.symbol: row for row in all_securities(panel, fund_rows, stock_rows, facts)},
            constituents={symbol: known for symbol, known in constituents.items() if symbol in panel.last_close},
            covariance=covariance,
            episodes=stress_episodes(panel.prices, stand_ins),
            overlaps=overlaps(sources.files),
            risk_free=risk_free(facts),
            long_run=long_run(panel),
            long_run_start=panel.prices.index[0].date(),
            notes=NOTES,
            past_months=monthly_returns(panel.prices, stand_ins, panel.as_of),
            splits=_splits(),
        )
    )


def _check_symbols(panel: Panel, described: set[str], factors: tuple[str, ...], prices: Path) -> None:
    unknown = sorted(set(panel.last_close) - described)
    if unknown:
        raise MarketDataError(f"{prices.name}: no row in stocks.csv or funds.csv for {', '.join(unknown)}")
    missing = sorted(set(factors) - set(panel.last_close))
    if missing:
        raise MarketDataError(f"{prices.name}: no column for {', '.join(missing)}, which the covariance needs")


def _stand_ins(fund_rows: Mapping[str, Row], stock_rows: Mapping[str, Row]) -> dict[str, tuple[str, ...]]:
    by_sector = {row["sector"]: split_list(row["stand_ins"]) for row in own_table("sectors", ("sector", "stand_ins"))}
    funds = {symbol: split_list(row["stand_ins"]) for symbol, row in fund_rows.items()}
    return funds | {symbol: by_sector[row["sector"]] for symbol, row in stock_rows.items()}


def _splits() -> dict[str, tuple[Split, ...]]:
    found: dict[str, tuple[Split, ...]] = {}
    for row in own_table("splits", ("symbol", "by", "ratio")):
        split = Split(day(row["by"], f"splits.csv: {row['symbol']}"), Decimal(row["ratio"]), row["source"])
        found[row["symbol"]] = (*found.get(row["symbol"], ()), split)
    return found


def main(arguments: Iterable[str] | None = None) -> None:
    """Write the snapshot to the file given by ``--out``."""
    parser = argparse.ArgumentParser(description="Build a market snapshot.")
    for name in ("prices", "facts", "holdings", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    given = parser.parse_args(None if arguments is None else list(arguments))
    given.out.write_text(build(given.prices, given.facts, given.holdings), encoding="utf-8", newline="\n")
