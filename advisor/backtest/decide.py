"""The policy itself: what is done on a day, from what is held and the closes so far.

1. Within its band, and with every hard limit kept, it does nothing.
2. Otherwise it solves the day's problem (`optimize.one_day`) for the cheapest plan, with what is held as the reference:
   to do nothing, where every hard limit holds and it gains less than the least gain.
3. Where one company is more of the household than `company_share`, it solves it again for the best plan, with the
   reference of the day (`risk.reference`). That is done where it adds at least the least gain to the cheapest.

So `rebalance.two_plans` decides too; there is no view in the past.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from advisor.backtest.defaults import OUT_OF_REACH, DayDefaults
from advisor.backtest.estimate import Estimate, Estimator, risk_aversion
from advisor.backtest.ledger import Ledger, rates, tranches
from advisor.backtest.model import DayDecision, History, Policy, Rules
from advisor.market.asset_classes import AssetClass
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
from advisor.risk.reference import nearest_mix, without_excess
from advisor.units import Matrix, Vector

PIECES = 3  # tranches that the optimizer sees of each taxed holding
SHOWN = 5e-4  # an excess that shows in a percentage with one decimal
KEPT = 1e-6  # how far beyond a limit still counts as kept
WHOLE = 1e-6  # of a holding: less is not left over


@dataclass(frozen=True, slots=True, eq=False)
class Orders:
    """Shares sold of each lot, in the ledger's order; shares bought in each pair."""

    sold_shares: Vector
    account: Indices
    security: Indices
    bought_shares: Vector


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """The trades of a day, and what is sold of each lot as a fraction of value (lots,)."""

    trades: DayTrades
    sold: Vector


