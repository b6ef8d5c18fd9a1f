"""Holding periods and wash-sale windows by calendar date."""

from __future__ import annotations

from datetime import date, timedelta

WASH_SALE_DAYS = 30  # before a sale and after it. Source: 26 USC 1091(a)


def first_long_term_day(acquired: date) -> date:
    """First day on which a sale of a lot is long-term.

    The holding period starts on the day after acquisition and must exceed one year, so the sale is long-term
    from the anniversary of that starting day on; a start on 29 February reaches its anniversary on 1 March.

    Source: IRS Publication 550, "Holding period"; Rev. Rul. 66-7 for acquisitions on the last day of a month.
    """
    start = acquired + timedelta(days=1)
    try:
        return start.replace(year=start.year + 1)
    except ValueError:  # 29 February has no anniversary in a common year
        return date(start.year + 1, 3, 1)


def is_long_term(acquired: date, sold: date) -> bool:
    """Whether a lot acquired and sold on these trade dates gives a long-term gain."""
    return sold >= first_long_term_day(acquired)
