"""What every test runs under: no files of this machine's user, neither read nor written."""

from __future__ import annotations

import os

import pytest

from advisor.market.paths import HOME

# Before numpy is loaded: the suite runs on every core, and threads of linear algebra only wait for each other there.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ.setdefault(variable, "1")


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of each test's own for what is kept between runs."""
    monkeypatch.setenv(HOME, str(tmp_path_factory.mktemp("home")))
