"""Why each order is made: that its reasons are what its marginal values say, in order of size, and its words theirs.

An order of several lots has the mean of their values, by shares. Parts that speak for it are its reasons, the largest
first; an order that the optimum does not make has none but rounding.
"""

from __future__ import annotations

from collections import Counter
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from advisor.market.data import MarketData
from advisor.portfolio.model import AccountType, Portfolio
from advisor.rebalance.verify.book import Book
from advisor.rebalance.verify.classes import parts_of
from advisor.rebalance.verify.ledger import Ledger, Order
from advisor.rebalance.verify.rules import noun_of

EQUAL = 1e-9
NOTICED = 1e-4  # a year, of each dollar
MADE = 1e-7  # of the lot, or of the household
EXCEEDED = 1e-3  # of the household: what whole shares leave of cash is less
OF_SALES = {
    "views": "earns less by your views than your mix implies",
    "fees": "saves its fund fee",
    "tax": "realizes a loss, which lowers tax",
    "preferences.reserve_tax": "sets cash aside for the tax",
}
OF_PURCHASES = {"views": "earns more by your views than your mix implies"}
OF_MIX = "keeps close to your own mix"
OF_CLASSES = {
    "cash_and_bills": "cash and bills",
    "small_caps": "small caps",
    "us_stocks": "US stocks",
    "international_stocks": "international stocks",
    "bonds": "bonds",
    "gold_and_commodities": "gold and commodities",
    "other": "other assets",
}
OF_NEITHER = {"rounding": "rounding to shares alone", "indifferent": "as good as not trading"}

Record = dict[str, Any]
Lot = tuple[str | None, Decimal | None]  # its day and its cost


