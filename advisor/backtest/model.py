"""What a backtest is made of: the policy, its fixed surroundings, and the track that it leaves.

Money of the ledger is in float dollars, unlike that of orders: thousands of lots over decades are worked out at once.
The identities (value is cash plus positions, gains are proceeds less cost) are tested to the cent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from advisor.market.asset_classes import AssetClass
from advisor.optimize.inputs import Indices
from advisor.optimize.one_day import DayLimit
from advisor.portfolio.preferences import TaxSituation
from advisor.units import Matrix, Vector


class Frequency(StrEnum):
    """How often the policy looks; it acts on the last session of the month, quarter or year."""

    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"


@dataclass(frozen=True, slots=True)
class Policy:
    """When the policy acts, and on what.

    band: nothing is done while no limit is broken and no holding is further than this from its last target, as a
    fraction of household value; window_years: of closes that an estimate knows; delay: sessions between the close that
    is known and the one that is traded at.
    """

    frequency: Frequency = Frequency.MONTHLY
    band: float = 0.0
    window_years: int = 3
    delay: int = 0
    taxed: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Closes of n symbols on T days, NaN before each symbol's first, and what a dollar of cash had become."""

    symbols: tuple[str, ...]
    days: tuple[date, ...]
    prices: Matrix  # (T, n), adjusted for splits and dividends
    cash_growth: Vector  # (T,), 1 while nothing is known
    bills: str | None  # the fund whose return cash earns
    stand_ins: Mapping[str, str]  # symbol -> the one whose prices it takes

    def first_row(self, symbol: str) -> int:
        """Row of the first close of a symbol."""
        return int(np.argmax(np.isfinite(self.prices[:, self.symbols.index(symbol)])))


@dataclass(frozen=True, slots=True, eq=False)
class Holdings:
    """A household at the start, in dollars: a accounts, n symbols."""

    accounts: tuple[str, ...]
    taxable: NDArray[np.bool_]  # (a,)
    cash_usd: Vector  # (a,)
    value_usd: Matrix  # (a, n)

    @property
    def total_usd(self) -> float:
        """Household value."""
        return float(self.cash_usd.sum() + self.value_usd.sum())


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """What the file asks for, as far as it could be known in the past; `not_applied` says what could not, and why.

    `least_cash` and `least_small_caps` are the file's own minima, 0 where it has none, and `caps_small_caps` is whether
    it has a maximum of small caps: they bear on the program's own bounds (`backtest.defaults`).
    """

    limits: tuple[DayLimit, ...]
    bounds: Vector  # (k,); "realized_gain" in dollars
    not_worse: NDArray[np.bool_]  # (k,): no worse than on the day, where that is looser
    not_applied: tuple[str, ...]
    may_sell: NDArray[np.bool_]  # (a, n)
    may_buy: NDArray[np.bool_]  # (a, n)
    min_cash_usd: Vector  # (a,)
    small_caps: NDArray[np.bool_]  # (n,), by category
    identity: Indices  # (n,), of wash sales
    classes: Mapping[AssetClass, Vector]  # (n,) each: what of a dollar in each security is of that class
    companies: tuple[str | None, ...]  # (n,), whose share each security is; None of a fund
    company_share: float  # of the household in one company; more is no choice of a mix
    least_cash: float
    least_small_caps: float
    caps_small_caps: bool
    half_spread: Vector  # (n,)
    expense_ratio: Vector  # (n,)
    equity_premium: float
    risk_aversion: float | None
    return_uncertainty: float
    cost_years: float  # over which what is paid once is spread
    later_tax_saved: float  # today, of each dollar of gain that is realized
    carried_value: float  # today, of each dollar of loss that is carried forward
    min_trade_usd: float
    min_gain: float  # of value a year, that trades beyond the necessary must add
    min_gain_usd: float  # the same in dollars a year; the lesser of the two counts
    wait_days: int
    tax: TaxSituation


@dataclass(frozen=True, slots=True, eq=False)
class DayDecision:
    """What was done after the close of one day, in dollars at that close; nothing, with the reason, or trades."""

    day: date
    reason: str  # "band" | "min_gain" | "solved"
    sold_usd: Matrix  # (a, n)
    bought_usd: Matrix  # (a, n)
    excess: Mapping[str, float]  # limits that could not be met, by label, and by how much


@dataclass(frozen=True, slots=True)
class TaxYear:
    """Gains of one year and its exact tax, due in the next; negative where a loss saves other tax."""

    year: int
    short_usd: float
    long_usd: float
    tax_usd: float


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One way through the past: T days from the start on, values after the trades of each day's close.

    taxes_usd: paid on each day (a refund is negative); spread_usd and traded_usd: of each day, buys and sales together.
    """

    name: str
    days: tuple[date, ...]
    values_usd: Vector
    taxes_usd: Vector
    spread_usd: Vector
    traded_usd: Vector
    decisions: tuple[DayDecision, ...]
    tax_years: tuple[TaxYear, ...]
    due_usd: float  # tax of the last year, not yet paid
    latent_usd: float  # further tax if everything were sold on the last day
    small_cap_weights: Vector  # (T,)
    final_weights: Mapping[str, float]
