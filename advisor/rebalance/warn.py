"""What the reader must know besides the numbers."""

from __future__ import annotations

from advisor.exposure.lookthrough import Exposure
from advisor.format import percent, signed_percent
from advisor.market.data import MarketData
from advisor.market.prices.sessions import is_older
from advisor.optimize.held_back import held_back
from advisor.portfolio.limit_types import MeasuredOn
from advisor.portfolio.model import Portfolio
from advisor.portfolio.written import fraction_text, plain_text
from advisor.rebalance.concentration import CODE, concentration_words
from advisor.rebalance.measurer import Measurer
from advisor.rebalance.model import HouseholdState, Trade, Warned
from advisor.rebalance.outcome import tax_result
from advisor.risk.view_age import Use, UsedView, views_as_used

STALE_SESSIONS = 5  # prices that are older make the orders an illustration
OLD_LIST_DAYS = 365
WIDE_INTERVAL = 0.02  # of household value


def warnings_of(
    measurer: Measurer,
    before: HouseholdState,
    after: HouseholdState,
    trades: tuple[Trade, ...],
    *,
    below_minimum: bool,
) -> tuple[Warned, ...]:
    """Every warning of one plan, the weightiest first."""
    portfolio, market = measurer.portfolio, measurer.market
    found = [
        *_concentration(portfolio, market, before),
        *_age(portfolio, market),
        *_told_by_the_source(market),
        *_dated_views(portfolio, market),
        *_kept_for_tax(portfolio, trades),
        *_wash_sales(portfolio, trades),
        *_held_back(portfolio, market),
        *_unknown_exposure(before.exposure),
        *_old_lists(portfolio, market, {*before.weights, *after.weights}),
        *_defaults(portfolio),
        *_proxies(portfolio, market),
        *_unknown_fees(market, {*before.weights, *after.weights}),
        *_short_histories(market, {*before.weights, *after.weights}),
        *(Warned("covariance_note", f"{note[:1].upper()}{note[1:]}.") for note in market.covariance.notes),
        *_stand_ins(portfolio, market, {*before.weights, *after.weights}),
    ]
    if trades and below_minimum:
        minimum = f"${portfolio.preferences.smallest_order_usd:,.0f}"
        found.append(Warned("below_min_trade", f"A limit needs at least one order smaller than min_trade, {minimum}."))
    return tuple(found)


def _concentration(portfolio: Portfolio, market: MarketData, before: HouseholdState) -> list[Warned]:
    words = concentration_words(portfolio, market, before)
    return [Warned(CODE, words)] if words else []


def market_warnings(portfolio: Portfolio, market: MarketData, seen: Exposure) -> tuple[Warned, ...]:
    """What is to be known of the market data behind an exposure: prices, lists of holdings and proxies."""
    held = {position.symbol for account in portfolio.accounts for position in account.positions}
    return (
        *_age(portfolio, market),
        *_told_by_the_source(market),
        *_unknown_exposure(seen),
        *_old_lists(portfolio, market, held),
        *_proxies(portfolio, market),
    )


def planning_warnings(portfolio: Portfolio, market: MarketData, seen: Exposure) -> tuple[Warned, ...]:
    """What is to be known of the data behind plans: the market data, and views that do not count as they are stated."""
    return (*market_warnings(portfolio, market, seen), *_dated_views(portfolio, market))


def _age(portfolio: Portfolio, market: MarketData) -> list[Warned]:
    days = (portfolio.as_of - market.as_of).days
    if days < 0:
        text = f"The prices are of {market.as_of.isoformat()}, after the day of the decision."
        return [Warned("prices_after_decision", text)]
    if not prices_are_stale(portfolio, market):
        return []
    text = (
        f"The prices are of {market.as_of.isoformat()}, {days} days before the day of the decision: "
        "check each price before placing an order."
    )
    return [Warned("stale_prices", text)]


