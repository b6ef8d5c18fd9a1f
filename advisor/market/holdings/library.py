"""The holdings files that the user imported: the original bytes, under names that say fund, date and digest.

A file of the folder is read and checked each time it is used. Deleting one takes its list back.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

from advisor.errors import InputError, Issue, MarketDataError
from advisor.files import read_file, write_atomically
from advisor.market.holdings.faults import HoldingsFaultsError
from advisor.market.holdings.model import HoldingsFile
from advisor.market.holdings.read import format_of, read_holdings
from advisor.market.holdings.tables import MAX_BYTES
from advisor.market.paths import check_ours

DIGITS = 12  # of the digest, in a name
_NAME = re.compile(r"([A-Z][A-Z0-9.]*)_(\d{4}-\d{2}-\d{2})_([0-9a-f]{12})\.(csv|xlsx|json|xml)", re.ASCII)


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """A file of the folder, by its name alone; `sha256` are the first twelve digits of its digest."""

    fund: str
    as_of: date
    sha256: str
    path: Path


def import_file(path: Path, folder: Path, *, fund: str | None) -> HoldingsFile:
    """Read and check the user's file, and keep its bytes in `folder`; the same bytes again change nothing.

    Raises
    ------
    InputError
        The file cannot be read, or is no holdings file that can be used: all its faults.
    OutputError
        It cannot be kept.
    """
    content = _read(path)
    try:
        holdings = read_holdings(content, name=str(path), fund=fund)
    except HoldingsFaultsError as error:
        raise InputError(error.issues, str(path)) from None
    kept = kept_path(holdings, content, folder)
    if not kept.is_file() or kept.read_bytes() != content:
        write_atomically(kept, content)
    newer = [other for other in imported(folder) if other.fund == holdings.fund and other.as_of > holdings.as_of]
    if not newer:
        return holdings
    latest = max(other.as_of for other in newer)
    note = f"a newer list of {holdings.fund} is there, of {latest}: it counts for decisions from that day on"
    return replace(holdings, notes=(*holdings.notes, note))


def kept_path(holdings: HoldingsFile, content: bytes, folder: Path) -> Path:
    """Where a list is kept."""
    return folder / f"{holdings.fund}_{holdings.as_of}_{holdings.sha256[:DIGITS]}.{format_of(content)}"


def imported(folder: Path) -> tuple[ImportedFile, ...]:
    """All lists of the folder, by fund and date, from their names; none is opened.

    Raises `MarketDataError` for a folder that cannot be read.
    """
    check_ours(folder)
    try:
        paths = sorted(folder.iterdir())
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise MarketDataError(f"{folder}: the imported holdings files cannot be listed: {error.strerror}") from error
    found = []
    for path in paths:
        match = _NAME.fullmatch(path.name)
        with contextlib.suppress(ValueError):  # no date of the calendar: not a name of ours
            if match:
                found.append(ImportedFile(match[1], date.fromisoformat(match[2]), match[3], path))
    return tuple(sorted(found, key=lambda file: (file.fund, file.as_of)))


def newest(folder: Path, as_of: date) -> Mapping[str, HoldingsFile]:
    """For each fund, the newest list dated on or before `as_of`; of two on one date, the one imported last.

    Raises
    ------
    MarketDataError
        A list cannot be read, or is no longer what was imported: it is set aside as ``.bad`` and named.
    """
    chosen: dict[str, ImportedFile] = {}
    for file in imported(folder):
        before = chosen.get(file.fund)
        if file.as_of <= as_of and (before is None or _order(before) < _order(file)):
            chosen[file.fund] = file
    return MappingProxyType({fund: read_imported(file) for fund, file in chosen.items()})


def read_imported(file: ImportedFile) -> HoldingsFile:
    """One list of the folder, checked against the digest, fund and date of its name.

    Raises `MarketDataError` where they differ.
    """
    try:
        content = read_file(file.path, MAX_BYTES)
    except OSError as error:
        raise MarketDataError(f"{file.path}: cannot be read: {error.strerror}; import the file again") from error
    if hashlib.sha256(content).hexdigest()[:DIGITS] != file.sha256:
        _set_aside(file)
    try:
        holdings = read_holdings(content, name=str(file.path), fund=file.fund)
    except HoldingsFaultsError as error:
        raise MarketDataError(f"{error}\nimport a file of {file.fund} that can be used, or delete this one") from error
    if holdings.as_of != file.as_of:
        raise MarketDataError(f"{file.path}: the list is of {holdings.as_of}: the file was renamed; import it again")
    return holdings


def _order(file: ImportedFile) -> tuple[date, int, str]:
    try:
        modified = file.path.stat().st_mtime_ns
    except OSError:
        modified = 0
    return (file.as_of, modified, file.path.name)


def _set_aside(file: ImportedFile) -> None:
    bad = file.path.with_name(f"{file.path.name}.bad")
    with contextlib.suppress(OSError):  # whether it could be moved or not, it is not used
        file.path.replace(bad)
    raise MarketDataError(
        f"{file.path}: no longer the file that was imported, set aside as {bad.name}: "
        f"import the list of {file.fund} again"
    )


def _read(path: Path) -> bytes:
    try:
        return read_file(path, MAX_BYTES)
    except OSError as error:
        reason = error.strerror or str(error)
        issue = Issue(f"cannot be read: {reason.lower()}", hint="give the path of an issuer's holdings file")
        raise InputError((issue,), str(path)) from None
