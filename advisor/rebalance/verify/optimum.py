"""The optimum that a record's reasons speak of, put together again from what they say is traded.

The solver is not needed for that: each reason says how much of a lot is sold, or of household value bought. What that
leaves is measured with the raw tables, and so is its gain against doing nothing. All amounts are fractions of today's
household value, before rounding to shares.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from advisor.market.data import MarketData
from advisor.portfolio.model import Account, AccountType, Limit, Lot, Portfolio
from advisor.rebalance.verify.book import Book, covariance, universe
from advisor.rebalance.verify.classes import CASH
from advisor.rebalance.verify.defaults import bounds_of, level
from advisor.rebalance.verify.frame import Frame, expected_return
from advisor.rebalance.verify.later import carried_worth, cost_years, later_saved
from advisor.rebalance.verify.ledger import Ledger, household_value
from advisor.rebalance.verify.limits import excess
from advisor.rebalance.verify.rules import measure
from advisor.rebalance.verify.taxes import held_more_than_a_year

DUST = 1e-7  # of household value: noise of a solver, and no trade
Key = tuple[str, str, str | None, str | None]  # account, symbol, day and cost of a lot, as texts


@dataclass(frozen=True, slots=True)
class Move:
    """One reason with what it is about: the lot that may be sold, or None for a purchase."""

    reason: dict[str, Any]
    account: Account
    symbol: str
    lot: Lot | None
    amount: float  # sold or bought, of today's value
    size: float  # of the lot, of today's value; 1 for a purchase
    gain: float  # for each dollar sold; 0 where no tax is due
    is_long: bool

    @property
    def name(self) -> str:
        """How faults name it."""
        kind = "buy" if self.lot is None else "sell"
        return f"{kind} {self.symbol} in {self.account.name}"


@dataclass(frozen=True, slots=True)
class Optimum:
    """Weights by symbol, cash by account, and the year's gains; `moves` are what they come from."""

    moves: tuple[Move, ...]
    weights: dict[str, float]
    cash: dict[str, float]
    short: float  # net short-term gain of the year, what went before included
    long: float
    spread: float
    sold: float
    bought: float


def moves_of(reasons: Iterable[dict[str, Any]], portfolio: Portfolio, market: MarketData, value: Decimal) -> list[Move]:
    """Each reason with its account and lot. Raises `LookupError` for one that the household does not have."""
    lots: dict[Key, list[Lot]] = {}
    accounts = {account.name: account for account in portfolio.accounts}
    for account in portfolio.accounts:
        for position in account.positions:
            for lot in position.lots:
                lots.setdefault(_key(account.name, position.symbol, lot), []).append(lot)
    return [_move(reason, accounts, lots, portfolio, market, value) for reason in reasons]


def _key(account: str, symbol: str, lot: Lot) -> Key:
    cost = lot.cost_per_share_usd
    day = lot.acquired.isoformat() if lot.acquired else None
    return account, symbol, day, None if cost is None else str(cost.normalize())


def _move(
    reason: dict[str, Any],
    accounts: dict[str, Account],
    lots: dict[Key, list[Lot]],
    portfolio: Portfolio,
    market: MarketData,
    value: Decimal,
) -> Move:
    symbol, name = reason["symbol"], f"{reason['side']} {reason['symbol']} in {reason['account']}"
    account = accounts.get(reason["account"])
    if account is None or symbol not in market.securities:
        raise LookupError(f"{name}: no such account or security")
    if reason["side"] == "buy":
        return Move(reason, account, symbol, None, reason["traded"], 1.0, 0.0, is_long=False)
    cost = reason["cost_per_share_usd"]
    key = (account.name, symbol, reason["acquired"], None if cost is None else str(Decimal(cost).normalize()))
    if not lots.get(key):
        raise LookupError(f"{name}: no such lot, or it stands twice")
    lot = lots[key].pop(0)
    size = float(lot.shares * market.securities[symbol].close_usd / value)
    gain = _gain_of_a_dollar(account, symbol, lot, market)
    is_long = lot.acquired is not None and held_more_than_a_year(lot.acquired, portfolio.as_of)
    return Move(reason, account, symbol, lot, reason["traded"] * size, size, gain, is_long)


def _gain_of_a_dollar(account: Account, symbol: str, lot: Lot, market: MarketData) -> float:
    if account.type is not AccountType.TAXABLE or lot.cost_per_share_usd is None:
        return 0.0
    return 1.0 - float(lot.cost_per_share_usd / market.securities[symbol].close_usd)


def optimum_of(moves: list[Move], ledger: Ledger, portfolio: Portfolio, market: MarketData) -> Optimum:
    """What the moves leave of the household."""
    value = household_value(ledger.shares_before, ledger.cash_before, market)
    weights = dict.fromkeys(universe(portfolio), 0.0)
    for (_, symbol), shares in ledger.shares_before.items():
        weights[symbol] += float(shares * market.securities[symbol].close_usd / value)
    cash = {name: float(amount / value) for name, amount in ledger.cash_before.items()}
    law, spread = portfolio.tax, 0.0
    short = float((law.year_to_date_short_usd - law.carryforward_short_usd) / value)
    long = float((law.year_to_date_long_usd - law.carryforward_long_usd) / value)
    for move in moves:
        side = 1.0 if move.lot is None else -1.0
        paid = move.amount * market.securities[move.symbol].half_spread.value
        weights[move.symbol] += side * move.amount
        cash[move.account.name] -= side * move.amount + paid
        spread += paid
        short, long = (
            (short, long + move.amount * move.gain) if move.is_long else (short + move.amount * move.gain, long)
        )
    sold = sum(move.amount for move in moves if move.lot is not None)
    bought = sum(move.amount for move in moves if move.lot is None)
    return Optimum(tuple(moves), weights, cash, short, long, spread, sold, bought)


