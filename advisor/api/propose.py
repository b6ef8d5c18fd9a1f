"""``propose``: the main job as one call."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from advisor.api.household import Household, market_of, required
from advisor.api.naming import naming
from advisor.api.plain import Day
from advisor.api.recommend import Recommendation, proposal


def propose(
    household: Household, as_of: Day | None = None, market: str | Path | None = None, *, now: datetime | None = None
) -> Recommendation:
    """Propose trades that bring a household within its limits, at the least cost after tax.

    Parameters
    ----------
    household : Household
        As `load_household` gives it.
    as_of : date or str, optional
        Day of the decision; default: the household's.
    market : str or Path, optional
        Market data: ``"snapshot"``, ``"yahoo"``, a snapshot file or a folder with prices.csv; default: the household's.
    now : datetime, optional
        The present moment, in a time zone; needed for Yahoo alone; default: the household's.

    Returns
    -------
    Recommendation
        Verified: `answer` in one sentence, `orders` as a frame, `write` for the report.

    Raises
    ------
    InputError
        Neither the file nor `as_of` gives a day of the decision.
    MarketDataError
        A security without data.
    LimitsConflictError
        The limits cannot be met together: which, and what would help.
    UnverifiedAnswerError
        No answer passed the independent check.

    Examples
    --------
    >>> from advisor import load_household, propose
    >>> made = propose(load_household("tech-employee.yaml"))
    >>> made.orders.groupby("side").size().to_dict()
    {'buy': 2, 'sell': 2}
    """
    portfolio = required(household).on(as_of)
    with naming(household.file.name, household.file.text.encode()):
        found = market_of(portfolio, household.market if market is None else market, now or household.now)
        return proposal(portfolio, found, household.file)
