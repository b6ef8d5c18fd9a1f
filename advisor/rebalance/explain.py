"""A reason for each order, from what its marginal values say: the parts that speak for it, the largest first.

1. At the optimum every order has a value for each part: the mix, views, fees, tax, cash, each limit and each default
   bound. The parts above zero are its reasons; those below are its price.
2. An order of several lots has the mean of its lots, by shares.
3. An order that the optimum does not make has one reason: rounding to shares.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from advisor.errors import UnverifiedAnswerError
from advisor.format import money, percent
from advisor.market.asset_classes import class_shares
from advisor.market.constituents import magnificent_seven_interval
from advisor.market.data import MarketData
from advisor.optimize.formulation import TAX_RESERVE
from advisor.optimize.marginal_values import FEES, MIX, VIEWS
from advisor.optimize.problem import CASH, CLASSES, TAX
from advisor.portfolio.limit_types import Side, limit_noun
from advisor.portfolio.model import Account, Portfolio
from advisor.portfolio.written import fraction_text
from advisor.rebalance.model import DefaultResult, LimitResult, Reason, ReferenceResult, Trade, TradeReason
from advisor.rebalance.outcome import EDGE, breach

NOTICED = 1e-4  # a year, of a dollar: a cent for each $100
ROUNDING = "rounding"  # the order is not part of the optimum
INDIFFERENT = "indifferent"  # it is, and gains as much as it costs, in every part
_NOT_MADE = 1e-7  # of the lot, or of the household
_EXCEEDED = 1e-3  # of the household: what whole shares leave of cash is less
_SALE_WORDS = {
    VIEWS: "earns less by your views than your mix implies",
    FEES: "saves its fund fee",
    TAX: "realizes a loss, which lowers tax",
    TAX_RESERVE: "sets cash aside for the tax",
}
_PURCHASE_WORDS = {VIEWS: "earns more by your views than your mix implies"}
CASH_AND_BILLS, SMALL_CAPS = "cash_and_bills", "defaults.small_caps"
_MIX_WORDS = "keeps close to your own mix"
_DEFAULT_NOUNS = {
    "cash_and_bills": "cash and bills",
    "small_caps": "small caps",
    "us_stocks": "US stocks",
    "international_stocks": "international stocks",
    "bonds": "bonds",
    "gold_and_commodities": "gold and commodities",
    "other": "other assets",
}
_OTHER_WORDS = {ROUNDING: "rounding to shares alone", INDIFFERENT: "as good as not trading"}


@dataclass(frozen=True, slots=True)
class _Grounds:
    """What words are found in."""

    trades: tuple[Trade, ...]
    limits: Mapping[str, LimitResult]
    defaults: Mapping[str, DefaultResult]
    reference: ReferenceResult
    portfolio: Portfolio
    market: MarketData


def with_reasons(
    trades: tuple[Trade, ...],
    limits: tuple[LimitResult, ...],
    defaults: tuple[DefaultResult, ...],
    reference: ReferenceResult,
    portfolio: Portfolio,
    market: MarketData,
    values: Iterable[TradeReason],
) -> tuple[Trade, ...]:
    """`trades` with `reasons` and `why` filled in; `values` are the marginal values of the optimum they carry out.

    Raises UnverifiedAnswerError for an order for which nothing speaks.
    """
    grounds = _Grounds(
        trades,
        {limit.label: limit for limit in limits},
        {default.label: default for default in defaults},
        reference,
        portfolio,
        market,
    )
    found = []
    for trade in trades:
        reasons = _reasons(trade, [value for value in values if _is_of(value, trade)])
        words = [_words(reason.part, trade, grounds) for reason in reasons]
        found.append(replace(trade, reasons=reasons, why="; ".join([*words, *_facts(trade, grounds)])))
    return tuple(found)


def _is_of(value: TradeReason, trade: Trade) -> bool:
    return (value.account, value.symbol, value.side) == (trade.account, trade.symbol, trade.side)


def _reasons(trade: Trade, values: list[TradeReason]) -> tuple[Reason, ...]:
    """The parts that speak for the order, the largest first."""
    parts = _mean(trade, values)
    if not any(value.traded > _NOT_MADE for value in values):
        return (Reason(ROUNDING, sum(parts.values())),)
    largest = sorted((Reason(part, gain) for part, gain in parts.items() if gain > 0), key=_order)
    noticed = [reason for reason in largest if reason.gain > NOTICED]
    if largest:
        return tuple(noticed or largest[:1])
    if all(gain > -NOTICED for gain in parts.values()):
        return (Reason(INDIFFERENT, sum(parts.values())),)
    raise UnverifiedAnswerError(f"nothing speaks for the order to {trade.side} {trade.symbol} in {trade.account}")


def _order(reason: Reason) -> tuple[float, str]:
    return -reason.gain, reason.part


def _mean(trade: Trade, values: list[TradeReason]) -> dict[str, float]:
    """The parts of an order, over its lots by the shares sold of each; empty where none of them is explained."""
    keys = [(value.acquired, value.cost_per_share_usd) for value in values]
    weighted = [(_shares(trade, key) / keys.count(key), value.parts) for key, value in zip(keys, values, strict=True)]
    whole = sum(weight for weight, _ in weighted)
    names = dict.fromkeys(name for weight, parts in weighted if weight for name in parts)
    return {name: sum(weight * parts.get(name, 0.0) for weight, parts in weighted) / whole for name in names}


def _shares(trade: Trade, key: tuple[date | None, Decimal | None]) -> float:
    """Shares sold of the lots with that date and cost, which cannot be told apart; 1 for a purchase."""
    if not trade.lots:
        return 1.0
    return float(sum(lot.shares for lot in trade.lots if (lot.acquired, lot.cost_per_share_usd) == key))


def _words(part: str, trade: Trade, grounds: _Grounds) -> str:
    """One reason; raises KeyError for a part that cannot speak for such an order."""
    if part in _OTHER_WORDS:
        return _OTHER_WORDS[part]
    if part in grounds.limits:
        return _limit_words(grounds.limits[part])
    if part in (CLASSES, SMALL_CAPS):
        return _default_words(part, trade, grounds)
    if part == MIX:
        return _mix_words(trade, grounds)
    if trade.side == "buy":
        return _PURCHASE_WORDS[part]
    return _cash_words(trade, grounds) if part == CASH else _SALE_WORDS[part]


def _cash_words(trade: Trade, grounds: _Grounds) -> str:
    """What the cash of a sale is for in its account."""
    account = _account(trade, grounds)
    if account.cash_usd < account.min_cash_usd:
        return f"raises cash to the account's minimum of {money(account.min_cash_usd)}"
    buys = any(other.side == "buy" and other.account == trade.account for other in grounds.trades)
    return "pays for purchases in this account" if buys else "raises cash in this account"


def _mix_words(trade: Trade, grounds: _Grounds) -> str:
    """What an order does for the mix: of shares that no longer count as chosen, that they are brought down."""
    company = grounds.market.securities[trade.symbol].company
    if trade.side == "sell" and company in grounds.reference.excess:
        share = fraction_text(grounds.portfolio.preferences.company_share)
        return f"brings {company} down toward {share} of the household in shares of one company"
    return _MIX_WORDS


def _default_words(part: str, trade: Trade, grounds: _Grounds) -> str:
    """What an order does for the bounds that the program sets by itself: a purchase for cash, a sale for its class."""
    if part == SMALL_CAPS:
        return _kept_words(grounds.defaults[part])
    name = CASH_AND_BILLS if trade.side == "buy" else _largest_class(trade.symbol, grounds)
    return _kept_words(grounds.defaults[f"defaults.{name}"])


def _largest_class(symbol: str, grounds: _Grounds) -> str:
    """The class that holds most of a security, of those with a bound."""
    shares = class_shares(grounds.market.securities[symbol])
    bounded = {one: share for one, share in shares.items() if f"defaults.{one}" in grounds.defaults}
    return str(max(bounded, key=lambda one: (bounded[one], one)))


def _kept_words(default: DefaultResult) -> str:
    noun = _DEFAULT_NOUNS[default.name]
    then = "today" if default.bound > default.before - EDGE else "before the new money"
    if default.beyond > _EXCEEDED:
        to = then if default.bound <= default.before + EDGE else percent(default.bound)
        return f"keeps {noun} nearer to {to} (a default)"
    if default.bound <= default.before + EDGE:
        besides = " plus the tax" if default.reserve else ""
        return f"keeps {noun} no higher than {then}{besides} (a default)"
    return f"keeps {noun} within {percent(default.bound)} (a default)"


def _limit_words(limit: LimitResult) -> str:
    """What the order does for the limit, as the limit stands with all orders."""
    noun, is_max = limit_noun(limit.name), limit.side is Side.MAX
    bound = f"your {'limit' if is_max else 'minimum'} of {limit.bound_words}"
    if limit.status == "exceeded":
        return f"keeps {noun} nearer to {bound}"
    if limit.status != "broken_before":
        return f"keeps {noun} {'within' if is_max else 'at'} {bound}"
    if breach(limit.side, limit.bound, limit.after) > EDGE * max(1.0, abs(limit.bound)):
        return f"keeps {noun} no worse than today"
    return f"brings {noun} {'down' if is_max else 'up'} to {bound}"


def _account(trade: Trade, grounds: _Grounds) -> Account:
    return next(account for account in grounds.portfolio.accounts if account.name == trade.account)


def _facts(trade: Trade, grounds: _Grounds) -> list[str]:
    """What else a reader asks at once: of a sale whether it is taxed, of a purchase whether it holds the seven."""
    if trade.side == "sell":
        return [] if _account(trade, grounds).is_taxable else ["untaxed in this account"]
    return ["holds none of the seven"] if magnificent_seven_interval(grounds.market, trade.symbol)[1] == 0 else []
