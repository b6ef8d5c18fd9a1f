"""Look-through: what the household owns of each company, directly and through its funds.

Fund lists are often cut after ten names, so every figure is an interval [low, high]: `low` is what is known,
`high` adds what the lists cannot rule out. Limits bind on `high`.

1. Weigh every holding by market value; cash counts in the total.
2. A stock is its company at weight 1; a fund is its constituents' intervals (`MarketData.constituents`).
3. Sum over holdings, share classes merged (GOOG and GOOGL are Alphabet).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class CompanyExposure:
    """Weight of one company in the household: low = direct + through_funds (known), high adds the unknown part."""

    company: str
    direct: float
    through_funds: float
    low: float
    high: float
    by_fund: dict[str, float]               # known part through each fund, largest first


@dataclass(frozen=True, slots=True)
class FundExposure:
    """One fund's part in the household and in the Magnificent Seven, with where that is known from."""

    symbol: str
    name: str
    weight: float
    seven_in_fund: tuple[float, float]      # interval of the seven inside the fund
    seven_low: float                        # weight x low, of household value
    seven_high: float
    coverage: float
    as_of: date | None
    basis: str
    source: str
    proxy: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class AccountExposure:
    """One account's value and its own Magnificent Seven weight (of the account, not of the household)."""

    name: str
    type: str
    value_usd: Decimal
    weight: float
    seven_low: float
    seven_high: float


@dataclass(frozen=True, slots=True)
class SevenExposure:
    """The Magnificent Seven together, as a fraction of household value."""

    direct: float
    through_funds: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Exposure:
    """Everything look-through says of a household at one moment."""

    value_usd: Decimal
    seven: SevenExposure
    companies: tuple[CompanyExposure, ...]  # largest `high` first; every company that is known to be held
    funds: tuple[FundExposure, ...]         # largest weight first
    accounts: tuple[AccountExposure, ...]   # in the order of the file
    unnamed: float                          # weight that sits in funds' unlisted part
    hhi: tuple[float, float]                # Herfindahl index over companies, 0-1 scale: interval
    effective_companies: tuple[float, float]  # 1 / HHI
