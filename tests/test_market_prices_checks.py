"""Doubts about prices: each rule at its boundary, the faults that sources make, and clean histories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.market.prices.checks import CheckedHistory, check_history
from advisor.market.prices.comparisons import closes_as_paid
from advisor.market.prices.doubts import PriceDoubt
from advisor.market.prices.history import PriceHistory, SecurityKind, Split
from advisor.market.prices.sessions import Sessions

SHARED = Path(__file__).parents[2] / "shared" / "data"
SESSIONS = Sessions.new_york(date(2026, 12, 31))
FRIDAY = date(2026, 11, 20)
EVENING = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)  # 18:00 in New York
DAYS = SESSIONS.days[: SESSIONS.days.index(FRIDAY) + 1]
COUNT = 60


def history(closes: Sequence[float] | np.ndarray, **fields) -> PriceHistory:
    """A history that ends on the Friday, clean but for what is given."""
    values = np.array(closes, dtype=float)
    clean = PriceHistory(
        symbol="SPY",
        name="SPDR S&P 500 ETF Trust",
        kind=SecurityKind.ETF,
        currency="USD",
        days=DAYS[len(DAYS) - len(values) :],
        closes=values,
        adjusted=values.copy(),
        volumes=np.full(len(values), 1e6),
        splits=(),
        source="test",
        fetched=EVENING,
    )
    return replace(clean, **fields)


def walk(count: int = COUNT) -> np.ndarray:
    """Closes near 100 that move by up to 1% a day."""
    return 100.0 * np.exp(np.cumsum(np.random.default_rng(7).uniform(-0.01, 0.01, count)))


def changed(closes: np.ndarray, **rows: float) -> np.ndarray:
    """A copy with other values in rows counted from the end: `back_1` is the last."""
    copy = closes.copy()
    for name, value in rows.items():
        copy[-int(name.removeprefix("back_"))] = value
    return copy


def check(each: PriceHistory, **options) -> CheckedHistory:
    return check_history(each, **({"as_of": FRIDAY, "now": EVENING, "sessions": SESSIONS} | options))


def rules(checked: CheckedHistory) -> list[tuple[str, bool]]:
    return [(doubt.rule, doubt.held) for doubt in checked.doubts]


def only(checked: CheckedHistory) -> PriceDoubt:
    (doubt,) = checked.doubts
    return doubt


CLEAN = walk()
LAST = float(CLEAN[-1])


def test_a_clean_history_comes_back_as_it_is():
    each = history(CLEAN)
    checked = check(each)
    assert checked.doubts == ()
    assert checked.history.to_bytes() == each.to_bytes()


# The faults of prices, by name: what is given, and which rule says what.
FAULTS = {
    "last close 100 times too high": (history(changed(CLEAN, back_1=LAST * 100)), "recent move", True),
    "last close in cents of another unit": (history(changed(CLEAN, back_1=LAST / 100)), "recent move", True),
    "negative close": (history(changed(CLEAN, back_1=-LAST)), "close", True),
    "close of zero": (history(changed(CLEAN, back_1=0.0)), "close", True),
    "last close not a number": (history(changed(CLEAN, back_1=np.nan)), "close", True),
    "infinite close": (history(changed(CLEAN, back_9=np.inf)), "close", True),
    "infinite adjusted close": (history(CLEAN, adjusted=changed(CLEAN, back_1=np.inf)), "adjusted close", True),
    "two sessions old": (history(CLEAN[2:], days=DAYS[-COUNT:-2]), "age", False),
    "400 days old": (history(CLEAN, days=DAYS[-COUNT - 276 : -276]), "age", True),
    "day in the future": (history(CLEAN, days=(*DAYS[-COUNT + 1 :], date(2026, 11, 24))), "future", True),
    "pence instead of pounds": (history(CLEAN, currency="GBp"), "currency", True),
    "split without an event, new": (history(np.append(CLEAN[:-2], CLEAN[-2:] / 2)), "recent move", True),
    "split without an event, old": (history(np.append(CLEAN[:30], CLEAN[30:] / 4)), "missing split", True),
    "split of 4 to 0": (history(CLEAN, splits=(Split(DAYS[-20], Decimal("Infinity")),)), "split", True),
    "split of 0": (history(CLEAN, splits=(Split(DAYS[-20], Decimal(0)),)), "split", True),
    "negative split": (history(CLEAN, splits=(Split(DAYS[-20], Decimal(-2)),)), "split", True),
    "one split twice": (history(CLEAN, splits=(Split(DAYS[-20], Decimal(2)),) * 2), "split", True),
    "split in the future": (history(CLEAN, splits=(Split(date(2026, 11, 24), Decimal(2)),)), "split", True),
    "nothing traded on the last day": (
        history(CLEAN, volumes=changed(np.full(COUNT, 1e6), back_1=0)),
        "no volume",
        False,
    ),
    "row of a weekend": (history(CLEAN, days=(*DAYS[-COUNT:-6], date(2026, 11, 14), *DAYS[-5:])), "days", True),
    "repeated day": (history(CLEAN, days=(*DAYS[-COUNT + 1 : -1], DAYS[-2], FRIDAY)), "days", True),
    "descending days": (history(CLEAN, days=(*DAYS[-COUNT:-3], DAYS[-2], DAYS[-3], FRIDAY)), "days", True),
    "row of long ago": (history(CLEAN, days=(date(1950, 1, 3), *DAYS[-COUNT + 1 :])), "days", True),
    "two rows after the last": (history(CLEAN, days=(*DAYS[-COUNT:-3], FRIDAY, *DAYS[-3:-1])), "days", True),
    "block of 100 times": (history(np.concatenate([CLEAN[:30], CLEAN[30:33] * 100, CLEAN[33:]])), "spike", True),
    "one row 60% too high": (history(changed(CLEAN, back_20=CLEAN[-20] * 1.6)), "spike", True),
    "unit changed for good": (history(np.append(CLEAN[:30] * 100, CLEAN[30:])), "unit", True),
    "numbers missing at the end": (history(np.append(CLEAN[:-3], [np.nan] * 3)), "close", True),
    "one close for weeks": (history(np.append(CLEAN[:-10], [LAST] * 10)), "same close", False),
    "dividend 100 times too high": (
        history(CLEAN, adjusted=np.append(CLEAN[:30] / 1.5, CLEAN[30:])),
        "distribution",
        False,
    ),
    "adjusted row 100 times too high": (
        history(CLEAN, adjusted=changed(CLEAN, back_20=LAST * 100)),
        "distribution",
        True,
    ),
    "no row at all": (history([]), "no price", True),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_a_source_is_named(name):
    each, rule, held = FAULTS[name]
    found = rules(check(each))
    assert (rule, held) in found
    assert {other for other, is_held in found if is_held} <= {rule}


@pytest.mark.parametrize("name", [name for name, (_, _, held) in FAULTS.items() if held])
def test_what_is_held_says_the_way_out_and_goes_through_with_the_users_price(name):
    each = FAULTS[name][0]
    held = check(each)
    accepted = check(each, accepted=Decimal("123.45"))
    assert held.is_held
    assert all("--accept-price SPY=123.45" in doubt.message for doubt in held.doubts if doubt.held)
    assert not accepted.is_held
    mine = [doubt.rule for doubt in accepted.doubts if doubt.rule == "accepted"]
    assert mine == (["accepted"] if accepted.history.days else [])
    assert len(accepted.doubts) == len(held.doubts) + len(mine)
    assert any("accepted: 123.45" in doubt.message for doubt in accepted.doubts)
    assert not any("--accept-price" in doubt.message for doubt in accepted.doubts)


def test_a_message_names_thing_day_and_figures():
    closes = np.array([673.10] * 8 + [67310.0]) + np.array([0.1, 0, 0.2, 0, 0.1, 0, 0.2, 0, 0])
    assert only(check(history(closes))).message == (
        "SPY: the close of 2026-11-20, 67,310.00, is 100 times that of 2026-11-19, 673.10; no split is reported, and "
        "it is too new to tell; --accept-price SPY=123.45 takes your own price"
    )


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("last close 100 times too high", DAYS[-COUNT:-1]),
        ("split without an event, new", DAYS[-COUNT:-2]),
        ("two rows after the last", (*DAYS[-COUNT:-3], FRIDAY)),
        ("block of 100 times", DAYS[-COUNT : -COUNT + 30] + DAYS[-COUNT + 33 :]),
        ("unit changed for good", DAYS[-COUNT + 30 :]),
        ("split without an event, old", DAYS[-COUNT + 30 :]),
        ("numbers missing at the end", DAYS[-COUNT:-3]),
        ("nothing traded on the last day", DAYS[-COUNT:-1]),
    ],
)
def test_rows_in_doubt_are_left_out_of_what_risk_is_measured_from(name, left):
    assert check(FAULTS[name][0]).history.days == left


@pytest.mark.parametrize(
    ("factor", "expected"),
    [
        (1.399, []),
        (1.401, [("large move", False)]),
        (0.601, []),
        (0.599, [("large move", False)]),
        (1.93, [("large move", False)]),  # a ratio of 2 begins at 1.942
        (1.95, [("missing split", True)]),
        (2.05, [("missing split", True)]),
        (2.07, [("large move", False)]),
        (1 / 2.05, [("missing split", True)]),
        (1 / 2.08, [("large move", False)]),  # AAPL on 2000-09-29
        (0.559, [("large move", False)]),
        (8.5, [("large move", False)]),
        (9.99, [("missing split", True)]),
        (10.4, [("missing split", True)]),
        (17.5, [("missing split", True)]),  # no ratio, but nothing moves so
        (90.8, [("missing split", True)]),
        (91.0, [("unit", True)]),
        (109.9, [("unit", True)]),
        (1 / 109.9, [("unit", True)]),
        (111.0, [("missing split", True)]),
    ],
)
def test_an_old_move_that_lasts_is_real_unless_its_size_is_that_of_a_fault(factor, expected):
    flat = np.full(COUNT, 100.0) + np.arange(COUNT) % 2 * 1e-9
    assert rules(check(history(np.append(flat[:30], flat[30:] * factor)))) == expected


def test_a_move_is_too_new_to_tell_for_five_sessions():
    fifth, sixth = (np.append(CLEAN[:-rows], CLEAN[-rows:] * 1.5) for rows in (5, 6))
    assert rules(check(history(fifth))) == [("recent move", True)]
    assert rules(check(history(sixth))) == [("large move", False)]


@pytest.mark.parametrize(("rows", "rule"), [(1, "spike"), (5, "spike"), (6, "large move")])
@pytest.mark.parametrize("level", [155.0, 64.9])
def test_a_move_that_goes_back_within_five_sessions_is_a_spike(level, rows, rule):
    closes = np.full(COUNT, 100.0) + np.arange(COUNT) % 2 * 0.01
    closes[30 : 30 + rows] = level
    assert rules(check(history(closes)))[0] == (rule, rule == "spike")


def calm(count: int = 62, change: float = 0.01) -> np.ndarray:
    """Closes that go up and down by `change` in turn: every deviation from the median step is about `change`."""
    return 100.0 * np.exp(np.arange(count) % 2 * change)


@pytest.mark.parametrize(
    ("kind", "change", "step", "held"),
    [
        (SecurityKind.ETF, 0.01, 0.1495, False),  # 14.83 deviations of it are 0.148 in logarithms, and 15% are 0.140
        (SecurityKind.ETF, 0.01, 0.161, True),
        (SecurityKind.ETF, 0.001, 0.149, False),  # 15% of the price in any case
        (SecurityKind.ETF, 0.001, 0.151, True),
        (SecurityKind.ETF, 0.001, -0.149, False),
        (SecurityKind.ETF, 0.001, -0.151, True),
        (SecurityKind.MUTUAL_FUND, 0.001, 0.151, True),
        (SecurityKind.STOCK, 0.001, 0.249, False),
        (SecurityKind.STOCK, 0.001, -0.251, True),
        (SecurityKind.STOCK, 0.03, -0.35, False),  # 14.83 deviations are 0.44, and this is 0.43
    ],
)
def test_a_last_close_far_beyond_the_securitys_own_moves_is_held(kind, change, step, held):
    closes = calm(change=change)
    closes[-1] = closes[-2] * (1.0 + step)
    assert rules(check(history(closes, kind=kind))) == ([("unusual move", True)] if held else [])


@pytest.mark.parametrize(("back", "held"), [(1, True), (5, True), (6, False)])
def test_a_move_far_beyond_its_own_is_too_new_to_tell_for_five_sessions(back, held):
    closes = calm(80)
    closes[-back:] *= 1.35
    checked = check(history(closes))
    assert rules(checked) == ([("unusual move", True)] if held else [])
    assert len(checked.history.days) == (80 - back if held else 80)


@pytest.mark.parametrize(("before", "held"), [(60, True), (59, False)])
def test_a_security_of_less_than_sixty_returns_has_no_moves_of_its_own(before, held):
    closes = calm(before + 2)
    closes[-1] = closes[-2] * 1.35
    assert check(history(closes)).is_held is held


def test_a_small_split_that_is_reported_explains_a_move():
    closes = calm()
    closes[-1] = closes[-2] / 1.25
    assert rules(check(history(closes))) == [("unusual move", True)]
    assert check(history(closes, splits=(Split(FRIDAY, Decimal("1.25")),))).doubts == ()
    other_day = history(closes, splits=(Split(DAYS[-2], Decimal("1.25")),))
    assert rules(check(other_day)) == [("unusual move", True)]


def test_a_fault_of_the_last_days_that_goes_back_is_held_both_ways():
    """60% up and 37.5% down: the way back alone is less than 40%."""
    closes = calm(80)
    closes[-3] *= 1.6
    assert rules(check(history(closes))) == [("recent move", True), ("unusual move", True)]


LONG = walk(300)  # the strict days are the last 253


@pytest.mark.parametrize(("back", "held"), [(253, True), (254, False)])
@pytest.mark.parametrize(("value", "rule"), [(0.0, "close"), (-3.0, "close"), (160.0, "spike"), (1e4, "spike")])
def test_one_wrong_row_of_more_than_a_year_ago_is_left_out_with_a_warning(value, rule, back, held):
    checked = check(history(changed(LONG, **{f"back_{back}": value})))
    assert rules(checked) == [(rule, held)]
    assert set(DAYS[-300:]) - set(checked.history.days) == {DAYS[-back]}
    assert ("left out" in only(checked).message) is not held
    assert str(DAYS[-back]) in only(checked).message


def test_an_adjusted_close_of_long_ago_that_is_no_price_is_left_out():
    assert rules(check(history(LONG, adjusted=changed(LONG, back_290=0.0)))) == [("adjusted close", False)]


@pytest.mark.parametrize("value", [0.0, 1e4])
@pytest.mark.parametrize(("count", "held"), [(5, False), (6, True)])
def test_many_wrong_rows_of_long_ago_are_held(count, held, value):
    rows = {f"back_{299 - 7 * place}": value for place in range(count)}
    assert check(history(changed(LONG, **rows))).is_held is held


def test_other_faults_of_long_ago_are_held():
    two_days = changed(LONG, back_290=1e4, back_289=1e4)
    assert rules(check(history(two_days))) == [("spike", True)]
    assert rules(check(history(np.append(LONG[:10] * 100, LONG[10:])))) == [("unit", True)]
    assert rules(check(history(np.append(LONG[:10] * 4, LONG[10:])))) == [("missing split", True)]


def test_the_year_in_which_all_rows_have_to_be_right_ends_with_the_decision():
    each = history(changed(LONG, back_280=0.0))
    assert not check(each).is_held
    assert check(each, as_of=DAYS[-30]).is_held


def test_old_and_new_faults_of_one_kind_are_held_together():
    assert rules(check(history(changed(LONG, back_290=0.0, back_20=0.0)))) == [("close", True)]
    assert rules(check(history(changed(LONG, back_290=1e4, back_20=1e4)))) == [("spike", False), ("spike", True)]


def test_a_spike_is_one_doubt_though_it_has_two_large_steps():
    closes = np.full(COUNT, 100.0) + np.arange(COUNT) % 2 * 0.01
    closes[30:32] *= 100
    assert only(check(history(closes))).message == (
        f"SPY: the close of {DAYS[-30]}, 10,000.00, is 100 times that of {DAYS[-31]}, 100.01; it went back in one "
        "step; --accept-price SPY=123.45 takes your own price"
    )


def test_a_wild_week_that_does_not_go_back_is_the_markets():
    """Closes of GME, 2021-01-25 to 2021-02-03, before its split of 2022."""
    wild = np.array([76.79, 147.98, 347.51, 193.60, 325.00, 225.00, 90.00, 92.41])
    checked = check(history(np.concatenate([np.full(20, 65.0), wild, 92.0 + np.arange(10) * 0.1])))
    assert rules(checked) == [("large move", False)]
    assert checked.history.days == DAYS[-38:]


@pytest.mark.parametrize(("old", "expected"), [(1, []), (2, False), (5, False), (6, True)])
def test_age_is_a_warning_after_one_session_and_held_after_five(old, expected):
    each = history(CLEAN, days=DAYS[-COUNT - old : -old])
    assert rules(check(each)) == ([("age", expected)] if old > 1 else [])


def test_a_weekend_and_a_day_that_is_not_over_make_nothing_older():
    each = history(CLEAN, days=DAYS[-COUNT - 1 : -1])  # to Thursday
    noon = datetime(2026, 11, 20, 17, tzinfo=UTC)
    assert check(each, now=noon).doubts == ()
    sunday = datetime(2026, 11, 22, 17, tzinfo=UTC)
    assert check(history(CLEAN), as_of=date(2026, 11, 22), now=sunday).doubts == ()


def test_the_row_of_a_session_that_is_not_over_is_no_close():
    noon = datetime(2026, 11, 20, 17, tzinfo=UTC)
    checked = check(history(CLEAN, fetched=noon), now=noon)
    assert rules(checked) == [("unfinished session", False)]
    assert checked.history.days[-1] == DAYS[-2]


def test_a_row_fetched_at_noon_does_not_become_a_close_by_waiting():
    noon, monday = datetime(2026, 11, 20, 17, tzinfo=UTC), datetime(2026, 11, 23, 12, tzinfo=UTC)
    checked = check(history(CLEAN, fetched=noon), now=monday, as_of=date(2026, 11, 23))
    assert rules(checked) == [("unfinished session", False)]
    assert checked.history.days[-1] == DAYS[-2]


def test_a_decision_in_the_past_sees_no_later_price():
    checked = check(history(changed(CLEAN, back_1=LAST * 100)), as_of=DAYS[-11])
    assert checked.doubts == ()
    assert checked.history.days == DAYS[-COUNT:-10]
    assert np.array_equal(checked.history.closes, CLEAN[:-10])


def test_a_decision_in_the_past_is_in_the_shares_of_its_day():
    """Closes of 400 are reported as 100 after a split of 4 to 1."""
    each = history(np.full(COUNT, 100.0), splits=(Split(DAYS[-5], Decimal(4)),))
    checked = check(each, as_of=DAYS[-6])
    assert checked.history.closes[-1] == 400.0
    assert checked.history.splits == ()
    assert check(each, as_of=DAYS[-5]).history.closes[-1] == 100.0


def test_closes_as_paid_are_those_of_their_own_shares():
    splits = (Split(DAYS[-3], Decimal(4)), Split(DAYS[-1], Decimal("0.1")))
    assert closes_as_paid(history([1.0] * 5, splits=splits)).tolist() == pytest.approx([0.4, 0.4, 0.1, 0.1, 1.0])


@pytest.mark.parametrize("ratio", ["1.5", "2", "6", "0.125"])
def test_a_reported_split_that_the_source_left_in_the_closes_is_taken_out(ratio):
    factor = float(ratio)
    closes = np.append(CLEAN[:-3] * factor, CLEAN[-3:])
    checked = check(history(closes, splits=(Split(DAYS[-3], Decimal(ratio)),)))
    assert rules(checked) == [("unadjusted split", False)]
    assert checked.history.closes == pytest.approx(CLEAN, rel=1e-12)
    assert checked.history.adjusted == pytest.approx(CLEAN, rel=1e-12)
    assert checked.history.volumes[0] == pytest.approx(1e6 * factor)


def test_adjusted_closes_that_already_know_the_split_stay():
    closes = np.append(CLEAN[:-3] * 4, CLEAN[-3:])
    checked = check(history(closes, adjusted=CLEAN, splits=(Split(DAYS[-3], Decimal(4)),)))
    assert rules(checked) == [("unadjusted split", False)]
    assert np.array_equal(checked.history.adjusted, CLEAN)


def test_a_reported_split_that_does_not_explain_a_move_excuses_nothing():
    closes = np.append(CLEAN[:-3] * 4, CLEAN[-3:])
    checked = check(history(closes, splits=(Split(DAYS[-3], Decimal(2)),)))
    assert rules(checked) == [("recent move", True)]


def test_mutual_funds_and_sources_without_volumes_need_none():
    assert check(history(CLEAN, kind=SecurityKind.MUTUAL_FUND, volumes=np.zeros(COUNT))).doubts == ()
    stray = changed(np.zeros(COUNT), back_9=5.0)
    assert check(history(CLEAN, kind=SecurityKind.MUTUAL_FUND, volumes=stray)).doubts == ()
    assert check(history(CLEAN, volumes=np.zeros(COUNT))).doubts == ()
    assert check(history(CLEAN, volumes=np.full(COUNT, np.nan))).doubts == ()


def test_a_price_that_never_moves_is_not_frozen():
    assert check(history(np.ones(COUNT))).doubts == ()


def test_a_split_before_the_first_row_is_in_all_of_them():
    """The last close is twice the first, as after a step over the beginning."""
    splits = (Split(DAYS[-COUNT], Decimal("0.5")),)
    assert check(history(np.linspace(100.0, 50.0, COUNT), splits=splits)).doubts == ()


@pytest.mark.parametrize(("gain", "expected"), [(1.19, []), (1.21, False), (1.99, False), (2.01, True), (0.79, True)])
def test_a_distribution_over_a_fifth_of_the_price_is_named(gain, expected):
    found = rules(check(history(CLEAN, adjusted=np.append(CLEAN[:30] / gain, CLEAN[30:]))))
    assert found == ([("distribution", expected)] if expected != [] else [])


# A history fetched again, against what was kept: the six cases.
YESTERDAY = datetime(2026, 11, 19, 23, 0, tzinfo=UTC)


def kept(closes: np.ndarray = CLEAN[:-1], **fields) -> PriceHistory:
    """What a run of the day before has kept."""
    return history(closes, **({"days": DAYS[-COUNT:-1], "fetched": YESTERDAY} | fields))


def test_the_same_closes_and_one_more_are_in_order():
    assert check(history(CLEAN), earlier=kept()).doubts == ()


def test_a_split_with_its_event_explains_other_closes():
    new = history(CLEAN / 5, splits=(Split(FRIDAY, Decimal(5)),))
    assert check(new, earlier=kept()).doubts == ()


def test_a_split_without_its_event_is_a_history_rewritten():
    doubt = only(check(history(CLEAN / 5), earlier=kept()))
    assert (doubt.rule, doubt.held) == ("history rewritten", True)
    assert "2026-11-13 (-80.0%), 2026-11-16 (-80.0%), 2026-11-17 (-80.0%) and 2 more" in doubt.message
    assert "fetched on 2026-11-19" in doubt.message


@pytest.mark.parametrize(("factor", "held"), [(1.0049, False), (1.0051, True)])
def test_one_close_rewritten_by_more_than_half_a_percent_is_held(factor, held):
    new = history(changed(CLEAN, back_3=CLEAN[-3] * factor), adjusted=CLEAN)
    assert [doubt.rule for doubt in check(new, earlier=kept()).doubts] == (["history rewritten"] if held else [])


def test_a_dividend_moves_all_adjusted_closes_by_one_factor():
    assert check(history(CLEAN, adjusted=np.append(CLEAN[:-1] * 0.99, CLEAN[-1])), earlier=kept()).doubts == ()


def test_adjusted_closes_that_moved_by_more_than_one_factor_are_named():
    new = history(CLEAN, adjusted=np.append(CLEAN[:-4] * 0.99, CLEAN[-4:]))
    assert rules(check(new, earlier=kept())) == [("adjusted closes rewritten", False)]


def test_a_row_that_was_not_over_when_it_was_kept_is_not_compared():
    earlier = history(changed(CLEAN, back_1=LAST * 1.02), fetched=datetime(2026, 11, 20, 17, tzinfo=UTC))
    assert check(history(CLEAN), earlier=earlier).doubts == ()


def test_a_fault_that_was_kept_is_not_compared():
    assert check(history(CLEAN), earlier=kept(changed(CLEAN[:-1], back_2=LAST * 100))).doubts == ()


def test_a_history_without_a_day_in_common_is_another_one():
    old = kept(CLEAN, days=DAYS[-COUNT - 100 : -100], fetched=datetime(2026, 7, 1, tzinfo=UTC))
    assert rules(check(history(CLEAN), earlier=old)) == [("history rewritten", True)]


@pytest.mark.parametrize("fields", [{"kind": SecurityKind.STOCK}, {"currency": "CAD"}])
def test_a_security_that_has_changed_its_kind_or_currency_is_held(fields):
    assert ("changed", True) in rules(check(history(CLEAN), earlier=kept(**fields)))


def test_what_a_security_was_and_is_has_words_and_a_way_out():
    doubt = only(check(history(CLEAN), earlier=kept(kind=SecurityKind.MUTUAL_FUND)))
    assert doubt.message.startswith(
        "SPY: it was a mutual fund in USD on 2026-11-19 and is now an ETF in USD; if that is so, advisor data refresh "
        "SPY --forget keeps this one; "
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Other Corp", [("changed", False)]), ("SPDR S&P 500 ETF Trust", []), ("SPDR S&P 500 ETF TRUST.", []), (None, [])],
)
def test_another_name_is_a_warning(name, expected):
    assert rules(check(history(CLEAN), earlier=kept(name=name))) == expected


def test_a_late_split_shows_against_what_was_kept():
    """The event is there on its morning, the closes before it are still those of the old shares."""
    morning = datetime(2026, 11, 20, 13, tzinfo=UTC)
    new = kept(splits=(Split(FRIDAY, Decimal(5)),), fetched=morning)
    assert rules(check(new, earlier=kept(), now=morning)) == [("history rewritten", True)]


@pytest.mark.parametrize(("factor", "held"), [("1.019", False), ("1.021", True), ("0.01", True), ("4", True)])
def test_the_snapshots_close_tells_another_security_or_unit(factor, held):
    known = (DAYS[-10], Decimal(str(CLEAN[-10])) * Decimal(factor))
    assert rules(check(history(CLEAN), known_close=known)) == ([("snapshot", True)] if held else [])


def test_the_snapshots_close_is_compared_in_the_shares_of_its_day():
    known = (DAYS[-10], Decimal(str(CLEAN[-10])) * 4)
    assert check(history(CLEAN, splits=(Split(DAYS[-5], Decimal(4)),)), known_close=known).doubts == ()


def test_a_snapshot_of_a_weekend_or_of_after_the_last_row_says_nothing():
    assert check(history(CLEAN), known_close=(date(2026, 11, 14), Decimal(1))).doubts == ()
    assert check(history(CLEAN), known_close=(date(2027, 1, 4), Decimal(1))).doubts == ()


def test_a_history_that_begins_after_the_day_that_the_snapshot_knows_is_another_securitys():
    first = (DAYS[-COUNT], Decimal(str(CLEAN[0])))
    assert check(history(CLEAN), known_close=first).doubts == ()
    doubt = only(check(history(CLEAN), known_close=(DAYS[-COUNT - 1], Decimal(str(CLEAN[0])))))
    assert (doubt.rule, doubt.held) == ("snapshot", True)
    assert f"its history begins on {DAYS[-COUNT]}, but the snapshot knows it on {DAYS[-COUNT - 1]}" in doubt.message


def test_a_missing_row_on_the_snapshots_day_is_named():
    rows = np.arange(COUNT) != COUNT - 10
    each = history(CLEAN[rows], days=(*DAYS[-COUNT:-10], *DAYS[-9:]))
    doubt = only(check(each, known_close=(DAYS[-10], Decimal(1))))
    assert (doubt.rule, doubt.held) == ("snapshot", False)
    assert f"no close of {DAYS[-10]}" in doubt.message


def test_an_accepted_price_says_which_history_risk_is_measured_from():
    row, whole = history(changed(CLEAN, back_1=LAST * 100)), history(CLEAN, currency="GBp")
    of_row, of_whole = (check(each, accepted=Decimal("99.5")).doubts for each in (row, whole))
    assert of_row[0].message.endswith("accepted: 99.5, with risk from the days that are not in doubt")
    assert of_whole[0].message.endswith("accepted: 99.5, with risk from this history as it is")
    assert of_row[1].message == (
        "SPY: your own price 99.5 is taken; the last that is left to estimate its risk from, the close of 2026-11-19 "
        f"(test) is {CLEAN[-2]:.2f}"
    )


@pytest.mark.parametrize(
    ("price", "held"), [("66.67", False), ("66.66", True), ("150", False), ("150.01", True), ("100", False)]
)
def test_an_accepted_price_is_held_where_it_is_far_from_a_sound_close(price, held):
    flat = np.append(CLEAN[:-1] / CLEAN[-2] * 100.0, 100.0)
    doubt = only(check(history(flat), accepted=Decimal(price)))
    assert (doubt.rule, doubt.held) == ("accepted", held)
    assert "the close of 2026-11-20 (test) is 100.00" in doubt.message
    doubtful = check(history(flat, currency="GBp"), accepted=Decimal(price))
    assert not doubtful.is_held


MOVES = st.lists(st.floats(-0.149, 0.149), min_size=2, max_size=80)


@given(moves=MOVES, dividends=st.lists(st.floats(0.0, 0.05), min_size=80, max_size=80), scale=st.floats(0.01, 1e5))
def test_a_clean_walk_of_any_level_is_never_doubted_and_comes_back_whole(moves, dividends, scale):
    closes = scale * np.cumprod(1.0 + np.array(moves))
    adjusted = closes * np.cumprod(1.0 + np.array(dividends[: len(moves)]))
    each = history(closes, adjusted=adjusted)
    checked = check(each, earlier=each)
    assert [doubt for doubt in checked.doubts if doubt.rule != "same close"] == []
    assert np.array_equal(checked.history.closes, closes)


@given(moves=MOVES, place=st.integers(0, 79), factor=st.sampled_from([100.0, 0.01]), rows=st.integers(1, 80))
def test_a_planted_block_of_100_times_is_always_held(moves, place, factor, rows):
    closes = 50.0 * np.cumprod(1.0 + np.array(moves) / 10)
    start = place % len(closes)
    closes[start : start + rows] *= factor
    is_whole = start == 0 and rows >= len(closes)  # the history is in another unit, which its own closes cannot show
    assert check(history(closes)).is_held is not is_whole


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=12), st.data())
def test_any_numbers_give_an_answer_without_what_is_not_a_price(values, data):
    adjusted = data.draw(st.lists(st.floats(), min_size=len(values), max_size=len(values)))
    ratios = st.one_of(st.decimals(allow_nan=True), st.sampled_from([Decimal(2), Decimal("0.1")]))
    splits = tuple(
        Split(day, data.draw(ratios)) for day in data.draw(st.lists(st.sampled_from(DAYS[-14:]), max_size=3))
    )
    found = check(history(values, adjusted=np.array(adjusted), splits=splits)).history
    assert (found.closes > 0).all()
    assert np.isfinite(found.closes).all()
    found.to_bytes()


@pytest.mark.skipif(not SHARED.exists(), reason="the price panel is not part of this repository")
def test_no_real_history_of_200_securities_is_held():
    import pandas as pd

    panel = pd.read_csv(SHARED / "prices_wide.csv", index_col=0, parse_dates=True)
    evening = datetime(2026, 7, 13, 23, tzinfo=UTC)
    warned = {}
    for symbol in panel:
        column = panel[symbol].dropna()
        days = tuple(day.date() for day in column.index)
        each = history(column.to_numpy(), symbol=symbol, days=days, fetched=evening)
        checked = check(each, as_of=days[-1], now=evening)
        assert not checked.is_held
        if checked.doubts:
            warned[symbol] = only(checked).rule
    assert warned == dict.fromkeys(["AAPL", "NFLX", "AMD", "DHR", "C", "MS"], "large move")


@pytest.mark.skipif(not SHARED.exists(), reason="the price panel is not part of this repository")
@pytest.mark.parametrize(("symbol", "factor"), [("SPY", 1.35), ("AGG", 0.7), ("IWM", 0.65), ("VXUS", 1.2)])
def test_a_wrong_last_close_of_a_broad_fund_is_held_and_the_crash_of_2020_is_not(symbol, factor):
    import pandas as pd

    column = pd.read_csv(SHARED / "prices_wide.csv", index_col=0, parse_dates=True)[symbol].dropna()
    days = tuple(day.date() for day in column.index)
    for last, wrong in ((days[-1], factor), *((date(2020, 3, day), 1.0) for day in (12, 13, 16, 17))):
        until = days.index(last) + 1
        evening = datetime(last.year, last.month, last.day, 23, tzinfo=UTC)
        closes = column.to_numpy(dtype=float)[:until].copy()
        closes[-1] *= wrong
        each = history(closes, symbol=symbol, days=days[:until], fetched=evening)
        assert check(each, as_of=last, now=evening).is_held is (wrong != 1.0)
