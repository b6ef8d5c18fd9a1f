"""The allocation problem, written once, as the method page states it.

maximise   (mu - er)'w + r_f 1'c - (gamma/2) (||R w||^2 + kappa (vol'w)^2) - rho's
           - (1/C) (spread's + spread'b + T - lambda g's) - (price x excess of each soft limit, and default bound)
subject to w = w0 - (sold) + (bought),   c = c0 + (1-spread) sold - (1+spread) bought,   each account by itself
           0 <= s <= sellable,  0 <= b <= buyable,  c >= min_cash >= 0
           T above the lines of one tax branch, the year's gains within that branch
           every limit, and every default bound

s: dollars sold of each lot; b: dollars bought in each (account, fund); w: securities; c: cash; all as fractions of
household value. rho is the error of an expected return that a switch must outweigh, which keeps the answer from
trading on noise; it is charged on what is sold, so that a switch pays it once and new money does not, and not on a lot
that is sold at a loss: that relies on the tax law, not on a return. g is the gain of
each dollar sold and lambda the later tax that it saves (`later_tax`); C are the years over which costs are spread.

The matrices belong to the household and stay; what varies from solve to solve (caps, margins, branch, horizon) is
in the vectors alone, so that one compilation serves every solve.

Source: Markowitz (1952); rho and kappa after Boyd et al. (2024), "Markowitz Portfolio Construction at Seventy", rho
there on |w - w0|; the tax branches in `tax_branches`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import cvxpy as cp
import numpy as np
import scipy.sparse as sp

from advisor.optimize.compiled import CompiledProblem, ConeSolver
from advisor.optimize.default_bounds import DefaultBound
from advisor.optimize.inputs import AllocationInputs, Indices
from advisor.optimize.limits import CompiledLimit, RiskLimit, WeightLimit, sign
from advisor.optimize.rows import CashFlow, LimitRow, Unknowns, limit_rows
from advisor.optimize.tax_branches import TaxBranch, TaxLine, branch_at, gain_range, reachable_branches, tax_lines
from advisor.units import Matrix, Vector

TAX_RESERVE = "preferences.reserve_tax"
NO_RISK = 1e-30  # a volatility that no sum notices
MOVABLE = 4.5  # bound that no household reaches, so that no coefficient of its row is zero
NET_AND_LONG = np.array([[1.0, 1.0], [-1.0, -1.0], [0.0, 1.0], [0.0, -1.0]])  # N, -N, L, -L of (S, L)


@dataclass(frozen=True, slots=True)
class Case:
    """One convex problem of the household: what may be traded at most, and the tax branch the year ends in.

    `margins` tightens limits, by label, in the limit's own unit; a negative margin relaxes it. `bounds`, by label,
    stand exactly in place of those of shares of value and of risk; such a limit is compiled with the bound `MOVABLE`.
    `most_beyond` is how far each default bound may be exceeded, by label, for its charge; what is not named, freely.
    `reserve` is what cash and bills may grow by, because it is kept for the tax of the trades.
    """

    most_sold: Vector  # (l,)
    most_bought: Vector  # (b,)
    branch: TaxBranch
    horizon_years: float
    margins: Mapping[str, float] = field(default_factory=dict)
    bounds: Mapping[str, float] = field(default_factory=dict)
    most_beyond: Mapping[str, float] = field(default_factory=dict)
    reserve: float = 0.0


class Formulation:
    """One household's variables, parameters and rows; with a `flow`, cash comes in or goes out before the trades."""

    def __init__(
        self,
        inputs: AllocationInputs,
        limits: tuple[CompiledLimit, ...],
        defaults: tuple[DefaultBound, ...] = (),
        flow: CashFlow | None = None,
    ) -> None:
        self.inputs = inputs
        self.limits = limits
        self.defaults = defaults
        self.lines = tax_lines(inputs.rates)
        self.reach = gain_range(inputs)
        self.branches = reachable_branches(self.reach)
        self.scale = _objective_scale(inputs)
        self.x = Unknowns(inputs, flow)
        self.deviates = self.x.deviation == _with_places(inputs.model.root) @ self.x.weights
        self.sold_within = self.x.sell <= inputs.lots.sellable
        self.bought_within = self.x.buy <= np.ones(inputs.buys.account.size)
        self.yearly = cp.Parameter()  # part of a cost paid once that a year bears, times `scale`
        self.saved_later = cp.Parameter()  # the same of the later tax that a dollar of gain saves
        self.switched_off = cp.Parameter(len(self.lines))  # slack given to the lines of the other branches
        self.gain_ends = cp.Parameter(4)  # N <= , -N <= , L <= , -L <=
        self.rows = (*limit_rows(self.x, inputs, limits), *self._account_rows(), *self._tax_reserve_rows())
        self.cash_labels = frozenset(row.label for row in self._account_rows())
        self.labels = tuple(dict.fromkeys(row.label for row in self.rows))

    def set(self, solver: ConeSolver, case: Case) -> None:
        """Give `solver` the parameters that say what may be traded, and in which tax branch."""
        branch, size = case.branch, 2 * self.reach.size
        solver.cap(self.sold_within, case.most_sold)
        solver.cap(self.bought_within, case.most_bought)
        off = np.full(len(self.lines), size)
        off[list(branch.lines)] = 0.0
        solver.set(self.switched_off, off)
        ends = (*_ends(branch.net_side, self.reach.net, size), *_ends(branch.long_side, self.reach.long, size))
        solver.set(self.gain_ends, np.array(ends))

    def move(self, solver: ConeSolver, limits: Mapping[str, cp.Constraint], case: Case) -> None:
        """Give limits the bounds of `case`: a bound multiplies the value after the trades, in the matrix.

        Raises `ValueError` for a label without such a limit.
        """
        solver.unshift()
        if not case.bounds:
            return
        columns = np.concatenate([solver.compiled.columns(part) for part in (self.x.weights, self.x.cash)])
        of_value = {c.limit.label: c for c in self.limits if isinstance(c, WeightLimit | RiskLimit)}
        if unknown := case.bounds.keys() - of_value.keys():
            raise ValueError(f"no limit on a share of value or on risk: {', '.join(sorted(unknown))}")
        for label, bound in case.bounds.items():
            compiled = of_value[label]
            solver.shift(limits[label], columns, sign(compiled.limit) * (compiled.bound - bound))

    def utility(self) -> cp.Expression:
        """The objective times `scale`, without what soft limits charge."""
        i, x = self.inputs, self.x
        volatilities = np.sqrt(np.diag(i.model.covariance))
        risk = cp.sum_squares(x.deviation)
        if i.covariance_inflation:
            risk += i.covariance_inflation * cp.square(volatilities @ x.weights)
        earned = i.net_return @ x.weights + i.risk_free * cp.sum(x.cash)
        doubt = i.doubt @ x.sell
        once = i.half_spread[i.lots.security] @ x.sell + i.half_spread[i.buys.security] @ x.buy + x.tax
        later = self.saved_later * (gains_per_dollar(i).sum(axis=0) @ x.sell)
        return self.scale * (earned - i.risk_aversion / 2 * risk - doubt) - self.yearly * once + later

    def identities(self) -> list[cp.Constraint]:
        """What trades do to weights, cash and the year's gains."""
        i, x = self.inputs, self.x
        n, a = len(i.symbols), len(i.cash)
        proceeds = _selector(i.lots.account, a, 1 - i.half_spread[i.lots.security])
        paid = _selector(i.buys.account, a, 1 + i.half_spread[i.buys.security])
        so_far = np.array([i.rates.short_so_far, i.rates.long_so_far])
        return [
            x.weights == i.weights - _selector(i.lots.security, n) @ x.sell + _selector(i.buys.security, n) @ x.buy,
            x.cash == self._cash_today() + proceeds @ x.sell - paid @ x.buy,
            self.deviates,
            x.gains == so_far + gains_per_dollar(i) @ x.sell,
        ]

    def _cash_today(self) -> cp.Expression:
        cash, x = cp.Constant(self.inputs.cash), self.x
        if x.flow is None:
            return cash
        return cash + x.flow.sign * _selector(np.array(x.flow.accounts, dtype=np.intp), cash.size) @ x.flows

    def bounds(self) -> list[cp.Constraint]:
        """No short sales, and no more than each case allows."""
        x = self.x
        within = [x.sell >= 0, self.sold_within, x.buy >= 0, self.bought_within]
        if x.flow is None or x.flows is None:
            return within
        return [*within, x.flows >= 0, x.flows <= x.flow.most]

    def tax_rows(self) -> list[cp.Constraint]:
        """The tax lies above the lines of its branch, and the year's gains within the branch."""
        slopes, constants = _as_arrays(self.lines)
        return [
            slopes @ self.x.gains + constants - self.switched_off <= self.x.tax,
            NET_AND_LONG @ self.x.gains <= self.gain_ends,
        ]

    def largest_values(self, compiled: CompiledProblem) -> Vector:
        """What no column of `compiled` exceeds in absolute value, within its rows: no trade enlarges a household.

        Shape (columns,).
        """
        x, size = self.x, 10.0 * self.reach.size
        added = 0.0 if x.flow is None else x.flow.most * len(x.flow.accounts)
        largest = np.full(compiled.program.q.size, size + added)
        for variable in (x.sell, x.buy, x.weights, x.cash):
            largest[compiled.columns(variable)] = 2.0 + added
        return largest

    def _account_rows(self) -> Iterator[LimitRow]:
        i = self.inputs
        for a, name in enumerate(i.account_names):
            yield LimitRow(f"accounts.{name}.min_cash", cp.Constant(i.min_cash[a]), self.x.cash[a])

    def _tax_reserve_rows(self) -> Iterator[LimitRow]:
        """The tax that the trades add is kept as cash in the taxable accounts."""
        i = self.inputs
        if not i.reserve_tax or not i.taxable_accounts.any():
            return
        free = i.taxable_accounts.astype(float) @ (self.x.cash - i.min_cash)
        lines = tax_lines(replace(i.rates, carryforward_value=0.0))
        short, long = i.rates.short_so_far, i.rates.long_so_far
        so_far = max(lines[k].at(short, long) for k in branch_at(short, long).lines)
        slopes, constants = _as_arrays(lines)
        yield LimitRow(TAX_RESERVE, slopes @ self.x.gains + (constants - so_far) - self.switched_off, free)


