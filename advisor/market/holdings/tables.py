"""Lines of a CSV file or of a spreadsheet's first sheet as text, and the rows of a table among them."""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from advisor.market.holdings.faults import Faults

MAX_BYTES = 32 * 2**20
MAX_LINE_BYTES = 2**20
MAX_LINES = 50_000
MAX_COLUMNS = 60
MAX_PARTS = 1000
END_OF_TABLE = 1  # a line with no more filled cells than this is blank or a footer

_ZIP_ERRORS = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, NotImplementedError, RuntimeError)  # encrypted
_PLACE = re.compile(rb"\br\s*=\s*[\"']\s*([A-Za-z]*)([0-9]+)")


@dataclass(frozen=True, slots=True)
class TableLine:
    """One line of a file, its cells without padding; `number` counts from 1."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a table by column name."""

    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def get(self, column: str) -> str:
        """Text of a column, "" where the table has none of that name."""
        return self.cells.get(column, "")


def csv_lines(content: bytes, faults: Faults) -> list[TableLine]:
    """Lines of a CSV file in UTF-8, with or without a byte order mark."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content:
        faults.stop("is not text in UTF-8", hint="save it as CSV (UTF-8), or take the issuer's own download")
    if content.count(b"\n") > MAX_LINES:
        faults.stop(f"has more than {MAX_LINES:,} lines: no fund's list is that long")
    for number, size in enumerate(map(len, content.split(b"\n")), start=1):
        if size > MAX_LINE_BYTES:
            faults.stop(f"a line of {size:,} bytes is no row of a table", number)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        faults.stop("is not text in UTF-8", line, "save it as CSV (UTF-8), or take the issuer's own download")
    return list(_parsed(text, faults))


def _parsed(text: str, faults: Faults) -> Iterator[TableLine]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 1
    try:
        for cells in reader:
            yield TableLine(number, tuple(cell.replace("\ufeff", "").strip() for cell in cells))
            number = reader.line_num + 1
    except csv.Error as error:
        faults.stop(f"is not a CSV file: {error}", number)


def sheet_lines(content: bytes, faults: Faults) -> list[TableLine]:
    """Lines of the first sheet of an .xlsx file; numbers as digits, never in scientific notation."""
    _check_parts(content, faults)
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        rows = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, OSError, ValueError, IndexError) as error:
        faults.stop(f"is not a spreadsheet that can be read: {error}", hint="take the issuer's own download")
    return [TableLine(number, tuple(_text(cell) for cell in cells)) for number, cells in enumerate(rows, start=1)]


def _check_parts(content: bytes, faults: Faults) -> None:
    """Refuse what would take much memory to open, before it is opened: bombs, entities, a cell in the far corner."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_BYTES:
                faults.stop(f"unpacks to more than {MAX_BYTES // 2**20} MiB: no fund's list is that large")
            for part in parts:
                _check_part(part.filename, archive.read(part), faults)
    except (*_ZIP_ERRORS, OSError, EOFError, ValueError) as error:
        faults.stop(f"is not a spreadsheet that can be read: {error}", hint="take the issuer's own download")


def _check_part(name: str, content: bytes, faults: Faults) -> None:
    if not name.endswith((".xml", ".rels")):
        return
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or b"\0" in content:
        faults.stop(f"{name[:60]} has a document type, or is not UTF-8", hint="take the issuer's own download")
    for place in _PLACE.finditer(content):
        column, row = place.groups()
        if len(row) > len(str(MAX_LINES)) or int(row) > MAX_LINES or len(column) > 1:
            faults.stop(f"{name[:60]} has a cell beyond column Z or row {MAX_LINES:,}: no fund's list is that large")


def _text(cell: Any) -> str:  # noqa: ANN401 - a cell has the type of its content
    if isinstance(cell, float):
        return format(Decimal(repr(cell)).normalize(), "f") if abs(cell) < 1e18 else repr(cell)
    return str(cell).strip()


def header_places(lines: Sequence[TableLine], columns: Sequence[str]) -> list[int]:
    """Places of the lines that have all these columns."""
    return [place for place, line in enumerate(lines) if set(columns) <= set(line.cells)]


def table_rows(lines: Sequence[TableLine], place: int, faults: Faults, *, end: int | None = None) -> list[TableRow]:
    """Rows below the header at `place`, down to the first blank line or footer; no line before `end` is lost.

    A row of another length than the header's is a fault, and so is a row below the end of the table.
    """
    header = lines[place].cells
    if len(header) > MAX_COLUMNS:
        faults.stop(f"{len(header):,} columns: no fund's list is that wide", lines[place].number)
    if len({name for name in header if name}) != sum(1 for name in header if name):
        faults.stop("a column name is there twice", lines[place].number)
    rows: list[TableRow] = []
    ended = False
    again = "the file was edited or cut: download it again"
    for line in lines[place + 1 : end]:
        filled = sum(1 for cell in line.cells if cell)
        if filled <= END_OF_TABLE:
            ended = True
        elif ended and 2 * filled >= len(header):
            faults.add("a row below the end of the table", line.number, again)
        elif not ended and (len(line.cells) < len(header) or any(line.cells[len(header) :])):
            faults.add(f"{len(line.cells)} fields where the header has {len(header)}", line.number, again)
        elif not ended:
            rows.append(TableRow(line.number, dict(zip(header, line.cells, strict=False))))
    return rows
