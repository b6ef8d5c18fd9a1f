"""One spelling per security: share classes are written with a dot, ``BRK.B``.

Issuers, brokers and price sources write the same class as BRKB, BRK-B, BRK/B or "BRK B".
"""

from __future__ import annotations

import re

_CLASS = re.compile(r"^([A-Z]{1,5})[-/ .]([A-Z])$")
_JOINED = {"BRKA": "BRK.A", "BRKB": "BRK.B", "BFA": "BF.A", "BFB": "BF.B"}


def canonical_symbol(text: str) -> str:
    """Symbol as the project writes it; anything that is not a known spelling of a class only loses its padding.

    >>> [canonical_symbol(text) for text in ("BRK-B", "BRKB", "BRK B", "nvda ", "2330.TW")]
    ['BRK.B', 'BRK.B', 'BRK.B', 'NVDA', '2330.TW']
    """
    symbol = text.strip().upper()
    match = _CLASS.match(symbol)
    if match:
        return f"{match.group(1)}.{match.group(2)}"
    return _JOINED.get(symbol, symbol)
