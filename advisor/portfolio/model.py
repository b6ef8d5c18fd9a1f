"""The household: accounts, positions, lots, and what the user asks for.

Money and shares are `Decimal`; rates, weights and returns are fractions (0.25 is 25%), kept as `Decimal`
here because they come from the user's text, and turned into floats in `optimize.inputs` alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from advisor.errors import Location
from advisor.portfolio.limit_types import LimitType, Side, split_limit
from advisor.portfolio.preferences import Preferences, TaxSituation

MAGNIFICENT_SEVEN = ("Alphabet", "Amazon", "Apple", "Meta", "Microsoft", "Nvidia", "Tesla")
SECTORS = (  # Source: Global Industry Classification Standard (MSCI and S&P Dow Jones Indices), first level
    "Communication Services",
    "Consumer Discretionary",
    "Consumer Staples",
    "Energy",
    "Financials",
    "Health Care",
    "Industrials",
    "Information Technology",
    "Materials",
    "Real Estate",
    "Utilities",
)
BUILT_IN_SCENARIOS = {  # what every comparison holds, by name, with its title; a scenario of the file has another name
    "proposal": "Proposal",
    "do_nothing": "Do nothing",
    "half": "Half the move",
    "ijr_only": "IJR only",
    "russell_2000_only": "Russell 2000 only",
    "held_until_death": "If you hold until death",
    "cheap": "Cheap",
    "balanced": "Balanced",
    "full": "Full",
}
CONFIDENCE_WORDS = {  # how far a view is trusted, in words
    "low": Decimal("0.25"),
    "medium": Decimal("0.5"),
    "high": Decimal("0.75"),
    "certain": Decimal(1),
}
VIEW_SETS = ("small-caps-2026",)  # named sets of views that the program carries, in advisor/portfolio/view_sets
_MUTUAL_FUND_LETTERS = 5  # a US mutual fund's symbol: five letters, the last an X


class AccountType(StrEnum):
    """Tax treatment of an account; a 401(k) is `traditional` or `roth`."""

    TAXABLE = "taxable"
    TRADITIONAL = "traditional"
    ROTH = "roth"
    HSA = "hsa"


class LimitMode(StrEnum):
    """How strictly a limit is meant.

    A hard limit is kept. A soft one may be exceeded, at a price. One that must be `NOT_WORSE_THAN_TODAY` is kept
    where today's household keeps it, and otherwise no further exceeded than today.
    """

    HARD = "hard"
    SOFT = "soft"
    NOT_WORSE_THAN_TODAY = "not_worse_than_today"


@dataclass(frozen=True, slots=True)
class Lot:
    """One purchase. Basis and date are None only in a sheltered account, where they do not matter."""

    shares: Decimal
    cost_per_share_usd: Decimal | None = None
    acquired: date | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """All lots of one security in one account."""

    symbol: str
    lots: tuple[Lot, ...]
    where: Location | None = field(default=None, compare=False)

    @property
    def shares(self) -> Decimal:
        """Shares held, over all lots."""
        return sum((lot.shares for lot in self.lots), Decimal(0))


@dataclass(frozen=True, slots=True)
class Account:
    """A container with one tax treatment; money never crosses its border."""

    name: str
    type: AccountType
    cash_usd: Decimal
    positions: tuple[Position, ...]
    min_cash_usd: Decimal = Decimal(0)  # kept uninvested here, for example for a required distribution
    buy: tuple[str, ...] | None = None  # what this account offers of `Preferences.buy`; None means all of it
    fractional: bool = False  # the broker takes orders in parts of a share here
    deposit_usd: Decimal = Decimal(0)  # of the cash: new money, which nobody has chosen to leave in cash

    @property
    def is_taxable(self) -> bool:
        """Whether sales here are taxed this year."""
        return self.type is AccountType.TAXABLE


@dataclass(frozen=True, slots=True)
class Limit:
    """One bound the user set.

    `name` is the path below ``limits`` in the YAML ("magnificent_seven", "funds.IWM"); `bound` is in the unit of its
    `type`. `charge_bps_per_pp` is what a soft limit charges: basis points of household value a year for each percentage
    point beyond the bound, which is 1% of household value for an amount in dollars and 0.01 for a ratio.
    """

    name: str
    side: Side
    bound: Decimal
    benchmark: str | None = None
    mode: LimitMode = LimitMode.HARD
    charge_bps_per_pp: Decimal = Decimal(10)
    where: Location | None = field(default=None, compare=False)

    @property
    def type(self) -> LimitType:
        """What kind of limit it is."""
        return split_limit(self.name)[0]

    @property
    def part(self) -> str:
        """Of what of that kind: ``IWM``, ``Energy``; empty where there is one limit of it."""
        return split_limit(self.name)[1]

    @property
    def label(self) -> str:
        """Name with its side, as the user would search for it: ``magnificent_seven.max``."""
        return f"{self.name}.{self.side}"


@dataclass(frozen=True, slots=True)
class DoNotSell:
    """Positions that stay: a symbol everywhere, an account as a whole, or a symbol in one account."""

    symbol: str | None = None
    account: str | None = None
    where: Location | None = field(default=None, compare=False)

    def covers(self, account: str, symbol: str) -> bool:
        """Whether this entry forbids selling `symbol` in `account`."""
        return self.symbol in (None, symbol) and self.account in (None, account)


@dataclass(frozen=True, slots=True)
class BuildingBlocks:
    """What a fund's return is made of: its yield, the growth of its earnings, and another price for them."""

    dividend_yield: Decimal
    growth: Decimal
    pe_now: Decimal
    pe_then: Decimal

    def annual_return(self, years: Decimal) -> Decimal:
        """Total return a year over `years`, before the fund's fee: yield + growth + re-rating.

        The re-rating is ``(pe_then / pe_now)^(1/years) - 1``. Source: Bogle (1991), "Investing in the 1990s".
        """
        return self.dividend_yield + self.growth + (self.pe_then / self.pe_now) ** (1 / years) - 1


