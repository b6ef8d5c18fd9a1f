"""One household's way through the past: each decision from the closes up to its own day, nothing later.

1. On the last session of each period the policy looks; within its band, and with every limit kept, it does nothing.
2. Otherwise it solves the day's problem (`optimize.one_day`) and trades at that close, or some sessions later; with
   every limit kept, only for a gain of at least the file's `min_gain`.
3. On the first session of a year the exact tax of the year before is paid.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from advisor.backtest.estimate import Estimate, Estimator, risk_aversion
from advisor.backtest.ledger import Ledger, rates, tranches
from advisor.backtest.model import DayDecision, Frequency, History, Holdings, Policy, Rules, TaxYear, Track
from advisor.optimize.inputs import Indices
from advisor.optimize.one_day import (
    UNREACHED,
    DayTrades,
    ShareLimit,
    TradedLimit,
    VolatilityLimit,
    WalkDay,
    WalkProblem,
    WalkShape,
)
from advisor.units import Matrix, Vector

PIECES = 3  # tranches that the optimizer sees of each taxed holding
MONTHS = {Frequency.MONTHLY: 1, Frequency.QUARTERLY: 3, Frequency.YEARLY: 12}
SHOWN = 5e-4  # an excess that shows in a percentage with one decimal
KEPT = 1e-6  # how far beyond a limit still counts as kept
WHOLE = 1e-6  # of a holding: less is not left over


def policy_walk(history: History, holdings: Holdings, rules: Rules, policy: Policy, start: int, name: str) -> Track:
    """The policy from the close of row `start` on, the last day of `history` being the end."""
    walk = _Walk(history, holdings, rules, start, taxed=policy.taxed)
    rows = decision_rows(history.days, policy.frequency, start, len(history.days) - 1 - policy.delay)
    return walk.run(name, rows, _Decider(walk, policy), policy.delay)


def held_walk(history: History, holdings: Holdings, rules: Rules, start: int, name: str, *, taxed: bool) -> Track:
    """The same household, never traded."""
    return _Walk(history, holdings, rules, start, taxed=taxed).run(name, (), None, 0)


def decision_rows(days: Sequence[date], frequency: Frequency, start: int, end: int) -> tuple[int, ...]:
    """Rows of the last sessions of months, quarters or years, after `start` and before `end`."""
    length = MONTHS[frequency]
    number = [(12 * day.year + day.month - 1) // length for day in days]
    return tuple(row for row in range(start + 1, end) if number[row] != number[row + 1])


@dataclass(frozen=True, slots=True, eq=False)
class _Orders:
    """Shares sold of each lot, in the ledger's order; shares bought in each pair."""

    sold_shares: Vector
    account: Indices
    security: Indices
    bought_shares: Vector


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

    def run(self, name: str, rows: Sequence[int], decider: _Decider | None, delay: int) -> Track:
        days, end = self.history.days, len(self.history.days) - 1
        looks = frozenset(rows)
        new_years = {row for row in range(self.start + 1, end + 1) if days[row].year != days[row - 1].year}
        decisions: list[DayDecision] = []
        pending: dict[int, _Orders] = {}
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

    def _execute(self, orders: _Orders) -> None:
        place, prices, day = self.row - self.start, self.prices[self.row], self.history.days[self.row]
        ledger, sold = self.ledger, self._without_wash_sales(orders)
        self.traded[place] += float(sold @ prices[ledger.security])
        self.spread[place] += ledger.sell(sold, prices, day.toordinal())
        cash = float(ledger.cash.sum())
        spread = ledger.buy(orders.account, orders.security, orders.bought_shares, prices, day)
        self.traded[place] += cash - float(ledger.cash.sum()) - spread
        self.spread[place] += spread

    def _without_wash_sales(self, orders: _Orders) -> Vector:
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


