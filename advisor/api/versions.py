"""What a result was made with."""

from __future__ import annotations

import platform
from importlib.metadata import version

from advisor import __version__


def versions() -> dict[str, str]:
    """Versions that a result depends on, by name."""
    packages = ("cvxpy", "clarabel", "numpy")
    return {"advisor": __version__, "python": platform.python_version()} | {name: version(name) for name in packages}
