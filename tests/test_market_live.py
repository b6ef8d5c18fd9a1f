"""What is asked for, what is kept, and what a run does when a source fails, with a source that a test controls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from advisor.errors import MarketDataError
from advisor.market.live import Desk, Prices, price_histories, read_facts, read_history, security_facts
from advisor.market.prices.cache import Cache
from advisor.market.prices.history import FaultCause, PriceHistory, SecurityFacts, SecurityKind, SourceFault
from advisor.portfolio.preferences import CovarianceChoice, ReturnPeriod
from tests.market_households import LAST, NOW, Source, at, calendar, days_before, history, unwatched
from tests.samples import market

SYMBOLS = ("IJR", "IWM", "SPY", "VTI")
FACTS = SecurityFacts(
    "IWM",
    "IWM Fund",
    SecurityKind.ETF,
    "Small Blend",
    None,
    0.0019,
    0.01,
    18.0,
    (("AAPL", "Apple", 0.07),),
    {},
    "made up",
    NOW,
)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def desk(source: Source | None, cache: Cache, *, now: datetime = NOW, as_of: date | None = None, **fields) -> Desk:
    name = "the cache" if source is None else "Yahoo"
    return Desk(source, name, cache, calendar(), now, as_of or now.date(), unwatched, **fields)


def read(at_hand: Desk, symbols: Iterable[str] = SYMBOLS, accepted: Mapping[str, str] | None = None, **more) -> Prices:
    prices = {symbol: Decimal(price) for symbol, price in (accepted or {}).items()}
    return price_histories(tuple(symbols), at_hand, base=market(), accepted=prices, **more)


def good(symbols: Iterable[str] = SYMBOLS, **fields) -> dict[str, PriceHistory | SourceFault]:
    return {symbol: history(symbol, **fields) for symbol in symbols}


def keep(cache: Cache, *histories: PriceHistory) -> None:
    for each in histories:
        cache.write("prices", each.symbol, each.to_bytes())


def changed(symbol: str, place: int, factor: float) -> PriceHistory:
    """A history in which one close, and its adjusted close, is a multiple of what it was."""
    made = history(symbol)
    closes = made.closes.copy()
    closes[place] *= factor
    return replace(made, closes=closes, adjusted=closes)


def fault(symbol: str, cause: FaultCause) -> SourceFault:
    return SourceFault(symbol, cause, "as a test has it")


def told(at_hand: Desk, **more) -> str:
    with pytest.raises(MarketDataError) as raised:
        read(at_hand, **more)
    return str(raised.value)


def codes(found: Prices) -> list[tuple[str, tuple[str, ...]]]:
    return [(warned.code, warned.symbols) for warned in found.warnings]


# What is fresh ------------------------------------------------------------------------------------------------------
# 2026-11-20 is a Friday; 2026-11-26 is Thanksgiving, a Thursday; 2026-11-27 closes at 18:00 UTC.
FRESH = {
    "the same evening": (at("2026-11-20", "21:30"), "2026-11-20", at("2026-11-20", "23:59"), None, True),
    "Saturday": (at("2026-11-20", "21:30"), "2026-11-20", at("2026-11-21", "15:00"), None, True),
    "Monday before the close": (at("2026-11-20", "21:30"), "2026-11-20", at("2026-11-23", "20:59"), None, True),
    "Monday when the close is known": (at("2026-11-20", "21:30"), "2026-11-20", at("2026-11-23", "21:15"), None, False),
    "Monday in the minutes after": (at("2026-11-20", "21:30"), "2026-11-20", at("2026-11-23", "21:14"), None, True),
    "read during the session": (at("2026-11-20", "18:00"), "2026-11-19", at("2026-11-20", "20:00"), None, True),
    "read during it, then the close": (at("2026-11-20", "18:00"), "2026-11-19", at("2026-11-20", "21:30"), None, False),
    "a holiday adds nothing": (at("2026-11-25", "22:00"), "2026-11-25", at("2026-11-27", "14:00"), None, True),
    "a half-day ends early": (at("2026-11-25", "22:00"), "2026-11-25", at("2026-11-27", "18:15"), None, False),
    "the last close is missing": (at("2026-11-20", "21:30"), "2026-11-19", at("2026-11-20", "22:00"), None, True),
    "and is asked for again": (at("2026-11-20", "21:30"), "2026-11-19", at("2026-11-20", "22:31"), None, False),
    "a day in the past": (at("2026-08-03", "22:00"), "2026-08-03", at("2026-11-20"), date(2026, 7, 20), True),
    "one that was not over then": (at("2026-07-20", "15:00"), "2026-07-17", at("2026-11-20"), date(2026, 7, 20), False),
    "a past Sunday": (at("2026-07-17", "22:00"), "2026-07-17", at("2026-11-20"), date(2026, 7, 19), True),
    "a past Sunday, read before": (at("2026-07-16", "22:00"), "2026-07-16", at("2026-11-20"), date(2026, 7, 19), False),
    "a decision in the future": (at("2026-11-20", "21:30"), "2026-11-20", at("2026-11-21"), date(2026, 12, 1), True),
}


@pytest.mark.parametrize("case", FRESH)
def test_only_what_could_have_changed_is_asked_for(case: str, cache: Cache) -> None:
    fetched, last, now, as_of, fresh = FRESH[case]
    keep(cache, history("IWM", last=date.fromisoformat(last), now=fetched))
    source = Source(good(["IWM"], last=calendar().last_completed(now), now=now))
    read(desk(source, cache, now=now, as_of=as_of), ["IWM"])
    assert source.asked == ([] if fresh else [("IWM",)])


def test_a_history_that_begins_too_late_for_a_decision_long_ago_is_asked_for_again(cache: Cache) -> None:
    keep(cache, history("IWM"), listed_since("SGOV", 1500))
    source = Source(good(["IWM"], now=at("2020-06-01")))
    read(desk(source, cache, as_of=date(2020, 6, 1)), ["IWM"])
    assert source.asked == [("IWM",)]
    read(desk(Source({}), cache), ["SGOV"])  # asks for nothing: it has no earlier prices


def listed_since(symbol: str, sessions: int) -> PriceHistory:
    made = history(symbol)
    return replace(
        made, **{name: getattr(made, name)[-sessions:] for name in ("days", "closes", "adjusted", "volumes")}
    )


def test_a_run_that_asks_anew_asks_for_what_is_fresh(cache: Cache) -> None:
    source = Source(good())
    read(desk(source, cache))
    read(desk(source, cache))
    read(desk(source, cache, anew=True))
    assert source.asked == [SYMBOLS, SYMBOLS]


def test_what_is_kept_is_what_was_fetched(cache: Cache) -> None:
    source = Source(good())
    found = read(desk(source, cache))
    for symbol in SYMBOLS:
        kept = read_history(cache, symbol)
        assert kept is not None
        assert kept.to_bytes() == history(symbol).to_bytes()
        assert found.origins[symbol].sha256 == kept.sha256
        assert found.origins[symbol].source == "Yahoo chart, read 2026-11-20 22:30 UTC"
    again = read(desk(None, cache))
    assert again.origins == found.origins
    assert [each.to_bytes() for each in again.histories.values()] == [
        each.to_bytes() for each in found.histories.values()
    ]


def test_one_unreadable_file_of_the_cache_costs_one_request(cache: Cache) -> None:
    read(desk(Source(good()), cache))
    path = cache.folder / "prices-IWM.data"
    path.write_bytes(path.read_bytes()[:-7])
    source = Source(good())
    found = read(desk(source, cache))
    assert source.asked == [("IWM",)]
    assert cache.set_aside == ["prices-IWM.data"]
    assert set(found.histories) == set(SYMBOLS)
    assert read_history(Cache(cache.folder), "IWM") is not None


def test_what_another_version_wrote_is_fetched_again(cache: Cache) -> None:
    cache.write("prices", "IWM", b'{"symbol": "IWM"}')
    cache.write("facts", "IWM", b"[]")
    source = Source(good(), {"IWM": FACTS})
    read(desk(source, cache), ["IWM"])
    security_facts(["IWM"], desk(source, cache), market())
    assert (source.asked, source.asked_facts) == ([("IWM",)], [("IWM",)])


# When a source fails ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("cause", FaultCause)
def test_one_that_fails_has_its_kept_price_with_a_warning(cause: FaultCause, cache: Cache) -> None:
    yesterday = days_before(LAST, 1)
    keep(cache, history("IWM", last=yesterday, now=at(f"{yesterday}")))
    found = read(desk(Source(good() | {"IWM": fault("IWM", cause)}), cache))
    assert found.histories["IWM"].days[-1] == yesterday
    assert codes(found) == [("kept_price", ("IWM",))]
    assert f"{cause} (as a test has it); the prices read on {yesterday} are used" in found.warnings[0].message


@pytest.mark.parametrize("cause", FaultCause)
def test_one_that_fails_without_a_kept_price_ends_the_run(cause: FaultCause, cache: Cache) -> None:
    text = told(desk(Source(good() | {"IWM": fault("IWM", cause)}), cache))
    if cause is FaultCause.NO_NETWORK:
        assert text.startswith("no network: Yahoo cannot be reached for IWM; --market snapshot")
        assert "\n" not in text
    else:
        assert f"no usable price from Yahoo for IWM:\n  IWM: {cause} (as a test has it)\n" in text
        assert "--market snapshot" in text
        assert "proxy" in text


@pytest.mark.parametrize(("age", "outcome"), [(0, []), (1, []), (2, ["price_age"]), (5, ["price_age"]), (6, None)])
def test_a_kept_price_is_used_for_five_sessions(age: int, outcome: list[str] | None, cache: Cache) -> None:
    last = days_before(LAST, age)
    keep(cache, history("IWM", last=last, now=at(f"{last}")))
    at_hand = desk(Source(good() | {"IWM": fault("IWM", FaultCause.RATE_LIMITED)}), cache)
    if outcome is not None:
        own = [("kept_price", ("IWM",))] if age else []  # at age 0 nothing is asked for
        assert codes(read(at_hand)) == [*own, *((code, ("IWM",)) for code in outcome)]
        return
    text = told(at_hand)
    assert "IWM: rate-limited (as a test has it); of what was kept, IWM: its last close is of" in text
    assert "6 sessions" in text


def test_several_that_fail_are_all_named(cache: Cache) -> None:
    faults = {"IWM": fault("IWM", FaultCause.NOT_FOUND), "VTI": fault("VTI", FaultCause.TIMED_OUT)}
    text = told(desk(Source(good() | faults), cache))
    assert text.startswith("no usable price from Yahoo for 2 symbols:\n  IWM: not found (")
    assert "\n  VTI: timed out (" in text
    assert "SPY" not in text


def test_all_that_fail_are_all_named(cache: Cache) -> None:
    text = told(desk(Source({symbol: fault(symbol, FaultCause.RATE_LIMITED) for symbol in SYMBOLS}), cache))
    assert text.startswith("no usable price from Yahoo for 4 symbols:")
    assert text.count("rate-limited") == 4


def test_without_a_network_and_with_prices_that_are_too_old_there_is_one_sentence(cache: Cache) -> None:
    old = days_before(LAST, 30)
    keep(cache, *(history(symbol, last=old, now=at(f"{old}")) for symbol in SYMBOLS))
    text = told(desk(Source({symbol: fault(symbol, FaultCause.NO_NETWORK) for symbol in SYMBOLS}), cache))
    assert text == (
        "no network: Yahoo cannot be reached for 4 symbols, and what was kept is too old; "
        "--market snapshot uses the prices of 2026-07-13 that come with the program"
    )


def test_without_a_network_a_doubt_about_what_was_kept_is_named(cache: Cache) -> None:
    yesterday = days_before(LAST, 1)
    closes = history("IWM", last=yesterday).closes.copy()
    closes[-1] *= 100.0
    keep(cache, history("IWM", last=yesterday, now=at(f"{yesterday}"), closes=closes, adjusted=closes))
    text = told(desk(Source(good() | {"IWM": fault("IWM", FaultCause.NO_NETWORK)}), cache))
    assert "IWM: no network (as a test has it); of what was kept, IWM: the close of 2026-11-19" in text


def test_offline_the_way_out_is_a_run_with_a_network(cache: Cache) -> None:
    keep(cache, *(history(symbol) for symbol in SYMBOLS[1:]))
    text = told(desk(None, cache))
    assert text.startswith("no usable price from the cache for IJR:\n  IJR: nothing is kept of it\nRun once without")


def test_offline_an_empty_cache_is_told_in_one_line(cache: Cache) -> None:
    lines = told(desk(None, cache)).splitlines()
    assert lines[:2] == [
        "no usable price from the cache for 4 symbols:",
        "  IJR, IWM, SPY, VTI: nothing is kept of them",
    ]
    assert len(lines) == 3
    keep(cache, changed("IWM", -1, 100.0))
    lines = told(desk(None, cache)).splitlines()
    assert lines[1].startswith("  IWM: the close of 2026-11-20")
    assert lines[2] == "  IJR, SPY, VTI: nothing is kept of them"


def test_a_symbol_that_the_file_describes_itself_may_fail(cache: Cache) -> None:
    found = read(desk(Source(good() | {"IWM": fault("IWM", FaultCause.NOT_FOUND)}), cache), optional=frozenset({"IWM"}))
    assert set(found.histories) == set(SYMBOLS) - {"IWM"}


def test_a_number_that_is_not_finite_is_a_bad_answer_even_where_a_price_is_accepted(cache: Cache) -> None:
    """It could be neither kept nor traced."""
    broken = history("IWM")
    closes = broken.closes.copy()
    closes[-1] = np.inf
    for fields in ({"closes": closes}, {"adjusted": closes}, {"volumes": np.full(len(closes), np.nan)}):
        source = Source(good() | {"IWM": replace(broken, **fields)})
        assert "IWM: bad answer (a value that is not a finite number)" in told(desk(source, cache))
        assert "IWM: bad answer" in told(desk(source, cache), accepted={"IWM": "250"})
    yesterday = days_before(LAST, 1)
    keep(cache, history("IWM", last=yesterday, now=at(f"{yesterday}")))
    assert codes(read(desk(source, cache))) == [("kept_price", ("IWM",))]


# Doubtful prices ----------------------------------------------------------------------------------------------------
DOUBTFUL = {
    "100 times the last close": (lambda: changed("IWM", -1, 100.0), "too new to tell"),
    "another security": (lambda: scaled("IWM", 1.03), "is not the snapshot's"),
    "another currency": (lambda: replace(history("IWM"), currency="GBp"), "its prices are in GBp"),
    "another history": (lambda: rewritten("IWM"), "is not that which was fetched on 2026-11-19"),
}


def scaled(symbol: str, factor: float) -> PriceHistory:
    made = history(symbol)
    return replace(made, closes=made.closes * factor, adjusted=made.adjusted * factor)


def rewritten(symbol: str) -> PriceHistory:
    """A history whose last month is 1% higher than it was."""
    made = history(symbol)
    factors = np.where(np.arange(len(made.days)) >= len(made.days) - 20, 1.01, 1.0)
    return replace(made, closes=made.closes * factors, adjusted=made.adjusted * factors)


@pytest.mark.parametrize("case", DOUBTFUL)
def test_a_doubtful_price_is_held_and_never_kept(case: str, cache: Cache) -> None:
    yesterday = days_before(LAST, 1)
    before = history("IWM", last=yesterday, now=at(f"{yesterday}"))
    keep(cache, before)
    source = Source(good() | {"IWM": DOUBTFUL[case][0]()})
    text = told(desk(source, cache))
    assert DOUBTFUL[case][1] in text
    assert "--accept-price IWM=123.45" in text
    found = read(desk(source, cache), accepted={"IWM": "250"})
    assert "accepted: 250" in found.warnings[0].message
    kept = read_history(cache, "IWM")
    assert kept is not None
    assert kept.to_bytes() == before.to_bytes()


def test_a_sound_history_is_kept_beside_an_accepted_price(cache: Cache) -> None:
    read(desk(Source(good()), cache), accepted={"IWM": "250"})
    assert read_history(cache, "IWM") is not None


def test_an_accepted_price_far_from_a_close_that_nobody_doubts_ends_the_run(cache: Cache) -> None:
    close = f"{history('IWM').closes[-1]:,.2f}"
    for optional in (frozenset[str](), frozenset({"IWM"})):
        assert told(desk(Source(good()), cache), accepted={"IWM": "25000"}, optional=optional) == (
            f"--accept-price IWM=25000: the close of 2026-11-20 (Yahoo chart) is {close} and nothing is doubtful about "
            "it; a price further than a factor of 1.5 from it is not taken"
        )
    (warned,) = read(desk(Source(good()), cache), accepted={"IWM": "250"}).warnings
    assert (warned.code, warned.symbols) == ("price_accepted", ("IWM",))
    assert warned.message == (f"IWM: your own price 250 is taken; the close of 2026-11-20 (Yahoo chart) is {close}.")


def test_an_accepted_price_without_any_history_ends_the_run(cache: Cache) -> None:
    """Nothing is left that risk could be estimated from."""
    nothing = np.zeros(len(history("IWM").days))
    broken = replace(history("IWM"), closes=nothing, adjusted=nothing)
    text = told(desk(Source(good() | {"IWM": broken}), cache), accepted={"IWM": "250"})
    assert "\n  IWM: no day is left to estimate its risk from\n" in text
    assert "is not a price" in text


# Facts --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("days", "stale"), [(0, False), (7, False), (8, True)])
def test_facts_are_asked_for_again_after_a_week(days: int, stale: bool, cache: Cache) -> None:
    cache.write("facts", "IWM", FACTS.to_bytes())
    now = NOW + timedelta(days=days)
    source = Source({}, {"IWM": replace(FACTS, fetched=now)})
    found, warnings = security_facts(["IWM"], desk(source, cache, now=now), market())
    assert source.asked_facts == ([("IWM",)] if stale else [])
    assert (found["IWM"].fetched, warnings) == (now if stale else NOW, ())


def test_facts_that_fail_are_named_and_the_kept_ones_used(cache: Cache) -> None:
    cache.write("facts", "IWM", FACTS.to_bytes())
    later = NOW + timedelta(days=30)
    answers = {symbol: fault(symbol, FaultCause.SOURCE_DOWN) for symbol in ("IWM", "SPY")}
    found, (warned,) = security_facts(["IWM", "SPY"], desk(Source({}, answers), cache, now=later), market())
    assert found == {"IWM": FACTS}
    assert (warned.code, warned.symbols) == ("facts_not_new", ("IWM", "SPY"))
    kept = read_facts(cache, "IWM")
    assert kept == FACTS


def test_facts_with_a_number_that_is_not_finite_count_as_none(cache: Cache) -> None:
    source = Source({}, {"IWM": replace(FACTS, price_to_earnings=float("inf"))})
    found, (warned,) = security_facts(["IWM"], desk(source, cache), market())
    assert (found, warned.code) == ({}, "facts_not_new")
    assert cache.entries() == ()


def test_facts_that_cannot_be_right_are_left_out_and_named(cache: Cache) -> None:
    """A list of small companies in IWM, one of Apple and Microsoft in the next answer: another fund's."""
    listed = (("AAPL", "Apple", 0.4), ("MSFT", "Microsoft", 0.3))
    source = Source({}, {"IWM": replace(FACTS, top_holdings=listed)})
    found, (warned,) = security_facts(["IWM"], desk(source, cache), market())
    assert found["IWM"].top_holdings == ()
    assert (warned.code, warned.symbols) == ("facts_in_doubt", ("IWM",))


