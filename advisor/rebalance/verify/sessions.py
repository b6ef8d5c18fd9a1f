"""Trading days of the New York exchanges by the rules of their holidays, counted without the library that knows them.

Source: NYSE Rule 7.2 (holidays); a Sunday's holiday is kept on Monday, a Saturday's on Friday but for New Year's Day.
"""

from __future__ import annotations

from datetime import date, timedelta

FRESH = 5  # trading days; older prices make the orders an illustration
CLOSED_BESIDES = {date(2018, 12, 5), date(2025, 1, 9)}  # days of mourning
MONDAY, THURSDAY, SATURDAY, SUNDAY = 0, 3, 5, 6


def is_stale(prices: date, decision: date) -> bool:
    """Whether more than `FRESH` trading days lie after the day of the prices, up to that of the decision."""
    day, sessions = prices, 0
    while day < decision and sessions <= FRESH:
        day += timedelta(days=1)
        sessions += _is_session(day)
    return sessions > FRESH


def _is_session(day: date) -> bool:
    closed = _holidays(day.year) | CLOSED_BESIDES
    return day.weekday() < SATURDAY and day not in closed


def _holidays(year: int) -> set[date]:
    fixed = [date(year, 7, 4), date(year, 12, 25), *([date(year, 6, 19)] if year >= 2022 else [])]
    new_year = date(year, 1, 1)
    kept = {_observed(day) for day in fixed} | ({_observed(new_year)} if new_year.weekday() != SATURDAY else set())
    return kept | {
        _nth(year, 1, MONDAY, 3),  # Martin Luther King, Jr. Day
        _nth(year, 2, MONDAY, 3),  # Washington's Birthday
        _easter(year) - timedelta(days=2),  # Good Friday
        _nth(year, 6, MONDAY, 1) - timedelta(days=7),  # Memorial Day: the last Monday of May
        _nth(year, 9, MONDAY, 1),  # Labor Day
        _nth(year, 11, THURSDAY, 4),  # Thanksgiving Day
    }


def _observed(day: date) -> date:
    moved = {SATURDAY: -1, SUNDAY: 1}
    return day + timedelta(days=moved.get(day.weekday(), 0))


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    """The day that is the weekday for that time in the month."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))


def _easter(year: int) -> date:
    """Easter Sunday. Source: the anonymous Gregorian algorithm (Meeus, "Astronomical Algorithms", chapter 8)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)
