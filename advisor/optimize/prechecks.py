"""Reasons why a limit cannot be met that need no solver: sums over what may not be sold, and over what may be bought.

They are necessary conditions, exact as far as they go: where one fires, no trades meet its limits. They say in plain
figures what the solver only proves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from advisor.optimize.inputs import AllocationInputs
from advisor.optimize.limits import CompiledLimit, TradeLimit, WeightLimit
from advisor.portfolio.limit_types import Part, Side
from advisor.units import Vector


@dataclass(frozen=True, slots=True)
class ConflictReason:
    """One reason: its `kind`, the labels it concerns, and two figures as fractions of household value.

    "unsellable": `have` cannot be sold, `need` is the most that the limit allows. "turnover": `have` is the largest
    fall within the turnover limit, `need` the fall that the limit asks for. "not_on_offer": `have` is held, `need` is
    asked for, and nothing of it may be bought. "funds_too_small": `have` is the sum of the funds' own limits, `need`
    is asked for. "account_too_small": `have` is all that the account holds, `need` its min_cash.
    """

    kind: str
    labels: tuple[str, ...]
    have: float
    need: float


def findings(inputs: AllocationInputs, limits: tuple[CompiledLimit, ...]) -> tuple[ConflictReason, ...]:
    """Every reason that applies."""
    weights = [limit for limit in limits if isinstance(limit, WeightLimit) and len(limit.rows)]
    weights = [limit for limit in weights if not limit.cash and (limit.rows >= 0).all()]  # purchases only add
    largest = [limit for limit in weights if limit.limit.side is Side.MAX]
    least = [limit for limit in weights if limit.limit.side is Side.MIN]
    turnover = next((x for x in limits if isinstance(x, TradeLimit) and x.limit.name == "turnover"), None)
    return (
        *(found for limit in largest for found in _unsellable(inputs, limit)),
        *(found for limit in largest if turnover for found in _turnover(inputs, limit, turnover)),
        *(found for limit in least for found in _not_on_offer(inputs, limit)),
        *(found for limit in least for found in _funds_too_small(inputs, limit, largest)),
        *_accounts_too_small(inputs),
    )


def _unsellable(inputs: AllocationInputs, limit: WeightLimit) -> Iterator[ConflictReason]:
    """What may not be sold is more than the limit allows; the household is worth at most 1 after the trades."""
    lots = inputs.lots
    kept = np.bincount(lots.security, weights=lots.value - lots.sellable, minlength=len(inputs.symbols))
    amount = float((limit.rows @ kept).max())
    if amount > limit.bound:
        yield ConflictReason("unsellable", (limit.limit.label,), amount, limit.bound)


def _turnover(inputs: AllocationInputs, limit: WeightLimit, turnover: TradeLimit) -> Iterator[ConflictReason]:
    """The limit asks for a larger fall than sales of twice the turnover bring, the heaviest lots first."""
    for row in limit.rows:
        asked = float(row @ inputs.weights) - limit.bound
        most = _largest_fall(row[inputs.lots.security], inputs.lots.sellable, 2 * turnover.bound)
        if asked > most:
            yield ConflictReason("turnover", (limit.limit.label, turnover.limit.label), most, asked)
            return


def _largest_fall(weight: Vector, sellable: Vector, budget: float) -> float:
    """Fractional knapsack: what selling `budget` of the lots that weigh most takes away."""
    fall = 0.0
    for lot in np.argsort(-weight):
        if weight[lot] <= 0 or budget <= 0:
            break
        sold = min(float(sellable[lot]), budget)
        fall += sold * float(weight[lot])
        budget -= sold
    return fall


def _not_on_offer(inputs: AllocationInputs, limit: WeightLimit) -> Iterator[ConflictReason]:
    """Too little is held of what may not be bought."""
    row = limit.rows[0]
    held = float(row @ inputs.weights)
    if held < limit.bound and not (row[inputs.buys.security] > 0).any():
        yield ConflictReason("not_on_offer", (limit.limit.label,), held, limit.bound)


def _funds_too_small(
    inputs: AllocationInputs, limit: WeightLimit, largest: list[WeightLimit]
) -> Iterator[ConflictReason]:
    """The funds that make up a minimum have limits of their own that add up to less."""
    own = {other.limit.part: other for other in largest if other.limit.type.part is Part.SYMBOL}
    most, labels = 0.0, [limit.limit.label]
    for security, part in enumerate(limit.rows[0]):
        symbol = inputs.symbols[security]
        if part <= 0:
            continue
        if symbol in own:
            most += float(part) * own[symbol].bound
            labels.append(own[symbol].limit.label)
        elif security in inputs.buys.security:
            return
        else:
            most += float(part * inputs.weights[security])
    if most < limit.bound and len(labels) > 1:
        yield ConflictReason("funds_too_small", tuple(labels), most, limit.bound)


def _accounts_too_small(inputs: AllocationInputs) -> Iterator[ConflictReason]:
    values = inputs.cash + np.bincount(inputs.lots.account, weights=inputs.lots.value, minlength=len(inputs.cash))
    for name, worth, least in zip(inputs.account_names, values, inputs.min_cash, strict=True):
        if least > worth:
            yield ConflictReason("account_too_small", (f"accounts.{name}.min_cash",), float(worth), float(least))
