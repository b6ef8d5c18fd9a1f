"""The whole case: dated and recomputed, nothing dropped, nothing promised, and the dated results rebuilt."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from advisor.errors import MarketDataError
from advisor.evidence.builder import PORTFOLIOS, built, size_portfolios
from advisor.evidence.case import case_from_prices, dated_case
from advisor.evidence.facts import case_figures, claim_rows, rate_changes
from advisor.evidence.headline import headline
from advisor.evidence.model import Claim, Evidence, JudgmentKind
from advisor.evidence.results import dated_results, read_results, record, results_text
from advisor.evidence.words import age, listed
from tests.evidence_data import DATA, needs_data, panel, weekdays

DAY = date(2026, 11, 20)
UNTESTED = {"growth", "sales_and_book", "borrowing", "manufacturing"}


def closes(*symbols: str, last: date = date(2026, 10, 30)):
    """Closes since 2000 of a common market and differences of their own."""
    days = weekdays(date(2000, 5, 26), last)
    rng = np.random.default_rng(5)
    common = rng.normal(0.0003, 0.01, len(days))
    columns = {
        symbol: 100 * np.cumprod(1 + common + rng.normal(0, 0.004, len(days))) for symbol in ("SPY", "IWM", "IJR")
    }
    return panel(days, **{symbol: columns[symbol] for symbol in symbols})


def texts(evidence: Evidence) -> list[str]:
    cells = [cell for table in evidence.tables for row in (table.columns, *table.rows, table.notes) for cell in row]
    claims = [getattr(claim, name) for claim in evidence.claims for name in claim.__slots__]
    return [text for text in (*cells, *claims, evidence.source, evidence.age_words) if isinstance(text, str)]


def verdicts(claim: Claim) -> dict[JudgmentKind, list[str]]:
    found: dict[JudgmentKind, list[str]] = {}
    for judgment in claim.judgments:
        found.setdefault(judgment.kind, []).append(judgment.verdict)
    return found


def by_key(evidence: Evidence):
    return {claim.key: claim for claim in evidence.claims}


def test_every_claim_has_a_verdict_and_every_untested_one_says_what_is_needed() -> None:
    evidence = dated_case(DAY)
    assert [claim.key for claim in evidence.claims] == [row["key"] for row in claim_rows()]
    untested = {claim.key for claim in evidence.claims if claim.is_untested}
    assert untested == UNTESTED
    assert all(
        "It would take " in claim.found and claim.data_to is None for claim in evidence.claims if claim.key in untested
    )
    assert all(claim.found and claim.judgments and claim.source and claim.test for claim in evidence.claims)
    assert all(judgment.words for claim in evidence.claims for judgment in claim.judgments)


def test_every_figure_of_the_article_has_a_source_and_a_date() -> None:
    figures = case_figures()
    assert {figures[key]["value"] for key in ("sp500_pe", "russell_pe", "sp600_pe", "sp600_forward_pe")} == {
        "27", "18", "15.9", "15.61",
    }  # fmt: skip
    assert all(row["said_on"] and row["provider"] and row["source"] for row in figures.values())


def test_the_case_that_did_not_survive_is_said_not_to() -> None:
    claims = by_key(dated_case(DAY))
    assert verdicts(claims["rate_cuts"]) == {
        JudgmentKind.HISTORY: ["supported"],
        JudgmentKind.FORECAST: ["not supported"],
    }
    assert verdicts(claims["momentum"]) == {JudgmentKind.FACT: ["true"], JudgmentKind.FORECAST: ["refuted"]}
    assert (claims["rate_cuts"].count, claims["rate_cuts"].contrary) == (55, 16)
    assert "+6.6" in claims["rate_cuts"].found
    assert "−3.4" in claims["rate_cuts"].found
    assert "do not compare" in claims["valuation"].found
    assert verdicts(claims["calendar_years"]) == {
        JudgmentKind.HISTORY: ["supported", "refuted"],
        JudgmentKind.FORECAST: ["not supported"],
    }
    assert "2022" in claims["calendar_years"].found


def test_only_the_valuation_became_views_and_every_other_claim_says_why_not() -> None:
    claims = dated_case(DAY).claims
    assert {claim.key: claim.view for claim in claims if claim.view} == {"valuation": "IJR over SPY"}
    assert all(claim.view_words for claim in claims)


def test_dated_results_say_their_age() -> None:
    evidence = dated_case(DAY)
    assert not evidence.is_recomputed
    assert evidence.results_to == date(2026, 7, 13)
    assert evidence.age_words == "dated result, prices to 2026-07-13, 4 months old"
    assert by_key(evidence)["momentum"].age_words == evidence.age_words
    assert "later than 2026-01-05" in dated_case(date(2026, 1, 5)).age_words


def test_prices_at_hand_renew_what_they_tell() -> None:
    evidence = case_from_prices(closes("SPY", "IWM", "IJR"), DAY)
    assert evidence.is_recomputed
    assert evidence.results_to == date(2026, 10, 30)
    claims, dated = by_key(evidence), by_key(dated_case(DAY))
    for key in ("rate_cuts", "momentum", "calendar_years", "quality"):
        assert claims[key].age_words == "computed from these prices, to 2026-10-30", key
        assert claims[key].found != dated[key].found, key
    assert claims["valuation"].against != dated["valuation"].against
    kept = {
        key for key, claim in claims.items() if (claim.found, claim.against) == (dated[key].found, dated[key].against)
    }
    assert kept == {*UNTESTED, "seven", "ways_in"}
    assert claims["momentum"].data_to == date(2026, 10, 30)


def test_nothing_after_the_day_is_used() -> None:
    prices = closes("SPY", "IWM", "IJR")
    planted = prices.prices.copy()
    day = date(2026, 3, 31)
    planted[[n for n, of in enumerate(prices.days) if of > day]] *= 7.0
    assert case_from_prices(prices, day) == case_from_prices(replace(prices, prices=planted), day)


def test_a_missing_symbol_leaves_the_dated_result_with_its_reason_and_age() -> None:
    evidence = case_from_prices(closes("SPY", "IWM"), DAY)
    claims, dated = by_key(evidence), by_key(dated_case(DAY))
    assert claims["momentum"].age_words == "computed from these prices, to 2026-10-30"
    for key in ("quality", "calendar_years", "valuation"):
        assert claims[key].found == dated[key].found
        assert claims[key].age_words == (
            "not computed anew: these prices have no IJR; dated result, prices to 2026-07-13, 4 months old"
        )
    assert set(claims) == set(dated)


@pytest.mark.parametrize(
    ("prices", "day"),
    [
        (closes("IJR").between(date(2026, 1, 1), DAY), DAY),
        (closes("SPY", "IWM", "IJR"), date(1999, 1, 4)),
        (closes("SPY", "IWM", "IJR").between(date(2026, 8, 3), DAY), DAY),
    ],
)
def test_prices_that_tell_nothing_are_refused_with_the_way_out(prices, day: date) -> None:
    with pytest.raises(MarketDataError, match=r"no claim can be tested with these prices .* give daily closes of"):
        case_from_prices(prices, day)


@pytest.mark.parametrize("evidence", [dated_case(DAY), case_from_prices(closes("SPY", "IWM", "IJR"), DAY)])
def test_nothing_is_promised_and_no_figure_is_missing_in_a_sentence(evidence: Evidence) -> None:
    for text in texts(evidence):
        for word in ("safe", "guarantee", "will outperform", "nan", "None", "inf "):
            assert word not in text.replace("financ", ""), text
    for table in evidence.tables:
        assert all(len(row) == len(table.columns) for row in table.rows), table.key


def test_the_dated_results_read_back_as_written() -> None:
    dated = dated_results()
    assert read_results(results_text(dated).encode(), "x") == dated


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"schema": "advisor.evidence-results/9"}'])
def test_another_file_is_refused(content: bytes) -> None:
    with pytest.raises(MarketDataError, match="not results of the evidence"):
        read_results(content, "x")


def test_months_with_a_gap_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "kf.csv"
    file.write_text("ym,Qnt 2,Hi 20\n2020-01-31,0.01,0.02\n2020-03-31,0.01,0.02\n")
    with pytest.raises(MarketDataError, match="not one after another"):
        size_portfolios(file)


def test_ages_and_lists_in_words() -> None:
    last = date(2026, 7, 13)
    days = (date(2026, 7, 13), date(2026, 7, 14), date(2026, 8, 1), date(2026, 8, 14), date(2027, 8, 14))
    assert [age(last, day) for day in days] == [
        "of the same day", "1 day old", "19 days old", "1 month old", "13 months old",
    ]  # fmt: skip
    assert [listed(items) for items in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


def close(one: object, other: object) -> bool:
    """Equal documents, numbers to nine digits."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(close(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(close, one, other))
    return one == pytest.approx(other, rel=2e-8, abs=1e-12) if isinstance(one, float) else one == other


