"""What stands behind the trades: funds, break-even and whole shares in sentences, other horizons as a table."""

from __future__ import annotations

from advisor.format import (
    bps,
    cents,
    fine_bps,
    listing,
    money,
    months,
    percent,
    rough_money,
    signed_bps,
    years,
)
from advisor.portfolio.model import Account, Portfolio
from advisor.rebalance.model import HorizonResult, MenuResult, NetBenefit, RebalancePlan, Trade
from advisor.rebalance.outcome import MONTHS, months_to_break_even, months_until_used_up
from advisor.report.model import Column, Table
from advisor.report.parts import dollars, is_trade, row

EQUIVALENT = 5e-5  # of household value a year: half a basis point, within which the fewest funds are chosen
NOTABLE_ROUNDING = 1e-4  # of household value a year: a basis point
_NEGLIGIBLE = 5e-8  # of household value a year: half a thousandth of a basis point
_SAME_TRADES = 5e-4  # of household value: horizons that differ by less in sales and purchases have the same trades
_MONTHS_TOLD = 24  # beyond, a duration is told in years
_OF_NO_ACCOUNT = 1e-6  # of household value: no trade


def funds_words(plan: RebalancePlan, portfolio: Portfolio) -> str:
    """What the chosen funds cost against the best mix of all on offer, and the others; empty without a choice."""
    menu = plan.explanation.menu
    if menu is None or not any(trade.side == "buy" for trade in plan.trades):
        return ""
    on_offer = _on_offer(menu, portfolio)
    if len(on_offer) < 2:
        return ""
    costs = "costs" if len(menu.symbols) == 1 else "cost"
    mix = listing(on_offer, len(on_offer))
    text = f"{_alone(menu.symbols)} {costs} {_a_year(menu.loss)} against the best mix of {mix}"
    alike = [(symbols, loss) for symbols, loss in menu.others if len(symbols) <= len(menu.symbols)]
    known = sorted((loss, symbols) for symbols, loss in alike if loss is not None)
    if known:
        (first, cheapest), *rest = known
        text += f"; {_alone(cheapest)} would cost {_bare(first)}"
        text += "".join(f", {_alone(symbols)} {_bare(loss)}" for loss, symbols in rest)
    equal = tuple(_alone(symbols) for loss, symbols in known if abs(loss - menu.loss) < EQUIVALENT)
    if equal:
        text += f". Equivalent, less than {bps(EQUIVALENT)} a year apart: {listing(equal, len(equal))}"
    unfit = tuple(symbols[0] for symbols, loss in menu.others if loss is None and len(symbols) == 1)
    if unfit:
        names = " or ".join(filter(None, (", ".join(unfit[:-1]), unfit[-1])))
        text += f". With {names} alone the limits cannot be met"
    return f"{text}."


def break_even_words(plan: RebalancePlan) -> str:
    """One-off cost against the yearly gain, in months; empty where no trade was weighed."""
    gain, horizon = plan.net_benefit, plan.horizon_years
    if not is_trade(plan) and gain.total <= 0:
        return ""
    once = -(gain.trading_cost + gain.tax + gain.carryforward + gain.later_tax) * plan.cost_years
    used_up = months_until_used_up(gain, plan.cost_years)
    if used_up is not None:
        return _used_up_words(plan, -once, used_up)
    if once <= 0:
        return "The best trades cost nothing once: the tax that they save pays their spread."
    what = f"One-off tax and spread of {rough_money(dollars(once, plan.before))}{_besides(gain)}"
    count = months_to_break_even(gain, plan.cost_years)
    if count is None:
        return f"{what}: at these assumptions the trades never earn it back; the limits of the file demand them."
    verb = "are earned back" if is_trade(plan) else "of the best trades found would be earned back"
    against = "within" if count <= horizon * MONTHS else "beyond"
    return f"{what} {verb} in {months(count)}, {against} the horizon of {years(horizon)}."


