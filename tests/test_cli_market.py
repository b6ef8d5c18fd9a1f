"""``--market yahoo`` as a user runs it: the unmodified program against a loopback Yahoo, and without any network."""

from __future__ import annotations

import hashlib
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest

from advisor.market import sources
from advisor.market.paths import HOME, cache_folder
from advisor.market.snapshot import EMBEDDED
from advisor.market.yahoo import fetch
from tests.command import CHECKOUT, REPORT_FILES, Ended, call, contents
from tests.market_households import asked, calendar, chart, days_before, history, portfolio_text, yahoo
from tests.yahoo_server import YahooServer, answer_here

FILES = sorted([*REPORT_FILES, "market.json"])
CANARIES = ("canary", "4711.13", "77.771913", "98765.43", "2019-01-02")
PRIVATE = """\
version: 1
name: The canary household
as_of: {as_of}
accounts:
  - name: Canary account
    type: taxable
    cash: 98765.43
    holdings: [{{symbol: NVDA, shares: 4711.13, cost_per_share: 77.771913, acquired: 2019-01-02}}]
  - {{name: Canary Roth, type: roth, cash: 0, holdings: [{{symbol: SPY, shares: 400}}]}}
limits: {{magnificent_seven: {{max: 60%}}}}
"""


@cache
def today() -> date:
    """The last session that is over as these tests begin, by the machine's clock."""
    return calendar().last_completed(datetime.now(UTC))


@cache
def without_network() -> tuple[str, ...]:
    """What puts a program where there is no network at all; nothing where that is not permitted."""
    for command in (("unshare", "-n"), ("unshare", "-rn")):
        try:
            if subprocess.run([*command, "true"], capture_output=True).returncode == 0:
                return command
        except OSError:
            continue
    return ()


def advisor(*arguments: object, env: dict[str, str], cwd: Path, within: Sequence[str] = ()) -> Ended:
    command = [*within, sys.executable, "-m", "advisor", *map(str, arguments)]
    run = subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, encoding="utf-8", timeout=600)
    return Ended(run.returncode, run.stdout, run.stderr)


def digests(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents(folder).items()}


@dataclass(frozen=True)
class Fetched:
    """One run with a network, and where it was."""

    ended: Ended
    folder: Path
    env: dict[str, str]
    server: YahooServer

    def again(self, out: str, *options: str, within: Sequence[str] = ()) -> Ended:
        arguments = ("rebalance", "canary-file.yaml", "--market", "yahoo", "--out", out, *options)
        return advisor(*arguments, env=self.env, cwd=self.folder, within=within)


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> Fetched:
    folder = tmp_path_factory.mktemp("canary-folder")
    (folder / "canary-file.yaml").write_text(PRIVATE.format(as_of=today()), "utf-8")
    names = dict.fromkeys(("USER", "LOGNAME", "USERNAME", "EMAIL", "HOSTNAME"), "canary-user")
    with yahoo(last=today()) as server:
        env = server.environment() | names | {HOME: str(folder / "kept")}
        run = Fetched(Ended(0, "", ""), folder, env, server)
        return Fetched(run.again("online"), folder, env, server)  # the server ends here


def test_a_run_with_a_network_writes_five_files(fetched: Fetched) -> None:
    assert fetched.ended.code == 0, fetched.ended.err
    assert sorted(contents(fetched.folder / "online")) == FILES


def test_nothing_but_ticker_symbols_has_left_the_machine(fetched: Fetched) -> None:
    everything = repr(fetched.server.requests).lower()
    for secret in (*CANARIES, socket.gethostname(), str(CHECKOUT), str(fetched.folder), sys.prefix):
        assert secret.lower() not in everything
    assert asked(fetched.server) == ["IJR", "IWM", "NVDA", "SGOV", "SPY", "VTI", "VTWO"]
    assert {request.body for request in fetched.server.requests} == {""}


def test_what_is_kept_says_nothing_of_the_household(fetched: Fetched) -> None:
    kept = b"".join(path.read_bytes() for path in (fetched.folder / "kept").rglob("*") if path.is_file()).lower()
    assert kept
    for secret in CANARIES[:-1]:  # the last is a day, on which there was a close
        assert secret.encode() not in kept


def test_a_second_run_asks_nobody_and_writes_the_same_bytes(fetched: Fetched) -> None:
    """The server is gone, and what is kept is of the last session."""
    ended = fetched.again("again")
    assert ended.code == 0, ended.err
    assert "Reading" not in ended.err
    assert digests(fetched.folder / "again") == digests(fetched.folder / "online")


@pytest.mark.skipif(not without_network(), reason="a network namespace is not permitted here (unshare -n)")
def test_without_any_route_what_is_kept_gives_the_same_bytes(fetched: Fetched) -> None:
    ended = fetched.again("offline", "--offline", within=without_network())
    assert ended.code == 0, ended.err
    assert "offline: prices as they were read on" in ended.err
    assert digests(fetched.folder / "offline") == digests(fetched.folder / "online")


