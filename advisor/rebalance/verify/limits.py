"""Every limit of the file, found in the record, measured again, and held by the rounded orders."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from advisor.market.data import MarketData
from advisor.portfolio.model import Limit, Portfolio
from advisor.rebalance.verify.book import Book, book_of
from advisor.rebalance.verify.ledger import Ledger, household_value
from advisor.rebalance.verify.scenarios import deepest_fall, episode_return, sector_weight, worst_months
from advisor.rebalance.verify.taxes import realized

TOLERANCE = 1e-9  # of a fraction; sums of floats in another order


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
    bound, mode = float(limit.bound), str(limit.mode)
    unit = {"realized_gain": "usd", "beta": "ratio"}.get(limit.name, "fraction")
    scale = float(household_value(ledger.shares_before, ledger.cash_before, market)) if unit == "usd" else 1.0
    before = measure(limit, book_of("before", ledger, portfolio, market), None)
    after = measure(limit, book_of("after", ledger, portfolio, market), ledger)
    faults = []
    if entry["unit"] != unit or entry["mode"] != mode:
        faults.append(f"{name}: unit {entry['unit']!r}, mode {entry['mode']!r}")
    if entry["bound"] != bound:
        faults.append(f"{name}: bound {entry['bound']} stated, {bound} in the file")
    if entry["charge_bps_per_pp"] != (float(limit.price_bps_per_pp) if mode == "soft" else None):
        faults.append(f"{name}: a charge of {entry['charge_bps_per_pp']} stated, {limit.price_bps_per_pp} in the file")
    allowed = bound + max(0.0, excess(limit, before)) * (1 if limit.kind == "max" else -1)
    faults += _allowance_faults(name, entry["allowed"], allowed if mode == "not_worse_than_today" else None, scale)
    for side, value in (("before", before), ("after", after)):
        if not abs(entry[side] - value) <= TOLERANCE * scale:
            faults.append(f"{name}: {side} {entry[side]} stated, {value} worked out")
    room = {"hard": 0.0, "soft": float("inf"), "not_worse_than_today": max(0.0, excess(limit, before))}[mode]
    beyond = excess(limit, after)
    if beyond > room + TOLERANCE * scale:
        faults.append(f"{name}: {after} after the orders breaks {bound}")
    broken = "broken_before" if excess(limit, before) > TOLERANCE * scale else "kept"
    expected = "exceeded" if mode == "soft" and beyond > TOLERANCE * scale else broken
    if (entry["status"] if entry["status"] in ("exceeded", "broken_before") else "kept") != expected:
        faults.append(f"{name}: status {entry['status']!r} with {before} before, {after} after")
    return faults


def _allowance_faults(name: str, stated: float | None, expected: float | None, scale: float) -> list[str]:
    if stated is None or expected is None:
        return [] if stated is expected else [f"{name}: {stated} allowed stated, {expected} worked out"]
    return [] if abs(stated - expected) <= TOLERANCE * scale else [f"{name}: {stated} allowed, not {expected}"]


def excess(limit: Limit, value: float) -> float:
    """How far `value` is beyond the bound; negative inside."""
    return value - float(limit.bound) if limit.kind == "max" else float(limit.bound) - value


def measure(limit: Limit, book: Book, ledger: Ledger | None) -> float:
    """The limited quantity; `ledger` None means that no orders are given."""
    kind, _, name = limit.name.partition(".")
    rules: dict[str, Callable[[], float]] = {
        "magnificent_seven": lambda: book.seven()[1],
        "single_company": lambda: max(book.company(company)[1] for company in book.companies()),
        "small_caps": book.small_caps,
        "funds": lambda: book.weights.get(name, 0.0),
        "sectors": lambda: sector_weight(book, name)[1 if limit.kind == "max" else 0],
        "cash": lambda: book.cash,
        "beta": lambda: book.beta(str(limit.benchmark)),
        "volatility": book.deviation,
        "tracking_error": lambda: book.deviation(limit.benchmark),
        "cvar_95": lambda: worst_months(book),
        "max_drawdown": lambda: deepest_fall(book),
        "stress": lambda: -episode_return(book, name),
        "expense_ratio": book.expense_ratio,
        "turnover": lambda: _turnover(book, ledger),
        "realized_gain": lambda: float(sum(realized(ledger, book.portfolio), Decimal(0))) if ledger else 0.0,
    }
    if kind not in rules:
        raise ValueError(f"no rule to verify the limit {limit.name!r}")
    return rules[kind]()


def _turnover(book: Book, ledger: Ledger | None) -> float:
    if ledger is None:
        return 0.0
    traded = sum((order.amount for order in ledger.orders), Decimal(0))
    return float(traded / 2 / household_value(ledger.shares_before, ledger.cash_before, book.market))
