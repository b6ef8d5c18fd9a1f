"""Mutants of right files: each is read or refused with an `InputError`, and nothing else ever happens.

A text that once broke the reader is kept as ``fuzz_corpus/*.crash`` and read again here.
"""

from __future__ import annotations

import random
import re
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from advisor.cli.main import advisor
from advisor.errors import InputError
from advisor.portfolio.load import load_portfolio

CORPUS = Path(__file__).parent / "fuzz_corpus"
SEEDS = [path.read_bytes() for path in sorted(CORPUS.glob("*.yaml"))]
TOKENS = [
    *(b"[ ] { } , : - ? & * ! | > ' \" % @ ` # << --- ... \\ ~".split()),
    *(b"null true NaN .inf 1e400 -0 0 25 25% $1,000 1_000 99999999999999 2024-02-30 9999-12-31 0x1F ON NO".split()),
    *(b"version name accounts holdings lots limits funds do_not_sell views history securities tax buy max min".split()),
    b"\n", b"\r\n", b"\t", b" ", b"  ", b"\x00", b"\x1b", b"\xff", b"\xef\xbb\xbf", b"\xe2\x80\xae", b"\xc3\xa9",
    b": ", b"- ", b"\n  ", b"\n    - ", b"&a ", b"*a", b"!!python/name:os", b"%YAML 1.1\n---\n", b'"\\ud800"',
    b"x" * 1100,
]  # fmt: skip


def mutant(seed: int) -> bytes:
    """A right file with one to four changes of bytes, words or lines."""
    chance = random.Random(seed)
    data = chance.choice(SEEDS)
    for _ in range(chance.choice((1, 1, 2, 4))):
        data = chance.choice((with_changed_bytes, with_changed_word, with_changed_word, with_changed_lines))(
            data, chance
        )
    return data


def with_changed_bytes(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    end = at + chance.choice((0, 1, 1, 3, 10, 60))
    between = chance.choice((b"", chance.choice(TOKENS), bytes([chance.randrange(256)]), data[at:end] * 2))
    return data[:at] + between + data[end:]


def with_changed_word(data: bytes, chance: random.Random) -> bytes:
    """Mostly still YAML, so that the schema and the rules between values are reached."""
    words = list(re.finditer(rb"[\w.%-]+", data))
    if not words:
        return data
    word = chance.choice(words)
    other = chance.choice((chance.choice(TOKENS), chance.choice(words).group(), word.group().swapcase(), b""))
    return data[: word.start()] + other + data[word.end() :]


def with_changed_lines(data: bytes, chance: random.Random) -> bytes:
    lines = data.split(b"\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    if chance.random() < 0.5:
        lines[one], lines[other] = lines[other], lines[one]
    else:
        lines.insert(one, lines[other])
    return b"\n".join(lines)


def is_read(data: bytes) -> bool:
    """Whether the file is right; a refusal must name a fault and show nothing that steers a terminal."""
    try:
        load_portfolio(data, file="mutant.yaml", today=date(2026, 7, 13))
    except InputError as error:
        shown = str(error)
    else:
        return True
    assert shown
    assert shown.replace("\n", "").isprintable()
    return False


def count_read(seeds: range) -> int:
    read = 0
    for seed in seeds:
        try:
            read += is_read(mutant(seed))
        except Exception as error:
            raise AssertionError(f"mutant({seed}): {error!r}") from error
    return read


def test_three_thousand_mutants_are_read_or_refused() -> None:
    read = count_read(range(3_000))
    assert 150 < read < 2_700  # both ways are met


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_two_hundred_thousand_mutants_are_read_or_refused() -> None:
    assert count_read(range(3_000, 203_000))


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.crash")), ids=lambda path: path.name)
def test_what_broke_the_reader_once_is_refused(path: Path) -> None:
    assert not is_read(path.read_bytes())


def test_three_hundred_mutants_through_the_command_end_with_0_or_3(tmp_path: Path) -> None:
    codes = set()
    for seed in range(300):
        path = tmp_path / "mutant.yaml"
        path.write_bytes(mutant(seed))
        result = CliRunner().invoke(advisor, ["check", str(path), "--as-of", "2026-07-13"])
        code = result.exception.exit_code if isinstance(result.exception, InputError) else result.exit_code
        assert code in (0, 3), f"mutant({seed}): {result.exception!r}"
        codes.add(code)
    assert codes == {0, 3}
