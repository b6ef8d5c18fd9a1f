"""The event study: planted answers, the rules of counting, intervals against theory, and the published figures."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from advisor.evidence.builder import PORTFOLIOS, size_portfolios
from advisor.evidence.facts import TABLES, RateChange, rate_changes
from advisor.evidence.rate_study import (
    AFTER_A_PAUSE,
    AFTER_A_RISE,
    BY_CYCLE,
    EVERY,
    FIRST,
    HORIZONS,
    Bootstrap,
    Direction,
    MonthlyPair,
    cut_sets,
    event_study,
    first_day,
    month_number,
    pair_of_panel,
    rise_cycles,
    rise_sets,
    window_excesses,
)
from advisor.evidence.results import dated_results
from tests.evidence_data import DATA, monthly_panel, needs_data

FIRST_CUTS = [
    "1990-07-13",
    "1995-07-06",
    "1998-09-29",
    "2001-01-03",
    "2007-09-18",
    "2019-07-31",
    "2024-09-18",
    "2025-09-17",
]


def cut(day: str, cycle: str, begins: str = "", change: int = -25) -> RateChange:
    return RateChange(date.fromisoformat(day), change, cycle, begins, "made up")


def rise(day: str) -> RateChange:
    return cut(day, "", change=25)


THREE = (rise("2002-06-05"), cut("2003-01-15", "one", "yes"), cut("2003-07-15", "one"), cut("2005-03-15", "two", "yes"))


def pair(months: int = 60, **small: float) -> MonthlyPair:
    """Large companies flat from January 2003; small ones with returns by month, ``m2003_02=0.02``."""
    returns = np.zeros(months)
    for name, value in small.items():
        returns[month_number(date(int(name[1:5]), int(name[6:]), 1)) - month_number(date(2003, 1, 1))] = value
    return MonthlyPair("small", "large", month_number(date(2003, 1, 1)), returns, np.zeros(months))


def test_a_planted_excess_after_each_cut_is_found() -> None:
    study = event_study(pair(m2003_02=0.02, m2003_08=0.04, m2005_04=-0.03), THREE)
    assert study is not None
    one = study.of(EVERY, 1)
    assert (one.count, one.wins) == (3, 2)
    assert one.mean == pytest.approx((0.02 + 0.04 - 0.03) / 3, abs=1e-15)
    twelve = study.of(EVERY, 12)  # the first window holds both jumps of 2003
    assert twelve.mean == pytest.approx((1.02 * 1.04 - 1 + 0.04 - 0.03) / 3, abs=1e-15)
    first = study.of(FIRST, 1)
    assert (first.count, first.wins, first.mean) == (2, 1, pytest.approx(-0.005, abs=1e-15))


def test_the_month_of_the_announcement_does_not_count() -> None:
    study = event_study(pair(m2003_01=0.5, m2003_07=0.5, m2005_03=0.5), THREE)
    assert study is not None
    assert [study.of(EVERY, months).mean for months in (1, 3)] == [0.0, 0.0]


def test_cycles_are_averaged_before_they_vote() -> None:
    study = event_study(pair(m2003_02=0.02, m2003_08=0.04, m2005_04=-0.03), THREE)
    assert study is not None
    assert [(cycle.cycle, cycle.changes, cycle.means[0]) for cycle in study.cycles] == [
        ("one", 2, pytest.approx(0.03)),
        ("two", 1, pytest.approx(-0.03)),
    ]
    vote = study.of(BY_CYCLE, 1)
    assert (vote.count, vote.wins, vote.mean) == (2, 1, pytest.approx(0.0, abs=1e-15))


def test_any_month_is_the_baseline() -> None:
    study = event_study(pair(months=25, m2003_06=0.12), THREE)
    assert study is not None
    assert study.first == date(2003, 2, 1)
    assert study.last == date(2005, 1, 31)
    one = study.baseline(1)
    assert (one.count, one.wins, one.mean) == (24, 1, pytest.approx(0.12 / 24))
    three = study.baseline(3)
    assert (three.count, three.wins, three.mean) == (22, 3, pytest.approx(3 * 0.12 / 22))


def test_a_window_with_an_unknown_month_is_not_counted() -> None:
    known = pair(m2003_02=0.02)
    returns = known.small_returns.copy()
    returns[8] = np.nan  # September 2003
    study = event_study(replace(known, small_returns=returns), THREE)
    assert study is not None
    assert [study.of(EVERY, months).count for months in (1, 3, 6, 12)] == [3, 2, 2, 1]
    assert np.isnan(window_excesses(replace(known, small_returns=returns), 3)[[6, 7, 8]]).all()


def test_a_window_that_is_not_over_is_not_counted() -> None:
    study = event_study(pair(months=29), THREE)  # to May 2005
    assert study is not None
    assert [study.of(EVERY, months).count for months in HORIZONS] == [3, 2, 2, 2, 1]


def test_months_without_a_cut_make_no_study() -> None:
    late = MonthlyPair("small", "large", month_number(date(2010, 1, 1)), np.zeros(24), np.zeros(24))
    assert event_study(late, THREE) is None
    assert event_study(replace(late, small_returns=np.zeros(0), large_returns=np.zeros(0)), THREE) is None


def test_the_naive_t_is_the_textbook_one() -> None:
    values = [0.02, 0.04, -0.03]
    study = event_study(pair(m2003_02=values[0], m2003_08=values[1], m2005_04=values[2]), THREE)
    assert study is not None
    assert study.of(EVERY, 1).naive_t == pytest.approx(stats.ttest_1samp(values, 0.0).statistic, rel=1e-12)


def monthly_cuts(count: int) -> tuple[RateChange, ...]:
    first = month_number(date(2003, 1, 1))
    return tuple(RateChange(first_day(first + n), -25, "one" if n else "", "", "made up") for n in range(count))


def test_the_interval_of_independent_months_is_that_of_theory() -> None:
    """A cut in every month: the mean of 600 independent returns, so its interval is 1.645 standard errors each way."""
    returns = np.random.default_rng(6).normal(0.01, 0.05, 600)
    months = MonthlyPair("small", "large", month_number(date(2003, 1, 1)), returns, np.zeros(600))
    study = event_study(months, monthly_cuts(599), bootstrap=Bootstrap(block_months=6, draws=20_000))
    assert study is not None
    result = study.of(EVERY, 1)
    error = returns[2:].std(ddof=1) / np.sqrt(result.count)
    assert result.low == pytest.approx(result.mean - 1.645 * error, abs=0.15 * error)
    assert result.high == pytest.approx(result.mean + 1.645 * error, abs=0.15 * error)


def test_blocks_widen_the_interval_of_overlapping_windows() -> None:
    """Windows of 12 months overlap in 11: single months for blocks would make their mean look three times as sure."""
    returns = np.random.default_rng(7).normal(0.0, 0.05, 480)
    months = MonthlyPair("small", "large", month_number(date(2003, 1, 1)), returns, np.zeros(480))
    widths = []
    for block in (1, 24):
        study = event_study(months, monthly_cuts(479), bootstrap=Bootstrap(block_months=block))
        assert study is not None
        result = study.of(EVERY, 12)
        widths.append(result.high - result.low)
    assert widths[1] > 2 * widths[0]


def test_an_interval_repeats_with_its_seed_and_moves_with_another() -> None:
    months = pair(m2003_02=0.02, m2003_08=0.04, m2005_04=-0.03)
    one, same, other = (event_study(months, THREE, bootstrap=Bootstrap(6, 500, seed)) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_too_few_months_or_cuts_have_no_interval() -> None:
    study = event_study(pair(months=40), THREE)
    assert study is not None
    assert (study.of(EVERY, 1).low, study.of(EVERY, 1).high) == (None, None)


@pytest.mark.parametrize(("cuts", "is_drawn"), [(4, False), (5, True)])
def test_fewer_than_five_cuts_have_no_interval(cuts: int, is_drawn: bool) -> None:
    """Draws of two cuts are those two again: an interval that excludes zero by having seen next to nothing."""
    returns = np.random.default_rng(9).normal(0.0, 0.05, 240)
    months = MonthlyPair("small", "large", month_number(date(2003, 1, 1)), returns, np.zeros(240))
    changes = (rise("2002-06-05"), *(cut(f"{year}-03-15", "one") for year in range(2004, 2004 + cuts)))
    study = event_study(months, changes)
    assert study is not None
    assert study.of(EVERY, 1).count == cuts
    assert (study.of(EVERY, 1).low is not None) is is_drawn


def test_a_panel_of_closes_gives_the_months_between_its_month_ends() -> None:
    months = pair_of_panel(
        monthly_panel(date(2003, 1, 1), date(2003, 6, 30), {(2003, 2): 0.02, (2003, 5): -0.1}), "IWM", "SPY"
    )
    assert months.first_month == month_number(date(2003, 2, 1))
    assert months.small_returns == pytest.approx([0.02, 0.0, 0.0, -0.1, 0.0], abs=1e-15)
    assert not months.large_returns.any()


def test_every_checked_cut_since_1990_is_counted() -> None:
    sets = cut_sets(rate_changes())
    assert len(sets[EVERY]) == 58
    assert [str(day) for day in sets[FIRST]] == FIRST_CUTS


def test_plain_rules_stand_beside_the_list_of_first_cuts() -> None:
    """No rule gives that list: one misses 1990 and 2025, the other takes 2002 and 2003 in."""
    sets = cut_sets(rate_changes())
    assert {str(day) for day in sets[AFTER_A_RISE]} == set(FIRST_CUTS) - {"1990-07-13", "2025-09-17"}
    assert {str(day) for day in sets[AFTER_A_PAUSE]} == {*FIRST_CUTS, "2002-11-06", "2003-06-25"}


def test_the_changes_lead_from_each_target_to_the_next() -> None:
    from advisor.evidence.facts import rows
    from advisor.market.fact_tables import number

    table = rows("rate_changes", "announced", "change_bp", "upper_pct")
    assert [row["announced"] for row in table] == sorted(row["announced"] for row in table)
    for before, after in pairwise(table):
        step = 100 * (number(after["upper_pct"], "") - number(before["upper_pct"], ""))
        assert step == pytest.approx(number(after["change_bp"], ""), abs=13), after["announced"]  # ranges since 2008


def test_no_day_of_an_announcement_is_one_on_which_it_took_effect() -> None:
    """The effective days of the daily target are a day later; 15 March 2020 was a Sunday, and has to be there."""
    days = {change.announced for change in rate_changes()}
    assert {date(2019, 7, 31), date(2020, 3, 15), date(2024, 9, 18), date(2025, 9, 17)} <= days
    assert not {date(2019, 8, 1), date(2020, 3, 16), date(2024, 9, 19), date(2025, 9, 18)} & days


def test_rises_without_a_cut_between_them_are_one_cycle_and_the_first_follows_a_cut() -> None:
    changes = (
        cut("2003-01-15", "one", "yes"),
        rise("2003-03-05"),
        rise("2004-05-05"),
        cut("2004-08-15", "two", "yes"),
        rise("2004-10-05"),
    )
    sets = rise_sets(changes)
    assert [str(day) for day in sets[EVERY]] == ["2003-03-05", "2004-05-05", "2004-10-05"]
    assert [str(day) for day in sets[FIRST]] == ["2003-03-05", "2004-10-05"]
    assert set(rise_cycles(changes).values()) == {"2003 to 2004", "2004"}
    study = event_study(pair(m2003_04=0.02, m2004_06=0.04, m2004_11=-0.03), changes, Direction.RISE)
    assert study is not None
    assert (study.of(EVERY, 1).count, study.of(EVERY, 1).mean) == (3, pytest.approx(0.01))
    assert (study.of(FIRST, 1).count, study.of(FIRST, 1).mean) == (2, pytest.approx(-0.005))
    assert [(c.cycle, c.changes, c.means[0]) for c in study.cycles] == [
        ("2003 to 2004", 2, pytest.approx(0.03)),
        ("2004", 1, pytest.approx(-0.03)),
    ]
    assert study.first == date(2003, 2, 1)  # with the first cut, as the study of cuts does


def test_a_cycle_of_which_no_month_is_over_is_left_out() -> None:
    changes = (*THREE, rise("2007-12-20"))
    known = event_study(pair(), changes, Direction.RISE)  # to December 2007
    assert known is None
    earlier = event_study(
        pair(), (*THREE, rise("2006-06-20"), cut("2007-01-03", "three"), rise("2007-12-20")), Direction.RISE
    )
    assert earlier is not None
    assert [cycle.cycle for cycle in earlier.cycles] == ["2006"]


def test_months_without_a_rise_make_no_study_of_rises() -> None:
    assert event_study(pair(), THREE[1:], Direction.RISE) is None


def test_the_rise_of_2026_is_the_first_after_the_cuts() -> None:
    assert str(rise_sets(rate_changes())[FIRST][-1]) == "2026-09-16"
    assert rise_cycles(rate_changes())[date(2026, 9, 16)] == "2026"


@needs_data
def test_what_followed_rises_agrees_with_another_program() -> None:
    """pandas on the monthly file and the table of changes: every count, and means to 1e-12."""
    monthly = pd.read_csv(DATA / PORTFOLIOS, parse_dates=["ym"])
    monthly.index = monthly["ym"].dt.to_period("M")
    growth = 1 + monthly[["Qnt 2", "Hi 20"]]
    changes = pd.read_csv(TABLES / "rate_changes.csv", parse_dates=["announced"])
    rises = changes[changes["change_bp"] > 0]
    firsts = changes[(changes["change_bp"] > 0) & (changes["change_bp"].shift() < 0)]
    study = dated_results().long_rises
    for months in HORIZONS:
        for key, days in ((EVERY, rises["announced"]), (FIRST, firsts["announced"])):
            starts = days.dt.to_period("M") + 1
            windows = [growth.loc[start : start + months - 1] for start in starts]
            excess = [one.prod()["Qnt 2"] - one.prod()["Hi 20"] for one in windows if len(one) == months]
            found = study.of(key, months)
            assert (found.count, found.wins) == (len(excess), sum(value > 0 for value in excess))
            assert found.mean == pytest.approx(np.mean(excess), abs=1e-8)
        assert study.baseline(months) == dated_results().long_study.baseline(months)


def test_what_followed_rises_is_as_published_beside_this_program() -> None:
    """To 0.05 points: every rise -1.9 (20 of 51) and -9.0 (17 of 51), the first +1.3 and -6.6 (3 of 6 each)."""
    study = dated_results().long_rises
    told = {
        (key, months): (round(100 * found.mean, 1), found.wins, found.count)
        for key in (EVERY, FIRST)
        for months in (12, 24)
        if (found := study.of(key, months)).mean is not None
    }
    assert told == {
        (EVERY, 12): (-1.9, 20, 51), (EVERY, 24): (-9.0, 17, 51), (FIRST, 12): (1.3, 3, 6), (FIRST, 24): (-6.6, 3, 6),
    }  # fmt: skip
    assert [round(100 * study.baseline(months).mean, 1) for months in (12, 24)] == [0.2, -1.1]


@needs_data
def test_the_checked_cuts_are_those_of_the_table() -> None:
    with (DATA / "macro" / "fed_cuts_checked.csv").open(newline="") as handle:
        checked = {row["announced"]: int(float(row["change_bp"])) for row in csv.DictReader(handle)}
    assert checked == {str(change.announced): change.change_bp for change in rate_changes() if change.cycle}


@needs_data
def test_the_published_figures_are_reproduced() -> None:
    """Means in percentage points, to the digits of the data's description; wins counted by another program."""
    months, _ = size_portfolios(DATA / PORTFOLIOS)
    study = event_study(months, rate_changes())
    assert study is not None
    figures = {key: [round(100 * study.of(key, h).mean, 2) for h in HORIZONS] for key in (EVERY, FIRST)}
    assert figures == {EVERY: [0.72, 2.18, 2.77, 6.63, 13.74], FIRST: [-0.83, -2.76, -6.28, -3.37, -3.70]}
    assert [study.of(FIRST, h).count for h in HORIZONS] == [8, 8, 7, 7, 6]
    assert [(study.of(EVERY, h).wins, study.of(EVERY, h).count) for h in HORIZONS] == [
        (35, 58), (35, 57), (37, 55), (39, 55), (42, 52),
    ]  # fmt: skip
