"""The price book as a table: what one more dollar of each trade would add, part by part.

1. Shown are what is traded, and what a reader would ask about: the kept lots of a traded security that come nearest to
   a sale, and the kept lots that carry most of the Magnificent Seven.
2. Each row adds up: what rounding leaves is shown as such. A limit has a column of its own while at most two press.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from advisor.format import cents, iso, listing, per_hundred, percent, plural, signed
from advisor.market.data import MarketData
from advisor.portfolio.model import MAGNIFICENT_SEVEN, Portfolio
from advisor.rebalance.model import RebalancePlan, TradeReason
from advisor.report.limits import limit_words
from advisor.report.model import Cell, Column, Row, Table
from advisor.report.parts import is_trade, row

HOW_TO_READ = (
    "Each row says what one more dollar of that trade would add, in dollars a year for each $100. A lot is sold until "
    "its parts cancel out: one that is sold out would still gain, one that is kept would lose. The figures belong to "
    "the best trades before rounding to shares."
)
NOT_TRADED = 1e-6  # of a lot, or of household value: what the solver leaves of a trade that is not made
MOST_SOLD, MOST_NEAR, MOST_KEPT, MOST_REFUSED = 12, 2, 3, 2  # rows of a kind, MOST_NEAR for each security
MOST_LIMITS = 2  # with a column of their own
_PRESSES = 5e-5  # a year, of a dollar: half a cent for each $100
_ROUNDING, _REST = "rounding", "rest"
_WORDS = {  # small parts, named together where they are of a kind
    "doubt": "doubt",
    "cash": "cash",
    "preferences.reserve_tax": "cash",
    "fees": "fund fees",
    "spread": _REST,
    _ROUNDING: _REST,
}
_MIX, _BOUNDS, _OTHER = "Your mix", "Default bounds", "Other"
_NOTES = {  # of a column
    _MIX: "Your mix: what it is worth to come nearer to the mix that the household has chosen, or to leave it.",
    _BOUNDS: "Default bounds: what the bounds that the program sets by itself are worth.",
    _OTHER: (
        "Other: fund fees; doubt, the error of expected returns that a sale must outweigh; cash, what an account's "
        "last dollar is worth, with the tax that must be kept there; the rest, spread and what rounding to cents "
        "leaves."
    ),
}
_WASH_SALE = "its loss would be a wash sale beside the purchases"
_BOTH_WAYS = "the same security is bought here"

Key = tuple[str, str, date | None, Decimal | None]


@dataclass(frozen=True, slots=True)
class _Group:
    """One column: parts that are added up; the largest are named where it `is_mixed`."""

    title: str
    names: tuple[str, ...]
    is_mixed: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    """One row: the reason, and its parts in cents that add up."""

    reason: TradeReason
    parts: dict[str, Decimal]

    @property
    def net(self) -> Decimal:
        """What is left of the parts."""
        return sum(self.parts.values(), Decimal(0))

    def sum_of(self, group: _Group) -> Decimal:
        """The parts of one column."""
        return sum((self.parts.get(name, Decimal(0)) for name in group.names), Decimal(0))


def marginal_values_table(plan: RebalancePlan, portfolio: Portfolio, market: MarketData) -> Table | None:
    """Sales and purchases with their parts and a verdict; None where nothing could be traded at all."""
    lines = [_Line(reason, _in_cents(reason)) for reason in (*_sales(plan, portfolio, market), *_purchases(plan))]
    if not lines:
        return None
    groups = [group for group in _groups(plan, lines) if any(line.sum_of(group) for line in lines)]
    columns = (
        Column("One more dollar of", "text"),
        *(Column(group.title) for group in groups),
        Column("Together"),
        Column("Verdict", "text"),
    )
    rows = [_row(line, groups, _Verdict(plan, market, line).words()) for line in lines]
    caption = "What one more dollar would add, in dollars a year for each $100"
    return Table(caption, columns, tuple(rows), _notes(plan, lines, groups))


def _in_cents(reason: TradeReason) -> dict[str, Decimal]:
    """The parts for each $100, with what their rounding leaves as a part of its own, so that they add up to the net."""
    parts = {name: per_hundred(part) for name, part in reason.parts.items()}
    return parts | {_ROUNDING: per_hundred(reason.net) - sum(parts.values(), Decimal(0))}


def _sales(plan: RebalancePlan, portfolio: Portfolio, market: MarketData) -> list[TradeReason]:
    """Lots to show, in the order of the file."""
    sales = [reason for reason in plan.explanation.reasons if reason.side == "sell"]
    value, ordered = _values(portfolio, market), _ordered(plan)
    traded = [reason for reason in sales if reason.traded > NOT_TRADED or _key(reason) in ordered]
    kept = [reason for reason in sales if reason not in traded]
    sold = sorted(traded, key=lambda reason: -reason.traded * value.get(_key(reason), 0.0))[:MOST_SOLD]
    symbols = dict.fromkeys(reason.symbol for reason in traded)
    near: list[TradeReason] = []
    for symbol in symbols:
        same = [reason for reason in kept if reason.symbol == symbol]
        near += sorted(same, key=lambda reason: -reason.net)[:MOST_NEAR]
    seven = _parts_in_seven(plan, market)

    def weight(reason: TradeReason) -> tuple[float, float]:
        return seven.get(reason.symbol, 0.0) * value.get(_key(reason), 0.0), value.get(_key(reason), 0.0)

    others = [reason for reason in kept if reason.symbol not in symbols]
    asked = sorted(others, key=weight, reverse=True)[:MOST_KEPT]
    return [reason for reason in sales if reason in sold or reason in near or reason in asked]


def _purchases(plan: RebalancePlan) -> list[TradeReason]:
    """What is bought, and of what is not the purchases that come nearest, in accounts where anything is traded."""
    purchases = [reason for reason in plan.explanation.reasons if reason.side == "buy"]
    ordered = _ordered(plan)
    bought = [reason for reason in purchases if reason.traded > NOT_TRADED or _key(reason) in ordered]
    active = {reason.account for reason in plan.explanation.reasons if reason.traded > NOT_TRADED}
    refused = [reason for reason in purchases if reason not in bought and (reason.account in active or not active)]
    nearest = sorted(refused, key=lambda reason: -reason.net)[:MOST_REFUSED]
    return [reason for reason in purchases if reason in bought or reason in nearest]


def _ordered(plan: RebalancePlan) -> set[Key]:
    """The lots that orders sell, and the purchases."""
    sold = {
        (trade.account, trade.symbol, lot.acquired, lot.cost_per_share_usd)
        for trade in plan.trades
        for lot in trade.lots
    }
    return sold | {(trade.account, trade.symbol, None, None) for trade in plan.trades if trade.side == "buy"}


def _key(reason: TradeReason) -> Key:
    return reason.account, reason.symbol, reason.acquired, reason.cost_per_share_usd


def _values(portfolio: Portfolio, market: MarketData) -> dict[Key, float]:
    """Dollars in each lot; lots of one day and cost together."""
    found: dict[Key, float] = {}
    for account in portfolio.accounts:
        for position in account.positions:
            for lot in position.lots:
                key = (account.name, position.symbol, lot.acquired, lot.cost_per_share_usd)
                found[key] = found.get(key, 0.0) + float(lot.shares * market.securities[position.symbol].close_usd)
    return found


def _parts_in_seven(plan: RebalancePlan, market: MarketData) -> dict[str, float]:
    """Upper end of the Magnificent Seven inside each security that is held."""
    funds = {fund.symbol: fund.seven_in_fund[1] for fund in plan.before.exposure.funds}
    stocks = {symbol: float(market.securities[symbol].company in MAGNIFICENT_SEVEN) for symbol in plan.before.weights}
    return stocks | funds


def _groups(plan: RebalancePlan, lines: list[_Line]) -> list[_Group]:
    """The mix, views, tax, the limits that press, default bounds, and everything else."""
    titles = {limit.label: limit_words(limit) for limit in plan.limits}
    pressing = tuple(
        label for label in titles if any(abs(line.reason.parts.get(label, 0.0)) >= _PRESSES for line in lines)
    )
    limits = [_Group(titles[label], (label,)) for label in pressing]
    if len(pressing) > MOST_LIMITS:
        limits = [_Group("Limits", pressing)]
    named = [_Group(_MIX, ("mix",)), _Group("Views", ("views",)), _Group("Tax", ("tax",))]
    bounds = _Group(_BOUNDS, ("defaults", "defaults.small_caps"))
    covered = {name for group in (*named, *limits, bounds) for name in group.names}
    others = tuple(dict.fromkeys(name for line in lines for name in line.parts if name not in covered))
    return [*named, *limits, bounds, _Group(_OTHER, others, is_mixed=True)]


def _notes(plan: RebalancePlan, lines: list[_Line], groups: list[_Group]) -> tuple[str, ...]:
    titles = {group.title for group in groups}
    notes = [note for title, note in _NOTES.items() if title in titles]
    together = next((group.names for group in groups if group.title == "Limits"), ())
    if together:
        names = tuple(limit_words(limit) for limit in plan.limits if limit.label in together)
        notes.append(f"Limits that press, together: {listing(names, len(names))}.")
    left = len(plan.explanation.reasons) - len(lines)
    if left:
        notes.append(f"{plural(left, 'further trade')} considered, with the same figures, in recommendation.json.")
    return tuple(notes)


def _row(line: _Line, groups: list[_Group], verdict: str) -> Row:
    reason = line.reason
    bought = iso(reason.acquired) if reason.acquired is not None else ""
    if reason.cost_per_share_usd is not None:
        bought = f"{bought} at {cents(reason.cost_per_share_usd)}".strip()
    name = Cell(
        f"{reason.side.capitalize()} {reason.symbol}", aside=reason.account, lines=tuple(filter(None, [bought]))
    )
    return row(name, *(_figure(line, group) for group in groups), signed(line.net, 2), verdict)


def _figure(line: _Line, group: _Group) -> Cell:
    total = line.sum_of(group)
    parts: dict[str, Decimal] = {}
    for name in group.names if group.is_mixed else ():
        word = _WORDS.get(name, name)
        parts[word] = parts.get(word, Decimal(0)) + line.parts.get(name, Decimal(0))
    small = sorted(((word, amount) for word, amount in parts.items() if amount), key=lambda part: part[0] == _REST)
    if not total and not small:
        return Cell("\N{EN DASH}")
    if len(small) == 1:
        return Cell(signed(total, 2), lines=(small[0][0],))
    return Cell(signed(total, 2), lines=tuple(f"{word} {signed(amount, 2)}" for word, amount in small))


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What a row means, in words that its figures bear out."""

    plan: RebalancePlan
    market: MarketData
    line: _Line

    def words(self) -> str:
        """``Sold in part (13.3%): the last dollar gains nothing more``."""
        reason, net = self.line.reason, self.line.net
        is_ordered = _key(reason) in _ordered(self.plan)
        done = {"sell": "sold", "buy": "bought"}[reason.side]
        if is_trade(self.plan) and reason.traded > NOT_TRADED and not is_ordered:
            return f"{done.capitalize()} in the best trades, left out in rounding to shares"
        if is_trade(self.plan) and reason.traded <= NOT_TRADED and is_ordered:
            return f"{done.capitalize()} only because of rounding to shares: {_gains(net)}"
        if reason.traded > NOT_TRADED:
            return self._traded(done if is_trade(self.plan) else f"would be {done}")
        return self._kept() if reason.side == "sell" else f"Not bought: one more dollar {_would(net)}"

    def _traded(self, done: str) -> str:
        reason, net = self.line.reason, self.line.net
        how = "" if reason.side == "buy" else f" in part ({percent(reason.traded)})"
        if reason.side == "sell" and reason.traded >= 1 - NOT_TRADED:
            how = " out"
        end = "the last dollar gains nothing more" if not net else f"one more dollar {_would(net)}"
        if how == " out" and net > 0:
            end = f"would still gain {cents(net)}"
        return f"{done.capitalize()}{how}: {end}"

    def _kept(self) -> str:
        net = self.line.net
        if net > 0:
            why = _WASH_SALE if self._is_at_a_loss() else _BOTH_WAYS
            return f"Kept, although selling would gain {cents(net)}: {why}"
        if not net:
            return "Kept: selling would gain nothing"
        return f"Kept: selling would lose {cents(-net)}{self._but_for()}"

    def _but_for(self) -> str:
        """The cost without which the lot would be sold, if there is a single one."""
        for name in ("tax", "doubt"):
            cost = -self.line.parts.get(name, Decimal(0))
            if cost > 0 and self.line.net + cost > 0:
                return f"; without the {name} of {cents(cost)} it would pay"
        return ""

    def _is_at_a_loss(self) -> bool:
        cost = self.line.reason.cost_per_share_usd
        return cost is not None and cost > self.market.securities[self.line.reason.symbol].close_usd


def _would(net: Decimal) -> str:
    if not net:
        return "would gain nothing"
    return f"would gain {cents(net)}" if net > 0 else f"would lose {cents(-net)}"


def _gains(net: Decimal) -> str:
    return (
        "the dollar gains nothing" if not net else f"each $100 {'gain' if net > 0 else 'lose'} {cents(abs(net))} a year"
    )
