"""The household's problem, compiled: the best trades of one case, certified, or none."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property

import cvxpy as cp
import numpy as np

from advisor.optimize.compiled import CompiledProblem, ConeSolution, ConeSolver
from advisor.optimize.cones import ConeCertificate, ConeProgram, certificate, proves_infeasible
from advisor.optimize.default_bounds import SMALL, DefaultBound
from advisor.optimize.formulation import Case, Formulation
from advisor.optimize.inputs import AllocationInputs, Indices, Masks, same_orders, wash_pairs
from advisor.optimize.limits import CompiledLimit, RiskLimit, WeightLimit
from advisor.optimize.rows import beyond_defaults
from advisor.optimize.tax_branches import TaxBranch
from advisor.optimize.tolerances import DUAL_RESIDUAL, GAP, VIOLATION
from advisor.portfolio.model import LimitMode
from advisor.units import POINT_PER_BASIS_POINT, Vector

TAX, CASH, CLASSES = "tax", "cash", "defaults"  # what presses on a trade besides limits
FREELY = 2.0  # of household value: further than any default bound can be exceeded


@dataclass(frozen=True, slots=True)
class Solution:
    """A certified optimum of one case, as fractions of household value: trades, and what they leave."""

    case: Case
    sell: Vector  # (l,)
    buy: Vector  # (b,)
    weights: Vector  # (n,)
    cash: Vector  # (a,)
    tax: float  # of the year, with what is carried forward at its value
    objective: float  # fraction of household value a year
    certificate: ConeCertificate  # residual and gap in the unit of the objective
    cone: ConeSolution


class _DefaultRows:
    """The program's own bounds as one block of rows ``beyond_defaults + slack <= beyond <= most``, k of them."""

    def __init__(self, formulation: Formulation, defaults: tuple[DefaultBound, ...]) -> None:
        self.defaults = defaults
        self.beyond = cp.Variable(len(defaults))
        self.slack = cp.Parameter(len(defaults))  # margins, less what is kept for tax
        self.rows = beyond_defaults(formulation.x, defaults) + self.slack <= self.beyond
        self.within = self.beyond <= np.ones(len(defaults))
        self.constraints = [self.rows, self.within, self.beyond >= 0]
        self.charged = np.array([default.charge for default in defaults]) @ self.beyond

    @property
    def sources(self) -> tuple[str, ...]:
        """What each row presses for: those on classes and cash for one thing, which is all that is determined.

        What is sold of one class is bought of it or kept, so only the difference of their prices is.
        """
        return tuple(default.label if default.name == SMALL else CLASSES for default in self.defaults)

    def set(self, solver: ConeSolver, case: Case) -> None:
        """Give `solver` the margins, the reserve and the most that each bound may be exceeded by."""
        margins = [case.margins.get(default.label, 0.0) for default in self.defaults]
        kept = [case.reserve if default.has_reserve else 0.0 for default in self.defaults]
        solver.set(self.slack, np.array(margins) - np.array(kept))
        solver.cap(self.within, np.array([case.most_beyond.get(one.label, FREELY) for one in self.defaults]))