def test_what_was_kept_can_be_given_up_where_it_was_wrong(cache: Cache) -> None:
    """The source mends its history: held beside what was kept, until the user says that this was wrong."""
    keep(cache, rewritten("SPY"))
    source = Source(good(["SPY"]))
    words = told(desk(source, cache, anew=True), symbols=["SPY"])
    assert "advisor data refresh SPY --forget keeps this one" in words
    found = read(desk(source, cache, anew=True, forget=True), ["SPY"])
    assert found.histories["SPY"].closes[-1] == good(["SPY"])["SPY"].closes[-1]
    assert read(desk(None, cache), ["SPY"]).histories["SPY"].closes[-1] == found.histories["SPY"].closes[-1]


def test_a_mutual_fund_that_became_an_etf_is_kept_again_once_the_user_says_so(cache: Cache) -> None:
    yesterday = days_before(LAST, 1)
    keep(cache, history("IWM", last=yesterday, now=at(f"{yesterday}"), kind=SecurityKind.MUTUAL_FUND))
    source = Source(good(["IWM"]))
    assert "advisor data refresh IWM --forget keeps this one" in told(desk(source, cache, anew=True), symbols=["IWM"])
    read(desk(source, cache, anew=True, forget=True), ["IWM"])
    assert read(desk(source, cache, anew=True), ["IWM"]).warnings == ()


