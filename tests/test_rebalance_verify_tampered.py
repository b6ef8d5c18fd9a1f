"""Tampered records: the independent check finds each, and names the check that it breaks.

The faults are seeded in records as they are written, with all that stands beside a proposal. Each is found by the check
whose name begins as stated beside it; what follows from the tampering may break others too.
"""

from __future__ import annotations

import copy
import random
import re
from decimal import Decimal
from typing import Any

import pytest

from tests.tampered import NAMES, Tamper, add, both, drop, failed, fresh, put

FIRST_SALE, FIRST_BUY = "trades/0", "trades/2"  # of tech-employee


@pytest.mark.parametrize("name", NAMES)
def test_a_record_as_it_was_written_passes(name: str) -> None:
    assert failed(fresh(name), name) == {}


def of(record: dict[str, Any], code: str) -> dict[str, Any]:
    """The warning with that code."""
    return next(warned for warned in record["warnings"] if warned["code"] == code)


def without(code: str) -> Tamper:
    return lambda record: record["warnings"].remove(of(record, code))


def reworded(code: str, old: str, new: str) -> Tamper:
    def tamper(record: dict[str, Any]) -> None:
        message = of(record, code)["message"]
        assert old in message
        of(record, code)["message"] = message.replace(old, new)

    return tamper


ALL_WARNINGS = (
    "stale_prices",
    "loss_sales",
    "kept_almost_long_term",
    "kept_wash_sale",
    "wide_interval",
    "old_holdings",
    "default_tax_rates",
    "proxies",
    "proxies_not_used",
    "unknown_fees",
    "stand_in_months",
)
WARNINGS: dict[str, tuple[str, Tamper]] = {
    **{f"no warning {code}": ("warned", without(code)) for code in ALL_WARNINGS},
    "no warning of the cash kept for tax": ("tech-employee", without("cash_kept_for_tax")),
    "no warning at all": ("warned", put("warnings", [])),
    "warnings in another order": ("warned", lambda r: r["warnings"].reverse()),
    "a warning twice": ("warned", lambda r: r["warnings"].append(r["warnings"][0])),
    "a warning nobody has reason for": (
        "worth-it",
        lambda r: r["warnings"].append({"code": "loss_sales", "message": "These orders sell NVDA at a loss."}),
    ),
    "a warning with another code": ("warned", lambda r: of(r, "proxies").update(code="note")),
    "prices said to be younger": ("warned", reworded("stale_prices", "130 days", "3 days")),
    "prices that need no look": ("warned", reworded("stale_prices", "check each price", "no need to check a price")),
    "another symbol at a loss": ("warned", reworded("loss_sales", "sell TSLA", "sell NVDA")),
    "a loss that cannot be lost": ("warned", reworded("loss_sales", "can disallow", "cannot disallow")),
    "an identical group left out": ("warned", reworded("loss_sales", " (TSLA, XLY)", "")),
    "a lot that is free earlier": ("warned", reworded("kept_wash_sale", "2026-12", "2026-11")),
    "another lot that is kept": ("warned", reworded("kept_almost_long_term", "NVDA", "TSLA")),
    "a kept lot for another reason": ("warned", lambda r: of(r, "kept_wash_sale").update(code="kept_almost_long_term")),
    "a narrower interval": ("warned", reworded("wide_interval", "within", "within less than")),
    "another fund with the widest gap": ("warned", reworded("wide_interval", "ARKK", "QQQ")),
    "a list said to be younger": ("warned", reworded("old_holdings", "2025", "2026")),
    "other rates than those used": ("warned", reworded("default_tax_rates", "24%", "10%")),
    "another proxy": ("warned", reworded("proxies", "MINE as VOO", "MINE as IWM")),
    "a fee said to be known": ("warned", reworded("unknown_fees", "unknown", "known")),
    "other months that stand in": ("warned", reworded("stand_in_months", "cvar_95", "max_drawdown")),
    "a lot of before a split that is none": (
        "worth-it",
        lambda r: r["warnings"].insert(
            0, {"code": "stale_lot", "message": "The NVDA lot in Roth, 899 shares, is that of before the split."}
        ),
    ),
}


