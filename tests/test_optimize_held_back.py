from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from advisor.optimize.held_back import barred_identities, held_back, wash_identities
from advisor.portfolio.model import Lot, PastTrade, Portfolio
from advisor.portfolio.preferences import Preferences
from tests.small_households import AS_OF, account, household, lot, resolved

DEAR, CHEAP = 400, 100  # IWM closes at 293.48, IJR at 144.99, VTWO at 118.59


def ago(days: int) -> date:
    return AS_OF - timedelta(days=days)


def bought(symbol: str, days: int, where: str = "Roth") -> PastTrade:
    return PastTrade(ago(days), where, symbol, "buy", Decimal(1))


def sold(symbol: str, days: int, gain: object, where: str = "Joint") -> PastTrade:
    return PastTrade(ago(days), where, symbol, "sell", Decimal(1), None if gain is None else Decimal(str(gain)))


def with_loss(symbol: str = "IWM", *history: PastTrade, roth: dict | None = None) -> Portfolio:
    """A taxable lot at a loss, 200 days old, and a Roth account beside it."""
    joint = account("Joint", "taxable", 1000, {symbol: [lot(10, DEAR, days=200)]})
    return household(joint, account("Roth", "roth", 1000, roth or {}), history=history)


def kept(portfolio: Portfolio) -> list[tuple[str, str, str, date]]:
    return [(e.account, e.symbol, e.reason, e.until) for e in held_back(portfolio, resolved(portfolio))]


@pytest.mark.parametrize(("days", "is_kept"), [(0, True), (1, True), (29, True), (30, True), (31, False)])
@pytest.mark.parametrize("twin", ["IWM", "VTWO"])
def test_a_purchase_on_record_keeps_a_loss_for_thirty_days(twin: str, days: int, is_kept: bool) -> None:
    expected = [("Joint", "IWM", "wash_sale", ago(days) + timedelta(days=31))] if is_kept else []
    assert kept(with_loss("IWM", bought(twin, days))) == expected


@pytest.mark.parametrize(("days", "is_kept"), [(29, True), (30, True), (31, False)])
@pytest.mark.parametrize("twin", ["IWM", "VTWO"])
def test_a_young_lot_in_the_roth_keeps_a_loss_for_thirty_days(twin: str, days: int, is_kept: bool) -> None:
    portfolio = with_loss("IWM", roth={twin: [lot(1, 300, days=days)]})
    expected = [("Joint", "IWM", "wash_sale", ago(days) + timedelta(days=31))] if is_kept else []
    assert kept(portfolio) == expected


def test_the_latest_purchase_decides_until_when() -> None:
    portfolio = with_loss("IWM", bought("VTWO", 25), bought("IWM", 3), roth={"VTWO": [lot(1, 100, days=12)]})
    assert kept(portfolio) == [("Joint", "IWM", "wash_sale", ago(3) + timedelta(days=31))]


def test_another_index_keeps_nothing() -> None:
    assert kept(with_loss("IWM", bought("IJR", 3), roth={"IJR": [lot(1, 100, days=5)]})) == []
    assert kept(with_loss("IJR", bought("IWM", 3), bought("VTWO", 3))) == []


def test_a_sale_on_record_keeps_nothing() -> None:
    assert kept(with_loss("IWM", sold("IWM", 3, -100))) == []


def test_a_loss_in_a_sheltered_account_is_not_kept() -> None:
    portfolio = household(account("Roth", "roth", 0, {"IWM": [lot(10, DEAR, days=200)]}), history=(bought("IWM", 3),))
    assert kept(portfolio) == []


def test_a_lots_own_purchase_does_not_keep_it() -> None:
    """Ten days old and at a loss: selling all of it is no wash sale, also when the history lists the purchase."""
    young = account("Joint", "taxable", 0, {"IWM": [lot(10, DEAR, days=10)]})
    assert kept(household(young)) == []
    assert kept(household(young, history=(bought("IWM", 10, "Joint"),))) == []
    assert len(kept(household(young, history=(bought("IWM", 10, "Roth"),)))) == 1
    assert len(kept(household(young, history=(bought("IWM", 9, "Joint"),)))) == 1


def test_two_young_lots_at_a_loss_keep_each_other() -> None:
    lots = [lot(10, DEAR, days=10), lot(10, DEAR, days=20)]
    portfolio = household(account("Joint", "taxable", 0, {"IWM": lots}))
    assert [until for *_, until in kept(portfolio)] == [ago(20) + timedelta(days=31), ago(10) + timedelta(days=31)]


def test_a_lot_at_its_cost_is_neither_gain_nor_loss() -> None:
    portfolio = household(
        account("Joint", "taxable", 0, {"IWM": [lot(10, "293.48", days=360)]}), history=(bought("IWM", 3),)
    )
    assert kept(portfolio) == []


@pytest.mark.parametrize(("days", "is_barred"), [(0, True), (29, True), (30, True), (31, False)])
def test_a_loss_sale_bars_its_index_for_thirty_days(days: int, is_barred: bool) -> None:
    portfolio = with_loss("SPY", sold("IWM", days, "-0.01"))
    expected = {resolved(portfolio).identity("VTWO")} if is_barred else set()
    assert barred_identities(portfolio, resolved(portfolio)) == expected


