"""How the household stands to each of its limits, before and after, and what the trades gain and cost."""

from __future__ import annotations

from decimal import Decimal

from advisor.market.constituents import company_interval
from advisor.optimize.limits import ANY_OTHER_COMPANY
from advisor.portfolio.model import Limit, LimitKind, Portfolio
from advisor.rebalance.measure import Yardstick, utility
from advisor.rebalance.model import Gain, HouseholdState, LimitResult, TaxResult, Trade
from advisor.rebalance.tax import year_tax
from advisor.risk.measures import beta, tracking_error, weight_vector

EDGE = 1e-9  # a breach below this is rounding of the arithmetic, not of the orders
NEAR = 2e-4  # a limit this close to its bound is called binding (0.02 points)


def limit_results(
    yardstick: Yardstick, before: HouseholdState, after: HouseholdState, trades: tuple[Trade, ...]
) -> tuple[LimitResult, ...]:
    """Every limit in the order of the file."""
    return tuple(_limit_result(limit, yardstick, before, after, trades) for limit in yardstick.portfolio.limits)


def _limit_result(
    limit: Limit, yardstick: Yardstick, before: HouseholdState, after: HouseholdState, trades: tuple[Trade, ...]
) -> LimitResult:
    first, _ = _measure(limit, yardstick, before, (), before)
    last, subject = _measure(limit, yardstick, after, trades, before)
    unit = {"realized_gain": "usd", "beta": "ratio"}.get(limit.name, "fraction")
    scale = float(before.value_usd) if unit == "usd" else 1.0
    bound = float(limit.bound)
    if breach(limit.kind, bound, first) > EDGE * scale:
        status = "broken_before"
    else:
        status = "binding" if trades and breach(limit.kind, bound, last) > -NEAR * scale else "slack"
    return LimitResult(
        name=limit.name,
        kind=limit.kind,
        mode="hard",
        bound=bound,
        unit=unit,
        before=first,
        after=last,
        status=status,
        price_bps_per_pp=None,
        subject=subject,
    )


def breach(kind: LimitKind, bound: float, value: float) -> float:
    """How far `value` is beyond `bound`; negative inside."""
    return value - bound if kind is LimitKind.MAX else bound - value


def _measure(
    limit: Limit, yardstick: Yardstick, state: HouseholdState, trades: tuple[Trade, ...], today: HouseholdState
) -> tuple[float, str | None]:
    kind, _, fund = limit.name.partition(".")
    weights = weight_vector(yardstick.model, state.weights)
    match kind:
        case "magnificent_seven":
            return state.exposure.seven.high, None
        case "single_company":
            return _largest_company(yardstick, state)
        case "small_caps":
            return state.small_cap_weight, None
        case "funds":
            return state.weights.get(fund, 0.0), fund
        case "cash":
            return state.cash_weight, None
        case "volatility":
            return state.volatility, None
        case "tracking_error":
            return tracking_error(yardstick.model, weights, str(limit.benchmark)), limit.benchmark
        case "beta":
            return beta(yardstick.model, weights, str(limit.benchmark)), limit.benchmark
        case "turnover":
            return float(sum((trade.amount_usd for trade in trades), Decimal(0)) / 2 / today.value_usd), None
        case "realized_gain":
            return float(sum(realized_gains(trades), Decimal(0))), None
        case _:
            raise ValueError(f"no measure for the limit {limit.name!r}")


def _largest_company(yardstick: Yardstick, state: HouseholdState) -> tuple[float, str]:
    unlisted = sum(
        weight * company_interval(yardstick.market, symbol, ANY_OTHER_COMPANY)[1]
        for symbol, weight in state.weights.items()
    )
    highs = {company.company: company.high for company in state.exposure.companies} | {ANY_OTHER_COMPANY: unlisted}
    subject = max(highs, key=lambda company: (highs[company], company))
    return highs[subject], subject


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
    )


def gain(
    before: HouseholdState,
    after: HouseholdState,
    trades: tuple[Trade, ...],
    tax: TaxResult,
    *,
    risk_aversion: float,
    horizon_years: float,
    return_uncertainty: float,
) -> Gain:
    """What the trades add a year, in fractions of today's value, and its parts."""
    size = float(after.value_usd / before.value_usd)
    start = float(before.value_usd)
    spread_usd = sum((trade.spread_usd for trade in trades), Decimal(0))
    sold_usd = sum((trade.amount_usd for trade in trades if trade.side == "sell"), Decimal(0))
    doubt = -return_uncertainty * float(sold_usd) / start
    trading_cost = -float(spread_usd) / start / horizon_years
    tax_cost = -float(tax.tax_usd) / start / horizon_years
    improvement = utility(after, size, risk_aversion) - utility(before, 1.0, risk_aversion)
    expected = size * after.expected_return - before.expected_return
    return Gain(
        total=improvement + trading_cost + tax_cost + doubt,
        expected_return=expected,
        risk=improvement - expected,
        trading_cost=trading_cost,
        tax=tax_cost,
        doubt=doubt,
    )