@pytest.mark.parametrize("fault", WARNINGS)
def test_a_tampered_warning_is_caught(fault: str) -> None:
    name, tamper = WARNINGS[fault]
    record = fresh(name)
    tamper(record)
    assert list(failed(record, name)) == ["warnings"]


def entry(record: dict[str, Any], name: str, kind: str = "max") -> dict[str, Any]:
    return next(one for one in record["limits"] if (one["name"], one["kind"]) == (name, kind))


def limit(name: str, **fields: object) -> Tamper:
    def tamper(record: dict[str, Any]) -> None:
        before = dict(entry(record, name))
        entry(record, name).update(fields)
        assert entry(record, name) != before

    return tamper


LIMITS: dict[str, tuple[str, Tamper]] = {
    "another company after the orders": ("tech-employee", limit("single_company", subject="Apple")),
    "another company today": ("tech-employee", limit("single_company", subject_before="Apple")),
    "another company with the orders": ("tech-employee", limit("single_company", subject_after="Apple")),
    "a bound that is rounded": ("every-limit", limit("magnificent_seven", bound_text="46%")),
    "dollars written otherwise": ("tech-employee", limit("realized_gain", bound_text="$120k")),
    "a ratio as a percentage": ("every-limit", limit("beta", bound_text="140%")),
    "no company": ("every-limit", limit("single_company", subject=None)),
    "another benchmark of the tracking error": ("every-limit", limit("tracking_error", subject="SPY")),
    "another benchmark of beta": ("every-limit", limit("beta", subject="VTI")),
    "another sector": ("every-limit", limit("sectors.Information Technology", subject="Energy")),
    "another episode": ("every-limit", limit("stress.covid_2020", subject="Inflation")),
    "another fund": ("every-limit", limit("funds.IJR", subject="IWM")),
    "a subject where there is none": ("every-limit", limit("volatility", subject="Nvidia")),
    "a limit at its bound called slack": ("couple-mixed-lots", limit("small_caps", status="slack")),
    "a slack limit called binding": ("every-limit", limit("volatility", status="binding")),
    "a slack limit called broken": ("every-limit", limit("volatility", status="broken_before")),
    "a broken limit called binding": ("tech-employee", limit("magnificent_seven", status="binding")),
    "a limit binding where nothing is done": ("already-diversified", limit("single_company", status="binding")),
    "limits in another order": ("every-limit", lambda r: r["limits"].reverse()),
}


@pytest.mark.parametrize("fault", LIMITS)
def test_a_tampered_limit_is_caught(fault: str) -> None:
    name, tamper = LIMITS[fault]
    record = fresh(name)
    tamper(record)
    assert "limits" in failed(record, name)


def as_nothing(record: dict[str, Any], total: float) -> None:
    """The record of orders rewritten as advice to do nothing, in every field that the rewriting can keep consistent."""
    parts = {name: value for name, value in record["gain"].items() if "months" not in name and name != "total"}
    scale = total / sum(parts.values())
    record["explanation"]["rounding_loss"] += record["gain"]["total"] - total
    record["gain"] = {**{name: value * scale for name, value in parts.items()}, "total": total}
    record["gain"] |= {"months_to_break_even": None, "months_until_used_up": None}
    once = -(record["gain"]["trading_cost"] + record["gain"]["tax"] + record["gain"]["carryforward"]) * 3
    a_year = sum(record["gain"][name] for name in ("expected_return", "risk", "doubt", "soft_limits"))
    record["gain"]["months_to_break_even"] = 12 * once / a_year if a_year > 0 else None
    record.update(status="do_nothing", trades=[], after=record["before"], costs={"spread_usd": "0.00"})
    tax = record["tax"]
    tax.update(short_term_gain_usd="0.00", long_term_gain_usd="0.00", tax_usd="0.00")
    tax.update(year_tax_after_usd=tax["year_tax_before_usd"], carried_forward_usd=tax["carried_without_usd"])
    for one in record["limits"]:
        one.update(after=one["before"], status="slack", price_bps_per_pp=None, price_range_bps_per_pp=None)
    del record["trade_off"]


