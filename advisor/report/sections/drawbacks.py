"""What speaks against the answer, as far as the figures show it.

Words follow from the measured figures alone.
"""

from __future__ import annotations

from advisor.format import (
    NOTICEABLE,
    interval,
    listing,
    percent,
    plural,
    points,
    rough_money,
    signed_money,
    signed_percent,
)
from advisor.portfolio.model import Portfolio
from advisor.rebalance.model import RebalancePlan, StressLoss
from advisor.report.limits import exceeded, limit_words
from advisor.report.parts import dollars, is_trade

_LARGE_COMPANY = 0.1  # of the household, from which a single company is named as a remaining risk


def drawbacks(plan: RebalancePlan, portfolio: Portfolio) -> tuple[str, ...]:
    """What speaks against the answer, as far as the figures show it."""
    if not is_trade(plan):
        return _idle_drawbacks(plan)
    found = [*_exceeded_limits(plan), *_worse_measures(plan), *_tax_drawbacks(plan, portfolio)]
    worse = worse_episodes(plan)
    if worse:
        names = listing(tuple(episode.title for episode, _ in worse), 3)
        found.append(
            f"The proposal returns less than today's household in {plural(len(worse), 'episode')} below: {names}."
        )
    found.extend(_remaining_concentration(plan))
    if after_width(plan) >= NOTICEABLE:
        found.append(
            f"The funds' lists leave {points(after_width(plan)).lstrip('+')} of the Magnificent Seven "
            "weight after the trades unknown; the limit is held against the upper end."
        )
    return tuple(found)


def worse_episodes(plan: RebalancePlan) -> tuple[tuple[StressLoss, StressLoss], ...]:
    """Episodes in which the proposal returns less than today's household by 0.05 points or more."""
    after = {episode.name: episode for episode in plan.after.stress}
    return tuple(
        (episode, after[episode.name])
        for episode in plan.before.stress
        if episode.name in after and after[episode.name].household_return < episode.household_return - NOTICEABLE
    )


def after_width(plan: RebalancePlan) -> float:
    """Width of the interval of the seven after the trades."""
    return plan.after.exposure.seven.high - plan.after.exposure.seven.low


def stress_words(plan: RebalancePlan) -> str:
    """In how many episodes the proposal is worse, and where most; else that this proves little."""
    if not is_trade(plan):
        return "These are past episodes. The next one can be worse."
    worse = worse_episodes(plan)
    if not worse:
        return (
            "In none of these episodes does the proposal return less than today's household. That is no promise for "
            "the next one."
        )
    count = f"{len(worse)} of {plural(len(plan.before.stress), 'episode')}"
    before, after = min(worse, key=lambda pair: pair[1].household_return - pair[0].household_return)
    return (
        f"The proposal returns less than today's household in {count}, most of all in {before.title}: "
        f"{signed_percent(after.household_return)} "
        f"({signed_money(dollars(after.household_return, plan.after))}) instead of "
        f"{signed_percent(before.household_return)} ({signed_money(dollars(before.household_return, plan.before))})."
    )


def _exceeded_limits(plan: RebalancePlan) -> list[str]:
    names = tuple(map(limit_words, exceeded(plan)))
    return [f"Exceeded with the proposal, as a soft limit may be: {listing(names, len(names))}."] if names else []


def _worse_measures(plan: RebalancePlan) -> list[str]:
    before, after = plan.before, plan.after
    found = []
    if after.expected_return < before.expected_return - NOTICEABLE:
        found.append(
            f"Expected return falls from {percent(before.expected_return)} to "
            f"{percent(after.expected_return)} a year on the stated assumptions."
        )
    if after.volatility > before.volatility + NOTICEABLE:
        found.append(f"Volatility rises from {percent(before.volatility)} to {percent(after.volatility)} a year.")
    if after.tracking_error > before.tracking_error + NOTICEABLE:
        found.append(
            f"The household departs further from {plan.benchmark}: tracking error goes from "
            f"{percent(before.tracking_error)} to {percent(after.tracking_error)} a year. In years led by "
            "the largest companies it would lag more."
        )
    if after.expense_ratio > before.expense_ratio + 5e-6:
        found.append(
            f"Fund expenses rise from {percent(before.expense_ratio, 3)} to "
            f"{percent(after.expense_ratio, 3)} a year ({rough_money(dollars(before.expense_ratio, before))} to "
            f"{rough_money(dollars(after.expense_ratio, after))})."
        )
    return found


def _remaining_concentration(plan: RebalancePlan) -> list[str]:
    if not plan.after.exposure.companies:
        return []
    largest = max(plan.after.exposure.companies, key=lambda company: company.high)
    if largest.high < _LARGE_COMPANY:
        return []
    return [f"{largest.company} alone remains {interval(largest.low, largest.high)} of the household."]


def _tax_drawbacks(plan: RebalancePlan, portfolio: Portfolio) -> list[str]:
    found = []
    if plan.tax.tax_usd > 0:
        text = f"{rough_money(plan.tax.tax_usd)} of tax falls due for this year"
        assumed = (
            ""
            if portfolio.tax.is_stated
            else ", at rates partly or wholly assumed: the portfolio file does not state both"
        )
        found.append(f"{text}{assumed}.")
    if plan.tax.short_term_gain_usd > 0:
        found.append(
            f"{rough_money(plan.tax.short_term_gain_usd)} of the realized gain is short-term: the higher rate applies."
        )
    return found


def _idle_drawbacks(plan: RebalancePlan) -> tuple[str, ...]:
    near = tuple(limit_words(limit) for limit in plan.limits if limit.status == "binding")
    found = []
    if near:
        stand = "stands exactly at its limit" if len(near) == 1 else "stand exactly at their limits"
        found.append(f"{listing(near)} {stand}: a small market move can break that.")
    holds = "A limit that holds today can be broken by the next market move; the" if plan.limits else "The"
    found.append(f"{holds} answer is good for its date only.")
    return tuple(found)
