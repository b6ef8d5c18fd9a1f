"""Every limit of the file, found in the record, measured again, and held by the rounded orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from advisor.market.data import MarketData
from advisor.portfolio.model import Limit, Portfolio
from advisor.rebalance.verify.book import Book, book_of
from advisor.rebalance.verify.ledger import Ledger, household_value, pennies
from advisor.rebalance.verify.rules import measure, rule_of

TOLERANCE = 1e-9  # of a fraction; sums of floats in another order
AT_THE_BOUND = 2e-4  # nearer to its bound than this, a limit is called binding (0.02 points)
SAME = 1e-12  # two companies of one weight
UNLISTED = "a company that no list names"


@dataclass(frozen=True, slots=True)
class Measured:
    """A limit of the file, measured again; `scale` is what a fraction of one is in its unit."""

    limit: Limit
    before: float
    after: float
    scale: float
    has_orders: bool

    @property
    def allowed(self) -> float:
        """How far the answer may go: without end for a soft limit, to today's figure where that is looser."""
        side, bound = 1 if self.limit.side == "max" else -1, float(self.limit.bound)
        if self.limit.mode == "soft":
            return side * float("inf")
        return bound + side * max(0.0, excess(self.limit, self.before)) if self.limit.mode != "hard" else bound

    @property
    def beyond(self) -> float:
        """How much further than is allowed the orders go, as a fraction; negative inside."""
        return (self.after - self.allowed if self.limit.side == "max" else self.allowed - self.after) / self.scale

    @property
    def is_broken(self) -> bool:
        """Whether the orders go further than is allowed."""
        return self.beyond > TOLERANCE

    def statuses(self) -> set[str]:
        """What its status may be: two where a figure is as near to a border as rounding is."""
        return {self._status(sign * SAME) for sign in (-1, 0, 1)}

    def _status(self, nudge: float) -> str:
        before, after = (excess(self.limit, value) / self.scale + nudge for value in (self.before, self.after))
        if self.limit.mode == "soft" and after > TOLERANCE:
            return "exceeded"
        if before > TOLERANCE:
            return "broken_before"
        return "binding" if self.has_orders and after > -AT_THE_BOUND else "slack"


def measured(limit: Limit, portfolio: Portfolio, market: MarketData, ledger: Ledger) -> Measured:
    """The limit before and after the orders of `ledger`."""
    unit = rule_of(limit.name).unit
    value = float(household_value(ledger.shares_before, ledger.cash_before, market))
    before = measure(limit, book_of("before", ledger, portfolio, market), None)
    after = measure(limit, book_of("after", ledger, portfolio, market), ledger)
    return Measured(limit, before, after, value if unit == "usd" else 1.0, bool(ledger.orders))