STATUS: dict[str, tuple[str, str, Tamper]] = {
    "orders worth it, and nothing is done": ("status", "worth-it", lambda r: as_nothing(r, r["gain"]["total"])),
    "orders worth it, and a small gain is said of them": ("optimum", "worth-it", lambda r: as_nothing(r, 0.0003)),
    "nothing is done, though orders gain 500 basis points": (
        "gain",
        "already-diversified",
        both(put("gain/total", 0.05), put("gain/risk", 0.05), put("explanation/rounding_loss", -0.05)),
    ),
    "nothing is done, for orders lose 100 basis points": (
        "gain",
        "already-diversified",
        both(put("gain/total", -0.01), put("gain/risk", -0.01), put("explanation/rounding_loss", 0.01)),
    ),
    "orders forgone with another gain": (
        "gain",
        "not-worth-it",
        both(add("gain/total", 1e-4), add("gain/risk", 1e-4)),
    ),
    "orders forgone with parts that do not add up": ("gain", "not-worth-it", add("gain/risk", 1e-6)),
    "orders forgone that cost less than nothing": (
        "gain",
        "not-worth-it",
        both(put("gain/trading_cost", 1e-3), add("gain/total", 1e-3)),
    ),
    "orders forgone that pay back earlier": ("gain", "not-worth-it", add("gain/months_to_break_even", -0.02)),
    "orders forgone, made": ("status", "not-worth-it", put("status", "trade")),
    "nothing to do, with a loss by rounding": ("optimum", "already-diversified", put("explanation/rounding_loss", 0.5)),
    "rounding that loses a basis point less": ("optimum", "worth-it", add("explanation/rounding_loss", -1e-4)),
    "rounding that loses half": ("optimum", "tech-employee", put("explanation/rounding_loss", 0.5)),
    "rounding that gains": ("optimum", "tech-employee", put("explanation/rounding_loss", -1e-4)),
    "another gain over the household's own horizon": (
        "optimum",
        "tech-employee",
        add("explanation/horizons/3/gain", 1e-3),
    ),
    "no gain over the household's own horizon": ("optimum", "tech-employee", drop("explanation/horizons/3")),
    "a horizon nobody compares": ("optimum", "tech-employee", put("explanation/horizons/5/years", 12.0)),
    "horizons out of order": ("optimum", "tech-employee", lambda r: r["explanation"]["horizons"].reverse()),
    "funds chosen at another loss": ("optimum", "tech-employee", put("explanation/menu/loss", 1e-3)),
    "no funds chosen": ("optimum", "tech-employee", put("explanation/menu", None)),
    "a choice of a fund that is not on offer": (
        "optimum",
        "tech-employee",
        put("explanation/menu/others/0/symbols", ["SPY"]),
    ),
    "a choice of funds twice": ("optimum", "tech-employee", put("explanation/menu/others/0/symbols", ["VTWO"])),
    "no tax branch": ("optimum", "tech-employee", put("explanation/branches", [])),
}


@pytest.mark.parametrize("fault", STATUS)
def test_a_tampered_status_gain_or_optimum_is_caught(fault: str) -> None:
    check, name, tamper = STATUS[fault]
    record = fresh(name)
    tamper(record)
    assert check in failed(record, name)


def reason(number: int, part: str, by: float) -> Tamper:
    """Another part of a reason, there or not, whose net is kept the sum of its parts."""

    def tamper(record: dict[str, Any]) -> None:
        entry = record["explanation"]["reasons"][number]
        entry["parts"][part] = entry["parts"].get(part, 0.0) + by
        entry["net"] += by

    return tamper


