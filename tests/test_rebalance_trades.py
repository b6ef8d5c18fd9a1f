"""Orders in thousandths of a share: what is rounded which way, and that no cent and no share is lost."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from advisor.errors import AdvisorError
from advisor.market.resolve import resolve
from advisor.optimize.solve import Allocation
from advisor.portfolio.model import Portfolio
from advisor.rebalance.model import Trade
from advisor.rebalance.plan import rebalance
from advisor.rebalance.trades import cash_after, orders, shares_after
from tests.households import random_household
from tests.samples import market
from tests.small_households import account, household, lot, resolved, surveyed

STEP = Decimal("0.001")
CENT = Decimal("0.01")


def ordered(portfolio: Portfolio, *, sell: dict[int, float], buy: dict[int, float] | None = None) -> tuple[Trade, ...]:
    """Orders for fractions of each lot sold, and fractions of household value spent on each offer."""
    i = surveyed(portfolio).inputs
    sales = np.array([sell.get(k, 0.0) * value for k, value in enumerate(i.lots.value)])
    buys = np.array([(buy or {}).get(k, 0.0) for k in range(i.buys.account.size)])
    return orders(Allocation(sales, buys, 0.0, 0.0, below_minimum=False), i, portfolio, resolved(portfolio))


def roth(*lots) -> Portfolio:
    return household(account("Roth", "roth", 10_000, {"NVDA": list(lots)}))


@pytest.mark.parametrize(
    ("held", "fraction", "sold"),
    [
        ("100", 0.5, "50"),
        ("100", 0.1234567, "12.346"),  # a sale is rounded up
        ("31.207", 1.0, "31.207"),
        ("31.2074563", 1.0, "31.2074563"),  # the last part of a thousandth goes along
        ("31.2074563", 0.99999, "31.2074563"),  # 31.20714 is within a thousandth of the end
        ("31.207", 0.9999, "31.204"),
        ("0.000001", 1.0, "0.000001"),
        ("0.000001", 0.3, "0.000001"),
        ("0.0015", 0.2, "0.0015"),  # 0.0003 would be 0.001, and would leave half a thousandth
        ("5", 1e-9, "0.001"),
    ],
)
def test_a_sale_is_rounded_up_and_takes_the_odd_end_of_a_lot(held: str, fraction: float, sold: str) -> None:
    (order,) = ordered(roth(lot(held)), sell={0: fraction})
    assert order.shares == Decimal(sold)
    assert order.lots[0].shares == Decimal(sold)


def test_a_purchase_is_rounded_down_to_a_thousandth() -> None:
    """30 % of 30,353.00 dollars is 9,105.90; IJR at 144.99: 62.8036...; amount 62.803 x 144.99 = 9,105.80697."""
    (order,) = ordered(roth(lot(100)), sell={}, buy={2: 0.3})
    assert (order.symbol, order.side, order.shares) == ("IJR", "buy", Decimal("62.803"))
    assert order.amount_usd == Decimal("9105.81")
    assert order.spread_usd == Decimal("0.46")  # 0.5 basis points
    assert order.lots == ()


def test_too_small_a_purchase_is_no_order() -> None:
    assert ordered(roth(lot(100)), sell={}, buy={2: 1e-7}) == ()


def test_lots_of_one_position_are_one_order() -> None:
    portfolio = roth(lot(10), lot("0.5"), lot(20))
    (order,) = ordered(portfolio, sell={0: 1.0, 2: 0.25})
    assert [sold.shares for sold in order.lots] == [Decimal(10), Decimal(5)]
    assert (order.shares, order.amount_usd) == (Decimal(15), Decimal("3052.95"))


def test_a_lots_gain_and_term_are_its_own() -> None:
    """NVDA at 203.53: 10 x (203.53 - 100.005) = 1,035.25; 4 x (203.53 - 250.00) = -185.88."""
    portfolio = household(
        account("Joint", "taxable", 0, {"NVDA": [lot(10, "100.005"), lot(4, 250, days=100)]}),
    )
    (order,) = ordered(portfolio, sell={0: 1.0, 1: 1.0})
    assert [(sold.gain_usd, sold.term) for sold in order.lots] == [
        (Decimal("1035.25"), "long"),
        (Decimal("-185.88"), "short"),
    ]


def test_a_sheltered_lot_has_neither_gain_nor_term() -> None:
    (order,) = ordered(household(account("Roth", "roth", 0, {"NVDA": [lot(10, 100)]})), sell={0: 1.0})
    assert (order.lots[0].gain_usd, order.lots[0].term) == (None, None)


def test_sales_come_first_and_each_in_the_order_of_the_file() -> None:
    portfolio = household(
        account("B", "roth", 5000, {"SPY": [lot(10)], "NVDA": [lot(10)]}), account("A", "roth", 5000, {"QQQ": [lot(1)]})
    )
    found = ordered(portfolio, sell={0: 0.5, 1: 0.5, 2: 0.5}, buy={0: 0.1, 5: 0.1})
    assert [(order.account, order.side, order.symbol) for order in found] == [
        ("B", "sell", "SPY"),
        ("B", "sell", "NVDA"),
        ("A", "sell", "QQQ"),
        ("B", "buy", "IWM"),
        ("A", "buy", "IJR"),
    ]


def test_cash_moves_by_amount_and_spread_in_its_own_account() -> None:
    portfolio = household(account("A", "roth", "100.10", {"NVDA": [lot(10)]}), account("B", "roth", "7.00"))
    found = ordered(portfolio, sell={0: 0.25}, buy={})
    # 2.5 x 203.53 = 508.825, to the cent 508.83; one basis point of it is 0.05
    assert cash_after(portfolio, found) == {"A": Decimal("608.88"), "B": Decimal("7.00")}
    assert shares_after(portfolio, found) == {("A", "NVDA"): Decimal("7.5")}
    assert shares_after(portfolio, ordered(portfolio, sell={0: 1.0})) == {}


def answers() -> list[tuple[Portfolio, tuple[Trade, ...]]]:
    found = []
    for seed in range(120):
        portfolio = random_household(seed)
        try:
            found.append((portfolio, rebalance(portfolio, resolve(market(), portfolio)).trades))
        except AdvisorError:
            continue
    return found


ANSWERS = answers()


def test_no_cent_and_no_share_is_lost_in_a_hundred_plans() -> None:
    """Each account's cash again from shares and closes; what the household loses is the spread, in exact Decimals."""
    assert sum(bool(trades) for _, trades in ANSWERS) > 80
    for portfolio, trades in ANSWERS:
        data = resolve(market(), portfolio)
        price = {symbol: security.close_usd for symbol, security in data.securities.items()}
        cash = {a.name: a.cash_usd for a in portfolio.accounts}
        shares = defaultdict(Decimal)
        for a in portfolio.accounts:
            for position in a.positions:
                shares[a.name, position.symbol] += sum(x.shares for x in position.lots)
        value = sum(cash.values()) + sum(n * price[symbol] for (_, symbol), n in shares.items())
        rounding = spread = Decimal(0)
        for trade in trades:
            direction = 1 if trade.side == "buy" else -1
            exact = trade.shares * price[trade.symbol]
            rounding += direction * (exact - trade.amount_usd)
            spread += trade.spread_usd
            cash[trade.account] -= direction * trade.amount_usd + trade.spread_usd
            shares[trade.account, trade.symbol] += direction * trade.shares
        assert cash == cash_after(portfolio, trades)
        assert all(amount == amount.quantize(CENT) for amount in cash.values())
        assert min(cash.values()) >= 0
        assert {key: n for key, n in shares.items() if n} == shares_after(portfolio, trades)
        assert min(shares.values(), default=Decimal(0)) >= 0
        after = sum(cash.values()) + sum(n * price[symbol] for (_, symbol), n in shares.items())
        assert after == value - spread + rounding
        assert abs(rounding) <= CENT / 2 * len(trades)


def test_every_order_is_in_thousandths_or_ends_whole_lots() -> None:
    for portfolio, trades in ANSWERS:
        lots = {
            (a.name, p.symbol, x.acquired, x.shares) for a in portfolio.accounts for p in a.positions for x in p.lots
        }
        for trade in trades:
            if trade.side == "buy":
                assert trade.shares % STEP == 0
            for sold in trade.lots:
                ends = (trade.account, trade.symbol, sold.acquired, sold.shares) in lots
                assert ends or sold.shares % STEP == 0
            assert trade.side == "buy" or trade.shares == sum(sold.shares for sold in trade.lots)


def test_an_amount_is_rounded_half_up_to_the_cent() -> None:
    """0.5 x 203.53 = 101.765 -> 101.77."""
    (order,) = ordered(roth(lot(1)), sell={0: 0.5})
    assert order.amount_usd == Decimal("101.77")


def test_lots_of_equal_date_and_cost_are_each_their_own() -> None:
    portfolio = replace(roth(lot(10, 5), lot(10, 5)))
    (order,) = ordered(portfolio, sell={0: 1.0, 1: 0.5})
    assert [sold.shares for sold in order.lots] == [Decimal(10), Decimal(5)]
