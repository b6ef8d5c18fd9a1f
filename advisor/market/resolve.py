"""Fits market data to a portfolio: adds what the user supplies, and refuses a symbol that nobody has data for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from advisor.errors import InputError, Issue, MarketDataError
from advisor.market.data import (
    MARKET,
    Constituents,
    FactorCovariance,
    MarketData,
    Origin,
    PastMonths,
    Security,
    Sourced,
)
from advisor.market.symbols import canonical_symbol
from advisor.portfolio.model import Portfolio, SecurityNote

YOUR_PROXY = "(your proxy)"
USER_FILE = "portfolio file"


def resolve(market: MarketData, portfolio: Portfolio) -> MarketData:
    """Market data in which every symbol that the portfolio holds, buys, views or measures against is found.

    A security under ``securities:`` takes the risk, constituents, sector and index of its proxy; where it has
    data of its own, the note only fills in constituents that are missing. Another spelling of a symbol with data
    (BRK-B for BRK.B) becomes a copy of it.

    Raises
    ------
    InputError
        A symbol on the buy list without data, or one that is no fund.
    MarketDataError
        Symbols without data, all named at once with the accounts they are in and the two ways to supply them.
    """
    notes = {note.symbol: note for note in portfolio.securities}
    required = _required(portfolio)
    copies: dict[str, tuple[Security, str]] = {}
    constituents = dict(market.constituents)
    proxied: dict[str, str] = {}
    missing: dict[str, str] = {}
    for symbol in sorted({*required, *notes}):
        original = canonical_symbol(symbol)
        if symbol in market.securities:
            if _fill_constituents(constituents, market, notes.get(symbol)):
                proxied[symbol] = notes[symbol].proxy
        elif original in market.securities:
            copies[symbol] = (replace(market.securities[original], symbol=symbol), original)
            if original in constituents:
                constituents[symbol] = replace(constituents[original], fund=symbol)
        elif symbol in notes and _is_complete(notes[symbol], market):
            note = notes[symbol]
            proxy = canonical_symbol(note.proxy)
            copies[symbol] = (_proxied(note, market.securities[proxy], portfolio), proxy)
            proxied[symbol] = note.proxy
            if proxy in constituents:
                constituents[symbol] = _as_proxy(symbol, constituents[proxy])
        elif symbol in required:
            missing[symbol] = _describe(symbol, required[symbol], notes.get(symbol), market)
    if missing.keys() - {*portfolio.preferences.buy}:
        raise MarketDataError(_message(list(missing.values()), market))
    copied = {symbol: security for symbol, (security, _) in copies.items()}
    _refuse_buys(portfolio, {**market.securities, **copied}, market)
    return replace(_extended(market, copies, constituents), proxied=MappingProxyType(proxied))


def _refuse_buys(portfolio: Portfolio, known: Mapping[str, Security], market: MarketData) -> None:
    """Raise `InputError` for what may be bought and is no fund, or has no data."""
    buy, places = portfolio.preferences.buy, portfolio.preferences.buy_where
    issues = []
    for symbol, where in zip(buy, places or (None,) * len(buy), strict=True):
        if symbol not in known:
            hint = (
                "remove it; or declare it under securities with a proxy that has data, and a price; or ask a source "
                "that has it: --market yahoo, or a folder with its prices"
            )
            issues.append(Issue(f"{symbol} cannot be bought: {market.id} has no data for it", where, hint))
        elif not known[symbol].is_fund:
            hint = "remove it: what is bought is a fund, so that no company's own risk is added"
            issues.append(Issue(f"{symbol} cannot be bought: it is shares of {known[symbol].company}", where, hint))
    if issues:
        raise InputError(tuple(issues), portfolio.name)


def needed_symbols(portfolio: Portfolio) -> tuple[str, ...]:
    """Symbols that a price source is asked for, in one spelling each: `resolve`'s, their proxies, and the market's."""
    required = _required(portfolio)
    proxies = {note.proxy for note in portfolio.securities if note.symbol in required}
    return tuple(sorted({canonical_symbol(symbol) for symbol in (*required, *proxies, MARKET)}))


def _required(portfolio: Portfolio) -> dict[str, list[str]]:
    """Symbol -> where the portfolio asks for it."""
    places: dict[str, list[str]] = {}
    for account in portfolio.accounts:
        for position in account.positions:
            places.setdefault(position.symbol, []).append(f"account {account.name!r}")
        for symbol in account.buy or ():
            places.setdefault(symbol, []).append(f"buy of account {account.name!r}")
    for symbol in portfolio.preferences.buy:
        places.setdefault(symbol, []).append("preferences.buy")
    for view in portfolio.views:
        for symbol in view.symbols:
            places.setdefault(symbol, []).append("views")
    places.setdefault(portfolio.preferences.benchmark, []).append("preferences.benchmark")
    for limit in portfolio.limits:
        if limit.benchmark is not None:
            places.setdefault(limit.benchmark, []).append(f"limits.{limit.name}.benchmark")
    return places


def _is_complete(note: SecurityNote, market: MarketData) -> bool:
    return note.price_usd is not None and canonical_symbol(note.proxy) in market.securities


def _describe(symbol: str, places: list[str], note: SecurityNote | None, market: MarketData) -> str:
    text = f"{symbol} ({', '.join(dict.fromkeys(places))})"
    if note is None:
        return text
    if canonical_symbol(note.proxy) not in market.securities:
        return f"{text}: its proxy {note.proxy} has no data either"
    return f"{text}: proxy {note.proxy} given, but no price"


def _message(missing: list[str], market: MarketData) -> str:
    lines = "\n".join(f"  {text}" for text in missing)
    return (
        f"No market data in {market.id} for:\n{lines}\n"
        "Supply each of them in one of three ways:\n"
        "  1. in the portfolio file: securities: [{symbol: X, proxy: <a symbol with data>, price: <dollars a share>}]\n"
        "  2. with --market yahoo, which asks Yahoo for the ticker symbols of the file\n"
        "  3. with --market FOLDER, prices.csv of your own (docs/users/data.md)"
    )


def _proxied(note: SecurityNote, proxy: Security, portfolio: Portfolio) -> Security:
    if note.price_usd is None:
        raise MarketDataError(f"{note.symbol}: no price")
    fee = None if note.expense_ratio is None else Sourced(float(note.expense_ratio), portfolio.as_of, USER_FILE)
    spread = replace(proxy.half_spread, source=f"as {proxy.symbol} {YOUR_PROXY}; {proxy.half_spread.source}")
    return replace(
        proxy,
        symbol=note.symbol,
        name=f"{note.symbol}, as {proxy.symbol}",
        close_usd=note.price_usd,
        close_date=portfolio.as_of,
        origin=Origin("your own price (portfolio file)", None),
        half_spread=spread,
        expense_ratio=fee,
        dividend_yield=None,
    )


def _as_proxy(symbol: str, proxy: Constituents) -> Constituents:
    return replace(proxy, fund=symbol, basis=f"as {proxy.fund} {YOUR_PROXY}", proxy=proxy.fund)


def _fill_constituents(constituents: dict[str, Constituents], market: MarketData, note: SecurityNote | None) -> bool:
    """Use a note's proxy for the holdings of a fund that has prices but no list; whether that was needed."""
    if note is None or note.symbol in constituents or not market.securities[note.symbol].is_fund:
        return False
    proxy = canonical_symbol(note.proxy)
    if proxy not in constituents:
        return False
    constituents[note.symbol] = _as_proxy(note.symbol, constituents[proxy])
    return True


