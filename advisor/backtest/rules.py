"""What of a portfolio file could have been known and kept on a day in the past, and what could not."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from advisor.backtest.model import History, Holdings, Rules
from advisor.market.asset_classes import AssetClass, class_shares
from advisor.market.data import MarketData
from advisor.optimize.held_back import wash_identities
from advisor.optimize.inputs import Indices, expense_ratios, household_value_usd
from advisor.optimize.later_tax import carried_loss_value, later_tax
from advisor.optimize.limits import sign
from advisor.optimize.one_day import UNREACHED, DayLimit, ShareLimit, TradedLimit, VolatilityLimit
from advisor.portfolio.limit_types import Side
from advisor.portfolio.model import MAGNIFICENT_SEVEN, Limit, LimitMode, Portfolio
from advisor.units import POINT_PER_BASIS_POINT, Matrix, Vector

CONTENTS = "what funds held on a day in the past is not in the data"
DIRECT = "counts shares held directly alone: " + CONTENTS


def holdings_of(portfolio: Portfolio, market: MarketData, history: History) -> Holdings:
    """Today's household by account and symbol, at the prices of `market`, in dollars."""
    value = np.zeros((len(portfolio.accounts), len(history.symbols)))
    for a, account in enumerate(portfolio.accounts):
        for position in account.positions:
            price = market.securities[position.symbol].close_usd
            value[a, history.symbols.index(position.symbol)] += float(position.shares * price)
    return Holdings(
        accounts=tuple(account.name for account in portfolio.accounts),
        taxable=np.array([account.is_taxable for account in portfolio.accounts]),
        cash_usd=np.array([float(account.cash_usd) for account in portfolio.accounts]),
        value_usd=value,
    )


def rules_of(portfolio: Portfolio, market: MarketData, history: History) -> Rules:
    """The file's limits and preferences for the symbols of `history`.

    What a gain saves of later tax is worked out at today's riskless rate: an assumption, as today's tax rates are.
    """
    symbols, preferences = history.symbols, portfolio.preferences
    applied: list[tuple[DayLimit, Limit]] = []
    not_applied: list[str] = []
    for limit in portfolio.limits:
        compiled, reason = _limit(limit, market, history)
        if compiled is not None:
            applied.append((compiled, limit))
        if reason is not None:
            not_applied.append(f"{limit.label}: {reason}")
    value = household_value_usd(portfolio, market)
    years, riskless = float(preferences.horizon_years), market.risk_free.value
    later = later_tax(portfolio, riskless)
    return Rules(
        limits=tuple(compiled for compiled, _ in applied),
        bounds=np.array([float(limit.bound) for _, limit in applied]),
        not_worse=np.array([limit.mode is LimitMode.NOT_WORSE_THAN_TODAY for _, limit in applied], dtype=bool),
        not_applied=(*not_applied, *_left_out(portfolio)),
        may_sell=np.array([[portfolio.may_sell(account.name, s) for s in symbols] for account in portfolio.accounts]),
        may_buy=np.array([[portfolio.may_buy(account, s) for s in symbols] for account in portfolio.accounts]),
        min_cash_usd=np.array([float(account.min_cash_usd) for account in portfolio.accounts]),
        small_caps=np.array([market.is_small_cap(symbol) for symbol in symbols], dtype=bool),
        identity=_identities(portfolio, market, symbols),
        classes={one: _class_row(one, market, symbols) for one in AssetClass},
        companies=tuple(market.securities[symbol].company for symbol in symbols),
        company_share=float(preferences.company_share),
        least_cash=_least(portfolio, "cash"),
        least_small_caps=_least(portfolio, "small_caps"),
        caps_small_caps=any((limit.name, limit.side) == ("small_caps", Side.MAX) for limit in portfolio.limits),
        half_spread=np.array([market.securities[symbol].half_spread.value for symbol in symbols]),
        expense_ratio=expense_ratios(market, symbols),
        equity_premium=float(preferences.equity_premium),
        risk_aversion=None if preferences.risk_aversion is None else float(preferences.risk_aversion),
        return_uncertainty=float(preferences.return_uncertainty),
        cost_years=later.cost_years(years),
        later_tax_saved=later.saved(years),
        carried_value=carried_loss_value(portfolio, riskless),
        min_trade_usd=float(min(preferences.least_trade_usd(value), value / 100)),
        min_gain=float(preferences.min_gain),
        min_gain_usd=float(preferences.min_gain_usd),
        wait_days=preferences.wait_days,
        tax=portfolio.tax,
    )


