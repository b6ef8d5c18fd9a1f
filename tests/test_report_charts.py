from __future__ import annotations

import re
import struct
import zlib

import pytest

from advisor.report.charts.bars import Bar, BarPanel, StressBar, StressEnd, paired_bars, stress_bars
from advisor.report.charts.marks import WIDTH, fit, hatch, text_width
from advisor.share import share
from tests.report_fixture import context, do_nothing_plan, nasty_context

CONTEXTS = {"trade": context, "nothing": lambda: context(do_nothing_plan()), "nasty": nasty_context}


def advance_widths(weight: int) -> dict[str, float]:
    """Widths in em read from the font's own tables (WOFF 1.0; cmap format 4), without any code of charts."""
    data = (share("templates") / "fonts" / f"inter-tabular-{weight}.woff").read_bytes()
    tables = {}
    for index in range(struct.unpack(">H", data[12:14])[0]):
        tag, offset, packed, size, _ = struct.unpack(">4sIIII", data[44 + 20 * index : 64 + 20 * index])
        raw = data[offset : offset + packed]
        tables[tag] = raw if packed == size else zlib.decompress(raw)
    units = struct.unpack(">H", tables[b"head"][18:20])[0]
    metrics = struct.unpack(">H", tables[b"hhea"][34:36])[0]
    advances = [struct.unpack(">H", tables[b"hmtx"][4 * i : 4 * i + 2])[0] for i in range(metrics)]
    return {
        chr(code): advances[min(glyph, metrics - 1)] / units for code, glyph in character_map(tables[b"cmap"]).items()
    }


