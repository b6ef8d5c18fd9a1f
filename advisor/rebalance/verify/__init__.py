"""The independent check of a recommendation.

From the portfolio, the market data and the written record alone, everything the record claims is worked out again:
money and lots in `Decimal`, the year's tax by if and else, every limit and measure from the raw tables. Nothing here
imports the optimizer, the risk and exposure rooms or the planner (an import contract holds that), so an error there
cannot repeat itself here.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from advisor.market.data import Constituents, MarketData, Security
from advisor.portfolio.model import Portfolio
from advisor.rebalance.check import Check
from advisor.rebalance.verify.alternatives import check_alternatives
from advisor.rebalance.verify.book import universe
from advisor.rebalance.verify.calendar import check_calendar
from advisor.rebalance.verify.explanation import check_explanation
from advisor.rebalance.verify.ledger import Ledger, LedgerError, check_cash, check_lots, check_orders, read_ledger
from advisor.rebalance.verify.limits import check_limits
from advisor.rebalance.verify.measures import check_assumptions, check_measures, check_no_worse, check_status
from advisor.rebalance.verify.taxes import check_gains, check_tax

ALTERNATIVES = "alternatives: each one's orders, cash, tax, measures and limits, replayed"

Faults = list[str]
Checker = Callable[[dict[str, Any], Portfolio, MarketData, Ledger], Faults]

CHECKS: tuple[tuple[str, Checker], ...] = (
    ("orders: known accounts and securities, prices, amounts to the cent, whole shares or thousandths", check_orders),
    ("lots: sold once, never more than held, nothing that must stay", check_lots),
    ("cash: every account to the cent, nothing short, no money between accounts", check_cash),
    ("gains: each lot's gain and term", check_gains),
    ("calendar: no wash sale, no gain days before it is long-term", check_calendar),
    ("tax: the year netted again, and kept as cash", check_tax),
    ("measures: weights, look-through, risk and return from the raw tables", check_measures),
    ("assumptions: returns, risk aversion and stress from the raw tables", check_assumptions),
    ("limits: each one present, re-evaluated and held", check_limits),
    ("no worse than doing nothing", check_no_worse),
    ("reasons: of this household, adding up, and of these orders", check_explanation),
    ("status agrees with the orders", check_status),
)


def verify(record: dict[str, Any], portfolio: Portfolio, market: MarketData) -> tuple[Check, ...]:
    """Every check of `record`, passed or not; a record that cannot be read at all fails its first check."""
    checks = []
    try:
        unreadable = [*_identity_faults(record, portfolio, market), *_not_finite(record, "record")]
        checks.append(_check("inputs: the record speaks of this file and this market, in finite numbers", unreadable))
        ledger = read_ledger(record, portfolio, market)
        beside = ((ALTERNATIVES, check_alternatives),) if "trade_off" in record else ()
        checks += [_check(name, checker(record, portfolio, market, ledger)) for name, checker in (*CHECKS, *beside)]
    except (LedgerError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        checks.append(Check("record: every field can be read", passed=False, detail=f"{type(error).__name__}: {error}"))
    return tuple(checks)


def _check(name: str, faults: Faults) -> Check:
    detail = "; ".join(faults[:5]) + (f"; and {len(faults) - 5} more" if len(faults) > 5 else "")
    return Check(name, passed=not faults, detail=detail or "agrees")


def _identity_faults(record: dict[str, Any], portfolio: Portfolio, market: MarketData) -> Faults:
    inputs = record.get("inputs")
    if not isinstance(inputs, dict) or not isinstance(stated := inputs.get("market"), dict):
        return ["inputs.market is missing"]
    faults = []
    if record.get("schema") not in ("advisor.recommendation/1", "advisor.recommendation/2"):
        faults.append(f"schema is {record.get('schema')!r}")
    if stated.get("sha256") != market.sha256 or stated.get("id") != market.id:
        faults.append(
            f"made with market data {stated.get('id')!r}, checked with {market.id!r} or another version of it"
        )
    faults += _origin_faults(stated, portfolio, market)
    if inputs.get("view_sets", []) != _view_sets(portfolio):
        faults.append("inputs.view_sets is not what the file uses, or another version of it")
    if record.get("as_of") != portfolio.as_of.isoformat():
        faults.append(f"as_of is {record.get('as_of')!r}, the portfolio says {portfolio.as_of.isoformat()}")
    return faults


def _view_sets(portfolio: Portfolio) -> list[dict[str, str]]:
    """Named sets of views that the file uses, in the order of their names, with the digests of the program's files."""
    names = sorted({view.set for view in portfolio.views} - {""})
    folder = files("advisor.portfolio") / "view_sets"
    return [
        {"name": name, "sha256": hashlib.sha256((folder / f"{name}.yaml").read_bytes()).hexdigest()} for name in names
    ]


