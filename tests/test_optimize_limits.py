"""The limits of issue 3 as rows, scenarios and effective bounds, against loops over the snapshot's own tables."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from advisor.errors import InputError, Location
from advisor.optimize.limits import MonthLimit, RiskLimit, TradeLimit, WeightLimit, compile_limits
from advisor.portfolio.limit_types import Side
from advisor.portfolio.model import Limit, LimitMode, Portfolio
from tests.samples import market
from tests.small_households import account, household, limits, lot, resolved, surveyed

# 40,706 NVDA + 37,458.50 SPY + 21,835.50 cash = 100,000 dollars.
HELD = household(account("Roth", "roth", "21835.50", {"NVDA": [lot(200)], "SPY": [lot(50)]}))
WEIGHTS = {"NVDA": 0.40706, "SPY": 0.374585}
SECTOR = "Information Technology"


def compiled(portfolio: Portfolio):
    return compile_limits(portfolio, resolved(portfolio), surveyed(portfolio).inputs)


def only(mode: LimitMode = LimitMode.HARD, **bound: object):
    """The one limit of the household, compiled in that mode."""
    (limit,) = limits(**bound)
    (found,) = compiled(replace(HELD, limits=(replace(limit, mode=mode),)))
    return found


def not_worse(**bound: object):
    return only(LimitMode.NOT_WORSE_THAN_TODAY, **bound)


def close(value: float):
    return pytest.approx(value, abs=1e-12)


def at(limit: WeightLimit, weights: dict[str, float]) -> float:
    """The limited share of a household with those weights, from the compiled row."""
    symbols = surveyed(HELD).inputs.symbols
    return float(limit.rows[0] @ np.array([weights.get(symbol, 0.0) for symbol in symbols]))


def test_a_sector_counts_its_upper_end_for_a_maximum_and_its_lower_for_a_minimum() -> None:
    """NVDA is all of it; IVV's list gives SPY 38.48%, and leaves 0.14% of its whole without a sector."""
    listed = market().constituents["IVV"].sectors
    assert listed is not None
    low = WEIGHTS["NVDA"] + WEIGHTS["SPY"] * listed[SECTOR]
    missing = WEIGHTS["SPY"] * (1 - sum(listed.values()))
    assert missing > 1e-4
    assert at(only(**{f"sectors__{SECTOR}_max": "0.6"}), WEIGHTS) == close(low + missing)
    assert at(only(**{f"sectors__{SECTOR}_min": "0.6"}), WEIGHTS) == close(low)


def test_a_stress_limit_is_on_the_loss_of_its_episode() -> None:
    (episode,) = (episode for episode in market().episodes if episode.name == "covid_2020")
    loss = -sum(weight * episode.returns[symbol] for symbol, weight in WEIGHTS.items())
    assert loss > 0.1
    found = only(stress__covid_2020_max="0.25")
    assert (at(found, WEIGHTS), found.bound, found.cash) == (close(loss), 0.25, 0.0)


def test_an_expense_limit_is_on_the_fees_of_the_funds() -> None:
    fee = market().securities["SPY"].expense_ratio
    assert fee is not None
    assert at(only(expense_ratio_max="0.001"), WEIGHTS) == close(WEIGHTS["SPY"] * fee.value)


def test_a_scenario_limit_has_the_months_of_every_security() -> None:
    found = only(cvar_95_max="0.1")
    assert isinstance(found, MonthLimit)
    symbols, table = surveyed(HELD).inputs.symbols, market().past_months
    assert found.returns.shape == (len(table.months), len(symbols))
    for column, symbol in enumerate(symbols):
        assert np.array_equal(found.returns[:, column], table.returns[:, table.symbols.index(symbol)])


@pytest.mark.parametrize("mode", [LimitMode.HARD, LimitMode.SOFT])
def test_a_hard_and_a_soft_limit_have_the_users_bound_though_it_is_broken_today(mode: LimitMode) -> None:
    assert only(mode, magnificent_seven_max="0.1").bound == 0.1
    assert only(mode, volatility_max="0.01").bound == 0.01
    assert only(mode, cvar_95_max="0.01").bound == 0.01
    assert only(mode, cash_min="0.9").bound == 0.9


TODAY = {
    "funds__NVDA_max": 0.40706,
    "funds__SPY_min": 0.374585,
    "cash_min": 0.218355,
    "single_company_max": 0.40706 + 0.374585 * market().constituents["SPY"].companies["Nvidia"][1],
}


@pytest.mark.parametrize("label", TODAY)
def test_a_limit_that_is_to_be_no_worse_is_loosened_to_today_where_it_is_broken(label: str) -> None:
    is_min = label.endswith("_min")
    broken, kept = ("0.9", "0.05") if is_min else ("0.05", "0.9")
    assert not_worse(**{label: broken}).bound == close(TODAY[label])
    assert not_worse(**{label: kept}).bound == float(kept)


def test_risks_and_scenario_losses_of_today_loosen_too() -> None:
    found = surveyed(HELD)
    assert not_worse(volatility_max="0.01").bound == close(found.before.volatility)
    assert not_worse(tracking_error_max="0.01").bound == close(found.before.tracking_error)
    assert not_worse(cvar_95_max="0.01").bound == close(found.before.cvar_95)
    assert not_worse(max_drawdown_max="0.01").bound == close(found.before.max_drawdown)
    assert isinstance(not_worse(volatility_max="0.01"), RiskLimit)


def test_trades_start_from_nothing_so_no_worse_than_today_is_the_users_bound() -> None:
    found = not_worse(realized_gain_max="5000")
    assert isinstance(found, TradeLimit)
    assert found.bound == close(0.05)


def test_a_loosened_company_limit_leaves_no_row_out_that_can_reach_it() -> None:
    assert len(not_worse(single_company_max="0.05").rows) == len(only(single_company_max="0.4323").rows)


def test_an_episode_that_the_market_data_do_not_have_is_a_fault_at_its_line() -> None:
    wrong = Limit("stress.covid_2021", Side.MAX, Decimal("0.2"), where=Location(12, 30, 3))
    with pytest.raises(InputError) as caught:
        compiled(replace(HELD, limits=(wrong,)))
    (issue,) = caught.value.issues
    assert issue.where == Location(12, 30, 3)
    assert "no stress episode 'covid_2021'" in issue.message
    assert "covid_2020" in (issue.hint or "")
