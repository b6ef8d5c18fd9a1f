"""What makes an outcome differ from the proposal, in words: each change with how far it moves the answer."""

from __future__ import annotations

from collections.abc import Iterator

from advisor.format import percent
from advisor.portfolio.limit_types import Side, Unit, limit_noun, split_label, split_limit
from advisor.portfolio.values import usd
from advisor.portfolio.written import bound_words
from advisor.whatif.causes import TOGETHER
from advisor.whatif.model import Change, Outcome

NOTHING = 5e-4  # of household value; a smaller move shows as 0.0%
_NONE_AT_ALL = 1e-6  # of household value
_LONGEST = 40  # letters of a value


def cause_words(outcome: Outcome) -> Iterator[str]:
    """One phrase for each change: those without an answer of their own, then causes, the largest first."""
    for change in outcome.changes:
        if change not in [cause.change for cause in outcome.causes]:
            yield f"{change_words(change)} has no answer by itself"
    for cause in outcome.causes:
        words = change_words(cause.change)
        if cause.change == TOGETHER:
            if cause.moved >= NOTHING:
                yield f"the changes together, beyond each alone, move {percent(cause.moved)} of the household"
        elif cause.moved >= NOTHING:
            yield f"{words} moves {percent(cause.moved)} of the household"
        else:
            if cause.moved >= _NONE_AT_ALL:
                yield f"{words} moves less than {percent(2 * NOTHING)} of the household"
                continue
            is_limit = cause.change.path.startswith("limits.")
            yield f"{words} makes no difference{': the limit does not bind' if is_limit else ''}"


def change_words(change: Change) -> str:
    """``the change of the limit on the Magnificent Seven from 25% to 20%``; other paths as the file has them."""
    what, values = change.path, [change.before, change.after]
    if change.path.startswith("limits.") and change.path.endswith(tuple(f".{side}" for side in Side)):
        name, side = split_label(change.path.removeprefix("limits."))
        what = f"the {'limit' if side is Side.MAX else 'minimum'} on {limit_noun(name)}"
        values = [_bound(name, value) for value in values]
    elif change.path == "preferences.buy":
        what = "the funds to buy"
    return f"the change of {what} from {_quoted(values[0])} to {_quoted(values[1])}"


def _bound(name: str, value: str | None) -> str | None:
    """A bound of the file for a reader; dollars are written in plain digits there."""
    if value is None or split_limit(name)[0].unit is not Unit.USD:
        return value
    return bound_words(name, usd(value))


def _quoted(value: str | None) -> str:
    if value is None:
        return "none"
    return value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
