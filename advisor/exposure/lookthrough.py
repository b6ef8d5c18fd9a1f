"""Look-through: what the household owns of each company, directly and through its funds.

Fund lists are often cut after ten names, so every figure is an interval [low, high]: `low` is what is known,
`high` adds what the lists cannot rule out. Limits bind on `high`.

1. Weigh every holding by market value; cash counts in the total.
2. A stock is its company at weight 1; a fund is its constituents' intervals (`MarketData.constituents`).
3. Sum over holdings, share classes merged (GOOG and GOOGL are Alphabet).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from advisor.errors import MarketDataError
from advisor.exposure.concentration import effective_number, hhi_interval
from advisor.market.constituents import (
    IntervalOf,
    companies_of,
    company_of,
    constituents_of,
    intervals_in,
    magnificent_seven_interval,
)
from advisor.market.data import MarketData
from advisor.portfolio.model import MAGNIFICENT_SEVEN, Portfolio
from advisor.units import ordered


@dataclass(frozen=True, slots=True)
class CompanyExposure:
    """Weight of one company in the household: low = direct + through_funds (known), high adds the unknown part."""

    company: str
    direct: float
    through_funds: float
    low: float
    high: float
    by_fund: dict[str, float]  # known part through each fund, largest first


@dataclass(frozen=True, slots=True)
class FundExposure:
    """One fund's part in the household and in the Magnificent Seven, with where that is known from."""

    symbol: str
    name: str
    weight: float
    seven_in_fund: tuple[float, float]  # interval of the seven inside the fund
    seven_low: float  # weight x low, of household value
    seven_high: float
    coverage: float
    as_of: date | None
    basis: str
    source: str
    proxy: str | None
    note: str | None
    sha256: str | None = None  # of the issuer's file, where the list is one


@dataclass(frozen=True, slots=True)
class AccountExposure:
    """One account's value and its own Magnificent Seven weight (of the account, not of the household)."""

    name: str
    type: str
    value_usd: Decimal
    weight: float
    seven_low: float
    seven_high: float


@dataclass(frozen=True, slots=True)
class SevenExposure:
    """The Magnificent Seven together, as a fraction of household value."""

    direct: float
    through_funds: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Exposure:
    """Everything look-through says of a household at one moment."""

    value_usd: Decimal
    seven: SevenExposure
    companies: tuple[CompanyExposure, ...]  # largest `high` first: all known to be held, and the seven always
    funds: tuple[FundExposure, ...]  # largest weight first
    accounts: tuple[AccountExposure, ...]  # in the order of the file
    unnamed: float  # weight that sits in funds' unlisted part
    hhi: tuple[float, float]  # Herfindahl index over companies, 0-1 scale: interval
    effective_companies: tuple[float, float]  # 1 / HHI; infinite where no company is known by name


def look_through(portfolio: Portfolio, market: MarketData) -> Exposure:
    """Exposure of a household as it stands, at the market data's closes.

    Raises
    ------
    MarketDataError
        A position without a price or a fund without constituents (`market.resolve` finds these first).
    """
    values: dict[tuple[str, str], Decimal] = {}
    for account in portfolio.accounts:
        for position in account.positions:
            key = (account.name, position.symbol)
            values[key] = values.get(key, Decimal(0)) + position.shares * _close(market, position.symbol)
    cash = {account.name: account.cash_usd for account in portfolio.accounts}
    types = {account.name: str(account.type) for account in portfolio.accounts}
    return look_through_values(values, cash, types, market)


def look_through_values(
    values_usd: Mapping[tuple[str, str], Decimal],
    cash_usd: Mapping[str, Decimal],
    account_types: Mapping[str, str],
    market: MarketData,
) -> Exposure:
    """Exposure of any state of a household, for example the one after trades.

    Parameters
    ----------
    values_usd
        Market value by (account, symbol).
    cash_usd
        Cash by account, 0 where there is none; its order is the order of the result's accounts.
    account_types
        Tax treatment by account, for display.
    market
        Prices are not used; constituents are.

    Raises
    ------
    MarketDataError
        The household is worth nothing, or a security's companies are not known.
    """
    unknown = sorted({account for account, _ in values_usd} - set(cash_usd))
    if unknown:
        raise ValueError(f"values in accounts without a cash entry: {', '.join(unknown)}")
    total = sum(values_usd.values(), Decimal(0)) + sum(cash_usd.values(), Decimal(0))
    if total <= 0:
        raise MarketDataError("the household is worth nothing: there are no weights to measure")
    weights = _weights_by_symbol(values_usd, total)
    companies = _companies(weights, market)
    hhi = hhi_interval(weights, market)
    return Exposure(
        value_usd=total,
        seven=_seven(weights, market),
        companies=companies,
        funds=_funds(weights, market),
        accounts=_accounts(values_usd, cash_usd, account_types, total, market),
        unnamed=sum(
            weight * (1.0 - constituents_of(market, symbol).coverage)
            for symbol, weight in weights.items()
            if _is_fund(market, symbol)
        ),
        hhi=hhi,
        effective_companies=effective_number(hhi),
    )


