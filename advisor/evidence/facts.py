"""The tables of the case, beside this module: what was claimed, forecast, decided, measured; each row has a source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from advisor.market.fact_tables import Row, day, number, read_table

TABLES = Path(__file__).resolve().parent / "tables"


@dataclass(frozen=True, slots=True)
class RateChange:
    """One change of the Federal Reserve's target, by the day of its announcement.

    `cycle` is the cycle of cuts that a checked cut belongs to, empty for any other change; `begins` says why a cut is
    the first of its cycle, empty where it is not.
    """

    announced: date
    change_bp: int
    cycle: str
    begins: str
    source: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a provider expects the profits of some companies to grow in a year, and those of others; fractions."""

    companies: str
    others: str
    growth: float
    others_growth: float
    year: str
    provider: str
    said_on: str
    source: str


def rows(name: str, *columns: str) -> list[Row]:
    """Rows of a table as text; every table has a `source`."""
    return read_table(TABLES / f"{name}.csv", (*columns, "source"))


def case_figures() -> dict[str, Row]:
    """The article's figures by key, each with its unit, date, provider and source."""
    return {row["key"]: row for row in rows("case", "key", "claim", "what", "value", "unit", "said_on", "provider")}


def claim_rows() -> list[Row]:
    """What is claimed, how it is tested, what speaks against it and which view it became, in the order of telling."""
    columns = ("key", "title", "kinds", "said", "provider", "said_on", "test", "needs", "against", "view", "view_words")
    return rows("claims", *columns)


def rate_changes() -> tuple[RateChange, ...]:
    """Every change of the target since 1989, in the order of time."""
    where = "rate_changes.csv"
    return tuple(
        RateChange(
            announced=day(row["announced"], where),
            change_bp=int(number(row["change_bp"], where)),
            cycle=row["cycle"],
            begins=row["begins"],
            source=row["source"],
        )
        for row in rows("rate_changes", "announced", "change_bp", "cycle", "begins", "effective_step_bp")
    )


def forecasts() -> tuple[Forecast, ...]:
    """Forecasts of profit growth, the article's first."""
    columns = ("companies", "against", "growth", "growth_against", "of", "provider", "said_on")
    return tuple(
        Forecast(
            row["companies"],
            row["against"],
            number(row["growth"], "forecasts.csv"),
            number(row["growth_against"], "forecasts.csv"),
            row["of"],
            row["provider"],
            row["said_on"],
            row["source"],
        )
        for row in rows("forecasts", *columns)
    )
