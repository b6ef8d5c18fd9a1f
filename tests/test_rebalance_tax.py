"""The year's tax: a table worked out by hand, and 20,000 random years against the independent check's own netting."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from advisor.portfolio.preferences import FilingStatus, TaxSituation
from advisor.rebalance.tax import year_tax
from advisor.rebalance.verify.taxes import schedule_d
from tests.small_households import account, household, tax

# Rates 35% short, 15% long. Columns: short, long, tax, loss carried forward.
NETTING = [
    ("0", "0", "0.00", "0.00"),
    ("1000", "2000", "650.00", "0.00"),  # 350 + 300
    ("1000", "-400", "210.00", "0.00"),  # 600 of short gain left, at 35%
    ("-400", "1000", "90.00", "0.00"),  # 600 of long gain left, at 15%
    ("1000", "-1000", "0.00", "0.00"),
    ("-1000", "1000", "0.00", "0.00"),
    ("-1000", "0", "-350.00", "0.00"),  # deducted from ordinary income at the ordinary rate
    ("0", "-1000", "-350.00", "0.00"),  # a long-term loss as well
    ("-3000", "0", "-1050.00", "0.00"),
    ("-3000.01", "0", "-1050.00", "0.01"),
    ("-2000", "-5000", "-1050.00", "4000.00"),
    ("1000", "-10000", "-1050.00", "6000.00"),
    ("-10000", "1000", "-1050.00", "6000.00"),
    ("5000", "0", "1750.00", "0.00"),
    ("0", "5000", "750.00", "0.00"),
    ("0.03", "0", "0.01", "0.00"),  # 1.05 cents
    ("0", "0.1", "0.02", "0.00"),  # half a cent goes up
    ("-0.1", "0", "-0.04", "0.00"),  # and away from zero below it
]


@pytest.mark.parametrize(("short", "long", "owed", "left"), NETTING)
def test_netting_by_hand(short: str, long: str, owed: str, left: str) -> None:
    found = year_tax(tax(), Decimal(short), Decimal(long))
    assert (found.tax_usd, found.carried_forward_usd) == (Decimal(owed), Decimal(left))


@pytest.mark.parametrize(("short", "long", "owed", "left"), NETTING)
def test_gains_so_far_count_like_gains_of_the_orders(short: str, long: str, owed: str, left: str) -> None:
    so_far = replace(tax(), year_to_date_short_usd=Decimal(short) - 70, year_to_date_long_usd=Decimal(long) + 50)
    found = year_tax(so_far, Decimal(70), Decimal(-50))
    assert (found.tax_usd, found.carried_forward_usd) == (Decimal(owed), Decimal(left))


def test_carryforwards_keep_their_term() -> None:
    """5,000 short carried meets 6,000 long gain: 1,000 long left, 150. 5,000 long carried meets 6,000 short: 350."""
    short = year_tax(tax(carryforward_short_usd=5000), Decimal(0), Decimal(6000))
    long = year_tax(tax(carryforward_long_usd=5000), Decimal(6000), Decimal(0))
    assert (short.tax_usd, long.tax_usd) == (Decimal("150.00"), Decimal("350.00"))
    unused = year_tax(tax(carryforward_short_usd=2000, carryforward_long_usd=5000), Decimal(500), Decimal(500))
    assert (unused.tax_usd, unused.carried_forward_usd) == (Decimal("-1050.00"), Decimal("3000.00"))


@pytest.mark.parametrize("status", FilingStatus)
def test_a_couple_filing_separately_deducts_half(status: FilingStatus) -> None:
    allowed = 1500 if status == "married_separate" else 3000
    found = year_tax(tax(filing_status=status), Decimal(-4000), Decimal(0))
    assert found.tax_usd == Decimal(allowed) * Decimal("-0.35")
    assert found.carried_forward_usd == 4000 - allowed


def test_the_states_rate_is_added_to_both() -> None:
    found = year_tax(tax(state_rate="0.05"), Decimal(1000), Decimal(1000))
    assert found.tax_usd == Decimal("600.00")


def random_year(rng: np.random.Generator) -> tuple[TaxSituation, Decimal, Decimal]:
    def dollars(scale: float, *, signed: bool = True) -> Decimal:
        amount = rng.normal(0, scale) if rng.random() < 0.8 else 0.0
        return Decimal(f"{amount if signed else abs(amount):.2f}")

    long_rate = Decimal(f"{rng.uniform(0, 0.25):.3f}")
    situation = TaxSituation(
        filing_status=FilingStatus(rng.choice([status.value for status in FilingStatus])),
        short_term_rate=long_rate + Decimal(f"{rng.uniform(0, 0.25):.3f}"),
        long_term_rate=long_rate,
        state_rate=Decimal(f"{rng.uniform(0, 0.13):.3f}"),
        year_to_date_short_usd=dollars(5000),
        year_to_date_long_usd=dollars(5000),
        carryforward_short_usd=dollars(3000, signed=False),
        carryforward_long_usd=dollars(3000, signed=False),
    )
    return situation, dollars(5000), dollars(8000)


def test_the_independent_check_nets_every_random_year_to_the_same_cent() -> None:
    rng = np.random.default_rng(11)
    empty = household(account("A", "roth", 1))
    signs = set()
    for _ in range(20_000):
        situation, short, long = random_year(rng)
        found = year_tax(situation, short, long)
        expected = schedule_d(replace(empty, tax=situation), short, long)
        assert (found.tax_usd, found.carried_forward_usd) == expected
        signs.add((found.tax_usd > 0, found.carried_forward_usd > 0))
    assert signs == {(True, False), (False, True), (False, False)}
