"""The least cost of each level against SciPy on every piece of the law, by hand, and against orders."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from advisor.market.resolve import resolve
from advisor.portfolio.limit_types import Side
from advisor.portfolio.model import Limit, LimitMode, Portfolio
from advisor.rebalance.outcome import limit_results
from advisor.rebalance.plan import rebalance
from advisor.whatif.curves import SEVEN
from advisor.whatif.inverse import ask_least_gain
from advisor.whatif.least_cost import least_cost
from advisor.whatif.model import LeastCost
from advisor.whatif.picks import picks, with_bounds
from tests.samples import ANSWERED, answer, market, sample
from tests.small_households import account, household, limits, lot, resolved, small_household, surveyed
from tests.textbook_problem import Piece, Textbook, pieces


class Cheapest(Textbook):
    """The textbook's household, which weighs nothing but tax and spread."""

    def objective(self, x: np.ndarray, tax: float | None = None) -> float:
        due = self.tax(x) if tax is None else tax
        return -float(self.spread @ x + due)

    def _pieces(self) -> list[tuple[Piece, Piece]]:
        return [(piece, piece) for piece in pieces(**self.law, carried=0.0)]

    def least_usd(self) -> float:
        """The least tax and spread, against the tax of doing nothing, in dollars."""
        return (-self.solve_linear() - self.tax(np.zeros(len(self.most)))) * self.total


def costs(found: LeastCost) -> list[tuple[float, float]]:
    return [(point.at, float(point.once_usd)) for point in found.points if point.once_usd is not None]


def no_worse_bounds(portfolio: Portfolio, level: float) -> Portfolio:
    """Hard bounds at the user's or at today's measure, whichever is looser, and the seven at `level`."""
    first = {result.label: result for result in limits_today(portfolio)}

    def loose(limit: Limit) -> Limit:
        side = 1 if limit.side is Side.MAX else -1
        today = Decimal(repr(first[limit.label].before))
        return replace(limit, bound=max(side * limit.bound, side * today) * side)

    kept = tuple(loose(limit) for limit in portfolio.limits if limit.label != SEVEN)
    cap = Limit("magnificent_seven", Side.MAX, Decimal(repr(level)))
    return replace(portfolio, limits=(*kept, cap))


def limits_today(portfolio: Portfolio):
    known = surveyed(portfolio)
    return limit_results(known.measurer, known.before, known.before, ())


