"""Where files live between runs: what can be fetched again, and what the user gave."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from platformdirs import user_cache_path, user_data_path

from advisor.errors import MarketDataError

HOME = "ADVISOR_HOME"  # one folder for both, in place of the platform's
NAME = "smallcap-advisor"
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def cache_folder() -> Path:
    """Folder of what was fetched; it may be deleted at any time."""
    home = os.environ.get(HOME)
    return Path(home) / "cache" if home else user_cache_path(NAME, appauthor=False)


def imported_folder() -> Path:
    """Folder of the holdings files that the user imported."""
    home = os.environ.get(HOME)
    return Path(home) / "holdings" if home else user_data_path(NAME, appauthor=False) / "holdings"


def check_ours(folder: Path) -> None:
    """Check that a folder, if it is there, can be written by its user alone, who is the one of this run.

    Raises `MarketDataError`: what others can write there would be taken for what this program wrote.
    """
    way_out = f"make a folder of your own, or name another in {HOME}"
    try:
        found, link = folder.stat(), folder.lstat()
    except FileNotFoundError:
        if folder.is_symlink():
            raise MarketDataError(f"the folder {folder} is a link that leads nowhere; {way_out}") from None
        return
    except OSError as error:
        raise MarketDataError(f"the folder {folder} cannot be used: {error.strerror}; {way_out}") from error
    if not stat.S_ISDIR(found.st_mode):
        raise MarketDataError(f"the folder {folder} is not a folder; {way_out}")
    if not hasattr(os, "getuid"):
        return
    if {found.st_uid, link.st_uid} != {os.getuid()}:
        raise MarketDataError(f"the folder {folder} belongs to another user; {way_out}")
    if found.st_mode & _OTHERS_WRITE:
        raise MarketDataError(f"the folder {folder} can be written by others; chmod 700 it, or {way_out}")
