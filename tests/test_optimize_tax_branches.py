"""The three branches of the year's tax against Schedule D by if and else."""

from __future__ import annotations

import numpy as np
import pytest

from advisor.optimize.inputs import AllocationInputs, TaxRates
from advisor.optimize.tax_branches import (
    LONG_LOSS,
    NET_GAIN,
    NET_LOSS,
    GainRange,
    TaxBranch,
    branch_at,
    gain_range,
    reachable_branches,
    tax_lines,
)
from tests.households import random_household
from tests.small_households import account, household, lot, planned, surveyed, tax
from tests.textbook_problem import schedule_d

BRANCHES = (NET_LOSS, NET_GAIN, LONG_LOSS)
YEARS = 100_000


def random_rates(rng: np.random.Generator) -> TaxRates:
    """A long rate, a short rate at least as high, and a worth of carried losses no higher than the short rate."""
    long = float(rng.uniform(0, 0.3))
    short = long + float(rng.uniform(0, 0.3)) * float(rng.random() < 0.9)
    carried = float(rng.uniform(0, short)) * float(rng.random() < 0.5)
    return TaxRates(short, long, float(rng.uniform(0, 0.02)), 0.0, 0.0, carried)


def law(rates: TaxRates, short: float, long: float) -> float:
    return schedule_d(
        short,
        long,
        high=rates.short_term,
        low=rates.long_term,
        allowed=rates.loss_deduction,
        carried=rates.carryforward_value,
    )


def on(branch: TaxBranch, rates: TaxRates, short: float, long: float) -> float:
    """The tax of the branch: the highest of its lines."""
    return max(tax_lines(rates)[k].at(short, long) for k in branch.lines)


def holds(branch: TaxBranch, short: float, long: float) -> bool:
    return branch.net_side * (short + long) >= 0 and branch.long_side * long >= 0


def years(seed: int):
    """Random years, one in four of them on a border: no net gain, no long gain, no short gain, a loss all deducted."""
    rng = np.random.default_rng(seed)
    for _ in range(YEARS):
        rates = random_rates(rng)
        short, long = rng.normal(0, 0.02, 2).tolist()
        border = int(rng.integers(16))
        if border == 0:
            long = -short
        elif border == 1:
            long = 0.0
        elif border == 2:
            short = 0.0
        elif border == 3:
            long = -rates.loss_deduction - short
        yield rates, short, long


def test_each_branch_is_the_law_on_its_own_region_and_the_branches_agree_where_they_meet() -> None:
    seen = dict.fromkeys((branch.name for branch in BRANCHES), 0)
    shared = 0
    for rates, short, long in years(7):
        inside = [branch for branch in BRANCHES if holds(branch, short, long)]
        assert inside
        for branch in inside:
            assert on(branch, rates, short, long) == pytest.approx(law(rates, short, long), abs=1e-12)
            seen[branch.name] += 1
        shared += len(inside) > 1
    assert min(seen.values()) > 10_000
    assert shared > 5_000


def test_the_best_branch_that_a_year_may_choose_is_schedule_d() -> None:
    """A year belongs to every branch whose sides it keeps; the least of their taxes is the law, not less."""
    for rates, short, long in years(8):
        least = min(on(branch, rates, short, long) for branch in BRANCHES if holds(branch, short, long))
        assert least == pytest.approx(law(rates, short, long), abs=1e-12)


def test_the_branch_of_a_year_is_one_whose_sides_it_keeps() -> None:
    for rates, short, long in years(9):
        branch = branch_at(short, long)
        assert holds(branch, short, long)
        assert on(branch, rates, short, long) == pytest.approx(law(rates, short, long), abs=1e-12)


@pytest.mark.parametrize(
    ("short", "long", "owed"),
    [  # 35% and 15%, 3,000 deductible, 10 cents for a dollar carried forward; in thousands
        (10, 20, 0.35 * 10 + 0.15 * 20),
        (-10, 20, 0.15 * 10),
        (20, -10, 0.35 * 10),
        (1, -3, -0.35 * 2),
        (-5, 1, -0.35 * 3 - 0.10),
        (0, 0, 0.0),
    ],
)
def test_years_reckoned_by_hand(short: float, long: float, owed: float) -> None:
    rates = TaxRates(0.35, 0.15, 3.0, 0.0, 0.0, 0.10)
    assert on(branch_at(short, long), rates, short, long) == pytest.approx(owed, abs=1e-12)