def _besides(gain: NetBenefit) -> str:
    """What a one-off cost has in it besides this year's tax and spread: `` (net of the later tax that they save)``."""
    less = [
        *(["the later tax that they save"] if gain.later_tax > 0 else []),
        *(["the worth of losses carried forward"] if gain.carryforward > 0 else []),
    ]
    more = [
        *(["the later tax that they add"] if gain.later_tax < 0 else []),
        *(["the worth of losses used up"] if gain.carryforward < 0 else []),
    ]
    told = [f"{how} {listing(tuple(what))}" for how, what in (("net of", less), ("with", more)) if what]
    return f" ({', '.join(told)})" if told else ""


def _used_up_words(plan: RebalancePlan, saved: float, used_up: float) -> str:
    """Of trades that save once and lose from then on; `saved` is a fraction of value."""
    saves, loses = ("save", "lose") if is_trade(plan) else ("would save", "would lose")
    a_year = rough_money(dollars(MONTHS * saved / used_up, plan.before))
    when = months(used_up) if used_up < _MONTHS_TOLD else years(used_up / MONTHS)
    against = "within" if used_up <= plan.horizon_years * MONTHS else "beyond"
    return (
        f"The best trades {saves} {rough_money(dollars(saved, plan.before))} once, the tax saved less their spread, "
        f"and {loses} {a_year} a year from then on at these assumptions: the saving is used up after {when}, "
        f"{against} the horizon of {years(plan.horizon_years)}."
    )


def orders_words(plan: RebalancePlan, portfolio: Portfolio) -> str:
    """Where orders are in whole shares, and what that gives up; empty without orders."""
    if not plan.trades:
        return ""
    accounts = {account.name: account for account in portfolio.accounts}
    in_parts = [t for t in plan.trades if portfolio.may_trade_fractions(accounts[t.account], t.symbol)]
    loss = max(plan.explanation.rounding_loss, 0.0)
    lost = "nothing"
    if loss >= _NEGLIGIBLE:
        lost = f"{fine_bps(loss)} ({rough_money(dollars(loss, plan.before))}) a year"
    if len(in_parts) == len(plan.trades):
        return f"Orders may be in parts of a share; rounded to thousandths they give up {lost} against the optimum."
    text = f"Orders in whole shares give up {lost} against the optimum"
    if in_parts:
        places = tuple(dict.fromkeys(_place(trade, accounts[trade.account]) for trade in in_parts))
        text += f"; those {listing(places, len(places))} may be in parts of a share"
    if any(_is_odd(trade) for trade in plan.trades if trade not in in_parts):
        text += "; a position that is sold out takes its part of a share along"
    hint = " Where the broker takes parts of a share, fractional: true in the account's entry lowers that."
    return f"{text}.{hint if loss > NOTABLE_ROUNDING else ''}"


def horizons_table(plan: RebalancePlan) -> Table | None:
    """The best trades over other horizons, the user's own marked; None where all horizons have the same trades."""
    horizons = plan.explanation.horizons
    if _is_same_everywhere(horizons):
        return None
    columns = (
        Column("Horizon", "word"),
        Column("Magnificent Seven"),
        Column("Small caps"),
        Column("Sold"),
        Column("Bought"),
        Column("Tax"),
        Column("Net benefit a year"),
    )
    rows = [
        row(
            f"{_span(result.years)}{', yours' if result.years == plan.horizon_years else ''}",
            percent(result.magnificent_seven),
            percent(result.small_caps),
            money(dollars(result.sold, plan.before)),
            money(dollars(result.bought, plan.before)),
            cents(result.tax_usd),
            signed_bps(result.gain),
            kind="group" if result.years == plan.horizon_years else "plain",
        )
        for result in horizons
    ]
    return Table("The best trades over other horizons, against doing nothing", columns, tuple(rows))


