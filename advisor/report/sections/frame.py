"""The two plans, what the answer leaves alone, why cash is kept, and the choices where there is no room."""

from __future__ import annotations

import math
from collections import Counter
from decimal import Decimal

from advisor.format import NOTICEABLE, interval, listing, money, percent, points, rough_money, years
from advisor.portfolio.limit_types import Side, limit_noun, split_label
from advisor.portfolio.model import Portfolio
from advisor.rebalance.concentration import CODE
from advisor.rebalance.model import DefaultResult, PlanResult, RebalancePlan
from advisor.report.limits import broken_today
from advisor.report.model import Column, Table
from advisor.report.parts import dollars, is_trade, row, table
from advisor.whatif.alternatives import HELD_YEARS
from advisor.whatif.model import CostPoint, LeastCost, MoreRoom, TradeOff

CASH, SMALL = "cash_and_bills", "small_caps"
NAMES = {
    CASH: "Cash and bills",
    SMALL: "Small caps",
    "us_stocks": "US stocks",
    "international_stocks": "International stocks",
    "bonds": "Bonds",
    "gold_and_commodities": "Gold and commodities",
    "other": "Other assets",
}
_KEPT = 0.005  # of the household: cash that rises by less needs no word
_NO_ROOM = 0.05  # of the household: kept for want of room, named in the first sentence
_AT = 1e-3  # of the household: a share this near to its bound is at it
_NO_ROOM_WORDS = {  # by the part of a purchase's marginal value that speaks most against it
    "mix": "what may be bought would take your mix too far from today's",
    "views": "your views expect less of what may be bought",
    "cash": "the cash is in other accounts than what may be bought",
    "preferences.reserve_tax": "it is kept for the tax of these trades",
    "fees": "what may be bought costs more in fees",
    "spread": "a purchase costs its spread",
    "defaults": "no class of assets grows beyond today, a default",
    "defaults.small_caps": "small caps grow no further, a default",
}
_LEVELS = (0.9, 0.75, 0.5)  # parts of today's level of the seven whose least cost is told


def concentration_sentence(plan: RebalancePlan) -> str:
    """What is said of a concentrated household that sets no limit on it; empty of any other."""
    return next((warned.message for warned in plan.warnings if warned.code == CODE), "")


def room_sentence(plan: RebalancePlan) -> str:
    """That cash rises for want of room, where it does by more than five points; else empty."""
    cash = _cash(plan)
    if not is_trade(plan) or cash is None or cash.beyond <= _NO_ROOM:
        return ""
    return (
        f"{_cash_noun(plan, cash)} by {points(cash.after - cash.before).lstrip('+')} to {percent(cash.after)}, because "
        f"{_no_room_words(plan)}."
    )


def least_cost_words(plan: RebalancePlan, found: LeastCost | None) -> str:
    """The least cost of three lower levels of the seven, for a household that sets no limit; else empty."""
    if found is None or not concentration_sentence(plan):
        return ""
    known = [point for point in found.points if point.tax_usd is not None]
    today = plan.before.exposure.seven.high
    told = dict.fromkeys(_nearest(known, level * today) for level in _LEVELS) if known else {}
    costs = [
        f"to {percent(point.at)} for {rough_money((point.tax_usd or Decimal(0)) + (point.spread_usd or Decimal(0)))}"
        for point in told
        if point.at < today - NOTICEABLE
    ]
    if not costs:
        return ""
    return f"The least that a lower share would cost in tax and spread: {listing(tuple(costs), len(costs))}."


def _nearest(points_known: list[CostPoint], level: float) -> CostPoint:
    return min(points_known, key=lambda point: abs(point.at - level))