def random_sales(inputs: AllocationInputs, rng: np.random.Generator) -> tuple[float, float]:
    """The year's gains after selling a random part of random lots."""
    lots = inputs.lots
    part = np.where(rng.random(lots.value.size) < rng.random(), rng.random(lots.value.size) ** 0.3, 0.0)
    gain = np.where(lots.taxable, lots.gain * lots.sellable * part, 0.0)
    short = inputs.rates.short_so_far + gain[~lots.long_term].sum()
    return float(short), float(inputs.rates.long_so_far + gain[lots.long_term].sum())


@pytest.mark.parametrize("first", [0, 100])
def test_no_year_within_reach_of_random_sales_lies_outside_the_reachable_branches(first: int) -> None:
    """Two hundred households, 300 random sales each; some have fewer than three branches, which is what is saved."""
    fewer = 0
    rng = np.random.default_rng(first)
    for seed in range(first, first + 100):
        inputs = surveyed(random_household(seed)).inputs
        reach = gain_range(inputs)
        branches = reachable_branches(reach)
        fewer += len(branches) < 3
        for _ in range(300):
            short, long = random_sales(inputs, rng)
            assert reach.short[0] - 1e-12 <= short <= reach.short[1] + 1e-12
            assert reach.long[0] - 1e-12 <= long <= reach.long[1] + 1e-12
            assert any(holds(branch, short, long) for branch in branches), (seed, short, long)
    assert 0 < fewer < 100


def test_no_corner_of_a_random_range_lies_outside_the_reachable_branches() -> None:
    """Ranges with ends at zero among them, where a branch is left to its neighbour."""
    rng = np.random.default_rng(11)
    for _ in range(20_000):
        ends = [sorted(rng.choice([-2.0, -1.0, 0.0, 1.0, 2.0], size=2).tolist()) for _ in range(2)]
        reach = GainRange((ends[0][0], ends[0][1]), (ends[1][0], ends[1][1]))
        branches = reachable_branches(reach)
        for short in (reach.short[0], sum(reach.short) / 2, reach.short[1]):
            for long in (reach.long[0], sum(reach.long) / 2, reach.long[1]):
                assert any(holds(branch, short, long) for branch in branches), (reach, short, long)


def names(portfolio) -> set[str]:
    return {branch.name for branch in reachable_branches(gain_range(surveyed(portfolio).inputs))}


def test_a_household_has_the_branches_that_its_lots_open() -> None:
    """NVDA closes at 203.53: bought at 100 a gain, at 300 a loss, here long-term."""
    gain, loss = {"NVDA": [lot(10, 100)]}, {"NVDA": [lot(10, 300)]}
    assert names(household(account("Roth", "roth", 1000, gain))) == {"net_gain"}
    assert names(household(account("Joint", "taxable", 1000, gain))) == {"net_gain"}
    assert names(household(account("Joint", "taxable", 1000, loss))) == {"net_gain", "net_loss"}
    earned = tax(year_to_date_short_usd=500)
    both = household(account("Joint", "taxable", 1000, loss), tax=earned)
    assert names(both) == {"net_gain", "long_loss", "net_loss"}
    lost = tax(carryforward_long_usd=1_000_000)
    assert names(household(account("Joint", "taxable", 1000, gain), tax=lost)) == {"net_loss"}


def test_a_year_of_equal_short_gain_and_long_loss_that_no_sale_can_change_has_a_branch() -> None:
    portfolio = household(
        account("Roth", "roth", 10_000, {"NVDA": [lot(10)]}),
        tax=tax(year_to_date_short_usd=2000, year_to_date_long_usd=-2000),
    )
    assert names(portfolio) == {"net_loss"}
    assert planned(portfolio).tax.year_tax_after_usd == 0


def test_a_range_holds_what_was_gained_before() -> None:
    portfolio = household(
        account("Joint", "taxable", "7964.70", {"NVDA": [lot(10, 100), lot("50", "213.53", days=100)]}),
        tax=tax(year_to_date_long_usd=1000, carryforward_short_usd=2000),
    )  # 60 x 203.53 + 7,964.70 = 20,176.50
    reach = gain_range(surveyed(portfolio).inputs)
    assert reach.long == pytest.approx((1000 / 20_176.5, (1000 + 1035.3) / 20_176.5), abs=1e-12)
    assert reach.short == pytest.approx((-2500 / 20_176.5, -2000 / 20_176.5), abs=1e-12)
    assert reach.net == pytest.approx((-1500 / 20_176.5, 35.3 / 20_176.5), abs=1e-12)
