"""The walk: against a short calculation with pandas, against knowledge of the future, and by its own rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from advisor.backtest.ledger import Ledger
from advisor.backtest.model import Frequency, Holdings, Policy, TaxYear, Track
from advisor.backtest.simulate import decision_rows, held_walk, policy_walk
from advisor.market.estimate.returns import PricePanel
from advisor.optimize.one_day import SCALE, DayTrades, ShareLimit, WalkDay, WalkProblem
from tests.made_up_past import HOUSEHOLD, household, panel, surroundings

START = 790  # a row with three years before it


def walked(prices: PricePanel, policy: Policy, start: int = START, **changes: object) -> Track:
    history, holdings, rules = surroundings(household(), prices)
    return policy_walk(history, holdings, replace(rules, **changes), policy, start, "policy")


def test_buy_and_hold_is_what_pandas_makes_of_the_same_weights() -> None:
    prices = panel()
    history, holdings, rules = surroundings(household(), prices)
    track = held_walk(history, holdings, rules, START, "held", taxed=True)
    frame = pd.DataFrame(prices.prices, index=list(prices.days), columns=list(prices.symbols)).iloc[START:]
    grown = frame / frame.iloc[0]
    dollars = pd.Series(holdings.value_usd.sum(axis=0), index=list(history.symbols)).reindex(grown.columns).fillna(0.0)
    expected = (grown * dollars).sum(axis=1) + 6000.0 * grown["BIL"]
    np.testing.assert_allclose(track.values_usd, expected.to_numpy(), rtol=1e-12)
    assert track.taxes_usd.sum() == track.spread_usd.sum() == track.traded_usd.sum() == 0.0


def test_equal_weights_once_a_month_are_what_pandas_makes_of_them() -> None:
    """Limits that leave one answer: a third in each of three funds, in one account without tax or spread."""
    prices = panel()
    history, _, rules = surroundings(household(), prices)
    n, funds = len(history.symbols), ("IWM", "VTWO", "IJR")
    columns = [history.symbols.index(fund) for fund in funds]
    value = np.zeros((1, n))
    value[0, columns[0]] = 300_000.0
    rows = [np.eye(n)[[column]] for column in columns]
    thirds = tuple(ShareLimit(f"funds.{k}", row, 0.0, side) for k, row in enumerate(rows) for side in (1.0, -1.0))
    alone = replace(
        rules,
        limits=thirds,
        bounds=np.full(6, 1 / 3),
        not_worse=np.zeros(6, dtype=bool),
        may_sell=np.ones((1, n), dtype=bool),
        may_buy=np.isin(np.arange(n), columns)[None, :],
        min_cash_usd=np.zeros(1),
        half_spread=np.zeros(n),
        min_trade_usd=0.0,
        min_gain=0.0,
    )
    start = Holdings(("Roth",), np.array([False]), np.zeros(1), value)
    track = policy_walk(history, start, alone, Policy(taxed=False), START, "equal")

    frame = pd.DataFrame(prices.prices, index=pd.to_datetime(list(prices.days)), columns=list(prices.symbols))
    frame = frame[list(funds)].iloc[START:]
    shares, expected = pd.Series([300_000.0 / frame.iloc[0, 0], 0.0, 0.0], index=list(funds)), []
    for k, (day, row) in enumerate(frame.iterrows()):
        worth = float((shares * row).sum())
        expected.append(worth)
        if 0 < k < len(frame) - 1 and frame.index[k + 1].month != day.month:
            shares = worth / 3 / row
    np.testing.assert_allclose(track.values_usd, expected, rtol=2e-5)


@pytest.mark.parametrize("policy", [Policy(), Policy(band=0.02, delay=1), Policy(Frequency.QUARTERLY, taxed=False)])
def test_a_jump_on_a_later_day_changes_no_decision_before_it(policy: Policy) -> None:
    prices = panel()
    planted = prices.prices.copy()
    jump = 1200
    planted[jump:] *= np.linspace(0.4, 3.0, planted.shape[1])
    before = decisions_before(walked(prices, policy), prices.days[jump])
    after = decisions_before(walked(replace(prices, prices=planted), policy), prices.days[jump])
    assert before == after
    assert len(before) > 4


def test_shuffling_all_later_prices_changes_no_decision_before() -> None:
    prices, cut = panel(), 1100
    shuffled = prices.prices.copy()
    shuffled[cut:] = np.random.default_rng(1).permutation(shuffled[cut:], axis=0)
    first, second = walked(prices, Policy()), walked(replace(prices, prices=shuffled), Policy())
    assert decisions_before(first, prices.days[cut]) == decisions_before(second, prices.days[cut])
    np.testing.assert_array_equal(first.values_usd[: cut - START], second.values_usd[: cut - START])
    assert not np.array_equal(first.values_usd, second.values_usd)


def decisions_before(track: Track, day: date) -> list[tuple]:
    """Everything decided before a day, bit for bit."""
    return [
        (one.day, one.reason, one.sold_usd.tobytes(), one.bought_usd.tobytes(), tuple(one.excess.items()))
        for one in track.decisions
        if one.day < day
    ]


def test_the_policy_acts_on_the_last_sessions_alone() -> None:
    days = panel().days
    quarters = {days[row] for row in decision_rows(days, Frequency.QUARTERLY, 0, len(days) - 1)}
    assert {day.month for day in quarters} == {3, 6, 9, 12}
    assert all((day + timedelta(days=3)).month != day.month for day in quarters)  # a weekend at most
    assert len(decision_rows(days, Frequency.YEARLY, 0, len(days) - 1)) == 5  # the sixth year is not over


def test_limits_that_can_be_kept_are_kept_after_every_decision() -> None:
    tight = HOUSEHOLD.replace("small_caps: {max: 30%}", "small_caps: {max: 8%}")
    history, holdings, rules = surroundings(household(tight), panel())
    every = replace(rules, min_trade_usd=0.0, min_gain=0.0)
    track = policy_walk(history, holdings, every, Policy(taxed=False), START, "policy")
    after = [track.small_cap_weights[track.days.index(one.day)] for one in track.decisions]
    assert all(not one.excess for one in track.decisions)
    assert max(after) == pytest.approx(0.08, abs=1e-6)
    nvda = history.symbols.index("NVDA")
    assert track.decisions[0].sold_usd[:, nvda].sum() > 0


def test_a_fund_is_not_bought_before_it_has_the_whole_window() -> None:
    prices = panel(years=8)
    late = prices.prices.copy()
    late[:600, prices.symbols.index("VTWO")] = np.nan
    late[:900, prices.symbols.index("IJR")] = np.nan
    late[:, prices.symbols.index("IWM")] = prices.prices[:, prices.symbols.index("IWM")]
    history, holdings, rules = surroundings(household(), replace(prices, prices=late))
    funds = {fund: history.symbols.index(fund) for fund in ("VTWO", "IJR")}
    only = replace(rules, may_buy=rules.may_buy & np.isin(np.arange(len(history.symbols)), list(funds.values())))
    track = policy_walk(history, holdings, only, Policy(), START, "policy")
    for fund, column in funds.items():
        begins = prices.days[600 if fund == "VTWO" else 900]
        bought = [one.day for one in track.decisions if one.bought_usd[:, column].sum() > 0]
        assert all(day >= begins.replace(year=begins.year + 3) for day in bought)
    assert any(one.bought_usd.sum() > 0 for one in track.decisions)


def test_within_its_band_the_policy_stands_still_until_a_limit_breaks() -> None:
    prices = panel()
    wide = walked(prices, Policy(band=1.0))
    assert {one.reason for one in wide.decisions} >= {"band", "solved"}
    assert all(not one.bought_usd.any() and not one.sold_usd.any() for one in wide.decisions if one.reason == "band")
    assert len([one for one in wide.decisions if one.reason == "solved"]) < len(walked(prices, Policy()).decisions)


@pytest.mark.parametrize("mode", ["mode: soft, price: 1", "mode: not_worse_than_today"])
def test_a_limit_that_nobody_has_to_keep_does_not_end_the_rest_within_the_band(mode: str) -> None:
    loose = HOUSEHOLD.replace("small_caps: {max: 30%}", f"small_caps: {{min: 20%, {mode}}}")
    loose = loose.replace("single_company: {max: 25%}, ", "")
    history, holdings, rules = surroundings(household(loose), panel())
    track = policy_walk(history, holdings, rules, Policy(band=1.0), START, "policy")
    assert track.small_cap_weights.max() == 0.0
    assert {one.reason for one in track.decisions} == {"band"}
    missed = [one.excess.get("small_caps.min", 0.0) for one in track.decisions]
    assert missed == pytest.approx([0.2 if "soft" in mode else 0.0] * len(missed))


def test_nothing_is_done_for_less_than_the_least_gain_while_limits_hold() -> None:
    prices = panel()
    eager = walked(prices, Policy(), min_gain=0.0)
    patient = walked(prices, Policy(), min_gain=0.01, min_gain_usd=1e9)
    still = [one for one in patient.decisions if one.reason == "min_gain"]
    assert still
    assert not any(one.sold_usd.any() or one.bought_usd.any() for one in still)
    assert patient.traded_usd.sum() < eager.traded_usd.sum()
    lesser = walked(prices, Policy(), min_gain=0.01, min_gain_usd=0.0)
    np.testing.assert_array_equal(lesser.traded_usd, eager.traded_usd)  # the lesser of the two counts


@pytest.mark.parametrize("delay", [0, 1])
def test_no_loss_is_taken_beside_a_purchase_of_the_same(delay: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over every pair of decisions within 30 days, in all accounts; IWM and VTWO are one index."""
    prices = panel(years=8, seed=3)
    history, holdings, rules = surroundings(household(), prices)
    same = {"IWM": "Russell 2000", "VTWO": "Russell 2000"}
    assert rules.identity[history.symbols.index("IWM")] == rules.identity[history.symbols.index("VTWO")]
    seen: list[tuple[date, str]] = []

    own = Ledger.sell

    def sell(book: Ledger, sold: np.ndarray, closes: np.ndarray, today: int) -> float:
        at_a_loss = (sold > 1e-6) & book.taxable[book.account] & (closes[book.security] < book.cost)
        seen.extend((date.fromordinal(today), history.symbols[place]) for place in book.security[at_a_loss])
        return own(book, sold, closes, today)

    monkeypatch.setattr(Ledger, "sell", sell)
    track = policy_walk(history, holdings, rules, Policy(delay=delay), START, "policy")
    bought = [
        (history.days[history.days.index(one.day) + delay], same.get(symbol, symbol))
        for one in track.decisions
        for symbol, usd in zip(history.symbols, one.bought_usd.sum(axis=0), strict=True)
        if usd > 0
    ]
    lost = [(day, same.get(symbol, symbol)) for day, symbol in seen]
    assert lost
    assert bought
    assert not [(a, b) for a, x in lost for b, y in bought if x == y and abs((a - b).days) <= 30]


