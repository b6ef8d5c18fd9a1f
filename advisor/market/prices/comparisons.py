"""The prices of one security beside what else is known of it: an earlier download, and the snapshot's close."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date
from decimal import Decimal

import numpy as np

from advisor.market.prices.doubts import DoubtRule, Found, named, price_words
from advisor.market.prices.history import PriceHistory, SecurityKind
from advisor.market.prices.sessions import Sessions
from advisor.units import Vector

OVERLAP = 5  # sessions compared with the history kept from a run before
REWRITTEN = 0.005  # difference of a close between two downloads
READJUSTED = 0.001  # departure from one constant factor between the adjusted closes of two downloads
OTHER_SECURITY = 0.02  # difference from the snapshot's close on its day
KINDS = {SecurityKind.STOCK: "a stock", SecurityKind.ETF: "an ETF", SecurityKind.MUTUAL_FUND: "a mutual fund"}


def closes_as_paid(history: PriceHistory) -> Vector:
    """Closes in the shares of their own day: shape (T,), without the adjustment for later splits."""
    factors = np.ones(len(history.days))
    for split in history.splits:
        factors[: bisect_left(history.days, split.day)] *= float(split.ratio)
    return history.closes * factors


def compare_instruments(history: PriceHistory, earlier: PriceHistory | None, found: Found) -> None:
    """Currency, and what an earlier download said that the security is. Companies change their names."""
    if history.currency != "USD":
        found.hold(DoubtRule.CURRENCY, f"its prices are in {history.currency}, not in USD")
    if earlier is None:
        return
    fetched = earlier.fetched.date()
    if (earlier.kind, earlier.currency) != (history.kind, history.currency):
        before, after = (f"{KINDS[each.kind]} in {each.currency}" for each in (earlier, history))
        found.hold(
            DoubtRule.CHANGED, f"it was {before} on {fetched} and is now {after}; if that is so, {_forget(history)}"
        )
    if earlier.name and history.name and _letters(earlier.name) != _letters(history.name):
        found.warn(DoubtRule.CHANGED, f"its name was {earlier.name!r} on {fetched} and is now {history.name!r}")


def _letters(name: str) -> str:
    """A name without what sources spell in several ways."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _forget(history: PriceHistory) -> str:
    return f"advisor data refresh {history.symbol} --forget keeps this one"


def compare_downloads(history: PriceHistory, then: PriceHistory, found: Found) -> None:
    """The last common sessions: closes as they were paid are equal; adjusted closes have moved by one factor."""
    common = sorted(set(history.days) & set(then.days))[-OVERLAP:]
    fetched = then.fetched.date()
    wrong = f"; if that was wrong, {_forget(history)}"
    if not common:
        if then.days:
            found.hold(
                DoubtRule.REWRITTEN, f"the history fetched on {fetched} has no day in common with this one{wrong}"
            )
        return
    now_at, then_at = ([bisect_left(each.days, day) for day in common] for each in (history, then))
    differences = closes_as_paid(history)[now_at] / closes_as_paid(then)[then_at] - 1.0
    changed = [
        f"{day} ({difference:+.1%})"
        for day, difference in zip(common, differences, strict=True)
        if abs(difference) > REWRITTEN
    ]
    factors = history.adjusted[now_at] / then.adjusted[then_at]
    if changed:
        found.hold(
            DoubtRule.REWRITTEN, f"the close of {named(changed)} is not that which was fetched on {fetched}{wrong}"
        )
    elif factors.max() / factors.min() - 1.0 > READJUSTED:
        found.warn(
            DoubtRule.READJUSTED,
            f"the total returns from {common[0]} to {common[-1]} are not those that were fetched on {fetched}",
        )


def compare_snapshot(history: PriceHistory, day: date, close: Decimal, sessions: Sessions, found: Found) -> None:
    """The close of a day on which the snapshot knows the security: another one has another price, or none yet."""
    if not history.days or day > history.days[-1]:
        return
    place = bisect_left(history.days, day)
    if history.days[place] == day:
        paid = closes_as_paid(history)[place]
        if abs(paid / float(close) - 1.0) > OTHER_SECURITY:
            known = price_words(float(close))
            text = f"the close of {day}, {price_words(paid)}, is not the snapshot's, {known}: another security or unit"
            found.hold(DoubtRule.SNAPSHOT, text)
    elif place == 0:
        text = f"its history begins on {history.days[0]}, but the snapshot knows it on {day}: another security?"
        found.hold(DoubtRule.SNAPSHOT, text)
    elif sessions.is_session(day):
        found.warn(DoubtRule.SNAPSHOT, f"there is no close of {day} to compare with the snapshot's")