class Decider:
    """Decides on one day after the other, for one household on its way.

    prices: USD, shape (T, n), without gaps; `ledger` is the household's, as it stands when asked.
    """

    def __init__(
        self, history: History, rules: Rules, ledger: Ledger, prices: Matrix, start: int, policy: Policy
    ) -> None:
        self.history, self.rules, self.ledger, self.prices, self.policy = history, rules, ledger, prices, policy
        self.estimator = Estimator(history, policy.window_years)
        self.defaults = DayDefaults(rules)
        self.n = prices.shape[1]
        held = np.zeros_like(rules.may_buy)
        held[ledger.account, ledger.security] = True
        self.pieces = PIECES if policy.taxed else 1
        self.pairs = np.flatnonzero((held | rules.may_buy).ravel())
        offered = np.flatnonzero(rules.may_buy.ravel())
        self.buys = offered if offered.size else self.pairs[:1]  # a pair that is never open
        estimate = self.estimator.at(start)
        state = _State.of(ledger, prices[start], estimate)
        self.target = state.weights
        reference = self._reference(state, self._tranches(start), estimate)
        mix = state.weights if reference is None else reference
        self.problem = WalkProblem(self._shape(risk_aversion(rules, estimate, mix)))

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
            defaults=self.defaults.rows,
            risk_aversion=aversion,
            cost_years=rules.cost_years,
            later_tax_saved=rules.later_tax_saved,
            carried_value=rules.carried_value,
            rates=rates(rules.tax) if self.policy.taxed else None,
        )

    def decide(self, row: int) -> tuple[DayDecision, Orders | None]:
        """What is done after the close of `row`; no orders where the policy stands still."""
        ledger, day, prices = self.ledger, self.history.days[row], self.prices[row]
        estimate = self.estimator.at(row)
        state = _State.of(ledger, prices, estimate)
        nothing = np.zeros(self.rules.may_buy.shape)
        beyond = self._beyond(state)
        standing = {limit.label: excess for limit, excess in beyond if excess > SHOWN}
        if self._may_rest(state, beyond):
            return DayDecision(day, "band", nothing, nothing, standing), None
        tranche = self._tranches(row)
        holds, is_asked = self._holds(state, beyond), not self._holds(state, _hard(beyond))
        plan = self._advised(state, tranche, estimate, day, holds=holds, is_asked=is_asked)
        if plan is None:
            return DayDecision(day, "min_gain", nothing, nothing, standing), None
        sold, bought = self._large_enough(plan, state.value)
        orders = self._orders(sold, bought, tranche, prices)
        decision = DayDecision(
            day,
            "solved",
            self._by_pair(ledger.pairs(), orders.sold_shares * prices[ledger.security]),
            self._by_pair(self.buys, bought),
            self._excess(plan.trades),
        )
        after = state.weights + (decision.bought_usd - decision.sold_usd).sum(axis=0) / state.value
        self.target = after
        return decision, orders

    def _advised(
        self, state: _State, tranche: _Tranches, estimate: Estimate, when: date, *, holds: bool, is_asked: bool
    ) -> _Plan | None:
        """The cheapest plan, the best one, or None for nothing.

        `holds` says that every limit is kept today, and `is_asked` that one is not that must be.
        """
        rules, shape = self.rules, self.problem.shape
        least_gain = min(rules.min_gain, rules.min_gain_usd / state.value)
        today = self._day(state, tranche, estimate, when, holds=holds)
        cheapest = self._solve(today, tranche, when)
        rated, weights, cash = cheapest.trades.objective, *shape.after(today, cheapest.trades)
        base: _Plan | None = cheapest
        if not is_asked and rated - (idle := self.problem.standing(today)) < least_gain:
            base, rated, weights, cash = None, idle, today.weights, float(today.cash.sum())
        reference = self._reference(state, tranche, estimate)
        if reference is None:
            return base
        day = replace(
            today,
            expected=self._expected(estimate, reference),
            bounds=self._bounds_reached(today.bounds, self.defaults.levels(weights, cash)),
        )
        best = self._solve(day, tranche, when)
        rated += float((day.expected - today.expected) @ weights)  # the same trades, with the best plan's returns
        return best if best.trades.objective - rated >= least_gain else base

    def _reference(self, state: _State, tranche: _Tranches, estimate: Estimate) -> Vector | None:
        """The day's reference portfolio, shape (n,); None where it is what is held, because no company is too much.

        As `risk.reference.reference_portfolio` has it, with the US stock funds that are on offer on that day.
        """
        rules, security = self.rules, np.repeat(self.pairs, self.pieces) % self.n
        sellable = np.asarray(np.bincount(security, tranche.value, self.n) / state.value, dtype=float)
        excess, weights = without_excess(state.weights, sellable, rules.companies, rules.company_share)
        if not excess:
            return None
        open_to = rules.may_buy.any(axis=0) & estimate.known & (rules.classes[AssetClass.US_STOCKS] == 1.0)
        offered = [int(place) for place in np.flatnonzero(open_to)]
        return weights + sum(excess.values()) * nearest_mix(estimate.root, offered, estimate.market)

    def _expected(self, estimate: Estimate, reference: Vector) -> Vector:
        """Returns a year in excess of cash that `reference` implies, less expenses; 0 where nothing is known. (n,)."""
        implied = estimate.implied(self.problem.shape.risk_aversion, reference)
        return np.where(estimate.known, implied - self.rules.expense_ratio, 0.0)

    def _beyond(self, state: _State) -> list[tuple[ShareLimit | VolatilityLimit, float]]:
        """How far each limit on the holdings is exceeded; negative inside."""
        cash, bounds = float(state.cash.sum()), self._limit_bounds(state)
        return [
            (limit, limit.excess(bound, state.weights, cash, state.root))
            for limit, bound in zip(self.rules.limits, bounds, strict=True)
            if not isinstance(limit, TradedLimit)
        ]

    def _may_rest(self, state: _State, beyond: list[tuple[ShareLimit | VolatilityLimit, float]]) -> bool:
        """Whether nothing is further from its last target than the band, and no hard limit is broken.

        A soft limit only has its price: it ends no rest by itself.
        """
        band = self.policy.band
        return (
            band > 0.0
            and self._holds(state, _hard(beyond))
            and float(np.abs(state.weights - self.target).max()) <= band
        )

    def _holds(self, state: _State, beyond: list[tuple[ShareLimit | VolatilityLimit, float]]) -> bool:
        """Whether every limit of `beyond` is kept, and every account's least cash."""
        has_cash = bool((state.cash >= self.rules.min_cash_usd / state.value - KEPT).all())
        return has_cash and all(excess <= KEPT for _, excess in beyond)

    def _limit_bounds(self, state: _State) -> Iterator[float]:
        """The bound of each limit of the file today, as a fraction of value."""
        ledger = self.ledger
        for limit, bound, not_worse in zip(self.rules.limits, self.rules.bounds, self.rules.not_worse, strict=True):
            if isinstance(limit, TradedLimit):
                left = bound - ledger.short - ledger.long if limit.what == "realized_gain" else bound
                yield max(left, 0.0) / (state.value if limit.what == "realized_gain" else 1.0)
            elif not_worse:
                today = limit.measure(state.weights, float(state.cash.sum()), state.root)
                yield limit.side * max(limit.side * bound, limit.side * today)
            else:
                yield float(bound)

    def _bounds(self, state: _State, min_cash: Vector, *, holds: bool) -> Vector:
        """The bounds of the limits, of the default bounds at their charge, and of the same where they are hard."""
        charged = self.defaults.bounds(state.weights, state.cash, min_cash)
        hard = charged if holds else np.full(charged.size, OUT_OF_REACH)
        return np.concatenate([np.array(list(self._limit_bounds(state))), charged, hard])

    def _bounds_reached(self, bounds: Vector, levels: Vector) -> Vector:
        """The same bounds for the best plan: it exceeds no default bound further than the cheapest, which has `levels`.

        bounds: shape (k + 2d,); levels: shape (d,).
        """
        first = bounds.size - 2 * levels.size
        charged = bounds[first : first + levels.size]
        return np.concatenate([bounds[: first + levels.size], np.maximum(charged, levels)])

    def _day(self, state: _State, tranche: _Tranches, estimate: Estimate, day: date, *, holds: bool) -> WalkDay:
        """The problem of the cheapest plan: what is held is its own reference."""
        ledger, rules = self.ledger, self.rules
        open_to = estimate.known[self.buys % self.n] & rules.may_buy.ravel()[self.buys]
        if self.policy.taxed:
            open_to = open_to & ~ledger.barred(day.toordinal())[self.buys % self.n]
        so_far = np.array([ledger.short - ledger.carried_short, ledger.long - ledger.carried_long])
        min_cash = rules.min_cash_usd / state.value
        relies_on_tax = tranche.gains.sum(axis=0) < 0.0 if self.policy.taxed else False
        return WalkDay(
            root=estimate.root,
            expected=self._expected(estimate, state.weights),
            weights=state.weights,
            cash=state.cash,
            min_cash=min_cash,
            sellable=tranche.value / state.value,
            doubt=np.where(relies_on_tax, np.zeros(tranche.value.size), rules.return_uncertainty),
            buyable=open_to.astype(float),
            gains=tranche.gains,
            so_far=so_far / state.value,
            loss_deduction=float(rules.tax.loss_deduction_usd) / state.value,
            bounds=self._bounds(state, min_cash, holds=holds),
        )

    def _solve(self, day: WalkDay, tranche: _Tranches, when: date) -> _Plan:
        """The best trades of one plan.

        A loss is not realized beside a purchase of the same: the purchase is left out, and the day is solved again.
        """
        identity = self.rules.identity
        while True:
            trades = self.problem.solve(day, when)
            sold = tranche.of_lots(trades.sell)
            if not self.policy.taxed:
                return _Plan(trades, sold)
            losses = identity[self.ledger.security[(sold > KEPT) & tranche.at_a_loss]]
            beside = np.isin(identity[self.buys % self.n], losses) & (trades.buy > KEPT)
            if not beside.any():
                return _Plan(trades, sold)
            barred = np.isin(identity[self.buys % self.n], identity[self.buys[beside] % self.n])
            day = replace(day, buyable=np.where(barred, 0.0, day.buyable))

    def _tranches(self, row: int) -> _Tranches:
        return _Tranches.of(self.ledger, self.prices[row], self.history.days[row].toordinal(), self.pairs, self.pieces)

    def _large_enough(self, plan: _Plan, value: float) -> tuple[Vector, Vector]:
        """Dollars sold of each lot and bought in each pair, without orders below the least trade."""
        pairs, bought = self.ledger.pairs(), plan.trades.buy * value
        by_pair = np.bincount(pairs, weights=plan.sold, minlength=self.rules.may_buy.size) * value
        least = max(self.rules.min_trade_usd, WHOLE * value)
        return np.where(by_pair[pairs] >= least, plan.sold * value, 0.0), np.where(bought >= least, bought, 0.0)

    def _orders(self, sold_usd: Vector, bought_usd: Vector, tranche: _Tranches, prices: Vector) -> Orders:
        part = sold_usd / np.maximum(tranche.lot_value, 1e-300)
        part = np.where(part > 1.0 - WHOLE, 1.0, part)
        security = self.buys % self.n
        bought = np.divide(bought_usd, prices[security], out=np.zeros_like(bought_usd), where=bought_usd > 0)
        return Orders(part * self.ledger.shares, self.buys // self.n, security, bought)

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


def _hard(
    beyond: list[tuple[ShareLimit | VolatilityLimit, float]],
) -> list[tuple[ShareLimit | VolatilityLimit, float]]:
    """The limits that must be kept; a soft one has its price."""
    return [(limit, excess) for limit, excess in beyond if limit.price >= UNREACHED]
