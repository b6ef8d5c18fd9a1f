"""What a holdings list says of a fund's companies, as intervals.

A full list gives points. A list that stops after the ten largest gives, for every share class that it does not
name, an interval from 0 to the smallest weight it does name, narrowed by three facts:

1. the fund's mandate (an index of small companies, or of another sector, cannot hold the company at all);
2. the fund's sector weights (a company cannot weigh more than what the listed names leave of its sector);
3. what the listed names leave of the fund as a whole.

The interval of a group is narrower than the sum of its members' intervals, since facts 2 and 3 bind them together.

A fund in the list is no company: each interval is widened by the fund's weight times what is known of that fund, or
by its whole weight where nothing is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType

from advisor.market.data import Constituents
from advisor.market.holdings.model import HoldingsFile
from advisor.market.holdings.read import share_weights, unnamed_weights
from advisor.portfolio.model import MAGNIFICENT_SEVEN

# Contracts on the Russell 2000 (RTY, M2K) and the S&P MidCap 400 (EMD), whose rules keep large companies out: a root,
# a month's letter and a year. Source: CME Group, product codes.
_WITHOUT_SEVEN = re.compile(r"(RTY|M2K|EMD)[FGHJKMNQUVXZ]\d{1,2}", re.ASCII)
FUND_OF_FUNDS = 0.5  # of what a list names, from which on the names that it leaves out may be funds as well
SECTORS_OF_FUNDS = 0.05  # weight of funds inside a fund from which on its table of sectors is not that of companies
SECTOR_ROUNDING = 0.00005  # half a unit of the last digit that sector weights are published with
NO_FUNDS: Mapping[str, Constituents | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Stocks:
    """Symbol to company, and company to sector, for the stocks that have data of their own."""

    company: Mapping[str, str]
    sector: Mapping[str, str]

    def classes(self, company: str) -> tuple[str, ...]:
        """Symbols of all share classes of a company."""
        return tuple(symbol for symbol, owner in self.company.items() if owner == company)

    @property
    def companies(self) -> tuple[str, ...]:
        """Every company, in alphabetical order."""
        return tuple(sorted(set(self.company.values())))


@dataclass(frozen=True, slots=True)
class TopList:
    """The largest holdings of a fund as published, and its sector weights (empty where not published).

    `funds` are those of the holdings that are funds, with what is known of each: None for nothing.
    """

    weights: Mapping[str, float]
    sectors: Mapping[str, float]
    as_of: date | None
    source: str
    funds: Mapping[str, Constituents | None] = field(default_factory=dict)

    @property
    def listed(self) -> float:
        """Weight of all listed names."""
        return sum(self.weights.values())

    @property
    def smallest(self) -> float:
        """Weight of the smallest listed name: no name that is not listed is larger."""
        return min(self.weights.values())


def from_full_file(
    fund: str, weights: Mapping[str, float], sectors: Mapping[str, float], stocks: Stocks, *, as_of: date, source: str
) -> Constituents:
    """Points for every company with data; `others_high` is the largest single name among all others."""
    companies = dict.fromkeys(stocks.companies, 0.0)
    others = [weight for symbol, weight in weights.items() if symbol not in stocks.company]
    for symbol, weight in weights.items():
        if symbol in stocks.company:
            companies[stocks.company[symbol]] += weight
    seven = sum(companies[company] for company in MAGNIFICENT_SEVEN)
    return Constituents(
        fund=fund,
        as_of=as_of,
        source=source,
        basis="full file",
        coverage=1.0,
        companies={company: (weight, weight) for company, weight in companies.items()},
        others_high=max(others, default=0.0),
        magnificent_seven=(seven, seven),
        holdings_count=len(weights),
        sectors=dict(sectors) or None,
    )


def from_holdings(
    holdings: HoldingsFile,
    sectors: Mapping[str, float],
    stocks: Stocks,
    funds: Mapping[str, Constituents | None] = NO_FUNDS,
) -> Constituents:
    """Points from a full file, widened by what it does not name; `sectors` are those of the file, by our names.

    `funds` are those of its shares that are funds' own, with what is known of each: None for nothing.

    1. Futures, options and funds inside the fund can hold any company: every interval reaches up by their exposure,
       but those of the seven not by index futures that hold none of them.
    2. A share without a ticker can be of any company that no row names, up to the largest such row: a filing without
       tickers says nothing of companies other than the seven, which are found by CUSIP and ISIN.
    """
    weights, unnamed = share_weights(holdings), unnamed_weights(holdings)
    full = from_full_file(holdings.fund, weights, sectors, stocks, as_of=holdings.as_of, source=holdings.source)
    hidden = sum(unnamed.values())
    of_seven = sum(weight for key, weight in unnamed.items() if not _WITHOUT_SEVEN.fullmatch(key))
    by_name = max((weights.get(row.name, 0.0) for row in holdings.rows if row.is_share and not row.ticker), default=0.0)
    companies = {}
    for company, (weight, _) in full.companies.items():
        is_seven = company in MAGNIFICENT_SEVEN
        room = of_seven if is_seven else hidden + (by_name if weight == 0.0 else 0.0)
        companies[company] = (weight, weight + room)
    seven = full.magnificent_seven[0]
    found = replace(
        full,
        coverage=max(0.0, 1.0 - hidden),
        companies=companies,
        others_high=full.others_high + hidden,
        magnificent_seven=(seven, seven + of_seven),
    )
    return _looked_through(found, weights, funds, rest=0.0)


def from_top_list(fund: str, top: TopList, stocks: Stocks, *, allowed: Collection[str], basis: str) -> Constituents:
    """Intervals from a list that stops early; `allowed` are those of the seven that the mandate lets in."""
    companies = {}
    for company in stocks.companies:
        interval = _company_interval(company, top, stocks, excluded=_excluded(company, allowed))
        if interval[1] > 0.0 and (interval[0] > 0.0 or company in MAGNIFICENT_SEVEN):
            companies[company] = interval
    for company in MAGNIFICENT_SEVEN:
        companies.setdefault(company, (0.0, 0.0))
    unnamed = [weight for symbol, weight in top.weights.items() if symbol not in stocks.company]
    found = Constituents(
        fund=fund,
        as_of=top.as_of,
        source=top.source,
        basis=basis,
        coverage=min(1.0, top.listed),
        companies=companies,
        others_high=max(unnamed, default=top.smallest),
        magnificent_seven=_group_interval(companies, top, stocks),
        sectors=dict(top.sectors) or None,
    )
    in_funds = sum(top.weights[symbol] for symbol in top.funds)
    rest = _left_of_fund(top) if in_funds > FUND_OF_FUNDS * top.listed else 0.0
    return _looked_through(found, top.weights, top.funds, rest=rest)


def _looked_through(
    found: Constituents, weights: Mapping[str, float], funds: Mapping[str, Constituents | None], *, rest: float
) -> Constituents:
    """What a list says of companies, widened by the funds in it; `rest` is the weight that unlisted funds may have."""
    inside = [(weights[symbol], known or _unknown(symbol)) for symbol, known in funds.items() if symbol in weights]
    if not inside:
        return found
    gross = found.gross + sum(weight * max(0.0, fund.gross - 1.0) for weight, fund in inside)

    def widened(own: tuple[float, float], within: list[tuple[float, float]]) -> tuple[float, float]:
        parts = [weight for weight, _ in inside]
        low = own[0] + sum(weight * interval[0] for weight, interval in zip(parts, within, strict=True))
        high = own[1] + rest + sum(weight * interval[1] for weight, interval in zip(parts, within, strict=True))
        return (low, max(low, own[1], min(gross, high)))

    companies = {
        company: widened(own, [fund.companies.get(company, (0.0, fund.others_high)) for _, fund in inside])
        for company, own in found.companies.items()
    }
    others = [(0.0, _largest_beside(found.companies, fund)) for _, fund in inside]
    in_funds = sum(weight for weight, _ in inside)
    return replace(
        found,
        coverage=max(0.0, found.coverage - sum(weight * (1.0 - fund.coverage) for weight, fund in inside)),
        companies=companies,
        others_high=widened((0.0, found.others_high), others)[1],
        magnificent_seven=widened(found.magnificent_seven, [fund.magnificent_seven for _, fund in inside]),
        sectors=None if in_funds > SECTORS_OF_FUNDS else found.sectors,
        note=_of_funds(weights, funds),
        gross=gross,
    )


def _unknown(fund: str) -> Constituents:
    """A fund that may be all in one company, whichever."""
    return Constituents(
        fund=fund,
        as_of=None,
        source="unknown",
        basis="unknown",
        coverage=0.0,
        companies={},
        others_high=1.0,
        magnificent_seven=(0.0, 1.0),
    )


def _largest_beside(companies: Collection[str], fund: Constituents) -> float:
    """The most that a company other than these can weigh in a fund."""
    highs = (interval[1] for company, interval in fund.companies.items() if company not in companies)
    return max(fund.others_high, *highs, 0.0)


def _of_funds(weights: Mapping[str, float], funds: Mapping[str, Constituents | None]) -> str:
    """Which funds a list holds, and what was made of them."""
    known = [f"{symbol} {100 * weights[symbol]:.1f}%" for symbol, inner in funds.items() if inner]
    unknown = [f"{symbol} {100 * weights[symbol]:.1f}%" for symbol, inner in funds.items() if not inner]
    through = f"{', '.join(known)}, looked through" if known else ""
    closed = f"{', '.join(unknown)}, where any company may be" if unknown else ""
    return f"It holds funds: {'; '.join(filter(None, (through, closed)))}."


def scaled(fund: str, parent: Constituents, low: float, high: float, *, basis: str, note: str | None) -> Constituents:
    """A fund whose weights are the parent's times a factor between `low` and `high`.

    The factor holds for the seven; any other company may be missing from the fund altogether, unless low = high.
    """
    exact = low == high
    companies = {
        company: (down * low if exact or company in MAGNIFICENT_SEVEN else 0.0, up * high)
        for company, (down, up) in parent.companies.items()
    }
    known = sum(interval[0] for interval in companies.values())
    return Constituents(
        fund=fund,
        as_of=parent.as_of,
        source=parent.source,
        basis=basis,
        coverage=parent.coverage if exact else min(1.0, known),
        companies=companies,
        others_high=parent.others_high * high,
        magnificent_seven=(parent.magnificent_seven[0] * low, parent.magnificent_seven[1] * high),
        proxy=parent.fund,
        note=note,
        gross=high if exact else 1.0,
    )


def _excluded(company: str, allowed: Collection[str]) -> bool:
    return company in MAGNIFICENT_SEVEN and company not in allowed


def _listed(company: str, top: TopList, stocks: Stocks) -> float:
    return sum(top.weights.get(symbol, 0.0) for symbol in stocks.classes(company))


def _company_interval(company: str, top: TopList, stocks: Stocks, *, excluded: bool) -> tuple[float, float]:
    low = _listed(company, top, stocks)
    missing = sum(symbol not in top.weights for symbol in stocks.classes(company))
    if excluded or not missing:
        return (low, low)
    room = min(missing * top.smallest, _left_of_sector(stocks.sector[company], top, stocks), _left_of_fund(top))
    return (low, low + room)


def _group_interval(companies: Mapping[str, tuple[float, float]], top: TopList, stocks: Stocks) -> tuple[float, float]:
    low = sum(companies[company][0] for company in MAGNIFICENT_SEVEN)
    room_by_sector: dict[str, float] = {}
    for company in MAGNIFICENT_SEVEN:
        sector = stocks.sector[company]
        interval = companies[company]
        room_by_sector[sector] = room_by_sector.get(sector, 0.0) + interval[1] - interval[0]
    room = sum(min(room, _left_of_sector(sector, top, stocks)) for sector, room in room_by_sector.items())
    return (low, low + min(room, _left_of_fund(top)))


def _left_of_sector(sector: str, top: TopList, stocks: Stocks) -> float:
    """What the listed stocks leave of a sector; names of unknown sector leave it untouched."""
    if not top.sectors:
        return 1.0
    if sector not in top.sectors:
        return 0.0
    used = sum(
        weight for symbol, weight in top.weights.items() if stocks.sector.get(stocks.company.get(symbol, "")) == sector
    )
    return max(0.0, top.sectors[sector] + SECTOR_ROUNDING - used)


def _left_of_fund(top: TopList) -> float:
    return max(0.0, 1.0 - top.listed)
