"""Sessions of the New York Stock Exchange: which days have a close, and when it is known."""

from __future__ import annotations

import contextlib
import json
import warnings
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from zoneinfo import ZoneInfo

import numpy as np

from advisor.market.prices.cache import Cache

DAY = timedelta(days=1)
SETTLING = timedelta(minutes=15)  # sources show the official close some minutes after it
FIRST = date(1962, 1, 2)  # the oldest daily prices that free sources have of US shares
KIND, EXCHANGE = "sessions", "XNYS"
AHEAD = timedelta(days=366)  # so that the sessions that are kept serve for a year
_NEW_YORK = ZoneInfo("America/New_York")


@dataclass(frozen=True, slots=True)
class Sessions:
    """All sessions from `first` to `last`: their days, ascending, and their official closes (UTC), half-days included.

    A question about a day outside raises ValueError.
    """

    first: date
    last: date
    days: tuple[date, ...]
    closes: tuple[datetime, ...]

    @classmethod
    def new_york(cls, last: date, first: date = FIRST) -> Sessions:
        """Sessions by the rules of the exchange. Loading them takes 0.7 s, of which 0.1 s depends on the range."""
        from exchange_calendars.exchange_calendar_xnys import XNYSExchangeCalendar

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # its use of pandas is its own affair
            closes = XNYSExchangeCalendar(start=first.isoformat(), end=last.isoformat()).closes
        days = tuple(day.date() for day in closes.index)
        return cls(first, last, days, tuple(close.to_pydatetime() for close in closes))

    @classmethod
    def kept(cls, last: date, cache: Cache) -> Sessions:
        """Sessions by the rules of the exchange to `last` or later, from the cache if that has them.

        They are kept for the version of the library that they come from, since loading it takes most of a second.
        """
        wanted = version("exchange-calendars")
        content = cache.read(KIND, EXCHANGE)
        if content is not None:
            with contextlib.suppress(ValueError, KeyError, TypeError):
                of_version, sessions = _decoded(content)
                if of_version == wanted and sessions.last >= last:
                    return sessions
        sessions = cls.new_york(last + AHEAD)
        cache.write(KIND, EXCHANGE, _encoded(wanted, sessions))
        return sessions

    def is_session(self, day: date) -> bool:
        """Whether the exchange is open on this day."""
        return self._until(day) > 0 and self.days[self._until(day) - 1] == day

    def last_completed(self, now: datetime) -> date:
        """Last session whose close is at least 15 minutes before `now`, which has a time zone.

        Raises ValueError for a time without a zone, or outside of the calendar.
        """
        self._until(today(now))
        place = bisect_right(self.closes, now - SETTLING)
        if place == 0:
            raise ValueError(f"no session from {self.first} on is completed at {now}")
        return self.days[place - 1]

    def age(self, day: date, at: date) -> int:
        """Number of sessions after `day`, up to and including `at`; negative if `day` is the later one."""
        return self._until(at) - self._until(day)

    def _until(self, day: date) -> int:
        """Number of sessions up to and including `day`."""
        if not self.first <= day <= self.last:
            raise ValueError(f"{day} is outside the sessions from {self.first} to {self.last}")
        return bisect_right(self.days, day)


def is_older(day: date, at: date, sessions: int) -> bool:
    """Whether more than that many sessions lie after `day`, up to and including `at`.

    Weekdays settle it where holidays cannot matter, so that the exchange's rules are loaded near the edge alone.
    """
    weekdays = int(np.busday_count(day + DAY, at + DAY))
    if weekdays <= sessions or weekdays - _most_holidays(weekdays) > sessions:
        return weekdays > sessions
    return Sessions.new_york(at, day).age(day, at) > sessions


def _most_holidays(weekdays: int) -> int:
    """More than the exchange has ever closed in so many weekdays, but for 1914, 1933 and 2001."""
    return 3 + weekdays // 20


def _encoded(of_version: str, sessions: Sessions) -> bytes:
    body = {
        "version": of_version,
        "first": sessions.first.isoformat(),
        "last": sessions.last.isoformat(),
        "days": [day.isoformat() for day in sessions.days],
        "closes": [int(close.timestamp()) for close in sessions.closes],
    }
    return json.dumps(body, separators=(",", ":")).encode()


def _decoded(content: bytes) -> tuple[str, Sessions]:
    """Raises ValueError, KeyError or TypeError for anything but what `_encoded` wrote."""
    body = json.loads(content)
    days = tuple(date.fromisoformat(day) for day in body["days"])
    closes = tuple(datetime.fromtimestamp(close, UTC) for close in body["closes"])
    if len(days) != len(closes):
        raise ValueError("not one close for each session")
    return body["version"], Sessions(date.fromisoformat(body["first"]), date.fromisoformat(body["last"]), days, closes)


def today(now: datetime) -> date:
    """Day in New York."""
    return now.astimezone(_NEW_YORK).date()
