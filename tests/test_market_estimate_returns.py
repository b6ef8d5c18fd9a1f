"""Returns by day, week and month from closes; every expected figure is worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from advisor.errors import MarketDataError
from advisor.market.estimate.returns import PricePanel, ReturnTable, panel_of, returns_of, years_before
from advisor.market.prices.history import PriceHistory, SecurityKind
from advisor.portfolio.preferences import ReturnPeriod

DAILY, WEEKLY, MONTHLY = ReturnPeriod.DAILY, ReturnPeriod.WEEKLY, ReturnPeriod.MONTHLY
NONE = float("nan")


def panel(*symbols: str, **closes: list[float]) -> PricePanel:
    """Closes by day, ``d2026_07_13=[...]``, one for each symbol."""
    days = tuple(date.fromisoformat(name[1:].replace("_", "-")) for name in closes)
    return PricePanel(symbols, days, np.array(list(closes.values()), dtype=float))


def close(expected: list[float]) -> object:
    return pytest.approx(expected, abs=1e-15, nan_ok=True)


def column(table: ReturnTable, symbol: str) -> list[float]:
    return table.returns[:, table.symbols.index(symbol)].tolist()


def test_a_day_that_a_security_lacks_gives_no_return_on_it_nor_on_the_next() -> None:
    """B: 50, none, 60, 66: never 20% in two days, and never 0 on the missing one."""
    prices = panel("A", "B", d2026_07_08=[100, 50], d2026_07_09=[110, NONE], d2026_07_10=[99, 60], d2026_07_13=[99, 66])
    table = returns_of(prices, DAILY)
    assert table.ends == (date(2026, 7, 9), date(2026, 7, 10), date(2026, 7, 13))
    assert column(table, "A") == close([0.1, -0.1, 0.0])
    assert column(table, "B") == close([NONE, NONE, 0.1])


def test_a_return_over_a_weekend_is_of_one_day_and_over_missing_rows_of_none() -> None:
    """Friday to Tuesday after a Monday holiday is a day; Wednesday to Tuesday, with rows missing for all, is not."""
    prices = panel("A", d2026_07_02=[100], d2026_07_07=[110], d2026_07_08=[121], d2026_07_14=[242])
    assert column(returns_of(prices, DAILY), "A") == close([0.1, 0.1, NONE])


def test_a_week_is_from_its_last_close_to_that_of_the_week_before() -> None:
    """Good Friday, 2026-04-03: that week ends on the Thursday; the week of the 13th is not over on the 16th."""
    prices = panel(
        "A",
        d2026_03_26=[90],
        d2026_03_27=[100],
        d2026_03_30=[10],
        d2026_04_02=[120],
        d2026_04_06=[500],
        d2026_04_10=[90],
        d2026_04_13=[1],
        d2026_04_16=[2],
    )
    table = returns_of(prices, WEEKLY)
    assert table.ends == (date(2026, 4, 2), date(2026, 4, 10))
    assert column(table, "A") == close([0.2, -0.25])


def test_the_week_of_the_new_year_is_one_week() -> None:
    """Monday 2025-12-29 to Friday 2026-01-02."""
    prices = panel("A", d2025_12_26=[100], d2025_12_31=[150], d2026_01_02=[110], d2026_01_05=[400], d2026_01_09=[121])
    table = returns_of(prices, WEEKLY)
    assert table.ends == (date(2026, 1, 2), date(2026, 1, 9))
    assert column(table, "A") == close([0.1, 0.1])


def test_a_security_without_a_close_in_a_week_has_no_return_in_it_nor_in_the_next() -> None:
    prices = panel(
        "A",
        "B",
        d2026_06_05=[100, 10],
        d2026_06_12=[110, NONE],
        d2026_06_17=[120, 15],
        d2026_06_18=[121, NONE],
        d2026_06_26=[121, 18],
    )
    table = returns_of(prices, WEEKLY)
    assert column(table, "A") == close([0.1, 0.1, 0.0])
    assert column(table, "B") == close([NONE, NONE, 0.2])  # 18 over the Wednesday's 15, the last close of its week


@pytest.mark.parametrize(
    ("period", "days"), [(WEEKLY, ("2026-06-05", "2026-06-19")), (MONTHLY, ("2026-04-30", "2026-06-30"))]
)
def test_no_return_spans_a_week_or_month_that_is_missing_altogether(
    period: ReturnPeriod, days: tuple[str, ...]
) -> None:
    prices = PricePanel(("A",), tuple(map(date.fromisoformat, days)), np.array([[1.0], [2.0]]))
    assert column(returns_of(prices, period), "A") == close([NONE])


def test_a_month_is_from_its_last_close_to_that_of_the_month_before_over_the_turn_of_the_year() -> None:
    prices = panel(
        "A",
        "LATE",
        d2025_11_28=[100, NONE],
        d2025_12_15=[7, NONE],
        d2025_12_31=[110, 20],
        d2026_01_30=[99, 30],
        d2026_02_13=[5, 60],
    )
    table = returns_of(prices, MONTHLY)
    assert table.ends == (date(2025, 12, 31), date(2026, 1, 30))
    assert column(table, "A") == close([0.1, -0.1])
    assert column(table, "LATE") == close([NONE, 0.5])


@pytest.mark.parametrize(
    ("last", "period", "counts"),
    [
        ("2026-07-10", WEEKLY, True),  # a Friday
        ("2026-07-09", WEEKLY, False),
        ("2026-07-11", WEEKLY, True),
        ("2026-06-30", MONTHLY, True),
        ("2026-06-29", MONTHLY, False),
        ("2026-05-29", MONTHLY, True),  # a Friday; the 30th and 31st are a weekend
        ("2026-02-27", MONTHLY, True),
        ("2027-12-31", MONTHLY, True),
    ],
)
def test_a_week_or_month_that_the_prices_end_in_counts_if_no_weekday_of_it_is_left(last, period, counts) -> None:
    end = date.fromisoformat(last)
    before = date.fromordinal(end.toordinal() - (7 if period is WEEKLY else end.day))
    prices = PricePanel(("A",), (before, end), np.array([[1.0], [2.0]]))
    assert len(returns_of(prices, period).ends) == counts


@pytest.mark.parametrize("period", ReturnPeriod)
def test_one_day_has_no_return_and_none_is_refused(period: ReturnPeriod) -> None:
    assert returns_of(panel("A", d2026_07_10=[1]), period).returns.shape[1:] == (1,)
    assert returns_of(panel("A", d2026_07_10=[1]), period).ends == ()
    with pytest.raises(MarketDataError, match="no price history"):
        returns_of(PricePanel(("A",), (), np.zeros((0, 1))), period)


def history(symbol: str, closes: dict[str, float]) -> PriceHistory:
    values = np.array(list(closes.values()))
    return PriceHistory(
        symbol=symbol,
        name=None,
        kind=SecurityKind.ETF,
        currency="USD",
        days=tuple(map(date.fromisoformat, closes)),
        closes=values * 7.0,
        adjusted=values,
        volumes=values,
        splits=(),
        source="made up",
        fetched=datetime(2026, 7, 13, tzinfo=UTC),
    )


def test_a_panel_has_the_adjusted_closes_on_the_days_of_any_in_the_order_of_the_alphabet() -> None:
    found = panel_of(
        [history("B", {"2026-07-09": 1.0, "2026-07-13": 3.0}), history("A", {"2026-07-10": 5.0, "2026-07-13": 6.0})]
    )
    assert found.symbols == ("A", "B")
    assert found.days == (date(2026, 7, 9), date(2026, 7, 10), date(2026, 7, 13))
    assert found.column("A").tolist() == close([NONE, 5.0, 6.0])
    assert found.column("B").tolist() == close([1.0, NONE, 3.0])


def test_between_has_both_ends() -> None:
    found = panel("A", d2026_07_08=[1], d2026_07_09=[2], d2026_07_10=[3], d2026_07_13=[4])
    assert found.between(date(2026, 7, 9), date(2026, 7, 10)).prices.tolist() == [[2.0], [3.0]]
    assert found.between(date(2026, 7, 11), date(2026, 7, 12)).days == ()


def test_years_before_a_leap_day_is_the_28th() -> None:
    assert years_before(date(2028, 2, 29), 4) == date(2024, 2, 29)
    assert years_before(date(2028, 2, 29), 5) == date(2023, 2, 28)
    assert years_before(date(2026, 7, 13), 10) == date(2016, 7, 13)
