"""Vanguard: a CSV file in sections (stocks, bonds, reserves), or the JSON document of its stocks.

Weights are rounded to a hundredth of a percent, the smallest printed as "<0.01%". The JSON document comes in pages,
says how many holdings there are, and has no cash.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from advisor.market.holdings.cells import NONE, day, number, percent, printed_unit
from advisor.market.holdings.faults import Faults
from advisor.market.holdings.identifiers import Identifiers, symbol_of
from advisor.market.holdings.model import HoldingRow, Listing, RowKind
from advisor.market.holdings.tables import MAX_LINES, TableLine, TableRow, header_places, table_rows

COLUMNS = ("HOLDINGS", "TICKER", "% OF FUNDS*", "MARKET VALUE*")
STOCKS = "Equity"
SECTIONS = {"Fixed income": "bond", "Short-term reserves": "cash"}
TITLE = "expected a line like Equity,as of 09/30/2025"
_FUND = re.compile(r"\(([A-Z]{2,6})\)")
_DERIVATIVE = re.compile(r"\b(E-?MINI|FUT|FUTURES?|SWAPS?|TRS)\b", re.IGNORECASE)


def recognises(lines: Sequence[TableLine]) -> bool:
    """Whether the lines are of a Vanguard CSV file."""
    return bool(header_places(lines, COLUMNS))


def read(lines: Sequence[TableLine], faults: Faults) -> Listing:
    """Rows of all sections; the date from their titles, the fund from the parentheses above them."""
    places = header_places(lines, COLUMNS)
    rows: list[HoldingRow] = []
    texts: list[str] = []
    days: set[date] = set()
    for place, end in zip(places, [*places[1:], None], strict=True):
        section = _section(lines, place, days, faults)
        table = table_rows(lines, place, faults, end=end)
        texts += [row["% OF FUNDS*"] for row in table]
        rows += [row for cells in table if (row := _row(cells, section, faults))]
    if len(days) != 1:
        faults.stop(f"{len(days)} dates where one is expected")
    above = (_FUND.search(cell) for line in lines[: places[0]] for cell in line.cells)
    fund = next((match.group(1) for match in above if match), None)
    return Listing("Vanguard", fund, days.pop(), tuple(rows), printed_unit(texts))


def _section(lines: Sequence[TableLine], place: int, days: set[date], faults: Faults) -> str:
    """Name of the section whose header is at `place`; its date is added to `days`."""
    above = [line for line in lines[max(0, place - 4) : place] if line.cells and line.cells[0] in (STOCKS, *SECTIONS)]
    if not above:
        faults.stop("no title of the section above the header", lines[place].number, TITLE)
    title = above[-1]
    try:
        days.add(day("".join(title.cells[1:]).removeprefix("as of").strip()))
    except ValueError as error:
        faults.stop(f"no date of the list: {error}", title.number, TITLE)
    return title.cells[0]


def _row(row: TableRow, section: str, faults: Faults) -> HoldingRow | None:
    local = row.get("COUNTRY") in ("US", *NONE)
    try:
        value, weight = number(row["MARKET VALUE*"]), percent(row["% OF FUNDS*"])
        symbol = symbol_of(Identifiers(row["TICKER"], is_local=local)) if section == STOCKS else ""
    except ValueError as error:
        faults.add(str(error), row.number)
        return None
    kind, skipped = (RowKind.OTHER, SECTIONS[section]) if section != STOCKS else _kind(row["HOLDINGS"], value, symbol)
    return _holding(row["HOLDINGS"], symbol, kind, skipped, value, weight, row.number)


def _kind(name: str, value: float | None, symbol: str) -> tuple[RowKind, str]:
    if not symbol and _DERIVATIVE.search(name):
        return RowKind.UNNAMED, f"future or swap: value {value or 0.0:,.0f}"
    if value is None:
        return RowKind.UNNAMED, "no market value"
    if value < 0.0:
        return RowKind.OTHER, "short position"
    if not symbol and name in NONE:
        return RowKind.UNNAMED, "no identifier"
    return RowKind.SHARE, ""


def _holding(
    name: str, symbol: str, kind: RowKind, skipped: str, value: float | None, weight: float | None, line: int
) -> HoldingRow:
    return HoldingRow(
        ticker=symbol,
        name=name,
        sector="",  # sub-industries alone, which are finer than sectors
        kind=kind,
        value_usd=value or 0.0,
        weight=weight or 0.0,
        notional_usd=(value or 0.0) if kind is RowKind.UNNAMED else 0.0,
        line=line,
        skipped=skipped,
    )


def read_document(document: Mapping[str, Any], faults: Faults) -> Listing:
    """Entries of the JSON document, all numbers of which are text; an entry's number stands for its line."""
    fund = document.get("fund")
    entities = fund.get("entity") if isinstance(fund, dict) else None
    if not isinstance(entities, list) or not all(isinstance(entity, dict) for entity in entities):
        faults.stop("not a holdings document of Vanguard: no list fund.entity", hint="take the issuer's own download")
    if len(entities) > MAX_LINES:
        faults.stop(f"has more than {MAX_LINES:,} entries: no fund's list is that long")
    rows = [row for place, entity in enumerate(entities, start=1) if (row := _entry(entity, place, faults))]
    value = sum(row.value_usd or 0.0 for row in rows)
    printed = sum(row.weight or 0.0 for row in rows)
    size = _text(document, "size")
    if size and not size.isdecimal():
        faults.add(f"size: {size[:40]!r} is not a number of holdings")
        size = ""
    return Listing(
        issuer="Vanguard",
        fund=None,
        as_of=_document_day(document, entities, faults),
        rows=tuple(rows),
        weight_unit=printed_unit(_text(entity, "percentWeight") for entity in entities),
        net_assets_usd=value / printed if value > 0.0 and printed > 0.0 else None,
        stated_count=int(size[:9]) if size else None,
        stocks_alone=True,
    )


def _document_day(document: Mapping[str, Any], entities: Sequence[Mapping[str, Any]], faults: Faults) -> date:
    texts = {text for part in (document, *entities) if (text := _text(part, "asOfDate"))}
    if len({text[:10] for text in texts}) != 1:
        faults.stop(f"{len(texts)} dates where one is expected", hint="the document needs one asOfDate")
    try:
        return day(texts.pop())
    except ValueError as error:
        faults.stop(f"no date of the list: {error}", hint="expected asOfDate like 2026-06-30")


def _entry(entity: Mapping[str, Any], place: int, faults: Faults) -> HoldingRow | None:
    name, isin = _text(entity, "longName") or _text(entity, "shortName"), _text(entity, "isin")
    try:
        value, weight = number(_text(entity, "marketValue")), percent(_text(entity, "percentWeight"))
        local = not isin or isin.upper().startswith("US")
        symbol = symbol_of(Identifiers(_text(entity, "ticker"), _text(entity, "cusip"), isin, local))
    except ValueError as error:
        faults.add(f"entry {place} ({name[:40]}): {error}")
        return None
    kind, skipped = _kind(name, value, symbol)
    if _text(entity, "couponRate") or _text(entity, "maturityDate"):
        kind, skipped = RowKind.OTHER, "bond"
    return _holding(name, symbol, kind, skipped, value, weight, place)


def _text(part: Mapping[str, Any], key: str) -> str:
    value = part.get(key)
    return value.strip() if isinstance(value, str) else ""
