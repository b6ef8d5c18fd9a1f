"""A folder of the user's own data: ``prices.csv``, issuers' holdings files, and what else is known of a symbol.

``prices.csv`` has a column ``Date`` and one of closes for each symbol, adjusted for splits and dividends, blank where
there is none; the last is taken for the price. ``securities.csv``, which may be missing, has the columns symbol, kind
(stock, etf, mutual_fund), name, sector (of a stock; the category of a fund) and expense_ratio (a fraction), for symbols
that the program does not know. Every other ``.csv``, ``.xlsx``, ``.json`` and ``.xml`` file is an issuer's holdings
file; where that does not say its fund, its name begins with the fund's symbol: ``IWM_2026-10-30.csv``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np

from advisor.errors import MarketDataError
from advisor.market.assemble import Findings
from advisor.market.data import MarketData, MarketWarning, Origin
from advisor.market.holdings.faults import HoldingsFaultsError
from advisor.market.holdings.model import HoldingsFile
from advisor.market.holdings.read import read_holdings
from advisor.market.live import YEARS, sufficient
from advisor.market.price_file import PriceTable, content_of, positive_number, read_prices, rows_of, symbol_of
from advisor.market.prices.checks import CheckedHistory, check_history
from advisor.market.prices.history import PriceHistory, SecurityFacts, SecurityKind, now_utc
from advisor.market.prices.sessions import Sessions
from advisor.portfolio.preferences import CovarianceChoice

PRICES, SECURITIES = "prices.csv", "securities.csv"
COLUMNS = ("symbol", "kind", "name", "sector", "expense_ratio")
HOLDINGS = (".csv", ".xlsx", ".json", ".xml")
SPLITS = (
    60.0  # beyond any split of a share of the S&P 500 (the largest: 50 to 1, CMG in 2024); cents for dollars are 100
)


def folder_findings(
    folder: Path,
    symbols: Sequence[str],
    base: MarketData,
    *,
    as_of: date,
    now: datetime,
    sessions: Sessions,
    accepted: Mapping[str, Decimal],
    optional: frozenset[str],
    choice: CovarianceChoice,
) -> Findings:
    """What the folder says of `symbols`, checked as any source's prices; their age is told, not judged.

    Those in `optional` may be missing, or too short for the covariance of `choice`.

    Raises `MarketDataError` for a file that cannot be used, with its faults, and for prices that are missing or held.
    """
    if not (folder / PRICES).exists():
        raise MarketDataError(
            f"{folder}: a folder of market data needs {PRICES} (docs/users/data.md), and there is none"
        )
    table = read_prices(folder / PRICES, symbols, date(as_of.year - YEARS, 1, 1))
    facts = _securities(folder / SECURITIES, now)
    files = _holdings_files(folder, as_of)
    known = [symbol for symbol in symbols if symbol in table.closes]
    needed = [symbol for symbol in symbols if symbol in table.closes or symbol not in optional]
    histories = {symbol: _history(symbol, table, base, facts, files, now) for symbol in known}
    checked = {
        symbol: check_history(
            history,
            as_of=min(as_of, table.last),
            now=now,
            sessions=sessions,
            known_close=_known_close(history, base),
            accepted=accepted.get(symbol),
        )
        for symbol, history in histories.items()
    }
    _refuse(folder, needed, checked)
    usable, short = sufficient({s: result.history for s, result in checked.items()}, as_of, optional, choice)
    origin = Origin(f"{PRICES} of the folder {folder.name}", table.sha256)
    last = max(history.days[-1] for history in usable.values())
    return Findings(
        source=f"folder {folder.name}",
        id=f"folder-{last}",
        histories=usable,
        origins=dict.fromkeys(usable, origin),
        facts=facts,
        files=files,
        sessions=sessions,
        warnings=tuple(
            MarketWarning(f"price_{doubt.rule.replace(' ', '_')}", (symbol,), f"{doubt.message}.")
            for symbol, result in checked.items()
            for doubt in result.doubts
        )
        + short,
    )


def _known_close(history: PriceHistory, base: MarketData) -> tuple[date, Decimal] | None:
    """The close that `base` knows, where the folder's of that day has to be it.

    Closes that are adjusted for later dividends and splits are not those that were paid; but on the last day of the
    folder nothing is adjusted yet, and no dividend or split is as large as a wrong unit.
    """
    known = base.securities.get(history.symbol)
    if known is None or known.close_date not in history.days:
        return None
    ratio = history.closes[history.days.index(known.close_date)] / float(known.close_usd)
    is_last = history.days[-1] == known.close_date
    return (known.close_date, known.close_usd) if is_last or not 1 / SPLITS < ratio < SPLITS else None


def _refuse(folder: Path, symbols: Sequence[str], checked: Mapping[str, CheckedHistory]) -> None:
    lines = [doubt.message for result in checked.values() for doubt in result.doubts if doubt.held]
    lines += [f"{symbol}: no column" for symbol in symbols if symbol not in checked]
    empty = [symbol for symbol, result in checked.items() if not result.history.days and not result.is_held]
    lines += [f"{symbol}: no day is left to estimate its risk from" for symbol in empty]
    if lines:
        listed = "".join(f"\n  {line}" for line in lines)
        raise MarketDataError(
            f"{folder / PRICES}: no usable price for every symbol that this portfolio needs:{listed}\n"
            "Add them, or give a stand-in: securities: [{symbol: X, proxy: ..., price: ...}]"
        )


def _history(
    symbol: str,
    table: PriceTable,
    base: MarketData,
    facts: Mapping[str, SecurityFacts],
    files: Mapping[str, HoldingsFile],
    now: datetime,
) -> PriceHistory:
    rows = table.closes[symbol]
    closes = np.array([close for _, close in rows])
    return PriceHistory(
        symbol=symbol,
        name=None,
        kind=_kind(symbol, base, facts, files),
        currency="USD",
        days=tuple(day for day, _ in rows),
        closes=closes,
        adjusted=closes,
        volumes=np.full(len(rows), np.nan),  # unknown
        splits=(),
        source=PRICES,
        fetched=now_utc(now),
    )


def _kind(
    symbol: str, base: MarketData, facts: Mapping[str, SecurityFacts], files: Mapping[str, HoldingsFile]
) -> SecurityKind:
    if symbol in base.securities:
        return SecurityKind.ETF if base.securities[symbol].is_fund else SecurityKind.STOCK
    if symbol in facts:
        return facts[symbol].kind
    if symbol in files:
        return SecurityKind.ETF
    raise MarketDataError(
        f"{symbol}: whether it is a stock or a fund is not known; add it to {SECURITIES} beside {PRICES}, with the "
        f"columns {', '.join(COLUMNS)}"
    )


def _securities(path: Path, now: datetime) -> dict[str, SecurityFacts]:
    if not path.is_file():
        return {}
    rows = rows_of(content_of(path), path)
    if not rows or tuple(rows[0]) != COLUMNS:
        raise MarketDataError(f"{path}:1: expected the header {','.join(COLUMNS)}")
    found = {}
    for line, row in enumerate(rows[1:], start=2):
        where = f"{path}:{line}"
        if len(row) != len(COLUMNS):
            raise MarketDataError(f"{where}: another number of fields than the header")
        symbol, kind, name, sector, fee = row
        if kind not in list(SecurityKind):
            raise MarketDataError(f"{where}: the kind {kind[:20]!r} is not one of {', '.join(SecurityKind)}")
        ratio = positive_number(fee)
        if ratio is None or ratio > 0.1:
            raise MarketDataError(f"{where}: the expense ratio {fee[:20]!r} is not a fraction like 0.0019")
        is_stock, named = SecurityKind(kind) is SecurityKind.STOCK, symbol_of(symbol, where)
        if named in found:
            raise MarketDataError(f"{where}: {named} is given twice")
        found[named] = SecurityFacts(
            symbol=named,
            name=name or None,
            kind=SecurityKind(kind),
            category=None if is_stock else sector or None,
            sector=sector or None if is_stock else None,
            expense_ratio=ratio if fee else None,
            dividend_yield=None,
            price_to_earnings=None,
            top_holdings=(),
            sectors={},
            source=SECURITIES,
            fetched=now_utc(now),
        )
    return found


def _holdings_files(folder: Path, as_of: date) -> dict[str, HoldingsFile]:
    """For each fund its newest list on or before `as_of`."""
    found: dict[str, HoldingsFile] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in HOLDINGS or path.name in (PRICES, SECURITIES):
            continue
        content = content_of(path)
        try:
            holdings = read_holdings(content, name=str(path))
        except HoldingsFaultsError:
            holdings = read_holdings(content, name=str(path), fund=path.stem.split("_")[0])
        known = found.get(holdings.fund)
        if holdings.as_of <= as_of and (known is None or known.as_of < holdings.as_of):
            found[holdings.fund] = holdings
    return found
