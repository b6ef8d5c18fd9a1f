"""The outcomes of the file's own scenarios."""

from __future__ import annotations

from advisor.market.data import MarketData
from advisor.portfolio.model import Portfolio, Scenario
from advisor.rebalance.candidates import SurveyedHousehold
from advisor.rebalance.model import HouseholdState, RebalancePlan
from advisor.rebalance.plan import question_of
from advisor.whatif.causes import with_causes
from advisor.whatif.model import Outcome
from advisor.whatif.outcomes import solved


def scenario_outcomes(portfolio: Portfolio, market: MarketData, plan: RebalancePlan) -> tuple[Outcome, ...]:
    """One for each of the file's scenarios, in its order; `market` is the one of `plan`."""
    if not portfolio.scenarios:
        return ()
    household, _ = question_of(portfolio, market)
    return tuple(scenario_outcome(scenario, household, plan.after) for scenario in portfolio.scenarios)


def scenario_outcome(scenario: Scenario, household: SurveyedHousehold, base: HouseholdState | None) -> Outcome:
    """The scenario's own answer, and what of its changes moves it away from `base`, the household as proposed."""
    found = solved(scenario.name, scenario.portfolio, household.market, household)
    return with_causes(found, household, scenario.portfolio, base)
