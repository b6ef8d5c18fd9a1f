"""The independent check of a recommendation.

From the portfolio, the market data and the written record alone, everything the record claims is worked out again:
money and lots in `Decimal`, the year's tax by if and else, every limit and measure from the raw tables, the warnings
and reasons from what they are about. Nothing here imports the optimizer, the risk and exposure rooms or the planner
(an import contract holds that), so an error there cannot repeat itself here. What only an optimizer can know is named
by `not_checked`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

from advisor.market.data import MarketData
from advisor.portfolio.model import Portfolio
from advisor.rebalance.check import Check
from advisor.rebalance.verify.alternatives import check_alternatives
from advisor.rebalance.verify.calendar import check_calendar
from advisor.rebalance.verify.certificate import certificate_faults
from advisor.rebalance.verify.defaults import check_defaults
from advisor.rebalance.verify.explanation import check_explanation
from advisor.rebalance.verify.inputs import input_faults, version_faults
from advisor.rebalance.verify.ledger import Ledger, LedgerError, check_cash, check_lots, check_orders, read_ledger
from advisor.rebalance.verify.limits import check_limits
from advisor.rebalance.verify.marginal import check_marginal
from advisor.rebalance.verify.measures import check_assumptions, check_measures, check_total
from advisor.rebalance.verify.plans import check_plans, check_reference
from advisor.rebalance.verify.sequence import check_sequence
from advisor.rebalance.verify.shape import FIRST_SCHEMA, is_older, known_schema, schema_of, shape_faults
from advisor.rebalance.verify.status import check_no_worse, check_status
from advisor.rebalance.verify.taxes import check_gains, check_tax
from advisor.rebalance.verify.unchecked import not_checked
from advisor.rebalance.verify.warnings import check_warnings
from advisor.rebalance.verify.why import check_why

__all__ = ["ALTERNATIVES", "CHECKS", "not_checked", "verify", "verify_written"]

INPUTS = "inputs: the record speaks of this file and this market, in finite numbers"
SHAPE = "form: every key of its schema and no other, each value of its kind"
ALTERNATIVES = "alternatives: each one there, replayed from its orders like the proposal"
CERTIFICATE = "certificate: the record's own checks are these, by a version that is named"
ORDERS = "record: its orders can be read"
MOST = 5  # faults that are told of one check
UNREADABLE = (LedgerError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError)

Faults = list[str]
Checker = Callable[[dict[str, Any], Portfolio, MarketData, Ledger], Faults]

CHECKS: tuple[tuple[str, Checker], ...] = (
    ("orders: known accounts and securities, prices, amounts to the cent, whole shares or thousandths", check_orders),
    ("sequence: sales first, and before the purchases that they pay for", check_sequence),
    ("lots: sold once, never more than held, nothing that must stay", check_lots),
    ("cash: every account to the cent, nothing short, no money between accounts", check_cash),
    ("gains: each lot's gain and term", check_gains),
    ("calendar: no wash sale, no gain days before it is long-term", check_calendar),
    ("tax: the year netted again, and kept as cash", check_tax),
    ("measures: weights, look-through, risk and return from the raw tables", check_measures),
    ("assumptions: returns, their origin, risk aversion and stress from the raw tables", check_assumptions),
    ("limits: each one present, re-evaluated and held, and of whom it is said", check_limits),
    ("defaults: each bound of the program present, worked out again, and held as far as it must be", check_defaults),
    ("gain: part by part, and the months to earn it back", check_no_worse),
    ("plans: the cheapest and the best from their orders, and the rule between them", check_plans),
    ("reference: the mix that returns are implied by, from today's holdings and the views", check_reference),
    ("status: orders that are asked for or worth it, or none", check_status),
    ("marginal values: of this household, adding up, from the raw tables and the law", check_marginal),
    ("optimum: the orders' gain and what rounding loses, from what the reasons say is traded", check_explanation),
    ("reasons: of each order what its marginal values say, in order of size", check_why),
    ("warnings: each one that must be there, in its words, and no other", check_warnings),
)


OF_THE_OBJECTIVE = {  # of what is asked: an older record was asked something else
    check_assumptions,
    check_defaults,
    check_no_worse,
    check_plans,
    check_reference,
    check_status,
    check_marginal,
    check_explanation,
    check_why,
}


OF_OLDER = (
    *((name, checker) for name, checker in CHECKS if checker not in OF_THE_OBJECTIVE),
    ("gain: the sum of its parts", check_total),
)


def verify(record: dict[str, Any], portfolio: Portfolio, market: MarketData) -> tuple[Check, ...]:
    """Every check of what `record` recommends, passed or not; what it says of its own checks is not read.

    A field that cannot be read fails the checks that need it, and where orders cannot be read there are no others.
    """
    if record.get("schema") == FIRST_SCHEMA:
        portfolio = portfolio.with_views_as_stated()
    older = is_older(record)
    if older:
        portfolio = with_older_defaults(portfolio)
    first = (
        _checked(INPUTS, lambda: input_faults(record, portfolio, market)),
        _checked(SHAPE, lambda: _shape_faults(record)),
    )
    try:
        ledger = read_ledger(record, portfolio, market)
    except UNREADABLE as error:
        return (*first, Check(ORDERS, passed=False, detail=_words(error)))
    beside = ((ALTERNATIVES, check_alternatives),) if "trade_off" in record else ()
    return (
        *first,
        *(
            _checked(name, partial(checker, record, portfolio, market, ledger))
            for name, checker in (*(OF_OLDER if older else CHECKS), *beside)
        ),
    )


def verify_written(record: dict[str, Any], portfolio: Portfolio, market: MarketData) -> tuple[Check, ...]:
    """Every check of a record as it was written, its certificate included."""
    found = verify(record, portfolio, market)

    def faults() -> Faults:
        return [*version_faults(record), *certificate_faults(record, portfolio, market, found)]

    return (*found, _checked(CERTIFICATE, faults))


def with_older_defaults(portfolio: Portfolio) -> Portfolio:
    """The household with the smallest order that was the default before it grew with the household's value."""
    preferences = portfolio.preferences
    if preferences.min_trade_usd is not None:
        return portfolio
    return replace(portfolio, preferences=replace(preferences, min_trade_usd=Decimal(100)))


def _checked(name: str, faults: Callable[[], Faults]) -> Check:
    """The check of that name: what it finds wrong, or the field that it cannot read."""
    try:
        found = faults()
    except UNREADABLE as error:
        return Check(name, passed=False, detail=_words(error))
    detail = "; ".join(found[:MOST]) + (f"; and {len(found) - MOST} more" if len(found) > MOST else "")
    return Check(name, passed=not found, detail=detail or "agrees")


def _words(error: Exception) -> str:
    return f"a field cannot be read: {type(error).__name__}: {error}"


def _shape_faults(record: dict[str, Any]) -> Faults:
    """Faults of form but for the certificate's list of checks, which is written after them."""
    name = record.get("schema")
    if not known_schema(name):
        return [f"schema {str(name)[:40]!r} is not known"]
    stated = record.get("certificate")
    if isinstance(stated, dict):
        record = {**record, "certificate": {**stated, "checks": [{"name": "", "passed": True, "detail": ""}]}}
    return shape_faults(record, schema_of(str(name)))