MARGINAL: dict[str, tuple[str, Tamper]] = {
    "nearer to the mix": ("tech-employee", reason(0, "mix", 1e-4)),
    "a stronger view": ("tech-employee", reason(0, "views", -1e-6)),
    "a default that presses harder": ("tech-employee", reason(0, "defaults", 1e-4)),
    "less doubt": ("tech-employee", reason(0, "doubt", 1e-6)),
    "less spread": ("tech-employee", reason(0, "spread", 1e-6)),
    "no tax": ("tech-employee", reason(0, "tax", 0.09196)),
    "a little tax where none is due": ("worth-it", reason(0, "tax", 1e-5)),
    "more of a limit's pressure": ("tech-employee", reason(0, "realized_gain.max", 1e-5)),
    "pressure of a limit that is slack": ("worth-it", reason(0, "magnificent_seven.max", 1e-3)),
    "pressure of turnover": ("every-limit", reason(0, "turnover.max", 0.01)),
    "a lot kept that is sold": ("tech-employee", put("explanation/reasons/0/traded", 0.0)),
    "a lot sold that is kept": ("couple-mixed-lots", put("explanation/reasons/0/traded", 1.0)),
    "more sold than there is": ("tech-employee", put("explanation/reasons/0/traded", 1.5)),
    "less bought": (
        "worth-it",
        lambda r: next(b for b in r["explanation"]["reasons"] if b["side"] == "buy").update(traded=0.0),
    ),
    "a lot without a reason": ("tech-employee", drop("explanation/reasons/1")),
    "a purchase of a lot": (
        "worth-it",
        lambda r: next(b for b in r["explanation"]["reasons"] if b["side"] == "buy").update(acquired="2020-01-02"),
    ),
    "no reasons": ("tech-employee", put("explanation/reasons", [])),
    "a reason twice": ("tech-employee", lambda r: r["explanation"]["reasons"].append(r["explanation"]["reasons"][0])),
    "a reason for a lot that is kept": (
        "warned",
        lambda r: r["explanation"]["reasons"].append(
            {**r["explanation"]["reasons"][0], "symbol": "IWM", "acquired": "2025-02-03", "cost_per_share_usd": "400"}
        ),
    ),
    "a dearer limit": ("tech-employee", add("limits/3/price_bps_per_pp", 0.1)),
    "a limit that costs nothing": ("tech-employee", put("limits/3/price_bps_per_pp", None)),
    "a price of a slack limit": ("tech-employee", put("limits/2/price_bps_per_pp", 1.0)),
    "a price where nothing is done": ("already-diversified", put("limits/0/price_bps_per_pp", 1.0)),
}


@pytest.mark.parametrize("fault", MARGINAL)
def test_a_tampered_reason_or_price_is_caught(fault: str) -> None:
    name, tamper = MARGINAL[fault]
    record = fresh(name)
    tamper(record)
    assert "marginal values" in failed(record, name)


def swapped(first: int, second: int) -> Tamper:
    def tamper(record: dict[str, Any]) -> None:
        trades = record["trades"]
        trades[first], trades[second] = trades[second], trades[first]

    return tamper


WHY: dict[str, tuple[str, Tamper]] = {
    "a promise": ("tech-employee", put("trades/0/why", "guaranteed profit")),
    "a word more": ("tech-employee", lambda r: r["trades"][0].update(why=f"{r['trades'][0]['why']}; guaranteed")),
    "no reasons": ("tech-employee", put("trades/0/reasons", [])),
    "the first reason left out": ("tech-employee", drop("trades/0/reasons/0")),
    "the last reason left out": ("tech-employee", drop("trades/0/reasons/-1")),
    "reasons in another order": ("tech-employee", lambda r: r["trades"][0]["reasons"].reverse()),
    "a reason twice": ("tech-employee", lambda r: r["trades"][0]["reasons"].append(r["trades"][0]["reasons"][-1])),
    "a reason that gains more": ("tech-employee", add("trades/0/reasons/0/gain", 1e-6)),
    "another reason": ("tech-employee", put("trades/0/reasons/0/part", "return")),
    "rounding for a reason": ("tech-employee", put("trades/0/reasons", [{"part": "rounding", "gain": 0.0}])),
    "nothing for a reason": ("tech-employee", put("trades/1/reasons", [{"part": "indifferent", "gain": 0.0}])),
    "a purchase with the reasons of a sale": ("tech-employee", lambda r: reasons_of(r, 0, 2)),
    "no tax in a taxable account": (
        "tech-employee",
        lambda r: r["trades"][0].update(why=f"{r['trades'][0]['why']}; untaxed in this account"),
    ),
    "seven in a fund that holds none": (
        "tech-employee",
        lambda r: r["trades"][2].update(why=r["trades"][2]["why"].replace("; holds none of the seven", "")),
    ),
}