def _class_row(one: AssetClass, market: MarketData, symbols: tuple[str, ...]) -> Vector:
    return np.array([class_shares(market.securities[symbol]).get(one, 0.0) for symbol in symbols])


def _least(portfolio: Portfolio, name: str) -> float:
    """The file's own minimum of that name, 0 where it has none."""
    bounds = (float(limit.bound) for limit in portfolio.limits if (limit.name, limit.side) == (name, Side.MIN))
    return max(bounds, default=0.0)


def _left_out(portfolio: Portfolio) -> Iterator[str]:
    if portfolio.views:
        yield "views: they are of today, and in the past would be knowledge of the future"
    if portfolio.preferences.covariance_inflation:
        yield "preferences.covariance_inflation: not part of the backtest"


def _limit(limit: Limit, market: MarketData, history: History) -> tuple[DayLimit | None, str | None]:
    """The limit as far as it could be kept in the past, and what of it could not."""
    price = UNREACHED if limit.mode is not LimitMode.SOFT else POINT_PER_BASIS_POINT * float(limit.charge_bps_per_pp)
    if limit.type.not_in_backtest is not None:
        return None, limit.type.not_in_backtest
    symbols, kind, name = history.symbols, limit.type.name, limit.part
    match kind:
        case "volatility" | "tracking_error":
            benchmark = symbols.index(str(limit.benchmark)) if limit.benchmark else None
            return VolatilityLimit(limit.label, benchmark, price), None
        case "turnover" | "realized_gain":
            return TradedLimit(limit.label, kind), None
        case "cash":
            return ShareLimit(limit.label, np.zeros((1, len(symbols))), 1.0, sign(limit), price), None
        case "small_caps":
            row = [float(market.is_small_cap(symbol)) for symbol in symbols]
            return ShareLimit(limit.label, np.array([row]), 0.0, sign(limit), price), None
        case "funds":
            if name not in symbols:
                return None, f"{name} is neither held nor bought"
            row = [float(symbol == name) for symbol in symbols]
            return ShareLimit(limit.label, np.array([row]), 0.0, sign(limit), price), None
        case "magnificent_seven" | "single_company":
            rows = _direct(kind, market, symbols)
            if not len(rows):
                return None, f"no such share is held directly, and {CONTENTS}"
            return ShareLimit(limit.label, rows, 0.0, 1.0, price), DIRECT
        case _:
            raise ValueError(f"no rule for a backtest of the limit {limit.label!r}")


def _direct(kind: str, market: MarketData, symbols: tuple[str, ...]) -> Matrix:
    """One row for the seven together, or one for each company, of shares held directly."""
    companies = [market.securities[symbol].company for symbol in symbols]
    named = dict.fromkeys(company for company in companies if company)
    if kind == "single_company":
        return np.array([[float(company == one) for company in companies] for one in named])
    if not set(named) & set(MAGNIFICENT_SEVEN):
        return np.zeros((0, len(symbols)))
    return np.array([[float(company in MAGNIFICENT_SEVEN) for company in companies]])


def _identities(portfolio: Portfolio, market: MarketData, symbols: tuple[str, ...]) -> Indices:
    """Number of each symbol's identity: the place of the first symbol that has it."""
    identities = list(wash_identities(portfolio, market, symbols).values())
    return np.array([identities.index(identity) for identity in identities], dtype=np.intp)
