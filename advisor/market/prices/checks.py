"""Checks on the prices of one security before anything is computed from them.

1. Rows that cannot be prices are left out and named: days in the future, out of order or without a session; values
   that are not positive.
2. Closes that the source left unadjusted for a split that it reports are rescaled.
3. They are compared with what else is known: the history kept from a run before, and the snapshot's close.
4. A decision in the past sees neither later prices nor later splits; the row of a session that was not over when it
   was fetched, or on which nothing was traded, is left out.
5. Age, repeated closes, large moves (`market.price_moves`) and distributions are judged.

A few rows of more than a year ago that cannot be right, each by itself, are left out with a warning. A doubt that is
held keeps the security from being used until the user accepts a price; any other is a warning.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from advisor.market.prices.comparisons import compare_downloads, compare_instruments, compare_snapshot
from advisor.market.prices.doubts import DoubtRule, Found, PriceDoubt, named, price_words
from advisor.market.prices.history import PriceHistory, SecurityKind, Split
from advisor.market.prices.moves import (
    DEVIATIONS,
    FUND_MOVE,
    STOCK_MOVE,
    MoveKind,
    PriceMove,
    is_explained,
    is_unadjusted,
    large_moves,
    rows_in_order,
    unusual_moves,
)
from advisor.market.prices.sessions import Sessions, today
from advisor.units import Vector

OLD, STALE = 1, 5  # sessions since the last price: more than these are a warning, and held
DISTRIBUTION, WHOLE_PRICE = 0.20, 1.0  # of the price after it: more than these are a warning, and held
FROZEN = 10  # sessions with one close
LOWEST, HIGHEST = 1e-12, 1e15  # adjusted for all their splits, inverse funds began at billions of dollars
LARGEST_SPLIT = Decimal(1000)
FAR = 1.5  # factor between the user's own price and a close that is not in doubt
LEFT_OUT = "left out"
STRICT, FEW = 252, 5  # sessions before the last of which every row has to be right; rows before that may be left out

# These put all rows in doubt, so that none can be left out.
_OF_THE_WHOLE = frozenset(
    {
        DoubtRule.CURRENCY,
        DoubtRule.CHANGED,
        DoubtRule.SPLIT,
        DoubtRule.REWRITTEN,
        DoubtRule.SNAPSHOT,
        DoubtRule.DISTRIBUTION,
    }
)


@dataclass(frozen=True, slots=True)
class CheckedHistory:
    """A history without the rows in doubt, which may be none. It is to be used if no doubt is held.

    Its last close is then the price, unless the user has accepted another; its ratios are for risk.
    """

    history: PriceHistory
    doubts: tuple[PriceDoubt, ...]

    @property
    def is_held(self) -> bool:
        """Whether the security cannot be used until the user accepts a price."""
        return any(doubt.held for doubt in self.doubts)


def check_history(
    history: PriceHistory,
    *,
    as_of: date,
    now: datetime,
    sessions: Sessions,
    earlier: PriceHistory | None = None,
    known_close: tuple[date, Decimal] | None = None,
    accepted: Decimal | None = None,
) -> CheckedHistory:
    """Clean a history and name what is doubtful in it.

    `earlier` is what a run before has kept; `known_close` the snapshot's close on its day; `accepted` the user's own
    price in USD, which turns what is held into warnings, and is held itself where it is far from a close that is not in
    doubt. `sessions` reach to `as_of` and `now`.
    """
    found = Found(history.symbol)
    compare_instruments(history, earlier, found)
    strict = _strict_from(min(as_of, sessions.last_completed(now)), sessions)
    history = _possible(history, now, sessions, strict, found)
    history = _rescaled(history, found)
    if earlier is not None:
        then = check_history(earlier, as_of=today(earlier.fetched), now=earlier.fetched, sessions=sessions)
        compare_downloads(history, then.history, found)
    if known_close is not None:
        compare_snapshot(history, *known_close, sessions, found)
    history = _as_seen_on(history, as_of)
    history = _traded(_finished(history, now, sessions, found), found)
    if history.days:
        _check_age(history, min(as_of, sessions.last_completed(now)), sessions, found)
        _check_frozen(history, found)
        history = _without_jumps(history, strict, found)
        _check_distributions(history, found)
    else:
        found.hold(DoubtRule.EMPTY, f"there is no close on or before {as_of}")
    doubts = tuple(_decided(doubt, accepted) for doubt in found.doubts)
    if accepted is not None and history.days:
        is_sound = not any(doubt.held for doubt in found.doubts)
        doubts = (*doubts, _beside(accepted, history, is_sound=is_sound))
    return CheckedHistory(history, doubts)


def _decided(doubt: PriceDoubt, accepted: Decimal | None) -> PriceDoubt:
    """What is held, with the way out; or with what it means that the user has taken it."""
    if not doubt.held:
        return doubt
    if accepted is None:
        return replace(doubt, message=f"{doubt.message}; --accept-price {doubt.symbol}=123.45 takes your own price")
    basis = "this history as it is" if doubt.rule in _OF_THE_WHOLE else "the days that are not in doubt"
    return replace(doubt, message=f"{doubt.message}; accepted: {accepted}, with risk from {basis}", held=False)


def _beside(accepted: Decimal, history: PriceHistory, *, is_sound: bool) -> PriceDoubt:
    """The user's own price beside the source's last close, which it cannot contradict where that is sound."""
    close, day, symbol = float(history.closes[-1]), history.days[-1], history.symbol
    source = f"close of {day} ({history.source}) is {price_words(close)}"
    if is_sound and not 1 / FAR <= float(accepted) / close <= FAR:
        text = (
            f"--accept-price {symbol}={accepted}: the {source} and nothing is doubtful about it; a price further than "
            f"a factor of {FAR} from it is not taken"
        )
        return PriceDoubt(symbol, DoubtRule.ACCEPTED, text, held=True)
    which = "the" if is_sound else "the last that is left to estimate its risk from, the"
    text = f"{symbol}: your own price {accepted} is taken; {which} {source}"
    return PriceDoubt(symbol, DoubtRule.ACCEPTED, text, held=False)


def _strict_from(at: date, sessions: Sessions) -> date:
    return sessions.days[max(0, bisect_right(sessions.days, at) - 1 - STRICT)]


def _possible(history: PriceHistory, now: datetime, sessions: Sessions, strict: date, found: Found) -> PriceHistory:
    """Splits that can be; rows of past sessions in their order with positive values."""
    past = today(now)
    history = replace(history, splits=_possible_splits(history.splits, past, found))
    history = _only(history, [day <= past for day in history.days], DoubtRule.FUTURE, "is in the future", found)
    history = _only(history, _ascending(history.days), DoubtRule.DAYS, "is repeated or out of order", found)
    are_sessions = [day >= sessions.first and sessions.is_session(day) for day in history.days]
    history = _only(history, are_sessions, DoubtRule.DAYS, "is not a session", found)
    history = _only_positive(history, history.closes, DoubtRule.CLOSE, strict, found)
    return _only_positive(history, history.adjusted, DoubtRule.ADJUSTED, strict, found)


def _possible_splits(splits: Sequence[Split], past: date, found: Found) -> tuple[Split, ...]:
    """In the order of their days, on each of which there is one."""
    possible: dict[date, Split] = {}
    for split in sorted(splits, key=lambda split: split.day):
        is_ratio = split.ratio.is_finite() and 1 / LARGEST_SPLIT <= split.ratio <= LARGEST_SPLIT
        if is_ratio and split.day <= past and split.day not in possible:
            possible[split.day] = split
        else:
            found.hold(DoubtRule.SPLIT, f"a split of {split.ratio} to 1 is reported for {split.day}")
    return tuple(possible.values())


def _ascending(days: Sequence[date]) -> list[bool]:
    latest = date.min
    ascending = []
    for day in days:
        ascending.append(day > latest)
        latest = max(latest, day)
    return ascending


def _only(history: PriceHistory, keep: Sequence[bool], rule: DoubtRule, what: str, found: Found) -> PriceHistory:
    left_out = [str(day) for day, kept in zip(history.days, keep, strict=True) if not kept]
    if left_out:
        found.hold(rule, f"{named(left_out)} {what}")
    return _rows(history, np.array(keep, dtype=bool))


def _only_positive(history: PriceHistory, values: Vector, rule: DoubtRule, strict: date, found: Found) -> PriceHistory:
    keep = (values > LOWEST) & (values < HIGHEST)
    places = np.flatnonzero(~keep).tolist()
    if places:
        text = (
            f"the {rule} of {named([f'{history.days[place]} ({values[place]:g})' for place in places])} is not a price"
        )
        if len(places) <= FEW and history.days[places[-1]] < strict:
            found.warn(rule, f"{text}; {LEFT_OUT}")
        else:
            found.hold(rule, text)
    return _rows(history, keep)


def _rows(history: PriceHistory, keep: NDArray[np.bool_]) -> PriceHistory:
    return replace(
        history,
        days=tuple(day for day, kept in zip(history.days, keep, strict=True) if kept),
        closes=history.closes[keep],
        adjusted=history.adjusted[keep],
        volumes=history.volumes[keep],
    )


def _first_rows(history: PriceHistory, count: int) -> PriceHistory:
    return _rows(history, np.arange(len(history.days)) < count)


def _rescaled(history: PriceHistory, found: Found) -> PriceHistory:
    """Divide what the source left unadjusted before a split that it reports."""
    for split in history.splits:
        place, ratio = bisect_left(history.days, split.day), float(split.ratio)
        if 0 < place < len(history.days) and is_unadjusted(history.closes, place, ratio):
            adjusted = is_unadjusted(history.adjusted, place, ratio)
            history = _divided(history, place, ratio, ratio if adjusted else 1.0)
            found.warn(
                DoubtRule.UNADJUSTED,
                f"the closes before {split.day} were not adjusted for the split of {split.ratio} to 1 and are divided "
                f"by it here",
            )
    return history


def _divided(history: PriceHistory, count: int, ratio: float, adjusted_ratio: float) -> PriceHistory:
    """The first `count` rows in shares of which `ratio` make an old one."""
    first = np.arange(len(history.days)) < count
    return replace(
        history,
        closes=np.where(first, history.closes / ratio, history.closes),
        adjusted=np.where(first, history.adjusted / adjusted_ratio, history.adjusted),
        volumes=np.where(first, history.volumes * ratio, history.volumes),
    )


def _as_seen_on(history: PriceHistory, as_of: date) -> PriceHistory:
    """Rows until that day, in the shares of that day."""
    history = _first_rows(history, bisect_right(history.days, as_of))
    for split in history.splits:
        if split.day > as_of:
            ratio = 1.0 / float(split.ratio)
            history = _divided(history, len(history.days), ratio, ratio)
    return replace(history, splits=tuple(split for split in history.splits if split.day <= as_of))


def _finished(history: PriceHistory, now: datetime, sessions: Sessions, found: Found) -> PriceHistory:
    """Without a session that was not over when it was fetched, however long ago that is."""
    count = bisect_right(history.days, sessions.last_completed(min(now, history.fetched)))
    if count < len(history.days):
        found.warn(
            DoubtRule.UNFINISHED, f"{history.days[count]} was not over when it was fetched; its price is not used"
        )
    return _first_rows(history, count)


def _traded(history: PriceHistory, found: Found) -> PriceHistory:
    """Without the last days on which nothing was traded; mutual funds, and sources without volumes, have none."""
    traded = np.flatnonzero(history.volumes > 0.0)
    if history.kind is SecurityKind.MUTUAL_FUND or not traded.size or traded[-1] == len(history.days) - 1:
        return history
    days = [str(day) for day in history.days[traded[-1] + 1 :]]
    found.warn(DoubtRule.UNTRADED, f"nothing was traded on {named(days)}; the close is not used")
    return _first_rows(history, int(traded[-1]) + 1)


def _check_age(history: PriceHistory, at: date, sessions: Sessions, found: Found) -> None:
    last = history.days[-1]
    age = sessions.age(last, at)
    if age > OLD:
        say = found.hold if age > STALE else found.warn
        say(DoubtRule.AGE, f"its last close is of {last}, {age} sessions before that of {at}")


def _check_frozen(history: PriceHistory, found: Found) -> None:
    last = history.closes[-FROZEN:]
    if (
        history.kind is not SecurityKind.MUTUAL_FUND
        and len(last) == FROZEN
        and np.ptp(last) == 0.0 < np.ptp(history.closes)
    ):
        found.warn(
            DoubtRule.FROZEN, f"its close has been {price_words(last[-1])} on all {FROZEN} days to {history.days[-1]}"
        )


_OUTCOMES = {
    MoveKind.RECENT: "no split is reported, and it is too new to tell",
    MoveKind.UNUSUAL: (
        f"that is beyond {DEVIATIONS:.0f} standard deviations of its daily moves; no split is reported, and it is too "
        "new to tell"
    ),
    MoveKind.SPIKE: "it went back in one step",
    MoveKind.UNIT: "the unit has changed",
    MoveKind.MISSING_SPLIT: "no split is reported",
    MoveKind.LASTING: "no split is reported, so it is taken for real",
}


def _without_jumps(history: PriceHistory, strict: date, found: Found) -> PriceHistory:
    large = large_moves(history.closes)
    moves = (*large, *(move for move in _unusual(history) if move.place not in {each.place for each in large}))
    alone = [move for move in moves if move.kind is MoveKind.SPIKE and move.end - move.place == 1]
    old = [move for move in alone if history.days[move.place] < strict]
    if 0 < len(old) <= FEW:
        found.warn(MoveKind.SPIKE, f"{_steps(history, old)}; {_OUTCOMES[MoveKind.SPIKE]}; {LEFT_OUT}")
    else:
        old = []
    for kind, outcome in _OUTCOMES.items():
        of_kind = [move for move in moves if move.kind is kind and move not in old]
        if of_kind:
            say = found.warn if kind is MoveKind.LASTING else found.hold
            say(kind, f"{_steps(history, of_kind)}; {outcome}")
    return _rows(history, rows_in_order(moves, len(history.days)))


def _unusual(history: PriceHistory) -> list[PriceMove]:
    """Moves of the last days that are not those of a split which the source reports for the day."""
    ratios = {split.day: float(split.ratio) for split in history.splits}
    return [
        move
        for move in unusual_moves(history.closes, STOCK_MOVE if history.kind is SecurityKind.STOCK else FUND_MOVE)
        if not is_explained(history.closes, move.place, ratios.get(history.days[move.place], 1.0))
    ]


def _steps(history: PriceHistory, moves: Sequence[PriceMove]) -> str:
    return named([_step(history, move) for move in moves])


def _step(history: PriceHistory, move: PriceMove) -> str:
    before, after = history.closes[move.place - 1 : move.place + 1].tolist()
    return (
        f"the close of {history.days[move.place]}, {price_words(after)}, is {after / before:.3g} times that of "
        f"{history.days[move.place - 1]}, {price_words(before)}"
    )


def _check_distributions(history: PriceHistory, found: Found) -> None:
    """What the adjusted close gains over the close in a day was paid out; nothing is ever paid in."""
    paid = np.expm1(np.diff(np.log(history.adjusted)) - np.diff(np.log(history.closes)))
    doubtful = np.flatnonzero(np.abs(paid) > DISTRIBUTION)
    if doubtful.size:
        is_possible = paid[doubtful].min() > 0.0 and paid[doubtful].max() <= WHOLE_PRICE
        say = found.warn if is_possible else found.hold
        days = [f"{history.days[place + 1]} ({paid[place]:+.0%})" for place in doubtful]
        say(DoubtRule.DISTRIBUTION, f"by its adjusted closes it paid out part of its price on {named(days)}")
