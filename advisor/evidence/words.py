"""Figures in the words of a claim: fractions become percentages here, as the report writes them."""

from __future__ import annotations

import math
from datetime import date

MINUS = "\N{MINUS SIGN}"
NO_BREAK = "\N{NO-BREAK SPACE}"
UNKNOWN = "\N{EN DASH}"
_DAYS_A_MONTH = 30.44


def number(value: float, decimals: int = 1) -> str:
    """``12.3``, ``−0.4``, and zero without a sign; raises ValueError unless finite."""
    if not math.isfinite(value):
        raise ValueError(f"a figure of the evidence is not finite: {value!r}")
    text = f"{value:,.{decimals}f}"
    return text.lstrip("-") if not text.strip("-0.,") else text.replace("-", MINUS)


def signed(value: float, decimals: int = 1) -> str:
    """As `number`, with a plus sign on what is above zero after rounding."""
    text = number(value, decimals)
    return text if text.startswith(MINUS) or not text.strip("0.,") else f"+{text}"


def percent(fraction: float | None, decimals: int = 1) -> str:
    """0.191 as ``19.1 %``; a dash for what is not known."""
    return UNKNOWN if fraction is None else f"{number(100.0 * fraction, decimals)}{NO_BREAK}%"


def signed_percent(fraction: float | None, decimals: int = 1) -> str:
    """0.066 as ``+6.6 %``; a dash for what is not known."""
    return UNKNOWN if fraction is None else f"{signed(100.0 * fraction, decimals)}{NO_BREAK}%"


def points(fraction: float | None, decimals: int = 1) -> str:
    """0.066 as ``+6.6 points``; a dash for what is not known."""
    return UNKNOWN if fraction is None else f"{signed(100.0 * fraction, decimals)}{NO_BREAK}points"


def bare_points(fraction: float | None, decimals: int = 1) -> str:
    """0.066 as ``+6.6``, under a head that says points."""
    return UNKNOWN if fraction is None else signed(100.0 * fraction, decimals)


def listed(items: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))


def age(day: date, as_of: date) -> str:
    """How old results of `day` are on `as_of`: ``12 days old``, ``4 months old``."""
    days = (as_of - day).days
    if days < 0:
        return f"later than {as_of}"
    months = int(days / _DAYS_A_MONTH)
    if months < 1:
        return "of the same day" if not days else f"{_count(days, 'day')} old"
    return f"{_count(months, 'month')} old"


def _count(number_of: int, unit: str) -> str:
    return f"{number_of} {unit}{'' if number_of == 1 else 's'}"
