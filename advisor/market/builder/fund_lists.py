"""Constituents of every fund of a panel, from full files, ten-largest lists, same-index funds and mandates.

The table `funds` says by which method each fund is known; a fund that leans on another comes after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from advisor.errors import MarketDataError
from advisor.market.data import Constituents, Sourced
from advisor.market.fact_tables import Row, day, number, read_table
from advisor.market.fund_update import (
    allowed_seven,
    from_parent,
    list_basis,
    pairwise_overlaps,
    second_source,
    sector_named,
    sector_names,
)
from advisor.market.holdings.bounds import Stocks, TopList, from_holdings, from_top_list
from advisor.market.holdings.model import HoldingsFile
from advisor.market.holdings.read import read_holdings, sector_weights, share_weights
from advisor.market.symbols import canonical_symbol
from advisor.portfolio.model import MAGNIFICENT_SEVEN

NOTHING_UNKNOWN = 1.0


@dataclass(frozen=True, slots=True)
class FundSources:
    """Everything that is known of funds' holdings."""

    files: Mapping[str, HoldingsFile]
    lists: Mapping[str, TopList]
    sector_names: Mapping[str, str]  # of `market.fund_update`
    stocks: Stocks


def load_sources(facts: Path, holdings: Path, stocks: Stocks) -> FundSources:
    """Read the issuers' files and the ten-largest lists. Raises `MarketDataError` for a file that cannot be used."""
    files = [_read_file(path) for path in sorted(holdings.iterdir()) if path.suffix in (".csv", ".xlsx")]
    if len({file.fund for file in files}) != len(files):
        raise MarketDataError(f"{holdings}: more than one file for a fund")
    names = sector_names()
    return FundSources({file.fund: file for file in files}, _top_lists(facts, names), names, stocks)


def _read_file(path: Path) -> HoldingsFile:
    """One issuer's file, named ``<issuer>_<FUND>_<date>``: both have to be what the content says."""
    parts = path.stem.split("_")
    if len(parts) != 3:
        raise MarketDataError(f"{path.name}: expected a name of the form issuer_FUND_date")
    file = read_holdings(path.read_bytes(), name=path.name, fund=parts[1])
    if file.as_of.isoformat() != parts[2]:
        raise MarketDataError(f"{path.name}: the list is of {file.as_of}, the name says otherwise")
    return file


def _top_lists(facts: Path, sector_names: Mapping[str, str]) -> dict[str, TopList]:
    sectors: dict[str, dict[str, float]] = {}
    for row in read_table(facts / "fund_sectors.csv", ("fund", "sector", "weight")):
        weight = number(row["weight"], f"fund_sectors.csv: {row['fund']}")
        sectors.setdefault(row["fund"], {})[_sector(row["sector"], sector_names)] = weight
    lists: dict[str, TopList] = {}
    weights: dict[str, dict[str, float]] = {}
    for row in read_table(facts / "fund_top_holdings.csv", ("fund", "symbol", "weight", "as_of", "source")):
        fund, where = row["fund"], f"fund_top_holdings.csv: {row['fund']}"
        listed = weights.setdefault(fund, {})
        listed[canonical_symbol(row["symbol"])] = number(row["weight"], where)
        lists[fund] = TopList(listed, sectors.get(fund, {}), day(row["as_of"], where), row["source"])
    return lists


def all_constituents(funds: Mapping[str, Row], sources: FundSources) -> dict[str, Constituents]:
    """Constituents of every fund of the table, in alphabetical order.

    Raises `MarketDataError` for a fund without a list.
    """
    known: dict[str, Constituents] = {}
    waiting = dict(funds)
    while waiting:
        ready = [symbol for symbol, row in waiting.items() if row["proxy"] in ("", *known)]
        if not ready:
            raise MarketDataError(f"funds.csv: proxies of {', '.join(sorted(waiting))} lead nowhere")
        for symbol in ready:
            known[symbol] = _constituents(symbol, waiting.pop(symbol), sources, known)
    return {symbol: known[symbol] for symbol in sorted(known)}


def _constituents(symbol: str, row: Row, sources: FundSources, known: Mapping[str, Constituents]) -> Constituents:
    if row["method"] == "file":
        return _from_file(symbol, sources)
    if row["method"] == "list":
        return _from_list(symbol, row, sources)
    if row["method"] in ("proxy", "subset", "leveraged"):
        return from_parent(symbol, row, known[row["proxy"]])
    return _by_mandate(symbol, row, known)


def _from_file(symbol: str, sources: FundSources) -> Constituents:
    if symbol not in sources.files:
        raise MarketDataError(f"{symbol}: no holdings file in the folder given by --holdings")
    file = sources.files[symbol]
    sectors: dict[str, float] = {}
    for name, weight in sector_weights(file).items():
        sector = _sector(name, sources.sector_names)
        sectors[sector] = sectors.get(sector, 0.0) + weight
    full = replace(from_holdings(file, sectors, sources.stocks), sha256=file.sha256)
    top = sources.lists.get(symbol)
    note = None if top is None else second_source(full, top, sources.stocks, f"of {top.as_of}")
    return replace(full, note=note)


def _from_list(symbol: str, row: Row, sources: FundSources) -> Constituents:
    if symbol not in sources.lists:
        raise MarketDataError(f"{symbol}: no list in fund_top_holdings.csv")
    allowed = allowed_seven(row)
    found = from_top_list(symbol, sources.lists[symbol], sources.stocks, allowed=allowed, basis=list_basis(allowed))
    return replace(found, note=row["note"] or _mandate_note(allowed))


def _mandate_note(allowed: tuple[str, ...]) -> str | None:
    if len(allowed) == len(MAGNIFICENT_SEVEN):
        return None
    which = f"all but {' and '.join(allowed)} of the seven" if allowed else "all of the seven"
    return f"The mandate excludes {which}."


def _by_mandate(symbol: str, row: Row, known: Mapping[str, Constituents]) -> Constituents:
    where = f"funds.csv: {symbol}"
    seven = (0.0, 0.0)
    interval, others, gross, coverage = seven, 0.0, 1.0, 0.0
    if row["method"] == "equal_seven":
        interval = (number(row["scale_low"], where), number(row["scale_high"], where))
        seven, coverage = (1.0, 1.0), NOTHING_UNKNOWN
    elif row["method"] == "no_companies":
        gross, coverage = 0.0, NOTHING_UNKNOWN
    elif row["method"] == "mandate":
        others = number(row["others_high"], where) if row["others_high"] else known[row["proxy"]].others_high
    else:
        raise MarketDataError(f"{where}: unknown method {row['method']!r}")
    return Constituents(
        fund=symbol,
        as_of=None,
        source=row["source"],
        basis=row["basis"],
        coverage=coverage,
        companies=dict.fromkeys(MAGNIFICENT_SEVEN, interval),
        others_high=others,
        magnificent_seven=seven,
        proxy=row["proxy"] or None,
        note=row["note"] or None,
        gross=gross,
    )


def overlaps(files: Mapping[str, HoldingsFile]) -> dict[tuple[str, str], Sourced]:
    """Overlap of every pair of full files."""
    return pairwise_overlaps(files, {fund: share_weights(file) for fund, file in files.items()})


def _sector(name: str, names: Mapping[str, str]) -> str:
    sector = sector_named(name, names)
    if sector is None:
        raise MarketDataError(f"sectors.csv: no row for the sector {name!r}")
    return sector
