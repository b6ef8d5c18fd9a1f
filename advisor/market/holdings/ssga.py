"""State Street (SSGA): a spreadsheet with weights but no values, footers after a hundred blank rows.

The weights are unrounded. Until 2023 they are text, CUSIPs lack their check digit, and a placeholder row is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from advisor.market.holdings.cells import NONE, day, percent
from advisor.market.holdings.faults import Faults
from advisor.market.holdings.identifiers import Identifiers, symbol_of
from advisor.market.holdings.model import HoldingRow, Listing, RowKind
from advisor.market.holdings.tables import TableLine, TableRow, header_places, table_rows

COLUMNS = ("Name", "Ticker", "Identifier", "Weight")
FUND, DATE = "Ticker Symbol:", "Holdings:"
CURRENCY_PREFIXES = ("999", "CASH")  # identifiers of cash: 999USDZ92, CASH_USD
PLACEHOLDER = "DUMMY"


def recognises(lines: Sequence[TableLine]) -> bool:
    """Whether the lines are of an SSGA file."""
    return any(line.cells[:1] == (FUND,) for line in lines[:20]) and bool(header_places(lines, COLUMNS))


def read(lines: Sequence[TableLine], faults: Faults) -> Listing:
    """Rows of the table; fund and date from the lines above it."""
    places = header_places(lines, COLUMNS)
    if len(places) != 1:
        faults.stop(f"{len(places)} header lines where one is expected", lines[places[1]].number, "download it again")
    rows = table_rows(lines, places[0], faults)
    return Listing(
        issuer="SSGA",
        fund=_after(lines, FUND).upper() or None,
        as_of=_day(lines, faults),
        rows=tuple(row for cells in rows if (row := _row(cells, faults))),
        weight_unit=0.0,
    )


def _after(lines: Sequence[TableLine], label: str) -> str:
    return next((line.cells[1] for line in lines if line.cells[:1] == (label,) and len(line.cells) > 1), "")


def _day(lines: Sequence[TableLine], faults: Faults) -> date:
    try:
        return day(_after(lines, DATE).removeprefix("As of").strip())
    except ValueError as error:
        faults.stop(f"no date of the list: {error}", hint=f"expected a row {DATE} As of 10-Apr-2026")


def _row(row: TableRow, faults: Faults) -> HoldingRow | None:
    local = row.get("Local Currency") in ("USD", *NONE)
    try:
        weight = percent(row["Weight"])
        symbol = symbol_of(Identifiers(row["Ticker"], row["Identifier"], is_local=local))
    except ValueError as error:
        faults.add(str(error), row.number)
        return None
    kind, skipped = _kind(row, weight, symbol)
    sector = row.get("Sector")
    return HoldingRow(
        ticker=symbol,
        name=row["Name"],
        sector="" if sector in NONE else sector,
        kind=kind,
        value_usd=None,
        weight=weight or 0.0,
        line=row.number,
        skipped=skipped,
    )


def _kind(row: TableRow, weight: float | None, symbol: str) -> tuple[RowKind, str]:
    if row["Identifier"].startswith(CURRENCY_PREFIXES) or row["Ticker"].startswith("CASH_"):
        return RowKind.OTHER, "cash"
    if PLACEHOLDER in (row["Name"], row["Ticker"], row["Identifier"]):
        return RowKind.OTHER, "placeholder"
    if weight is None:
        return RowKind.UNNAMED, "no weight"
    if weight < 0.0:
        return RowKind.OTHER, "negative weight"
    if not symbol and row["Ticker"] in NONE:
        return RowKind.UNNAMED, "no ticker"
    return RowKind.SHARE, ""
