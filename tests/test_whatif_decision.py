"""Decisions against the proposal of the same household."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from advisor.portfolio.model import Portfolio
from advisor.portfolio.preferences import Preferences
from advisor.rebalance.candidates import problem_of
from advisor.rebalance.plan import rebalance, survey
from advisor.whatif.decision import Decision, decision_of
from tests.small_households import account, household, limits, lot, resolved


def typical(**fields) -> Portfolio:
    given = {"limits": limits(magnificent_seven_max="0.5", small_caps_max="0.3", small_caps_min="0.1")}
    return household(
        account("T", "taxable", 5000, {"NVDA": [lot(200, 150), lot(50, 30)]}),
        account("R", "roth", 1000, {"QQQ": [lot(50)]}),
        **{**given, **fields},
    )


def decided(portfolio: Portfolio) -> Decision:
    found = survey(portfolio, resolved(portfolio))
    decision = decision_of(found, problem_of(found))
    assert decision is not None
    return decision


def test_a_decision_is_the_proposal_before_rounding_to_shares() -> None:
    """A share of the dearest fund is less than 0.3% of this household."""
    portfolio = typical()
    plan, decision = rebalance(portfolio, resolved(portfolio)), decided(portfolio)
    assert decision.bought == tuple(sorted({trade.symbol for trade in plan.trades if trade.side == "buy"}))
    assert decision.small_caps == pytest.approx(plan.after.small_cap_weight, abs=0.003)


def test_what_is_below_the_least_trade_is_not_bought() -> None:
    tight = limits(magnificent_seven_max="0.9", small_caps_max="0.002", small_caps_min="0.0005")
    small = typical(limits=tight, preferences=Preferences(min_trade_usd=Decimal(0)))
    assert decided(small).bought
    large = replace(small, preferences=Preferences(min_trade_usd=Decimal(5000)))
    assert decided(large).bought == ()


def test_where_all_limits_hold_and_little_is_gained_nothing_is_done() -> None:
    portfolio = typical(limits=(), preferences=Preferences(min_gain=Decimal("0.5"), min_gain_usd=Decimal(10**9)))
    assert rebalance(portfolio, resolved(portfolio)).status == "do_nothing"
    idle = decided(portfolio)
    assert idle == Decision({"IJR": 0.0, "IWM": 0.0, "VTWO": 0.0}, (), gain=idle.gain)
    assert 0.0 < idle.gain < 0.5


def test_limits_that_leave_nothing_leave_no_decision() -> None:
    portfolio = typical(limits=limits(small_caps_min="0.5", turnover_max="0.01"))
    found = survey(portfolio, resolved(portfolio))
    assert decision_of(found, problem_of(found)) is None
