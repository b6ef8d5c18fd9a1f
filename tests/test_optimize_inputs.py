"""The border where Decimals become fractions of household value, and the limits as rows."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from advisor.optimize.limits import RiskLimit, TradeLimit, WeightLimit, compile_limits
from advisor.portfolio.limit_types import Side
from advisor.portfolio.model import DoNotSell, Limit, PastTrade
from advisor.portfolio.preferences import Preferences
from tests.small_households import AS_OF, account, household, limits, lot, resolved, surveyed, tax

# 20,353.00 NVDA + 58,696.00 IWM + 951.00 cash = 80,000.00 in Joint; 20,000.00 cash in the Roth: 100,000 in all.
PORTFOLIO = household(
    account(
        "Joint",
        "taxable",
        "951.00",
        {"NVDA": [lot(60, "101.765", days=100), lot(40, "50.8825")], "IWM": [lot(200, "366.85")]},
        min_cash_usd=Decimal(500),
    ),
    account("Roth", "roth", "20000.00", buy=("IJR",)),
    tax=tax(
        state_rate="0.05",
        year_to_date_short_usd=1000,
        carryforward_short_usd=3000,
        year_to_date_long_usd=-400,
        carryforward_long_usd=600,
        filing_status="married_separate",
    ),
    limits=limits(realized_gain_max="5000", turnover_max="0.2", small_caps_min="0.1", tracking_error_max="0.1"),
)


def close(values):
    return pytest.approx(values, abs=1e-14)


def test_everything_is_a_fraction_of_household_value() -> None:
    i = surveyed(PORTFOLIO).inputs
    assert i.value_usd == Decimal("100000.00")
    assert i.lots.value == close([0.122118, 0.081412, 0.58696])
    assert i.cash == close([0.00951, 0.2])
    assert i.min_cash == close([0.005, 0.0])
    held = dict(zip(i.symbols, i.weights, strict=True))
    assert (held["NVDA"], held["IWM"], held["SPY"]) == (close(0.20353), close(0.58696), 0.0)
    assert i.weights.sum() + i.cash.sum() == close(1.0)
    assert i.min_trade == close(0.001)


def test_a_lots_gain_is_for_each_dollar_sold_and_none_in_a_sheltered_account() -> None:
    """NVDA at 203.53: half and three quarters of the price are gain; IWM at 293.48 cost 1.25 times as much."""
    i = surveyed(PORTFOLIO).inputs
    assert i.lots.gain == close([0.5, 0.75, -0.25])
    assert i.lots.long_term.tolist() == [False, True, True]
    sheltered = replace(PORTFOLIO, accounts=(account("Roth", "roth", 0, {"NVDA": [lot(60, 10)]}),), limits=())
    assert surveyed(sheltered).inputs.lots.gain.tolist() == [0.0]


def test_rates_have_the_states_added_and_gains_the_carryforwards_taken_off() -> None:
    rates = surveyed(PORTFOLIO).inputs.rates
    assert (rates.short_term, rates.long_term) == (close(0.40), close(0.20))
    assert rates.loss_deduction == close(0.015)  # 1,500 for a couple filing separately
    assert (rates.short_so_far, rates.long_so_far) == (close(-0.02), close(-0.01))


def test_what_is_offered_in_each_account_can_be_bought_there() -> None:
    i = surveyed(PORTFOLIO).inputs
    offered = [(i.account_names[a], i.symbols[s]) for a, s in zip(i.buys.account, i.buys.security, strict=True)]
    assert offered == [("Joint", "IWM"), ("Joint", "VTWO"), ("Joint", "IJR"), ("Roth", "IJR")]


def test_what_was_sold_at_a_loss_is_not_offered_under_any_name() -> None:
    past = PastTrade(AS_OF, "Roth", "IWM", "sell", Decimal(1), Decimal(-5))
    i = surveyed(replace(PORTFOLIO, history=(past,))).inputs
    assert {i.symbols[s] for s in i.buys.security} == {"IJR"}


def test_what_the_user_calls_identical_to_a_loss_sale_is_not_offered() -> None:
    past = PastTrade(AS_OF, "Roth", "NVDA", "sell", Decimal(1), Decimal(-5))
    i = surveyed(replace(PORTFOLIO, history=(past,), identical=(("NVDA", "IJR"),))).inputs
    assert {i.symbols[s] for s in i.buys.security} == {"IWM", "VTWO"}


def test_identical_lots_and_purchases_share_a_number_but_no_expected_return() -> None:
    plain, found = surveyed(PORTFOLIO).inputs, surveyed(replace(PORTFOLIO, identical=(("NVDA", "IJR"),))).inputs
    nvidia, ijr = found.lots.identity[0], found.buys.identity[2]
    assert nvidia == ijr
    assert plain.lots.identity[0] != plain.buys.identity[2]
    assert len({*found.buys.identity, *found.lots.identity}) == 2
    assert found.net_return == close(plain.net_return)


def test_locked_and_held_back_lots_cannot_be_sold() -> None:
    past = PastTrade(AS_OF, "Roth", "VTWO", "buy", Decimal(1))
    locked = replace(PORTFOLIO, history=(past,), do_not_sell=(DoNotSell(symbol="NVDA", account="Joint"),))
    assert surveyed(locked).inputs.lots.sellable.tolist() == [0.0, 0.0, 0.0]
    i = surveyed(replace(locked, do_not_sell=(DoNotSell(account="Roth"),))).inputs
    assert i.lots.sellable == close([0.122118, 0.081412, 0.0])


def test_limits_keep_their_order_and_become_fractions() -> None:
    compiled = compile_limits(PORTFOLIO, resolved(PORTFOLIO), surveyed(PORTFOLIO).inputs)
    kinds = [type(limit) for limit in compiled]
    assert kinds == [TradeLimit, TradeLimit, WeightLimit, RiskLimit]
    assert compiled[0].bound == close(0.05)  # 5,000 of 100,000 dollars
    assert compiled[1].bound == close(0.2)
    symbols = surveyed(PORTFOLIO).inputs.symbols
    row = dict(zip(symbols, compiled[2].rows[0], strict=True))
    assert {symbol for symbol, weight in row.items() if weight} == {"IWM", "VTWO", "IJR"}
    assert symbols[compiled[3].benchmark] == "SPY"


def test_a_company_row_that_no_trade_can_bring_near_the_bound_is_left_out_without_effect() -> None:
    """Every company's largest weight over 2,000 random states stays below the bound where its row was left out."""
    limited = replace(PORTFOLIO, limits=limits(single_company_max="0.15"))
    i = surveyed(limited).inputs
    (compiled,) = compile_limits(limited, resolved(limited), i)
    (every,) = compile_limits(replace(limited, limits=limits(single_company_max="0.0001")), resolved(limited), i)
    assert 0 < len(compiled.rows) < len(every.rows)
    kept = {row.tobytes() for row in compiled.rows}
    left_out = np.array([row for row in every.rows if row.tobytes() not in kept])
    rng = np.random.default_rng(3)
    for _ in range(2000):
        w = i.weights * rng.random(len(i.weights))
        money = 1 - w.sum()
        parts = rng.dirichlet(np.ones(4))[:3] * money
        for symbol, part in zip(("IWM", "VTWO", "IJR"), parts, strict=True):
            w[i.symbols.index(symbol)] += part
        assert (left_out @ w).max() < 0.15


def test_an_unknown_limit_is_never_ignored() -> None:
    odd = replace(PORTFOLIO, limits=(Limit("no_such_limit", Side.MAX, Decimal("0.3")),))
    with pytest.raises(ValueError, match="no_such_limit"):
        compile_limits(odd, resolved(odd), surveyed(odd).inputs)


def test_the_users_doubt_horizon_and_risk_aversion_arrive_unchanged() -> None:
    stated = Preferences(
        horizon_years=Decimal(7), risk_aversion=Decimal("2.5"), return_uncertainty=Decimal("0.003"), reserve_tax=False
    )
    i = surveyed(replace(PORTFOLIO, preferences=stated)).inputs
    assert (i.horizon_years, i.risk_aversion, i.return_uncertainty, i.reserve_tax) == (7.0, 2.5, 0.003, False)
