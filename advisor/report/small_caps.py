"""Small companies against large ones, by the months at hand: a chart of the ratio, and calendar years won and lost.

The months are those that the losses of the worst months are measured over. A year counts only if all twelve are there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from advisor.format import number, signed_percent
from advisor.market.data import MarketData
from advisor.report.charts.marks import Chart
from advisor.report.charts.plane import Axis, Line, Plane, exact_words, plane_chart
from advisor.report.model import Cell, Column, Table
from advisor.report.parts import row
from advisor.units import Vector

_LARGE = ("SPY", "VOO", "IVV")  # one index; the first that the market data have months of
_SMALL = ("IWM", "IJR")
_MONTHS_OF_YEAR = 12


@dataclass(frozen=True, slots=True)
class Months:
    """Monthly returns of the small-cap funds and of the large-cap fund, and years and ends of the months."""

    large: str
    returns: dict[str, Vector]  # by symbol, shape (T,)
    years: tuple[int, ...]
    ends: tuple[str, ...]
    source: str


def months(market: MarketData) -> Months | None:
    """The months at hand; None where one of the funds has none, or where they are a year or less."""
    scenarios = market.scenarios
    columns = {symbol: column for column, symbol in enumerate(scenarios.symbols)}
    large = next((symbol for symbol in _LARGE if symbol in columns), None)
    if large is None or len(scenarios.months) <= _MONTHS_OF_YEAR or not set(_SMALL) <= columns.keys():
        return None
    return Months(
        large,
        {symbol: scenarios.returns[:, columns[symbol]] for symbol in (large, *_SMALL)},
        tuple(month.year for month in scenarios.months),
        tuple(month.isoformat() for month in scenarios.months),
        scenarios.source,
    )


def ratio_chart(known: Months) -> Chart:
    """Wealth in each small-cap fund over wealth in the large-cap fund, 100 at the start."""
    large = np.cumprod(1 + known.returns[known.large])
    series = {symbol: 100 * np.cumprod(1 + known.returns[symbol]) / large for symbol in _SMALL}
    steps = [_decimal_year(end) for end in known.ends]
    start = steps[0] - 1 / _MONTHS_OF_YEAR
    lines = tuple(
        Line(
            ((start, 100.0), *zip(steps, values.tolist(), strict=True)),
            "proposed" if symbol == "IJR" else "now",
            f"{symbol} {number(values[-1], 0)}",
            "" if symbol == "IJR" else "5 2",
        )
        for symbol, values in series.items()
    )
    every = np.concatenate([*series.values(), [100.0]])
    ends = float(every.min()), float(every.max())
    words = "; ".join(f"{line.label} at the end, lowest {number(min(p[1] for p in line.points), 0)}" for line in lines)
    plane = Plane(
        Axis("", start, steps[-1], _year_words, is_tight=True),
        Axis(f"Wealth over wealth in {known.large}, 100 at the start", *ends, exact_words(number, 1, ends)),
        lines,
    )
    return plane_chart(
        "small-large",
        f"Small companies against large ones since {known.ends[0][:7]}",
        f"{words}. Below 100 the small-cap fund lagged {known.large}.",
        plane,
    )


def _year_words(year: float) -> str:
    """``2017``; nothing within a year."""
    return f"{year:.0f}" if year == round(year) else ""


def _decimal_year(end: str) -> float:
    return int(end[:4]) + int(end[5:7]) / _MONTHS_OF_YEAR


def years_table(known: Months) -> Table | None:
    """Returns of each whole calendar year, and which small-cap fund lagged in it; None without one."""
    years = [year for year in sorted(set(known.years)) if known.years.count(year) == _MONTHS_OF_YEAR]
    if not years:
        return None
    of_year = {symbol: {year: _year_return(known, symbol, year) for year in years} for symbol in (known.large, *_SMALL)}
    columns = (Column("Year", "word"), Column(known.large), *(Column(symbol) for symbol in _SMALL))
    rows = tuple(
        row(
            str(year),
            signed_percent(of_year[known.large][year]),
            *(_against(of_year[symbol][year], of_year[known.large][year]) for symbol in _SMALL),
        )
        for year in years
    )
    notes = (
        " ".join(_record_words(symbol, known.large, of_year, years) for symbol in _SMALL),
        f"Total returns of past months; {known.source}. Past years say nothing certain about the next.",
    )
    return Table("Years in which small companies lagged", columns, rows, notes)


def _year_return(known: Months, symbol: str, year: int) -> float:
    within = np.array([of == year for of in known.years])
    return float(np.prod(1 + known.returns[symbol][within]) - 1)


def _against(small: float, large: float) -> Cell:
    return Cell(f"{signed_percent(small)}, lagged", tone="worse") if small < large else Cell(signed_percent(small))


def _record_words(symbol: str, large: str, of_year: dict[str, dict[int, float]], years: list[int]) -> str:
    lost = sum(of_year[symbol][year] < of_year[large][year] for year in years)
    return f"{symbol} lagged {large} in {lost} of {len(years)} whole years."
