"""The answer: trades, the household before and after, and what the answer costs. Values only, no logic.

Weights, returns and rates are fractions of household value (cash included) and floats; money and shares are
`Decimal`. "Household value" after the trades is what is left once the trades' spread is paid; this year's tax is
owed later and is not deducted from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from advisor.exposure.lookthrough import Exposure
from advisor.portfolio.limit_types import LimitType, Side, Unit, split_limit
from advisor.portfolio.written import bound_words, level_decimals
from advisor.rebalance.check import Check


@dataclass(frozen=True, slots=True)
class LotSale:
    """The part of one lot that is sold. Cost, date, gain and term are None in a sheltered account."""

    shares: Decimal
    acquired: date | None
    cost_per_share_usd: Decimal | None
    gain_usd: Decimal | None
    term: str | None  # "short" | "long"


@dataclass(frozen=True, slots=True)
class Reason:
    """What speaks for an order: a part of its marginal value, a fraction a year of each dollar of it."""

    part: str  # of `TradeReason.parts`, or "rounding", or "indifferent"
    gain: float


@dataclass(frozen=True, slots=True)
class Trade:
    """One order. `amount_usd` is shares x price to the cent; the spread comes on top of it."""

    account: str
    symbol: str
    side: str  # "buy" | "sell"
    shares: Decimal
    price_usd: Decimal
    amount_usd: Decimal
    spread_usd: Decimal
    lots: tuple[LotSale, ...]  # empty for a buy
    why: str  # `reasons` in words, and what else a reader asks
    reasons: tuple[Reason, ...] = ()  # the largest first


@dataclass(frozen=True, slots=True)
class StressLoss:
    """What the household would return in one episode; `stand_ins` are the symbols whose own history is missing."""

    name: str
    title: str
    start: date
    end: date
    household_return: float
    stand_ins: tuple[str, ...]  # "META by QQQ"


@dataclass(frozen=True, slots=True)
class HouseholdState:
    """The household at one moment, measured with the definitions of `exposure` and `risk.measures`."""

    value_usd: Decimal
    weights: dict[str, float]  # by symbol, cash excluded, largest first
    cash_weight: float
    cash_usd: dict[str, Decimal]  # by account
    small_cap_weight: float  # all funds of a small-cap category: IWM, VTWO, IJR, but VB or AVUV too
    exposure: Exposure
    volatility: float  # a year
    tracking_error: float  # a year, against `RebalancePlan.benchmark`
    beta: float  # against the same
    expense_ratio: float  # of household value, a year
    expected_return: float  # a year, after expense ratios, before tax
    undiversified_volatility: float  # a year, if all securities moved together: the sum of weight times volatility
    cvar_95: float | None  # mean loss of the worst 5% of the scenario months; None where the market data have none
    max_drawdown: float | None  # largest fall from a peak, held unchanged through those months; likewise
    stress: tuple[StressLoss, ...]


@dataclass(frozen=True, slots=True)
class LimitResult:
    """One limit and how the household stands to it; `shadow_price_bps_per_pp` is None where no price is known.

    A soft limit may be "exceeded" after the trades, at `charge_bps_per_pp`. One that must be no worse than today may
    go as far as `allowed`. Only a hard limit that is "broken_before" asks for trades.
    """

    name: str  # as in the YAML: "magnificent_seven", "funds.IWM", "sectors.Energy", "stress.covid_2020"
    side: Side
    mode: str  # "hard" | "soft" | "not_worse_than_today"
    bound: float  # in the unit of the type
    before: float
    after: float
    status: str  # "binding" | "slack" | "broken_before" | "exceeded"
    shadow_price_bps_per_pp: float | None  # worth of one percentage point more room, a year, in basis points of value
    subject: str | None = None  # after the trades: the company that stands highest; the benchmark; the episode
    subject_before: str | None = None  # the same before them
    allowed: float | None = None  # not_worse_than_today: the looser of the bound and today's figure
    shadow_price_range: tuple[float, float | None] | None = None  # where no one price holds: a step out, and a step in
    charge_bps_per_pp: float | None = None  # soft: basis points of value a year for each point beyond the bound

    @property
    def type(self) -> LimitType:
        """What kind of limit it is."""
        return split_limit(self.name)[0]

    @property
    def unit(self) -> Unit:
        """Of the bound and the levels."""
        return self.type.unit

    @property
    def part(self) -> str:
        """Of what of that kind: ``IWM``, ``Energy``; empty where there is one limit of it."""
        return split_limit(self.name)[1]

    @property
    def label(self) -> str:
        """Name with its side, as the user would search for it: ``magnificent_seven.max``."""
        return f"{self.name}.{self.side}"

    @property
    def bound_words(self) -> str:
        """The bound as the user wrote it."""
        return bound_words(self.name, self._written)

    @property
    def decimals(self) -> int:
        """Decimals of a level beside the bound."""
        return level_decimals(self.name, self._written)

    @property
    def _written(self) -> Decimal:
        return Decimal(repr(self.bound))  # a float's shortest text has every digit that the file may have


@dataclass(frozen=True, slots=True)
class DefaultResult:
    """A bound that the program sets by itself, and how the household stands to it; fractions of household value.

    `reserve` is what cash may grow by besides, because it is kept for the tax of the trades. A bound that yields may be
    exceeded, at `charge` a year for each dollar beyond.
    """

    name: str  # "cash_and_bills", "small_caps", or another asset class
    bound: float
    before: float
    after: float
    reserve: float
    beyond: float  # how far it is exceeded after the trades; 0 inside
    yields: bool  # because a limit of the file is broken today
    charge: float

    @property
    def label(self) -> str:
        """Name among the parts of reasons: ``defaults.cash_and_bills``."""
        return f"defaults.{self.name}"


@dataclass(frozen=True, slots=True)
class PlanResult:
    """One of the two plans: its orders, what they cost once, and what they add to the objective of the best plan."""

    trades: tuple[Trade, ...]
    tax_usd: Decimal
    spread_usd: Decimal
    net_benefit: NetBenefit


@dataclass(frozen=True, slots=True)
class TwoPlans:
    """The cheapest plan that keeps the limits, and the best one; `best` is None where it is the same question.

    `chosen` is "best" where that adds at least `least_gain` a year to what is otherwise done: the "cheapest" plan, or
    "nothing" where every limit holds today and the cheapest plan gains less. Either is None where no orders are found.
    """

    cheapest: PlanResult | None
    best: PlanResult | None
    chosen: str
    least_gain: float  # fraction of household value a year


@dataclass(frozen=True, slots=True)
class ReferenceResult:
    """The mix that expected returns are implied by: weights by symbol, fractions of household value, without cash."""

    weights: Mapping[str, float]
    excess: Mapping[str, float]  # by company: what counts as US stocks in its place
    viewed: tuple[str, ...]  # holdings that count as the US market because a view is on them


@dataclass(frozen=True, slots=True)
class TaxResult:
    """This year's tax on the trades alone: the year's tax with them minus the year's tax without them."""

    short_term_gain_usd: Decimal
    long_term_gain_usd: Decimal
    tax_usd: Decimal  # negative: the trades lower the year's tax
    year_tax_before_usd: Decimal
    year_tax_after_usd: Decimal
    carried_forward_usd: Decimal  # loss left for later years, after the trades
    carried_without_usd: Decimal  # the same without the trades


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the solver reported, and what the independent check found."""

    max_violation: float  # largest breach of a limit by the rounded orders; fraction
    duality_gap: float  # of the continuous optimum; fraction of household value a year
    solver: str
    checks: tuple[Check, ...]
    optimum_violation: float = 0.0  # largest breach of a row by the continuous optimum, from the solver's raw data
    dual_residual: float = 0.0  # largest breach of stationarity or of the dual cone there
    undecided: int = (
        0  # cases in which the solver neither found an optimum nor excluded one: a better one may lie there
    )

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return bool(self.checks) and all(check.passed for check in self.checks)


@dataclass(frozen=True, slots=True)
class Warned:
    """Something the reader must know; `code` is stable, `message` is a sentence."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Assumption:
    """One row of the assumptions table: what was taken as given, and from where."""

    symbol: str
    expected_return: float  # a year, before expense ratio
    volatility: float  # a year
    beta: float  # to the market portfolio
    origin: str  # "implied by your own mix" | "your view" (with its source)


