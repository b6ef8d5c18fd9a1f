"""Each sample portfolio gives the answer that it promises in its head."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import jsonschema
import pytest

from advisor.errors import LimitsConflictError
from advisor.exposure.lookthrough import look_through
from advisor.market.resolve import resolve
from advisor.portfolio.schema import json_schema
from advisor.rebalance.model import Trade
from advisor.rebalance.plan import rebalance
from advisor.rebalance.record import recommendation_schema
from tests.samples import ANSWERED, FOLDER, answer, market, record_of, sample, text_of

SAMPLES = (*ANSWERED, "impossible")

# Written out from the closes of 2026-07-13 and the Magnificent Seven weights of each fund's list; cash counts in the
# total. Weights: QQQ .44486245 (file of 2025-09-26), SPY .3282575 (2026-04-10); ten largest of 2026-05-03: MGK .581025,
# VOO and VFIAX .323184, VTI .283369, QQQM .403017, RSP at most .018232; AGG, SGOV, BND, VXUS, IWM, VTWO, IJR none.
HAND: dict[str, tuple[float, float, float]] = {  # value, known and upper weight of the seven
    "tech-employee": (
        (total := 9000 + 2020 * 203.53 + 150 * 317.31 + 90 * 711.74 + 200 * 203.53 + 400 + 900 * 87.69),
        (2220 * 203.53 + 150 * 317.31 + 90 * 711.74 * 0.44486245 + 900 * 87.69 * 0.581025) / total,
        (2220 * 203.53 + 150 * 317.31 + 90 * 711.74 * 0.44486245 + 900 * 87.69 * 0.581025) / total,
    ),
    "retiree-ira": (
        (total := 31000 + 700 * 749.17 + 420 * 711.74 + 2600 * 97.71 + 12000 + 500 * 100.52),
        (700 * 749.17 * 0.3282575 + 420 * 711.74 * 0.44486245) / total,
        (700 * 749.17 * 0.3282575 + 420 * 711.74 * 0.44486245) / total,
    ),
    "young-saver": (
        (total := 600 + 62.4 * 693.68 + 337 + 31.207 * 369.78),
        (62.4 * 693.68 * 0.323184 + 31.207 * 369.78 * 0.283369) / total,
        (62.4 * 693.68 * 0.323184 + 31.207 * 369.78 * 0.283369) / total,
    ),
    "couple-mixed-lots": (
        (
            total := 2500
            + 260 * 688.50
            + 270 * 293.48
            + 60 * 394.76
            + 70 * 656.73
            + 90 * 118.59
            + 260 * 293.06
            + 500 * 72.50
        ),
        (60 * 394.76 + 70 * 656.73 + 260 * 688.50 * 0.323184 + 260 * 293.06 * 0.403017) / total,
        (60 * 394.76 + 70 * 656.73 + 260 * 688.50 * 0.323184 + 260 * 293.06 * 0.403017) / total,
    ),
    "already-diversified": (
        (total := 3000 + 800 * 214.23 + 700 * 144.99 + 1500 * 83.78 + 1400 * 72.50),
        0.0,
        800 * 214.23 * 0.018232 / total,
    ),
    "impossible": (
        (total := 6000 * 203.53 + 5000 + 500 * 688.50),
        (6000 * 203.53 + 500 * 688.50 * 0.323184) / total,
        (6000 * 203.53 + 500 * 688.50 * 0.323184) / total,
    ),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_exposure_agrees_with_the_hand_calculation(name: str) -> None:
    portfolio = sample(name)
    seen = look_through(portfolio, resolve(market(), portfolio))
    value, low, high = HAND[name]
    assert float(seen.value_usd) == pytest.approx(value, abs=1e-6)
    assert seen.seven.low == pytest.approx(low, abs=1e-9)
    assert seen.seven.high == pytest.approx(high, abs=1e-9)


def test_a_company_is_looked_through_by_hand_too() -> None:
    """Nvidia in the tech household: 2,220 shares, .0950701893 of QQQ and .137272 of MGK."""
    portfolio = sample("tech-employee")
    seen = look_through(portfolio, resolve(market(), portfolio))
    nvidia = next(company for company in seen.companies if company.company == "Nvidia")
    funds = (90 * 711.74 * 0.0950701893 + 900 * 87.69 * 0.137272) / 651810.70
    assert nvidia.direct == pytest.approx(2220 * 203.53 / 651810.70, abs=1e-9)
    assert nvidia.through_funds == pytest.approx(funds, abs=1e-9)


def orders(name: str, side: str) -> list[Trade]:
    return [trade for trade in answer(name).plan.trades if trade.side == side]


@pytest.mark.parametrize("name", ANSWERED)
def test_every_limit_holds_and_the_check_passes(name: str) -> None:
    plan = answer(name).plan
    assert plan.certificate.passed
    assert plan.certificate.max_violation <= 1e-9
    assert plan.certificate.duality_gap <= 1e-8


def test_the_tech_employee_sells_in_the_roth_first_and_waits_for_the_young_lot() -> None:
    plan = answer("tech-employee").plan
    sales = {(trade.account, trade.symbol): trade for trade in orders("tech-employee", "sell")}
    assert sales["Roth IRA", "MGK"].shares == 900
    nvidia = sales["Brokerage", "NVDA"]
    assert {lot.acquired for lot in nvidia.lots} == {date(2019, 6, 14), date(2023, 2, 28)}
    by_day = {lot.acquired: lot.shares for lot in nvidia.lots}
    assert by_day[date(2023, 2, 28)] == 300  # the lot with the least gain for each dollar goes first, and whole
    left = 120_000 - 300 * (Decimal("203.53") - Decimal("23.20"))  # of the year's budget for gains
    assert by_day[date(2019, 6, 14)] == left // (Decimal("203.53") - Decimal("3.70"))
    assert all(trade.account != "Unvested shares" for trade in plan.trades)
    assert plan.tax.short_term_gain_usd == 0
    assert plan.tax.long_term_gain_usd < 120_000
    assert plan.after.exposure.seven.high <= 0.65
    assert {trade.symbol for trade in orders("tech-employee", "buy")} <= {"IWM", "VTWO", "IJR"}
    assert any("2026-11-25" in warned.message for warned in plan.warnings)


def test_the_retired_couple_trades_in_the_ira_alone_without_tax() -> None:
    plan = answer("retiree-ira").plan
    assert plan.status == "trade"
    assert {trade.account for trade in plan.trades} == {"Traditional IRA"}
    assert plan.tax.tax_usd == 0
    assert plan.after.cash_usd["Traditional IRA"] >= 40_000
    assert plan.after.volatility <= plan.before.volatility
    assert plan.after.exposure.seven.high <= 0.22
    bought = {trade.symbol: trade.amount_usd for trade in orders("retiree-ira", "buy")}
    assert max(bought, key=lambda symbol: bought[symbol]) == "IJR"
    assert "IWM" not in bought


def test_the_young_saver_sells_nothing_and_invests_the_new_money() -> None:
    plan = answer("young-saver").plan
    assert orders("young-saver", "sell") == []
    bought = {trade.account: trade.symbol for trade in orders("young-saver", "buy")}
    assert bought["401(k)"] == "SCINDX"
    assert bought["Roth IRA"] in {"IWM", "VTWO", "IJR"}
    assert plan.after.cash_weight <= 0.002
    assert plan.after.small_cap_weight > plan.before.small_cap_weight


def test_the_couple_nets_the_tesla_loss_and_keeps_the_iwm_lot() -> None:
    plan = answer("couple-mixed-lots").plan
    sold = {trade.symbol: trade.shares for trade in orders("couple-mixed-lots", "sell")}
    assert "IWM" not in sold
    assert 55 <= sold["TSLA"] <= 60  # as much of the lot as the year's gain and the yearly deduction can use
    assert plan.tax.short_term_gain_usd == sold["TSLA"] * (Decimal("394.76") - 486)
    assert plan.tax.long_term_gain_usd == sold["META"] * (Decimal("656.73") - 133)
    # 4,100 are carried from earlier years; what is left of both losses lowers ordinary income, taxed at 22%
    left = 4100 - plan.tax.short_term_gain_usd - plan.tax.long_term_gain_usd
    assert 0 < left <= 3000
    assert plan.tax.year_tax_after_usd == (-left * Decimal("0.22")).quantize(Decimal("0.01"))
    assert plan.tax.year_tax_before_usd == -3000 * Decimal("0.22")
    assert plan.tax.carried_forward_usd == 0
    assert any("2026-12-06" in warned.message for warned in plan.warnings)
    assert plan.after.exposure.seven.high <= 0.28
    assert 0.10 <= plan.after.small_cap_weight <= 0.22


def test_the_diversified_household_does_nothing() -> None:
    plan = answer("already-diversified").plan
    assert plan.status == "do_nothing"
    assert plan.trades == ()
    assert plan.net_benefit.total < 0.0005


def test_the_impossible_household_is_told_which_limits_conflict() -> None:
    portfolio = sample("impossible")
    with pytest.raises(LimitsConflictError) as refused:
        rebalance(portfolio, resolve(market(), portfolio))
    assert set(refused.value.limits) == {"magnificent_seven.max", "single_company.max"}


@pytest.mark.parametrize("name", ANSWERED)
def test_the_record_meets_its_schema(name: str) -> None:
    schema = recommendation_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(record_of(name), schema, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_sample_names_the_schema(name: str) -> None:
    assert text_of(name).startswith("# yaml-language-server: $schema=portfolio.schema.json\n")


def test_the_schema_beside_the_samples_is_the_one_the_command_prints() -> None:
    assert json.loads((FOLDER / "portfolio.schema.json").read_text("utf-8")) == json_schema()


def test_the_samples_are_all_here() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(SAMPLES)


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        (
            "tech-employee",
            ["stale_prices", "view_rolled", "cash_kept_for_tax", "kept_almost_long_term", "old_holdings"],
        ),
        ("retiree-ira", ["stale_prices", "old_holdings"]),
        ("young-saver", ["stale_prices", "proxies", "unknown_fees"]),
        ("couple-mixed-lots", ["stale_prices", "cash_kept_for_tax", "loss_sales", "kept_wash_sale"]),
        ("already-diversified", ["stale_prices"]),
    ],
)
def test_the_reader_is_warned_of_what_concerns_the_household_alone(name: str, codes: list[str]) -> None:
    assert [warned.code for warned in answer(name).plan.warnings] == codes
