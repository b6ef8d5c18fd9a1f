"""What a security is by its symbol, name and category, where no table knows it: a fund, a geared fund, a bond fund."""

from __future__ import annotations

import re

# Mutual funds have five letters, the last one X. Source: Nasdaq, "Fifth letter symbol identifiers".
_MUTUAL_FUND = re.compile(r"[A-Z]{4}X", re.ASCII)
# Not "Trust", which real-estate companies and banks are called as well.
_FUND = re.compile(
    r"\b(etfs?|funds?|fds?|index|idx|ishares|spdr|proshares|powershares|grayscale|money market)\b|^vanguard\b",
    re.IGNORECASE | re.ASCII,
)
# "2X", "-1x", "1.5x"; Ultra and UltraShort are twice, but an ultra-short bond fund is not geared.
_GEARED = re.compile(
    r"(?<![\w.])-?[1-5](\.\d+)?x\b|\bultrapro\b|\bultra\b(?![ -]short)"
    r"|\bultrashort\b(?!.*\b(bond|term|duration|income)\b)"
    r"|\b(leveraged|inverse|bear)\b|\bproshares short\b",
    re.IGNORECASE | re.ASCII,
)
_GEARED_CATEGORY = "trading--"  # Morningstar: "Trading--Leveraged Equity", "Trading--Inverse Debt"
_BONDS = re.compile(r"\b(bonds?|government|treasury|muni|money market)\b")
_NOT_ONLY_BONDS = re.compile(
    r"\b(allocation|convertibles?|equity|nontraditional|preferred|stock|target|trading)\b",
)


def is_fund(symbol: str, name: str) -> bool:
    """Whether a holding that is no known stock is a fund, by its symbol or its name; in doubt it is one."""
    return _MUTUAL_FUND.fullmatch(symbol) is not None or _FUND.search(name) is not None


def is_geared(name: str | None, category: str | None) -> bool:
    """Whether a fund holds a multiple of what it lists, or the opposite.

    >>> is_geared("ProShares Ultra QQQ", "Trading--Leveraged Equity"), is_geared("JPMorgan Ultra-Short Income", None)
    (True, False)
    """
    return (category or "").casefold().startswith(_GEARED_CATEGORY) or _GEARED.search(name or "") is not None


def holds_bonds_alone(category: str | None) -> bool:
    """Whether a fund's category says without a doubt that it holds bonds or bills, and no company's shares.

    >>> [holds_bonds_alone(category) for category in ("Corporate Bond", "Muni National Long", "Convertibles", None)]
    [True, True, False, False]
    """
    said = (category or "").casefold()
    return _BONDS.search(said) is not None and _NOT_ONLY_BONDS.search(said) is None
