"""Standard output belongs to the result: what anything else writes there goes to standard error.

Libraries written in C print to descriptor 1 as they please, some before any option of theirs can be set. So the
program keeps a descriptor of its own for results, and lets descriptor 1 lead where messages go.
"""

from __future__ import annotations

import os
import sys


def own_standard_output() -> None:
    """Make `sys.stdout` a private copy of descriptor 1, and point descriptor 1 itself at standard error.

    Does nothing where standard output is closed. To be called once, as the process starts.
    """
    stream = sys.stdout
    if stream is None:
        return
    stream.flush()
    private = os.dup(stream.fileno())  # not inherited: a child writes to standard error, too
    _lead_to_standard_error(stream.fileno())
    sys.stdout = open(  # noqa: SIM115, PTH123 - lives as long as the process
        private, "w", encoding=stream.encoding, errors=stream.errors, buffering=1 if stream.isatty() else -1
    )


def _lead_to_standard_error(descriptor: int) -> None:
    """Point `descriptor` at standard error, or at nothing where that is closed."""
    if sys.stderr is None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, descriptor)
        os.close(nowhere)
    else:
        os.dup2(sys.stderr.fileno(), descriptor)
