"""What a gain realized today saves of tax later, from the wealth at the horizon; and what a carried loss is worth.

Kept for H years at the riskless rate and then sold, a dollar of gain is taxed then; sold today, it is taxed today. The
later tax that is saved, in dollars of today, is the difference between the two ends without today's tax.
"""

from __future__ import annotations

from advisor.market.data import MarketData
from advisor.portfolio.model import Portfolio


def cost_years(portfolio: Portfolio) -> float:
    """Years over which what is paid once is spread: the horizon; of what is held until death, the years until then."""
    preferences = portfolio.preferences
    horizon, held = float(preferences.horizon_years), float(preferences.unsold_gains.held_until_death)
    if not held or preferences.held_years is None:
        return horizon
    a_year = (1.0 - held) / horizon + held / float(preferences.held_years)
    return 1.0 / a_year


def later_rate(portfolio: Portfolio) -> float:
    """The long-term rate of later years with the state's, never above this year's."""
    law = portfolio.tax
    federal = (
        law.long_term_rate if law.later_long_term_rate is None else min(law.later_long_term_rate, law.long_term_rate)
    )
    return float(federal + law.state_rate)


def saved_if_sold(portfolio: Portfolio, market: MarketData) -> float:
    """For each dollar of gain of something without basis: by how much a sale today is worth more at the horizon.

    Kept, its end is ``R - tau R``. Sold today at no tax, the dollar would end at ``R - tau (R - 1)``. A tax x today
    makes the two equal: ``(1 - x)(R - tau (R - 1)) = R - tau R``.
    """
    tau = later_rate(portfolio)
    grown = float((1.0 + market.risk_free.value) ** float(portfolio.preferences.horizon_years))
    return 1.0 - (grown - tau * grown) / (grown - tau * (grown - 1.0))


def later_saved(portfolio: Portfolio, market: MarketData) -> float:
    """Of the household's mixture of fates, and never more than this year's rate or what a carried loss is worth."""
    law, preferences = portfolio.tax, portfolio.preferences
    ratio = cost_years(portfolio) / float(preferences.horizon_years)
    saved = float(preferences.unsold_gains.sold) * saved_if_sold(portfolio, market) * ratio
    return min(saved, float(law.long_term_rate + law.state_rate), carried_worth(portfolio, market))


def carried_worth(portfolio: Portfolio, market: MarketData) -> float:
    """Of a dollar of loss left for later years: the file's word, or what it saves of a gain's tax in a year.

    That is no less than what a gain realized today saves by itself.
    """
    if portfolio.tax.carryforward_value is not None:
        return float(portfolio.tax.carryforward_value)
    in_a_year = later_rate(portfolio) / (1.0 + market.risk_free.value)
    return max(in_a_year, saved_if_sold(portfolio, market))
