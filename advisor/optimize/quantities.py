"""From fractions of value to shares: each lot sold and each fund bought, in whole shares or in thousandths.

Where orders are in whole shares, the part of a share at the end of a lot is sold only when the whole position is.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import numpy as np
from numpy.typing import NDArray

from advisor.optimize.inputs import AllocationInputs, Indices
from advisor.units import SHARE_STEP, Vector

ONE_SHARE = Decimal(1)
NOISE = 1e-6  # of a share; below this, beyond a whole number, is arithmetic


@dataclass(frozen=True, slots=True)
class Quantities:
    """Shares sold of each lot (l,) and bought in each (account, fund) (b,)."""

    sold: tuple[Decimal, ...]
    bought: tuple[Decimal, ...]


def round_outward(inputs: AllocationInputs, sell: Vector, buy: Vector) -> Quantities:
    """Sales rounded up and purchases down, so that no account runs short; the end of a lot goes with it.

    sell: shape (lots,), buy: shape (purchases,), fractions of household value.
    """
    lots, buys = inputs.lots, inputs.buys
    wanted = sell / lots.share_value
    held = np.array([float(shares) for shares in lots.shares])
    all_of_it = liquidated(inputs, (wanted > 0) & (wanted > held - NOISE))
    return Quantities(
        sold=tuple(
            shares if gone else _sold(shares, amount, _step(whole))
            for shares, amount, whole, gone in zip(lots.shares, wanted, lots.whole, all_of_it, strict=True)
        ),
        bought=tuple(
            max(_multiple(amount + NOISE, _step(whole), ROUND_FLOOR), Decimal(0))
            for amount, whole in zip(buy / buys.share_value, buys.whole, strict=True)
        ),
    )


def liquidated(inputs: AllocationInputs, sold_out: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """For each lot, whether every lot of its position is sold out (l,)."""
    order = sale_orders(inputs)
    kept = np.bincount(order, weights=~sold_out, minlength=int(order.max(initial=-1)) + 1)
    return np.asarray(kept[order] == 0)


def sale_orders(inputs: AllocationInputs) -> Indices:
    """For each lot, the number of its order: lots of one security in one account are sold together (l,)."""
    places = inputs.lots.account * len(inputs.symbols) + inputs.lots.security
    return np.asarray(np.unique(places, return_inverse=True)[1])


def _step(whole: bool) -> Decimal:  # noqa: FBT001 - a property of the lot
    return ONE_SHARE if whole else SHARE_STEP


def _sold(shares: Decimal, wanted: float, step: Decimal) -> Decimal:
    if wanted <= 0:
        return Decimal(0)
    upward = _multiple(max(wanted - NOISE, 0.0), step, ROUND_CEILING)
    if step == SHARE_STEP and shares - upward < step:
        return shares
    return min(upward, shares // step * step)


def _multiple(amount: float, step: Decimal, rounding: str) -> Decimal:
    return (Decimal(amount) / step).quantize(ONE_SHARE, rounding=rounding) * step