def reasons_of(record: dict[str, Any], first: int, second: int) -> None:
    """The reasons of one order for another, and its words."""
    trades = record["trades"]
    trades[second].update(reasons=trades[first]["reasons"], why=trades[first]["why"])


@pytest.mark.parametrize("fault", WHY)
def test_a_tampered_reason_of_an_order_is_caught(fault: str) -> None:
    name, tamper = WHY[fault]
    record = fresh(name)
    before = copy.deepcopy(record["trades"])
    tamper(record)
    assert record["trades"] != before
    assert "reasons" in failed(record, name)


ORDER: dict[str, tuple[str, Tamper]] = {
    "a purchase before the sale that pays for it": ("tech-employee", swapped(0, 2)),
    "sales in another order": ("tech-employee", swapped(0, 1)),
    "purchases in another order": ("tech-employee", swapped(2, 3)),
    "all purchases first": ("tech-employee", lambda r: r["trades"].reverse()),
}


@pytest.mark.parametrize("fault", ORDER)
def test_orders_in_another_order_are_caught(fault: str) -> None:
    name, tamper = ORDER[fault]
    record = fresh(name)
    tamper(record)
    assert "sequence" in failed(record, name)


MEASURED: dict[str, tuple[str, str, Tamper]] = {
    "a company dropped from the seven": (
        "measures",
        "tech-employee",
        drop("before/magnificent_seven/companies/Tesla"),
    ),
    "a company added to the seven": (
        "measures",
        "tech-employee",
        put("after/magnificent_seven/companies", {}),
    ),
    "an eighth of the seven": (
        "measures",
        "tech-employee",
        lambda r: r["after"]["magnificent_seven"]["companies"].update(
            Broadcom=r["after"]["magnificent_seven"]["companies"]["Tesla"]
        ),
    ),
    "other days of an episode": ("assumptions", "tech-employee", put("after/stress/0/start", "2001-01-01")),
    "another last day of an episode": ("assumptions", "tech-employee", put("before/stress/1/end", "2001-01-01")),
    "no stand-ins": ("assumptions", "warned", lambda r: [loss.update(stand_ins=[]) for loss in r["before"]["stress"]]),
    "another stand-in": ("assumptions", "tech-employee", put("before/stress/0/stand_ins", ["NVDA by SPY"])),
    "an episode left out": ("assumptions", "tech-employee", drop("before/stress/0")),
    "an episode twice": (
        "assumptions",
        "tech-employee",
        lambda r: r["after"]["stress"].append(r["after"]["stress"][0]),
    ),
    "a return of another origin": (
        "assumptions",
        "tech-employee",
        put("assumptions/securities/NVDA/origin", "your view (Mom)"),
    ),
    "a return that views moved, called equilibrium": (
        "assumptions",
        "tech-employee",
        put("assumptions/securities/IJR/origin", "equilibrium"),
    ),
    "a security more": (
        "assumptions",
        "tech-employee",
        lambda r: r["assumptions"]["securities"].update(XOM=r["assumptions"]["securities"]["NVDA"]),
    ),
    "another benchmark": ("assumptions", "tech-employee", put("assumptions/benchmark", "VTI")),
    "another premium": ("assumptions", "tech-employee", add("assumptions/equity_premium", 0.01)),
    "another rate on cash": ("assumptions", "tech-employee", add("assumptions/risk_free", 0.001)),
    "another volatility of a security": (
        "assumptions",
        "tech-employee",
        add("assumptions/securities/NVDA/volatility", 1e-4),
    ),
}


