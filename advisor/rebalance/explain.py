"""A reason for each order, in words that the numbers of the plan bear out."""

from __future__ import annotations

from dataclasses import replace

from advisor.market.constituents import company_interval, magnificent_seven_interval
from advisor.market.data import MarketData
from advisor.portfolio.model import LimitKind, Portfolio
from advisor.rebalance.measure import Yardstick
from advisor.rebalance.model import HouseholdState, LimitResult, Trade
from advisor.rebalance.outcome import NEAR
from advisor.risk.covariance import RiskModel, betas
from advisor.risk.measures import weight_vector

WORDS = {
    "magnificent_seven": "the Magnificent Seven limit",
    "single_company": "the single-company limit",
    "small_caps": "the small-cap limit",
    "volatility": "the volatility limit",
    "tracking_error": "the tracking-error limit",
    "beta": "the beta limit",
    "cash": "the cash limit",
}


def with_reasons(
    trades: tuple[Trade, ...], limits: tuple[LimitResult, ...], yardstick: Yardstick, before: HouseholdState
) -> tuple[Trade, ...]:
    """`trades` with `why` filled in."""
    return tuple(replace(trade, why=_why(trade, limits, yardstick, before)) for trade in trades)


def _why(trade: Trade, limits: tuple[LimitResult, ...], yardstick: Yardstick, before: HouseholdState) -> str:
    if trade.side == "sell":
        parts = _sale_reasons(trade, limits, yardstick, before)
    else:
        parts = _buy_reasons(trade, limits, yardstick.market)
    parts += _account_reason(trade, yardstick.portfolio)
    return "; ".join(parts)


def _sale_reasons(
    trade: Trade, limits: tuple[LimitResult, ...], yardstick: Yardstick, before: HouseholdState
) -> list[str]:
    served = [limit for limit in limits if _matters(limit) and _sale_serves(trade.symbol, limit, yardstick, before)]
    parts = [f"brings {'up' if limit.kind is LimitKind.MIN else 'down'} {_named(limit)}" for limit in served]
    gains = [lot.gain_usd for lot in trade.lots if lot.gain_usd is not None]
    if gains and sum(gains) < 0:
        parts.append("realises a loss against gains")
    return parts or ["pays for the purchases, at the least cost after tax"]


def _sale_serves(symbol: str, limit: LimitResult, yardstick: Yardstick, before: HouseholdState) -> bool:
    market = yardstick.market
    if limit.kind is LimitKind.MIN:
        return limit.name == "cash"
    if limit.name == "magnificent_seven":
        return magnificent_seven_interval(market, symbol)[1] > 0
    if limit.name == "single_company":
        over = [company.company for company in before.exposure.companies if company.high >= limit.bound - NEAR]
        return any(company_interval(market, symbol, company)[1] > 0 for company in over)
    if limit.name == "small_caps":
        return market.is_small_cap(symbol)
    if limit.name in ("volatility", "beta", "tracking_error"):
        return _adds_more_than_the_rest(symbol, limit, yardstick.model, before)
    return limit.name == f"funds.{symbol}"


def _adds_more_than_the_rest(symbol: str, limit: LimitResult, model: RiskModel, before: HouseholdState) -> bool:
    """Whether the measure falls when a little of `symbol` is exchanged for a slice of the whole household."""
    weights = weight_vector(model, before.weights)
    if limit.name == "beta":
        marginal = betas(model, str(limit.subject))
    else:
        active = weights.copy()
        if limit.name == "tracking_error":
            active[model.index(str(limit.subject))] -= 1.0
        marginal = model.covariance @ active
    return bool(marginal[model.index(symbol)] > marginal @ weights)


def _buy_reasons(trade: Trade, limits: tuple[LimitResult, ...], market: MarketData) -> list[str]:
    floors = [limit for limit in limits if limit.kind is LimitKind.MIN and _matters(limit)]
    parts = [f"brings up {_named(limit)}" for limit in floors if limit.name in ("small_caps", f"funds.{trade.symbol}")]
    if magnificent_seven_interval(market, trade.symbol)[1] == 0:
        parts.append("reinvests the proceeds without any of the seven")
    return parts or ["reinvests the proceeds"]


def _account_reason(trade: Trade, portfolio: Portfolio) -> list[str]:
    account = next(account for account in portfolio.accounts if account.name == trade.account)
    return ["no tax in this account"] if trade.side == "sell" and not account.is_taxable else []


def _matters(limit: LimitResult) -> bool:
    return limit.status in ("broken_before", "binding")


def _named(limit: LimitResult) -> str:
    name = WORDS.get(limit.name, f"the limit {limit.name}")
    return f"{name}, broken today" if limit.status == "broken_before" else name
