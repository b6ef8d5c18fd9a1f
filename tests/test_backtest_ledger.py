"""Lots, cash and the tax of a year, against hand calculations."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from advisor.backtest.ledger import Ledger, carried, tranches
from advisor.backtest.model import Holdings, Rules
from advisor.portfolio.preferences import TaxSituation

PRICES = np.array([100.0, 50.0])
START = date(2020, 1, 2)
TAX = TaxSituation(short_term_rate=Decimal("0.35"), long_term_rate=Decimal("0.15"), state_rate=Decimal("0.05"))


def rules(**changes: object) -> Rules:
    plain = Rules(
        limits=(),
        bounds=np.zeros(0),
        not_worse=np.zeros(0, dtype=bool),
        not_applied=(),
        may_sell=np.ones((2, 2), dtype=bool),
        may_buy=np.ones((2, 2), dtype=bool),
        min_cash_usd=np.zeros(2),
        small_caps=np.array([False, True]),
        identity=np.array([0, 1]),
        classes={},
        companies=(None, None),
        company_share=0.1,
        least_cash=0.0,
        least_small_caps=0.0,
        caps_small_caps=False,
        half_spread=np.zeros(2),
        expense_ratio=np.zeros(2),
        equity_premium=0.045,
        risk_aversion=None,
        return_uncertainty=0.0,
        cost_years=3.0,
        later_tax_saved=0.0,
        carried_value=0.0,
        min_trade_usd=1.0,
        min_gain=0.0,
        min_gain_usd=0.0,
        wait_days=30,
        tax=TAX,
    )
    return replace(plain, **changes)


def ledger(*, taxed: bool = True, **changes: object) -> Ledger:
    """$10,000 of the first in a taxable account and $5,000 of the second in a sheltered one; $1,000 of cash in each."""
    value = np.array([[10_000.0, 0.0], [0.0, 5_000.0]])
    holdings = Holdings(("Joint", "Roth"), np.array([True, False]), np.array([1000.0, 1000.0]), value)
    return Ledger(holdings, rules(**changes), PRICES, START, taxed=taxed)


def test_a_year_of_sales_is_taxed_as_by_hand() -> None:
    """40 shares at $130 after half a year: 1,200 short-term. 20 at $150 after two: 1,000 long-term, in another year."""
    book = ledger()
    book.sell(np.array([40.0, 0.0]), np.array([130.0, 50.0]), date(2020, 7, 1).toordinal())
    first = book.close_year(2020)
    assert (first.short_usd, first.long_usd) == pytest.approx((1200.0, 0.0))
    assert first.tax_usd == pytest.approx(0.40 * 1200)
    book.sell(np.array([20.0, 0.0]), np.array([150.0, 50.0]), date(2022, 1, 5).toordinal())
    later = book.close_year(2022)
    assert (later.short_usd, later.long_usd, later.tax_usd) == pytest.approx((0.0, 1000.0, 0.20 * 1000))


def test_a_lot_is_long_term_from_a_year_and_a_day_on() -> None:
    for day, term in ((date(2021, 1, 2), "short"), (date(2021, 1, 3), "long")):
        book = ledger()
        book.sell(np.array([10.0, 0.0]), np.array([110.0, 50.0]), day.toordinal())
        assert getattr(book, term) == pytest.approx(100.0)


def test_losses_are_carried_over_the_years_and_save_tax_by_the_deduction() -> None:
    """A loss of 8,000: 3,000 are deducted in that year at 40%; 5,000 stay; of 6,000 gained next year 1,000 is left."""
    book = ledger()
    book.sell(np.array([100.0, 0.0]), np.array([20.0, 50.0]), date(2020, 12, 1).toordinal())
    assert book.close_year(2020).tax_usd == pytest.approx(-0.40 * 3000)
    assert (book.carried_short, book.carried_long) == pytest.approx((5000.0, 0.0))
    book.long = 6000.0
    assert book.close_year(2021).tax_usd == pytest.approx(0.20 * 1000)
    assert (book.carried_short, book.carried_long) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("short", "long", "left"),
    [
        (-5000.0, -1000.0, (2000.0, 1000.0)),  # the deduction takes the short-term loss first
        (-1000.0, -5000.0, (0.0, 3000.0)),
        (-5000.0, 1000.0, (1000.0, 0.0)),
        (1000.0, -9000.0, (0.0, 5000.0)),
        (-500.0, -700.0, (0.0, 0.0)),
        (-500.0, 700.0, (0.0, 0.0)),
    ],
)
def test_what_is_carried_keeps_its_term_as_on_the_worksheet(short: float, long: float, left: tuple) -> None:
    assert carried(short, long, 3000.0) == pytest.approx(left)


def test_a_sale_in_a_sheltered_account_is_not_taxed() -> None:
    book = ledger()
    book.sell(np.array([0.0, 50.0]), np.array([100.0, 90.0]), date(2020, 7, 1).toordinal())
    assert book.close_year(2020).tax_usd == 0.0
    assert book.cash[1] == pytest.approx(1000 + 50 * 90)
    assert book.cash[0] == 1000.0


def test_value_and_gains_add_up_over_random_trades() -> None:
    """Value is cash and positions, trades change it by the spread; gains are proceeds less cost, to the cent."""
    rng = np.random.default_rng(4)
    book = ledger(half_spread=np.array([0.001, 0.002]))
    gains, prices = 0.0, PRICES
    for month in range(1, 13):
        prices = prices * rng.uniform(0.9, 1.12, 2)
        day = date(2020 + month // 12, month % 12 + 1, 5)
        before = book.cash.sum() + book.values(prices).sum()
        sold = rng.uniform(0.0, 0.3, book.shares.size) * book.shares
        taxable = book.taxable[book.account]
        gains += float((sold * (prices[book.security] - book.cost))[taxable].sum())
        spread = book.sell(sold, prices, day.toordinal())
        account, security = np.array([0, 0, 1]), np.array([0, 1, 1])
        spread += book.buy(account, security, rng.uniform(0, 20, 3), prices, day)
        assert before - book.cash.sum() - book.values(prices).sum() == pytest.approx(spread, abs=0.005)
        assert (book.cash >= -1e-9).all()
    assert book.short + book.long == pytest.approx(gains, abs=0.005)


def test_an_account_buys_for_no_more_than_its_own_cash() -> None:
    book = ledger(half_spread=np.array([0.001, 0.0]))
    book.buy(np.array([0, 1]), np.array([0, 1]), np.array([30.0, 10.0]), PRICES, START)
    assert book.cash == pytest.approx([0.0, 500.0])
    assert book.shares[-2] * 100 * 1.001 == pytest.approx(1000.0)


def test_a_loss_is_not_taken_within_thirty_days_of_a_purchase_of_the_same() -> None:
    book = ledger()
    gain = np.array([-0.1, 0.0])
    for days, is_kept in ((30, True), (31, False)):
        assert book.is_held_back(gain, START.toordinal() + days)[0] == is_kept


def test_nothing_is_bought_for_thirty_days_after_a_loss_in_the_same_index() -> None:
    book = ledger(identity=np.array([0, 0]))
    day = date(2021, 3, 1)
    book.sell(np.array([10.0, 0.0]), np.array([80.0, 50.0]), day.toordinal())
    assert book.barred(day.toordinal() + 30).all()
    assert not book.barred(day.toordinal() + 31).any()


def test_a_short_gain_waits_where_it_is_long_term_soon() -> None:
    book = ledger()
    gain = np.array([0.2, 0.0])
    first_long = date(2021, 1, 3).toordinal()
    held = [bool(book.is_held_back(gain, first_long - days)[0]) for days in (31, 30, 1, 0)]
    assert held == [False, True, True, False]


def test_tax_is_paid_from_taxable_cash_first_and_then_by_selling_what_is_taxed_least() -> None:
    """$1,000 of cash and $500 more: 5 shares bought at 100 are sold at 100, before those bought at 50."""
    book = ledger()
    book.buy(np.array([0]), np.array([0]), np.array([20.0]), np.array([50.0, 50.0]), START)
    book.cash[0] = 1000.0
    paid, traded, _ = book.pay(1500.0, PRICES, date(2020, 9, 1).toordinal())
    assert (paid, traded) == pytest.approx((1500.0, 500.0))
    assert book.cash == pytest.approx([0.0, 1000.0])  # the sheltered account pays nothing
    assert book.shares[0] == pytest.approx(95.0)
    assert book.short == pytest.approx(0.0)


def test_a_refund_goes_to_the_taxable_account() -> None:
    book = ledger()
    book.pay(-120.0, PRICES, START.toordinal())
    assert book.cash == pytest.approx([1120.0, 1000.0])


def test_the_latent_tax_is_that_of_selling_everything() -> None:
    """100 shares up by $30, long-term, after a short-term loss of 1,000 this year: 0.20 x 2,000 - (-0.40 x 1,000)."""
    book = ledger()
    book.short = -1000.0
    assert book.latent_usd(np.array([130.0, 90.0]), date(2022, 1, 1).toordinal()) == pytest.approx(400.0 + 400.0)


def test_without_tax_purchases_join_the_lot_that_is_there() -> None:
    book = ledger(taxed=False)
    for _ in range(3):
        book.buy(np.array([0, 1]), np.array([0, 1]), np.array([1.0, 2.0]), PRICES, START)
    assert book.shares == pytest.approx([103.0, 106.0])
    assert book.tax_of(1e6, 1e6) == 0.0


def test_tranches_hold_the_cheapest_lots_of_each_holding_first() -> None:
    pair = np.array([0, 0, 0, 1, 0])
    value = np.array([10.0, 10.0, 10.0, 7.0, 10.0])
    key = np.array([0.3, 0.1, 0.2, 0.5, -0.1])
    order, piece = tranches(pair, value, key, np.array([True, True, True, True, False]), 3)
    assert order.tolist() == [1, 2, 0, 3]
    assert piece.tolist() == [0, 1, 2, 1]  # a lot that is all of a holding falls into the middle piece
