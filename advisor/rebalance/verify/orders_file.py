"""``orders.csv`` beside a record, cell by cell: it is what is placed at the broker."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from advisor.rebalance.check import Check
from advisor.rebalance.verify.ledger import PENNY, pennies
from advisor.rebalance.verify.sessions import is_stale
from advisor.rebalance.verify.shape import FIRST_SCHEMA

ORDERS_FILE = "orders.csv: the same orders, every cell"
FIRST_COLUMNS = [
    "account",
    "side",
    "symbol",
    "shares",
    "price_usd",
    "amount_usd",
    "lot_acquired",
    "lot_cost_per_share_usd",
    "lot_term",
]
COLUMNS = [*FIRST_COLUMNS, "note"]
MONTHS = (  # no library's, whose names depend on the machine's language
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
NUMBERS = {"shares", "price_usd", "amount_usd", "lot_cost_per_share_usd"}
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run begins with one of these
PLAIN = r"\d+(\.\d+)?"
MOST = 5  # faults that are told

Row = dict[str, str]


def check_orders_file(record: dict[str, Any], text: str) -> Check:
    """The check of the text of ``orders.csv`` against the record."""
    try:
        faults = orders_file_faults(record, text)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, csv.Error) as error:
        faults = [f"it cannot be read: {type(error).__name__}: {error}"]
    told = [*faults[:MOST], *([f"and {len(faults) - MOST} more"] if len(faults) > MOST else [])]
    return Check(ORDERS_FILE, passed=not faults, detail="; ".join(told) or "agrees")


def orders_file_faults(record: dict[str, Any], text: str) -> list[str]:
    """Every line that is missing or there without an order, and every cell that is another."""
    head, *lines = csv.reader(io.StringIO(text, newline=""))
    is_first = record["schema"] == FIRST_SCHEMA
    columns = FIRST_COLUMNS if is_first else COLUMNS
    if head != columns:
        return ["its columns are not those of an orders file"]
    if any(len(line) != len(columns) for line in lines):
        return ["a line has not as many cells as there are columns"]
    stated = [dict(zip(columns, line, strict=True)) for line in lines]
    expected = [{**row, "note": note_of(record)} for trade in record["trades"] for row in _rows(trade)]
    faults = [] if len(stated) == len(expected) else [f"{len(stated)} lines, {len(expected)} are to be there"]
    for number, (line, row) in enumerate(zip(stated, expected, strict=False), 2):
        faults += [
            f"line {number}: {column} {line[column]!r}, {row[column]} in the record"
            for column in columns
            if not _is(column, line[column], row[column]) and not (is_first and _is_rounded_alone(column, line))
        ]
    return faults


def note_of(record: dict[str, Any]) -> str:
    """What each line says of prices that are too old to trade at."""
    prices, decision = (date.fromisoformat(day) for day in (record["inputs"]["market"]["as_of"], record["as_of"]))
    day = f"{MONTHS[prices.month - 1]} {prices.day}, {prices.year}"
    return f"Illustration at prices of {day}" if is_stale(prices, decision) else ""


def _rows(trade: dict[str, Any]) -> list[Row]:
    """One line for a purchase, one for each lot of a sale."""
    account = f"'{trade['account']}" if trade["account"].startswith(FORMULA) else trade["account"]
    head = {"account": account, **{key: trade[key] for key in ("side", "symbol", "price_usd")}}
    if not trade["lots"]:
        empty = dict.fromkeys(("lot_acquired", "lot_cost_per_share_usd", "lot_term"), "")
        return [{**head, **empty, "shares": trade["shares"], "amount_usd": trade["amount_usd"]}]
    return [
        {
            **head,
            "shares": lot["shares"],
            "amount_usd": str(amount),
            "lot_acquired": lot["acquired"] or "",
            "lot_cost_per_share_usd": lot["cost_per_share_usd"] or "",
            "lot_term": lot["term"] or "",
        }
        for lot, amount in zip(trade["lots"], _amounts(trade), strict=True)
    ]


def _amounts(trade: dict[str, Any]) -> list[Decimal]:
    """Amounts of the lots that add up to the order's: what cents are left go to the largest remainders."""
    exact = [Decimal(lot["shares"]) * Decimal(trade["price_usd"]) for lot in trade["lots"]]
    whole = [amount.quantize(PENNY, rounding=ROUND_FLOOR) for amount in exact]
    left = int((Decimal(trade["amount_usd"]) - sum(whole, Decimal(0))) / PENNY)
    by_remainder = sorted(range(len(exact)), key=lambda k: (whole[k] - exact[k], k))
    for k in by_remainder[:left]:
        whole[k] += PENNY
    return whole


def _is(column: str, stated: str, expected: str) -> bool:
    """Whether a cell says what it must; a number may have more zeros."""
    if column in NUMBERS and re.fullmatch(PLAIN, stated) and expected:
        return Decimal(stated) == Decimal(expected)
    return stated.replace("\N{NO-BREAK SPACE}", " ") == expected.replace("\N{NO-BREAK SPACE}", " ")


def _is_rounded_alone(column: str, line: Row) -> bool:
    """Whether it is an amount as it was written beside records of the first schema: each lot rounded by itself."""
    if column != "amount_usd" or not all(re.fullmatch(PLAIN, line[key]) for key in ("shares", "price_usd", column)):
        return False
    return Decimal(line[column]) == pennies(Decimal(line["shares"]) * Decimal(line["price_usd"]))
