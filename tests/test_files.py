"""Output files are wholly old or wholly new, and private."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from advisor import files
from advisor.errors import OutputError
from advisor.files import write_all


def test_files_are_written_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "deeper"
    written = write_all(folder, {"a.txt": b"one", "b.txt": b"two"})
    assert [path.read_bytes() for path in written] == [b"one", b"two"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(path.name for path in folder.iterdir()) == ["a.txt", "b.txt"]


@pytest.mark.parametrize("failing", ["fsync", "replace", "mkstemp"])
def test_a_failure_of_any_step_leaves_the_old_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    write_all(tmp_path, {"a.txt": b"old a", "b.txt": b"old b"})
    calls = 0

    def fail(*args: object, **kwargs: object) -> None:
        nonlocal calls
        calls += 1
        raise OSError(28, "No space left on device")

    target = {"fsync": (os, "fsync"), "replace": (Path, "replace"), "mkstemp": (files.tempfile, "mkstemp")}[failing]
    with monkeypatch.context() as patched:
        patched.setattr(*target, fail)
        with pytest.raises(OutputError, match="No space left"):
            write_all(tmp_path, {"a.txt": b"new a", "b.txt": b"new b"})
    assert calls == 1
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.txt": b"old a", "b.txt": b"old b"}


def test_the_second_file_failing_leaves_the_first_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_all(tmp_path, {"a.txt": b"old a"})
    real, calls = os.fsync, []

    def fail_second(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", fail_second)
    with pytest.raises(OutputError):
        write_all(tmp_path, {"a.txt": b"new a", "b.txt": b"new b"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.txt": b"old a"}


def test_a_link_is_replaced_and_its_target_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_bytes(b"precious")
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.txt").symlink_to(target)
    write_all(out, {"a.txt": b"new"})
    assert target.read_bytes() == b"precious"
    assert not (out / "a.txt").is_symlink()


def test_a_folder_in_the_way_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "b.txt").mkdir()
    with pytest.raises(OutputError, match="folder"):
        write_all(tmp_path, {"a.txt": b"new", "b.txt": b"new"})
    assert [path.name for path in tmp_path.iterdir()] == ["b.txt"]


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(OutputError, match="--out"):
        write_all(tmp_path / "out", {"a.txt": b"new"})
