"""Why limits cannot be met together, and what would help.

1. Limits conflict if they cannot all be met in any case: whatever the tax branch, and whichever way the trades avoid a
   wash sale. Each case has to be proved; without a proof there is no claim.
2. A core is found by leaving limits out one at a time while the rest still conflicts; it is taken out, and the search
   goes on, until the rest can be met.
3. The cheapest repair is the least weighted excess over the limits of the cores, all others kept; it is confirmed by
   solving the relaxed problem. So is, for each limit of a core, what relaxing it alone would take.

Source: Chinneck and Dravnieks (1991), "Locating Minimal Infeasible Constraint Sets in Linear Programs" (deletion
filter).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from advisor.optimize.elastic import ElasticProblem, Excess
from advisor.optimize.formulation import TAX_RESERVE, Case
from advisor.optimize.limits import MonthLimit, TradeLimit
from advisor.optimize.problem import AllocationProblem, Solution
from advisor.optimize.search import best_solution, every_case
from advisor.risk.measures import buy_and_hold_drawdown

TIE = 1e-3  # weight by which a limit further down the file is moved less readily
NOTICED = 1e-7  # of a limit; a smaller excess is the solver's noise
NEARER = 5e-5  # of a limit; what is nearer to its bound by less reads the same
SLACK = 1e-6  # of a limit, by which a relaxation is the least more than needed


@dataclass(frozen=True, slots=True)
class Core:
    """Limits that conflict, none of which can be left out; `beyond` is how far one must go if the others hold.

    `beyond` has, for each limit of the core that can be moved, the least excess in its own unit with the others of the
    core kept and everything else free.
    """

    labels: tuple[str, ...]
    beyond: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Cores of conflicting limits, and how far limits would have to move, in their own unit.

    `repair` moves several together at the least sum; `alone` has, for each limit of a core, what relaxing it alone
    takes, and None where that is not enough. Every figure has been confirmed by solving the relaxed problem.
    `between` has, for a limit that its core alone would let go nearer to its bound, limits outside of the core that
    keep it from there: no fewer of them do.
    """

    cores: tuple[Core, ...]
    repair: Mapping[str, float]
    alone: Mapping[str, float | None]
    between: Mapping[str, tuple[str, ...]]
    needs_wash_sale: bool  # the limits could be met if what is sold at a loss were bought as well


def diagnose(problem: AllocationProblem) -> Diagnosis | None:
    """What conflicts and what would help; None where no conflict is proved."""
    search = _Search(problem)
    found = sorted(search.cores(), key=lambda core: search.labels.index(core[0]))
    if not found:
        return None
    blamed = tuple(label for label in search.labels if any(label in core for core in found))
    cores = tuple(Core(core, search.beyond(core)) for core in found)
    alone = {label: search.alone(label) for label in blamed}
    return Diagnosis(
        cores=cores,
        repair=search.repair(blamed),
        alone=alone,
        between={
            label: search.between(core.labels, label)
            for core in cores
            for label, excess in core.beyond.items()
            if alone[label] is not None and search.excess_with(label, search.labels) > excess + NEARER
        },
        needs_wash_sale=search.is_met_with_wash_sales(),
    )


def conflicting(problem: AllocationProblem, elastic: ElasticProblem, cases: tuple[Case, ...]) -> tuple[str, ...]:
    """The first core of labels that cannot be met together in any of `cases`; empty where none is proved."""
    return next(_Search(problem, elastic, cases).cores(), ())