def _origin_faults(stated: dict[str, Any], portfolio: Portfolio, market: MarketData) -> Faults:
    """Where each price and each list of holdings is said to come from, against the market data."""
    known = [symbol for symbol in universe(portfolio) if symbol in market.securities]
    faults: Faults = []
    prices = {symbol: _price(market.securities[symbol], portfolio, market) for symbol in known}
    lists = {s: _list(market.constituents[s], portfolio, market) for s in known if s in market.constituents}
    faults += _differences("prices", "symbol", stated.get("prices"), prices)
    faults += _differences("holdings", "fund", stated.get("holdings"), lists)
    own = {
        "as_of": market.as_of.isoformat(),
        "age_days": (portfolio.as_of - market.as_of).days,
        "accepted_prices": {symbol: f"{price.normalize():f}" for symbol, price in market.accepted.items()},
    }
    return faults + [
        f"inputs.market.{name} is not {value!r}" for name, value in own.items() if stated.get(name) != value
    ]


def _price(security: Security, portfolio: Portfolio, market: MarketData) -> dict[str, Any]:
    origin = security.origin
    return {
        "symbol": security.symbol,
        "price_usd": f"{security.close_usd.normalize():f}",
        "as_of": security.close_date.isoformat(),
        "age_days": (portfolio.as_of - security.close_date).days,
        "source": origin.source if origin else market.id,
        "sha256": origin.sha256 if origin else market.sha256,
    }


def _list(known: Constituents, portfolio: Portfolio, market: MarketData) -> dict[str, Any]:
    return {
        "fund": known.fund,
        "basis": known.basis,
        "as_of": known.as_of.isoformat() if known.as_of else None,
        "age_days": (portfolio.as_of - known.as_of).days if known.as_of else None,
        "source": known.source,
        "sha256": known.sha256 or market.sha256,
    }


def _differences(name: str, key: str, stated: object, expected: dict[str, dict[str, Any]]) -> Faults:
    """Lines that are missing, that are there without being expected or twice, or that say something else."""
    lines = [line for line in stated if isinstance(line, dict)] if isinstance(stated, list) else []
    found = {str(line.get(key)): line for line in lines}
    if not isinstance(stated, list) or len(found) != len(stated):
        return [f"inputs.market.{name} is not a list with one line for each {key}"]
    wrong = sorted(found.keys() ^ expected.keys())
    faults = [f"inputs.market.{name}: {symbol[:20]} is there without being used, or missing" for symbol in wrong]
    for symbol in sorted(found.keys() & expected.keys()):
        fields = [
            field
            for field in expected[symbol] | found[symbol]
            if found[symbol].get(field) != expected[symbol].get(field)
        ]
        if fields:
            faults.append(f"inputs.market.{name}: {', '.join(fields)} of {symbol} is not that of the market data")
    return faults


def _not_finite(value: object, path: str) -> Faults:
    if isinstance(value, dict):
        return [fault for key, item in value.items() for fault in _not_finite(item, f"{path}.{key}")]
    if isinstance(value, list):
        return [fault for index, item in enumerate(value) for fault in _not_finite(item, f"{path}[{index}]")]
    if isinstance(value, float) and not math.isfinite(value):
        return [f"{path} is not a finite number"]
    return []
