"""``advisor data import-holdings`` as a user runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from advisor.market.holdings.library import imported
from advisor.market.paths import imported_folder
from tests.command import CHECKOUT, call
from tests.holdings_files import Part, invesco, ishares

REAL = CHECKOUT.parent / "shared" / "data" / "holdings"
PARTS = [
    Part("NVDA", 6000.0),
    Part("AAA", 3000.0),
    Part("USD", 900.0, "USD CASH", asset="Cash"),
    Part("XTSLA", 100.0, "BLK CSH FND", asset="Money Market"),
    Part("ESU6", 0.0, "S&P500 EMINI", asset="Futures", notional=50.0),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "list.csv"
    path.write_bytes(ishares(PARTS))
    return path


def test_the_result_says_what_was_imported_what_not_and_where_it_is(file: Path, capsys) -> None:
    ended = call(capsys, "data", "import-holdings", file, "--fund", "MADE")
    assert (ended.code, ended.err) == (0, "")
    text = ended.out.replace("\xa0", " ")
    for part in (
        "MADE: iShares holdings file 2026-05-05, 2 of 5 rows imported",
        "imported: 90.00% of $10,000",
        "cash 1, cash fund 1, future 1",
        "companies not named (futures, funds): 0.50%",
        "Magnificent Seven: 60.00% (Nvidia 60.00%)",
        str(imported_folder()),
        "by every command",
    ):
        assert part in text
    assert [kept.fund for kept in imported(imported_folder())] == ["MADE"]


def test_the_document_lists_each_skipped_row(file: Path, capsys) -> None:
    document = call(capsys, "data", "import-holdings", file, "--fund", "MADE", "--json").document
    assert document["skipped"] == [
        {"line": 13, "name": "USD CASH", "reason": "cash"},
        {"line": 14, "name": "BLK CSH FND", "reason": "cash fund"},
        {"line": 15, "name": "S&P500 EMINI", "reason": "future: notional 50"},
    ]
    assert document["imported_rows"] + len(document["skipped"]) == document["rows"] == 5
    assert document["weights"]["companies"]["Nvidia"] == 0.6
    assert (document["fund"], document["as_of"]) == ("MADE", "2026-05-05")


def test_notes_are_warnings_and_quiet_is_one_line(tmp_path: Path, capsys) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(invesco([Part("AAA", 1.0), Part("AAA", 1.0)]))
    assert call(capsys, "data", "import-holdings", path).err == (
        "warning: rows of one security are added: AAA (2 times)\n"
    )
    quiet = call(capsys, "data", "import-holdings", path, "--quiet")
    assert (quiet.err, quiet.out.count("\n")) == ("", 1)


def test_a_file_that_does_not_say_its_fund_asks_for_it(file: Path, capsys) -> None:
    ended = call(capsys, "data", "import-holdings", file)
    assert (ended.code, ended.out) == (3, "")
    assert "give it with --fund SYMBOL" in ended.err
    assert imported(imported_folder()) == ()


def test_every_fault_of_the_file_is_told_with_its_line(file: Path, capsys) -> None:
    file.write_bytes(file.read_bytes().replace(b"6,000.00", b"6x").replace(b"3,000.00", b"3x"))
    ended = call(capsys, "data", "import-holdings", file, "--fund", "MADE", "--json")
    assert ended.code == 3
    assert [issue["line"] for issue in ended.document["error"]["issues"]] == [11, 12]


@pytest.mark.parametrize("name", ["none.csv", "", "."])
def test_a_file_that_is_not_there_is_an_input_error(name: str, capsys) -> None:
    ended = call(capsys, "data", "import-holdings", name)
    assert (ended.code, ended.out) == (3, "")
    assert "cannot be read" in ended.err


def test_a_folder_that_cannot_be_written_is_an_output_error(file: Path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("ADVISOR_HOME", str(file))
    ended = call(capsys, "data", "import-holdings", file, "--fund", "MADE")
    assert (ended.code, ended.out) == (7, "")


def test_names_in_the_file_cannot_steer_the_terminal(tmp_path: Path, capsys) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(ishares([Part("A\x1b[2J", 1.0), Part("A\x1b[2J", 1.0)]))
    ended = call(capsys, "data", "import-holdings", path, "--fund", "MADE")
    assert ended.code == 0
    assert "\x1b" not in ended.out + ended.err


def test_the_group_lists_its_commands(capsys) -> None:
    assert "import-holdings" in call(capsys, "data", "--help").out


@pytest.mark.skipif(not REAL.is_dir(), reason="the shared holdings files are not beside this checkout")
@pytest.mark.parametrize(
    ("name", "fund", "seven"),
    [
        ("ishares_IVV_2026-06-19.csv", "IVV", "32.50"),
        ("ssga_SPY_2026-04-10.xlsx", "SPY", "32.83"),
        ("invesco_QQQ_2025-09-26.csv", "QQQ", "44.49"),
        ("ishares_IWM_2026-05-05.csv", "IWM", "0.00"),
        ("ishares_IJR_2026-06-19.csv", "IJR", "0.00"),
    ],
)
def test_the_issuers_own_files_give_the_published_figures(name: str, fund: str, seven: str, capsys) -> None:
    ended = call(capsys, "data", "import-holdings", REAL / name, "--fund", fund)
    assert ended.code == 0
    assert f"Magnificent Seven: {seven}%" in ended.out
