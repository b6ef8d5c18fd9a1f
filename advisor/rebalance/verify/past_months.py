"""Sectors, past episodes and scenario months of the household, worked out again from the raw tables."""

from __future__ import annotations

from advisor.rebalance.verify.book import Book


def sector_weight(book: Book, sector: str) -> tuple[float, float]:
    """Weight of a sector: known, and with what no list rules out."""
    low = high = 0.0
    for symbol, weight in book.weights.items():
        least, most = _sector_of(book, symbol, sector)
        low, high = low + weight * least, high + weight * most
    return low, high


def _sector_of(book: Book, symbol: str, sector: str) -> tuple[float, float]:
    security = book.market.securities[symbol]
    if not security.is_fund:
        return (float(security.sector == sector),) * 2 if security.sector else (0.0, 1.0)
    of_index = [s.symbol for s in book.market.securities.values() if s.index is not None and s.index == security.index]
    lists = [book.market.constituents[name] for name in of_index if name in book.market.constituents]
    own = book.market.constituents[symbol]
    dated = sorted((str(other.as_of or ""), other.fund) for other in lists if other.sectors is not None)
    sectors = own.sectors or (book.market.constituents[dated[-1][1]].sectors if dated else None)
    if sectors is None:
        sectors = _sectors_of_companies(book, symbol)
    unlisted = own.gross - sum(sectors.values())
    return sectors.get(sector, 0.0), sectors.get(sector, 0.0) + (unlisted if unlisted > 0 else 0.0)


def _sectors_of_companies(book: Book, symbol: str) -> dict[str, float]:
    """Sums of the known weights of companies by the sector of their shares."""
    companies = book.market.constituents[symbol].companies
    of_company = {s.company: s.sector for s in book.market.securities.values() if s.company and s.sector}
    return {
        sector: sum(ends[0] for company, ends in companies.items() if of_company.get(company) == sector)
        for sector in set(of_company.values())
        if sector is not None
    }


def episode_return(book: Book, name: str) -> float:
    """Return of the weights over the episode of that name."""
    (returns,) = [episode.returns for episode in book.market.episodes if episode.name == name]
    return sum(weight * returns[symbol] for symbol, weight in book.weights.items())


def months(book: Book) -> list[dict[str, float]]:
    """Return of each symbol held, month by month."""
    table = book.market.past_months
    columns = {symbol: table.symbols.index(symbol) for symbol in book.weights}
    return [{symbol: float(row[column]) for symbol, column in columns.items()} for row in table.returns]


def worst_months(book: Book) -> float:
    """Mean loss of the worst twentieth of the months, the last of them counted in part."""
    losses = sorted((-sum(book.weights[s] * r for s, r in month.items()) for month in months(book)), reverse=True)
    left = share = len(losses) / 20
    total = 0.0
    for loss in losses:
        part = min(1.0, left)
        total, left = total + part * loss, left - part
        if left <= 0:
            break
    return total / share


def deepest_fall(book: Book) -> float:
    """Largest fall from a running maximum of what the holdings and cash are worth, if nothing is traded."""
    holdings = dict(book.weights)
    peak, deepest = sum(holdings.values()) + book.cash, 0.0
    for month in months(book):
        holdings = {symbol: worth * (1 + month[symbol]) for symbol, worth in holdings.items()}
        worth = sum(holdings.values()) + book.cash
        peak = max(peak, worth)
        deepest = max(deepest, 1 - worth / peak)
    return deepest
