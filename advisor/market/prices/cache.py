"""What was fetched, kept between runs: one file for each kind and symbol.

A file begins with a line that says format, kind and symbol and has the digest of them and of all that follows, so
that one that was torn, altered, or renamed to another symbol is found out. Such a file is renamed to ``.bad`` and
counts as not there. Files are replaced in one step, so that runs need no lock and a fault touches one symbol alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from advisor.errors import OutputError
from advisor.files import write_atomically
from advisor.market.paths import check_ours
from advisor.portfolio.values import SYMBOL

FORMAT = "advisor-cache 1"
_TICKER = re.compile(SYMBOL, re.ASCII)
_KIND = re.compile(r"[a-z]{1,16}", re.ASCII)
LARGEST = 64 * 2**20  # bytes of a file; decades of prices are under 1 MB
ABANDONED = 3600  # seconds after which the temporary file of a killed run is removed


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """One file of the cache: size in bytes and SHA-256 of its content."""

    kind: str
    symbol: str
    size: int
    sha256: str


class Cache:
    """The files in one folder, which is made by the first write; raises `MarketDataError` for one that is not ours.

    Nothing that goes wrong with a file ends a run: `set_aside` names what could not be read and `unwritten` says what
    could not be written, since this cache was opened.
    """

    def __init__(self, folder: Path) -> None:
        check_ours(folder)
        self.folder = folder
        self.set_aside: list[str] = []
        self.unwritten: list[str] = []
        self._swept = False

    def read(self, kind: str, symbol: str) -> bytes | None:
        """Content as it was written; None if there is none that can be trusted."""
        path = self._path(kind, symbol)
        try:
            content = _content(_read(path), kind, symbol)
        except FileNotFoundError:
            return None
        except OSError:
            content = None
        if content is None:
            self.set_aside.append(path.name)
            with contextlib.suppress(OSError):
                path.replace(path.with_suffix(".bad"))
        return content

    def write(self, kind: str, symbol: str, content: bytes) -> None:
        """Keep `content` in the place of what is there. A failure is noted, not raised."""
        path = self._path(kind, symbol)
        start = _start(kind, symbol)
        try:
            write_atomically(path, start + _digest(start, content) + b"\n" + content)
        except OutputError as error:
            if str(error) not in self.unwritten:
                self.unwritten.append(str(error))
        else:
            self._sweep(path)

    def entries(self) -> tuple[CacheEntry, ...]:
        """All that can be read, by kind and symbol."""
        found = []
        for path in sorted(self.folder.glob("*.data")):
            kind, _, symbol = path.stem.partition("-")
            if _KIND.fullmatch(kind) and _TICKER.fullmatch(symbol):
                content = self.read(kind, symbol)
                if content is not None:
                    found.append(CacheEntry(kind, symbol, len(content), hashlib.sha256(content).hexdigest()))
        return tuple(found)

    def _path(self, kind: str, symbol: str) -> Path:
        """The prefix keeps CON, NUL and AUX from being names of devices."""
        if not (_KIND.fullmatch(kind) and _TICKER.fullmatch(symbol)):
            raise ValueError(f"{kind!r}, {symbol!r}: not a kind and a symbol")
        return self.folder / f"{kind}-{symbol}.data"

    def _sweep(self, written: Path) -> None:
        """Remove, once, what killed runs left behind; the time is that of a file just written."""
        if self._swept:
            return
        self._swept = True
        with contextlib.suppress(OSError):
            latest = written.stat().st_mtime - ABANDONED
            for path in self.folder.glob(".advisor-*"):
                with contextlib.suppress(OSError):  # another run may have removed it
                    if path.lstat().st_mtime < latest:
                        path.unlink()


def _read(path: Path) -> bytes:
    """Bytes of a regular file; a link, a pipe or a device is an OSError, and none is waited for."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
            raise OSError(f"{path.name} is not a file of the cache")
        return file.read(LARGEST)


def _content(raw: bytes, kind: str, symbol: str) -> bytes | None:
    start = _start(kind, symbol)
    line, end, content = raw.partition(b"\n")
    return content if end and line == start + _digest(start, content) else None


def _start(kind: str, symbol: str) -> bytes:
    return f"{FORMAT} {kind} {symbol} ".encode()


def _digest(start: bytes, content: bytes) -> bytes:
    return hashlib.sha256(start + content).hexdigest().encode()
