"""Writing output files so that each is wholly old or wholly new, and readable by its owner alone."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from advisor.errors import OutputError


def write_all(folder: Path, contents: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Write every file of `contents` (name -> bytes) into `folder`, or none.

    All are written to temporary names and synced before the first is renamed into place; mode 0600, new folders 0700.
    A symbolic link in the place of a file is replaced, its target left alone. Raises `OutputError`.
    """
    with _as_output_error(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        staged: list[tuple[Path, Path]] = []
        try:
            for name, content in contents.items():
                staged.append((_stage(folder, name, content), folder / name))
            for _, target in staged:
                if target.is_dir() and not target.is_symlink():
                    raise IsADirectoryError(f"{target} is a folder")
            for temporary, target in staged:
                temporary.replace(target)
        finally:
            for temporary, _ in staged:
                temporary.unlink(missing_ok=True)
        _sync_folder(folder)
    return tuple(target for _, target in staged)


def _stage(folder: Path, name: str, content: bytes) -> Path:
    handle, path = tempfile.mkstemp(prefix=f".{name}.", suffix=".part", dir=folder)
    temporary = Path(path)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _sync_folder(folder: Path) -> None:
    """Make the renames durable; not every system lets a folder be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _as_output_error(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"cannot write to {folder}: {reason}; give another folder with --out") from error
