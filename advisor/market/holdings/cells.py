"""Text of cells as numbers, dates and symbols: strictly, because a cell misread is a weight invented."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

NONE = ("", "-", "--", "---", "N/A")

_NUMBER = re.compile(r"-?(\d{1,3}(,\d{3}){1,5}|\d{1,18})(\.\d{1,18})?", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_FIRST = re.compile(r"(?P<month>[A-Za-z]{3,9})\.? (?P<day>\d{1,2}), (?P<year>\d{4})", re.ASCII)
_DAY_FIRST = re.compile(r"(?P<day>\d{1,2})-(?P<month>[A-Za-z]{3})-(?P<year>\d{4})", re.ASCII)
_SLASHES = re.compile(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})", re.ASCII)
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})(T[\d:.]+(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII)
_SYMBOL = re.compile(r"[A-Z][A-Z0-9]{0,7}(\.[A-Z])?", re.ASCII)


def number(text: str) -> float | None:
    """A number with or without a dollar sign and thousands separators, negative by a sign or by parentheses.

    None for an empty cell or a dash; ValueError for anything else.

    >>> [number(text) for text in ("1,234.50", "(12)", "$0.5", "-")]
    [1234.5, -12.0, 0.5, None]
    """
    if text in NONE:
        return None
    plain = f"-{text[1:-1]}" if text.startswith("(") and text.endswith(")") else text
    plain = plain.replace("$", "", 1)
    if not _NUMBER.fullmatch(plain):
        raise ValueError(f"{text[:40]!r} is not a number")
    return float(plain.replace(",", ""))


def percent(text: str) -> float | None:
    """A weight printed in percent as a fraction; a weight too small to be printed, "<0.01%", is 0 in print."""
    plain = text.removesuffix("%").strip()
    if plain.startswith("<"):
        number(plain[1:])
        return 0.0
    value = number(plain)
    return None if value is None else value / 100.0


def printed_unit(texts: Iterable[str]) -> float:
    """Last printed digit of weights in percent, as a fraction: 0.0001 for "0.66"."""
    digits = max((len(text.removesuffix("%").partition(".")[2]) for text in texts), default=0)
    return 10.0 ** -(digits + 2)


def day(text: str) -> date:
    """A date as the issuers write it: Jun 19, 2026; 10-Apr-2026; 09/26/2025; 2026-06-30T00:00:00-04:00.

    ValueError for anything else. Months are read in English whatever the language of the machine.
    """
    for pattern in (_MONTH_FIRST, _DAY_FIRST, _SLASHES, _ISO):
        match = pattern.fullmatch(text)
        if match:
            return date(int(match["year"]), _month(match["month"]), int(match["day"]))
    raise ValueError(f"{text[:40]!r} is not a date")


def _month(text: str) -> int:
    return int(text) if text.isdigit() else _MONTHS.index(text[:3].lower()) + 1


def is_symbol(text: str) -> bool:
    """Whether a text can be the symbol of a fund."""
    return _SYMBOL.fullmatch(text) is not None