def _close(market: MarketData, symbol: str) -> Decimal:
    if symbol not in market.securities:
        raise MarketDataError(f"{symbol}: no price in {market.id}")
    return market.securities[symbol].close_usd


def _is_fund(market: MarketData, symbol: str) -> bool:
    return company_of(market, symbol) is None


def _weights_by_symbol(values_usd: Mapping[tuple[str, str], Decimal], total: Decimal) -> dict[str, float]:
    """Weight of each security in the household over all accounts, nothing held left out."""
    sums: dict[str, Decimal] = {}
    for (_, symbol), value in values_usd.items():
        sums[symbol] = sums.get(symbol, Decimal(0)) + value
    return {symbol: float(value / total) for symbol, value in sums.items() if value != 0}


def _seven(weights: Mapping[str, float], market: MarketData) -> SevenExposure:
    direct = through = high = 0.0
    for symbol, weight in weights.items():
        interval = magnificent_seven_interval(market, symbol)
        if _is_fund(market, symbol):
            through += weight * interval[0]
        else:
            direct += weight * interval[0]
        high += weight * interval[1]
    return SevenExposure(direct, through, *ordered(direct + through, high))


def _companies(weights: Mapping[str, float], market: MarketData) -> tuple[CompanyExposure, ...]:
    """Every company known to be held, and the seven always, largest `high` first."""
    candidates = {*companies_of(market, weights), *MAGNIFICENT_SEVEN}
    parts = [
        (symbol, weight, _is_fund(market, symbol), intervals_in(market, symbol)) for symbol, weight in weights.items()
    ]
    found = [_company(company, parts) for company in candidates]
    kept = [exposure for exposure in found if exposure.low > 0.0 or exposure.company in MAGNIFICENT_SEVEN]
    return tuple(sorted(kept, key=lambda exposure: (-exposure.high, exposure.company)))


def _company(company: str, parts: list[tuple[str, float, bool, IntervalOf]]) -> CompanyExposure:
    direct = high = 0.0
    by_fund: dict[str, float] = {}
    for symbol, weight, is_fund, interval_of in parts:
        least, most = interval_of(company)
        high += weight * most
        if not is_fund:
            direct += weight * least
        elif weight * least > 0.0:
            by_fund[symbol] = weight * least
    through = sum(by_fund.values())
    largest_first = dict(sorted(by_fund.items(), key=lambda item: (-item[1], item[0])))
    return CompanyExposure(company, direct, through, *ordered(direct + through, high), largest_first)


def _funds(weights: Mapping[str, float], market: MarketData) -> tuple[FundExposure, ...]:
    funds = [_fund(symbol, weight, market) for symbol, weight in weights.items() if _is_fund(market, symbol)]
    return tuple(sorted(funds, key=lambda fund: (-fund.weight, fund.symbol)))


def _fund(symbol: str, weight: float, market: MarketData) -> FundExposure:
    constituents = constituents_of(market, symbol)
    low, high = constituents.magnificent_seven
    return FundExposure(
        symbol=symbol,
        name=market.securities[symbol].name,
        weight=weight,
        seven_in_fund=(low, high),
        seven_low=weight * low,
        seven_high=weight * high,
        coverage=constituents.coverage,
        as_of=constituents.as_of,
        basis=constituents.basis,
        source=constituents.source,
        proxy=constituents.proxy,
        note=constituents.note,
        sha256=constituents.sha256,
    )


def _accounts(
    values_usd: Mapping[tuple[str, str], Decimal],
    cash_usd: Mapping[str, Decimal],
    account_types: Mapping[str, str],
    total: Decimal,
    market: MarketData,
) -> tuple[AccountExposure, ...]:
    accounts = []
    for name, cash in cash_usd.items():
        own = {key: value for key, value in values_usd.items() if key[0] == name}
        value = sum(own.values(), cash)
        weights = _weights_by_symbol(own, value) if value > 0 else {}
        seven = _seven(weights, market)
        weight = float(value / total)
        accounts.append(AccountExposure(name, account_types[name], value, weight, seven.low, seven.high))
    return tuple(accounts)
