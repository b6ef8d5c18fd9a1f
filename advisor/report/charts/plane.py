"""A plane with two axes: curves, points with their names, a limit, and a part that cannot be reached.

1. Ticks are round numbers; the axes hold everything that is drawn.
2. Each name stands beside its point, at the first place where it covers no other text, no other point and no line;
   where that is further off, a thin line leads to it. A bound's name stands at its own line (`bounds`).
3. Curves differ by dash and by the name at their end, points by shape, and never by colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from advisor.report.charts import bounds
from advisor.report.charts.marks import (
    LABEL,
    SMALL,
    WIDTH,
    Canvas,
    Chart,
    Rect,
    Stroke,
    Text,
    coordinate,
    fit,
    hatch,
    spot,
    text_box,
    text_width,
)

_HEIGHT = 190.0  # of the plane itself
_TOP, _BELOW, _RIGHT = 20.0, 34.0, 6.0  # above the plane there is the name of its y axis
_REACH = 5.0  # from a point's centre to its edge
_GRAIN = 3.0  # of a line, as an obstacle
_LATTICE = 5.0
_MOST_ACROSS, _MOST_UP = 5, 6  # ticks
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0, 20.0, 25.0)
_HATCH = 6.0
_LONGEST_NAME = 150.0
_NOISE = 1e-9  # of a fraction, or of dollars: figures this close are one

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """Name, the range to show, and how a tick is written; the axis ends at round numbers unless it `is_tight`."""

    label: str
    low: float
    high: float
    words: Callable[[float], str]
    is_tight: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A curve; a gap in it is a new line of the same name. `label` stands at its end, or nowhere where empty."""

    points: tuple[tuple[float, float], ...]
    tone: str
    label: str = ""
    dash: str = ""


@dataclass(frozen=True, slots=True)
class Marker:
    """A point with its name: "square" (today), "diamond" (proposed) or "circle" (another)."""

    x: float
    y: float
    label: str
    shape: str = "circle"
    tone: str = "muted"


@dataclass(frozen=True, slots=True)
class Plane:
    """What is drawn.

    `limits` are bounds on x with their names, `levels` on y; `unreachable` is the part of x that no trades reach,
    `shaded` a part of it that stands out.
    """

    x: Axis
    y: Axis
    lines: tuple[Line, ...]
    markers: tuple[Marker, ...] = ()
    limits: tuple[tuple[float, str], ...] = ()
    levels: tuple[tuple[float, str], ...] = ()
    unreachable: tuple[float, float, str] | None = None
    shaded: tuple[float, float, str] | None = None


