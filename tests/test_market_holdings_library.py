"""Imported files are kept as they are, found by name, and checked each time they are read."""

from __future__ import annotations

import os
import stat
from datetime import date
from pathlib import Path

import pytest

from advisor.errors import InputError, MarketDataError
from advisor.market.holdings.library import import_file, imported, newest
from advisor.market.holdings.read import share_weights
from tests.holdings_files import Part, invesco, ishares, ssga

DAY = date(2026, 7, 13)


def bring(tmp_path: Path, content: bytes, *, fund: str | None = "MADE", name: str = "download") -> Path:
    """Import a file; gives the folder."""
    file = tmp_path / name
    file.write_bytes(content)
    folder = tmp_path / "home" / "holdings"
    import_file(file, folder, fund=fund)
    return folder


def list_of(day: str, weight: float = 60.0) -> bytes:
    content = ishares([Part("AAA", weight), Part("BBB", 100.0 - weight)])
    return content.replace(b"May 05, 2026", day.encode())


def test_the_bytes_are_kept_for_their_owner_alone_under_fund_date_and_digest(tmp_path):
    content = list_of("May 05, 2026")
    folder = bring(tmp_path, content)
    (file,) = imported(folder)
    assert (file.fund, file.as_of, file.path.read_bytes()) == ("MADE", date(2026, 5, 5), content)
    assert file.path.name == f"MADE_2026-05-05_{file.sha256}.csv"
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_suffix_says_what_the_content_is(tmp_path):
    folder = bring(tmp_path, ssga([Part("AAA", 1.0)]))
    assert [file.path.suffix for file in imported(folder)] == [".xlsx"]


def test_the_same_bytes_again_change_nothing(tmp_path):
    folder = bring(tmp_path, list_of("May 05, 2026"))
    (file,) = imported(folder)
    os.utime(file.path, (1, 1))
    bring(tmp_path, list_of("May 05, 2026"), name="again")
    assert [path.stat().st_mtime for path in folder.iterdir()] == [1]


def test_a_kept_file_that_was_damaged_is_mended_by_importing_it_again(tmp_path):
    folder = bring(tmp_path, list_of("May 05, 2026"))
    imported(folder)[0].path.write_bytes(b"x")
    bring(tmp_path, list_of("May 05, 2026"))
    assert set(newest(folder, DAY)) == {"MADE"}


def test_the_newest_list_on_or_before_the_day_counts_and_an_older_one_is_kept_and_said(tmp_path):
    folder = bring(tmp_path, list_of("May 05, 2026", 60.0))
    file = tmp_path / "older"
    file.write_bytes(list_of("May 04, 2026", 70.0))
    holdings = import_file(file, folder, fund="MADE")
    assert holdings.notes == ("a newer list of MADE is there, of 2026-05-05: it counts for decisions from that day on",)
    assert len(imported(folder)) == 2
    assert share_weights(newest(folder, date(2026, 5, 5))["MADE"])["AAA"] == 0.6
    assert share_weights(newest(folder, date(2026, 5, 4))["MADE"])["AAA"] == 0.7
    assert newest(folder, date(2026, 5, 3)) == {}


def test_of_two_lists_of_one_day_the_one_imported_last_counts(tmp_path):
    for weight, moment in ((60.0, 1_000), (70.0, 3_000), (80.0, 2_000)):
        folder = bring(tmp_path, list_of("May 05, 2026", weight))
        latest = next(
            file.path for file in imported(folder) if file.path.read_bytes() == list_of("May 05, 2026", weight)
        )
        os.utime(latest, (moment, moment))
    assert share_weights(newest(folder, DAY)["MADE"])["AAA"] == 0.7


def test_each_fund_has_its_own_list(tmp_path):
    bring(tmp_path, list_of("May 05, 2026"), fund="IWM")
    folder = bring(tmp_path, invesco([Part("AAA", 1.0)], fund="QQQ"), fund=None)
    assert set(newest(folder, DAY)) == {"IWM", "QQQ"}


def test_a_file_that_is_no_longer_what_was_imported_is_set_aside_and_named(tmp_path):
    folder = bring(tmp_path, list_of("May 05, 2026"))
    (file,) = imported(folder)
    file.path.write_bytes(file.path.read_bytes().replace(b"60.00", b"61.00"))
    with pytest.raises(MarketDataError, match=rf"{file.path.name}: no longer the file .*import the list of MADE again"):
        newest(folder, DAY)
    assert [path.name for path in folder.iterdir()] == [f"{file.path.name}.bad"]
    assert newest(folder, DAY) == {}


def test_a_file_renamed_to_another_date_is_refused(tmp_path):
    folder = bring(tmp_path, list_of("May 05, 2026"))
    (file,) = imported(folder)
    file.path.rename(file.path.with_name(file.path.name.replace("05-05", "05-06")))
    with pytest.raises(MarketDataError, match="the list is of 2026-05-05: the file was renamed"):
        newest(folder, DAY)


def test_other_files_of_the_folder_are_left_alone(tmp_path):
    folder = bring(tmp_path, list_of("May 05, 2026"))
    for name in ("notes.txt", "A_2026-02-30_0123456789ab.csv", ".advisor-12", "A_2026-02-03_0123456789ab.csv.bad"):
        (folder / name).write_bytes(b"x")
    assert [file.fund for file in imported(folder)] == ["MADE"]
    assert len(list(folder.iterdir())) == 5


def test_no_folder_is_no_list(tmp_path):
    assert imported(tmp_path / "none") == ()
    assert newest(tmp_path / "none", DAY) == {}


def test_a_wrong_file_is_the_users_to_mend_and_leaves_nothing_behind(tmp_path):
    file = tmp_path / "list.csv"
    file.write_bytes(list_of("May 05, 2026").replace(b"60.00", b"6x"))
    with pytest.raises(InputError, match=r"list.csv:11:1: '6x' is not a number"):
        import_file(file, tmp_path / "home", fund="MADE")
    for path in (tmp_path / "none.csv", tmp_path, tmp_path / "a\0b"):
        with pytest.raises(InputError, match="cannot be read"):
            import_file(path, tmp_path / "home", fund="MADE")
    assert not (tmp_path / "home").exists()
