"""A reason for each order, in words that the numbers of the plan bear out.

1. A limit is a reason where it presses for the trade at the optimum: its part of the price book is above nothing.
2. So is a limit that is broken today and met by the whole of the trades, where what is traded counts towards it:
   another limit may have pressed in its place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from advisor.exposure.sectors import sector_interval
from advisor.market.constituents import company_interval, magnificent_seven_interval
from advisor.market.data import MarketData
from advisor.portfolio.model import Account, LimitKind, Portfolio
from advisor.rebalance.measure import Yardstick
from advisor.rebalance.model import HouseholdState, LimitResult, Trade, TradeReason
from advisor.rebalance.outcome import NEAR

PRESSES = 1e-4  # a year, of a dollar: a cent for each $100
WORDS = {
    "magnificent_seven": "the Magnificent Seven limit",
    "single_company": "the single-company limit",
    "small_caps": "the small-cap limit",
    "volatility": "the volatility limit",
    "tracking_error": "the tracking-error limit",
    "beta": "the beta limit",
    "cash": "the cash limit",
    "turnover": "the turnover limit",
    "realized_gain": "the realized-gain limit",
    "expense_ratio": "the expense-ratio limit",
    "cvar_95": "the limit on the worst months",
    "max_drawdown": "the drawdown limit",
}
_PAYS = "pays for the purchases, at the least cost after tax"
_CALMS = "lowers risk by more than its return is worth"


@dataclass(frozen=True, slots=True)
class _Grounds:
    """What reasons are found in."""

    trades: tuple[Trade, ...]
    limits: tuple[LimitResult, ...]
    yardstick: Yardstick
    before: HouseholdState
    book: tuple[TradeReason, ...]

    @property
    def market(self) -> MarketData:
        return self.yardstick.market

    @property
    def portfolio(self) -> Portfolio:
        return self.yardstick.portfolio


def with_reasons(
    trades: tuple[Trade, ...],
    limits: tuple[LimitResult, ...],
    yardstick: Yardstick,
    before: HouseholdState,
    book: tuple[TradeReason, ...],
) -> tuple[Trade, ...]:
    """`trades` with `why` filled in; `book` is the price book of the optimum that they carry out."""
    grounds = _Grounds(trades, limits, yardstick, before, book)
    sold_in = {trade.account for trade in trades if trade.side == "sell"}

    def why(trade: Trade) -> str:
        if trade.side == "sell":
            return "; ".join(_sale_reasons(trade, grounds))
        return "; ".join(_buy_reasons(trade, grounds, from_sales=trade.account in sold_in))

    return tuple(replace(trade, why=why(trade)) for trade in trades)


def _sale_reasons(trade: Trade, grounds: _Grounds) -> list[str]:
    parts = [_served_words(limit) for limit in _served(trade, grounds)]
    account = _account(trade, grounds.portfolio)
    if grounds.before.cash_usd[account.name] < account.min_cash_usd:
        parts.append("raises the account's cash to its min_cash")
    gains = [lot.gain_usd for lot in trade.lots if lot.gain_usd is not None]
    if gains and sum(gains) < 0:
        parts.append("realises a loss")
    parts = parts or [_PAYS if any(other.side == "buy" for other in grounds.trades) else _CALMS]
    return parts if account.is_taxable else [*parts, "untaxed in this account"]


def _buy_reasons(trade: Trade, grounds: _Grounds, *, from_sales: bool) -> list[str]:
    parts = [_served_words(limit) for limit in _served(trade, grounds)]
    use = "reinvests the proceeds" if from_sales else "invests cash"
    without = " without any of the seven" if magnificent_seven_interval(grounds.market, trade.symbol)[1] == 0 else ""
    return [*parts, f"{use}{without}"]


def _served(trade: Trade, grounds: _Grounds) -> list[LimitResult]:
    """Limits that are a reason for the trade, in the order of the file."""
    counts = _sale_counts if trade.side == "sell" else _purchase_counts
    return [
        limit
        for limit in grounds.limits
        if _presses(trade, limit, grounds.book)
        or (limit.status == "broken_before" and counts(trade.symbol, limit, grounds))
    ]


def _presses(trade: Trade, limit: LimitResult, book: Iterable[TradeReason]) -> bool:
    """Whether the limit makes the trade worth more at the optimum; lots of one security differ in tax alone."""
    return any(
        reason.parts.get(limit.label, 0.0) > PRESSES
        for reason in book
        if (reason.account, reason.symbol, reason.side) == (trade.account, trade.symbol, trade.side)
    )


def _sale_counts(symbol: str, limit: LimitResult, grounds: _Grounds) -> bool:
    """Whether selling `symbol` brings the household nearer to the limit."""
    if limit.kind is LimitKind.MIN:
        return limit.name == "cash"
    market = grounds.market
    kind, _, name = limit.name.partition(".")
    match kind:
        case "magnificent_seven":
            return magnificent_seven_interval(market, symbol)[1] > 0
        case "single_company":
            companies = grounds.before.exposure.companies
            over = [company.company for company in companies if company.high >= limit.bound - NEAR]
            return any(company_interval(market, symbol, company)[1] > 0 for company in over)
        case "small_caps":
            return market.is_small_cap(symbol)
        case "funds":
            return name == symbol
        case "sectors":
            return sector_interval(market, symbol, name)[1] > limit.bound
        case "expense_ratio":
            ratio = market.securities[symbol].expense_ratio
            return ratio is not None and ratio.value > limit.bound
        case "stress":
            returns = next(episode.returns for episode in market.episodes if episode.name == name)
            return -returns[symbol] > limit.bound
    return False


def _purchase_counts(symbol: str, limit: LimitResult, grounds: _Grounds) -> bool:
    """Whether buying `symbol` brings the household nearer to the limit."""
    if limit.kind is LimitKind.MAX:
        return limit.name == "cash"
    kind, _, name = limit.name.partition(".")
    match kind:
        case "funds":
            return name == symbol
        case "small_caps":
            return grounds.market.is_small_cap(symbol)
        case "sectors":
            return sector_interval(grounds.market, symbol, name)[0] > limit.bound
    return False


def _account(trade: Trade, portfolio: Portfolio) -> Account:
    return next(account for account in portfolio.accounts if account.name == trade.account)


def _served_words(limit: LimitResult) -> str:
    """``brings down the volatility limit, broken today``."""
    text = f"brings {'up' if limit.kind is LimitKind.MIN else 'down'} {_named(limit)}"
    if limit.status == "exceeded":
        return f"{text}, exceeded even so"
    return f"{text}, broken today" if limit.status == "broken_before" else text


def _named(limit: LimitResult) -> str:
    kind, _, name = limit.name.partition(".")
    if kind == "sectors":
        return f"the {name} limit"
    if kind == "stress":
        return f"the limit on the loss in {limit.subject or name}"
    return WORDS.get(limit.name, f"the limit {limit.name}")