def test_each_account_keeps_its_money() -> None:
    """Purchases of a day are within the cash and the sales of their own account."""
    prices = panel()
    history, holdings, rules = surroundings(household(), prices)
    track = policy_walk(history, holdings, rules, Policy(), START, "policy")
    roth = list(holdings.accounts).index("Roth IRA")
    cash = 1000.0
    grown = history.cash_growth
    row = START
    for one in track.decisions:
        now = history.days.index(one.day)
        cash *= grown[now] / grown[row]
        row = now
        cash += one.sold_usd[roth] @ (1 - rules.half_spread) - one.bought_usd[roth] @ (1 + rules.half_spread)
        assert cash >= -0.01


def test_the_years_gains_keep_within_their_limit() -> None:
    limited = HOUSEHOLD.replace("limits: {", "limits: {realized_gain: {max: 4000}, ")
    prices = panel(years=7)
    rising = prices.prices.copy()
    rising[:, prices.symbols.index("NVDA")] *= np.exp(0.002 * np.arange(len(rising)))
    history, holdings, rules = surroundings(household(limited), replace(prices, prices=rising))
    bold = replace(rules, risk_aversion=0.5)
    track = policy_walk(history, holdings, bold, Policy(), START, "policy")
    gains = [year.short_usd + year.long_usd for year in track.tax_years]
    assert max(gains) >= 3990
    assert max(gains) <= 4000 * 1.02  # within a tranche the lots with the least tax go first, not those of mean gain


