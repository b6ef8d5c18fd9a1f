"""The charts of the household: which figures each shows, and the words that stand for it where it cannot be seen."""

from __future__ import annotations

from advisor.exposure.lookthrough import CompanyExposure, SevenExposure
from advisor.format import NOTICEABLE, interval, percent, plural, points, signed_money, signed_percent
from advisor.market.constituents import magnificent_seven_interval
from advisor.market.data import MarketData
from advisor.rebalance.model import HouseholdState, RebalancePlan, StressLoss, Trade
from advisor.report.charts.bars import Bar, BarPanel, StressBar, StressEnd, paired_bars, stress_bars
from advisor.report.charts.marks import Chart
from advisor.report.charts.steps import ChartStep, waterfall
from advisor.report.limits import find_limit
from advisor.report.parts import GROUPS, dollars, group_weights, is_trade
from advisor.report.sections.drawbacks import worse_episodes
from advisor.report.sections.exposure import company_index, seven_companies

_MOST_STEPS = 8


def seven_chart(plan: RebalancePlan) -> Chart:
    """The seven together against the limit, and company by company on a larger scale."""
    before, after = plan.before.exposure, plan.after.exposure
    held, left = company_index(before.companies), company_index(after.companies)
    limit = find_limit(plan, "magnificent_seven")
    together = Bar("All seven", _seven(before.seven), _seven(after.seven) if is_trade(plan) else None)
    companies = tuple(
        Bar(name, _company(held.get(name)), _company(left.get(name)) if is_trade(plan) else None)
        for name in seven_companies(plan)
        if any(found.high >= NOTICEABLE for found in (held.get(name), left.get(name)) if found)
    )
    panels = [BarPanel("", (together,), *(() if limit is None else (limit.bound, limit.bound_words)))]
    if companies:
        panels.append(BarPanel("By company, on a larger scale", companies))
    proposal = f", {interval(after.seven.low, after.seven.high)} proposed" if is_trade(plan) else ""
    bound = "" if limit is None else f", limit {limit.bound_words}"
    each = "; ".join(
        f"{bar.label} {_ends(bar.before)}" + (f" to {_ends(bar.after)}" if is_trade(plan) else "") for bar in companies
    )
    listed = f" {each}." if each else ""
    return paired_bars(
        "seven",
        "Magnificent Seven, share of the household",
        f"All seven {interval(before.seven.low, before.seven.high)} today{proposal}{bound}.{listed}",
        tuple(panels),
    )


def allocation_chart(plan: RebalancePlan, market: MarketData) -> Chart:
    """Weights of the holding groups, today and proposed."""
    first = group_weights(plan.before, market)
    second = group_weights(plan.after, market)
    groups = [group for group in GROUPS if group in first or group in second]
    bars = tuple(
        Bar(group, _point(first.get(group, 0.0)), _point(second.get(group, 0.0)) if is_trade(plan) else None)
        for group in groups
    )
    words = "; ".join(
        f"{bar.label} {_ends(bar.before)}" + (f" to {_ends(bar.after)}" if is_trade(plan) else "") for bar in bars
    )
    return paired_bars("allocation", "Allocation, share of the household", f"{words}.", (BarPanel("", bars),))


def stress_chart(plan: RebalancePlan) -> Chart | None:
    """Returns in past episodes, in percent and dollars; None without episodes, or where none moves the household."""
    after = {episode.name: episode for episode in plan.after.stress}
    shown = [episode for episode in plan.before.stress if episode.name in after]
    returns = [found.household_return for episode in shown for found in (episode, after[episode.name])]
    if not any(abs(value) >= NOTICEABLE for value in returns):
        return None
    worse = {episode.name for episode, _ in worse_episodes(plan)}
    bars = tuple(
        StressBar(
            title=episode.title,
            before=_labelled(episode, plan.before),
            after=_labelled(after[episode.name], plan.after) if is_trade(plan) else None,
            is_worse=is_trade(plan) and episode.name in worse,
        )
        for episode in shown
    )
    words = "; ".join(
        f"{bar.title} {_stress_words(bar.before)}" + (f", proposed {_stress_words(bar.after)}" if bar.after else "")
        for bar in bars
    )
    return stress_bars("stress", "Hypothetical returns in past episodes", f"{words}.", bars)


def waterfall_chart(plan: RebalancePlan, market: MarketData) -> Chart | None:
    """What each order does to the upper end of the seven, from today to the proposal; None where none moves it."""
    if not is_trade(plan):
        return None
    before, after = plan.before.exposure.seven.high, plan.after.exposure.seven.high
    moves = sorted(
        ((_moved_seven(trade, plan, market), trade) for trade in plan.trades), key=lambda move: -abs(move[0])
    )
    shown = [move for move in moves[:_MOST_STEPS] if abs(move[0]) >= NOTICEABLE]
    if not shown:
        return None
    rest = after - before - sum(change for change, _ in shown)
    steps = [ChartStep("Today", before, percent(before), is_total=True, tone="now")]
    steps += [
        ChartStep(_order_words(trade, plan), change, points(change), tone=_tone(change)) for change, trade in shown
    ]
    if len(shown) < len(moves):
        others = plural(len(moves) - len(shown), "other order")
        steps.append(ChartStep(others, rest, points(rest), tone=_tone(rest)))
    steps.append(ChartStep("Proposed", after, percent(after), is_total=True))
    words = "; ".join(f"{step.label} {step.words}" for step in steps)
    return waterfall("waterfall", "From today to the proposal: Magnificent Seven, upper end", f"{words}.", tuple(steps))


def _order_words(trade: Trade, plan: RebalancePlan) -> str:
    """``Sell QQQ``, with its account where another order is of the same kind."""
    alike = [other for other in plan.trades if (other.side, other.symbol) == (trade.side, trade.symbol)]
    words = f"{trade.side.capitalize()} {trade.symbol}"
    return words if len(alike) == 1 else f"{words}, {trade.account}"


def _moved_seven(trade: Trade, plan: RebalancePlan, market: MarketData) -> float:
    """Part of the household that one order moves into the seven; negative for a sale."""
    inside = magnificent_seven_interval(market, trade.symbol)[1]
    amount = float(trade.amount_usd / plan.after.value_usd)
    return inside * (amount if trade.side == "buy" else -amount)


def _tone(change: float) -> str:
    return "worse" if change >= NOTICEABLE else "better" if change <= -NOTICEABLE else "now"


def _labelled(episode: StressLoss, state: HouseholdState) -> StressEnd:
    value = episode.household_return
    return StressEnd(value, signed_percent(value), signed_money(dollars(value, state)))


def _stress_words(end: StressEnd) -> str:
    return f"{end.percent} ({end.dollars})"


def _seven(seven: SevenExposure) -> tuple[float, float]:
    return seven.low, seven.high


def _company(exposure: CompanyExposure | None) -> tuple[float, float] | None:
    return None if exposure is None else (exposure.low, exposure.high)


def _point(weight: float) -> tuple[float, float]:
    return weight, weight


def _ends(ends: tuple[float, float] | None) -> str:
    return "none known" if ends is None else interval(*ends)
