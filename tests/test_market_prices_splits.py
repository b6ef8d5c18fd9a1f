"""Lots from before a split are found by what was paid for them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.market.prices.history import PriceHistory, SecurityKind, Split
from advisor.market.prices.splits import StaleLot, stale_lots
from advisor.portfolio.model import Account, AccountType, Lot, Portfolio, Position

SHARED = Path(__file__).parents[2] / "shared" / "data"
AS_OF = date(2026, 11, 20)
BOUGHT = date(2025, 12, 1)
SPLIT = Split(date(2026, 4, 21), Decimal(6))


def lot(cost: str | None, shares: str = "10", acquired: date | None = BOUGHT) -> Lot:
    return Lot(Decimal(shares), None if cost is None else Decimal(cost), acquired)


def household(*lots: Lot, symbol: str = "VUG") -> Portfolio:
    account = Account("Brokerage", AccountType.TAXABLE, Decimal(0), (Position(symbol, lots),))
    return Portfolio("Household", AS_OF, (account,))


def history(*rows: tuple[date, float]) -> PriceHistory:
    closes = np.array([close for _, close in rows])
    return PriceHistory(
        symbol="VUG",
        name=None,
        kind=SecurityKind.ETF,
        currency="USD",
        days=tuple(day for day, _ in rows),
        closes=closes,
        adjusted=closes,
        volumes=np.ones(len(rows)),
        splits=(),
        source="test",
        fetched=datetime(2026, 11, 20, 23, tzinfo=UTC),
    )


HISTORY = history((BOUGHT, 80.81), (date(2026, 4, 20), 83.0), (AS_OF, 85.0))  # in today's shares


def found(*lots: Lot, splits: tuple[Split, ...] = (SPLIT,), closes: PriceHistory | None = HISTORY, **options):
    known = {} if closes is None else {"VUG": closes}
    return stale_lots(household(*lots), {"VUG": splits}, known, AS_OF, **options)


def test_a_lot_of_vug_entered_before_its_split_has_six_times_the_shares():
    assert found(lot("484.86")) == (
        StaleLot(
            account="Brokerage",
            symbol="VUG",
            acquired=BOUGHT,
            shares=Decimal(10),
            splits=(SPLIT,),
            corrected_shares=Decimal(60),
            corrected_cost_per_share=Decimal("80.81"),
            evidence="its cost of 484.86 is near the close of its day before the split of 6 to 1 on 2026-04-21, "
            "484.86, and not near that in today's shares, 80.81",
            certain=True,
        ),
    )
    assert found(lot("484.86"))[0].split is SPLIT


@pytest.mark.parametrize(
    ("symbol", "before", "close", "ratio"),
    [
        ("VUG", "484.86", 80.81, 6),
        ("MGK", "412.64", 82.528, 5),
        ("VGT", "739.06", 92.3825, 8),
        ("XLK", "280.45", 140.225, 2),
    ],
)
def test_the_four_funds_that_split_in_2025_and_2026_are_found(symbol, before, close, ratio):
    """Closes of 2025-12-01 as they were paid, and in the shares of 2026-05-03."""
    splits = {symbol: (Split(date(2026, 5, 3), Decimal(ratio), "inferred from closes"),)}
    closes = {symbol: history((BOUGHT, close), (AS_OF, close))}
    (stale,) = stale_lots(household(lot(before), symbol=symbol), splits, closes, AS_OF)
    assert (stale.corrected_shares, stale.certain) == (10 * ratio, True)
    assert "by 2026-05-03" in stale.evidence
    assert stale_lots(household(lot(str(close)), symbol=symbol), splits, closes, AS_OF) == ()


@pytest.mark.skipif(not SHARED.exists(), reason="the price panel is not part of this repository")
@pytest.mark.parametrize(
    ("symbol", "before", "ratio"), [("VUG", "484.86", 6), ("MGK", "412.64", 5), ("VGT", "739.06", 8)]
)
def test_they_are_found_against_closes_that_are_adjusted_for_dividends_too(symbol, before, ratio):
    import pandas as pd

    column = pd.read_csv(SHARED / "prices_wide.csv", index_col=0, parse_dates=True)[symbol].dropna()
    closes = {symbol: history(*((day.date(), close) for day, close in column.items()))}
    splits = {symbol: (Split(date(2026, 5, 3), Decimal(ratio)),)}
    (stale,) = stale_lots(household(lot(before), symbol=symbol), splits, closes, AS_OF)
    assert (stale.corrected_shares, stale.certain) == (10 * ratio, True)


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        ("96.97", None),  # 20% above the close in today's shares
        ("96.98", None),  # and beyond it, but not explained
        ("64.64", None),
        ("300", None),  # nothing explains it: an average cost, or another security
        ("330", False),  # within a factor of 1.5 of the close before the split
        ("390", True),  # within 1.25 of it
        ("600", True),
        ("720", False),
        ("730", None),
    ],
)
def test_how_near_the_cost_must_be(cost, expected):
    assert [stale.certain for stale in found(lot(cost))] == ([] if expected is None else [expected])


def test_a_cost_between_the_two_is_not_certain():
    small = (Split(SPLIT.day, Decimal("1.5")),)
    assert [stale.certain for stale in found(lot("121.22"), splits=small)] == [True]
    assert [stale.certain for stale in found(lot("101.00"), splits=small)] == [False]


def test_a_reverse_split_over_counts():
    (stale,) = found(lot("8.10", shares="100"), splits=(Split(SPLIT.day, Decimal("0.1")),))
    assert (stale.corrected_shares, stale.corrected_cost_per_share, stale.certain) == (10, 81, True)


def test_of_several_splits_the_later_ones_are_missed():
    """Like TSLA: 5 to 1, then 3 to 1. A close of 16 in today's shares was 48 between them and 240 before both."""
    first, second, day = Split(date(2020, 8, 31), Decimal(5)), Split(date(2022, 8, 25), Decimal(3)), date(2019, 5, 14)
    closes = history((day, 16.0), (AS_OF, 400.0))
    for cost, missed in (("16.40", ()), ("49", (second,)), ("237", (first, second)), ("100", ()), ("27", ())):
        stale = found(lot(cost, acquired=day), splits=(second, first), closes=closes)
        assert [each.splits for each in stale] == ([missed] if missed else [])
    assert found(lot("237", acquired=day), splits=(first, second), closes=closes)[0].corrected_shares == 150


