from __future__ import annotations

import dataclasses
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from advisor.api.recommend import recommend
from advisor.market.snapshot import load_snapshot
from advisor.portfolio.limit_types import Side
from advisor.portfolio.load import load_portfolio
from advisor.portfolio.preferences import TaxSituation, UnsoldGains
from advisor.rebalance.model import LimitResult
from advisor.report.context import Sources, report_context
from advisor.report.model import Table
from advisor.report.parts import BONDS, FUNDS, SEVEN, group_of
from advisor.report.sections.why import break_even_words
from tests.report_fixture import (
    NASTY,
    SHA,
    VERSIONS,
    context,
    do_nothing_plan,
    market,
    plan,
    portfolio,
)

NB = "\N{NO-BREAK SPACE}"
FORBIDDEN = re.compile(r"\b(safe|safely|will|guaranteed|guarantees?)\b", re.IGNORECASE)


def texts(value):
    """Every string anywhere in a context."""
    if isinstance(value, str):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from texts(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from texts(item)


def words(value):
    return "\n".join(texts(value)).replace(NB, " ")


def tables_in(value):
    """Every table of a context, at any depth."""
    if isinstance(value, Table):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from tables_in(item)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from tables_in(getattr(value, field.name))


def column(table, label):
    index = [column.label for column in table.columns].index(label)
    return [row.cells[index].text.replace(NB, " ") for row in table.rows]


def test_the_answer_names_moves_totals_limit_tax_and_cost():
    answer = context().answer.sentence.replace(NB, " ")
    sold = sum(trade.amount_usd for trade in plan().trades if trade.side == "sell")
    assert f"Sell ${sold:,.0f} of SPY, QQQ, NVDA and 3 more" in answer
    assert "of IJR and IWM" in answer
    assert "34.9–35.4%" in answer
    assert "22.0–25.0%" in answer
    assert "within your limit of 25%" in answer
    assert "$10,268 of tax this year" in answer
    assert "$61 of trading cost" in answer


def test_a_limit_that_stays_broken_is_not_called_kept():
    limits = (replace(plan().limits[0], after=0.27), *plan().limits[1:])
    shown = context(replace(plan(), limits=limits))
    assert "still above your limit" in shown.answer.sentence
    assert "not met" in shown.answer.cards[0].note
    assert "Broken today and with the proposal" in column(shown.why.limits, "Status")
    assert any("not all of them" in reason for reason in shown.why.reasons)


def test_lower_tax_is_not_called_a_cost():
    lower = replace(plan(), tax=replace(plan().tax, tax_usd=Decimal("-512.40")))
    assert "$512 less tax this year" in context(lower).answer.sentence
    assert context(lower).answer.cards[2].value == "\u2212$512"


def test_an_unchanged_share_is_said_to_stay():
    same = replace(plan(), after=replace(plan().after, exposure=plan().before.exposure), tax=do_nothing_plan().tax)
    answer = context(same).answer.sentence.replace(NB, " ")
    assert "the Magnificent Seven stay at 34.9–35.4%" in answer
    assert "with an estimated $0 of tax this year" in answer


def test_doing_nothing_says_so_with_the_gain_forgone_in_points_and_dollars():
    shown = context(do_nothing_plan())
    answer = shown.answer.sentence.replace(NB, " ")
    assert answer.startswith("Do nothing: every limit holds today")
    assert "gain $160 a year (1.6 bp)" in answer  # 0.00016 of $998,371
    assert "less than the $499 a year" in answer  # 0.0005 of it, which is less than $500
    assert [card.label for card in shown.answer.cards][2:] == ["Net benefit forgone a year", "Trades"]


def test_doing_nothing_shows_no_proposed_column_and_no_empty_table():
    shown = context(do_nothing_plan())
    tables = list(tables_in(shown))
    assert len(tables) >= 16
    for table in tables:
        assert table.rows
        assert not any("Proposed" in column.label for column in table.columns)
        assert all(len(row.cells) == len(table.columns) for row in table.rows)
    assert shown.trades.orders == ()
    assert shown.tax.tax is None
    assert "Proposed" not in words(shown.answer.figures[0].chart)


def test_without_any_gain_there_is_no_table_of_zeros():
    nothing = do_nothing_plan()
    gain = replace(nothing.net_benefit, total=0.0, expected_return=0.0, risk=0.0, trading_cost=0.0, tax=0.0, doubt=0.0)
    shown = context(replace(nothing, net_benefit=gain))
    assert shown.why.gain is None
    assert "no trade was found that gains anything" in shown.answer.sentence


def test_every_money_figure_of_the_trades_is_on_the_page():
    shown = words(context().trades.orders)
    for trade in plan().trades:
        for amount in (trade.price_usd, trade.amount_usd, trade.spread_usd):
            assert f"${amount:,.2f}" in shown
        for lot in trade.lots:
            for amount in filter(None, (lot.cost_per_share_usd, lot.gain_usd)):
                assert f"${abs(amount):,.2f}" in shown


def test_orders_stand_under_their_account_sells_before_buys():
    tables = context().trades.orders
    assert [table.caption for table in tables] == [
        "Brokerage (taxable)",
        "Roth IRA (Roth, untaxed)",
        "Traditional IRA, rolled over from 401(k) (traditional, untaxed now)",
    ]
    for table in tables:
        sides = [text.split()[0] for text in column(table, "Order")]
        assert sides == sorted(sides, reverse=True)  # "Sell" after "Buy" in the alphabet
    assert sum(len(table.rows) for table in tables) == len(plan().trades)


def test_gains_are_shown_in_the_taxable_account_alone():
    taxable, *sheltered = context().trades.orders
    assert column(taxable, "Gain") == ["+$25,533.83", "+$9,710.55", "\u2212$195.20", "–"]  # 12,032.15 + 13,501.68
    assert all("Gain" not in [column.label for column in table.columns] for table in sheltered)


def test_cash_of_each_account_is_shown_before_and_after():
    note = context().trades.orders[0].notes[0]
    assert "Cash $18,240.55 before, $31,240.12 after" in note


def test_company_table_joins_interval_ends_and_totals():
    table = context().why.by_company
    assert column(table, "Company")[0] == "Nvidia"
    assert column(table, "Direct")[0] == "12.2%"  # 12.14, so that the column adds up to 20.5
    assert column(table, "Today")[-1].endswith("35.4%")
    assert column(table, "Proposed")[-1].endswith("25.0%")


def test_group_subtotals_are_the_sums_of_their_members():
    table = context().comparison.holdings
    shown = dict(zip(column(table, "Holding"), column(table, "Weight"), strict=True))
    assert shown["Seven held directly"] == "20.5%"  # 12.14 + 5.21 + 3.11
    assert shown["Bond funds"] == shown["BND"] == "7.9%"  # 7.97, so that the groups add up to 100.0
    assert shown["Household"] == "100.0%"


def test_a_limit_says_its_bound_and_status_in_words():
    table = context().why.limits
    assert column(table, "Bound")[3] == "at least 10%"
    assert column(table, "Bound")[6:] == ["at most $60,000", "at most 1.1"]
    assert column(table, "Status")[0] == "Broken today, met by the proposal"
    assert column(table, "Shadow price")[:2] == ["1.84 bp", "–"]
    assert table.rows[0].cells[-1].lines == ("$184",)  # 1.84 / 10,000 of $998,432
    assert "Largest company" in column(table, "Limit")


def test_prices_of_limits_have_no_column_where_none_is_known():
    unpriced = replace(plan(), limits=tuple(replace(limit, shadow_price_bps_per_pp=None) for limit in plan().limits))
    assert "Price" not in " ".join(column.label for column in context(unpriced).why.limits.columns)
    assert any("No limit costs anything" in note for note in context(unpriced).why.limits.notes)
    assert "Price" not in " ".join(column.label for column in context(do_nothing_plan()).why.limits.columns)
    assert context(replace(plan(), limits=())).why.limits is None


def test_a_limit_without_one_price_shows_both_ends_in_points_and_dollars():
    first, *others = plan().limits
    several = (
        replace(first, shadow_price_bps_per_pp=None, shadow_price_range=(0.2, 0.9)),
        replace(others[0], shadow_price_range=(0.0412, None)),
        replace(others[1], shadow_price_bps_per_pp=12.345),
    )
    shown = context(replace(plan(), limits=several)).why.limits
    assert column(shown, "Shadow price") == ["0.20 to 0.90 bp", "0.04 bp or more", "12.3 bp"]
    assert [row.cells[-1].lines for row in shown.rows] == [("$20 to $90",), ("$4.11 or more",), ("$1,233",)]
    assert column(shown, "Status")[2] == "Met, at the limit but for rounding to shares"
    assert any("two shadow prices" in note for note in shown.notes)


def test_episodes_in_which_the_proposal_is_worse_are_counted_and_marked_with_both_figures():
    shown = context().risks
    rows = {row.cells[0].text: [cell.text.replace(NB, " ") for cell in row.cells[1:]] for row in shown.stress.rows}
    worse = {name for name, fields in rows.items() if fields[-1].endswith("worse")}
    assert len(worse) == 6
    assert "Rate shock, 2022" not in worse
    first = rows["Financial crisis, 2007-09"]
    assert first[:4] == ["\u221247.1%", "\u2212$470,062", "\u221248.9%", "\u2212$488,503"]
    words = shown.stress_words.replace(NB, " ")
    assert f"in 6 of {len(rows)} episodes, most of all in " in words
    moved = [name for name in rows if rows[name][4] != "–"]
    deepest = min(moved, key=lambda name: float(rows[name][4].split()[0].replace("\u2212", "-")))
    today, in_dollars, proposed, then = rows[deepest][:4]
    assert words.endswith(f"in {deepest}: {proposed} ({then}) instead of {today} ({in_dollars}).")


def test_stand_ins_are_named_by_episode():
    assert any("Technology bust, 2000-02: NVDA by QQQ, VTI by SPY" in note for note in context().risks.stress.notes)


def test_what_speaks_against_the_proposal_follows_from_its_figures():
    found = " ".join(context().why.drawbacks).replace(NB, " ")
    assert "Expected return falls from 8.0% to 7.7%" in found
    assert "tracking error goes from 3.9% to 5.4%" in found
    assert "$11,837 of the realized gain is short-term" in found
    assert "6 episodes" in found
    better = replace(plan(), after=replace(plan().before, exposure=plan().after.exposure))
    assert "Expected return falls" not in " ".join(context(better).why.drawbacks)


def test_old_data_are_announced_once_they_are_older_than_a_week():
    def age(closes):
        made = report_context(plan(), portfolio(), market(closes), Sources("p", SHA, VERSIONS))
        return made.header.age_line.replace(NB, " ")

    assert "15 days old" in age(date(2026, 7, 13))
    assert age(date(2026, 7, 21)) == ""
    assert "8 days old" in age(date(2026, 7, 20))


def test_assumed_tax_rates_are_said_to_be_assumed():
    house = replace(portfolio(), tax=TaxSituation())
    made = report_context(plan(), house, market(), Sources("p", SHA, VERSIONS))
    assert "partly or wholly assumed: the portfolio file does not state both" in column(made.tax.rates, "Used here")
    assert any("partly or wholly assumed" in drawback for drawback in made.why.drawbacks)
    assert "stated in the portfolio file" in column(context().tax.rates, "Used here")


def test_what_becomes_of_gains_that_are_not_realized_is_among_the_rates():
    shown = words(context().tax.rates)
    assert "sold at the horizon of 3 years" in shown
    parts = UnsoldGains(Decimal("0.6"), Decimal("0.3"), Decimal("0.1"))
    house = replace(
        portfolio(), preferences=replace(portfolio().preferences, unsold_gains=parts, held_years=Decimal(25))
    )
    made = report_context(plan(), house, market(), Sources("p", SHA, VERSIONS))
    assert "60% sold at the horizon of 3 years, 30% held until death, in 25 years and 10% donated" in words(
        made.tax.rates
    )


def test_expected_returns_are_called_implied_and_no_forecast_wherever_they_are_explained():
    shown = context()
    assert "implied by your own mix, not a forecast; views move them" in words(shown.assumptions.facts)
    assert "implied by the household's own mix" in words(shown.closing.disclosures)
    assert "not a forecast" in words(shown.closing.glossary)
    assert not re.search(r"equilibrium|CAPM", words(shown), re.IGNORECASE)


def test_a_failed_check_says_not_to_place_the_orders():
    base = plan()
    checks = tuple(replace(check, passed=check.name != "cash") for check in base.certificate.checks)
    shown = context(replace(base, certificate=replace(base.certificate, checks=checks)))
    assert "do not place these orders" in shown.proof.words
    assert "FAILED" in column(shown.proof.checks, "Verdict")


@pytest.mark.parametrize("plan_", [plan(), do_nothing_plan()])
def test_no_promise_is_made_outside_the_prescribed_sentence(plan_):
    shown = context(plan_)
    assert "are not guarantees of future results" in shown.closing.important
    assert FORBIDDEN.findall(words(replace(shown, closing=replace(shown.closing, important="")))) == []


def test_the_disclosures_cover_what_must_be_said():
    shown = words(context().closing.disclosures)
    for part in (
        "Results may vary with each use and over time. Data as of: prices 2026-07-13",
        "IWM, VTWO and IJR only",
        "VB, SCHA, SPSM, AVUV",
        "favours none by compensation",
        "not a registered investment adviser, broker or tax adviser",
        "not an offer",
        "alternative minimum tax",
        "net investment income tax",
        "Wash sales are avoided as far as the file shows purchases",
        "hindsight",
        "lots",
    ):
        assert part in shown


def test_a_figure_that_is_not_finite_never_reaches_the_page():
    broken = replace(plan(), after=replace(plan().after, volatility=float("nan")))
    with pytest.raises(ValueError, match="not finite"):
        context(broken)


def test_a_hostile_name_cannot_leave_the_page_header():
    house = replace(portfolio(), name=NASTY * 10)
    made = report_context(plan(), house, market(), Sources("p", SHA, VERSIONS))
    assert re.fullmatch(r"(\\[0-9a-f]{6})+", made.header.page_header)
    assert len(made.header.page_header) < 7 * 100


def result(name: str, bound: float, before: float, after: float, status: str, **fields) -> LimitResult:
    given = {"side": Side.MAX, "mode": "hard", "shadow_price_bps_per_pp": None} | fields
    return LimitResult(name=name, bound=bound, before=before, after=after, status=status, **given)


EVERY_KIND = (
    result("sectors.Information Technology", 0.4, 0.47, 0.39, "broken_before"),
    result("cvar_95", 0.12, 0.0912, 0.0855, "slack"),
    result("max_drawdown", 0.45, 0.5121, 0.4987, "exceeded", mode="soft", charge_bps_per_pp=25.0),
    result("stress.covid_2020", 0.25, 0.3081, 0.29, "broken_before", subject="Covid crash",
           mode="not_worse_than_today", allowed=0.3081),
    result("expense_ratio", 0.0015, 0.000612, 0.000688, "slack"),
)  # fmt: skip


def test_the_limits_of_each_kind_and_mode_are_told_in_words():
    shown = context(replace(plan(), limits=EVERY_KIND)).why.limits
    assert column(shown, "Limit") == [
        "Information Technology sector",
        "Average loss of the worst 5% of months",
        "Largest fall from a peak",
        "Loss in a past episode (Covid crash)",
        "Expense ratio",
    ]
    assert column(shown, "Bound")[-1] == "at most 0.15%"
    assert column(shown, "Proposed") == ["39.0%", "8.6%", "49.9%", "29.0%", "0.069%"]
    assert column(shown, "Status") == [
        "Broken today, met by the proposal",
        "Met, with room",
        "Exceeded, as a soft limit may be",
        "Broken today, no worse with the proposal",
        "Met, with room",
    ]
    small_type = [row.cells[1].lines for row in shown.rows]
    assert [" ".join(lines).replace(NB, " ") for lines in small_type] == [
        "", "", "soft, 25.0 bp a point", "or no worse than today", "",
    ]  # fmt: skip
    notes = "\n".join(shown.notes)
    for part in ("A soft limit may be exceeded", "no worse than today", "Hypothetical"):
        assert part in notes


def test_what_the_file_lets_be_exceeded_is_not_called_mended_nor_kept():
    shown = context(replace(plan(), limits=EVERY_KIND))
    assert "the others need not be" in shown.why.reasons[0]
    assert "mends Information Technology sector of the limits" in shown.why.reasons[0]
    assert shown.why.drawbacks[0] == "Exceeded with the proposal, as a soft limit may be: Largest fall from a peak."
    assert [line.split(":")[0] for line in shown.answer.broken] == [
        "Information Technology sector",
        "Largest fall from a peak",
        "Loss in a past episode (Covid crash)",
    ]


def test_doing_nothing_with_a_soft_limit_exceeded_does_not_say_that_every_limit_holds():
    stays = tuple(replace(limit, after=limit.before) for limit in EVERY_KIND[1:4])
    shown = context(replace(do_nothing_plan(), limits=stays))
    assert "every limit that must be kept holds today" in shown.answer.sentence
    assert "none of it must be mended" in shown.why.reasons[0]
    assert column(shown.why.limits, "Status") == [
        "Met, with room",
        "Exceeded, as a soft limit may be",
        "Broken today, and no worse",
    ]


def test_seldom_parts_of_the_gain_are_shown_where_there_are_any():
    assert len(context().why.gain.rows) == 6
    gain = replace(
        plan().net_benefit, carryforward=-0.0003, soft_limits=0.0021, total=plan().net_benefit.total + 0.0018
    )
    shown = context(replace(plan(), net_benefit=gain))
    assert column(shown.why.gain, "A year")[5:7] == ["\u22123.0 bp", "+21.0 bp"]
    assert "losses carried forward \u22123.0 bp, soft limits +21.0 bp;" in shown.why.reasons[-2].replace(NB, " ")


def test_losses_over_past_months_are_measures_with_their_caveat_or_left_out():
    labels = column(context().comparison.measures, "Measure")
    assert [label for label in labels if "past months" in label or "those months" in label] == [
        "Average loss of the worst 5% of past months",
        "Largest fall from a peak over those months",
    ]
    assert "hypothetical" in context().comparison.measures.notes[0]
    bare = replace(
        plan(),
        before=replace(plan().before, cvar_95=None, max_drawdown=None),
        after=replace(plan().after, cvar_95=None, max_drawdown=None),
    )
    assert len(column(context(bare).comparison.measures, "Measure")) == len(labels) - 2
    assert context(bare).comparison.measures.notes == ()


def test_inflation_and_the_value_of_losses_are_among_the_assumptions():
    assert "0.00 of the variance" in words(context().assumptions.facts)
    assert "Value today of a dollar of loss left for later years" in words(context().tax.rates)


@pytest.mark.parametrize(
    ("symbol", "group"), [("XLC", FUNDS), ("BND", BONDS), ("SGOV", BONDS), ("SPY", FUNDS), ("AAPL", SEVEN)]
)
def test_a_fund_is_of_bonds_by_whole_words_of_its_category(symbol: str, group: str) -> None:
    """XLC is of "Communications", which has "muni" inside."""
    assert group_of(symbol, load_snapshot()) == group


def test_one_limit_is_spoken_of_in_the_singular():
    one = replace(do_nothing_plan(), limits=(replace(do_nothing_plan().limits[0], status="binding"),))
    shown = context(one)
    assert shown.why.reasons[0].replace(NB, " ") == "1 limit is set, and none is broken today."
    assert " stands exactly at its limit: " in shown.why.drawbacks[0]


def test_the_answer_names_what_is_mended_beside_the_seven_and_the_cash_that_is_left():
    sentence = context().answer.sentence
    assert "buy $184,673 of IJR and IWM and keep the rest as cash" in sentence
    mended = [one for one in plan().limits if one.status == "broken_before" and one.name != "magnificent_seven"]
    assert mended
    assert sentence.partition("and the limit")[2]


def test_a_household_of_nothing_but_cash_has_no_empty_table_and_no_statement_about_companies():
    text = "version: 1\nname: Cash\nas_of: 2026-07-14\naccounts: [{name: Bank, type: taxable, cash: 50000}]\n"
    text += "preferences: {buy: []}\n"
    household = load_portfolio(text.encode(), file="x.yaml", today=date(2026, 7, 14))
    made = recommend(household, load_snapshot(), "x.yaml", text, {"advisor": "test"})
    shown = report_context(made.plan, household, made.market, Sources("x.yaml", "0" * 64, {"advisor": "test"}))
    assert all(table.rows for table in tables_in(shown))
    assert shown.comparison.sectors is None
    assert shown.data.prices is None
    assert shown.risks.stress_figure is None
    assert shown.why.concentration.startswith("No company is held")
    assert not any("limit" in drawback for drawback in shown.why.drawbacks)
    assert "Value after the trades" not in " ".join(shown.comparison.holdings.notes)


def test_many_broken_limits_leave_the_charts_their_place_and_are_counted():
    broken = next(one for one in plan().limits if one.status == "broken_before")
    many = replace(plan(), limits=(broken,) * 8)
    lines = [line.replace(NB, " ") for line in context(many).answer.broken]
    assert len(lines) == 5
    assert lines[-1] == "4 further limits: see Your limits."


def test_the_first_page_never_says_that_there_is_no_tax():
    """The tax is an estimate, a zero one too (17 CFR 275.206(4)-1 wants no untrue statement of a benefit)."""
    untaxed = replace(plan(), tax=do_nothing_plan().tax)
    for made in (untaxed, do_nothing_plan()):
        shown = context(made)
        assert "no tax" not in " ".join([shown.answer.sentence, *(card.note for card in shown.answer.cards)])


@pytest.mark.parametrize(
    ("carryforward", "later_tax", "told"),
    [
        (1e-4, 0.0, "(net of the worth of losses carried forward)"),
        (-1e-4, 0.0, "(with the worth of losses used up)"),
        (0.0, 1e-4, "(net of the later tax that they save)"),
        (-1e-4, 1e-4, "(net of the later tax that they save, with the worth of losses used up)"),
        (1e-4, -1e-4, "(net of the worth of losses carried forward, with the later tax that they add)"),
    ],
)
def test_what_a_one_off_cost_has_in_it_besides_tax_and_spread_is_named_without_a_comma_before_the_colon(
    carryforward: float, later_tax: float, told: str
) -> None:
    gain = replace(plan().net_benefit, carryforward=carryforward, later_tax=later_tax, expected_return=-1.0)
    words = break_even_words(replace(plan(), net_benefit=gain))
    assert f"{told}: at these assumptions" in words
    # tax and spread of 0.00039 a year over three years, of $998,432
    once = 3 * (0.00039 - carryforward - later_tax) * 998432.18
    assert f"One-off tax and spread of ${once:,.0f} (" in words
