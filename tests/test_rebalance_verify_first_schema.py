"""A record of the first schema, as it was written then, is still verified; what it does not state is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from advisor.market.resolve import resolve
from advisor.portfolio.load import load_portfolio
from advisor.rebalance.verify import not_checked, verify_written
from tests.samples import NEVER, market
from tests.tampered import Tamper, add, drop, put

FILE = Path(__file__).parent / "records" / "recommendation-1.json"


def first() -> dict[str, Any]:
    record: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    assert record["schema"] == "advisor.recommendation/1"
    return record


def failed(record: dict[str, Any]) -> dict[str, str]:
    text = first()["inputs"]["portfolio"]["text"]
    portfolio = load_portfolio(text.encode(), file="x.yaml", today=NEVER)
    checks = verify_written(record, portfolio, resolve(market(), portfolio))
    return {check.name.split(":")[0]: check.detail for check in checks if not check.passed}


def test_one_with_a_set_of_views_and_scenarios_passes_as_it_was_made() -> None:
    """Its views counted as their set states them, in its scenarios too; moved by prices they would not agree."""
    record = json.loads((FILE.parent / "recommendation-1-views.json").read_text("utf-8"))
    portfolio = load_portfolio(record["inputs"]["portfolio"]["text"].encode(), file="x.yaml", today=NEVER)
    assert portfolio.views
    assert any(scenario.portfolio.views for scenario in portfolio.scenarios)
    data = resolve(market(), portfolio)
    assert [check for check in verify_written(record, portfolio, data) if not check.passed] == []
    record["schema"] = "advisor.recommendation/2"
    assert [check.name for check in verify_written(record, portfolio, data) if not check.passed]


def test_it_passes_and_what_it_does_not_state_is_said() -> None:
    assert failed(first()) == {}
    assert any("schema 1 does not state" in one for one in not_checked(first()))


FAULTS: dict[str, tuple[str, Tamper]] = {
    "a warning left out": ("warnings", drop("warnings/1")),
    "another subject": ("limits", put("limits/0/subject", "Apple")),
    "a slack limit": ("limits", put("limits/1/status", "slack")),
    "another check": ("certificate", put("certificate/checks/0/name", "audited")),
    "a key of the next schema": ("form", lambda record: record["limits"][0].update(subject_before=None)),
    "an alternative left out": ("alternatives", drop("trade_off/alternatives/2")),
    "another gain": ("gain", add("gain/total", 1e-6)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_it_is_caught(fault: str) -> None:
    check, tamper = FAULTS[fault]
    record = first()
    tamper(record)
    assert check in failed(record)