@dataclass(frozen=True, slots=True)
class Scale:
    """From a value to a coordinate."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Coordinate of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def _ticks_of(axis: Axis, most: int) -> tuple[float, ...]:
    if not axis.is_tight:
        return ticks(axis.low, axis.high, most)
    found = ticks(axis.low, axis.high, most + 2)  # those at the ends lie outside
    return tuple(value for value in found if axis.low <= value <= axis.high)


def _scale(axis: Axis, values: tuple[float, ...], start: float, end: float) -> Scale:
    low, high = (axis.low, axis.high) if axis.is_tight else (values[0], values[-1])
    return Scale(low, high, start, end)


def ticks(low: float, high: float, most: int = 6) -> tuple[float, ...]:
    """Round numbers that hold [low, high] between the first and the last."""
    span = high - low
    if span <= _NOISE:
        pad = abs(low) * 0.1 if abs(low) > _NOISE else 1.0
        low, high, span = low - pad, high + pad, 2 * pad
    size = 10.0 ** math.floor(math.log10(span / most))
    step = next(size * part for part in _STEPS if _count(low, high, size * part) <= most)
    first = math.floor(low / step + 1e-9)
    return tuple(round((first + number) * step, 12) for number in range(_count(low, high, step)))


def exact_words(form: Callable[[float, int], str], scale: float, ends: tuple[float, float]) -> Callable[[float], str]:
    """`form` with as many decimals as write every tick of an axis over `ends` as it is; `scale` is what `form` applies.

    Two decimals too few would give ticks 0.25 apart the same distance in print as ticks 0.2 and 0.3 apart.
    """
    shown = [scale * tick for most in (_MOST_ACROSS, _MOST_UP) for tick in ticks(*ends, most)]
    decimals = next((d for d in range(5) if all(abs(round(tick, d) - tick) < 1e-9 for tick in shown)), 5)
    return lambda value: form(value, decimals)


def _count(low: float, high: float, step: float) -> int:
    return math.ceil(high / step - 1e-9) - math.floor(low / step + 1e-9) + 1


def scales(plane: Plane) -> tuple[Scale, Scale]:
    """From values to coordinates, across and up; names of curves and of limits have their room beyond the plane."""
    up = _ticks_of(plane.y, _MOST_UP)
    x, top = _across(plane), _top(plane)
    return x, _scale(plane.y, up, top + _HEIGHT, top)


def _across(plane: Plane) -> Scale:
    across, up = _ticks_of(plane.x, _MOST_ACROSS), _ticks_of(plane.y, _MOST_UP)
    left = max(text_width(plane.y.words(value), SMALL) for value in up) + 7
    ends = [text_width(line.label, LABEL, 600) + 6 for line in plane.lines if line.label]
    return _scale(plane.x, across, left, WIDTH - _RIGHT - max(ends, default=0.0))


def _top(plane: Plane) -> float:
    return _TOP + bounds.ROW * bounds.rows(_named(plane))


def _named(plane: Plane) -> tuple[tuple[float, str], ...]:
    """Coordinates of the limits on x, with their names."""
    x = _across(plane)
    return tuple((x.at(value), label) for value, label in plane.limits)


def plane_chart(name: str, title: str, description: str, plane: Plane) -> Chart:
    """The drawing of `plane`."""
    canvas = Canvas()
    x, y = scales(plane)
    _draw_shaded(canvas, plane, (x, y))
    _draw_axes(canvas, plane, (x, y))
    _draw_unreachable(canvas, plane, (x, y))
    _draw_bounds(canvas, plane, (x, y))
    for line in plane.lines:
        path = "L".join(spot(x.at(a), y.at(b)) for a, b in line.points)
        canvas.strokes.append(Stroke(f"M{path}", line.tone, 2.0, line.dash))
    _draw_markers(canvas, plane.markers, (x, y))
    _draw_names(canvas, plane, (x, y))
    canvas.y = y.start + (_BELOW if plane.x.label else _BELOW - 14)
    return canvas.finish(name, title, description)


def _draw_axes(canvas: Canvas, plane: Plane, axes: tuple[Scale, Scale]) -> None:
    x, y = axes
    across, up = _ticks_of(plane.x, _MOST_ACROSS), _ticks_of(plane.y, _MOST_UP)
    canvas.texts.append(Text(0, 9.5, fit(plane.y.label, SMALL, WIDTH, 600), SMALL, weight=600, tone="muted"))
    for value in up:
        height = y.at(value)
        canvas.strokes.append(Stroke(f"M{spot(x.start, height)}H{coordinate(x.end)}", "grid", 0.6))
        canvas.texts.append(
            Text(round(x.start - 5, 2), round(height + 3.3, 2), plane.y.words(value), SMALL, "end", tone="muted")
        )
    base = y.start
    for value in across:
        label = plane.x.words(value)
        half = text_width(label, SMALL) / 2
        place = min(max(x.at(value), half), WIDTH - half)
        canvas.strokes.append(Stroke(f"M{spot(x.at(value), base)}v3", "muted", 0.8))
        if label:
            canvas.texts.append(Text(round(place, 2), round(base + 15.5, 2), label, SMALL, "middle", tone="muted"))
    canvas.strokes.append(Stroke(f"M{spot(x.start, base)}H{coordinate(x.end)}", "muted", 0.8))
    if plane.x.label:
        name = fit(plane.x.label, SMALL, WIDTH, 600)
        canvas.texts.append(Text(WIDTH - _RIGHT, round(base + 28.5, 2), name, SMALL, "end", 600, "muted"))


def _draw_shaded(canvas: Canvas, plane: Plane, axes: tuple[Scale, Scale]) -> None:
    """A part of x behind everything else, its name at the foot."""
    if plane.shaded is None:
        return
    x, y = axes
    low, high, label = plane.shaded
    left, width = x.at(low), x.at(high) - x.at(low)
    canvas.rects.append(Rect(round(left, 2), y.end, round(width, 2), _HEIGHT, "shade"))
    name = fit(label, SMALL, width - 8)
    canvas.texts.append(Text(round(left + 4, 2), y.start - 5, name, SMALL, tone="muted"))


def _draw_unreachable(canvas: Canvas, plane: Plane, axes: tuple[Scale, Scale]) -> None:
    if plane.unreachable is None:
        return
    x, top = axes[0], axes[1].end
    low, high, label = plane.unreachable
    left, width = x.at(low), x.at(high) - x.at(low)
    if width < 1:
        return
    canvas.rects.append(Rect(round(left, 2), top, round(width, 2), _HEIGHT, "grid", is_open=True))
    canvas.strokes.append(Stroke(hatch(left, top, width, _HEIGHT, _HATCH), "grid", 0.7))
    room = WIDTH - _RIGHT - left - 4
    canvas.texts.append(Text(round(left + 4, 2), top + 12, fit(label, SMALL, room), SMALL, tone="muted"))


def _draw_bounds(canvas: Canvas, plane: Plane, axes: tuple[Scale, Scale]) -> None:
    """Dashed lines across the plane, each with its name: of limits above the plane, of levels at an end."""
    x, y = axes
    for placed in bounds.above(_named(plane), y.end):
        canvas.strokes.append(Stroke(f"M{spot(placed.line, placed.rise)}V{coordinate(y.start)}", "limit", 1.4, "3 2"))
        canvas.texts.append(placed.text)
    upright = [box for value, _ in plane.limits for box in _upright(x.at(value), y)]
    levels = tuple((y.at(value), label) for value, label in plane.levels)
    for place, _ in levels:
        canvas.strokes.append(Stroke(f"M{spot(x.start, place)}H{coordinate(x.end)}", "limit", 1.4, "3 2"))
    ends = (x.start + 2, x.end)
    taken = [text_box(text) for text in canvas.texts]
    canvas.texts.extend(bounds.beside(levels, ends, (y.end, y.start), taken, upright))


def _upright(place: float, y: Scale) -> Iterator[Box]:
    return _along([(place, y.start), (place, y.end)])


def _write(canvas: Canvas, places: Sequence[Text], taken: list[Box], lines: Sequence[Box] = ()) -> None:
    """Write the text at the first of `places` where it covers least of the texts `taken` and of `lines`."""
    text = min(places, key=lambda text: _covered(text_box(text), taken, lines))
    taken.append(text_box(text))
    canvas.texts.append(text)


def _draw_markers(canvas: Canvas, markers: tuple[Marker, ...], axes: tuple[Scale, Scale]) -> None:
    x, y = axes
    for marker in markers:
        canvas.fills.append(Stroke(_shape(marker.shape, x.at(marker.x), y.at(marker.y)), marker.tone))


def _shape(shape: str, x: float, y: float) -> str:
    if shape == "square":
        return f"M{spot(x - 4, y - 4)}h8v8h-8Z"
    if shape == "diamond":
        return f"M{spot(x, y - 5.5)}l5.5 5.5l-5.5 5.5l-5.5 -5.5Z"
    return f"M{spot(x - 3, y)}a3 3 0 1 0 6 0a3 3 0 1 0 -6 0Z"


def _draw_names(canvas: Canvas, plane: Plane, axes: tuple[Scale, Scale]) -> None:
    """Names of curves, then of points, those of today and of the proposal first."""
    x, y = axes
    taken = [text_box(text) for text in canvas.texts]
    points = [_around(x.at(marker.x), y.at(marker.y)) for marker in plane.markers]
    points += [box for line in plane.lines for box in _along([(x.at(a), y.at(b)) for a, b in line.points])]
    points += [box for value, _ in plane.limits for box in _upright(x.at(value), y)]
    points += [box for value, _ in plane.levels for box in _along([(x.start, y.at(value)), (x.end, y.at(value))])]
    ranked = sorted(plane.markers, key=lambda marker: marker.shape == "circle")
    for line in plane.lines:
        if line.label:
            _write(canvas, _beside_end(line, axes), taken)
    for marker in ranked:
        weight = 400 if marker.shape == "circle" else 600
        name = fit(marker.label, LABEL, _LONGEST_NAME, weight)
        text = _placed(Text(x.at(marker.x), y.at(marker.y), name, LABEL, weight=weight), y, (taken, points))
        taken.append(text_box(text))
        canvas.texts.append(text)
        _draw_leader(canvas, (x.at(marker.x), y.at(marker.y)), text_box(text))


def _draw_leader(canvas: Canvas, point: tuple[float, float], box: Box) -> None:
    """A thin line from a point to its name where that stands further off."""
    near = min(max(point[0], box[0]), box[2]), min(max(point[1], box[1]), box[3])
    if math.dist(point, near) > 2 * _REACH:
        canvas.strokes.append(Stroke(f"M{spot(*point)}L{spot(*near)}", "muted", 0.7))


def _along(places: Sequence[tuple[float, float]]) -> Iterator[Box]:
    """Small boxes along a line, for what must not be covered."""
    for (left, top), (right, bottom) in pairwise(places):
        count = math.ceil(math.dist((left, top), (right, bottom)) / _GRAIN)
        for part in range(count + 1):
            x, y = (a + (b - a) * part / max(count, 1) for a, b in ((left, right), (top, bottom)))
            yield x - _GRAIN / 2, y - _GRAIN / 2, x + _GRAIN / 2, y + _GRAIN / 2


def _beside_end(line: Line, axes: tuple[Scale, Scale]) -> list[Text]:
    """Places for the curve's name to the right of its end, and above and below that."""
    x, y = axes
    end_x, end_y = x.at(line.points[-1][0]) + 5, y.at(line.points[-1][1]) + 3.6
    return [
        Text(round(end_x, 2), round(min(max(end_y + move, y.end + 10), y.start - 3), 2), line.label, LABEL,
             weight=600, tone="muted" if line.tone == "now" else line.tone)
        for move in (0.0, -13.0, 13.0, -26.0, 26.0)
    ]  # fmt: skip


