"""Words of the report that turn on a sign, on who leads, or on how near two figures are."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from advisor.report.limits import broken_today, level_after, level_today, limits_table
from advisor.report.sections.answer import cards
from advisor.report.sections.why import funds_words
from tests.samples import answer


@pytest.mark.parametrize(("gain", "words"), [("96663", "on a realized gain of $96,663"), ("-12", "loss of $12")])
def test_what_is_realized_is_called_a_gain_or_a_loss_by_its_sign(gain: str, words: str) -> None:
    plan = answer("tech-employee").plan
    tax = replace(plan.tax, short_term_gain_usd=Decimal(0), long_term_gain_usd=Decimal(gain))
    assert any(words in card.note for card in cards(replace(plan, tax=tax)))


def test_the_company_of_today_stands_beside_todays_level_and_the_later_one_beside_the_later() -> None:
    limit = next(one for one in answer("tech-employee").plan.limits if one.name == "single_company")
    both = replace(limit, before=0.7189, after=0.5421, subject_before="Meta", subject="Apple")
    assert level_today(both) == "Meta 71.9%"
    assert level_after(both) == "Apple 54.2%"


def test_a_limit_with_room_that_costs_nothing_is_not_said_to_be_at_its_bound() -> None:
    plan = answer("tech-employee").plan
    table = limits_table(plan)
    assert table is not None
    status = {row.cells[0].text: row.cells[4].text for row in table.rows}
    assert status["Small caps"] == "Met, with room"
    assert status["Magnificent Seven"] == "Broken today, met by the proposal"


def test_funds_are_equivalent_where_they_cost_about_as_much_as_those_that_were_chosen() -> None:
    """Half a basis point apart at most, whatever both cost against the best mix."""
    made = answer("tech-employee")
    menu = made.plan.explanation.menu
    assert menu is not None

    def words(loss: float) -> str:
        other = replace(menu, symbols=("IJR",), loss=1e-3, others=((("IWM",), loss),))
        return funds_words(replace(made.plan, explanation=replace(made.plan.explanation, menu=other)), made.portfolio)

    assert "Equivalent" in words(1.01e-3)
    assert "Equivalent" not in words(1e-5)


def test_a_soft_limit_that_the_trades_exceed_is_not_broken_today() -> None:
    plan = answer("tech-employee").plan
    limit = next(one for one in plan.limits if one.label == "small_caps.max")
    today = replace(limit, status="exceeded", before=limit.bound + 0.1, after=limit.bound + 0.2)
    later = replace(today, before=limit.bound - 0.1)
    assert broken_today(replace(plan, limits=(today,))) == (today,)
    assert broken_today(replace(plan, limits=(later,))) == ()
