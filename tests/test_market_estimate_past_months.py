"""Months and episodes of a household from its own closes, with what is known for what they lack; figures by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from advisor.errors import MarketDataError
from advisor.market.data import PastMonths, StressEpisode
from advisor.market.estimate.past_months import MONTHS, episode_of, past_months_of
from advisor.market.estimate.returns import PricePanel
from tests.small_market import small_market

NONE = float("nan")
KNOWN = PastMonths(
    ("BOND", "IWM", "TEN"),
    (date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 29)),
    np.array([[0.01, 0.02, 0.03], [-0.01, -0.02, -0.03], [0.04, 0.05, 0.06]]),
    {"TEN": "1 month as IWM"},
    "made up",
)
BASE = replace(small_market(), past_months=KNOWN)


def panel(**closes: list[float]) -> PricePanel:
    """Closes at the ends of April, May and June 2026, and on a 13 July that ends no month."""
    days = tuple(map(date.fromisoformat, ("2026-04-30", "2026-05-29", "2026-06-30", "2026-07-13")))
    return PricePanel(tuple(sorted(closes)), days, np.array([closes[name] for name in sorted(closes)]).T)


def column(found: PastMonths, symbol: str) -> list[float]:
    return found.returns[:, found.symbols.index(symbol)].tolist()


def test_a_security_has_its_own_months_and_the_known_ones_before_its_closes_begin() -> None:
    """IWM 200, 220, 198: May +10%, June -10%; March and April as known; July is not over."""
    found = past_months_of(panel(IWM=[200, 220, 198, 500]), BASE, {})
    assert found.symbols == ("IWM",)
    assert found.months == (date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 29), date(2026, 6, 30))
    assert column(found, "IWM") == [0.02, -0.02, 0.1, -0.1]
    assert found.stand_ins == {}
    assert "from the price histories; months before a history begins from small" in found.source


def test_a_new_security_takes_the_months_of_the_first_stand_in_that_has_them() -> None:
    """NEW begins in May: its June is its own; May is IWM's own, fresher than what is known of it; before, IWM's."""
    prices = panel(IWM=[200, 220, 198, 1], NEW=[NONE, 10, 12, 1])
    found = past_months_of(prices, BASE, {"NEW": ("ELSE", "IWM", "BOND")})
    assert column(found, "NEW") == [0.02, -0.02, 0.1, 0.2]
    assert found.stand_ins == {"NEW": "3 months as IWM"}


def test_a_security_does_not_stand_in_for_itself() -> None:
    """IWM's May and June are its own, March and April as known of it: nothing is borrowed."""
    found = past_months_of(panel(IWM=[200, 220, 198, 1]), BASE, {"IWM": ("IWM", "BOND")})
    assert column(found, "IWM") == [0.02, -0.02, 0.1, -0.1]
    assert found.stand_ins == {}
    with pytest.raises(MarketDataError, match="NEW: neither it nor any stand-in"):
        past_months_of(panel(NEW=[10, 12, 13, 1]), BASE, {"NEW": ("NEW",)})


def test_what_already_stood_in_for_a_known_month_is_still_told() -> None:
    found = past_months_of(panel(TEN=[NONE, 10, 11, 1]), BASE, {})
    assert column(found, "TEN") == [0.03, -0.03, 0.06, 0.1]
    assert found.stand_ins == {"TEN": "in small: 1 month as IWM"}


def test_a_month_that_nobody_knows_is_refused_and_is_not_zero() -> None:
    with pytest.raises(
        MarketDataError, match="NEW: neither it nor any stand-in has a return in the month to 2026-03-31"
    ):
        past_months_of(panel(NEW=[10, 12, 13, 1]), BASE, {"NEW": ("ELSE",)})


def test_no_more_than_ten_years_of_months_and_whole_basis_points() -> None:
    """0.033% a month to the end of February 2026; what is known of the months after it is not known yet."""
    days = tuple(date(2010 + k // 12, k % 12 + 1, 28) for k in range(16 * 12 + 2))
    found = past_months_of(PricePanel(("IWM",), days, 1.00033 ** np.arange(len(days))[:, None]), BASE, {})
    assert len(found.months) == MONTHS
    assert found.months[-1] == date(2026, 2, 28)
    assert set(column(found, "IWM")) == {0.0003}


def test_months_that_are_missing_between_what_is_known_and_the_prices_are_refused() -> None:
    days = tuple(map(date.fromisoformat, ("2026-07-31", "2026-08-31")))
    with pytest.raises(
        MarketDataError, match=r"no return in the months between 2026-05-29 and 2026-08-31.*before 2026-05"
    ):
        past_months_of(PricePanel(("IWM",), days, np.array([[1.0], [2.0]])), BASE, {})


EPISODE = StressEpisode(
    "fall", "A fall", date(2026, 4, 30), date(2026, 6, 30), {"IWM": -0.3, "TEN": -0.4}, {"TEN": "IWM"}
)


def test_an_episode_is_as_known_else_between_its_two_closes_else_the_stand_ins() -> None:
    """OWN 100 to 80 is -20%; NEW has no close at the start; GAP none at the end."""
    prices = panel(IWM=[1, 1, 1, 1], TEN=[1, 1, 1, 1], OWN=[100, 50, 80, 1], NEW=[NONE, 5, 6, 7], GAP=[5, 6, NONE, 7])
    found = episode_of(EPISODE, prices, {"NEW": ("ELSE", "IWM"), "GAP": ("TEN",)})
    assert found.returns == pytest.approx({"IWM": -0.3, "TEN": -0.4, "OWN": -0.2, "NEW": -0.3, "GAP": -0.4}, abs=1e-15)
    assert found.stand_ins == {"TEN": "IWM", "NEW": "IWM", "GAP": "TEN"}
    assert (found.name, found.start) == ("fall", date(2026, 4, 30))


@pytest.mark.parametrize("stand_ins", [{}, {"NEW": ("ELSE",)}])
def test_an_episode_that_nobody_has_a_return_of_is_refused(stand_ins: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(MarketDataError, match="NEW: neither it nor any stand-in has a return in the episode 'fall'"):
        episode_of(EPISODE, panel(NEW=[NONE, 5, 6, 7]), stand_ins)