@needs_data
def test_the_dated_results_are_what_the_builder_makes() -> None:
    assert (DATA / PORTFOLIOS).exists()
    made = json.loads(json.dumps(record(built(DATA))))
    assert close(made, json.loads(json.dumps(record(dated_results()))))


def test_the_document_tells_the_figures_of_the_dated_results() -> None:
    docs = Path(__file__).parent.parent / "docs"
    pages = (docs / "users" / "small-caps.md", docs / "developers" / "evidence.md")
    document = "\n".join(page.read_text("utf-8") for page in pages)
    evidence = dated_case(DAY)
    told = {table.key: table for table in evidence.tables}
    for key in (
        "case",
        "valuations",
        "rate_cuts",
        "rate_rises",
        "cycles",
        "rise_cycles",
        "rate_decisions",
        "streaks",
        "calendar_years",
        "risk",
        "size_premium",
        "switch",
    ):
        for row in told[key].rows:
            assert f"| {' | '.join(cell.strip() for cell in row)} |".replace("\u00a0", " ") in document, (key, row)
    for claim in evidence.claims:
        for judgment in claim.judgments:
            line = f"| {claim.title} | {judgment.kind} | {judgment.verdict} | {judgment.words} |"
            assert line.replace("\u00a0", " ") in document
    assert headline(evidence.claims) in document
    assert evidence.premium_words.replace("\u00a0", " ") in " ".join(document.split())
    assert not [word for word in ("safe", "guaranteed", "will outperform") if word in document.lower()]


