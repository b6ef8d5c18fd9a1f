"""What is kept between runs is given back as it was written, or not at all."""

from __future__ import annotations

import hashlib
import os
import random
import stat
import subprocess
import sys

import pytest

from advisor.errors import MarketDataError
from advisor.market.prices.cache import Cache, CacheEntry

POSIX = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, limits and modes of POSIX")
TICKERS = ["ON", "NO", "Y", "N", "YES", "OFF", "TRUE", "ALL", "NA", "NULL", "T", "F", "INF", "E"]
CONTENT = b'{"closes":[1.5,2.25]}\n\x00\xff more\n'


def run(program: str, *arguments: str) -> list[str]:
    """Words that a program of its own prints; a fork there meets no threads of the test runner."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True, timeout=600
    )
    return done.stdout.split()


@pytest.mark.parametrize("symbol", [*TICKERS, "CON", "NUL", "AUX", "BRK.B", "BRK-B", "0A", "A" * 15, "COM1", "A."])
def test_every_symbol_comes_back(tmp_path, symbol):
    cache = Cache(tmp_path)
    cache.write("prices", symbol, CONTENT + symbol.encode())
    assert Cache(tmp_path).read("prices", symbol) == CONTENT + symbol.encode()
    assert cache.read("facts", symbol) is None
    assert (cache.set_aside, cache.unwritten) == ([], [])


def test_symbols_do_not_meet_one_another(tmp_path):
    cache = Cache(tmp_path)
    for symbol in TICKERS:
        cache.write("prices", symbol, symbol.encode())
        cache.write("facts", symbol, b"facts of " + symbol.encode())
    assert [cache.read("prices", symbol) for symbol in TICKERS] == [symbol.encode() for symbol in TICKERS]
    digests = {entry.symbol: entry for entry in cache.entries() if entry.kind == "facts"}
    assert sorted(digests) == sorted(TICKERS)
    assert digests["ON"] == CacheEntry("facts", "ON", 11, hashlib.sha256(b"facts of ON").hexdigest())


@pytest.mark.parametrize("symbol", ["", "../X", "a", "A/B", "A" * 16, ".A", "SPY\n", "ΑAPL", "A\x00", "A B", "^GSPC"])
def test_what_is_no_symbol_never_becomes_a_name(tmp_path, symbol):
    cache = Cache(tmp_path)
    for question in (lambda: cache.read("prices", symbol), lambda: cache.write("prices", symbol, b"")):
        with pytest.raises(ValueError, match="not a kind and a symbol"):
            question()
    with pytest.raises(ValueError, match="not a kind and a symbol"):
        cache.read("../x", "SPY")


def test_nothing_is_there_at_first_and_nothing_is_made_by_reading(tmp_path):
    cache = Cache(tmp_path / "cache")
    assert (cache.read("prices", "SPY"), cache.entries(), cache.set_aside) == (None, (), [])
    assert not (tmp_path / "cache").exists()


def corruptions(raw: bytes) -> list[bytes]:
    """The file cut at 50 offsets, and with each of 200 bits flipped."""
    chance = random.Random(4)
    cut = [raw[: len(raw) * step // 50] for step in range(50)]
    flipped = []
    for bit in chance.sample(range(len(raw) * 8), 200):
        copy = bytearray(raw)
        copy[bit // 8] ^= 1 << bit % 8
        flipped.append(bytes(copy))
    return cut + flipped


def test_250_corruptions_are_never_taken_for_the_content(tmp_path):
    cache, path = Cache(tmp_path), tmp_path / "prices-SPY.data"
    cache.write("prices", "SPY", CONTENT * 20)
    damaged = corruptions(path.read_bytes())
    assert len(damaged) == 250
    for raw in damaged:
        path.write_bytes(raw)
        assert cache.read("prices", "SPY") is None
        assert not path.exists()
    assert len(cache.set_aside) == 250
    assert (tmp_path / "prices-SPY.bad").read_bytes() == damaged[-1]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["prices-SPY.bad"]


@pytest.mark.parametrize("raw", [b"", b"\n", b"\x00" * 500, b"SQLite format 3\x00" * 50, b"{}"])
def test_what_is_no_file_of_the_cache_is_set_aside_and_fetched_again(tmp_path, raw):
    cache, path = Cache(tmp_path), tmp_path / "prices-SPY.data"
    path.write_bytes(raw)
    assert cache.entries() == ()
    assert cache.set_aside == ["prices-SPY.data"]
    cache.write("prices", "SPY", CONTENT)
    assert cache.read("prices", "SPY") == CONTENT


def test_a_file_of_a_future_format_is_set_aside_though_its_digest_is_right(tmp_path):
    start = b"advisor-cache 2 prices SPY "
    digest = hashlib.sha256(start + CONTENT).hexdigest().encode()
    (tmp_path / "prices-SPY.data").write_bytes(start + digest + b"\n" + CONTENT)
    assert Cache(tmp_path).read("prices", "SPY") is None


def test_the_digest_is_of_format_kind_symbol_and_content(tmp_path):
    """Written here by hand: what other versions must be able to read."""
    start = b"advisor-cache 1 prices SPY "
    digest = hashlib.sha256(start + CONTENT).hexdigest().encode()
    (tmp_path / "prices-SPY.data").write_bytes(start + digest + b"\n" + CONTENT)
    assert Cache(tmp_path).read("prices", "SPY") == CONTENT


@pytest.mark.parametrize("name", ["prices-QQQ.data", "facts-SPY.data"])
def test_a_file_renamed_to_another_symbol_or_kind_is_found_out(tmp_path, name):
    cache = Cache(tmp_path)
    cache.write("prices", "SPY", CONTENT)
    (tmp_path / "prices-SPY.data").rename(tmp_path / name)
    assert cache.read(*name.removesuffix(".data").split("-")) is None
    assert cache.set_aside == [name]


def test_files_of_other_programs_are_left_alone(tmp_path):
    for name in ("notes.txt", "PRICES-SPY.data", "prices.data", "prices-SPY.bad"):
        (tmp_path / name).write_bytes(b"theirs")
    assert Cache(tmp_path).entries() == ()
    assert {path.read_bytes() for path in tmp_path.iterdir()} == {b"theirs"}


@POSIX
@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_files_and_folder_are_their_owners_alone(tmp_path, umask):
    before = os.umask(umask)
    try:
        Cache(tmp_path / "new" / "cache").write("prices", "SPY", CONTENT)
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in sorted((tmp_path / "new").rglob("*"))]
    assert modes == [0o700, 0o600]


@POSIX
@pytest.mark.parametrize("mode", [0o770, 0o702, 0o1777])
def test_a_folder_that_others_can_write_is_refused(tmp_path, mode):
    tmp_path.chmod(mode)
    with pytest.raises(MarketDataError, match="written by others; chmod 700"):
        Cache(tmp_path)


@POSIX
def test_a_folder_of_another_user_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(MarketDataError, match="belongs to another user"):
        Cache(tmp_path)


def test_what_is_no_folder_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name, words in (("file", "is not a folder"), ("link", "leads nowhere"), ("file/deeper", "cannot be used")):
        with pytest.raises(MarketDataError, match=words):
            Cache(tmp_path / name)


def test_a_link_to_a_folder_of_ones_own_is_followed(tmp_path):
    (tmp_path / "disk").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    Cache(tmp_path / "link").write("prices", "SPY", CONTENT)
    assert Cache(tmp_path / "disk").read("prices", "SPY") == CONTENT


def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path):
    target, folder = tmp_path / "precious", tmp_path / "cache"
    cache = Cache(folder)
    cache.write("prices", "SPY", CONTENT)
    (folder / "prices-SPY.data").rename(target)
    before = target.read_bytes()
    (folder / "prices-SPY.data").symlink_to(target)
    assert cache.read("prices", "SPY") is None
    (folder / "prices-SPY.data").symlink_to(target)
    cache.write("prices", "SPY", b"new")
    assert cache.read("prices", "SPY") == b"new"
    assert target.read_bytes() == before


@POSIX
def test_a_pipe_or_a_folder_in_the_place_of_a_file_is_neither_waited_for_nor_fatal(tmp_path):
    cache = Cache(tmp_path)
    os.mkfifo(tmp_path / "prices-SPY.data")
    (tmp_path / "prices-QQQ.data").mkdir()
    assert cache.read("prices", "SPY") is None
    cache.write("prices", "QQQ", CONTENT)
    assert len(cache.unwritten) == 1
    assert cache.read("prices", "QQQ") is None
    cache.write("prices", "QQQ", CONTENT)
    assert cache.read("prices", "QQQ") == CONTENT


@pytest.mark.parametrize("call", ["open", "fdopen", "fsync", "replace"])
@pytest.mark.parametrize("nth", [1, 2])
def test_the_failure_of_any_step_of_a_write_leaves_the_old_or_the_new(tmp_path, monkeypatch, call, nth):
    cache = Cache(tmp_path)
    cache.write("prices", "SPY", b"old")
    real, calls = getattr(os, call), []

    def fail(*arguments, **options):
        calls.append(arguments)
        if len(calls) == nth:
            raise OSError(28, "No space left on device")
        return real(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(os, call, fail)
        cache.write("prices", "SPY", b"new")
    expected = b"old" if cache.unwritten else b"new"
    assert (nth == 1) == (expected == b"old")
    assert all("No space left" in note for note in cache.unwritten)
    assert cache.read("prices", "SPY") == expected
    assert [path.name for path in tmp_path.iterdir()] == ["prices-SPY.data"]


@POSIX
def test_a_full_disk_leaves_the_old_content_and_one_note(tmp_path):
    program = """
