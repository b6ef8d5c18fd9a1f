"""Charts as geometry: pure functions from figures to coordinates, which the template's macros only print.

1. Measure every label with `text_width`, which never underestimates Inter at its two weights.
2. Give labels their room first; bars share what is left, on a scale that starts at zero.
3. Say everything twice: a series by colour and by position, a worse figure by colour, triangle and word.

All charts are drawn `WIDTH` wide, the width at which they are shown on paper and on a phone alike, so that
their letters keep the size of the page's.
"""

from __future__ import annotations

from dataclasses import dataclass

from advisor.report.format import interval, percent

WIDTH = 340.0
COLOURS = {  # on white; the style sheet overrides them by class where the page is dark
    "now": "#8b95a3",
    "proposed": "#17498a",
    "worse": "#b3400f",
    "ink": "#1b2430",
    "muted": "#5b6675",
    "grid": "#c9d0d9",
    "limit": "#9a6a00",
}
_LABEL, _SMALL = 10.5, 9.5
_BAR, _PAIR_GAP, _STRESS_BAR = 9.0, 2.0, 12.0
_WORSE = "worse"
_NARROW = frozenset("iljtfrI.,:;'|!()[]/ \N{NO-BREAK SPACE}")
_WIDE = frozenset("mwMW%@©¤¼½¾ÆæŒœ\N{EM DASH}\N{HORIZONTAL ELLIPSIS}\N{UPWARDS ARROW}\N{DOWNWARDS ARROW}")
_LAST_LATIN, _FIRST_SIGN, _LAST_SIGN = 0x17F, 0x2000, 0x2212  # beyond them letters come from some other font


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text; (x, y) is its anchor on the baseline."""

    x: float
    y: float
    text: str
    size: float = _LABEL
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


@dataclass(frozen=True, slots=True)
class Bar:
    """One label with its interval before and, where something is proposed, after."""

    label: str
    before: tuple[float, float] | None  # None: not known to be held
    after: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Panel:
    """Bars on one scale, below a heading; `limit` is drawn across them."""

    heading: str
    bars: tuple[Bar, ...]
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class StressEnd:
    """One return with the two labels that stand beside its bar."""

    value: float
    percent: str
    dollars: str


@dataclass(frozen=True, slots=True)
class StressBar:
    """One episode: returns before and after."""

    title: str
    before: StressEnd
    after: StressEnd | None
    is_worse: bool


@dataclass(slots=True)
class _Canvas:
    """Marks collected while a chart is laid out; `y` is where the next row starts."""

    rects: list[Rect]
    strokes: list[Stroke]
    fills: list[Stroke]
    texts: list[Text]
    y: float = 0.0

    def finish(self, name: str, title: str, description: str) -> Chart:
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
        parts.append(f"M{_f(x + left)} {_f(y + offset - left)}L{_f(x + right)} {_f(y + offset - right)}")
        offset += step
    return "".join(parts) if width > 0 else ""


def paired_bars(name: str, title: str, description: str, panels: tuple[Panel, ...]) -> Chart:
    """Horizontal bars, before above after, in one or more panels with a scale of their own.

    The solid part of a bar is its lower end, the hatched part reaches to the upper end.
    """
    canvas = _Canvas([], [], [], [])
    bars = [bar for panel in panels for bar in panel.bars]
    _legend(canvas, has_after=any(bar.after for bar in bars), has_open=any(_is_open(bar) for bar in bars))
    label_room = min(130.0, max(text_width(bar.label, _LABEL) for bar in bars) + 8)
    value_room = max(text_width(_value(end), _LABEL, 600) for bar in bars for end in (bar.before, bar.after)) + 6
    for panel in panels:
        _draw_panel(canvas, panel, label_room, WIDTH - label_room - value_room)
    return canvas.finish(name, title, description)


def stress_bars(name: str, title: str, description: str, bars: tuple[StressBar, ...]) -> Chart:
    """Horizontal bars from a zero line, losses to the left, figures in two columns at the right edge."""
    canvas = _Canvas([], [], [], [])
    _legend(canvas, has_after=any(bar.after for bar in bars), has_open=False)
    ends = [end for bar in bars for end in (bar.before, bar.after) if end]
    percent_room = max(text_width(end.percent, _LABEL, 600) for end in ends) + 8
    dollar_room = max(text_width(end.dollars, _LABEL, 600) for end in ends) + 8
    lowest, highest = min(0.0, *(end.value for end in ends)), max(0.0, *(end.value for end in ends))
    scale = (WIDTH - percent_room - dollar_room) / ((highest - lowest) or 1.0)
    for bar in bars:
        _draw_episode(canvas, bar, zero=-lowest * scale, scale=scale, percent_edge=WIDTH - dollar_room)
    return canvas.finish(name, title, description)


def _draw_panel(canvas: _Canvas, panel: Panel, left: float, room: float) -> None:
    """Heading, bars and limit of one panel."""
    if panel.heading:
        canvas.texts.append(Text(0, canvas.y + 11, panel.heading, _SMALL, weight=600, tone="muted"))
        canvas.y += 19
    if panel.limit is not None:
        canvas.y += 15
    top = canvas.y - 2
    highest = max([end[1] for bar in panel.bars for end in (bar.before, bar.after) if end] + [panel.limit or 0.0])
    scale = room / (highest or 1.0)
    limit_x = None if panel.limit is None else left + panel.limit * scale
    for bar in panel.bars:
        ends = [("now", bar.before)] + ([("proposed", bar.after)] if bar.after else [])
        middle = canvas.y + len(ends) * (_BAR + _PAIR_GAP) / 2 + 2.5
        canvas.texts.append(Text(0, round(middle, 1), fit(bar.label, _LABEL, left - 6)))
        for tone, end in ends:
            edge = _draw_interval(canvas, tone, end, left, scale)
            _draw_value(canvas, tone, _value(end), edge + 4, limit_x)
            canvas.y = round(canvas.y + _BAR + _PAIR_GAP, 1)
        canvas.y += 8
    if panel.limit is not None and limit_x is not None:
        _draw_limit(canvas, panel.limit, limit_x, top)
    canvas.y += 6


def _draw_interval(canvas: _Canvas, tone: str, end: tuple[float, float] | None, left: float, scale: float) -> float:
    """One bar, solid to the lower end and hatched to the upper end; returns where it ends."""
    low, high = end or (0.0, 0.0)
    solid, whole = round(low * scale, 2), round(high * scale, 2)
    if solid > 0:
        canvas.rects.append(Rect(round(left, 2), canvas.y, solid, _BAR, tone))
    if whole - solid >= 0.5:
        x = round(left + solid, 2)
        canvas.rects.append(Rect(x, canvas.y, round(whole - solid, 2), _BAR, tone, is_open=True))
        canvas.strokes.append(Stroke(hatch(x, canvas.y, whole - solid, _BAR), tone, 0.8))
    return left + whole


def _draw_value(canvas: _Canvas, tone: str, label: str, x: float, limit_x: float | None) -> None:
    """Figure behind a bar; it moves beyond the limit's line where the line would cross it."""
    weight, ink = (600, "ink") if tone == "proposed" else (400, "muted")
    if limit_x is not None and x - 2 <= limit_x <= x + text_width(label, _LABEL, weight):
        x = limit_x + 4
    canvas.texts.append(Text(round(x, 2), round(canvas.y + 8.2, 1), label, _LABEL, weight=weight, tone=ink))


