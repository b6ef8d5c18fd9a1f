from __future__ import annotations

import re
from decimal import Decimal
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from advisor.format import exact_money, percent
from advisor.report.charts import bounds
from advisor.report.charts.marks import WIDTH, text_box
from advisor.report.charts.plane import Axis, Line, Marker, Plane, exact_words, plane_chart, ticks
from advisor.report.charts.steps import ChartStep, waterfall

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


def drawn(*, markers=(), lines=(), limits=(), levels=(), unreachable=None, x=(0.0, 1.0), y=(0.0, 1.0), is_tight=False):
    plane = Plane(
        Axis("across", *x, lambda v: percent(v, 0), is_tight),
        Axis("up", *y, percent),
        lines,
        markers,
        limits,
        levels,
        unreachable,
    )
    return plane_chart("x", "t", "d", plane)


def corners(path):
    return [tuple(map(float, pair)) for pair in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)]


@given(st.tuples(NUMBERS, NUMBERS).map(sorted), st.integers(4, 8))
@example([0.0, 3e-14], 6)  # a figure of nothing, and the solver's noise
@example([0.15, 0.15 + 1e-11], 6)
def test_ticks_are_few_round_evenly_spaced_and_hold_the_range(ends, most):
    low, high = ends
    found = ticks(low, high, most)
    assert 2 <= len(found) <= most
    assert found[0] < found[-1]
    if high - low > 1e-6:
        assert found[0] <= low + 1e-6 * (high - low)
        assert found[-1] >= high - 1e-6 * (high - low)
        steps = {round((b - a) / (found[1] - found[0]), 6) for a, b in pairwise(found)}
        assert steps == {1.0}
        digits = f"{found[1] - found[0]:.6e}".split("e")[0].rstrip("0").rstrip(".")
        assert digits in {"1", "2", "2.5", "5"}


def test_a_point_stands_where_both_scales_put_it():
    line = Line(((0.0, 0.0), (0.5, 0.5), (1.0, 1.0)), "proposed")
    (first, middle, last) = corners(next(s.path for s in drawn(lines=(line,)).strokes if s.width == 2.0))
    assert middle[0] == pytest.approx((first[0] + last[0]) / 2, abs=0.02)
    assert middle[1] == pytest.approx((first[1] + last[1]) / 2, abs=0.02)
    assert first[0] < last[0] <= WIDTH
    assert first[1] > last[1] >= 0  # up on the page is a smaller coordinate


def test_points_differ_by_shape_and_not_by_colour_alone():
    markers = (Marker(0.2, 0.2, "A", "square"), Marker(0.5, 0.5, "B", "diamond"), Marker(0.8, 0.8, "C"))
    shapes = [re.sub(r"[-\d. ]+", "", fill.path) for fill in drawn(markers=markers).fills]
    assert len(set(shapes)) == 3


POINTS = st.lists(
    st.tuples(st.floats(0, 1), st.floats(0, 1), st.text("abcdefghij ", min_size=1, max_size=40)), min_size=1, max_size=6
)


@given(POINTS)
def test_every_name_stays_inside_whatever_the_points(points):
    chart = drawn(markers=tuple(Marker(a, b, label) for a, b, label in points))
    for text in chart.texts:
        left, top, right, bottom = text_box(text)
        assert left >= -0.02
        assert right <= WIDTH + 0.02
        assert top >= -0.02
        assert bottom <= chart.height + 0.02


def test_names_of_points_that_lie_together_do_not_cover_each_other():
    names = ("Proposed", "Half the move", "IJR only", "Today")
    chart = drawn(markers=tuple(Marker(0.5 + 0.01 * k, 0.5, name) for k, name in enumerate(names)))
    boxes = [text_box(text) for text in chart.texts if text.text in names]
    assert len(boxes) == 4
    for k, one in enumerate(boxes):
        for other in boxes[k + 1 :]:
            wide = min(one[2], other[2]) - max(one[0], other[0])
            high = min(one[3], other[3]) - max(one[1], other[1])
            assert wide <= 0.02 or high <= 0.02


def test_two_curves_that_end_together_have_their_names_apart_and_beyond_the_end():
    lines = (
        Line(((0.0, 0.0), (1.0, 0.5)), "now", "IWM 71"),
        Line(((0.0, 1.0), (1.0, 0.5)), "proposed", "IJR 71", "5 2"),
    )
    chart = drawn(lines=lines)
    one, other = (text for text in chart.texts if text.text.endswith("71"))
    end = corners(next(s.path for s in chart.strokes if s.width == 2.0))[-1][0]
    assert min(one.x, other.x) > end
    assert abs(one.y - other.y) >= 12