def plan_words(plan: RebalancePlan) -> str:
    """What the cheapest plan costs, and what the best adds; empty where neither has an order."""
    cheapest, best, chosen = plan.plans.cheapest, plan.plans.best, plan.plans.chosen
    is_broken = bool(broken_today(plan))
    if chosen == "cheapest" and cheapest is not None:
        what = "This is the cheapest plan that keeps your limits" if is_broken else "This is the cheapest plan"
        text = f"{what}: {_once_words(cheapest)}, and no further from today's mix than that takes."
        if best is not None and best.trades:
            added = dollars(best.net_benefit.total - cheapest.net_benefit.total, plan.before)
            least = dollars(plan.plans.least_gain, plan.before)
            text += (
                f" Going further would add {money(added)} a year, less than the {money(least)} that make it worthwhile."
                if added > 0
                else " Going further would add nothing."
            )
        return text
    if chosen == "best" and best is not None:
        base = cheapest if cheapest is not None and is_broken else None
        if base is None:
            return ""
        added = dollars(best.net_benefit.total - base.net_benefit.total, plan.before)
        return (
            f"The cheapest plan that keeps your limits costs {_once_words(base)}. The proposal goes further: it adds "
            f"{money(added)} a year to that on the stated assumptions."
        )
    return ""


def _once_words(plan: PlanResult) -> str:
    if plan.tax_usd < 0:
        return f"{rough_money(-plan.tax_usd)} less tax this year and {rough_money(plan.spread_usd)} of spread"
    return f"{rough_money(plan.tax_usd)} of tax this year and {rough_money(plan.spread_usd)} of spread"


def cash_words(plan: RebalancePlan) -> str:
    """How much cash is kept, and what each part of it is for; empty where it does not rise."""
    cash = _cash(plan)
    if cash is None or not is_trade(plan):
        return ""
    rise = cash.after - cash.before
    if rise < _KEPT:
        return ""
    minimum = max(0.0, cash.bound - cash.before)
    parts = [
        *([f"{_usd(plan, min(cash.reserve, rise))} for the tax of these trades"] if cash.reserve > 0 else []),
        *([f"{_usd(plan, minimum)} for cash that your file asks for"] if minimum > _AT else []),
        *([f"{_usd(plan, cash.beyond)} because {_no_room_words(plan)}"] if cash.beyond > _AT else []),
    ]
    if not parts:
        return ""
    return f"{_cash_noun(plan, cash)} by {_usd(plan, rise)}: {listing(tuple(parts), len(parts))}."


def _cash_noun(plan: RebalancePlan, cash: DefaultResult) -> str:
    """``Cash rises``, or with the bills of a household that has some ``Cash and bills rise``."""
    return "Cash and bills rise" if cash.after - plan.after.cash_weight > _AT else "Cash rises"


def _usd(plan: RebalancePlan, share: float) -> str:
    return money(dollars(share, plan.before))


def _no_room_words(plan: RebalancePlan) -> str:
    """Why proceeds are not put to work, from what presses most on the purchases that could be made."""
    small = next((default for default in plan.defaults if default.name == SMALL), None)
    if small is not None and small.after >= small.bound - _AT:
        is_past = small.after > small.bound + _AT
        stand = f"{'are past' if is_past else 'stand at'} {percent(small.bound if is_past else small.after)}"
        return f"small caps {stand}, {_small_caps_words(small, plan)}, a default, and nothing else is on your buy list"
    offers = [reason for reason in plan.explanation.reasons if reason.side == "buy"]
    if not offers:
        return "nothing may be bought where the sales are"
    pressed = Counter(min(reason.parts, key=lambda part: reason.parts[part]) for reason in offers if reason.parts)
    part = pressed.most_common(1)[0][0] if pressed else ""
    if part in {limit.label for limit in plan.limits}:
        return f"a purchase would press on your limit on {limit_noun(split_label(part)[0])}"
    return _NO_ROOM_WORDS.get(part, "nothing that may be bought is worth it")


def _small_caps_words(small: DefaultResult, plan: RebalancePlan) -> str:
    """What their default bound is: today's share, a fifth of US stocks, or what the file asks for at least."""
    if small.bound <= small.before + _AT:
        return "today's share"
    asked = (limit.bound for limit in plan.limits if (limit.name, limit.side) == (SMALL, Side.MIN))
    if any(abs(small.bound - bound) <= _AT for bound in asked):
        return "your minimum"
    return "a fifth of US stocks"


