"""``orders.csv``: one line for each order, or for each lot of a sale, to be placed by hand at the broker."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

from advisor.rebalance.model import Trade
from advisor.units import CENT

COLUMNS = (
    "account",
    "side",
    "symbol",
    "shares",
    "price_usd",
    "amount_usd",
    "lot_acquired",
    "lot_cost_per_share_usd",
    "lot_term",
    "note",
)


def orders_csv(trades: tuple[Trade, ...], note: str = "") -> str:
    """Text of the file, with `note` in each line; what a spreadsheet would read as a formula gets an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for trade in trades:
        writer.writerows([*row, note] for row in _rows(trade))
    return text.getvalue()


def _rows(trade: Trade) -> list[list[str]]:
    head = [inert(trade.account), trade.side, trade.symbol]
    if not trade.lots:
        return [[*head, f"{trade.shares:f}", f"{trade.price_usd:f}", f"{trade.amount_usd:.2f}", "", "", ""]]
    return [
        [
            *head,
            f"{lot.shares:f}",
            f"{trade.price_usd:f}",
            f"{amount:.2f}",
            lot.acquired.isoformat() if lot.acquired else "",
            f"{lot.cost_per_share_usd:f}" if lot.cost_per_share_usd is not None else "",
            lot.term or "",
        ]
        for lot, amount in zip(trade.lots, _amounts_usd(trade), strict=True)
    ]


def _amounts_usd(trade: Trade) -> list[Decimal]:
    """The amount of each lot in whole cents, so that they add up to the order's (largest remainder)."""
    exact = [lot.shares * trade.price_usd / CENT for lot in trade.lots]
    cents = [int(amount) for amount in exact]
    left = int(trade.amount_usd / CENT) - sum(cents)
    for lot in sorted(range(len(exact)), key=lambda lot: cents[lot] - exact[lot])[:left]:
        cents[lot] += 1
    return [number * CENT for number in cents]


def inert(text: str) -> str:
    """The text, kept from being read as a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
