"""Facts of each security of a panel: name, issuer, index, fee, yield and spread, each with its date and source."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from advisor.errors import MarketDataError
from advisor.market.builder.panel import Panel
from advisor.market.data import Security, Sourced
from advisor.market.fact_tables import Row, day, number, own_table, read_table, split_list

META = "fund_meta.csv"
OLDER = "fund_facts.csv"


def all_securities(
    panel: Panel, fund_rows: Mapping[str, Row], stock_rows: Mapping[str, Row], facts: Path
) -> list[Security]:
    """Every security of the panel, in alphabetical order."""
    meta = {row["fund"]: row for row in read_table(facts / META, ("fund", "name", "expense_ratio_pct", "yield"))}
    older = {row["ticker"]: row for row in read_table(facts / OLDER, ("ticker", "er_pct_2025", "as_of_2025"))}
    spreads = _half_spreads()
    securities = []
    for symbol in sorted(panel.last_close):
        if symbol in stock_rows:
            securities.append(_stock(stock_rows[symbol], panel, spreads))
        else:
            securities.append(_fund(fund_rows[symbol], panel, spreads, meta.get(symbol), older.get(symbol)))
    return securities


def risk_free(facts: Path) -> Sourced:
    """Yield of SGOV, a fund of Treasury bills up to three months.

    Raises
    ------
    MarketDataError
        The facts do not give it.
    """
    for row in read_table(facts / META, ("fund", "yield", "as_of", "source")):
        found = _from_meta(row, "yield", 1.0) if row["fund"] == "SGOV" else None
        if found is not None:
            return Sourced(found.value, found.as_of, f"yield of SGOV (Treasury bills); {found.source}")
    raise MarketDataError(f"{META}: no yield of SGOV, which is the risk-free rate")


def _stock(row: Row, panel: Panel, spreads: Mapping[str, Sourced]) -> Security:
    symbol = row["symbol"]
    return Security(
        symbol=symbol,
        name=row["name"],
        is_fund=False,
        company=row["company"],
        sector=row["sector"],
        close_usd=panel.last_close[symbol],
        close_date=panel.as_of,
        half_spread=spreads.get(symbol, spreads["stock"]),
    )


def _fund(row: Row, panel: Panel, spreads: Mapping[str, Sourced], meta: Row | None, older: Row | None) -> Security:
    symbol = row["symbol"]
    return Security(
        symbol=symbol,
        name=meta["name"] if meta else row["name"],
        is_fund=True,
        company=None,
        sector=meta["category"] if meta else row["category"],
        close_usd=panel.last_close[symbol],
        close_date=panel.as_of,
        half_spread=spreads.get(symbol, spreads[row["kind"]]),
        index=row["index"] or None,
        expense_ratio=_from_meta(meta, "expense_ratio_pct", 0.01) if meta else _older_fee(older),
        dividend_yield=_from_meta(meta, "yield", 1.0) if meta else None,
    )


def _older_fee(row: Row | None) -> Sourced | None:
    """Last year's fee, where this year's is not known; None where neither is."""
    if row is None or not row["er_pct_2025"]:
        return None
    where = f"{OLDER}: {row['ticker']}"
    return Sourced(number(row["er_pct_2025"], where) / 100.0, day(row["as_of_2025"], where), row["source_2025"])


def _from_meta(row: Row, column: str, unit: float) -> Sourced | None:
    """A figure of the fund table as a fraction; None where the cell is empty."""
    if not row[column]:
        return None
    where = f"{META}: {row['fund']}"
    return Sourced(number(row[column], where) * unit, day(row["as_of"], where), row["source"])


def _half_spreads() -> dict[str, Sourced]:
    """By symbol, or by kind of security where the symbol has none of its own."""
    spreads = {}
    for row in own_table("half_spreads", ("applies_to", "half_spread", "as_of")):
        where = f"half_spreads.csv: {row['applies_to']}"
        as_of = day(row["as_of"], where) if row["as_of"] else None
        for name in split_list(row["applies_to"]):
            spreads[name] = Sourced(number(row["half_spread"], where), as_of, row["source"])
    return spreads
