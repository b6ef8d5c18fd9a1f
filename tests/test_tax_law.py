"""The federal tax on a year with gains: published and hand-worked figures, and what must hold of any year."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from advisor.portfolio.preferences import FilingStatus
from advisor.tax.law import FederalTax, Gains, YearIncome, federal_tax, ordinary_tax
from advisor.tax.tables import tables_of

SINGLE, JOINT = FilingStatus.SINGLE, FilingStatus.MARRIED_JOINT
SEPARATE, HEAD = FilingStatus.MARRIED_SEPARATE, FilingStatus.HEAD_OF_HOUSEHOLD


def income(
    status: FilingStatus,
    *,
    wages: float = 0,
    taxable: float | None = None,
    qualified: float = 0,
    investment: float = 0,
    year: int = 2026,
) -> YearIncome:
    """A year with the standard deduction; `taxable` stands for wages less it."""
    tables = tables_of(year, status)
    ordinary = Decimal(str(wages)) - tables.standard_deduction if taxable is None else Decimal(str(taxable))
    dividends = Decimal(str(qualified))
    return YearIncome(
        tables=tables,
        ordinary=ordinary,
        qualified=dividends,
        adjusted_gross=ordinary + tables.standard_deduction + dividends,
        investment=Decimal(str(investment)) + dividends,
        added_back=tables.standard_deduction,
    )


def gains(short: float = 0, long: float = 0, collectibles: float = 0, carried_long: float = 0) -> Gains:
    return Gains(*(Decimal(str(amount)) for amount in (short, long, collectibles, carried_long)))


def tax(year: YearIncome, **amounts: float) -> FederalTax:
    return federal_tax(year, gains(**amounts))


def added(year: YearIncome, **amounts: float) -> Decimal:
    """What the gains add to the tax of the year."""
    return tax(year, **amounts).total - tax(year).total


def added_regular(year: YearIncome, **amounts: float) -> Decimal:
    """The same without the minimum tax and the tax on investment income."""
    return tax(year, **amounts).regular - tax(year).regular


@pytest.mark.parametrize(
    ("status", "wages", "owed"), [(JOINT, 40_000, 53_555), (SINGLE, 150_000, 73_300), (JOINT, 400_000, 82_905)]
)
def test_a_long_gain_of_400_000_costs_three_households_what_was_worked_out_by_hand(
    status: FilingStatus, wages: int, owed: int
) -> None:
    """The first: 98,900 less 7,800 at 0%, 400,000 less 91,100 at 15%, and 3.8% of 190,000."""
    assert added(income(status, wages=wages), long=400_000) == owed


def test_a_gain_is_stacked_on_ordinary_income() -> None:
    """Joint, 70,000 of taxable income: 28,900 of the gain at 0%, 11,100 at 15%."""
    assert added(income(JOINT, taxable=70_000), long=40_000) == Decimal("0.15") * 11_100


def test_wages_of_46_100_and_a_gain_of_108_361() -> None:
    """Single: taxable 30,000, so 19,450 at 0% and 88,911 at 15%."""
    assert added(income(SINGLE, wages=46_100), long=108_361) == Decimal("13336.65")


def test_a_single_filer_without_other_income_and_a_gain_of_108_361() -> None:
    """16,100 of the gain is deducted, 49,450 taxed at 0%, and 42,811 at 15%."""
    assert added(income(SINGLE), long=108_361) == Decimal("6421.65")


@pytest.mark.parametrize(
    ("status", "taxable", "owed"),
    [
        (SINGLE, 12_400, 1_240),
        (SINGLE, 50_400, 5_800),
        (SINGLE, 105_700, 17_966),
        (SINGLE, 640_600, Decimal("192979.25")),
        (JOINT, 100_800, 11_600),
        (HEAD, 67_450, 7_740),
        (SEPARATE, 384_350, Decimal("103291.75")),
        (JOINT, -5_000, 0),
    ],
)
def test_the_brackets(status: FilingStatus, taxable: int, owed: Decimal) -> None:
    """Amounts at the edges, as the rate schedules of Revenue Procedure 2025-32 state them."""
    assert ordinary_tax(Decimal(taxable), tables_of(2026, status)) == owed


def test_the_minimum_tax_takes_back_the_exemption_from_large_gains() -> None:
    """From some size on the whole exemption is gone: what it sheltered is taxed at 26%, less what is owed on it."""
    assert tax(income(SINGLE, wages=150_000), long=600_000).minimum == 14_266
    assert tax(income(SINGLE, wages=150_000), long=5_000_000).minimum == 14_266
    assert tax(income(JOINT, wages=400_000), long=900_000).minimum == 33_642
    assert tax(income(SINGLE, wages=150_000), long=200_000).minimum == 0


def test_the_tax_on_investment_income_is_on_the_lesser_of_it_and_of_what_exceeds_the_threshold() -> None:
    year = income(SINGLE, wages=190_000, investment=5_000)
    assert tax(year).investment == 0
    assert tax(year, long=15_000).investment == Decimal("0.038") * 5_000  # 205,000 is 5,000 above
    rich = income(SINGLE, wages=500_000, investment=5_000)
    assert tax(rich, long=15_000).investment == Decimal("0.038") * 20_000
    assert tax(rich, long=-50_000).investment == Decimal("0.038") * 2_000  # a loss of 3,000 counts


def test_short_gains_are_ordinary_income_and_losses_save_the_rate_of_the_bracket() -> None:
    year = income(SINGLE, wages=150_000)  # 133,900: the bracket of 24%
    assert added(year, short=10_000) == 2_400
    assert added(year, short=-10_000) == -720
    lost = tax(year, short=-10_000)
    assert (lost.counted, lost.carried_short, lost.carried_long) == (-3_000, 7_000, 0)
    assert added(income(SEPARATE, wages=150_000), short=-10_000) == -360


def test_losses_and_gains_of_other_terms_are_netted() -> None:
    year = income(SINGLE, wages=150_000)
    assert added(year, short=-4_000, long=10_000) == 900  # 6,000 long
    assert added(year, short=10_000, long=-4_000) == 1_440  # 6,000 short
    both = tax(year, short=-2_000, long=-9_000)  # the short loss meets income first
    assert (both.carried_short, both.carried_long) == (0, 8_000)
    mixed = tax(year, short=5_000, long=-12_000)
    assert (mixed.carried_short, mixed.carried_long) == (0, 4_000)


def test_a_deduction_that_meets_no_income_is_not_used_up() -> None:
    """Capital Loss Carryover Worksheet: nothing to deduct from, all of it is carried."""
    assert tax(income(SINGLE), short=-5_000).carried_short == 5_000
    assert tax(income(SINGLE, taxable=1_000), short=-5_000).carried_short == 4_000
    assert tax(income(SINGLE, taxable=9_000), short=-5_000).carried_short == 2_000


def test_collectibles_are_taxed_at_the_bracket_and_at_28_percent_at_most() -> None:
    """26 USC 1(h)(1)(A) and (F): by the brackets up to the end of 24%, and at 28% beyond."""
    low = income(SINGLE, wages=80_000)  # 63,900: 41,800 to the top of 22%
    assert added_regular(low, long=20_000, collectibles=20_000) == 4_400
    high = income(SINGLE, taxable=300_000)
    assert added_regular(high, long=20_000, collectibles=20_000) == 5_600
    across = income(SINGLE, taxable=191_775)  # 10,000 to the top of 24%
    assert added_regular(across, long=20_000, collectibles=20_000) == 2_400 + 2_800


def test_what_is_taxed_at_28_percent_leaves_the_room_at_15_percent_to_other_gains() -> None:
    """26 USC 1(h)(1)(C): 15% up to the edge less what (A) and (B) take; what (F) takes stands on top.

    Single, 201,775 of ordinary income, 100,000 of collectibles and 400,000 of stock: 343,725 at 15%.
    """
    year = income(SINGLE, taxable=201_775)
    owed = Decimal("0.15") * 343_725 + Decimal("0.20") * 56_275 + Decimal("0.28") * 100_000
    assert added_regular(year, long=500_000, collectibles=100_000) == owed


def test_short_losses_and_long_losses_of_earlier_years_are_taken_off_collectibles_first() -> None:
    """26 USC 1(h)(4)(B)."""
    year = income(SINGLE, taxable=300_000)
    assert added_regular(year, short=-5_000, long=20_000, collectibles=20_000) == Decimal("0.28") * 15_000
    assert added_regular(year, short=-5_000, long=40_000, collectibles=20_000) == (
        Decimal("0.28") * 15_000 + Decimal("0.15") * 20_000
    )
    assert added_regular(year, long=30_000, collectibles=20_000, carried_long=10_000) == (
        Decimal("0.28") * 10_000 + Decimal("0.15") * 20_000
    )


def test_deductions_that_found_no_income_shelter_gains() -> None:
    """Joint, no income: 32,200 of deductions, then 98,900 at 0%."""
    assert added(income(JOINT), long=131_100) == 0
    assert added(income(JOINT), long=141_100) == 1_500
    assert added(income(JOINT), short=42_200) == 1_000


def draws(count: int) -> list[tuple[YearIncome, dict[str, float]]]:
    rng = np.random.default_rng(26)
    found = []
    for _ in range(count):
        year = income(
            list(FilingStatus)[int(rng.integers(4))],
            taxable=round(float(rng.choice([rng.uniform(-30e3, 60e3), rng.uniform(0, 900e3)])), 2),
            qualified=round(float(rng.choice([0, 4000, rng.uniform(0, 90e3)])), 2),
            investment=round(float(rng.uniform(0, 20e3)), 2),
        )
        short, long = float(rng.uniform(-2e5, 2e5)), float(rng.uniform(-3e5, 8e5))
        found.append((year, {"short": round(short, 2), "long": round(long, 2)}))
    return found


def test_the_tax_rises_with_every_gain_and_losses_lose_nothing() -> None:
    for year, amounts in draws(1500):
        owed = tax(year, **amounts).total
        assert tax(year, short=amounts["short"] + 100, long=amounts["long"]).total >= owed
        assert tax(year, short=amounts["short"], long=amounts["long"] + 100).total >= owed
        found = tax(year, **amounts)
        lost = max(0.0, -(amounts["short"] + amounts["long"]))
        kept = float(found.carried_short + found.carried_long)
        assert lost - 3000 - 1e-6 <= kept <= lost + 1e-6


def test_the_tax_on_gains_is_never_more_than_by_the_brackets() -> None:
    for year, amounts in draws(500):
        found = tax(year, **amounts)
        counted = year.ordinary + year.qualified + found.counted
        assert found.regular <= ordinary_tax(counted, year.tables)


def test_tables_after_the_last_published_ones_are_marked() -> None:
    """Projected figures of 2027 as the study has them: 2.7% more, rounded down to 50."""
    single, joint = tables_of(2027, SINGLE), tables_of(2027, JOINT)
    assert single.is_projected
    assert not tables_of(2026, SINGLE).is_projected
    assert single.tops == (12_700, 51_750, 108_550, 207_200, 263_100, 657_850)
    assert (joint.zero_top, joint.fifteen_top, joint.standard_deduction) == (101_550, 630_250, 33_050)
    assert single.investment_threshold == 200_000
    with pytest.raises(ValueError, match="2025"):
        tables_of(2025, SINGLE)
