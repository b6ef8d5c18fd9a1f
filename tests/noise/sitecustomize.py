"""Makes libraries noisy: as each is looked for, C and Python write to standard output.

A Python whose PYTHONPATH has this folder imports this file as it starts.
"""

from __future__ import annotations

import ctypes
import importlib.abc
import os
import sys

NOISE = b"noise from a library\n"
NOISY = ("yaml", "numpy", "pydantic", "clarabel", "highspy", "rich")  # imported while a command runs
BUFFERED = "ADVISOR_TEST_BUFFERED_NOISE"  # C keeps what it prints until the process ends


class Noise(importlib.abc.MetaPathFinder):
    """Finds nothing, and says so at length."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        if fullname in NOISY or fullname in _commands():
            os.write(1, NOISE)
            sys.stdout.write(NOISE.decode())
            c = ctypes.CDLL(None)
            c.printf(NOISE)
            if BUFFERED not in os.environ:
                c.fflush(None)


def _commands() -> set[str]:
    main = sys.modules.get("advisor.cli.main")
    return {f"advisor.cli.{name.replace('-', '_')}" for name in getattr(main, "COMMANDS", ())}


if __name__ == "sitecustomize":
    sys.meta_path.insert(0, Noise())