def choices(portfolio: Portfolio, found: MoreRoom | None) -> tuple[str, ...]:
    """Equal choices for cash that is kept for want of room, each with its line for the file; or none."""
    if found is None:
        return ()
    cash, small = percent(found.cash), percent(found.small_caps, 0)
    told = [f"Keep this cash, {cash} of the household: limits: {{cash: {{min: {_whole(found.cash)}%}}}}"]
    with_small = "" if found.cash_with_small_caps is None else f"; cash would be {percent(found.cash_with_small_caps)}"
    told.append(f"Let small caps be {small}{with_small}: limits: {{small_caps: {{max: {small}}}}}")
    if found.fund is not None and found.fund_seven is not None:
        listed = ", ".join((*portfolio.preferences.buy, found.fund))
        with_fund = "" if found.cash_with_fund is None else f"; cash would be {percent(found.cash_with_fund)}"
        own_lists = any(account.buy is not None for account in portfolio.accounts)
        told.append(
            f"Let one more fund be bought, as {found.fund} with {interval(0.0, found.fund_seven)} of the Magnificent "
            f"Seven{with_fund}: preferences: {{buy: [{listed}]}}"
            f"{', and in the buy list of each account that has one' if own_lists else ''}"
        )
    return tuple(told)


def choices_note(found: MoreRoom | None) -> str:
    """By which rule the fund was found, and what else the rule allows."""
    if found is None or found.fund is None:
        return ""
    others = f" Others by the same rule: {listing(found.others, len(found.others))}." if found.others else ""
    return (
        f"{found.fund} is an example and no order: of the broad US stock funds with data that hold at most 2% of the "
        f"Magnificent Seven, large companies first, it moves most like the US stock market.{others}"
    )


def _whole(share: float) -> int:
    return math.floor(share * 100 + _AT)


def defaults_table(plan: RebalancePlan) -> Table | None:
    """The bounds that the program sets by itself; None where there are none."""
    if not plan.defaults:
        return None
    columns = (
        Column("What", "text"),
        Column("At most"),
        Column("Today"),
        Column("Proposed", is_proposed=True),
        Column("Status", "word"),
    )
    rows = [
        row(
            NAMES[default.name],
            percent(default.bound + default.reserve),
            percent(default.before),
            percent(default.after),
            _status(default),
        )
        for default in plan.defaults
    ]
    notes = (
        "Defaults, not limits of yours: cash and bills grow by no more than the tax of the trades, other classes "
        "of assets on your buy list not at all, by ten points where a view compares two classes, and small caps to a "
        "fifth of US stocks. The fifth is a convention, "
        "about twice their share of the US market. small_caps.max of your file takes its place; a maximum on a single "
        "fund does not. They yield where a limit of your file is broken, at a charge.",
    )
    return table("What the answer leaves alone", columns, rows, plan, notes)


def _status(default: DefaultResult) -> str:
    return "exceeded, to keep your limits" if default.beyond > _AT else "kept"


def _cash(plan: RebalancePlan) -> DefaultResult | None:
    return next((default for default in plan.defaults if default.name == CASH), None)


def held_words(portfolio: Portfolio, trade_off: TradeOff) -> str:
    """What is sold if gains are held until death, and how far off that is; empty where it was not asked."""
    held = next((one for one in trade_off.alternatives if one.name == "held_until_death"), None)
    if held is None or held.after is None:
        return ""
    amounts: dict[str, Decimal] = {}
    for trade in held.trades:
        if trade.side == "sell":
            amounts[trade.symbol] = amounts.get(trade.symbol, Decimal(0)) + trade.amount_usd
    stated = portfolio.preferences.held_years
    when = (
        f"{years(float(HELD_YEARS))} from now as assumed here" if stated is None else f"{years(float(stated))} from now"
    )
    if not amounts:
        return f"If you hold until death, {when}: sell nothing."
    symbols = tuple(sorted(amounts, key=lambda symbol: -amounts[symbol]))
    return f"If you hold until death, {when}: sell {money(sum(amounts.values(), Decimal(0)))} of {listing(symbols)}."