def test_a_split_before_the_lot_or_after_the_decision_is_none_of_its_business():
    assert found(lot("484.86", acquired=SPLIT.day)) == ()
    assert found(lot("484.86"), splits=(Split(AS_OF + timedelta(days=1), Decimal(6)),)) == ()
    assert found(lot("484.86"), splits=()) == ()


@pytest.mark.parametrize("ratio", ["1.281", "1.49", "0.7", "1"])
def test_a_spin_off_or_a_small_ratio_is_not_judged(ratio):
    factor = Decimal(ratio)
    assert found(lot(str(Decimal("80.81") * factor)), splits=(Split(SPLIT.day, factor),)) == ()


def test_a_lot_dated_on_a_weekend_has_the_close_before():
    closes = history((date(2025, 11, 28), 80.0), (AS_OF, 85.0))
    assert found(lot("480", acquired=date(2025, 11, 30)), closes=closes)[0].certain


def test_a_history_that_begins_later_is_weaker_evidence():
    closes = history((date(2026, 1, 2), 80.0), (AS_OF, 85.0))
    (stale,) = found(lot("484.86"), closes=closes)
    assert not stale.certain
    assert "5.7 times the highest close that is known, 85.00" in stale.evidence
    assert stale.corrected_shares == 60
    assert found(lot("127"), closes=closes) == ()
    assert found(lot("128"), closes=closes) != ()


def test_the_last_price_alone_is_weaker_evidence():
    assert not found(lot("484.86"), closes=None, prices={"VUG": Decimal("83.17")})[0].certain
    assert found(lot("80.81"), closes=None, prices={"VUG": Decimal("83.17")}) == ()
    assert found(lot("484.86"), closes=None) == ()
    reverse = (Split(SPLIT.day, Decimal("0.1")),)
    for cost in ("8", "200"):
        assert found(lot(cost), splits=reverse, closes=None, prices={"VUG": Decimal(80)}) == ()


def test_a_lot_without_cost_is_to_be_checked_for_a_year():
    (stale,) = found(lot(None, acquired=None))
    assert (stale.certain, stale.corrected_shares, stale.corrected_cost_per_share) == (False, 60, None)
    assert stale.evidence.endswith("check that the number is after the split of 6 to 1 on 2026-04-21")
    assert found(lot(None, acquired=date(2026, 4, 21))) == ()
    for days, count in ((364, 1), (365, 0)):
        assert len(found(lot(None, acquired=None), splits=(Split(AS_OF - timedelta(days=days), Decimal(6)),))) == count


def test_a_cost_without_a_day_is_compared_with_the_level():
    assert [stale.certain for stale in found(lot("484.86", acquired=None))] == [False]
    assert found(lot("84", acquired=None)) == ()


def test_lots_come_in_the_order_of_the_file():
    stale = found(lot("484.86"), lot("80"), lot("470", shares="3"))
    assert [(each.account, each.corrected_shares) for each in stale] == [("Brokerage", 60), ("Brokerage", 18)]


RATIOS = st.one_of(st.decimals("1.5", "50", places=2), st.decimals("0.02", "0.66", places=2))
CLOSES = st.floats(0.5, 5000.0)


@given(ratio=RATIOS, close=CLOSES, gap=st.floats(0.8001, 1.1999))
def test_an_adjusted_lot_is_never_reported(ratio, close, gap):
    closes = history((BOUGHT, close), (AS_OF, close * 3))
    assert found(lot(str(close * gap)), splits=(Split(SPLIT.day, ratio),), closes=closes) == ()


@given(ratio=RATIOS, close=CLOSES, gap=st.floats(0.91, 1.09), shares=st.decimals("0.001", "1e6", places=3))
def test_an_unadjusted_lot_is_always_reported_and_its_cost_basis_stays(ratio, close, gap, shares):
    closes = history((BOUGHT, close), (AS_OF, close * 3))
    cost = str(close * float(ratio) * gap)
    (stale,) = found(lot(cost, shares=str(shares)), splits=(Split(SPLIT.day, ratio),), closes=closes)
    assert stale.corrected_shares == shares * ratio
    basis = stale.corrected_shares * stale.corrected_cost_per_share
    assert abs(basis - shares * Decimal(cost)) <= Decimal("1e-20") * basis
