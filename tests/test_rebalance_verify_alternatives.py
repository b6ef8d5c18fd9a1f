"""What stands beside a proposal is replayed too: each seeded fault in an alternative is caught, and named."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

import pytest

from advisor.api.recommend import recommend, with_trade_off
from advisor.market.resolve import resolve
from advisor.portfolio.load import load_portfolio
from advisor.rebalance.verify import ALTERNATIVES, verify
from tests.samples import ANSWERED, NEVER, answer, market, sample


@cache
def text(name: str) -> str:
    return with_trade_off(answer(name)).json_text


def record_of(name: str) -> dict[str, Any]:
    return json.loads(text(name))


def alternative(record: dict[str, Any], name: str) -> dict[str, Any]:
    return next(found for found in record["trade_off"]["alternatives"] if found["name"] == name)


def checks(record: dict[str, Any], name: str) -> dict[str, tuple[bool, str]]:
    portfolio = sample(name)
    found = verify(record, portfolio, resolve(market(), portfolio))
    return {check.name: (check.passed, check.detail) for check in found}


@pytest.mark.parametrize("name", ANSWERED)
def test_the_alternatives_of_every_sample_pass(name: str) -> None:
    assert checks(record_of(name), name)[ALTERNATIVES] == (True, "agrees")


def test_a_record_without_alternatives_has_one_check_less() -> None:
    record = record_of("tech-employee")
    del record["trade_off"]
    assert ALTERNATIVES not in checks(record, "tech-employee")


def order(record: dict[str, Any], name: str = "half", side: str = "sell") -> dict[str, Any]:
    return next(trade for trade in alternative(record, name)["trades"] if trade["side"] == side)


def more(value: str) -> str:
    return f"{float(value) + 1:.2f}"


FAULTS = {
    "a share more": lambda r: order(r).update(shares=str(int(order(r)["shares"]) + 1)),
    "another amount": lambda r: order(r).update(amount_usd=more(order(r)["amount_usd"])),
    "another gain": lambda r: order(r)["lots"][0].update(gain_usd=more(order(r)["lots"][0]["gain_usd"])),
    "an order twice": lambda r: alternative(r, "half")["trades"].append(copy.deepcopy(order(r))),
    "an order left out": lambda r: alternative(r, "half")["trades"].pop(),
    "less tax": lambda r: alternative(r, "half")["tax"].update(tax_usd="0.00"),
    "less of the seven": lambda r: alternative(r, "half")["after"]["magnificent_seven"].update(high=0.5),
    "less volatility": lambda r: alternative(r, "russell_2000_only")["after"].update(volatility=0.1),
    "more small caps": lambda r: alternative(r, "do_nothing")["after"].update(small_cap_weight=0.2),
    "cash from nowhere": lambda r: alternative(r, "ijr_only")["after"].update(value_usd="999999.00"),
    "a limit said to hold": lambda r: alternative(r, "ijr_only")["limits"][0].update(after=0.3),
    "a limit left out": lambda r: alternative(r, "ijr_only")["limits"].pop(),
    "orders where there are said to be none": lambda r: alternative(r, "half").update(status="do_nothing"),
    "no answer and no reason": lambda r: alternative(r, "half").update(after=None, reason=""),
    "more gain": lambda r: alternative(r, "half")["gain"].update(total=0.01, risk=0.02),
    "a fund that is not on its menu": lambda r: alternative(r, "ijr_only").update(name="russell_2000_only"),
    "a scenario's tax": lambda r: r["trade_off"]["alternatives"][-1]["tax"].update(tax_usd="1.00"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seeded_fault_in_an_alternative_is_caught(fault: str) -> None:
    record = record_of("tech-employee")
    FAULTS[fault](record)
    failed = [name for name, (passed, _) in checks(record, "tech-employee").items() if not passed]
    assert failed == [ALTERNATIVES]


def test_the_fault_names_its_alternative() -> None:
    record = record_of("tech-employee")
    FAULTS["less tax"](record)
    assert checks(record, "tech-employee")[ALTERNATIVES][1].startswith("half: tax_usd: 0.00 stated")


NOTHING_ON_OFFER = """
version: 1
name: Only cash
as_of: 2026-07-14
accounts: [{name: Bank, type: taxable, cash: 50000}]
preferences: {buy: []}
"""
A_FUND_OF_ITS_OWN = """
version: 1
name: IWM alone on offer
as_of: 2026-07-14
accounts: [{name: IRA, type: traditional, holdings: [{symbol: IWM, shares: 60}, {symbol: QQQ, shares: 90}]}]
limits: {magnificent_seven: {max: 20%}}
preferences: {buy: [IWM, VTWO]}
"""


@pytest.mark.parametrize("text", [NOTHING_ON_OFFER, A_FUND_OF_ITS_OWN])
def test_alternatives_are_replayed_with_their_own_menu_and_not_the_files(text: str) -> None:
    """What is on offer decides which funds share one expected return, so another menu means another return."""
    portfolio = load_portfolio(text.encode(), file="x.yaml", today=NEVER)
    made = with_trade_off(recommend(portfolio, market(), "x.yaml", text, {"advisor": "test"}))
    assert made.plan.certificate.passed
