"""Numbers and dates as the reader sees them; the one place where a fraction becomes a percentage.

A non-finite number is refused: missing data has no way to be printed. Zero carries no sign. Spaces inside a
figure do not break, and a minus sign is U+2212.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_FLOOR, Decimal

from advisor.units import to_cents

MINUS = "\N{MINUS SIGN}"
NO_BREAK = "\N{NO-BREAK SPACE}"
EN_DASH = "\N{EN DASH}"
NOTICEABLE = 5e-4  # a difference that shows in a percentage with one decimal
ROUGH_USD = 10  # below it cents are shown
_VAGUE = 10.0
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def number(value: float | Decimal, decimals: int = 1) -> str:
    """Plain figure with grouped thousands: ``1,234.5``; raises ValueError unless finite."""
    if not math.isfinite(value):
        raise ValueError(f"a figure is not finite: {value!r}")
    text = f"{value:,.{decimals}f}"
    if not text.strip("-0.,"):
        return text.lstrip("-")
    return text.replace("-", MINUS)


def signed(value: float | Decimal, decimals: int = 1) -> str:
    """As `number`, with a plus sign on what is above zero after rounding."""
    text = number(value, decimals)
    return text if text.startswith(MINUS) or not text.strip("0.,") else f"+{text}"


def percent(fraction: float | Decimal, decimals: int = 1) -> str:
    """0.343 as ``34.3%``."""
    return f"{number(fraction * 100, decimals)}%"


def signed_percent(fraction: float | Decimal, decimals: int = 1) -> str:
    """0.012 as ``+1.2%``."""
    return f"{signed(fraction * 100, decimals)}%"


def interval(low: float, high: float, decimals: int = 1) -> str:
    """Interval of fractions as ``34.2–34.9%``; one figure where both ends round to the same."""
    ends = number(low * 100, decimals), number(high * 100, decimals)
    return f"{ends[0]}%" if ends[0] == ends[1] else f"{ends[0]}{EN_DASH}{ends[1]}%"


def count_interval(ends: tuple[float, float], decimals: int = 0) -> str:
    """Interval of counts as ``25–26``; ``at least 25`` where the upper end only says how little is known."""
    low, high = ends
    if math.isinf(low):
        return ""
    if high > _VAGUE * low:
        return f"at least {number(low, decimals)}"
    first, last = number(low, decimals), number(high, decimals)
    return first if first == last else f"{first}{EN_DASH}{last}"


def points(fraction: float | Decimal, decimals: int = 1) -> str:
    """Difference of two fractions as ``−9.5 points``."""
    return f"{signed(fraction * 100, decimals)}{NO_BREAK}points"


def shown(value: float | Decimal, decimals: int) -> Decimal:
    """The figure that `number` prints; raises ValueError unless finite."""
    return Decimal(number(value, decimals).replace(",", "").replace(MINUS, "-"))


def change_in_points(first: float, second: float, decimals: int = 1) -> str:
    """The change between two printed percentages, in points; a dash where they print the same."""
    change = shown(second * 100, decimals) - shown(first * 100, decimals)
    return f"{signed(change, decimals)}{NO_BREAK}points" if change else EN_DASH


def change_of_interval(first: tuple[float, float], second: tuple[float, float]) -> str:
    """The change of both printed ends of an interval, in points: one figure where both move by as much."""
    low, high = (shown(b * 100, 1) - shown(a * 100, 1) for a, b in zip(first, second, strict=True))
    if low == high:
        return f"{signed(low)}{NO_BREAK}points" if low else EN_DASH
    return f"{signed(low)} to {signed(high)}{NO_BREAK}points"


def apportioned(parts: Sequence[float | Decimal], decimals: int, total: float | Decimal | None = None) -> list[Decimal]:
    """`parts` rounded so that they add up to their rounded total: the largest remainders are rounded up.

    Each is within one unit of the last decimal of its exact value. `total` stands for the parts' own sum where that is
    known better; raises ValueError where it is not their sum to within rounding.

    Source: Hamilton's method of apportionment; Balinski and Young (1982), "Fair Representation".
    """
    unit = Decimal(1).scaleb(-decimals)
    exact = [part if isinstance(part, Decimal) else Decimal(repr(float(part))) for part in parts]
    rounded = [part.quantize(unit, ROUND_FLOOR) for part in exact]
    missing = int((shown(sum(exact) if total is None else total, decimals) - sum(rounded)) / unit)
    if not 0 <= missing <= len(exact):
        raise ValueError(f"the parts do not add up to {total!r}")
    for place in sorted(range(len(exact)), key=lambda place: rounded[place] - exact[place])[:missing]:
        rounded[place] += unit
    return rounded


def bps(fraction: float | Decimal) -> str:
    """Fraction in basis points: 0.00053 as ``5.3 bp``."""
    return f"{number(fraction * 10_000)}{NO_BREAK}bp"


def signed_bps(fraction: float | Decimal, decimals: int = 1) -> str:
    """Fraction in basis points with its sign: 0.00053 as ``+5.3 bp``."""
    return f"{signed(fraction * 10_000, decimals)}{NO_BREAK}bp"


def fine(value: float) -> str:
    """A small figure with the decimals it needs: ``64.3``, ``4.30``, ``0.09``, ``0.006``."""
    if abs(value) < 0.0005:
        return number(0.0, 0)
    return number(value, 3 if abs(value) < 0.01 else 2 if abs(value) < 10 else 1)


def fine_bps(fraction: float) -> str:
    """Small fraction in basis points: 0.0000006 as ``0.006 bp``."""
    return f"{fine(fraction * 10_000)}{NO_BREAK}bp"


def per_hundred(fraction: float) -> Decimal:
    """A part of each dollar in dollars for each $100, to the cent; raises ValueError unless finite."""
    if not math.isfinite(fraction):
        raise ValueError(f"a figure is not finite: {fraction!r}")
    return to_cents(Decimal(repr(float(fraction))) * 100)


def money(amount_usd: Decimal) -> str:
    """Whole dollars: ``$4,180``, ``−$4,180``."""
    return _with_dollar(number(amount_usd.quantize(Decimal(1)), 0))


def cents(amount_usd: Decimal) -> str:
    """Dollars and cents: ``$4,180.25``; for everything that is placed, paid or owed."""
    return _with_dollar(number(to_cents(amount_usd), 2))


def rough_money(amount_usd: Decimal) -> str:
    """Whole dollars, with cents below ten dollars, where they matter: ``$280``, ``$0.24``, ``$0``."""
    return cents(amount_usd) if 0 < abs(amount_usd) < ROUGH_USD else money(amount_usd)


def exact_money(amount_usd: float, decimals: int) -> str:
    """Dollars, with cents or finer where decimals are asked for: a tick of an axis."""
    return _with_dollar(number(amount_usd, max(decimals, 2) if decimals else 0))


def signed_money(amount_usd: Decimal) -> str:
    """Whole dollars with their sign: ``+$4,180``."""
    return _with_dollar(signed(amount_usd.quantize(Decimal(1)), 0))


def signed_cents(amount_usd: Decimal) -> str:
    """Dollars and cents with their sign: ``+$4,180.25``."""
    return _with_dollar(signed(to_cents(amount_usd), 2))


def shares(count: Decimal) -> str:
    """Every decimal, no trailing zeros, so that an order can be copied: ``1,234.5``."""
    text = f"{count:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def years(count: float) -> str:
    """``3 years``, ``2.5 years``, ``1 year``."""
    text = number(count, 1).removesuffix(".0")
    return f"{text}{NO_BREAK}{'year' if text == '1' else 'years'}"


def months(count: float) -> str:
    """A duration that is over after that many whole months: ``1 month``, ``43 months``."""
    return plural(max(1, math.ceil(round(count, 3))), "month")


def day(value: date) -> str:
    """Date in a sentence: ``July 13, 2026``."""
    return f"{_MONTHS[value.month - 1]}{NO_BREAK}{value.day}, {value.year}"


def iso(value: date | None) -> str:
    """Date in a table: ``2026-07-13``; says so where the source gives none."""
    return "not dated" if value is None else value.isoformat()


def plural(count: int, singular: str, several: str | None = None) -> str:
    """``1 trade``, ``12 trades``."""
    return f"{count}{NO_BREAK}{singular if count == 1 else several or singular + 's'}"


def listing(words: tuple[str, ...], most: int = 4) -> str:
    """``NVDA, VOO and 3 more``; all of them where there are at most `most`."""
    if len(words) > most:
        return f"{', '.join(words[: most - 1])} and {len(words) - most + 1} more"
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part) if words else ""


def css_string(text: str) -> str:
    """Inside of a quoted CSS string: every character a hexadecimal escape, so that none can end the string."""
    return "".join(f"\\{ord(letter):06x}" for letter in text)


def _with_dollar(figure: str) -> str:
    """Put the dollar sign between sign and figure."""
    return f"{figure[0]}${figure[1:]}" if figure[0] in f"{MINUS}+" else f"${figure}"
