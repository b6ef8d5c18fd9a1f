"""Verdicts and their words follow from the figures: each is turned by figures made for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from advisor.evidence import published
from advisor.evidence.facts import claim_rows
from advisor.evidence.finding import Finding
from advisor.evidence.findings import finding
from advisor.evidence.model import Verdict
from advisor.evidence.quality import SymbolRisk
from advisor.evidence.rate_cuts import EVERY, FIRST, EventStudy
from advisor.evidence.results import Results, dated_results
from advisor.market.valuations import all_valuations


def found(key: str, results: Results) -> Finding:
    (row,) = [row for row in claim_rows() if row["key"] == key]
    return finding(row, results)


def study(**means: dict[int, float]) -> EventStudy:
    """The dated study with other means by set and months, each within a point of its interval."""
    known = dated_results().long_study
    sets = tuple(
        replace(
            counted,
            results=tuple(
                replace(result, mean=mean, low=mean - 0.01, high=mean + 0.01)
                if (mean := means.get(counted.key, {}).get(result.months)) is not None
                else result
                for result in counted.results
            ),
        )
        for counted in known.sets
    )
    return replace(known, sets=sets)


def each(mean: float) -> dict[int, float]:
    return dict.fromkeys((1, 3, 6, 12, 24), mean)


@pytest.mark.parametrize(
    ("every", "first", "verdict", "words"),
    [
        (each(0.03), each(0.02), Verdict.HOLDS, "Ahead by both ways of counting: +3.0"),
        (each(0.03), {**each(0.02), 1: 0.005}, Verdict.PARTLY, "Beyond chance by one way of counting alone"),
        (each(0.03), each(-0.02), Verdict.PARTLY, "The sign depends on the counting: +3.0"),
        ({**each(0.005), 24: 0.03}, each(0.005), Verdict.PARTLY, "Beyond chance by one way"),
        (each(0.005), each(0.004), Verdict.FAILS, "No more than chance may give"),
        (each(-0.02), each(-0.02), Verdict.FAILS, "No more than chance may give: −2.0"),
    ],
)
def test_rate_cuts_are_judged_over_all_months_that_were_claimed(every, first, verdict: Verdict, words: str) -> None:
    told = found("rate_cuts", replace(dated_results(), long_study=study(**{EVERY: every, FIRST: first})))
    assert told.verdict is verdict
    assert told.verdict_words.replace("\u00a0", " ").startswith(words)


@pytest.mark.parametrize(
    ("screened", "verdict", "words"),
    [
        ((0.20, -0.50, -0.40), Verdict.HOLDS, "Calmer by every measure."),
        ((0.20, -0.70, -0.50), Verdict.PARTLY, "Calmer by volatility, not by deepest fall and deepest fall in 2020."),
        ((0.30, -0.50, -0.50), Verdict.FAILS, "Calmer by deepest fall, not by volatility and deepest fall in 2020."),
        ((0.30, -0.70, -0.50), Verdict.FAILS, "Calmer by no measure."),
    ],
)
def test_calm_is_named_by_the_measures_that_show_it(screened, verdict: Verdict, words: str) -> None:
    dated = dated_results()
    assert dated.risk is not None
    risk = replace(dated.risk, of=(SymbolRisk("IWM", 0.25, -0.60, -0.45), SymbolRisk("IJR", *screened)))
    told = found("quality", replace(dated, risk=risk))
    assert (told.verdict, told.verdict_words) == (verdict, words)
    assert "about 40" in told.found  # of the companies of the Russell 2000 have no profit


@pytest.mark.parametrize(
    ("wins", "streak", "verdict", "words"),
    [
        (40, 4, Verdict.HOLDS, "The weeks were won; more followed such weeks than any others."),
        (22, 4, Verdict.PARTLY, "The weeks were won; no more followed such weeks than any others."),
        (40, 3, Verdict.FAILS, "The weeks were not won; more followed such weeks than any others."),
    ],
)
def test_momentum_is_judged_by_the_weeks_and_by_what_followed(wins: int, streak: int, verdict, words: str) -> None:
    dated = dated_results()
    assert dated.momentum is not None
    after = tuple(replace(one, wins=wins) if one.weeks == 13 else one for one in dated.momentum.after)
    told = found("momentum", replace(dated, momentum=replace(dated.momentum, streak=streak, after=after)))
    assert (told.verdict, told.verdict_words) == (verdict, words)


def test_weeks_that_the_prices_do_not_hold_are_not_judged() -> None:
    dated = dated_results()
    assert dated.momentum is not None
    told = found("momentum", replace(dated, momentum=replace(dated.momentum, streak=0, streak_ended=None)))
    assert told.verdict is Verdict.UNTESTED


def test_what_followed_worst_is_said_against_momentum() -> None:
    assert "52 weeks on: −0.5" in found("momentum", dated_results()).against


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, Verdict.PARTLY),
        ({"Russell 2000": {"losers": "not stated"}}, Verdict.HOLDS),
        ({"Russell 2000": {"losers": "not stated", "value": 30.0}}, Verdict.FAILS),
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
    assert told.verdict is verdict
    assert ("not every pair" in told.verdict_words) is (verdict is Verdict.PARTLY)
    assert told.data_to == date(2025, 12, 31)  # of the ratios, not of prices


def test_two_indexes_of_two_funds_are_not_said_to_be_identical() -> None:
    dated = dated_results()
    funds = tuple(replace(fund, index="another") if fund.symbol == "VTWO" else fund for fund in dated.funds.funds)
    told = found("ways_in", replace(dated, funds=replace(dated.funds, funds=funds)))
    assert told.verdict is Verdict.FAILS
    assert "identical" not in told.found
    assert "identical for a wash sale" in found("ways_in", dated).found