@dataclass(frozen=True, slots=True)
class PricedEarnings:
    """Price over earnings of a security's companies on a day, and its own close of that day."""

    symbol: str
    price_earnings: Decimal
    close_usd: Decimal
    as_of: date
    source: str


@dataclass(frozen=True, slots=True)
class Vintage:
    """Of which day a view of a named set is, and the earnings yields that it is the difference of.

    `priced` has one entry for each security of the view, or is empty where the view is of something else.
    """

    as_of: date
    priced: tuple[PricedEarnings, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """An expected return of the user's own, held for `years` with some confidence.

    `annual_return` is the total return of `symbol` a year, before tax and fund fees; where there is an `over`, what
    `symbol` earns more than that one. `confidence` is in [0, 1]: 0 counts nothing, 1 leaves no doubt. `blocks` are what
    the return was put together from, `set` is the named set that the view belongs to, and `vintage` the day of that:
    a view with one is rolled with prices or ages (`risk.view_age`); None is a view that counts as it is stated.
    """

    symbol: str
    over: str | None
    annual_return: Decimal
    confidence: Decimal
    years: Decimal
    source: str
    blocks: BuildingBlocks | None = None
    set: str = ""
    vintage: Vintage | None = None
    where: Location | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """``IJR``, or ``IJR over SPY``."""
        return " over ".join(self.symbols)

    @property
    def symbols(self) -> tuple[str, ...]:
        """The securities it is on: one or two."""
        return (self.symbol,) if self.over is None else (self.symbol, self.over)


@dataclass(frozen=True, slots=True)
class SecurityNote:
    """What the user supplies for a security without data: whose risk and constituents it has; its price."""

    symbol: str
    proxy: str
    price_usd: Decimal | None = None
    expense_ratio: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PastTrade:
    """A trade of the last 30 days, in any account."""

    date: date
    account: str
    symbol: str
    side: str  # "buy" | "sell"
    shares: Decimal
    gain_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Portfolio:
    """The whole file, checked: every field has its type and every cross-reference resolves."""

    name: str
    as_of: date  # day of the decision: holding periods count from it
    accounts: tuple[Account, ...]
    limits: tuple[Limit, ...] = ()
    do_not_sell: tuple[DoNotSell, ...] = ()
    tax: TaxSituation = field(default_factory=TaxSituation)
    preferences: Preferences = field(default_factory=Preferences)
    views: tuple[View, ...] = ()
    securities: tuple[SecurityNote, ...] = ()
    history: tuple[PastTrade, ...] = ()
    identical: tuple[tuple[str, ...], ...] = ()  # groups that count as one security for wash sales
    scenarios: tuple[Scenario, ...] = ()

    @property
    def deposit_usd(self) -> Decimal:
        """New money in the cash of all accounts."""
        return sum((account.deposit_usd for account in self.accounts), Decimal(0))

    def may_sell(self, account: str, symbol: str) -> bool:
        """Whether the user lets `symbol` be sold in `account`."""
        return not any(entry.covers(account, symbol) for entry in self.do_not_sell)

    def may_buy(self, account: Account, symbol: str) -> bool:
        """Whether the user lets `symbol` be bought in `account`."""
        return symbol in self.preferences.buy and (account.buy is None or symbol in account.buy)

    def may_trade_fractions(self, account: Account, symbol: str) -> bool:
        """Whether orders for `symbol` in `account` may be in parts of a share; mutual funds are dealt in them."""
        is_mutual_fund = len(symbol) == _MUTUAL_FUND_LETTERS and symbol.isalpha() and symbol.endswith("X")
        return account.fractional or not self.preferences.whole_shares or is_mutual_fund

    def with_views_as_stated(self) -> Portfolio:
        """The household and its scenarios with every view as its set states it, neither moved by prices nor aged.

        So views counted before records said how they count.
        """
        scenarios = tuple(replace(one, portfolio=one.portfolio.with_views_as_stated()) for one in self.scenarios)
        return replace(self, views=tuple(replace(view, vintage=None) for view in self.views), scenarios=scenarios)


@dataclass(frozen=True, slots=True)
class Scenario:
    """The same household with some of the file's values changed: a whole checked portfolio, without scenarios."""

    name: str
    portfolio: Portfolio
