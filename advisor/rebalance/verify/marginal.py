"""What one more dollar of each trade is said to gain, part by part, against the raw tables and the law.

Mix, views, fees, doubt and spread follow for every trade. Tax follows where the year does not end at a
corner of the law.
The part of a limit that is linear in the trades is one price times what the trade adds to it, and that price is the
limit's. What is left, the cash of the accounts and the other limits, is the solver's.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from scipy.optimize import nnls

from advisor.market.data import MarketData
from advisor.portfolio.model import Limit, Portfolio
from advisor.rebalance.verify.book import Book
from advisor.rebalance.verify.calendar import alike_symbols, barred_now, kept_lots
from advisor.rebalance.verify.classes import CASH, parts_of
from advisor.rebalance.verify.defaults import SMALL
from advisor.rebalance.verify.frame import Frame, frame_of, frame_of_today
from advisor.rebalance.verify.later import carried_worth, cost_years, later_saved
from advisor.rebalance.verify.ledger import Ledger, household_value
from advisor.rebalance.verify.optimum import Move, Optimum, moves_of, optimum_of, slopes
from advisor.rebalance.verify.rules import has_one_price, measure

EQUAL = 1e-9
LEFT_OUT = 2e-8  # a part that is next to nothing for every trade is not in the record
SOLVED = 1e-6  # a year: what the solver's certificate accepts
TAXED, OF_TAX = 1e-5, 1e-3  # what the prices of several rows of the tax may be apart by together, and as a part of it
PRICED = 1e-5  # a year, for the whole of the household: a thousandth of a basis point for each percentage point
CORNER = 1e-5  # of value: nearer to a corner of the tax, its rate is one of several
MOST_LOTS = 300  # a household of more has reasons for the lots alone that are sold


def optimum_in(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> Optimum:
    """The optimum of the record's reasons. Raises `LookupError` where one is not of this household."""
    value = household_value(ledger.shares_before, ledger.cash_before, market)
    moves = moves_of(record["explanation"]["reasons"], portfolio, market, value)
    return optimum_of(moves, ledger, portfolio, market)


def explained_frame(record: dict[str, Any], portfolio: Portfolio, market: MarketData) -> Frame:
    """What the plan that is explained takes as given."""
    question = frame_of if record["explanation"]["plan"] == "best" else frame_of_today
    return question(portfolio, market)


