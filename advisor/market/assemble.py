"""One household's market data from checked histories, facts and holdings files, and the snapshot for what they lack.

The result is what a snapshot file holds, for the symbols that the household needs alone: it is written, digested and
read back as one (`frozen`), so that every source passes the same reader and every answer can be checked again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import numpy as np

from advisor.errors import MarketDataError
from advisor.market.data import BILLS, MARKET, MarketData, MarketWarning, Origin, Security, Sourced
from advisor.market.estimate.covariance import covariance_from_history
from advisor.market.estimate.past_months import episode_of, past_months_of
from advisor.market.estimate.returns import PricePanel, panel_of
from advisor.market.fact_tables import day, fund_table, number, own_table, split_list
from advisor.market.fund_kinds import holds_bonds_alone
from advisor.market.fund_update import (
    FundNews,
    overlaps_of,
    sector_named,
    sector_names,
    updated_constituents,
)
from advisor.market.holdings.bounds import Stocks
from advisor.market.holdings.model import HoldingsFile
from advisor.market.prices.history import PriceHistory, SecurityFacts, SecurityKind, Split
from advisor.market.prices.sessions import Sessions, today
from advisor.market.snapshot import read_snapshot
from advisor.market.snapshot_writer import snapshot_text
from advisor.portfolio.preferences import CovarianceChoice
from advisor.units import to_cents

WHOLE_MARKET = "SPY"  # stands in where nothing nearer is known
BONDS = "AGG"
SUBCENT = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Findings:
    """What a source said, checked: histories and the origins of their closes, facts, issuers' files, by symbol."""

    source: str  # "Yahoo"
    id: str  # "yahoo-2026-11-20"
    histories: Mapping[str, PriceHistory]
    origins: Mapping[str, Origin]
    facts: Mapping[str, SecurityFacts]
    files: Mapping[str, HoldingsFile]
    sessions: Sessions  # from the first day of the histories to the last, or beyond
    warnings: tuple[MarketWarning, ...] = ()


def assembled(base: MarketData, found: Findings, choice: CovarianceChoice) -> MarketData:
    """Market data for the symbols of `found.histories`, with `base` for all that no source says anew.

    Raises `MarketDataError` where the histories do not suffice for the covariance, or a security is not the kind of
    thing that `base` knows by its symbol.
    """
    securities = {symbol: _security(symbol, base, found) for symbol in sorted(found.histories)}
    panel = _with_all_sessions(panel_of(found.histories.values()), found.sessions)
    as_of = max(security.close_date for security in securities.values())
    stand_ins = {symbol: _stand_ins(security) for symbol, security in securities.items()}
    stocks = _stocks(base, securities)
    funds = [symbol for symbol, security in securities.items() if security.is_fund]
    constituents = updated_constituents(funds, base, FundNews(found.files, found.facts, stocks))
    return MarketData(
        source=found.source,
        id=found.id,
        as_of=as_of,
        sha256="",
        securities=securities,
        constituents=constituents,
        covariance=covariance_from_history(panel, as_of, choice, broad=broad_funds(), market=MARKET),
        episodes=tuple(episode_of(episode, panel, stand_ins) for episode in base.episodes),
        overlaps=overlaps_of(funds, base, found.files),
        risk_free=_risk_free(base, found.facts),
        long_run={symbol: figures for symbol, figures in base.long_run.items() if symbol in securities},
        long_run_start=base.long_run_start,
        notes=_notes(base, found),
        past_months=past_months_of(panel, base, stand_ins),
        indexes=_indexes(base, securities),
        splits=_splits(base, found.histories),
        warnings=found.warnings,
    )


