"""A template of the user's own is rendered in a process of its own, with an end to its time, memory and output.

1. The parent starts this module with the context on standard input, and waits no longer than `WAIT_SECONDS`.
2. The child limits itself, then renders. It sends the page on standard output, or the fault, with file and line.

The child gets no environment, no shell and no right to write a file. It imports what the parent can import.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import NoReturn

import jinja2

from advisor.errors import InputError, Issue, Location
from advisor.report.page.sandbox import TEMPLATE, Plain, environment
from advisor.share import share
from advisor.streams import own_standard_output

CPU_SECONDS, WAIT_SECONDS = 5, 30
MEMORY_BYTES = 512 * 2**20
LARGEST_PAGE = 4 * 2**20
_FAULT = 3  # exit code of a child that names a fault on standard output


def render_bounded(values: Mapping[str, Plain], own: Path) -> str:
    """The page made by ``report.html.j2`` of the folder `own`.

    Raises InputError that names the template's file and, where it is known, the line.
    """
    job = json.dumps({"own": str(own.resolve()), "values": values}, allow_nan=False)
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "advisor.report.page.bounded"],
            input=job.encode(),
            capture_output=True,
            env=_environment(),
            timeout=WAIT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _fault(own / TEMPLATE, f"the template was ended after {WAIT_SECONDS} seconds") from error
    if done.returncode == 0:
        return done.stdout.decode()
    if done.returncode != _FAULT:
        raise _fault(own / TEMPLATE, f"the template was ended: {_ending(done.returncode)}")
    told = json.loads(done.stdout)
    raise _fault(Path(told["file"]), told["message"], told["line"])


def _environment() -> dict[str, str]:
    """The paths of imports, and what Windows needs to start a process."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path), "PYTHONUTF8": "1"}


def _ending(code: int) -> str:
    over = f"it may take {CPU_SECONDS} seconds and {MEMORY_BYTES // 2**20} MiB"
    return f"{over} ({signal.Signals(-code).name})" if code < 0 else f"{over} (code {code})"


def _fault(file: Path, message: str, line: int | None = None) -> InputError:
    try:
        source = file.read_text("utf-8") if line else ""
    except (OSError, UnicodeDecodeError):
        source = ""
    return InputError((Issue(message, Location(line) if line else None),), str(file), source)


class _TooLongError(Exception):
    """The template has used its time."""


class _TooLargeError(Exception):
    """The template has written more than a page may have."""


def _main() -> NoReturn:
    """The child: one job from standard input, one answer on standard output."""
    own_standard_output()
    job = json.loads(sys.stdin.buffer.read())
    own = Path(job["own"])
    _limit()
    try:
        page, code = _render(job["values"], own), 0
    except Exception as error:  # noqa: BLE001 - whatever a template does wrong is the user's to mend
        page, code = json.dumps(_told(error, own)), _FAULT
    sys.stdout.buffer.write(page.encode())
    sys.stdout.buffer.flush()
    sys.exit(code)


def _render(values: Mapping[str, Plain], own: Path) -> str:
    pieces, size = [], 0
    for piece in environment(own).get_template(TEMPLATE).generate(**values):
        size += len(piece)
        if size > LARGEST_PAGE:
            raise _TooLargeError
        pieces.append(piece)
    return "".join(pieces)


def _limit() -> None:
    """Set an end to time and memory, and let no file be written.

    Windows has no such limits: there only the clock of the parent ends it.
    """
    try:
        import resource
    except ImportError:
        return
    signal.signal(signal.SIGXCPU, _too_long)
    for limit, soft, hard in (
        (resource.RLIMIT_CPU, CPU_SECONDS, CPU_SECONDS + 1),  # at the second, the system kills what does not listen
        (resource.RLIMIT_AS, MEMORY_BYTES, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # macOS refuses some, and a lower one may be set already
            resource.setrlimit(limit, (soft, hard))


def _too_long(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    raise _TooLongError


def _told(error: Exception, own: Path) -> dict[str, str | int | None]:
    """What is wrong, and the place in the user's files; else the place in the shipped ones."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return {"file": error.filename or str(own / TEMPLATE), "line": error.lineno, "message": _words(error)}
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    for folder in (own, share("templates")):
        within = [(file, line) for file, line in frames if Path(file).is_relative_to(folder)]
        if within:
            return {"file": within[-1][0], "line": within[-1][1], "message": _words(error)}
    return {"file": str(own / TEMPLATE), "line": None, "message": _words(error)}


def _words(error: Exception) -> str:
    match error:
        case _TooLongError():
            return f"the template takes more than {CPU_SECONDS} seconds"
        case _TooLargeError():
            return f"the page is larger than {LARGEST_PAGE // 2**20} MiB"
        case MemoryError():
            return f"the template takes more than {MEMORY_BYTES // 2**20} MiB"
        case RecursionError():
            return "the template calls itself without end"
        case jinja2.TemplateNotFound():
            return f"no template {error.message}"
        case jinja2.TemplateError():
            return str(error.message)
    return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    _main()
