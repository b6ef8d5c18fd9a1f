"""The what-if page: two knobs over a grid of real answers, as text and coordinates that its script only picks from.

1. Every figure is formatted here, and every point has its place in the drawings here: the script computes nothing.
2. A point without an answer is a gap in curve and table, and says whether that is proved.
3. Without the script the page shows the curve and tables at the household's own limits.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from advisor.format import EN_DASH, exact_money, money, percent, signed_bps
from advisor.market.data import MarketData
from advisor.portfolio.model import Limit, LimitKind, Portfolio
from advisor.rebalance.model import HouseholdState
from advisor.report.charts.marks import COLOURS, Chart
from advisor.report.charts.plane import Axis, Plane, exact_words, plane_chart, scales
from advisor.report.context import Sources, header_of
from advisor.report.model import Card, Cell, Column, Header, Row, Table
from advisor.report.parts import row
from advisor.report.render import fonts
from advisor.report.sandbox import environment, plain
from advisor.report.trade_off import outcomes_table
from advisor.share import share
from advisor.whatif.model import CurvePoint, Grid, Measures, Outcome

_MOST_ROWS = 14
_PROVED, _UNDECIDED = 0, 1  # gaps in the data of the script
_GAP_WORDS = ("No trades reach this within the other limits: that is proved.", "No answer was found here.")
_ROOM = 1e-6

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure that a curve can show; `form` writes it with so many decimals, `scale` times as large."""

    key: str
    label: str
    of: Callable[[Measures], float]
    form: Callable[[float, int], str]
    scale: float


MEASURES = (
    Measure("seven", "Magnificent Seven after the trades", lambda m: m.magnificent_seven, percent, 100),
    Measure("volatility", "Volatility a year", lambda m: m.volatility, percent, 100),
    Measure("cost", "Tax and spread, once", lambda m: float(m.tax_usd + m.spread_usd), exact_money, 1),
    Measure("gain", "Gain a year against doing nothing", lambda m: m.gain, signed_bps, 10_000),
)


@dataclass(frozen=True, slots=True)
class View:
    """One drawing: axes and bounds, and where the curve and its point stand at the start."""

    key: str
    label: str
    chart: Chart
    path: str
    spot: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Beside:
    """What was compared, each under its caption: the first of `outcomes` is the proposal."""

    outcomes: tuple[Outcome, ...]
    others: tuple[tuple[str, tuple[Outcome, ...]], ...] = ()  # picks, and sweeps

    def tables(self) -> tuple[Table, ...]:
        """One table for each caption."""
        proposed = self.outcomes[0].trades
        return (
            outcomes_table("The proposal beside other scenarios", self.outcomes, proposed),
            *(outcomes_table(caption, outcomes, proposed) for caption, outcomes in self.others if outcomes),
        )


@dataclass(frozen=True, slots=True)
class Knob:
    """One slider: the words of its positions, and the one it starts at."""

    key: str
    label: str
    words: tuple[str, ...]
    start: int


@dataclass(frozen=True, slots=True)
class WhatIfPage:
    """Everything the page shows; `data` is what its script reads."""

    header: Header
    knobs: tuple[Knob, ...]
    views: tuple[View, ...]
    cards: tuple[Card, ...]
    status: str
    data: Json
    tables: tuple[Table, ...]
    outcomes: tuple[Table, ...]


def what_if_page(
    portfolio: Portfolio,
    market: MarketData,
    sources: Sources,
    grid: Grid,
    beside: Beside,
    before: HouseholdState,
) -> WhatIfPage:
    """The page over `grid`, which has at least one point, with everything else that was compared."""
    cap, held = _start(portfolio, grid, beside.outcomes[0])
    point = grid.points[cap][held]
    planes = tuple(_plane(measure, portfolio, grid) for measure in MEASURES)
    bounds = _Bounds.of(portfolio)
    has_answers = any(found.measures for points in grid.points for found in points)
    return WhatIfPage(
        header=header_of(portfolio, market, sources, "What if"),
        knobs=(
            Knob("cap", "Magnificent Seven, at most", _percents(grid.caps), cap),
            Knob("small", "Small-cap funds, exactly", _percents(grid.shares), held),
        ),
        views=tuple(_view(*found, grid, (cap, held)) for found in zip(MEASURES, planes, strict=True) if has_answers),
        cards=_cards(point, before),
        status=_status(point, bounds),
        data=_data(grid, planes, bounds, (cap, held)),
        tables=(_share_table(grid, cap), _cap_table(grid, held)),
        outcomes=beside.tables(),
    )


