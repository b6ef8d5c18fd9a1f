"""Verdicts and their words follow from the figures: each is turned by figures made for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from advisor.evidence import published
from advisor.evidence.facts import claim_rows
from advisor.evidence.finding import Finding
from advisor.evidence.findings import finding
from advisor.evidence.judge import critical_t, share_verdict
from advisor.evidence.model import Judgment, JudgmentKind, Verdict
from advisor.evidence.quality import SymbolRisk
from advisor.evidence.rate_study import BY_CYCLE, EVERY, EventStudy
from advisor.evidence.results import Results, dated_results
from advisor.market.valuations import all_valuations


def found(key: str, results: Results) -> Finding:
    (row,) = [row for row in claim_rows() if row["key"] == key]
    return finding(row, results)


def judged(finding: Finding, kind: JudgmentKind) -> list[Judgment]:
    return [judgment for judgment in finding.judgments if judgment.kind is kind]


def study(every: dict[int, float] | None = None, votes: dict[int, tuple[float, float]] | None = None) -> EventStudy:
    """The dated study with other means of every cut by months, and other means and t of one vote a cycle."""
    known = dated_results().long_study
    sets = []
    for counted in known.sets:
        results = counted.results
        if counted.key == EVERY and every:
            results = tuple(replace(result, mean=every[result.months]) for result in results)
        if counted.key == BY_CYCLE and votes:
            results = tuple(
                replace(result, mean=votes[result.months][0], naive_t=votes[result.months][1]) for result in results
            )
        sets.append(replace(counted, results=results))
    return replace(known, sets=tuple(sets))


def each(value):
    return dict.fromkeys((1, 3, 6, 12, 24), value)


@pytest.mark.parametrize(
    ("every", "verdict", "words"),
    [
        (each(0.03), Verdict.SUPPORTED, "Ahead over 5 of 5 horizons if every cut counts as one case; 18 of 58"),
        ({**each(0.03), 6: -0.001}, Verdict.REFUTED, "Ahead over 4 of 5 horizons"),
    ],
)
def test_the_record_after_cuts_is_judged_over_all_months_that_were_claimed(every, verdict: Verdict, words: str) -> None:
    (told,) = judged(found("rate_cuts", replace(dated_results(), long_study=study(every))), JudgmentKind.HISTORY)
    assert told.verdict is verdict
    assert told.words.startswith(words)
    assert told.words.replace("\u00a0", " ").endswith("After the first cut of a cycle: −3.4 points.")


@pytest.mark.parametrize(
    ("votes", "verdict"),
    [
        (each((0.03, 3.0)), Verdict.NOT_SUPPORTED),  # beyond chance for one horizon, not for the best of five
        (each((0.03, 5.0)), Verdict.SUPPORTED),
        ({**each((0.01, 0.5)), 12: (0.2, 5.0)}, Verdict.SUPPORTED),
        ({**each((0.03, 5.0)), 1: (-0.001, -0.1)}, Verdict.NOT_SUPPORTED),
        ({**each((0.03, 5.0)), 1: (-0.1, -5.0)}, Verdict.REFUTED),
        (each((0.0, None)), Verdict.UNTESTED),
    ],
)
def test_the_next_cut_is_judged_by_one_vote_a_cycle_for_five_horizons_together(votes, verdict: Verdict) -> None:
    (told,) = judged(found("rate_cuts", replace(dated_results(), long_study=study(votes=votes))), JudgmentKind.FORECAST)
    assert told.verdict is verdict


def test_every_cut_counting_as_one_case_lends_the_forecast_nothing() -> None:
    """Intervals and means of every cut may be as good as can be: the verdict on the next one does not move."""
    told = [
        judged(found("rate_cuts", replace(dated_results(), long_study=study(every))), JudgmentKind.FORECAST)
        for every in (None, each(0.5))
    ]
    assert told[0] == told[1]
    assert told[0][0].verdict is Verdict.NOT_SUPPORTED
    assert told[0][0].words == "One vote a cycle gives t from −0.6 to 0.7 over 5 horizons; chance gives up to 3.5."


@pytest.mark.parametrize("count", [2, 6, 7, 8, 30])
def test_what_chance_gives_is_students_t_at_a_fifth_of_the_error(count: int) -> None:
    """Draws: of five independent horizons without an effect, one in twenty has a t beyond it somewhere."""
    assert critical_t(count, 5) == pytest.approx(stats.t.ppf(1.0 - 0.05 / 10, count - 1), rel=1e-9)
    draws = np.random.default_rng(count).normal(size=(20_000, 5, count))
    t = draws.mean(axis=2) / (draws.std(axis=2, ddof=1) / np.sqrt(count))
    assert np.mean(np.abs(t).max(axis=1) > critical_t(count, 5)) == pytest.approx(0.05, abs=0.006)


@pytest.mark.parametrize(
    ("wins", "count", "chance", "verdict"),
    [
        (22, 43, 0.494, Verdict.REFUTED),  # enough cases, and no more than chance
        (31, 43, 0.494, Verdict.SUPPORTED),
        (5, 12, 0.458, Verdict.NOT_SUPPORTED),  # too few to tell
        (15, 29, 0.5, Verdict.NOT_SUPPORTED),
        (15, 30, 0.5, Verdict.REFUTED),
        (12, 12, 0.458, Verdict.SUPPORTED),
        (0, 12, 0.458, Verdict.REFUTED),  # few, and the opposite beyond chance
        (0, 0, 0.5, Verdict.UNTESTED),
    ],
)
def test_a_forecast_is_judged_by_its_share_of_gains_and_by_how_many_cases_tell(wins, count, chance, verdict) -> None:
    assert share_verdict(wins, count, chance) is verdict


def test_a_year_behind_is_followed_by_the_years_of_the_table() -> None:
    """Counted again from the table: 12 years behind with a year after them, 5 of those ahead; 11 of 24 after any."""
    known = dated_results().years
    assert known is not None
    ahead = [year.returns[1] > year.returns[0] for year in known.years]
    after = [later for before, later in pairwise(ahead) if not before]
    (told,) = judged(found("calendar_years", dated_results()), JudgmentKind.FORECAST)
    assert told.verdict is Verdict.NOT_SUPPORTED
    assert told.words == (
        f"After a year behind, IWM led the next in {sum(after)} of {len(after)}; "
        f"after any year in {sum(ahead[1:])} of {len(ahead) - 1}."
    )
    assert (sum(after), len(after), sum(ahead[1:])) == (5, 12, 11)


@pytest.mark.parametrize(
    ("screened", "verdict", "words"),
    [
        ((0.20, 0.50, 0.40), Verdict.SUPPORTED, "Calmer by every measure."),
        (
            (0.20, 0.70, 0.50),
            Verdict.SUPPORTED,
            "Calmer by volatility, not by deepest fall and deepest fall in 2020.",
        ),
        ((0.30, 0.50, 0.50), Verdict.REFUTED, "Calmer by deepest fall, not by volatility and deepest fall in 2020."),
        ((0.30, 0.70, 0.50), Verdict.REFUTED, "Calmer by no measure."),
    ],
)
def test_calm_is_named_by_the_measures_that_show_it(screened, verdict: Verdict, words: str) -> None:
    dated = dated_results()
    assert dated.risk is not None
    risk = replace(dated.risk, of=(SymbolRisk("IWM", 0.25, 0.60, 0.45), SymbolRisk("IJR", *screened)))
    told = found("quality", replace(dated, risk=risk))
    assert told.judgments == (Judgment(JudgmentKind.HISTORY, verdict, words),)
    assert "about 40" in told.found  # of the companies of the Russell 2000 have no profit


@pytest.mark.parametrize(
    ("wins", "streak", "is_won", "forecast", "words"),
    [
        (40, 4, Verdict.TRUE, Verdict.SUPPORTED, "More gains followed such weeks than any others: ahead in 40 of 43"),
        (22, 4, Verdict.TRUE, Verdict.REFUTED, "No more gains followed such weeks than any others: ahead in 22 of 43"),
        (40, 3, Verdict.FALSE, Verdict.SUPPORTED, "More gains followed"),
    ],
)
def test_the_weeks_are_a_fact_and_what_follows_them_a_forecast(wins, streak, is_won, forecast, words) -> None:
    dated = dated_results()
    assert dated.momentum is not None
    after = tuple(replace(one, wins=wins) if one.weeks == 13 else one for one in dated.momentum.after)
    told = found("momentum", replace(dated, momentum=replace(dated.momentum, streak=streak, after=after)))
    (fact,), (judgment,) = judged(told, JudgmentKind.FACT), judged(told, JudgmentKind.FORECAST)
    assert fact.verdict is is_won
    assert fact.words == f"{streak} straight weeks won, to 2025-12-12."
    assert judgment.verdict is forecast
    assert judgment.words.startswith(words)


def test_weeks_that_the_prices_do_not_hold_are_not_judged() -> None:
    dated = dated_results()
    assert dated.momentum is not None
    told = found("momentum", replace(dated, momentum=replace(dated.momentum, streak=0, streak_ended=None)))
    assert [(judgment.kind, judgment.verdict) for judgment in told.judgments] == [
        (JudgmentKind.FACT, Verdict.UNTESTED),
        (JudgmentKind.FORECAST, Verdict.UNTESTED),
    ]


def test_what_followed_worst_is_said_against_momentum() -> None:
    assert "52 weeks on: −0.5" in found("momentum", dated_results()).against


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, Verdict.TRUE),
        ({"Russell 2000": {"losers": "not stated"}}, Verdict.TRUE),
        ({"Russell 2000": {"losers": "not stated", "value": 30.0}}, Verdict.FALSE),
        ({"S&P 500": {"losers": "counted"}}, Verdict.UNTESTED),
    ],
)
def test_valuation_is_judged_by_the_pairs_that_compare(changed, verdict: Verdict, monkeypatch) -> None:
    ratios = tuple(
        replace(ratio, **changed.get(ratio.index, {})) if ratio.provider.startswith("market article") else ratio
        for ratio in all_valuations()
    )
    monkeypatch.setattr(published, "all_valuations", lambda: ratios)
    told = found("valuation", dated_results())
    (fact,) = judged(told, JudgmentKind.FACT)
    assert fact.verdict is verdict
    assert ("One pair of ratios does not compare" in fact.words) is (not changed)
    assert told.data_to == date(2025, 12, 31)  # of the ratios, not of prices


@pytest.mark.parametrize(("small", "way"), [(0.9, "bore it out"), (0.1, "went the other way")])
def test_one_dated_case_of_cheap_companies_tests_nothing(small: float, way: str) -> None:
    dated = dated_results()
    assert dated.since_cheap is not None
    told = found("valuation", replace(dated, since_cheap=replace(dated.since_cheap, small_return=small)))
    (judgment,) = judged(told, JudgmentKind.FORECAST)
    assert judgment.verdict is Verdict.UNTESTED
    assert judgment.words.endswith(f"the one dated case, from 2021-11-30, {way}.")


def test_two_indexes_of_two_funds_are_not_said_to_be_identical() -> None:
    dated = dated_results()
    funds = tuple(replace(fund, index="another") if fund.symbol == "VTWO" else fund for fund in dated.funds.funds)
    told = found("ways_in", replace(dated, funds=replace(dated.funds, funds=funds)))
    assert [judgment.verdict for judgment in told.judgments] == [Verdict.FALSE]
    assert "identical" not in told.found
    assert "identical for a wash sale" in found("ways_in", dated).found
