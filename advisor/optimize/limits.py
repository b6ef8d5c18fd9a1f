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

from advisor.errors import InputError, Issue, MarketDataError
from advisor.exposure.sectors import sector_interval
from advisor.market.constituents import companies_of, intervals_in, magnificent_seven_interval
from advisor.market.data import MarketData, StressEpisode
from advisor.optimize.inputs import AllocationInputs, expense_ratios
from advisor.portfolio.limit_types import MeasuredOn, Part, Side, Unit
from advisor.portfolio.model import Limit, LimitMode, Portfolio
from advisor.risk.covariance import RiskModel, betas
from advisor.risk.measures import buy_and_hold_drawdown, expected_shortfall
from advisor.risk.past_months import month_returns
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
class MonthLimit:
    """A limit over the scenario months: "cvar_95" or "max_drawdown". returns: shape (T, n), simple, by month."""

    limit: Limit
    bound: float
    returns: Matrix


CompiledLimit = WeightLimit | RiskLimit | TradeLimit | MonthLimit


@dataclass(frozen=True, slots=True)
class WeightMeasure:
    """Shares of household value, ``rows @ w + cash * c``: of them, the one nearest to the bound, or furthest beyond it.

    rows: shape (r, n), what one dollar of each security adds. `names` are those of the rows, where each is of somebody.
    """

    rows: Matrix
    cash: float = 0.0
    names: tuple[str, ...] = ()

    def shares(self, weights: Vector, cash: float) -> Vector:
        """Every share, shape (r,), of a household of `weights` and `cash`, as fractions of its value."""
        return np.asarray(self.rows @ weights + self.cash * cash)


@dataclass(frozen=True, slots=True)
class RiskMeasure:
    """Standard deviation a year, against the security at `benchmark` where there is one. root: shape (k, n)."""

    root: Matrix
    benchmark: int | None = None


@dataclass(frozen=True, slots=True)
class MonthMeasure:
    """A loss over the scenario months: their shortfall, or the largest fall. returns: shape (T, n), simple."""

    returns: Matrix
    is_fall: bool


@dataclass(frozen=True, slots=True)
class TradeMeasure:
    """What the trades alone decide."""


Measure = WeightMeasure | RiskMeasure | MonthMeasure | TradeMeasure


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
    return tuple(_compile(limit, measure_of(limit, market, inputs.model), inputs) for limit in portfolio.limits)


def _unknown_episodes(portfolio: Portfolio, market: MarketData) -> Iterable[Issue]:
    known = [episode.name for episode in market.episodes]
    for limit in portfolio.limits:
        if limit.type.part is Part.EPISODE and limit.part not in known:
            hint = f"it has {', '.join(known)}" if known else "it has none: remove the limit"
            yield Issue(f"{market.id} has no stress episode {limit.part!r}", limit.where, hint)


def measure_of(limit: Limit, market: MarketData, model: RiskModel) -> Measure:
    """How the level of `limit` is measured, for securities in the order of `model`.

    Raises `MarketDataError` for a limit over the scenario months where a security has none.
    """
    match limit.type.measured_on:
        case MeasuredOn.RISK:
            return RiskMeasure(model.root, model.index(str(limit.benchmark)) if limit.type.has_benchmark else None)
        case MeasuredOn.MONTHS:
            if not market.past_months.symbols:
                message = f"{market.id} has no return scenarios: the limit {limit.name} cannot be measured; remove it"
                raise MarketDataError(message)
            return MonthMeasure(month_returns(market, model.symbols), is_fall=limit.name == "max_drawdown")
        case MeasuredOn.TRADES:
            return TradeMeasure()
        case MeasuredOn.WEIGHTS:
            return _weight_measure(limit, market, model)


def level_of(measure: Measure, side: Side, weights: Vector, cash: float) -> tuple[float, str | None]:
    """Level of a household of `weights`, shape (n,), and `cash`, both fractions of its value, and of whom it is.

    Of equals, the last by name. Raises ValueError for what the trades alone decide.
    """
    match measure:
        case WeightMeasure():
            shares = measure.shares(weights, cash)
            if not measure.names:
                return float(shares.max() if side is Side.MAX else shares.min()), None
            return max(zip(map(float, shares), measure.names, strict=True))
        case RiskMeasure():
            benchmark = 0.0 if measure.benchmark is None else measure.root[:, measure.benchmark]
            return float(np.linalg.norm(measure.root @ weights - benchmark)), None
        case MonthMeasure():
            if measure.is_fall:
                return buy_and_hold_drawdown(measure.returns, weights, cash), None
            return expected_shortfall(measure.returns @ weights), None
        case TradeMeasure():
            raise ValueError("trades have no level before they are made")