def test_a_tight_axis_ends_where_its_data_end():
    line = Line(((2016.5, 0.0), (2026.5, 1.0)), "proposed")
    chart = drawn(lines=(line,), x=(2016.5, 2026.5), is_tight=True)
    first, last = corners(next(s.path for s in chart.strokes if s.width == 2.0))
    assert last[0] == pytest.approx(WIDTH - 6, abs=0.02)
    assert first[0] < 60


def test_the_part_out_of_reach_ends_where_the_curve_begins():
    chart = drawn(lines=(Line(((0.4, 0.5), (1.0, 0.0)), "proposed"),), unreachable=(0.0, 0.4, "out of reach"))
    (region,) = chart.rects
    start = corners(next(s.path for s in chart.strokes if s.width == 2.0))[0][0]
    assert region.is_open
    assert region.x + region.width == pytest.approx(start, abs=0.03)


def test_names_of_bounds_that_lie_together_stay_inside_and_apart():
    chart = drawn(limits=((0.30, "at most 30%"), (0.31, "at least 31%")), levels=((1.0, "limit 100%"),))
    names = [text for text in chart.texts if text.tone == "limit"]
    assert len(names) == 3
    boxes = [text_box(text) for text in names]
    assert all(box[0] >= -0.02 and box[2] <= WIDTH + 0.02 and box[1] >= -0.02 for box in boxes)
    assert min(boxes[0][2], boxes[1][2]) - max(boxes[0][0], boxes[1][0]) <= 0.5


def steps():
    return (
        ChartStep("Today", 0.4, "40%", is_total=True, tone="now"),
        ChartStep("Sell NVDA", -0.1, "-10", tone="better"),
        ChartStep("Buy SPY", 0.05, "+5", tone="worse"),
        ChartStep("Proposed", 0.35, "35%", is_total=True),
    )


def test_each_bar_of_a_waterfall_starts_where_the_last_one_ended():
    today, sale, purchase, proposed = waterfall("x", "t", "d", steps()).rects
    assert today.x + today.width == pytest.approx(sale.x + sale.width, abs=0.02)
    assert sale.x == pytest.approx(purchase.x, abs=0.02)
    assert purchase.x + purchase.width == pytest.approx(proposed.x + proposed.width, abs=0.02)
    assert today.x == proposed.x
    assert sale.width == pytest.approx(today.width / 4, abs=0.02)


@given(st.lists(st.floats(-0.3, 0.3), min_size=0, max_size=8), st.floats(0, 1))
def test_a_waterfall_stays_inside_its_drawing(changes, first):
    rows = [ChartStep("Today " * 9, first, percent(first), is_total=True)]
    rows += [ChartStep("Sell a very long name, in an account of a long name", c, percent(c)) for c in changes]
    chart = waterfall("x", "t", "d", tuple(rows))
    for rect in chart.rects:
        assert rect.x >= -0.02
        assert rect.x + rect.width <= WIDTH + 0.9
    for text in chart.texts:
        left, _, right, bottom = text_box(text)
        assert left >= -0.02
        assert right <= WIDTH + 0.02
        assert bottom <= chart.height + 0.02


def test_the_orders_of_the_plan_add_up_to_the_change_of_the_seven():
    """A hand calculation: amount times the fund's share of the seven, over the value after the trades."""
    from advisor.report.sections.drawings import waterfall_chart
    from tests.report_fixture import FUNDS, market, plan

    made = plan()
    chart = waterfall_chart(made, market())
    inside = {symbol: facts[4][1] for symbol, facts in FUNDS.items()}
    inside |= {"NVDA": 1.0, "AAPL": 1.0, "MSFT": 1.0, "BRK.B": 0.0}
    largest = max(made.trades, key=lambda t: t.amount_usd * Decimal(repr(inside[t.symbol])))
    moved = float(largest.amount_usd / made.after.value_usd) * inside[largest.symbol]
    shown = [text.text for text in chart.texts]
    assert shown[0] == "Today"
    assert shown[-2] == "Proposed"
    assert f"\u2212{100 * moved:.1f}\u00a0points" in shown[3]


@pytest.mark.parametrize(
    ("ends", "written"),
    [
        ((0.0479, 0.0590), ["4.75%", "5.00%", "5.25%", "5.50%", "5.75%", "6.00%"]),
        ((0.0, 0.4), ["0%", "10%", "20%", "30%", "40%"]),
        ((0.03001, 0.03004), ["3.001%", "3.002%", "3.003%", "3.004%"]),
    ],
)
def test_a_tick_is_written_as_exactly_as_it_stands(ends, written):
    words = exact_words(percent, 100, ends)
    assert [words(tick).replace("\u00a0", " ") for tick in ticks(*ends)] == written