@dataclass(frozen=True, slots=True)
class NetBenefit:
    """Why the answer is better than doing nothing, in fractions of household value a year."""

    total: float  # objective of the answer minus objective of doing nothing
    expected_return: float  # change of expected return, after expense ratios
    risk: float  # change of risk penalty, positive when risk falls
    trading_cost: float  # spread, spread over the horizon; negative
    tax: float  # tax, spread over the horizon; negative when tax is due
    doubt: float  # the user's return uncertainty on every dollar sold; negative
    carryforward: float = 0.0  # value of the change of the loss left for later years, spread over the horizon
    soft_limits: float = 0.0  # change of what exceeded soft limits charge; positive when they charge less
    later_tax: float = 0.0  # later tax that gains realized now save, spread over the years; negative of losses
    default_bounds: float = 0.0  # what default bounds that had to yield charge; negative


@dataclass(frozen=True, slots=True)
class MenuResult:
    """Which funds were bought from, and what keeping to them costs against the best mix of all, a year."""

    symbols: tuple[str, ...]
    loss: float  # fraction of household value
    others: tuple[tuple[tuple[str, ...], float | None], ...] = ()  # the same of other menus; None: meets no limits


@dataclass(frozen=True, slots=True)
class TradeReason:
    """What one more dollar of a trade would gain a year, part by part: near zero where it is made in part.

    Parts are "mix", "views", "fees", "doubt", "spread", "tax", "cash", "defaults", small caps' and limits by label;
    their sum is `net`. A lot that is kept has a negative net, one that is sold out a positive one. Of the optimum
    before rounding to shares.
    """

    account: str
    symbol: str
    side: str  # "sell" | "buy"
    acquired: date | None  # of the lot; None for a purchase, or where no date is known
    cost_per_share_usd: Decimal | None
    traded: float  # fraction of the lot that is sold; of household value that is bought
    parts: Mapping[str, float]
    net: float


