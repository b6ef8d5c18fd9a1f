"""A reason for each order, in words that the numbers of the plan bear out."""

from __future__ import annotations

from dataclasses import replace

from advisor.market.constituents import magnificent_seven_interval
from advisor.market.data import MarketData
from advisor.portfolio.model import LimitKind, Portfolio
from advisor.rebalance.model import LimitResult, Trade

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
    trades: tuple[Trade, ...], limits: tuple[LimitResult, ...], portfolio: Portfolio, market: MarketData
) -> tuple[Trade, ...]:
    """`trades` with `why` filled in."""
    return tuple(replace(trade, why=_why(trade, limits, portfolio, market)) for trade in trades)


def _why(trade: Trade, limits: tuple[LimitResult, ...], portfolio: Portfolio, market: MarketData) -> str:
    parts = _sale_reasons(trade, limits, market) if trade.side == "sell" else _buy_reasons(trade, limits, market)
    parts += _account_reason(trade, portfolio)
    return "; ".join(parts)


def _sale_reasons(trade: Trade, limits: tuple[LimitResult, ...], market: MarketData) -> list[str]:
    served = [limit for limit in limits if _sale_serves(trade.symbol, limit, market) and _matters(limit)]
    parts = [f"brings down {_named(limit)}" for limit in served]
    gains = [lot.gain_usd for lot in trade.lots if lot.gain_usd is not None]
    if gains and sum(gains) < 0:
        parts.append("realises a loss against gains")
    return parts or ["pays for the purchases, at the least cost after tax"]


def _sale_serves(symbol: str, limit: LimitResult, market: MarketData) -> bool:
    if limit.kind is LimitKind.MIN:
        return limit.name == "cash"
    if limit.name == "magnificent_seven":
        return magnificent_seven_interval(market, symbol)[1] > 0
    if limit.name == "single_company":
        return market.securities[symbol].company == limit.subject
    if limit.name.startswith("funds."):
        return limit.name == f"funds.{symbol}"
    return limit.name in ("volatility", "beta", "tracking_error")


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
