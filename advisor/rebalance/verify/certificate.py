"""What a written record says of its own checks: those that are found again here, in the same words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from advisor.market.data import MarketData
from advisor.portfolio.model import Portfolio
from advisor.rebalance.check import Check
from advisor.rebalance.verify.ledger import read_ledger
from advisor.rebalance.verify.limits import TOLERANCE, measured
from advisor.rebalance.verify.shape import FIRST_SCHEMA, is_older

ACCEPTED = {"optimum_violation": 1e-7, "dual_residual": 1e-6, "duality_gap": 1e-6}  # of the solver's optimum
OF_SCHEMA_1 = (  # the checks that records of the first schema list
    "inputs: the record speaks of this file and this market, in finite numbers",
    "orders: known accounts and securities, prices, amounts to the cent, whole shares or thousandths",
    "lots: sold once, never more than held, nothing that must stay",
    "cash: every account to the cent, nothing short, no money between accounts",
    "gains: each lot's gain and term",
    "calendar: no wash sale, no gain days before it is long-term",
    "tax: the year netted again, and kept as cash",
    "measures: weights, look-through, risk and return from the raw tables",
    "assumptions: returns, risk aversion and stress from the raw tables",
    "limits: each one present, re-evaluated and held",
    "no worse than doing nothing",
    "reasons: of this household, adding up, and of these orders",
    "status agrees with the orders",
)
OF_SCHEMA_2 = (
    "inputs: the record speaks of this file and this market, in finite numbers",
    "form: every key of its schema and no other, each value of its kind",
    "orders: known accounts and securities, prices, amounts to the cent, whole shares or thousandths",
    "sequence: sales first, and before the purchases that they pay for",
    "lots: sold once, never more than held, nothing that must stay",
    "cash: every account to the cent, nothing short, no money between accounts",
    "gains: each lot's gain and term",
    "calendar: no wash sale, no gain days before it is long-term",
    "tax: the year netted again, and kept as cash",
    "measures: weights, look-through, risk and return from the raw tables",
    "assumptions: returns, their origin, risk aversion and stress from the raw tables",
    "limits: each one present, re-evaluated and held, and of whom it is said",
    "gain: part by part, and the months to earn it back",
    "status: orders that are asked for or worth it, or none",
    "marginal values: of this household, adding up, from the raw tables and the law",
    "optimum: the orders' gain and what rounding loses, from what the reasons say is traded",
    "reasons: of each order what its marginal values say, in order of size",
    "warnings: each one that must be there, in its words, and no other",
)
BESIDE_OF_SCHEMA_2 = "alternatives: each one there, replayed from its orders like the proposal"
BESIDE_OF_SCHEMA_1 = "alternatives: each one's orders, cash, tax, measures and limits, replayed"


def certificate_faults(
    record: dict[str, Any], portfolio: Portfolio, market: MarketData, found: Sequence[Check]
) -> list[str]:
    """The checks are those of `found`, all passed; the largest breach and the solver's residuals are as they may be."""
    stated = record["certificate"]
    if is_older(record):
        is_first = record["schema"] == FIRST_SCHEMA
        own, beside = (OF_SCHEMA_1, BESIDE_OF_SCHEMA_1) if is_first else (OF_SCHEMA_2, BESIDE_OF_SCHEMA_2)
        names = [*own, *([beside] if "trade_off" in record else [])]
        expected = [{"name": name, "passed": True, "detail": "agrees"} for name in names]
    else:
        expected = [{"name": one.name, "passed": True, "detail": "agrees"} for one in found]
    faults = []
    if stated["checks"] != expected or stated["passed"] is not True:
        faults.append("certificate.checks are not those of this check, all passed")
    faults += [
        f"certificate.{name}: {stated[name]:.2g} is more than an answer may have"
        for name, most in ACCEPTED.items()
        if not 0 <= stated[name] <= most
    ]
    ledger = read_ledger(record, portfolio, market)
    worst = max([0.0, *(measured(limit, portfolio, market, ledger).beyond for limit in portfolio.limits)])
    if abs(stated["max_violation"] - worst) > TOLERANCE:
        faults.append(f"certificate.max_violation: {stated['max_violation']:.3g} stated, {worst:.3g} worked out")
    return faults
