"""Output files are wholly old or wholly new, and private."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from advisor import files
from advisor.errors import OutputError
from advisor.files import replaced, write_atomically


def write_all(folder: Path, contents: dict[str, bytes]) -> tuple[Path, ...]:
    with replaced(folder, contents) as paths:
        return paths


def test_files_are_written_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "deeper"
    written = write_all(folder, {"a.txt": b"one", "b.txt": b"two"})
    assert [path.read_bytes() for path in written] == [b"one", b"two"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(path.name for path in folder.iterdir()) == ["a.txt", "b.txt"]


@pytest.mark.parametrize("failing", ["fsync", "mkdtemp"])
def test_a_failure_of_any_step_leaves_the_old_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    write_all(tmp_path, {"a.txt": b"old a", "b.txt": b"old b"})
    calls = 0

    def fail(*args: object, **kwargs: object) -> None:
        nonlocal calls
        calls += 1
        raise OSError(28, "No space left on device")

    target = {"fsync": (os, "fsync"), "replace": (Path, "replace"), "mkdtemp": (files.tempfile, "mkdtemp")}[failing]
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
    with pytest.raises(OutputError, match="not a file"):
        write_all(tmp_path, {"a.txt": b"new", "b.txt": b"new"})
    assert [path.name for path in tmp_path.iterdir()] == ["b.txt"]


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(OutputError, match="--out"):
        write_all(tmp_path / "out", {"a.txt": b"new"})


@pytest.mark.parametrize("last_rename", [1, 2, 3])
def test_a_rename_that_fails_takes_the_earlier_ones_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last_rename: int
) -> None:
    write_all(tmp_path, {"a.txt": b"old a", "b.txt": b"old b"})
    real, renames = Path.replace, []

    def fail_once(path: Path, target: Path) -> Path:
        renames.append(target.name)
        if len(renames) == last_rename:
            raise PermissionError(1, "Operation not permitted")
        return real(path, target)

    monkeypatch.setattr(Path, "replace", fail_once)
    with pytest.raises(OutputError, match="not permitted"):
        write_all(tmp_path, {"a.txt": b"new a", "b.txt": b"new b", "c.txt": b"new c"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.txt": b"old a", "b.txt": b"old b"}


@pytest.mark.parametrize("ending", [OutputError("no"), KeyboardInterrupt(), SystemExit(143)])
def test_what_fails_after_the_files_are_in_place_takes_them_back(tmp_path: Path, ending: BaseException) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"target")
    out = tmp_path / "out"
    write_all(out, {"a.txt": b"old a"})
    (out / "link.txt").symlink_to(target)
    seen = []

    def write_and_fail() -> None:
        with replaced(out, {"a.txt": b"new a", "link.txt": b"new", "b.txt": b"new b"}) as paths:
            seen.extend(path.read_bytes() for path in paths)
            raise ending

    with pytest.raises(type(ending)):
        write_and_fail()
    assert seen == [b"new a", b"new", b"new b"]
    assert sorted(path.name for path in out.iterdir()) == ["a.txt", "link.txt"]
    assert (out / "a.txt").read_bytes() == b"old a"
    assert (out / "link.txt").readlink() == target


def test_a_failure_leaves_no_new_folder(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), replaced(tmp_path / "new" / "deeper", {"a.txt": b"new"}):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_folders_and_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        (path,) = write_all(tmp_path / "new" / "deeper", {"a.txt": b"one"})
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(place.stat().st_mode) for place in (path, path.parent, path.parent.parent)]
    assert modes == [0o600, 0o700, 0o700]


def test_a_pipe_in_the_way_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.txt")
    with pytest.raises(OutputError, match="not a file"):
        write_all(tmp_path, {"a.txt": b"new"})
    assert stat.S_ISFIFO((tmp_path / "a.txt").stat().st_mode)


def test_two_writers_at_once_leave_one_of_the_two(tmp_path: Path) -> None:
    with replaced(tmp_path, {"a.txt": b"first", "b.txt": b"first"}):
        write_all(tmp_path, {"a.txt": b"second", "b.txt": b"second"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.txt": b"second", "b.txt": b"second"}


def test_one_file_is_written_for_its_owner_alone_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "new" / "deeper" / "a.txt"
    write_atomically(target, b"old")
    write_atomically(target, b"new")
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (target.parent, target.parent.parent)} == {0o700}
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_one_file_that_cannot_be_written_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    write_atomically(tmp_path / "a.txt", b"old")

    def fail(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr({"fsync": os, "replace": Path}[failing], failing, fail)
    with pytest.raises(OutputError, match=r"No space left on device; .*ADVISOR_HOME"):
        write_atomically(tmp_path / "a.txt", b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.txt": b"old"}