@pytest.mark.skipif(not without_network(), reason="a network namespace is not permitted here (unshare -n)")
def test_without_any_route_and_with_nothing_kept_one_sentence_names_the_way_out(fetched: Fetched) -> None:
    """Without the loopback server as well: the real client asks for the real hosts."""
    plain = {name: value for name, value in fetched.env.items() if not name.startswith("ADVISOR_TEST")}
    env = plain | {HOME: str(fetched.folder / "nothing")}
    out = fetched.folder / "cold"
    arguments = ("rebalance", "canary-file.yaml", "--market", "yahoo", "--out", out)
    ended = advisor(*arguments, env=env, cwd=fetched.folder, within=without_network())
    assert (ended.code, ended.out) == (4, "")
    *progress, sentence = ended.err.strip().split("\n")
    assert sentence == (
        "error: no network: Yahoo cannot be reached for 6 symbols; --market snapshot uses the prices of 2026-07-13 "
        "that come with the program"
    )
    assert len(progress) <= 1
    assert not out.exists()
    kept = [path.name for path in (fetched.folder / "nothing").rglob("*") if path.is_file()]
    assert kept == ["sessions-XNYS.data"]  # the calendar of the exchange, which nobody was asked for


def test_the_record_is_verified_from_the_market_data_beside_it(fetched: Fetched, capsys) -> None:
    ended = call(capsys, "verify", fetched.folder / "online" / "recommendation.json")
    assert ended.code == 0, ended.out
    assert f"Checked against yahoo-{today()}, prices of {today()}, 0 days before the decision" in ended.out


def test_the_report_names_source_day_age_and_digest(fetched: Fetched) -> None:
    report = (fetched.folder / "online" / "report.html").read_text("utf-8")
    record = (fetched.folder / "online" / "recommendation.json").read_text("utf-8")
    digest = re.findall(r'"symbol": "NVDA",\s+"price_usd": "[\d.]+",[^}]+"sha256": "([0-9a-f]{64})"', record)[0]
    assert digest[:12] in report
    assert "Yahoo chart" in report


def test_two_runs_at_once_on_an_empty_cache_both_answer(tmp_path: Path) -> None:
    (tmp_path / "file.yaml").write_text(portfolio_text(as_of=today()), "utf-8")
    command = [sys.executable, "-m", "advisor", "exposure", "file.yaml", "--market", "yahoo", "--json", "--quiet"]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "encoding": "utf-8"}
    with yahoo(last=today()) as server:
        env = server.environment() | {HOME: str(tmp_path / "kept")}
        runs = [subprocess.Popen(command, env=env, cwd=tmp_path, **streams) for _ in range(2)]
        answers = [run.communicate(timeout=600) for run in runs]
    assert [(run.returncode, err) for run, (_, err) in zip(runs, answers, strict=True)] == [(0, "")] * 2
    assert answers[0][0] == answers[1][0]
    kept = sorted(path.name for path in (tmp_path / "kept" / "cache" / "yahoo").iterdir())
    assert [name for name in kept if not name.endswith(".data")] == []


# In this process ----------------------------------------------------------------------------------------------------
@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[YahooServer]:
    monkeypatch.setattr(sources, "_sessions", lambda now, as_of: calendar())
    monkeypatch.setattr(fetch, "sleep", lambda seconds: None)
    with yahoo(last=today()) as server, answer_here(server):
        yield server


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file.yaml"
    path.write_text(portfolio_text(as_of=today()), "utf-8")
    return path


def words_of(page: Path) -> str:
    """The page without its tags, which keep a date on one line."""
    return re.sub(r"<[^>]*>", "", page.read_text("utf-8"))


def test_a_kept_price_is_told_on_stderr_in_the_record_and_in_the_report(
    server: YahooServer, file: Path, tmp_path: Path, capsys
) -> None:
    before = days_before(today(), 2)
    made = history("NVDA", last=before, now=datetime(before.year, before.month, before.day, 22, 30, tzinfo=UTC))
    sources.yahoo_cache().write("prices", "NVDA", made.to_bytes())
    server.fail("NVDA", "502")
    out = tmp_path / "out"
    ended = call(capsys, "rebalance", file, "--market", "yahoo", "--out", out)
    assert ended.code == 0, ended.err
    for text in (ended.err, (out / "recommendation.json").read_text("utf-8"), words_of(out / "report.html")):
        assert "NVDA: source down (the source fails (HTTP 502))" in text
        assert f"the prices read on {before} are used" in text
        assert f"its last close is of {before}, 2 sessions before" in text


def test_a_symbol_without_a_price_ends_the_run_without_a_file(
    server: YahooServer, file: Path, tmp_path: Path, capsys
) -> None:
    server.fail("NVDA", "404")
    out = tmp_path / "out"
    ended = call(capsys, "rebalance", file, "--market", "yahoo", "--out", out, "--json")
    assert ended.code == 4
    assert ended.document["error"]["kind"] == "market_data"
    assert "NVDA: not found" in ended.err
    assert "Traceback" not in ended.err
    assert not out.exists()


