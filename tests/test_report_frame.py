"""The two plans, why cash is kept, the choices, the default bounds, and what concentration is said of."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from advisor.portfolio.limit_types import Side
from advisor.portfolio.model import Portfolio
from advisor.rebalance.concentration import CODE
from advisor.rebalance.model import DefaultResult, RebalancePlan, TwoPlans, Warned
from advisor.report.sections.answer import answer
from advisor.report.sections.frame import (
    cash_words,
    choices,
    choices_note,
    concentration_sentence,
    defaults_table,
    held_words,
    least_cost_words,
    plan_words,
    room_sentence,
)
from advisor.report.sections.trade_off import sensitivity_table
from advisor.whatif.model import CostPoint, LeastCost, MoreRoom, Outcome, Sensitivity, TradeOff
from tests.report_fixture import CHEAPEST, DEFAULTS, context, do_nothing_plan, plan, portfolio, reason, trade_off

NB = "\N{NO-BREAK SPACE}"
CASH = DEFAULTS[0]
SMALL = DefaultResult("small_caps", 0.14, 0.07, 0.14, 0.0, 0.0, yields=True, charge=0.09)


def plain(text: str) -> str:
    return text.replace(NB, " ")


def bounded(*defaults: DefaultResult) -> RebalancePlan:
    return replace(plan(), defaults=defaults)


def test_the_cost_of_the_cheapest_plan_stands_beside_what_the_best_adds() -> None:
    # 0.00248 less 0.00118 is 0.0013 a year, of $998,432
    assert plain(plan_words(plan())) == (
        "The cheapest plan that keeps your limits costs $9,301 of tax this year and $38 of spread. The proposal goes "
        "further: it adds $1,298 a year to that on the stated assumptions."
    )


def test_the_cheapest_plan_says_what_going_further_would_add() -> None:
    made = plan()
    best = made.plans.best
    assert best is not None
    little = replace(best, net_benefit=replace(best.net_benefit, total=CHEAPEST.total + 0.0002))
    chosen = replace(made.plans, best=little, chosen="cheapest")
    assert plain(plan_words(replace(made, plans=chosen))) == (
        "This is the cheapest plan that keeps your limits: $9,301 of tax this year and $38 of spread, and no further "
        "from today's mix than that takes. Going further would add $200 a year, less than the $499 that make it "
        "worthwhile."
    )
    none = replace(chosen, best=replace(best, net_benefit=CHEAPEST))
    assert plan_words(replace(made, plans=none)).endswith(" Going further would add nothing.")
    alone = replace(chosen, best=None)
    assert "Going further" not in plan_words(replace(made, plans=alone))


def test_a_plan_that_lowers_tax_is_said_to_and_no_order_is_no_plan() -> None:
    made = plan()
    assert made.plans.cheapest is not None
    harvest = replace(made.plans.cheapest, tax_usd=Decimal("-2310.40"))
    idle = replace(made, limits=(), plans=TwoPlans(harvest, None, "cheapest", 0.0005))
    assert plain(plan_words(idle)).startswith("This is the cheapest plan: $2,310 less tax this year and $38 of spread,")
    assert plan_words(do_nothing_plan()) == ""


def test_each_part_of_the_cash_has_its_reason() -> None:
    # of $998,432: 0.023 in all, 0.01028 of tax, 0.01272 beyond; Roth IRA's purchase is pressed by the mix
    offers = tuple(one for one in plan().explanation.reasons if one.symbol == "IWM")
    mixed = replace(bounded(CASH), explanation=replace(plan().explanation, reasons=offers))
    assert plain(cash_words(mixed)) == (
        "Cash rises by $22,964: $10,264 for the tax of these trades and $12,700 because what may be bought would take "
        "your mix too far from today's."
    )
    asked = replace(CASH, bound=0.06, beyond=0.00272)
    assert "$9,984 for cash that your file asks for" in plain(cash_words(replace(mixed, defaults=(asked,))))


def test_tax_is_no_more_of_the_rise_than_there_is() -> None:
    most = replace(CASH, after=0.06, reserve=0.01028, beyond=0.0)
    assert plain(cash_words(bounded(most))) == "Cash rises by $9,984: $9,984 for the tax of these trades."


def test_bills_are_named_where_there_are_some() -> None:
    bills = replace(CASH, bound=0.10, before=0.10, after=0.123)
    assert cash_words(bounded(bills)).startswith("Cash and bills rise by ")


def test_cash_that_hardly_rises_or_without_orders_needs_no_word() -> None:
    assert cash_words(bounded(replace(CASH, after=0.054, reserve=0.0, beyond=0.004))) == ""
    assert cash_words(replace(do_nothing_plan(), defaults=(CASH,))) == ""
    assert cash_words(bounded()) == ""


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"mix": -70.0, "fees": -6.0}, "what may be bought would take your mix too far from today's"),
        ({"views": -70.0}, "your views expect less of what may be bought"),
        ({"cash": -70.0, "mix": 20.0}, "the cash is in other accounts than what may be bought"),
        ({"fees": -19.0, "mix": 20.0}, "what may be bought costs more in fees"),
        ({"spread": -0.2, "mix": 20.0}, "a purchase costs its spread"),
        ({"defaults": -90.0}, "no class of assets grows beyond today, a default"),
        ({"defaults__small_caps": -90.0}, "small caps grow no further, a default"),
        ({"preferences__reserve_tax": -90.0}, "it is kept for the tax of these trades"),
        ({"funds__IWM__max": -90.0}, "a purchase would press on your limit on IWM"),
        ({"accounts__Roth__min_cash": -90.0}, "nothing that may be bought is worth it"),
    ],
)
def test_what_speaks_most_against_purchases_is_the_reason_for_no_room(parts: dict[str, float], words: str) -> None:
    offer = reason("buy", "Brokerage", "IWM", 0.0, None, **parts)
    made = replace(bounded(CASH), explanation=replace(plan().explanation, reasons=(offer,)))
    assert plain(cash_words(made)).endswith(f"$12,700 because {words}.")


def test_small_caps_at_their_default_are_the_reason_for_no_room() -> None:
    assert plain(cash_words(bounded(CASH, SMALL))).endswith(
        "because small caps stand at 14.0%, a fifth of US stocks, a default, and nothing else is on your buy list."
    )
    kept = replace(SMALL, bound=0.07, after=0.07)
    assert "small caps stand at 7.0%, today's share, a default" in plain(cash_words(bounded(CASH, kept)))
    past = replace(SMALL, bound=0.12, after=0.14)
    assert "small caps are past 12.0%, a fifth of US stocks, a default, and nothing" in plain(
        cash_words(bounded(CASH, past))
    )
    least = replace(plan().limits[0], name="small_caps", side=Side.MIN, bound=0.14)
    asked = replace(bounded(CASH, SMALL), limits=(least,))
    assert "small caps stand at 14.0%, your minimum, a default, and nothing" in plain(cash_words(asked))
    idle = replace(bounded(CASH), explanation=replace(plan().explanation, reasons=()))
    assert cash_words(idle).endswith("because nothing may be bought where the sales are.")


def test_more_than_five_points_of_cash_for_want_of_room_stand_first() -> None:
    much = replace(CASH, after=0.15, beyond=0.0501)
    first = "Cash rises by 10.0 points to 15.0%, because small caps stand at 14.0%, "
    made = replace(bounded(much, SMALL), after=replace(plan().after, cash_weight=0.15))
    assert plain(room_sentence(made)).startswith(first)
    assert plain(answer(made)).startswith(first)
    assert "Sell $" in answer(made)
    assert room_sentence(bounded(replace(much, beyond=0.05), SMALL)) == ""
    assert room_sentence(bounded(SMALL)) == ""


ROOM = MoreRoom(0.31, 0.3168, 0.52, 0.008, "RSP", 0.0182, 0.0, ("VXF",))


def test_each_choice_has_its_line_for_the_file() -> None:
    first, second, third = map(plain, choices(portfolio(), ROOM))
    assert first == "Keep this cash, 31.7% of the household: limits: {cash: {min: 31%}}"
    assert second == "Let small caps be 52%; cash would be 0.8%: limits: {small_caps: {max: 52%}}"
    assert third == (
        "Let one more fund be bought, as RSP with 0.0\N{EN DASH}1.8% of the Magnificent Seven; cash would be 0.0%: "
        "preferences: {buy: [IWM, VTWO, IJR, RSP]}"
    )
    assert "an example and no order" in choices_note(ROOM)
    assert choices_note(ROOM).endswith("Others by the same rule: VXF.")


def test_a_choice_that_is_not_there_is_not_offered() -> None:
    assert choices(portfolio(), None) == ()
    assert choices_note(None) == ""
    without = replace(ROOM, fund=None, fund_seven=None, cash_with_fund=None, cash_with_small_caps=None)
    first, second = choices(portfolio(), without)
    assert first.startswith("Keep this cash")
    assert plain(second) == "Let small caps be 52%: limits: {small_caps: {max: 52%}}"
    assert choices_note(without) == ""


def test_a_whole_point_of_cash_is_not_lost_to_binary_fractions() -> None:
    assert "{min: 29%}" in choices(portfolio(), replace(ROOM, cash=0.29))[0]


def test_an_account_with_a_list_of_its_own_is_told_to_list_the_fund_as_well() -> None:
    house = portfolio()
    own = replace(house, accounts=(replace(house.accounts[0], buy=("IJR",)), *house.accounts[1:]))
    assert choices(own, ROOM)[2].endswith("IJR, RSP]}, and in the buy list of each account that has one")


def test_the_default_bounds_are_called_defaults_and_have_their_figures() -> None:
    table = defaults_table(bounded(CASH, SMALL))
    assert table is not None
    rows = [[plain(cell.text) for cell in row.cells] for row in table.rows]
    assert rows == [
        ["Cash and bills", "6.0%", "5.0%", "7.3%", "exceeded, to keep your limits"],  # with 1.028 points of tax
        ["Small caps", "14.0%", "7.0%", "14.0%", "kept"],
    ]
    assert table.notes[0].startswith("Defaults, not limits of yours")
    assert all(column.label for column in table.columns)
    assert defaults_table(bounded()) is None
    idle = defaults_table(do_nothing_plan())
    assert idle is not None
    assert [column.label for column in idle.columns] == ["What", "At most", "Today", "Status"]
    assert {row.cells[-1].text for row in idle.rows} == {"kept"}


WARNED = Warned(CODE, "You set no limit. The seven are 35.4% of your money; the market's share is 28.3%.")
COSTS = LeastCost(
    "magnificent_seven.max",
    (
        CostPoint(0.354, Decimal(0), Decimal(0)),
        CostPoint(0.32, Decimal(0), Decimal(12)),
        CostPoint(0.26, Decimal(2500), Decimal(30)),
        CostPoint(0.18, Decimal(9000), Decimal(70)),
        CostPoint(0.1, None, None),
    ),
)


def test_a_concentrated_household_without_a_limit_is_told_so_first_with_the_cost_of_lower_levels() -> None:
    told = replace(plan(), limits=(), warnings=(WARNED,))
    assert concentration_sentence(told) == WARNED.message
    assert answer(told).startswith(WARNED.message)
    assert concentration_sentence(plan()) == ""
    # nearest to 90, 75 and 50% of 35.44%: 31.9, 26.6 and 17.7%
    assert plain(least_cost_words(told, COSTS)) == (
        "The least that a lower share would cost in tax and spread: to 32.0% for $12, to 26.0% for $2,530 and to 18.0% "
        "for $9,070."
    )
    assert least_cost_words(plan(), COSTS) == ""
    assert least_cost_words(told, None) == ""
    assert least_cost_words(told, LeastCost(COSTS.label, COSTS.points[-1:])) == ""


def held(trades: tuple, *, years: int | None = None) -> tuple[Portfolio, TradeOff]:
    base = trade_off().alternatives[1]
    outcome = Outcome("held_until_death", "If you hold until death", "trade", trades, base.after, (), *[None] * 3)
    house = portfolio()
    preferences = replace(house.preferences, held_years=None if years is None else Decimal(years))
    return replace(house, preferences=preferences), TradeOff((outcome,), None, None, ())


def test_what_is_sold_if_gains_are_held_until_death_is_told_with_the_years_until_then() -> None:
    sales = tuple(trade for trade in plan().trades if trade.symbol in ("NVDA", "AAPL"))
    usd = sum(trade.amount_usd for trade in sales)
    assert plain(held_words(*held(sales))) == (
        f"If you hold until death, 20 years from now as assumed here: sell ${usd:,.0f} of NVDA and AAPL."
    )
    assert plain(held_words(*held((), years=35))) == "If you hold until death, 35 years from now: sell nothing."
    assert held_words(portfolio(), trade_off()) == ""


def assumed(**changes: float | Decimal) -> Sensitivity:
    measures = trade_off().sensitivities[0].measures
    assert measures is not None
    return Sensitivity("risk_aversion", ", ".join(changes) or "as assumed", replace(measures, **changes))


def test_assumptions_that_leave_the_trades_alone_are_one_line_in_place_of_equal_rows() -> None:
    same = (assumed(volatility=0.151, gain=0.0021), assumed(gain=-0.0004))
    others = (assumed(small_caps=0.11), assumed(tax_usd=Decimal("9360.01")), Sensitivity("view", "unmet", None))
    table = sensitivity_table(replace(trade_off(), sensitivities=(assumed(), *same, *others)))
    assert table is not None
    assert [row.cells[0].text for row in table.rows] == ["as assumed", "small_caps", "tax_usd", "unmet"]
    assert plain(table.notes[-1]) == (
        "The answer does not depend on: volatility, gain; gain. Under these the volatility is 15.1% to 17.4% and the "
        "net benefit \N{MINUS SIGN}4.0 bp to +21.0 bp a year."
    )


def test_without_an_assumption_that_changes_nothing_no_line_says_so() -> None:
    table = sensitivity_table(replace(trade_off(), sensitivities=(assumed(), assumed(turnover=0.5))))
    assert table is not None
    assert len(table.rows) == 2
    assert not any("does not depend" in note for note in table.notes)
    unmet = Sensitivity("view", "unmet", None)
    none = sensitivity_table(replace(trade_off(), sensitivities=(unmet, unmet)))
    assert none is not None
    assert len(none.rows) == 2


def test_the_page_shows_plans_choices_and_defaults_under_why() -> None:
    shown = context()
    assert any(one.startswith("The cheapest plan that keeps your limits costs") for one in shown.why.reasons)
    assert any(one.startswith("Cash rises by ") for one in shown.why.reasons)
    assert shown.why.defaults is not None
    assert shown.why.choices == ()