def test_prices_without_the_years_that_were_claimed_leave_that_claim_dated() -> None:
    """Closes since 2024 hold one whole year of the five: one year does not test the claim."""
    prices = closes("SPY", "IWM", "IJR").between(date(2024, 6, 3), DAY)
    claims, dated = by_key(case_from_prices(prices, DAY)), by_key(dated_case(DAY))
    assert claims["calendar_years"].found == dated["calendar_years"].found
    assert (
        "these prices are too short, end too early or are not daily; dated result" in claims["calendar_years"].age_words
    )
    assert claims["quality"].age_words == "computed from these prices, to 2026-10-30"


@pytest.mark.parametrize("count", [1, 2, 5, 6, 30, 90, 260, 400, 600])
def test_prices_of_any_length_drop_no_claim_and_leave_none_untested(count: int) -> None:
    prices = closes("SPY", "IWM", "IJR")
    last = replace(prices, days=prices.days[-count:], prices=prices.prices[-count:])
    dated = by_key(dated_case(DAY))
    try:
        claims = by_key(case_from_prices(last, DAY))
    except MarketDataError as error:
        assert "too short" in str(error)  # noqa: PT017 - short prices may tell nothing, and then say so
        return
    assert {key for key, claim in claims.items() if claim.is_untested} == UNTESTED
    assert claims.keys() == dated.keys()


def test_each_claim_says_the_last_day_of_its_own_prices() -> None:
    prices = closes("SPY", "IWM", "IJR")
    earlier = prices.prices.copy()
    earlier[-40:, prices.symbols.index("IJR")] = np.nan
    claims = by_key(case_from_prices(replace(prices, prices=earlier), DAY))
    assert claims["momentum"].age_words.endswith("to 2026-10-30")
    assert claims["quality"].age_words.endswith(f"to {prices.days[-41]}")


def test_the_cuts_of_2025_are_as_many_as_were_said() -> None:
    cuts = [change for change in rate_changes() if change.announced.year == 2025 and change.change_bp < 0]
    assert len(cuts) == int(case_figures()["cuts"]["value"])