import resource, sys
from pathlib import Path
from advisor.market.prices.cache import Cache
cache = Cache(Path(sys.argv[1]))
cache.write("prices", "SPY", b"old")
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
for symbol in ("SPY", "QQQ", "IWM"):
    cache.write("prices", symbol, b"x" * 10_000)
print(len(cache.unwritten), cache.read("prices", "SPY").decode(), cache.read("prices", "QQQ"), len(cache.set_aside))
"""
    assert run(program, str(tmp_path)) == ["1", "old", "None", "0"]
    assert [path.name for path in tmp_path.iterdir()] == ["prices-SPY.data"]


@POSIX
def test_a_folder_that_cannot_be_written_is_read_and_noted(tmp_path):
    """The superuser can write anywhere, so the program becomes nobody first."""
    program = """
import os, sys
from pathlib import Path
from advisor.market.prices.cache import Cache
os.chdir(sys.argv[1])
if os.getuid() == 0:
    os.chown(".", 65534, 65534)
    os.setuid(65534)
cache = Cache(Path("."))
cache.write("prices", "SPY", b"old")
os.chmod(".", 0o500)
cache.write("prices", "SPY", b"new")
print(cache.read("prices", "SPY").decode(), len(cache.unwritten), "ADVISOR_HOME" in cache.unwritten[0])
os.chmod(".", 0o700)
"""
    assert run(program, str(tmp_path)) == ["old", "1", "True"]


def test_what_a_killed_run_left_behind_is_removed_after_an_hour(tmp_path):
    Cache(tmp_path).write("prices", "SPY", CONTENT)
    now = (tmp_path / "prices-SPY.data").stat().st_mtime
    for name, age in ((".advisor-old", 3700), (".advisor-new", 3500), ("other", 9999)):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (now - age, now - age))
    Cache(tmp_path).write("prices", "SPY", CONTENT)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".advisor-new", "other", "prices-SPY.data"]


KILLS = """
import os, random, signal, sys, time
from pathlib import Path
from advisor.market.prices.cache import Cache

