"""The kinds of limits: all that is known of each but how it is measured.

The schema, the tables of the documentation, messages and the report take a limit's words, unit and sides from here. How
it is measured stands in `optimize.limits`, and once more, independently, in `rebalance.verify.rules`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_CONTENTS = "what funds held on a day in the past is not in the data"
_MONTHS = "its months lie on both sides of most days of the past"


class Side(StrEnum):
    """Side of a bound."""

    MAX = "max"
    MIN = "min"


class Unit(StrEnum):
    """What a bound and a level are in; a fraction is shown in percent."""

    FRACTION = "fraction"
    USD = "usd"
    RATIO = "ratio"


class MeasuredOn(StrEnum):
    """What a level is computed from."""

    WEIGHTS = "weights"  # a sum of what each dollar of a holding adds
    RISK = "risk"  # a standard deviation under the risk model
    MONTHS = "months"  # the months of the market data's scenarios
    TRADES = "trades"


class Part(StrEnum):
    """What a limit has one bound for each of."""

    SYMBOL = "symbol"
    SECTOR = "sector"
    EPISODE = "episode"


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitType:
    """One kind of limit; `label` and `noun` hold ``{part}`` where there is one bound for each part.

    `decimals` are the fewest that a level is shown with, of percent where it is a fraction. `not_in_backtest` says why
    a backtest leaves the limit out; None where `backtest.rules` keeps it.
    """

    name: str  # the key below ``limits`` in the file
    label: str  # of a row
    noun: str  # within a sentence
    meaning: str  # what is bounded, for the schema and the documentation
    example: str
    not_in_backtest: str | None
    falls_with_deposits: bool  # whether the level is surely lower once cash is added to the household
    measured_on: MeasuredOn = MeasuredOn.WEIGHTS
    unit: Unit = Unit.FRACTION
    decimals: int = 1
    sides: tuple[Side, ...] = (Side.MAX,)
    part: Part | None = None
    has_benchmark: bool = False
    may_be_soft: bool = True
    counts_upper_end: bool = False  # of the interval in which a share inside funds lies


_BOTH = (Side.MIN, Side.MAX)
_TYPES = (
    LimitType(
        name="magnificent_seven",
        label="Magnificent Seven",
        noun="the Magnificent Seven",
        meaning="Alphabet, Amazon, Apple, Meta, Microsoft, Nvidia and Tesla together, direct and inside funds; the "
        "upper end of the interval counts",
        example="{max: 25%}",
        counts_upper_end=True,
        falls_with_deposits=True,
        not_in_backtest=None,
    ),
    LimitType(
        name="single_company",
        label="Largest company",
        noun="the largest company",
        meaning="any one company, direct and inside funds; GOOG and GOOGL are one",
        example="{max: 10%}",
        counts_upper_end=True,
        falls_with_deposits=True,
        not_in_backtest=None,
    ),
    LimitType(
        name="small_caps",
        label="Small caps",
        noun="small caps",
        meaning="small-cap funds together",
        example="{min: 10%, max: 30%}",
        sides=_BOTH,
        falls_with_deposits=True,
        not_in_backtest=None,
    ),
    LimitType(
        name="volatility",
        label="Volatility",
        noun="volatility",
        meaning="standard deviation of the yearly return",
        example="{max: 18%}",
        measured_on=MeasuredOn.RISK,
        falls_with_deposits=True,
        not_in_backtest=None,
    ),
    LimitType(
        name="tracking_error",
        label="Tracking error",
        noun="the tracking error",
        meaning="standard deviation of the difference between the household's yearly return and the benchmark's; "
        "without a benchmark of its own, preferences.benchmark",
        example="{benchmark: SPY, max: 6%}",
        measured_on=MeasuredOn.RISK,
        has_benchmark=True,
        falls_with_deposits=False,
        not_in_backtest=None,
    ),
    LimitType(
        name="beta",
        label="Beta",
        noun="beta",
        meaning="beta against the benchmark, with the same default; a plain number from -5 to 5",
        example="{max: 1.1}",
        unit=Unit.RATIO,
        decimals=2,
        sides=_BOTH,
        has_benchmark=True,
        falls_with_deposits=True,
        not_in_backtest="not part of the backtest",
    ),
    LimitType(
        name="cvar_95",
        label="Average loss of the worst 5% of months",
        noun="the average loss of the worst 5% of months",
        meaning="mean loss of the worst 5% of the months in the market data's scenarios, of one month",
        example="{max: 12%}",
        measured_on=MeasuredOn.MONTHS,
        falls_with_deposits=True,
        not_in_backtest=_MONTHS,
    ),
    LimitType(
        name="max_drawdown",
        label="Largest fall from a peak",
        noun="the largest fall from a peak",
        meaning="largest fall from a peak of a household that holds these weights unchanged through the months in the "
        "market data's scenarios",
        example="{max: 50%}",
        measured_on=MeasuredOn.MONTHS,
        may_be_soft=False,  # what a fall beyond its bound charged would not be convex in the weights
        falls_with_deposits=True,
        not_in_backtest=_MONTHS,
    ),
    LimitType(
        name="expense_ratio",
        label="Expense ratio",
        noun="the expense ratio",
        meaning="fund expenses a year, of the household's value; an unknown one counts nothing",
        example="{max: 0.15%}",
        decimals=3,
        falls_with_deposits=False,
        not_in_backtest="fees of the past are not in the data",
    ),
    LimitType(
        name="turnover",
        label="Turnover",
        noun="turnover",
        meaning="half the sum of all purchases and sales",
        example="{max: 40%}",
        measured_on=MeasuredOn.TRADES,
        falls_with_deposits=True,
        not_in_backtest=None,
    ),
    LimitType(
        name="realized_gain",
        label="Realized gain",
        noun="the realized gain",
        meaning="net gain of the proposed sales in the taxable accounts, USD",
        example="{max: 30000}",
        measured_on=MeasuredOn.TRADES,
        unit=Unit.USD,
        decimals=0,
        falls_with_deposits=True,
        not_in_backtest=None,
    ),
    LimitType(
        name="cash",
        label="Cash",
        noun="cash",
        meaning="cash of all accounts",
        example="{min: 1%}",
        sides=_BOTH,
        falls_with_deposits=False,
        not_in_backtest=None,
    ),
    LimitType(
        name="funds",
        label="{part}",
        noun="{part}",
        meaning="a single security, by symbol; it must be held or in preferences.buy",
        example="{IJR: {max: 15%}}",
        sides=_BOTH,
        part=Part.SYMBOL,
        falls_with_deposits=True,
        not_in_backtest=None,
    ),
    LimitType(
        name="sectors",
        label="{part} sector",
        noun="the {part} sector",
        meaning="a sector by name, direct and inside funds; max counts the upper end of the interval, min the lower",
        example="{Energy: {max: 12%}}",
        sides=_BOTH,
        part=Part.SECTOR,
        counts_upper_end=True,
        falls_with_deposits=True,
        not_in_backtest=_CONTENTS,
    ),
    LimitType(
        name="stress",
        label="Loss in a past episode ({part})",
        noun="the loss in the episode {part}",
        meaning="loss in a dated episode of the market data, by its name",
        example="{covid_2020: {max: 25%}}",
        part=Part.EPISODE,
        falls_with_deposits=True,
        not_in_backtest="its episode had not happened yet on most days of the past",
    ),
)
LIMIT_TYPES = {one.name: one for one in _TYPES}  # in the order of a household's limits
LIMITS_OF_PARTS = tuple(one.name for one in _TYPES if one.part is not None)


def split_limit(name: str) -> tuple[LimitType, str]:
    """Type and part of a limit named as below ``limits``: ``funds.IWM`` is of the type funds, with the part ``IWM``.

    Raises ValueError for a name without a type.
    """
    kind, _, part = name.partition(".")
    if kind not in LIMIT_TYPES or bool(part) is not (LIMIT_TYPES[kind].part is not None):
        raise ValueError(f"no limit is named {name!r}")
    return LIMIT_TYPES[kind], part


def split_label(label: str) -> tuple[str, Side]:
    """Name and side of ``magnificent_seven.max``; raises ValueError where the end is no side."""
    name, _, side = label.rpartition(".")
    return name, Side(side)


def limit_noun(name: str) -> str:
    """What a limit bounds, within a sentence: ``the Magnificent Seven``, ``IWM``, ``the Energy sector``."""
    kind, part = split_limit(name)
    return kind.noun.format(part=part)
