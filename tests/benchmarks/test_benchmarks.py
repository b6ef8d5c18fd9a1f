"""The benchmark runs and everyone finds the same weights; how long that takes is not tested."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from advisor.market.resolve import resolve
from advisor.rebalance.plan import rebalance
from tests.benchmarks import lots
from tests.benchmarks.bare import BareClarabel, with_volatility_limit
from tests.benchmarks.measure import interleaved, ratio
from tests.benchmarks.recommendation import household
from tests.benchmarks.reference import reference
from tests.benchmarks.single import slopes
from tests.benchmarks.what_if import SWEEPS, sweep
from tests.samples import market

CHECKOUT = Path(__file__).parent.parent.parent
KEYS = {"work", "n", "covariance", "who", "ms", "ratio_to_bare", "max_weight_difference"}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    path = tmp_path_factory.mktemp("benchmark") / "rows.json"
    command = [sys.executable, "-m", "tests.benchmarks", "--quick", "--json", str(path)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "one problem, 12 assets, dense" in done.stdout
    assert "differs" not in done.stdout
    return json.loads(path.read_text("utf-8"))


def test_every_row_has_the_keys(rows: list[dict]) -> None:
    assert all(row.keys() >= KEYS for row in rows)
    assert {row["work"] for row in rows} == {
        "one problem",
        "batch, QP",
        "batch, QP, wall time",
        "batch, volatility limit",
        "batch, volatility limit, wall time",
        "peak memory",
    }


def test_everyone_finds_the_same_weights(rows: list[dict]) -> None:
    single = [row["max_weight_difference"] for row in rows if row["work"] == "one problem"]
    assert len(single) == 10  # five ways, dense and factor
    assert 0 < max(single) < 1e-5
    batch = [row["max_weight_difference"] for row in rows if row["work"] in {"batch, QP", "batch, volatility limit"}]
    assert len(batch) == 8
    assert 0 < max(batch) < 1e-4


def test_times_and_memory_are_figures(rows: list[dict]) -> None:
    timed = [row for row in rows if row["work"] != "peak memory"]
    assert all(row["ms"] > 0 and row["ratio_to_bare"] > 0 for row in timed)
    assert all(20 < row["mib"] < 2000 for row in rows if row["work"] == "peak memory")


@pytest.mark.parametrize("covariance", ["dense", "factor"])
@pytest.mark.parametrize("n", [12, 50])
def test_the_limits_of_the_reference_problem_bind(n: int, covariance: str) -> None:
    problem = with_volatility_limit(reference(n, covariance))
    inputs = problem.inputs
    weights = BareClarabel(problem).solve(inputs)
    assert weights.sum() == pytest.approx(1.0, abs=1e-7)
    assert weights.min() > -1e-7
    assert (weights - inputs.most).max() < 1e-7
    assert problem.look_through @ weights <= inputs.cap + 1e-7
    assert (problem.groups @ weights - inputs.group_caps).max() < 1e-7
    assert np.sqrt(weights @ problem.covariance @ weights) == pytest.approx(inputs.volatility, abs=1e-6)


def test_a_household_of_the_batch_holds_its_lots() -> None:
    problem = reference(12, "dense")
    for one in lots.households(problem, 50):
        assert one.held.sum() == pytest.approx(1.0)
        assert one.lots.sum() == pytest.approx(1.0)
        for asset in range(12):
            assert one.held[asset] == pytest.approx(one.lots[asset::12].sum())


def test_the_household_of_the_whole_recommendation_has_forty_lots_and_something_to_do() -> None:
    portfolio = household(market())
    assert len(portfolio.accounts) == 3
    assert sum(len(position.lots) for account in portfolio.accounts for position in account.positions) == 40
    plan = rebalance(portfolio, resolve(market(), portfolio))
    assert len(plan.trades) > 2


def test_turns_are_taken_in_rounds_until_the_budget_is_spent() -> None:
    now = [0.0]
    taken: list[tuple[str, int]] = []

    def turns(who: str, seconds: float) -> Callable[[int], None]:
        def turn(number: int) -> None:
            taken.append((who, number))
            now[0] += seconds

        return turn

    seconds = interleaved(
        {"quick": turns("quick", 1.0), "slow": turns("slow", 3.0)}, 3, budget=5.0, clock=lambda: now[0]
    )
    assert taken == [("quick", 0), ("slow", 0), ("quick", 1), ("slow", 1), ("quick", 2)]
    assert seconds == {"quick": [1.0, 1.0, 1.0], "slow": [3.0, 3.0]}
    assert ratio(seconds["slow"], seconds["quick"]) == 3.0


def test_a_slope_is_the_exponent_of_growth() -> None:
    common = {"work": "one problem", "covariance": "factor", "who": "someone"}
    found = list(slopes([{**common, "n": 500, "ms": 2.0}, {**common, "n": 2000, "ms": 32.0}]))
    assert [(row["who"], row["slope"]) for row in found] == [("someone", pytest.approx(2.0))]


def test_a_sweep_that_is_measured_has_twenty_five_points() -> None:
    name, (words, _) = next(iter(SWEEPS.items()))
    assert sweep(name, words) == 25