def check_why(record: Record, portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """Every order's reasons and words."""
    faults = []
    for order, trade in zip(ledger.orders, record["trades"], strict=True):
        values = [value for value in record["explanation"]["reasons"] if _is_of(value, order)]
        means = _means(order, values)
        faults += [f"{order.name}: {fault}" for fault in _part_faults(trade["reasons"], means, values)]
        words = [_words(reason["part"], order, record, portfolio, market, ledger) for reason in trade["reasons"]]
        told = "; ".join([*words, *_facts(order, portfolio, market)])
        if trade["why"] != told:
            faults.append(f"{order.name}: {trade['why'][:60]!r} stated, its reasons say {told!r}")
    return faults


def _is_of(value: Record, order: Order) -> bool:
    side = "buy" if order.is_buy else "sell"
    return (value["account"], value["symbol"], value["side"]) == (order.account.name, order.symbol, side)


def _means(order: Order, values: list[Record]) -> dict[str, float]:
    """By part: its mean over the order's lots, by the shares of each."""
    weights = _weights(order, values)
    whole = sum(weights)
    if not whole:
        return {}
    parts = {part for value, weight in zip(values, weights, strict=True) if weight for part in value["parts"]}
    return {
        part: sum(w * value["parts"].get(part, 0.0) for value, w in zip(values, weights, strict=True)) / whole
        for part in parts
    }


def _weights(order: Order, values: list[Record]) -> list[float]:
    """Shares sold of the lot of each value, lots that cannot be told apart sharing theirs; 1 for a purchase."""
    if order.is_buy:
        return [1.0] * len(values)
    sold: dict[Lot, Decimal] = {}
    for part in order.sold:
        sold[_lot(part.line)] = sold.get(_lot(part.line), Decimal(0)) + part.shares
    keys = [_lot(value) for value in values]
    alike = Counter(keys)
    return [float(sold.get(key, Decimal(0))) / alike[key] for key in keys]


def _lot(line: Record) -> Lot:
    cost = line["cost_per_share_usd"]
    return line["acquired"], None if cost is None else Decimal(cost)


def _part_faults(stated: list[Record], means: dict[str, float], values: list[Record]) -> list[str]:
    """The stated parts are those that must be, each with its mean, the largest first."""
    gains = [reason["gain"] for reason in stated]
    faults = [] if gains == sorted(gains, reverse=True) else ["reasons not in order of size"]
    parts = [reason["part"] for reason in stated]
    if parts in (["rounding"], ["indifferent"]):
        means = {parts[0]: sum(means.values())} if _may_be(parts[0], means, values) else means
    elif not any(value["traded"] > MADE for value in values):
        return [*faults, "reasons of an order that is made by rounding alone"]
    for reason in stated:
        if abs(reason["gain"] - means.get(reason["part"], -1.0)) > EQUAL:
            faults.append(f"{reason['part']} is no reason of {reason['gain']:.4g}")
    if len(set(parts)) != len(parts) or not parts:
        faults.append("no reason, or one twice")
    return faults + _choice_faults(parts, means)


def _choice_faults(parts: list[str], means: dict[str, float]) -> list[str]:
    """Everything that counts is there, and nothing else but where nothing counts: then the largest alone."""
    left_out = [part for part, gain in means.items() if gain > NOTICED + EQUAL and part not in parts]
    faults = [f"{part} is left out" for part in left_out]
    small = [part for part in parts if part not in OF_NEITHER and means.get(part, 0.0) <= NOTICED - EQUAL]
    if small and (len(parts) > 1 or means.get(small[0], 0.0) < max(means.values(), default=0.0) - EQUAL):
        faults.append(f"{small[0]} is too small to be a reason")
    return faults


def _may_be(part: str, means: dict[str, float], values: list[Record]) -> bool:
    """Whether an order may have this one reason: by rounding where the optimum makes none of it, or a tie."""
    made = any(value["traded"] > MADE for value in values)
    if part == "rounding":
        return not made
    return made and all(-NOTICED < gain <= EQUAL for gain in means.values())


def _words(part: str, order: Order, record: Record, portfolio: Portfolio, market: MarketData, ledger: Ledger) -> str:
    """The words of one reason; what cannot speak for such an order says so."""
    limits = {f"{entry['name']}.{entry['kind']}": entry for entry in record["limits"]}
    if part in OF_NEITHER or part in limits:
        return OF_NEITHER.get(part) or _limit_words(limits[part])
    defaults = {f"defaults.{entry['name']}": entry for entry in record["defaults"]}
    if part in ("defaults", "defaults.small_caps"):
        return _default_words(defaults[_bound_of(part, order, defaults, market)])
    if part == "mix":
        return _mix_words(order, record, portfolio, market)
    if order.is_buy:
        return OF_PURCHASES.get(part, f"{part} speaks for no purchase")
    if part == "cash":
        if order.account.cash_usd < order.account.min_cash_usd:
            whole_usd = order.account.min_cash_usd.quantize(Decimal(1), ROUND_HALF_EVEN)
            return f"raises cash to the account's minimum of ${whole_usd:,}"
        buys = any(other.is_buy and other.account.name == order.account.name for other in ledger.orders)
        return "pays for purchases in this account" if buys else "raises cash in this account"
    return OF_SALES.get(part, f"{part} speaks for no sale")


def _mix_words(order: Order, record: Record, portfolio: Portfolio, market: MarketData) -> str:
    """Of shares of a company that has an excess, that they are brought down; of all else, that the mix is kept."""
    company = market.securities[order.symbol].company
    if order.is_buy or company not in record["reference"]["company_excess"]:
        return OF_MIX
    share = f"{(portfolio.preferences.company_share * 100).normalize():f}%"
    return f"brings {company} down toward {share} of the household in shares of one company"


def _bound_of(part: str, order: Order, defaults: dict[str, Record], market: MarketData) -> str:
    """The default bound that an order is for: small caps', for a purchase that on cash, else its own class's."""
    if part != "defaults":
        return part
    if order.is_buy:
        return "defaults.cash_and_bills"
    parts = {name: share for name, share in parts_of(order.symbol, market).items() if f"defaults.{name}" in defaults}
    return f"defaults.{max(parts, key=lambda name: (parts[name], name))}"


def _default_words(entry: Record) -> str:
    """What an order does for a bound of the program's own."""
    noun = OF_CLASSES[entry["name"]]
    then = "before the new money" if entry["bound"] <= entry["before"] - EQUAL else "today"
    if entry["beyond"] > EXCEEDED:
        to = f"{entry['bound'] * 100:.1f}%" if entry["bound"] > entry["before"] + EQUAL else then
        return f"keeps {noun} nearer to {to} (a default)"
    if entry["bound"] > entry["before"] + EQUAL:
        return f"keeps {noun} within {entry['bound'] * 100:.1f}% (a default)"
    return f"keeps {noun} no higher than {then}{' plus the tax' if entry['reserve'] else ''} (a default)"


def _limit_words(entry: Record) -> str:
    """What an order does for a limit, as the limit stands after all orders."""
    is_max, noun = entry["kind"] == "max", noun_of(entry["name"])
    bound = f"your {'limit' if is_max else 'minimum'} of {entry['bound_text']}"
    beyond = entry["after"] - entry["bound"] if is_max else entry["bound"] - entry["after"]
    if entry["status"] == "exceeded":
        return f"keeps {noun} nearer to {bound}"
    if entry["status"] != "broken_before":
        return f"keeps {noun} within {bound}" if is_max else f"keeps {noun} at {bound}"
    if beyond > EQUAL * max(1.0, abs(entry["bound"])):
        return f"keeps {noun} no worse than today"
    return f"brings {noun} down to {bound}" if is_max else f"brings {noun} up to {bound}"


def _facts(order: Order, portfolio: Portfolio, market: MarketData) -> list[str]:
    """What a reader asks besides: whether a sale is taxed, whether a purchase holds the seven."""
    if not order.is_buy:
        return [] if order.account.type is AccountType.TAXABLE else ["untaxed in this account"]
    alone = Book({order.symbol: 1.0}, 0.0, Decimal(1), market, portfolio)
    return ["holds none of the seven"] if alone.seven()[1] == 0 else []
