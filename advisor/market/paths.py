"""Where files live between runs: what can be fetched again, and what the user gave."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path, user_data_path

HOME = "ADVISOR_HOME"  # one folder for both, in place of the platform's
NAME = "smallcap-advisor"


def cache_folder() -> Path:
    """Folder of what was fetched; it may be deleted at any time."""
    home = os.environ.get(HOME)
    return Path(home) / "cache" if home else user_cache_path(NAME, appauthor=False)


def imported_folder() -> Path:
    """Folder of the holdings files that the user imported."""
    home = os.environ.get(HOME)
    return Path(home) / "holdings" if home else user_data_path(NAME, appauthor=False) / "holdings"
