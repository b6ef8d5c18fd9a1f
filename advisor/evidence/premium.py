"""What small size earned in all: the premium of small companies over large ones, as published, over long periods."""

from __future__ import annotations

from advisor.evidence.facts import rows
from advisor.evidence.judge import STANDARD_ERRORS
from advisor.format import number, percent
from advisor.market.fact_tables import Row, day
from advisor.market.fact_tables import number as read_number

SINCE, WHOLE = "1982-01", "1926-07"  # after the size effect was published, and since the records begin


def premium_words() -> str:
    """The premium since it was known and since the records begin, each with its t and what that says."""
    known = premiums()
    since, whole = known[SINCE], known[WHOLE]
    return (
        f"Small companies returned {_mean(since)} a year more than large ones from {since['from']} to {since['to']} "
        f"(t {_t(since)}): {_chance(since)}. From {whole['from']} it was {_mean(whole)} (t {_t(whole)}). "
        f"{since['months']} and {whole['months']} months; {since['source']}."
    )


def premiums() -> dict[str, Row]:
    """Rows of the periods that run to the last month, by their first month."""
    known = rows("size_premium", "from", "to", "months", "annual_mean", "annual_deviation", "t")
    last = max(day(f"{row['to']}-01", "size_premium.csv") for row in known)
    return {row["from"]: row for row in known if row["to"] == f"{last:%Y-%m}"}


def _mean(row: Row) -> str:
    return percent(read_number(row["annual_mean"], "size_premium.csv"), 2)


def _t(row: Row) -> str:
    return number(read_number(row["t"], "size_premium.csv"), 2)


def _chance(row: Row) -> str:
    is_beyond = abs(read_number(row["t"], "size_premium.csv")) > STANDARD_ERRORS
    return "more than chance gives" if is_beyond else "no more than chance gives"
