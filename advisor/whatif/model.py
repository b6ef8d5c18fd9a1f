"""Comparisons: outcomes of scenarios, curves, a grid and sensitivities. Values only, no logic.

Figures are those of `rebalance.model`: fractions of household value (cash included), a year where a rate is meant;
money is `Decimal`. An answer that does not exist is None with its reason, never a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from advisor.rebalance.model import DefaultResult, HouseholdState, LimitResult, NetBenefit, TaxResult, Trade, TwoPlans
from advisor.risk.view_age import Use


@dataclass(frozen=True, slots=True)
class Change:
    """One input that differs from the file's, in the file's own words; None where it is absent."""

    path: str  # "limits.magnificent_seven.max", "preferences.buy"; "market data", "as_of"
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Cause:
    """How far one change moves the answer: half the sum of absolute differences of the weights, cash included."""

    change: Change
    moved: float  # fraction of household value; 0: it makes no difference


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one scenario comes to, measured in its orders like any proposal; or why it has no answer.

    `status` is "trade", "do_nothing", "conflict" (proved) or "unverified". Without an answer the figures are None and
    `reason` says why. `limits` are the scenario's own; of half the move and of picks they are the file's, some of which
    may be broken after the trades.
    """

    name: str  # stable, for programs: "proposal", "do_nothing", "half", "ijr_only", "russell_2000_only", or the user's
    title: str  # for people: "Half the move"
    status: str
    trades: tuple[Trade, ...]
    after: HouseholdState | None
    limits: tuple[LimitResult, ...]
    tax: TaxResult | None
    spread_usd: Decimal | None
    net_benefit: NetBenefit | None  # against doing nothing, a year
    reason: str = ""
    changes: tuple[Change, ...] = ()
    causes: tuple[Cause, ...] = ()  # of the difference from the proposal, the largest first
    defaults: tuple[DefaultResult, ...] = ()
    plans: TwoPlans | None = None  # of what was solved for


@dataclass(frozen=True, slots=True)
class Measures:
    """Figures of an optimum before rounding to shares."""

    magnificent_seven: float  # upper end, of the household after the trades
    small_caps: float
    cash: float
    volatility: float
    tracking_error: float
    expected_return: float  # after fund expenses, before tax
    turnover: float  # half the sum of all trades, of value today
    tax_usd: Decimal  # that the trades add this year
    spread_usd: Decimal
    gain: float  # objective against doing nothing, a year


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The optimum with one figure held at `at`; None where the limits leave none (`is_proved`) or none was found."""

    at: float
    measures: Measures | None
    is_proved: bool = True


@dataclass(frozen=True, slots=True)
class Curve:
    """Optima under the user's other limits while the bound of `label` moves."""

    label: str  # "magnificent_seven.max", "volatility.max"
    points: tuple[CurvePoint, ...]


@dataclass(frozen=True, slots=True)
class CostPoint:
    """Least one-off costs with the seven at most `at`: tax added this year and spread; None as in `CurvePoint`."""

    at: float
    tax_usd: Decimal | None
    spread_usd: Decimal | None
    is_proved: bool = True

    @property
    def once_usd(self) -> Decimal | None:
        """Both together."""
        return None if self.tax_usd is None or self.spread_usd is None else self.tax_usd + self.spread_usd


