"""A waterfall: from a first figure by steps, each a bar where the last one ended, to a last figure."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.report.charts.marks import LABEL, WIDTH, Canvas, Chart, Rect, Stroke, Text, coordinate, fit, text_width

_BAR, _ROW = 10.0, 19.0
_MOST_LABEL = 190.0
_LEAST_SPAN = 1e-9  # below it there is nothing to draw


@dataclass(frozen=True, slots=True)
class ChartStep:
    """One row: a whole bar from zero ("total"), or a change that starts where the row above ends."""

    label: str
    value: float
    words: str  # the figure as it is printed, with its sign
    is_total: bool = False
    tone: str = "proposed"


def waterfall(name: str, title: str, description: str, steps: tuple[ChartStep, ...]) -> Chart:
    """The drawing of `steps`; the scale begins at zero, or below it where a sum does."""
    canvas = Canvas(y=4.0)
    ends = _ends(steps)
    room_left = min(_MOST_LABEL, max(text_width(step.label, LABEL, _weight(step)) for step in steps) + 8)
    room_right = max(text_width(step.words, LABEL, 600) for step in steps) + 8
    low, high = min(0.0, *(min(pair) for pair in ends)), max(max(pair) for pair in ends)
    scale = (WIDTH - room_left - room_right) / max(high - low, _LEAST_SPAN)

    def at(value: float) -> float:
        return round(room_left + (value - low) * scale, 2)

    for number, (step, (start, end)) in enumerate(zip(steps, ends, strict=True)):
        left, right = sorted((at(start), at(end)))
        baseline = round(canvas.y + 8.7, 1)
        canvas.texts.append(
            Text(0, baseline, fit(step.label, LABEL, room_left - 6, _weight(step)), weight=_weight(step))
        )
        canvas.rects.append(Rect(left, canvas.y, max(round(right - left, 2), 0.8), _BAR, step.tone))
        canvas.texts.append(Text(WIDTH, baseline, step.words, anchor="end", weight=_weight(step)))
        if number + 1 < len(steps):
            foot, top = canvas.y + _BAR, canvas.y + _ROW
            canvas.strokes.append(Stroke(f"M{coordinate(at(end))} {coordinate(foot)}V{coordinate(top)}", "muted", 0.8))
        canvas.y = round(canvas.y + _ROW, 1)
    return canvas.finish(name, title, description)


def _ends(steps: tuple[ChartStep, ...]) -> list[tuple[float, float]]:
    """Where each bar starts and ends."""
    ends, reached = [], 0.0
    for step in steps:
        start = 0.0 if step.is_total else reached
        reached = start + step.value
        ends.append((start, reached))
    return ends


def _weight(step: ChartStep) -> int:
    return 600 if step.is_total else 400
