"""From fractions of value to shares: outward, in whole shares or thousandths, and never more than there is."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from advisor.optimize.inputs import AllocationInputs
from advisor.optimize.quantities import Quantities, liquidated, round_outward, sale_orders
from advisor.portfolio.model import Portfolio
from advisor.portfolio.preferences import Preferences
from tests.small_households import account, household, lot, surveyed

STEP = Decimal("0.001")


def roth(*held: str, **fields) -> Portfolio:
    return household(account("Roth", "roth", 10_000, {"NVDA": [lot(shares) for shares in held]}, **fields))


def in_parts(*held: str) -> Portfolio:
    return roth(*held, fractional=True)


def rounded(portfolio: Portfolio, *, sell: dict[int, float], buy: dict[int, float] | None = None) -> Quantities:
    """Shares for fractions of each lot sold, and shares wanted of each offer."""
    i = surveyed(portfolio).inputs
    sales = np.array([sell.get(k, 0.0) * value for k, value in enumerate(i.lots.value)])
    buys = np.array([(buy or {}).get(k, 0.0) * value for k, value in enumerate(i.buys.share_value)])
    return round_outward(i, sales, buys)


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
        ("0.0005", 0.0, "0"),  # nothing is sold that nobody wants sold, however small
        ("0.0000004", 0.0, "0"),
        ("0.0015", 0.2, "0.0015"),  # 0.0003 would be 0.001, and would leave half a thousandth
        ("5", 1e-9, "0"),
        ("5", 1e-6, "0.001"),
        ("5", 0.0, "0"),
    ],
)
def test_a_sale_in_parts_is_rounded_up_and_takes_the_odd_end_of_a_lot(held: str, fraction: float, sold: str) -> None:
    assert rounded(in_parts(held), sell={0: fraction}).sold == (Decimal(sold),)


@pytest.mark.parametrize(
    ("held", "fraction", "sold"),
    [
        ("100", 0.5, "50"),
        ("100", 0.5001, "51"),
        ("100", 0.5000000001, "50"),  # a hundred-millionth of a share beyond is arithmetic
        ("31.207", 0.5, "16"),
        ("31.207", 0.98, "31"),
        ("31.207", 0.995, "31"),  # 31.05 shares: whole shares end at 31
        ("31.207", 1.0, "31.207"),  # the whole position goes, with its end
        ("0.5", 0.9, "0"),  # no whole share, and not all of it
        ("0.5", 1.0, "0.5"),
        ("3", 0.0, "0"),
        ("0.0000004", 0.0, "0"),
    ],
)
def test_a_sale_in_whole_shares_is_rounded_up_and_the_end_goes_with_the_whole_position(
    held: str, fraction: float, sold: str
) -> None:
    assert rounded(roth(held), sell={0: fraction}).sold == (Decimal(sold),)


def test_the_end_of_a_lot_stays_while_another_lot_of_the_position_does() -> None:
    portfolio = roth("10.5", "20.25")
    assert rounded(portfolio, sell={0: 1.0, 1: 0.5}).sold == (Decimal(10), Decimal(11))
    assert rounded(portfolio, sell={0: 1.0, 1: 1.0}).sold == (Decimal("10.5"), Decimal("20.25"))


def test_the_same_security_in_another_account_is_another_position() -> None:
    portfolio = household(
        account("A", "roth", 1000, {"NVDA": [lot("10.5")]}), account("B", "roth", 1000, {"NVDA": [lot("7.25")]})
    )
    assert rounded(portfolio, sell={0: 1.0, 1: 0.2}).sold == (Decimal("10.5"), Decimal(2))


def test_a_purchase_is_rounded_down() -> None:
    """The third offer is IJR; 62.9999995 is 63 but for arithmetic."""
    for wanted, whole, parts in ((62.8036, "62", "62.803"), (0.9, "0", "0.9"), (62.9999995, "63", "63"), (0, "0", "0")):
        assert rounded(roth("100"), sell={}, buy={2: wanted}).bought[2] == Decimal(whole)
        assert rounded(in_parts("100"), sell={}, buy={2: wanted}).bought[2] == Decimal(parts)


def test_the_whole_household_may_trade_in_parts_and_a_mutual_fund_always_does() -> None:
    portfolio = household(account("Roth", "roth", 0, {"NVDA": [lot(10)]}), preferences=Preferences(whole_shares=False))
    assert rounded(portfolio, sell={0: 0.55555}).sold == (Decimal("5.556"),)
    fund = household(account("Roth", "roth", 0, {"VFIAX": [lot(10)], "SPY": [lot(10)]}))
    assert rounded(fund, sell={0: 0.55555, 1: 0.55555}).sold == (Decimal("5.556"), Decimal(6))


def test_orders_are_numbered_by_account_and_security() -> None:
    i = surveyed(
        household(
            account("A", "roth", 1000, {"NVDA": [lot(1), lot(2)], "SPY": [lot(3)]}),
            account("B", "roth", 1000, {"NVDA": [lot(4)]}),
        )
    ).inputs
    number = sale_orders(i)
    assert number[0] == number[1]
    assert len(set(number.tolist())) == 3
    sold_out = liquidated(i, np.array([True, False, True, True]))
    assert sold_out.tolist() == [False, False, True, True]


def random_quantities(seed: int) -> tuple[AllocationInputs, np.ndarray, np.ndarray, Quantities]:
    rng = np.random.default_rng(seed)
    held = [f"{rng.uniform(0.001, 50):.{int(rng.choice([0, 3, 6]))}f}" for _ in range(4)]
    positive = [shares if float(shares) > 0 else "1" for shares in held]
    i = surveyed(roth(*positive, fractional=bool(rng.random() < 0.5))).inputs
    sell = i.lots.value * np.where(rng.random(4) < 0.3, 1.0, rng.random(4))
    buy = rng.uniform(0, 0.2, i.buys.account.size)
    return i, sell, buy, round_outward(i, sell, buy)


@pytest.mark.parametrize("seed", range(200))
def test_sales_are_never_more_than_is_held_and_purchases_never_more_than_wanted(seed: int) -> None:
    """Within a step of what was wanted; a sale short of it only at a fractional end that stays."""
    i, sell, buy, found = random_quantities(seed)
    step = 1.0 if i.lots.whole[0] else 0.001
    for sold, held, usd, one in zip(found.sold, i.lots.shares, sell, i.lots.share_value, strict=True):
        wanted = usd / one
        assert 0 <= sold <= held
        assert sold % Decimal(str(step)) == 0 or sold == held
        assert float(sold) < wanted + 1.001 * step
        assert float(sold) > wanted - 1e-5 or float(held - sold) < 1
    for bought, usd, one in zip(found.bought, buy, i.buys.share_value, strict=True):
        assert bought % (1 if step == 1 else STEP) == 0
        assert usd / one - step - 1e-5 < float(bought) < usd / one + 1e-5
