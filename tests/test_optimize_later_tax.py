"""What a gain realized now saves later, against wealth that is written out year by year."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from advisor.optimize.later_tax import LaterTax, carried_loss_value, deferral, later_tax
from advisor.portfolio.model import Portfolio
from advisor.portfolio.preferences import Preferences, UnsoldGains
from tests.small_households import account, household, lot, planned, tax

RISK_FREE = 0.0399


def wealth_if_kept(value: float, basis: float, rate: float, years: int) -> float:
    """The holding grows at the riskless rate, and is sold and taxed at the end."""
    grown = value
    for _ in range(years):
        grown += grown * RISK_FREE
    return grown - rate * (grown - basis)


def wealth_if_sold(value: float, basis: float, rate: float, years: int, *, paid: float) -> float:
    """It is sold, `paid` of the gain is paid today, and the rest is bought again, with a basis of its own."""
    kept = value - paid * (value - basis)
    return wealth_if_kept(kept, kept, rate, years)


@pytest.mark.parametrize("years", [1, 3, 10, 30])
@pytest.mark.parametrize("rate", [0.0, 0.15, 0.238, 0.35])
def test_an_investor_who_pays_the_saving_alone_is_as_well_off_as_one_who_keeps(rate: float, years: int) -> None:
    """So that is what the later tax is worth today: to a hundredth of a cent on $100,000, without the formula."""
    saved = rate * deferral(rate, RISK_FREE, years)
    kept = wealth_if_kept(100_000, 40_000, rate, years)
    assert wealth_if_sold(100_000, 40_000, rate, years, paid=saved) == pytest.approx(kept, abs=1e-4)


def test_the_saving_falls_with_time_and_is_all_of_the_tax_at_once() -> None:
    found = [deferral(0.2, RISK_FREE, years) for years in (0, 1, 5, 20)]
    assert found[0] == 1.0
    assert found == sorted(found, reverse=True)


def taxable(**fields) -> Portfolio:
    return household(account("Joint", "taxable", 500, {"NVDA": [lot(400, 30)], "VTI": [lot(300, 120)]}), **fields)


RATES = [("0", "0"), ("0.15", "0"), ("0.15", "0.05"), ("0.238", "0.093")]


@pytest.mark.parametrize("years", ["0.5", "3", "30"])
@pytest.mark.parametrize(("long", "state"), RATES)
@pytest.mark.parametrize("later", [None, "0", "0.1", "0.2", "0.238"])
def test_realizing_a_gain_is_never_a_credit(long: str, state: str, later: str | None, years: str) -> None:
    """Whatever later rate is stated: what is saved is no more than is paid now, or than a used-up loss is worth."""
    law = replace(tax(long_term_rate=long, state_rate=state), later_long_term_rate=later and Decimal(later))
    portfolio = taxable(tax=law, preferences=Preferences(horizon_years=Decimal(years)))
    found = later_tax(portfolio, RISK_FREE).saved(float(years))
    assert 0.0 <= found <= float(Decimal(long) + Decimal(state)) + 1e-15
    assert found <= carried_loss_value(portfolio, RISK_FREE) + 1e-15
    valueless = replace(portfolio, tax=replace(law, carryforward_value=Decimal(0)))
    assert later_tax(valueless, RISK_FREE).saved(float(years)) == 0.0


@pytest.mark.parametrize("seed", range(4))
def test_a_household_that_pays_no_tax_on_gains_realizes_none_for_it(seed: int) -> None:
    """At a rate of 0% nothing is owed, now or later: without a limit, a view or a large company nothing is done."""
    shares = (100, 400, 900, 1500)[seed]
    portfolio = household(
        account("Joint", "taxable", 500, {"VTI": [lot(shares, 120)], "BND": [lot(shares, 60)]}),
        tax=tax(long_term_rate="0"),
    )
    assert not planned(portfolio).trades


def test_what_is_held_until_death_or_given_away_saves_nothing() -> None:
    base = LaterTax(0.2, RISK_FREE, UnsoldGains(), None, most=1.0)
    sold = base.saved(5.0)
    assert sold == pytest.approx(0.2 * deferral(0.2, RISK_FREE, 5.0))
    given = replace(base, unsold=UnsoldGains(sold=Decimal(0), donated=Decimal(1)))
    assert given.saved(5.0) == 0.0
    held = replace(base, unsold=UnsoldGains(sold=Decimal(0), held_until_death=Decimal(1)), held_years=25.0)
    assert held.saved(5.0) == 0.0
    assert held.cost_years(5.0) == 25.0
    half = replace(base, unsold=UnsoldGains(sold=Decimal("0.5"), held_until_death=Decimal("0.5")), held_years=20.0)
    assert half.cost_years(5.0) == pytest.approx(1 / (0.5 / 5 + 0.5 / 20))


def test_holding_until_death_sells_no_more_of_a_gain() -> None:
    """The same household, whose unsold gains are forgiven in 25 years: to sell costs all of the tax."""
    fate = UnsoldGains(sold=Decimal(0), held_until_death=Decimal(1))
    sold = {}
    for name, preferences in (
        ("sold", Preferences(horizon_years=Decimal(5))),
        ("held", Preferences(horizon_years=Decimal(5), unsold_gains=fate, held_years=Decimal(5))),
    ):
        plan = planned(taxable(preferences=preferences))
        sold[name] = sum(float(trade.amount_usd) for trade in plan.trades if trade.side == "sell")
    assert sold["held"] <= sold["sold"]
