"""Prices of a backtest: one column for each symbol, without gaps once it trades."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from itertools import pairwise

import numpy as np

from advisor.backtest.measures import DAYS_A_YEAR
from advisor.backtest.model import History
from advisor.errors import MarketDataError
from advisor.market.data import BILLS, MARKET
from advisor.market.estimate.returns import PricePanel, years_before
from advisor.market.symbols import canonical_symbol
from advisor.portfolio.model import Portfolio
from advisor.units import TRADING_DAYS

LARGE_CAPS = "SPY"  # stands for the market before `MARKET` has a history
CASH_FUNDS = ("BIL", BILLS)  # funds of Treasury bills: what cash earned
LEAST_DAYS = 60  # sessions, below which nothing is said of a past
DENSE = 0.9  # part of the sessions of a year that daily prices have at least
LONGEST_CLOSURE = 7  # days from close to close, in September 2001
NOTED = 6  # symbols that a message names one by one


def symbols_of(portfolio: Portfolio) -> tuple[str, ...]:
    """What the policy may hold, measures against, and takes for the market, in alphabetical order."""
    wanted = {*held_symbols(portfolio), *portfolio.preferences.buy, portfolio.preferences.benchmark, LARGE_CAPS}
    return tuple(sorted(wanted | {limit.benchmark for limit in portfolio.limits if limit.benchmark}))


def held_symbols(portfolio: Portfolio) -> tuple[str, ...]:
    """Symbols held today, in alphabetical order."""
    return tuple(sorted({p.symbol for account in portfolio.accounts for p in account.positions}))


def wanted_columns(portfolio: Portfolio) -> frozenset[str]:
    """Columns of a price panel that a backtest reads."""
    own = {canonical_symbol(symbol) for symbol in symbols_of(portfolio)}
    return frozenset({*own, *(canonical_symbol(note.proxy) for note in portfolio.securities), MARKET, *CASH_FUNDS})


def history_of(panel: PricePanel, portfolio: Portfolio, end: date | None = None) -> History:
    """The columns of `panel` that a backtest of `portfolio` needs, up to `end`.

    A fund of the buy list without prices is never on offer. Raises `MarketDataError` for another symbol without
    prices, for one whose prices have a gap or stop, and for a panel without days.
    """
    columns, stand_ins = _columns(panel, portfolio)
    if MARKET in panel.symbols:
        columns[MARKET] = MARKET
    symbols = tuple(sorted(columns))
    cut = panel.between(date.min, end) if end else panel
    every = np.column_stack([cut.column(columns[symbol]) for symbol in symbols])
    rows = np.asarray(np.isfinite(every).any(axis=1))
    days = tuple(day for day, kept in zip(cut.days, rows, strict=True) if kept)
    if len(days) < LEAST_DAYS:
        until = f" up to {end}" if end else ""
        raise MarketDataError(
            f"{len(days)} days of prices{until}: a backtest needs years of them, and at least {LEAST_DAYS} days in its "
            "window; give a longer panel with --prices"
        )
    prices = every[rows]
    _refuse_sparse(days)
    bills = _bills(cut, rows)
    cash = np.ones(len(days)) if bills is None else cut.column(bills)[rows]
    watched = (symbols, prices) if bills is None else ((*symbols, bills), np.column_stack([prices, cash]))
    if gaps := list(_gaps(*watched, days)):
        more = f"\n  and {len(gaps) - NOTED} more" if len(gaps) > NOTED else ""
        listed = "".join(f"\n  {text}" for text in gaps[:NOTED])
        raise MarketDataError(f"prices with gaps, which a backtest cannot trade at:{listed}{more}\nmend the panel")
    return History(symbols, days, prices, _growth(cash), bills, stand_ins)


def first_start(history: History, held: Collection[str], window_years: int) -> int:
    """Row of the first day on which every held symbol, and the market, has the whole window behind it.

    Raises `MarketDataError`, naming the symbols that begin last, where there is none.
    """
    needed = {*held, LARGE_CAPS}
    begins = {symbol: history.days[history.first_row(symbol)] for symbol in needed}
    latest = max(begins.values())
    row = next((k for k, day in enumerate(history.days) if years_before(day, window_years) >= latest), None)
    if row is None or row >= len(history.days) - 1:
        last = ", ".join(sorted(symbol for symbol, day in begins.items() if day == latest))
        raise MarketDataError(
            f"no day has {window_years} years of prices before it for every holding: {last} begins on {latest}, the "
            f"panel ends on {history.days[-1]}; give a longer panel, or a shorter --window-years"
        )
    return row


def start_row(history: History, held: Collection[str], window_years: int, start: date | None) -> int:
    """Row of the first session from `start` on, or of the first possible one.

    Raises `MarketDataError` for a start that is too early, naming the symbols and the first possible date, or too late,
    and where fewer than `LEAST_DAYS` sessions follow.
    """
    first = first_start(history, held, window_years)
    if start is None:
        _refuse_short(history, first)
        return first
    if start < history.days[first]:
        begins = {s: history.days[history.first_row(s)] for s in {*held, LARGE_CAPS}}
        late = {s: day for s, day in begins.items() if day > years_before(start, window_years)}
        listed = ", ".join(f"{s} (prices from {day})" for s, day in sorted(late.items()))
        raise MarketDataError(
            f"--start {start} is too early: {listed} without {window_years} years of prices before it; the first "
            f"possible day is {history.days[first]}"
        )
    row = next((k for k, day in enumerate(history.days) if day >= start), None)
    if row is None or row >= len(history.days) - 1:
        raise MarketDataError(f"--start {start}: no prices after it; the last are of {history.days[-1]}")
    _refuse_short(history, row)
    return row


def _refuse_short(history: History, row: int) -> None:
    """Refuse a past of days or weeks, of which no rate a year can be said."""
    sessions = len(history.days) - 1 - row
    if sessions < LEAST_DAYS:
        raise MarketDataError(
            f"{sessions} sessions from {history.days[row]} to {history.days[-1]}: a backtest needs at least "
            f"{LEAST_DAYS} after its first day; start earlier, or give a longer panel or a shorter --window-years"
        )


def _columns(panel: PricePanel, portfolio: Portfolio) -> tuple[dict[str, str], dict[str, str]]:
    """Symbol -> column of the panel, and the symbols that take the prices of their proxy."""
    proxies = {note.symbol: canonical_symbol(note.proxy) for note in portfolio.securities}
    optional = set(portfolio.preferences.buy) - {*held_symbols(portfolio), portfolio.preferences.benchmark}
    columns: dict[str, str] = {}
    stand_ins: dict[str, str] = {}
    missing: list[str] = []
    for symbol in symbols_of(portfolio):
        if (own := canonical_symbol(symbol)) in panel.symbols:
            columns[symbol] = own
        elif proxies.get(symbol) in panel.symbols:
            columns[symbol] = stand_ins[symbol] = proxies[symbol]
        elif symbol not in optional:
            missing.append(symbol)
    if missing:
        raise MarketDataError(
            f"no prices for {', '.join(missing)}: add a column for each to the panel, or name a security of the same "
            "kind that it has: `securities: [{symbol: X, proxy: ..., price: ...}]`"
        )
    return columns, stand_ins


def _refuse_sparse(days: tuple[date, ...]) -> None:
    """Refuse prices that are not daily: returns of months would be taken for returns of days."""
    years = (days[-1] - days[0]).days / DAYS_A_YEAR
    if len(days) < DENSE * TRADING_DAYS * years:
        raise MarketDataError(
            f"{len(days)} days of prices between {days[0]} and {days[-1]} are not daily: a backtest needs every session"
        )
    for before, after in pairwise(days):
        if (after - before).days > LONGEST_CLOSURE:
            raise MarketDataError(f"no prices between {before} and {after}: a backtest needs every session")


def _gaps(symbols: tuple[str, ...], prices: np.ndarray, days: tuple[date, ...]) -> Iterator[str]:
    """Days without a close after a symbol's first, in words."""
    for column, symbol in enumerate(symbols):
        known = np.isfinite(prices[:, column])
        missing = np.flatnonzero(~known & np.logical_or.accumulate(known))
        if not known[-1] and missing.size:
            last = int(np.flatnonzero(known)[-1])
            yield f"{symbol}: its last price is of {days[last]}, the panel's of {days[-1]}"
        elif missing.size:
            more = f" and on {missing.size - 1} other days" if missing.size > 1 else ""
            yield f"{symbol}: no price on {days[missing[0]]}{more}"


def _bills(panel: PricePanel, rows: np.ndarray) -> str | None:
    """The fund of bills that begins first."""
    known = [fund for fund in CASH_FUNDS if fund in panel.symbols and np.isfinite(panel.column(fund)[rows]).any()]
    return min(known, key=lambda fund: int(np.argmax(np.isfinite(panel.column(fund)[rows]))), default=None)


def _growth(closes: np.ndarray) -> np.ndarray:
    """What a dollar had become on each day; 1 before the first close."""
    first = int(np.argmax(np.isfinite(closes)))
    return np.concatenate([np.ones(first), closes[first:] / closes[first]])
