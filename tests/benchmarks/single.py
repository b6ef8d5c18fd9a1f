"""One problem, solved again with new expected returns and holdings, by everyone."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from advisor.units import Vector
from tests.benchmarks.bare import BARE, BareClarabel, with_volatility_limit
from tests.benchmarks.measure import Row, interleaved, ratio, row
from tests.benchmarks.reference import Inputs, Reference, reference, variations
from tests.benchmarks.written import Solve, compiled, compiled_first, cvxpy_again, cvxpy_new

WORK = "one problem"
BARE_WITHOUT_COST = f"{BARE}, no trading cost"
OWN: Mapping[str, Callable[[Reference], Solve]] = {
    BARE: lambda problem: BareClarabel(problem).solve,
    "compiled, re-solve": compiled,
    "cvxpy, re-solve (DPP)": cvxpy_again,
    "compiled, first solve": compiled_first,
    "cvxpy, new problem": cvxpy_new,
}
LARGE = 500  # from here on one solve is long enough to be timed
TURN = 0.02  # seconds that a turn lasts at least


@dataclass(slots=True)
class Contender:
    """Who solves which inputs, and the weights last found for each."""

    solve: Solve
    inputs: list[Inputs]
    exact: list[Vector]
    beside: str = BARE
    repeats: int = 1
    found: dict[int, Vector] = field(default_factory=dict)

    def warm_up(self) -> None:
        """One turn untimed, and from it how often the next ones go through the inputs."""
        start = time.process_time()
        self.take_turn(0)
        self.repeats = max(1, round(TURN / (time.process_time() - start)))

    def take_turn(self, turn: int) -> None:
        """All inputs, or where that takes long the next one."""
        turns = range(len(self.inputs)) if self.exact[0].size < LARGE else [turn % len(self.inputs)]
        for _ in range(self.repeats):
            for number in turns:
                self.found[number] = self.solve(self.inputs[number])

    def solves(self) -> int:
        """How many a turn holds."""
        return self.repeats * (len(self.inputs) if self.exact[0].size < LARGE else 1)

    def difference(self) -> float:
        """Largest distance of a weight found from the exact one."""
        return max(float(np.max(np.abs(weights - self.exact[number]))) for number, weights in self.found.items())


def measured(n: int, covariance: str, *, rounds: int, peers: bool, everything: bool) -> Iterator[Row]:
    """A row for everyone, timed or left out with the reason."""
    problem = with_volatility_limit(reference(n, covariance))
    inputs = variations(problem, 8 if n < LARGE else 4)
    exact = _exact(problem, inputs)
    contenders = {who: Contender(make(problem), inputs, exact) for who, make in OWN.items()}
    if peers:
        contenders |= _peers(problem, inputs, exact, everything=everything)
    if n < LARGE:
        for contender in contenders.values():
            contender.warm_up()
    works = {who: contender.take_turn for who, contender in contenders.items()}
    seconds = interleaved(works, rounds if n < LARGE else max(2, rounds // 3))
    each = {who: [s / contenders[who].solves() for s in turns] for who, turns in seconds.items()}
    for who, contender in contenders.items():
        yield row(
            WORK,
            n,
            covariance,
            who,
            ms=1e3 * statistics.median(each[who]),
            ratio_to_bare=ratio(each[who], each[contender.beside]),
            max_weight_difference=contender.difference(),
        )


def slopes(rows: list[Row], small: int = 500, large: int = 2000) -> Iterator[Row]:
    """The exponent with which time grows from `small` to `large`."""
    ms = {(r["covariance"], r["who"], r["n"]): r["ms"] for r in rows if r["work"] == WORK}
    for covariance, who, n in ms:
        if n == small and (covariance, who, large) in ms:
            growth = math.log(ms[covariance, who, large] / ms[covariance, who, small])
            yield row("slope", large, covariance, who, slope=growth / math.log(large / small))


def maker(who: str) -> Callable[[Reference], Solve]:
    """How `who`, one of ours or a peer, is asked."""
    if who in OWN:
        return OWN[who]
    from tests.benchmarks.peers import PEERS

    return PEERS[who].make


def remembered(*, peers: bool) -> list[str]:
    """Whose memory is measured: each kind once, since a first solve holds as much as the next."""
    own = [BARE, "compiled, re-solve", "cvxpy, re-solve (DPP)"]
    if not peers:
        return own
    from tests.benchmarks.peers import PEERS

    return own + [who for who, peer in PEERS.items() if peer.largest >= LARGE]


def _exact(problem: Reference, inputs: list[Inputs]) -> list[Vector]:
    solver = BareClarabel(problem, tolerance=1e-10)
    return [solver.solve(each) for each in inputs]


def _peers(problem: Reference, inputs: list[Inputs], exact: list[Vector], *, everything: bool) -> dict[str, Contender]:
    from tests.benchmarks.peers import PEERS, quiet  # the optional extra: not needed for the rest

    free = replace(problem, cost=0.0)
    exact_free = _exact(free, inputs)
    contenders = {BARE_WITHOUT_COST: Contender(BareClarabel(free).solve, inputs, exact_free, BARE_WITHOUT_COST)}
    for who, peer in PEERS.items():
        if problem.n <= peer.largest or everything:
            beside = (exact, BARE) if peer.has_trading_cost else (exact_free, BARE_WITHOUT_COST)
            contenders[who] = Contender(quiet(peer.make(problem)), inputs, *beside)
    return contenders
