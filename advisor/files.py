"""Writing output files so that each is wholly old or wholly new, and readable by its owner alone."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from advisor.errors import OutputError


@contextlib.contextmanager
def replaced(folder: Path, contents: Mapping[str, bytes]) -> Iterator[tuple[Path, ...]]:
    """The files of `contents` (name -> bytes) in `folder`, taken back if the block fails or is interrupted.

    1. All contents are written and synced in a temporary folder inside `folder`, beside a copy of each old file.
    2. They are renamed into place; then the block runs, for what belongs to the same success.
    3. If any of this fails, the old files are renamed back, and what is new is removed.

    Mode 0600, new folders 0700. A symbolic link in the place of a file is replaced, its target left alone. Raises
    `OutputError`.
    """
    with _as_output_error(folder), contextlib.ExitStack() as new_folders:
        _make(folder, new_folders)
        with (
            tempfile.TemporaryDirectory(prefix=".advisor-", dir=folder, ignore_cleanup_errors=True) as temporary,
            contextlib.ExitStack() as renames,
        ):
            staging = Path(temporary)
            for name, content in contents.items():
                _write(staging / name, content)
                _keep(folder / name, _old(staging, name))
            for name in contents:
                renames.callback(_put_back, _old(staging, name), folder / name)
                (staging / name).replace(folder / name)
            _sync_folder(folder)
            yield tuple(folder / name for name in contents)
            renames.pop_all()
        new_folders.pop_all()


def write_atomically(path: Path, content: bytes) -> None:
    """Write one file so that every reader, and a reader after a crash, finds the old content or the new.

    It is written and synced under a name of its own beside `path`, then renamed. Mode 0600, new folders 0700. A
    process that is killed before the rename leaves a file ``.advisor-*`` behind, which nothing reads. Raises
    `OutputError`.
    """
    with _as_output_error(path.parent, "see to its space and rights, or name another folder in ADVISOR_HOME"):
        with contextlib.ExitStack() as new_folders:
            _make(path.parent, new_folders)
            new_folders.pop_all()
        staged = path.with_name(f".advisor-{secrets.token_hex(8)}")
        try:
            _write(staged, content)
            staged.replace(path)
        except BaseException:
            staged.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)


def read_file(path: Path, limit: int) -> bytes:
    """Bytes of a regular file of at most `limit`; a link to one is followed.

    Raises OSError for anything else: a pipe is not waited for, and a device is not read without end.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
    except ValueError:  # a name with a NUL
        raise OSError(errno.EINVAL, "Not a file name") from None
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "Not a regular file")
        content = file.read(limit + 1)
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"Larger than {limit // 2**20} MiB")
    return content


def _make(folder: Path, undo: contextlib.ExitStack) -> None:
    """Make the folder and what is missing above it."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)
        undo.callback(_remove_if_empty, path)


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def _old(staging: Path, name: str) -> Path:
    return staging / f"{name}.old"


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _keep(target: Path, copy: Path) -> None:
    """Copy what is in the place of a file; a folder, a pipe or a device is refused."""
    if target.is_symlink() or target.is_file():
        shutil.copy2(target, copy, follow_symlinks=False)
    elif target.exists():
        raise FileExistsError(f"{target.name} is there and is not a file")


def _put_back(copy: Path, target: Path) -> None:
    if copy.is_symlink() or copy.exists():
        copy.replace(target)
    else:
        target.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make the renames durable; not every system lets a folder be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _as_output_error(folder: Path, way_out: str = "give another folder with --out") -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"cannot write to {folder}: {reason}; {way_out}") from error