def _with_all_sessions(panel: PricePanel, sessions: Sessions) -> PricePanel:
    """A panel with a row for sessions that no history has, lest a return over two of them is taken for a day's."""
    first, last = bisect_left(sessions.days, panel.days[0]), bisect_right(sessions.days, panel.days[-1])
    days = sorted({*panel.days, *sessions.days[first:last]})
    prices = np.full((len(days), len(panel.symbols)), np.nan)
    rows = {day: row for row, day in enumerate(days)}
    prices[[rows[day] for day in panel.days]] = panel.prices
    prices.setflags(write=False)
    return PricePanel(panel.symbols, tuple(days), prices)


def with_accepted(market: MarketData, prices: Mapping[str, Decimal], as_of: date) -> MarketData:
    """Market data, without a digest as yet, in which the user's own prices stand for those of the source.

    Raises `MarketDataError` for a symbol that is not there.
    """
    missing = sorted(set(prices) - set(market.securities))
    if missing:
        raise MarketDataError(f"--accept-price: {', '.join(missing)} is no symbol of {market.id} that this file needs")
    securities = dict(market.securities)
    for symbol, price in prices.items():
        own = Origin("your own price (--accept-price)", None)
        securities[symbol] = replace(securities[symbol], close_usd=price, close_date=as_of, origin=own)
    return replace(market, sha256="", securities=securities, accepted={**market.accepted, **prices})


def broad_funds() -> frozenset[str]:
    """Funds that may be factors: those of the team's table of factors."""
    return frozenset(row["symbol"] for row in own_table("factors", ("symbol",))) & fund_table().keys()


def with_files(base: MarketData, files: Mapping[str, HoldingsFile]) -> MarketData:
    """`base`, or with newer holdings files than its own, for all funds of which they tell, without a digest as yet."""
    if not files:
        return base
    stocks = _stocks(base, base.securities)
    funds = [symbol for symbol, security in base.securities.items() if security.is_fund]
    before = updated_constituents(funds, base, FundNews({}, {}, stocks))
    constituents = updated_constituents(funds, base, FundNews(files, {}, stocks))
    changed = [fund for fund, known in constituents.items() if known != before.get(fund)]
    if not changed:
        return base
    return replace(
        base,
        id=f"{base.id}+holdings",
        source=f"{base.source} with imported holdings files",
        sha256="",
        constituents={**base.constituents, **{fund: constituents[fund] for fund in changed}},
        overlaps={**base.overlaps, **overlaps_of([fund for fund in funds if fund in files], base, files)},
    )


def frozen(market: MarketData) -> tuple[MarketData, bytes]:
    """Market data as they are read back from the bytes of their snapshot file, and these bytes.

    Raises `MarketDataError` for data that no snapshot may hold.
    """
    try:
        content = snapshot_text(market).encode()
    except ValueError as error:
        raise MarketDataError(f"{market.id}: a figure is not a finite number") from error
    return read_snapshot(content, source=market.source, file=market.id), content


def _security(symbol: str, base: MarketData, found: Findings) -> Security:
    history, facts = found.histories[symbol], found.facts.get(symbol)
    known = base.securities.get(symbol)
    close, close_day = _close(history)
    if known is not None and known.is_fund != (history.kind is not SecurityKind.STOCK):
        raise MarketDataError(
            f"{symbol}: {found.source} says it is a {_words(history.kind)}, and it is known as a "
            f"{'fund' if known.is_fund else 'stock'}: wrong instrument"
        )
    fee, dividends = (None, None) if facts is None else _rates(facts)
    if known is not None:
        return replace(
            known,
            close_usd=close,
            close_date=close_day,
            origin=found.origins[symbol],
            expense_ratio=fee or known.expense_ratio,
            dividend_yield=dividends or known.dividend_yield,
        )
    name = history.name or (facts.name if facts else None) or symbol
    is_fund = history.kind is not SecurityKind.STOCK
    sector = None if facts is None else (facts.category if is_fund else sector_named(facts.sector, sector_names()))
    return Security(
        symbol=symbol,
        name=name,
        is_fund=is_fund,
        company=None if is_fund else name,
        sector=sector,
        close_usd=close,
        close_date=close_day,
        half_spread=_half_spread(history.kind),
        index=base.indexes.get(symbol),
        expense_ratio=fee,
        dividend_yield=dividends,
        origin=found.origins[symbol],
    )