def horizon_words(plan: RebalancePlan) -> str:
    """What the horizon does to the answer; for doing nothing, from which one on trading would be worth it."""
    horizons = plan.explanation.horizons
    if not horizons:
        return ""
    first, last = horizons[0], horizons[-1]
    span = f"from {_span(first.years)} to {_span(last.years)}"
    if not is_trade(plan):
        return _worthwhile_words(horizons, span, plan)
    if _is_same_everywhere(horizons):
        gains = tuple(dict.fromkeys(signed_bps(result.gain) for result in (first, last)))
        return (
            f"Over any horizon {span} the best trades are the same; against doing nothing they come to "
            f"{' to '.join(gains)} a year."
        )
    return (
        "The horizon matters, because one-off tax and trading cost are spread over it. Over "
        f"{_outcome(first, plan)}; over {_outcome(last, plan)}."
    )


def _outcome(result: HorizonResult, plan: RebalancePlan) -> str:
    """``10 years the best trades sell $1 and gain 2.0 bp a year against doing nothing``."""
    sold = money(dollars(result.sold, plan.before))
    gains = f"{'gain' if result.gain >= 0 else 'lose'} {bps(abs(result.gain))}"
    return f"{_span(result.years)} the best trades sell {sold} and {gains} a year against doing nothing"


def _worthwhile_words(horizons: tuple[HorizonResult, ...], span: str, plan: RebalancePlan) -> str:
    least = plan.plans.least_gain
    worthwhile = tuple(result.years for result in horizons if result.gain > least)
    if worthwhile:
        spans = tuple(_span(count) for count in worthwhile)
        is_to_the_end = worthwhile == tuple(result.years for result in horizons[-len(worthwhile) :])
        over = f"from {spans[0]} on" if is_to_the_end else f"over {listing(spans, len(spans))}"
        return (
            "The horizon matters, because one-off tax and trading cost are spread over it: "
            f"{over}, trading would gain more than the {bps(least)} a year that make it worthwhile."
        )
    if all(result.sold + result.bought <= _OF_NO_ACCOUNT for result in horizons):
        return f"Over no horizon {span} is there a trade that gains anything."
    return f"Over no horizon {span} would trading gain more than the {bps(least)} a year that make it worthwhile."


def _is_same_everywhere(horizons: tuple[HorizonResult, ...]) -> bool:
    """Whether no horizon changes the trades or, by more than counts, their gain."""
    changes = [
        (max(values) - min(values), least)
        for values, least in (
            ([result.sold for result in horizons], _SAME_TRADES),
            ([result.bought for result in horizons], _SAME_TRADES),
            ([result.gain for result in horizons], EQUIVALENT),
        )
        if values
    ]
    return all(change < least for change, least in changes)


def _on_offer(menu: MenuResult, portfolio: Portfolio) -> tuple[str, ...]:
    """Funds of every menu that was tried, in the order of the portfolio file."""
    tried = {symbol for symbols in (menu.symbols, *(symbols for symbols, _ in menu.others)) for symbol in symbols}
    return tuple(symbol for symbol in portfolio.preferences.buy if symbol in tried)


def _alone(symbols: tuple[str, ...]) -> str:
    return f"{symbols[0]} alone" if len(symbols) == 1 else listing(symbols, len(symbols))


def _bare(loss: float) -> str:
    return "nothing" if loss < _NEGLIGIBLE else fine_bps(loss)


def _a_year(loss: float) -> str:
    return "nothing" if loss < _NEGLIGIBLE else f"{fine_bps(loss)} a year"


def _place(trade: Trade, account: Account) -> str:
    return f"in {account.name}" if account.fractional else f"for {trade.symbol} in {account.name}"


def _is_odd(trade: Trade) -> bool:
    return trade.shares != trade.shares.to_integral_value()


def _span(count: float) -> str:
    """A horizon: below a year in months."""
    return months(count * MONTHS) if count < 1 else years(count)
