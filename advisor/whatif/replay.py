"""Two records of one recommendation, value by value: as it was written, and as planned again from the same inputs."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from advisor.rebalance.record import Record

FIRST = ("trades", "status", "tax", "costs", "limits", "gain")  # what counts most is compared first
WORDS = ("why", "reasons")  # of an order: what is said of it, not what it is
TOLERANCE = 1e-6  # of figures, relative to the larger of 1 and the figure
LONGEST = 200  # characters of a value that is told
_LOADED = "stale_lot"  # a warning of whoever loads market data with price histories, which are not recorded


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A value that is not the same, as JSON; None where it is absent."""

    path: str  # "trades[0].shares"
    recorded: str | None
    replayed: str | None


@dataclass(frozen=True, slots=True)
class Replay:
    """How many values were compared, and those that differ: orders first, then in the order of the record.

    `rounded` figures differ in digits that mean nothing, by at most `rounding`, relative to the larger of 1 and the
    figure.
    """

    values: int
    mismatches: tuple[Mismatch, ...]
    rounded: int
    rounding: float

    @property
    def has_same_orders(self) -> bool:
        """Whether every order is the same, whatever is said of it."""
        of_orders = (one.path for one in self.mismatches if one.path.startswith("trades"))
        return all(re.match(rf"trades\[\d+\]\.({'|'.join(WORDS)})\b", path) for path in of_orders)


def compared(recorded: Record, replayed: Record, *, is_same_program: bool) -> Replay:
    """Every value of the two records but the versions and the name of the market data's file.

    Orders, money and text are equal, and figures within `TOLERANCE`: another processor adds up in another order, and so
    do other versions. Of other versions the certificate, whose checks each makes for itself, is not compared.
    """
    first, second = (_compared_part(one, is_same_program=is_same_program) for one in (recorded, replayed))
    found = [
        one for key in dict.fromkeys((*FIRST, *first, *second)) for one in _walk(key, first.get(key), second.get(key))
    ]
    mismatches = tuple(one for one in found if isinstance(one, Mismatch))
    rounded = [one for one in found if not isinstance(one, Mismatch) and one > 0]
    return Replay(len(found), mismatches, len(rounded), max(rounded, default=0.0))


def _compared_part(record: Record, *, is_same_program: bool) -> Record:
    left = {key: value for key, value in record.items() if key != "certificate" or is_same_program}
    inputs, warnings = left.get("inputs"), left.get("warnings")
    if isinstance(inputs, dict):
        inputs = {key: value for key, value in inputs.items() if key != "versions"}
        if isinstance(inputs.get("market"), dict):
            inputs["market"] = {key: value for key, value in inputs["market"].items() if key != "source"}
        left["inputs"] = inputs
    if isinstance(warnings, list):
        left["warnings"] = [one for one in warnings if not (isinstance(one, dict) and one.get("code") == _LOADED)]
    return left


def _walk(path: str, recorded: Any, replayed: Any) -> Iterator[Mismatch | float]:  # noqa: ANN401 - JSON
    """One entry for each value: how far it is rounded otherwise, or the mismatch."""
    if isinstance(recorded, dict) and isinstance(replayed, dict):
        for key in dict.fromkeys((*recorded, *replayed)):
            if key in recorded and key in replayed:
                yield from _walk(f"{path}.{key}", recorded[key], replayed[key])
            else:
                texts = (_text(one[key]) if key in one else None for one in (recorded, replayed))
                yield Mismatch(f"{path}.{key}", *texts)
    elif isinstance(recorded, list) and isinstance(replayed, list):
        if len(recorded) != len(replayed):
            yield Mismatch(path, _text(recorded), _text(replayed))
        for number, (one, other) in enumerate(zip(recorded, replayed, strict=False)):
            yield from _walk(f"{path}[{number}]", one, other)
    else:
        apart = _apart(recorded, replayed)
        yield Mismatch(path, _text(recorded), _text(replayed)) if apart is None else apart


def _apart(recorded: object, replayed: object) -> float | None:
    """0 for equal values; how far two figures are apart within the tolerance; else None."""
    if _is_number(recorded) and _is_number(replayed):
        if recorded == replayed:
            return 0.0
        if not (isinstance(recorded, float) and isinstance(replayed, float) and math.isfinite(recorded)):
            return None
        apart = abs(recorded - replayed) / max(1.0, abs(recorded), abs(replayed))
        return apart if apart <= TOLERANCE else None
    return 0.0 if type(recorded) is type(replayed) and recorded == replayed else None


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _text(value: object) -> str:
    """The value as JSON; of a whole part, how much it holds."""
    if isinstance(value, dict):
        return f"{{{len(value)} keys}}"
    if isinstance(value, list):
        return f"[{len(value)} entries]"
    return json.dumps(value)[:LONGEST]
