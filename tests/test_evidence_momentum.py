"""Weeks won, what followed them, twelve months, highs and calendar years, on histories with known answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from advisor.evidence.momentum import calendar_years, momentum_of, since
from advisor.market.price_file import panel_of_table, read_prices
from tests.evidence_data import DATA, monthly_panel, needs_data, panel, weekdays

START = date(2024, 1, 1)  # a Monday


def weekly(signs: str):
    """SPY flat; IWM gains or loses 1% on the Monday of each week, by the signs."""
    days = weekdays(START, START + timedelta(days=7 * len(signs) + 4))  # the first week is the base
    level, closes = 100.0, []
    for day in days:
        week = (day - START).days // 7
        if day.weekday() == 0 and week > 0:
            level *= {"+": 1.01, "-": 0.99, "0": 1.0}[signs[week - 1]]
        closes.append(level)
    return panel(days, IWM=closes, SPY=np.full(len(days), 50.0))


def week_end(number: int) -> date:
    return START + timedelta(days=7 * number + 4)


def momentum(signs: str, claimed: int = 4, **changed):
    given = {"streak_weeks": 4, "streak_day": week_end(claimed), **changed}
    return momentum_of(weekly(signs), "IWM", "SPY", **given)


def test_weeks_won_in_a_row_are_counted_up_to_the_week_that_was_claimed() -> None:
    known = momentum("-++++-+", claimed=5)
    assert (known.streak, known.streak_ended) == (4, week_end(5))
    assert known.streak_now == 1
    assert momentum("-++++-+", claimed=6).streak == 0


def test_an_even_week_ends_a_run() -> None:
    assert momentum("++0++", claimed=5).streak == 2


def test_a_week_that_the_prices_do_not_hold_is_not_counted() -> None:
    known = momentum("++++", streak_day=date(2025, 12, 12))
    assert (known.streak, known.streak_ended) == (0, None)


def test_each_run_counts_once_for_what_followed() -> None:
    """Two runs reach four weeks: after one of six weeks come gains first, after the other losses."""
    known = momentum("++++++----++++----")
    (four,) = [after for after in known.after if after.weeks == 4]
    assert (four.count, four.wins) == (2, 0)
    assert four.mean == pytest.approx(((1.01**2 * 0.99**2 - 1) + (0.99**4 - 1)) / 2, abs=1e-12)
    assert four.any_count == 18 - 4


def test_what_followed_agrees_with_counting_by_hand() -> None:
    signs = "".join(np.random.default_rng(3).choice(list("+-"), 80))
    gains = [1.01 if sign == "+" else 0.99 for sign in signs]
    starts = [n for n in range(80) if signs[: n + 1].endswith("++++") and not signs[:n].endswith("++++")]
    expected = [np.prod(gains[n + 1 : n + 14]) - 1 for n in starts if n + 13 < 80]
    (after,) = [after for after in momentum(signs).after if after.weeks == 13]
    assert after.count == len(expected)
    assert after.wins == sum(value > 0 for value in expected)
    assert after.mean == pytest.approx(np.mean(expected), abs=1e-12)


def test_an_early_gap_does_not_reach_later_weeks() -> None:
    whole = weekly("++++----++++----")
    prices = whole.prices.copy()
    prices[5:10, whole.symbols.index("IWM")] = np.nan  # a week without a close
    known = momentum_of(replace(whole, prices=prices), "IWM", "SPY", streak_weeks=4, streak_day=week_end(12))
    (four,) = [after for after in known.after if after.weeks == 4]
    assert known.streak == 4
    assert (four.count, four.wins) == (1, 0)


def test_twelve_months_and_the_distance_from_the_high() -> None:
    prices = monthly_panel(date(2023, 1, 2), date(2025, 6, 20), {(2024, 6): 0.3, (2024, 8): 0.5, (2025, 3): -0.2})
    known = momentum_of(prices, "IWM", "SPY", streak_weeks=4, streak_day=date(2025, 6, 20))
    assert known.small_year == pytest.approx(1.5 * 0.8 - 1)  # from 20 June 2024, after the jump of that month
    assert known.large_year == 0.0
    assert known.small_from_high == pytest.approx(-0.2)
    assert known.large_from_high == 0.0


def test_calendar_years_run_from_the_last_close_of_the_year_before() -> None:
    prices = monthly_panel(date(2020, 6, 1), date(2023, 3, 15), {(2020, 12): 0.5, (2021, 1): 0.1, (2022, 12): -0.2})
    known = calendar_years(prices, ("SPY", "IWM"))
    assert [(year.year, year.returns) for year in known.years] == [
        (2021, (0.0, pytest.approx(0.1))),
        (2022, (0.0, pytest.approx(-0.2))),
    ]
    assert known.begun is not None
    assert (known.begun.year, known.begun.returns) == (2023, (0.0, pytest.approx(0.0)))
    assert known.won("IWM", "SPY", after=2020, until=2022) == {2021: True, 2022: False}
    assert known.won("IWM", "SPY", after=2021, until=2021) == {}


def test_a_year_is_whole_on_its_last_session() -> None:
    """31 December 2022 is a Saturday."""
    assert [
        y.year for y in calendar_years(monthly_panel(date(2021, 12, 1), date(2022, 12, 30), {}), ("SPY",)).years
    ] == [2022]
    assert calendar_years(monthly_panel(date(2021, 12, 1), date(2022, 12, 29), {}), ("SPY",)).years == ()


def test_a_symbol_without_a_close_at_the_start_has_no_return_of_that_year() -> None:
    days = weekdays(date(2020, 12, 1), date(2022, 12, 30))
    late = np.array([np.nan if day < date(2021, 6, 1) else 10.0 for day in days])
    known = calendar_years(panel(days, SPY=np.full(len(days), 5.0), VTWO=late), ("SPY", "VTWO"))
    assert [(year.year, year.returns) for year in known.years] == [(2021, (0.0, None)), (2022, (0.0, 0.0))]


def test_returns_since_a_day_start_with_its_close() -> None:
    prices = monthly_panel(date(2021, 11, 1), date(2022, 6, 30), {(2021, 11): 0.5, (2022, 2): 0.25})
    found = since(prices, "IJR", "SPY", date(2021, 11, 30))
    assert found is not None
    assert (found.small_return, found.large_return) == (pytest.approx(0.25), 0.0)
    assert since(prices, "IJR", "SPY", date(2021, 10, 1)) is None


@needs_data
def test_the_published_streak_and_years_are_reproduced() -> None:
    table = read_prices(DATA / "prices_wide.csv", ("SPY", "IWM", "IJR"), date.min)
    prices = panel_of_table(table)
    known = momentum_of(prices, "IWM", "SPY", streak_weeks=4, streak_day=date(2025, 12, 12))
    assert (known.streak, known.streak_ended) == (4, date(2025, 12, 12))
    years = calendar_years(prices, ("SPY", "IWM", "IJR"))
    of_year = {year.year: year.returns for year in years.years}
    assert [round(100 * value, 2) for value in of_year[2025]] == [17.72, 12.66, 5.89]
    assert [round(100 * of_year[2022][column], 1) for column in (0, 2)] == [-18.2, -16.2]
    assert years.begun is not None
    assert years.last == date(2026, 7, 13)
    assert [round(100 * value, 2) for value in years.begun.returns] == [10.45, 19.72, 21.20]