def nothing_traded(ledger: Ledger, portfolio: Portfolio, market: MarketData) -> Optimum:
    """The household as it stands, in the same form."""
    return optimum_of([], ledger, portfolio, market)


def year_tax(portfolio: Portfolio, value: Decimal, short: float, long: float) -> float:
    """The year's tax as a fraction of value, what is carried forward at nothing."""
    return tax_of(portfolio, 0.0, value, short, long)


def tax_of(portfolio: Portfolio, carried: float, value: Decimal, short: float, long: float) -> float:
    """The year's tax as a fraction of value, a dollar of loss carried forward at `carried`."""
    law = portfolio.tax
    on_short, on_long = float(law.short_term_rate + law.state_rate), float(law.long_term_rate + law.state_rate)
    if short + long < 0:
        most = float((1500 if law.filing_status == "married_separate" else 3000) / value)
        counted = min(most, -short - long)
        return -on_short * counted - carried * (-short - long - counted)
    if short <= 0:
        return on_long * (short + long)
    return on_short * (short + long) if long <= 0 else on_short * short + on_long * long


def objective(found: Optimum, ledger: Ledger, portfolio: Portfolio, market: MarketData, frame: Frame) -> float:
    """The certainty equivalent a year, less doubt, costs and what soft limits and default bounds charge."""
    value = household_value(ledger.shares_before, ledger.cash_before, market)
    book, total = _book(found, portfolio, market, value)
    kappa, years = float(portfolio.preferences.covariance_inflation), cost_years(portfolio)
    risk = book.deviation() ** 2 + kappa * book.deviation_together() ** 2
    gained = sum(move.amount * move.gain for move in found.moves)
    once = found.spread + tax_of(portfolio, carried_worth(portfolio, market), value, found.short, found.long)
    doubted = sum(move.amount for move in found.moves if move.lot is not None and move.gain >= 0.0)
    return (
        total * expected_return(book, frame)
        - frame.aversion / 2 * total**2 * risk
        - float(portfolio.preferences.return_uncertainty) * doubted
        - (once - later_saved(portfolio, market) * gained) / years
        - sum(_charge(limit, found, book, total, float(value)) for limit in portfolio.limits if limit.mode == "soft")
        - _default_charge(found, book, total, ledger, portfolio, market)
    )


def _default_charge(
    found: Optimum, book: Book, total: float, ledger: Ledger, portfolio: Portfolio, market: MarketData
) -> float:
    """What the bounds of the program charge, cash being let grow by this year's tax on the moves."""
    value = household_value(ledger.shares_before, ledger.cash_before, market)
    nothing = nothing_traded(ledger, portfolio, market)
    owed = year_tax(portfolio, value, found.short, found.long) - year_tax(portfolio, value, nothing.short, nothing.long)
    charged = 0.0
    for one in bounds_of(ledger, portfolio, market):
        kept = max(0.0, owed) if one.name == CASH and portfolio.preferences.reserve_tax else 0.0
        charged += one.charge * max(0.0, total * (level(one.name, book) - one.bound) - kept)
    return charged


def _book(found: Optimum, portfolio: Portfolio, market: MarketData, value: Decimal) -> tuple[Book, float]:
    """The optimum as a household of its own, and its value over today's."""
    total = sum(found.weights.values()) + sum(found.cash.values())
    weights = {symbol: weight / total for symbol, weight in found.weights.items() if weight != 0.0}
    return Book(weights, sum(found.cash.values()) / total, value, market, portfolio), total


def _charge(limit: Limit, found: Optimum, book: Book, total: float, value: float) -> float:
    """What a soft limit charges a year: so many hundredths of a percent for each percent beyond it."""
    if limit.name == "turnover":
        beyond = excess(limit, (found.sold + found.bought) / 2)
    elif limit.name == "realized_gain":
        beyond = excess(limit, value * sum(move.amount * move.gain for move in found.moves)) / value
    else:
        beyond = total * excess(limit, measure(limit, book, None))
    return float(limit.charge_bps_per_pp) / 10_000 * 100 * max(0.0, beyond)


def slopes(found: Optimum, portfolio: Portfolio, market: MarketData, frame: Frame) -> dict[str, float]:
    """By symbol: what one more dollar of it adds by its distance from the reference, a year: implied less its risk."""
    symbols = sorted(found.weights)
    sigma = covariance(market, symbols)
    w = np.array([found.weights[symbol] for symbol in symbols])
    own = np.sqrt(np.diag(sigma))
    risk = sigma @ w + float(portfolio.preferences.covariance_inflation) * own * (own @ w)
    above_cash = np.array([frame.implied[symbol] for symbol in symbols]) - market.risk_free.value
    return dict(zip(symbols, (above_cash - frame.aversion * risk).tolist(), strict=True))
