"""What is known of funds' holdings once newer lists are at hand than those that came with the program.

For each fund, in this order:

1. the issuer's own file, if its date is not before that of the file known already;
2. the file known already;
3. for a fund that holds what another holds (the same index, a part of it, a multiple of it): that fund's newer list;
4. the source's list of the ten largest, under the fund's mandate;
5. what is known already;
6. that it holds no companies, where its category says bonds or bills.

Of a geared fund without a row in the team's table a list of its shares says nothing: it holds swaps beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations

from advisor.market.data import Constituents, MarketData, Sourced
from advisor.market.fact_tables import Row, fund_table, number, own_table, split_list
from advisor.market.fund_kinds import holds_bonds_alone, is_fund, is_geared
from advisor.market.holdings.bounds import Stocks, TopList, from_holdings, from_top_list, scaled
from advisor.market.holdings.model import HoldingsFile
from advisor.market.holdings.read import sector_weights, share_weights
from advisor.market.prices.history import SecurityFacts
from advisor.market.prices.sessions import today
from advisor.market.symbols import canonical_symbol
from advisor.portfolio.model import MAGNIFICENT_SEVEN

FULL_FILE = "full file"
NAMELESS = 0.005  # weight of shares without a ticker from which on overlaps by ticker are too low


@dataclass(frozen=True, slots=True)
class FundNews:
    """Newer lists: issuers' files, and a source's facts with the ten largest, by fund."""

    files: Mapping[str, HoldingsFile]
    facts: Mapping[str, SecurityFacts]
    stocks: Stocks


def sector_names() -> dict[str, str]:
    """The project's name of each sector by the letters of every name that sources use for it."""
    names = {}
    for row in own_table("sectors", ("sector", "fund_data_name", "other_names")):
        for name in (row["sector"], row["fund_data_name"], *split_list(row["other_names"])):
            names[_letters(name)] = row["sector"]
    return names


def sector_named(text: str | None, names: Mapping[str, str]) -> str | None:
    """The project's name of a sector; None for one that no source was known to use."""
    return None if text is None else names.get(_letters(text))


def updated_constituents(funds: Iterable[str], base: MarketData, news: FundNews) -> dict[str, Constituents]:
    """Constituents of those of `funds` of which anything is known, in alphabetical order."""
    rows, names = fund_table(), sector_names()
    found = {}
    for symbol in sorted(funds):
        known = _current(symbol, base, news, rows, names)
        if known is not None:
            found[symbol] = _with_sectors(known, base)
    return found


def _current(
    symbol: str, base: MarketData, news: FundNews, rows: Mapping[str, Row], names: Mapping[str, str]
) -> Constituents | None:
    known, file, row = base.constituents.get(symbol), news.files.get(symbol), rows.get(symbol)
    has_file = known is not None and known.basis == FULL_FILE
    top = _top_list(symbol, base, news, names)
    if file is not None and not (known is not None and has_file and _is_older(file.as_of, known.as_of)):
        full = _from_file(file, base, news.stocks, names)
        return _noted(full, top, news.stocks, full.note)
    if known is not None and has_file:
        return _noted(known, top, news.stocks)
    parent = _newer_parent(row, base, news, rows, names) if known is not None else None
    if row is not None and parent is not None:
        return from_parent(symbol, row, parent)
    twin = _newest_of_its_index(symbol, known, base, news)
    if twin is not None:
        full = _from_file(twin, base, news.stocks, names)
        same = replace(full, fund=symbol, basis=f"same index as {full.fund}", proxy=full.fund)
        return _noted(same, top, news.stocks, full.note)
    if row is None:
        return _without_row(symbol, known, top, news)
    if top is None or row["method"] != "list":
        return known
    seven = allowed_seven(row)
    found = from_top_list(symbol, top, news.stocks, allowed=seven, basis=list_basis(seven))
    return replace(found, note=_joined(known.note if known else None, found.note))


def _without_row(symbol: str, known: Constituents | None, top: TopList | None, news: FundNews) -> Constituents | None:
    """What a source's list or category says of a fund that the team's table does not have."""
    if top is None:
        return known or _by_category(symbol, news)
    facts = news.facts[symbol]
    if is_geared(facts.name, facts.category):
        return known
    found = from_top_list(symbol, top, news.stocks, allowed=MAGNIFICENT_SEVEN, basis=list_basis(MAGNIFICENT_SEVEN))
    return replace(found, note=_joined(known.note if known else None, found.note))


