"""Puts the parts of a snapshot together and writes it.

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
from advisor.market.builder.covariance_fit import fit_factor_covariance
from advisor.market.builder.episodes import stress_episodes
from advisor.market.builder.fact_tables import Row, own_table, split_list
from advisor.market.builder.fund_lists import all_constituents, load_sources, pairwise_overlaps
from advisor.market.builder.panel import Panel, load_panel, long_run
from advisor.market.builder.scenarios import monthly_scenarios
from advisor.market.builder.security_facts import all_securities, risk_free
from advisor.market.data import FactorCovariance, Scenarios
from advisor.market.holdings.bounds import Stocks
from advisor.units import BASIS_POINT

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
    scenarios = monthly_scenarios(panel.prices, stand_ins, panel.as_of)
    overlaps = [{"pair": pair, **_plain(value)} for pair, value in pairwise_overlaps(sources.files).items()]
    return _dump(
        {
            "schema": SCHEMA,
            "id": f"snapshot-{panel.as_of}",
            "as_of": panel.as_of,
            "notes": list(NOTES),
            "risk_free": risk_free(facts),
            "securities": all_securities(panel, fund_rows, stock_rows, facts),
            "constituents": [known for symbol, known in constituents.items() if symbol in panel.last_close],
            "overlaps": overlaps,
            "covariance": _covariance_head(covariance),
            "covariance_rows": _covariance_rows(covariance),
            "episodes": list(stress_episodes(panel.prices, stand_ins)),
            "scenarios": {name: getattr(scenarios, name) for name in ("source", "months", "stand_ins")},
            "scenario_rows": _scenario_rows(scenarios),
            "long_run_start": panel.prices.index[0].date(),
            "long_run": [{"symbol": symbol, **figures} for symbol, figures in sorted(long_run(panel).items())],
        }
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


def _scenario_rows(scenarios: Scenarios) -> list[dict[str, Any]]:
    points = (scenarios.returns / BASIS_POINT).round().astype(int).T.tolist()
    return [{"symbol": symbol, "basis_points": row} for symbol, row in zip(scenarios.symbols, points, strict=True)]


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
