"""Figures of a track against brute force, the standard library, and a published worked example."""

from __future__ import annotations

import itertools
import statistics
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from advisor.backtest.measures import (
    before_tax,
    deflated,
    deflated_sharpe_ratio,
    expected_best,
    growth_rate,
    largest_drawdown,
    realized_volatility,
    returns_of_values,
    sharpe_ratio,
    year_returns,
)
from advisor.market.price_file import panel_of_table, read_prices

SHARED = Path(__file__).parent.parent.parent / "shared" / "data" / "prices_daily.csv"


def path(seed: int, count: int = 300) -> tuple[np.ndarray, list[date]]:
    rng = np.random.default_rng(seed)
    return 100 * np.cumprod(1 + rng.normal(0.0003, 0.012, count)), [
        date(2020, 1, 1) + timedelta(k) for k in range(count)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_the_largest_fall_is_that_of_every_pair_of_days(seed: int) -> None:
    values, days = path(seed)
    pairs = ((1 - values[j] / values[i], -i, -j) for i in range(len(values)) for j in range(i, len(values)))
    depth, peak, trough = max(pairs)
    found = largest_drawdown(values, days)
    assert found.depth == pytest.approx(depth, rel=1e-12)
    assert (found.peak, found.trough) == (days[-peak], days[-trough])


def test_a_path_that_never_falls_has_no_drawdown() -> None:
    assert largest_drawdown(np.array([1.0, 1.0, 2.0]), [date(2020, 1, k) for k in (1, 2, 3)]).depth == 0.0


def test_a_growth_rate_compounds_to_the_last_value() -> None:
    """10% and 21% over the two years 2021 and 2022, which have 730 days: 730 / 365.25 years."""
    rate = growth_rate(np.array([100.0, 121.0]), [date(2021, 1, 1), date(2023, 1, 1)])
    assert 100.0 * (1.0 + rate) ** (730 / 365.25) == pytest.approx(121.0, rel=1e-12)


def test_volatility_and_sharpe_are_those_of_the_standard_library() -> None:
    values, _ = path(1)
    returns = [b / a - 1 for a, b in itertools.pairwise(values)]
    assert realized_volatility(returns_of_values(values)) == pytest.approx(
        statistics.stdev(returns) * 252**0.5, rel=1e-12
    )
    excess = [one - 0.0001 for one in returns]
    cash = np.full(len(returns), 0.0001)
    assert sharpe_ratio(np.array(returns), cash) == pytest.approx(
        statistics.mean(excess) / statistics.stdev(excess), rel=1e-9
    )


def test_years_begin_at_the_last_close_of_the_year_before_and_parts_are_marked() -> None:
    days = [date(2020, 6, 30), date(2020, 12, 31), date(2021, 6, 30), date(2021, 12, 31), date(2022, 2, 1)]
    found = year_returns(np.array([100.0, 110.0, 50.0, 99.0, 198.0]), days)
    assert [(y.year, round(y.value, 12), y.is_whole) for y in found] == [
        (2020, 0.1, False),
        (2021, -0.1, True),
        (2022, 1.0, False),
    ]


def test_a_year_is_whole_where_the_first_day_is_the_last_close_of_the_year_before() -> None:
    days = [date(2020, 12, 31), date(2021, 6, 30), date(2021, 12, 31), date(2022, 12, 30)]
    found = year_returns(np.array([100.0, 50.0, 110.0, 99.0]), days)
    assert [(y.year, round(y.value, 12), y.is_whole) for y in found] == [(2021, 0.1, True), (2022, -0.1, True)]


def test_tax_that_was_paid_is_no_loss_before_tax() -> None:
    """100 grows by 10% to 110, of which 5 are paid; 105 grow by 10% again: 1.21 before tax."""
    grown = before_tax(np.array([100.0, 105.0, 115.5]), np.array([0.0, 5.0, 0.0]))
    np.testing.assert_allclose(grown, [1.0, 1.1, 1.21], rtol=1e-12)


@pytest.mark.parametrize(("trials", "probability"), [(100, 0.9004), (46, 0.9505)])
def test_the_deflated_sharpe_ratio_is_that_of_the_papers_example(trials: int, probability: float) -> None:
    """Bailey and Lopez de Prado (2014), numerical example: a ratio of 2.5 a year over five years of 250 days, skewness
    -3, kurtosis 10, the variance of the trials' yearly ratios 1/2; printed with four decimals."""
    best = expected_best(trials, 0.5 / 250)
    assert deflated(2.5 / 250**0.5, 1250, skewness=-3.0, kurtosis=10.0, benchmark=best) == pytest.approx(
        probability, abs=1e-4
    )


def test_the_best_of_many_without_skill_is_what_a_simulation_shows() -> None:
    rng = np.random.default_rng(8)
    best = rng.normal(0.0, 0.03, (20_000, 50)).max(axis=1).mean()
    assert expected_best(50, 0.03**2) == pytest.approx(best, rel=0.02)  # the paper's formula is for large numbers


def test_one_trial_is_not_deflated_and_more_trials_leave_less() -> None:
    returns = np.random.default_rng(9).normal(0.0005, 0.01, 1000)
    cash = np.zeros(1000)
    chances = [deflated_sharpe_ratio(returns, cash, trials, 1 / 999) for trials in (1, 5, 50)]
    assert chances == sorted(chances, reverse=True)
    plain = statistics.NormalDist().cdf(sharpe_ratio(returns, cash) * 999**0.5)
    assert chances[0] == pytest.approx(plain, abs=5e-3)  # but for skewness and kurtosis


def test_money_that_does_not_move_has_no_sharpe_ratio() -> None:
    still = np.zeros(10)
    assert (sharpe_ratio(still, still), deflated_sharpe_ratio(still, still, 3, 0.1)) == (0.0, 0.0)


@pytest.mark.skipif(not SHARED.exists(), reason="needs the shared price panel")
def test_the_published_figures_of_the_sp_500_fund_are_reproduced() -> None:
    """Since 2000-05-26: 19.14% a year, and a fall of 55.2%; 17.72% in 2025."""
    panel = panel_of_table(read_prices(SHARED, {"SPY"}, date(2000, 5, 26)))
    values = panel.column("SPY")
    assert realized_volatility(returns_of_values(values)) == pytest.approx(0.1914, abs=5e-5)
    assert largest_drawdown(values, panel.days).depth == pytest.approx(0.552, abs=5e-4)
    of_2025 = next(year for year in year_returns(values, panel.days) if year.year == 2025)
    assert of_2025.value == pytest.approx(0.1772, abs=5e-5)
