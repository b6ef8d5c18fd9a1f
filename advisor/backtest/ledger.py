"""Lots and cash of a household on its way through the past, and the tax of each year.

Money never crosses from one account to another; a taxable account pays the tax. Within a tranche of lots that the
optimizer sells together, the lots with the least tax on a dollar go first.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from advisor.backtest.model import Holdings, Rules, TaxYear
from advisor.dates import WASH_SALE_DAYS, first_long_term_day
from advisor.optimize.inputs import Indices
from advisor.portfolio.preferences import TaxSituation
from advisor.rebalance.tax import year_tax
from advisor.units import Vector, to_cents

NEVER = -(10**6)  # a day long before all others, as a number
DUST = 1e-9  # of a share: what is left of a lot that was sold whole


class Ledger:
    """The state of one household; every amount in dollars, every day as its ordinal."""

    def __init__(self, holdings: Holdings, rules: Rules, prices: Vector, day: date, *, taxed: bool) -> None:
        self.rules, self.taxable, self.taxed = rules, holdings.taxable, taxed
        self.cash = holdings.cash_usd.copy()
        self.account, self.security = np.nonzero(holdings.value_usd)
        self.shares = holdings.value_usd[self.account, self.security] / prices[self.security]
        self.cost = prices[self.security].copy()
        self.long_from = np.full(self.shares.size, first_long_term_day(day).toordinal())
        n = prices.size
        self.bought_on, self.loss_on = np.full(n, NEVER), np.full(n, NEVER)  # by identity
        self.bought_on[rules.identity[self.security]] = day.toordinal()
        self.short = self.long = 0.0  # gains of the year
        self.carried_short = self.carried_long = 0.0  # losses of earlier years, as positive amounts
        self.n = n

    def values(self, prices: Vector) -> Vector:
        """Value of each lot. USD, shape (lots,); prices: USD, shape (n,)."""
        return self.shares * prices[self.security]

    def by_symbol(self) -> Vector:
        """Shares of each symbol, over all accounts (n,)."""
        return np.asarray(np.bincount(self.security, weights=self.shares, minlength=self.n), dtype=float)

    def pairs(self) -> Indices:
        """Number of (account, symbol) of each lot."""
        return np.asarray(self.account * self.n + self.security)

    def gain_per_dollar(self, prices: Vector) -> Vector:
        """Gain of each dollar sold of each lot; 0 in a sheltered account. Shape (lots,); prices: USD, shape (n,)."""
        now = prices[self.security]
        return np.where(self.taxable[self.account], (now - self.cost) / now, 0.0)

    def tax_per_dollar(self, gain: Vector, today: int) -> Vector:
        """Tax of each dollar sold of each lot at the marginal rates. gain and result: shape (lots,)."""
        short, long = rates(self.rules.tax)
        return np.where(self.long_from <= today, long, short) * gain

    def is_held_back(self, gain: Vector, today: int) -> NDArray[np.bool_]:
        """Lots that may not be sold: locked by the file, at a loss beside a purchase, or about to be long-term.

        gain and result: shape (lots,).
        """
        locked = ~self.rules.may_sell[self.account, self.security]
        if not self.taxed:
            return np.asarray(locked)
        days_left = self.long_from - today
        waits = (gain > 0) & (days_left > 0) & (days_left <= self.rules.wait_days)
        return np.asarray(locked | waits | self.is_washed(gain, today))

    def is_washed(self, gain: Vector, today: int) -> NDArray[np.bool_]:
        """Lots at a loss beside a purchase of the same within 30 days. gain and result: shape (lots,)."""
        bought = self.bought_on[self.rules.identity[self.security]]
        return np.asarray((gain < 0) & (bought >= today - WASH_SALE_DAYS))

    def barred(self, today: int) -> NDArray[np.bool_]:
        """Symbols that may not be bought, for a sale at a loss within 30 days (n,)."""
        return np.asarray(self.loss_on[self.rules.identity] >= today - WASH_SALE_DAYS)

    def sell(self, sold_shares: Vector, prices: Vector, today: int) -> float:
        """Sell shares of each lot; proceeds less spread go to the lot's account. Returns the spread.

        sold_shares: shape (lots,); prices: USD, shape (n,).
        """
        sold = np.minimum(sold_shares, self.shares)
        proceeds = sold * prices[self.security]
        spread = proceeds * self.rules.half_spread[self.security]
        np.add.at(self.cash, self.account, proceeds - spread)
        if self.taxed:
            gain = np.where(self.taxable[self.account], sold * (prices[self.security] - self.cost), 0.0)
            is_long = self.long_from <= today
            self.short += float(gain[~is_long].sum())
            self.long += float(gain[is_long].sum())
            self.loss_on[self.rules.identity[self.security[gain < 0]]] = today
        self.shares = self.shares - sold
        kept = self.shares > DUST
        for name in ("account", "security", "shares", "cost", "long_from"):
            setattr(self, name, getattr(self, name)[kept])
        return float(spread.sum())

    def buy(self, account: Indices, security: Indices, bought_shares: Vector, prices: Vector, day: date) -> float:
        """Buy shares, each a lot of its own; where nothing is taxed, of one lot with what is there. Returns the spread.

        Where an account has not the cash, all its purchases are cut alike.

        account, security, bought_shares: shape (purchases,); prices: USD, shape (n,).
        """
        value = bought_shares * prices[security]
        paid = value * (1.0 + self.rules.half_spread[security])
        needed = np.bincount(account, weights=paid, minlength=self.cash.size)
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.where(needed > self.cash, np.maximum(self.cash, 0.0) / needed, 1.0)[account]
        bought, value, paid = bought_shares * part, value * part, paid * part
        np.add.at(self.cash, account, -paid)
        self.cash[np.abs(self.cash) < 1e-9] = 0.0
        real = bought > DUST
        self.bought_on[self.rules.identity[security[real]]] = day.toordinal()
        self.account = np.append(self.account, account[real])
        self.security = np.append(self.security, security[real])
        self.shares = np.append(self.shares, bought[real])
        self.cost = np.append(self.cost, prices[security[real]])
        long_from = first_long_term_day(day).toordinal()
        self.long_from = np.append(self.long_from, np.full(int(real.sum()), long_from))
        if not self.taxed:
            self._merge()
        return float((paid - value).sum())

    def _merge(self) -> None:
        pairs, first = np.unique(self.pairs(), return_index=True)
        place = np.searchsorted(pairs, self.pairs())
        self.shares = np.asarray(np.bincount(place, weights=self.shares), dtype=float)
        self.account, self.security = self.account[first], self.security[first]
        self.cost, self.long_from = self.cost[first], self.long_from[first]

    def close_year(self, year: int) -> TaxYear:
        """Exact tax of the year's gains; losses beyond the deduction are carried on, each in its term."""
        ended = TaxYear(year, self.short, self.long, self.tax_of(self.short, self.long))
        short, long = self.short - self.carried_short, self.long - self.carried_long
        self.carried_short, self.carried_long = carried(short, long, float(self.rules.tax.loss_deduction_usd))
        self.short = self.long = 0.0
        return ended

    def tax_of(self, short: float, long: float) -> float:
        """Exact tax if the year ended with these gains, in dollars and cents; negative where a loss saves tax."""
        if not self.taxed:
            return 0.0
        situation = replace(
            self.rules.tax,
            year_to_date_short_usd=Decimal(0),
            year_to_date_long_usd=Decimal(0),
            carryforward_short_usd=_cents(self.carried_short),
            carryforward_long_usd=_cents(self.carried_long),
        )
        return float(year_tax(situation, _cents(short), _cents(long)).tax_usd)

    def pay(self, tax_usd: float, prices: Vector, today: int) -> tuple[float, float, float]:
        """Pay tax from the cash of taxable accounts, and by selling the lots with the least tax where it is short.

        Lots that are held back come last. A refund goes to the first taxable account. Returns what was paid, the sales
        and their spread.

        prices: USD, shape (n,).
        """
        places = np.flatnonzero(self.taxable)
        if tax_usd <= 0 or not places.size:
            self.cash[places[:1]] -= tax_usd
            return (tax_usd if places.size else 0.0), 0.0, 0.0
        short_of = tax_usd - float(self.cash[places].sum())
        spread = traded = 0.0
        if short_of > 0:
            sold = self._for_cash(short_of, prices, today)
            traded = float(sold @ prices[self.security])
            spread = self.sell(sold, prices, today)
        there = np.maximum(self.cash[places], 0.0)
        paid = min(tax_usd, float(there.sum()))
        self.cash[places] -= paid * there / max(float(there.sum()), 1e-300)
        return paid, traded, spread

    def _for_cash(self, needed_usd: float, prices: Vector, today: int) -> Vector:
        """Shares of each lot whose sale brings `needed_usd` into the taxable accounts, or as much as there is."""
        gain = self.gain_per_dollar(prices)
        order = np.lexsort((self.tax_per_dollar(gain, today), self.is_held_back(gain, today)))
        order = order[self.taxable[self.account[order]]]
        proceeds = self.values(prices) * (1.0 - self.rules.half_spread[self.security])
        before = np.cumsum(proceeds[order]) - proceeds[order]
        part = np.clip((needed_usd - before) / proceeds[order], 0.0, 1.0)
        sold = np.zeros(self.shares.size)
        sold[order] = part * self.shares[order]
        return sold

    def latent_usd(self, prices: Vector, today: int) -> float:
        """What the tax of this year would grow by if everything were sold now. prices: USD, shape (n,)."""
        gain = self.gain_per_dollar(prices) * self.values(prices)
        is_long = self.long_from <= today
        short, long = float(gain[~is_long].sum()), float(gain[is_long].sum())
        return self.tax_of(self.short + short, self.long + long) - self.tax_of(self.short, self.long)