class AllocationProblem:
    """One household's problem, compiled once and solved for varying cases."""

    def __init__(
        self, inputs: AllocationInputs, limits: tuple[CompiledLimit, ...], defaults: tuple[DefaultBound, ...] = ()
    ) -> None:
        self.inputs = inputs
        self.most_beyond: Mapping[str, float] = {}
        self.reserve = 0.0
        self.formulation = Formulation(inputs, limits, defaults)
        f = self.formulation
        yielding = [row for row in f.rows if not row.is_helper]
        self.margins = {label: cp.Parameter() for label in f.labels}
        self.excess = {c.limit.label: cp.Variable() for c in limits if c.limit.mode is LimitMode.SOFT}
        prices = {c.limit.label: POINT_PER_BASIS_POINT * float(c.limit.charge_bps_per_pp) for c in limits}
        charged = sum((prices[label] * excess for label, excess in self.excess.items()), cp.Constant(0.0))
        self._limited = [
            (row.label, row.left + self.margins[row.label] <= row.right + self.excess.get(row.label, 0.0))
            for row in yielding
        ]
        self.sources = [
            *((TAX, row) for row in f.tax_rows()),
            *((CASH if label in f.cash_labels else label, row) for label, row in self._limited),
            *((row.label, row.left <= row.right) for row in f.rows if row.is_helper),
        ]
        self._defaults = _DefaultRows(f, defaults) if defaults else None
        constraints = [
            *f.identities(),
            *f.bounds(),
            *(row for _, row in self.sources),
            *(excess >= 0 for excess in self.excess.values()),
        ]
        if self._defaults is not None:
            constraints += self._defaults.constraints
            charged += self._defaults.charged
        self.compiled = CompiledProblem(cp.Problem(cp.Maximize(f.utility() - f.scale * charged), constraints))
        self._compiled_scale, self._compiled_with, self._compiled_limits = f.scale, inputs, limits
        self.undecided = 0  # cases that were neither solved nor excluded, so far
        self._solver = self.compiled.solver()
        self._largest = f.largest_values(self.compiled)

    @cached_property
    def one_way_only(self) -> tuple[Masks, ...]:
        """Lots and purchases, as masks, of which an answer has one kind alone."""
        return (*same_orders(self.inputs), *wash_pairs(self.inputs))

    @property
    def branches(self) -> tuple[TaxBranch, ...]:
        """The tax branches that the household's sales can reach."""
        return self.formulation.branches

    def open_case(self, branch: TaxBranch) -> Case:
        """Everything that may be sold and bought, in one tax branch."""
        i = self.inputs
        return Case(
            i.lots.sellable,
            np.ones(i.buys.account.size),
            branch,
            i.horizon_years,
            most_beyond=self.most_beyond,
            reserve=self.reserve,
        )

    def keeping(self, most_beyond: Mapping[str, float], reserve: float = 0.0) -> AllocationProblem:
        """The same problem, not compiled again, with default bounds that may be exceeded by `most_beyond` at most.

        `reserve` is what is kept in cash for the tax of the trades. Both are those of every case that it opens.
        """
        other = copy(self)
        other.most_beyond, other.reserve, other.undecided = most_beyond, reserve, 0
        other._solver = self._solver.another()
        return other

    def over(self, horizon_years: float) -> AllocationProblem:
        """The same problem, not compiled again, with what is paid once spread over other years.

        Its solver is a new one, so that its answers are to the last bit those of a problem compiled for these years.
        """
        other = copy(self)
        other.inputs = replace(self.inputs, horizon_years=horizon_years)
        other.undecided = 0
        other._solver = self._solver.another()
        return other

    def under(self, inputs: AllocationInputs, limits: tuple[CompiledLimit, ...]) -> AllocationProblem:
        """The problem of the same household under other expected returns, risk or risk aversion.

        It is not compiled again where these enter the objective and the identity of the deviation alone: other returns
        always, another risk model where no limit but one on volatility depends on it. `limits` are those of `inputs`.
        """
        root = self._compiled_with.model.root
        is_same_risk = np.array_equal(inputs.model.root, root)
        ratio = _ratio(self._compiled_with, inputs)
        if ratio is None or not (is_same_risk or _is_free_of_risk(self._compiled_limits, limits, inputs)):
            return self._compiled_anew(inputs, limits)
        other, f = copy(self), copy(self.formulation)
        f.inputs, f.limits, f.scale = inputs, limits, self._compiled_scale * ratio
        other.inputs, other.formulation, other.undecided = inputs, f, 0
        other._solver = self.compiled.solver()
        weights = self.compiled.columns(f.x.weights)
        try:
            if not is_same_risk:
                other._solver.put(f.deviates, weights, -root, -inputs.model.root)
        except ValueError:  # a zero of the root that is none under the other risk
            return self._compiled_anew(inputs, limits)
        other._solver.weigh(ratio, weights, -self._compiled_scale * inputs.net_return)
        return other

    def _compiled_anew(self, inputs: AllocationInputs, limits: tuple[CompiledLimit, ...]) -> AllocationProblem:
        other = AllocationProblem(inputs, limits, self.formulation.defaults)
        other.most_beyond, other.reserve = self.most_beyond, self.reserve
        return other

    @property
    def width(self) -> int:
        """Number of columns in cone form."""
        return self.compiled.program.q.size

    def columns_of_trades(self) -> tuple[Indices, Indices]:
        """Columns of what is sold of each lot (l,) and bought in each (account, fund) (b,), in cone form."""
        return self.compiled.columns(self.formulation.x.sell), self.compiled.columns(self.formulation.x.buy)

    def program(self, case: Case) -> ConeProgram:
        """`case` in cone form."""
        self._set(case)
        return self._solver.program()

    def _set(self, case: Case) -> None:
        self.formulation.set(self._solver, case)
        self.formulation.move(self._solver, dict(self._limited), case)
        later = self.inputs.later
        yearly = self._compiled_scale / later.cost_years(case.horizon_years)
        self._solver.set(self.formulation.yearly, yearly)
        self._solver.set(self.formulation.saved_later, yearly * later.saved(case.horizon_years))
        for label, margin in self.margins.items():
            self._solver.set(margin, case.margins.get(label, 0.0))
        if self._defaults is not None:
            self._defaults.set(self._solver, case)

    def solve(self, case: Case) -> Solution | None:
        """The optimum of `case`; None where it is proved that there is none, or neither is certain (`undecided`)."""
        self._set(case)
        for attempt in (self._solver.solve, self._solver.solve_again):
            found = attempt()
            solution = self._certified(case, found) if found.is_clean else None
            if solution is not None or proves_infeasible(found.program, found.z, self._largest):
                return solution
        self.undecided += 1
        return None

    def _certified(self, case: Case, found: ConeSolution) -> Solution | None:
        """The solution if its own data prove it optimal."""
        f, columns = self.formulation, self.compiled.columns
        proof = self._in_objective_units(certificate(found.program, found.x, found.z))
        if proof.violation > VIOLATION or proof.dual_residual > DUAL_RESIDUAL or proof.gap > GAP:
            return None
        return Solution(
            case=case,
            sell=np.clip(found.x[columns(f.x.sell)], 0.0, case.most_sold),
            buy=np.clip(found.x[columns(f.x.buy)], 0.0, case.most_bought),
            weights=found.x[columns(f.x.weights)],
            cash=found.x[columns(f.x.cash)],
            tax=float(found.x[columns(f.x.tax)][0]),
            objective=-found.objective / f.scale,
            certificate=proof,
            cone=found,
        )

    def beyond(self, solution: Solution) -> dict[str, float]:
        """How far each default bound is exceeded, by label, as a fraction of household value."""
        if self._defaults is None:
            return {}
        values = solution.cone.x[self.compiled.columns(self._defaults.beyond)]
        labels = [default.label for default in self.formulation.defaults]
        return {label: max(0.0, float(value)) for label, value in zip(labels, values, strict=True)}

    def limit_duals(self, solution: Solution) -> dict[str, float]:
        """By label: what the objective gains for each unit by which the limit is relaxed; not negative."""
        totals = dict.fromkeys(self.margins, 0.0)
        for label, constraint in self._limited:
            dual = self.compiled.rows(constraint).dual(solution.cone.z)
            totals[label] += float(dual.sum()) / self.formulation.scale
        return totals

    def rows_of_sources(self) -> dict[str, Indices]:
        """Rows of the cone form by what they belong to: a limit's label, `TAX` or `CASH`."""
        rows: dict[str, list[Indices]] = {}
        for source, constraint in self.sources:
            own = self.compiled.rows(constraint).index
            rows.setdefault(source, []).extend([own, self._cones_beside(own)])
        if self._defaults is not None:
            index = self.compiled.rows(self._defaults.rows).index
            for source, row in zip(self._defaults.sources, index, strict=True):
                rows.setdefault(source, []).append(np.array([row]))
        return {source: np.concatenate(parts) for source, parts in rows.items()}

    def _cones_beside(self, rows: Indices) -> Indices:
        """Rows of the second-order cones whose radius one of `rows` bounds: cvxpy splits a norm into the two."""
        program = self.compiled.program
        radii = {int(column) for column in np.flatnonzero(abs(program.A[rows]).sum(axis=0))} & self._radius.keys()
        return np.concatenate([np.empty(0, dtype=np.intp), *(self._radius[column] for column in radii)])

    @cached_property
    def _radius(self) -> dict[int, Indices]:
        """Rows of each second-order cone by the column of its radius."""
        program = self.compiled.program
        found, first = {}, program.zero + program.nonneg
        for size in program.soc:
            column = int(np.flatnonzero(program.A[[first]].toarray())[-1])
            found[column] = np.arange(first, first + size)
            first += size
        return found

    def _in_objective_units(self, proof: ConeCertificate) -> ConeCertificate:
        scale = self.formulation.scale
        return ConeCertificate(proof.violation, proof.dual_residual / scale, proof.gap / scale)


def _ratio(compiled: AllocationInputs, other: AllocationInputs) -> float | None:
    """Weight of the linear objective at which the compiled quadratic one is that of `other`; None where none is."""
    if compiled.risk_aversion == other.risk_aversion:
        return 1.0
    if not (compiled.risk_aversion and other.risk_aversion):
        return None
    return compiled.risk_aversion / other.risk_aversion


def _has_rows_of(one: CompiledLimit, other: CompiledLimit) -> bool:
    if isinstance(one, WeightLimit) and isinstance(other, WeightLimit):
        return np.array_equal(one.rows, other.rows)
    return True


def _is_free_of_risk(
    compiled: tuple[CompiledLimit, ...], others: tuple[CompiledLimit, ...], inputs: AllocationInputs
) -> bool:
    """Whether another risk model moves no row of the limits, and nothing of the objective but the deviation."""
    return not inputs.covariance_inflation and all(
        not (isinstance(other, RiskLimit) and other.benchmark is not None)
        and _has_rows_of(one, other)
        and one.bound == other.bound
        for one, other in zip(compiled, others, strict=True)
    )
