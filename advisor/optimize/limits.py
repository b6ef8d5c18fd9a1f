"""The user's limits as numbers for the optimization problem, one small function for each kind.

A weight limit compares a share of household value: ``rows @ w + cash * sum(c) <= bound * (sum(w) + sum(c))``. The
total stands on the right because the spread of the trades is gone from it. A minimum is the same with both sides
negated, which `sign` does. The bound of each is the effective one: the user's, or where the household is to be no
worse than today and exceeds that today, today's measure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from advisor.errors import InputError, Issue
from advisor.exposure.sectors import sector_interval
from advisor.market.constituents import companies_of, company_interval, magnificent_seven_interval
from advisor.market.data import MarketData, StressEpisode
from advisor.optimize.inputs import AllocationInputs, expense_ratios
from advisor.portfolio.model import Limit, LimitKind, LimitMode, Portfolio
from advisor.risk.covariance import betas
from advisor.risk.measures import buy_and_hold_drawdown, expected_shortfall
from advisor.risk.scenarios import scenario_returns
from advisor.units import Matrix, Vector

ANY_OTHER_COMPANY = "a company that no list names"


@dataclass(frozen=True, slots=True)
class WeightLimit:
    """Shares of household value; every row must keep the bound. rows: shape (r, n)."""

    limit: Limit
    rows: Matrix
    cash: float = 0.0
    bound: float = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class RiskLimit:
    """Volatility, or tracking error where `benchmark` is an index into the securities."""

    limit: Limit
    benchmark: int | None = None
    bound: float = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class TradeLimit:
    """A limit on the trades themselves: "turnover" or "realized_gain", as a fraction of value today."""

    limit: Limit
    bound: float


@dataclass(frozen=True, slots=True)
class ScenarioLimit:
    """A limit over the scenario months: "cvar_95" or "max_drawdown". returns: shape (T, n), simple, by month."""

    limit: Limit
    bound: float
    returns: Matrix


CompiledLimit = WeightLimit | RiskLimit | TradeLimit | ScenarioLimit


def compile_limits(portfolio: Portfolio, market: MarketData, inputs: AllocationInputs) -> tuple[CompiledLimit, ...]:
    """Every limit of `portfolio` as numbers, in its order.

    Raises
    ------
    InputError
        A stress limit names an episode that the market data do not have.
    MarketDataError
        A limit over the scenario months, and a security without scenarios.
    """
    issues = tuple(_unknown_episodes(portfolio, market))
    if issues:
        raise InputError(issues, portfolio.name)
    return tuple(_compile(limit, market, inputs) for limit in portfolio.limits)


def _unknown_episodes(portfolio: Portfolio, market: MarketData) -> Iterable[Issue]:
    known = [episode.name for episode in market.episodes]
    for limit in portfolio.limits:
        kind, _, name = limit.name.partition(".")
        if kind == "stress" and name not in known:
            hint = f"it has {', '.join(known)}" if known else "it has none: remove the limit"
            yield Issue(f"{market.id} has no stress episode {name!r}", limit.where, hint)


def _compile(limit: Limit, market: MarketData, inputs: AllocationInputs) -> CompiledLimit:
    match limit.name:
        case "volatility":
            return _risk_limit(limit, inputs, None)
        case "tracking_error":
            return _risk_limit(limit, inputs, inputs.model.index(str(limit.benchmark)))
        case "turnover":
            return TradeLimit(limit, float(limit.bound))
        case "realized_gain":
            return TradeLimit(limit, float(limit.bound / inputs.value_usd))
        case "cvar_95" | "max_drawdown":
            return _scenario_limit(limit, market, inputs)
        case _:
            return _weight_limit(limit, market, inputs)


def _risk_limit(limit: Limit, inputs: AllocationInputs, benchmark: int | None) -> RiskLimit:
    root = inputs.model.root
    active = root @ inputs.weights - (0.0 if benchmark is None else root[:, benchmark])
    return RiskLimit(limit, benchmark, bound=_effective(limit, float(np.linalg.norm(active))))


def _scenario_limit(limit: Limit, market: MarketData, inputs: AllocationInputs) -> ScenarioLimit:
    returns = scenario_returns(market, inputs.symbols)
    if limit.name == "cvar_95":
        today = expected_shortfall(returns @ inputs.weights)
    else:
        today = buy_and_hold_drawdown(returns, inputs.weights, float(inputs.cash.sum()))
    return ScenarioLimit(limit, _effective(limit, today), returns)


def _weight_limit(limit: Limit, market: MarketData, inputs: AllocationInputs) -> WeightLimit:
    rows = _rows(limit, market, inputs)
    cash = 1.0 if limit.name == "cash" else 0.0
    side = sign(limit)
    today = side * float((side * (rows @ inputs.weights + cash * inputs.cash.sum())).max())
    bound = _effective(limit, today)
    if limit.name == "single_company":  # without the rows that no trade can bring to the bound
        rows = rows[_largest_reachable(rows, inputs) > bound * 0.99]
    return WeightLimit(limit, rows, cash, bound=bound)


def _rows(limit: Limit, market: MarketData, inputs: AllocationInputs) -> Matrix:
    """What one dollar of each security adds to the limited share, shape (r, n)."""
    symbols = inputs.symbols
    kind, _, name = limit.name.partition(".")
    match kind:
        case "magnificent_seven":
            return _row(magnificent_seven_interval(market, symbol)[1] for symbol in symbols)
        case "single_company":
            return _company_rows(market, symbols)
        case "small_caps":
            return _row(market.is_small_cap(symbol) for symbol in symbols)
        case "funds":
            return _row(symbol == name for symbol in symbols)
        case "sectors":
            end = 1 if limit.kind is LimitKind.MAX else 0
            return _row(sector_interval(market, symbol, name)[end] for symbol in symbols)
        case "beta":
            return betas(inputs.model, str(limit.benchmark))[np.newaxis, :]
        case "stress":
            return _row(-_episode(market, name).returns[symbol] for symbol in symbols)
        case "expense_ratio":
            return expense_ratios(market, symbols)[np.newaxis, :]
        case "cash":
            return np.zeros((1, len(symbols)))
        case _:
            raise ValueError(f"no rule for the limit {limit.name!r}")


def _row(values: Iterable[float]) -> Matrix:
    return np.array([[float(value) for value in values]])


def _company_rows(market: MarketData, symbols: tuple[str, ...]) -> Matrix:
    """Upper ends of every company, shape (r, n)."""
    companies = [*companies_of(market, symbols), ANY_OTHER_COMPANY]
    return np.array([[company_interval(market, symbol, company)[1] for symbol in symbols] for company in companies])


def _largest_reachable(rows: Matrix, inputs: AllocationInputs) -> Vector:
    """Upper bound of each row over all trades, shape (r,): everything kept, and all else put into one fund."""
    buyable = np.unique(inputs.buys.security)
    best_buy = rows[:, buyable].max(axis=1) if buyable.size else np.zeros(len(rows))
    return np.asarray(rows @ inputs.weights + best_buy)


def _episode(market: MarketData, name: str) -> StressEpisode:
    return next(episode for episode in market.episodes if episode.name == name)


def _effective(limit: Limit, today: float) -> float:
    """The user's bound, or today's measure where that is looser and the limit asks for no worse than today."""
    bound = float(limit.bound)
    if limit.mode is not LimitMode.NOT_WORSE_THAN_TODAY:
        return bound
    return sign(limit) * max(sign(limit) * bound, sign(limit) * today)


def sign(limit: Limit) -> float:
    """+1 for a maximum, -1 for a minimum, so that both read ``sign * measure <= sign * bound``."""
    return 1.0 if limit.kind is LimitKind.MAX else -1.0
