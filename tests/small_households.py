"""Households written in a few words, at the snapshot's prices, for tests of the optimizer and the planner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from advisor.market.data import MarketData
from advisor.market.resolve import resolve
from advisor.optimize.limits import compile_limits
from advisor.optimize.problem import AllocationProblem, Solution
from advisor.optimize.search import best_solution, open_cases
from advisor.portfolio.limit_types import Side
from advisor.portfolio.model import Account, AccountType, Limit, Lot, Portfolio, Position
from advisor.portfolio.preferences import FilingStatus, Preferences, TaxSituation
from advisor.rebalance.plan import SurveyedHousehold, rebalance, survey
from advisor.rebalance.record import PortfolioFile, record
from advisor.rebalance.verify import verify
from tests.samples import market
from tests.views import view

AS_OF = date(2026, 11, 20)
MEASURED_AGAINST = {"tracking_error": "SPY", "beta": "SPY"}
SOME_LIMITS = {
    "magnificent_seven_max": "0.45",
    "small_caps_max": "0.35",
    "small_caps_min": "0.05",
    "funds__VTWO_max": "0.12",
    "cash_min": "0.02",
    "volatility_max": "0.19",
    "tracking_error_max": "0.13",
    "beta_max": "1.2",
    "turnover_max": "0.5",
    "realized_gain_max": "60000",
}
VIEWS = (view("IJR", "0.105", confidence="0.6"), view("IJR", "0.02", over="IWM", confidence="0.6"))


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
        found.append(Limit(name, Side(kind), Decimal(str(bound)), MEASURED_AGAINST.get(name)))
    return tuple(found)


def tax(**fields: object) -> TaxSituation:
    """35% short-term, 15% long-term, no state tax, unless said otherwise."""
    given = {"short_term_rate": "0.35", "long_term_rate": "0.15"} | fields
    plain = {key: FilingStatus(v) if key == "filing_status" else Decimal(str(v)) for key, v in given.items()}
    return TaxSituation(is_stated=True, **plain)


def household(*accounts: Account, **fields) -> Portfolio:
    return Portfolio("A test", AS_OF, accounts, **{"tax": tax(), **fields})


def resolved(portfolio: Portfolio) -> MarketData:
    return resolve(market(), portfolio)


def surveyed(portfolio: Portfolio) -> SurveyedHousehold:
    return survey(portfolio, resolved(portfolio))


def problem_of(portfolio: Portfolio) -> AllocationProblem:
    inputs = surveyed(portfolio).inputs
    return AllocationProblem(inputs, compile_limits(portfolio, resolved(portfolio), inputs))


def solved(problem: AllocationProblem, margins: Mapping[str, float] | None = None) -> Solution:
    """The continuous optimum over every tax branch and every way around a wash sale; there must be one."""
    solution = best_solution(problem, open_cases(problem, margins))
    assert solution is not None
    return solution


def planned(portfolio: Portfolio):
    return rebalance(portfolio, resolved(portfolio))


def faults_of(portfolio: Portfolio, plan) -> list[str]:
    """What the independent check finds wrong with `plan`."""
    data = resolved(portfolio)
    written = record(plan, portfolio, data, PortfolioFile("test.yaml", ""), {})
    return [f"{check.name}: {check.detail}" for check in verify(written, portfolio, data) if not check.passed]


def times(portfolio: Portfolio, factor: Decimal | int) -> Portfolio:
    """Every amount of dollars and shares multiplied, but the yearly loss deduction; bounds that are fractions stay."""

    def place(account: Account) -> Account:
        positions = (
            Position(p.symbol, tuple(replace(x, shares=x.shares * factor) for x in p.lots)) for p in account.positions
        )
        return replace(
            account,
            cash_usd=account.cash_usd * factor,
            min_cash_usd=account.min_cash_usd * factor,
            positions=tuple(positions),
        )

    law, dollars = portfolio.tax, ("realized_gain",)
    return replace(
        portfolio,
        accounts=tuple(place(account) for account in portfolio.accounts),
        limits=tuple(replace(x, bound=x.bound * factor) if x.name in dollars else x for x in portfolio.limits),
        tax=replace(
            law,
            year_to_date_short_usd=law.year_to_date_short_usd * factor,
            year_to_date_long_usd=law.year_to_date_long_usd * factor,
            carryforward_short_usd=law.carryforward_short_usd * factor,
            carryforward_long_usd=law.carryforward_long_usd * factor,
        ),
    )


def small_household(seed: int, *, risk_aversion: str | None = None) -> Portfolio:
    """A taxable account and sometimes a Roth, a handful of lots, two to four limits; nothing held back."""
    rng = np.random.default_rng(seed)

    def lots(price: float) -> list[Lot]:
        shares = [f"{rng.uniform(20_000, 120_000) / price:.3f}" for _ in range(int(rng.integers(1, 3)))]
        costs = [f"{price * rng.uniform(0.3, 1.3):.2f}" for _ in shares]
        return [lot(n, c, days=int(rng.choice([100, 900]))) for n, c in zip(shares, costs, strict=True)]

    def dollars(most: float) -> str:
        return f"{rng.uniform(0, most):.2f}" if rng.random() < 0.4 else "0"

    cash = [f"{rng.uniform(2_000, 40_000):.2f}" for _ in range(2)]
    taxable = account("Taxable", "taxable", cash[0], {"NVDA": lots(203.53), "SPY": lots(749.17)})
    roth = account("Roth", "roth", cash[1], {"QQQ": lots(711.74)}, buy=("IWM", "IJR"))
    is_linear = risk_aversion == "0"
    weighed = [name for name in SOME_LIMITS if not (is_linear and name in ("volatility_max", "tracking_error_max"))]
    chosen = rng.choice(weighed, size=int(rng.integers(2, 5)), replace=False)
    return household(
        *([taxable, roth] if rng.random() < 0.6 else [taxable]),
        limits=limits(**{str(name): SOME_LIMITS[str(name)] for name in chosen}),
        tax=tax(
            year_to_date_short_usd=dollars(30_000),
            carryforward_short_usd=dollars(15_000),
            carryforward_long_usd=dollars(30_000),
            carryforward_value=str(rng.choice(["0", "0", "0.03"])),
        ),
        preferences=Preferences(
            risk_aversion=None if risk_aversion is None else Decimal(risk_aversion),
            horizon_years=Decimal(str(rng.choice(["1", "3", "10"]))),
            return_uncertainty=Decimal("0.002"),
            reserve_tax=bool(rng.random() < 0.5),
            covariance_inflation=Decimal(str(rng.choice(["0", "0.05"]))),
        ),
        views=VIEWS if rng.random() < 0.4 else (),
    )
