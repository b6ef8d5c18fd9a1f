"""Reads a snapshot file, the embedded one by default, into `MarketData`, and refuses anything that is not sound."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn, TypeVar

import numpy as np

from advisor.errors import MarketDataError, printable
from advisor.files import read_file
from advisor.market.data import (
    Constituents,
    FactorCovariance,
    MarketData,
    MarketWarning,
    Origin,
    PastMonths,
    Security,
    Sourced,
    StressEpisode,
)
from advisor.market.prices.history import Split
from advisor.market.snapshot_writer import SCHEMA
from advisor.portfolio.model import MAGNIFICENT_SEVEN
from advisor.portfolio.values import SYMBOL
from advisor.units import BASIS_POINT

MAX_BYTES = 64 * 2**20
HIGHEST_CLOSE = 10**8  # dollars; Berkshire's A shares are below 10**6
HIGHEST_RATE = 0.5
ROUNDING = 1e-8  # of nine digits
SOURCES = "--market takes snapshot, yahoo, a snapshot file, or a folder with prices.csv"
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
    if path is None:
        return read_snapshot(EMBEDDED.read_bytes(), source="snapshot", file=str(EMBEDDED))
    return read_snapshot(snapshot_bytes(path), source=path.name, file=str(path))


def snapshot_bytes(path: Path) -> bytes:
    """Bytes of a snapshot file. Raises `MarketDataError` for one that cannot be read."""
    try:
        return read_file(path, MAX_BYTES)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise MarketDataError(f"{path}: the market data cannot be read: {reason}; {SOURCES}") from error


def read_snapshot(content: bytes, *, source: str, file: str) -> MarketData:
    """Market data of a snapshot's bytes; `source` is their name where they do not say one themselves.

    Raises `MarketDataError` as `load_snapshot`; `file` is named in it.
    """
    try:
        document = json.loads(content, parse_constant=_refuse_constant)
        _refuse_unprintable(document)
        market = _market(document, source, hashlib.sha256(content).hexdigest())
        _check(market)
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise MarketDataError(f"{file}: not a sound snapshot file: {printable(reason)[:200]}; {SOURCES}") from error
    return market


def _refuse_unprintable(value: object) -> None:
    """Refuse text that would steer a terminal, or a name that is not shown as it is written."""
    if isinstance(value, str):
        if not value.isprintable():
            raise ValueError(f"{value[:20]!r} holds a character that cannot be printed")
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_unprintable(key)
            _refuse_unprintable(item)
    elif isinstance(value, list):
        for item in value:
            if not isinstance(item, (int, float)):
                _refuse_unprintable(item)


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
        past_months=_scenarios(document["scenarios"], document["scenario_rows"]),
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


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value


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
    if not isinstance(row["is_fund"], bool):
        raise TypeError(f"{row['symbol']}: is_fund is neither true nor false")
    return Security(
        symbol=_text(row["symbol"]),
        name=_text(row["name"]),
        is_fund=row["is_fund"],
        company=None if row["company"] is None else _text(row["company"]),
        sector=None if row["sector"] is None else _text(row["sector"]),
        close_usd=Decimal(_text(row["close_usd"])),
        close_date=date.fromisoformat(row["close_date"]),
        half_spread=_sourced(row["half_spread"]),
        index=None if row["index"] is None else _text(row["index"]),
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


def _scenarios(head: Row, rows: list[Row]) -> PastMonths:
    """Returns are stored as whole basis points, one row for each symbol."""
    table = np.array([row["basis_points"] for row in rows])
    if table.shape != (len(rows), len(head["months"])) or table.dtype.kind != "i":
        raise ValueError("the scenarios are not a table of whole basis points, a row for each symbol")
    returns = np.ascontiguousarray(table.T * BASIS_POINT)
    returns.setflags(write=False)
    return PastMonths(
        symbols=tuple(row["symbol"] for row in rows),
        months=tuple(date.fromisoformat(month) for month in head["months"]),
        returns=returns,
        stand_ins=_frozen(head["stand_ins"]),
        source=head["source"],
    )


def _figures(row: Row) -> Mapping[str, float]:
    return _frozen({name: _number(value) for name, value in row.items() if name != "symbol"})


def _check_security(security: Security) -> None:
    if re.fullmatch(SYMBOL, security.symbol, re.ASCII) is None:
        raise ValueError(f"{security.symbol[:20]!r} is not a ticker symbol")
    if not (security.close_usd.is_finite() and 0 < security.close_usd < HIGHEST_CLOSE):
        raise ValueError(f"{security.symbol}: the close is not a positive price")
    if security.is_fund == (security.company is not None):
        raise ValueError(f"{security.symbol}: a stock has a company and a fund has none")
    rates = (security.half_spread, security.expense_ratio, security.dividend_yield)
    if any(rate is not None and not 0.0 <= rate.value <= HIGHEST_RATE for rate in rates):
        raise ValueError(f"{security.symbol}: a spread, a fee or a yield is not between 0 and {HIGHEST_RATE}")


def _check_seven(fund: Constituents) -> None:
    """The interval of the Magnificent Seven together lies within the sums of theirs."""
    members = [fund.companies.get(company, (0.0, fund.others_high)) for company in MAGNIFICENT_SEVEN]
    low, high = (sum(ends) for ends in zip(*members, strict=True))
    if fund.magnificent_seven[0] < low - ROUNDING or fund.magnificent_seven[1] > high + ROUNDING:
        raise ValueError(f"{fund.fund}: the Magnificent Seven together are not what they are one by one")


def _check(market: MarketData) -> None:
    """Cross-references and signs."""
    symbols = set(market.securities)
    if set(market.covariance.symbols) != symbols or len(market.covariance.symbols) != len(symbols):
        raise ValueError("securities and covariance rows differ")
    if not set(market.constituents) <= symbols:
        raise ValueError("constituents of a fund that is no security")
    for security in market.securities.values():
        _check_security(security)
    for fund in market.constituents.values():
        _check_seven(fund)
    for episode in market.episodes:
        if set(episode.returns) != symbols or min(episode.returns.values(), default=0.0) < -1.0:
            raise ValueError(f"episode {episode.name}: a return is missing or below -1")
    scenarios = market.past_months
    if set(scenarios.symbols) != symbols or len(scenarios.symbols) != len(symbols):
        raise ValueError("securities and scenario rows differ")
    if sorted(set(scenarios.months)) != list(scenarios.months) or scenarios.returns.min(initial=0.0) < -1.0:
        raise ValueError("scenarios: months are not in order, or a return is below -1")
