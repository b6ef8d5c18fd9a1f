"""What every test runs under: no files of this machine's user, neither read nor written."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from advisor.market.paths import HOME

# Before numpy is loaded: the suite runs on every core, and threads of linear algebra only wait for each other there.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"):
    os.environ.setdefault(variable, "1")


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of each test's own for what is kept between runs."""
    monkeypatch.setenv(HOME, str(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="session", autouse=True)
def _signals_as_in_a_terminal() -> Iterator[None]:
    """A suite that runs in the background has SIGINT ignored, and the commands it starts inherit that."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    ignored = [number for number in numbers if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)
