"""Every limit of the file, found in the record, measured again, and held by the rounded orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from advisor.market.data import MarketData
from advisor.portfolio.model import Limit, Portfolio
from advisor.rebalance.verify.ledger import Ledger, household_value
from advisor.rebalance.verify.measures import TOLERANCE, Book, book_of
from advisor.rebalance.verify.taxes import realized


def check_limits(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """No limit missing, added or moved; before and after as claimed; none broken after."""
    stated = {(entry["name"], entry["kind"]): entry for entry in record["limits"]}
    wanted = {(limit.name, str(limit.kind)): limit for limit in portfolio.limits}
    if stated.keys() != wanted.keys() or len(stated) != len(record["limits"]):
        return [f"not the file's limits: {sorted(stated.keys() ^ wanted.keys()) or 'one stands twice'}"]
    return [
        fault for key, limit in wanted.items() for fault in _limit_faults(limit, stated[key], portfolio, market, ledger)
    ]


def _limit_faults(
    limit: Limit, entry: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger
) -> list[str]:
    name = f"{limit.name}.{limit.kind}"
    bound = float(limit.bound)
    unit = {"realized_gain": "usd", "beta": "ratio"}.get(limit.name, "fraction")
    scale = float(household_value(ledger.shares_before, ledger.cash_before, market)) if unit == "usd" else 1.0
    before = measure(limit, book_of("before", ledger, portfolio, market), None)
    after = measure(limit, book_of("after", ledger, portfolio, market), ledger)
    faults = []
    if entry["unit"] != unit or entry["mode"] != "hard":
        faults.append(f"{name}: unit {entry['unit']!r}, mode {entry['mode']!r}")
    if entry["bound"] != bound:
        faults.append(f"{name}: bound {entry['bound']} stated, {bound} in the file")
    for side, value in (("before", before), ("after", after)):
        if not abs(entry[side] - value) <= TOLERANCE * scale:
            faults.append(f"{name}: {side} {entry[side]} stated, {value} worked out")
    if excess(limit, after) > TOLERANCE * scale:
        faults.append(f"{name}: {after} after the orders breaks {bound}")
    broken_before = excess(limit, before) > TOLERANCE * scale
    if broken_before != (entry["status"] == "broken_before"):
        faults.append(f"{name}: status {entry['status']!r} with {before} before")
    return faults


def excess(limit: Limit, value: float) -> float:
    """How far `value` is beyond the bound; negative inside."""
    return value - float(limit.bound) if limit.kind == "max" else float(limit.bound) - value


def measure(limit: Limit, book: Book, ledger: Ledger | None) -> float:
    """The limited quantity; `ledger` None means that no orders are given."""
    kind, _, fund = limit.name.partition(".")
    match kind:
        case "magnificent_seven":
            return book.seven()[1]
        case "single_company":
            return max(book.company(name)[1] for name in book.companies())
        case "small_caps":
            return book.small_caps()
        case "funds":
            return book.weights.get(fund, 0.0)
        case "cash":
            return book.cash
        case "beta":
            return book.beta(str(limit.benchmark))
        case "volatility":
            return book.deviation()
        case "tracking_error":
            return book.deviation(limit.benchmark)
        case "turnover":
            return _turnover(book, ledger)
        case "realized_gain":
            return float(sum(realized(ledger, book.portfolio), Decimal(0))) if ledger else 0.0
        case _:
            raise ValueError(f"no rule to verify the limit {limit.name!r}")


def _turnover(book: Book, ledger: Ledger | None) -> float:
    if ledger is None:
        return 0.0
    traded = sum((order.amount for order in ledger.orders), Decimal(0))
    return float(traded / 2 / household_value(ledger.shares_before, ledger.cash_before, book.market))