folder, chance = Path(sys.argv[1]), random.Random(2026)
contents = [bytes([65 + number]) * 200_000 for number in range(26)]
Cache(folder).write("prices", "SPY", contents[0])
torn = orphans = seen = 0
for kill in range(200):
    started, ready = os.pipe()
    child = os.fork()
    if child == 0:
        cache = Cache(folder)
        os.write(ready, b"x")
        while True:
            cache.write("prices", "SPY", chance.choice(contents))
    os.read(started, 1)
    time.sleep(chance.random() * 0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(started), os.close(ready)
    chance.random()
    reader = Cache(folder)
    torn += reader.read("prices", "SPY") not in contents or bool(reader.set_aside)
    left = list(folder.glob(".advisor-*"))
    orphans += len(left)
    for path in left:
        path.unlink()
print(torn, orphans)
"""


@POSIX
def test_200_kills_during_writes_tear_nothing(tmp_path):
    torn, killed_while_writing = map(int, run(KILLS, str(tmp_path)))
    assert torn == 0
    assert killed_while_writing > 20


AT_ONCE = """
import os, sys
from pathlib import Path
from advisor.market.prices.cache import Cache

folder, symbols = Path(sys.argv[1]), ["SPY", "IWM", "BRK.B", "ON"]
for symbol in symbols:
    Cache(folder).write("prices", symbol, f"{symbol} 0 0".encode() * 1000)
children = []
for number in range(8):
    children.append(os.fork())
    if children[-1] == 0:
        bad = 0
        for turn in range(25):
            cache = Cache(folder)
            for symbol in symbols:
                cache.write("prices", symbol, f"{symbol} {number} {turn}".encode() * 1000)
                content = cache.read("prices", symbol) or b""
                bad += content[: len(content) // 1000] * 1000 != content or not content.startswith(symbol.encode())
            bad += len(cache.entries()) != len(symbols) or bool(cache.set_aside or cache.unwritten)
        os._exit(min(bad, 100))
print(*[os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
print(*sorted(path.name for path in folder.iterdir()))
"""


@POSIX
def test_8_runs_at_once_read_only_what_one_of_them_wrote(tmp_path):
    found = run(AT_ONCE, str(tmp_path))
    assert found[:8] == ["0"] * 8
    assert found[8:] == ["prices-BRK.B.data", "prices-IWM.data", "prices-ON.data", "prices-SPY.data"]
