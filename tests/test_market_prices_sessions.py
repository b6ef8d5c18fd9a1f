"""Sessions of the New York Stock Exchange against its published calendar of 2026, written down by hand."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from advisor.market.prices.cache import Cache
from advisor.market.prices.sessions import Sessions, today

SESSIONS = Sessions.new_york(date(2027, 1, 31))
NEW_YORK = ZoneInfo("America/New_York")

# Source: NYSE, "Holidays and trading hours", 2026.
HOLIDAYS = {
    date(2026, 1, 1),
    date(2026, 1, 19),
    date(2026, 2, 16),
    date(2026, 4, 3),
    date(2026, 5, 25),
    date(2026, 6, 19),
    date(2026, 7, 3),
    date(2026, 9, 7),
    date(2026, 11, 26),
    date(2026, 12, 25),
}


def at(day: date, clock: str) -> datetime:
    """A time of that day in New York."""
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=NEW_YORK)


def test_the_sessions_of_2026_are_the_weekdays_that_are_no_holidays():
    days = [date(2026, 1, 1) + timedelta(days=count) for count in range(365)]
    expected = [day for day in days if day.weekday() < 5 and day not in HOLIDAYS]
    assert [day for day in days if SESSIONS.is_session(day)] == expected
    assert len(expected) == 251


@pytest.mark.parametrize(
    ("day", "clock", "completed"),
    [
        (date(2026, 11, 20), "16:14:59", date(2026, 11, 19)),  # a Friday, 14:59 after the close
        (date(2026, 11, 20), "16:15:00", date(2026, 11, 20)),
        (date(2026, 11, 20), "09:30:00", date(2026, 11, 19)),
        (date(2026, 11, 21), "12:00:00", date(2026, 11, 20)),  # a Saturday
        (date(2026, 11, 23), "16:00:00", date(2026, 11, 20)),  # the Monday, at the bell
        (date(2026, 11, 26), "18:00:00", date(2026, 11, 25)),  # Thanksgiving
        (date(2026, 11, 27), "13:14:59", date(2026, 11, 25)),  # half-day: closes at 13:00
        (date(2026, 11, 27), "13:15:00", date(2026, 11, 27)),
        (date(2026, 12, 24), "13:15:00", date(2026, 12, 24)),  # half-day before Christmas
        (date(2026, 12, 25), "20:00:00", date(2026, 12, 24)),
        (date(2026, 3, 6), "16:15:00", date(2026, 3, 6)),  # the last session of winter time: 21:15 UTC
        (date(2026, 3, 9), "16:14:00", date(2026, 3, 6)),  # the first of summer time: 20:14 UTC
        (date(2026, 3, 9), "16:15:00", date(2026, 3, 9)),
        (date(2026, 10, 30), "16:15:00", date(2026, 10, 30)),
        (date(2026, 11, 2), "15:15:00", date(2026, 10, 30)),  # winter time again
        (date(2026, 12, 31), "16:15:00", date(2026, 12, 31)),
        (date(2027, 1, 1), "00:00:00", date(2026, 12, 31)),
    ],
)
def test_a_session_is_completed_a_quarter_of_an_hour_after_its_close(day, clock, completed):
    assert SESSIONS.last_completed(at(day, clock)) == completed
    assert SESSIONS.last_completed(at(day, clock).astimezone(UTC)) == completed


def test_age_counts_the_sessions_after_a_day():
    friday = date(2026, 11, 20)
    assert SESSIONS.age(friday, friday) == 0
    assert SESSIONS.age(friday, date(2026, 11, 22)) == 0  # the Sunday
    assert SESSIONS.age(friday, date(2026, 11, 23)) == 1
    assert SESSIONS.age(date(2026, 11, 25), date(2026, 11, 27)) == 1  # over Thanksgiving
    assert SESSIONS.age(date(2026, 11, 21), date(2026, 11, 23)) == 1  # from a Saturday
    assert SESSIONS.age(date(2026, 11, 23), friday) == -1
    assert SESSIONS.age(date(2025, 12, 31), date(2026, 12, 31)) == 251


def test_the_day_in_new_york_is_not_that_of_the_machine():
    assert today(datetime(2027, 1, 1, 4, 59, tzinfo=UTC)) == date(2026, 12, 31)
    assert today(datetime(2027, 1, 1, 5, 0, tzinfo=UTC)) == date(2027, 1, 1)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Kiritimati"])
def test_the_time_zone_of_the_process_changes_nothing(zone):
    program = (
        "from datetime import UTC, date, datetime\n"
        "from advisor.market.prices.sessions import Sessions\n"
        "sessions = Sessions.new_york(date(2027, 1, 31), date(2026, 1, 1))\n"
        "times = [datetime(2026, 11, 27, 18, 14, tzinfo=UTC), datetime(2026, 11, 27, 18, 15, tzinfo=UTC),\n"
        "         datetime(2026, 12, 31, 21, 15, tzinfo=UTC), datetime(2026, 3, 9, 20, 15, tzinfo=UTC)]\n"
        "print(len(sessions.days), *[sessions.last_completed(time) for time in times])\n"
    )
    run = subprocess.run([sys.executable, "-c", program], env={"TZ": zone}, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["270", "2026-11-25", "2026-11-27", "2026-12-31", "2026-03-09"]


def test_a_day_outside_the_range_is_an_error_not_an_answer():
    for question in (
        lambda: SESSIONS.is_session(date(2027, 2, 1)),
        lambda: SESSIONS.age(date(1961, 12, 29), date(2026, 1, 2)),
        lambda: SESSIONS.last_completed(datetime(2027, 2, 1, 12, tzinfo=UTC)),
    ):
        with pytest.raises(ValueError, match="outside"):
            question()
    with pytest.raises(ValueError, match="no session"):
        Sessions.new_york(date(2026, 1, 31), date(2026, 1, 1)).last_completed(datetime(2026, 1, 1, 12, tzinfo=UTC))


def test_the_old_calendar_knows_the_days_that_were_closed():
    """Hurricane Sandy 2012-10-29 and -30; 2001-09-11 to -14; national days of mourning."""
    for day in (date(2012, 10, 29), date(2012, 10, 30), date(2001, 9, 11), date(2001, 9, 14), date(2025, 1, 9)):
        assert not SESSIONS.is_session(day)
    assert SESSIONS.is_session(date(2012, 10, 31))
    assert SESSIONS.is_session(date(1962, 1, 2))


def test_sessions_are_kept_for_the_version_of_the_library_and_as_far_as_they_reach(tmp_path, monkeypatch) -> None:
    built = Sessions.kept(date(2026, 12, 31), Cache(tmp_path))
    assert built == Sessions.new_york(date(2026, 12, 31) + timedelta(days=366))
    monkeypatch.setattr(Sessions, "new_york", classmethod(lambda *_: pytest.fail("built anew")))
    assert Sessions.kept(date(2027, 12, 31), Cache(tmp_path)) == built
    for case in ("later", "version"):
        if case == "version":
            monkeypatch.setattr("advisor.market.prices.sessions.version", lambda _: "0")
        with pytest.raises(pytest.fail.Exception, match="built anew"):
            Sessions.kept(date(2028, 2, 1) if case == "later" else date(2026, 12, 31), Cache(tmp_path))
