"""A CSV file of adjusted closes: a column ``Date``, and one for each symbol; blank where there is no close.

Faults are named by line, all that can be found in one reading.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from advisor.errors import MarketDataError
from advisor.files import read_file
from advisor.market.estimate.returns import PricePanel
from advisor.market.symbols import canonical_symbol
from advisor.portfolio.values import ValueFaultError
from advisor.portfolio.values import symbol as ticker

MAX_BYTES = 64 * 2**20
NAMED = 10  # faults of one file that a message names


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Closes by symbol as (day, close), the digest of the file, and its last day."""

    closes: Mapping[str, list[tuple[date, float]]]
    sha256: str
    last: date


@dataclass(frozen=True, slots=True)
class PanelSource:
    """A panel, where it came from in words, and the digest of the file; None where it is no single file."""

    panel: PricePanel
    name: str
    sha256: str | None


def read_prices(path: Path, symbols: Collection[str], first: date) -> PriceTable:
    """Closes of `symbols` from `first` on; the other cells are not looked at, for a panel may have millions.

    Raises `MarketDataError` for a file that cannot be used.
    """
    content = content_of(path)
    rows = rows_of(content, path)
    if not rows or rows[0][:1] != ["Date"]:
        raise MarketDataError(f"{path}:1: expected a header line that begins with Date and names one symbol a column")
    heads = [symbol_of(name, f"{path}:1") for name in rows[0][1:]]
    if len(set(heads)) != len(heads) or not heads:
        raise MarketDataError(f"{path}:1: expected each symbol once")
    columns = {symbol: place for place, symbol in enumerate(heads, start=1) if symbol in symbols}
    closes: dict[str, list[tuple[date, float]]] = {symbol: [] for symbol in columns}
    faults: list[str] = []
    latest = date.min
    for line, row in enumerate(rows[1:], start=2):
        day = _day(row[0])
        if len(row) != len(rows[0]) or day is None or day <= latest:
            reason = "another number of fields than the header"
            if len(row) == len(rows[0]):
                reason = "no date (YYYY-MM-DD) after that of the line before"
            faults.append(f"{path}:{line}: {reason}")
            continue
        latest = day
        for symbol, place in columns.items() if day >= first else ():
            price = positive_number(row[place])
            if price is None:
                faults.append(f"{path}:{line}: {symbol}: {row[place][:20]!r} is neither a price nor empty")
            elif price:
                closes[symbol].append((day, price))
    if faults:
        more = f"\n  and {len(faults) - NAMED} more" if len(faults) > NAMED else ""
        raise MarketDataError("\n".join(faults[:NAMED]) + more)
    found = {symbol: rows for symbol, rows in closes.items() if rows}
    if not found:
        raise MarketDataError(f"{path}: no prices")
    return PriceTable(found, hashlib.sha256(content).hexdigest(), latest)


def panel_of_table(table: PriceTable) -> PricePanel:
    """The closes on the days that any symbol of the table has one; symbols in alphabetical order."""
    symbols = tuple(sorted(table.closes))
    days = tuple(sorted({day for rows in table.closes.values() for day, _ in rows}))
    row_of = {day: row for row, day in enumerate(days)}
    prices = np.full((len(days), len(symbols)), np.nan)
    for column, symbol in enumerate(symbols):
        known = table.closes[symbol]
        prices[[row_of[day] for day, _ in known], column] = [close for _, close in known]
    prices.setflags(write=False)
    return PricePanel(symbols, days, prices)


def content_of(path: Path) -> bytes:
    """The bytes of a file. Raises `MarketDataError` where it cannot be read."""
    try:
        return read_file(path, MAX_BYTES)
    except OSError as error:
        raise MarketDataError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from error


def rows_of(content: bytes, path: Path) -> list[list[str]]:
    """Cells of the lines of a CSV file that are not empty. Raises `MarketDataError` where it is none."""
    try:
        text = content.decode("utf-8-sig")
        return [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise MarketDataError(f"{path}: is not a CSV file in UTF-8: {error}") from error


def symbol_of(text: str, where: str) -> str:
    """The ticker in its one spelling. Raises `MarketDataError` where `text` is none."""
    try:
        return canonical_symbol(ticker(text))
    except ValueFaultError as fault:
        raise MarketDataError(f"{where}: {fault}") from fault


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("YYYY-MM-DD") else None
    except ValueError:
        return None


def positive_number(text: str) -> float | None:
    """A plain positive decimal number; 0 for an empty cell, None for anything else."""
    if not text:
        return 0.0
    plain = text.replace(".", "", 1)
    if not (plain.isascii() and plain.isdigit() and len(text) <= 30 and float(text) > 0.0):
        return None
    return float(text)
