"""How the household stands to each of its limits, before and after, and what the trades gain and cost."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Literal

from advisor.optimize.default_bounds import DefaultBound
from advisor.optimize.limits import level_of
from advisor.portfolio.limit_types import MeasuredOn, Part, Side, Unit
from advisor.portfolio.model import Limit, LimitMode, Portfolio
from advisor.rebalance.measurer import Measurer, utility
from advisor.rebalance.model import DefaultResult, HouseholdState, LimitResult, NetBenefit, TaxResult, Trade
from advisor.rebalance.tax import year_tax
from advisor.risk.measures import weight_vector
from advisor.units import BASIS_POINT

EDGE = 1e-9  # a breach below this is rounding of the arithmetic, not of the orders
ROUNDED = 1e-12  # of household value: as near as two sums of the same holdings come
PERCENTAGE_POINT = 0.01
MONTHS = 12
NEAR = 2e-4  # a limit this close to its bound is called binding (0.02 points)


def limit_results(
    measurer: Measurer, before: HouseholdState, after: HouseholdState, trades: tuple[Trade, ...]
) -> tuple[LimitResult, ...]:
    """Every limit in the order of the file."""
    return tuple(_limit_result(limit, measurer, before, after, trades) for limit in measurer.portfolio.limits)


def _limit_result(
    limit: Limit, measurer: Measurer, before: HouseholdState, after: HouseholdState, trades: tuple[Trade, ...]
) -> LimitResult:
    first, subject_before = _measure(limit, measurer, before, (), before)
    last, subject = _measure(limit, measurer, after, trades, before)
    bound = float(limit.bound)
    is_soft = limit.mode is LimitMode.SOFT
    result = LimitResult(
        name=limit.name,
        side=limit.side,
        mode=str(limit.mode),
        bound=bound,
        before=first,
        after=last,
        status="slack",
        shadow_price_bps_per_pp=None,
        subject=subject,
        subject_before=subject_before,
        allowed=_looser(limit.side, bound, first) if limit.mode is LimitMode.NOT_WORSE_THAN_TODAY else None,
        charge_bps_per_pp=float(limit.charge_bps_per_pp) if is_soft else None,
    )
    return replace(
        result,
        status=_status(
            result, float(before.value_usd) if limit.type.unit is Unit.USD else 1.0, has_trades=bool(trades)
        ),
    )


def _status(limit: LimitResult, scale: float, *, has_trades: bool) -> str:
    if limit.mode == LimitMode.SOFT and breach(limit.side, limit.bound, limit.after) > EDGE * scale:
        return "exceeded"
    if breach(limit.side, limit.bound, limit.before) > EDGE * scale:
        return "broken_before"
    return "binding" if has_trades and breach(limit.side, limit.bound, limit.after) > -NEAR * scale else "slack"


def breach(side: Side, bound: float, value: float) -> float:
    """How far `value` is beyond `bound`; negative inside."""
    return value - bound if side is Side.MAX else bound - value


def effective_bound(limit: LimitResult) -> float | None:
    """How far the answer may go: the user's bound, or today's figure if that is looser; None for a soft limit."""
    if limit.mode == LimitMode.SOFT:
        return None
    return limit.bound if limit.allowed is None else limit.allowed


def _looser(side: Side, bound: float, today: float) -> float:
    return max(bound, today) if side is Side.MAX else min(bound, today)


def _measure(
    limit: Limit, measurer: Measurer, state: HouseholdState, trades: tuple[Trade, ...], today: HouseholdState
) -> tuple[float, str | None]:
    """Level of the limit, and of whom or against what it is."""
    if limit.type.measured_on is MeasuredOn.TRADES:
        return _traded(limit, trades, today), None
    weights = weight_vector(measurer.model, state.weights)
    level, subject = level_of(measurer.limit_measure(limit), limit.side, weights, state.cash_weight)
    if limit.type.part is Part.EPISODE:
        return level, next(loss.title for loss in state.stress if loss.name == limit.part)
    return level, subject or limit.part or limit.benchmark


def _traded(limit: Limit, trades: tuple[Trade, ...], today: HouseholdState) -> float:
    """Net realized gain in dollars, or half of all trades as a fraction of today's value."""
    if limit.type.unit is Unit.USD:
        return float(sum(realized_gains(trades), Decimal(0)))
    return float(sum((trade.amount_usd for trade in trades), Decimal(0)) / 2 / today.value_usd)


