"""Invesco: a CSV file whose rows each carry fund and date, with padded tickers."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.market.holdings.cells import NONE, day, number, percent, printed_unit
from advisor.market.holdings.faults import Faults
from advisor.market.holdings.identifiers import Identifiers, symbol_of
from advisor.market.holdings.model import HoldingRow, Listing, RowKind
from advisor.market.holdings.tables import TableLine, TableRow, header_places, table_rows

COLUMNS = ("Fund Ticker", "Holding Ticker", "MarketValue", "Weight", "Name", "Class of Shares", "Date")
NO_COMPANIES = {
    "CASH": "cash", "CURRENCY": "cash", "MONEY MARKET": "cash fund", "COLLATERAL": "collateral", "BOND": "bond",
}  # fmt: skip
DERIVATIVES = {"FUTURE": "future", "SWAP": "swap", "OPTION": "option"}


def recognises(lines: Sequence[TableLine]) -> bool:
    """Whether the lines are of an Invesco file."""
    return bool(header_places(lines, COLUMNS))


def read(lines: Sequence[TableLine], faults: Faults) -> Listing:
    """Rows of the table, which have to be of one fund and one date."""
    places = header_places(lines, COLUMNS)
    if len(places) != 1:
        faults.stop(f"{len(places)} header lines where one is expected", lines[places[1]].number, "download it again")
    table = table_rows(lines, places[0], faults)
    funds, dates = {row["Fund Ticker"].upper() for row in table}, {row["Date"] for row in table}
    if len(funds) != 1 or len(dates) != 1:
        faults.stop(
            f"{len(funds)} funds and {len(dates)} dates where one of each is expected", hint="download it again"
        )
    try:
        as_of = day(dates.pop())
    except ValueError as error:
        faults.stop(f"no date of the list: {error}", table[0].number, "expected like 09/26/2025")
    return Listing(
        issuer="Invesco",
        fund=funds.pop() or None,
        as_of=as_of,
        rows=tuple(row for cells in table if (row := _row(cells, faults))),
        weight_unit=printed_unit(row["Weight"] for row in table),
    )


def _row(row: TableRow, faults: Faults) -> HoldingRow | None:
    try:
        value, weight = number(row["MarketValue"]), percent(row["Weight"])
        symbol = symbol_of(Identifiers(row["Holding Ticker"], row.get("Security Identifier")))
    except ValueError as error:
        faults.add(str(error), row.number)
        return None
    kind, skipped = _kind(row, value)
    sector = row.get("Sector")
    return HoldingRow(
        ticker=symbol,
        name=row["Name"],
        sector="" if sector in NONE else sector,
        kind=kind,
        value_usd=value or 0.0,
        weight=weight or 0.0,
        notional_usd=(value or 0.0) if kind is RowKind.UNNAMED else 0.0,
        line=row.number,
        skipped=skipped,
    )


def _kind(row: TableRow, value: float | None) -> tuple[RowKind, str]:
    share_class = row["Class of Shares"].upper()
    for word, reason in NO_COMPANIES.items():
        if word in share_class:
            return RowKind.OTHER, reason
    for word, reason in DERIVATIVES.items():
        if word in share_class:
            return RowKind.UNNAMED, f"{reason}: value {value or 0.0:,.0f}"
    if value is None:
        return RowKind.UNNAMED, "no market value"
    if value < 0.0:
        return RowKind.OTHER, "short position"
    if row["Holding Ticker"] in NONE and row["Name"] in NONE:
        return RowKind.UNNAMED, "no identifier"
    return RowKind.SHARE, ""
