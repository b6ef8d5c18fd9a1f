"""``advisor diff`` on records that are made here: one input changed, then several; each cause is named."""

from __future__ import annotations

import json
import random
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from advisor.api.recommend import recommend
from advisor.cli.diff_text import advice_words
from advisor.market.snapshot import EMBEDDED, load_snapshot
from advisor.portfolio.load import load_portfolio
from advisor.whatif.two_answers import MEASURES, RecordedAnswer, diff_schema, two_answers
from tests.command import call
from tests.counts import first
from tests.samples import NEVER, market, record_of, text_of
from tests.test_cli_verify import HOSTILE, places

COUPLE = "couple-mixed-lots"
VERSIONS = {"advisor": "test"}


def saved(folder: Path, text: str, *, day: date | None = None, prices: dict[str, float] | None = None) -> Path:
    """The recommendation for a file, with the snapshot's prices but for `prices`, and with its market data."""
    folder.mkdir()
    data = market()
    if prices:
        document = json.loads(EMBEDDED.read_bytes())
        for row in document["securities"]:
            row["close_usd"] = str(prices.get(row["symbol"], row["close_usd"]))
        (folder / "market.json").write_text(json.dumps(document), "utf-8")
        data = load_snapshot(folder / "market.json")
    portfolio = load_portfolio(text.encode(), file="file.yaml", today=NEVER, as_of=day)
    file = folder / "recommendation.json"
    file.write_text(recommend(portfolio, data, "file.yaml", text, VERSIONS).json_text, "utf-8")
    return file


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def held(file: Path) -> dict[str, float]:
    after = json.loads(file.read_text("utf-8"))["after"]
    return {**after["weights"], "cash": after["cash_weight"]}


def apart(one: Path, other: Path) -> float:
    a, b = held(one), held(other)
    return sum(abs(a.get(name, 0) - b.get(name, 0)) for name in {*a, *b}) / 2


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return saved(tmp_path / "old", text_of(COUPLE))


def told(capsys: pytest.CaptureFixture[str], old: Path, new: Path) -> dict[str, Any]:
    ended = call(capsys, "diff", old, new, "--json")
    assert (ended.code, ended.err) == (0, "")
    jsonschema.Draft202012Validator.check_schema(diff_schema())
    jsonschema.Draft202012Validator(diff_schema(), format_checker=jsonschema.FormatChecker()).validate(ended.document)
    document: dict[str, Any] = ended.document
    program = document["causes"]["program"]
    assert program["before"] == pytest.approx(0, abs=1e-12)
    assert program["after"] == pytest.approx(0, abs=1e-12)
    return document


def paths(document: dict[str, Any]) -> list[str]:
    return [step["path"] for step in document["causes"]["steps"]]


def test_equal_inputs_are_the_same_advice(old: Path, tmp_path: Path, capsys) -> None:
    document = told(capsys, old, saved(tmp_path / "new", text_of(COUPLE)))
    assert document["same_advice"]
    assert (document["orders"], document["limits"], document["causes"]["steps"]) == ([], [], [])
    ended = call(capsys, "diff", old, old)
    count = len(json.loads(old.read_text("utf-8"))["trades"])
    assert count > 1
    assert f"The same advice: {count} orders; no input changed." in ended.out


def test_a_record_of_an_earlier_schema_is_compared_like_any_other(old: Path, tmp_path: Path, capsys) -> None:
    document = json.loads(old.read_text("utf-8"))
    assert document["schema"] == "advisor.recommendation/3"
    first = tmp_path / "first.json"
    for earlier in (1, 2):
        first.write_text(json.dumps({**document, "schema": f"advisor.recommendation/{earlier}"}), "utf-8")
        assert f"The same advice: {len(document['trades'])} orders" in call(capsys, "diff", first, old).out
    first.write_text(json.dumps({**document, "schema": "advisor.recommendation/4"}), "utf-8")
    assert call(capsys, "diff", first, old).code != 0


