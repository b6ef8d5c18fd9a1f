"""The small-cap case in the report: every claim of the evidence, every audit, every band, in the reader's words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from advisor.evidence.case import dated_case
from advisor.evidence.model import Claim, Evidence, Verdict
from advisor.evidence.rate_cuts import HorizonResult
from advisor.evidence.results import dated_results
from advisor.format import NO_BREAK
from advisor.portfolio.model import View
from advisor.report.small_cap_case import (
    TWINS,
    case_words,
    claims_table,
    no_stability_words,
    no_views_words,
    rate_cut_chart,
    rate_cut_table,
    stability_table,
    stability_words,
    view_audit_table,
)
from advisor.whatif.model import Band, TradeOff
from tests.report_fixture import portfolio, stability, trade_off

AS_OF = date(2026, 11, 20)
NOTHING = TradeOff((), None, None, ())


def plain(text: str) -> str:
    return text.replace(NO_BREAK, " ")


def text_of(table) -> list[list[str]]:
    return [[plain(" | ".join((cell.text, *cell.lines))) for cell in row.cells] for row in table.rows]


def claim(key: str, verdict: Verdict, **fields) -> Claim:
    given = {
        "title": f"title of {key}", "said": f"said {key}", "provider": "A bank", "said_on": "2025-12",
        "test": f"test of {key}", "found": f"found {key}", "count": None, "contrary": None, "against": "",
        "verdict_words": f"words of {key}", "source": "S", "data_to": None,
    }  # fmt: skip
    return Claim(key=key, verdict=verdict, **{**given, **fields})


def evidence(*claims: Claim) -> Evidence:
    return replace(dated_case(AS_OF), claims=claims, results_to=date(2026, 7, 13))


def test_verdicts_are_counted_in_words_that_fit_their_number() -> None:
    one = evidence(claim("a", Verdict.HOLDS), claim("b", Verdict.FAILS), claim("c", Verdict.FAILS))
    first, second = map(plain, case_words(one, AS_OF))
    assert first.endswith("3 claims and tested: 1 holds, 2 do not hold.")
    assert "July 13, 2026, 130 days before the decision" in second
    rest = evidence(claim("a", Verdict.PARTLY), claim("b", Verdict.UNTESTED))
    assert plain(case_words(rest, AS_OF)[0]).endswith("1 holds in part, 1 could not be tested.")


def test_results_of_after_the_decision_are_said_not_to_have_been_known() -> None:
    words = [plain(case_words(evidence(), date(2026, 7, day))[1]) for day in (3, 13)]
    assert "10 days after the decision, and not known on its day" in words[0]
    assert "up to the decision" in words[1]


def test_a_claim_has_its_provider_count_contrary_evidence_and_verdict_with_the_view_it_became() -> None:
    tested = claim(
        "a", Verdict.FAILS, count=55, contrary=16, against="it did not", data_to=date(2026, 6, 30), view="IJR over SPY"
    )
    (row,) = text_of(claims_table(evidence(tested)))
    assert row[0] == "title of a | said a | A bank, 2025-12"
    assert row[2] == (
        "found a | test of a | n = 55, 16 of them contrary | Against: it did not | Data to June 30, 2026."
    )
    assert row[1] == "does not hold | words of a | View: IJR over SPY."
    (untested,) = text_of(claims_table(evidence(claim("b", Verdict.UNTESTED, view_words="No view: untested."))))
    assert untested[2] == "found b | test of b"
    assert untested[1].endswith("No view: untested.")


def test_every_claim_of_the_dated_case_is_in_the_table_with_its_words() -> None:
    case = dated_case(AS_OF)
    rows = text_of(claims_table(case))
    assert len(rows) == len(case.claims) > 8
    for found, row in zip(case.claims, rows, strict=True):
        for words in (found.title, found.said, found.found, found.against, found.verdict_words):
            assert plain(words) in " ".join(row)


def test_the_event_study_shows_both_ways_of_counting_to_the_published_digits() -> None:
    """The figures that the project set out to reproduce: every cut, and the first of each cycle, in points."""
    rows = text_of(rate_cut_table(dated_results().long_study))
    assert [row[0] for row in rows] == ["1 month", "3 months", "6 months", "12 months", "24 months"]
    assert [row[1].split(" | ")[0] for row in rows] == ["+0.7", "+2.2", "+2.8", "+6.6", "+13.7"]
    assert [row[2].split(" | ")[0] for row in rows] == ["−0.8", "−2.8", "−6.3", "−3.4", "−3.7"]
    assert [row[2].split(" | ")[1].split(" of ")[1] for row in rows] == ["8", "8", "7", "7", "6"]
    assert rows[3][1].split(" | ")[1] == "39 of 55"


def test_the_chart_of_rate_cuts_says_in_words_what_it_draws() -> None:
    chart = rate_cut_chart(dated_results().long_study)
    assert "every cut: +0.7 after 1, +2.2 after 3, +2.8 after 6, +6.6 after 12, +13.7 after 24" in chart.description
    assert "first cut of a cycle: −0.8 after 1" in chart.description


def test_a_horizon_that_no_cut_tells_is_unknown_and_not_drawn() -> None:
    study = dated_results().long_study
    gone = HorizonResult(24, 0, 0, None, None, None, None)
    sets = tuple(replace(found, results=(*found.results[:-1], gone)) for found in study.sets)
    short = replace(study, sets=sets)
    assert text_of(rate_cut_table(short))[-1][1:3] == ["unknown", "unknown"]
    assert "every cut +6.6" in [text.text for text in rate_cut_chart(short).texts]


def test_an_audit_shows_the_view_beside_equilibrium_and_where_the_decision_changes() -> None:
    table = view_audit_table(trade_off())
    assert table is not None
    over, flips, unmet = text_of(table)
    assert over == [
        "IJR over SPY | held with 25% confidence for 5 years | of the set small-caps-2026",
        "+2.59%", "+0.30%", "+0.91%", "8.4% | gain +20.3 bp", "12.0% | gain +27.1 bp", "12.0% | gain +41.0 bp",
        "never, whatever the confidence | bought as held: IJR",
    ]  # fmt: skip
    assert flips[0] == "IWM | held with 25% confidence for 1 year"
    assert flips[-1] == "once confidence rises to 62% | then bought: IWM, 15.0% in small caps | bought as held: IJR"
    assert unmet[0].endswith("for 2.5 years")
    assert unmet[-2] == "no answer"
    assert unmet[-1] == "once confidence falls to 10% | then no answer within the limits | bought as held: IJR"
    assert any("a letter" in note for note in table.notes)


def test_without_views_it_is_said_why_there_is_no_audit() -> None:
    assert view_audit_table(NOTHING) is None
    assert "small-caps-2026" in no_views_words(portfolio(), NOTHING)
    assert no_views_words(portfolio(), trade_off()) == ""


def test_a_household_too_large_to_compare_is_told_so_once_in_place_of_views_and_of_history() -> None:
    large = replace(NOTHING, note="too many lots")
    viewed = replace(portfolio(), views=(View("IJR", None, Decimal("0.08"), Decimal("0.5"), Decimal(5), "a letter"),))
    assert no_views_words(viewed, large) == "too many lots"
    assert no_stability_words(viewed, large) == ""
    assert no_stability_words(replace(portfolio(), views=()), large) == "too many lots"
    assert no_stability_words(portfolio(), trade_off()) == ""
    assert "it takes enough months" in no_stability_words(portfolio(), NOTHING)


@pytest.mark.parametrize(("confidence", "words"), [(0.0, "0%"), (0.25, "25%"), (0.625, "62.5%"), (1.0, "100%")])
def test_a_confidence_is_shown_as_it_is_held(confidence: float, words: str) -> None:
    audit = replace(trade_off().views[0], confidence=confidence)
    table = view_audit_table(replace(trade_off(), views=(audit,)))
    assert table is not None
    assert f"held with {words} confidence for 5 years" in text_of(table)[0][0]


def test_bands_and_methods_are_rows_and_what_is_not_determined_is_called_so() -> None:
    table = stability_table(trade_off())
    assert table is not None
    assert text_of(table) == [
        ["Small caps in all", "7.1%", "5.0 to 9.0%"],
        ["Russell 2000 | IWM, VTWO", "", "0.0 to 3.0%"],
        ["S&P SmallCap 600 | IJR", "", "5.0 to 9.0%"],
        ["Risk by sample covariance, 10 years of months", "7.0%", ""],
        ["Risk by shrunk, 10 years of months", "no answer", ""],
    ]
    words = [plain(line) for line in stability_words(trade_off())]
    assert words == [
        "The share in small caps lies within 5.0 to 9.0% in nine of ten draws of history.",
        "Which fund is bought is not determined by history: IJR in 40, VTWO in 18 of 58 draws.",
        "In 2 of 60 draws the limits leave no answer: under their risk not all can be met.",
        TWINS,
    ]


@pytest.mark.parametrize(
    ("menus", "words"),
    [
        (((("IJR",), 60),), "Every draw buys IJR."),
        ((((), 60),), "No draw buys anything."),
        (
            ((("IJR", "VTWO"), 57), ((), 3)),
            "What is bought hardly depends on it: IJR and VTWO in 57, nothing in 3 of 60 draws.",
        ),
    ],
)  # fmt: skip
def test_funds_that_nearly_every_draw_buys_count_as_determined(menus, words: str) -> None:
    found = replace(stability(), menus=menus, unmet=0, small_caps=Band(0.12, 0.12, 0.1201))
    told = [plain(line) for line in stability_words(replace(trade_off(), stability=found))]
    assert told[0].startswith("The share in small caps is 12.0% in nine of ten draws of history: the estimate")
    assert told[1] == words


def test_without_months_nothing_is_said_of_history() -> None:
    assert stability_table(NOTHING) is None
    assert stability_words(NOTHING) == ()
