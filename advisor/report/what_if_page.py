"""The what-if page: two knobs over a grid of real answers, as text and coordinates that its script only picks from.

1. Every figure is formatted here, and every point has its place in the drawings here: the script computes nothing.
2. A point without an answer is a gap in curve and table, and says whether that is proved.
3. Without the script the page shows the curve and tables at the household's own limits.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from advisor.format import EN_DASH, iso, percent
from advisor.market.data import MarketData
from advisor.portfolio.model import Portfolio
from advisor.portfolio.written import bound_text
from advisor.rebalance.model import HouseholdState
from advisor.report.charts.marks import COLOURS, Chart
from advisor.report.charts.plane import Axis, Plane, exact_words, plane_chart, scales
from advisor.report.context import Sources, header_of
from advisor.report.model import Card, Cell, Column, Entry, Figure, Header, Row, Table
from advisor.report.page.render import fonts
from advisor.report.page.sandbox import environment, plain
from advisor.report.parts import row
from advisor.report.sections.answer import illustration_words
from advisor.report.sections.disclosures import IMPORTANT, data_dates, disclosures, fund_days
from advisor.report.sections.least_cost import least_cost_chart, outcome_spots
from advisor.report.sections.trade_off import outcomes_table
from advisor.report.what_if_points import (
    MEASURES,
    Bounds,
    Measure,
    Shown,
    bound_name,
    proposal_words,
    shown_of,
    shown_of_proposal,
)
from advisor.share import share
from advisor.whatif.curves import INSIDE
from advisor.whatif.model import CurvePoint, Grid, LeastCost, Outcome

_MOST_ROWS = 14
_PROVED, _UNDECIDED = 0, 1  # gaps in the data of the script
_WRITTEN = 1e-6  # of a percentage point
_GAP_WORDS = ("No trades reach this within the other limits: that is proved.", "No answer was found here.")

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class WhatIfView:
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
    picks: tuple[Outcome, ...] = ()
    sweeps: tuple[tuple[str, tuple[Outcome, ...]], ...] = ()
    least_cost: LeastCost | None = None

    @property
    def proposal(self) -> Outcome:
        """The first of them."""
        return self.outcomes[0]

    def tables(self) -> tuple[Table, ...]:
        """One table for each caption."""
        proposed = self.proposal.trades
        others = (("Three picks, each with its own orders", self.picks), *self.sweeps)
        return (
            outcomes_table("The proposal beside other scenarios", self.outcomes, proposed),
            *(outcomes_table(caption, outcomes, proposed) for caption, outcomes in others if outcomes),
        )


@dataclass(frozen=True, slots=True)
class Knob:
    """One slider: the words of its positions, the one it starts at, and what it says there."""

    key: str
    label: str
    words: tuple[str, ...]
    start: int
    first: str


@dataclass(frozen=True, slots=True)
class WhatIfPage:
    """Everything the page shows; `data` is what its script reads."""

    header: Header
    knobs: tuple[Knob, ...]
    views: tuple[WhatIfView, ...]
    cards: tuple[Card, ...]
    status: str
    reset: str  # words of the button that leads back
    data: Json
    cost: Figure | None
    tables: tuple[Table, ...]
    outcomes: tuple[Table, ...]
    important: str
    disclosures: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class _Start:
    """Where the page begins: at the proposal, with the knobs at the nearest point, or at that point without one."""

    cap: int
    held: int
    shown: Shown | None  # of the proposal
    words: str

    @classmethod
    def of(cls, portfolio: Portfolio, grid: Grid, proposal: Outcome) -> _Start:
        """At the user's own cap and the proposal's small caps."""
        bound, shown = Bounds.of(portfolio).seven, shown_of_proposal(proposal)
        cap = _nearest(grid.caps, float(bound.bound)) if bound is not None else 0
        held = _nearest(grid.shares, shown.small_caps if shown else grid.shares[0])
        return cls(cap, held, shown, proposal_words(proposal) if shown else "")


def what_if_page(
    portfolio: Portfolio,
    market: MarketData,
    sources: Sources,
    grid: Grid,
    beside: Beside,
    before: HouseholdState,
) -> WhatIfPage:
    """The page over `grid`, which has at least one point, with everything else that was compared."""
    start, bounds = _Start.of(portfolio, grid, beside.proposal), Bounds.of(portfolio)
    planes = tuple(_plane(measure, bounds, grid, start) for measure in MEASURES)
    has_answers = any(found.measures for points in grid.points for found in points)
    data = _data(grid, planes, bounds, start)
    after = beside.proposal.after
    dates = data_dates(iso(market.as_of), iso(market.risk_free.as_of), fund_days(before, *([after] if after else [])))
    return WhatIfPage(
        header=_header(portfolio, market, sources),
        knobs=_knobs(grid, start),
        views=tuple(_view(*found, grid, start) for found in zip(MEASURES, planes, strict=True) if has_answers),
        cards=_cards(start.shown or _shown(grid.points[start.cap][start.held]), before),
        status=_status(grid.points[start.cap][start.held], bounds, start),
        reset="Back to the proposal" if start.shown else "Back to the start",
        data=data,
        cost=_cost_figure(beside, bounds, before),
        tables=(_share_table(grid, start.cap), _cap_table(grid, start.held)),
        outcomes=beside.tables(),
        important=IMPORTANT,
        disclosures=disclosures(portfolio, dates),
    )


def _knobs(grid: Grid, start: _Start) -> tuple[Knob, ...]:
    """Two sliders; that of small caps says the proposal's own share as long as the proposal is shown."""
    caps, shares = _percents(grid.caps), _percents(grid.shares)
    share = percent(start.shown.small_caps) if start.shown else shares[start.held]
    return (
        Knob("cap", "Magnificent Seven, at most", caps, start.cap, caps[start.cap]),
        Knob("small", "Small-cap funds, exactly", shares, start.held, share),
    )


