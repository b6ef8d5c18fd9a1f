"""Lots that were entered before a split and never adjusted, which under-count the shares.

1. What can have been missed are the splits after the lot's day; of several, the later ones, since a number that was
   entered between two splits knows the first.
2. With a close on the lot's day, the cost tells: nearest, by ratio, to that close in the shares of which day? A cost
   within 20% of the close in today's shares is one of today's shares.
3. Without one, a cost far above every close that is known is weak evidence.
4. Without a cost or a day, a split of the last twelve months is reason to check the number.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from math import log, prod

from advisor.market.prices.history import PriceHistory, Split
from advisor.portfolio.model import Lot, Portfolio

SMALLEST = Decimal("1.5")  # a smaller ratio, either way, cannot be told from an inexact cost, nor from a spin-off
ADJUSTED = (0.8, 1.2)  # of the close of its day: a cost that knows every split
EXPLAINED = 1.5  # the cost is within this factor of what explains it; fees, averages and wash sales make it inexact
CERTAIN = 1.25  # the same, to be sure
FAR_ABOVE = 1.5  # the cost over the highest close known
LATELY = timedelta(days=365)
CLOSED = timedelta(days=7)  # no exchange is closed for longer, so the close before a lot's day is not older


@dataclass(frozen=True, slots=True)
class StaleLot:
    """A lot whose number of shares is that before `splits`; the corrected figures are after them, unrounded."""

    account: str
    symbol: str
    acquired: date | None
    shares: Decimal
    splits: tuple[Split, ...]  # ascending, at least one
    corrected_shares: Decimal
    corrected_cost_per_share: Decimal | None
    evidence: str
    certain: bool  # the cost says so; otherwise it is to be checked

    @property
    def split(self) -> Split:
        """The latest of them."""
        return self.splits[-1]


def stale_lots(
    portfolio: Portfolio,
    splits: Mapping[str, tuple[Split, ...]],
    closes: Mapping[str, PriceHistory],
    as_of: date,
    *,
    prices: Mapping[str, Decimal] | None = None,
) -> tuple[StaleLot, ...]:
    """Lots that seem to be from before a split, in the order of the file.

    `closes` are checked histories in the shares of `as_of`; `prices` are last prices in USD, for symbols without a
    history. `splits` are in any order; one with a `source` of its own happened on its day or before.
    """
    found = []
    for account in portfolio.accounts:
        for position in account.positions:
            known = _of_size(splits.get(position.symbol, ()), as_of)
            for lot in position.lots if known else ():
                missed, evidence, certain = _missed(
                    lot, known, closes.get(position.symbol), (prices or {}).get(position.symbol), as_of
                )
                if missed:
                    found.append(_stale(account.name, position.symbol, lot, missed, evidence, certain=certain))
    return tuple(found)


def _of_size(splits: Sequence[Split], as_of: date) -> tuple[Split, ...]:
    """Splits that count by the day, ascending."""
    large = [split for split in splits if split.day <= as_of and not 1 / SMALLEST < split.ratio < SMALLEST]
    return tuple(sorted(large, key=lambda split: split.day))


def _stale(account: str, symbol: str, lot: Lot, missed: tuple[Split, ...], evidence: str, *, certain: bool) -> StaleLot:
    ratio, cost = _ratio(missed), lot.cost_per_share_usd
    return StaleLot(
        account=account,
        symbol=symbol,
        acquired=lot.acquired,
        shares=lot.shares,
        splits=missed,
        corrected_shares=lot.shares * ratio,
        corrected_cost_per_share=None if cost is None else cost / ratio,
        evidence=evidence,
        certain=certain,
    )


_NOTHING: tuple[tuple[Split, ...], str, bool] = ((), "", False)


def _missed(
    lot: Lot, splits: tuple[Split, ...], history: PriceHistory | None, price: Decimal | None, as_of: date
) -> tuple[tuple[Split, ...], str, bool]:
    """The splits that a lot has missed, why, and whether that is certain."""
    later = tuple(split for split in splits if lot.acquired is None or lot.acquired < split.day)
    if not later:
        return _NOTHING
    if lot.cost_per_share_usd is None or lot.cost_per_share_usd <= 0:
        return _by_date(later, as_of)
    cost, close = float(lot.cost_per_share_usd), _close_on(history, lot.acquired)
    if close is not None:
        return _by_close(cost, close, later)
    highest = float(history.closes.max()) if history is not None and history.days else price
    return _NOTHING if highest is None else _by_level(cost, float(highest), later)


def _close_on(history: PriceHistory | None, day: date | None) -> float | None:
    """The close on a day, or the last one before it."""
    if history is None or day is None:
        return None
    place = bisect_right(history.days, day) - 1
    if place < 0 or day - history.days[place] > CLOSED:
        return None
    return float(history.closes[place])


def _by_close(cost: float, close: float, splits: tuple[Split, ...]) -> tuple[tuple[Split, ...], str, bool]:
    if ADJUSTED[0] <= cost / close <= ADJUSTED[1]:
        return _NOTHING
    distances = {missed: abs(log(cost / (close * float(_ratio(missed))))) for missed in _endings(splits)}
    missed = min(distances, key=lambda each: distances[each])
    distance, unexplained = distances[missed], abs(log(cost / close))
    if distance >= unexplained or distance > log(EXPLAINED):
        return _NOTHING
    evidence = (
        f"its cost of {cost:,.2f} is near the close of its day before {_words(missed)}, "
        f"{close * float(_ratio(missed)):,.2f}, and not near that in today's shares, {close:,.2f}"
    )
    return missed, evidence, distance <= log(CERTAIN) and 2 * distance <= unexplained


def _by_level(cost: float, highest: float, splits: tuple[Split, ...]) -> tuple[tuple[Split, ...], str, bool]:
    forward = tuple(split for split in splits if split.ratio > 1)
    if not forward or cost <= FAR_ABOVE * highest:
        return _NOTHING
    missed = min(_endings(forward), key=lambda each: abs(log(cost / (highest * float(_ratio(each))))))
    evidence = (
        f"its cost of {cost:,.2f} is {cost / highest:.1f} times the highest close that is known, {highest:,.2f}, as "
        f"if it were from before {_words(missed)}"
    )
    return missed, evidence, False


def _by_date(splits: tuple[Split, ...], as_of: date) -> tuple[tuple[Split, ...], str, bool]:
    lately = tuple(split for split in splits if split.day > as_of - LATELY)
    if not lately:
        return _NOTHING
    return lately, f"it has no cost to tell by; check that the number is after {_words(lately)}", False


def _endings(splits: tuple[Split, ...]) -> Iterator[tuple[Split, ...]]:
    """The last split, the last two, and so on."""
    return (splits[start:] for start in reversed(range(len(splits))))


def _ratio(splits: Sequence[Split]) -> Decimal:
    return prod((split.ratio for split in splits), start=Decimal(1))


def _words(splits: Sequence[Split]) -> str:
    return " and ".join(
        f"the split of {split.ratio.normalize():f} to 1 {'by' if split.source else 'on'} {split.day}"
        for split in splits
    )
