"""Where the names of bounds stand: each at its own line, and none over another text.

Names of limits on x stand above the plane, in as few rows as keep them apart. A line rises to its name's row, so that
the two touch, and no line crosses another's name. Names of levels on y stand at an end of their line, above or below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import TypeVar

from advisor.report.charts.marks import SMALL, WIDTH, Text, text_box, text_width

ROW = 12.0  # height of a row of names
_BESIDE = 3.0  # from a line to the name beside it
_APART = 5.0  # between two names in one row
_ABOVE, _UNDER = 4.0, 11.0  # from a level to the baseline of its name
_LIFT = 9.0  # from the plane to the lowest name above it: clear of the topmost tick

Box = tuple[float, float, float, float]
Named = tuple[tuple[float, str], ...]  # coordinates of lines, with their names
_Option = TypeVar("_Option")


@dataclass(frozen=True, slots=True)
class Placed:
    """A name above the plane; `line` is the place of its line, which rises to `rise`."""

    line: float
    rise: float
    text: Text


@dataclass(frozen=True, slots=True)
class _Name:
    """A name in one of the rows, the lowest of which is 0."""

    line: float
    label: str
    row: int
    left: float

    @property
    def right(self) -> float:
        return self.left + text_width(self.label, SMALL, 600)

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


def rows(named: Named) -> int:
    """How many rows the names of limits take."""
    return max((name.row + 1 for name in _arranged(named)), default=0)


def above(named: Named, top: float) -> Iterator[Placed]:
    """The names of limits over a plane that begins at `top`."""
    for name in _arranged(named):
        base = top - _LIFT - ROW * name.row
        text = Text(round(name.middle, 2), round(base, 2), name.label, SMALL, "middle", 600, "limit")
        yield Placed(name.line, round(base + 2.0, 2), text)


def _arranged(named: Named) -> tuple[_Name, ...]:
    """One place for each name, in the fewest rows that keep them apart."""
    for is_clear in (_is_clear, _is_uncrossed):  # two lines at the edge leave no room for each name to be nearest
        for count in range(1, len(named) + 1):
            options = [[*_options(line, label, count)] for line, label in named]
            found = _first(options, is_clear)
            if found is not None:
                return found
    return tuple(_Name(line, label, row, _clamped(line, label, 0.5)) for row, (line, label) in enumerate(named))


def _first(options: list[list[_Option]], is_clear: Callable[[tuple[_Option, ...]], bool]) -> tuple[_Option, ...] | None:
    return next((found for found in product(*options) if is_clear(found)), None)


def _options(line: float, label: str, count: int) -> Iterator[_Name]:
    """In each row: over the line, to its right, to its left."""
    width = text_width(label, SMALL, 600)
    for row in range(count):
        yield _Name(line, label, row, _clamped(line, label, 0.5))
        yield _Name(line, label, row, min(line + _BESIDE, WIDTH - width))
        yield _Name(line, label, row, max(line - _BESIDE - width, 0.0))


def _clamped(line: float, label: str, part: float) -> float:
    """Left end of a name that has `part` of its width left of the line, kept inside the drawing."""
    width = text_width(label, SMALL, 600)
    return min(max(line - part * width, 0.0), WIDTH - width)


def _is_clear(names: Sequence[_Name]) -> bool:
    """Whether nothing is crossed, and each name is nearest to its own line."""
    return _is_uncrossed(names) and not any(
        abs(other.line - name.middle) < abs(name.line - name.middle)
        for name in names
        for other in names
        if other is not name
    )


def _is_uncrossed(names: Sequence[_Name]) -> bool:
    """Whether no two names of a row meet, and no line crosses another's name."""
    ordered = sorted(names, key=lambda name: (name.row, name.left))
    if any(a.row == b.row and a.right + _APART > b.left for a, b in pairwise(ordered)):
        return False
    for name in names:
        others = [other for other in names if other is not name]
        if any(name.left < other.line < name.right for other in others if other.row > name.row):
            return False
    return True


def beside(
    named: Named, ends: tuple[float, float], edges: tuple[float, float], taken: Sequence[Box], lines: Sequence[Box]
) -> tuple[Text, ...]:
    """The names of levels, whose lines run between `ends` in a plane between `edges`.

    None covers a text already `taken` or another name, and each is nearest to its own line; of the places that are
    left, the first that covers least of `lines`.
    """
    options = [sorted(_at_ends(one, ends, edges), key=lambda text: _crossed(text_box(text), lines)) for one in named]
    heights = [height for height, _ in named]
    found = _first(options, lambda texts: _is_apart(texts, heights, taken))
    return found if found is not None else tuple(places[0] for places in options)


def _at_ends(named: tuple[float, str], ends: tuple[float, float], edges: tuple[float, float]) -> Iterator[Text]:
    height, label = named
    top, bottom = edges
    for end, side in ((ends[1], "end"), (ends[0], "start")):
        for move in (-_ABOVE, _UNDER):
            base = min(max(height + move, top + 9), bottom - 3)
            yield Text(round(end, 2), round(base, 2), label, SMALL, side, 600, "limit")


def _is_apart(texts: Sequence[Text], heights: Sequence[float], taken: Sequence[Box]) -> bool:
    boxes = [text_box(text) for text in texts]
    for number, box in enumerate(boxes):
        others = [other for k, other in enumerate(boxes) if k != number]
        if _crossed(box, [*taken, *others]):
            return False
        middle = (box[1] + box[3]) / 2
        if min(abs(height - middle) for height in heights) < abs(heights[number] - middle):
            return False
    return True


def _crossed(box: Box, others: Sequence[Box]) -> float:
    """Area of `others` under a box."""
    return sum(
        max(min(box[2], other[2]) - max(box[0], other[0]), 0.0)
        * max(min(box[3], other[3]) - max(box[1], other[1]), 0.0)
        for other in others
    )