def _by_category(symbol: str, news: FundNews) -> Constituents | None:
    """No companies, if the fund's category says bonds or bills."""
    facts = news.facts.get(symbol)
    if facts is None or not holds_bonds_alone(facts.category) or is_geared(facts.name, facts.category):
        return None
    return Constituents(
        fund=symbol,
        as_of=None,
        source=f"{facts.source} read on {today(facts.fetched)}: category {facts.category!r}",
        basis="by mandate: bonds",
        coverage=1.0,
        companies=dict.fromkeys(MAGNIFICENT_SEVEN, (0.0, 0.0)),
        others_high=0.0,
        magnificent_seven=(0.0, 0.0),
        gross=0.0,
    )


def _newer_parent(
    row: Row | None, base: MarketData, news: FundNews, rows: Mapping[str, Row], names: Mapping[str, str]
) -> Constituents | None:
    """What is newly known of the fund that this one leans on."""
    if row is None or not row["proxy"] or row["method"] not in ("proxy", "subset", "leveraged"):
        return None
    parent = _current(row["proxy"], base, news, rows, names)
    return None if parent == base.constituents.get(row["proxy"]) else parent


def _newest_of_its_index(
    symbol: str, known: Constituents | None, base: MarketData, news: FundNews
) -> HoldingsFile | None:
    """The newest file of another fund of the same index, if it is not older than what is known of this one."""
    identity = base.identity(symbol)
    twins = [file for fund, file in news.files.items() if fund != symbol and base.identity(fund) == identity]
    newest = max(twins, key=lambda file: (file.as_of, file.fund), default=None)
    return None if newest is None or (known and _is_older(newest.as_of, known.as_of)) else newest


def _is_older(day: date, known: date | None) -> bool:
    return known is not None and day < known


def _from_file(file: HoldingsFile, base: MarketData, stocks: Stocks, names: Mapping[str, str]) -> Constituents:
    sectors: dict[str, float] = {}
    for name, weight in sector_weights(file).items():
        sector = sector_named(name, names)
        if sector is None:  # one unknown name makes the whole table one of unknown names
            sectors = {}
            break
        sectors[sector] = sectors.get(sector, 0.0) + weight
    weights = share_weights(file)
    funds = _funds_among({row.key: row.name for row in file.rows if row.key in weights}, base, stocks)
    return replace(from_holdings(file, sectors, stocks, funds), sha256=file.sha256)


def _top_list(symbol: str, base: MarketData, news: FundNews, names: Mapping[str, str]) -> TopList | None:
    facts = news.facts.get(symbol)
    if facts is None or not facts.top_holdings:
        return None
    weights: dict[str, float] = {}
    called: dict[str, str] = {}
    for ticker, name, weight in facts.top_holdings:
        key = canonical_symbol(ticker) or name  # cash, bonds and foreign shares have no symbol
        weights[key], called[key] = weights.get(key, 0.0) + weight, name
    sectors = {sector_named(name, names): weight for name, weight in facts.sectors.items()}
    listed = {sector: weight for sector, weight in sectors.items() if sector is not None}
    complete = len(listed) == len(sectors)
    day = today(facts.fetched)
    source = f"{facts.source} read on {day}, of a day that it does not state"
    funds = _funds_among(called, base, news.stocks)
    return TopList(weights, dict(sorted(listed.items())) if complete else {}, day, source, funds)


def _funds_among(names: Mapping[str, str], base: MarketData, stocks: Stocks) -> dict[str, Constituents | None]:
    """Those of these holdings, by symbol with the name of each, that are funds, and what is known of each."""
    return {
        symbol: base.constituents.get(symbol)
        for symbol, name in names.items()
        if symbol not in stocks.company and (symbol in base.constituents or is_fund(symbol, name))
    }


def _noted(full: Constituents, top: TopList | None, stocks: Stocks, beside: str | None = None) -> Constituents:
    """The full list, with what a list of the ten largest says where it names any of the seven."""
    note = None if top is None else second_source(full, top, stocks, f"read on {top.as_of}")
    return full if note is None else replace(full, note=_joined(beside, note))