def broken_after(portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """Limits that the orders of `ledger` break."""
    found = (measured(limit, portfolio, market, ledger) for limit in portfolio.limits)
    return [one.limit.label for one in found if one.is_broken]


def needs(portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """Hard limits and least cash that today's household breaks, so that orders are asked for whatever they gain."""
    found = (measured(limit, portfolio, market, ledger) for limit in portfolio.limits if limit.mode == "hard")
    broken = [one.limit.label for one in found if excess(one.limit, one.before) > TOLERANCE * one.scale]
    short = (account for account in portfolio.accounts if account.cash_usd < account.min_cash_usd)
    return broken + [f"accounts.{account.name}.min_cash" for account in short]


def check_limits(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """No limit missing, added or moved; before and after as claimed, of whom they are claimed; none broken after."""
    faults = check_stated_limits(record, portfolio, market, ledger)
    return faults + [f"{label} is broken after the orders" for label in broken_after(portfolio, market, ledger)]


def check_stated_limits(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """The same of orders that may break limits, as half a move may."""
    stated = [(entry["name"], entry["kind"]) for entry in record["limits"]]
    wanted = [(limit.name, str(limit.side)) for limit in portfolio.limits]
    if stated != wanted:
        differing = sorted(set(stated) ^ set(wanted))
        return [f"not the file's limits in its order: {differing or 'one stands twice or elsewhere'}"]
    faults = []
    for limit, entry in zip(portfolio.limits, record["limits"], strict=True):
        found = measured(limit, portfolio, market, ledger)
        faults += _stated_faults(found, entry) + _figure_faults(found, entry)
        faults += _subject_faults(found, entry, portfolio, market, ledger)
    return faults


def _stated_faults(found: Measured, entry: dict[str, Any]) -> list[str]:
    """The file's own words on the limit."""
    limit, name, mode = found.limit, found.limit.label, str(found.limit.mode)
    faults = []
    unit = rule_of(limit.name).unit
    if entry["unit"] != unit or entry["mode"] != mode:
        faults.append(f"{name}: unit {entry['unit']!r}, mode {entry['mode']!r}")
    if entry["bound"] != float(limit.bound):
        faults.append(f"{name}: bound {entry['bound']} stated, {limit.bound} in the file")
    if "bound_text" in entry and entry["bound_text"] != written_bound(limit):
        faults.append(f"{name}: {entry['bound_text']} stated, {written_bound(limit)} in the file")
    if entry["charge_bps_per_pp"] != (float(limit.charge_bps_per_pp) if mode == "soft" else None):
        faults.append(f"{name}: a charge of {entry['charge_bps_per_pp']} stated, {limit.charge_bps_per_pp} in the file")
    allowed = found.allowed if mode == "not_worse_than_today" else None
    return faults + _allowance_faults(name, entry["allowed"], allowed, found.scale)


def written_bound(limit: Limit) -> str:
    """The bound with every digit of the file: ``12.34%``, ``$120,000``, ``1.1``."""
    unit = rule_of(limit.name).unit
    if unit == "usd":
        return f"${pennies(limit.bound):,.2f}".removesuffix(".00")
    digits = limit.bound if unit == "ratio" else limit.bound * 100
    text = f"{digits:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if unit == "ratio" else f"{text}%"


def _figure_faults(found: Measured, entry: dict[str, Any]) -> list[str]:
    name = found.limit.label
    faults = [
        f"{name}: {side} {entry[side]} stated, {value} worked out"
        for side, value in (("before", found.before), ("after", found.after))
        if not abs(entry[side] - value) <= TOLERANCE * found.scale
    ]
    if entry["status"] not in found.statuses():
        faults.append(f"{name}: status {entry['status']!r} with {found.before} before, {found.after} after")
    return faults


def _subject_faults(
    found: Measured, entry: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger
) -> list[str]:
    """Of whom the figure is: of the household after the orders, and where the record says it, of that before."""
    faults = []
    for key, side in (("subject", "after"), ("subject_after", "after"), ("subject_before", "before")):
        allowed = subjects(found.limit, book_of(side, ledger, portfolio, market))
        if key in entry and entry[key] not in allowed:
            named = " or ".join(str(one) for one in sorted(map(str, allowed)))
            faults.append(f"{found.limit.label}: {key} {entry[key]!r} stated, it is {named}")
    return faults


def subjects(limit: Limit, book: Book) -> set[str | None]:
    """Of whom or against what the limit is measured: several companies only where they weigh the same."""
    kind, _, name = limit.name.partition(".")
    if kind == "single_company":
        highs = {company or UNLISTED: book.company(company)[1] for company in book.companies()}
        return {company for company, high in highs.items() if high >= max(highs.values()) - SAME}
    if kind == "stress":
        return {next(episode.title for episode in book.market.episodes if episode.name == name)}
    return {name if kind in ("funds", "sectors") else limit.benchmark}


def _allowance_faults(name: str, stated: float | None, expected: float | None, scale: float) -> list[str]:
    if stated is None or expected is None:
        return [] if stated is expected else [f"{name}: {stated} allowed stated, {expected} worked out"]
    return [] if abs(stated - expected) <= TOLERANCE * scale else [f"{name}: {stated} allowed, not {expected}"]


def excess(limit: Limit, value: float) -> float:
    """How far `value` is beyond the bound; negative inside."""
    return value - float(limit.bound) if limit.side == "max" else float(limit.bound) - value
