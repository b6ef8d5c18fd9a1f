"""Volatility, drawdowns, and what a switch between two funds of one index costs in years."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from advisor.errors import MarketDataError
from advisor.evidence.funds import FundFacts, FundFigure, funds_record, switch_years
from advisor.evidence.quality import risk_of
from advisor.market.price_file import panel_of_table, read_prices
from advisor.risk.measures import max_drawdown
from tests.evidence_data import DATA, needs_data, panel, weekdays
from tests.samples import market


def fund(symbol: str, fee: float | None, half_spread: float) -> FundFacts:
    known = None if fee is None else FundFigure(fee, None, "made up")
    return FundFacts(symbol, "an index", known, FundFigure(half_spread, None, "made up"), None, None)


def test_the_deepest_fall_is_that_of_every_pair_of_days() -> None:
    closes = np.cumprod(1 + np.random.default_rng(1).normal(0, 0.02, 300))
    brute = max(1 - closes[j] / closes[i] for i in range(300) for j in range(i, 300))
    assert max_drawdown(closes) == pytest.approx(brute, abs=1e-15)


def test_a_rising_history_has_no_fall() -> None:
    assert max_drawdown(np.array([1.0, 2.0, 3.0])) == 0.0


def test_risk_is_of_the_days_that_all_have() -> None:
    days = weekdays(date(2019, 1, 1), date(2021, 1, 29))
    rng = np.random.default_rng(2)
    first, second = (np.cumprod(1 + rng.normal(0, 0.01, len(days))) for _ in range(2))
    second[:100] = np.nan
    found = risk_of(panel(days, A=first, B=second), ("A", "B"))
    assert found is not None
    assert (found.first, found.days) == (days[100], len(days) - 100)
    changes = [first[i] / first[i - 1] - 1 for i in range(101, len(days))]
    mean = sum(changes) / len(changes)
    deviation = (sum((change - mean) ** 2 for change in changes) / (len(changes) - 1)) ** 0.5
    assert found.symbol("A").volatility == pytest.approx(deviation * 252**0.5, rel=1e-12)
    in_2020 = [close for day, close in zip(days, first, strict=True) if day.year == 2020]
    worst = max(1 - low / high for place, high in enumerate(in_2020) for low in in_2020[place:])
    assert found.symbol("A").crash_drawdown == pytest.approx(worst, abs=1e-15)


def test_a_return_of_two_days_is_none_of_a_day() -> None:
    """A close in ten is missing: with the returns across the gaps the volatility of a day would be overstated."""
    days = weekdays(date(2015, 1, 1), date(2021, 1, 29))
    rng = np.random.default_rng(4)
    closes = np.cumprod(1 + rng.normal(0, 0.01, len(days)))
    other = closes.copy()
    other[3::10] = np.nan
    found = risk_of(panel(days, A=closes, B=other), ("A", "B"))
    assert found is not None
    kept = [n for n in range(1, len(days)) if n % 10 not in (3, 4)]
    returns = np.array([closes[n] / closes[n - 1] - 1 for n in kept])
    assert found.symbol("B").volatility == pytest.approx(returns.std(ddof=1) * 252**0.5, rel=1e-12)


@pytest.mark.parametrize("step", [2, 5, 21])
def test_closes_that_are_not_daily_have_no_volatility_of_days(step: int) -> None:
    days = weekdays(date(1990, 1, 1), date(2021, 1, 29))[::step]
    closes = np.cumprod(1 + np.random.default_rng(4).normal(0, 0.01, len(days)))
    assert risk_of(panel(days, A=closes), ("A",)) is None


def test_a_year_of_closes_is_too_short_and_other_years_have_no_crash() -> None:
    days = weekdays(date(2022, 1, 3), date(2023, 6, 30))
    flat = np.ones(len(days))
    assert risk_of(panel(days[:252], A=flat[:252]), ("A",)) is None
    found = risk_of(panel(days, A=flat), ("A",))
    assert found is not None
    assert found.symbol("A").crash_drawdown is None


def test_a_switch_pays_after_its_cost_over_the_fee_it_saves() -> None:
    """0.02% of spreads and 15% of a gain of a tenth, over 0.12% a year."""
    held, other = fund("DEAR", 0.0019, 0.0001), fund("CHEAP", 0.0007, 0.0001)
    assert switch_years(held, other, gain=0.0, tax_rate=0.15) == pytest.approx(0.0002 / 0.0012)
    assert switch_years(held, other, gain=0.1, tax_rate=0.15) == pytest.approx(0.0152 / 0.0012)


@pytest.mark.parametrize("fees", [(0.0007, 0.0019), (0.0007, 0.0007), (None, 0.0007), (0.0019, None)])
def test_a_switch_that_saves_no_known_fee_never_pays(fees: tuple[float | None, float | None]) -> None:
    with pytest.raises(ValueError, match="saves no fee"):
        switch_years(fund("A", fees[0], 0.0), fund("B", fees[1], 0.0), gain=0.0, tax_rate=0.15)


def test_facts_come_from_the_market_data() -> None:
    known = funds_record(market())
    assert known.of("IWM").index == known.of("VTWO").index != known.of("IJR").index
    assert known.of("IWM").fee.value == market().securities["IWM"].expense_ratio.value
    assert known.overlap.value == market().overlaps["IJR", "IWM"].value
    assert known.of("VTWO").dividend_yield is None  # not known, and not a number


def test_market_data_without_a_fund_are_named() -> None:
    less = replace(market(), securities={s: v for s, v in market().securities.items() if s != "VTWO"})
    with pytest.raises(MarketDataError, match="lack VTWO"):
        funds_record(less)


@needs_data
def test_the_published_risk_is_reproduced() -> None:
    found = risk_of(
        panel_of_table(read_prices(DATA / "prices_wide.csv", ("SPY", "IWM", "IJR"), date.min)), ("SPY", "IWM", "IJR")
    )
    assert found is not None
    assert (found.first, found.days) == (date(2000, 5, 26), 6569)
    assert [round(100 * risk.volatility, 2) for risk in found.of] == [19.14, 23.89, 23.04]
    assert [round(100 * risk.max_drawdown, 1) for risk in found.of] == [55.2, 58.6, 58.2]
    assert found.symbol("IJR").crash_drawdown > found.symbol("IWM").crash_drawdown > found.symbol("SPY").crash_drawdown
