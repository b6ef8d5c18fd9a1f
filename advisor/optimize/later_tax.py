"""What a gain that is realized now saves of tax later, and what a loss that is carried forward is worth.

A gain that is not realized is not lost to the tax office. If what is kept is sold after H years, realizing the gain now
costs its tax today and saves that of later; what is kept of the tax in the meantime is a loan without interest. With a
riskless rate r, a gain G and a later rate tau the saving is worth

    delta tau G today,   delta = 1 / (1 + (1 - tau) ((1 + r)^H - 1))

which follows from the wealth at H, written out: keep, V (1+r)^H - tau (V (1+r)^H - c), against sell, with V - tau G.
What is held until death, or given away, saves nothing (26 USC 1014; 170(e)).

Realizing a gain is never a credit: the later rate is at most this year's, and the saving at most what a loss carried
forward is worth, for a gain may only use that up.

Source: Constantinides (1983), "Capital Market Equilibrium with Personal Tax", for the deferral as an option; the
formula is arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass

from advisor.portfolio.model import Portfolio
from advisor.portfolio.preferences import UnsoldGains

CARRIED_YEARS = 1  # until a loss that is carried forward is used, where the user says nothing of it


@dataclass(frozen=True, slots=True)
class LaterTax:
    """What makes up the saving: fractions; `most` is what it never exceeds."""

    rate: float
    risk_free: float
    unsold: UnsoldGains
    held_years: float | None
    most: float

    def saved(self, years: float) -> float:
        """Value today of the later tax that a dollar of gain realized now saves, if the horizon is `years`."""
        if self.rate <= 0.0:
            return 0.0
        delta = deferral(self.rate, self.risk_free, years)
        return min(self.most, float(self.unsold.sold) * delta * self.rate * self.cost_years(years) / years)

    def cost_years(self, years: float) -> float:
        """Over how many years the tax and spread of a trade are spread: the horizon, or of what is held, until death.

        Parts of both count by their costs a year.
        """
        if self.held_years is None or not self.unsold.held_until_death:
            return years
        held = float(self.unsold.held_until_death)
        return 1.0 / ((1.0 - held) / years + held / self.held_years)


NO_LATER_TAX = LaterTax(0.0, 0.0, UnsoldGains(), None, 0.0)


def deferral(rate: float, risk_free: float, years: float) -> float:
    """Part of a tax that realizing a gain now saves later: 1 at once, less the longer it could have waited."""
    return 1.0 / (1.0 + (1.0 - rate) * (float((1.0 + risk_free) ** years) - 1.0))


def later_tax(portfolio: Portfolio, risk_free: float) -> LaterTax:
    """The household's own, from its file; `risk_free` a year."""
    tax, preferences = portfolio.tax, portfolio.preferences
    return LaterTax(
        rate=_later_rate(portfolio),
        risk_free=risk_free,
        unsold=preferences.unsold_gains,
        held_years=None if preferences.held_years is None else float(preferences.held_years),
        most=min(float(tax.long_term_rate + tax.state_rate), carried_loss_value(portfolio, risk_free)),
    )


def carried_loss_value(portfolio: Portfolio, risk_free: float) -> float:
    """Value today of a dollar of loss carried forward: the file's, or the later rate, a year discounted.

    It is no less than what a gain realized now saves later, so that using up a loss is never a credit.
    """
    if portfolio.tax.carryforward_value is not None:
        return float(portfolio.tax.carryforward_value)
    rate, years = _later_rate(portfolio), float(portfolio.preferences.horizon_years)
    return rate * max(1.0 / (1.0 + risk_free) ** CARRIED_YEARS, deferral(rate, risk_free, years))


def _later_rate(portfolio: Portfolio) -> float:
    """The rate of a later year on long-term gains, at most that of this year."""
    tax = portfolio.tax
    stated = tax.long_term_rate if tax.later_long_term_rate is None else tax.later_long_term_rate
    return float(min(stated, tax.long_term_rate) + tax.state_rate)