def prices_are_stale(portfolio: Portfolio, market: MarketData) -> bool:
    """Whether the prices are more than five trading days older than the decision."""
    return is_older(market.as_of, portfolio.as_of, STALE_SESSIONS)


def _told_by_the_source(market: MarketData) -> list[Warned]:
    """What the market data themselves warn of, and prices the user set.

    They hold what this household needs and no more: whatever is in doubt there, a proxy or the market index, bears
    on the answer, held or not.
    """
    found = [Warned(warned.code, warned.message) for warned in market.warnings]
    if market.accepted:
        prices = ", ".join(f"{symbol} at ${price}" for symbol, price in sorted(market.accepted.items()))
        found.append(Warned("accepted_prices", f"Prices as you set them, in place of the source's: {prices}."))
    return found


def _dated_views(portfolio: Portfolio, market: MarketData) -> list[Warned]:
    """Views of named sets that do not count as they are stated."""
    return [
        Warned(f"view_{view.use}", _view_words(view, portfolio))
        for view in views_as_used(portfolio, market)
        if view.use is not Use.STATED
    ]


def _view_words(view: UsedView, portfolio: Portfolio) -> str:
    stated, used, day = view.stated, view.used, view.stated.vintage.as_of if view.stated.vintage else None
    name = f"The view {stated.name} of {stated.set} ({day})"
    match view.use:
        case Use.ROLLED:
            return (
                f"{name} is rolled with prices to {view.prices_to}: {signed_percent(used.annual_return, 2)} a year in "
                f"place of {signed_percent(stated.annual_return, 2)}, at the earnings of its day."
            )
        case Use.AGED:
            return (
                f"{name} cannot be rolled with these prices and loses confidence with age: it counts with "
                f"{percent(used.confidence)} in place of {percent(stated.confidence)}."
            )
        case Use.OFF if day is not None and day > portfolio.as_of:
            return f"{name} is switched off: it was not known on the day of the decision."
        case Use.OFF:
            return f"{name} is switched off: it is older than the {plain_text(stated.years)} years that it is held for."
    raise ValueError(f"a view that counts as stated needs no words: {stated.name}")


def _kept_for_tax(portfolio: Portfolio, trades: tuple[Trade, ...]) -> list[Warned]:
    if not portfolio.preferences.reserve_tax or tax_result(portfolio, trades).tax_usd <= 0:
        return []
    text = (
        "Part of the cash is kept for this year's tax on these trades. Until that is paid, enter it as min_cash of its "
        "account: the next run cannot know what it is for."
    )
    return [Warned("cash_kept_for_tax", text)]


def _wash_sales(portfolio: Portfolio, trades: tuple[Trade, ...]) -> list[Warned]:
    losses = sorted({t.symbol for t in trades for lot in t.lots if lot.gain_usd is not None and lot.gain_usd < 0})
    if not losses:
        return []
    groups = [group for group in portfolio.identical if set(group) & set(losses)]
    named = "; ".join(", ".join(group) for group in groups)
    same = f"the same, a fund of the same index, or what the file calls identical ({named}),"
    text = (
        f"These orders sell {', '.join(losses)} at a loss. Buying "
        f"{same if groups else 'the same, or a fund of the same index,'} in any account of the household within the "
        "next 30 days, by reinvested dividends too, can disallow the loss."
    )
    return [Warned("loss_sales", text)]


def _held_back(portfolio: Portfolio, market: MarketData) -> list[Warned]:
    reasons = {
        "wash_sale": f"is at a loss, but {_same(portfolio)} was bought within 30 days",
        "almost_long_term": "has a gain that is about to become long-term",
    }
    return [
        Warned(
            f"kept_{entry.reason}",
            f"The {entry.symbol} lot of {entry.lot.acquired} in {entry.account} {reasons[entry.reason]}: "
            f"it is kept until {entry.until.isoformat()}.",
        )
        for entry in held_back(portfolio, market)
    ]


