"""The warnings that a record must have, worked out again from the file, the market data and the orders.

Each is there where its reason is, in the order of weight, and says what it says: a warning that is gone, reversed or
reworded is a fault. A wording that was in use before stays here beside the present one, so that older records pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from advisor.market.data import MarketData
from advisor.portfolio.model import MAGNIFICENT_SEVEN, AccountType, Portfolio
from advisor.rebalance.verify.book import MARKET_PORTFOLIO, Book, book_of
from advisor.rebalance.verify.calendar import kept_lots
from advisor.rebalance.verify.classes import US, parts_of
from advisor.rebalance.verify.ledger import Ledger
from advisor.rebalance.verify.rules import Form, rule_of
from advisor.rebalance.verify.sessions import is_stale
from advisor.rebalance.verify.shape import FIRST_SCHEMA, is_older
from advisor.rebalance.verify.taxes import realized, schedule_d
from advisor.rebalance.verify.views import counted, stated_return

FRESH_DAYS = 7  # beside records of the first schema
YEAR_DAYS = 365
WIDE = 0.02  # of household value
TIE = 1e-12
OF_HISTORY = "stale_lot"  # takes the price history of the day, which a record does not hold

Expected = tuple[str, tuple[str, ...]]  # the code, and the wordings that say it


def check_warnings(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """Every warning that must be there, in its words and place, and none besides."""
    expected = list(expected_warnings(record, portfolio, market, ledger))
    told = [(warned["code"], warned["message"]) for warned in record["warnings"]]
    stated = [(code, message) for code, message in told if code != OF_HISTORY]
    faults = [fault for code, message in told if code == OF_HISTORY for fault in _lot_faults(message, portfolio)]
    missing = [code for code, wordings in expected if not any((code, words) in stated for words in wordings)]
    known = {(code, words) for code, wordings in expected for words in wordings}
    surplus = [code for code, message in stated if (code, message) not in known]
    faults += [f"{code}: missing, or in other words" for code in missing]
    faults += [f"{code}: not what there is to be warned of" for code in surplus]
    if not faults and [code for code, _ in stated] != [code for code, _ in expected]:
        faults.append("warnings stand twice, or in another order")
    return faults


def expected_warnings(
    record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger
) -> Iterable[Expected]:
    """Code and wordings of each, the weightiest first."""
    before = book_of("before", ledger, portfolio, market)
    symbols = {*before.weights, *book_of("after", ledger, portfolio, market).weights}
    if not is_older(record):
        yield from _concentrated(before, portfolio)
    yield from _age(portfolio, market, is_first=record["schema"] == FIRST_SCHEMA)
    yield from ((warned.code, (warned.message,)) for warned in market.warnings if warned.code != OF_HISTORY)
    yield from _accepted(market)
    yield from _dated_views(portfolio, market)
    yield from _kept_cash(portfolio, ledger)
    yield from _loss_sales(portfolio, ledger)
    yield from _kept(portfolio, market)
    yield from _wide(before)
    yield from _old_lists(portfolio, market, symbols)
    yield from _default_rates(portfolio)
    yield from _proxies(portfolio, market)
    yield from _fees(market, symbols)
    yield from _short(market, symbols)
    yield from (("covariance_note", (f"{note[:1].upper()}{note[1:]}.",)) for note in market.covariance.notes)
    yield from _borrowed_months(portfolio, market, symbols)
    yield from _small_order(portfolio, ledger)


def _concentrated(today: Book, portfolio: Portfolio) -> Iterable[Expected]:
    """No limit on the seven or a company, and much of one or the other.

    That is five points more of US stocks than of the market, a company above a tenth, or three tenths in shares of the
    seven. Where several companies are the largest, either may be named.
    """
    if any(limit.name in ("magnificent_seven", "single_company") for limit in portfolio.limits):
        return
    low, high = today.seven()
    market = Book({MARKET_PORTFOLIO: 1.0}, 0.0, today.value, today.market, portfolio).seven()
    stocks = sum(weight * parts_of(symbol, today.market).get(US, 0.0) for symbol, weight in today.weights.items())
    named = {name: today.company(name) for name in {*today.companies(), *MAGNIFICENT_SEVEN} - {None}}
    largest = max(named.values(), key=lambda ends: ends[1])
    held = {symbol: today.market.securities[symbol].company for symbol in today.weights}
    direct = sum(weight for symbol, weight in today.weights.items() if held[symbol] in MAGNIFICENT_SEVEN)
    beyond = stocks > 0.0 and high / stocks - market[1] > 0.05
    if not (beyond or largest[1] > 0.10 or direct > 0.30):
        return
    bound = "no limit on the Magnificent Seven or on one company" if portfolio.limits else "no limit"
    words = f"You set {bound}. The seven are {_span(low, high)} of your money"
    words += f" and {_span(low / stocks, high / stocks)} of your US stocks" if stocks > 0.0 else ""
    words += f"; the market's share is {_span(*market)}."
    if largest[1] <= 0.10:
        yield "concentration_without_limit", (words,)
        return
    same = [name for name, ends in named.items() if ends[1] >= largest[1] - TIE]
    told = (f"The largest company, {name}, is {_span(*named[name])} of your money." for name in same)
    yield "concentration_without_limit", tuple(f"{words} {sentence}" for sentence in told)


def _span(low: float, high: float) -> str:
    """An interval in percent, one figure where both ends read the same."""
    first, last = (f"{round(end * 100, 1) + 0.0:.1f}" for end in (low, high))
    return f"{first}%" if first == last else f"{first}\N{EN DASH}{last}%"


def _lot_faults(message: str, portfolio: Portfolio) -> list[str]:
    """A lot that seems to be of before a split: there must be such a lot, with that many shares."""
    named = re.match(r"The (\S+) lot(?: of (\d{4}-\d{2}-\d{2}))? in (.+), ([\d,.]+) shares, ", message)
    if named is None:
        return [f"{OF_HISTORY}: names no lot"]
    symbol, day, account, shares = named.groups()
    lots = [
        lot
        for place in portfolio.accounts
        for position in place.positions
        for lot in position.lots
        if (place.name, position.symbol) == (account, symbol)
        and (None if lot.acquired is None else lot.acquired.isoformat()) == day
        and lot.shares == Decimal(shares.replace(",", ""))
    ]
    return [] if lots else [f"{OF_HISTORY}: the household has no such lot of {symbol}"]


def _age(portfolio: Portfolio, market: MarketData, *, is_first: bool) -> Iterable[Expected]:
    days = portfolio.as_of.toordinal() - market.as_of.toordinal()
    if days < 0:
        yield "prices_after_decision", (f"The prices are of {market.as_of}, after the day of the decision.",)
    if days > FRESH_DAYS if is_first else is_stale(market.as_of, portfolio.as_of):
        yield (
            "stale_prices",
            (
                f"The prices are of {market.as_of}, {days} days before the day of the decision: check each price "
                "before placing an order.",
            ),
        )


def _accepted(market: MarketData) -> Iterable[Expected]:
    if market.accepted:
        prices = ", ".join(f"{symbol} at ${market.accepted[symbol]}" for symbol in sorted(market.accepted))
        yield "accepted_prices", (f"Prices as you set them, in place of the source's: {prices}.",)


def _kept_cash(portfolio: Portfolio, ledger: Ledger) -> Iterable[Expected]:
    with_orders, _ = schedule_d(portfolio, *realized(ledger, portfolio))
    without, _ = schedule_d(portfolio, Decimal(0), Decimal(0))
    if portfolio.preferences.reserve_tax and with_orders > without:
        yield (
            "cash_kept_for_tax",
            (
                "Part of the cash is kept for this year's tax on these trades. Until that is paid, enter it as "
                "min_cash of its account: the next run cannot know what it is for.",
            ),
        )


def _loss_sales(portfolio: Portfolio, ledger: Ledger) -> Iterable[Expected]:
    """A loss counts from the first cent; what has no cost has none."""
    sold = sorted(
        {
            order.symbol
            for order in ledger.orders
            for part in order.sold
            if order.account.type is AccountType.TAXABLE and Decimal(part.line["gain_usd"] or 0) < 0
        }
    )
    groups = [", ".join(group) for group in portfolio.identical if any(symbol in group for symbol in sold)]
    same = "the same, or a fund of the same index,"
    if groups:
        same = f"the same, a fund of the same index, or what the file calls identical ({'; '.join(groups)}),"
    if sold:
        yield (
            "loss_sales",
            (
                f"These orders sell {', '.join(sold)} at a loss. Buying {same} in any account of the household within "
                "the next 30 days, by reinvested dividends too, can disallow the loss.",
            ),
        )


def _kept(portfolio: Portfolio, market: MarketData) -> Iterable[Expected]:
    alike = "the same or a fund of its index"
    if portfolio.identical:
        alike = "the same, a fund of its index or what the file calls identical"
    because = {
        "wash_sale": f"is at a loss, but {alike} was bought within 30 days",
        "almost_long_term": "has a gain that is about to become long-term",
    }
    for kept in kept_lots(portfolio, market):
        lot = f"The {kept.symbol} lot of {kept.lot.acquired} in {kept.account}"
        yield f"kept_{kept.reason}", (f"{lot} {because[kept.reason]}: it is kept until {kept.until}.",)


def _dated_views(portfolio: Portfolio, market: MarketData) -> Iterable[Expected]:
    """Views of named sets that do not count as they are stated."""
    for view in portfolio.views:
        found = counted(view, portfolio, market)
        if view.vintage is None or found.use == "stated":
            continue
        both = " over ".join(filter(None, (view.symbol, view.over)))
        name = f"The view {both} of {view.set} ({view.vintage.as_of.isoformat()})"
        words = {
            "rolled": f"is rolled with prices to {found.prices_to}: {_signed(found.annual_return)} a year in place of "
            f"{_signed(stated_return(view))}, at the earnings of its day.",
            "aged": "cannot be rolled with these prices and loses confidence with age: it counts with "
            f"{100 * found.confidence:.1f}% in place of {100 * view.confidence:.1f}%.",
            "off": "is switched off: it was not known on the day of the decision."
            if view.vintage.as_of > portfolio.as_of
            else f"is switched off: it is older than the {view.years.normalize():f} years that it is held for.",
        }
        yield f"view_{found.use}", (f"{name} {words[found.use]}",)


def _signed(annual_return: float) -> str:
    """A return in percent with its sign, and none for what is printed as zero."""
    text = f"{100 * annual_return:+.2f}%"
    return "0.00%" if text in ("+0.00%", "-0.00%") else text.replace("-", "\N{MINUS SIGN}")


def _wide(before: Book) -> Iterable[Expected]:
    low, high = before.seven()
    if high - low <= WIDE:
        return
    lists = {
        symbol: before.market.constituents[symbol]
        for symbol in before.weights
        if before.market.securities[symbol].is_fund
    }
    gaps = {
        symbol: before.weights[symbol] * (known.magnificent_seven[1] - known.magnificent_seven[0])
        for symbol, known in lists.items()
    }
    widest = [symbol for symbol, gap in gaps.items() if gap >= max(gaps.values()) - TIE]
    yield (
        "wide_interval",
        tuple(
            f"The Magnificent Seven weight is known only to within {high - low:.1%} of the household, because fund "
            f"lists stop early; the widest gap is {symbol}. Limits bind on the upper end."
            for symbol in widest
        ),
    )


def _old_lists(portfolio: Portfolio, market: MarketData, symbols: set[str]) -> Iterable[Expected]:
    lists = [market.constituents[symbol] for symbol in sorted(symbols) if symbol in market.constituents]
    old = [
        f"{known.fund} ({known.as_of})"
        for known in lists
        if known.as_of is not None
        and known.gross > 0
        and portfolio.as_of.toordinal() - known.as_of.toordinal() > YEAR_DAYS
    ]
    if old:
        yield (
            "old_holdings",
            (
                f"Lists of holdings are more than a year old: {', '.join(old)}. Weights have moved since; "
                "`advisor data import-holdings` takes the issuer's newer file.",
            ),
        )


def _default_rates(portfolio: Portfolio) -> Iterable[Expected]:
    law = portfolio.tax
    rates = (law.short_term_rate, law.long_term_rate, law.state_rate)
    if not law.is_stated and any(account.type is AccountType.TAXABLE for account in portfolio.accounts):
        yield (
            "default_tax_rates",
            tuple(
                f"The file does not state both federal rates: {short} on short-term and {long} on long-term gains are "
                f"used, with {state} of state tax."
                for short, long, state in ([_as_written(rate) for rate in rates], [f"{rate:.1%}" for rate in rates])
            ),
        )


def _as_written(rate: Decimal) -> str:
    text = f"{rate * 100:f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"


def _proxies(portfolio: Portfolio, market: MarketData) -> Iterable[Expected]:
    used = [f"{symbol} as {market.proxied[symbol]}" for symbol in market.proxied]
    unused = [note.symbol for note in portfolio.securities if note.symbol not in market.proxied]
    if used:
        text = f"Without data of their own, taken for another's risk and constituents: {', '.join(used)}."
        yield "proxies", (text,)
    if unused:
        yield "proxies_not_used", (f"Not needed or not held, so the proxy is not used: {', '.join(unused)}.",)


def _fees(market: MarketData, symbols: set[str]) -> Iterable[Expected]:
    unknown = sorted(
        symbol
        for symbol in symbols
        if market.securities[symbol].is_fund and market.securities[symbol].expense_ratio is None
    )
    if unknown:
        yield (
            "unknown_fees",
            (
                f"The expense ratio of {', '.join(unknown)} is unknown and counts as 0: the household's fees are at "
                "least as shown.",
            ),
        )


def _short(market: MarketData, symbols: set[str]) -> Iterable[Expected]:
    counts = market.covariance.short_histories
    named = [f"{symbol} ({counts[symbol]} returns)" for symbol in sorted(counts) if symbol in symbols]
    if named:
        yield "short_history", (f"Risk estimated from less than the whole window: {', '.join(named)}.",)


def _borrowed_months(portfolio: Portfolio, market: MarketData, symbols: set[str]) -> Iterable[Expected]:
    limits = [limit.name for limit in portfolio.limits if rule_of(limit.name).form is Form.PAST_MONTHS]
    borrowed = market.past_months.stand_ins
    named = [f"{symbol} ({borrowed[symbol]})" for symbol in sorted(borrowed) if symbol in symbols]
    if limits and named:
        yield (
            "stand_in_months",
            (
                f"The figures for {' and '.join(limits)} are of past months, in some of which these had no closes of "
                f"their own and another's stand in: {', '.join(named)}.",
            ),
        )


def _small_order(portfolio: Portfolio, ledger: Ledger) -> Iterable[Expected]:
    """An order below the least trade that does not sell a position out."""
    least = portfolio.preferences.smallest_order_usd
    small = [
        order
        for order in ledger.orders
        if order.amount < least and ledger.shares_after[order.account.name, order.symbol] != 0
    ]
    if small:
        yield "below_min_trade", (f"A limit needs at least one order smaller than min_trade, ${least:,.0f}.",)