def character_map(cmap: bytes) -> dict[int, int]:
    """Code point to glyph from the first format-4 subtable."""
    for index in range(struct.unpack(">H", cmap[2:4])[0]):
        start = struct.unpack(">HHI", cmap[4 + 8 * index : 12 + 8 * index])[2]
        table = cmap[start:]
        if struct.unpack(">H", table[:2])[0] != 4:
            continue
        count = struct.unpack(">H", table[6:8])[0] // 2
        words = struct.unpack(f">{(len(table) - 14) // 2}H", table[14 : 14 + (len(table) - 14) // 2 * 2])
        ends, starts = words[:count], words[count + 1 : 2 * count + 1]
        deltas, ranges = words[2 * count + 1 : 3 * count + 1], words[3 * count + 1 : 4 * count + 1]
        found = {}
        for segment in range(count):
            for code in range(starts[segment], min(ends[segment], 0xFFFE) + 1):
                if ranges[segment] == 0:
                    glyph = code + deltas[segment]
                else:
                    at = 3 * count + 1 + segment + ranges[segment] // 2 + code - starts[segment]
                    glyph = words[at] and words[at] + deltas[segment]
                found[code] = glyph & 0xFFFF
        return found
    raise AssertionError("no format-4 table")


def charts_of(name):
    shown = CONTEXTS[name]()
    figures = (
        *shown.answer.figures,
        *shown.trade_off.figures,
        shown.risks.stress_figure,
        shown.risks.history,
        shown.trades.figure,
    )
    return [figure.chart for figure in figures if figure]


def box(text):
    width = text_width(text.text, text.size, text.weight)
    left = {"start": text.x, "middle": text.x - width / 2, "end": text.x - width}[text.anchor]
    return left, text.y - text.size * 0.97, left + width, text.y + text.size * 0.25


@pytest.mark.parametrize("weight", [400, 600])
def test_the_estimated_width_is_never_below_the_fonts_own(weight):
    widths = advance_widths(weight)
    letters = [letter for letter in widths if letter.isprintable() and not 0x300 <= ord(letter) < 0x370]
    assert len(letters) > 180
    low = [letter for letter in letters if text_width(letter, 1.0, weight) < widths[letter] - 1e-3]
    assert low == []


@pytest.mark.parametrize("name", CONTEXTS)
def test_every_text_lies_inside_the_drawing(name):
    for chart in charts_of(name):
        for text in chart.texts:
            left, top, right, bottom = box(text)
            assert left >= -0.01, text
            assert top >= -0.01, text
            assert right <= chart.width + 0.01, text
            assert bottom <= chart.height + 0.01, text


@pytest.mark.parametrize("name", CONTEXTS)
def test_texts_do_not_overlap_each_other(name):
    for chart in charts_of(name):
        boxes = [(box(text), text.text) for text in chart.texts]
        for index, (one, first) in enumerate(boxes):
            for other, second in boxes[index + 1 :]:
                wide = min(one[2], other[2]) - max(one[0], other[0])
                high = min(one[3], other[3]) - max(one[1], other[1])
                assert wide <= 0.5 or high <= 4.0, (first, second)  # line boxes may touch, letters may not


@pytest.mark.parametrize("name", CONTEXTS)
def test_every_bar_lies_inside_the_drawing(name):
    for chart in charts_of(name):
        for rect in chart.rects:
            assert rect.width >= 0
            assert 0 <= rect.x <= rect.x + rect.width <= chart.width + 0.01
            assert 0 <= rect.y <= rect.y + rect.height <= chart.height


def test_bar_lengths_are_in_the_ratio_of_their_weights():
    chart = paired_bars("x", "t", "d", (BarPanel("", (Bar("A", (0.4, 0.4), (0.1, 0.1)),)),))
    before, after = [rect for rect in chart.rects if rect.y > 15]
    assert after.width == pytest.approx(before.width / 4, abs=0.01)
    assert before.x == after.x


def test_the_unknown_part_of_an_interval_is_open_and_follows_the_known_part():
    chart = paired_bars("x", "t", "d", (BarPanel("", (Bar("A", (0.3, 0.4), None),)),))
    solid, unknown = [rect for rect in chart.rects if rect.y > 15]
    assert (solid.is_open, unknown.is_open) == (False, True)
    assert unknown.x == pytest.approx(solid.x + solid.width, abs=0.02)
    assert unknown.width == pytest.approx(solid.width / 3, abs=0.05)
    assert "cannot be ruled out" in [text.text for text in chart.texts]


def test_the_limit_stands_where_a_bar_of_its_size_ends():
    chart = paired_bars("x", "t", "d", (BarPanel("", (Bar("A", (0.25, 0.25), None),), limit=0.25, limit_words="25%"),))
    bar = next(rect for rect in chart.rects if rect.y > 15)
    limit = next(stroke for stroke in chart.strokes if stroke.tone == "limit")
    assert float(re.match(r"M([\d.]+) ", limit.path)[1]) == pytest.approx(bar.x + bar.width, abs=0.02)


def test_a_limit_far_beyond_the_bars_stays_inside_with_its_label():
    chart = paired_bars("x", "t", "d", (BarPanel("", (Bar("A", (0.01, 0.01), None),), limit=1.0, limit_words="100%"),))
    label = next(text for text in chart.texts if text.text.startswith("limit"))
    assert box(label)[2] <= WIDTH + 0.01


def test_the_line_of_the_limit_crosses_no_figure():
    for weight in (0.20, 0.29, 0.31, 0.32, 0.33, 0.40):
        chart = paired_bars(
            "x",
            "t",
            "d",
            (BarPanel("", (Bar("A", (weight, weight), (weight, weight)),), limit=0.33, limit_words="33%"),),
        )
        line = next(stroke for stroke in chart.strokes if stroke.tone == "limit")
        x = float(re.match(r"M([\d.]+) ", line.path)[1])
        figures = [box(text) for text in chart.texts if text.text.startswith(f"{weight * 100:.1f}")]
        assert len(figures) == 2
        assert not any(left - 1 <= x <= right for left, _, right, _ in figures)
        assert all(right <= chart.width + 0.01 for _, _, right, _ in figures)


def test_losses_grow_to_the_left_of_zero_and_gains_to_the_right():
    bars = (
        StressBar("fall", StressEnd(-0.4, "-40", "-$4"), StressEnd(-0.2, "-20", "-$2"), is_worse=False),
        StressBar("rise", StressEnd(0.2, "+20", "+$2"), StressEnd(0.1, "+10", "+$1"), is_worse=True),
    )
    chart = stress_bars("x", "t", "d", bars)
    fall, less, rise, worse = [rect for rect in chart.rects if rect.y > 15]
    zero = fall.x + fall.width
    assert less.x + less.width == pytest.approx(zero, abs=0.02)
    assert rise.x == pytest.approx(zero, abs=0.02)
    assert fall.width == pytest.approx(2 * rise.width, abs=0.05)
    assert worse.tone == "worse"


def test_a_worse_proposal_is_marked_by_word_and_shape_and_not_by_colour_alone():
    bars = (StressBar("x", StressEnd(-0.1, "a", "b"), StressEnd(-0.2, "c", "d"), is_worse=True),)
    chart = stress_bars("x", "t", "d", bars)
    assert [text.text for text in chart.texts].count("worse") == 1
    assert len(chart.fills) == 1


def test_a_household_without_anything_draws_no_bar_and_does_not_divide_by_zero():
    chart = paired_bars("x", "t", "d", (BarPanel("", (Bar("A", (0.0, 0.0), None), Bar("B", None, None))),))
    assert [rect for rect in chart.rects if rect.y > 15] == []
    assert "none known" in [text.text for text in chart.texts]
    assert stress_bars("x", "t", "d", (StressBar("a", StressEnd(0.0, "0", "$0"), None, is_worse=False),)).height > 0


def test_hatching_stays_inside_its_rectangle():
    numbers = [float(value) for value in re.findall(r"[\d.]+", hatch(10, 20, 14, 9))]
    xs, ys = numbers[::2], numbers[1::2]
    assert len(xs) > 8
    assert 10 <= min(xs) <= max(xs) <= 24
    assert 20 <= min(ys) <= max(ys) <= 29
    assert hatch(10, 20, 0, 9) == ""


def test_a_text_too_long_for_its_room_is_cut_with_an_ellipsis():
    assert fit("short", 10, 100) == "short"
    cut = fit("a title that is far too long for this room", 10, 100)
    assert cut.endswith("\N{HORIZONTAL ELLIPSIS}")
    assert text_width(cut, 10) <= 100
