"""Interruptions: they end a run with 128 plus the signal's number, even where a library swallows the exception.

A run that has finished is past interruption: its files are in place, and its exit code says so.
"""

from __future__ import annotations

import atexit
import signal
from typing import Any

_installed: list[int] = []
_received: list[int] = []
_finished = False


class Interrupted(SystemExit):
    """A signal asked the run to stop; `code` is its exit code."""


def install() -> None:
    """Handle SIGINT, SIGTERM and SIGHUP, except those that the caller has set to be ignored (``nohup``)."""
    global _finished
    _finished = False
    _received.clear()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _stop)
            _installed.append(number)
    atexit.unregister(_ignore)
    atexit.register(_ignore)  # the interpreter puts the default handlers back before it unloads its libraries


def finish() -> None:
    """Stop now if a signal has come; from here on none is heeded."""
    global _finished
    if code := exit_code():
        raise Interrupted(code)
    _finished = True


def exit_code() -> int | None:
    """Exit code of an interrupted run; None where no signal has come."""
    return 128 + _received[0] if _received else None


def _stop(number: int, frame: Any) -> None:  # noqa: ANN401 - the interpreter's own signature
    del frame
    if not _finished:
        _received.append(number)
        raise Interrupted(128 + number)


def _ignore() -> None:
    for number in _installed:
        signal.signal(number, signal.SIG_IGN)
