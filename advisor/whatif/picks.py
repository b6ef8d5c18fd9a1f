"""Three answers to choose from: cheap, balanced and full.

The limits that are broken today are relaxed by one share t of their breach, to ``bound + t (today - bound)``.

* full: t = 0, every limit as the file has it.
* cheap: the least t, in thousandths, that orders reach which realize no net gain. The cap on gains counts dollars
  realized, whatever the tax on them: carried losses or a rate of nothing are not used up.
* balanced: half of that t, with no cap on gains but the file's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from advisor.market.data import MarketData
from advisor.optimize.search import best_solution, open_cases
from advisor.portfolio.limit_types import Side
from advisor.portfolio.model import BUILT_IN_SCENARIOS, Limit, LimitMode, Portfolio
from advisor.rebalance.candidates import SurveyedHousehold, problem_of
from advisor.rebalance.model import RebalancePlan
from advisor.rebalance.outcome import EDGE, breach, limit_results
from advisor.whatif.outcomes import solved, surveyed

FULL, BALANCED, CHEAP = "full", "balanced", "cheap"
THOUSAND = 1000
STEP = Decimal("0.0001")  # to which bounds are rounded, outward: 0.01%
TRIES = 20  # thousandths beyond the continuous optimum's at which whole shares are tried one by one, before halving
GAIN = "realized_gain"
NOT_CHEAP = "no orders without a net gain keep the other limits, even with every breach of today left as it is"


@dataclass(frozen=True, slots=True)
class Pick:
    """One of the three: the file's limits with `bounds`, by label, in place of its own; or why it is none of its own.

    `share` is the part of each breach of today that stays; None where the pick has no answer. `same_as` names the
    pick that it coincides with.
    """

    name: str
    share: float | None
    bounds: Mapping[str, Decimal] = field(default_factory=dict)
    same_as: str = ""
    reason: str = ""

    @property
    def title(self) -> str:
        """Name for people."""
        return BUILT_IN_SCENARIOS[self.name]


def picks(portfolio: Portfolio, market: MarketData, plan: RebalancePlan) -> tuple[Pick, Pick, Pick]:
    """Cheap, balanced and full for `portfolio`, whose recommendation is `plan`."""
    full = Pick(FULL, 0.0)
    if plan.status == "do_nothing":
        return _coinciding(full, "there is nothing to do")
    household = surveyed(portfolio, market)
    if not broken_today(household):
        return _coinciding(full, "no limit is broken today that trades can be spared on")
    if _net_gain(plan) <= 0:
        return _coinciding(full, "the full move realizes no net gain")
    share = least_share(household)
    if share is None:
        return (
            Pick(CHEAP, None, reason=NOT_CHEAP),
            Pick(BALANCED, None, reason="it lies halfway to the cheap one"),
            full,
        )
    part = Decimal(share) / THOUSAND
    cheap = Pick(CHEAP, float(part), (bounds_at(household, part) if share else {}) | {f"{GAIN}.max": Decimal(0)})
    if not share:
        return cheap, Pick(BALANCED, 0.0, same_as=FULL, reason="the cheap one leaves nothing of a breach"), full
    return cheap, Pick(BALANCED, float(part / 2), bounds_at(household, part / 2)), full


def _coinciding(full: Pick, reason: str) -> tuple[Pick, Pick, Pick]:
    return Pick(CHEAP, 0.0, same_as=FULL, reason=reason), Pick(BALANCED, 0.0, same_as=FULL, reason=reason), full


def _net_gain(plan: RebalancePlan) -> Decimal:
    return plan.tax.short_term_gain_usd + plan.tax.long_term_gain_usd


def broken_today(household: SurveyedHousehold) -> dict[str, float]:
    """Measures of today, by label, of the hard limits that the household breaks."""
    results = limit_results(household.measurer, household.before, household.before, ())
    return {
        limit.label: limit.before
        for limit in results
        if limit.mode == LimitMode.HARD and breach(limit.side, limit.bound, limit.before) > EDGE
    }


def bounds_at(household: SurveyedHousehold, share: Decimal) -> dict[str, Decimal]:
    """Bounds of the limits broken today with `share` of each breach left, rounded outward to 0.01%."""
    today = broken_today(household)
    bounds = {limit.label: limit for limit in household.portfolio.limits if limit.label in today}
    return {label: _relaxed(limit, Decimal(repr(today[label])), share) for label, limit in bounds.items()}


def _relaxed(limit: Limit, today: Decimal, share: Decimal) -> Decimal:
    wanted = limit.bound + share * (today - limit.bound)
    return wanted.quantize(STEP, rounding=ROUND_CEILING if limit.side is Side.MAX else ROUND_FLOOR)


def with_bounds(portfolio: Portfolio, bounds: Mapping[str, Decimal]) -> Portfolio:
    """`portfolio` with these bounds, by label; a limit that it has not, or has softly, is hard."""
    own = {limit.label: limit for limit in portfolio.limits}
    changed = {
        label: replace(own[label], bound=bound) if label in own else Limit(GAIN, Side.MAX, bound)
        for label, bound in bounds.items()
    }
    gain = changed.get(f"{GAIN}.max")
    if gain is not None:
        changed[gain.label] = Limit(GAIN, Side.MAX, gain.bound)
    kept = tuple(changed.get(label, limit) for label, limit in own.items())
    return replace(portfolio, limits=(*kept, *(limit for label, limit in changed.items() if label not in own)))


def least_share(household: SurveyedHousehold) -> int | None:
    """The least share, in thousandths, at which orders without a net gain hold every limit; None where none does."""
    if not _has_optimum(household, THOUSAND):
        return None
    optimum = _least(-1, THOUSAND, lambda share: _has_optimum(household, share))
    near = range(optimum, min(optimum + TRIES, THOUSAND) + 1)
    found = next((share for share in near if _has_orders(household, share)), None)
    if found is not None or THOUSAND in near or not _has_orders(household, THOUSAND):
        return found
    return _least(near[-1], THOUSAND, lambda share: _has_orders(household, share))


def _least(out_of_reach: int, in_reach: int, is_in_reach: Callable[[int], bool]) -> int:
    """The least share in reach, by halves."""
    low, high = out_of_reach, in_reach
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_in_reach(middle) else (middle, high)
    return high


def _without_gain(household: SurveyedHousehold, thousandths: int) -> Portfolio:
    bounds = bounds_at(household, Decimal(thousandths) / THOUSAND)
    return with_bounds(household.portfolio, bounds | {f"{GAIN}.max": Decimal(0)})


def _has_optimum(household: SurveyedHousehold, thousandths: int) -> bool:
    """Whether the limits can be met in parts of a share."""
    problem = problem_of(surveyed(_without_gain(household, thousandths), household.market, household))
    return best_solution(problem, open_cases(problem)) is not None


def _has_orders(household: SurveyedHousehold, thousandths: int) -> bool:
    changed = _without_gain(household, thousandths)
    return solved("", changed, household.market, household).after is not None
