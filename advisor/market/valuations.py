"""Price-earnings ratios of indexes as published: each with its measure, date, treatment of losses, provider and source.

Two ratios compare only where measure and treatment agree: the Russell 2000 stood at 11.8 without the companies that
lose money and at 27.1 with them in the same month, December 2023.
"""

from __future__ import annotations

from dataclasses import dataclass

from advisor.market.fact_tables import number, own_table

_COLUMNS = ("index", "measure", "value", "as_of", "losers", "provider", "period")
_NOW = "now"


@dataclass(frozen=True, slots=True)
class Valuation:
    """One published ratio; `as_of` is a day or a month, `losers` how companies without profit are treated."""

    index: str
    measure: str
    value: float
    as_of: str
    losers: str
    source: str
    provider: str


def valuations(index: str) -> tuple[Valuation, ...]:
    """The latest that is known of an index, in the order of the table; empty where nothing is."""
    return tuple(found for found, period in _rows() if found.index == index and period == _NOW)


def all_valuations() -> tuple[Valuation, ...]:
    """Every published ratio of the table, past ones as well."""
    return tuple(found for found, _ in _rows())


def _rows() -> list[tuple[Valuation, str]]:
    return [
        (
            Valuation(
                row["index"], row["measure"], number(row["value"], "valuations.csv"), row["as_of"], row["losers"],
                row["source"], row["provider"],
            ),
            row["period"],
        )
        for row in own_table("valuations", _COLUMNS)
    ]  # fmt: skip