def test_a_ticker_that_another_company_uses_now_is_held(cache: Cache) -> None:
    """80 days at 10 dollars, all of them after the snapshot's day."""
    made = listed_since("NVDA", 80)
    closes = np.full(80, 10.0) + np.arange(80) % 7 * 0.01
    other = replace(made, name="Other Corp", closes=closes, adjusted=closes)
    assert "but the snapshot knows it on 2026-07-13" in told(desk(Source({"NVDA": other}), cache), symbols=["NVDA"])
    assert read_history(cache, "NVDA") is None


def test_a_history_with_one_wrong_row_of_years_ago_is_kept(cache: Cache) -> None:
    found = read(desk(Source({"IWM": changed("IWM", -1000, 0.0)}), cache), ["IWM"])
    assert codes(found) == [("price_close", ("IWM",))]
    assert read_history(cache, "IWM") is not None


def test_a_last_close_of_a_broad_fund_that_is_a_third_too_high_is_held(cache: Cache) -> None:
    text = told(desk(Source({"SPY": changed("SPY", -1, 1.35)}), cache), symbols=["SPY"])
    assert "beyond 10 standard deviations of its daily moves" in text
    assert read_history(cache, "SPY") is None


@pytest.mark.parametrize(
    ("period", "first"),
    [
        (ReturnPeriod.DAILY, date(2026, 10, 19)),  # 24 sessions before the last
        (ReturnPeriod.WEEKLY, date(2026, 6, 5)),  # the Friday 24 weeks before the last
        (ReturnPeriod.MONTHLY, date(2024, 10, 31)),  # to 2026-10-30: November is not over
    ],
)
def test_a_history_too_short_for_the_covariance_gives_way_to_the_files_own_words(
    period: ReturnPeriod, first: date, cache: Cache
) -> None:
    choice = CovarianceChoice(returns=period)
    enough = sum(first <= day <= LAST for day in calendar().days)
    for count, left in ((enough, True), (enough - 1, False)):
        source = Source(good(["VTI"]) | {"NEWX": listed_since("NEWX", count)})
        at_hand = desk(source, cache, anew=True, forget=True)
        found = read(at_hand, ["NEWX", "VTI"], optional=frozenset({"NEWX"}), choice=choice)
        assert ("NEWX" in found.histories, "NEWX" in found.origins) == (left, left)
        assert codes(found) == ([] if left else [("short_history", ("NEWX",))])
        assert set(read(at_hand, ["NEWX", "VTI"], choice=choice).histories) == {"NEWX", "VTI"}  # no other words
    assert f"NEWX: 23 {period} returns are too few" in found.warnings[0].message
