"""The rules by which figures become verdicts.

1. A fact is true or false on its day.
2. History is supported where the record shows what was said of it, and refuted where it does not.
3. A forecast is supported where what it foretells followed more often, or by more, than by chance. Where it did not, it
   is refuted if enough separate cases would have shown it, or if the opposite followed beyond chance; else it is not
   supported: too few cases tell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy.special import stdtrit

from advisor.evidence.model import Judgment, JudgmentKind, Verdict
from advisor.evidence.rate_study import RateHorizon

FEWEST_CASES = 30  # separate cases that would have shown an effect worth acting on
STANDARD_ERRORS = 2.0
LEVEL = 0.05  # of error, for all horizons together


def fact(words: str, *, is_true: bool) -> Judgment:
    """A fact on its day."""
    return Judgment(JudgmentKind.FACT, Verdict.TRUE if is_true else Verdict.FALSE, words)


def history(words: str, *, is_so: bool) -> Judgment:
    """What the record shows, or does not."""
    return Judgment(JudgmentKind.HISTORY, Verdict.SUPPORTED if is_so else Verdict.REFUTED, words)


def untested(kind: JudgmentKind, words: str) -> Judgment:
    """A statement that nothing at hand tests."""
    return Judgment(kind, Verdict.UNTESTED, words)


def share_verdict(wins: int, count: int, chance: float) -> Verdict:
    """Forecast of a gain after `count` separate cases, of which `wins` gained, where `chance` of any do.

    Source: normal approximation of the binomial distribution.
    """
    if not count:
        return Verdict.UNTESTED
    excess, error = wins / count - chance, math.sqrt(chance * (1.0 - chance) / count)
    if excess > STANDARD_ERRORS * error:
        return Verdict.SUPPORTED
    return Verdict.REFUTED if count >= FEWEST_CASES or excess < -STANDARD_ERRORS * error else Verdict.NOT_SUPPORTED


def cycle_verdict(votes: Sequence[RateHorizon]) -> Verdict:
    """Forecast of a gain over each of several horizons, by one vote a cycle.

    Supported where each mean is above zero and at least one by more than chance gives, refuted where one is below zero
    by more. The level of error holds for all horizons together (Bonferroni), and Student's t has as many degrees of
    freedom as there are cycles less one.
    """
    told = [(vote.naive_t, vote.mean, vote.count) for vote in votes if vote.naive_t is not None]
    if not told:
        return Verdict.UNTESTED
    beyond = [t / critical_t(count, len(votes)) for t, _, count in told if t is not None]
    if min(beyond) < -1.0:
        return Verdict.REFUTED
    is_ahead = all(mean is not None and mean > 0.0 for _, mean, _ in told)
    return Verdict.SUPPORTED if is_ahead and max(beyond) > 1.0 else Verdict.NOT_SUPPORTED


def critical_t(count: int, horizons: int) -> float:
    """Value of t that chance exceeds, on either side, with `LEVEL` over all horizons; `count` votes, two at least."""
    return float(stdtrit(count - 1, 1.0 - LEVEL / horizons / 2.0))
