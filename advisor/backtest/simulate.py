"""One household's way through the past: each decision from the closes up to its own day, nothing later.

1. On the last session of each period the policy looks, and decides what to do (`backtest.decide`).
2. It trades at that close, or some sessions later.
3. On the first session of a year the exact tax of the year before is paid.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from advisor.backtest.decide import Decider, Orders
from advisor.backtest.ledger import Ledger
from advisor.backtest.model import DayDecision, Frequency, History, Holdings, Policy, Rules, TaxYear, Track
from advisor.units import Vector

MONTHS = {Frequency.MONTHLY: 1, Frequency.QUARTERLY: 3, Frequency.YEARLY: 12}


def policy_walk(history: History, holdings: Holdings, rules: Rules, policy: Policy, start: int, name: str) -> Track:
    """The policy from the close of row `start` on, the last day of `history` being the end."""
    walk = _Walk(history, holdings, rules, start, taxed=policy.taxed)
    rows = decision_rows(history.days, policy.frequency, start, len(history.days) - 1 - policy.delay)
    decider = Decider(history, rules, walk.ledger, walk.prices, start, policy)
    return walk.run(name, rows, decider, policy.delay)


def held_walk(history: History, holdings: Holdings, rules: Rules, start: int, name: str, *, taxed: bool) -> Track:
    """The same household, never traded."""
    return _Walk(history, holdings, rules, start, taxed=taxed).run(name, (), None, 0)


def decision_rows(days: Sequence[date], frequency: Frequency, start: int, end: int) -> tuple[int, ...]:
    """Rows of the last sessions of months, quarters or years, after `start` and before `end`."""
    length = MONTHS[frequency]
    number = [(12 * day.year + day.month - 1) // length for day in days]
    return tuple(row for row in range(start + 1, end) if number[row] != number[row + 1])


class _Walk:
    """The days from `start` on, and the ledger on its way over them."""

    def __init__(self, history: History, holdings: Holdings, rules: Rules, start: int, *, taxed: bool) -> None:
        self.history, self.rules, self.start, self.taxed = history, rules, start, taxed
        self.prices = np.where(np.isfinite(history.prices), history.prices, 0.0)  # 0: nobody holds it yet
        day = history.days[start]
        self.ledger = Ledger(holdings, rules, self.prices[start], day, taxed=taxed)
        length = len(history.days) - start
        self.values, self.taxes, self.spread, self.traded = (np.zeros(length) for _ in range(4))
        self.shares = np.zeros((length, len(history.symbols)))
        self.tax_years: list[TaxYear] = []
        self.unpaid = 0.0  # tax that the taxable accounts could not pay yet
        self.row = start

    def run(self, name: str, rows: Sequence[int], decider: Decider | None, delay: int) -> Track:
        days, end = self.history.days, len(self.history.days) - 1
        looks = frozenset(rows)
        new_years = {row for row in range(self.start + 1, end + 1) if days[row].year != days[row - 1].year}
        decisions: list[DayDecision] = []
        pending: dict[int, Orders] = {}
        self._note()
        for row in sorted(looks | new_years | {r + delay for r in looks} | {end}):
            self._advance(row)
            due = self._close_year() if row in new_years else 0.0
            if row in pending:
                self._execute(pending.pop(row))
            self._pay(due)
            if row in looks and decider is not None:
                decision, orders = decider.decide(row)
                decisions.append(decision)
                if orders is not None and delay:
                    pending[row + delay] = orders
                elif orders is not None:
                    self._execute(orders)
            self._note()
        return self._track(name, decisions)

    def _advance(self, row: int) -> None:
        """Let prices and cash run to `row`."""
        rows, ledger, growth = slice(self.row + 1, row + 1), self.ledger, self.history.cash_growth
        shares, cash = ledger.by_symbol(), float(ledger.cash.sum())
        places = slice(self.row + 1 - self.start, row + 1 - self.start)
        self.values[places] = self.prices[rows] @ shares + cash * growth[rows] / growth[self.row]
        self.shares[places] = shares
        ledger.cash = ledger.cash * (growth[row] / growth[self.row])
        self.row = row

    def _note(self) -> None:
        """Write down the value and the holdings after what was done today."""
        place, shares = self.row - self.start, self.ledger.by_symbol()
        self.values[place] = float(self.prices[self.row] @ shares) + float(self.ledger.cash.sum())
        self.shares[place] = shares

    def _close_year(self) -> float:
        if not self.taxed:
            return 0.0
        self.tax_years.append(self.ledger.close_year(self.history.days[self.row - 1].year))
        return self.tax_years[-1].tax_usd + self.unpaid

    def _pay(self, due_usd: float) -> None:
        if due_usd:
            place = self.row - self.start
            today = self.history.days[self.row].toordinal()
            paid, traded, spread = self.ledger.pay(due_usd, self.prices[self.row], today)
            self.unpaid = due_usd - paid
            self.taxes[place] += paid
            self.traded[place] += traded
            self.spread[place] += spread

    def _execute(self, orders: Orders) -> None:
        place, prices, day = self.row - self.start, self.prices[self.row], self.history.days[self.row]
        ledger, sold = self.ledger, self._without_wash_sales(orders)
        self.traded[place] += float(sold @ prices[ledger.security])
        self.spread[place] += ledger.sell(sold, prices, day.toordinal())
        cash = float(ledger.cash.sum())
        spread = ledger.buy(orders.account, orders.security, orders.bought_shares, prices, day)
        self.traded[place] += cash - float(ledger.cash.sum()) - spread
        self.spread[place] += spread

    def _without_wash_sales(self, orders: Orders) -> Vector:
        """Shares sold of each lot; none of one that since the decision has come to a loss beside a purchase."""
        ledger, identity = self.ledger, self.rules.identity
        if not self.taxed:
            return orders.sold_shares
        gain = ledger.gain_per_dollar(self.prices[self.row])
        bought = identity[orders.security[orders.bought_shares > 0]]
        beside = (gain < 0) & np.isin(identity[ledger.security], bought)
        washed = ledger.is_washed(gain, self.history.days[self.row].toordinal())
        return np.where(beside | washed, 0.0, orders.sold_shares)

    def _track(self, name: str, decisions: list[DayDecision]) -> Track:
        h, ledger, prices = self.history, self.ledger, self.prices[self.row]
        last = ledger.by_symbol() * prices
        weights = {s: float(v / self.values[-1]) for s, v in zip(h.symbols, last, strict=True) if v > 0}
        latent = ledger.latent_usd(prices, h.days[-1].toordinal()) if self.taxed else 0.0
        due = ledger.tax_of(ledger.short, ledger.long) + self.unpaid
        return Track(
            name=name,
            days=h.days[self.start :],
            values_usd=self.values,
            taxes_usd=self.taxes,
            spread_usd=self.spread,
            traded_usd=self.traded,
            decisions=tuple(decisions),
            tax_years=tuple(self.tax_years),
            due_usd=due,
            latent_usd=latent,
            small_cap_weights=self._small_caps(),
            final_weights=weights,
        )

    def _small_caps(self) -> Vector:
        held = self.prices[self.start :] * self.shares
        return np.asarray(held[:, self.rules.small_caps].sum(axis=1) / self.values)