def rates(tax: TaxSituation) -> tuple[float, float]:
    """Marginal rates of short-term and long-term gains, the state's included."""
    return float(tax.short_term_rate + tax.state_rate), float(tax.long_term_rate + tax.state_rate)


def carried(short: float, long: float, deduction: float) -> tuple[float, float]:
    """Losses carried to the next year, short-term and long-term, as positive amounts; gains net of earlier losses.

    The deduction from ordinary income takes the short-term loss first. Source: 26 USC 1212(b); Schedule D (Form 1040),
    Capital Loss Carryover Worksheet.
    """
    net = short + long
    if net >= 0:
        return 0.0, 0.0
    if long >= 0:
        return max(-net - deduction, 0.0), 0.0
    if short >= 0:
        return 0.0, max(-net - deduction, 0.0)
    left = max(deduction + short, 0.0)  # of the deduction, after the short-term loss
    return max(-short - deduction, 0.0), max(-long - left, 0.0)


def _cents(amount: float) -> Decimal:
    return to_cents(Decimal(repr(amount)))


def tranches(
    pair: Indices, value: Vector, key: Vector, allowed: NDArray[np.bool_], pieces: int
) -> tuple[Indices, Indices]:
    """Order of the lots that may be sold, by pair and cheapest first, and the piece that each falls into.

    A pair's lots are cut into `pieces` of about equal value; a piece holds whole lots, and may be empty.

    pair, value, key, allowed: shape (lots,).
    """
    lots = np.flatnonzero(allowed)
    order = lots[np.lexsort((key[lots], pair[lots]))]
    worth = value[order]
    until = np.cumsum(worth)
    _, first, place = np.unique(pair[order], return_index=True, return_inverse=True)
    start = (until - worth)[first][place]
    total = np.bincount(place, weights=worth)[place]
    piece = np.minimum((pieces * (until - worth / 2 - start) / total).astype(np.intp), pieces - 1)
    return order, piece
