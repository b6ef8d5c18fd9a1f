"""Constituents of every fund of a panel, from full files, ten-largest lists, same-index funds and mandates.

The table `funds` says by which method each fund is known; a fund that leans on another comes after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

from advisor.errors import MarketDataError
from advisor.market.builder.fact_tables import Row, day, number, own_table, read_table, split_list
from advisor.market.data import Constituents, Sourced
from advisor.market.holdings.bounds import Stocks, TopList, from_full_file, from_top_list, scaled
from advisor.market.holdings.model import HoldingsFile
from advisor.market.holdings.read import read_holdings, sector_weights, share_weights
from advisor.market.symbols import canonical_symbol
from advisor.portfolio.model import MAGNIFICENT_SEVEN

NOTHING_UNKNOWN = 1.0
SWAPS = False  # the snapshot of 2026-07-13 counts shares alone; an imported file counts swaps on shares as well


@dataclass(frozen=True, slots=True)
class FundSources:
    """Everything that is known of funds' holdings."""

    files: Mapping[str, HoldingsFile]
    lists: Mapping[str, TopList]
    sector_names: Mapping[str, str]  # name in a source -> the project's name
    stocks: Stocks


def load_sources(facts: Path, holdings: Path, stocks: Stocks) -> FundSources:
    """Read the issuers' files and the ten-largest lists."""
    files = [_read_file(path) for path in sorted(holdings.iterdir()) if path.suffix in (".csv", ".xlsx")]
    if len({file.fund for file in files}) != len(files):
        raise MarketDataError(f"{holdings}: more than one file for a fund")
    names = {}
    for row in own_table("sectors", ("sector", "fund_data_name", "other_names")):
        for name in (row["sector"], row["fund_data_name"], *split_list(row["other_names"])):
            names[name] = row["sector"]
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
    """Constituents of every fund of the table, in alphabetical order."""
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
    note = row["note"] or None
    if row["method"] == "file":
        return _from_file(symbol, sources)
    if row["method"] == "list":
        return _from_list(symbol, row, sources)
    if row["method"] == "proxy":
        parent = known[row["proxy"]]
        return replace(parent, fund=symbol, basis=row["basis"], proxy=parent.fund, note=note)
    if row["method"] in ("subset", "leveraged"):
        where = f"funds.csv: {symbol}"
        low, high = number(row["scale_low"], where), number(row["scale_high"], where)
        return scaled(symbol, known[row["proxy"]], low, high, basis=row["basis"], note=note)
    return _by_mandate(symbol, row, known)


def _from_file(symbol: str, sources: FundSources) -> Constituents:
    if symbol not in sources.files:
        raise MarketDataError(f"{symbol}: no holdings file in the folder given by --holdings")
    file = sources.files[symbol]
    sectors: dict[str, float] = {}
    for name, weight in sector_weights(file, swaps=SWAPS).items():
        sector = _sector(name, sources.sector_names)
        sectors[sector] = sectors.get(sector, 0.0) + weight
    full = from_full_file(
        symbol, share_weights(file, swaps=SWAPS), sectors, sources.stocks, as_of=file.as_of, source=file.source
    )
    return replace(full, note=_second_source(symbol, full, sources))


def _second_source(symbol: str, full: Constituents, sources: FundSources) -> str | None:
    """What the ten-largest list of another day says, where it names any of the seven."""
    top = sources.lists.get(symbol)
    if top is None:
        return None
    seven = from_top_list(symbol, top, sources.stocks, allowed=MAGNIFICENT_SEVEN, basis="").magnificent_seven[0]
    if seven == 0.0:
        return None
    return (
        f"The ten largest of {top.as_of} hold {100 * seven:.2f} % in the seven; "
        f"the full file of {full.as_of}, used here, {100 * full.magnificent_seven[0]:.2f} %."
    )


def _from_list(symbol: str, row: Row, sources: FundSources) -> Constituents:
    if symbol not in sources.lists:
        raise MarketDataError(f"{symbol}: no list in fund_top_holdings.csv")
    allowed = {"all": MAGNIFICENT_SEVEN, "none": ()}.get(row["seven_allowed"], split_list(row["seven_allowed"]))
    basis = "ten largest" if len(allowed) == len(MAGNIFICENT_SEVEN) else "ten largest, mandate"
    found = from_top_list(symbol, sources.lists[symbol], sources.stocks, allowed=allowed, basis=basis)
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


def pairwise_overlaps(files: Mapping[str, HoldingsFile]) -> dict[tuple[str, str], Sourced]:
    """Sum of the smaller weight over all tickers, for every pair of full files, each by its own date."""
    overlaps = {}
    weights = {fund: share_weights(file, swaps=SWAPS) for fund, file in files.items()}
    for first, second in combinations(sorted(files), 2):
        shared = weights[first].keys() & weights[second].keys()
        value = sum(min(weights[first][ticker], weights[second][ticker]) for ticker in sorted(shared))
        source = f"{first}: {files[first].source}; {second}: {files[second].source}"
        overlaps[first, second] = Sourced(value, min(files[first].as_of, files[second].as_of), source)
    return overlaps


def _sector(name: str, names: Mapping[str, str]) -> str:
    if name not in names:
        raise MarketDataError(f"sectors.csv: no row for the sector {name!r}")
    return names[name]