def gains_per_dollar(inputs: AllocationInputs) -> Matrix:
    """Short-term and long-term gain of each dollar sold of each lot, shape (2, l)."""
    lots = inputs.lots
    short = np.where(lots.taxable & ~lots.long_term, lots.gain, 0.0)
    return np.array([short, np.where(lots.taxable & lots.long_term, lots.gain, 0.0)])


def _with_places(root: Matrix) -> Matrix:
    """The upper triangle without zeros: each coefficient has a place for that of another risk model."""
    places = np.triu(np.full_like(root, NO_RISK))
    return np.where(root == 0.0, places, root)


def _as_arrays(lines: tuple[TaxLine, ...]) -> tuple[Matrix, Vector]:
    """Slopes by short and long gain (k, 2), and constants (k,)."""
    return np.array([[line.short, line.long] for line in lines]), np.array([line.constant for line in lines])


def _ends(side: int, reach: tuple[float, float], free: float) -> tuple[float, float]:
    """Upper bounds of a gain and of its negative; only a side that the sales can leave is bounded."""
    low, high = reach
    return (
        0.0 if side < 0 and high > 0 else free,
        0.0 if side > 0 and low < 0 else free,
    )


def _objective_scale(inputs: AllocationInputs) -> float:
    """What brings the objective to the size of the constraints, which the solver's tolerances expect."""
    variances = np.diag(inputs.model.covariance)
    largest = max(
        float(np.max(np.abs(inputs.net_return), initial=0.0)),
        inputs.risk_aversion * float(np.max(variances, initial=0.0)),
    )
    return 10.0 / largest if largest > 0 else 1.0


def _selector(target: Indices, size: int, weight: Vector | float = 1.0) -> sp.csr_array:
    """Matrix (size, m) that sums m amounts, times their weight, into `size` places by their target index."""
    weights = np.broadcast_to(weight, target.shape)
    return sp.csr_array((weights, (target, np.arange(target.size))), shape=(size, target.size))