class _Decider:
    """The policy itself: what is done on a day, from the ledger and the closes so far."""

    def __init__(self, walk: _Walk, policy: Policy) -> None:
        self.walk, self.policy, self.rules = walk, policy, walk.rules
        self.estimator = Estimator(walk.history, walk.rules, policy.window_years)
        ledger, prices, rules = walk.ledger, walk.prices[walk.start], walk.rules
        self.n = prices.size
        held = np.zeros_like(rules.may_buy)
        held[ledger.account, ledger.security] = True
        self.pieces = PIECES if policy.taxed else 1
        self.pairs = np.flatnonzero((held | rules.may_buy).ravel())
        offered = np.flatnonzero(rules.may_buy.ravel())
        self.buys = offered if offered.size else self.pairs[:1]  # a pair that is never open
        value = float(ledger.values(prices).sum() + ledger.cash.sum())
        self.target = ledger.by_symbol() * prices / value
        aversion = risk_aversion(rules, self.estimator.at(walk.start), self.target)
        self.problem = WalkProblem(self._shape(aversion))

    def _shape(self, aversion: float) -> WalkShape:
        rules, sells = self.rules, np.repeat(self.pairs, self.pieces)
        return WalkShape(
            accounts=rules.may_buy.shape[0],
            sell_account=sells // self.n,
            sell_security=sells % self.n,
            buy_account=self.buys // self.n,
            buy_security=self.buys % self.n,
            half_spread=rules.half_spread,
            limits=rules.limits,
            risk_aversion=aversion,
            return_uncertainty=rules.return_uncertainty,
            horizon_years=rules.horizon_years,
            rates=rates(rules.tax) if self.policy.taxed else None,
        )

    def decide(self, row: int) -> tuple[DayDecision, _Orders | None]:
        """What is done after the close of `row`; no orders where the policy stands still."""
        walk, ledger = self.walk, self.walk.ledger
        day, prices = walk.history.days[row], walk.prices[row]
        estimate = self.estimator.at(row)
        state = _State.of(ledger, prices, estimate)
        nothing = np.zeros(self.rules.may_buy.shape)
        beyond = self._beyond(state)
        # a soft limit only has its price: it asks for no trade by itself
        holds = self._has_cash(state) and all(e <= KEPT for limit, e in beyond if limit.price >= UNREACHED)
        standing = {limit.label: excess for limit, excess in beyond if excess > SHOWN}
        if self.policy.band and holds and np.abs(state.weights - self.target).max() <= self.policy.band:
            return DayDecision(day, "band", nothing, nothing, standing), None
        tranche = _Tranches.of(ledger, prices, day.toordinal(), self.pairs, self.pieces)
        today = self._day(state, tranche, estimate, day)
        trades, sold = self._solve(today, tranche, day)
        if holds and trades.objective - self.problem.standing(today) < self.rules.min_gain:
            return DayDecision(day, "min_gain", nothing, nothing, standing), None
        sold, bought = self._large_enough(sold, trades, state.value)
        orders = self._orders(sold, bought, tranche, prices)
        decision = DayDecision(
            day,
            "solved",
            self._by_pair(ledger.pairs(), orders.sold_shares * prices[ledger.security]),
            self._by_pair(self.buys, bought),
            self._excess(trades),
        )
        after = state.weights + (decision.bought_usd - decision.sold_usd).sum(axis=0) / state.value
        self.target = after
        return decision, orders

    def _beyond(self, state: _State) -> list[tuple[ShareLimit | VolatilityLimit, float]]:
        """How far each limit on the holdings is exceeded; negative inside."""
        cash, bounds = float(state.cash.sum()), self._bounds(state)
        return [
            (limit, limit.excess(bound, state.weights, cash, state.root))
            for limit, bound in zip(self.rules.limits, bounds, strict=True)
            if not isinstance(limit, TradedLimit)
        ]

    def _has_cash(self, state: _State) -> bool:
        return bool((state.cash >= self.rules.min_cash_usd / state.value - KEPT).all())

    def _bounds(self, state: _State) -> Iterator[float]:
        """The bound of each limit today, as a fraction of value."""
        ledger = self.walk.ledger
        for limit, bound, not_worse in zip(self.rules.limits, self.rules.bounds, self.rules.not_worse, strict=True):
            if isinstance(limit, TradedLimit):
                left = bound - ledger.short - ledger.long if limit.what == "realized_gain" else bound
                yield max(left, 0.0) / (state.value if limit.what == "realized_gain" else 1.0)
            elif not_worse:
                today = limit.measure(state.weights, float(state.cash.sum()), state.root)
                yield limit.side * max(limit.side * bound, limit.side * today)
            else:
                yield float(bound)

    def _day(self, state: _State, tranche: _Tranches, estimate: Estimate, day: date) -> WalkDay:
        ledger, rules = self.walk.ledger, self.rules
        open_to = estimate.known[self.buys % self.n] & self.rules.may_buy.ravel()[self.buys]
        if self.policy.taxed:
            open_to = open_to & ~ledger.barred(day.toordinal())[self.buys % self.n]
        so_far = np.array([ledger.short - ledger.carried_short, ledger.long - ledger.carried_long])
        return WalkDay(
            root=estimate.root,
            expected=np.where(estimate.known, estimate.expected - rules.expense_ratio, 0.0),
            weights=state.weights,
            cash=state.cash,
            min_cash=rules.min_cash_usd / state.value,
            sellable=tranche.value / state.value,
            buyable=open_to.astype(float),
            gains=tranche.gains,
            so_far=so_far / state.value,
            loss_deduction=float(rules.tax.loss_deduction_usd) / state.value,
            bounds=np.array(list(self._bounds(state))),
        )

    def _solve(self, day: WalkDay, tranche: _Tranches, when: date) -> tuple[DayTrades, Vector]:
        """The day's trades, and what is sold of each lot as a fraction of value.

        A loss is not realized beside a purchase of the same: the purchase is left out, and the day is solved again.
        """
        identity = self.rules.identity
        while True:
            trades = self.problem.solve(day, when)
            sold = tranche.of_lots(trades.sell)
            if not self.policy.taxed:
                return trades, sold
            losses = identity[self.walk.ledger.security[(sold > KEPT) & tranche.at_a_loss]]
            beside = np.isin(identity[self.buys % self.n], losses) & (trades.buy > KEPT)
            if not beside.any():
                return trades, sold
            barred = np.isin(identity[self.buys % self.n], identity[self.buys[beside] % self.n])
            day = replace(day, buyable=np.where(barred, 0.0, day.buyable))

    def _large_enough(self, sold: Vector, trades: DayTrades, value: float) -> tuple[Vector, Vector]:
        """Dollars sold of each lot and bought in each pair, without orders below the least trade."""
        pairs = self.walk.ledger.pairs()
        by_pair = np.bincount(pairs, weights=sold, minlength=self.rules.may_buy.size) * value
        least = max(self.rules.min_trade_usd, WHOLE * value)
        sold_usd = np.where(by_pair[pairs] >= least, sold * value, 0.0)
        return sold_usd, np.where(trades.buy * value >= least, trades.buy * value, 0.0)

    def _orders(self, sold_usd: Vector, bought_usd: Vector, tranche: _Tranches, prices: Vector) -> _Orders:
        ledger = self.walk.ledger
        part = sold_usd / np.maximum(tranche.lot_value, 1e-300)
        part = np.where(part > 1.0 - WHOLE, 1.0, part)
        security = self.buys % self.n
        bought = np.divide(bought_usd, prices[security], out=np.zeros_like(bought_usd), where=bought_usd > 0)
        return _Orders(part * ledger.shares, self.buys // self.n, security, bought)

    def _excess(self, trades: DayTrades) -> dict[str, float]:
        limits = self.rules.limits
        return {limit.label: float(e) for limit, e in zip(limits, trades.excess, strict=True) if e > SHOWN}

    def _by_pair(self, pairs: Indices, amounts: Vector) -> Matrix:
        shape = self.rules.may_buy.shape
        summed = np.bincount(pairs, weights=amounts, minlength=shape[0] * shape[1])
        return np.asarray(summed, dtype=float).reshape(shape)


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """The household on one day, as fractions of its value, and the covariance root of that day."""

    value: float
    weights: Vector
    cash: Vector
    root: Matrix

    @classmethod
    def of(cls, ledger: Ledger, prices: Vector, estimate: Estimate) -> _State:
        worth = ledger.by_symbol() * prices
        value = float(worth.sum() + ledger.cash.sum())
        return cls(value, worth / value, np.maximum(ledger.cash, 0.0) / value, estimate.root)


@dataclass(frozen=True, slots=True, eq=False)
class _Tranches:
    """The lots as the optimizer sees them: pieces of each pair, with their value and gain (m,)."""

    lot_value: Vector
    at_a_loss: np.ndarray
    order: Indices  # of the lots that may be sold
    place: Indices  # tranche of each of them
    before: Vector  # dollars of the lots before each in its tranche
    value: Vector  # (m,)
    gains: Matrix  # (2, m)
    household: float

    @classmethod
    def of(cls, ledger: Ledger, prices: Vector, today: int, pairs: Indices, pieces: int) -> _Tranches:
        lot_value, gain = ledger.values(prices), ledger.gain_per_dollar(prices)
        key = ledger.tax_per_dollar(gain, today)
        order, piece = tranches(ledger.pairs(), lot_value, key, ~ledger.is_held_back(gain, today), pieces)
        place = np.searchsorted(pairs, ledger.pairs()[order]) * pieces + piece
        worth, size = lot_value[order], pairs.size * pieces
        value = np.asarray(np.bincount(place, weights=worth, minlength=size), dtype=float)
        until = np.cumsum(worth)
        first = np.full(size, np.inf)
        np.minimum.at(first, place, until - worth)
        is_long = ledger.long_from[order] <= today
        gained = worth * gain[order]
        sums = [np.bincount(place, weights=np.where(of, gained, 0.0), minlength=size) for of in (~is_long, is_long)]
        gains = np.array(sums) / np.where(value > 0, value, 1.0)
        household = float(lot_value.sum() + ledger.cash.sum())
        return cls(lot_value, gain < 0, order, place, until - worth - first[place], value, gains, household)

    def of_lots(self, sold: Vector) -> Vector:
        """What each lot sells where each tranche sells `sold`, all as fractions of household value."""
        found = np.zeros(self.lot_value.size)
        worth = self.lot_value[self.order]
        found[self.order] = np.clip(sold[self.place] * self.household - self.before, 0.0, worth) / self.household
        return found
