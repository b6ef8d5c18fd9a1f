"""``advisor rebalance`` as a user runs it: the files, the streams, and what happens when something fails."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import pty
import re
import resource
import shutil
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from advisor.api import recommend as flow
from advisor.market.snapshot import load_snapshot
from advisor.market.sources import MarketInput
from advisor.rebalance.check import Check
from advisor.report.page.pdf import PdfUnavailableError
from tests.command import CHECKOUT, PORTFOLIOS, REPORT_FILES, call, contents, end, start
from tests.counts import first
from tests.hostile_households import hostile_households
from tests.samples import ANSWERED

SAVER = PORTFOLIOS / "young-saver.yaml"
COUPLE = PORTFOLIOS / "couple-mixed-lots.yaml"
NAMES = ("=cmd()", "@SUM(A1)", "-1+1", "😀 Konto", "[red]x[/red]", "[/red]", 'a"b,c', "x" * 80, "漢" * 40, "{{7*7}}")
ODD = (
    "version: 1\nname: '[bold]H[/x] 😀'\nas_of: 2026-07-13\n"
    "limits: {magnificent_seven: {max: 5%}, small_caps: {max: 95%}}\naccounts:\n"  # each account must sell
    + "".join(
        f"  - {{name: {json.dumps(name, ensure_ascii=False)}, type: roth, cash: 100, "
        "holdings: [{symbol: NVDA, shares: 100}]}\n"
        for name in NAMES
    )
)
CANARIES = {  # amounts that stand nowhere else
    "cash": "98765.43",
    "shares": "4711.13",
    "cost": "77.77",
    "gain": "31337",
    "carried": "2718.28",
}
PRIVATE = f"""\
version: 1
name: Private
as_of: 2026-07-13
accounts:
  - name: Brokerage
    type: taxable
    cash: {CANARIES["cash"]}
    holdings: [{{symbol: NVDA, shares: {CANARIES["shares"]}, cost_per_share: {CANARIES["cost"]}, acquired: 2019-01-02}}]
limits: {{magnificent_seven: {{max: 40%}}, realized_gain: {{max: {CANARIES["gain"]}000}}}}
tax: {{carryforward: {{long_term: {CANARIES["carried"]}}}}}
"""


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    path = tmp_path / "odd.yaml"
    path.write_text(ODD, "utf-8")
    return path


@pytest.fixture
def private(tmp_path: Path) -> Path:
    path = tmp_path / "private.yaml"
    path.write_text(PRIVATE)
    return path


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """One run of the README's kind, in a process of its own, with the loosest mask."""
    cwd = tmp_path_factory.mktemp("cwd")
    ended = end(start("rebalance", COUPLE, cwd=cwd, preexec_fn=lambda: os.umask(0)))
    assert ended.code == 0, ended.err
    return cwd, ended.out, ended.err


def test_four_private_files_are_written_in_the_default_folder(written: tuple[Path, str, str]) -> None:
    cwd, _, _ = written
    folder = cwd / "reports" / "couple-mixed-lots-2026-11-20"
    assert sorted(contents(folder)) == REPORT_FILES
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent)} == {0o700}


def test_the_result_is_on_stdout_and_the_warnings_on_stderr(written: tuple[Path, str, str]) -> None:
    _, out, err = written
    assert out.startswith("Couple with mixed lots - decision of 2026-11-20, prices of 2026-07-13")
    assert all(f"reports/couple-mixed-lots-2026-11-20/{name}" in out for name in REPORT_FILES)
    assert "warning" not in out.lower()
    lines = err.strip().split("\n")
    codes = ("prices", "kept for this year's tax", "at a loss", "within 30 days")
    assert len(lines) == len(codes)
    assert all(words in line for words, line in zip(codes, lines, strict=True))
    assert all(line.startswith("warning: ") for line in lines)