def _extended(
    market: MarketData, copies: Mapping[str, tuple[Security, str]], constituents: Mapping[str, Constituents]
) -> MarketData:
    """Market data with the rows of the originals repeated for the copies."""
    names = {symbol: original for symbol, (_, original) in copies.items()}
    episodes = tuple(
        replace(
            episode,
            returns=MappingProxyType(
                {**episode.returns, **{symbol: episode.returns[original] for symbol, original in names.items()}}
            ),
            stand_ins=MappingProxyType({**episode.stand_ins, **names}),
        )
        for episode in market.episodes
    )
    return replace(
        market,
        securities=MappingProxyType(
            {**market.securities, **{symbol: security for symbol, (security, _) in copies.items()}}
        ),
        constituents=MappingProxyType(dict(constituents)),
        covariance=_with_copies(market.covariance, names),
        episodes=episodes,
        past_months=_repeated(market.past_months, names),
    )


def _repeated(scenarios: PastMonths, names: Mapping[str, str]) -> PastMonths:
    """PastMonths with the column of each original repeated for its copy; none for an original that has none."""
    names = {symbol: original for symbol, original in names.items() if original in scenarios.symbols}
    if not names:
        return scenarios
    columns = [scenarios.symbols.index(original) for original in names.values()]
    returns = np.hstack([scenarios.returns, scenarios.returns[:, columns]])
    returns.setflags(write=False)
    taken = {symbol: f"all months as {original}" for symbol, original in names.items()}
    return replace(
        scenarios,
        symbols=(*scenarios.symbols, *names),
        returns=returns,
        stand_ins=MappingProxyType({**scenarios.stand_ins, **taken}),
    )


def _with_copies(covariance: FactorCovariance, names: Mapping[str, str]) -> FactorCovariance:
    """Covariance in which each copy moves with its original in full: their own variance becomes a factor they share."""
    if not names:
        return covariance
    rows = [covariance.symbols.index(original) for original in names.values()]
    shared = sorted(set(rows))
    own = np.zeros((len(covariance.symbols), len(shared)))
    own[shared, range(len(shared))] = np.sqrt(covariance.idiosyncratic[shared])
    loadings = np.hstack([covariance.loadings, own])
    loadings = np.vstack([loadings, loadings[rows]])
    idiosyncratic = np.concatenate([covariance.idiosyncratic, np.zeros(len(rows))])
    idiosyncratic[shared] = 0.0
    loadings.setflags(write=False)
    idiosyncratic.setflags(write=False)
    factors = (*covariance.factors, *(f"{covariance.symbols[row]} alone" for row in shared))
    return replace(
        covariance,
        symbols=(*covariance.symbols, *names),
        factors=factors,
        loadings=loadings,
        idiosyncratic=idiosyncratic,
    )