@pytest.mark.parametrize("trade", [sold("IWM", 3, 500), sold("IWM", 3, 0), sold("IWM", 3, None), bought("IWM", 3)])
def test_what_is_no_loss_sale_bars_nothing(trade: PastTrade) -> None:
    portfolio = with_loss("SPY", trade)
    assert barred_identities(portfolio, resolved(portfolio)) == frozenset()


def test_the_two_small_cap_indices_are_different_things_and_the_russell_funds_are_one() -> None:
    data = resolved(with_loss())
    assert data.identity("IWM") == data.identity("VTWO") != data.identity("IJR")


def young_gain(*, turns_in: int, wait_days: int) -> Portfolio:
    """A gain that becomes long-term in so many days: acquired so that the day after it has its anniversary then."""
    turns = AS_OF + timedelta(days=turns_in)
    acquired = turns.replace(year=turns.year - 1) - timedelta(days=1)
    held = Lot(Decimal(10), Decimal(CHEAP), acquired)
    return replace(
        household(account("Joint", "taxable", 0, {"IWM": [held]})), preferences=Preferences(wait_days=wait_days)
    )


@pytest.mark.parametrize(
    ("turns_in", "wait_days", "is_kept"),
    [(30, 30, True), (31, 30, False), (1, 30, True), (0, 30, False), (1, 0, False), (1, 1, True), (200, 365, True)],
)
def test_a_gain_waits_for_the_long_term_at_most_wait_days(turns_in: int, wait_days: int, is_kept: bool) -> None:
    expected = [("Joint", "IWM", "almost_long_term", AS_OF + timedelta(days=turns_in))] if is_kept else []
    assert kept(young_gain(turns_in=turns_in, wait_days=wait_days)) == expected


def test_a_gain_does_not_wait_for_a_purchase_nor_a_loss_for_the_long_term() -> None:
    gain = household(account("Joint", "taxable", 0, {"IWM": [lot(10, CHEAP, days=100)]}), history=(bought("IWM", 3),))
    assert kept(gain) == []
    loss = household(account("Joint", "taxable", 0, {"IWM": [lot(10, DEAR, days=360)]}))
    assert kept(loss) == []


def test_lots_are_listed_in_the_order_of_the_file() -> None:
    positions = {"VTWO": [lot(1, DEAR, days=90)], "IWM": [lot(1, DEAR, days=80), lot(1, DEAR, days=70)]}
    portfolio = household(account("Joint", "taxable", 0, positions), history=(bought("IWM", 3),))
    found = held_back(portfolio, resolved(portfolio))
    assert [(e.symbol, e.lot.acquired) for e in found] == [("VTWO", ago(90)), ("IWM", ago(80)), ("IWM", ago(70))]


def called_identical(portfolio: Portfolio, *groups: tuple[str, ...]) -> Portfolio:
    return replace(portfolio, identical=groups)


@pytest.mark.parametrize(("days", "is_kept"), [(29, True), (30, True), (31, False)])
def test_what_the_user_calls_identical_keeps_a_loss_for_thirty_days(days: int, is_kept: bool) -> None:
    portfolio = called_identical(with_loss("VTI", bought("ITOT", days)), ("VTI", "ITOT"))
    expected = [("Joint", "VTI", "wash_sale", ago(days) + timedelta(days=31))] if is_kept else []
    assert kept(portfolio) == expected
    assert kept(called_identical(portfolio)) == []


def test_groups_reach_over_common_members_and_over_the_funds_of_their_indexes() -> None:
    """VTI with ITOT and ITOT with SPY: VOO, of SPY's index, keeps a loss in VTI; so does a symbol without data."""
    groups = (("VTI", "ITOT"), ("MGK", "XXXX"), ("SPY", "ITOT"))
    assert len(kept(called_identical(with_loss("VTI", bought("VOO", 3)), *groups))) == 1
    assert len(kept(called_identical(with_loss("MGK", bought("XXXX", 3)), *groups))) == 1
    assert kept(called_identical(with_loss("VTI", bought("MGK", 3)), *groups)) == []


def test_identities_are_equal_within_a_group_and_nowhere_else() -> None:
    portfolio = called_identical(with_loss(), ("VTI", "ITOT"), ("SPY", "ITOT"), ("IJR", "XXXX"))
    symbols = ("VTI", "ITOT", "SPY", "VOO", "IWM", "VTWO", "IJR", "XXXX", "YYYY", "NVDA")
    found = wash_identities(portfolio, resolved(portfolio), symbols)
    groups = ({"VTI", "ITOT", "SPY", "VOO"}, {"IWM", "VTWO"}, {"IJR", "XXXX"}, {"YYYY"}, {"NVDA"})
    for one in symbols:
        for other in symbols:
            assert (found[one] == found[other]) == any({one, other} <= group for group in groups)


def test_a_loss_sale_bars_what_the_user_calls_identical() -> None:
    portfolio = called_identical(with_loss("SPY", sold("XXXX", 3, -5)), ("IJR", "XXXX"))
    (barred,) = barred_identities(portfolio, resolved(portfolio))
    assert barred == wash_identities(portfolio, resolved(portfolio), ("IJR",))["IJR"]
    assert barred != wash_identities(portfolio, resolved(portfolio), ("IWM",))["IWM"]
