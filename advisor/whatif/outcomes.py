"""The outcome of one household: solved for, or measured in given orders, in shares and cents like any proposal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import takewhile
from types import MappingProxyType

from advisor.errors import AdvisorError, InputError, LimitsConflictError, MarketDataError, UnverifiedAnswerError
from advisor.market.data import MarketData
from advisor.market.resolve import resolve
from advisor.optimize.default_bounds import default_bounds
from advisor.optimize.problem import AllocationProblem
from advisor.portfolio.limit_types import Unit
from advisor.portfolio.model import BUILT_IN_SCENARIOS, Portfolio
from advisor.rebalance.candidates import Candidate, SurveyedHousehold, candidate_of, problem_of
from advisor.rebalance.model import HouseholdState, LimitResult, RebalancePlan, Trade
from advisor.rebalance.outcome import EDGE, breach, effective_bound
from advisor.rebalance.plan import survey, universe
from advisor.rebalance.two_plans import plan_results, plans_of
from advisor.whatif.model import Outcome

ONE_ESTIMATE = (
    "Risk is estimated once for a comparison, as preferences.covariance of the file says; advisor data compare-risk "
    "compares the ways of estimating it."
)
CASH = "cash"  # no symbol is in small letters
_HELP = "What would help"  # begins the second part of a conflict's message
_MOST_SENTENCES = 2


def solved(name: str, portfolio: Portfolio, market: MarketData, household: SurveyedHousehold | None = None) -> Outcome:
    """The best orders of `portfolio`, or why there are none.

    `market` must be resolved for the household; symbols that this portfolio adds are looked up in it. `household` is
    the survey of one that differs in its limits at most.
    """
    try:
        household = surveyed(portfolio, market, household)
        return best(name, household, problem_of(household))
    except (MarketDataError, InputError) as error:  # what these market data do not have
        return unanswered(name, error)


def best(name: str, household: SurveyedHousehold, problem: AllocationProblem) -> Outcome:
    """The best orders of `household`, whose problem is `problem`, or why there are none."""
    try:
        plans = plans_of(household, problem)
    except (LimitsConflictError, UnverifiedAnswerError) as error:
        return unanswered(name, error)
    return replace(outcome_of(name, plans.advised), plans=plan_results(plans))


def surveyed(portfolio: Portfolio, market: MarketData, household: SurveyedHousehold | None = None) -> SurveyedHousehold:
    """The survey of `portfolio`: that of `household` where only limits differ, on the same securities.

    Raises `MarketDataError` for a portfolio that wants its risk estimated otherwise.
    """
    if household is not None and household.portfolio.preferences.covariance != portfolio.preferences.covariance:
        raise MarketDataError(ONE_ESTIMATE)
    if household is not None and _is_same_but_limits(household.portfolio, portfolio):
        measurer = replace(household.measurer, portfolio=portfolio)
        defaults = default_bounds(portfolio, household.market, household.inputs)
        return replace(household, measurer=measurer, defaults=defaults)
    return survey(portfolio, _market_of(portfolio, market))


def _is_same_but_limits(one: Portfolio, other: Portfolio) -> bool:
    same = replace(one, limits=other.limits, scenarios=other.scenarios) == other
    return same and universe(one) == universe(other)


def _market_of(portfolio: Portfolio, market: MarketData) -> MarketData:
    """`market` with what this portfolio names beyond the one that it was resolved for."""
    if all(symbol in market.securities for symbol in universe(portfolio)):
        return market
    again = resolve(market, portfolio)
    proxied: Mapping[str, str] = {**market.proxied, **again.proxied}
    return replace(again, proxied=MappingProxyType(proxied))


def measured(name: str, household: SurveyedHousehold, trades: tuple[Trade, ...]) -> Outcome:
    """What these orders come to, whatever limits they break."""
    return outcome_of(name, candidate_of(household, trades))


def outcome_of(name: str, candidate: Candidate) -> Outcome:
    """An outcome with the figures of `candidate`."""
    return Outcome(
        name=name,
        title=title_of(name),
        status="trade" if candidate.trades else "do_nothing",
        trades=candidate.trades,
        after=candidate.after,
        limits=candidate.limits,
        defaults=candidate.defaults,
        tax=candidate.tax,
        spread_usd=candidate.spread_usd,
        net_benefit=candidate.net_benefit,
    )


def proposed(plan: RebalancePlan, household: SurveyedHousehold) -> Outcome:
    """The plan itself; where it is to do nothing, its gain is none."""
    found = measured("proposal", household, plan.trades)
    return replace(found, limits=plan.limits, plans=plan.plans)


def unanswered(name: str, error: AdvisorError) -> Outcome:
    """An outcome without an answer, and the error's words as its reason."""
    status = "conflict" if isinstance(error, LimitsConflictError) else "unverified"
    return Outcome(
        name=name,
        title=title_of(name),
        status=status,
        trades=(),
        after=None,
        limits=(),
        tax=None,
        spread_usd=None,
        net_benefit=None,
        reason=_words(error),
    )


def _words(error: AdvisorError) -> str:
    if isinstance(error, InputError):  # without the place: it may be one of an option, or of another file
        return "; ".join(f"{issue.message}: {issue.hint}" if issue.hint else issue.message for issue in error.issues)
    return first_sentences(str(error))


def first_sentences(message: str) -> str:
    """What is the matter, without what would help: the first lines that stand by themselves, or a list and its head."""
    told, _, _ = message.partition(_HELP)
    head, *below = told.split("\n")
    if head.endswith(":"):
        return f"{head} {'; '.join(line.strip() for line in takewhile(lambda line: line.startswith(' '), below))}"
    lines = [line for line in told.split("\n") if line and not line.startswith((" ", "("))]
    return " ".join(lines[:_MOST_SENTENCES])


def title_of(name: str) -> str:
    """Name for people: that of a built-in scenario, or the user's own."""
    return BUILT_IN_SCENARIOS.get(name, name)


def value_before_usd(outcome: Outcome) -> Decimal:
    """Value of the outcome's household before its trades, deposits included; `gain` is a fraction of it.

    Raises `ValueError` for an outcome without an answer.
    """
    if outcome.after is None or outcome.spread_usd is None:
        raise ValueError(f"{outcome.name} has no answer")
    return outcome.after.value_usd + outcome.spread_usd


def broken_limits(outcome: Outcome) -> tuple[LimitResult, ...]:
    """The limits that do not hold after the trades; none where there is no answer."""

    def is_broken(limit: LimitResult) -> bool:
        allowed = effective_bound(limit)
        scale = float(value_before_usd(outcome)) if limit.unit is Unit.USD else 1.0
        return allowed is not None and breach(limit.side, allowed, limit.after) > EDGE * scale

    return tuple(limit for limit in outcome.limits if is_broken(limit))


def distance(one: HouseholdState, other: HouseholdState) -> float:
    """Half the sum of absolute differences of the weights, cash included: the part of the value held elsewhere."""
    return apart(holdings(one), holdings(other))


def holdings(state: HouseholdState) -> dict[str, float]:
    """Weights by symbol, and that of cash."""
    return {**state.weights, CASH: state.cash_weight}


def apart(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """The same of `holdings`; names are added up in their order, so that the last digit is the same in every run."""
    return sum(abs(one.get(name, 0.0) - other.get(name, 0.0)) for name in dict.fromkeys((*one, *other))) / 2
