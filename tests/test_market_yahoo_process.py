"""The price source in a process of its own: what leaves the machine, what is written, and how it ends."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from advisor.market.paths import HOME
from tests.yahoo_server import YahooServer, fund_facts, stock_facts, walk

ROOT = Path(__file__).parent.parent
LIBRARIES = {"curl_cffi": "", "requests": "1"}  # with the value of YF_DISABLE_CURL_CFFI
SYMBOLS = ("IWM", "BRK.B", "NVDA", "VTWO")
OF_THE_CONNECTION = {"Connection", "Upgrade", "HTTP2-Settings"}  # curl sends them as it opens one without TLS
PROGRAM = """
import json, sys
from datetime import UTC, date, datetime
from advisor.market.yahoo.fetch import fetch_facts, fetch_histories

now, timeout, symbols = datetime(2026, 7, 13, 21, 30, tzinfo=UTC), float(sys.argv[1]), sys.argv[2:]
prices = fetch_histories(symbols, date(2025, 1, 2), now=now, timeout=timeout)
facts = fetch_facts(symbols, now=now, timeout=timeout)
print(json.dumps([{symbol: getattr(found, "cause", "found") for symbol, found in each.items()}
                  for each in (prices, facts)]))
"""


class Canary:
    """Leaves a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.mkdir, (str(self.path),))


@pytest.fixture
def server() -> Iterator[YahooServer]:
    charts = {symbol.replace(".", "-"): walk(symbol, count=300) for symbol in SYMBOLS}
    charts["BRK-B"] = walk("BRK-B", count=300, kind="EQUITY")
    facts = {symbol.replace(".", "-"): fund_facts(symbol.replace(".", "-")) for symbol in SYMBOLS}
    with YahooServer(charts, facts | {"NVDA": stock_facts("NVDA")}) as server:
        yield server


def arguments(*symbols: str, timeout: float = 10.0) -> list[str]:
    return [sys.executable, "-c", PROGRAM, str(timeout), *symbols]


def answers(run: subprocess.CompletedProcess[str]) -> list[dict[str, str]]:
    assert (run.returncode, run.stderr) == (0, "")
    found: list[dict[str, str]] = json.loads(run.stdout)
    return found


