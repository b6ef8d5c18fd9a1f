"""The builder's monthly scenarios, on made-up prices."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from advisor.errors import MarketDataError
from advisor.market.builder.past_months import MONTHS, monthly_returns

CLOSES = {
    "2026-03-30": [90.0, 50.0, np.nan],
    "2026-03-31": [100.0, 50.0, np.nan],
    "2026-04-15": [70.0, 60.0, np.nan],
    "2026-04-30": [110.0, 40.0, np.nan],
    "2026-05-04": [111.0, 41.0, 10.0],
    "2026-05-29": [99.0, 44.0, 20.0],
    "2026-06-30": [99.0, 66.0, 25.0],
    "2026-07-13": [500.0, 500.0, 500.0],
}


def prices(*days: str) -> pd.DataFrame:
    chosen = days or tuple(CLOSES)
    return pd.DataFrame(
        [CLOSES[day] for day in chosen], index=pd.to_datetime(list(chosen)), columns=["OLD", "FUND", "LATE"]
    )


def column(found, symbol: str) -> list[float]:
    return found.returns[:, found.symbols.index(symbol)].tolist()


def test_a_month_is_its_last_close_over_that_of_the_month_before():
    """April 110/100, May 99/110, June 99/99; July is not over; LATE has a full month of its own in June alone."""
    found = monthly_returns(prices(), {"LATE": ("NONE", "FUND")}, date(2026, 7, 13))
    assert found.symbols == ("FUND", "LATE", "OLD")
    assert found.months == (date(2026, 4, 30), date(2026, 5, 29), date(2026, 6, 30))
    assert column(found, "OLD") == pytest.approx([0.1, -0.1, 0.0], abs=1e-15)
    assert column(found, "FUND") == pytest.approx([-0.2, 0.1, 0.5], abs=1e-15)
    assert column(found, "LATE") == pytest.approx([-0.2, 0.1, 0.25], abs=1e-15)
    assert found.stand_ins == {"LATE": "2 months as FUND"}
    assert "closes of 2026-03-31 to those of 2026-06-30" in found.source


def test_each_month_takes_the_first_stand_in_that_has_a_return_in_it():
    frame = prices()
    frame["NEW"] = [np.nan] * 6 + [7.0, 8.0]
    found = monthly_returns(frame, {"LATE": ("FUND",), "NEW": ("LATE", "OLD")}, date(2026, 7, 13))
    assert column(found, "NEW") == pytest.approx([0.1, -0.1, 0.25], abs=1e-15)
    assert found.stand_ins["NEW"] == "1 month as LATE, 2 months as OLD"


def test_a_month_that_ends_with_the_panel_counts_if_it_is_over():
    days = ("2026-03-31", "2026-04-30", "2026-05-29", "2026-06-30")
    assert len(monthly_returns(prices(*days), {"LATE": ("OLD",)}, date(2026, 6, 30)).months) == 3
    assert len(monthly_returns(prices(*days), {"LATE": ("OLD",)}, date(2026, 6, 29)).months) == 2


def test_no_more_than_ten_years_count():
    days = pd.bdate_range("2010-01-01", "2026-07-13")
    frame = pd.DataFrame({"OLD": np.exp(np.arange(len(days)) / 1000.0)}, index=days)
    found = monthly_returns(frame, {}, date(2026, 7, 13))
    assert (len(found.months), found.months[0]) == (MONTHS, date(2016, 7, 29))


def test_a_month_without_a_return_of_anyone_is_refused_and_never_0():
    for stand_ins in ({}, {"LATE": ("cash at 0 %",)}):
        with pytest.raises(MarketDataError, match=r"LATE: neither it nor .* month to 2026-04-30"):
            monthly_returns(prices(), stand_ins, date(2026, 7, 13))


def test_a_panel_within_one_month_is_refused():
    with pytest.raises(MarketDataError, match="no full calendar month"):
        monthly_returns(prices("2026-05-04", "2026-05-29"), {"LATE": ("OLD",)}, date(2026, 5, 29))
