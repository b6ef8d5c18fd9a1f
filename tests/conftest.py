"""What every test runs under: no files of this machine's user, neither read nor written."""

from __future__ import annotations

import pytest

from advisor.market.paths import HOME


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of each test's own for what is kept between runs."""
    monkeypatch.setenv(HOME, str(tmp_path_factory.mktemp("home")))
