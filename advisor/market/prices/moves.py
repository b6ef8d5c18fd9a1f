"""Large daily moves of a price: which are the market's, and which are faults of the source.

Prices alone cannot tell a crash from a fault on the day. Later, a fault shows itself: it goes back in one step, or
it lasts and is a ratio that splits or units have. A lasting move of any other size is taken for real.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp, expm1, log

import numpy as np
from numpy.typing import NDArray

from advisor.units import Vector

UP, DOWN = 1.4, 0.6  # a move of more than 40%
RECENT = 5  # sessions in which nothing later can tell what a move was
UNIT, UNIT_TOLERANCE = 100.0, 1.10  # dollars and cents, pounds and pence
SPIKE_TOLERANCE = 1.05  # a wrong row goes back to within a day's move: GME on 2021-01-29 missed by 6.5%, and was real
SPLIT_TOLERANCE = 1.03  # AAPL fell on 2000-09-29 as after a split of 2 to 1, to within 3.9%, and was real
IMPLAUSIBLE = 10.0  # no listed share or fund has moved by this factor in a day
EXPLAINED = 1.10  # a reported split explains a move this close to it
SMALLEST_SPLIT = 1.4  # 3 to 2 and beyond; what is less drowns in the day's own move

# A close of the last days beyond this many of the security's own deviations and beyond this part of its price is no
# close yet. Of 200 securities since 2000, with each day as the last, that is 13 of 553,726 days of funds (TQQQ -34%
# and VNQ -18% on 2020-03-16, SLV -29% on 2026-01-30; SPTM +25% on 2008-10-10 looks like a fault) and 30 of 515,790
# of stocks (NFLX -35% on 2022-04-20, META -26% on 2022-02-03). Funds at 12% would be 60 days, 40 of them 2020-03-16;
# stocks at 15% would be 147.
DEVIATIONS = 10.0
FUND_MOVE, STOCK_MOVE = 0.15, 0.25
LEAST_RETURNS, MOST_RETURNS = 60, 252  # before the move, from which the deviation is estimated
TO_DEVIATION = 1.4826  # from a median absolute deviation, for a normal distribution


class MoveKind(StrEnum):
    """What a move of more than 40%, or far beyond the security's own, is taken for."""

    RECENT = "recent move"  # too new to tell
    UNUSUAL = "unusual move"  # less than 40%, but too new to tell and far beyond its own
    SPIKE = "spike"  # a few rows that are wrong
    UNIT = "unit"  # 100 or 1/100: the rows before are in another unit
    MISSING_SPLIT = "missing split"  # a ratio that only splits have, and none is reported
    LASTING = "large move"  # real, as far as anyone can tell


@dataclass(frozen=True, slots=True)
class PriceMove:
    """The step from row `place - 1` to row `place`; rows from there to `end`, not included, are a spike's."""

    kind: MoveKind
    place: int
    end: int


def large_moves(closes: Vector) -> tuple[PriceMove, ...]:
    """All steps of more than 40% in positive closes, shape (T,), in their order."""
    steps = np.diff(np.log(closes))
    moves: list[PriceMove] = []
    for place in (np.flatnonzero((steps > log(UP)) | (steps < log(DOWN))) + 1).tolist():
        if moves and place == moves[-1].end:
            continue  # the way back of a spike
        undone = _undone(place, steps)
        if place >= len(closes) - RECENT:
            moves.append(PriceMove(MoveKind.RECENT, place, len(closes)))
        elif undone is not None:
            moves.append(PriceMove(MoveKind.SPIKE, min(place, undone), max(place, undone)))
        else:
            moves.append(PriceMove(_lasting(exp(abs(steps[place - 1]))), place, place))
    return tuple(moves)


def unusual_moves(closes: Vector, smallest: float) -> tuple[PriceMove, ...]:
    """Steps to the last five of positive closes, shape (T,), that are far beyond those of the year before them.

    Beyond the part `smallest` of the price and `DEVIATIONS` robust standard deviations; none where fewer than
    `LEAST_RETURNS` are known.
    """
    steps = np.diff(np.log(closes))
    moves = []
    for place in range(max(len(closes) - RECENT, LEAST_RETURNS + 1), len(closes)):
        before = steps[max(0, place - 1 - MOST_RETURNS) : place - 1]
        deviation = TO_DEVIATION * float(np.median(np.abs(before - np.median(before))))
        step = float(steps[place - 1])
        if abs(expm1(step)) > smallest and abs(step) > DEVIATIONS * deviation:
            moves.append(PriceMove(MoveKind.UNUSUAL, place, len(closes)))
    return tuple(moves)


def _undone(place: int, steps: Vector) -> int | None:
    """The row within five sessions whose own step undoes that of `place`, before it or after."""
    first = max(1, place - RECENT)
    sums = np.abs(steps[first - 1 : place + RECENT] + steps[place - 1])
    best = int(np.argmin(sums))
    return first + best if sums[best] < log(SPIKE_TOLERANCE) else None


def _lasting(factor: float) -> MoveKind:
    if UNIT / UNIT_TOLERANCE <= factor <= UNIT * UNIT_TOLERANCE:
        return MoveKind.UNIT
    whole = round(factor)
    is_split = whole >= 2 and abs(log(factor / whole)) < log(SPLIT_TOLERANCE)
    return MoveKind.MISSING_SPLIT if is_split or factor >= IMPLAUSIBLE else MoveKind.LASTING


def rows_in_order(moves: Sequence[PriceMove], count: int) -> NDArray[np.bool_]:
    """Rows, of `count`, that no move puts in doubt: the last ones, a spike, or all before a break are left out."""
    keep = np.ones(count, dtype=bool)
    for move in moves:
        match move.kind:
            case MoveKind.RECENT | MoveKind.UNUSUAL:
                keep[move.place :] = False
            case MoveKind.SPIKE:
                keep[move.place : move.end] = False
            case MoveKind.UNIT | MoveKind.MISSING_SPLIT:
                keep[: move.place] = False
            case MoveKind.LASTING:
                pass
    return keep


def is_unadjusted(values: Vector, place: int, ratio: float) -> bool:
    """Whether the step to row `place` is that of a split, which adjusted values do not show.

    values: adjusted closes, shape (T,).
    """
    return max(ratio, 1.0 / ratio) >= SMALLEST_SPLIT and is_explained(values, place, ratio)


def is_explained(values: Vector, place: int, ratio: float) -> bool:
    """Whether the step to row `place` is about that of a split, however small. values: adjusted closes, shape (T,)."""
    return abs(log(values[place]) - log(values[place - 1]) + log(ratio)) < log(EXPLAINED)
