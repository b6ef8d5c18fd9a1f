"""Reasons of orders, worked out a second time from the marginal values."""

from __future__ import annotations

import json

import pytest

from advisor.rebalance.record import PortfolioFile, record, to_json
from advisor.rebalance.verify import verify
from tests.small_households import account, household, limits, lot, planned, resolved

FILE = PortfolioFile("test.yaml", "")


def test_lots_that_cannot_be_told_apart_share_their_weight() -> None:
    """Two lots of one day and cost, sold with a dearer one: the mean is by all shares, 150 and 20."""
    lots = [lot(100, 20), lot(50, 20), lot(20, 190, days=100)]
    portfolio = household(
        account("Joint", "taxable", 0, {"NVDA": lots, "BND": [lot(100, 70)]}), limits=limits(magnificent_seven_max="0")
    )
    plan, data = planned(portfolio), resolved(portfolio)
    written = json.loads(to_json(record(plan, portfolio, data, FILE, {})))
    assert [check.detail for check in verify(written, portfolio, data) if not check.passed] == []
    (sale,) = (trade for trade in written["trades"] if trade["symbol"] == "NVDA")
    values = {
        value["cost_per_share_usd"]: value["parts"]
        for value in written["explanation"]["reasons"]
        if value["symbol"] == "NVDA"
    }
    assert values["20"]["tax"] != pytest.approx(values["190"]["tax"])
    for reason in sale["reasons"]:
        mean = (150 * values["20"].get(reason["part"], 0.0) + 20 * values["190"].get(reason["part"], 0.0)) / 170
        assert reason["gain"] == pytest.approx(mean, abs=1e-9)