def test_taxes_are_paid_on_the_first_session_of_the_next_year() -> None:
    track = walked(panel(), Policy())
    paid = {day: tax for day, tax in zip(track.days, track.taxes_usd, strict=True) if tax}
    owed = {year.year: year.tax_usd for year in track.tax_years if year.tax_usd}
    assert {day.year - 1: tax for day, tax in paid.items()} == pytest.approx(owed)
    assert all(day.month == 1 and day.day <= 4 for day in paid)


def test_tax_beyond_what_the_taxable_account_has_stays_due(monkeypatch: pytest.MonkeyPatch) -> None:
    def dear(book: Ledger, year: int) -> TaxYear:
        book.short = book.long = 0.0
        return TaxYear(year, 0.0, 0.0, 1e7 if year == 2018 else 0.0)

    monkeypatch.setattr(Ledger, "close_year", dear)
    history, holdings, rules = surroundings(household(), panel())
    track = held_walk(history, holdings, rules, START, "held", taxed=True)
    assert track.taxes_usd.sum() + track.due_usd == pytest.approx(1e7)
    assert track.values_usd[-1] > 0  # the sheltered account pays nothing
    assert 0 < track.taxes_usd.sum() < holdings.total_usd * 2


def test_a_delay_trades_at_the_next_close() -> None:
    at_once, later = walked(panel(), Policy(taxed=False)), walked(panel(), Policy(delay=1, taxed=False))
    first = at_once.days.index(at_once.decisions[0].day)
    assert at_once.traded_usd[first] > 0
    assert later.traded_usd[first] == 0
    assert later.traded_usd[first + 1] > 0
    assert at_once.decisions[0].sold_usd.tobytes() == later.decisions[0].sold_usd.tobytes()