@pytest.mark.parametrize("seed", range(24))
def test_each_point_is_what_scipy_finds_on_the_pieces_of_the_law(seed: int) -> None:
    portfolio = small_household(seed, risk_aversion="0")
    found = least_cost(portfolio, resolved(portfolio))
    if found is None:
        pytest.skip("no room to move")
    for point in found.points[:: max(1, len(found.points) // 5)]:
        assert point.is_proved
        expected = Cheapest(no_worse_bounds(portfolio, point.at), 0.0).least_usd()
        if point.once_usd is None:
            assert expected == np.inf
        else:
            assert float(point.once_usd) == pytest.approx(expected, abs=0.5 + 2e-6 * float(expected))


def two_lots() -> Portfolio:
    """Nvidia at 203.53: 100 shares without a gain, 100 more that cost half, and 100 in a Roth account, all alike."""
    return household(
        account("Taxable", "taxable", 0, {"NVDA": [lot(100, "203.53"), lot(100, "101.765")]}, buy=()),
        account("Roth", "roth", 0, {"NVDA": [lot(100)]}, buy=()),
    )


def test_the_cost_begins_where_what_is_sold_untaxed_is_used_up() -> None:
    """Two thirds go for the spread alone; of the last third half is gain, taxed at 15 %: by hand, to a cent."""
    found = least_cost(two_lots(), resolved(two_lots()))
    half_spread = resolved(two_lots()).securities["NVDA"].half_spread.value
    value = 3 * 20_353.0
    assert found.points[0].at == pytest.approx(1.0)
    for point in found.points:
        # the spread is gone from the value that the level is a part of
        sold = value * (1 - point.at) / (1 - point.at * half_spread)
        taxed = max(0.0, sold - 2 * 20_353.0)
        assert float(point.spread_usd) == pytest.approx(half_spread * sold, abs=0.011)
        assert float(point.tax_usd) == pytest.approx(0.15 * taxed / 2, abs=0.02)
    assert found.points[-1].at == pytest.approx(0.0, abs=2e-5)


def test_a_loss_pays_for_the_first_steps() -> None:
    """Sold for its loss at today's level already: the curve begins below zero and is flat there."""
    losing = household(account("Taxable", "taxable", 0, {"NVDA": [lot(10, "303.53"), lot(100, "100")]}, buy=()))
    found = least_cost(losing, resolved(losing))
    first = found.points[0]
    assert first.tax_usd == Decimal("-350.00")  # a loss of 1,000, deducted from income taxed at 35 %
    assert first.once_usd == found.points[1].once_usd


@pytest.mark.parametrize("name", ANSWERED)
def test_the_curve_falls_to_the_right_and_no_orders_lie_below_it(name: str) -> None:
    """Proposal and picks keep the other limits no worse than today, so they can only cost more at their level."""
    made = answer(name)
    found = least_cost(made.portfolio, made.market)
    if found is None:
        assert name == "young-saver"  # nothing is sold, so the level cannot be lowered
        return
    known = costs(found)
    assert [at for at, _ in known] == sorted((at for at, _ in known), reverse=True)
    assert all(later >= earlier - 0.01 for (_, earlier), (_, later) in pairwise(known))
    for plan in (made.plan, *plans_of_picks(name)):
        level, once = plan.after.exposure.seven.high, float(plan.tax.tax_usd + plan.spread_usd)
        assert once >= below(known, level)


def below(known: list[tuple[float, float]], level: float) -> float:
    """What the curve says at the nearest point that asks for no lower level, less a cent."""
    return max((cost for at, cost in known if at >= level), default=0.0) - 0.01


def plans_of_picks(name: str):
    made = answer(name)
    for pick in picks(made.portfolio, made.market, made.plan):
        if pick.share is not None and pick.bounds:
            yield rebalance(with_bounds(made.portfolio, pick.bounds), made.market)


def test_the_engineers_first_steps_cost_dollars() -> None:
    """$16 in parts of a share at 81 %, where the orders of the cheap pick cost $20 and end at 81.0 %."""
    portfolio, data = sample("tech-employee"), resolve(market(), sample("tech-employee"))
    known = dict(costs(least_cost(portfolio, data)))
    cheap, *_ = plans_of_picks("tech-employee")
    assert cheap.after.exposure.seven.high == pytest.approx(0.81, abs=5e-4)
    assert float(cheap.tax.tax_usd + cheap.spread_usd) == pytest.approx(known[0.81], abs=5)
    assert known[0.8] > 1_000
    assert 0.88 in known


def test_the_engineers_picks_lie_on_the_curve_or_a_tenth_above_it_at_most() -> None:
    """The cheap one on it; the others pay for a better mix as well, and for the cap on a single company."""
    portfolio, data = sample("tech-employee"), resolve(market(), sample("tech-employee"))
    known = sorted(costs(least_cost(portfolio, data)))
    for plan in plans_of_picks("tech-employee"):
        level, once = plan.after.exposure.seven.high, float(plan.tax.tax_usd + plan.spread_usd)
        least = float(np.interp(level, *zip(*known, strict=True)))
        assert least - 5 <= once <= 1.1 * least + 5


def test_the_curve_bends_where_a_first_taxed_dollar_is_sold() -> None:
    """Between two round steps: two thirds of the three lots go untaxed, which leaves a third, by hand."""
    known = costs(least_cost(two_lots(), resolved(two_lots())))
    assert any(at == pytest.approx(1 / 3, abs=2e-4) for at, _ in known)
    assert {0.36, 0.32} <= {at for at, _ in known}


def test_a_level_costs_the_tax_of_the_least_gain_that_reaches_it() -> None:
    """`ask least-gain` under the same limits finds the same gain, which is long-term at 28.1 % with the state's."""
    portfolio, data = sample("tech-employee"), resolve(market(), sample("tech-employee"))
    point = next(point for point in least_cost(portfolio, data).points if point.at == 0.75)
    asked = ask_least_gain(no_worse_bounds(portfolio, 0.75), data)
    assert float(point.tax_usd) == pytest.approx(float(asked.optimum_usd) * 0.281, rel=1e-3)


def test_soft_limits_ask_for_nothing() -> None:
    portfolio = two_lots()
    soft = Limit("cash", Side.MAX, Decimal("0"), mode=LimitMode.SOFT, charge_bps_per_pp=Decimal(50))
    charged = replace(portfolio, limits=(soft,))
    assert least_cost(charged, resolved(charged)) == least_cost(portfolio, resolved(portfolio))


def test_without_the_seven_or_without_room_there_is_no_curve() -> None:
    none = household(account("Roth", "roth", 10_000, {"IJR": [lot(10)]}))
    assert least_cost(none, resolved(none)) is None
    stuck = replace(two_lots(), limits=limits(turnover_max="0"))
    assert least_cost(stuck, resolved(stuck)) is None
