"""Why this answer and not another: prices, reasons lot by lot, other funds, other horizons, other tax branches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import numpy as np

from advisor.market.constituents import magnificent_seven_interval
from advisor.optimize.marginal_values import MarginalValues, marginal_values
from advisor.optimize.problem import AllocationProblem, Solution
from advisor.optimize.search import DUST, best_solution
from advisor.optimize.sensitivity import over_horizons
from advisor.optimize.shadow_prices import LimitPrice, limit_prices
from advisor.optimize.solve import Allocation
from advisor.rebalance.candidates import SurveyedHousehold, objective_of_nothing, tax_without_trades
from advisor.rebalance.model import (
    BranchResult,
    Explanation,
    HorizonResult,
    LimitResult,
    MenuResult,
    TradeReason,
)
from advisor.rebalance.outcome import PERCENTAGE_POINT
from advisor.rebalance.proposal import Proposal
from advisor.units import BASIS_POINT, to_cents

MOST_LOTS = 300  # of a larger household only the lots that are sold, at least in part, are explained


def explanation(proposal: Proposal, plan: str) -> Explanation:
    """Everything that explains `proposal`, the "cheapest" or the "best" plan."""
    household, problem, allocation = proposal.household, proposal.problem, proposal.allocation
    book = marginal_values(problem, allocation.solution)
    return Explanation(
        plan=plan,
        menu=_menu(allocation),
        reasons=(
            *_lot_reasons(household, book, allocation.solution),
            *_buy_reasons(household, book, allocation.solution),
        ),
        horizons=tuple(_horizons(household, problem, proposal)),
        branches=tuple(_branches(problem, allocation)),
        rounding_loss=proposal.rounding_loss,
    )


def with_prices(
    limits: tuple[LimitResult, ...], problem: AllocationProblem, solution: Solution
) -> tuple[LimitResult, ...]:
    """`limits` with the price of each that costs something at `solution`."""
    prices = limit_prices(problem, solution)
    return tuple(_priced(limit, prices[limit.label]) if limit.label in prices else limit for limit in limits)


def _priced(limit: LimitResult, price: LimitPrice) -> LimitResult:
    if price.value is not None:
        return replace(limit, shadow_price_bps_per_pp=_bps_per_pp(price.value))
    high = None if np.isinf(price.high) else _bps_per_pp(price.high)
    return replace(limit, shadow_price_range=(_bps_per_pp(price.low), high))


def _bps_per_pp(price: float) -> float:
    """Basis points for a percentage point, from a fraction for a fraction."""
    return price * PERCENTAGE_POINT / BASIS_POINT


def _menu(allocation: Allocation) -> MenuResult | None:
    if not allocation.menu.symbols:
        return None
    others = tuple((menu.symbols, menu.loss) for menu in allocation.menus if menu != allocation.menu)
    return MenuResult(allocation.menu.symbols, allocation.menu.loss or 0.0, others)


def _lot_reasons(household: SurveyedHousehold, book: MarginalValues, solution: Solution) -> Iterator[TradeReason]:
    lots = household.inputs.lots
    every = len(lots.keys) <= MOST_LOTS
    for k, key in enumerate(lots.keys):
        if lots.sellable[k] <= 0 or not (every or solution.sell[k] > DUST):
            continue
        account = household.portfolio.accounts[key.account]
        position = account.positions[key.position]
        lot = position.lots[key.lot]
        yield TradeReason(
            account=account.name,
            symbol=position.symbol,
            side="sell",
            acquired=lot.acquired,
            cost_per_share_usd=lot.cost_per_share_usd,
            traded=float(solution.sell[k] / lots.value[k]),
            parts={name: float(part[k]) for name, part in book.lots.items()},
            net=book.net_of_lot(k),
        )


def _buy_reasons(household: SurveyedHousehold, book: MarginalValues, solution: Solution) -> Iterator[TradeReason]:
    i = household.inputs
    for k, (account, security) in enumerate(zip(i.buys.account, i.buys.security, strict=True)):
        if solution.case.most_bought[k] > 0:
            yield TradeReason(
                account=i.account_names[account],
                symbol=i.symbols[security],
                side="buy",
                acquired=None,
                cost_per_share_usd=None,
                traded=float(solution.buy[k]),
                parts={name: float(part[k]) for name, part in book.buys.items()},
                net=book.net_of_buy(k),
            )


def _horizons(household: SurveyedHousehold, problem: AllocationProblem, proposal: Proposal) -> Iterator[HorizonResult]:
    i, market, candidate = household.inputs, household.market, proposal.candidate
    seven = np.array([magnificent_seven_interval(market, symbol)[1] for symbol in i.symbols])
    small = np.array([float(market.is_small_cap(symbol)) for symbol in i.symbols])
    for years, solution in over_horizons(problem).items():
        total = solution.weights.sum() + solution.cash.sum()
        added_tax = solution.tax - tax_without_trades(household, candidate)
        yield HorizonResult(
            years=years,
            magnificent_seven=float(seven @ solution.weights / total),
            small_caps=float(small @ solution.weights / total),
            sold=float(solution.sell.sum()),
            bought=float(solution.buy.sum()),
            tax_usd=to_cents(Decimal(added_tax) * i.value_usd),
            gain=solution.objective - objective_of_nothing(household, candidate, i.later.cost_years(years)),
        )


def _branches(problem: AllocationProblem, allocation: Allocation) -> Iterator[BranchResult]:
    for branch in problem.branches:
        solution = best_solution(problem, (problem.open_case(branch),))
        behind = None if solution is None else max(allocation.best.objective - solution.objective, 0.0)
        yield BranchResult(branch.name, behind)