def test_an_accepted_price_lets_a_held_one_through_and_verifies(
    server: YahooServer, file: Path, tmp_path: Path, capsys
) -> None:
    server.fail("NVDA", "100 times")
    out = tmp_path / "out"
    arguments = ("rebalance", file, "--market", "yahoo", "--out", out)
    ended = call(capsys, *arguments)
    assert ended.code == 4
    assert "--accept-price NVDA=123.45 takes your own price" in ended.err
    assert not out.exists()
    ended = call(capsys, *arguments, "--accept-price", "NVDA=201.50")
    assert ended.code == 0, ended.err
    assert "Prices as you set them, in place of the source's: NVDA at $201.50." in ended.err
    sold = [line for line in (out / "orders.csv").read_text("utf-8").splitlines() if ",NVDA," in line]
    assert sold
    assert all("201.5" in line for line in sold)
    assert call(capsys, "verify", out / "recommendation.json").code == 0
    kept = sorted(path.name for path in (cache_folder() / "yahoo").iterdir() if path.name.startswith("prices"))
    assert "prices-NVDA.data" not in kept
    assert len(kept) == 5
    ended = call(capsys, "verify", out / "recommendation.json", "--market", "snapshot")
    assert ended.code == 6


def test_a_recommendation_apart_from_its_market_data_cannot_be_verified(
    server: YahooServer, file: Path, tmp_path: Path, capsys
) -> None:
    out = tmp_path / "out"
    assert call(capsys, "rebalance", file, "--market", "yahoo", "--out", out, "--quiet").code == 0
    (out / "market.json").rename(tmp_path / "elsewhere.json")
    ended = call(capsys, "verify", out / "recommendation.json")
    assert ended.code == 4
    assert "give them with --market FILE" in ended.err
    assert call(capsys, "verify", out / "recommendation.json", "--market", tmp_path / "elsewhere.json").code == 0


def test_prices_typed_for_the_snapshot_are_used_and_verified(file: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    ended = call(capsys, "rebalance", file, "--out", out, "--accept-price", "NVDA=201.50")
    assert ended.code == 0, ended.err
    assert sorted(contents(out)) == FILES
    assert call(capsys, "verify", out / "recommendation.json").code == 0


def test_a_lot_of_before_a_split_is_told_on_stderr_in_the_record_and_in_the_report(tmp_path: Path, capsys) -> None:
    file, out = tmp_path / "file.yaml", tmp_path / "out"
    stale = "{symbol: VUG, shares: 10, cost_per_share: 484.86, acquired: 2025-12-01}"
    file.write_text(portfolio_text(stale), "utf-8")
    ended = call(capsys, "rebalance", file, "--out", out)
    assert ended.code == 0, ended.err
    for text in (ended.err, (out / "recommendation.json").read_text("utf-8"), words_of(out / "report.html")):
        assert "The VUG lot of 2025-12-01 in Brokerage, 10 shares, may be of before a split" in text
        assert "60 shares at $80.81" in text


def test_exposure_looks_through_the_fetched_lists(server: YahooServer, file: Path, capsys) -> None:
    ended = call(capsys, "exposure", file, "--market", "yahoo", "--json", "--quiet")
    assert (ended.code, ended.err) == (0, "")
    assert ended.document["market"] == {"id": f"yahoo-{today()}", "as_of": f"{today()}", "age_days": 0}
    value = (
        5000
        + 100 * round(chart("NVDA", last=today()).closes[-1], 2)
        + 60 * round(chart("SPY", last=today()).closes[-1], 2)
    )
    assert float(ended.document["value_usd"]) == pytest.approx(value, abs=0.01)


def test_a_snapshot_file_of_ones_own_is_kept_beside_the_record(file: Path, tmp_path: Path, capsys) -> None:
    own, out = tmp_path / "mine.json", tmp_path / "out"
    own.write_bytes(EMBEDDED.read_bytes().replace(b'"id": "snapshot-2026-07-13"', b'"id": "mine"', 1))
    ended = call(capsys, "rebalance", file, "--market", own, "--out", out)
    assert ended.code == 0, ended.err
    assert (out / "market.json").read_bytes() == own.read_bytes()
    assert call(capsys, "verify", out / "recommendation.json").code == 0


@pytest.mark.parametrize(
    ("source", "code", "words"),
    [
        ("", 2, "is empty: give snapshot, yahoo, a file or a folder"),
        ("yaho", 2, "is no source, and no file or folder: did you mean yahoo?"),
        ("EMPTY", 4, "a folder of market data needs prices.csv"),
        ("CSV", 4, "not a sound snapshot file"),
        ("SNAPSHOT", 0, ""),
    ],
)
def test_a_source_that_is_none_is_named_with_those_that_are(
    source: str, code: int, words: str, file: Path, tmp_path: Path, capsys
) -> None:
    (tmp_path / "EMPTY").mkdir()
    (tmp_path / "CSV").write_text("Date,SPY\n2026-07-13,1\n")
    named = tmp_path / source if source in ("EMPTY", "CSV") else source
    ended = call(capsys, "exposure", file, "--market", named)
    assert ended.code == code
    assert words in ended.err
