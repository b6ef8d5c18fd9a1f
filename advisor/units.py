"""Constants, array types and the one rounding rule for money."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:  # what only formats figures, like check, loads no numpy
    import numpy as np
    from numpy.typing import NDArray

TRADING_DAYS = 252  # sessions a year, to annualise daily returns
BASIS_POINT = 1e-4
POINT_PER_BASIS_POINT = 0.01  # one basis point for each percentage point, as a ratio of fractions
CENT = Decimal("0.01")
ROUNDING = 1e-9  # relative; what sums of floats in another order differ by at most
SHARE_STEP = Decimal("0.001")  # orders are placed in thousandths of a share

Vector: TypeAlias = "NDArray[np.float64]"  # shape (n,)
Matrix: TypeAlias = "NDArray[np.float64]"  # shape (m, n)


def to_cents(amount_usd: Decimal) -> Decimal:
    """Round an amount to whole cents, halves away from zero."""
    return amount_usd.quantize(CENT, rounding=ROUND_HALF_UP)


def ordered(low: float, high: float) -> tuple[float, float]:
    """An interval whose ends were summed apart: where rounding alone put the upper end below, it is the lower one.

    Raises `ValueError` where it is below by more than rounding.
    """
    if high < low - ROUNDING * max(1.0, abs(low)):
        raise ValueError(f"no interval: {low!r} to {high!r}")
    return low, max(low, high)