def files_under(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("library", LIBRARIES)
def test_nothing_but_ticker_symbols_leaves_the_machine(server: YahooServer, library: str, tmp_path: Path) -> None:
    here = tmp_path / "canary-folder"
    here.mkdir()
    names = dict.fromkeys(("USER", "LOGNAME", "USERNAME", "EMAIL", "HOSTNAME"), "canary-user")
    environment = server.environment() | names | {"HOME": str(here), "YF_DISABLE_CURL_CFFI": LIBRARIES[library]}
    run = subprocess.run(arguments(*SYMBOLS), cwd=here, env=environment, capture_output=True, text=True, timeout=600)
    assert answers(run) == [dict.fromkeys(SYMBOLS, "found")] * 2

    everything = repr(server.requests)
    for secret in ("canary", socket.gethostname(), str(ROOT), str(tmp_path)):
        assert secret not in everything
    shapes = set()
    for request in server.data_requests():
        ticker = request.path.rsplit("/", 1)[-1]
        headers = {name: value for name, value in request.headers.items() if name not in OF_THE_CONNECTION}
        parts = (request.host, request.method, request.path, request.query, headers, request.body)
        shapes.add(repr(parts).replace(ticker, "TICKER"))
    assert len(shapes) == 2  # one for all charts, one for all facts
    asked = {request.path.rsplit("/", 1)[-1] for request in server.data_requests()}
    assert asked == {"IWM", "BRK-B", "NVDA", "VTWO"}
    assert {request.body for request in server.requests} == {""}


def test_the_files_of_the_client_are_neither_read_nor_written(server: YahooServer, tmp_path: Path) -> None:
    home, kept, sprung = tmp_path / "home", tmp_path / "kept", tmp_path / "sprung"
    for folder in (home / ".cache" / "py-yfinance", kept / "cache" / "yfinance"):
        folder.mkdir(parents=True)
        (folder / "tkr-tz.db").write_bytes(b"this is no database" * 100)
        with sqlite3.connect(folder / "cookies.db") as database:
            database.execute(
                "CREATE TABLE _cookieschema (strategy TEXT PRIMARY KEY, fetch_date TEXT, cookie_bytes BLOB)"
            )
            row = ("curlCffi", "2026-07-13T00:00:00", pickle.dumps(Canary(sprung)))
            database.execute("INSERT INTO _cookieschema VALUES (?, ?, ?)", row)
        database.close()
    before = files_under(tmp_path)
    environment = server.environment() | {"HOME": str(home), HOME: str(kept), "XDG_CACHE_HOME": str(home / ".cache")}
    run = subprocess.run(arguments("IWM"), env=environment, capture_output=True, text=True, timeout=600)
    assert answers(run) == [{"IWM": "found"}] * 2
    assert not sprung.exists()
    assert files_under(tmp_path) == before

    # the trap is set: the client as it is published springs it
    careless = "from yfinance.data import YfData; YfData().get('https://query2.finance.yahoo.com/v8/finance/chart/IWM')"
    subprocess.run([sys.executable, "-c", careless], env=environment, capture_output=True, timeout=600)
    assert sprung.exists()


@pytest.mark.parametrize("library", LIBRARIES)
def test_an_answer_without_end_does_not_keep_the_process_alive(server: YahooServer, library: str) -> None:
    server.fail("IWM", "drip")
    environment = server.environment() | {"YF_DISABLE_CURL_CFFI": LIBRARIES[library]}
    run = subprocess.run(arguments("IWM", timeout=0.5), env=environment, capture_output=True, text=True, timeout=600)
    assert answers(run) == [{"IWM": "timed out"}] * 2


@pytest.mark.parametrize("library", LIBRARIES)
def test_an_interrupted_run_does_not_wait_for_the_source(server: YahooServer, library: str) -> None:
    for symbol in SYMBOLS:
        server.fail(symbol.replace(".", "-"), "slow")
    environment = server.environment() | {"YF_DISABLE_CURL_CFFI": LIBRARIES[library]}
    waiting = arguments(*SYMBOLS, timeout=600.0)
    with subprocess.Popen(waiting, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert server.wait_for_requests(len(SYMBOLS), seconds=60.0)
        run.send_signal(signal.SIGINT)
        output, errors = run.communicate(timeout=600)
    assert output == ""
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert run.returncode == -signal.SIGINT


def without_network(*command: str) -> list[str]:
    """A command in a namespace whose only network is its own loopback."""
    start = ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    if not (shutil.which("unshare") and shutil.which("ip")):
        pytest.skip("unshare or ip is not installed")
    if subprocess.run([*start, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("a network namespace is not permitted here")
    return [*start, *command]


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_machine_without_a_route_has_no_network(library: str) -> None:
    environment = os.environ | {"YF_DISABLE_CURL_CFFI": LIBRARIES[library]}
    command = without_network(*arguments(*SYMBOLS))
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
    assert answers(run) == [dict.fromkeys(SYMBOLS, "no network")] * 2


def test_the_real_client_needs_no_more_than_the_loopback_of_these_tests() -> None:
    tests = ["tests/test_market_yahoo_fetch.py", "-k", "prices_are_those or consent or facts_cost or redirect"]
    command = without_network(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stdout + run.stderr


def test_what_depends_on_the_http_library_is_so_with_the_other_too() -> None:
    other = "" if os.environ.get("YF_DISABLE_CURL_CFFI") else "1"
    names = "those or passes or patience or network or consent or redirect or cookies or crumb or recorded"
    tests = ["tests/test_market_yahoo_fetch.py", "-k", names]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    environment = os.environ | {"YF_DISABLE_CURL_CFFI": other}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stdout + run.stderr