def test_the_summary_says_what_limits_funds_and_whole_shares_cost(written: tuple[Path, str, str]) -> None:
    _, out, _ = written
    price = r"Magnificent Seven +at most 28% +34\.9% +28\.0% +\d\.\d\d bp, \$\d+ +broken, met after"
    assert re.search(price, out.replace("\N{NO-BREAK SPACE}", " "))
    for words in (
        r"One-off tax and spread of \$\d+ \(net of",
        r"never\s+earn\s+it\s+back",
        r"the cheapest plan that keeps your limits: \$92 of tax this year",
        r"Cash rises by \$21,571: \$92 for the tax of these trades and \$21,479 because",
        r"against the best mix of IWM, VTWO and IJR",
        r"in whole shares give up",
        r"keeps cash and bills nearer to today \(a default\)",
        r"Instead: half the move, [^;]*; IJR only, the same orders;",
    ):
        assert re.search(words, out)


def test_a_narrow_terminal_has_prices_below_the_limits(tmp_path: Path) -> None:
    command = ["rebalance", PORTFOLIOS / "retiree-ira.yaml", "--out", tmp_path / "out"]
    text = in_terminal(command, {"COLUMNS": "80", "NO_COLOR": "1"})
    assert "shadow price" not in text
    assert "Worth of a point of Magnificent Seven: " in text
    wide = in_terminal(command, {"COLUMNS": "100", "NO_COLOR": "1"})
    assert "shadow price" in wide