@pytest.mark.parametrize("fault", MEASURED)
def test_a_tampered_measure_or_assumption_is_caught(fault: str) -> None:
    check, name, tamper = MEASURED[fault]
    record = fresh(name)
    tamper(record)
    assert check in failed(record, name)


CERTIFICATE: dict[str, Tamper] = {
    "no checks": put("certificate/checks", []),
    "a check less": drop("certificate/checks/3"),
    "a check more": lambda r: r["certificate"]["checks"].append({"name": "sound", "passed": True, "detail": "agrees"}),
    "a check that did not pass": put("certificate/checks/3/passed", False),
    "a check with another detail": put("certificate/checks/3/detail", "nearly agrees"),
    "a check with another name": put("certificate/checks/3/name", "audited by somebody"),
    "not passed": put("certificate/passed", False),
    "a breach of a limit": put("certificate/max_violation", 0.01),
    "a gap that is too wide": put("certificate/duality_gap", 0.01),
    "a residual that is too large": put("certificate/dual_residual", 0.01),
    "an optimum outside of its limits": put("certificate/optimum_violation", 0.01),
    "no version of the program": drop("inputs/versions/advisor"),
    "no versions": put("inputs/versions", {}),
    "a version that is none": put("inputs/versions/numpy", "the latest"),
    "a library with no name": lambda r: r["inputs"]["versions"].update({"": "1.0"}),
}


@pytest.mark.parametrize("fault", CERTIFICATE)
def test_a_tampered_certificate_is_caught(fault: str) -> None:
    record = fresh("tech-employee")
    CERTIFICATE[fault](record)
    assert list(failed(record, "tech-employee")) == ["certificate"]


UNKNOWN = {
    "a key more in the record": "",
    "a key more in an order": "trades/0",
    "a key more in a lot": "trades/0/lots/0",
    "a key more in a limit": "limits/0",
    "a key more in the tax": "tax",
    "a key more in the gain": "gain",
    "a key more in a state": "after",
    "a key more in the seven": "after/magnificent_seven",
    "a key more in an episode": "after/stress/0",
    "a key more in the explanation": "explanation",
    "a key more in a reason": "explanation/reasons/0",
    "a key more in the assumptions": "assumptions",
    "a key more in a security": "assumptions/securities/NVDA",
    "a key more in a warning": "warnings/0",
    "a key more in the inputs": "inputs",
    "a key more in the market": "inputs/market",
    "a key more beside the proposal": "trade_off",
    "a key more in an alternative": "trade_off/alternatives/1",
    "a key more in a curve": "trade_off/cost_curve",
    "a key more in a sensitivity": "trade_off/sensitivities/0",
    "a key more in the stability": "trade_off/stability",
}


@pytest.mark.parametrize("fault", UNKNOWN)
def test_an_unknown_key_is_caught(fault: str) -> None:
    record = fresh("tech-employee")
    node: Any = record
    for step in filter(None, UNKNOWN[fault].split("/")):
        node = node[int(step) if isinstance(node, list) else step]
    node["guaranteed"] = True
    assert "guaranteed is a key that records of this schema do not have" in failed(record, "tech-employee")["form"]


FORM: dict[str, Tamper] = {
    "no warnings key": drop("warnings"),
    "a status in capitals": put("status", "TRADE"),
    "a gain as text": put("gain/total", "0.1"),
    "an amount with three digits": put("trades/0/amount_usd", "1.000"),
    "a schema of tomorrow": put("schema", "advisor.recommendation/99"),
    "no schema": drop("schema"),
    "a certificate without a solver": drop("certificate/solver"),
    "true for one": put("certificate/undecided", True),
    "a curve without a label": drop("trade_off/cost_curve/label"),
}


