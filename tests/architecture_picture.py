"""Draws the rooms of the code and who imports whom into docs/developers/architecture.svg.

::

    python -m tests.architecture_picture
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

from tests.test_architecture import STAGES, imports, modules, room_of

PICTURE = Path(__file__).parent.parent / "docs" / "developers" / "architecture.svg"
WIDTH, ROW, HEIGHT, BOX = 860.0, 78.0, 34.0, 118.0
BELOW = {
    "errors",
    "units",
    "dates",
    "once",
    "share",
    "streams",
    "files",
    "format",
}  # imported by nearly all: no arrows to them


def arrows() -> set[tuple[str, str]]:
    """Pairs of rooms of which the first imports the second."""
    found = set()
    for path, tree in modules():
        for _, name in imports(tree):
            parts = name.split(".")
            if parts[0] == "advisor" and len(parts) > 1:
                found.add((room_of(path), parts[1]))
    rooms = {room for stage in STAGES for room in stage} - BELOW
    return {(one, other) for one, other in found if one != other and {one, other} <= rooms}


def places() -> dict[str, tuple[float, float]]:
    """Middle of each room's box: the command line at the top, what everything stands on at the bottom."""
    stages = [stage for stage in reversed(STAGES) if not set(stage) <= BELOW]
    return {
        room: (WIDTH * (column + 1) / (len(stage) + 1), 40.0 + ROW * row)
        for row, stage in enumerate(stages)
        for column, room in enumerate(stage)
    }


def picture() -> str:
    """Text of the drawing."""
    at = places()
    height = max(y for _, y in at.values()) + 60.0
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {height:.0f}" width="{WIDTH:.0f}" '
        f'height="{height:.0f}" role="img" font-family="Arial, sans-serif">',
        "<title>Rooms of the code: each imports only what lies below it</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        *_lines(at),
        *_boxes(at),
        f'<text x="{WIDTH / 2:.0f}" y="{height - 14:.0f}" font-size="13" fill="#4b5563" text-anchor="middle">'
        f"{escape('below all of them: ' + ', '.join(sorted(BELOW)))}</text>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _lines(at: dict[str, tuple[float, float]]) -> Iterator[str]:
    for one, other in sorted(arrows()):
        (x1, y1), (x2, y2) = at[one], at[other]
        start, end = y1 + HEIGHT / 2, y2 - HEIGHT / 2
        bend = (end - start) / 2
        yield (
            f'<path d="M {x1:.0f} {start:.0f} C {x1:.0f} {start + bend:.0f}, {x2:.0f} {end - bend:.0f}, '
            f'{x2:.0f} {end:.0f}" fill="none" stroke="#9ca3af" stroke-width="1"/>'
        )


def _boxes(at: dict[str, tuple[float, float]]) -> Iterator[str]:
    for room, (x, y) in at.items():
        yield (
            f'<rect x="{x - BOX / 2:.0f}" y="{y - HEIGHT / 2:.0f}" width="{BOX:.0f}" height="{HEIGHT:.0f}" rx="4" '
            'fill="#eff6ff" stroke="#1d4ed8"/>'
        )
        yield (
            f'<text x="{x:.0f}" y="{y + 5:.0f}" font-size="15" fill="#111827" text-anchor="middle">'
            f"{escape(room)}</text>"
        )


if __name__ == "__main__":
    PICTURE.write_text(picture(), "utf-8")
