"""Asked again the day its orders are done, the tool has nothing more to say.

The orders are entered as a user would enter them: positions and cash changed, purchases and sales in the history, gains
in the year to date. Left out are limits on the trades themselves (turnover, realized_gain), which allow as much again
with each run. Held fixed is what the file leaves open and the first run decided: the risk aversion, and the cash kept
for this year's tax, which becomes `min_cash`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import count

import pytest

from advisor.errors import LimitsConflictError, UnverifiedAnswerError
from advisor.market.resolve import resolve
from advisor.portfolio.model import Account, Lot, PastTrade, Portfolio, Position
from advisor.rebalance.model import RebalancePlan, Trade
from advisor.rebalance.plan import rebalance
from tests.households import random_household
from tests.samples import market

HOUSEHOLDS = 40


def lots_after(account: Account, trades: list[Trade], portfolio: Portfolio) -> dict[str, list[Lot]]:
    held = {position.symbol: list(position.lots) for position in account.positions}
    for trade in trades:
        lots = held.setdefault(trade.symbol, [])
        if trade.side == "buy":
            lots.append(Lot(trade.shares, trade.price_usd, portfolio.as_of))
        for sold in trade.lots:
            place = next(
                k
                for k, lot in enumerate(lots)
                if (lot.acquired, lot.cost_per_share_usd) == (sold.acquired, sold.cost_per_share_usd)
                and lot.shares >= sold.shares
            )
            left = lots[place].shares - sold.shares
            lots[place : place + 1] = [replace(lots[place], shares=left)] if left else []
    return held


def reserved(portfolio: Portfolio, plan: RebalancePlan) -> dict[str, Decimal]:
    """Cash of each taxable account that the tax of the orders needs."""
    due = max(plan.tax.tax_usd, Decimal(0)) if portfolio.preferences.reserve_tax else Decimal(0)
    kept = {}
    for account in portfolio.accounts:
        if account.is_taxable:
            kept[account.name] = min(due, plan.after.cash_usd[account.name] - account.min_cash_usd)
            due -= kept[account.name]
    return kept


def history_after(portfolio: Portfolio, plan: RebalancePlan) -> tuple[PastTrade, ...]:
    """Today's orders, and the purchases of the last 30 days, whose lots may be gone now."""
    young = [
        PastTrade(lot.acquired, account.name, position.symbol, "buy", lot.shares)
        for account in portfolio.accounts
        for position in account.positions
        for lot in position.lots
        if lot.acquired is not None and portfolio.as_of - lot.acquired <= timedelta(days=30)
    ]
    orders = [
        PastTrade(
            portfolio.as_of,
            trade.account,
            trade.symbol,
            trade.side,
            trade.shares,
            sum((lot.gain_usd for lot in trade.lots if lot.gain_usd is not None and lot.gain_usd < 0), Decimal(0))
            if trade.side == "sell"
            else None,
        )
        for trade in plan.trades
    ]
    return (*portfolio.history, *young, *orders)


def done(portfolio: Portfolio, plan: RebalancePlan) -> Portfolio:
    kept = reserved(portfolio, plan)
    accounts = tuple(
        replace(
            account,
            cash_usd=plan.after.cash_usd[account.name],
            min_cash_usd=account.min_cash_usd + kept.get(account.name, Decimal(0)),
            positions=tuple(
                Position(symbol, tuple(lots))
                for symbol, lots in lots_after(
                    account, [trade for trade in plan.trades if trade.account == account.name], portfolio
                ).items()
                if lots
            ),
        )
        for account in portfolio.accounts
    )
    tax = replace(
        portfolio.tax,
        year_to_date_short_usd=portfolio.tax.year_to_date_short_usd + plan.tax.short_term_gain_usd,
        year_to_date_long_usd=portfolio.tax.year_to_date_long_usd + plan.tax.long_term_gain_usd,
    )
    fixed = replace(portfolio.preferences, risk_aversion=Decimal(repr(plan.risk_aversion)))
    return replace(portfolio, accounts=accounts, history=history_after(portfolio, plan), tax=tax, preferences=fixed)


def traded() -> list[tuple[int, Portfolio, RebalancePlan]]:
    found = []
    for seed in count(5000):
        portfolio = random_household(seed)
        lasting = tuple(limit for limit in portfolio.limits if limit.name not in ("turnover", "realized_gain"))
        portfolio = replace(portfolio, limits=lasting)
        try:
            plan = rebalance(portfolio, resolve(market(), portfolio))
        except (LimitsConflictError, UnverifiedAnswerError):
            continue
        if plan.trades:
            found.append((seed, portfolio, plan))
        if len(found) == HOUSEHOLDS:
            return found
    raise AssertionError


TRADED = traded()


@pytest.mark.parametrize(("portfolio", "plan"), [pytest.param(p, plan, id=str(seed)) for seed, p, plan in TRADED])
def test_nothing_more_is_traded_the_same_day(portfolio: Portfolio, plan: RebalancePlan) -> None:
    after = done(portfolio, plan)
    again = rebalance(after, resolve(market(), after))
    assert again.trades == ()