@pytest.mark.parametrize("fault", FORM)
def test_another_form_is_caught(fault: str) -> None:
    record = fresh("tech-employee")
    FORM[fault](record)
    assert "form" in failed(record, "tech-employee")


def alternative(record: dict[str, Any], name: str) -> dict[str, Any]:
    return next(found for found in record["trade_off"]["alternatives"] if found["name"] == name)


def impossible(name: str) -> Tamper:
    def tamper(record: dict[str, Any]) -> None:
        left = {"trades": [], "limits": [], "after": None, "tax": None, "costs": None, "gain": None, "causes": []}
        alternative(record, name).update(left, status="conflict", reason="Whatever is sold and bought, it cannot be.")

    return tamper


def idle(record: dict[str, Any]) -> None:
    """IJR alone said to do nothing."""
    alternative(record, "ijr_only").update(
        {key: alternative(record, "do_nothing")[key] for key in ("trades", "limits", "after", "tax", "costs", "gain")},
        status="do_nothing",
    )


ALTERNATIVES: dict[str, tuple[str, Tamper]] = {
    "doing nothing left out": ("tech-employee", drop("trade_off/alternatives/0")),
    "half left out": ("tech-employee", drop("trade_off/alternatives/1")),
    "a scenario left out": ("tech-employee", drop("trade_off/alternatives/5")),
    "all left out": ("tech-employee", put("trade_off/alternatives", [])),
    "an alternative twice": (
        "tech-employee",
        lambda r: r["trade_off"]["alternatives"].append(alternative(r, "half")),
    ),
    "alternatives in another order": ("tech-employee", lambda r: r["trade_off"]["alternatives"].reverse()),
    "a scenario renamed": ("tech-employee", put("trade_off/alternatives/4/name", "Sell less")),
    "another title": ("tech-employee", put("trade_off/alternatives/1/title", "The whole move")),
    "IJR alone called impossible": ("tech-employee", impossible("ijr_only")),
    "a wider scenario called impossible": ("tech-employee", impossible("Sell more this year")),
    "doing nothing called impossible": ("tech-employee", impossible("do_nothing")),
    "half called impossible": ("tech-employee", impossible("half")),
    "IJR alone that does nothing though a limit is broken": ("tech-employee", idle),
    "half of an order more": (
        "tech-employee",
        lambda r: alternative(r, "half")["trades"].pop(),
    ),
    "a reason in half": ("tech-employee", put("trade_off/alternatives/1/trades/0/why", "guaranteed profit")),
    "a part of a reason in half": (
        "tech-employee",
        put("trade_off/alternatives/1/trades/0/reasons", [{"part": "risk", "gain": 0.1}]),
    ),
    "a change nobody made": (
        "tech-employee",
        lambda r: alternative(r, "half").update(changes=alternative(r, "ijr_only")["changes"]),
    ),
    "no change where there is one": ("tech-employee", put("trade_off/alternatives/2/changes", [])),
    "another change of funds": ("tech-employee", put("trade_off/alternatives/2/changes/0/after", "[VTWO]")),
    "a cause that moves more": ("tech-employee", add("trade_off/alternatives/3/causes/0/moved", 0.1)),
    "causes in another order": ("tech-employee", lambda r: alternative(r, "Faster out of Nvidia")["causes"].reverse()),
    "a cause twice": (
        "tech-employee",
        lambda r: alternative(r, "Faster out of Nvidia")["causes"].append(
            alternative(r, "Faster out of Nvidia")["causes"][-1]
        ),
    ),
    "a note that there is no need of": ("tech-employee", put("trade_off/note", "Too many lots.")),
    "another episode in half": ("tech-employee", put("trade_off/alternatives/1/after/stress/0/start", "2001-01-01")),
    "another subject in an alternative": ("tech-employee", put("trade_off/alternatives/2/limits/1/subject", "Apple")),
    "a limit of half that is said to hold": ("tech-employee", add("trade_off/alternatives/1/limits/0/after", -0.1)),
    "a limit of doing nothing at its bound": (
        "tech-employee",
        put("trade_off/alternatives/0/limits/2/status", "binding"),
    ),
    "a price in an alternative": ("tech-employee", put("trade_off/alternatives/2/limits/0/price_bps_per_pp", 1.0)),
    "a reason in an alternative": ("tech-employee", put("trade_off/alternatives/2/trades/0/why", "pays")),
    "a reason for an answer": ("tech-employee", put("trade_off/alternatives/2/reason", "It is better.")),
    "a view left out": ("tech-employee", drop("trade_off/views/0")),
    "a view held more firmly": ("tech-employee", put("trade_off/views/0/confidence", 1.0)),
    "a view that states more": ("tech-employee", add("trade_off/views/0/stated", 0.01)),
    "another source of a view": ("tech-employee", put("trade_off/views/0/source", "a friend")),
    "more expected of a view": ("tech-employee", add("trade_off/views/0/expected", 0.001)),
    "another equilibrium beside a view": ("tech-employee", add("trade_off/views/0/equilibrium", 0.001)),
}


