"""The price book, other funds, other horizons, break-even and whole shares, as the report tells them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from advisor.optimize.fund_choice import INDIFFERENT
from advisor.optimize.problem import DUAL_RESIDUAL, GAP, VIOLATION
from advisor.portfolio.model import Lot, Position
from advisor.rebalance.model import BranchResult, Explanation, MenuResult
from advisor.report.context import Sources, report_context
from advisor.report.sections.marginal_values import MOST_KEPT, MOST_NEAR, MOST_SOLD, marginal_values_table
from advisor.report.sections.why import EQUIVALENT, break_even_words, funds_words, horizon_words, orders_words
from tests.report_fixture import SHA, VERSIONS, context, do_nothing_plan, market, plan, portfolio, reason
from tests.samples import ANSWERED, answer

NB = "\N{NO-BREAK SPACE}"
BROKERAGE, ROTH, ROLLOVER = (account.name for account in portfolio().accounts)


def plain(text: str) -> str:
    return text.replace(NB, " ")


def figure(text: str) -> Decimal:
    return Decimal(0) if text == "–" else Decimal(text.replace("\N{MINUS SIGN}", "-").replace(",", ""))


def column(table, label):
    index = [column.label for column in table.columns].index(label)
    return [plain(row.cells[index].text) for row in table.rows]


def explained(**fields):
    return replace(plan(), explanation=replace(plan().explanation, **fields))


def book(plan_):
    return marginal_values_table(plan_, portfolio(), market())


def adds_up(table) -> None:
    labels = [column.label for column in table.columns]
    other, together = labels.index("Other"), labels.index("Together")
    for row in table.rows:
        assert sum(figure(cell.text) for cell in row.cells[1:together]) == figure(row.cells[together].text)
        small = row.cells[other].lines
        if len(small) > 1:
            assert sum(figure(line.rpartition(" ")[2]) for line in small) == figure(row.cells[other].text)


def test_every_row_of_the_price_book_adds_up_to_the_cent():
    adds_up(book(plan()))


@pytest.mark.parametrize("name", ANSWERED)
def test_every_row_of_a_samples_price_book_adds_up_to_the_cent(name):
    made = answer(name)
    adds_up(marginal_values_table(made.plan, made.portfolio, made.market))


def test_the_price_book_says_why_each_lot_is_sold_or_kept():
    table = book(plan())
    assert column(table, "Verdict") == [
        "Sold in part (17.3%): the last dollar gains nothing more",
        "Sold out: would still gain $0.92",
        "Sold in part (34.0%): one more dollar would lose $0.20",
        "Kept: selling would lose $4.48; without the tax of $13.00 it would pay",
        "Sold out: would still gain $5.55",
        "Sold in part (52.0%): the last dollar gains nothing more",
        "Bought: the last dollar gains nothing more",
        "Not bought: one more dollar would lose $1.17",
    ]
    assert column(table, "Together")[:2] == ["0.00", "+0.92"]
    assert table.rows[0].cells[0].lines == ("2019-05-14 at $18.42",)
    small = ("fund fees +0.15", "doubt \N{MINUS SIGN}0.50", "cash +0.67")
    other = [column.label for column in table.columns].index("Other")
    assert table.rows[0].cells[other].lines == small


def test_limits_have_their_own_columns_while_there_are_two_of_them():
    labels = [column.label for column in book(plan()).columns]
    assert labels[1:] == ["Your mix", "Views", "Tax", "Magnificent Seven", "IWM", "Other", "Together", "Verdict"]
    third = reason("buy", BROKERAGE, "IJR", 0.1, None, mix=500.0, beta__max=-30.0)
    table = book(explained(reasons=(*plan().explanation.reasons, third)))
    assert [column.label for column in table.columns][4:6] == ["Limits", "Other"]
    assert column(table, "Limits")[-2:] == ["\N{MINUS SIGN}0.21", "\N{MINUS SIGN}0.30"]
    assert "Limits that press, together: Magnificent Seven, IWM and Beta against SPY." in table.notes
    adds_up(table)


def test_the_bounds_that_the_program_sets_have_one_column_and_a_word_of_what_they_are():
    bounded = reason("buy", BROKERAGE, "IJR", 0.1, None, mix=120.0, defaults=-100.0, defaults__small_caps=-20.0)
    table = book(explained(reasons=(bounded,)))
    assert [column.label for column in table.columns][1:4] == ["Your mix", "Default bounds", "Together"]
    assert column(table, "Default bounds") == ["\N{MINUS SIGN}1.20"]
    assert [note.partition(":")[0] for note in table.notes[:2]] == ["Your mix", "Default bounds"]


def test_a_column_that_is_empty_is_left_out():
    only = reason("buy", BROKERAGE, "IJR", 0.1, None, mix=-500.0, views=500.0)
    labels = [column.label for column in book(explained(reasons=(only,))).columns]
    assert labels == ["One more dollar of", "Your mix", "Views", "Together", "Verdict"]
    assert book(explained(reasons=())) is None


def test_orders_that_rounding_made_or_left_out_are_said_to_be_that():
    sold, *others = plan().explanation.reasons
    kept = replace(sold, traded=0.0)
    assert column(book(explained(reasons=(kept, *others))), "Verdict")[0] == (
        "Sold only because of rounding to shares: the dollar gains nothing"
    )
    unsold = replace(others[2], traded=0.4)  # MSFT, which no order sells
    assert column(book(explained(reasons=(unsold,))), "Verdict") == [
        "Sold in the best trades, left out in rounding to shares"
    ]


def test_a_lot_that_a_purchase_bars_is_said_to_be_barred():
    barred = reason("sell", BROKERAGE, "MSFT", 0.0, (date(2024, 3, 1), "999.00"), mix=250.0)
    same = reason("sell", BROKERAGE, "MSFT", 0.0, (date(2024, 3, 1), "1.00"), mix=250.0)
    assert column(book(explained(reasons=(barred, same))), "Verdict") == [
        "Kept, although selling would gain $2.50: its loss would be a wash sale beside the purchases",
        "Kept, although selling would gain $2.50: the same security is bought here",
    ]


def test_of_many_lots_the_largest_sales_and_the_nearest_kept_ones_are_shown():
    days = [date(2020, 1, 1 + day) for day in range(30)]
    house = portfolio()
    lots = tuple(Lot(Decimal(10 + rank), Decimal(50), day) for rank, day in enumerate(days))
    house = replace(house, accounts=(replace(house.accounts[0], positions=(Position("NVDA", lots),)),))
    reasons = tuple(
        reason("sell", BROKERAGE, "NVDA", float(rank >= 10), (day, "50"), mix=float(rank - 10))
        for rank, day in enumerate(days)
    )
    bare = replace(explained(reasons=reasons), trades=())
    table = marginal_values_table(replace(bare, status="do_nothing"), house, market())
    shown = [row.cells[0].lines[0] for row in table.rows]
    assert len(shown) == MOST_SOLD + MOST_NEAR
    assert shown == [f"{day.isoformat()} at $50.00" for day in (*days[8:10], *days[-MOST_SOLD:])]
    assert any(f"{30 - len(shown)} further trades" in plain(note) for note in table.notes)


def test_kept_lots_with_most_of_the_seven_are_asked_about_first():
    symbols = {"BRK.B": 400, "MSFT": 30, "AAPL": 60, "NVDA": 20, "SPY": 10}
    house = portfolio()
    positions = tuple(Position(symbol, (Lot(Decimal(shares)),)) for symbol, shares in symbols.items())
    house = replace(house, accounts=(replace(house.accounts[1], positions=positions),))
    reasons = tuple(reason("sell", ROTH, symbol, 0.0, None, mix=-100.0) for symbol in symbols)
    table = marginal_values_table(replace(explained(reasons=reasons), trades=()), house, market())
    # of the seven: AAPL $18,684, MSFT $11,372, NVDA $4,093, SPY $2,468, Berkshire Hathaway nothing
    assert column(table, "One more dollar of") == ["Sell MSFT", "Sell AAPL", "Sell NVDA"]
    assert len(table.rows) == MOST_KEPT


def test_doing_nothing_speaks_of_trades_that_would_be_made():
    verdicts = column(book(do_nothing_plan()), "Verdict")
    assert verdicts[0] == "Would be sold in part (17.3%): the last dollar gains nothing more"
    assert verdicts[1] == "Would be sold out: would still gain $0.92"
    assert verdicts[6] == "Would be bought: the last dollar gains nothing more"


def test_the_fund_is_compared_with_the_others_and_with_the_best_mix():
    assert plain(funds_words(plan(), portfolio())) == (
        "IJR alone costs 0.01 bp a year against the best mix of IWM, VTWO and IJR; VTWO alone would cost 0.09 bp, "
        "IWM alone 1.13 bp. Equivalent, less than 0.5 bp a year apart: VTWO alone."
    )
    assert EQUIVALENT == INDIFFERENT


def test_two_funds_are_compared_with_two_and_with_one():
    menu = MenuResult(("IJR", "IWM"), 0.0, ((("IWM", "VTWO"), 2e-4), (("IJR",), None), (("VTWO",), None)))
    assert plain(funds_words(explained(menu=menu), portfolio())) == (
        "IJR and IWM cost nothing against the best mix of IWM, VTWO and IJR; IWM and VTWO would cost 2.00 bp. "
        "With IJR or VTWO alone the limits cannot be met."
    )


def test_without_a_choice_or_a_purchase_nothing_is_said_of_funds():
    assert funds_words(explained(menu=MenuResult(("IJR",), 0.0)), portfolio()) == ""
    assert funds_words(explained(menu=None), portfolio()) == ""
    assert funds_words(do_nothing_plan(), portfolio()) == ""


def test_the_users_horizon_is_marked_among_the_others():
    table = context().assumptions.horizons
    assert column(table, "Horizon") == ["6 months", "1 year", "3 years, yours", "10 years"]
    assert [row.kind for row in table.rows] == ["plain", "plain", "group", "plain"]
    assert column(table, "Sold")[-1] == "$260,092"  # 0.2605 of $998,432.18
    assert column(table, "Net benefit a year")[0] == "\N{MINUS SIGN}271.0 bp"
    assert plain(horizon_words(plan())) == (
        "The horizon matters, because one-off tax and trading cost are spread over it. Over 6 "
        "months the best trades sell $219,955 and lose 271.0 bp a year against doing nothing; over 10 years the best "
        "trades sell $260,092 and gain 41.0 bp a year against doing nothing."
    )


def test_horizons_that_change_nothing_are_a_sentence_and_no_table():
    same = tuple(
        replace(plan().explanation.horizons[2], years=years, gain=1e-4 + years / 1e6) for years in (1.0, 3.0, 10.0)
    )
    still = explained(horizons=same)
    assert context(still).assumptions.horizons is None
    assert plain(horizon_words(still)) == (
        "Over any horizon from 1 year to 10 years the best trades are the same; against doing nothing they come to "
        "+1.0 bp to +1.1 bp a year."
    )


def test_doing_nothing_says_from_which_horizon_on_trading_would_be_worth_it():
    idle = do_nothing_plan()  # gains of -54, -28, -2 and 8 bp
    assert "from 10 years on, trading would gain more than the 5.0 bp" in plain(horizon_words(idle))
    reverse = [replace(row, gain=-row.gain) for row in idle.explanation.horizons]
    falling = replace(idle, explanation=replace(idle.explanation, horizons=tuple(reverse)))
    assert ": over 6 months and 1 year, trading" in plain(horizon_words(falling))
    poor = [replace(row, gain=1e-5) for row in idle.explanation.horizons]
    never = replace(idle, explanation=replace(idle.explanation, horizons=tuple(poor)))
    assert plain(horizon_words(never)).startswith("Over no horizon from 6 months to 10 years would")
    none = [replace(row, gain=0.0, sold=0.0, bought=1e-9) for row in poor]
    empty = replace(idle, explanation=replace(idle.explanation, horizons=tuple(none)))
    assert plain(horizon_words(empty)) == (
        "Over no horizon from 6 months to 10 years is there a trade that gains anything."
    )
    assert context(empty).assumptions.horizons is None


def test_one_off_cost_is_set_against_the_gain_in_months():
    worthy = replace(plan(), net_benefit=replace(plan().net_benefit, expected_return=0.001, risk=0.0, doubt=0.0))
    # 0.00039 a year over three years, $1,168 of $998,432, against 0.001 a year: 14.04 months
    assert plain(break_even_words(worthy)) == (
        "One-off tax and spread of $1,168 are earned back in 15 months, within the horizon of 3 years."
    )
    slow = replace(worthy, net_benefit=replace(worthy.net_benefit, expected_return=0.0003))
    assert plain(break_even_words(slow)).endswith("in 47 months, beyond the horizon of 3 years.")
    assert "the trades never earn it back" in break_even_words(plan())
    cheap = replace(plan().net_benefit, tax=0.0001, expected_return=0.001, risk=0.0, doubt=0.0)
    free = replace(plan(), net_benefit=cheap)
    assert "cost nothing once" in break_even_words(free)
    # 0.00006 a year over three years, against 0.00012 + 0.00015 - 0.00005: 9.8 months
    assert "would be earned back in 10 months" in plain(break_even_words(do_nothing_plan()))
    none = replace(do_nothing_plan(), net_benefit=replace(plan().net_benefit, total=0.0))
    assert break_even_words(none) == ""


def test_a_saving_that_is_lost_again_is_said_to_be_used_up():
    gain = replace(plan().net_benefit, tax=0.003, trading_cost=-0.0005, expected_return=-0.002, risk=0.001, doubt=0.0)
    # 0.0025 a year over three years, $7,488 of $998,432, against 0.001 a year, $998: 7.5 years
    saved = plain(break_even_words(replace(plan(), net_benefit=gain)))
    assert saved == (
        "The best trades save $7,488 once, the tax saved less their spread, and lose $998 a year from then on at these "
        "assumptions: the saving is used up after 7.5 years, beyond the horizon of 3 years."
    )
    soon = plain(break_even_words(replace(plan(), net_benefit=replace(gain, expected_return=-0.0085))))
    assert soon.endswith("the saving is used up after 12 months, within the horizon of 3 years.")
    idle = replace(do_nothing_plan(), net_benefit=replace(gain, total=0.001))
    assert "would save $7,488 once" in plain(break_even_words(idle))
    assert "would lose $998 a year" in plain(break_even_words(idle))


def test_whole_shares_are_said_to_be_whole_with_their_cost():
    whole = [trade for trade in plan().trades if trade.account == ROTH]
    base = replace(plan(), trades=tuple(whole))
    assert plain(orders_words(base, portfolio())) == (
        "Orders in whole shares give up 0.12 bp ($12) a year against the optimum."
    )
    mixed = plain(orders_words(plan(), portfolio()))
    assert mixed.endswith(f"; those in {BROKERAGE} and in {ROLLOVER} may be in parts of a share.")
    fund = replace(whole[0], symbol="VFIAX")
    assert f"; those for VFIAX in {ROTH} may" in orders_words(replace(base, trades=(*whole, fund)), portfolio())
    costly = explained(rounding_loss=1.2e-4)
    assert "fractional: true" in orders_words(replace(costly, trades=tuple(whole)), portfolio())
    exact = explained(rounding_loss=-1e-9)
    parts = tuple(trade for trade in plan().trades if trade.account == BROKERAGE)
    assert orders_words(replace(exact, trades=parts), portfolio()) == (
        "Orders may be in parts of a share; rounded to thousandths they give up nothing against the optimum."
    )
    odd = tuple(replace(trade, shares=trade.shares + Decimal("0.5")) for trade in whole[:1])
    assert "takes its part of a share along" in orders_words(replace(base, trades=odd), portfolio())
    assert orders_words(do_nothing_plan(), portfolio()) == ""


def test_the_proof_shows_what_was_found_beside_what_is_accepted():
    table = context().proof.optimum
    assert column(table, "Found")[:3] == ["2.4e-11", "6.2e-09", "4.2e-10"]
    assert [float(text) for text in column(table, "Accepted up to")[:3]] == [VIOLATION, DUAL_RESIDUAL, GAP]
    assert column(table, "Found")[3:6] == ["the best", "4.06 bp a year behind", "meets no limits"]
    assert column(table, "Found")[-1] == "0"  # undecided cases
    assert table.notes == ("Solver: Clarabel 0.11.1 (cvxpy 1.9.3, clarabel 0.11.1).",)
    only = explained(branches=(BranchResult("net_loss", 0.0),))
    assert "Tax branch tried: the year ends with a net loss" in column(
        context(only).proof.optimum, "Of the optimum before rounding"
    )


def test_a_figure_of_the_explanation_that_is_not_finite_is_refused():
    broken = reason("buy", BROKERAGE, "IJR", 0.1, None, views=float("nan"))
    for fields in ({"reasons": (broken,)}, {"rounding_loss": float("inf")}):
        with pytest.raises(ValueError, match="not finite"):
            report_context(explained(**fields), portfolio(), market(), Sources("p", SHA, VERSIONS))


def test_a_plan_without_an_explanation_says_nothing_of_it():
    made = context(replace(plan(), explanation=Explanation()))
    assert (made.trades.price_book, made.assumptions.horizons, made.trade_off.words) == (None, None, ())