def test_a_changed_limit_is_the_cause_with_the_whole_move(old: Path, tmp_path: Path, capsys) -> None:
    text = replaced(text_of(COUPLE), ("magnificent_seven: {max: 28%}", "magnificent_seven: {max: 25%}"))
    new = saved(tmp_path / "new", text)
    document = told(capsys, old, new)
    (step,) = document["causes"]["steps"]
    assert (step["path"], step["before"], step["after"]) == ("limits.magnificent_seven.max", "28%", "25%")
    assert step["moved"] == pytest.approx(apart(old, new), abs=1e-12)
    assert step["changes_orders"]
    assert not document["same_advice"]
    records = [json.loads(file.read_text("utf-8")) for file in (old, new)]
    shares = [{(t["account"], t["symbol"], t["side"]): t["shares"] for t in record["trades"]} for record in records]
    expected = {
        key: (shares[0].get(key), shares[1].get(key))
        for key in {*shares[0], *shares[1]}
        if shares[0].get(key) != shares[1].get(key)
    }
    assert {(o["account"], o["symbol"], o["side"]): (o["old_shares"], o["new_shares"]) for o in document["orders"]} == (
        expected
    )
    measures = {one["name"]: one for one in document["measures"]}
    for side, record in zip(("old", "new"), records, strict=True):
        assert measures["magnificent_seven"]["proposed"][side] == record["after"]["magnificent_seven"]["high"]
        assert measures["volatility"]["today"][side] == record["before"]["volatility"]
        assert measures["tax"]["proposed"][side] == record["tax"]["tax_usd"]
        assert measures["value"]["today"][side] == record["before"]["value_usd"]
    (limit,) = document["limits"]
    assert (limit["label"], limit["old"]["bound"], limit["new"]["bound"]) == ("magnificent_seven.max", 0.28, 0.25)
    ended = call(capsys, "diff", old, new)
    words = " ".join(ended.out.split())
    then, now = (100 * record["after"]["magnificent_seven"]["high"] for record in records)
    assert now <= 25 < then <= 28
    assert f"Magnificent Seven are to go to {now:.1f}% in place of {then:.1f}% of the household, because of" in words
    assert "because of the change of the limit on the Magnificent Seven from 28% to 25%." in words


def test_orders_that_are_equal_are_counted_and_not_the_orders_there_are(tmp_path: Path, capsys) -> None:
    """The engineer's cap from 65% to 60%, a lower gain on the other knobs: two orders keep their shares, two do not."""
    text = replaced(text_of("tech-employee"), ("realized_gain: {max: 120000}", "realized_gain: {max: 200000}"))
    other = replaced(text, ("magnificent_seven: {max: 65%}", "magnificent_seven: {max: 60%}"))
    first, second = saved(tmp_path / "first", text), saved(tmp_path / "second", other)
    shares = [
        {(t["account"], t["symbol"], t["side"]): t["shares"] for t in json.loads(file.read_text("utf-8"))["trades"]}
        for file in (first, second)
    ]
    every = {*shares[0], *shares[1]}
    equal = sum(shares[0].get(key) == shares[1].get(key) for key in every)
    assert 0 < equal < len(every)
    words = " ".join(call(capsys, "diff", first, second).out.split())
    if shares[0].keys() == shares[1].keys():
        assert f"Other advice: {len(every) - equal} of {len(every)} orders change; the Magnificent Seven" in words
    else:
        assert f": {equal} as before," in words


@pytest.mark.parametrize(
    ("then", "now", "words"),
    [
        ({"a": "1", "b": "2"}, {"a": "1", "b": "3"}, "1 of 2 orders change"),
        ({"a": "1", "b": "2", "c": "3", "d": "4"}, {"a": "1", "b": "2", "c": "4", "d": "3"}, "2 of 4 orders change"),
        ({"a": "1", "b": "2"}, {"a": "1", "c": "2"}, "2 orders in place of 2 orders: 1 as before, 1 new, 1 no more"),
        ({"a": "1"}, {"a": "2", "c": "2"}, "2 orders in place of 1 order: 1 with other shares, 1 new"),
        ({"a": "1"}, {}, "to do nothing in place of 1 order"),
    ],
)
def test_how_many_orders_change(then: dict[str, str], now: dict[str, str], words: str) -> None:
    def answered(orders: dict[str, str]) -> RecordedAnswer:
        by_key = {("Roth", symbol, "buy"): Decimal(count) for symbol, count in orders.items()}
        known = dict.fromkeys(MEASURES, (0.5, 0.5))
        return RecordedAnswer(date(2026, 11, 20), "trade" if orders else "do_nothing", by_key, known, {}, {})

    told = advice_words(two_answers(answered(then), answered(now)), None)
    assert told.replace("\N{NO-BREAK SPACE}", " ").startswith(f"Other advice: {words}; ")


