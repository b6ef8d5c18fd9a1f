"""What the tests gave, as one value, and the dated one that the program carries (results/, made by the builder)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from advisor.errors import MarketDataError
from advisor.evidence.funds import FundFacts, FundFigure, FundsRecord
from advisor.evidence.momentum import AfterStreak, CalendarYears, Momentum, Since, YearReturns
from advisor.evidence.quality import Risk, SymbolRisk
from advisor.evidence.rate_study import Bootstrap, ChangeSet, CycleMeans, Direction, EventStudy, RateHorizon
from advisor.evidence.relative import RelativeHistory, RelativePath

SCHEMA = "advisor.evidence-results/2"
DATED = Path(__file__).resolve().parent / "results" / "results-2026-07-13.json"
DIGITS = 9

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file that results were computed from."""

    name: str
    sha256: str
    first: date
    last: date
    source: str


@dataclass(frozen=True, slots=True)
class Results:
    """Everything that the tests gave.

    `long_study` and `long_rises` are of the long history of size portfolios, after cuts and after rises of the rate;
    all else but `funds` is of prices of funds, None where they do not tell it.
    """

    inputs: tuple[InputFile, ...]
    long_study: EventStudy
    long_rises: EventStudy
    fund_study: EventStudy | None
    fund_rises: EventStudy | None
    momentum: Momentum | None
    years: CalendarYears | None
    relative: RelativeHistory | None
    risk: Risk | None
    since_cheap: Since | None
    funds: FundsRecord


def results_text(results: Results) -> str:
    """The results as JSON, numbers to nine digits; raises ValueError for a number that is not finite."""
    return json.dumps(record(results), indent=1, allow_nan=False) + "\n"


def record(results: Results) -> dict[str, Any]:
    """The results as a JSON document."""
    document: dict[str, Any] = _plain({"schema": SCHEMA, **asdict(results)})
    return document


def _plain(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def dated_results() -> Results:
    """The results that come with the program."""
    return read_results(DATED.read_bytes(), DATED.name)


def read_results(content: bytes, file: str) -> Results:
    """Results of the bytes of a file. Raises `MarketDataError` where they are none."""
    try:
        return _results(json.loads(content))
    except (ValueError, KeyError, TypeError) as error:
        raise MarketDataError(f"{file}: not results of the evidence: {error}") from error


def _results(row: Row) -> Results:
    if row["schema"] != SCHEMA:
        raise ValueError(f"schema is {row['schema']!r}, expected {SCHEMA!r}")
    return Results(
        inputs=tuple(InputFile(**_dated(entry, "first", "last")) for entry in row["inputs"]),
        long_study=_study(row["long_study"]),
        long_rises=_study(row["long_rises"]),
        fund_study=_study(row["fund_study"]) if row["fund_study"] else None,
        fund_rises=_study(row["fund_rises"]) if row["fund_rises"] else None,
        momentum=_momentum(row["momentum"]) if row["momentum"] else None,
        years=_years(row["years"]) if row["years"] else None,
        relative=_relative(row["relative"]) if row["relative"] else None,
        risk=_risk(row["risk"]) if row["risk"] else None,
        since_cheap=Since(**_dated(row["since_cheap"], "start", "last")) if row["since_cheap"] else None,
        funds=_funds(row["funds"]),
    )


def _dated(row: Row, *days: str) -> dict[str, Any]:
    """The row with its days as dates."""
    return {**row, **{key: date.fromisoformat(row[key]) if row[key] else None for key in days}}


def _study(row: Row) -> EventStudy:
    return EventStudy(
        direction=Direction(row["direction"]),
        small=row["small"],
        large=row["large"],
        first=date.fromisoformat(row["first"]),
        last=date.fromisoformat(row["last"]),
        sets=tuple(ChangeSet(entry["key"], _horizons(entry["results"])) for entry in row["sets"]),
        any_month=_horizons(row["any_month"]),
        cycles=tuple(CycleMeans(entry["cycle"], entry["changes"], tuple(entry["means"])) for entry in row["cycles"]),
        bootstrap=Bootstrap(**row["bootstrap"]),
    )


def _horizons(rows: list[Row]) -> tuple[RateHorizon, ...]:
    return tuple(RateHorizon(**row) for row in rows)


def _momentum(row: Row) -> Momentum:
    dated = _dated(row, "first", "last", "streak_ended")
    return Momentum(**{**dated, "after": tuple(AfterStreak(**entry) for entry in row["after"])})


def _years(row: Row) -> CalendarYears:
    return CalendarYears(
        tuple(row["symbols"]),
        date.fromisoformat(row["last"]),
        tuple(_year(entry) for entry in row["years"]),
        _year(row["begun"]) if row["begun"] else None,
    )


def _year(row: Row) -> YearReturns:
    return YearReturns(row["year"], tuple(row["returns"]))


def _relative(row: Row) -> RelativeHistory:
    return RelativeHistory(
        row["large"],
        date.fromisoformat(row["first"]),
        row["large_return"],
        tuple(map(date.fromisoformat, row["ends"])),
        tuple(
            RelativePath(entry["symbol"], entry["total_return"], tuple(entry["relative_returns"]))
            for entry in row["paths"]
        ),
    )


def _risk(row: Row) -> Risk:
    return Risk(**{**_dated(row, "first", "last"), "of": tuple(SymbolRisk(**entry) for entry in row["of"])})


def _funds(row: Row) -> FundsRecord:
    return FundsRecord(
        tuple(_fund(entry) for entry in row["funds"]),
        _figure(row["overlap"]),
        _figure(row["seven_low"]),
        _figure(row["seven_high"]),
    )


def _fund(row: Row) -> FundFacts:
    fee, dividend_yield, industrials = (
        _figure(row[key]) if row[key] else None for key in ("fee", "dividend_yield", "industrials")
    )
    return FundFacts(row["symbol"], row["index"], fee, _figure(row["half_spread"]), dividend_yield, industrials)


def _figure(row: Row) -> FundFigure:
    return FundFigure(**_dated(row, "as_of"))