class _Search:
    """The cases of one household, and its elastic problem."""

    def __init__(
        self, problem: AllocationProblem, elastic: ElasticProblem | None = None, cases: tuple[Case, ...] = ()
    ) -> None:
        self.problem = problem
        self.elastic = elastic or ElasticProblem(problem.formulation)
        self.labels = self.elastic.labels
        self.cases = cases or every_case(problem)
        self.open = tuple(problem.open_case(branch) for branch in problem.branches)
        self.limits = {limit.limit.label: limit for limit in problem.formulation.limits}

    def cores(self) -> Iterator[tuple[str, ...]]:
        labels = self.labels
        while labels and self.conflict(labels, self.cases):
            core = self.minimal(labels)
            yield core
            labels = tuple(label for label in labels if label not in core)

    def minimal(self, labels: tuple[str, ...]) -> tuple[str, ...]:
        """A core within `labels`: no limit of it can be left out."""
        core = labels
        for label in labels:
            rest = tuple(other for other in core if other != label)
            if rest and self.conflict(rest, self.cases):
                core = rest
        return core

    def conflict(self, labels: tuple[str, ...], cases: tuple[Case, ...]) -> bool:
        """Whether it is proved of every case that these limits cannot all be met."""
        named = dict.fromkeys(labels, 1.0)
        found = (self.elastic.least_excess(case, named) for case in cases)
        return all(excess is not None and excess.is_conflict for excess in found)

    def least_excess(self, weights: Mapping[str, float]) -> Excess | None:
        found = (self.elastic.least_excess(case, weights) for case in self.cases)
        return min((excess for excess in found if excess), key=lambda excess: excess.weighted, default=None)

    def beyond(self, core: tuple[str, ...]) -> dict[str, float]:
        """Least excess of each limit of a core with the others of it kept."""
        found = {
            label: self.least_excess({other: 1.0 if other == label else math.inf for other in core}) for label in core
        }
        return {label: excess.of[label] for label, excess in found.items() if excess and excess.of}

    def repair(self, blamed: tuple[str, ...]) -> dict[str, float]:
        """The least sum of relaxations, the tax reserve left alone if possible: it has no bound to move."""
        limits_only = tuple(label for label in blamed if label != TAX_RESERVE)
        for movable in (limits_only, blamed):
            order = {label: 1.0 + TIE * place for place, label in enumerate(movable)}
            excess = self.least_excess({label: order.get(label, math.inf) for label in self.labels})
            relaxed = self.confirmed(excess, movable)
            if relaxed:
                return relaxed
        return {}

    def alone(self, label: str) -> float | None:
        excess = self.least_excess({other: 1.0 if other == label else math.inf for other in self.labels})
        return (self.confirmed(excess, (label,)) or {}).get(label)

    def between(self, core: tuple[str, ...], label: str) -> tuple[str, ...]:
        """Limits outside of `core` that keep `label` as far from its bound as all limits together do, and no more."""
        needed = tuple(other for other in self.labels if other not in core)
        excess = self.excess_with(label, (*core, *needed))
        for other in needed:
            rest = tuple(kept for kept in needed if kept != other)
            if self.excess_with(label, (*core, *rest)) >= excess - NEARER:
                needed = rest
        return needed

    def excess_with(self, label: str, kept: tuple[str, ...]) -> float:
        """The least excess of `label` with the limits of `kept` held; infinite where the solver finds none."""
        found = self.least_excess({other: 1.0 if other == label else math.inf for other in kept})
        return found.weighted if found else math.inf

    def confirmed(self, excess: Excess | None, labels: tuple[str, ...]) -> dict[str, float] | None:
        """How far the bounds of `labels` have to move, if the problem relaxed by `excess` has a certified solution."""
        if excess is None or math.isinf(excess.weighted):
            return None
        relaxed = {label: _with_slack(excess.of[label]) for label in labels if excess.of[label] > NOTICED}
        margins = {label: -amount for label, amount in relaxed.items()}
        solution = best_solution(self.problem, tuple(replace(case, margins=margins) for case in self.open))
        if solution is None:
            return None
        return {label: self.moved(label, amount, solution) for label, amount in relaxed.items()}

    def moved(self, label: str, amount: float, solution: Solution) -> float:
        """How far the bound of `label` has to move so that `solution`, found with `amount` more room, holds it."""
        limit = self.limits.get(label)
        if isinstance(limit, MonthLimit) and limit.limit.name == "max_drawdown":
            fall = buy_and_hold_drawdown(limit.returns, solution.weights, float(solution.cash.sum()))
            return fall - limit.bound + SLACK
        if limit is None or isinstance(limit, TradeLimit):
            return amount
        return amount / float(solution.weights.sum() + solution.cash.sum())  # the spread has made the household smaller

    def is_met_with_wash_sales(self) -> bool:
        return len(self.cases) > len(self.open) and not self.conflict(self.labels, self.open)


def _with_slack(excess: float) -> float:
    """A little more than the least, so that solving again has room: half a percent, at most a thousandth of a point."""
    return excess + max(SLACK, min(1e-5, 0.005 * excess))