def _close(history: PriceHistory) -> tuple[Decimal, date]:
    last = Decimal(repr(float(history.closes[-1])))
    return (to_cents(last) if last >= 1 else last.quantize(SUBCENT)), history.days[-1]


def _rates(facts: SecurityFacts) -> tuple[Sourced | None, Sourced | None]:
    """Fee and yield a year, as far as the source gives them."""
    fee = None if facts.kind is SecurityKind.STOCK else facts.expense_ratio
    return _read(fee, facts), _read(facts.dividend_yield, facts)


def _read(rate: float | None, facts: SecurityFacts) -> Sourced | None:
    return None if rate is None else Sourced(rate, today(facts.fetched), facts.source)


def _half_spread(kind: SecurityKind) -> Sourced:
    name = {SecurityKind.STOCK: "other_stock", SecurityKind.ETF: "etf", SecurityKind.MUTUAL_FUND: "mutual_fund"}[kind]
    for row in own_table("half_spreads", ("applies_to", "half_spread", "as_of")):
        if name in split_list(row["applies_to"]):
            where = f"half_spreads.csv: {name}"
            return Sourced(
                number(row["half_spread"], where), day(row["as_of"], where) if row["as_of"] else None, row["source"]
            )
    raise MarketDataError(f"half_spreads.csv: no row for {name}")


def _stand_ins(security: Security) -> tuple[str, ...]:
    """Whose past a security without one takes, the nearest first."""
    if not security.is_fund:
        rows = own_table("sectors", ("sector", "stand_ins"))
        nearest = next((split_list(row["stand_ins"]) for row in rows if row["sector"] == security.sector), ())
        return (*nearest, WHOLE_MARKET)
    return (BONDS,) if holds_bonds_alone(security.sector) else (WHOLE_MARKET,)


def _stocks(base: MarketData, securities: Mapping[str, Security]) -> Stocks:
    """Companies by symbol and their sectors; one of unknown sector is left to the bound on unnamed companies."""
    rows = {**base.securities, **securities}.values()
    known = [row for row in rows if row.company is not None and row.sector is not None]
    return Stocks(
        {row.symbol: row.company for row in known if row.company is not None},
        {row.company: row.sector for row in known if row.company is not None and row.sector is not None},
    )


def _risk_free(base: MarketData, facts: Mapping[str, SecurityFacts]) -> Sourced:
    bills = facts.get(BILLS)
    if bills is None or bills.dividend_yield is None:
        return base.risk_free
    source = f"yield of {BILLS} (Treasury bills); {bills.source}"
    return Sourced(bills.dividend_yield, today(bills.fetched), source)


def _indexes(base: MarketData, securities: Mapping[str, Security]) -> dict[str, str]:
    """Index of every fund that is known and not among `securities`: the household may have traded it."""
    known = {symbol: row.index for symbol, row in base.securities.items() if row.index is not None}
    return {symbol: index for symbol, index in {**base.indexes, **known}.items() if symbol not in securities}


def _splits(base: MarketData, histories: Mapping[str, PriceHistory]) -> dict[str, tuple[Split, ...]]:
    """Splits as the histories give them; as they are known where a history has none."""
    return {
        symbol: history.splits or base.splits[symbol]
        for symbol, history in histories.items()
        if history.splits or symbol in base.splits
    }


def _notes(base: MarketData, found: Findings) -> tuple[str, ...]:
    return (
        f"Closes, covariance and past months come from {found.source}, checked one by one.",
        f"Companies, indexes, spreads, stress episodes and what {found.source} does not say are those of {base.id}.",
        "Lists of the ten largest holdings carry the day they were read, not the day they describe.",
    )


def _words(kind: SecurityKind) -> str:
    return str(kind).replace("_", " ")
