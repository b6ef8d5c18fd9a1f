"""Market data as the text of a snapshot file, which `market.snapshot` reads back.

Equal data give equal bytes: rows are sorted, numbers have nine significant digits, one row stands on one line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from advisor.market.data import FactorCovariance, MarketData, PastMonths
from advisor.units import BASIS_POINT

SCHEMA = "advisor.snapshot/1"
DIGITS = 9
SPARSE = ("origin", "sha256")  # keys of a row that are left out where they say nothing


def snapshot_text(market: MarketData) -> str:
    """Text of the snapshot file; raises ValueError for a number that is not finite."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "id": market.id,
        "as_of": market.as_of,
        "notes": list(market.notes),
        "risk_free": market.risk_free,
        "securities": _sorted(market.securities),
        "constituents": _sorted(market.constituents),
        "overlaps": [{"pair": pair, **_plain(value)} for pair, value in sorted(market.overlaps.items())],
        "covariance": _covariance_head(market.covariance),
        "covariance_rows": _covariance_rows(market.covariance),
        "episodes": list(market.episodes),
        "scenarios": {name: getattr(market.past_months, name) for name in ("source", "months", "stand_ins")},
        "scenario_rows": _month_rows(market.past_months),
        "long_run_start": market.long_run_start,
        "long_run": [{"symbol": symbol, **figures} for symbol, figures in sorted(market.long_run.items())],
    }
    if market.source != "snapshot":
        document["source"] = market.source
    if market.indexes:
        document["indexes"] = dict(sorted(market.indexes.items()))
    if market.splits:
        document["splits"] = [
            {"symbol": symbol, "day": split.day, "ratio": split.ratio, "source": split.source}
            for symbol, splits in sorted(market.splits.items())
            for split in splits
        ]
    if market.accepted:
        document["accepted"] = dict(sorted(market.accepted.items()))
    if market.warnings:
        document["warnings"] = list(market.warnings)
    return _dump(document)


def _sorted(rows: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows in the order of their symbols, without the keys that say nothing."""
    plain: Iterable[dict[str, Any]] = (_plain(row) for _, row in sorted(rows.items()))
    return [{key: value for key, value in row.items() if value is not None or key not in SPARSE} for row in plain]


def _covariance_head(covariance: FactorCovariance) -> dict[str, Any]:
    head = {name: getattr(covariance, name) for name in ("factors", "method", "start", "end", "short_histories")}
    return head | ({"notes": covariance.notes} if covariance.notes else {})


def _covariance_rows(covariance: FactorCovariance) -> list[dict[str, Any]]:
    """Loadings without their trailing zeros, which the Cholesky factor of the factors has many of."""
    rows = []
    for symbol, loadings, variance in zip(
        covariance.symbols, covariance.loadings, covariance.idiosyncratic, strict=True
    ):
        used = int(loadings.nonzero()[0].max(initial=-1)) + 1
        rows.append({"symbol": symbol, "idiosyncratic": float(variance), "loadings": loadings[:used].tolist()})
    return rows


def _month_rows(scenarios: PastMonths) -> list[dict[str, Any]]:
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
