"""What every chart is made of: marks with coordinates, the width of a text, and the room that labels need.

All charts are drawn `WIDTH` wide, the width at which they are shown on paper and on a phone alike, so that their
letters keep the size of the page's.
"""

from __future__ import annotations

from dataclasses import dataclass, field

WIDTH = 340.0
COLOURS = {  # on white; the style sheet overrides them by class where the page is dark
    "now": "#8b95a3",
    "proposed": "#17498a",
    "worse": "#b3400f",
    "better": "#1f6b45",
    "ink": "#1b2430",
    "muted": "#5b6675",
    "grid": "#c9d0d9",
    "limit": "#9a6a00",
    "shade": "#eef1f5",
}
LABEL, SMALL = 10.5, 9.5
_NARROW = frozenset("iljtfrI.,:;'|!()[]/ \N{NO-BREAK SPACE}")
_WIDE = frozenset("mwMW%@©¤¼½¾ÆæŒœ\N{EM DASH}\N{HORIZONTAL ELLIPSIS}\N{UPWARDS ARROW}\N{DOWNWARDS ARROW}")
_LAST_LATIN, _FIRST_SIGN, _LAST_SIGN = 0x17F, 0x2000, 0x2212  # beyond them letters come from some other font


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text; (x, y) is its anchor on the baseline."""

    x: float
    y: float
    text: str
    size: float = LABEL
    anchor: str = "start"
    weight: int = 400
    tone: str = "ink"


@dataclass(frozen=True, slots=True)
class Rect:
    """A filled bar, or an outlined one where `is_open` (the part of an interval that is not known)."""

    x: float
    y: float
    width: float
    height: float
    tone: str
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Stroke:
    """A path drawn as a line; `dash` is an SVG dash pattern or empty."""

    path: str
    tone: str
    width: float = 1.0
    dash: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A finished drawing: its name (for ids), size, alternative text and marks in drawing order."""

    name: str
    width: float
    height: float
    title: str
    description: str
    rects: tuple[Rect, ...]
    strokes: tuple[Stroke, ...]
    fills: tuple[Stroke, ...]  # closed paths, filled
    texts: tuple[Text, ...]


@dataclass(slots=True)
class Canvas:
    """Marks collected while a chart is laid out; `y` is where the next row starts."""

    rects: list[Rect] = field(default_factory=list)
    strokes: list[Stroke] = field(default_factory=list)
    fills: list[Stroke] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    y: float = 0.0

    def finish(self, name: str, title: str, description: str) -> Chart:
        """The finished drawing."""
        return Chart(
            name=name,
            width=WIDTH,
            height=round(self.y, 1),
            title=title,
            description=description,
            rects=tuple(self.rects),
            strokes=tuple(self.strokes),
            fills=tuple(self.fills),
            texts=tuple(self.texts),
        )


def text_width(text: str, size: float, weight: int = 400) -> float:
    """Upper estimate of a line's width in Inter, in the unit of `size`."""
    ems = sum(_em(letter) for letter in text)
    return ems * size * (1.06 if weight > 400 else 1.0)


def fit(text: str, size: float, room: float, weight: int = 400) -> str:
    """Text that is at most `room` wide, ending in an ellipsis where it had to be cut."""
    if text_width(text, size, weight) <= room:
        return text
    cut = text
    while cut and text_width(cut + "\N{HORIZONTAL ELLIPSIS}", size, weight) > room:
        cut = cut[:-1]
    return cut.rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def hatch(x: float, y: float, width: float, height: float, step: float = 3.0) -> str:
    """Path of rising 45-degree lines clipped to a rectangle; empty for an empty one."""
    parts = []
    offset = step
    while offset < width + height:
        left, right = max(0.0, offset - height), min(offset, width)
        parts.append(f"M{spot(x + left, y + offset - left)}L{spot(x + right, y + offset - right)}")
        offset += step
    return "".join(parts) if width > 0 else ""


def text_box(text: Text) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a line of text, by its estimated width."""
    width = text_width(text.text, text.size, text.weight)
    left = {"start": text.x, "middle": text.x - width / 2, "end": text.x - width}[text.anchor]
    return left, text.y - text.size * 0.97, left + width, text.y + text.size * 0.25


def triangle(x: float, y: float) -> str:
    """Small triangle that points down, its left corner at (x, y)."""
    return f"M{spot(x, y)}L{spot(x + 8, y)}L{spot(x + 4, y + 7)}Z"


def spot(x: float, y: float) -> str:
    """A point of a path, with at most two decimals."""
    return f"{coordinate(x)} {coordinate(y)}"


def coordinate(value: float) -> str:
    """Coordinate with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _em(letter: str) -> float:
    """Width of a letter in em, rounded up by class."""
    if letter in _NARROW:
        return 0.4
    code = ord(letter)
    if letter in _WIDE or code > _LAST_SIGN or _LAST_LATIN < code < _FIRST_SIGN:
        return 1.02
    return 0.77 if letter.isupper() else 0.67
