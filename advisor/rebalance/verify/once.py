"""What several checks ask of the same file and market, worked out once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from advisor.market.data import MarketData
from advisor.portfolio.model import Portfolio

Answer = TypeVar("Answer")
Question = Callable[[Portfolio, MarketData], Answer]


def once(question: Question[Answer]) -> Question[Answer]:
    """`question`, with the answer kept until another household or market is asked about.

    It is kept for the very objects, which never change, and so is the answer not to be changed.
    """
    kept: tuple[Portfolio, MarketData, Answer] | None = None

    @wraps(question)
    def asked(portfolio: Portfolio, market: MarketData) -> Answer:
        nonlocal kept
        last = kept
        if last is None or last[0] is not portfolio or last[1] is not market:
            last = kept = (portfolio, market, question(portfolio, market))
        return last[2]

    return asked
