"""Bars: intervals before and after in panels, and returns of episodes from a zero line.

1. Measure every label with `text_width`, which never underestimates Inter at its two weights.
2. Give labels their room first; bars share what is left, on a scale that starts at zero.
3. Say everything twice: a series by colour and by position, a worse figure by colour, triangle and word.
"""

from __future__ import annotations

from dataclasses import dataclass

from advisor.format import NOTICEABLE, interval
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
    text_width,
    triangle,
)

_BAR, _PAIR_GAP, _STRESS_BAR = 9.0, 2.0, 12.0
_WORSE = "worse"


@dataclass(frozen=True, slots=True)
class Bar:
    """One label with its interval before and, where something is proposed, after."""

    label: str
    before: tuple[float, float] | None  # None: not known to be held
    after: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class BarPanel:
    """Bars on one scale, below a heading; `limit` is drawn across them."""

    heading: str
    bars: tuple[Bar, ...]
    limit: float | None = None
    limit_words: str = ""  # the bound as the user wrote it


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


def paired_bars(name: str, title: str, description: str, panels: tuple[BarPanel, ...]) -> Chart:
    """Horizontal bars, before above after, in one or more panels with a scale of their own.

    The solid part of a bar is its lower end, the hatched part reaches to the upper end.
    """
    canvas = Canvas()
    bars = [bar for panel in panels for bar in panel.bars]
    _legend(canvas, has_after=any(bar.after for bar in bars), has_open=any(_is_open(bar) for bar in bars))
    label_room = min(130.0, max(text_width(bar.label, LABEL) for bar in bars) + 8)
    value_room = max(text_width(_value(end), LABEL, 600) for bar in bars for end in (bar.before, bar.after)) + 6
    for panel in panels:
        _draw_panel(canvas, panel, label_room, WIDTH - label_room - value_room)
    return canvas.finish(name, title, description)


def stress_bars(name: str, title: str, description: str, bars: tuple[StressBar, ...]) -> Chart:
    """Horizontal bars from a zero line, losses to the left, figures in two columns at the right edge."""
    canvas = Canvas()
    _legend(canvas, has_after=any(bar.after for bar in bars), has_open=False)
    ends = [end for bar in bars for end in (bar.before, bar.after) if end]
    percent_room = max(text_width(end.percent, LABEL, 600) for end in ends) + 8
    dollar_room = max(text_width(end.dollars, LABEL, 600) for end in ends) + 8
    lowest, highest = min(0.0, *(end.value for end in ends)), max(0.0, *(end.value for end in ends))
    scale = (WIDTH - percent_room - dollar_room) / ((highest - lowest) or 1.0)
    for bar in bars:
        _draw_episode(canvas, bar, zero=-lowest * scale, scale=scale, percent_edge=WIDTH - dollar_room)
    return canvas.finish(name, title, description)


def _draw_panel(canvas: Canvas, panel: BarPanel, left: float, room: float) -> None:
    """Heading, bars and limit of one panel."""
    if panel.heading:
        canvas.texts.append(Text(0, canvas.y + 11, panel.heading, SMALL, weight=600, tone="muted"))
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
        canvas.texts.append(Text(0, round(middle, 1), fit(bar.label, LABEL, left - 6)))
        for tone, end in ends:
            edge = _draw_interval(canvas, tone, end, left, scale)
            _draw_value(canvas, tone, _value(end), edge + 4, limit_x)
            canvas.y = round(canvas.y + _BAR + _PAIR_GAP, 1)
        canvas.y += 5
    if panel.limit is not None and limit_x is not None:
        _draw_limit(canvas, panel.limit_words, limit_x, top)
    canvas.y += 6


def _draw_interval(canvas: Canvas, tone: str, end: tuple[float, float] | None, left: float, scale: float) -> float:
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


def _draw_value(canvas: Canvas, tone: str, label: str, x: float, limit_x: float | None) -> None:
    """Figure behind a bar; it moves beyond the limit's line where the line would cross it."""
    weight, ink = (600, "ink") if tone == "proposed" else (400, "muted")
    if limit_x is not None and x - 2 <= limit_x <= x + text_width(label, LABEL, weight):
        x = limit_x + 4
    canvas.texts.append(Text(round(x, 2), round(canvas.y + 8.2, 1), label, LABEL, weight=weight, tone=ink))


def _draw_limit(canvas: Canvas, words: str, x: float, top: float) -> None:
    """Dashed line across the panel with its label above, kept inside the drawing."""
    canvas.strokes.append(Stroke(f"M{coordinate(x)} {coordinate(top)}V{coordinate(canvas.y - 5)}", "limit", 1.4, "3 2"))
    label = f"limit {words}"
    half = text_width(label, SMALL, 600) / 2
    centre = min(max(x, half), WIDTH - half)
    canvas.texts.append(Text(round(centre, 2), round(top - 3, 1), label, SMALL, "middle", 600, "limit"))


def _draw_episode(canvas: Canvas, bar: StressBar, *, zero: float, scale: float, percent_edge: float) -> None:
    """Title, and one or two bars with their figures; a worse proposal has a triangle and the word beside its title."""
    room = WIDTH
    if bar.is_worse:
        room -= text_width(_WORSE, LABEL, 600) + 16
        canvas.texts.append(Text(WIDTH, canvas.y + 10, _WORSE, LABEL, "end", 600, "worse"))
        canvas.fills.append(Stroke(triangle(room + 3, canvas.y + 3), "worse"))
    canvas.texts.append(Text(0, canvas.y + 10, fit(bar.title, LABEL, room, 600), weight=600))
    canvas.y += 15
    top = canvas.y
    ends = [("now", bar.before)] + ([("worse" if bar.is_worse else "proposed", bar.after)] if bar.after else [])
    for tone, end in ends:
        length = round(abs(end.value) * scale, 2)
        canvas.rects.append(Rect(round(min(zero, zero + end.value * scale), 2), canvas.y, length, _BAR, tone))
        ink = {"now": "muted", "proposed": "ink"}.get(tone, tone)
        weight = 400 if tone == "now" else 600
        base = round(canvas.y + 8.4, 1)
        canvas.texts.append(Text(round(percent_edge, 2), base, end.percent, LABEL, "end", weight, ink))
        canvas.texts.append(Text(WIDTH, base, end.dollars, LABEL, "end", weight, ink))
        canvas.y = round(canvas.y + _STRESS_BAR, 1)
    canvas.strokes.append(Stroke(f"M{coordinate(zero)} {coordinate(top - 2)}V{coordinate(canvas.y)}", "muted"))
    canvas.y += 7


def _legend(canvas: Canvas, *, has_after: bool, has_open: bool) -> None:
    """Names of the series, in the order in which they are drawn."""
    x = 0.0
    entries = [("now", "Today", False)] + ([("proposed", "Proposed", False)] if has_after else [])
    if has_open:
        entries.append(("now", "cannot be ruled out", True))
    for tone, label, is_open in entries:
        canvas.rects.append(Rect(round(x, 2), 2.5, 14, _BAR, tone, is_open))
        if is_open:
            canvas.strokes.append(Stroke(hatch(x, 2.5, 14, _BAR), tone, 0.8))
        canvas.texts.append(Text(round(x + 19, 2), 10.7, label, LABEL, tone="muted"))
        x += 19 + text_width(label, LABEL) + 14
    canvas.y = 22.0


def _value(end: tuple[float, float] | None) -> str:
    return "none known" if end is None else interval(*end)


def _is_open(bar: Bar) -> bool:
    return any(end is not None and end[1] - end[0] >= NOTICEABLE for end in (bar.before, bar.after))
