"""The independent check of each kind and mode of limit, of the gain's seldom parts, and of identical groups.

The orders are those of a plan with two hard limits; the other limits are laid on them afterwards, so that
each can be broken as the test wants it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import cache

import jsonschema
import pytest

from advisor.portfolio.model import Limit, LimitMode, PastTrade, Portfolio, SecurityNote
from advisor.portfolio.preferences import Preferences
from advisor.rebalance.candidates import candidate_of
from advisor.rebalance.model import LotSale, NetBenefit, RebalancePlan
from advisor.rebalance.outcome import limit_results
from advisor.rebalance.record import PortfolioFile, recommendation_schema, record, to_json
from advisor.rebalance.verify import verify
from advisor.rebalance.verify.ledger import check_orders, read_ledger
from tests.small_households import AS_OF, account, household, limits, lot, planned, resolved, surveyed, tax

FORCING = limits(magnificent_seven_max="0.4", small_caps_min="0.05")  # a sale and a purchase
BASE = household(
    account("Joint", "taxable", "1000.10", {"NVDA": [lot(100, 260), lot(40, 20)], "SPY": [lot(20, 700)]}),
    account("Roth", "roth", 0, {"QQQ": [lot(10)]}),
    limits=FORCING,
    tax=tax(carryforward_long_usd=9000, carryforward_value="0.05"),
    preferences=Preferences(
        risk_aversion=Decimal(3),
        min_trade_usd=Decimal(1),
        covariance_inflation=Decimal("0.3"),
        buy=("IJR",),
        whole_shares=False,
    ),
)
FILE = PortfolioFile("test.yaml", "")


@cache
def orders_of_base() -> RebalancePlan:
    return planned(BASE)


def recorded(portfolio: Portfolio) -> dict:
    """Record of the orders of `BASE`, measured against the limits and preferences of `portfolio`."""
    base = orders_of_base()
    laid = candidate_of(surveyed(portfolio), base.trades)
    plan = replace(base, limits=laid.limits, defaults=laid.defaults, net_benefit=laid.net_benefit)
    written: dict = json.loads(to_json(record(plan, portfolio, resolved(portfolio), FILE, {})))
    return written


# What was found under other limits than those that are laid on its orders.
OF_THE_OPTIMUM = ("marginal values", "optimum", "plans")


def faults(written: dict, portfolio: Portfolio) -> list[str]:
    checks = verify(written, portfolio, resolved(portfolio))
    found = [f"{check.name}: {check.detail}" for check in checks if not check.passed]
    return [fault for fault in found if not fault.startswith(OF_THE_OPTIMUM)]


def in_mode(mode: LimitMode, **bounds: object) -> tuple[Limit, ...]:
    return tuple(replace(limit, mode=mode) for limit in limits(**bounds))


def under(*more: Limit) -> Portfolio:
    return replace(BASE, limits=(*FORCING, *more))


SECTOR = "sectors__Information Technology"
BROKEN = {
    f"{SECTOR}_max": "0.01",
    f"{SECTOR}_min": "0.99",
    "cvar_95_max": "0.001",
    "max_drawdown_max": "0.01",
    "stress__covid_2020_max": "0.001",
    "expense_ratio_max": "0.00001",
    "funds__IJR_max": "0.001",
    "volatility_max": "0.01",
    "turnover_max": "0.01",
    "beta_max": "0.1",
}


@pytest.mark.parametrize("label", BROKEN)
def test_a_broken_hard_limit_is_refused_and_a_soft_one_measured(label: str) -> None:
    hard = under(*in_mode(LimitMode.HARD, **{label: BROKEN[label]}))
    assert any(fault.startswith("limits:") and " is broken after " in fault for fault in faults(recorded(hard), hard))
    soft = under(*in_mode(LimitMode.SOFT, **{label: BROKEN[label]}))
    written = recorded(soft)
    assert faults(written, soft) == []
    assert written["limits"][-1]["status"] == "exceeded"


def test_a_limit_that_is_to_be_no_worse_is_held_against_the_looser_bound() -> None:
    outcomes = set()
    for label, bound in BROKEN.items():
        portfolio = under(*in_mode(LimitMode.NOT_WORSE_THAN_TODAY, **{label: bound}))
        written = recorded(portfolio)
        entry = written["limits"][-1]
        kept = entry["after"] >= entry["before"] if entry["kind"] == "min" else entry["after"] <= entry["before"]
        assert (faults(written, portfolio) == []) == kept, label
        outcomes.add(kept)
    assert outcomes == {True, False}  # the fees rise, the risk falls


KEPT = {f"{SECTOR}_max": "0.9", "cvar_95_max": "0.9", "max_drawdown_max": "0.9", "stress__covid_2020_max": "0.9",
        "expense_ratio_max": "0.9"}  # fmt: skip
EVERY = under(
    *limits(**KEPT),
    *in_mode(LimitMode.SOFT, funds__NVDA_max="0.25", funds__IJR_max="0.001"),
    *in_mode(LimitMode.NOT_WORSE_THAN_TODAY, volatility_max="0.01", cash_min="0.0"),
)


def entry(written: dict, name: str) -> dict:
    return next(limit for limit in written["limits"] if limit["name"] == name)


def shift(node: dict, key: str, by: float) -> None:
    node[key] += by


FAULTS: dict[str, Callable[[dict], None]] = {
    **{
        f"{name} {side} off by 1e-6": lambda r, name=name, side=side: shift(entry(r, name), side, 1e-6)
        for name in ("sectors.Information Technology", "cvar_95", "max_drawdown", "stress.covid_2020", "expense_ratio")
        for side in ("before", "after")
    },
    "a hard limit called soft": lambda r: entry(r, "cvar_95").update(mode="soft"),
    "a soft limit called hard": lambda r: entry(r, "funds.NVDA").update(mode="hard"),
    "a soft limit's excess hidden": lambda r: entry(r, "funds.IJR").update(status="slack"),
    "a soft limit that is mended called exceeded": lambda r: entry(r, "funds.NVDA").update(status="exceeded"),
    "a kept limit called exceeded": lambda r: entry(r, "cvar_95").update(status="exceeded"),
    "another charge": lambda r: entry(r, "funds.NVDA").update(charge_bps_per_pp=9.0),
    "a charge for a hard limit": lambda r: entry(r, "cvar_95").update(charge_bps_per_pp=10.0),
    "no charge": lambda r: entry(r, "funds.NVDA").update(charge_bps_per_pp=None),
    "more allowed than today": lambda r: shift(entry(r, "volatility"), "allowed", 1e-6),
    "nothing allowed": lambda r: entry(r, "volatility").update(allowed=None),
    "something allowed of a hard limit": lambda r: entry(r, "cvar_95").update(allowed=0.95),
    "less allowed than the bound": lambda r: shift(entry(r, "cash"), "allowed", 1e-6),
    "a limit's break today hidden": lambda r: entry(r, "volatility").update(status="slack"),
    "the shortfall off by 1e-6": lambda r: shift(r["after"], "cvar_95", -1e-6),
    "the shortfall left out": lambda r: r["after"].update(cvar_95=None),
    "the largest fall off by 1e-6": lambda r: shift(r["before"], "max_drawdown", -1e-6),
    "a cent of loss carried without the orders": lambda r: r["tax"].update(carried_without_usd="5999.99"),
    "the value of carried losses off by 1e-8": lambda r: shift(r["gain"], "carryforward", 1e-8),
    "the soft limits' charge off by 1e-8": lambda r: shift(r["gain"], "soft_limits", 1e-8),
    "the risk without inflation": lambda r: shift(r["gain"], "risk", -1e-6),
    "another inflation": lambda r: shift(r["assumptions"], "covariance_inflation", 0.1),
    "another value of a carried dollar": lambda r: shift(r["assumptions"], "carryforward_value", 0.01),
}


def test_the_record_with_every_new_limit_passes_and_meets_its_schema() -> None:
    written = recorded(EVERY)
    assert faults(written, EVERY) == []
    written["certificate"]["checks"] = [{"name": "a check", "passed": True, "detail": "agrees"}]  # added by the caller
    assert list(jsonschema.Draft202012Validator(recommendation_schema()).iter_errors(written)) == []
    assert written["gain"]["soft_limits"] > 1e-4
    assert abs(written["gain"]["carryforward"]) > 1e-4
    assert written["tax"]["carried_without_usd"] == "6000.00"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_is_caught(fault: str) -> None:
    written = recorded(EVERY)
    FAULTS[fault](written)
    assert faults(written, EVERY)


def test_doing_nothing_may_leave_a_soft_limit_or_one_that_is_no_worse_but_no_hard_one() -> None:
    names = []
    for mode in LimitMode:
        portfolio = replace(BASE, limits=in_mode(mode, magnificent_seven_max="0.4"))
        base, found = orders_of_base(), surveyed(portfolio)
        results = limit_results(found.measurer, base.before, base.before, ())
        idle = replace(
            base,
            status="do_nothing",
            plans=replace(base.plans, chosen="nothing"),
            trades=(),
            after=base.before,
            limits=results,
            spread_usd=Decimal(0),
            net_benefit=NetBenefit(0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        )
        written = record(idle, portfolio, resolved(portfolio), FILE, {})
        checks = {check.name.split(":")[0]: check.passed for check in verify(written, portfolio, resolved(portfolio))}
        if not (checks["status"] and checks["limits"]):
            names.append(str(mode))
    assert names == ["hard"]


def calendar_faults(portfolio: Portfolio) -> list[str]:
    return [fault for fault in faults(recorded(portfolio), portfolio) if fault.startswith("calendar")]


def test_a_loss_beside_a_purchase_of_what_the_user_calls_identical_is_caught() -> None:
    """The orders sell NVDA bought at 260 and buy small caps; the groups join the two over a symbol without data."""
    losses = [line for trade in orders_of_base().trades for line in trade.lots if (line.gain_usd or 0) < 0]
    bought = {trade.symbol for trade in orders_of_base().trades if trade.side == "buy"}
    assert losses
    assert calendar_faults(BASE) == []
    joined = replace(BASE, identical=(("NVDA", "XXXX"), ("XXXX", *sorted(bought))))
    assert "a loss beside the purchase" in calendar_faults(joined)[0]
    past = PastTrade(AS_OF - timedelta(days=30), "Roth", "XXXX", "buy", Decimal(1))
    assert calendar_faults(replace(BASE, identical=(("NVDA", "XXXX"),), history=(past,)))
    assert calendar_faults(replace(BASE, identical=(("NVDA", "YYYY"),), history=(past,))) == []


def test_a_purchase_of_what_is_identical_to_a_loss_sale_is_caught() -> None:
    bought = next(trade.symbol for trade in orders_of_base().trades if trade.side == "buy")
    past = PastTrade(AS_OF - timedelta(days=3), "Roth", "XXXX", "sell", Decimal(1), Decimal(-5))
    assert calendar_faults(replace(BASE, identical=((bought, "XXXX"),), history=(past,)))
    assert calendar_faults(replace(BASE, history=(past,))) == []


def in_parts(symbol: str, *, sold: bool, **fields: object) -> list[str]:
    """Faults of the share step for an order of 3.5 shares, of a lot of 12.25, in an account with `fields`."""
    account_ = account("Roth", "roth", 100_000, {symbol: [lot("12.25")]} if sold else {}, **fields)
    portfolio = household(
        account_,
        securities=(SecurityNote("VTMSX", "IJR", Decimal(50)), SecurityNote("FUND", "IJR", Decimal(50))),
        preferences=Preferences(buy=("IJR", "VTMSX", "FUND")),
    )
    base = orders_of_base()
    price = resolved(portfolio).securities[symbol].close_usd
    lots = (LotSale(Decimal("3.5"), None, None, None, None),) if sold else ()
    order = replace(
        base.trades[-1],
        account="Roth",
        symbol=symbol,
        side="sell" if sold else "buy",
        shares=Decimal("3.5"),
        price_usd=price,
        lots=lots,
    )
    written = record(replace(base, trades=(order,)), portfolio, resolved(portfolio), FILE, {})
    ledger = read_ledger(written, portfolio, resolved(portfolio))
    return [fault for fault in check_orders(written, portfolio, resolved(portfolio), ledger) if "whole number" in fault]


@pytest.mark.parametrize("sold", [True, False])
def test_a_part_of_a_share_is_ordered_only_where_it_can_be(sold: bool) -> None:
    side = "sell" if sold else "buy"
    assert in_parts("IJR", sold=sold) == [f"{side} IJR in Roth: 3.5 is no whole number of shares"]
    assert in_parts("FUND", sold=sold) == [f"{side} FUND in Roth: 3.5 is no whole number of shares"]
    assert in_parts("IJR", sold=sold, fractional=True) == []
    assert in_parts("VTMSX", sold=sold) == []
