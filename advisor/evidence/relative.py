"""Small companies against large ones over all years that are known: what each month took from the distance, and gave.

Returns are total returns between adjusted closes. The path runs from the first day on which all have a close, over the
last close of each month, to the last day.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np

from advisor.market.estimate.returns import PricePanel

FEWEST_MONTHS = 12


@dataclass(frozen=True, slots=True)
class RelativePath:
    """What one fund returned relative to the large one in each step; fractions: 0.01 gained 1% on it."""

    symbol: str
    total_return: float  # of the fund itself, from the first day to the last
    relative_returns: tuple[float, ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        """Wealth in the fund over wealth in the large one at the end of each step, 1 on the first day."""
        return tuple(np.cumprod(1.0 + np.array(self.relative_returns)).tolist())


@dataclass(frozen=True, slots=True)
class RelativeHistory:
    """The paths of the small funds against `large`; step t ends on `ends[t]`, and the first begins on `first`."""

    large: str
    first: date
    large_return: float
    ends: tuple[date, ...]
    paths: tuple[RelativePath, ...]

    @property
    def last(self) -> date:
        """The last day."""
        return self.ends[-1]

    def until(self, day: date) -> tuple[tuple[date, ...], dict[str, tuple[float, ...]]]:
        """Ends of the steps up to `day`, the first day before them, and the ratios of wealth at each, by fund."""
        count = bisect_right(self.ends, day)
        return (self.first, *self.ends[:count]), {path.symbol: (1.0, *path.ratios[:count]) for path in self.paths}


def relative_history(panel: PricePanel, large: str, small: tuple[str, ...]) -> RelativeHistory | None:
    """The paths over a panel of common days; None where it holds less than a year of months."""
    rows = _steps(panel.days)
    if len(rows) <= FEWEST_MONTHS:
        return None
    closes = {symbol: panel.column(symbol)[rows] for symbol in (large, *small)}
    growth = {symbol: known[1:] / known[:-1] for symbol, known in closes.items()}
    total = {symbol: float(known[-1] / known[0] - 1.0) for symbol, known in closes.items()}
    return RelativeHistory(
        large,
        panel.days[0],
        total[large],
        tuple(panel.days[row] for row in rows[1:]),
        tuple(
            RelativePath(symbol, total[symbol], tuple((growth[symbol] / growth[large] - 1.0).tolist()))
            for symbol in small
        ),
    )


def _steps(days: tuple[date, ...]) -> list[int]:
    """Rows of the first day, of each month's last, and of the last day."""
    is_month_end = [(day.year, day.month) != (later.year, later.month) for day, later in pairwise(days)]
    return sorted({0, len(days) - 1} | {row for row, is_end in enumerate(is_month_end) if is_end})
