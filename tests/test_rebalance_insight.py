"""What the plan says of itself: it adds up, and agrees with the trades it explains."""

from __future__ import annotations

from dataclasses import astuple, replace
from decimal import Decimal

import pytest

from advisor.portfolio.preferences import Preferences
from advisor.rebalance.model import NetBenefit, RebalancePlan
from advisor.rebalance.outcome import months_to_break_even, months_until_used_up
from advisor.rebalance.record import PortfolioFile, record
from advisor.rebalance.verify import verify
from advisor.report.sections.why import break_even_words
from tests.random_answers import answer
from tests.samples import answer as sample_answer
from tests.samples import sample
from tests.small_households import account, household, limits, lot, planned, resolved, tax

TRADING = ("tech-employee", "retiree-ira", "young-saver", "couple-mixed-lots")


@pytest.mark.parametrize("seed", range(60))
def test_the_parts_of_the_gain_add_up_to_it(seed: int) -> None:
    plan = answer(seed)
    if isinstance(plan, RebalancePlan):
        total, *parts = astuple(plan.net_benefit)
        assert sum(parts) == pytest.approx(total, abs=1e-12)


def test_costs_paid_once_are_earned_back_month_by_month() -> None:
    """300 of cost over three years, 50 a year of gain: six years."""
    gain = NetBenefit(total=0, expected_return=-0.01, risk=0.02, trading_cost=-0.001, tax=-0.009, doubt=-0.005)
    assert months_to_break_even(gain, 3.0) == pytest.approx(12 * 0.03 / 0.005)
    assert months_to_break_even(replace(gain, risk=0.01), 3.0) is None
    assert months_to_break_even(replace(gain, tax=0.002), 3.0) == 0
    assert months_until_used_up(gain, 3.0) is None
    assert months_until_used_up(replace(gain, tax=0.002), 3.0) is None


def test_a_saving_that_is_lost_year_by_year_is_used_up_and_never_breaks_even() -> None:
    """300 saved once, and 40 lost each year: seven and a half years; nothing that is zero, or comes back, is one."""
    losing = NetBenefit(total=0, expected_return=-0.01, risk=0.011, trading_cost=-0.001, tax=0.011, doubt=-0.005)
    assert months_until_used_up(losing, 3.0) == pytest.approx(12 * 0.03 / 0.004)
    assert months_to_break_even(losing, 3.0) is None
    nothing = replace(losing, tax=0.001)
    assert (months_to_break_even(nothing, 3.0), months_until_used_up(nothing, 3.0)) == (None, None)
    assert months_until_used_up(replace(losing, doubt=0.0), 3.0) is None


def test_a_loss_in_the_whole_market_saves_tax_that_is_used_up() -> None:
    """Sold at a loss into what earns less for its risk: the record says how long the saving lasts, and is checked."""
    portfolio = household(
        account("B", "taxable", 1000, {"VTI": [lot(400, 450, days=264)]}),
        tax=tax(long_term_rate="0.188", year_to_date_short_usd="50000"),
    )
    plan, data = planned(portfolio), resolved(portfolio)
    written = record(plan, portfolio, data, PortfolioFile("test.yaml", ""), {})
    gain = written["gain"]
    saved = 3 * (gain["tax"] + gain["trading_cost"] + gain["carryforward"] + gain["later_tax"])
    lost = -(gain["expected_return"] + gain["risk"] + gain["doubt"] + gain["default_bounds"])
    assert saved > 0
    assert lost > 0
    assert gain["months_to_break_even"] is None
    assert gain["months_until_used_up"] == pytest.approx(12 * saved / lost)
    assert f"used up after {12 * saved / lost / 12:.1f}" in break_even_words(plan).replace("\N{NO-BREAK SPACE}", " ")
    assert not [check for check in verify(written, portfolio, data) if not check.passed]
    for tampered in ({"months_until_used_up": None}, {"months_until_used_up": 12.0}, {"months_to_break_even": 0.0}):
        changed = {**written, "gain": {**gain, **tampered}}
        assert [check for check in verify(changed, portfolio, data) if not check.passed]


@pytest.mark.parametrize("name", TRADING)
def test_the_users_own_horizon_gives_the_trades_of_the_plan(name: str) -> None:
    """But for what whole shares and the choice of one fund change: a hundredth of the household."""
    plan = sample_answer(name).plan
    own = next(row for row in plan.explanation.horizons if row.years == plan.horizon_years)
    sold = sum(trade.amount_usd for trade in plan.trades if trade.side == "sell") / plan.before.value_usd
    assert own.sold == pytest.approx(float(sold), abs=0.01)
    assert own.magnificent_seven == pytest.approx(plan.after.exposure.seven.high, abs=0.01)
    assert own.gain >= plan.net_benefit.total - 1e-9


def test_another_horizon_is_what_planning_for_it_gives() -> None:
    portfolio = sample("tech-employee")
    for row in planned(portfolio).explanation.horizons:
        preferences = replace(portfolio.preferences, horizon_years=Decimal(str(row.years)))
        there = planned(replace(portfolio, preferences=preferences))
        assert row.small_caps == pytest.approx(there.after.small_cap_weight, abs=0.005)
        assert float(row.tax_usd) == pytest.approx(float(there.tax.tax_usd), abs=0.01 * float(there.before.value_usd))


def test_a_longer_horizon_never_gains_less_where_nothing_is_taxed() -> None:
    """The same trades cost less a year, so the best of them gain at least as much; tax put off is worth more, too."""
    portfolio = household(
        account("Roth", "roth", 0, {"NVDA": [lot(250)], "SPY": [lot(60)]}), limits=limits(magnificent_seven_max="0.3")
    )
    gains = [row.gain for row in planned(portfolio).explanation.horizons]
    assert gains == sorted(gains)
    assert gains[0] < gains[-1]


@pytest.mark.parametrize("seed", range(40))
def test_the_best_tax_branch_is_behind_none(seed: int) -> None:
    plan = answer(seed)
    if isinstance(plan, RebalancePlan):
        behind = [branch.behind for branch in plan.explanation.branches if branch.behind is not None]
        assert min(behind) == pytest.approx(0, abs=1e-9)


def test_prices_are_given_for_trades_only() -> None:
    plan = sample_answer("already-diversified").plan
    assert plan.trades == ()
    assert all(limit.shadow_price_bps_per_pp is None and limit.shadow_price_range is None for limit in plan.limits)


def test_the_price_of_the_seven_is_what_a_point_of_room_gains() -> None:
    """A limit of 30.1% in place of 30%, in parts of a share: a tenth of the price of a point.

    The price holds at the margin, so what the tenth gains is a little less.
    """
    exact, looser = (
        planned(
            household(
                account("Roth", "roth", 0, {"NVDA": [lot(250)], "SPY": [lot(60)]}),
                limits=limits(magnificent_seven_max=bound),
                preferences=Preferences(whole_shares=False, min_trade_usd=Decimal(0), company_share=Decimal(1)),
            )
        )
        for bound in ("0.3", "0.301")
    )
    price = exact.limits[0].shadow_price_bps_per_pp
    gained = 10 * (looser.net_benefit.total - exact.net_benefit.total) * 1e4
    assert price is not None
    assert gained == pytest.approx(price, rel=0.05)
    assert gained <= price * 1.01
