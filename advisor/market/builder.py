"""Builds a snapshot from a price panel, fact tables and issuers' holdings files.

``python -m advisor.market.builder --prices PANEL.csv --facts DIR --holdings DIR --out FILE``

Equal input gives equal bytes: rows are sorted, numbers have nine significant digits, one row stands on one line.
docs/snapshot.md describes the method and the source of every figure.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from advisor.errors import MarketDataError
from advisor.market.covariance_fit import fit_factor_covariance
from advisor.market.data import FactorCovariance, Security, Sourced
from advisor.market.episodes import stress_episodes
from advisor.market.fact_tables import Row, day, number, own_table, read_table, split_list
from advisor.market.fund_bounds import Stocks
from advisor.market.fund_lists import all_constituents, load_sources, pairwise_overlaps
from advisor.market.panel import Panel, load_panel, long_run

SCHEMA = "advisor.snapshot/1"
DIGITS = 9
FUND_COLUMNS = (
    "symbol", "name", "category", "kind", "index", "method", "seven_allowed", "proxy", "basis",
    "scale_low", "scale_high", "others_high", "stand_ins", "note",
)  # fmt: skip
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
    stock_rows = {row["symbol"]: row for row in own_table("stocks", ("symbol", "company", "name", "sector"))}
    fund_rows = {row["symbol"]: row for row in own_table("funds", FUND_COLUMNS)}
    unknown = sorted(set(panel.last_close) ^ {*stock_rows, *fund_rows})
    if unknown:
        raise MarketDataError(f"{prices.name}: panel and tables differ in {', '.join(unknown)}")
    stocks = Stocks(
        {symbol: row["company"] for symbol, row in stock_rows.items()},
        {row["company"]: row["sector"] for row in stock_rows.values()},
    )
    sources = load_sources(facts, holdings, stocks)
    factors = tuple(row["symbol"] for row in own_table("factors", ("symbol",)))
    securities = _securities(panel, fund_rows, stock_rows, facts)
    overlaps = [{"pair": pair, **_plain(value)} for pair, value in pairwise_overlaps(sources.files).items()]
    return _dump(
        {
            "schema": SCHEMA,
            "id": f"snapshot-{panel.as_of}",
            "as_of": panel.as_of,
            "notes": list(NOTES),
            "risk_free": _risk_free(facts),
            "securities": securities,
            "constituents": list(all_constituents(fund_rows, sources).values()),
            "overlaps": overlaps,
            "covariance": _covariance_head(covariance := fit_factor_covariance(panel.returns, factors, panel.as_of)),
            "covariance_rows": _covariance_rows(covariance),
            "episodes": list(stress_episodes(panel.prices, _stand_ins(fund_rows, stock_rows))),
            "long_run_start": panel.prices.index[0].date(),
            "long_run": [{"symbol": symbol, **figures} for symbol, figures in sorted(long_run(panel).items())],
        }
    )


def _securities(
    panel: Panel, fund_rows: Mapping[str, Row], stock_rows: Mapping[str, Row], facts: Path
) -> list[Security]:
    meta = {row["fund"]: row for row in read_table(facts / "fund_meta.csv", ("fund", "name", "expense_ratio_pct"))}
    older = {row["ticker"]: row for row in read_table(facts / "fund_facts.csv", ("ticker", "er_pct_2025"))}
    spreads = _half_spreads()
    securities = []
    for symbol, close in sorted(panel.last_close.items()):
        if symbol in stock_rows:
            row = stock_rows[symbol]
            spread = spreads.get(symbol, spreads["stock"])
            securities.append(
                Security(
                    symbol=symbol,
                    name=row["name"],
                    is_fund=False,
                    company=row["company"],
                    sector=row["sector"],
                    close_usd=close,
                    close_date=panel.as_of,
                    half_spread=spread,
                )
            )
            continue
        row, facts_row = fund_rows[symbol], meta.get(symbol)
        securities.append(
            Security(
                symbol=symbol,
                name=facts_row["name"] if facts_row else row["name"],
                is_fund=True,
                company=None,
                sector=facts_row["category"] if facts_row else row["category"],
                close_usd=close,
                close_date=panel.as_of,
                half_spread=spreads.get(symbol, spreads[row["kind"]]),
                index=row["index"] or None,
                expense_ratio=_expense_ratio(symbol, facts_row, older.get(symbol)),
                dividend_yield=_sourced(facts_row, "yield", 1.0) if facts_row else None,
            )
        )
    return securities


def _expense_ratio(symbol: str, meta: Row | None, older: Row | None) -> Sourced | None:
    """The latest known fee, a fraction a year; None where no source gives one."""
    if meta:
        return _sourced(meta, "expense_ratio_pct", 0.01)
    if older and older["er_pct_2025"]:
        where = f"fund_facts.csv: {symbol}"
        value = number(older["er_pct_2025"], where) / 100.0
        return Sourced(value, day(older["as_of_2025"], where), older["source_2025"])
    return None


def _sourced(row: Row, column: str, unit: float) -> Sourced | None:
    where = f"fund_meta.csv: {row['fund']}"
    return Sourced(number(row[column], where) * unit, day(row["as_of"], where), row["source"]) if row[column] else None


def _risk_free(facts: Path) -> Sourced:
    """Yield of SGOV, a fund of Treasury bills up to three months."""
    for row in read_table(facts / "fund_meta.csv", ("fund", "yield", "as_of", "source")):
        if row["fund"] == "SGOV":
            found = _sourced(row, "yield", 1.0)
            if found:
                return Sourced(found.value, found.as_of, f"yield of SGOV (Treasury bills); {found.source}")
    raise MarketDataError("fund_meta.csv: no yield of SGOV, which is the risk-free rate")


def _half_spreads() -> dict[str, Sourced]:
    """By symbol, or by kind of security where the symbol has none of its own."""
    spreads = {}
    for row in own_table("half_spreads", ("applies_to", "half_spread", "as_of")):
        where = f"half_spreads.csv: {row['applies_to']}"
        value = number(row["half_spread"], where)
        for name in split_list(row["applies_to"]):
            spreads[name] = Sourced(value, day(row["as_of"], where) if row["as_of"] else None, row["source"])
    return spreads


def _stand_ins(fund_rows: Mapping[str, Row], stock_rows: Mapping[str, Row]) -> dict[str, tuple[str, ...]]:
    by_sector = {row["sector"]: split_list(row["stand_ins"]) for row in own_table("sectors", ("sector", "stand_ins"))}
    funds = {symbol: split_list(row["stand_ins"]) for symbol, row in fund_rows.items()}
    return funds | {symbol: by_sector[row["sector"]] for symbol, row in stock_rows.items()}


def _covariance_head(covariance: FactorCovariance) -> dict[str, Any]:
    names = ("factors", "method", "start", "end", "short_histories")
    return {name: getattr(covariance, name) for name in names}


def _covariance_rows(covariance: FactorCovariance) -> list[dict[str, Any]]:
    """Loadings without their trailing zeros, which the Cholesky factor of the factors has many of."""
    rows = []
    for symbol, loadings, variance in zip(
        covariance.symbols, covariance.loadings, covariance.idiosyncratic, strict=True
    ):
        used = int(loadings.nonzero()[0].max()) + 1
        rows.append({"symbol": symbol, "idiosyncratic": float(variance), "loadings": loadings[:used].tolist()})
    return rows


def _plain(value: object) -> Any:  # noqa: ANN401 - what JSON can hold has no narrower type
    """A value as JSON knows it: dates and decimals as text, numbers with nine significant digits."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (date, Decimal)):
        return str(value)
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    return value


def _dump(document: Mapping[str, object]) -> str:
    """JSON with one line for each row of a list."""
    parts = []
    for key, value in document.items():
        if isinstance(value, list):
            rows = ",\n".join(_line(row) for row in value)
            parts.append(f"{_line(key)}: [\n{rows}\n]")
        else:
            parts.append(f"{_line(key)}: {_line(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _line(value: object) -> str:
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False)


def main(arguments: Iterable[str] | None = None) -> None:
    """Write the snapshot to the file given by ``--out``."""
    parser = argparse.ArgumentParser(description="Build a market snapshot.")
    for name in ("prices", "facts", "holdings", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    given = parser.parse_args(None if arguments is None else list(arguments))
    given.out.write_text(build(given.prices, given.facts, given.holdings), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
