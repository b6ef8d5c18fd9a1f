"""``orders.csv`` beside a record: the file that is written passes, and any other cell is found."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from advisor.api.recommend import recommend
from advisor.rebalance.model import LotSale, Trade
from advisor.rebalance.orders_file import orders_csv
from advisor.rebalance.record import trade_record
from advisor.rebalance.verify.orders_file import COLUMNS, check_orders_file
from advisor.report.sections.answer import orders_note
from advisor.units import to_cents
from tests.samples import market
from tests.tampered import NAMES, VERSIONS, file_text, fresh, household

NAME = "tech-employee"
OF_TODAY = {"as_of": "2026-07-14", "inputs": {"market": {"as_of": "2026-07-13"}}}


def written(name: str) -> str:
    plan = recommend(household(name), market(), f"{name}.yaml", file_text(name), VERSIONS).plan
    return orders_csv(plan.trades, orders_note(plan))


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def as_text(rows: list[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize("name", NAMES)
def test_the_file_that_is_written_passes(name: str) -> None:
    assert check_orders_file(fresh(name), written(name)).detail == "agrees"


@pytest.mark.parametrize("column", COLUMNS)
def test_any_other_cell_is_found(column: str) -> None:
    rows = cells(written(NAME))
    place = COLUMNS.index(column)
    for number in range(1, len(rows)):
        other = [list(row) for row in rows]
        other[number][place] = "1.5" if column in ("shares", "price_usd", "amount_usd") else "2001-01-02"
        found = check_orders_file(fresh(NAME), as_text(other))
        assert not found.passed
        assert f"line {number + 1}: {column}" in found.detail


def test_a_cent_moved_from_one_lot_to_another_is_found() -> None:
    rows = cells(written(NAME))
    first, second = (row for row in rows if row[:3] == ["Brokerage", "sell", "NVDA"])
    first[5], second[5] = str(Decimal(first[5]) + Decimal("0.01")), str(Decimal(second[5]) - Decimal("0.01"))
    assert "amount_usd" in check_orders_file(fresh(NAME), as_text(rows)).detail


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows[:-1],
        lambda rows: [*rows, rows[-1]],
        lambda rows: [rows[0], *rows[:0:-1]],
        lambda rows: rows[1:],
        lambda rows: [],
        lambda rows: [row[:-1] for row in rows],
        lambda rows: [[*row, ""] for row in rows],
        lambda rows: [rows[0]],
    ],
)
def test_lines_or_columns_more_or_less_are_found(change: Any) -> None:
    assert not check_orders_file(fresh(NAME), as_text(change(cells(written(NAME))))).passed


@pytest.mark.parametrize("text", ["", "x", "\x00", '"', "a,b\n1,2\n"])
def test_any_other_text_is_found(text: str) -> None:
    assert not check_orders_file(fresh(NAME), text).passed


def test_zeros_that_say_nothing_are_no_difference() -> None:
    rows = cells(written(NAME))
    rows[1][4] += "0"
    assert check_orders_file(fresh(NAME), as_text(rows)).passed


def sale(rng: random.Random) -> Trade:
    """A sale of some lots with amounts of half cents among them."""
    price = Decimal(rng.choice(["203.53", "0.01", "99.995", "1"]))
    shares = [Decimal(rng.randrange(1, 10**6)).scaleb(-rng.randrange(4)) for _ in range(rng.randrange(1, 9))]
    lots = tuple(LotSale(number, None, None, None, None) for number in shares)
    total = sum(shares, Decimal(0))
    return Trade("=Joint", "NVDA", "sell", total, price, to_cents(total * price), Decimal(0), lots, "why")


def test_the_lines_of_any_sale_add_up_to_it_to_the_cent() -> None:
    """Largest remainder, written twice: each amount is within a cent of its own, and together they are the order's."""
    rng = random.Random(20)
    for _ in range(300):
        trade = sale(rng)
        text = orders_csv((trade,))
        lines = list(csv.DictReader(io.StringIO(text)))
        amounts = [Decimal(line["amount_usd"]) for line in lines]
        assert sum(amounts) == trade.amount_usd
        for amount, lot in zip(amounts, trade.lots, strict=True):
            assert abs(amount - lot.shares * trade.price_usd) < Decimal("0.01")
        record = {**OF_TODAY, "schema": "advisor.recommendation/2", "trades": [trade_record(trade)]}
        assert check_orders_file(record, text).detail == "agrees"


def test_beside_a_record_of_the_first_schema_each_amount_may_be_rounded_by_itself() -> None:
    lots = tuple(LotSale(Decimal("0.5"), None, None, None, None) for _ in range(3))
    trade = Trade("Joint", "X", "sell", Decimal("1.5"), Decimal("0.01"), Decimal("0.02"), Decimal(0), lots, "why")
    text = (
        orders_csv((replace(trade, lots=()),)).replace("1.5", "0.5").replace("0.02", "0.01").splitlines(keepends=True)
    )
    alone = "".join([text[0], *[text[1]] * 3])  # three half cents, each rounded up
    without_note = alone.replace(",note\n", "\n").replace(",,,,\n", ",,,\n")
    for schema, lines, passes in (
        ("advisor.recommendation/1", without_note, True),
        ("advisor.recommendation/1", alone, False),
        ("advisor.recommendation/2", alone, False),
    ):
        record = {**OF_TODAY, "schema": schema, "trades": [trade_record(trade)]}
        assert check_orders_file(record, lines).passed is passes
