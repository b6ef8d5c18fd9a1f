"""From the compiled problem to the allocation that is advised, or to the named reason why there is none.

1. Solve. A status other than a clean optimum is never advice: it is a proved conflict of limits or a refusal.
2. A security is not bought and sold in one account, and nothing is bought that is sold at a loss anywhere (a wash
   sale): where the optimum does both, each way is solved by itself and the better one taken.
3. Trades below the user's minimum are barred and the rest solved again, unless that breaks a limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from advisor.errors import LimitsConflictError, UnverifiedAnswerError
from advisor.optimize.inputs import AllocationInputs, Indices
from advisor.optimize.problem import AllocationProblem, Solution
from advisor.units import Vector

DUST = 1e-7  # of household value; solver noise, not a trade
PROOF = 1e-6  # least excess that proves a conflict; ten times the solver's tolerance


@dataclass(frozen=True, slots=True)
class Caps:
    """Most that may be sold of each lot (l,) and bought in each (account, fund) (b,), fractions of value."""

    sell: Vector
    buy: Vector


@dataclass(frozen=True, slots=True)
class Allocation:
    """The advised trades as fractions of household value, before rounding to shares."""

    sell: Vector
    buy: Vector
    objective: float
    duality_gap: float
    below_minimum: bool  # some trade is smaller than the user's minimum because a limit needs it


def allocate(problem: AllocationProblem, margins: Mapping[str, float] | None = None) -> Allocation:
    """The best allocation within all limits.

    `margins` tightens limits by label. Raises `LimitsConflictError` where the limits cannot be met together, and
    `UnverifiedAnswerError` where the solver neither solves the problem nor proves a conflict.
    """
    inputs = problem.inputs
    caps = Caps(inputs.lots.sellable, np.ones(inputs.buys.account.size))
    solution = _one_way(problem, caps, margins)
    if solution is None:
        raise _no_room(margins) if margins else _refusal(problem, caps)
    barred = caps
    for _ in range(6):
        tighter = _bar_small(inputs, solution, barred)
        if tighter is None:
            return _allocation(solution, below_minimum=False)
        again = _one_way(problem, tighter, margins)
        if again is None:
            break
        solution, barred = again, tighter
    return _allocation(solution, below_minimum=True)


def _allocation(solution: Solution, *, below_minimum: bool) -> Allocation:
    return Allocation(
        sell=np.where(solution.sell > DUST, solution.sell, 0.0),
        buy=np.where(solution.buy > DUST, solution.buy, 0.0),
        objective=solution.objective,
        duality_gap=solution.duality_gap,
        below_minimum=below_minimum,
    )


def _one_way(problem: AllocationProblem, caps: Caps, margins: Mapping[str, float] | None) -> Solution | None:
    """Best solution that trades each security one way in an account, and has no wash sale."""
    solution = problem.solve(most_sold=caps.sell, most_bought=caps.buy, margins=margins)
    if solution is None:
        return None
    both = next(_both_ways(problem.inputs, solution), None)
    if both is None:
        return solution
    lots, buys = both
    without_sale = replace(caps, sell=np.where(lots, 0.0, caps.sell))
    without_buy = replace(caps, buy=np.where(buys, 0.0, caps.buy))
    answers = [_one_way(problem, caps, margins) for caps in (without_sale, without_buy)]
    return max((answer for answer in answers if answer), key=lambda answer: answer.objective, default=None)


def _both_ways(inputs: AllocationInputs, solution: Solution) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Masks over lots and buys of what the solution must not trade both ways."""
    lots, buys = inputs.lots, inputs.buys
    pairs = [
        (
            (lots.account == account) & (lots.security == security),
            (buys.account == account) & (buys.security == security),
        )
        for account, security in zip(buys.account, buys.security, strict=True)
    ]
    at_a_loss = lots.taxable & (lots.gain < 0)
    pairs += [(at_a_loss & (lots.identity == twin), buys.identity == twin) for twin in np.unique(buys.identity)]
    for of_lots, of_buys in pairs:
        if solution.sell[of_lots].sum() > DUST and solution.buy[of_buys].sum() > DUST:
            yield of_lots, of_buys


