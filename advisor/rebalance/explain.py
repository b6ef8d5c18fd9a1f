"""A reason for each order, in words that the numbers of the plan bear out."""

from __future__ import annotations

from dataclasses import replace

from advisor.market.constituents import company_interval, magnificent_seven_interval
from advisor.market.data import MarketData
from advisor.portfolio.model import Account, LimitKind, Portfolio
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
    sold_in = {trade.account for trade in trades if trade.side == "sell"}

    def why(trade: Trade) -> str:
        if trade.side == "sell":
            return "; ".join(_sale_reasons(trade, limits, yardstick, before))
        return "; ".join(_buy_reasons(trade, limits, yardstick.market, from_sales=trade.account in sold_in))

    return tuple(replace(trade, why=why(trade)) for trade in trades)


def _sale_reasons(
    trade: Trade, limits: tuple[LimitResult, ...], yardstick: Yardstick, before: HouseholdState
) -> list[str]:
    served = [limit for limit in limits if _matters(limit) and _sale_serves(trade.symbol, limit, yardstick, before)]
    parts = [f"brings {'up' if limit.kind is LimitKind.MIN else 'down'} {_named(limit)}" for limit in served]
    account = _account(trade, yardstick.portfolio)
    if before.cash_usd[account.name] < account.min_cash_usd:
        parts.append("raises the account's cash to its min_cash")
    gains = [lot.gain_usd for lot in trade.lots if lot.gain_usd is not None]
    if gains and sum(gains) < 0:
        parts.append("realises a loss")
    parts = parts or ["pays for the purchases, at the least cost after tax"]
    return parts if account.is_taxable else [*parts, "no tax in this account"]


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


def _buy_reasons(trade: Trade, limits: tuple[LimitResult, ...], market: MarketData, *, from_sales: bool) -> list[str]:
    served = [limit for limit in limits if _matters(limit) and _purchase_serves(trade.symbol, limit, market)]
    parts = [f"brings {'up' if limit.kind is LimitKind.MIN else 'down'} {_named(limit)}" for limit in served]
    use = "reinvests the proceeds" if from_sales else "invests cash"
    without = " without any of the seven" if magnificent_seven_interval(market, trade.symbol)[1] == 0 else ""
    return [*parts, f"{use}{without}"]


def _purchase_serves(symbol: str, limit: LimitResult, market: MarketData) -> bool:
    if limit.kind is LimitKind.MAX:
        return limit.name == "cash"
    return limit.name == f"funds.{symbol}" or (limit.name == "small_caps" and market.is_small_cap(symbol))


def _account(trade: Trade, portfolio: Portfolio) -> Account:
    return next(account for account in portfolio.accounts if account.name == trade.account)


def _matters(limit: LimitResult) -> bool:
    return limit.status in ("broken_before", "binding")


def _named(limit: LimitResult) -> str:
    name = WORDS.get(limit.name, f"the limit {limit.name}")
    return f"{name}, broken today" if limit.status == "broken_before" else name
