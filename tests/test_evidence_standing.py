"""Dated figures: none of a later day, the newest with its age, older ones beside it where sign or size turned."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import pytest

from advisor.evidence import standing
from advisor.evidence.case import dated_case
from advisor.evidence.facts import TABLES, claim_rows, rows
from advisor.evidence.headline import counted, headline
from advisor.evidence.model import Evidence, Judgment, JudgmentKind, Standing, Verdict
from advisor.evidence.premium import premium_words
from advisor.evidence.results import dated_results
from tests.evidence_data import DATA, needs_data

DAY = date(2026, 11, 20)


def of(claim: str, as_of: date = DAY) -> Standing:
    found = next(one for one in dated_case(as_of).claims if one.key == claim).standing
    return replace(found, words=found.words.replace("\u00a0", " "))


@pytest.mark.parametrize(
    ("as_of", "words"),
    [
        (date(2026, 10, 6), "2026-10-05, 1 day old: 2026 so far IWM +15.6%, SPY +14.2%: 1.4 points ahead. Before:"),
        (date(2026, 10, 5), "2026-10-05, of the same day: 2026 so far"),
        (date(2026, 10, 4), "2026-09-30, 4 days old: 2026 so far IWM +13.4%, SPY +12.4%: 1.0 points ahead. Before:"),
        (date(2026, 8, 20), "2026-08-14, 6 days old: 2026 so far IWM +24.5%, SPY +14.5%: 10.0 points ahead."),
        (date(2026, 7, 13), "2026-07-13, of the same day: 2026 so far IWM +19.7%, SPY +10.4%: 9.3 points ahead."),
    ],
)
def test_the_lead_of_the_year_is_the_newest_that_is_known(as_of: date, words: str) -> None:
    assert of("momentum", as_of).words.startswith(words)


def test_a_lead_that_shrank_shows_what_it_was() -> None:
    told = of("momentum", date(2026, 10, 6))
    assert "9.3 points ahead on 2026-07-13" in told.words
    assert "10.0 points ahead on 2026-08-14" in told.words
    assert told.has_turned
    assert not of("momentum", date(2026, 8, 20)).has_turned


@pytest.mark.parametrize("back", range(0, 420, 7))
def test_no_day_knows_a_later_one(back: int) -> None:
    day = DAY - timedelta(days=back)
    for claim in dated_case(day).claims:
        assert all(figure.as_of <= day for figure in (*claim.standing.figures, *claim.standing.before)), claim.key


def decision(as_of: date) -> str:
    return of("rate_cuts", as_of).words


def test_a_meeting_is_known_from_its_day_on() -> None:
    assert "held (9 votes to 3" in decision(date(2026, 9, 15))
    assert "raised" not in decision(date(2026, 9, 15))
    assert "the next meeting ends on 2026-09-16" in decision(date(2026, 9, 15))
    raised = decision(date(2026, 9, 16))
    assert "raised the rate by 0.25 points (12 votes to 0" in raised
    assert "the range is 3.75-4.00%" in raised
    november = decision(DAY)
    assert "the decision of 2026-10-28 is not known to us" in november
    assert "the next meeting ends on 2026-12-09" in november


@pytest.mark.parametrize("as_of", [date(2026, 7, 28), date(2026, 9, 15), DAY])
def test_the_table_of_decisions_ends_on_the_day_but_for_the_next_meeting(as_of: date) -> None:
    table = next(table for table in dated_case(as_of).tables if table.key == "rate_decisions")
    *past, coming = table.rows
    assert all(row[0] <= as_of.isoformat() for row in past)
    assert coming[0] > as_of.isoformat()
    assert coming[1:3] == ("the next meeting", "–")
    assert any("raised" in row[1] for row in past) is (as_of >= date(2026, 9, 16))


def test_every_claim_has_a_status_and_one_without_figures_says_so() -> None:
    for as_of in (DAY, date(2025, 12, 1)):
        for claim in dated_case(as_of).claims:
            assert claim.standing.words
    early = {claim.key: claim.standing for claim in dated_case(date(2025, 9, 1)).claims}
    assert early["momentum"] == Standing("No dated figure at hand up to 2025-09-01.")


@pytest.mark.parametrize(
    ("older", "newest", "is_other"),
    [(9.3, 1.4, True), (1.0, 1.4, False), (-1.0, 1.4, True), (0.0, 1.4, True), (0.0, 0.0, False), (None, 1.4, False),
     (2.8, 1.4, True), (2.7, 1.4, False), (0.7, 1.4, True), (-3.0, -2.9, False)],
)  # fmt: skip
def test_another_sign_or_twice_the_size_is_a_turn(older, newest, is_other: bool) -> None:
    assert standing._is_other(older, newest) is is_other


def test_prices_at_hand_of_a_later_day_are_the_newest_figure() -> None:
    dated = dated_results()
    assert dated.years is not None
    begun = dated.years.begun
    assert begun is not None
    later = replace(dated.years, last=date(2026, 11, 18), begun=replace(begun, returns=(0.20, 0.10, 0.12)))
    found = standing.standings(replace(dated, years=later), DAY)["momentum"]
    assert found.words.replace("\u00a0", " ").startswith(
        "2026-11-18, 2 days old: 2026 so far IWM +10.0%, SPY +20.0%: 10.0 points behind. Before:"
    )
    assert found.figures[0].source == "the prices of the case"


def test_the_keys_of_the_dated_figures_are_those_of_claims() -> None:
    keys = {row["key"] for row in claim_rows()}
    assert {row["claim"] for row in rows("standings", "claim")} <= keys


@needs_data
def test_the_years_so_far_are_those_of_the_prices() -> None:
    """pandas: adjusted closes to 2026-07-13, then quoted closes, IJR with its dividend; to half a basis point."""
    panel = pd.read_csv(DATA / "prices_wide.csv", parse_dates=["Date"], index_col="Date")[["IWM", "IJR", "SPY"]]
    quoted = pd.read_csv(DATA / "fresh" / "closes_2026-07-13_2026-10-05.csv", parse_dates=["date"], index_col="date")
    quoted.loc["2026-09-15":, "IJR"] *= 1 + 0.509 / quoted.loc["2026-09-14", "IJR"]
    start, joint = panel.loc["2025-12-31"], pd.Timestamp("2026-07-13")
    table = pd.read_csv(TABLES / "year_to_date.csv", parse_dates=["as_of"], index_col="as_of")
    for day, row in table.iterrows():
        for symbol in ("IWM", "IJR", "SPY"):
            if day <= joint:
                true = panel.loc[day, symbol] / start[symbol] - 1
            else:
                true = (
                    panel.loc[joint, symbol] / start[symbol] * quoted.loc[day, symbol] / quoted.loc[joint, symbol] - 1
                )
            assert row[symbol] == pytest.approx(true, abs=6e-6, nan_ok=True), (day, symbol)


@needs_data
def test_the_gap_of_earnings_yields_is_that_of_the_closes() -> None:
    """1/15.9 and 1/27 on 2025-12-12, each over the growth of its fund's quoted price; to half a hundredth."""
    at = {s: pd.read_csv(DATA / "ohlc" / f"{s}.csv", index_col="Date")["Close"]["2025-12-12"] for s in ("IJR", "SPY")}
    quoted = pd.read_csv(DATA / "fresh" / "closes_2026-07-13_2026-10-05.csv", index_col="date")
    table = [row for row in rows("standings", "series", "value", "as_of") if row["series"] == "gap of earnings yields"]
    assert [row["as_of"] for row in table] == ["2025-12-12", "2026-07-13", "2026-09-25"]
    for row in table:
        now = at if row["as_of"] == "2025-12-12" else quoted.loc[row["as_of"]]
        gap = at["IJR"] / now["IJR"] / 15.9 - at["SPY"] / now["SPY"] / 27
        assert float(row["value"]) == pytest.approx(100 * gap, abs=0.006)
        assert f"{row['value']} points" in row["words"]


