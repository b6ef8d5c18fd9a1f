"""The user's limits as rows of the optimization problem, one small function for each kind.

A weight limit compares a share of household value: ``rows @ w + cash * sum(c) <= bound * (sum(w) + sum(c))``. The
total stands on the right because the spread of the trades is gone from it. A minimum is the same with both sides
negated, which `sign` does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from advisor.market.constituents import companies_of, company_interval, magnificent_seven_interval
from advisor.market.data import MarketData
from advisor.optimize.inputs import AllocationInputs
from advisor.portfolio.model import Limit, LimitKind, Portfolio
from advisor.risk.covariance import betas
from advisor.units import Matrix, Vector

ANY_OTHER_COMPANY = "a company that no list names"


@dataclass(frozen=True, slots=True)
class WeightLimit:
    """Shares of household value; every row must keep the bound. rows: shape (r, n)."""

    limit: Limit
    rows: Matrix
    cash: float = 0.0


@dataclass(frozen=True, slots=True)
class RiskLimit:
    """Volatility, or tracking error where `benchmark` is an index into the securities."""

    limit: Limit
    benchmark: int | None = None


@dataclass(frozen=True, slots=True)
class TradeLimit:
    """A limit on the trades themselves: "turnover" or "realized_gain", as a fraction of value today."""

    limit: Limit
    bound: float


CompiledLimit = WeightLimit | RiskLimit | TradeLimit


def compile_limits(portfolio: Portfolio, market: MarketData, inputs: AllocationInputs) -> tuple[CompiledLimit, ...]:
    """Every limit of `portfolio` as numbers, in the order of the file."""
    return tuple(_compile(limit, market, inputs) for limit in portfolio.limits)


def _compile(limit: Limit, market: MarketData, inputs: AllocationInputs) -> CompiledLimit:
    symbols = inputs.symbols
    kind, _, fund = limit.name.partition(".")
    match kind:
        case "magnificent_seven":
            return WeightLimit(limit, _row(magnificent_seven_interval(market, symbol)[1] for symbol in symbols))
        case "single_company":
            return WeightLimit(limit, _company_rows(market, inputs, float(limit.bound)))
        case "small_caps":
            return WeightLimit(limit, _row(market.is_small_cap(symbol) for symbol in symbols))
        case "funds":
            return WeightLimit(limit, _row(symbol == fund for symbol in symbols))
        case "beta":
            return WeightLimit(limit, betas(inputs.model, str(limit.benchmark))[np.newaxis, :])
        case "cash":
            return WeightLimit(limit, np.zeros((1, len(symbols))), cash=1.0)
        case "volatility":
            return RiskLimit(limit)
        case "tracking_error":
            return RiskLimit(limit, inputs.model.index(str(limit.benchmark)))
        case "turnover":
            return TradeLimit(limit, float(limit.bound))
        case "realized_gain":
            return TradeLimit(limit, float(limit.bound / inputs.value_usd))
        case _:
            raise ValueError(f"no rule for the limit {limit.name!r}")


def _row(values: Iterable[float]) -> Matrix:
    return np.array([[float(value) for value in values]])


def _company_rows(market: MarketData, inputs: AllocationInputs, bound: float) -> Matrix:
    """Upper ends by company, shape (r, n), without the rows that no trade can bring to the bound."""
    companies = [*companies_of(market, inputs.symbols), ANY_OTHER_COMPANY]
    rows = np.array(
        [[company_interval(market, symbol, company)[1] for symbol in inputs.symbols] for company in companies]
    )
    return rows[_largest_reachable(rows, inputs) > bound * 0.99]


def _largest_reachable(rows: Matrix, inputs: AllocationInputs) -> Vector:
    """Upper bound of each row over all trades, shape (r,): everything kept, and all else put into one fund."""
    buyable = np.unique(inputs.buys.security)
    best_buy = rows[:, buyable].max(axis=1) if buyable.size else np.zeros(len(rows))
    return np.asarray(rows @ inputs.weights + best_buy)


def sign(limit: Limit) -> float:
    """+1 for a maximum, -1 for a minimum, so that both read ``sign * measure <= sign * bound``."""
    return 1.0 if limit.kind is LimitKind.MAX else -1.0
