"""What can be doubtful in the prices of one security, and the words for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

NAMED = 3  # places that one message names


class DoubtRule(StrEnum):
    """What a doubt is about; large moves have those of `MoveKind` beside these."""

    CURRENCY = "currency"
    CHANGED = "changed"  # kind, currency or name, since the run before
    DAYS = "days"
    FUTURE = "future"
    SPLIT = "split"
    CLOSE = "close"
    ADJUSTED = "adjusted close"
    UNADJUSTED = "unadjusted split"
    REWRITTEN = "history rewritten"
    READJUSTED = "adjusted closes rewritten"
    SNAPSHOT = "snapshot"
    UNFINISHED = "unfinished session"
    UNTRADED = "no volume"
    EMPTY = "no price"
    AGE = "age"
    FROZEN = "same close"
    DISTRIBUTION = "distribution"
    ACCEPTED = "accepted"  # the user's own price


@dataclass(frozen=True, slots=True)
class PriceDoubt:
    """One check that a price or a history does not pass; `message` is a sentence with thing, day and figures."""

    symbol: str
    rule: str  # of `DoubtRule` or `MoveKind`
    message: str
    held: bool  # the price is not used unless the user accepts one


class Found:
    """The doubts about one symbol, in the order in which they were found."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.doubts: list[PriceDoubt] = []

    def hold(self, rule: str, text: str) -> None:
        """The price is not used unless the user accepts one."""
        self.doubts.append(PriceDoubt(self.symbol, rule, f"{self.symbol}: {text}", held=True))

    def warn(self, rule: str, text: str) -> None:
        """It is used, and the user is told."""
        self.doubts.append(PriceDoubt(self.symbol, rule, f"{self.symbol}: {text}", held=False))


def named(places: Sequence[str]) -> str:
    """The first of them, and how many there are beside."""
    shown = ", ".join(places[:NAMED])
    return shown if len(places) <= NAMED else f"{shown} and {len(places) - NAMED} more"


def price_words(value: float) -> str:
    """A price as a message gives it."""
    return f"{value:,.2f}" if abs(value) >= 1.0 else f"{value:.4g}"
