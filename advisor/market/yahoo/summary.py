"""What the source says of a security besides prices. What it does not say, or says as no number, is unknown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from advisor.errors import printable
from advisor.market.prices.history import FaultCause, SecurityFacts, SecurityKind, now_utc
from advisor.market.yahoo.chart import LONGEST_NAME, check_instrument, name_of
from advisor.market.yahoo.faults import Fault

SOURCE = "Yahoo quoteSummary"
LARGEST = 10  # holdings that the source names


def facts_of(document: Any, symbol: str, ticker: str, now: datetime) -> SecurityFacts:  # noqa: ANN401 - JSON
    """Facts of one security. Raises Fault for another instrument, and where nothing says which it is.

    The source dates neither holdings nor sectors. It gives a fund's price to earnings upside down: 0.055 is 18.2.
    """
    try:
        modules = document["quoteSummary"]["result"][0]
        quote = _part(modules, "quoteType")
        kind = check_instrument(str(quote["symbol"]), str(quote["quoteType"]), ticker)
    except (AttributeError, IndexError, KeyError, TypeError):
        raise Fault(FaultCause.BAD_ANSWER, "facts that do not say of what") from None
    is_fund = kind is not SecurityKind.STOCK
    fund, top, detail = (_part(modules, name) for name in ("fundProfile", "topHoldings", "summaryDetail"))
    earnings = _fraction(_part(top, "equityHoldings").get("priceToEarnings"), math.inf)
    rate = detail.get("yield") if is_fund else detail.get("dividendYield")
    return SecurityFacts(
        symbol=symbol,
        name=name_of(quote),
        kind=kind,
        category=_text(fund.get("categoryName")) if is_fund else None,
        sector=None if is_fund else _text(_part(modules, "assetProfile").get("sector")),
        expense_ratio=_fraction(_part(fund, "feesExpensesInvestment").get("annualReportExpenseRatio")),
        dividend_yield=_fraction(rate),
        price_to_earnings=1.0 / earnings if earnings and earnings < 1.0 else earnings or None,
        top_holdings=_holdings(top),
        sectors=MappingProxyType(_sectors(top)),
        source=SOURCE,
        fetched=now_utc(now),
    )


def _holdings(top: Mapping[str, Any]) -> tuple[tuple[str, str, float], ...]:
    """Symbol, name and weight of the largest holdings; cash and some bonds have no symbol."""
    found = []
    for row in _rows(top, "holdings"):
        weight = _fraction(row.get("holdingPercent"), math.inf)
        if weight is not None:
            found.append((_text(row.get("symbol")) or "", _text(row.get("holdingName")) or "", weight))
    return tuple(found[:LARGEST])


def _sectors(top: Mapping[str, Any]) -> dict[str, float]:
    pairs = [pair for row in _rows(top, "sectorWeightings") for pair in row.items()]
    weights = {printable(str(name)): _fraction(weight, math.inf) for name, weight in pairs}
    return {name: weight for name, weight in weights.items() if weight is not None}


def _part(modules: Any, name: str) -> Mapping[str, Any]:  # noqa: ANN401 - JSON
    """A module of the answer, empty where the source gives none."""
    part = modules.get(name)
    return part if isinstance(part, dict) else {}


def _rows(part: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    rows = part.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _fraction(value: object, below: float = 1.0) -> float | None:
    """A number from 0 up to a bound, as it is or under "raw"; None for anything else."""
    if isinstance(value, dict):
        value = value.get("raw")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value < below:
        return None
    return float(value)


def _text(value: object) -> str | None:
    return printable(value)[:LONGEST_NAME] if isinstance(value, str) and value else None
