"""Values as a portfolio file has them."""

from __future__ import annotations

from decimal import Decimal

from advisor.format import cents, money

LEAST_DECIMALS = {"expense_ratio": 3, "beta": 2, "realized_gain": 0}  # of a level; of percent, where it is a fraction


def plain_text(value: Decimal) -> str:
    """A number in plain digits, without zeros that say nothing."""
    return f"{value.normalize():f}"


def fraction_text(value: Decimal) -> str:
    """A fraction in percent: ``20%``."""
    return f"{plain_text(value.scaleb(2))}%"


def bound_text(name: str, bound: Decimal) -> str:
    """The bound of the limit `name`: dollars, a ratio, or a fraction in percent."""
    return plain_text(bound) if name in ("realized_gain", "beta") else fraction_text(bound)


def bound_words(name: str, bound: Decimal) -> str:
    """The bound of the limit `name` for a reader, with every digit of the file: ``12.34%``, ``$120,000``, ``1.1``."""
    if name != "realized_gain":
        return bound_text(name, bound)
    return money(bound) if bound == bound.to_integral_value() else cents(bound)


def level_decimals(name: str, bound: Decimal) -> int:
    """Decimals of a level that stands beside `bound`: at least the bound's own."""
    shown = bound if name in ("realized_gain", "beta") else bound.scaleb(2)
    return max(LEAST_DECIMALS.get(name, 1), -int(shown.normalize().as_tuple().exponent))