def render_what_if(page: WhatIfPage) -> str:
    """One self-contained page; equal input gives equal text."""
    script = (share("templates") / "_what-if.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    values = plain(page)
    if not isinstance(values, dict):
        raise TypeError("the page is no dataclass")
    given = {**values, "script_hash": f"sha256-{digest}", "colours": plain(COLOURS), "fonts": plain(fonts())}
    return environment().get_template("what-if.html.j2").render(given)


@dataclass(frozen=True, slots=True)
class _Bounds:
    """The user's own bounds that the knobs replace."""

    seven: Limit | None
    most: Limit | None
    least: Limit | None

    @classmethod
    def of(cls, portfolio: Portfolio) -> _Bounds:
        found = {(limit.name, limit.kind): limit for limit in portfolio.limits}
        return cls(
            found.get(("magnificent_seven", LimitKind.MAX)),
            found.get(("small_caps", LimitKind.MAX)),
            found.get(("small_caps", LimitKind.MIN)),
        )

    def words(self) -> tuple[str, ...]:
        """What can be said of a point, in the order of `broken`."""
        return (
            "Within your own limits on the seven and on small caps.",
            *(
                f"Beyond your own limit: {name} {side} {percent(limit.bound)}."
                for name, side, limit in (
                    ("Magnificent Seven", "at most", self.seven),
                    ("small caps", "at most", self.most),
                    ("small caps", "at least", self.least),
                )
                if limit is not None
            ),
        )

    def broken(self, found: Measures) -> tuple[int, ...]:
        """Which of `words` hold; the first where none other does."""
        excesses = (
            (self.seven, found.magnificent_seven, 1.0),
            (self.most, found.small_caps, 1.0),
            (self.least, found.small_caps, -1.0),
        )
        known = [sign * (value - float(limit.bound)) > _ROOM for limit, value, sign in excesses if limit is not None]
        return tuple(number for number, is_broken in enumerate(known, start=1) if is_broken) or (0,)


def _start(portfolio: Portfolio, grid: Grid, proposal: Outcome) -> tuple[int, int]:
    """Where the knobs stand at first: at the user's own cap and the proposal's small caps, or the nearest to them."""
    bound = _Bounds.of(portfolio).seven
    proposed = proposal.after
    cap = _nearest(grid.caps, float(bound.bound)) if bound is not None else 0
    return cap, _nearest(grid.shares, proposed.small_cap_weight if proposed else grid.shares[0])


def _nearest(values: tuple[float, ...], wanted: float) -> int:
    return min(range(len(values)), key=lambda number: abs(values[number] - wanted))


def _percents(values: tuple[float, ...]) -> tuple[str, ...]:
    """With as many decimals as tell them apart."""
    decimals = next((d for d in (0, 1, 2) if len({round(100 * v, d) for v in values}) == len(values)), 3)
    return tuple(percent(value, decimals) for value in values)


def _plane(measure: Measure, portfolio: Portfolio, grid: Grid) -> Plane:
    """Axes that hold every point of the grid, with the user's own bounds."""
    bounds = _Bounds.of(portfolio)
    values = [measure.of(point.measures) for points in grid.points for point in points if point.measures]
    levels = [bounds.seven] if measure.key == "seven" and bounds.seven else []
    ends = [*values, *(float(limit.bound) for limit in levels)] or [0.0]
    sides = ((bounds.least, "at least"), (bounds.most, "at most"))
    inside = [(limit, side) for limit, side in sides if limit and grid.shares[0] <= limit.bound <= grid.shares[-1]]
    across, up = (grid.shares[0], grid.shares[-1]), (min(ends), max(ends))
    return Plane(
        Axis("small-cap funds", *across, exact_words(percent, 100, across)),
        Axis(measure.label, *up, exact_words(measure.form, measure.scale, up)),
        (),
        limits=tuple((float(limit.bound), f"your limit, {side} {percent(limit.bound)}") for limit, side in inside),
        levels=tuple((float(limit.bound), f"your limit {percent(limit.bound)}") for limit in levels),
    )


def _view(measure: Measure, plane: Plane, grid: Grid, start: tuple[int, int]) -> View:
    cap, held = start
    words = f"A curve over the share of small-cap funds, at a cap of {percent(grid.caps[cap])} at first."
    x, y = scales(plane)
    places = [
        None if point.measures is None else (round(x.at(point.at), 1), round(y.at(measure.of(point.measures)), 1))
        for point in grid.points[cap]
    ]
    return View(
        measure.key,
        measure.label,
        plane_chart(f"view-{measure.key}", measure.label, words, plane),
        _path(places),
        places[held],
    )


def _path(places: Sequence[tuple[float, float] | None]) -> str:
    """A line through the points, with a gap where one has no place."""
    text, pen = "", "M"
    for place in places:
        if place is not None:
            text += f"{pen}{place[0]:g} {place[1]:g}"
        pen = "M" if place is None else "L"
    return text


def _data(grid: Grid, planes: tuple[Plane, ...], bounds: _Bounds, start: tuple[int, int]) -> Json:
    """Texts and coordinates by cap and share; a gap is 0 where it is proved, else 1."""
    return {
        "start": list(start),
        "words": [*bounds.words()],
        "gaps": list(_GAP_WORDS),
        "x": {
            measure.key: [round(scales(plane)[0].at(held), 1) for held in grid.shares]
            for measure, plane in zip(MEASURES, planes, strict=True)
        },
        "y": {
            measure.key: [[_height(point, measure, plane) for point in points] for points in grid.points]
            for measure, plane in zip(MEASURES, planes, strict=True)
        },
        "points": [[_point(point, bounds) for point in points] for points in grid.points],
    }


def _height(point: CurvePoint, measure: Measure, plane: Plane) -> float | None:
    return None if point.measures is None else round(scales(plane)[1].at(measure.of(point.measures)), 1)


def _point(point: CurvePoint, bounds: _Bounds) -> object:
    if point.measures is None:
        return _PROVED if point.is_proved else _UNDECIDED
    return [list(bounds.broken(point.measures)), *_figures(point.measures)]


def _figures(found: Measures) -> tuple[str, ...]:
    """The figures of the cards."""
    return (
        percent(found.magnificent_seven),
        percent(found.small_caps),
        percent(found.volatility),
        money(found.tax_usd + found.spread_usd),
        signed_bps(found.gain),
        percent(found.turnover),
    )


def _cards(point: CurvePoint, before: HouseholdState) -> tuple[Card, ...]:
    figures = _figures(point.measures) if point.measures else (EN_DASH,) * 6
    labels = (
        ("Magnificent Seven", f"{percent(before.exposure.seven.high)} today, upper end"),
        ("Small-cap funds", f"{percent(before.small_cap_weight)} today"),
        ("Volatility a year", f"{percent(before.volatility)} today"),
        ("Tax and spread", "once, this year"),
        ("Gain a year", "against doing nothing"),
        ("Traded", "half the sum of all trades"),
    )
    return tuple(Card(label, figure, words) for (label, words), figure in zip(labels, figures, strict=True))


def _status(point: CurvePoint, bounds: _Bounds) -> str:
    if point.measures is None:
        return _GAP_WORDS[_PROVED if point.is_proved else _UNDECIDED]
    words = bounds.words()
    return " ".join(words[number] for number in bounds.broken(point.measures))


def _share_table(grid: Grid, cap: int) -> Table:
    step = -(-len(grid.shares) // _MOST_ROWS)
    words = _percents(grid.shares)
    rows = [_point_row(words[k], grid.points[cap][k]) for k in range(0, len(grid.shares), step)]
    return _grid_table(f"Over the share of small caps, the seven at most {percent(grid.caps[cap])}", "Small caps", rows)


def _cap_table(grid: Grid, held: int) -> Table:
    step = -(-len(grid.caps) // _MOST_ROWS)
    words = _percents(grid.caps)
    rows = [_point_row(f"at most {words[k]}", grid.points[k][held]) for k in range(0, len(grid.caps), step)]
    return _grid_table(f"Over the cap on the seven, small caps {percent(grid.shares[held])}", "The seven", rows)


def _grid_table(caption: str, first: str, rows: list[Row]) -> Table:
    columns = (
        Column(first, "word"),
        Column("Magnificent Seven"),
        Column("Volatility"),
        Column("Tax and spread"),
        Column("Gain a year"),
        Column("Traded"),
    )
    return Table(caption, columns, tuple(rows))


def _point_row(label: str, point: CurvePoint) -> Row:
    if point.measures is None:
        return row(label, Cell("no answer" if point.is_proved else "not found"), *([EN_DASH] * 4))
    seven, _, volatility, cost, gain, turnover = _figures(point.measures)
    return row(label, seven, volatility, cost, gain, turnover)
