"""The household at one moment, measured once, with the definitions of `exposure` and `risk.measures`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

import numpy as np

from advisor.exposure.lookthrough import Exposure, look_through_values
from advisor.market.data import MarketData, StressEpisode
from advisor.optimize.limits import Measure, measure_of
from advisor.portfolio.limit_types import Side
from advisor.portfolio.model import Limit, Portfolio
from advisor.rebalance.model import HouseholdState, StressLoss
from advisor.risk.covariance import RiskModel
from advisor.risk.expected_returns import ExpectedReturns
from advisor.risk.measures import (
    beta,
    buy_and_hold_drawdown,
    expected_shortfall,
    tracking_error,
    volatility,
    weight_vector,
)
from advisor.risk.past_months import episode_return, month_returns
from advisor.units import Vector


@dataclass(frozen=True, slots=True)
class Measurer:
    """What a household is measured with: one set for before and after, so that they compare."""

    portfolio: Portfolio
    market: MarketData
    model: RiskModel
    returns: ExpectedReturns
    expense_ratios: Vector  # (n,) a year, in the model's order
    _measures: dict[tuple[str, Side, str | None], Measure] = field(default_factory=dict, compare=False, repr=False)

    def expecting(self, returns: ExpectedReturns) -> Measurer:
        """The same with other expected returns; what is worked out once is shared."""
        return replace(self, returns=returns)

    def expected_return(self, weights: Mapping[str, float], cash: float) -> float:
        """Expected return a year, after expense ratios; `weights` by symbol and `cash` are fractions of value."""
        w = weight_vector(self.model, weights)
        return float((self.returns.annual - self.expense_ratios) @ w) + cash * self.returns.risk_free

    def limit_measure(self, limit: Limit) -> Measure:
        """How the level of `limit` is measured, worked out once; raises as `optimize.limits.measure_of`."""
        key = (limit.name, limit.side, limit.benchmark)
        if key not in self._measures:
            self._measures[key] = measure_of(limit, self.market, self.model)
        return self._measures[key]

    def measure(self, shares: Mapping[tuple[str, str], Decimal], cash_usd: Mapping[str, Decimal]) -> HouseholdState:
        """State of a household that holds `shares` of each (account, symbol) and `cash_usd` in each account."""
        held = {key: n * self.market.securities[key[1]].close_usd for key, n in shares.items() if n}
        cash = sum(cash_usd.values(), Decimal(0))
        value = sum(held.values(), Decimal(0)) + cash
        weights = _weights(held, value)
        w = weight_vector(self.model, weights)
        cash_weight = float(cash / value)
        benchmark = self.portfolio.preferences.benchmark
        fees = float(self.expense_ratios @ w)
        shortfall, drawdown = _scenario_losses(self.market, weights, cash_weight)
        return HouseholdState(
            value_usd=value,
            weights=weights,
            cash_weight=cash_weight,
            cash_usd=dict(cash_usd),
            small_cap_weight=sum(w for s, w in weights.items() if self.market.is_small_cap(s)),
            exposure=self._exposure(held, cash_usd),
            volatility=volatility(self.model, w),
            tracking_error=tracking_error(self.model, w, benchmark),
            beta=beta(self.model, w, benchmark),
            expense_ratio=fees,
            expected_return=self.expected_return(weights, cash_weight),
            undiversified_volatility=float(np.sqrt(np.diag(self.model.covariance)) @ w),
            cvar_95=shortfall,
            max_drawdown=drawdown,
            stress=tuple(_stress(episode, weights) for episode in self.market.episodes),
        )

    def _exposure(self, held: Mapping[tuple[str, str], Decimal], cash_usd: Mapping[str, Decimal]) -> Exposure:
        types = {account.name: str(account.type) for account in self.portfolio.accounts}
        return look_through_values(held, cash_usd, types, self.market)


def _weights(held: Mapping[tuple[str, str], Decimal], value: Decimal) -> dict[str, float]:
    by_symbol: dict[str, Decimal] = {}
    for (_, symbol), amount in held.items():
        by_symbol[symbol] = by_symbol.get(symbol, Decimal(0)) + amount
    ordered = sorted(by_symbol.items(), key=lambda item: (-item[1], item[0]))
    return {symbol: float(amount / value) for symbol, amount in ordered}


def _scenario_losses(
    market: MarketData, weights: Mapping[str, float], cash_weight: float
) -> tuple[float | None, float | None]:
    """Expected shortfall of a month, and largest fall over all months; None where the market data have no scenarios."""
    if not market.past_months.symbols:
        return None, None
    returns = month_returns(market, tuple(weights))
    held = np.array(list(weights.values()))
    return expected_shortfall(returns @ held), buy_and_hold_drawdown(returns, held, cash_weight)


def _stress(episode: StressEpisode, weights: Mapping[str, float]) -> StressLoss:
    stand_ins = tuple(f"{s} by {episode.stand_ins[s]}" for s in sorted(weights) if s in episode.stand_ins)
    return StressLoss(
        name=episode.name,
        title=episode.title,
        start=episode.start,
        end=episode.end,
        household_return=episode_return(episode, weights),
        stand_ins=stand_ins,
    )


def utility(state: HouseholdState, size: float, risk_aversion: float, covariance_inflation: float = 0.0) -> float:
    """Certainty equivalent a year, as a fraction of today's value.

    `size` is the state's value over today's: mu'w - (gamma/2) (w'Sigma w + kappa (vol'w)^2) with w in fractions of
    today's value and kappa the `covariance_inflation`.
    """
    variance = state.volatility**2 + covariance_inflation * state.undiversified_volatility**2
    return size * state.expected_return - risk_aversion / 2 * size**2 * variance