def _draw_limit(canvas: _Canvas, limit: float, x: float, top: float) -> None:
    """Dashed line across the panel with its label above, kept inside the drawing."""
    canvas.strokes.append(Stroke(f"M{_f(x)} {_f(top)}V{_f(canvas.y - 5)}", "limit", 1.4, "3 2"))
    label = f"limit {percent(limit)}"
    half = text_width(label, _SMALL, 600) / 2
    centre = min(max(x, half), WIDTH - half)
    canvas.texts.append(Text(round(centre, 2), round(top - 3, 1), label, _SMALL, "middle", 600, "limit"))


def _draw_episode(canvas: _Canvas, bar: StressBar, *, zero: float, scale: float, percent_edge: float) -> None:
    """Title, and one or two bars with their figures; a worse proposal has a triangle and the word beside its title."""
    room = WIDTH
    if bar.is_worse:
        room -= text_width(_WORSE, _LABEL, 600) + 16
        canvas.texts.append(Text(WIDTH, canvas.y + 10, _WORSE, _LABEL, "end", 600, "worse"))
        canvas.fills.append(Stroke(_triangle(room + 3, canvas.y + 3), "worse"))
    canvas.texts.append(Text(0, canvas.y + 10, fit(bar.title, _LABEL, room, 600), weight=600))
    canvas.y += 15
    top = canvas.y
    ends = [("now", bar.before)] + ([("worse" if bar.is_worse else "proposed", bar.after)] if bar.after else [])
    for tone, end in ends:
        length = round(abs(end.value) * scale, 2)
        canvas.rects.append(Rect(round(min(zero, zero + end.value * scale), 2), canvas.y, length, _BAR, tone))
        ink = {"now": "muted", "proposed": "ink"}.get(tone, tone)
        weight = 400 if tone == "now" else 600
        base = round(canvas.y + 8.4, 1)
        canvas.texts.append(Text(round(percent_edge, 2), base, end.percent, _LABEL, "end", weight, ink))
        canvas.texts.append(Text(WIDTH, base, end.dollars, _LABEL, "end", weight, ink))
        canvas.y = round(canvas.y + _STRESS_BAR, 1)
    canvas.strokes.append(Stroke(f"M{_f(zero)} {_f(top - 2)}V{_f(canvas.y)}", "muted"))
    canvas.y += 7


def _legend(canvas: _Canvas, *, has_after: bool, has_open: bool) -> None:
    """Names of the series, in the order in which they are drawn."""
    x = 0.0
    entries = [("now", "Today", False)] + ([("proposed", "Proposed", False)] if has_after else [])
    if has_open:
        entries.append(("now", "cannot be ruled out", True))
    for tone, label, is_open in entries:
        canvas.rects.append(Rect(round(x, 2), 2.5, 14, _BAR, tone, is_open))
        if is_open:
            canvas.strokes.append(Stroke(hatch(x, 2.5, 14, _BAR), tone, 0.8))
        canvas.texts.append(Text(round(x + 19, 2), 10.7, label, _LABEL, tone="muted"))
        x += 19 + text_width(label, _LABEL) + 14
    canvas.y = 22.0


def _triangle(x: float, y: float) -> str:
    """Small triangle that points down, its left corner at (x, y)."""
    return f"M{_f(x)} {_f(y)}L{_f(x + 8)} {_f(y)}L{_f(x + 4)} {_f(y + 7)}Z"


def _value(end: tuple[float, float] | None) -> str:
    return "none known" if end is None else interval(*end)


def _is_open(bar: Bar) -> bool:
    return any(end is not None and end[1] - end[0] >= 0.0005 for end in (bar.before, bar.after))


def _em(letter: str) -> float:
    """Width of a letter in em, rounded up by class."""
    if letter in _NARROW:
        return 0.4
    code = ord(letter)
    if letter in _WIDE or code > _LAST_SIGN or _LAST_LATIN < code < _FIRST_SIGN:
        return 1.02
    return 0.77 if letter.isupper() else 0.67


def _f(value: float) -> str:
    """Coordinate with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
