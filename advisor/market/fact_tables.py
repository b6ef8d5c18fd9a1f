"""CSV tables: the team's own beside this module, and the fact tables that a builder run is given."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from advisor.errors import MarketDataError

TABLES = Path(__file__).resolve().parent / "tables"

Row = dict[str, str]
FUND_COLUMNS = (
    "symbol", "name", "category", "kind", "index", "method", "seven_allowed", "proxy", "basis",
    "scale_low", "scale_high", "others_high", "stand_ins", "note",
)  # fmt: skip


def read_table(path: Path, columns: tuple[str, ...]) -> list[Row]:
    """Rows of a CSV file as text, padding removed.

    Raises
    ------
    MarketDataError
        The file is not there, lacks a column, or has a row of another length than its header.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle, strict=True)
            rows = [dict(row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise MarketDataError(f"{path.name}: cannot be read ({error})") from error
    missing = set(columns) - set(reader.fieldnames or ())
    if missing:
        raise MarketDataError(f"{path.name}: no column {', '.join(sorted(missing))}")
    for number, row in enumerate(rows, start=2):
        if None in row or any(value is None for value in row.values()):
            raise MarketDataError(f"{path.name}:{number}: another number of fields than the header")
    return [{name: value.strip() for name, value in row.items()} for row in rows]


def own_table(name: str, columns: tuple[str, ...]) -> list[Row]:
    """Rows of one of the team's tables, which all have a `source` column."""
    return read_table(TABLES / f"{name}.csv", (*columns, "source"))


def stock_table() -> dict[str, Row]:
    """The team's stocks, by symbol."""
    return {row["symbol"]: row for row in own_table("stocks", ("symbol", "company", "name", "sector"))}


def fund_table() -> dict[str, Row]:
    """The team's funds, by symbol: what each tracks, and by which method its holdings are known."""
    return {row["symbol"]: row for row in own_table("funds", FUND_COLUMNS)}


def number(text: str, where: str) -> float:
    """A finite number.

    Raises
    ------
    MarketDataError
        The text is anything else; `where` says which.
    """
    try:
        value = float(text)
    except ValueError as error:
        raise MarketDataError(f"{where}: {text!r} is not a number") from error
    if value - value != 0.0:  # NaN and the infinities
        raise MarketDataError(f"{where}: {text!r} is not finite")
    return value


def day(text: str, where: str) -> date:
    """A date written ``YYYY-MM-DD``. Raises `MarketDataError` for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise MarketDataError(f"{where}: {text!r} is not a date") from error


def split_list(text: str) -> tuple[str, ...]:
    """Items of a cell that holds a list, separated by semicolons."""
    return tuple(item.strip() for item in text.split(";") if item.strip())
