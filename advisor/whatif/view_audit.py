"""What each view does: the answer without it, with no doubt about it, and the confidence at which the decision flips.

The decision is another where other funds are bought, or none, or where the share in small caps differs by more than
`MATERIAL`. Every other view stays as it is held. Without the view a holding that it is on counts as itself again in the
reference portfolio. A view of a named set is audited as it counts on the day (`risk.view_age`). Confidences are tried
from the one that is held outwards in steps of `STEP`, and the first change is narrowed to `FINE` by bisection: a
decision that flips and flips back within one step is not seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from advisor.market.data import MarketData
from advisor.optimize.problem import AllocationProblem
from advisor.portfolio.model import Portfolio, View
from advisor.rebalance.candidates import SurveyedHousehold, problem_under
from advisor.rebalance.plan import question_of, survey
from advisor.risk.view_age import UsedView, views_as_used
from advisor.units import Vector
from advisor.whatif.decision import Decision, decision_of
from advisor.whatif.model import Flip, ViewAudit

STEP = Decimal("0.1")
FINE = Decimal("0.005")
MATERIAL = 0.01  # of household value


@dataclass(frozen=True, slots=True)
class _Bench:
    """One household, compiled once, whose confidence in its views can be changed; at 0 a view counts nothing."""

    household: SurveyedHousehold
    problem: AllocationProblem

    @property
    def views(self) -> tuple[View, ...]:
        return self.household.portfolio.views

    def decision_with(self, views: tuple[View, ...]) -> Decision | None:
        """The decision if the file had these views; None where the limits leave none."""
        other = self._survey(views)
        return decision_of(other, problem_under(other, self.problem))

    def _survey(self, views: tuple[View, ...]) -> SurveyedHousehold:
        return survey(replace(self.household.portfolio, views=views), self.household.market)


def view_audit(portfolio: Portfolio, market: MarketData) -> tuple[ViewAudit, ...]:
    """One entry for each view, in the order of the file."""
    if not portfolio.views:
        return ()
    known = views_as_used(portfolio, market)
    views = tuple(view.used for view in known)
    household = survey(replace(portfolio, views=views), market)
    bench = _Bench(household, problem_under(household, question_of(portfolio, market)[1]))
    held = bench.decision_with(views)
    return tuple(_audited(bench, place, held, view) for place, view in enumerate(known))


def _audited(bench: _Bench, place: int, held: Decision | None, known: UsedView) -> ViewAudit:
    view = bench.views[place]
    without = bench.decision_with(_at(bench.views, place, Decimal(0)))
    certain = bench.decision_with(_at(bench.views, place, Decimal(1)))
    return ViewAudit(
        name=view.name,
        stated=float(known.stated.annual_return),
        confidence=float(known.stated.confidence),
        years=float(view.years),
        source=view.source,
        set=view.set,
        equilibrium=_of(view, bench, bench.household.inputs.implied_return),
        expected=_of(view, bench, bench.household.inputs.expected_return),
        small_caps=_small_caps(held),
        small_caps_without=_small_caps(without),
        small_caps_certain=_small_caps(certain),
        gain=_gain(held),
        gain_without=_gain(without),
        gain_certain=_gain(certain),
        bought=_bought(held),
        bought_without=_bought(without),
        flip=_flip(bench, place, held),
        use=known.use,
        used=float(view.annual_return),
        used_confidence=float(view.confidence),
        prices_to=known.prices_to,
    )


def _at(views: tuple[View, ...], place: int, confidence: Decimal) -> tuple[View, ...]:
    changed = replace(views[place], confidence=confidence)
    return (*views[:place], changed, *views[place + 1 :])


def _of(view: View, bench: _Bench, returns: Vector) -> float:
    """What the view is about, in these returns, shape (n,): of one security, or of one over the other."""
    annual = dict(zip(bench.household.inputs.symbols, returns, strict=True))
    return float(annual[view.symbol] - (annual[view.over] if view.over else 0.0))


def _small_caps(decision: Decision | None) -> float | None:
    return None if decision is None else decision.small_caps


def _gain(decision: Decision | None) -> float | None:
    return None if decision is None else decision.gain


def _bought(decision: Decision | None) -> tuple[str, ...]:
    return () if decision is None else decision.bought


def _flip(bench: _Bench, place: int, held: Decision | None) -> Flip | None:
    """The nearest confidence, below or above, at which the decision is another."""
    own = bench.views[place].confidence
    found = [
        flip
        for end in (Decimal(0), Decimal(1))
        if (flip := _first_flip(bench, place, tuple(_steps(own, end)), held)) is not None
    ]
    return min(found, key=lambda flip: abs(flip.confidence - float(own)), default=None)


def _steps(start: Decimal, end: Decimal) -> Iterator[Decimal]:
    """From `start` to `end`, both included, in steps of `STEP`, the last one shorter."""
    side = 1 if end > start else -1
    at = start
    yield at
    while at != end:
        at = min(at + STEP, end) if side > 0 else max(at - STEP, end)
        yield at


def _first_flip(bench: _Bench, place: int, outwards: tuple[Decimal, ...], held: Decision | None) -> Flip | None:
    for near, far in pairwise(outwards):
        other = bench.decision_with(_at(bench.views, place, far))
        if is_another(held, other):
            return _narrowed(bench, place, (near, far), held, other)
    return None


def _narrowed(
    bench: _Bench, place: int, between: tuple[Decimal, Decimal], held: Decision | None, other: Decision | None
) -> Flip:
    """The flip between two confidences, where `held` and `other` are the decisions, to within `FINE`."""
    near, far = between
    while abs(far - near) > FINE:
        middle = (near + far) / 2
        found = bench.decision_with(_at(bench.views, place, middle))
        if is_another(held, found):
            far, other = middle, found
        else:
            near = middle
    return Flip(float(far), _bought(other), _small_caps(other))


def is_another(one: Decision | None, other: Decision | None) -> bool:
    """Whether two decisions differ in what is bought, or in the small-cap share by more than `MATERIAL`."""
    if one is None or other is None:
        return one is not other
    return one.bought != other.bought or abs(one.small_caps - other.small_caps) > MATERIAL
