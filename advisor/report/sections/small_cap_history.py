"""Small companies against large ones over all years that are known: a chart of the ratio, and years won and lost.

The figures are those of the evidence, up to the day of the decision. The last ten years are shaded: they are what is
remembered, and no more than a part.
"""

from __future__ import annotations

from datetime import date

from advisor.evidence.momentum import CalendarYears, YearReturns
from advisor.evidence.relative import RelativeHistory
from advisor.format import iso, number, plural, signed_percent
from advisor.market.estimate.returns import years_before
from advisor.report.charts.marks import Chart
from advisor.report.charts.plane import Axis, Line, Plane, exact_words, plane_chart
from advisor.report.model import Cell, Column, Row, Table
from advisor.report.parts import row

RECENT = 10  # years that are shaded, and counted apart
SCREENED = "IJR"
_DAYS_A_YEAR = 365.25


def relative_chart(known: RelativeHistory, as_of: date) -> Chart | None:
    """Wealth in each small-cap fund over wealth in the large-cap fund, 100 at the start; None before `as_of`."""
    ends, ratios = known.until(as_of)
    if len(ends) <= 1:
        return None
    steps = [_decimal_year(end) for end in ends]
    lines = tuple(
        Line(
            tuple(zip(steps, (100.0 * ratio for ratio in of_fund), strict=True)),
            "proposed" if symbol == SCREENED else "now",
            f"{symbol} {number(100.0 * of_fund[-1], 0)}",
            "" if symbol == SCREENED else "5 2",
        )
        for symbol, of_fund in ratios.items()
    )
    heights = [y for line in lines for _, y in line.points]
    bounds = min(heights), max(heights)
    recent = _decimal_year(years_before(ends[-1], RECENT))
    plane = Plane(
        Axis("", steps[0], steps[-1], _year_words, is_tight=True),
        Axis(f"Wealth over wealth in {known.large}, 100 at the start", *bounds, exact_words(number, 1, bounds)),
        lines,
        shaded=(max(recent, steps[0]), steps[-1], f"last {RECENT} years") if recent > steps[0] else None,
    )
    return plane_chart(
        "small-large",
        f"Small companies against large ones, {iso(ends[0])} to {iso(ends[-1])}",
        _told(known, lines, is_whole=ends[-1] == known.last),
        plane,
    )


def _told(known: RelativeHistory, lines: tuple[Line, ...], *, is_whole: bool) -> str:
    words = "; ".join(f"{line.label} at the end, lowest {number(min(y for _, y in line.points), 0)}" for line in lines)
    told = f"{words}. Where a line falls, the small-cap fund lagged {known.large}."
    if not is_whole:
        return told
    returns = ", ".join(f"{path.symbol} {signed_percent(path.total_return, 0)}" for path in known.paths)
    return f"{told} Returns in all: {returns}, {known.large} {signed_percent(known.large_return, 0)}."


def _year_words(year: float) -> str:
    """``2017``; nothing within a year."""
    return f"{year:.0f}" if year == round(year) else ""


def _decimal_year(day: date) -> float:
    return day.year + (day - date(day.year, 1, 1)).days / _DAYS_A_YEAR


def years_table(known: CalendarYears, as_of: date) -> Table | None:
    """Returns of each whole calendar year up to `as_of`, and which small-cap fund lagged in it; None without one."""
    years = [year for year in known.years if date(year.year, 12, 31) <= as_of]
    if not years:
        return None
    large, *small = known.symbols
    rows = tuple(_year_row(year) for year in reversed(years))
    notes = (
        " ".join(filter(None, (_record_words(known.symbols, place, years) for place in range(1, len(known.symbols))))),
        f"Total returns, to {iso(known.last)}. Past years say nothing certain about the next.",
    )
    columns = (Column("Year", "word"), Column(large), *(Column(symbol) for symbol in small))
    return Table("Small companies against large ones, year by year", columns, rows, notes)


def _year_row(year: YearReturns) -> Row:
    large, *small = year.returns
    return row(str(year.year), _shown(large), *(_against(value, large) for value in small))


def _shown(value: float | None) -> str:
    return "unknown" if value is None else signed_percent(value)


def _against(small: float | None, large: float | None) -> Cell:
    if small is None or large is None or small >= large:
        return Cell(_shown(small))
    return Cell(f"{signed_percent(small)}, lagged", tone="worse")


def _record_words(symbols: tuple[str, ...], place: int, years: list[YearReturns]) -> str:
    """In how many of all years, and of the last ten, the fund led; empty where no year of it is known."""
    pairs = [(year.returns[place], year.returns[0]) for year in years]
    led = [small > large for small, large in pairs if small is not None and large is not None]
    if not led:
        return ""
    recent = f", and in {sum(led[-RECENT:])} of the last {RECENT}" if len(led) > RECENT else ""
    return f"{symbols[place]} led {symbols[0]} in {sum(led)} of {plural(len(led), 'whole year')}{recent}."
