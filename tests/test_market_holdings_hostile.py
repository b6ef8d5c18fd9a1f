"""Files of random content, and every layout damaged at random: a list, or one named error, never anything else."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.errors import MarketDataError
from advisor.market.holdings.model import HoldingsFile
from advisor.market.holdings.read import read_holdings, share_weights
from tests.command import CHECKOUT
from tests.holdings_files import Part, invesco, ishares, nport, position, ssga, vanguard_csv, vanguard_json

SHARED = CHECKOUT.parent / "shared" / "data"
REAL = (
    "holdings/ishares_IVV_2026-06-19.csv",
    "holdings/ishares_IJR_2026-06-19.csv",
    "holdings/ishares_IWM_2026-05-05.csv",
    "holdings/ssga_SPY_2026-04-10.xlsx",
    "holdings/invesco_QQQ_2025-09-26.csv",
    "nport/dupree.xml",
)
CHARACTERS = b'",\n-0().%<>{}[]\x00\xff9'

PARTS = [Part(f"A{number}", 1000.0 * (number + 1), cusip=f"{number:09d}") for number in range(30)]
CASH = Part("USD", 500.0, "USD CASH", asset="Cash")
LAYOUTS: dict[str, bytes] = {
    "ishares_old": ishares([*PARTS, CASH]),
    "ishares_new": ishares([*PARTS, CASH, Part("A1", 0.0, type="SWAP", notional=50.0)], new=True),
    "ssga": ssga([*PARTS, Part("-", 500.0, "US DOLLAR", cusip="999USDZ92")]),
    "invesco": invesco(PARTS),
    "vanguard_csv": vanguard_csv([*PARTS, CASH]),
    "vanguard_json": vanguard_json(PARTS),
    "nport": nport([position(part, 465_000.0) for part in PARTS], 465_000.0),
}


def damaged(content: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, taken out, doubled, cut off, or replaced by characters that mean something."""
    changed = bytearray(content)
    kind = chance.randrange(5)
    for _ in range(chance.choice((1, 1, 3, 20))):
        start = chance.randrange(max(1, len(changed)))
        stop = min(len(changed), start + chance.randrange(1, 100))
        if kind == 0:
            changed[start : start + 1] = bytes([chance.randrange(256)])
        elif kind == 1:
            del changed[start:stop]
        elif kind == 2:
            changed[start:start] = changed[start:stop]
        elif kind == 3:
            del changed[start:]
        else:
            changed[start:stop] = bytes(chance.choice(CHARACTERS) for _ in range(stop - start))
    return bytes(changed)


def damaged_inside(content: bytes, chance: random.Random) -> bytes:
    """A spreadsheet whose sheet is damaged and packed again, so that the archive itself is sound."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        chosen = chance.choice([part.filename for part in old.infolist() if part.filename.startswith("xl/")])
        for part in old.infolist():
            text = old.read(part.filename)
            new.writestr(part.filename, damaged(text, chance) if part.filename == chosen else text)
    return packed.getvalue()


def read_or_refused(content: bytes) -> HoldingsFile | None:
    """The list, or None for a file that is refused by name; anything else fails the test."""
    result = _outcome(content, None)
    if isinstance(result, str) and "--fund" in result:
        result = _outcome(content, "MADE")
    if isinstance(result, HoldingsFile):
        return _whole(result)
    assert result.startswith("list:")
    return None


def _outcome(content: bytes, fund: str | None) -> HoldingsFile | str:
    try:
        return read_holdings(content, name="list", fund=fund)
    except MarketDataError as error:
        return str(error)


def _whole(file: HoldingsFile) -> HoldingsFile:
    assert file.imported + len(file.skipped) == len(file.rows)
    assert all(weight > 0.0 for weight in share_weights(file).values())
    return file


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_undamaged_layout_is_read(layout: str) -> None:
    file = read_or_refused(LAYOUTS[layout])
    assert file is not None
    assert len(share_weights(file)) == 30


@pytest.mark.parametrize(("layout", "damage"), [*((name, damaged) for name in LAYOUTS), ("ssga", damaged_inside)])
def test_two_hundred_damaged_files_of_each_layout_never_fail_otherwise(
    layout: str, damage: Callable[[bytes, random.Random], bytes]
) -> None:
    chance = random.Random(7)  # the same files in every run
    results = [read_or_refused(damage(LAYOUTS[layout], chance)) for _ in range(200)]
    assert None in results


@pytest.mark.parametrize("name", REAL)
def test_two_hundred_damaged_files_of_the_issuers_never_fail_otherwise(name: str) -> None:
    path = SHARED / name
    if not path.is_file():
        pytest.skip("the shared holdings files are not beside this checkout")
    chance = random.Random(11)
    content = path.read_bytes()
    for number in range(200):
        damage = damaged_inside if name.endswith("xlsx") and number % 2 else damaged
        read_or_refused(damage(content, chance))


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_a_list_or_refused(content: bytes) -> None:
    assert read_or_refused(content) is None


@st.composite
def funds(draw):
    """Positions of a made-up fund with odd names, cash of either sign, and swaps."""
    names = draw(st.lists(st.text("ABC,\"'&<>é €.-", min_size=1, max_size=12), min_size=1, max_size=30))
    parts = [
        Part(f"T{number}", draw(st.integers(1, 10**7)) / 100.0, f"N {name.strip()} x", cusip=f"{number:09d}")
        for number, name in enumerate(names)
    ]
    total = sum(part.value for part in parts)
    cash = round(total * draw(st.floats(-0.05, 0.05)), 2)
    return [*parts, Part("USD", cash, "USD CASH", asset="Cash")] if cash else parts


@settings(deadline=None)
@given(funds())
def test_what_is_written_in_any_layout_is_read_back(parts: list[Part]) -> None:
    """Weights against value / total, worked out here; printed weights would be off by half a hundredth of a percent."""
    total = sum(part.value for part in parts)
    shares = {part.ticker: part.value / total for part in parts if part.asset == "Equity"}
    for content in (ishares(parts), ishares(parts, new=True), invesco(parts), vanguard_csv(parts)):
        file = read_or_refused(content)
        assert file is not None
        assert share_weights(file) == pytest.approx(shares, rel=1e-9)
        assert [row.name for row in file.rows] == [part.called for part in parts]
        assert file.imported == len(shares)