@dataclass(frozen=True, slots=True)
class HorizonResult:
    """The best trades if their one-off costs were spread over `years`; fractions of household value."""

    years: float
    magnificent_seven: float  # upper end, after the trades
    small_caps: float
    sold: float
    bought: float
    tax_usd: Decimal
    gain: float  # a year, against doing nothing


@dataclass(frozen=True, slots=True)
class BranchResult:
    """Best objective if the tax year ends in one branch, less the best of all; None where it meets no limits."""

    branch: str  # "net_gain" | "net_loss" | "long_loss"
    behind: float | None  # fraction of household value a year


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why this answer and not another one; `plan` is the one that is explained, "cheapest" or "best"."""

    plan: str = "cheapest"
    menu: MenuResult | None = None
    reasons: tuple[TradeReason, ...] = ()
    horizons: tuple[HorizonResult, ...] = ()
    branches: tuple[BranchResult, ...] = ()
    rounding_loss: float = 0.0  # of orders in shares against the optimum; fraction of household value a year


@dataclass(frozen=True, slots=True)
class RebalancePlan:
    """The whole recommendation, ready to be checked, written and shown."""

    status: str  # "trade" | "do_nothing"
    trades: tuple[Trade, ...]
    before: HouseholdState
    after: HouseholdState
    tax: TaxResult
    spread_usd: Decimal
    limits: tuple[LimitResult, ...]
    net_benefit: NetBenefit  # of these trades; for "do_nothing", of the best trades not made
    benchmark: str
    risk_aversion: float
    horizon_years: float
    cost_years: float  # over which what is paid once is spread
    later_tax_saved: float  # value today of the later tax that a dollar of gain realized now saves
    carryforward_value: float  # value today of a dollar of loss carried forward
    return_uncertainty: float
    equity_premium: float
    risk_free: float
    assumptions: tuple[Assumption, ...]
    warnings: tuple[Warned, ...]
    certificate: Certificate
    reference: ReferenceResult
    defaults: tuple[DefaultResult, ...]
    plans: TwoPlans
    explanation: Explanation = Explanation()
    stale_prices_of: date | None = None  # the day of the prices, where the orders are an illustration because of it
