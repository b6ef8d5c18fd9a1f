from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from advisor.rebalance.model import LotSale, Trade
from advisor.rebalance.orders_file import orders_csv
from tests.samples import ANSWERED, answer

BUY = Trade("Joint", "IJR", "buy", Decimal("62.803"), Decimal("144.99"), Decimal("9105.81"), Decimal("0.46"), (), "")
LOTS = (
    LotSale(Decimal("0.5"), date(2020, 1, 2), Decimal("100.0500"), Decimal("51.74"), "long"),
    LotSale(Decimal("31.2074563"), None, None, None, None),
)
SALE = Trade(
    "Joint", "NVDA", "sell", Decimal("31.7074563"), Decimal("203.53"), Decimal("6453.42"), Decimal("0.65"), LOTS, ""
)


def rows(*trades: Trade) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(orders_csv(trades))))


def test_a_purchase_is_one_line() -> None:
    (line,) = rows(BUY)
    assert line == {
        "account": "Joint",
        "side": "buy",
        "symbol": "IJR",
        "shares": "62.803",
        "price_usd": "144.99",
        "amount_usd": "9105.81",
        "lot_acquired": "",
        "lot_cost_per_share_usd": "",
        "lot_term": "",
        "note": "",
    }


def test_a_sale_has_a_line_for_each_lot_with_what_the_broker_asks() -> None:
    first, second = rows(SALE)
    assert (first["lot_acquired"], first["lot_cost_per_share_usd"], first["lot_term"]) == (
        "2020-01-02",
        "100.0500",
        "long",
    )
    assert (second["shares"], second["lot_acquired"], second["lot_term"]) == ("31.2074563", "", "")


def test_half_a_cent_is_rounded_as_in_the_record() -> None:
    """0.5 x 203.53 = 101.765."""
    assert rows(SALE)[0]["amount_usd"] == "101.77"


def test_small_numbers_are_written_out() -> None:
    tiny = replace(LOTS[1], shares=Decimal("0.000001"))
    (line,) = rows(replace(SALE, shares=tiny.shares, lots=(tiny,)))
    assert line["shares"] == "0.000001"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x","y")'])
def test_a_name_that_a_spreadsheet_would_run_is_made_inert(name: str) -> None:
    (line,) = rows(replace(BUY, account=name))
    assert line["account"] == f"'{name}"


@pytest.mark.parametrize("name", ["Joint", "Ann's IRA", 'With "quotes", and commas', "401(k)", "Größe 7", "a=b"])
def test_any_other_name_is_kept_as_it_is(name: str) -> None:
    (line,) = rows(replace(BUY, account=name))
    assert line["account"] == name


def test_no_orders_are_a_head_alone() -> None:
    assert orders_csv(()) == (
        "account,side,symbol,shares,price_usd,amount_usd,lot_acquired,lot_cost_per_share_usd,lot_term,note\n"
    )


@pytest.mark.parametrize("name", ANSWERED)
def test_the_lines_of_a_sample_add_up_to_its_orders(name: str) -> None:
    trades = answer(name).plan.trades
    lines = rows(*trades)
    for trade in trades:
        own = [x for x in lines if (x["account"], x["symbol"], x["side"]) == (trade.account, trade.symbol, trade.side)]
        assert sum(Decimal(line["shares"]) for line in own) == trade.shares
        amount = sum(Decimal(line["amount_usd"]) for line in own)
        assert abs(amount - trade.amount_usd) <= Decimal("0.01") * len(own)
