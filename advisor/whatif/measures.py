"""Figures of an optimum before rounding, with the definitions that measure the household itself."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from advisor.market.constituents import magnificent_seven_interval
from advisor.optimize.formulation import gains_per_dollar
from advisor.optimize.problem import Solution
from advisor.rebalance.candidates import SurveyedHousehold, candidate_of, objective_of_nothing
from advisor.rebalance.tax import year_tax
from advisor.risk.measures import tracking_error, volatility
from advisor.units import Vector, to_cents
from advisor.whatif.model import Measures


@dataclass(frozen=True, slots=True)
class Gauge:
    """What the optima of one household are measured with, worked out once."""

    household: SurveyedHousehold
    seven: Vector  # (n,) upper end of the Magnificent Seven in each security
    small: Vector  # (n,) 1 for a small-cap fund
    nothing: float  # objective of doing nothing, a year
    tax_of_nothing_usd: Decimal  # the year's


def gauge_of(household: SurveyedHousehold) -> Gauge:
    """Measure doing nothing, and look each security up."""
    market, symbols = household.market, household.inputs.symbols
    idle = candidate_of(household, ())
    return Gauge(
        household,
        seven=np.array([magnificent_seven_interval(market, symbol)[1] for symbol in symbols]),
        small=np.array([float(market.is_small_cap(symbol)) for symbol in symbols]),
        nothing=objective_of_nothing(household, idle, household.inputs.cost_years),
        tax_of_nothing_usd=idle.tax.year_tax_before_usd,
    )


def measures_of(gauge: Gauge, solution: Solution) -> Measures:
    """Figures of `solution`, as `rebalance.measurer.Measurer` has them for a household with its weights and cash.

    The tax is the law's on its sales, less the tax of doing nothing; what losses carried forward are worth is in the
    gain alone.
    """
    household, i = gauge.household, gauge.household.inputs
    total = float(solution.weights.sum() + solution.cash.sum())
    weights, cash = solution.weights / total, float(solution.cash.sum()) / total
    tax_usd, spread_usd = costs_of(gauge, solution)
    return Measures(
        magnificent_seven=float(gauge.seven @ weights),
        small_caps=float(gauge.small @ weights),
        cash=cash,
        volatility=volatility(i.model, weights),
        tracking_error=tracking_error(i.model, weights, household.portfolio.preferences.benchmark),
        expected_return=float(i.net_return @ weights) + cash * i.risk_free,
        turnover=float(solution.sell.sum() + solution.buy.sum()) / 2,
        tax_usd=tax_usd,
        spread_usd=spread_usd,
        gain=solution.objective - gauge.nothing,
    )


def idle_measures(gauge: Gauge) -> Measures:
    """Figures of the household as it stands, where nothing is done."""
    before = gauge.household.before
    return Measures(
        magnificent_seven=before.exposure.seven.high,
        small_caps=before.small_cap_weight,
        cash=before.cash_weight,
        volatility=before.volatility,
        tracking_error=before.tracking_error,
        expected_return=before.expected_return,
        turnover=0.0,
        tax_usd=Decimal(0),
        spread_usd=Decimal(0),
        gain=0.0,
    )


def costs_of(gauge: Gauge, solution: Solution) -> tuple[Decimal, Decimal]:
    """What the trades of `solution` cost once, in dollars: the tax that they add this year, and their spread."""
    i = gauge.household.inputs
    spread = i.half_spread[i.lots.security] @ solution.sell + i.half_spread[i.buys.security] @ solution.buy
    short, long = (Decimal(float(gain)) * i.value_usd for gain in gains_per_dollar(i) @ solution.sell)
    tax = year_tax(gauge.household.portfolio.tax, to_cents(short), to_cents(long))
    return tax.tax_usd - gauge.tax_of_nothing_usd, to_cents(Decimal(float(spread)) * i.value_usd)