def test_a_changed_price_is_named_with_the_symbol(old: Path, tmp_path: Path, capsys) -> None:
    new = saved(tmp_path / "new", text_of(COUPLE), prices={"META": 900.0})
    document = told(capsys, old, new)
    (step,) = document["causes"]["steps"]
    assert (step["path"], step["after"]) == ("prices", "META 900")
    assert step["before"] == f"META {market().securities['META'].close_usd}"
    assert step["moved"] == pytest.approx(apart(old, new), abs=1e-12)
    assert document["old"]["market"]["sha256"] != document["new"]["market"]["sha256"]


def test_changed_lots_are_named_with_their_account(old: Path, tmp_path: Path, capsys) -> None:
    text = replaced(text_of(COUPLE), ("{symbol: QQQM, ", "{symbol: SPY, shares: 20}\n      - {symbol: QQQM, "))
    document = told(capsys, old, saved(tmp_path / "new", text))
    (step,) = document["causes"]["steps"]
    assert step["path"].startswith("accounts.")
    assert step["after"] == "SPY 20"
    assert step["moved"] > 0.01


def test_a_day_that_makes_a_gain_long_term_is_the_cause(tmp_path: Path, capsys) -> None:
    """Its gain is the least for each dollar, so that the year's budget for gains reaches further."""
    text = text_of("tech-employee")  # 24 November 2025 is the day of a lot with a gain
    old = saved(tmp_path / "old", text, day=date(2026, 11, 20))
    new = saved(tmp_path / "new", text, day=date(2026, 11, 25))
    document = told(capsys, old, new)
    assert paths(document) == ["as_of"]
    lots = [
        [lot for trade in json.loads(file.read_text("utf-8"))["trades"] for lot in trade["lots"]] for file in (old, new)
    ]
    is_sold = [any(lot["acquired"] == "2025-11-24" for lot in sold) for sold in lots]
    assert is_sold == [False, True]
    # of the budget of 120,000: 300 shares at 23.20, then (120 at 178 and) as many as are left at 3.70
    left = 120_000 - 300 * (Decimal("203.53") - Decimal("23.20"))
    young = 120 * (Decimal("203.53") - 178)
    most = [300 + left // Decimal("199.83"), 420 + (left - young) // Decimal("199.83")]
    assert [sum(Decimal(lot["shares"]) for lot in sold if lot["gain_usd"] is not None) for sold in lots] == most
    measures = {one["name"]: one["proposed"] for one in document["measures"]}
    assert {lot["term"] for lot in lots[1] if lot["acquired"] == "2025-11-24"} == {"long"}
    assert measures["magnificent_seven"]["new"] < measures["magnificent_seven"]["old"]
    assert float(measures["tax"]["new"]) <= 120_000 * 0.281  # all of it long-term, with the state's rate
    assert document["causes"]["steps"][0]["changes_orders"]


def test_trades_that_were_made_as_advised_leave_nothing_to_do(tmp_path: Path, capsys) -> None:
    text = text_of("young-saver")
    old = saved(tmp_path / "old", text)
    record = json.loads(old.read_text("utf-8"))
    cash = record["after"]["cash_usd"]
    bought = {trade["symbol"]: trade["shares"] for trade in record["trades"]}
    done = replaced(
        text,
        ("cash: 600", f"cash: {cash['401(k)']}"),
        ("cash: 337", f"cash: {cash['Roth IRA']}"),
        ("shares: 62.4}", f"shares: 62.4}}\n      - {{symbol: SCINDX, shares: {bought['SCINDX']}}}"),
        ("shares: 31.207}", f"shares: 31.207}}\n      - {{symbol: IJR, shares: {bought['IJR']}}}"),
    )
    document = told(capsys, old, saved(tmp_path / "new", done))
    assert document["new"]["status"] == "do_nothing"
    assert {one["new_shares"] for one in document["orders"]} == {None}
    steps = document["causes"]["steps"]
    assert [step["path"] for step in steps] == ["accounts.401(k)", "accounts.Roth IRA"]
    assert all(step["changes_orders"] for step in steps)
    assert sum(step["moved"] for step in steps) < 0.001
    assert "to do nothing in place of 2 orders" in " ".join(
        call(capsys, "diff", old, tmp_path / "new" / "recommendation.json").out.split()
    )


def test_several_causes_are_told_in_the_stated_order_and_their_moves_do_not_add_up(
    old: Path, tmp_path: Path, capsys
) -> None:
    text = replaced(
        text_of(COUPLE),
        ("magnificent_seven: {max: 28%}", "magnificent_seven: {max: 25%}"),
        ("{symbol: QQQM, ", "{symbol: SPY, shares: 20}\n      - {symbol: QQQM, "),
    )
    new = saved(tmp_path / "new", text, day=date(2026, 12, 1), prices={"META": 900.0, "VOO": 500.0})
    document = told(capsys, old, new)
    found = paths(document)
    assert found[:2] == ["as_of", "prices"]
    assert found[2].startswith("accounts.")
    assert found[3:] == ["limits.magnificent_seven.max"]
    moved = [step["moved"] for step in document["causes"]["steps"]]
    assert sum(moved) > apart(old, new) + 0.01  # the straight way is shorter
    ended = call(capsys, "diff", old, new)
    assert "mostly because of" in " ".join(ended.out.split())
    assert "in another order they would share the" in ended.out


def test_limits_that_are_new_or_gone_have_one_side(old: Path, tmp_path: Path, capsys) -> None:
    text = replaced(text_of(COUPLE), ("magnificent_seven: {max: 28%}", "cash: {min: 2%}"))
    new = saved(tmp_path / "new", text)
    limits = {one["label"]: one for one in told(capsys, old, new)["limits"]}
    assert limits["magnificent_seven.max"]["new"] is None
    assert limits["cash.min"]["old"] is None
    out = call(capsys, "diff", old, new).out
    assert "no more" in out
    assert "new, broken today" in out


def test_missing_market_data_leave_the_differences_and_say_why_causes_are_missing(
    old: Path, tmp_path: Path, capsys
) -> None:
    new = saved(tmp_path / "new", text_of(COUPLE), prices={"META": 900.0})
    (new.parent / "market.json").unlink()
    ended = call(capsys, "diff", old, new, "--json")
    assert ended.code == 0
    assert "warning: causes are not known:" in ended.err
    assert "no market.json beside it" in ended.err
    jsonschema.Draft202012Validator(diff_schema()).validate(ended.document)
    assert ended.document["causes"] is None
    assert "no market.json beside it" in ended.document["reason"]
    assert ended.document["orders"]
    text = call(capsys, "diff", old, new, "--quiet")
    assert (text.code, text.err) == (0, "")
    assert "Other advice" in text.out
    assert "because" not in text.out


def test_a_record_of_another_program_is_told_apart_from_its_inputs(old: Path, capsys) -> None:
    document = json.loads(old.read_text("utf-8"))
    document["trades"][0]["shares"] = "10"
    document["after"]["weights"]["TSLA"] += 0.05
    document["after"]["cash_weight"] -= 0.05
    other = old.parent / "other.json"
    other.write_text(json.dumps(document), "utf-8")
    found = call(capsys, "diff", other, old, "--json").document["causes"]
    assert found["steps"] == []
    assert found["program"]["before"] == pytest.approx(0.05, abs=1e-12)
    text = call(capsys, "diff", other, old).out
    assert "no input explains it, so the program is another" in " ".join(text.split())
    assert "another answer of the old inputs than is recorded: 5.0% of the household apart" in " ".join(text.split())


def test_two_households_are_not_compared(old: Path, tmp_path: Path, capsys) -> None:
    other = saved(tmp_path / "new", text_of("young-saver"))
    ended = call(capsys, "diff", old, other)
    assert (ended.code, ended.out) == (2, "")
    assert "no account name in common" in ended.err


def test_a_file_that_is_no_record_is_refused_by_name(old: Path, tmp_path: Path, capsys) -> None:
    file = tmp_path / "file.json"
    file.write_text("{}")
    for arguments in ((old, file), (file, old)):
        ended = call(capsys, "diff", *arguments)
        assert (ended.code, ended.out) == (3, "")
        assert str(file) in ended.err


@pytest.mark.parametrize("count", first(1, [20, 100]))
def test_a_damaged_record_is_never_a_bug(count: int, old: Path, tmp_path: Path, capsys) -> None:
    rng = random.Random(20261122)
    everywhere = [place for place in places(record_of(COUPLE)) if place[0] not in ("explanation", "assumptions")]
    codes = set()
    for number in range(count):
        document = record_of(COUPLE)
        *path, last = rng.choice(everywhere)
        parent: Any = document
        for key in path:
            parent = parent[key]
        parent[last] = rng.choice(HOSTILE)
        file = tmp_path / "record.json"
        file.write_text(json.dumps(document))
        ended = call(capsys, "diff", *((old, file) if number % 2 else (file, old)), *(["--json"] if number % 3 else []))
        assert ended.code in (0, 3), (path, last, ended.err)
        assert "\x1b" not in ended.out
        codes.add(ended.code)
    assert codes == {0, 3}
