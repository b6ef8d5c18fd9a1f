"""Price-earnings ratios of indexes as published: each with its measure, date, treatment of losses and source.

Two ratios compare only where measure and treatment agree: the Russell 2000 stood at 11.8 without the companies that
lose money and at 27.1 with them in the same month, December 2023.
"""

from __future__ import annotations

from dataclasses import dataclass

from advisor.market.fact_tables import number, own_table

_COLUMNS = ("index", "measure", "value", "as_of", "losers")


@dataclass(frozen=True, slots=True)
class Valuation:
    """One published ratio; `as_of` is a day or a month, `losers` how companies without profit are treated."""

    index: str
    measure: str
    value: float
    as_of: str
    losers: str
    source: str


def valuations(index: str) -> tuple[Valuation, ...]:
    """What is known of an index, in the order of the table; empty where nothing is."""
    return tuple(
        Valuation(
            row["index"], row["measure"], number(row["value"], "valuations.csv"), row["as_of"], row["losers"],
            row["source"],
        )
        for row in own_table("valuations", _COLUMNS)
        if row["index"] == index
    )  # fmt: skip