def realized_gains(trades: tuple[Trade, ...]) -> tuple[Decimal, Decimal]:
    """Short-term and long-term gain of the sales in taxable accounts."""
    lots = [lot for trade in trades for lot in trade.lots]
    by_term = {
        term: sum((lot.gain_usd for lot in lots if lot.term == term and lot.gain_usd is not None), Decimal(0))
        for term in ("short", "long")
    }
    return by_term["short"], by_term["long"]


def tax_result(portfolio: Portfolio, trades: tuple[Trade, ...]) -> TaxResult:
    """This year's tax with the trades, less this year's tax without them."""
    short, long = realized_gains(trades)
    without = year_tax(portfolio.tax, Decimal(0), Decimal(0))
    with_trades = year_tax(portfolio.tax, short, long)
    return TaxResult(
        short_term_gain_usd=short,
        long_term_gain_usd=long,
        tax_usd=with_trades.tax_usd - without.tax_usd,
        year_tax_before_usd=without.tax_usd,
        year_tax_after_usd=with_trades.tax_usd,
        carried_forward_usd=with_trades.carried_forward_usd,
        carried_without_usd=without.carried_forward_usd,
    )


def soft_charge(limits: tuple[LimitResult, ...], side: str, value_usd: float, size: float) -> float:
    """What the soft limits charge "before" or "after" the trades, a year, as a fraction of `value_usd`, today's value.

    Each percentage point beyond a bound costs the limit's price; `size` is the value on that side over today's.
    """
    charge = 0.0
    for limit in limits:
        if limit.charge_bps_per_pp is None:
            continue
        excess = max(0.0, breach(limit.side, limit.bound, limit.before if side == "before" else limit.after))
        charge += (
            limit.charge_bps_per_pp * BASIS_POINT * excess * _part_of_value(limit, value_usd, size) / PERCENTAGE_POINT
        )
    return charge


def _part_of_value(limit: LimitResult, value_usd: float, size: float) -> float:
    """What a limit's unit is, as a fraction of `value_usd`: trades are of today's value, weights of that after them."""
    if limit.type.measured_on is MeasuredOn.TRADES:
        return 1 / value_usd if limit.unit is Unit.USD else 1.0
    return size


def net_benefit(
    before: HouseholdState,
    after: HouseholdState,
    trades: tuple[Trade, ...],
    tax: TaxResult,
    *,
    risk_aversion: float,
    cost_years: float,
    return_uncertainty: float,
    covariance_inflation: float = 0.0,
    carryforward_value: float = 0.0,
    later_tax_saved: float = 0.0,
    limits: tuple[LimitResult, ...] = (),
    defaults: tuple[DefaultResult, ...] = (),
) -> NetBenefit:
    """What the trades add a year, in fractions of today's value, and its parts."""
    start = float(before.value_usd)
    size = float(after.value_usd / before.value_usd)
    spread_usd = sum((trade.spread_usd for trade in trades), Decimal(0))
    sold_usd = sum(map(doubted_usd, trades), Decimal(0))
    realized_usd = tax.short_term_gain_usd + tax.long_term_gain_usd
    later_usd = tax.carried_forward_usd - tax.carried_without_usd
    expected = size * after.expected_return - before.expected_return
    improvement = utility(after, size, risk_aversion, covariance_inflation)
    improvement -= utility(before, 1.0, risk_aversion, covariance_inflation)
    parts = NetBenefit(
        total=0.0,
        expected_return=expected,
        risk=improvement - expected,
        trading_cost=-float(spread_usd) / start / cost_years,
        tax=-float(tax.tax_usd) / start / cost_years,
        doubt=-return_uncertainty * float(sold_usd) / start,
        carryforward=carryforward_value * float(later_usd) / start / cost_years,
        later_tax=later_tax_saved * float(realized_usd) / start / cost_years,
        soft_limits=soft_charge(limits, "before", start, 1.0) - soft_charge(limits, "after", start, size),
        default_bounds=default_charge(defaults, "before") - default_charge(defaults, "after"),
    )
    costs = parts.trading_cost + parts.tax + parts.doubt + parts.carryforward + parts.later_tax
    return replace(parts, total=improvement + costs + parts.soft_limits + parts.default_bounds)


