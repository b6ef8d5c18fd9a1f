"""The small-cap case in the report: every claim of the evidence, every audit, every band, in the reader's words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from advisor.evidence.case import dated_case
from advisor.evidence.model import Claim, Evidence, Judgment, JudgmentKind, Standing, Verdict
from advisor.evidence.rate_study import RateHorizon
from advisor.evidence.results import dated_results
from advisor.format import NO_BREAK
from advisor.portfolio.model import View
from advisor.report.sections.small_cap_case import (
    TWINS,
    case_words,
    claims_table,
    no_stability_words,
    no_views_words,
    rate_chart,
    rate_table,
    stability_table,
    stability_words,
    view_audit_table,
)
from advisor.risk.view_age import Use
from advisor.whatif.model import Band, TradeOff
from tests.report_fixture import portfolio, stability, trade_off

AS_OF = date(2026, 11, 20)
NOTHING = TradeOff((), None, None, ())


def plain(text: str) -> str:
    return text.replace(NO_BREAK, " ")


def text_of(table) -> list[list[str]]:
    return [[plain(" | ".join((cell.text, *cell.lines))) for cell in row.cells] for row in table.rows]


def claim(key: str, *verdicts: tuple[JudgmentKind, Verdict], **fields) -> Claim:
    given = {
        "title": f"title of {key}", "said": f"said {key}", "provider": "A bank", "said_on": "2025-12",
        "test": f"test of {key}", "found": f"found {key}", "count": None, "contrary": None, "against": "",
        "standing": Standing(f"status of {key}"), "source": "S", "data_to": None,
    }  # fmt: skip
    judgments = tuple(Judgment(kind, verdict, f"words of the {kind}") for kind, verdict in verdicts)
    return Claim(key=key, judgments=judgments, **{**given, **fields})


def evidence(*claims: Claim) -> Evidence:
    return replace(dated_case(AS_OF), claims=claims, results_to=date(2026, 7, 13))


REFUTED = (JudgmentKind.FORECAST, Verdict.REFUTED)


def test_the_premium_stands_first_and_kinds_are_counted_apart() -> None:
    one = evidence(claim("a", (JudgmentKind.FACT, Verdict.TRUE), REFUTED), claim("b", REFUTED))
    first, second, third = map(plain, case_words(one, AS_OF))
    assert first.startswith(
        "Small companies returned 0.17% a year more than large ones from 1982-01 to 2025-08 (t 0.11)"
    )
    assert second == (
        "The case has 2 claims. Of its two forecasts none is supported, two are refuted. Its one fact is true."
    )
    assert "July 13, 2026, 130 days before the decision" in third


def test_no_proposal_is_said_to_rest_on_the_case() -> None:
    """A household whose answer is to do nothing reads the same words."""
    told = " ".join(case_words(dated_case(AS_OF), AS_OF)).lower()
    assert "proposal" not in told
    assert "idea behind" not in told


def test_results_of_after_the_decision_are_said_not_to_have_been_known() -> None:
    words = [plain(case_words(evidence(claim("a", REFUTED)), date(2026, 7, day))[-1]) for day in (3, 13)]
    assert "10 days after the decision, and not known on its day" in words[0]
    assert "up to the decision" in words[1]


def test_a_claim_has_its_provider_count_contrary_evidence_status_and_verdicts() -> None:
    tested = claim(
        "a", (JudgmentKind.FACT, Verdict.TRUE), REFUTED,
        count=55, contrary=16, against="it did not", data_to=date(2026, 6, 30), view="IJR over SPY",
    )  # fmt: skip
    (row,) = text_of(claims_table(evidence(tested)))
    assert row[0] == "title of a | said a | A bank, 2025-12"
    assert row[2] == (
        "found a | Status: status of a | test of a | n = 55, 16 of them contrary | Against: it did not | "
        "Data to June 30, 2026."
    )
    assert row[1] == (
        "Fact true; forecast refuted | Fact: words of the fact | Forecast: words of the forecast | View: IJR over SPY."
    )
    untested = claim("b", (JudgmentKind.HISTORY, Verdict.UNTESTED), view_words="No view: untested.")
    (row,) = text_of(claims_table(evidence(untested)))
    assert row[2] == "found b | Status: status of b | test of b"
    assert row[1] == "History untested | History: words of the history | No view: untested."


@pytest.mark.parametrize(
    ("verdicts", "tone"),
    [
        ([REFUTED], "worse"),
        ([(JudgmentKind.FACT, Verdict.TRUE)], "better"),
        ([(JudgmentKind.FACT, Verdict.TRUE), REFUTED], ""),
        ([(JudgmentKind.FORECAST, Verdict.NOT_SUPPORTED)], ""),
    ],
)
def test_a_verdict_has_a_color_only_where_the_claim_has_one_answer(verdicts, tone: str) -> None:
    assert claims_table(evidence(claim("a", *verdicts))).rows[0].cells[1].tone == tone


def test_every_claim_of_the_dated_case_is_in_the_table_with_its_words() -> None:
    case = dated_case(AS_OF)
    rows = text_of(claims_table(case))
    assert len(rows) == len(case.claims) > 8
    for found, row in zip(case.claims, rows, strict=True):
        judged = [judgment.words for judgment in found.judgments]
        for words in (found.title, found.said, found.found, found.against, found.standing.words, *judged):
            assert plain(words) in " ".join(row)


def test_the_event_study_shows_both_ways_of_counting_to_the_published_digits() -> None:
    """The figures that the project set out to reproduce: every cut, and the first of each cycle, in points."""
    rows = text_of(rate_table(dated_results().long_study))
    assert [row[0] for row in rows] == ["1 month", "3 months", "6 months", "12 months", "24 months"]
    assert [row[1].split(" | ")[0] for row in rows] == ["+0.7", "+2.2", "+2.8", "+6.6", "+13.7"]
    assert [row[2].split(" | ")[0] for row in rows] == ["−0.8", "−2.8", "−6.3", "−3.4", "−3.7"]
    assert [row[2].split(" | ")[1].split(" of ")[1] for row in rows] == ["8", "8", "7", "7", "6"]
    assert rows[3][1].split(" | ")[1] == "39 of 55"
    assert [row[3].split(" | ")[0] for row in rows] == ["+0.1", "+0.4", "−2.1", "+1.6", "+5.3"]


def test_rises_stand_beside_cuts_to_the_published_digits() -> None:
    rows = text_of(rate_table(dated_results().long_rises))
    assert [row[1].split(" | ")[0] for row in rows[3:]] == ["−1.9", "−9.0"]
    assert [row[1].split(" | ")[1] for row in rows[3:]] == ["20 of 51", "17 of 51"]
    assert [row[2] for row in rows[3:]] == ["+1.3 | 3 of 6 | −4.2 to +6.3", "−6.6 | 3 of 6 | −30.0 to +14.1"]
    assert [row[4].split(" | ")[0] for row in rows[3:]] == ["+0.2", "−1.1"]
    chart = rate_chart(dated_results().long_rises)
    assert chart.title == "Small against large companies after rate rises, 1990 to 2026"
    assert "first rise of a cycle: −2.7 after 1" in chart.description


def test_the_chart_of_rate_cuts_says_in_words_what_it_draws() -> None:
    chart = rate_chart(dated_results().long_study)
    assert "every cut: +0.7 after 1, +2.2 after 3, +2.8 after 6, +6.6 after 12, +13.7 after 24" in chart.description
    assert "first cut of a cycle: −0.8 after 1" in chart.description


def test_a_horizon_that_no_cut_tells_is_unknown_and_not_drawn() -> None:
    study = dated_results().long_study
    gone = RateHorizon(24, 0, 0, None, None, None, None)
    sets = tuple(replace(found, results=(*found.results[:-1], gone)) for found in study.sets)
    short = replace(study, sets=sets)
    assert text_of(rate_table(short))[-1][1:3] == ["unknown", "unknown"]
    assert "every cut +6.6" in [text.text for text in rate_chart(short).texts]


def test_an_audit_shows_the_view_beside_what_the_mix_implies_and_where_the_decision_changes() -> None:
    table = view_audit_table(trade_off())
    assert table is not None
    over, flips, unmet = text_of(table)
    assert over == [
        "IJR over SPY | held with 25% confidence for 5 years | of the set small-caps-2026 | "
        "rolled with prices to 2026-07-13",
        "+2.59%", "+2.01% | rolled", "+0.30%", "+0.91%",
        "8.4% | gain +20.3 bp", "12.0% | gain +27.1 bp", "12.0% | gain +41.0 bp",
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


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (Use.STATED, "+2.01%"),
        (Use.ROLLED, "+2.01% | rolled"),
        (Use.AGED, "+2.01% | confidence 20.5% by age"),
        (Use.OFF, "switched off"),
    ],
)
def test_how_a_view_counts_stands_beside_what_it_states(use: Use, words: str) -> None:
    audit = replace(trade_off().views[0], use=use, used_confidence=0.205)
    table = view_audit_table(replace(trade_off(), views=(audit,)))
    assert table is not None
    assert text_of(table)[0][1:3] == ["+2.59%", words]


def test_a_confidence_rises_or_falls_from_the_one_that_counts() -> None:
    audit = replace(trade_off().views[1], confidence=0.9, used_confidence=0.3)  # flips at 62%
    table = view_audit_table(replace(trade_off(), views=(audit,)))
    assert table is not None
    assert text_of(table)[0][-1].startswith("once confidence rises to 62%")


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
        "The share in small caps lies within 5.0 to 9.0%, the range of 58 bootstrap draws.",
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
    held = Band(0.12, 0.12, 0.1201)
    found = replace(stability(), menus=menus, unmet=0, small_caps=held, proposed=0.12, is_range=False)
    told = [plain(line) for line in stability_words(replace(trade_off(), stability=found))]
    assert told[0].startswith("The share in small caps is 12.0% throughout the 90% bootstrap interval: the estimate")
    assert told[1] == words


def words_of(**fields) -> tuple[str, list[str], list[list[str]]]:
    """The sentence on the share, the heads of the table and its rows."""
    given = replace(trade_off(), stability=replace(stability(), unmet=0, is_range=False, **fields))
    table = stability_table(given)
    assert table is not None
    return plain(stability_words(given)[0]), [column.label for column in table.columns], text_of(table)


def test_a_range_of_few_draws_is_called_that_and_no_band() -> None:
    told, heads, _ = words_of()
    assert "within 5.0 to 9.0%, the 90% bootstrap interval" in told
    assert heads[-1] == "90% bootstrap interval"
    given = replace(trade_off(), stability=replace(stability(), draws=20, unmet=0))
    assert "the range of 20 bootstrap draws" in plain(stability_words(given)[0])
    assert stability_table(given).columns[-1].label == "Range of 20 bootstrap draws"
    assert not any("90% bootstrap" in line for line in stability_words(given))


def test_a_share_that_is_pinned_has_no_band() -> None:
    told, _, rows = words_of(pinned_by="small_caps.max", small_caps=Band(0.22, 0.22, 0.22), proposed=0.22)
    assert told == (
        "The share in small caps is pinned by your limit on small caps at 22.0%: bootstrap draws of past months do not "
        "move it."
    )
    assert rows[0] == ["Small caps in all", "22.0%", "pinned"]
    assert "pinned by your limits together at" in words_of(pinned_by="limits")[0]


def test_orders_outside_of_the_band_are_explained_by_their_cause() -> None:
    band = Band(0.12, 0.13, 0.14)
    told, _, rows = words_of(small_caps=band, proposed=0.131, in_orders=0.483)
    assert told == (
        "The share in small caps lies within 12.0 to 14.0%, the 90% bootstrap interval. The orders hold 48.3%: the "
        "band is of trades before rounding to shares, which would hold 13.1%."
    )
    assert ["In the orders, in shares", "48.3%", ""] in rows
    other, _, _ = words_of(small_caps=band, proposed=0.09, in_orders=0.091)
    assert "The orders hold 9.1%: before rounding to shares the best trades hold 9.0% with the risk" in other
    inside, _, rows = words_of(small_caps=band, proposed=0.131, in_orders=0.1404)
    assert inside.endswith("the 90% bootstrap interval.")
    assert len(rows) == 5


def test_without_months_nothing_is_said_of_history() -> None:
    assert stability_table(NOTHING) is None
    assert stability_words(NOTHING) == ()