def _bar_small(inputs: AllocationInputs, solution: Solution, caps: Caps) -> Caps | None:
    """Caps with every order below the user's minimum set to zero; None where there is no such order."""
    lots, buys = inputs.lots, inputs.buys
    small_sale = _small(inputs, lots.account, lots.security, solution.sell)
    small_buy = _small(inputs, buys.account, buys.security, solution.buy)
    if not (small_sale.any() or small_buy.any()):
        return None
    return Caps(np.where(small_sale, 0.0, caps.sell), np.where(small_buy, 0.0, caps.buy))


def _small(inputs: AllocationInputs, account: Indices, security: Indices, amount: Vector) -> np.ndarray:
    """For each entry, whether its whole order (account, security) is a trade of less than the minimum."""
    order = account * len(inputs.symbols) + security
    totals = np.bincount(order, weights=amount, minlength=int(order.max(initial=0)) + 1)
    return np.asarray((totals[order] > DUST) & (totals[order] < inputs.min_trade))


def _no_room(margins: Mapping[str, float]) -> UnverifiedAnswerError:
    names = ", ".join(sorted(margins))
    return UnverifiedAnswerError(
        f"no orders in thousandths of a share hold {names}: the limits leave no room for rounding; "
        "widen them a little, or what presses against them"
    )


def _refusal(problem: AllocationProblem, caps: Caps) -> LimitsConflictError | UnverifiedAnswerError:
    ways = _ways_without_wash_sale(problem.inputs, caps)
    conflicts = tuple(_conflicts(problem, ways))
    if not conflicts:
        return UnverifiedAnswerError(
            "the solver found neither an answer nor a proof that the limits conflict; no advice is given"
        )
    named = tuple(dict.fromkeys(label for conflict in conflicts for label in conflict))
    message = "\n".join(map(_conflict_message, conflicts))
    if any(not _conflict(problem, frozenset(core), (caps,)) for core in conflicts):
        message += "\n(nothing is bought that is sold at a loss: a wash sale)"
    return LimitsConflictError(message, named)


def _ways_without_wash_sale(inputs: AllocationInputs, caps: Caps) -> tuple[Caps, ...]:
    """Caps of each way to have no wash sale: for every identity either no sale at a loss, or no purchase."""
    lots, buys = inputs.lots, inputs.buys
    ways = [caps]
    for twin in np.unique(buys.identity):
        at_a_loss = lots.taxable & (lots.gain < 0) & (lots.identity == twin)
        if caps.sell[at_a_loss].any():
            no_sale = [replace(way, sell=np.where(at_a_loss, 0.0, way.sell)) for way in ways]
            no_purchase = [replace(way, buy=np.where(buys.identity == twin, 0.0, way.buy)) for way in ways]
            ways = no_sale + no_purchase
    return tuple(ways)


def _conflicts(problem: AllocationProblem, ways: tuple[Caps, ...]) -> Iterator[tuple[str, ...]]:
    """Sets of limits that conflict each by itself; once one is named, its limits are left out of the search."""
    labels = frozenset(problem.labels)
    while labels and _conflict(problem, labels, ways):
        core = _minimal_conflict(problem, labels, ways)
        yield core
        labels -= frozenset(core)


def _conflict(problem: AllocationProblem, labels: frozenset[str], ways: tuple[Caps, ...]) -> bool:
    """Whether these limits are proved to conflict, whichever way the trades avoid a wash sale."""
    excesses = (problem.least_excess(labels, most_sold=way.sell, most_bought=way.buy) for way in ways)
    return all(excess is not None and excess > PROOF for excess in excesses)


def _minimal_conflict(problem: AllocationProblem, labels: frozenset[str], ways: tuple[Caps, ...]) -> tuple[str, ...]:
    """Smallest set found by leaving limits out one at a time while the rest still conflicts, in the file's order."""
    core = labels
    for label in problem.labels:
        rest = core - {label}
        if rest and _conflict(problem, rest, ways):
            core = rest
    return tuple(label for label in problem.labels if label in core)


def _conflict_message(core: tuple[str, ...]) -> str:
    if len(core) == 1:
        return (
            f"the limit {core[0]} cannot be met with what may be sold and bought: "
            "relax it, or let more be sold (do_not_sell) or bought (buy)"
        )
    names = ", ".join(core[:-1]) + f" and {core[-1]}"
    return f"the limits {names} cannot be met together: relax one of them, and the others can be"
