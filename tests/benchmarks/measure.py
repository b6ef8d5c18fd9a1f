"""Time side by side, in CPU seconds of the process: other programs on the machine then change little."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

Row = dict[str, Any]  # work, n, covariance, who, ms, ratio_to_bare, max_weight_difference, and what is special


def row(work: str, n: int, covariance: str, who: str, **figures: float | None) -> Row:
    """One line of the table; what does not apply is None."""
    common = {"ms": None, "ratio_to_bare": None, "max_weight_difference": None}
    return {"work": work, "n": n, "covariance": covariance, "who": who} | common | figures


def interleaved(
    works: Mapping[str, Callable[[int], object]],
    rounds: int,
    *,
    budget: float = 20.0,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, list[float]]:
    """Seconds of each work in each round: one after the other, so that all meet the same minutes of the machine.

    A work is given the number of the round. One that has used up `budget` seconds sits the other rounds out.
    """
    seconds: dict[str, list[float]] = {who: [] for who in works}
    gc.collect()
    gc.freeze()
    for turn in range(rounds):
        for who, work in works.items():
            if sum(seconds[who]) < budget:
                gc.collect()
                start = clock()
                work(turn)
                seconds[who].append(clock() - start)
    gc.unfreeze()
    return seconds


def ratio(seconds: list[float], to: list[float]) -> float:
    """Median ratio, round by round."""
    return statistics.median(one / other for one, other in zip(seconds, to, strict=False))