def check_marginal(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """Each reason is of this household, adds up, and has the parts that follow."""
    found = optimum_in(record, portfolio, market, ledger)
    value = household_value(ledger.shares_before, ledger.cash_before, market)
    book = Book({}, 0.0, value, market, portfolio)
    expected = _expected_parts(found, portfolio, market, explained_frame(record, portfolio, market))
    faults = _coverage_faults(found, portfolio, market)
    for move, parts in zip(found.moves, expected, strict=True):
        faults += _sum_faults(move)
        faults += [
            f"{move.name}: {part} {move.reason['parts'].get(part, 0.0):.3g} stated, {worth:.3g} worked out"
            for part, worth in parts.items()
            if _differs(move.reason["parts"], part, worth, SOLVED if part == "mix" else EQUAL)
        ]
    faults += _default_faults(record, found, market)
    faults += _choice_faults(found, portfolio, market)
    faults += _tax_faults(found, portfolio, market, float(value))
    return faults + _limit_faults(record, found, portfolio, market, book)


def _differs(parts: dict[str, float], part: str, worth: float, tolerance: float) -> bool:
    return abs(parts.get(part, 0.0) - worth) > (tolerance if part in parts else max(tolerance, LEFT_OUT))


def _sum_faults(move: Move) -> list[str]:
    reason = move.reason
    faults = []
    if move.lot is None and (reason["acquired"], reason["cost_per_share_usd"]) != (None, None):
        faults.append(f"{move.name}: a lot, which a purchase has not")
    if abs(sum(reason["parts"].values()) - reason["net"]) > EQUAL:
        faults.append(f"{move.name}: the parts do not add up to the net")
    if not -EQUAL <= reason["traded"] <= 1.0 + EQUAL:
        faults.append(f"{move.name}: {reason['traded']} of it traded")
    return faults


def _coverage_faults(found: Optimum, portfolio: Portfolio, market: MarketData) -> list[str]:
    """A reason for each lot that may be sold, for none that may not, and for nothing that is not on offer."""
    lots = [
        (account.name, position.symbol, lot)
        for account in portfolio.accounts
        for position in account.positions
        for lot in position.lots
    ]
    kept = {(entry.account, entry.symbol, entry.lot) for entry in kept_lots(portfolio, market)}
    free = {key for key in lots if portfolio.may_sell(key[0], key[1]) and key not in kept}
    told = [(move.account.name, move.symbol, move.lot) for move in found.moves if move.lot is not None]
    faults = [f"sell {key[1]} in {key[0]}: a reason for a lot that may not be sold" for key in told if key not in free]
    if len(lots) <= MOST_LOTS:
        missing = Counter(key for key in lots if key in free) - Counter(told)
        faults += [f"sell {symbol} in {name}: no reason, sold or kept" for name, symbol, _ in missing]
    return faults + _purchase_faults(found, portfolio, market)


def _purchase_faults(found: Optimum, portfolio: Portfolio, market: MarketData) -> list[str]:
    barred = barred_now(portfolio, market)
    bought = [(move.account.name, move.symbol) for move in found.moves if move.lot is None]
    faults = [
        f"buy {symbol} in {name}: two reasons" for name, symbol in set(bought) if bought.count((name, symbol)) > 1
    ]
    return faults + [
        f"{move.name}: not on offer"
        for move in found.moves
        if move.lot is None and (not portfolio.may_buy(move.account, move.symbol) or move.symbol in barred)
    ]


def _expected_parts(found: Optimum, portfolio: Portfolio, market: MarketData, frame: Frame) -> list[dict[str, float]]:
    """By reason: the parts that follow from the tables, what is next to nothing included."""
    apart, rate, years = slopes(found, portfolio, market, frame), market.risk_free.value, cost_years(portfolio)
    doubt = float(portfolio.preferences.return_uncertainty)
    expected = []
    for move in found.moves:
        side = 1.0 if move.lot is None else -1.0
        security = market.securities[move.symbol]
        half = security.half_spread.value
        fee = 0.0 if security.expense_ratio is None else security.expense_ratio.value
        expected.append(
            {
                "mix": side * apart[move.symbol],
                "views": side * (frame.returns[move.symbol] - frame.implied[move.symbol]),
                "fees": -side * fee,
                "doubt": -doubt if move.lot is not None and move.gain >= 0.0 else 0.0,
                "spread": -half / years - rate * half,
            }
        )
    return expected


def _choice_faults(found: Optimum, portfolio: Portfolio, market: MarketData) -> list[str]:
    """What is traded gains, and what is kept loses: each to within what the certificate accepts of the whole."""
    faults = []
    for move in found.moves:
        net = move.reason["net"]
        if net < 0 and -net * move.amount > SOLVED:
            faults.append(f"{move.name}: traded, although one more dollar of it loses {-net:.3g} a year")
        left = move.size - move.amount
        if move.lot is not None and net * left > SOLVED and not _may_be_barred(move, portfolio, market):
            faults.append(f"{move.name}: kept, although one more dollar of it gains {net:.3g} a year")
    return faults


def _may_be_barred(move: Move, portfolio: Portfolio, market: MarketData) -> bool:
    """Whether the optimum may have left the lot alone because of a purchase: of the same, or beside a loss."""
    alike = alike_symbols(move.symbol, portfolio, market) if move.gain < 0 else {move.symbol}
    return any(symbol in alike for symbol in portfolio.preferences.buy)


def _tax_faults(found: Optimum, portfolio: Portfolio, market: MarketData, value: float) -> list[str]:
    """No tax where none is due; one rate for all lots of a term, less what it saves later; off the corners its own."""
    years, later = cost_years(portfolio), later_saved(portfolio, market)
    rates = _marginal_rates(found, portfolio, market, value)
    net = _stated_rates(found, years) if rates is None else {term: rate - later for term, rate in rates.items()}
    expected = [-move.gain * net[move.is_long] / years for move in found.moves]
    return [
        f"{move.name}: a tax part of {move.reason['parts'].get('tax', 0.0):.3g}, {worth:.3g} worked out"
        for move, worth in zip(found.moves, expected, strict=True)
        if _differs(move.reason["parts"], "tax", worth, TAXED + OF_TAX * abs(worth))
    ]


def _stated_rates(found: Optimum, years: float) -> dict[bool, float]:
    """At a corner of the law: the rate of each term that the lot with the largest gain or loss states."""
    rates = {}
    for is_long in (False, True):
        largest = max(
            (move for move in found.moves if move.is_long is is_long), key=lambda move: abs(move.gain), default=None
        )
        taxed = largest is not None and largest.gain != 0.0
        rates[is_long] = -largest.reason["parts"].get("tax", 0.0) / largest.gain * years if largest and taxed else 0.0
    return rates


def _marginal_rates(found: Optimum, portfolio: Portfolio, market: MarketData, value: float) -> dict[bool, float] | None:
    """What one more dollar of gain costs, short-term (False) and long-term (True); None near a corner of the law."""
    law = portfolio.tax
    on_short, on_long = float(law.short_term_rate + law.state_rate), float(law.long_term_rate + law.state_rate)
    most = (1500 if law.filing_status == "married_separate" else 3000) / value
    net = found.short + found.long
    if min(abs(net), abs(net + most), abs(found.short), abs(found.long)) < CORNER:
        return None
    if net < 0:
        rate = on_short if net > -most else carried_worth(portfolio, market)
        return {False: rate, True: rate}
    if found.long < 0:
        return {False: on_short, True: on_short}
    return {False: on_long if found.short < 0 else on_short, True: on_long}


def _limit_faults(
    record: dict[str, Any], found: Optimum, portfolio: Portfolio, market: MarketData, book: Book
) -> list[str]:
    """The part of each linear limit is one price, not below zero, times what the trade takes of it; so is its price."""
    entries = {(entry["name"], entry["kind"]): entry for entry in record["limits"]}
    faults = []
    for limit in portfolio.limits:
        entry = entries[limit.name, str(limit.side)]
        label = f"{limit.name}.{limit.side}"
        stated = np.array([move.reason["parts"].get(label, 0.0) for move in found.moves])
        if has_one_price(limit.name):
            relief = np.array([_relief(limit, entry["allowed"], move, market, book) for move in found.moves])
            price = float(relief @ stated / (relief @ relief)) if relief @ relief > 0 else 0.0
            if np.abs(stated - price * relief).max(initial=0.0) > LEFT_OUT or price < -LEFT_OUT:
                faults.append(f"{label}: its parts are no one price for what each trade takes of it")
            faults += _price_faults(label, entry, price, record["status"])
    return faults


def _default_faults(record: dict[str, Any], found: Optimum, market: MarketData) -> list[str]:
    """The parts of default bounds are prices, none below zero, times what the trade takes of them.

    Those on cash and classes are told together, since only the difference of their prices is determined.
    """
    faults = []
    small = [entry for entry in record["defaults"] if entry["name"] == SMALL]
    others = [entry for entry in record["defaults"] if entry["name"] != SMALL]
    for label, entries in (("defaults", others), (f"defaults.{SMALL}", small)):
        stated = np.array([move.reason["parts"].get(label, 0.0) for move in found.moves])
        relief = np.array([[_default_relief(entry, move, market) for entry in entries] for move in found.moves])
        is_told = bool(entries and found.moves)
        left = stated - relief @ nnls(relief, stated)[0] if is_told else stated
        if np.abs(left).max(initial=0.0) > LEFT_OUT:
            faults.append(f"{label}: its parts are no prices for what each trade takes of it")
    return faults


def _default_relief(entry: dict[str, Any], move: Move, market: MarketData) -> float:
    """How far one more dollar of the trade takes the household away from the bound."""
    side = 1.0 if move.lot is None else -1.0
    half = market.securities[move.symbol].half_spread.value
    if entry["name"] == SMALL:
        of_security = float((market.securities[move.symbol].sector or "").startswith("Small "))
    else:
        of_security = parts_of(move.symbol, market).get(entry["name"], 0.0)
    of_cash = 1.0 if entry["name"] == CASH else 0.0
    return -float(side * of_security - (side + half) * of_cash + entry["bound"] * half)


def _price_faults(label: str, entry: dict[str, Any], price: float, status: str) -> list[str]:
    """The price of a limit, basis points for a percentage point, is the one in the reasons."""
    stated, between = entry["price_bps_per_pp"], entry["price_range_bps_per_pp"]
    if status != "trade":
        return [f"{label}: a price where nothing is done"] if (stated, between) != (None, None) else []
    if stated is not None and abs(stated / 100 - price) > PRICED:
        return [f"{label}: a price of {stated:.4g} stated, {100 * price:.4g} in the reasons"]
    if stated is None and between is None and price > PRICED:
        return [f"{label}: no price stated, {100 * price:.4g} in the reasons"]
    return []


def _relief(limit: Limit, allowed: float | None, move: Move, market: MarketData, book: Book) -> float:
    """How far one more dollar of the trade takes the household away from the bound, which moves with its value."""
    side = 1.0 if move.lot is None else -1.0
    half = market.securities[move.symbol].half_spread.value
    if limit.name == "turnover":
        return -0.5
    if limit.name == "realized_gain":
        return -move.gain if move.lot is not None else 0.0
    bound = float(limit.bound) if allowed is None else allowed
    of_security = 0.0 if limit.name == "cash" else measure(limit, _of_one(move.symbol, book), None)
    of_cash = 1.0 if limit.name == "cash" else 0.0
    more = side * of_security - (side + half) * of_cash + bound * half
    return -more if limit.side == "max" else more


def _of_one(symbol: str, book: Book) -> Book:
    """A household that holds one security and nothing else."""
    return Book({symbol: 1.0}, 0.0, book.value, book.market, book.portfolio)
