"""Estimators of the covariance beside numpy's own, and beside scikit-learn and pandas, on equal data.

    python -m tests.benchmarks.covariance        # scikit-learn comes with the extra `peers`

Times are medians over rounds in which everyone has a turn, in CPU time, one thread. The command fails where the figures
of this project and of a peer differ by more than rounding: 1e-12 relative to the volatilities of a pair.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from importlib.util import find_spec
from statistics import median

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
AGREE = 1e-12


def main() -> int:
    """Measure, print and compare; 1 where a peer's figures are others."""
    os.environ.update(dict.fromkeys(VARIABLES, "1"))  # read by numpy when it is imported
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.covariance", description=__doc__)
    parser.add_argument("--n", type=int, nargs="*", default=[12, 40, 500], help="numbers of securities")
    parser.add_argument("--periods", type=int, default=2500)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    apart = 0.0
    for count in options.n:
        for line, difference in estimators(count, options.periods, options.rounds):
            _say(line)
            apart = max(apart, difference)
    for line in whole(40, options.rounds):
        _say(line)
    return 1 if apart > AGREE else 0


def estimators(count: int, periods: int, rounds: int) -> Iterator[tuple[str, float]]:
    """Lines of the table for `count` securities, with the largest difference from the peer named in them."""
    import numpy as np
    import pandas as pd

    from advisor.market.estimate.estimators import ledoit_wolf, pairwise_covariance
    from tests.benchmarks.measure import interleaved, ratio

    rng = np.random.default_rng(count)
    X = rng.normal(0.0, 0.01, (periods, 5)) @ rng.normal(0.5, 0.5, (5, count)) + rng.normal(0.0, 0.01, (periods, count))
    holed = X.copy()
    holed[0, 0] = np.nan
    frame = pd.DataFrame(holed)
    works: dict[str, Callable[[int], object]] = {
        "numpy.cov": lambda _: np.cov(X, rowvar=False),
        "ledoit_wolf": lambda _: ledoit_wolf(X),
        "pairwise_covariance": lambda _: pairwise_covariance(holed),
        "pandas .cov(), one NaN": lambda _: frame.cov(),
    }
    differences = {"pairwise_covariance": _apart(pairwise_covariance(holed)[0], frame.cov().to_numpy())}
    if find_spec("sklearn") is not None:
        from sklearn.covariance import LedoitWolf
        from sklearn.covariance import ledoit_wolf as theirs

        works["scikit-learn ledoit_wolf()"] = lambda _: theirs(X)
        works["scikit-learn LedoitWolf().fit()"] = lambda _: LedoitWolf().fit(X)
        (ours, shrinkage), (expected, theirs_shrinkage) = ledoit_wolf(X), theirs(X)
        differences["ledoit_wolf"] = max(_apart(ours, expected), abs(shrinkage / theirs_shrinkage - 1.0))
    seconds = interleaved(works, rounds)
    for who, taken in seconds.items():
        beside = ratio(taken, seconds["numpy.cov"][: len(taken)])
        agreement = f"  apart {differences[who]:.1e}" if who in differences else ""
        line = f"{count:>5} x {periods}  {who:34}{median(taken) * 1e3:>10.2f} ms{beside:>8.2f} x numpy.cov{agreement}"
        yield line, differences.get(who, 0.0)


def whole(count: int, rounds: int) -> Iterator[str]:
    """The whole estimate of ten years, from prices to `FactorCovariance`."""
    import numpy as np

    from advisor.market.estimate.covariance import covariance_from_history
    from advisor.market.estimate.returns import PricePanel
    from advisor.portfolio.preferences import CovarianceChoice, CovarianceMethod, ReturnPeriod
    from tests.benchmarks.measure import interleaved

    end = date(2026, 7, 13)
    days = tuple(day for day in (end - timedelta(days=k) for k in range(3653, -1, -1)) if day.weekday() < 5)
    rng = np.random.default_rng(count)
    shared = rng.normal(0.0, 0.01, (len(days), 5)) @ rng.normal(0.5, 0.5, (5, count))
    prices = np.cumprod(1.0 + shared + rng.normal(0.0, 0.01, shared.shape), axis=0)
    symbols = tuple(f"S{place:03}" for place in range(count))
    late = prices.copy()
    for column in range(count // 2, count):
        late[: rng.integers(100, 1900), column] = np.nan
    for label, closes in (("all full", prices), ("half of them short", late)):
        panel = PricePanel(symbols, days, closes)
        for period in ReturnPeriod:
            works: dict[str, Callable[[int], object]] = {}
            for method in CovarianceMethod:
                choice = CovarianceChoice(method, period, 10)
                if method is CovarianceMethod.PAIRWISE and label != "all full":
                    continue  # random starts contradict each other, and are refused

                def work(_: int, panel: PricePanel = panel, choice: CovarianceChoice = choice) -> object:
                    return covariance_from_history(panel, end, choice, broad=set(symbols[:15]), market=symbols[0])

                works[method] = work
            taken = {who: f"{who} {median(seconds) * 1e3:.1f}" for who, seconds in interleaved(works, rounds).items()}
            yield f"{count} securities, 10 years {period}, {label}: {', '.join(taken.values())} ms"


def _apart(ours: object, theirs: object) -> float:
    """Largest difference of two covariances, on the scale of the volatilities of each pair."""
    import numpy as np

    one, other = np.asarray(ours), np.asarray(theirs)
    scale = np.sqrt(np.outer(np.diag(other), np.diag(other)))
    return float(np.abs((one - other) / scale).max())


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
