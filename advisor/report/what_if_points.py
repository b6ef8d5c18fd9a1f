"""What the what-if page shows of one answer: six figures, and how it stands to the bounds that the knobs replace.

A point of the grid is an optimum before rounding to shares; the proposal is in whole orders. Both are shown alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from advisor.format import exact_money, listing, money, percent, plural, shares, signed_bps
from advisor.portfolio.limit_types import Side
from advisor.portfolio.model import Limit, Portfolio
from advisor.portfolio.written import bound_text
from advisor.whatif.model import Measures, Outcome
from advisor.whatif.outcomes import value_before_usd

_ROOM = 1e-6
_MOST_ORDERS = 6  # that are named in the line of the proposal


@dataclass(frozen=True, slots=True)
class Shown:
    """Figures of one answer, as fractions of household value; the seven by their upper end."""

    seven: float
    small_caps: float
    volatility: float
    once_usd: Decimal
    gain: float  # a year, against doing nothing
    turnover: float

    def figures(self) -> tuple[str, ...]:
        """The figures of the cards, in their order."""
        return (
            percent(self.seven),
            percent(self.small_caps),
            percent(self.volatility),
            money(self.once_usd),
            signed_bps(self.gain),
            percent(self.turnover),
        )


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure that a curve can show; `form` writes it with so many decimals, `scale` times as large."""

    key: str
    label: str
    of: Callable[[Shown], float]
    form: Callable[[float, int], str]
    scale: float


MEASURES = (
    Measure("seven", "Magnificent Seven after the trades", lambda shown: shown.seven, percent, 100),
    Measure("volatility", "Volatility a year", lambda shown: shown.volatility, percent, 100),
    Measure("cost", "Tax and spread, once", lambda shown: float(shown.once_usd), exact_money, 1),
    Measure("gain", "Net benefit a year against doing nothing", lambda shown: shown.gain, signed_bps, 10_000),
)


def shown_of(found: Measures) -> Shown:
    """A point of the grid."""
    return Shown(
        seven=found.magnificent_seven,
        small_caps=found.small_caps,
        volatility=found.volatility,
        once_usd=found.tax_usd + found.spread_usd,
        gain=found.gain,
        turnover=found.turnover,
    )


def shown_of_proposal(proposal: Outcome) -> Shown | None:
    """The proposal in its own orders and dollars; None where there is none."""
    after, tax, gain = proposal.after, proposal.tax, proposal.net_benefit
    if after is None or tax is None or gain is None or proposal.spread_usd is None:
        return None
    traded = sum((trade.amount_usd for trade in proposal.trades), Decimal(0))
    return Shown(
        seven=after.exposure.seven.high,
        small_caps=after.small_cap_weight,
        volatility=after.volatility,
        once_usd=tax.tax_usd + proposal.spread_usd,
        gain=gain.total,
        turnover=float(traded / 2 / value_before_usd(proposal)),
    )


def proposal_words(proposal: Outcome) -> str:
    """The proposal's orders in one line, those of all accounts together."""
    if not proposal.trades:
        return "The proposal: do nothing."
    together: dict[tuple[str, str], Decimal] = {}
    for trade in proposal.trades:
        order = trade.side, trade.symbol
        together[order] = together.get(order, Decimal(0)) + trade.shares
    if len(together) > _MOST_ORDERS:
        return f"The proposal: its {plural(len(proposal.trades), 'order')}, in shares."
    told = []
    for side in ("sell", "buy"):
        own = tuple(f"{shares(count)} {symbol}" for (way, symbol), count in together.items() if way == side)
        if own:
            told.append(f"{side} {listing(own, _MOST_ORDERS)}")
    return f"The proposal, in shares: {', '.join(told)}."


@dataclass(frozen=True, slots=True)
class Bounds:
    """The user's own bounds that the knobs replace."""

    seven: Limit | None
    most: Limit | None
    least: Limit | None

    @classmethod
    def of(cls, portfolio: Portfolio) -> Bounds:
        """Those of the file, whatever their mode."""
        found = {(limit.name, limit.side): limit for limit in portfolio.limits}
        return cls(
            found.get(("magnificent_seven", Side.MAX)),
            found.get(("small_caps", Side.MAX)),
            found.get(("small_caps", Side.MIN)),
        )

    def words(self) -> tuple[str, ...]:
        """What can be said of a point, in the order of `broken`."""
        return (
            "Within your own limits on the seven and on small caps.",
            *(
                f"Beyond your own limit: {name} {side} {bound_text(limit.name, limit.bound)}."
                for name, side, limit in (
                    ("Magnificent Seven", "at most", self.seven),
                    ("small caps", "at most", self.most),
                    ("small caps", "at least", self.least),
                )
                if limit is not None
            ),
        )

    def broken(self, found: Shown) -> tuple[int, ...]:
        """Which of `words` hold; the first where none other does."""
        excesses = (
            (self.seven, found.seven, 1.0),
            (self.most, found.small_caps, 1.0),
            (self.least, found.small_caps, -1.0),
        )
        known = [sign * (value - float(limit.bound)) > _ROOM for limit, value, sign in excesses if limit is not None]
        return tuple(number for number, is_broken in enumerate(known, start=1) if is_broken) or (0,)


def bound_name(limit: Limit) -> str:
    """The bound as the user wrote it: ``max 25%``."""
    return f"{limit.side} {bound_text(limit.name, limit.bound)}"
