"""Why each lot is sold or kept, and each fund bought or not: what one more dollar would gain, part by part.

At the optimum the parts of a lot that is sold in part, or of a purchase, sum to zero; those of a lot that is sold out
sum to a gain, and those of a lot that is kept to a loss. That is the condition of optimality, written for one trade.

Source: Karush-Kuhn-Tucker conditions; Boyd and Vandenberghe (2004), "Convex Optimization", section 5.5.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from advisor.optimize.formulation import gains_per_dollar
from advisor.optimize.problem import TAX, AllocationProblem, Solution
from advisor.units import Vector

NOTHING = 1e-8  # a year, of a dollar
MIX, VIEWS, FEES, DOUBT, SPREAD = "mix", "views", "fees", "doubt", "spread"


@dataclass(frozen=True, slots=True)
class MarginalValues:
    """What one more dollar of each trade gains a year, by part; `lots` (l,) are sales, `buys` (b,) purchases.

    "mix" is what a step towards the reference portfolio is worth, by the risk of standing apart from it; "views" what
    the user's views add; "fees" those of the fund; "spread" with the interest that it would have earned; "tax"
    this year's less the later one that a gain realized now saves. Besides these there are "doubt", "cash", "defaults",
    which are the default bounds on cash and classes together, that on small caps, and limits by label; a part that is
    zero for every trade is left out.
    "cash" is what an account's last dollar is worth beyond its interest.
    """

    lots: dict[str, Vector]
    buys: dict[str, Vector]

    def net_of_lot(self, lot: int) -> float:
        """Gain of selling one more dollar of the lot."""
        return float(sum(part[lot] for part in self.lots.values()))

    def net_of_buy(self, buy: int) -> float:
        """Gain of one more dollar of the purchase."""
        return float(sum(part[buy] for part in self.buys.values()))


def marginal_values(problem: AllocationProblem, solution: Solution) -> MarginalValues:
    """The parts of every possible trade at `solution`."""
    moves = _moves(problem)
    parts = {**_objective_parts(problem, solution, moves), **_pressures(problem, solution, moves)}
    lots = len(problem.inputs.lots.keys)
    kept = {name: part for name, part in parts.items() if np.abs(part).max(initial=0.0) > NOTHING}
    return MarginalValues(
        lots={name: part[:lots] for name, part in kept.items()},
        buys={name: part[lots:] for name, part in kept.items()},
    )


def _moves(problem: AllocationProblem) -> sp.csc_array:
    """What one more dollar of each trade does to every column of the cone form, shape (columns, trades)."""
    i, x, columns = problem.inputs, problem.formulation.x, problem.compiled.columns
    lots, buys = i.lots.security.size, i.buys.security.size
    security = np.concatenate([i.lots.security, i.buys.security])
    account = np.concatenate([i.lots.account, i.buys.account])
    direction = np.concatenate([-np.ones(lots), np.ones(buys)])
    trade, deviations = np.arange(lots + buys), columns(x.deviation)
    entries = [
        (np.concatenate(problem.columns_of_trades()), trade, np.ones(lots + buys)),
        (columns(x.weights)[security], trade, direction),
        (columns(x.cash)[account], trade, -direction - i.half_spread[security]),
        *(
            (np.full(trade.size, d), trade, row[security] * direction)
            for d, row in zip(deviations, i.model.root, strict=True)
        ),
        *(
            (np.full(lots, c), trade[:lots], gain)
            for c, gain in zip(columns(x.gains), gains_per_dollar(i), strict=True)
        ),
    ]
    rows, places, values = (np.concatenate(part) for part in zip(*entries, strict=True))
    return sp.csc_array((values, (rows, places)), shape=(problem.width, lots + buys))


def _objective_parts(problem: AllocationProblem, solution: Solution, moves: sp.csc_array) -> dict[str, Vector]:
    i, x, columns = problem.inputs, problem.formulation.x, problem.compiled.columns
    weights = solution.cone.x[columns(x.weights)]
    moved = moves[columns(x.weights)]
    volatilities = np.sqrt(np.diag(i.model.covariance))
    risk = i.model.covariance @ weights + i.covariance_inflation * volatilities * (volatilities @ weights)
    security = np.concatenate([i.lots.security, i.buys.security])
    half, buys = i.half_spread[security], i.buys.security.size
    years = i.later.cost_years(solution.case.horizon_years)
    return {
        MIX: (i.implied_return - i.risk_free - i.risk_aversion * risk) @ moved,
        VIEWS: (i.expected_return - i.implied_return) @ moved,
        FEES: -i.expense_ratio @ moved,
        DOUBT: np.concatenate([-i.doubt, np.zeros(buys)]),
        SPREAD: -half / years - i.risk_free * half,
    }


def _pressures(problem: AllocationProblem, solution: Solution, moves: sp.csc_array) -> dict[str, Vector]:
    """What each limit, the tax and the cash of the accounts add: their rows' multipliers along each move."""
    program, z = solution.cone.program, solution.cone.z
    found = {
        source: -((program.A[rows].T @ z[rows]) @ moves) / problem.formulation.scale
        for source, rows in problem.rows_of_sources().items()
    }
    i, horizon = problem.inputs, solution.case.horizon_years
    later = i.later.saved(horizon) / i.later.cost_years(horizon) * gains_per_dollar(i).sum(axis=0)
    return {**found, TAX: found[TAX] + np.concatenate([later, np.zeros(i.buys.security.size)])}
