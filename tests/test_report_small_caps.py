"""The picture of small companies against large ones, and the years in which they lagged: all years that are known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from advisor.evidence.momentum import YearReturns
from advisor.evidence.results import dated_results
from advisor.format import NO_BREAK
from advisor.report.sections.small_cap_history import relative_chart, years_table

DAY = date(2026, 11, 20)
RELATIVE, YEARS = dated_results().relative, dated_results().years
assert RELATIVE is not None
assert YEARS is not None


def cells(table, column: int) -> list[str]:
    return [row.cells[column].text.replace(NO_BREAK, " ") for row in table.rows]


def test_the_picture_covers_all_years_and_marks_the_last_ten() -> None:
    chart = relative_chart(RELATIVE, DAY)
    assert chart is not None
    assert chart.title == "Small companies against large ones, 2000-05-26 to 2026-07-13"
    texts = {text.text for text in chart.texts}
    assert {"IWM 104", "IJR 145", "last 10 years"} <= texts
    (shaded,) = [rect for rect in chart.rects if rect.tone == "shade"]
    (across,) = [path for path in chart.strokes if path.tone == "proposed"]
    xs = [float(spot.split()[0]) for spot in across.path[1:].split("L")]
    assert shaded.x + shaded.width == pytest.approx(xs[-1], abs=0.1)
    assert shaded.width / (xs[-1] - xs[0]) == pytest.approx(10 / 26.13, abs=0.01)
    told = chart.description.replace(NO_BREAK, " ")
    assert "Returns in all: IWM +801%, IJR +1,155%, SPY +764%." in told


def test_an_earlier_decision_sees_no_later_month_and_no_total() -> None:
    chart = relative_chart(RELATIVE, date(2020, 4, 15))
    assert chart is not None
    assert chart.title.endswith("2000-05-26 to 2020-03-31")
    assert "Returns in all" not in chart.description
    assert relative_chart(RELATIVE, date(2000, 5, 28)) is None


@pytest.mark.parametrize("months", [1, 5, 13, 20, 40, 60, 121, 122, 315])
def test_no_two_years_of_an_axis_are_written_alike_however_short_the_history(months: int) -> None:
    chart = relative_chart(RELATIVE, RELATIVE.ends[months - 1])
    assert chart is not None
    for anchor in ("middle", "end"):  # years below, levels at the left
        words = [text.text for text in chart.texts if text.anchor == anchor]
        assert len(set(words)) == len(words)
    is_shaded = any(rect.tone == "shade" for rect in chart.rects)
    assert is_shaded is (RELATIVE.ends[months - 1] - RELATIVE.first > timedelta(days=3653))


def test_every_whole_year_is_told_the_newest_first() -> None:
    table = years_table(YEARS, DAY)
    assert table is not None
    assert cells(table, 0) == [str(year) for year in range(2025, 2000, -1)]
    lagged = sum(cell.endswith("lagged") for cell in cells(table, 3))
    assert lagged == 14
    assert table.notes[0].replace(NO_BREAK, " ") == (
        "IWM led SPY in 12 of 25 whole years, and in 2 of the last 10. "
        "IJR led SPY in 11 of 25 whole years, and in 2 of the last 10."
    )


def test_the_years_agree_with_published_total_returns() -> None:
    """SPY returned 28.7% in 2021 and -18.2% in 2022, IWM 14.5% and -20.5%: State Street's and iShares' fact sheets.

    Tolerance 0.1 points.
    """
    table = years_table(YEARS, DAY)
    assert table is not None
    shown = dict(zip(cells(table, 0), zip(cells(table, 1), cells(table, 2), strict=True), strict=True))
    for year, published in {"2021": (28.7, 14.5), "2022": (-18.2, -20.5)}.items():
        figures = [float(cell.split("%")[0].replace("−", "-")) for cell in shown[year]]
        assert figures == pytest.approx(published, abs=0.1)


def test_a_year_that_is_not_over_on_the_day_is_not_told() -> None:
    table = years_table(YEARS, date(2022, 12, 30))
    assert table is not None
    assert cells(table, 0)[0] == "2021"
    assert "of the last" in table.notes[0]
    few = years_table(YEARS, date(2005, 1, 1))
    assert few is not None
    assert few.notes[0].replace(NO_BREAK, " ").startswith("IWM led SPY in 4 of 4 whole years.")
    assert years_table(YEARS, date(2001, 6, 1)) is None


def test_an_unknown_year_of_a_fund_lags_nothing() -> None:
    known = replace(YEARS, years=(YearReturns(2001, (0.1, None, 0.2)),))
    table = years_table(known, DAY)
    assert table is not None
    assert cells(table, 2) == ["unknown"]
    assert table.notes[0].replace(NO_BREAK, " ") == "IJR led SPY in 1 of 1 whole year."
