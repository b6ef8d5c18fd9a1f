"""Real answers over two knobs: the cap on the Magnificent Seven, and the share of small caps that is held.

At each point the share of small caps is held at s (least and most at once, within the solver's tolerance of 1e-7) and
the seven are capped at c; both take the place of the user's own limits of those names and sides, all others stay.
Points are optima before rounding to shares, with every fund on offer. Nothing is interpolated: a point without an
answer is a gap.

Two arguments spare solves, and change no point. For one share, what may be done under a lower cap may be done under a
higher one. So where it is proved that nothing meets a cap, nothing meets a lower one; and where the optimum under a cap
keeps a lower one as well, it is the optimum there too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from advisor.market.data import MarketData
from advisor.optimize.reach import tightest
from advisor.portfolio.model import Portfolio
from advisor.whatif.curves import INSIDE, SEVEN, Movable, movable
from advisor.whatif.model import CurvePoint, Grid

LEAST, MOST = "small_caps.min", "small_caps.max"
POINT = 0.01
TOP = 40  # points of small caps that are shown at least, where they can be held
ENOUGH = 205  # points of the grid
FEWEST_CAPS, MOST_CAPS = 5, 41
STRIDES = (10, 5, 4, 3, 2, 1)  # units from one cap to the next


def grid(
    portfolio: Portfolio,
    market: MarketData,
    caps: tuple[float, ...] | None = None,
    shares: tuple[float, ...] | None = None,
) -> Grid:
    """The optimum at each of `caps` (in any order, returned falling) and `shares` (returned rising).

    Without `shares`: whole points from the least share that can be reached to 40%, or further if today's share, the
    user's bounds or the optimum lie beyond, but not beyond the greatest that can be reached; and the user's own bounds
    within that reach. Without `caps`: from today's level, rounded up, to the least that can be reached, in whole
    points, as many as make 205 together; and the user's own bound. Where there are few whole points, they are tenths
    or hundredths of one. A household without room to move has fewer; one whose other limits conflict has gaps alone.
    """
    model = movable(portfolio, market, SEVEN, LEAST, MOST)
    if shares is None or caps is None:
        least_cap, least_share, most_share = tightest(model.problem, SEVEN, MOST, LEAST)
        shares = shares or _shares(model, portfolio, least_share, most_share)
        caps = caps or _caps(model, portfolio, least_cap, len(shares))
    caps, shares = tuple(sorted(caps, reverse=True)), tuple(sorted(shares))
    columns = [tuple(_column(model, caps, share)) for share in shares]
    return Grid(caps, shares, points=tuple(zip(*columns, strict=True)))


def _column(model: Movable, caps: tuple[float, ...], share: float) -> Iterator[CurvePoint]:
    """Points of one share, the caps falling."""
    last: CurvePoint | None = None
    for cap in caps:
        if last is None or not _settles(last, cap):
            last = model.point(share, {SEVEN: cap, LEAST: share, MOST: share})
        yield last


def _settles(above: CurvePoint, cap: float) -> bool:
    """Whether the point of a higher cap is that of `cap` too."""
    return above.is_proved if above.measures is None else above.measures.magnificent_seven <= cap


def _shares(model: Movable, portfolio: Portfolio, least: float | None, most: float | None) -> tuple[float, ...]:
    own = {float(limit.bound) for limit in portfolio.limits if limit.name == "small_caps"}
    today = model.gauge.household.before.small_cap_weight
    free = model.point(today, {}).measures
    high = max(TOP * POINT, today, *own, free.small_caps if free else 0.0)
    low = 0.0
    if least is not None and most is not None:
        low, high = max(least, 0.0), min(high, most)
    unit = _unit(high - low)
    whole = range(math.ceil(low / unit - INSIDE), math.floor(high / unit + INSIDE) + 1)
    within = {bound for bound in own if low - INSIDE <= bound <= high + INSIDE}
    return tuple({round(number * unit, 10) for number in whole} | within) or (today,)


def _caps(model: Movable, portfolio: Portfolio, least: float | None, shares: int) -> tuple[float, ...]:
    own = {float(limit.bound) for limit in portfolio.limits if limit.label == SEVEN}
    top = model.gauge.household.before.exposure.seven.high
    low = top if least is None else min(least + INSIDE, top)
    unit = _unit(top - low)
    first, last = math.ceil(top / unit), math.ceil(low / unit)
    count = min(MOST_CAPS, max(FEWEST_CAPS, math.ceil(ENOUGH / shares)))
    stride = next((stride for stride in STRIDES if (first - last) // stride + 1 >= count), 1)
    numbers = {*range(first, last, -stride), last}
    return tuple({round(number * unit, 10) for number in numbers} | own)


def _unit(room: float) -> float:
    """A whole point, or as small a part of one as makes a few values in `room`."""
    return next((unit for unit in (POINT, POINT / 10) if room >= FEWEST_CAPS * unit), POINT / 100)
