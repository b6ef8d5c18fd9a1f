"""The user's limits, cash rules and tax reserve as named cvxpy rows ``left <= right``.

A limit is a share of household value after the trades, ``measure <= bound * (sum(w) + sum(c))``, because the spread
that the trades pay is gone from that value. Written as ``(rows - bound) w + (cash - bound) sum(c) <= 0``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cvxpy as cp
import numpy as np

from advisor.optimize.default_bounds import DefaultBound
from advisor.optimize.inputs import AllocationInputs
from advisor.optimize.limits import CompiledLimit, MonthLimit, RiskLimit, TradeLimit, WeightLimit, sign
from advisor.units import Matrix

TAIL = 0.05  # of the scenario months, for the expected shortfall


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One row ``left <= right`` of the limit `label`, named as in the YAML.

    A helper row only ties auxiliary variables together, and is never relaxed.
    """

    label: str
    left: cp.Expression
    right: cp.Expression
    is_helper: bool = False


@dataclass(frozen=True, slots=True)
class CashFlow:
    """Cash that may come into some accounts from outside, or leave them: sign +1 or -1, at most `most` for each."""

    accounts: tuple[int, ...]
    sign: float
    most: float  # fraction of household value


class Unknowns:
    """What the optimizer decides, as fractions of household value; `deviation` is ``root @ weights``.

    `flows` are the amounts of a `CashFlow`, where the question has one.
    """

    def __init__(self, inputs: AllocationInputs, flow: CashFlow | None = None) -> None:
        self.flow = flow
        self.flows: cp.Variable | None = None if flow is None else cp.Variable(len(flow.accounts))
        self.sell = cp.Variable(len(inputs.lots.keys))
        self.buy = cp.Variable(inputs.buys.account.size)
        self.weights = cp.Variable(len(inputs.symbols))
        self.cash = cp.Variable(len(inputs.cash))
        self.deviation = cp.Variable(len(inputs.model.root))
        self.gains = cp.Variable(2)  # the year's net short-term and long-term gain
        self.tax = cp.Variable()
        self.total = cp.sum(self.weights) + cp.sum(self.cash)  # household value after the trades


def limit_rows(x: Unknowns, inputs: AllocationInputs, limits: tuple[CompiledLimit, ...]) -> Iterator[LimitRow]:
    """The rows of every limit, in the order of the file."""
    for compiled in limits:
        label, bound = compiled.limit.label, compiled.bound
        match compiled:
            case WeightLimit() if len(compiled.rows):
                side = sign(compiled.limit)
                beyond = side * (compiled.rows - bound) @ x.weights + side * (compiled.cash - bound) * cp.sum(x.cash)
                yield LimitRow(label, beyond, cp.Constant(0.0))
            case RiskLimit():
                yield LimitRow(label, cp.norm(_active(x, inputs, compiled.benchmark)), bound * x.total)
            case MonthLimit() if compiled.limit.name == "cvar_95":
                yield from _shortfall_rows(label, bound, compiled.returns, x)
            case MonthLimit():
                yield from _drawdown_rows(label, compiled, x, inputs)
            case TradeLimit():
                yield LimitRow(label, _traded(x, inputs, compiled.limit.name), _most_traded(x, compiled))


def beyond_defaults(x: Unknowns, defaults: tuple[DefaultBound, ...]) -> cp.Expression:
    """How far each of the program's own bounds is exceeded, shape (k,), before what is kept for tax."""
    of_securities = np.array([default.of_security - default.bound for default in defaults])
    of_cash = np.array([default.of_cash - default.bound for default in defaults])
    return of_securities @ x.weights + of_cash * cp.sum(x.cash)


def _active(x: Unknowns, inputs: AllocationInputs, benchmark: int | None) -> cp.Expression:
    return x.deviation if benchmark is None else x.deviation - inputs.model.root[:, benchmark] * x.total


def _traded(x: Unknowns, inputs: AllocationInputs, name: str) -> cp.Expression:
    if name == "turnover":
        return (cp.sum(x.sell) + cp.sum(x.buy)) / 2
    return inputs.lots.gain @ x.sell


def _most_traded(x: Unknowns, limit: TradeLimit) -> cp.Expression:
    """Turnover is of value today, which a cash flow changes; the realized gain is an amount."""
    if x.flow is None or limit.limit.name != "turnover":
        return cp.Constant(limit.bound)
    return limit.bound * (1 + x.flow.sign * cp.sum(x.flows))


def _shortfall_rows(label: str, bound: float, returns: Matrix, x: Unknowns) -> Iterator[LimitRow]:
    """Expected shortfall as a linear program. Source: Rockafellar and Uryasev (2000), "Optimization of CVaR"."""
    quantile, beyond = cp.Variable(), cp.Variable(len(returns))
    yield LimitRow(label, -(returns @ x.weights) - quantile, beyond, is_helper=True)
    yield LimitRow(label, cp.Constant(np.zeros(len(returns))), beyond, is_helper=True)
    yield LimitRow(label, quantile + cp.sum(beyond) / (TAIL * len(returns)), bound * x.total)


def _drawdown_rows(label: str, limit: MonthLimit, x: Unknowns, inputs: AllocationInputs) -> Iterator[LimitRow]:
    """Largest fall of a portfolio that is bought and held: exact, with `peak` any path above the running maximum.

    Each month is divided by the peak of today's household, so that an excess is close to one of the fall itself.
    """
    growth = np.vstack([np.ones(limit.returns.shape[1]), np.cumprod(1 + limit.returns, axis=0)])
    peak_today = np.maximum.accumulate(growth @ inputs.weights + inputs.cash.sum())
    peak = cp.Variable(len(growth))
    value = growth @ x.weights + cp.sum(x.cash)
    yield LimitRow(label, value, peak, is_helper=True)
    yield LimitRow(label, peak[:-1], peak[1:], is_helper=True)
    yield LimitRow(
        label, cp.multiply(1 / peak_today, (1 - limit.bound) * peak - value), cp.Constant(np.zeros(len(growth)))
    )