def _compile(limit: Limit, measure: Measure, inputs: AllocationInputs) -> CompiledLimit:
    match measure:
        case WeightMeasure():
            bound = _effective(limit, measure, inputs)
            rows = measure.rows
            if measure.names:  # without the rows that no trade can bring to the bound
                rows = rows[_largest_reachable(rows, inputs) > bound * 0.99]
            return WeightLimit(limit, rows, measure.cash, bound=bound)
        case RiskMeasure():
            return RiskLimit(limit, measure.benchmark, bound=_effective(limit, measure, inputs))
        case MonthMeasure():
            return MonthLimit(limit, _effective(limit, measure, inputs), measure.returns)
        case TradeMeasure():
            is_amount = limit.type.unit is Unit.USD
            return TradeLimit(limit, float(limit.bound / inputs.value_usd if is_amount else limit.bound))


def _effective(limit: Limit, measure: Measure, inputs: AllocationInputs) -> float:
    """The user's bound, or today's level where that is looser and the limit asks for no worse than today."""
    bound = float(limit.bound)
    if limit.mode is not LimitMode.NOT_WORSE_THAN_TODAY:
        return bound
    today, _ = level_of(measure, limit.side, inputs.weights, float(inputs.cash.sum()))
    return sign(limit) * max(sign(limit) * bound, sign(limit) * today)


def _weight_measure(limit: Limit, market: MarketData, model: RiskModel) -> WeightMeasure:
    symbols = model.symbols
    match limit.type.name:
        case "magnificent_seven":
            return _one_row(magnificent_seven_interval(market, symbol)[1] for symbol in symbols)
        case "single_company":
            return _company_rows(market, symbols)
        case "small_caps":
            return _one_row(market.is_small_cap(symbol) for symbol in symbols)
        case "funds":
            return _one_row(symbol == limit.part for symbol in symbols)
        case "sectors":
            end = 1 if limit.side is Side.MAX else 0
            return _one_row(sector_interval(market, symbol, limit.part)[end] for symbol in symbols)
        case "beta":
            return _one_row(betas(model, str(limit.benchmark)))
        case "stress":
            return _one_row(-_episode(market, limit.part).returns[symbol] for symbol in symbols)
        case "expense_ratio":
            return _one_row(expense_ratios(market, symbols))
        case "cash":
            return WeightMeasure(np.zeros((1, len(symbols))), cash=1.0)
        case _:
            raise ValueError(f"no rule for the limit {limit.name!r}")


def _one_row(values: Iterable[float]) -> WeightMeasure:
    return WeightMeasure(np.array([[float(value) for value in values]]))


def _company_rows(market: MarketData, symbols: tuple[str, ...]) -> WeightMeasure:
    """Upper ends of every company."""
    companies = (*companies_of(market, symbols), ANY_OTHER_COMPANY)
    interval_of = [intervals_in(market, symbol) for symbol in symbols]
    rows = [[in_one(company)[1] for in_one in interval_of] for company in companies]
    return WeightMeasure(np.array(rows), names=companies)


def _largest_reachable(rows: Matrix, inputs: AllocationInputs) -> Vector:
    """Upper bound of each row over all trades, shape (r,): everything kept, and all else put into one fund."""
    buyable = np.unique(inputs.buys.security)
    best_buy = rows[:, buyable].max(axis=1) if buyable.size else np.zeros(len(rows))
    return np.asarray(rows @ inputs.weights + best_buy)


def _episode(market: MarketData, name: str) -> StressEpisode:
    return next(episode for episode in market.episodes if episode.name == name)


def sign(limit: Limit) -> float:
    """+1 for a maximum, -1 for a minimum, so that both read ``sign * measure <= sign * bound``."""
    return 1.0 if limit.side is Side.MAX else -1.0