def _joined(*notes: str | None) -> str | None:
    return " ".join(filter(None, notes)) or None


def second_source(full: Constituents, top: TopList, stocks: Stocks, when: str) -> str | None:
    """What a list of the ten largest says of the seven, beside a full list; None where it names none of them."""
    seven = from_top_list(full.fund, top, stocks, allowed=MAGNIFICENT_SEVEN, basis="").magnificent_seven[0]
    if seven == 0.0:
        return None
    return (
        f"The ten largest {when} hold {100 * seven:.2f}% in the seven; "
        f"the full file of {full.as_of}, used here, {100 * full.magnificent_seven[0]:.2f}%."
    )


def from_parent(symbol: str, row: Row, parent: Constituents) -> Constituents:
    """A fund that holds what its parent holds, a part of it, or a multiple, as its row of the table says."""
    note = row["note"] or None
    if row["method"] == "proxy":
        return replace(parent, fund=symbol, basis=row["basis"], proxy=parent.fund, note=note)
    where = f"funds.csv: {symbol}"
    low, high = number(row["scale_low"], where), number(row["scale_high"], where)
    return scaled(symbol, parent, low, high, basis=row["basis"], note=note)


def allowed_seven(row: Row) -> tuple[str, ...]:
    """Those of the seven that the fund's mandate lets in."""
    return {"all": MAGNIFICENT_SEVEN, "none": ()}.get(row["seven_allowed"], split_list(row["seven_allowed"]))


def list_basis(allowed: Sequence[str]) -> str:
    """What a list of the ten largest is called."""
    return "ten largest" if len(allowed) == len(MAGNIFICENT_SEVEN) else "ten largest, mandate"


def _with_sectors(known: Constituents, base: MarketData) -> Constituents:
    """Constituents with the sectors of the newest list of a fund of the same index, where they have none."""
    if known.sectors is not None:
        return known
    identity = base.identity(known.fund)
    twins = [other for fund, other in base.constituents.items() if base.identity(fund) == identity and other.sectors]
    newest = max(twins, key=lambda other: (other.as_of or date.min, other.fund), default=None)
    return known if newest is None else replace(known, sectors=newest.sectors)


def overlaps_of(
    funds: Iterable[str], base: MarketData, files: Mapping[str, HoldingsFile]
) -> dict[tuple[str, str], Sourced]:
    """Overlap of each pair of `funds` that full files tell: of two newer files, or the known one.

    A known overlap of two funds holds for every two funds of their indexes.
    """
    chosen = sorted(funds)
    found: dict[tuple[str, str], Sourced] = {}
    for (one, other), figure in sorted(base.overlaps.items(), key=lambda item: item[1].as_of or date.min):
        pair = {base.identity(one), base.identity(other)}
        for first, second in combinations(chosen, 2):
            if {base.identity(first), base.identity(second)} == pair:
                found[first, second] = figure  # the newest of several
    weights = {fund: share_weights(files[fund]) for fund in chosen if fund in files}
    named = {fund: row for fund, row in weights.items() if _has_tickers(files[fund], row)}
    for funds_of_files, figure in pairwise_overlaps(files, named).items():
        known = found.get(funds_of_files)
        if known is None or figure.as_of is None or not _is_older(figure.as_of, known.as_of):
            found[funds_of_files] = figure
    return found


def pairwise_overlaps(
    files: Mapping[str, HoldingsFile], weights: Mapping[str, Mapping[str, float]]
) -> dict[tuple[str, str], Sourced]:
    """Sum of the smaller weight over all tickers, for every pair of funds in `weights`, each by its own date."""
    overlaps = {}
    for first, second in combinations(sorted(weights), 2):
        shared = weights[first].keys() & weights[second].keys()
        value = sum(min(weights[first][ticker], weights[second][ticker]) for ticker in sorted(shared))
        source = f"{first}: {files[first].source}; {second}: {files[second].source}"
        overlaps[first, second] = Sourced(value, min(files[first].as_of, files[second].as_of), source)
    return overlaps


def _has_tickers(file: HoldingsFile, weights: Mapping[str, float]) -> bool:
    """Whether its shares can be found in another file: the same company has another name in each."""
    names = {row.key for row in file.rows if not row.ticker}
    return sum(weight for key, weight in weights.items() if key in names) <= NAMELESS


def _letters(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalpha())