def test_the_premium_of_size_is_told_from_its_table() -> None:
    (since,) = [row for row in rows("size_premium", "from", "to", "annual_mean", "t") if row["from"] == "1982-01"]
    words = premium_words().replace("\u00a0", " ")
    assert words.startswith(
        f"Small companies returned {100 * float(since['annual_mean']):.2f}% a year more than large ones from 1982-01 "
        f"to {since['to']} (t {since['t']}): no more than chance gives."
    )
    assert since["source"] in words


@needs_data
def test_another_measure_of_the_premium_since_1982_is_no_more_than_chance_either() -> None:
    """Fifths and thirds by size of the same library, 1982-01 to 2025-08: means within 1% a year of zero, t below 1."""
    monthly = pd.read_csv(DATA / "macro" / "kf_size_portfolios_monthly.csv", parse_dates=["ym"], index_col="ym")
    for small, large in (("Lo 30", "Hi 30"), ("Qnt 2", "Hi 20"), ("Lo 20", "Hi 20")):
        months = (monthly[small] - monthly[large]).loc["1982-01":"2025-08"]
        assert len(months) == 524
        assert abs(12 * months.mean()) < 0.01
        assert abs(months.mean() / months.std() * len(months) ** 0.5) < 1.0


def with_verdicts(*verdicts: tuple[JudgmentKind, Verdict]) -> Evidence:
    known = dated_case(DAY)
    judgments = tuple(Judgment(kind, verdict, "w") for kind, verdict in verdicts)
    return replace(known, claims=(replace(known.claims[0], judgments=judgments),))