def test_equal_input_gives_equal_bytes(written: tuple[Path, str, str], tmp_path: Path) -> None:
    cwd, _, _ = written
    environment = {"PYTHONHASHSEED": "42", "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "COLUMNS": "40"}
    ended = end(start("rebalance", COUPLE, "--out", "here", cwd=tmp_path, env=environment))
    assert ended.code == 0
    assert contents(tmp_path / "here") == contents(cwd / "reports" / "couple-mixed-lots-2026-11-20")


def test_quiet_prints_no_warning(tmp_path: Path, capsys) -> None:
    assert call(capsys, "rebalance", COUPLE, "--out", tmp_path, "--quiet").err == ""


def test_json_is_the_record_that_is_written(tmp_path: Path, capsys) -> None:
    ended = call(capsys, "rebalance", SAVER, "--out", tmp_path, "--json")
    assert ended.code == 0
    assert ended.out == (tmp_path / "recommendation.json").read_text("utf-8")
    assert ended.document["schema"] == "advisor.recommendation/3"


def test_the_day_can_be_overruled_and_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert call(capsys, "rebalance", SAVER, "--as-of", "2026-12-01").code == 0
    assert [path.name for path in (tmp_path / "reports").iterdir()] == ["young-saver-2026-12-01"]


def test_conflicting_limits_are_named_with_their_lines(tmp_path: Path, capsys) -> None:
    file = PORTFOLIOS / "impossible.yaml"
    ended = call(capsys, "rebalance", file, "--out", tmp_path / "out", "--json")
    assert ended.code == 5
    lines = file.read_text("utf-8").split("\n")
    for limit in ("magnificent_seven", "single_company"):
        number = next(at for at, line in enumerate(lines, 1) if line.startswith(f"  {limit}:"))
        assert f"(limits.{limit}.max, line {number})" in ended.err
    assert "small_caps" not in ended.err
    assert sorted(ended.document["error"]["limits"]) == ["magnificent_seven.max", "single_company.max"]
    assert not (tmp_path / "out").exists()


def test_odd_names_are_whole_in_the_terminal_and_harmless_in_the_orders(odd: Path, tmp_path: Path, capsys) -> None:
    ended = call(capsys, "rebalance", odd, "--out", tmp_path / "out")
    assert ended.code == 0, ended.err
    assert ended.out.startswith("[bold]H[/x] 😀 - decision")
    for name in NAMES:
        assert name[:20] in ended.out
    rows = list(csv.DictReader((tmp_path / "out" / "orders.csv").read_text("utf-8").splitlines()))
    assert {row["account"].removeprefix("'") for row in rows} == set(NAMES)
    assert not [row["account"] for row in rows if row["account"][0] in "=+-@\t\r"]
    assert f"{rows[0]['account'].removeprefix(chr(39))} " in ended.out


@pytest.mark.parametrize("columns", first(1, ["20", "80"]))
def test_no_figure_is_cut_in_a_terminal_of_any_width(columns: str, odd: Path, tmp_path: Path) -> None:
    for command in (["exposure", odd], ["rebalance", odd, "--out", tmp_path / "out"]):
        text = in_terminal(command, {"COLUMNS": columns, "NO_COLOR": "1"})
        assert "…" not in text
        assert text.count("$20,453" if command[0] == "exposure" else "sell NVDA") >= len(NAMES)
        assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", text)


def in_terminal(arguments: list[object], environment: dict[str, str]) -> str:
    """What a terminal is sent."""
    leader, follower = pty.openpty()
    process = start(*arguments, stdin=follower, stdout=follower, stderr=follower, env=environment)
    os.close(follower)
    received = b""
    with contextlib.suppress(OSError):  # what Linux answers when the last writer has gone
        while data := os.read(leader, 65536):
            received += data
    os.close(leader)
    assert process.wait() == 0, received.decode()
    return received.decode()


def test_a_terminal_gets_bold_and_a_pipe_gets_none(tmp_path: Path, written: tuple[Path, str, str]) -> None:
    assert "\x1b[1m" in in_terminal(["rebalance", SAVER, "--out", tmp_path / "out"], {"TERM": "xterm"})
    assert "\x1b" not in written[1]


def test_a_reader_who_leaves_early_is_no_error(tmp_path: Path) -> None:
    commands = (["rebalance", COUPLE, "--out", tmp_path / "out"], ["exposure", COUPLE, "--json"], ["schema"])
    for process in [start(*arguments) for arguments in commands]:
        process.stdout.close()
        error = process.stderr.read()
        process.stderr.close()
        assert process.wait() == 0, error
        assert "BrokenPipe" not in error
    assert sorted(contents(tmp_path / "out")) == REPORT_FILES


def test_a_result_that_cannot_be_printed_is_not_written(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no device that is always full")
    with Path("/dev/full").open("w") as full:
        processes = [
            start("rebalance", SAVER, "--out", tmp_path / f"out{extra}", *extra, stdout=full)
            for extra in ([], ["--json"])
        ]
    for ended in map(end, processes):
        assert ended.code == 7
        assert "cannot write the result to standard output: No space left on device" in ended.err
        assert "Traceback" not in ended.err
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("kilobytes", [20, 100])
def test_a_full_disk_leaves_the_old_files_and_nothing_else(tmp_path: Path, kilobytes: int) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in REPORT_FILES:
        (out / name).write_bytes(b"old")
    before = contents(out)
    limit = (kilobytes * 1024, kilobytes * 1024)
    process = start(
        "rebalance", SAVER, "--out", out, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    )
    ended = end(process)
    assert (ended.code, ended.out) == (7, "")
    assert "cannot write to" in ended.err
    assert "--out" in ended.err
    assert contents(out) == before


@pytest.mark.parametrize("place", ["file", "file/below", "dangling", "folder-in-the-way", "read-only"])
def test_a_place_that_cannot_be_written_is_named(place: str, tmp_path: Path, capsys) -> None:
    if place == "read-only" and os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder-in-the-way" / "orders.csv").mkdir(parents=True)
    (tmp_path / "read-only").mkdir(mode=0o500)
    before = sorted(path for path in tmp_path.rglob("*"))
    ended = call(capsys, "rebalance", SAVER, "--out", tmp_path / place, "--json")
    assert ended.code == 7
    assert str(tmp_path / place) in ended.err
    assert ended.document["error"]["kind"] == "output"
    assert sorted(path for path in tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_bytes() == b"old"


def test_a_linked_folder_is_written_and_a_linked_file_is_replaced(tmp_path: Path, capsys) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "precious").write_bytes(b"precious")
    (real / "orders.csv").symlink_to(tmp_path / "precious")
    (tmp_path / "link").symlink_to(real)
    assert call(capsys, "rebalance", SAVER, "--out", tmp_path / "link").code == 0
    assert sorted(contents(real)) == REPORT_FILES
    assert not (real / "orders.csv").is_symlink()
    assert (tmp_path / "precious").read_bytes() == b"precious"


def test_runs_at_once_into_one_folder_leave_whole_files_of_one_kind_each(tmp_path: Path) -> None:
    out = tmp_path / "out"
    processes = [start("rebalance", file, "--out", out) for file in (SAVER, COUPLE)]
    assert [end(process).code for process in processes] == [0, 0]
    assert sorted(contents(out)) == REPORT_FILES
    document = json.loads((out / "recommendation.json").read_text("utf-8"))
    assert document["inputs"]["portfolio"]["name"] in (SAVER.name, COUPLE.name)


def refuse_every_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = Check("cash: to the cent", passed=False, detail=f"short by ${CANARIES['cash']}, {CANARIES['shares']} sold")
    monkeypatch.setattr(flow, "verify", lambda *_: (failed,))


@pytest.mark.parametrize("code", [4, 5, 6, 7])
@pytest.mark.parametrize("extra", [[], ["--json"]])
def test_no_amount_of_the_file_is_on_stderr_when_a_run_fails(
    private: Path, code: int, extra: list[str], capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = private.parent / "out"
    unknown = f"{{symbol: ZZZZ, shares: {CANARIES['shares']}, cost_per_share: 1, acquired: 2019-01-02}}"
    changes = {4: ("[{symbol: NVDA", f"[{unknown}, {{symbol: NVDA"), 5: (f"{CANARIES['gain']}000", CANARIES["gain"])}
    if code in changes:
        private.write_text(PRIVATE.replace(*changes[code]))
    if code == 6:
        refuse_every_answer(monkeypatch)
    if code == 7:
        out.write_bytes(b"")
    ended = call(capsys, "rebalance", private, "--out", out, *extra)
    assert ended.code == code, ended.err
    assert not [amount for amount in CANARIES.values() if amount in ended.err or amount in ended.out]
    assert "$" not in ended.err
    if not extra:
        assert ended.out == ""


def test_the_same_file_without_a_fault_is_answered(private: Path, capsys) -> None:
    """The control of the test above: its errors come from the change alone."""
    assert call(capsys, "rebalance", private, "--out", private.parent / "out").code == 0


def test_an_answer_that_fails_the_check_is_not_written(private: Path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_every_answer(monkeypatch)
    ended = call(capsys, "rebalance", private, "--out", private.parent / "out")
    assert ended.code == 6
    assert "cash: to the cent" in ended.err
    assert not (private.parent / "out").exists()
    assert CANARIES["cash"] in call(capsys, "rebalance", private, "--debug").err


def test_without_the_pdf_engine_the_other_files_are_written_and_a_warning_says_so(
    tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> bytes:
        raise PdfUnavailableError("no engine")

    monkeypatch.setattr(flow, "render_pdf", fail)
    ended = call(capsys, "rebalance", SAVER, "--out", tmp_path)
    assert ended.code == 0
    assert "warning: report.pdf is not written" in ended.err
    assert sorted(contents(tmp_path)) == [name for name in REPORT_FILES if name != "report.pdf"]


def test_a_pdf_engine_asked_for_by_name_and_missing_fails_before_anything_is_written(
    tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    ended = call(capsys, "rebalance", SAVER, "--out", tmp_path / "out", "--pdf-engine", "weasyprint", "--json")
    assert ended.code == 7
    assert "pip install weasyprint" in ended.document["error"]["message"]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ANSWERED)
def test_no_socket_is_opened(name: str, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("the network was touched")

    for attribute in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, attribute, refuse)
    assert call(capsys, "rebalance", PORTFOLIOS / f"{name}.yaml", "--out", tmp_path).code == 0
    assert call(capsys, "exposure", PORTFOLIOS / f"{name}.yaml").code == 0


def test_a_machine_without_network_gives_the_same_bytes(written: tuple[Path, str, str], tmp_path: Path) -> None:
    alone = ["unshare", "--net", "--map-root-user"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no network namespace may be made here")
    command = [*alone, sys.executable, "-m", "advisor", "rebalance", str(COUPLE), "--out", str(tmp_path / "out")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=CHECKOUT)
    assert ended.returncode == 0, ended.stderr
    assert contents(tmp_path / "out") == contents(written[0] / "reports" / "couple-mixed-lots-2026-11-20")


@pytest.mark.parametrize("count", first(1, [60, 300]))
def test_hostile_files_are_answered_or_refused_with_a_named_reason(
    count: int, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = MarketInput(load_snapshot(), None)
    monkeypatch.setattr("advisor.cli.options.Run.market_for", lambda *_: found)
    file, out = tmp_path / "hostile.yaml", tmp_path / "out"
    codes, compared = [], flow.with_trade_off
    for number, text in enumerate(hostile_households(count, seed=20261120)):
        few = compared if number % 30 == 0 else lambda made: made  # comparing takes long
        monkeypatch.setattr(flow, "with_trade_off", few)
        file.write_text(text, "utf-8")
        ended = call(capsys, "rebalance", file, "--out", out, "--json")
        assert ended.code in (0, 3, 4, 5, 6), text
        assert sorted(contents(out)) == (REPORT_FILES if ended.code == 0 else []), text
        assert ("error" in ended.document) == (ended.code != 0), text
        assert "Traceback" not in ended.err
        shutil.rmtree(out, ignore_errors=True)
        codes.append(ended.code)
    assert {0, 3, 4, 5} <= set(codes)
    assert codes.count(0) >= count / 10


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "young-saver",
            "Illustration at prices of July 13, 2026: buy $827 of SCINDX and IJR from cash: the Magnificent Seven",
        ),
        (
            "already-diversified",
            "of July 13, 2026: do nothing: every limit holds today, and no trade was found that gains anything",
        ),
    ],
)
def test_the_terminal_answers_in_the_words_of_the_report(name: str, words: str, tmp_path: Path, capsys) -> None:
    ended = call(capsys, "rebalance", PORTFOLIOS / f"{name}.yaml", "--out", tmp_path / "out")
    assert words in " ".join(ended.out.split())


NEW_LIMITS = """\
version: 1
name: Every new limit
as_of: 2026-07-13
accounts:
  - name: Roth
    type: roth
    cash: 20000
    holdings: [{symbol: NVDA, shares: 100}, {symbol: SPY, shares: 60}]
limits:
  magnificent_seven: {max: 45%}
  sectors: {Information Technology: {max: 60%, mode: soft}, Financials: {min: 1%}}
  cvar_95: {max: 60%}
  max_drawdown: {max: 90%}
  stress: {covid_2020: {max: 80%, mode: not_worse_than_today}}
  expense_ratio: {max: 1%}
identical: [[SPY, IVV]]
preferences: {whole_shares: false}
"""


def test_every_new_kind_of_limit_is_answered_and_told(capsys, tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    file.write_text(NEW_LIMITS)
    ended = call(capsys, "rebalance", file, "--out", tmp_path / "out")
    assert ended.code == 0, ended.err
    page = (tmp_path / "out" / "report.html").read_text()
    for words in ("Information Technology sector", "Average loss of the worst", "Loss in a past episode (Covid crash)"):
        assert words in page
        assert words in " ".join(ended.out.split())


def test_an_episode_that_the_market_data_do_not_have_is_refused_at_its_line(capsys, tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    file.write_text(NEW_LIMITS.replace("covid_2020", "covid_2021"))
    ended = call(capsys, "rebalance", file, "--out", tmp_path / "out")
    assert ended.code == 3
    assert f"{file}:14:30: snapshot-2026-07-13 has no stress episode 'covid_2021'" in ended.err
    assert "stress: {covid_2021: {max: 80%" in ended.err
    assert "it has dot_com, " in ended.err
    assert ", covid_2020, " in ended.err
    assert not (tmp_path / "out").exists()
