"""Comparisons as plain JSON."""

from __future__ import annotations

import json
from decimal import Decimal

import jsonschema

from advisor.whatif.alternatives import alternatives
from advisor.whatif.model import Curve, CurvePoint, Grid, Measures, Sensitivity, TradeOff
from advisor.whatif.record import grid_record, outcome_record, trade_off_record, what_if_schema
from tests.samples import answer

MEASURES = Measures(0.3, 0.2, 0.01, 0.18, 0.05, 0.07, 0.1, Decimal("12.345"), Decimal("1"), 0.001)


def test_an_outcome_has_the_trades_and_the_states_of_the_recommendation() -> None:
    found = answer("couple-mixed-lots")
    record = json.loads(found.json_text)
    nothing, half, *_ = (outcome_record(one) for one in alternatives(found.portfolio, found.market, found.plan))
    assert nothing["after"] == record["before"]
    assert [trade.keys() for trade in half["trades"]] == [record["trades"][0].keys()] * len(half["trades"])
    assert nothing["limits"][0].keys() == record["limits"][0].keys()
    schema = what_if_schema()
    jsonschema.Draft202012Validator({**schema["$defs"]["outcome"], "$defs": schema["$defs"]}).validate(half)


def test_an_outcome_without_answer_is_null_with_its_reason() -> None:
    found = answer("young-saver")
    record = outcome_record(alternatives(found.portfolio, found.market, found.plan)[2])
    assert [record[key] for key in ("after", "tax", "costs", "gain", "trades", "limits")] == [None] * 4 + [[], []]
    assert record["status"] == "conflict"
    assert record["reason"]


def test_a_trade_off_is_finite_json_with_gaps_as_null() -> None:
    curve = Curve("magnificent_seven.max", (CurvePoint(0.2, MEASURES), CurvePoint(0.1, None, is_proved=False)))
    trade_off = TradeOff((), curve, None, (Sensitivity("view", "without the view on IJR", MEASURES),))
    record = json.loads(json.dumps(trade_off_record(trade_off), allow_nan=False))
    assert record["cost_curve"]["points"][0]["measures"]["tax_usd"] == "12.35"
    assert record["cost_curve"]["points"][0]["measures"]["small_caps"] == 0.2
    assert record["cost_curve"]["points"][1] == {"at": 0.1, "measures": None, "is_proved": False}
    assert record["frontier"] is None
    assert record["sensitivities"][0]["title"] == "without the view on IJR"


def test_a_grid_keeps_its_rows_and_columns() -> None:
    record = grid_record(Grid((0.2,), (0.0, 0.1), ((CurvePoint(0.0, MEASURES), CurvePoint(0.1, None)),)))
    assert (record["caps"], record["shares"]) == ([0.2], [0.0, 0.1])
    assert [point["measures"] is None for point in record["points"][0]] == [False, True]
