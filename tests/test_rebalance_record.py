"""The record: plain finite JSON that meets its schema and says what the plan says."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from decimal import Decimal

import jsonschema
import pytest

from advisor.errors import LimitsConflictError
from advisor.market.resolve import resolve
from advisor.portfolio.preferences import Preferences
from advisor.rebalance.check import Check
from advisor.rebalance.plan import rebalance
from advisor.rebalance.record import PortfolioFile, recommendation_schema, record, to_json
from tests.households import random_household
from tests.samples import market
from tests.small_households import account, household, limits, lot, planned, resolved

PORTFOLIO = household(
    account("Joint", "taxable", "1000.10", {"NVDA": [lot("100.0005", "20.123")], "SPY": [lot(20, 700)]}),
    account("Roth", "roth", 0, {"QQQ": [lot("10.0004")]}),
    limits=limits(magnificent_seven_max="0.4", realized_gain_max="90000"),
    preferences=Preferences(min_trade_usd=Decimal(1)),
)
PLAN = planned(PORTFOLIO)
FILE = PortfolioFile("häusle.yaml", "version: 1\nname: Häusle\n")
RECORD = record(PLAN, PORTFOLIO, resolved(PORTFOLIO), FILE, {"numpy": "2", "advisor": "1"})


def test_money_is_text_to_the_cent_and_shares_are_text() -> None:
    assert PLAN.trades
    for entry, trade in zip(RECORD["trades"], PLAN.trades, strict=True):
        assert (Decimal(entry["amount_usd"]), Decimal(entry["shares"])) == (trade.amount_usd, trade.shares)
        assert entry["amount_usd"].partition(".")[2].isdigit()
        assert len(entry["amount_usd"].partition(".")[2]) == 2
        for line, sold in zip(entry["lots"], trade.lots, strict=True):
            assert Decimal(line["shares"]) == sold.shares
            assert (line["gain_usd"] is None) == (sold.gain_usd is None)
    assert RECORD["after"]["cash_usd"] == {name: f"{usd:.2f}" for name, usd in PLAN.after.cash_usd.items()}


def test_numbers_are_the_plans_own() -> None:
    assert RECORD["after"]["volatility"] == PLAN.after.volatility
    assert RECORD["gain"]["total"] == PLAN.net_benefit.total
    assert [(e["name"], e["kind"], e["after"]) for e in RECORD["limits"]] == [
        (limit.name, str(limit.side), limit.after) for limit in PLAN.limits
    ]
    assert RECORD["assumptions"]["risk_aversion"] == PLAN.risk_aversion


def test_the_files_text_and_digest_are_in_the_record() -> None:
    stated = RECORD["inputs"]["portfolio"]
    assert stated["text"] == FILE.text
    assert stated["sha256"] == hashlib.sha256(FILE.text.encode("utf-8")).hexdigest()
    assert RECORD["inputs"]["market"]["age_days"] == 130  # 2026-07-13 to 2026-11-20
    assert list(RECORD["inputs"]["versions"]) == ["advisor", "numpy"]


def test_the_text_is_the_record_and_the_same_each_time() -> None:
    text = to_json(RECORD)
    assert json.loads(text) == RECORD
    assert text == to_json(
        record(planned(PORTFOLIO), PORTFOLIO, resolved(PORTFOLIO), FILE, {"advisor": "1", "numpy": "2"})
    )
    assert text.endswith("}\n")
    assert "Häusle" in text


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_a_finite_number_is_refused(odd: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json({"gain": odd})


def test_a_small_amount_is_written_without_an_exponent() -> None:
    text = to_json(RECORD)
    entries = [entry["shares"] for entry in json.loads(text)["trades"]]
    assert not any("E" in shares for shares in entries)
    tiny = household(
        account("Roth", "roth", 1, {"NVDA": [lot("0.0000005"), lot("0.0005")]}),
        limits=limits(magnificent_seven_max="0"),
    )
    written = record(planned(tiny), tiny, resolved(tiny), FILE, {})
    assert "0.0005" in {line["shares"] for entry in written["trades"] for line in entry["lots"]}


def test_every_random_plan_meets_the_schema() -> None:
    validator = jsonschema.Draft202012Validator(recommendation_schema())
    statuses = set()
    for seed in range(40):
        portfolio = random_household(seed)
        data = resolve(market(), portfolio)
        try:
            found = rebalance(portfolio, data)
        except LimitsConflictError:
            continue
        checked = (Check("a check", passed=True, detail="agrees"),)
        plan = replace(found, certificate=replace(found.certificate, checks=checked))
        written = json.loads(to_json(record(plan, portfolio, data, FILE, {"advisor": "test"})))
        assert list(validator.iter_errors(written)) == []
        statuses.add(plan.status)
    assert statuses == {"trade", "do_nothing"}
