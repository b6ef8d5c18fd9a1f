"""Figures of a track: pure functions of daily values, or of simple daily returns.

Days on which nobody traded do not count: a year is `TRADING_DAYS` returns, and a growth rate is by the calendar.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist

import numpy as np

from advisor.risk import measures as risk
from advisor.units import TRADING_DAYS, Vector

DAYS_A_YEAR = 365.25
EULER = 0.5772156649015329  # the Euler-Mascheroni constant


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The largest fall from a running peak, as a positive fraction of it."""

    depth: float
    peak: date
    trough: date


@dataclass(frozen=True, slots=True)
class YearReturn:
    """Return of one calendar year, or of the part of it that the track covers."""

    year: int
    value: float
    is_whole: bool


def returns_of_values(values: Vector) -> Vector:
    """Simple daily returns, shape (T - 1,)."""
    return values[1:] / values[:-1] - 1.0


def before_tax(values: Vector, taxes: Vector) -> Vector:
    """Growth of a dollar, shape (T,), with the tax of each day counted as money taken out, not as a loss."""
    return np.concatenate([[1.0], np.cumprod((values[1:] + taxes[1:]) / values[:-1])])


def growth_rate(values: Vector, days: Sequence[date]) -> float:
    """Compound growth a year, by calendar days. values: shape (T,)."""
    years = (days[-1] - days[0]).days / DAYS_A_YEAR
    return float((values[-1] / values[0]) ** (1.0 / years) - 1.0)


def realized_volatility(returns: Vector) -> float:
    """Standard deviation of daily returns, shape (T,), over T - 1, a year."""
    return float(np.std(returns, ddof=1) * math.sqrt(TRADING_DAYS))


def largest_drawdown(values: Vector, days: Sequence[date]) -> Drawdown:
    """The largest fall from a running peak; of equal ones the first. values: above zero, shape (T,)."""
    peaks = np.maximum.accumulate(values)
    trough = int(np.argmin(values / peaks))
    return Drawdown(risk.max_drawdown(values), days[int(np.argmax(values[: trough + 1]))], days[trough])


def year_returns(values: Vector, days: Sequence[date]) -> tuple[YearReturn, ...]:
    """Each calendar year from the last close of the year before; the first and the last may be parts.

    values: shape (T,).
    """
    years = np.array([day.year for day in days])
    ends = [int(np.flatnonzero(years == year)[-1]) for year in dict.fromkeys(years.tolist())]
    starts = [0, *ends[:-1]]
    return tuple(
        YearReturn(
            days[end].year,
            float(values[end] / values[start] - 1.0),
            days[start].year < days[end].year
            and (end != len(days) - 1 or (days[end].month, days[end].day) >= (12, 29)),
        )
        for start, end in zip(starts, ends, strict=True)
        if end > start
    )


def sharpe_ratio(returns: Vector, cash: Vector) -> float:
    """Mean return in excess of cash over its standard deviation, of one day; 0 where it does not move.

    Source: Sharpe (1994), "The Sharpe Ratio".
    """
    excess = returns - cash
    deviation = float(np.std(excess, ddof=1))
    return float(excess.mean()) / deviation if deviation > 0 else 0.0


def deflated_sharpe_ratio(returns: Vector, cash: Vector, trials: int, variance: float) -> float:
    """Probability that the true Sharpe ratio is above what the best of `trials` without skill would show.

    `variance` is that of the daily Sharpe ratios among the trials. With one trial it is the probability that the true
    ratio is above zero.

    returns, cash: by day, shape (T,).
    """
    excess = returns - cash
    if float(np.std(excess)) == 0.0:
        return 0.0
    standard = (excess - excess.mean()) / np.std(excess)
    skewness, kurtosis = float(np.mean(standard**3)), float(np.mean(standard**4))
    return deflated(
        sharpe_ratio(returns, cash),
        len(returns),
        skewness=skewness,
        kurtosis=kurtosis,
        benchmark=expected_best(trials, variance),
    )


def expected_best(trials: int, variance: float) -> float:
    """Largest Sharpe ratio to be expected of `trials` independent ones without skill.

    Source: Bailey and Lopez de Prado (2014), "The Deflated Sharpe Ratio", Journal of Portfolio Management 40(5).
    """
    if trials <= 1:
        return 0.0
    normal = NormalDist()
    first, second = normal.inv_cdf(1 - 1 / trials), normal.inv_cdf(1 - 1 / (trials * math.e))
    return math.sqrt(variance) * ((1 - EULER) * first + EULER * second)


def deflated(ratio: float, periods: int, *, skewness: float, kurtosis: float, benchmark: float) -> float:
    """Probability that the true Sharpe ratio of one period exceeds `benchmark`; a normal return has kurtosis 3.

    Source: Bailey and Lopez de Prado (2014), as above; (2012), "The Sharpe Ratio Efficient Frontier", for its error.
    """
    spread = 1.0 - skewness * ratio + (kurtosis - 1.0) / 4.0 * ratio**2
    return NormalDist().cdf((ratio - benchmark) * math.sqrt((periods - 1) / spread))