def default_results(
    defaults: tuple[DefaultBound, ...],
    measurer: Measurer,
    before: HouseholdState,
    after: HouseholdState,
    reserve_usd: Decimal,
    *,
    yields: bool,
) -> tuple[DefaultResult, ...]:
    """How the household stands to the program's own bounds; `reserve_usd` is kept in cash for the tax of the trades."""
    size, reserve = float(after.value_usd / before.value_usd), float(reserve_usd / before.value_usd)

    def level(default: DefaultBound, state: HouseholdState) -> float:
        return default.level(weight_vector(measurer.model, state.weights), state.cash_weight)

    def beyond(default: DefaultBound, last: float, kept: float) -> float:
        excess = size * (last - default.bound) - kept
        return excess if excess > ROUNDED else 0.0

    return tuple(
        DefaultResult(
            name=default.name,
            bound=default.bound,
            before=level(default, before),
            after=(last := level(default, after)),
            reserve=(kept := reserve if default.has_reserve else 0.0),
            beyond=beyond(default, last, kept),
            yields=yields,
            charge=default.charge,
        )
        for default in defaults
    )


def default_charge(defaults: tuple[DefaultResult, ...], when: Literal["before", "after"]) -> float:
    """What default bounds charge a year, fraction of value; before the trades only new money is beyond one."""
    if when == "after":
        return sum((default.charge * default.beyond for default in defaults), 0.0)
    beyond = ((default, default.before - default.bound) for default in defaults)
    return sum((default.charge * excess for default, excess in beyond if excess > ROUNDED), 0.0)


def doubted_usd(trade: Trade) -> Decimal:
    """What of a sale relies on a return: all of it but for lots sold at a loss."""
    if trade.side == "buy":
        return Decimal(0)
    at_a_loss = [lot.shares for lot in trade.lots if lot.gain_usd is not None and lot.gain_usd < 0]
    return trade.amount_usd - sum(at_a_loss, Decimal(0)) * trade.price_usd


def months_to_break_even(benefit: NetBenefit, cost_years: float) -> float | None:
    """Months in which what the trades gain a year pays for what they cost once; None if it never does.

    Limits can demand trades that cost more than they gain: those never break even. Nor do trades that save tax once and
    lose from then on: they begin with a gain, and `months_until_used_up` says when it is gone.
    """
    once, a_year = _once(benefit, cost_years), _yearly(benefit)
    if once <= 0 <= a_year:
        return 0.0
    return MONTHS * once / a_year if once > 0 and a_year > 0 else None


def months_until_used_up(benefit: NetBenefit, cost_years: float) -> float | None:
    """Months after which a one-off saving is lost again, year by year; None where none is, or none is saved."""
    saved, a_year = -_once(benefit, cost_years), _yearly(benefit)
    return MONTHS * saved / -a_year if saved > 0 and a_year < 0 else None


def _once(benefit: NetBenefit, cost_years: float) -> float:
    """Tax and spread, less what is carried forward, as a fraction of value; negative where more is saved."""
    return -(benefit.trading_cost + benefit.tax + benefit.carryforward + benefit.later_tax) * cost_years


def _yearly(benefit: NetBenefit) -> float:
    """What the trades gain a year once they are paid for."""
    return benefit.expected_return + benefit.risk + benefit.doubt + benefit.soft_limits + benefit.default_bounds
