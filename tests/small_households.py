"""Households written in a few words, at the snapshot's prices, for tests of the optimizer and the planner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from advisor.market.data import MarketData
from advisor.market.resolve import resolve
from advisor.optimize.limits import compile_limits
from advisor.optimize.problem import AllocationProblem
from advisor.portfolio.model import (
    Account,
    AccountType,
    FilingStatus,
    Limit,
    LimitKind,
    Lot,
    Portfolio,
    Position,
    TaxSituation,
)
from advisor.rebalance.plan import Household, rebalance, survey
from advisor.rebalance.record import PortfolioFile, record
from advisor.rebalance.verify import verify
from tests.samples import market

AS_OF = date(2026, 11, 20)
MEASURED_AGAINST = {"tracking_error": "SPY", "beta": "SPY"}


def lot(shares: object, cost: object = None, *, days: int = 2000) -> Lot:
    """A lot bought `days` before the decision; without a cost, as a sheltered account may state it."""
    if cost is None:
        return Lot(Decimal(str(shares)))
    return Lot(Decimal(str(shares)), Decimal(str(cost)), AS_OF - timedelta(days=days))


def account(
    name: str, kind: str, cash: object, positions: Mapping[str, Sequence[Lot]] | None = None, **fields
) -> Account:
    held = tuple(Position(symbol, tuple(lots)) for symbol, lots in (positions or {}).items())
    return Account(name, AccountType(kind), Decimal(str(cash)), held, **fields)


def limits(**bounds: object) -> tuple[Limit, ...]:
    """``limits(funds__IWM_max="0.1")`` is the limit ``funds.IWM.max``."""
    found = []
    for label, bound in bounds.items():
        name, _, kind = label.replace("__", ".").rpartition("_")
        found.append(Limit(name, LimitKind(kind), Decimal(str(bound)), MEASURED_AGAINST.get(name)))
    return tuple(found)


def tax(**fields: object) -> TaxSituation:
    """35 % short-term, 15 % long-term, no state tax, unless said otherwise."""
    given = {"short_term_rate": "0.35", "long_term_rate": "0.15"} | fields
    plain = {key: FilingStatus(v) if key == "filing_status" else Decimal(str(v)) for key, v in given.items()}
    return TaxSituation(is_stated=True, **plain)


def household(*accounts: Account, **fields) -> Portfolio:
    return Portfolio("A test", AS_OF, accounts, **{"tax": tax(), **fields})


def resolved(portfolio: Portfolio) -> MarketData:
    return resolve(market(), portfolio)


def surveyed(portfolio: Portfolio) -> Household:
    return survey(portfolio, resolved(portfolio))


def problem_of(portfolio: Portfolio) -> AllocationProblem:
    inputs = surveyed(portfolio).inputs
    return AllocationProblem(inputs, compile_limits(portfolio, resolved(portfolio), inputs))


def planned(portfolio: Portfolio):
    return rebalance(portfolio, resolved(portfolio))


def faults_of(portfolio: Portfolio, plan) -> list[str]:
    """What the independent check finds wrong with `plan`."""
    data = resolved(portfolio)
    written = record(plan, portfolio, data, PortfolioFile("test.yaml", ""), {})
    return [f"{check.name}: {check.detail}" for check in verify(written, portfolio, data) if not check.passed]