def _cost_figure(beside: Beside, bounds: Bounds, before: HouseholdState) -> Figure | None:
    named = None
    if bounds.seven is not None:
        named = (float(bounds.seven.bound), f"your limit {bound_text(bounds.seven.name, bounds.seven.bound)}")
    spots = outcome_spots((beside.proposal, *beside.picks))
    drawn = least_cost_chart(beside.least_cost, before, named, spots)
    notes = (
        "The least tax and spread that reach each level, in parts of a share, with every other limit no worse than "
        "today. What lies above the curve pays for other limits as well, or for a better mix.",
    )
    return None if drawn is None else Figure("Hypothetical: least cost of each level of the seven", drawn, notes)


def render_what_if(page: WhatIfPage) -> str:
    """One self-contained page; equal input gives equal text. Raises TypeError for what is no dataclass."""
    script = (share("templates") / "_what-if.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    values = plain(page)
    if not isinstance(values, dict):
        raise TypeError("the page is no dataclass")
    given = {**values, "script_hash": f"sha256-{digest}", "colours": plain(COLOURS), "fonts": plain(fonts())}
    return environment().get_template("what-if.html.j2").render(given)


def _header(portfolio: Portfolio, market: MarketData, sources: Sources) -> Header:
    header = header_of(portfolio, market, sources, "What if")
    if not header.age_line:
        return header
    return replace(header, age_line=f"{illustration_words(market.as_of)}. {header.age_line}")


def _nearest(values: tuple[float, ...], wanted: float) -> int:
    return min(range(len(values)), key=lambda number: abs(values[number] - wanted))


def _percents(values: tuple[float, ...]) -> tuple[str, ...]:
    """Each with the decimals that write it as it is, so that a bound of the user's is not rounded; at most three."""

    def decimals(value: float) -> int:
        return next((d for d in range(3) if abs(round(100 * value, d) - 100 * value) < _WRITTEN), 3)

    return tuple(percent(value, decimals(value)) for value in values)


def _plane(measure: Measure, bounds: Bounds, grid: Grid, start: _Start) -> Plane:
    """Axes that hold every point of the grid and the proposal, with the user's own bounds.

    A bound that stands at an end of the grid is one of its shares, which a comparison of floats would miss.
    """
    answers = [*(_shown(point) for points in grid.points for point in points), start.shown]
    values = [measure.of(found) for found in answers if found is not None]
    levels = [bounds.seven] if measure.key == "seven" and bounds.seven else []
    places = [grid.shares[0], grid.shares[-1], *([start.shown.small_caps] if start.shown else [])]
    ends = [*values, *(float(limit.bound) for limit in levels)] or [0.0]
    across, up = (min(places), max(places)), (min(ends), max(ends))
    sides = [limit for limit in (bounds.least, bounds.most) if limit is not None]
    inside = [one for one in sides if across[0] - INSIDE <= float(one.bound) <= across[1] + INSIDE]
    return Plane(
        Axis("small-cap funds", *across, exact_words(percent, 100, across)),
        Axis(measure.label, *up, exact_words(measure.form, measure.scale, up)),
        (),
        limits=tuple((float(limit.bound), bound_name(limit)) for limit in inside),
        levels=tuple((float(limit.bound), bound_name(limit)) for limit in levels),
    )


def _view(measure: Measure, plane: Plane, grid: Grid, start: _Start) -> WhatIfView:
    words = f"A curve over the share of small-cap funds, at a cap of {percent(grid.caps[start.cap])} at first."
    places = [_place(found.at, _shown(found), measure, plane) for found in grid.points[start.cap]]
    return WhatIfView(
        measure.key,
        measure.label,
        plane_chart(f"view-{measure.key}", measure.label, words, plane),
        _path(places),
        _place(start.shown.small_caps, start.shown, measure, plane) if start.shown else places[start.held],
    )


def _place(at: float, shown: Shown | None, measure: Measure, plane: Plane) -> tuple[float, float] | None:
    if shown is None:
        return None
    x, y = scales(plane)
    return round(x.at(at), 1), round(y.at(measure.of(shown)), 1)


def _shown(point: CurvePoint) -> Shown | None:
    return None if point.measures is None else shown_of(point.measures)


def _path(places: Sequence[tuple[float, float] | None]) -> str:
    """A line through the points, with a gap where one has no place."""
    text, pen = "", "M"
    for place in places:
        if place is not None:
            text += f"{pen}{place[0]:g} {place[1]:g}"
        pen = "M" if place is None else "L"
    return text


def _data(grid: Grid, planes: tuple[Plane, ...], bounds: Bounds, start: _Start) -> Json:
    """Texts and coordinates by cap and share; a gap is 0 where it is proved, else 1."""
    by_key = {measure.key: (measure, plane) for measure, plane in zip(MEASURES, planes, strict=True)}
    return {
        "start": [start.cap, start.held],
        "proposal": _proposal(grid, by_key, bounds, start),
        "words": [*bounds.words()],
        "gaps": list(_GAP_WORDS),
        "x": {key: [round(scales(plane)[0].at(held), 1) for held in grid.shares] for key, (_, plane) in by_key.items()},
        "y": {
            key: [[_height(point, measure, plane) for point in points] for points in grid.points]
            for key, (measure, plane) in by_key.items()
        },
        "points": [[_point(point, bounds) for point in points] for points in grid.points],
    }


def _proposal(
    grid: Grid, by_key: dict[str, tuple[Measure, Plane]], bounds: Bounds, start: _Start
) -> dict[str, object] | None:
    """What the page says and draws of the proposal itself; None without one."""
    if start.shown is None:
        return None
    places = {key: _place(start.shown.small_caps, start.shown, *drawn) for key, drawn in by_key.items()}
    return {
        "knobs": {knob.key: knob.first for knob in _knobs(grid, start)},
        "status": start.words,
        "beyond": bounds.broken(start.shown) != (0,),
        "figures": list(start.shown.figures()),
        "spots": {key: list(place) for key, place in places.items() if place is not None},
    }


def _height(point: CurvePoint, measure: Measure, plane: Plane) -> float | None:
    place = _place(point.at, _shown(point), measure, plane)
    return None if place is None else place[1]


def _point(point: CurvePoint, bounds: Bounds) -> object:
    shown = _shown(point)
    if shown is None:
        return _PROVED if point.is_proved else _UNDECIDED
    return [list(bounds.broken(shown)), *shown.figures()]


def _cards(shown: Shown | None, before: HouseholdState) -> tuple[Card, ...]:
    figures = shown.figures() if shown else (EN_DASH,) * 6
    labels = (
        ("Magnificent Seven", f"{percent(before.exposure.seven.high)} today, upper end"),
        ("Small-cap funds", f"{percent(before.small_cap_weight)} today"),
        ("Volatility a year", f"{percent(before.volatility)} today"),
        ("Tax and spread", "once, this year"),
        ("Net benefit a year", "against doing nothing"),
        ("Traded", "half the sum of all trades"),
    )
    return tuple(Card(label, figure, words) for (label, words), figure in zip(labels, figures, strict=True))


def _status(point: CurvePoint, bounds: Bounds, start: _Start) -> str:
    if start.shown is not None:
        return start.words
    shown = _shown(point)
    if shown is None:
        return _GAP_WORDS[_PROVED if point.is_proved else _UNDECIDED]
    words = bounds.words()
    return " ".join(words[number] for number in bounds.broken(shown))


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
        Column("Net benefit a year"),
        Column("Traded"),
    )
    return Table(caption, columns, tuple(rows))


def _point_row(label: str, point: CurvePoint) -> Row:
    shown = _shown(point)
    if shown is None:
        return row(label, Cell("no answer" if point.is_proved else "not found"), *([EN_DASH] * 4))
    seven, _, volatility, cost, gain, turnover = shown.figures()
    return row(label, seven, volatility, cost, gain, turnover)
