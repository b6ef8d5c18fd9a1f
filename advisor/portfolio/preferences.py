"""What the user wants weighed, and how: preferences, the tax situation, what becomes of gains that are not realized.

Amounts and rates are `Decimal`, as in `portfolio.model`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from advisor.errors import Location

SMALL_CAP_FUNDS = ("IWM", "VTWO", "IJR")
LEAST_TRADE_USD, LEAST_TRADE = Decimal(100), Decimal("0.001")  # the default smallest order: dollars, part of the value


class FilingStatus(StrEnum):
    """Federal filing status; decides the yearly loss deduction."""

    SINGLE = "single"
    MARRIED_JOINT = "married_joint"
    MARRIED_SEPARATE = "married_separate"
    HEAD_OF_HOUSEHOLD = "head_of_household"


class CovarianceMethod(StrEnum):
    """How a covariance is estimated from price history; docs/users/risk-from-history.md describes each."""

    SAMPLE = "sample"
    LEDOIT_WOLF = "ledoit_wolf"
    FACTOR = "factor"
    PAIRWISE = "pairwise"


class ReturnPeriod(StrEnum):
    """Length of the periods whose returns a covariance is estimated from."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class CovarianceChoice:
    """What is estimated, from the returns of the last `years`."""

    method: CovarianceMethod = CovarianceMethod.SAMPLE
    returns: ReturnPeriod = ReturnPeriod.DAILY
    years: int = 5


@dataclass(frozen=True, slots=True)
class TaxSituation:
    """Marginal rates and this year's gains so far, as the user states them (fractions and USD).

    The state rate is added to both federal rates. Carryforwards are losses of earlier years, as positive
    amounts; `carryforward_value` is what a dollar of loss that these trades leave for later years is worth today.
    """

    filing_status: FilingStatus = FilingStatus.SINGLE
    short_term_rate: Decimal = Decimal("0.24")
    long_term_rate: Decimal = Decimal("0.15")
    state_rate: Decimal = Decimal(0)
    year_to_date_short_usd: Decimal = Decimal(0)
    year_to_date_long_usd: Decimal = Decimal(0)
    carryforward_short_usd: Decimal = Decimal(0)
    carryforward_long_usd: Decimal = Decimal(0)
    carryforward_value: Decimal | None = None  # None: the later long-term rate, a year discounted
    later_long_term_rate: Decimal | None = None  # federal, when unsold gains are sold; None: this year's
    is_stated: bool = False  # False: the defaults above, which the report must say

    @property
    def has_possible_rates(self) -> bool:
        """Whether the rates go together, as `portfolio.validate` asks of every file: only then is the tax convex."""
        return (
            self.short_term_rate >= self.long_term_rate
            and (self.carryforward_value or 0) <= self.long_term_rate + self.state_rate
            and self.short_term_rate + self.state_rate < 1
        )

    @property
    def loss_deduction_usd(self) -> Decimal:
        """Net capital loss deductible from ordinary income in a year. Source: 26 USC 1211(b)."""
        return Decimal(1500) if self.filing_status is FilingStatus.MARRIED_SEPARATE else Decimal(3000)


@dataclass(frozen=True, slots=True)
class UnsoldGains:
    """What becomes of the gains that these trades leave: parts that add up to 1."""

    sold: Decimal = Decimal(1)  # at the horizon, and taxed then
    held_until_death: Decimal = Decimal(0)  # never taxed: heirs begin at the price of the day (26 USC 1014)
    donated: Decimal = Decimal(0)  # never taxed: given to charity as they are


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the user wants weighed, and how."""

    horizon_years: Decimal = Decimal(3)
    risk_aversion: Decimal | None = None  # None: the value at which US stocks earn the premium in the reference mix
    equity_premium: Decimal = Decimal("0.045")  # of the market portfolio over cash, a year
    buy: tuple[str, ...] = SMALL_CAP_FUNDS
    buy_where: tuple[Location, ...] = field(default=(), compare=False)  # of each, where the file names them
    benchmark: str = "SPY"
    min_trade_usd: Decimal | None = None  # None: $100, and 0.1% of household value where no limit needs less
    min_gain: Decimal = Decimal("0.0005")  # of household value a year, that trades beyond the necessary must add
    min_gain_usd: Decimal = Decimal(500)  # the same in dollars a year; the lesser of the two counts
    company_share: Decimal = Decimal("0.1")  # of the household in one company's shares; more is no choice of a mix
    return_uncertainty: Decimal = Decimal("0.005")  # error of an expected return, a year, that a sale must outweigh
    wait_days: int = 30  # a short-term gain this close to long-term is not realized
    reserve_tax: bool = True  # keep the tax of these trades as cash in the taxable accounts
    is_reserve_stated: bool = field(default=False, compare=False)  # False: the default above, which messages must say
    whole_shares: bool = True  # orders in whole shares, except where an account or a fund takes parts of a share
    unsold_gains: UnsoldGains = UnsoldGains()
    held_years: Decimal | None = None  # until death, where gains are held until then
    covariance_inflation: Decimal = Decimal(0)  # weight of (vol'w)^2, as if all moved together, beside w'Sigma w
    covariance: CovarianceChoice | None = None  # None: the market source's own; else it needs price history

    @property
    def smallest_order_usd(self) -> Decimal:
        """Below this an order is made only where a limit needs it."""
        return LEAST_TRADE_USD if self.min_trade_usd is None else self.min_trade_usd

    def least_trade_usd(self, value_usd: Decimal) -> Decimal:
        """Smallest order, and smallest rest of a position, worth having in a household of `value_usd`.

        The user's, or a default that grows with the household: an order below that one is made only where it is needed.
        """
        if self.min_trade_usd is not None:
            return self.min_trade_usd
        return max(LEAST_TRADE_USD, (LEAST_TRADE * value_usd).quantize(Decimal(1)))

    def least_gain(self, value_usd: Decimal) -> float:
        """What trades that no limit asks for must add a year, as a fraction of `value_usd`: the lesser of the two."""
        return min(float(self.min_gain), float(self.min_gain_usd / value_usd))
