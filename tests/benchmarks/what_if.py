"""A sweep beside bare recommendations: `python -m tests.benchmarks.what_if`.

25 points of each sample with three accounts, in whole orders, measured. What a point costs is a ratio to one bare
recommendation of the same file, with its explanation.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable

from advisor.market.resolve import resolve
from advisor.portfolio.original import original
from advisor.portfolio.settings import sweep_points
from advisor.rebalance.plan import rebalance, survey
from advisor.whatif.alternatives import alternatives
from advisor.whatif.picks import picks
from advisor.whatif.sweep import swept
from tests.benchmarks.measure import interleaved, ratio
from tests.samples import NEVER, market, sample, text_of

SWEEPS = {  # 25 points each
    "tech-employee": ("limits.magnificent_seven.max=62%:86%:1%", "preferences.horizon_years=1:13:0.5"),
    "couple-mixed-lots": ("limits.magnificent_seven.max=16%:40%:1%", "preferences.horizon_years=1:13:0.5"),
}
ROUNDS = 5


def sweep(name: str, words: str) -> int:
    """Read, survey and solve every point; the number of them."""
    base = original(text_of(name).encode(), today=NEVER, as_of=None)
    household = survey(sample(name), resolve(market(), sample(name)))
    points = ((point.words, base.with_settings([point])) for point in sweep_points(words))
    return len(list(swept(household, points, household.before)))


def works(name: str) -> dict[str, Callable[[int], object]]:
    """What is measured of one sample, the bare recommendation first."""
    portfolio, data = sample(name), resolve(market(), sample(name))
    plan = rebalance(portfolio, data)
    return {
        "recommendation": lambda _: rebalance(portfolio, data),
        **{words: lambda _, words=words: sweep(name, words) for words in SWEEPS[name]},
        "alternatives": lambda _: alternatives(portfolio, data, plan),
        "picks": lambda _: picks(portfolio, data, plan),
    }


def main() -> None:
    """Print seconds and ratios."""
    for name in SWEEPS:
        measured = works(name)
        interleaved(measured, 1)  # what is loaded at first use is loaded now
        seconds = interleaved(measured, ROUNDS)
        bare = seconds["recommendation"]
        sys.stdout.write(f"\n{name:46}  CPU s   points   a point / a recommendation\n")
        for what, found in seconds.items():
            points = 25 if "=" in what else 1
            each = ratio(found, bare) / points
            sys.stdout.write(f"{what:44}{statistics.median(found):9.3f}{points:9}{each:16.2f}\n")


if __name__ == "__main__":
    main()