def _around(x: float, y: float) -> Box:
    return x - _REACH, y - _REACH, x + _REACH, y + _REACH


def _placed(text: Text, y: Scale, obstacles: tuple[list[Box], list[Box]]) -> Text:
    """The text at the place around its point where it covers least; the first of equals.

    Where all of these cover another text, it stands at the nearest place in the plane that covers none.
    """
    taken, points = obstacles
    best = min(_places(text, y), key=lambda placed: _covered(text_box(placed), taken, points))
    if not _covered(text_box(best), taken, ()):
        return best
    free = [placed for placed in _everywhere(text, y) if not _covered(text_box(placed), taken, ())]
    return min(free, key=lambda placed: math.dist((text.x, text.y), (placed.x, placed.y)), default=best)


def _places(text: Text, plane: Scale) -> Iterator[Text]:
    """Beside, above and below its point, then further off, always inside the plane."""
    half = text_width(text.text, text.size, text.weight) / 2
    for far in (0.0, 13.0, 26.0, 39.0, 52.0):
        for x, y in (
            (text.x + 8 + half, text.y + 3.6),
            (text.x - 8 - half, text.y + 3.6),
            (text.x, text.y - 8 - far),
            (text.x, text.y + 16 + far),
            (text.x + 8 + half, text.y - 5 - far),
            (text.x - 8 - half, text.y - 5 - far),
            (text.x + 8 + half, text.y + 13 + far),
            (text.x - 8 - half, text.y + 13 + far),
        ):
            yield _inside(text, x, y, plane)


def _everywhere(text: Text, plane: Scale) -> Iterator[Text]:
    """All over the plane, line by line."""
    for row in range(int(_HEIGHT / _LATTICE)):
        for column in range(int(WIDTH / _LATTICE)):
            yield _inside(text, column * _LATTICE, plane.end + row * _LATTICE, plane)


def _inside(text: Text, x: float, y: float, plane: Scale) -> Text:
    """The text with its middle at (x, y), or as near to that as the drawing allows."""
    half = text_width(text.text, text.size, text.weight) / 2
    place = min(max(x, half), WIDTH - half), min(max(y, plane.end + 10), plane.start - 3)
    return Text(round(place[0], 2), round(place[1], 2), text.text, text.size, "middle", text.weight, text.tone)


def _covered(box: Box, taken: Sequence[Box], points: Sequence[Box]) -> float:
    """Area of other texts, of points and of lines under a box; other texts weigh more."""
    return 4 * sum(_common(box, other) for other in taken) + sum(_common(box, other) for other in points)


def _common(one: Box, other: Box) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    return max(wide, 0.0) * max(high, 0.0)
