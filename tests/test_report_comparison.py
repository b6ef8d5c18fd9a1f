from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from advisor.market.valuations import valuations
from advisor.report.sections.comparison import funds_table, overlap_table, sector_table, size_table, valuation_table
from advisor.report.sections.least_cost import cost_chart
from advisor.report.sections.risk import SHOCKS, losses_table, shocks_table
from advisor.report.sections.trade_off import alternatives_table, frontier_chart, sensitivity_table
from advisor.whatif.model import TradeOff
from tests.report_fixture import do_nothing_plan, plan, trade_off
from tests.samples import answer

NB = "\N{NO-BREAK SPACE}"


def cells(table, number):
    return [row.cells[number].text.replace(NB, " ") for row in table.rows]


def figure(text):
    return float(
        text.split(", ")[0]
        .replace("\N{MINUS SIGN}", "-")
        .replace("+", "")
        .split("%")[0]
        .split("$")[-1]
        .replace(",", "")
    )


@pytest.fixture(scope="module")
def tech():
    found = answer("tech-employee")
    return found.plan, found.market


def test_sizes_add_up_to_the_household_today_and_proposed(tech):
    for number in (1, 2):
        assert sum(map(figure, cells(size_table(*tech), number))) == pytest.approx(100, abs=0.25)  # rounded rows


def test_the_sector_of_single_shares_is_counted_whole(tech):
    made, data = tech
    table = sector_table(made, data)
    technology = dict(zip(cells(table, 0), cells(table, 1), strict=True))["Information Technology"]
    direct = sum(w for s, w in made.before.weights.items() if data.securities[s].sector == "Information Technology")
    assert figure(technology) >= 100 * direct - 0.05


def test_what_the_sectors_name_is_at_most_the_household_without_cash(tech):
    made, data = tech
    lows = [figure(text.split("\N{EN DASH}")[0]) for text in cells(sector_table(made, data), 1)]
    assert sum(lows) <= 100 * (1 - made.before.cash_weight) + 0.6


def test_expenses_in_dollars_are_weight_times_ratio_times_value_and_their_sum_is_the_measure(tech):
    made, data = tech
    table = funds_table(made, data)
    by_hand = {
        symbol: Decimal(repr(weight))
        * made.before.value_usd
        * Decimal(repr(data.securities[symbol].expense_ratio.value))
        for symbol, weight in made.before.weights.items()
        if data.securities[symbol].is_fund
    }
    shown = dict(zip(cells(table, 0), cells(table, 3), strict=True))
    for symbol, amount in by_hand.items():
        assert figure(shown[symbol]) == pytest.approx(float(amount), abs=0.51)
    whole = made.before.expense_ratio * float(made.before.value_usd)
    assert figure(shown["All funds"]) == pytest.approx(whole, abs=0.51)


def test_expenses_of_less_than_ten_dollars_are_shown_in_cents():
    saver = answer("young-saver")
    table = funds_table(saver.plan, saver.market)
    assert all(re.fullmatch(r"\$\d+\.\d\d|–", text) for column in (3, 4) for text in cells(table, column))
    whole = saver.plan.after.expense_ratio * float(saver.plan.after.value_usd)
    assert figure(cells(table, 4)[-1]) == pytest.approx(whole, abs=0.0051)


def test_a_valuation_comes_with_measure_date_treatment_and_source(tech):
    table = valuation_table(*tech)
    assert [cell.text for cell in table.rows[0].cells] == [
        "S&P SmallCap 600",
        "trailing P/E",
        "15.9",
        "2025-12",
        "not stated",
        "market article of December 2025",
    ]
    assert table.notes[-1] == "No figure is at hand for CRSP US Mega Cap Growth and Nasdaq-100."
    assert {found.losers for found in valuations("Russell 2000")} == {"most likely left out", "left out", "counted"}
    assert valuations("an index of its own") == ()


def test_overlap_is_that_of_the_funds_left_after_the_trades_as_far_as_it_is_known():
    couple = answer("couple-mixed-lots")
    made, data = couple.plan, couple.market
    table = overlap_table(made, data)
    funds = {symbol for symbol in made.after.weights if data.securities[symbol].is_fund}
    assert {name for pair in cells(table, 0) for name in pair.split(" and ")} <= funds
    assert cells(table, 0)[:2] == ["IWM and VTWO", "QQQM and VOO"]
    assert cells(table, 1)[0] == "100.0%"  # two funds of one index
    stored = data.overlaps["IVV", "QQQ"].value  # funds of the same two indexes
    assert figure(cells(table, 1)[1]) == pytest.approx(100 * stored, abs=0.051)
    left = len(funds) * (len(funds) - 1) // 2 - len(table.rows)
    assert table.notes[-1].replace(NB, " ").startswith(f"Of {left} other pairs less, or nothing,")


