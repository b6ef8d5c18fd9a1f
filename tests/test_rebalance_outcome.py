"""Limits before and after, tax and gain of given orders, each worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from advisor.errors import MarketDataError
from advisor.market.data import NO_PAST_MONTHS
from advisor.portfolio.limit_types import Side
from advisor.portfolio.model import Limit, LimitMode, Portfolio
from advisor.rebalance.model import LotSale, Trade
from advisor.rebalance.outcome import (
    breach,
    effective_bound,
    limit_results,
    net_benefit,
    realized_gains,
    soft_charge,
    tax_result,
)
from advisor.rebalance.trades import cash_after, shares_after
from tests.samples import market
from tests.small_households import AS_OF, account, household, limits, lot, surveyed, tax
from tests.test_risk_covariance import entry

# 40,706 NVDA + 37,458.50 SPY + 21,835.50 cash = 100,000.00 dollars.
PORTFOLIO = household(
    account("Joint", "taxable", "21835.50", {"NVDA": [lot(150, 100), lot(50, 250, days=100)], "SPY": [lot(50, 400)]}),
)
SELL = Trade(
    "Joint",
    "NVDA",
    "sell",
    Decimal(100),
    Decimal("203.53"),
    Decimal("20353.00"),
    Decimal("2.04"),
    (
        LotSale(Decimal(50), AS_OF, Decimal(100), Decimal("5176.50"), "long"),
        LotSale(Decimal(50), AS_OF, Decimal(250), Decimal("-2323.50"), "short"),
    ),
    "",
)
BUY = Trade("Joint", "IJR", "buy", Decimal(100), Decimal("144.99"), Decimal("14499.00"), Decimal("0.72"), (), "")
TRADES = (SELL, BUY)
AFTER = 100_000 - 2.76  # both spreads paid


def states(portfolio: Portfolio = PORTFOLIO, trades: tuple[Trade, ...] = TRADES):
    found = surveyed(portfolio)
    after = found.measurer.measure(shares_after(portfolio, trades), cash_after(portfolio, trades))
    return found, after


def result_of(portfolio: Portfolio, trades: tuple[Trade, ...] = TRADES):
    found, after = states(portfolio, trades)
    return {limit.label: limit for limit in limit_results(found.measurer, found.before, after, trades)}


def close(value: float):
    return pytest.approx(value, abs=1e-12)


SEVEN_IN_SPY = 0.3282575  # from the issuer's file of 2026-04-10
MEASURES = {
    "magnificent_seven_max": (
        0.40706 + 0.374585 * SEVEN_IN_SPY,
        (20_353 + 37_458.50 * SEVEN_IN_SPY) / AFTER,
    ),
    "small_caps_max": (0.0, 14_499 / AFTER),
    "funds__SPY_max": (0.374585, 37_458.50 / AFTER),
    "cash_max": (0.218355, (21_835.50 + 20_353 - 2.04 - 14_499 - 0.72) / AFTER),
    "turnover_max": (0.0, (20_353 + 14_499) / 2 / 100_000),
    "realized_gain_max": (0.0, 5176.50 - 2323.50),
    "beta_max": (
        (0.40706 * entry("NVDA", "SPY") / entry("SPY", "SPY") + 0.374585),
        (
            20_353 * entry("NVDA", "SPY") / entry("SPY", "SPY")
            + 37_458.50
            + 14_499 * entry("IJR", "SPY") / entry("SPY", "SPY")
        )
        / AFTER,
    ),
}


@pytest.mark.parametrize("label", MEASURES)
def test_each_limit_is_measured_before_and_after(label: str) -> None:
    (found,) = result_of(replace(PORTFOLIO, limits=limits(**{label: "0.9"}))).values()
    before, after = MEASURES[label]
    assert found.before == pytest.approx(before, abs=1e-7)
    assert found.after == pytest.approx(after, abs=1e-7)


def test_volatility_and_tracking_error_are_those_of_the_measures() -> None:
    w = {"NVDA": 20_353 / AFTER, "SPY": 37_458.50 / AFTER, "IJR": 14_499 / AFTER}
    active = w | {"SPY": w["SPY"] - 1}
    found = result_of(replace(PORTFOLIO, limits=limits(volatility_max="0.9", tracking_error_max="0.9")))
    for label, x in (("volatility.max", w), ("tracking_error.max", active)):
        variance = sum(x[i] * x[j] * entry(i, j) for i in x for j in x)
        assert found[label].after == close(float(np.sqrt(variance)))


def test_the_largest_company_is_named() -> None:
    found = result_of(replace(PORTFOLIO, limits=limits(single_company_max="0.5")))["single_company.max"]
    assert found.subject == "Nvidia"
    assert 0.40706 < found.before < 0.45


@pytest.mark.parametrize(
    ("bound", "status"),
    [("0.10", "broken_before"), ("0.3746", "binding"), ("0.3747", "binding"), ("0.40", "slack")],
)
def test_a_limit_is_broken_binding_or_slack(bound: str, status: str) -> None:
    """SPY weighs 0.374585 before, 0.374595 after: within 0.0002 of its bound it binds."""
    found = result_of(replace(PORTFOLIO, limits=limits(funds__SPY_max=bound)))["funds.SPY.max"]
    assert found.status == status


def test_without_orders_nothing_binds() -> None:
    found = result_of(replace(PORTFOLIO, limits=limits(funds__SPY_max="0.3746")), trades=())["funds.SPY.max"]
    assert (found.status, found.before, found.after) == ("slack", found.after, found.before)


@pytest.mark.parametrize(
    ("kind", "bound", "value", "expected"),
    [("max", 0.3, 0.4, 0.1), ("max", 0.3, 0.2, -0.1), ("min", 0.3, 0.4, -0.1), ("min", 0.3, 0.2, 0.1)],
)
def test_a_breach_is_positive_outside(kind: str, bound: float, value: float, expected: float) -> None:
    assert breach(Side(kind), bound, value) == close(expected)


def test_money_limits_are_in_dollars_and_beta_a_ratio() -> None:
    found = result_of(replace(PORTFOLIO, limits=limits(realized_gain_max="5000", beta_max="1", cash_min="0")))
    assert {label: limit.unit for label, limit in found.items()} == {
        "realized_gain.max": "usd",
        "beta.max": "ratio",
        "cash.min": "fraction",
    }


def test_gains_are_kept_apart_by_term() -> None:
    assert realized_gains(TRADES) == (Decimal("-2323.50"), Decimal("5176.50"))
    assert realized_gains(()) == (Decimal(0), Decimal(0))


def test_the_tax_of_the_orders_is_the_year_with_them_less_the_year_without() -> None:
    """So far: 3,000 short gain (1,050). With the orders: 676.50 short, 5,176.50 long: 236.775 + 776.475 = 1,013.25."""
    found = tax_result(replace(PORTFOLIO, tax=tax(year_to_date_short_usd=3000)), TRADES)
    assert found.year_tax_before_usd == Decimal("1050.00")
    assert found.year_tax_after_usd == Decimal("1013.25")
    assert found.tax_usd == Decimal("-36.75")
    assert (found.short_term_gain_usd, found.long_term_gain_usd) == (Decimal("-2323.50"), Decimal("5176.50"))
    assert found.carried_forward_usd == 0


def test_the_gain_is_its_parts_and_each_part_is_worked_out_by_hand() -> None:
    found, after = states()
    price = tax_result(PORTFOLIO, TRADES)
    parts = net_benefit(found.before, after, TRADES, price, risk_aversion=3.0, cost_years=2.0, return_uncertainty=0.005)
    net = {s: r for s, r in zip(found.inputs.symbols, found.inputs.net_return, strict=True)}  # noqa: C416
    moved = -20_353 * net["NVDA"] + 14_499 * net["IJR"] + (20_353 - 2.04 - 14_499 - 0.72) * 0.0399
    assert parts.expected_return == close(moved / 100_000)

    def variance(dollars: dict[str, float]) -> float:
        return sum(dollars[i] * dollars[j] * entry(i, j) for i in dollars for j in dollars) / 1e10

    before = variance({"NVDA": 40_706, "SPY": 37_458.50})
    later = variance({"NVDA": 20_353, "SPY": 37_458.50, "IJR": 14_499})
    assert parts.risk == close(1.5 * (before - later))
    assert parts.trading_cost == close(-2.76 / 100_000 / 2)
    assert price.tax_usd == Decimal("427.95")  # 2,853 of long-term gain is left, at 15%
    assert parts.tax == close(-427.95 / 100_000 / 2)
    assert parts.doubt == close(-0.005 * 10_176.50 / 100_000)  # a lot that is sold at a loss relies on no return
    assert parts.total == close(parts.expected_return + parts.risk + parts.trading_cost + parts.tax + parts.doubt)


HELD_BEFORE = {"NVDA": 0.40706, "SPY": 0.374585}
HELD_AFTER = {"NVDA": 20_353 / AFTER, "SPY": 37_458.50 / AFTER, "IJR": 14_499 / AFTER}


def months(weights: dict[str, float]) -> list[dict[str, float]]:
    table = market().past_months
    return [{s: float(row[table.symbols.index(s)]) for s in weights} for row in table.returns]


def average_of_the_worst_six_months(weights: dict[str, float]) -> float:
    """Of 120 months: 5% are six whole ones."""
    assert len(months(weights)) == 120
    returns = sorted(sum(weights[s] * r for s, r in month.items()) for month in months(weights))
    return -sum(returns[:6]) / 6


def largest_fall(weights: dict[str, float]) -> float:
    """Over every pair of an earlier and a later month."""
    path, growth = [1.0], dict(weights)
    cash = 1 - sum(weights.values())
    for month in months(weights):
        growth = {s: worth * (1 + month[s]) for s, worth in growth.items()}
        path.append(cash + sum(growth.values()))
    return max(1 - path[later] / path[early] for early in range(len(path)) for later in range(early, len(path)))


def stress(weights: dict[str, float]) -> float:
    (covid,) = (episode for episode in market().episodes if episode.name == "covid_2020")
    return -sum(weight * covid.returns[s] for s, weight in weights.items())


def fees(weights: dict[str, float]) -> float:
    """SPY 0.0945% and IJR 0.06% a year in the snapshot; a share has none."""
    return weights["SPY"] * 0.000945 + weights.get("IJR", 0.0) * 0.0006


LOSSES = {
    "cvar_95_max": average_of_the_worst_six_months,
    "max_drawdown_max": largest_fall,
    "stress__covid_2020_max": stress,
    "expense_ratio_max": fees,
}


@pytest.mark.parametrize("label", LOSSES)
def test_losses_and_fees_are_measured_before_and_after(label: str) -> None:
    (found,) = result_of(replace(PORTFOLIO, limits=limits(**{label: "0.9"}))).values()
    assert found.before == pytest.approx(LOSSES[label](HELD_BEFORE), abs=1e-7)
    assert found.after == pytest.approx(LOSSES[label](HELD_AFTER), abs=1e-7)


def test_a_sector_is_measured_at_the_end_that_its_side_asks_for() -> None:
    """Nvidia wholly, 38.48% of IVV's list for SPY, 13.61% of SPSM's for IJR; the lists lack 0.14% and 2.2%."""
    it = "Information Technology"
    lists = {"SPY": market().constituents["IVV"].sectors, "IJR": market().constituents["IJR"].sectors}
    assert all(lists.values())
    low = HELD_AFTER["NVDA"] + sum(HELD_AFTER[s] * known[it] for s, known in lists.items() if known)
    more = sum(HELD_AFTER[s] * (1 - sum(known.values())) for s, known in lists.items() if known)
    found = result_of(replace(PORTFOLIO, limits=limits(**{f"sectors__{it}_max": "0.9", f"sectors__{it}_min": "0.1"})))
    assert found[f"sectors.{it}.max"].after == pytest.approx(low + more, abs=1e-7)
    assert found[f"sectors.{it}.min"].after == pytest.approx(low, abs=1e-7)
    assert found[f"sectors.{it}.max"].before == pytest.approx(
        HELD_BEFORE["NVDA"] + HELD_BEFORE["SPY"] * (lists["SPY"][it] + 1 - sum(lists["SPY"].values())), abs=1e-7
    )


def in_mode(mode: LimitMode, **bounds: object) -> Portfolio:
    return replace(PORTFOLIO, limits=tuple(replace(limit, mode=mode) for limit in limits(**bounds)))


@pytest.mark.parametrize(
    ("bound", "status"),
    [("0.15", "exceeded"), ("0.2", "exceeded"), ("0.3", "broken_before"), ("0.5", "slack")],
)
def test_a_soft_limit_is_exceeded_where_the_trades_leave_it_so(bound: str, status: str) -> None:
    """NVDA goes from 40.7% to 20.4%."""
    found = result_of(in_mode(LimitMode.SOFT, funds__NVDA_max=bound))["funds.NVDA.max"]
    assert (found.mode, found.status, found.charge_bps_per_pp, found.allowed) == ("soft", status, 10.0, None)
    assert effective_bound(found) is None


@pytest.mark.parametrize(
    ("label", "bound", "allowed"),
    [
        ("funds__NVDA_max", "0.1", 0.40706),
        ("funds__NVDA_max", "0.5", 0.5),
        ("funds__SPY_min", "0.5", 0.374585),
        ("funds__SPY_min", "0.1", 0.1),
        ("realized_gain_max", "5000", 5000.0),
    ],
)
def test_no_worse_than_today_allows_the_looser_of_bound_and_today(label: str, bound: str, allowed: float) -> None:
    (found,) = result_of(in_mode(LimitMode.NOT_WORSE_THAN_TODAY, **{label: bound})).values()
    assert found.allowed == effective_bound(found) == pytest.approx(allowed, abs=1e-12)
    assert found.bound == float(bound)
    assert found.charge_bps_per_pp is None


def test_a_hard_limit_allows_its_bound() -> None:
    found = result_of(replace(PORTFOLIO, limits=limits(funds__NVDA_max="0.1")))["funds.NVDA.max"]
    assert (effective_bound(found), found.allowed) == (0.1, None)


def test_soft_limits_charge_for_each_point_beyond_their_bounds() -> None:
    """NVDA 40.706% to 20.3536% against 15% at 10 bp; 2,853 dollars of gain against 1,000 at 20 bp of 100,000."""
    wanted = (
        replace(limits(funds__NVDA_max="0.15")[0], mode=LimitMode.SOFT),
        replace(limits(realized_gain_max="1000")[0], mode=LimitMode.SOFT, charge_bps_per_pp=Decimal(20)),
        replace(limits(turnover_max="0.1")[0], mode=LimitMode.SOFT, charge_bps_per_pp=Decimal(1)),
        limits(volatility_max="0.01")[0],
    )
    found, after = states(replace(PORTFOLIO, limits=wanted))
    results = limit_results(found.measurer, found.before, after, TRADES)
    size = AFTER / 100_000
    assert soft_charge(results, "before", 100_000, 1.0) == close((0.40706 - 0.15) * 100 * 10e-4)
    traded = (20_353 + 14_499) / 2 / 100_000
    expected = (20_353 / AFTER - 0.15) * size * 100 * 10e-4 + 1.853 * 20e-4 + (traded - 0.1) * 100 * 1e-4
    assert soft_charge(results, "after", 100_000, size) == close(expected)


def test_the_gain_counts_inflation_losses_carried_forward_and_soft_limits() -> None:
    """A year that has 10,000 of long loss behind it: the trades use up 2,853 of the 7,000 carried forward."""
    soft = replace(limits(funds__NVDA_max="0.15")[0], mode=LimitMode.SOFT)
    portfolio = replace(PORTFOLIO, tax=tax(carryforward_long_usd=10_000), limits=(soft,))
    found, after = states(portfolio)
    results = limit_results(found.measurer, found.before, after, TRADES)
    owed = tax_result(portfolio, TRADES)
    assert (owed.carried_without_usd, owed.carried_forward_usd) == (Decimal("7000.00"), Decimal("4147.00"))

    def parts(**more):
        steady = {"risk_aversion": 3.0, "cost_years": 2.0, "return_uncertainty": 0.005}
        return net_benefit(found.before, after, TRADES, owed, **steady, **more)

    plain, full = parts(), parts(covariance_inflation=0.5, carryforward_value=0.1, limits=results)
    assert (plain.carryforward, plain.soft_limits) == (0.0, 0.0)
    assert full.carryforward == close(-0.1 * 2853 / 100_000 / 2)
    charged = soft_charge(results, "before", 1e5, 1.0) - soft_charge(results, "after", 1e5, AFTER / 1e5)
    assert full.soft_limits == close(charged)
    together = [
        sum(dollars * np.sqrt(entry(s, s)) for s, dollars in held.items()) / 1e5
        for held in ({"NVDA": 40_706, "SPY": 37_458.50}, {"NVDA": 20_353, "SPY": 37_458.50, "IJR": 14_499})
    ]
    assert full.risk - plain.risk == close(1.5 * 0.5 * (together[0] ** 2 - together[1] ** 2))
    assert full.total - plain.total == close(full.carryforward + full.soft_limits + full.risk - plain.risk)


def test_without_scenarios_there_is_no_figure_and_a_limit_on_one_is_refused() -> None:
    wanted = replace(PORTFOLIO, limits=limits(cvar_95_max="0.1"))
    found = surveyed(wanted)
    bare = replace(found.measurer, market=replace(found.market, past_months=NO_PAST_MONTHS))
    state = bare.measure(shares_after(wanted, ()), cash_after(wanted, ()))
    assert (state.cvar_95, state.max_drawdown) == (None, None)
    with pytest.raises(MarketDataError, match="no return scenarios: the limit cvar_95"):
        limit_results(bare, state, state, ())


def test_a_limit_without_a_measure_is_an_error() -> None:
    odd = replace(PORTFOLIO, limits=(Limit("no_such_limit", Side.MAX, Decimal("0.3")),))
    with pytest.raises(ValueError, match="no_such_limit"):
        result_of(odd)
