"""Values as a portfolio file has them."""

from __future__ import annotations

from decimal import Decimal


def plain_text(value: Decimal) -> str:
    """A number in plain digits, without zeros that say nothing."""
    return f"{value.normalize():f}"


def fraction_text(value: Decimal) -> str:
    """A fraction in percent: ``20%``."""
    return f"{plain_text(value.scaleb(2))}%"


def bound_text(name: str, bound: Decimal) -> str:
    """The bound of the limit `name`: dollars, a ratio, or a fraction in percent."""
    return plain_text(bound) if name in ("realized_gain", "beta") else fraction_text(bound)
