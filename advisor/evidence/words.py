"""Figures in the words of a claim, where a figure may be unknown: a dash stands for it."""

from __future__ import annotations

from datetime import date

from advisor import format as fmt

UNKNOWN = fmt.EN_DASH
_DAYS_A_MONTH = 30.44


def percent(fraction: float | None, decimals: int = 1) -> str:
    """0.191 as ``19.1%``; a dash for what is not known."""
    return UNKNOWN if fraction is None else fmt.percent(fraction, decimals)


def signed_percent(fraction: float | None, decimals: int = 1) -> str:
    """0.066 as ``+6.6%``; a dash for what is not known."""
    return UNKNOWN if fraction is None else fmt.signed_percent(fraction, decimals)


def points(fraction: float | None, decimals: int = 1) -> str:
    """0.066 as ``+6.6 points``; a dash for what is not known."""
    return UNKNOWN if fraction is None else fmt.points(fraction, decimals)


def bare_points(fraction: float | None, decimals: int = 1) -> str:
    """0.066 as ``+6.6``, under a head that says points."""
    return UNKNOWN if fraction is None else fmt.signed(100.0 * fraction, decimals)


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
