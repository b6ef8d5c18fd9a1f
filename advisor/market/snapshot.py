"""Reads a snapshot file, the embedded one by default, into `MarketData`, and refuses anything that is not sound."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn, TypeVar

import numpy as np

from advisor.errors import MarketDataError
from advisor.market.data import (
    Constituents,
    FactorCovariance,
    MarketData,
    MarketWarning,
    Origin,
    Scenarios,
    Security,
    Sourced,
    StressEpisode,
)
from advisor.market.history import Split
from advisor.market.snapshot_writer import SCHEMA
from advisor.units import BASIS_POINT

EMBEDDED = Path(__file__).resolve().parent / "snapshots" / "snapshot-2026-07-13.json"

Row = Mapping[str, Any]
Key = TypeVar("Key")
Value = TypeVar("Value")


def load_snapshot(path: Path | None = None) -> MarketData:
    """Market data of a snapshot file; without `path`, of the one that comes with the package.

    Raises
    ------
    MarketDataError
        The file cannot be read, is not a snapshot, or holds a figure that cannot be right (NaN, an infinity, a
        price that is not positive, an interval the wrong way round, a security without covariance).
    """
    file = EMBEDDED if path is None else path
    try:
        content = file.read_bytes()
    except OSError as error:
        raise MarketDataError(f"{file}: the market data cannot be read ({error.strerror})") from error
    return read_snapshot(content, source="snapshot" if path is None else file.name, file=str(file))


def read_snapshot(content: bytes, *, source: str, file: str) -> MarketData:
    """Market data of a snapshot's bytes; `source` is their name where they do not say one themselves.

    Raises `MarketDataError` as `load_snapshot`; `file` is named in it.
    """
    try:
        document = json.loads(content, parse_constant=_refuse_constant)
        market = _market(document, source, hashlib.sha256(content).hexdigest())
        _check(market)
    except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation, RecursionError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise MarketDataError(f"{file}: not a sound snapshot: {reason}") from error
    return market


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def _market(document: Row, source: str, sha256: str) -> MarketData:
    if document.get("schema") != SCHEMA:
        raise ValueError(f"schema is {document.get('schema')!r}, expected {SCHEMA!r}")
    return MarketData(
        source=document.get("source", source),
        id=document["id"],
        as_of=date.fromisoformat(document["as_of"]),
        sha256=sha256,
        securities=_keyed(document["securities"], "symbol", _security),
        constituents=_keyed(document["constituents"], "fund", _constituents),
        covariance=_covariance(document["covariance"], document["covariance_rows"]),
        episodes=tuple(_episode(row) for row in document["episodes"]),
        overlaps=_frozen({(row["pair"][0], row["pair"][1]): _sourced(row) for row in document["overlaps"]}),
        risk_free=_sourced(document["risk_free"]),
        long_run=_keyed(document["long_run"], "symbol", _figures),
        long_run_start=date.fromisoformat(document["long_run_start"]),
        notes=tuple(document["notes"]),
        scenarios=_scenarios(document["scenarios"], document["scenario_rows"]),
        indexes=_frozen(document.get("indexes", {})),
        splits=_splits(document.get("splits", [])),
        accepted=_frozen({symbol: Decimal(price) for symbol, price in document.get("accepted", {}).items()}),
        warnings=tuple(
            MarketWarning(row["code"], tuple(row["symbols"]), row["message"]) for row in document.get("warnings", [])
        ),
    )


def _frozen(values: Mapping[Key, Value]) -> Mapping[Key, Value]:
    return MappingProxyType(dict(values))


def _keyed(rows: list[Row], key: str, read: Callable[[Row], Value]) -> Mapping[str, Value]:
    found = {row[key]: read(row) for row in rows}
    if len(found) != len(rows):
        raise ValueError(f"a {key} is given twice")
    return _frozen(found)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a finite number")
    return float(value)


def _interval(value: list[object]) -> tuple[float, float]:
    low, high = (_number(item) for item in value)
    if not 0.0 <= low <= high:
        raise ValueError(f"{value} is not an interval of weights")
    return (low, high)


def _date(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)


def _sourced(row: Row) -> Sourced:
    return Sourced(_number(row["value"]), _date(row["as_of"]), str(row["source"]))


def _optional(row: Row | None) -> Sourced | None:
    return None if row is None else _sourced(row)


def _security(row: Row) -> Security:
    return Security(
        symbol=row["symbol"],
        name=row["name"],
        is_fund=row["is_fund"],
        company=row["company"],
        sector=row["sector"],
        close_usd=Decimal(row["close_usd"]),
        close_date=date.fromisoformat(row["close_date"]),
        half_spread=_sourced(row["half_spread"]),
        index=row["index"],
        expense_ratio=_optional(row["expense_ratio"]),
        dividend_yield=_optional(row["dividend_yield"]),
        origin=Origin(str(row["origin"]["source"]), row["origin"]["sha256"]) if "origin" in row else None,
    )


def _constituents(row: Row) -> Constituents:
    sectors = row["sectors"]
    return Constituents(
        fund=row["fund"],
        as_of=_date(row["as_of"]),
        source=row["source"],
        basis=row["basis"],
        coverage=_number(row["coverage"]),
        companies=_frozen({company: _interval(value) for company, value in row["companies"].items()}),
        others_high=_number(row["others_high"]),
        magnificent_seven=_interval(row["magnificent_seven"]),
        holdings_count=row["holdings_count"],
        sectors=None if sectors is None else _frozen({name: _number(value) for name, value in sectors.items()}),
        proxy=row["proxy"],
        note=row["note"],
        gross=_number(row["gross"]),
        sha256=row.get("sha256"),
    )


def _covariance(head: Row, rows: list[Row]) -> FactorCovariance:
    loadings = np.zeros((len(rows), len(head["factors"])))
    for place, row in enumerate(rows):
        loadings[place, : len(row["loadings"])] = row["loadings"]
        if not np.isfinite(loadings[place]).all():
            raise ValueError(f"{row['symbol']}: a loading is not finite")
        if _number(row["idiosyncratic"]) < 0.0:
            raise ValueError(f"{row['symbol']}: the idiosyncratic variance is negative")
    idiosyncratic = np.array([_number(row["idiosyncratic"]) for row in rows])
    loadings.setflags(write=False)
    idiosyncratic.setflags(write=False)
    return FactorCovariance(
        symbols=tuple(row["symbol"] for row in rows),
        factors=tuple(head["factors"]),
        loadings=loadings,
        idiosyncratic=idiosyncratic,
        method=head["method"],
        start=date.fromisoformat(head["start"]),
        end=date.fromisoformat(head["end"]),
        short_histories=_frozen(head["short_histories"]),
        notes=tuple(head.get("notes", ())),
    )


def _splits(rows: list[Row]) -> Mapping[str, tuple[Split, ...]]:
    found: dict[str, tuple[Split, ...]] = {}
    for row in rows:
        ratio = Decimal(row["ratio"])
        if not ratio > 0:
            raise ValueError(f"{row['symbol']}: a split of {ratio}")
        split = Split(date.fromisoformat(row["day"]), ratio, row["source"])
        found[row["symbol"]] = (*found.get(row["symbol"], ()), split)
    return _frozen(found)


def _episode(row: Row) -> StressEpisode:
    return StressEpisode(
        name=row["name"],
        title=row["title"],
        start=date.fromisoformat(row["start"]),
        end=date.fromisoformat(row["end"]),
        returns=_figures(row["returns"]),
        stand_ins=_frozen(row["stand_ins"]),
    )


def _scenarios(head: Row, rows: list[Row]) -> Scenarios:
    """Returns are stored as whole basis points, one row for each symbol."""
    table = np.array([row["basis_points"] for row in rows])
    if table.shape != (len(rows), len(head["months"])) or table.dtype.kind != "i":
        raise ValueError("the scenarios are not a table of whole basis points, a row for each symbol")
    returns = np.ascontiguousarray(table.T * BASIS_POINT)
    returns.setflags(write=False)
    return Scenarios(
        symbols=tuple(row["symbol"] for row in rows),
        months=tuple(date.fromisoformat(month) for month in head["months"]),
        returns=returns,
        stand_ins=_frozen(head["stand_ins"]),
        source=head["source"],
    )


def _figures(row: Row) -> Mapping[str, float]:
    return _frozen({name: _number(value) for name, value in row.items() if name != "symbol"})


def _check(market: MarketData) -> None:
    """Cross-references and signs."""
    symbols = set(market.securities)
    if set(market.covariance.symbols) != symbols or len(market.covariance.symbols) != len(symbols):
        raise ValueError("securities and covariance rows differ")
    if not set(market.constituents) <= symbols:
        raise ValueError("constituents of a fund that is no security")
    for security in market.securities.values():
        if not (security.close_usd.is_finite() and security.close_usd > 0):
            raise ValueError(f"{security.symbol}: the close is not a positive price")
        if security.is_fund == (security.company is not None):
            raise ValueError(f"{security.symbol}: a stock has a company and a fund has none")
        if security.half_spread.value < 0.0:
            raise ValueError(f"{security.symbol}: the half spread is negative")
    for episode in market.episodes:
        if set(episode.returns) != symbols or min(episode.returns.values(), default=0.0) < -1.0:
            raise ValueError(f"episode {episode.name}: a return is missing or below -1")
    scenarios = market.scenarios
    if set(scenarios.symbols) != symbols or len(scenarios.symbols) != len(symbols):
        raise ValueError("securities and scenario rows differ")
    if sorted(set(scenarios.months)) != list(scenarios.months) or scenarios.returns.min(initial=0.0) < -1.0:
        raise ValueError("scenarios: months are not in order, or a return is below -1")