@pytest.mark.parametrize("fault", ALTERNATIVES)
def test_a_tampered_alternative_is_caught(fault: str) -> None:
    name, tamper = ALTERNATIVES[fault]
    record = fresh(name)
    tamper(record)
    assert "alternatives" in failed(record, name)


def test_a_cent_that_is_moved_between_two_accounts_is_caught() -> None:
    record = fresh("tech-employee")
    cash = record["after"]["cash_usd"]
    for name, by in (("Brokerage", "0.01"), ("Roth IRA", "-0.01")):
        cash[name] = f"{Decimal(cash[name]) + Decimal(by):.2f}"
    assert "cash" in failed(record, "tech-employee")


def test_at_least_a_hundred_tamperings_are_seeded() -> None:
    families = (WARNINGS, LIMITS, STATUS, MARGINAL, WHY, ORDER, MEASURED, CERTIFICATE, UNKNOWN, FORM, ALTERNATIVES)
    assert sum(map(len, families)) >= 200


NOT_CHECKED = (  # what `not_checked` names, by its place; names of files, which say nothing of the advice
    ("inputs", "portfolio"),
    ("inputs", "market", "source"),
    ("inputs", "versions"),
    ("certificate", "solver"),
    ("certificate", "undecided"),
    ("explanation", "horizons"),
    ("explanation", "menu"),
    ("explanation", "branches"),
    ("trade_off", "cost_curve"),
    ("trade_off", "least_cost"),
    ("trade_off", "frontier"),
    ("trade_off", "sensitivities"),
    ("trade_off", "stability"),
    ("trade_off", "views"),
    ("trade_off", "alternatives", "moved"),
)


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The place of every value that is no list and no object."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    return [path] if entries is None else [place for key, item in entries for place in leaves(item, (*path, key))]


def is_checked(path: tuple[str | int, ...]) -> bool:
    names = tuple(step for step in path if isinstance(step, str))
    kinds = (names, (*names[:2], names[-1]))
    return not any(kind[: len(place)] == place for place in NOT_CHECKED for kind in kinds)


def another(value: object, rng: random.Random) -> object:
    """Another value of the same kind; a number by a thousandth."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case float():
            return value + rng.choice([-1e-3, 1e-3])
        case None:
            return rng.choice([1.0, "x"])
    text = str(value)
    return f"{Decimal(text) + Decimal('0.01')}" if re.fullmatch(r"-?\d+(\.\d+)?", text) else f"{text}x"


@pytest.mark.parametrize("name", ["tech-employee", "every-limit", "not-worth-it"])
def test_any_value_that_is_changed_is_caught(name: str) -> None:
    """Values drawn at random from all that are not named as unchecked, each made another one."""
    rng = random.Random(name)
    everywhere = [path for path in leaves(fresh(name)) if is_checked(path)]
    for path in rng.sample(everywhere, 40):
        record = fresh(name)
        node: Any = record
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = another(node[path[-1]], rng)
        assert failed(record, name), path
