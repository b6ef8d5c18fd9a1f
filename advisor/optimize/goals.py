"""The least cash from outside with which all limits can be met, and the most that can be taken out under them.

The flow is one more variable of the rows in `formulation`: limits compare with the value after the trades, which has
the flow in it, so they stay linear (or cones), and one convex problem for each tax branch and each way around a wash
sale gives the exact answer. The dual vector bounds it from the other side (`cones.least_objective`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from advisor.optimize.diagnose import conflicting
from advisor.optimize.elastic import ElasticProblem
from advisor.optimize.formulation import Formulation
from advisor.optimize.limits import CompiledLimit
from advisor.optimize.problem import AllocationProblem
from advisor.optimize.rows import CashFlow
from advisor.optimize.search import every_case

MOST_IN = 100.0  # times the household's value, for each account


@dataclass(frozen=True, slots=True)
class BestFlow:
    """The best amounts by account, as fractions of household value, and what proves them.

    `amounts` is None where nothing meets the limits; `is_proved` says whether that, or that no amount is better by more
    than `doubt`, is proved. `conflict` names limits that no amount reconciles, where that is proved.
    """

    amounts: tuple[float, ...] | None
    is_proved: bool
    doubt: float = 0.0
    conflict: tuple[str, ...] = ()


def least_deposit(problem: AllocationProblem, limits: tuple[CompiledLimit, ...], account: int) -> BestFlow:
    """The least cash into `account`, up to `MOST_IN`, with which `limits` can be met; `problem` is the household's."""
    return _best(problem, limits, CashFlow((account,), 1.0, MOST_IN))


def largest_withdrawal(
    problem: AllocationProblem, limits: tuple[CompiledLimit, ...], accounts: tuple[int, ...]
) -> BestFlow:
    """The most cash out of `accounts` together with which `limits` can still be met; `problem` is the household's."""
    return _best(problem, limits, CashFlow(accounts, -1.0, 1.0))


def _best(problem: AllocationProblem, limits: tuple[CompiledLimit, ...], flow: CashFlow) -> BestFlow:
    elastic = ElasticProblem(Formulation(problem.inputs, limits, flow=flow))
    room = 1.0 + flow.most * (flow.sign > 0)
    cases = tuple(replace(case, most_bought=case.most_bought * room) for case in every_case(problem))
    rigid = dict.fromkeys(elastic.labels, math.inf)
    found = [elastic.least_excess(case, rigid, flow.sign) for case in cases]
    best = min((entry for entry in found if entry and entry.flows), key=lambda entry: entry.weighted, default=None)
    if best is None:
        conflict = conflicting(problem, elastic, cases)
        return BestFlow(None, is_proved=None not in found, conflict=conflict)
    bound = min((entry.at_least for entry in found if entry), default=-math.inf)
    return BestFlow(best.flows, is_proved=None not in found, doubt=max(best.weighted - bound, 0.0))


def least_excess_of(problem: AllocationProblem, label: str) -> BestFlow:
    """The least amount by which the bound of `label` must be exceeded if all other limits hold, in its own unit."""
    elastic = ElasticProblem(problem.formulation)
    weights = {other: 1.0 if other == label else math.inf for other in elastic.labels}
    found = [elastic.least_excess(case, weights) for case in every_case(problem)]
    best = min((entry for entry in found if entry and entry.of), key=lambda entry: entry.weighted, default=None)
    bound = min((entry.at_least for entry in found if entry), default=-math.inf)
    if best is None:
        return BestFlow(None, is_proved=None not in found)
    return BestFlow((best.weighted,), is_proved=None not in found, doubt=max(best.weighted - bound, 0.0))