@dataclass(frozen=True, slots=True)
class LeastCost:
    """Least one-off costs while the bound of `label` falls, every other hard limit no worse than today."""

    label: str  # "magnificent_seven.max"
    points: tuple[CostPoint, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """Optima over a cap of the Magnificent Seven and a small-cap share, under the user's other limits.

    points[c][s] belongs to caps[c] and shares[s]; an infeasible point is a gap and has no measures.
    """

    caps: tuple[float, ...]
    shares: tuple[float, ...]
    points: tuple[tuple[CurvePoint, ...], ...]  # `at` is the share


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The best answer if one assumption were another."""

    kind: str  # "view", "covariance", "risk_aversion", "equity_premium"
    title: str  # "without the view on IJR", "risk from the last 5 years of months"
    measures: Measures | None


@dataclass(frozen=True, slots=True)
class Band:
    """Where a figure lies in the draws: quantiles at 5, 50 and 95%, or least, middle and most of too few draws."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True)
class Method:
    """The answer if risk were estimated in another way; None where the limits leave none under it."""

    title: str
    small_caps: float | None  # share of the household after the trades
    bought: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stability:
    """How far the answer hangs on the history that risk was estimated from.

    `proposed` and the bands are shares of household value after the trades, before rounding to shares. `indexes` has
    the band of the small-cap funds of each index, by its name, with their symbols. `menus` counts the draws by what
    they buy, the most frequent first; an empty tuple of symbols is no purchase. `unmet` draws have no answer within the
    limits, and are in no band. Where `is_range`, too few draws have an answer for quantiles at 5 and 95%, and every
    band is their whole range. `pinned_by` names what holds the share where it stands, so that its band says nothing of
    history: "small_caps.max", "small_caps.min", "defaults.small_caps", or "limits" for all of them together; empty
    where nothing does. `in_orders` is the share that the proposal holds, in whole shares; None where it is not known.
    """

    draws: int
    unmet: int
    block_months: int
    start: date
    end: date
    proposed: float
    small_caps: Band
    indexes: tuple[tuple[str, tuple[str, ...], Band], ...]
    menus: tuple[tuple[tuple[str, ...], int], ...]
    methods: tuple[Method, ...]
    is_range: bool = False
    pinned_by: str = ""
    in_orders: float | None = None


@dataclass(frozen=True, slots=True)
class Flip:
    """The confidence at which another decision begins, and what that is.

    `bought` is empty where nothing is bought; `small_caps` is None where the limits leave no answer.
    """

    confidence: float
    bought: tuple[str, ...]
    small_caps: float | None


@dataclass(frozen=True, slots=True)
class ViewAudit:
    """What one view does to the answer, the others staying as they are.

    `stated` and `confidence` are the view's own, `used` and `used_confidence` how it counts on the day: a view of a
    named set is rolled with prices to `prices_to`, loses confidence with age, or is switched off (`use`).
    `equilibrium` and `expected` are what the same thing earns a year without any view, as the own mix implies it, and
    with all of them. Small caps are shares of household value after the trades, before rounding to shares: as proposed,
    without the view, and with no doubt about it; None where the limits leave no answer. Gains are those of the best
    trades of each of the three against doing nothing, a year, under the returns that it expects. `flip` is the nearest
    confidence at which something else is bought, or nothing, or the share in small caps differs by a percentage point;
    None where there is none from 0 to 1.
    """

    name: str  # "IJR over SPY"
    stated: float
    confidence: float
    years: float
    source: str
    set: str  # the named set it belongs to, or empty
    equilibrium: float
    expected: float
    small_caps: float | None
    small_caps_without: float | None
    small_caps_certain: float | None
    gain: float | None
    gain_without: float | None
    gain_certain: float | None
    bought: tuple[str, ...]
    bought_without: tuple[str, ...]
    flip: Flip | None
    use: Use
    used: float
    used_confidence: float
    prices_to: date | None


@dataclass(frozen=True, slots=True)
class MoreRoom:
    """What could be done with cash that rises for want of room; fractions of household value, of the fund its seven.

    `small_caps` is the share that would take it in, `fund` the one that a rule finds (`whatif.more_room`), `others`
    what the rule allows besides; what cash comes to with each is None where the limits leave no answer.
    """

    beyond: float
    cash: float
    small_caps: float
    cash_with_small_caps: float | None
    fund: str | None
    fund_seven: float | None
    cash_with_fund: float | None
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TradeOff:
    """What stands beside the proposal in the report and in the record.

    `alternatives`: do nothing, half the move, IJR only, Russell 2000 only, then the file's scenarios. `views` audits
    each view in the order of the file. `note` says what was left out, and why.
    """

    alternatives: tuple[Outcome, ...]
    cost_curve: Curve | None  # of the cap on the Magnificent Seven; None where none is held
    frontier: Curve | None  # of the cap on volatility
    sensitivities: tuple[Sensitivity, ...]
    note: str = ""
    views: tuple[ViewAudit, ...] = ()
    stability: Stability | None = None  # None where it cannot be told
    least_cost: LeastCost | None = None  # of each level of the seven; None where none can be reached
    more_room: MoreRoom | None = None  # None where cash does not rise for want of room