def test_funds_with_nothing_known_in_common_have_no_table(tech):
    assert overlap_table(*tech) is None  # companies of the S&P 600 and of the Nasdaq-100


def test_a_shock_moves_only_what_it_names():
    made = plan()
    table = shocks_table(made)
    for row, (_, seven, small) in zip(table.rows, SHOCKS, strict=True):
        by_hand = made.before.exposure.seven.high * seven + made.before.small_cap_weight * small
        assert figure(row.cells[1].text) == pytest.approx(100 * by_hand, abs=0.051)
        assert figure(row.cells[1].lines[0]) == pytest.approx(abs(by_hand) * float(made.before.value_usd), abs=0.51)


def test_the_proposal_is_said_to_be_worse_where_small_caps_lag_and_the_seven_gain(tech):
    first = shocks_table(tech[0]).rows[0].cells[2]
    assert first.tone == "worse"
    assert first.lines[0].endswith(", worse")


def test_risk_is_shown_in_percent_and_in_dollars_of_its_side():
    made = plan()
    rows = losses_table(made).rows
    assert figure(rows[0].cells[1].text) == pytest.approx(100 * made.before.volatility, abs=0.051)
    by_hand = made.after.tracking_error * float(made.after.value_usd)
    assert figure(rows[1].cells[2].lines[0]) == pytest.approx(by_hand, abs=0.51)
    months = replace(made, before=replace(made.before, cvar_95=None), after=replace(made.after, cvar_95=None))
    assert [cell.text for cell in losses_table(months).rows[2].cells[1:]] == ["\N{EN DASH}"] * 2


def test_alternatives_stand_below_the_proposal_with_cause_and_what_stays_broken():
    table = alternatives_table(plan(), trade_off())
    assert cells(table, 0) == ["The proposal", "Do nothing", "Half the move", "IJR only", "Russell 2000 only"]
    assert (
        cells(table, 6)[3]
        == "the change of the funds to buy from [IWM, VTWO, IJR] to [IJR] moves 3.1% of the household"
    )
    conflict = table.rows[4]
    assert [cell.text for cell in conflict.cells[1:6]] == ["–"] * 5
    assert conflict.cells[6].text == "no answer: the limits conflict"
    assert "line 31" in conflict.cells[6].lines[0]
    assert "proposal" not in " ".join(cells(alternatives_table(do_nothing_plan(), trade_off()), 0)).casefold()


def test_without_alternatives_or_sensitivities_there_is_no_table():
    empty = TradeOff((), None, None, ())
    assert alternatives_table(plan(), empty) is None
    assert sensitivity_table(empty) is None
    assert cost_chart(plan(), empty.least_cost) is None
    assert frontier_chart(plan(), empty) is None


def test_a_sensitivity_without_an_answer_says_so():
    table = sensitivity_table(trade_off())
    assert cells(table, 1) == ["25.0%", "no answer"]


def test_the_cost_chart_names_what_is_out_of_reach_and_the_limit():
    chart = cost_chart(plan(), trade_off().least_cost)
    assert "Less than 22.0% is out of reach" in chart.description.replace(NB, " ")
    assert {"Today", "Proposed", "out of reach"} <= {text.text for text in chart.texts}


def test_doing_nothing_draws_no_proposed_point():
    for chart in (
        cost_chart(do_nothing_plan(), trade_off().least_cost),
        frontier_chart(do_nothing_plan(), trade_off()),
    ):
        assert "Proposed" not in {text.text for text in chart.texts}


def test_a_limit_that_an_alternative_breaks_is_named_even_where_it_holds_today():
    base = trade_off()
    half = base.alternatives[1]
    held = replace(half.limits[0], status="slack", before=half.limits[0].bound - 0.1, after=half.limits[0].bound + 0.02)
    broken = replace(base, alternatives=(replace(half, limits=(held,)),))
    (line,) = alternatives_table(plan(), broken).rows[-1].cells[6].lines
    assert line.startswith("broken: Magnificent Seven")
