"""Market data as one frozen, dated, hashed value.

Everything here is read-only once built; whoever needs a number that is not here gets `MarketDataError`, never a
default. Weights, returns, rates are fractions; prices are `Decimal` dollars.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType

import numpy as np

from advisor.market.prices.history import Split
from advisor.units import Matrix, Vector

BILLS = "SGOV"  # a fund of Treasury bills up to three months, whose yield is the risk-free rate
MARKET = "VTI"  # the total US stock market, whose premium over cash all expected returns come from


@dataclass(frozen=True, slots=True)
class Sourced:
    """A number with its date and its source; `as_of` None means that the source gives no date."""

    value: float
    as_of: date | None
    source: str


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a price was read: the source in words, and the digest of what was read."""

    source: str
    sha256: str | None  # None where it is no bytes: a price that the user typed


@dataclass(frozen=True, slots=True)
class MarketWarning:
    """What the reader must know of these data; `symbols` are those that it is about."""

    code: str
    symbols: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class Security:
    """A stock or a fund with its last close.

    `company` is the issuer for a stock ("Alphabet" for GOOG and for GOOGL) and None for a fund.
    `sector` is the stock's, or the fund's category. `index` is what a fund tracks, as an identity: two funds with
    equal `index` hold the same portfolio. `half_spread` is paid on each dollar bought or sold.
    """

    symbol: str
    name: str
    is_fund: bool
    company: str | None
    sector: str | None
    close_usd: Decimal
    close_date: date
    half_spread: Sourced
    index: str | None = None
    expense_ratio: Sourced | None = None  # a year; None for a stock
    dividend_yield: Sourced | None = None
    origin: Origin | None = None  # of the close; None: the market data themselves


@dataclass(frozen=True, slots=True)
class Constituents:
    """What is known of a fund's companies, as of one date.

    `companies` maps a company to its weight interval (low, high) in the fund; share classes are already merged.
    For any company not in `companies` the weight lies in [0, `others_high`]. `magnificent_seven` is the interval
    of the seven together, which can be narrower than the sum of the seven intervals. `coverage` is the part of
    the fund's weight that the list names (1 where nothing is left to know). `basis` says what the list is: "full
    file", "ten largest", "same index as IVV", "by mandate", ...; `proxy` names the fund whose list is used where
    it is not the fund's own. `gross` is the sum of all company weights: 0 for bonds and cash, 3 for a fund geared
    three times.
    """

    fund: str
    as_of: date | None
    source: str
    basis: str
    coverage: float
    companies: Mapping[str, tuple[float, float]]
    others_high: float
    magnificent_seven: tuple[float, float]
    holdings_count: int | None = None
    sectors: Mapping[str, float] | None = None
    proxy: str | None = None
    note: str | None = None  # e.g. a second source that disagrees
    gross: float = 1.0
    sha256: str | None = None  # of the holdings file; None where the source is no single file


@dataclass(frozen=True, slots=True)
class FactorCovariance:
    """Annual covariance ``loadings @ loadings.T + diag(idiosyncratic)`` of simple total returns.

    loadings: shape (n, k), in units of standard deviation a year; idiosyncratic: shape (n,), variance a year,
    zero for securities that are factors themselves. Positive definite (checked by the builder and the tests).
    """

    symbols: tuple[str, ...]
    factors: tuple[str, ...]
    loadings: Matrix
    idiosyncratic: Vector
    method: str
    start: date
    end: date
    short_histories: Mapping[str, int]  # symbol -> number of returns, where fewer than the window's
    notes: tuple[str, ...] = ()  # what had to be repaired


@dataclass(frozen=True, slots=True)
class StressEpisode:
    """What each security returned over a dated episode; `stand_ins` names whose return is used where it had none."""

    name: str
    title: str
    start: date
    end: date
    returns: Mapping[str, float]
    stand_ins: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PastMonths:
    """What each security returned in each calendar month of a window: simple total returns.

    returns: shape (T, n), rows in the order of `months`, columns in that of `symbols`; months: the sessions whose
    closes end each month. `stand_ins` says for a symbol without closes of its own in some months how many they are
    and whose returns they take ("24 months as IGV"); every number is a return that some security had.
    """

    symbols: tuple[str, ...]
    months: tuple[date, ...]
    returns: Matrix
    stand_ins: Mapping[str, str]
    source: str


NO_PAST_MONTHS = PastMonths((), (), np.zeros((0, 0)), MappingProxyType({}), "none")


@dataclass(frozen=True, slots=True)
class MarketData:
    """All market inputs of one recommendation."""

    source: str  # "snapshot", or a file's name
    id: str  # "snapshot-2026-07-13"
    as_of: date  # date of the last closes
    sha256: str  # of the bytes it was read from
    securities: Mapping[str, Security]
    constituents: Mapping[str, Constituents]
    covariance: FactorCovariance
    episodes: tuple[StressEpisode, ...]
    overlaps: Mapping[tuple[str, str], Sourced]  # pairs in alphabetical order, from full files
    risk_free: Sourced  # a year
    long_run: Mapping[
        str, Mapping[str, float]
    ]  # symbol -> {"volatility", "max_drawdown", "years"} since `long_run_start`
    long_run_start: date
    notes: tuple[str, ...] = ()
    proxied: Mapping[str, str] = field(
        default_factory=lambda: MappingProxyType({})
    )  # symbol -> the one whose data the user has it take
    past_months: PastMonths = NO_PAST_MONTHS  # a source may have none
    indexes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # of funds that are not here
    splits: Mapping[str, tuple[Split, ...]] = field(default_factory=lambda: MappingProxyType({}))
    accepted: Mapping[str, Decimal] = field(default_factory=lambda: MappingProxyType({}))  # prices the user set
    warnings: tuple[MarketWarning, ...] = ()

    def identity(self, symbol: str) -> str:
        """What a security is: the index of an index fund, else the security itself; of one without data, itself.

        Two securities of one identity hold the same portfolio: they share an expected return, and a loss in one
        is not deductible beside a purchase of the other.
        """
        security = self.securities.get(symbol)
        index = self.indexes.get(symbol) if security is None else security.index
        return index or symbol

    def is_small_cap(self, symbol: str) -> bool:
        """Whether a security is a small-cap fund, by its category: IWM, VTWO, IJR, but VB or AVUV as well."""
        security = self.securities.get(symbol)
        return security is not None and security.is_fund and (security.sector or "").startswith("Small ")
