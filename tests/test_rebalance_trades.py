"""Orders from shares: lots, gains and terms, the order of the file, and that no cent and no share is lost."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from functools import cache

from advisor.market.resolve import resolve
from advisor.optimize.quantities import Quantities
from advisor.portfolio.model import Portfolio
from advisor.rebalance.model import RebalancePlan, Trade
from advisor.rebalance.trades import cash_after, orders, shares_after
from tests.households import random_household
from tests.random_answers import answer
from tests.samples import market
from tests.small_households import account, household, lot, resolved, surveyed

STEP = Decimal("0.001")
HOUSEHOLDS = 250
CENT = Decimal("0.01")


def ordered(
    portfolio: Portfolio, *, sell: dict[int, object], buy: dict[int, object] | None = None
) -> tuple[Trade, ...]:
    """Orders for shares of each lot sold and of each offer bought."""
    i = surveyed(portfolio).inputs
    sold = tuple(Decimal(str(sell.get(k, 0))) for k in range(len(i.lots.keys)))
    bought = tuple(Decimal(str((buy or {}).get(k, 0))) for k in range(i.buys.account.size))
    return orders(Quantities(sold, bought), i, portfolio, resolved(portfolio))


def roth(*lots) -> Portfolio:
    return household(account("Roth", "roth", 10_000, {"NVDA": list(lots)}))


def test_an_order_is_the_shares_at_the_close_and_half_the_spread() -> None:
    """The third offer is IJR at 144.99, with a half-spread of 0.5 basis points: 62.803 x 144.99 = 9,105.80697."""
    (order,) = ordered(roth(lot(100)), sell={}, buy={2: "62.803"})
    assert (order.symbol, order.side, order.shares) == ("IJR", "buy", Decimal("62.803"))
    assert order.amount_usd == Decimal("9105.81")
    assert order.spread_usd == Decimal("0.46")
    assert order.lots == ()


def test_no_shares_are_no_order() -> None:
    assert ordered(roth(lot(100)), sell={}, buy={}) == ()


def test_lots_of_one_position_are_one_order() -> None:
    portfolio = roth(lot(10), lot("0.5"), lot(20))
    (order,) = ordered(portfolio, sell={0: 10, 2: 5})
    assert [sold.shares for sold in order.lots] == [Decimal(10), Decimal(5)]
    assert (order.shares, order.amount_usd) == (Decimal(15), Decimal("3052.95"))


def test_a_lots_gain_and_term_are_its_own() -> None:
    """NVDA at 203.53: 10 x (203.53 - 100.005) = 1,035.25; 4 x (203.53 - 250.00) = -185.88."""
    portfolio = household(
        account("Joint", "taxable", 0, {"NVDA": [lot(10, "100.005"), lot(4, 250, days=100)]}),
    )
    (order,) = ordered(portfolio, sell={0: 10, 1: 4})
    assert [(sold.gain_usd, sold.term) for sold in order.lots] == [
        (Decimal("1035.25"), "long"),
        (Decimal("-185.88"), "short"),
    ]


def test_a_sheltered_lot_has_neither_gain_nor_term() -> None:
    (order,) = ordered(household(account("Roth", "roth", 0, {"NVDA": [lot(10, 100)]})), sell={0: 10})
    assert (order.lots[0].gain_usd, order.lots[0].term) == (None, None)


def test_sales_come_first_and_each_in_the_order_of_the_file() -> None:
    portfolio = household(
        account("B", "roth", 5000, {"SPY": [lot(10)], "NVDA": [lot(10)]}), account("A", "roth", 5000, {"QQQ": [lot(1)]})
    )
    found = ordered(portfolio, sell={0: 5, 1: 5, 2: 1}, buy={0: 2, 5: 3})
    assert [(order.account, order.side, order.symbol) for order in found] == [
        ("B", "sell", "SPY"),
        ("B", "sell", "NVDA"),
        ("A", "sell", "QQQ"),
        ("B", "buy", "IWM"),
        ("A", "buy", "IJR"),
    ]


def test_cash_moves_by_amount_and_spread_in_its_own_account() -> None:
    portfolio = household(account("A", "roth", "100.10", {"NVDA": [lot(10)]}), account("B", "roth", "7.00"))
    found = ordered(portfolio, sell={0: "2.5"}, buy={})
    # 2.5 x 203.53 = 508.825, to the cent 508.83; one basis point of it is 0.05
    assert cash_after(portfolio, found) == {"A": Decimal("608.88"), "B": Decimal("7.00")}
    assert shares_after(portfolio, found) == {("A", "NVDA"): Decimal("7.5")}
    assert shares_after(portfolio, ordered(portfolio, sell={0: 10})) == {}


@cache
def answers() -> tuple[tuple[Portfolio, tuple[Trade, ...]], ...]:
    plans = ((random_household(seed), answer(seed)) for seed in range(HOUSEHOLDS))
    return tuple((portfolio, plan.trades) for portfolio, plan in plans if isinstance(plan, RebalancePlan))


def test_no_cent_and_no_share_is_lost_in_two_hundred_plans() -> None:
    """Each account's cash again from shares and closes; what the household loses is the spread, in exact Decimals."""
    assert sum(bool(trades) for _, trades in answers()) > 150  # the others are best left alone
    for portfolio, trades in answers():
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


def test_every_order_is_in_whole_shares_or_thousandths_and_ends_of_lots_go_whole() -> None:
    """Whole shares, but for a whole position; where parts of a share are taken, thousandths, but for a whole lot."""
    in_whole = in_parts = 0
    for portfolio, trades in answers():
        places = {a.name: a for a in portfolio.accounts}
        held = {(a.name, p.symbol): p for a in portfolio.accounts for p in a.positions}
        for trade in trades:
            parts = portfolio.may_trade_fractions(places[trade.account], trade.symbol)
            in_parts, in_whole = in_parts + parts, in_whole + (not parts)
            step = STEP if parts else Decimal(1)
            if trade.side == "buy":
                assert trade.shares % step == 0
                continue
            position = held[trade.account, trade.symbol]
            whole_lots = {(x.acquired, x.shares) for x in position.lots} if parts else set()
            for sold in trade.lots:
                ends = trade.shares == position.shares or (sold.acquired, sold.shares) in whole_lots
                assert ends or sold.shares % step == 0
            assert trade.shares == sum(sold.shares for sold in trade.lots)
    assert min(in_whole, in_parts) > 200


def test_an_amount_is_rounded_half_up_to_the_cent() -> None:
    """0.5 x 203.53 = 101.765 -> 101.77."""
    (order,) = ordered(roth(lot(1)), sell={0: "0.5"})
    assert order.amount_usd == Decimal("101.77")


def test_lots_of_equal_date_and_cost_are_each_their_own() -> None:
    portfolio = roth(lot(10, 5), lot(10, 5))
    (order,) = ordered(portfolio, sell={0: 10, 1: 5})
    assert [sold.shares for sold in order.lots] == [Decimal(10), Decimal(5)]
