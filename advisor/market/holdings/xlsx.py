"""Cells of the first sheet of an .xlsx file as text, with the standard library alone."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

from advisor.errors import MarketDataError

_SPACE = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_MAX_BYTES = 32 * 2**20


def read_rows(path: Path) -> list[list[str]]:
    """Rows of the first sheet, in order, gaps between cells filled with empty text."""
    with zipfile.ZipFile(path) as archive:
        shared = _shared_strings(archive, path)
        sheet = _parse(archive, "xl/worksheets/sheet1.xml", path)
    return [_row(row, shared) for row in sheet.iter(f"{_SPACE}row")]


def _parse(archive: zipfile.ZipFile, name: str, path: Path) -> ET.Element:
    if archive.getinfo(name).file_size > _MAX_BYTES:
        raise MarketDataError(f"{path.name}: {name} is larger than {_MAX_BYTES} bytes")
    text = archive.read(name)
    if b"<!DOCTYPE" in text:  # entities have no place in a sheet, and can be made to explode
        raise MarketDataError(f"{path.name}: {name} has a document type")
    return ET.fromstring(text)  # noqa: S314 - size and document type are checked above


def _shared_strings(archive: zipfile.ZipFile, path: Path) -> list[str]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    root = _parse(archive, "xl/sharedStrings.xml", path)
    return ["".join(part.text or "" for part in item.iter(f"{_SPACE}t")) for item in root]


def _row(row: ET.Element, shared: list[str]) -> list[str]:
    cells: list[str] = []
    for cell in row:
        column = _column(cell.get("r", ""))
        cells.extend([""] * (column - len(cells)))
        cells.append(_text(cell, shared).strip())
    return cells


def _column(reference: str) -> int:
    """Place of a cell such as ``AB12`` in its row, from 0."""
    letters = re.match(r"[A-Z]+", reference)
    place = 0
    for letter in letters.group() if letters else "A":
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def _text(cell: ET.Element, shared: list[str]) -> str:
    if cell.get("t") == "inlineStr":
        return "".join(part.text or "" for part in cell.iter(f"{_SPACE}t"))
    value = cell.find(f"{_SPACE}v")
    if value is None or value.text is None:
        return ""
    return shared[int(value.text)] if cell.get("t") == "s" else value.text
