"""Values as a portfolio file has them."""

from __future__ import annotations

from decimal import Decimal

from advisor.format import cents, money
from advisor.portfolio.limit_types import Unit, split_limit
from advisor.portfolio.preferences import UnsoldGains


def plain_text(value: Decimal) -> str:
    """A number in plain digits, without zeros that say nothing."""
    return f"{value.normalize():f}"


def fraction_text(value: Decimal) -> str:
    """A fraction in percent: ``20%``."""
    return f"{plain_text(value.scaleb(2))}%"


def unsold_text(gains: UnsoldGains) -> str:
    """What becomes of unsold gains: ``sold``, or ``sold 60%, held_until_death 40%``."""
    parts = {"sold": gains.sold, "held_until_death": gains.held_until_death, "donated": gains.donated}
    told = {name: share for name, share in parts.items() if share}
    return next(iter(told)) if len(told) == 1 else ", ".join(f"{name} {fraction_text(told[name])}" for name in told)


def bound_text(name: str, bound: Decimal) -> str:
    """The bound of the limit `name`, as a file has it: dollars, a ratio, or a fraction in percent."""
    return fraction_text(bound) if split_limit(name)[0].unit is Unit.FRACTION else plain_text(bound)


def bound_words(name: str, bound: Decimal) -> str:
    """The bound of the limit `name` for a reader, with every digit of the file: ``12.34%``, ``$120,000``, ``1.1``."""
    if split_limit(name)[0].unit is not Unit.USD:
        return bound_text(name, bound)
    return money(bound) if bound == bound.to_integral_value() else cents(bound)


def level_decimals(name: str, bound: Decimal) -> int:
    """Decimals of a level that stands beside `bound`: at least the bound's own."""
    kind, _ = split_limit(name)
    shown = bound.scaleb(2) if kind.unit is Unit.FRACTION else bound
    return max(kind.decimals, -int(shown.normalize().as_tuple().exponent))
