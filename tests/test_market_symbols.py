from __future__ import annotations

import pytest

from advisor.market.symbols import canonical_symbol


@pytest.mark.parametrize("spelling", ["BRK.B", "BRK-B", "BRKB", "BRK/B", "BRK B", "brk-b "])
def test_every_spelling_of_a_share_class_is_one_symbol(spelling):
    assert canonical_symbol(spelling) == "BRK.B"


@pytest.mark.parametrize("symbol", ["XTSLA", "APLE", "MSFUT", "ON", "2330.TW", "NOVN.SW", "005930.KS", "GOOGL"])
def test_anything_else_stays_as_it_is(symbol):
    assert canonical_symbol(symbol) == symbol


@pytest.mark.parametrize("spelling", ["BRK-B", "BRKB", "BF B", "QQQ"])
def test_normalising_twice_changes_nothing(spelling):
    once = canonical_symbol(spelling)
    assert canonical_symbol(once) == once