def test_kinds_are_counted_apart() -> None:
    known = dated_case(DAY).claims
    by_hand: dict[tuple[JudgmentKind, Verdict], int] = {}
    for claim in known:
        for judgment in claim.judgments:
            by_hand[judgment.kind, judgment.verdict] = by_hand.get((judgment.kind, judgment.verdict), 0) + 1
    assert {(kind, verdict): n for kind, of in counted(known).items() for verdict, n in of.items()} == by_hand
    assert headline(known) == (
        "Of its five forecasts none is supported, two are not supported, one is refuted, two are untested. "
        "Of its six statements about the past three are supported, one is refuted, two are untested. "
        "Of its five facts four are true, one is untested."
    )


@pytest.mark.parametrize(
    ("verdicts", "words"),
    [
        ([(JudgmentKind.FACT, Verdict.TRUE)], "Its one fact is true."),
        ([(JudgmentKind.FORECAST, Verdict.REFUTED)], "Its one forecast is refuted."),
        ([(JudgmentKind.FORECAST, Verdict.SUPPORTED)] * 2, "Of its two forecasts all are supported."),
        ([(JudgmentKind.HISTORY, Verdict.SUPPORTED), (JudgmentKind.HISTORY, Verdict.REFUTED)],
         "Of its two statements about the past one is supported, one is refuted."),
    ],
)  # fmt: skip
def test_the_headline_fits_its_counts(verdicts, words: str) -> None:
    assert headline(with_verdicts(*verdicts).claims) == words


def test_a_kind_has_only_the_verdicts_that_fit_it() -> None:
    fitting = {
        JudgmentKind.FACT: {Verdict.TRUE, Verdict.FALSE, Verdict.UNTESTED},
        JudgmentKind.HISTORY: {Verdict.SUPPORTED, Verdict.REFUTED, Verdict.UNTESTED},
        JudgmentKind.FORECAST: {Verdict.SUPPORTED, Verdict.NOT_SUPPORTED, Verdict.REFUTED, Verdict.UNTESTED},
    }
    for claim in dated_case(DAY).claims:
        assert all(judgment.verdict in fitting[judgment.kind] for judgment in claim.judgments), claim.key


def test_the_kinds_of_the_table_are_those_that_the_tests_judge() -> None:
    kinds = {row["key"]: set(row["kinds"].split(";")) for row in claim_rows()}
    for claim in dated_case(DAY).claims:
        assert {str(judgment.kind) for judgment in claim.judgments} == kinds[claim.key], claim.key
