"""Small price histories with answers known beforehand, and where the original data lie."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from advisor.market.estimate.returns import PricePanel

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the original data are not beside this checkout")


def weekdays(first: date, last: date) -> tuple[date, ...]:
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return tuple(day for day in days if day.weekday() < 5)


def panel(days: tuple[date, ...], **columns: np.ndarray | list[float]) -> PricePanel:
    symbols = tuple(sorted(columns))
    return PricePanel(symbols, days, np.column_stack([columns[symbol] for symbol in symbols]).astype(float))


def monthly_panel(first: date, last: date, excess: dict[tuple[int, int], float]) -> PricePanel:
    """SPY flat at 100; IWM and IJR jump by `excess` on the tenth or the next weekday of the months named."""
    days = weekdays(first, last)
    small, level, done = [], 100.0, set()
    for day in days:
        month = (day.year, day.month)
        if day.day >= 10 and month not in done:
            done.add(month)
            level *= 1.0 + excess.get(month, 0.0)
        small.append(level)
    flat = np.full(len(days), 100.0)
    return panel(days, SPY=flat, IWM=small, IJR=small)