def _same(portfolio: Portfolio) -> str:
    """What counts as one security for wash sales."""
    if portfolio.identical:
        return "the same, a fund of its index or what the file calls identical"
    return "the same or a fund of its index"


def _unknown_exposure(seen: Exposure) -> list[Warned]:
    seven = seen.seven
    if seven.high - seven.low <= WIDE_INTERVAL:
        return []
    widest = max(seen.funds, key=lambda fund: fund.seven_high - fund.seven_low)
    text = (
        f"The Magnificent Seven weight is known only to within {percent(seven.high - seven.low)} of the household, "
        f"because fund lists stop early; the widest gap is {widest.symbol}. Limits bind on the upper end."
    )
    return [Warned("wide_interval", text)]


def _old_lists(portfolio: Portfolio, market: MarketData, symbols: set[str]) -> list[Warned]:
    """Lists of holdings that are more than a year old."""
    old = []
    for symbol in sorted(symbols & market.constituents.keys()):
        known = market.constituents[symbol]
        if known.as_of is not None and (portfolio.as_of - known.as_of).days > OLD_LIST_DAYS and known.gross > 0.0:
            old.append(f"{symbol} ({known.as_of.isoformat()})")
    if not old:
        return []
    text = (
        f"Lists of holdings are more than a year old: {', '.join(old)}. Weights have moved since; "
        "`advisor data import-holdings` takes the issuer's newer file."
    )
    return [Warned("old_holdings", text)]


def _defaults(portfolio: Portfolio) -> list[Warned]:
    if portfolio.tax.is_stated or not any(account.is_taxable for account in portfolio.accounts):
        return []
    tax = portfolio.tax
    text = (
        f"The file does not state both federal rates: {fraction_text(tax.short_term_rate)} on short-term and "
        f"{fraction_text(tax.long_term_rate)} on long-term gains are used, with {fraction_text(tax.state_rate)} of "
        "state tax."
    )
    return [Warned("default_tax_rates", text)]


def _proxies(portfolio: Portfolio, market: MarketData) -> list[Warned]:
    used = ", ".join(f"{symbol} as {proxy}" for symbol, proxy in market.proxied.items())
    unused = ", ".join(note.symbol for note in portfolio.securities if note.symbol not in market.proxied)
    found = []
    if used:
        found.append(
            Warned("proxies", f"Without data of their own, taken for another's risk and constituents: {used}.")
        )
    if unused:
        found.append(Warned("proxies_not_used", f"Not needed or not held, so the proxy is not used: {unused}."))
    return found


def _unknown_fees(market: MarketData, symbols: set[str]) -> list[Warned]:
    securities = [market.securities[symbol] for symbol in sorted(symbols)]
    unknown = [security.symbol for security in securities if security.is_fund and security.expense_ratio is None]
    if not unknown:
        return []
    text = (
        f"The expense ratio of {', '.join(unknown)} is unknown and counts as 0: "
        "the household's fees are at least as shown."
    )
    return [Warned("unknown_fees", text)]


def _short_histories(market: MarketData, symbols: set[str]) -> list[Warned]:
    short = market.covariance.short_histories
    named = [f"{symbol} ({short[symbol]} returns)" for symbol in sorted(symbols & short.keys())]
    if not named:
        return []
    return [Warned("short_history", f"Risk estimated from less than the whole window: {', '.join(named)}.")]


def _stand_ins(portfolio: Portfolio, market: MarketData, symbols: set[str]) -> list[Warned]:
    """Limits over past months, where some of those months are another security's."""
    limits = [limit.name for limit in portfolio.limits if limit.type.measured_on is MeasuredOn.MONTHS]
    borrowed = market.past_months.stand_ins
    named = [f"{symbol} ({borrowed[symbol]})" for symbol in sorted(symbols & borrowed.keys())]
    if not limits or not named:
        return []
    text = (
        f"The figures for {' and '.join(limits)} are of past months, in some of which these had no closes of their own "
        f"and another's stand in: {', '.join(named)}."
    )
    return [Warned("stand_in_months", text)]