def test_a_tick_of_dollars_has_cents_only_where_it_needs_them():
    small, large = exact_words(exact_money, 1, (0.0, 1.3)), exact_words(exact_money, 1, (0.0, 24_000.0))
    assert [small(tick) for tick in ticks(0.0, 1.3)][:3] == ["$0.00", "$0.50", "$1.00"]
    assert [large(tick) for tick in ticks(0.0, 24_000.0)][:2] == ["$0", "$5,000"]


def test_a_name_does_not_stand_on_a_curve_or_a_limit_where_there_is_room():
    curve = Line(((0.0, 0.05), (0.5, 0.0), (1.0, 0.0)), "proposed")
    chart = drawn(lines=(curve,), markers=(Marker(0.5, 0.0, "Proposed", "diamond"),), limits=((0.5, "limit"),))
    (name,) = (text for text in chart.texts if text.text == "Proposed")
    left, top, right, bottom = text_box(name)
    for path in [s.path for s in chart.strokes if s.width == 2.0]:
        for (ax, ay), (bx, by) in pairwise(corners(path)):
            for part in range(101):
                x, y = ax + (bx - ax) * part / 100, ay + (by - ay) * part / 100
                assert not (left < x < right and top < y < bottom)
    (limit,) = (s.path for s in chart.strokes if s.dash)
    assert not left < corners(limit)[0][0] < right


def test_a_name_that_stands_off_its_point_is_led_to_it():
    names = ("Proposed", "Half the move", "IJR only", "Russell only", "Today")
    chart = drawn(markers=tuple(Marker(0.97 + 0.005 * k, 0.5, name) for k, name in enumerate(names)))
    leaders = [s.path for s in chart.strokes if s.width == 0.7]
    boxes = {text.text: text_box(text) for text in chart.texts if text.text in names}
    assert leaders
    for path in leaders:
        _, (x, y) = corners(path)
        assert any(box[0] - 0.1 <= x <= box[2] + 0.1 and box[1] - 0.1 <= y <= box[3] + 0.1 for box in boxes.values())


def test_orders_of_one_kind_are_told_apart_by_their_account_and_a_single_one_is_not():
    from advisor.report.sections.drawings import waterfall_chart
    from tests.report_fixture import market, plan

    made = plan()
    labels = [text.text for text in waterfall_chart(made, market()).texts[::2]][1:-1]
    kinds = [(trade.side, trade.symbol) for trade in made.trades]
    for label in labels:
        words = label.split(", ")
        if words[0].split()[0] in {"Sell", "Buy"}:
            side, symbol = words[0].split()
            assert (len(words) > 1) == (kinds.count((side.lower(), symbol)) > 1)
    assert len(set(labels)) == len(labels)


def test_orders_that_do_not_move_the_seven_are_not_drawn():
    from advisor.report.sections.drawings import waterfall_chart
    from tests.samples import answer

    saver = answer("young-saver")
    assert saver.plan.trades
    assert waterfall_chart(saver.plan, saver.market) is None


ROUNDED = 0.02  # places are written with two decimals


@pytest.mark.parametrize("seed", range(300))
def test_every_bound_is_named_at_its_own_line(seed):
    """One or two, together or apart, at the edges too: no name on another, nor across another's line.

    A measure has a minimum and a maximum at most, so no drawing has three.
    """
    rng = np.random.default_rng(seed)
    places = sorted(float(x) for x in rng.uniform(34, WIDTH - 6, int(rng.integers(1, 3))))
    if seed % 3 == 0:  # close together
        places = [min(max(places[0] + 4.0 * k, 34.0), WIDTH - 6) for k in range(len(places))]
    labels = list(rng.permutation(["min 10%", "max 12.34%", "your limit 65%"]))[: len(places)]
    placed = list(bounds.above(tuple(zip(places, labels, strict=True)), 44.0))
    boxes = [text_box(one.text) for one in placed]
    for (a, one), (b, other) in combinations(zip(boxes, placed, strict=True), 2):
        assert not (min(a[2], b[2]) > max(a[0], b[0]) and min(a[3], b[3]) > max(a[1], b[1]))
        for box, line in ((a, other), (b, one)):  # a line rises to its own name, and through no other
            assert not (box[0] + ROUNDED < line.line < box[2] - ROUNDED and line.rise < box[3])
    near_an_edge = any(min(place, WIDTH - place) < 60 for place in places)
    for one, (left, _, right, bottom) in zip(placed, boxes, strict=True):
        assert left >= -ROUNDED
        assert right <= WIDTH + ROUNDED
        assert left - 3.1 <= one.line <= right + 3.1
        assert abs(one.rise - bottom) < 1
        nearest = min(abs(one.text.x - other.line) for other in placed)
        assert near_an_edge or abs(one.text.x - one.line) <= nearest + 2 * ROUNDED