def test_every_months_weights_are_those_of_cvxpys_own_solution(monkeypatch: pytest.MonkeyPatch) -> None:
    own, furthest = WalkProblem.solve, []

    def beside(problem: WalkProblem, day: WalkDay, when: object = "") -> DayTrades:
        ours = own(problem, day, when)
        problem.assign(day)
        problem.problem.solve(solver="CLARABEL", tol_gap_abs=1e-9, tol_gap_rel=1e-9, tol_feas=1e-9)
        s, n = problem.shape, problem.shape.half_spread.size
        change = np.bincount(s.sell_security, weights=ours.sell - problem.sell.value, minlength=n)
        change -= np.bincount(s.buy_security, weights=ours.buy - problem.buy.value, minlength=n)
        furthest.append(float(np.abs(change).max()))
        assert ours.objective == pytest.approx(problem.problem.value / SCALE, abs=1e-9)
        return ours

    monkeypatch.setattr(WalkProblem, "solve", beside)
    walked(panel(years=5), Policy())
    assert len(furthest) > 20
    assert max(furthest) < 5e-5  # IWM and VTWO are almost one: between them the optimum is nearly flat
    assert np.median(furthest) < 1e-6


def test_the_value_of_each_day_is_its_cash_and_positions() -> None:
    """Shares and cash put together again from the decisions alone."""
    history, holdings, rules = surroundings(household(), panel())
    track = policy_walk(history, holdings, rules, Policy(taxed=False), START, "policy")
    decided = {one.day: one for one in track.decisions}
    shares, cash = holdings.value_usd.sum(axis=0) / history.prices[START], 6000.0
    for k, day in enumerate(track.days):
        prices = history.prices[START + k]
        if k:
            cash *= history.cash_growth[START + k] / history.cash_growth[START + k - 1]
        if one := decided.get(day):
            sold, bought = one.sold_usd.sum(axis=0), one.bought_usd.sum(axis=0)
            shares = shares + (bought - sold) / prices
            cash += float(sold @ (1 - rules.half_spread) - bought @ (1 + rules.half_spread))
        assert track.values_usd[k] == pytest.approx(shares @ prices + cash, rel=1e-7)
