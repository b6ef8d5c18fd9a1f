"""What the report says in sentences: the answer, and the reasons for it.

Words follow from the measured figures alone. Totals are sums of figures that the report shows.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from advisor.exposure.lookthrough import SevenExposure
from advisor.format import (
    NOTICEABLE,
    apportioned,
    bps,
    count_interval,
    day,
    interval,
    listing,
    money,
    number,
    percent,
    plural,
    rough_money,
    signed_bps,
    years,
)
from advisor.market.data import MarketData
from advisor.portfolio.model import Portfolio
from advisor.rebalance.model import LimitResult, RebalancePlan, Trade
from advisor.rebalance.warn import prices_are_stale
from advisor.report.limits import broken_today, find_limit, is_kept, is_met, limit_words
from advisor.report.model import Card
from advisor.report.parts import dollars, is_trade
from advisor.report.sections.frame import cash_words, concentration_sentence, plan_words, room_sentence
from advisor.report.sections.why import break_even_words

_LEAST_REST = Decimal("0.01")  # of the household: cash that the trades leave and the answer names


def answer(plan: RebalancePlan) -> str:
    """The recommendation in one sentence; at prices that are too old for orders, it is said to be an illustration.

    Before it stands that a household without a limit is concentrated, and that cash rises for want of room.
    """
    told = dated(_trade_answer(plan) if is_trade(plan) else _nothing_answer(plan), plan)
    return " ".join(filter(None, (concentration_sentence(plan), room_sentence(plan), told)))


def dated(sentence: str, plan: RebalancePlan) -> str:
    """`sentence`, which begins with no name, called an illustration where the prices are too old for orders."""
    if plan.stale_prices_of is None:
        return sentence
    return f"{illustration_words(plan.stale_prices_of)}: {sentence[:1].lower()}{sentence[1:]}"


def illustration_words(day_of_prices: date) -> str:
    """``Illustration at prices of July 13, 2026``."""
    return f"Illustration at prices of {day(day_of_prices)}"


def orders_note(plan: RebalancePlan) -> str:
    """What each line of the orders says of itself; nothing where the prices are of these days."""
    return "" if plan.stale_prices_of is None else illustration_words(plan.stale_prices_of)


def _trade_answer(plan: RebalancePlan) -> str:
    before, after = plan.before.exposure.seven, plan.after.exposure.seven
    limit = find_limit(plan, "magnificent_seven")
    fit = ""
    if limit is not None:
        fit = f", {'within' if is_met(limit, limit.after) else 'still above'} your limit of {limit.bound_words}"
    first, last = _seven_words(before, limit), _seven_words(after, limit)
    change = f"stay at {last}" if first == last else f"go from {first} to {last}"
    return (
        f"{_moves(plan)}: the Magnificent Seven {change} of the household{fit}{_mended_words(plan)}, with "
        f"{_tax_words(plan)} and {rough_money(plan.spread_usd)} of trading cost."
    )


def cards(plan: RebalancePlan) -> tuple[Card, ...]:
    """The four figures of the first page."""
    return (
        _seven_card(plan),
        _volatility_card(plan),
        *(_cost_cards(plan) if is_trade(plan) else _idle_cards(plan)),
    )


def reasons(plan: RebalancePlan) -> tuple[str, ...]:
    """Why this answer: broken limits, risk, and the gain over doing nothing with its cost."""
    found = [
        _limits_reason(plan),
        _risk_reason(plan) if is_trade(plan) else "",
        plan_words(plan),
        cash_words(plan),
        _gain_reason(plan),
        break_even_words(plan),
    ]
    return tuple(reason for reason in found if reason)


def traded(trades: tuple[Trade, ...], side: str) -> tuple[Decimal, tuple[str, ...]]:
    """Total amount of one side, and its symbols by amount."""
    amounts: dict[str, Decimal] = {}
    for trade in trades:
        if trade.side == side:
            amounts[trade.symbol] = amounts.get(trade.symbol, Decimal(0)) + trade.amount_usd
    return sum(amounts.values(), Decimal(0)), tuple(sorted(amounts, key=lambda symbol: -amounts[symbol]))


def _moves(plan: RebalancePlan) -> str:
    """``Sell $1 of NVDA and buy $1 of IJR``."""
    sold, sold_symbols = traded(plan.trades, "sell")
    bought, bought_symbols = traded(plan.trades, "buy")
    sale = f"{money(sold)} of {listing(sold_symbols)}"
    purchase = f"{money(bought)} of {listing(bought_symbols)}"
    if not bought_symbols:
        return f"Sell {sale} and keep the cash"
    if sold - bought >= _LEAST_REST * plan.before.value_usd:
        return f"Sell {sale}, buy {purchase} and keep the rest as cash"
    return f"Sell {sale} and buy {purchase}" if sold_symbols else f"Buy {purchase} from cash"


def _mended_words(plan: RebalancePlan) -> str:
    """Which limits on anything but the seven are broken today and met after the trades."""
    limits = [one for one in broken_today(plan) if one.name != "magnificent_seven" and is_met(one, one.after)]
    if not limits:
        return ""
    names = listing(tuple(dict.fromkeys(f"“{limit_words(one).partition(' (')[0]}”" for one in limits)), 3)
    return f", and the limit {names} is met" if len(limits) == 1 else f", and the limits {names} are met"


def _tax_words(plan: RebalancePlan) -> str:
    tax = plan.tax.tax_usd
    return f"an estimated {rough_money(abs(tax))} {'of' if tax >= 0 else 'less'} tax this year"


def _nothing_answer(plan: RebalancePlan) -> str:
    gain = plan.net_benefit.total
    state = "every limit holds today" if plan.limits else "no limit is set"
    if broken_today(plan):
        state = "every limit that must be kept holds today"
    if gain <= 0:
        return f"Do nothing: {state}, and no trade was found that gains anything after tax and cost."
    return (
        f"Do nothing: {state}, and the best trades found gain {money(dollars(gain, plan.before))} "
        f"a year ({bps(gain)}) after tax and cost, less than the "
        f"{money(dollars(plan.plans.least_gain, plan.before))} a year that make a trade worthwhile."
    )


def _seven_card(plan: RebalancePlan) -> Card:
    before, after = plan.before.exposure.seven, plan.after.exposure.seven
    limit = find_limit(plan, "magnificent_seven")
    note = "of household value, funds looked through" if limit is None else f"limit {limit.bound_words}"
    tone = "plain" if limit is None else ("better" if is_met(limit, limit.after) else "worse")
    if limit is not None:
        note += ", met" if is_met(limit, limit.after) else ", not met"
    if is_trade(plan):
        note = f"from {_seven_words(before, limit)} today; {note}"
    return Card("Magnificent Seven", _seven_words(after, limit), note, tone)


def _seven_words(seven: SevenExposure, limit: LimitResult | None) -> str:
    """The interval, with at least the decimals of the limit beside it."""
    return interval(seven.low, seven.high, 1 if limit is None else limit.decimals)


def _volatility_card(plan: RebalancePlan) -> Card:
    change = plan.after.volatility - plan.before.volatility
    if not is_trade(plan):
        return Card(
            "Volatility a year",
            percent(plan.after.volatility),
            f"beta {number(plan.after.beta, 2)} against {plan.benchmark}",
        )
    tone = "worse" if change >= NOTICEABLE else ("better" if change <= -NOTICEABLE else "plain")
    return Card(
        "Volatility a year",
        percent(plan.after.volatility),
        f"from {percent(plan.before.volatility)} today",
        tone,
    )


def _cost_cards(plan: RebalancePlan) -> tuple[Card, ...]:
    gain = plan.tax.short_term_gain_usd + plan.tax.long_term_gain_usd
    realized = f", on a realized {'gain' if gain > 0 else 'loss'} of {money(abs(gain))}" if gain else "; no net gain"
    return (
        Card("Tax of these trades", money(plan.tax.tax_usd), f"this year{realized}"),
        Card("Trades", str(len(plan.trades)), f"{rough_money(plan.spread_usd)} of spread cost"),
    )


def _idle_cards(plan: RebalancePlan) -> tuple[Card, ...]:
    return (
        Card(
            "Net benefit forgone a year",
            bps(max(plan.net_benefit.total, 0.0)),
            f"{money(dollars(max(plan.net_benefit.total, 0.0), plan.before))} a year, after tax and cost",
        ),
        Card("Trades", "0", "no order to place"),
    )


def _limits_reason(plan: RebalancePlan) -> str:
    broken = broken_today(plan)
    if not plan.limits:
        return "No limit is set in the portfolio file."
    if not broken:
        return f"{plural(len(plan.limits), 'limit is', 'limits are')} set, and none is broken today."
    if not is_trade(plan):
        names = listing(tuple(map(limit_words, broken)), len(broken))
        may_stay = all(limit.status == "exceeded" or limit.allowed is not None for limit in broken)
        return f"Broken today: {names}" + ("; as meant in the file, none of it must be mended." if may_stay else ".")
    mended = [limit for limit in broken if is_met(limit, limit.after)]
    names = listing(tuple(map(limit_words, mended)), len(mended))
    if len(mended) == len(broken):
        return f"The proposal mends every limit that is broken today ({names}) and keeps the others."
    text = f"The proposal mends {names or 'none'} of the limits that are broken today, not all of them"
    left = [limit for limit in broken if limit not in mended]
    may_stay = all(limit.status == "exceeded" or is_kept(limit, limit.after) for limit in left)
    return f"{text}; as meant in the file, the others need not be." if may_stay else f"{text}."


def _risk_reason(plan: RebalancePlan) -> str:
    before, after = plan.before, plan.after
    text = (
        f"Volatility goes from {percent(before.volatility)} to {percent(after.volatility)} a year and beta against "
        f"{plan.benchmark} from {number(before.beta, 2)} to {number(after.beta, 2)}"
    )
    counts = [count_interval(state.exposure.effective_companies) for state in (before, after)]
    if not all(counts) or not before.exposure.hhi[1]:
        return f"{text}."
    return f"{text}; the household is spread like {counts[1]} companies of equal weight instead of {counts[0]}."


def _gain_reason(plan: RebalancePlan) -> str:
    gain = plan.net_benefit
    if not is_trade(plan):
        return (
            f"The best trades found change the objective by {signed_bps(gain.total)} a year: {_gain_parts(plan)}."
            if gain.total > 0
            else ""
        )
    if gain.total < 0:
        return (
            f"Meeting what the portfolio file asks for costs {bps(-gain.total)} a year "
            f"({money(dollars(-gain.total, plan.before))}) against doing nothing, which does not meet it: "
            f"{_gain_parts(plan)}."
        )
    return (
        f"Against doing nothing the proposal gains {bps(gain.total)} a year "
        f"({money(dollars(gain.total, plan.before))}) on the stated assumptions: {_gain_parts(plan)}."
    )


def _gain_parts(plan: RebalancePlan) -> str:
    gain = plan.net_benefit
    parts = {
        "expected return": gain.expected_return,
        "risk": gain.risk,
        "trading cost": gain.trading_cost,
        "tax": gain.tax,
        **({"later tax saved" if gain.later_tax > 0 else "later tax added": gain.later_tax} if gain.later_tax else {}),
        "doubt about expected returns": gain.doubt,
        **({"losses carried forward": gain.carryforward} if gain.carryforward else {}),
        **({"soft limits": gain.soft_limits} if gain.soft_limits else {}),
        **({"default bounds": gain.default_bounds} if gain.default_bounds else {}),
    }
    shown = apportioned([part * 10_000 for part in parts.values()], 1)
    words = (f"{name} {signed_bps(part / 10_000)}" for name, part in zip(parts, shown, strict=True))
    return f"{', '.join(words)}; one-off amounts are spread over {years(plan.cost_years)}"


def age_line(portfolio: Portfolio, market: MarketData) -> str:
    """Said prominently once the prices are more than five trading days older than the decision."""
    if not prices_are_stale(portfolio, market):
        return ""
    days = plural((portfolio.as_of - market.as_of).days, "day")
    return f"The prices are {days} old (closes of {day(market.as_of)}). Check prices before placing an order."
