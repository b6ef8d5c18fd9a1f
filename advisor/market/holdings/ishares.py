"""iShares: a CSV file with a preamble of nine lines, one of two column layouts, and a footer.

A fund of several share classes can return the whole document twice, which would double every weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from advisor.market.holdings.cells import NONE, day, number, percent, printed_unit
from advisor.market.holdings.faults import Faults
from advisor.market.holdings.identifiers import Identifiers, symbol_of
from advisor.market.holdings.model import HoldingRow, Listing, RowKind
from advisor.market.holdings.tables import TableLine, TableRow, header_places, table_rows

COLUMNS = ("Ticker", "Name", "Sector", "Asset Class", "Market Value")
WEIGHTS = ("Weight (%)", "Market Weight")  # before 2026, and since
DATE = "Fund Holdings as of"
CASH = {"Cash": "cash", "Money Market": "cash fund", "Cash Collateral and Margins": "collateral"}
NO_COMPANIES = {"Fixed Income": "bond", "FX": "currency", "Forwards": "currency forward"}
WARRANTS = ("WARRANT", "RIGHT", "RIGHTS")  # claims on one named company, worth next to nothing
DERIVATIVES = {"Futures": "future", "Options": "option", "Swaps": "swap"}


def recognises(lines: Sequence[TableLine]) -> bool:
    """Whether the lines are of an iShares file."""
    return any(line.cells[:1] == (DATE,) for line in lines[:20]) and bool(header_places(lines, COLUMNS))


def read(lines: Sequence[TableLine], faults: Faults) -> Listing:
    """Rows of the table, and the date of its preamble; the file names the fund in words only."""
    places = header_places(lines, COLUMNS)
    ends = [*places[1:], None]
    tables = [table_rows(lines, place, faults, end=end) for place, end in zip(places, ends, strict=True)]
    if any([row.cells for row in table] != [row.cells for row in tables[0]] for table in tables[1:]):
        faults.stop(
            f"{len(places)} header lines, and the tables below them differ",
            lines[places[1]].number,
            "download it again",
        )
    days = {_day(line, faults) for line in lines if line.cells[:1] == (DATE,)}
    if len(days) != 1:
        faults.stop(f"{len(days)} dates where one is expected")
    column = next((name for name in WEIGHTS if name in lines[places[0]].cells), None)
    if column is None:
        faults.stop(f"no column {' or '.join(WEIGHTS)}", lines[places[0]].number)
    notes = (f"the list is there {len(places)} times, once for each share class; read once",) if places[1:] else ()
    return Listing(
        issuer="iShares",
        fund=None,
        as_of=days.pop(),
        rows=tuple(row for cells in tables[0] if (row := _row(cells, column, faults))),
        weight_unit=printed_unit(row[column] for row in tables[0]),
        notes=notes,
    )


def _day(line: TableLine, faults: Faults) -> date:
    try:
        return day(line.cells[1])
    except (ValueError, IndexError) as error:
        faults.stop(f"no date of the list: {error}", line.number, 'expected like Fund Holdings as of,"Jun 19, 2026"')


def _row(row: TableRow, weight_column: str, faults: Faults) -> HoldingRow | None:
    try:
        value = number(row["Market Value"])
        notional = number(row.get("Notional Value")) or 0.0
        weight = percent(row[weight_column])
        currency = row.get("Market Currency") or row.get("Currency") or "USD"
        ticker = symbol_of(Identifiers(row["Ticker"], row.get("CUSIP"), row.get("ISIN"), currency == "USD"))
    except ValueError as error:
        faults.add(str(error), row.number)
        return None
    kind, skipped = _kind(row, value, notional)
    exposed = kind in (RowKind.SWAP, RowKind.UNNAMED)
    return HoldingRow(
        ticker=ticker,
        name=row["Name"],
        sector="" if row["Sector"] in NONE else row["Sector"],
        kind=kind,
        value_usd=value or 0.0,
        weight=weight or 0.0,
        notional_usd=(notional or value or 0.0) if exposed else 0.0,
        line=row.number,
        skipped=skipped,
    )


def _kind(row: TableRow, value: float | None, notional: float) -> tuple[RowKind, str]:
    """What a row is, and why it is not imported; "" where it is.

    The older layout has no column Type: there, shares without a value but with a notional amount are a swap.
    """
    asset, kind = row["Asset Class"], row.get("Type")
    if asset in CASH or asset in NO_COMPANIES:
        return RowKind.OTHER, CASH.get(asset) or NO_COMPANIES[asset]
    if asset != "Equity":
        word = DERIVATIVES.get(asset, asset.lower() or "no asset class")
        return RowKind.UNNAMED, f"{word}: notional {notional:,.0f}" if notional else word
    if kind == "SWAP" or (not kind and not value and notional):
        if notional < 0.0:
            return RowKind.OTHER, f"short swap: notional {notional:,.0f}"
        return RowKind.SWAP, ""
    if kind in WARRANTS:
        return RowKind.OTHER, kind.lower()
    if kind not in ("", "EQUITY"):
        return RowKind.UNNAMED, kind.lower()
    if value is None:
        return RowKind.UNNAMED, "no market value"
    if value < 0.0:
        return RowKind.OTHER, "short position"
    if row["Ticker"] in NONE and row["Name"] in NONE:
        return RowKind.UNNAMED, "no identifier"
    return RowKind.SHARE, ""
