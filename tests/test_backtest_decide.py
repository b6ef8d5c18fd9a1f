"""What the policy decides: two plans, their reference and the default bounds, by arithmetic of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.optimize import minimize

from advisor.backtest.defaults import OUT_OF_REACH, DayDefaults
from advisor.backtest.estimate import Estimator, risk_aversion
from advisor.backtest.model import DayDecision, History, Holdings, Policy, Rules, Track
from advisor.backtest.simulate import policy_walk
from advisor.market.asset_classes import AssetClass
from advisor.market.estimate.returns import PricePanel
from advisor.optimize.one_day import UNREACHED, DayTrades, WalkDay, WalkProblem
from advisor.units import Vector
from tests.made_up_past import household, panel, surroundings
from tests.samples import market

START = 790  # a row with three years before it
HEAD = """\
version: 1
name: A household
as_of: 2026-07-13
"""
FUNDS = """\
accounts:
  - name: Roth IRA
    type: roth
    cash: 3000
    holdings: [{symbol: SPY, shares: 150}, {symbol: IWM, shares: 100}]
  - {name: Brokerage, type: KIND, cash: 2000, holdings: [{symbol: VTI, shares: 100COST}]}
"""
IN_NVDA = """\
accounts:
  - name: Roth IRA
    type: roth
    cash: 1000
    holdings: [{symbol: SPY, shares: 60}, {symbol: NVDA, shares: 300}]
"""
PART_NVDA = """\
accounts:
  - name: Brokerage
    type: taxable
    cash: 5000
    holdings:
      - {symbol: NVDA, shares: 400, cost_per_share: 20, acquired: 2020-01-02}
      - {symbol: SPY, shares: 100, cost_per_share: 300, acquired: 2020-01-02}
  - {name: Roth IRA, type: roth, cash: 1000, holdings: [{symbol: SPY, shares: 150}]}
"""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One solved day and what was found for it."""

    problem: WalkProblem
    day: WalkDay
    trades: DayTrades
    when: object


def walk(text: str, policy: Policy, prices: PricePanel, **changes: object) -> tuple[Track, History, Holdings, Rules]:
    history, holdings, rules = surroundings(household(HEAD + text), prices)
    rules = replace(rules, **changes)
    return policy_walk(history, holdings, rules, policy, START, "policy"), history, holdings, rules


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[Look]:
    """Every problem that is solved, in turn."""
    seen: list[Look] = []
    own = WalkProblem.solve

    def solve(problem: WalkProblem, day: WalkDay, when: object = "") -> DayTrades:
        trades = own(problem, day, when)
        seen.append(Look(problem, day, trades, when))
        return trades

    monkeypatch.setattr(WalkProblem, "solve", solve)
    return seen


def cash_after(track: Track, history: History, holdings: Holdings, rules: Rules) -> list[tuple[float, float]]:
    """Cash before and after each decision, as fractions of value, from the decisions alone; without tax."""
    cash, row, found = float(holdings.cash_usd.sum()), START, []
    for one in track.decisions:
        now = history.days.index(one.day)
        cash *= history.cash_growth[now] / history.cash_growth[row]
        before, row = cash, now
        cash += float(one.sold_usd.sum(axis=0) @ (1 - rules.half_spread))
        cash -= float(one.bought_usd.sum(axis=0) @ (1 + rules.half_spread))
        found.append((before / track.values_usd[now - START], cash / track.values_usd[now - START]))
    return found


def trades_of(track: Track) -> list[DayDecision]:
    return [one for one in track.decisions if one.sold_usd.any() or one.bought_usd.any()]


@pytest.mark.parametrize("aversion", [None, 1.0, 10.0])
@pytest.mark.parametrize("seed", [7, 11])
@pytest.mark.parametrize("kind", ["traditional", "taxable"])
def test_a_household_without_a_limit_and_without_a_large_company_trades_nothing(
    aversion: float | None, seed: int, kind: str
) -> None:
    """A taxable account without tax: with it a loss may be worth taking, which is no trade without a reason."""
    cost = ", cost_per_share: 200, acquired: 2020-01-02" if kind == "taxable" else ""
    text = FUNDS.replace("KIND", kind).replace("COST", cost)
    track, *_ = walk(text, Policy(taxed=kind != "taxable"), panel(seed=seed), risk_aversion=aversion)
    assert len(track.decisions) > 30
    assert not trades_of(track)
    assert {one.reason for one in track.decisions} == {"min_gain"}
    assert track.traded_usd.sum() == track.spread_usd.sum() == 0.0


def test_a_taxed_household_without_a_limit_sells_nothing_but_lots_at_a_loss(looks: list[Look]) -> None:
    text = FUNDS.replace("KIND", "taxable").replace("COST", ", cost_per_share: 200, acquired: 2020-01-02")
    for seed in (3, 7, 11):
        walk(text, Policy(), panel(seed=seed))
    sold = [(look.day.gains.sum(axis=0), look.trades.sell) for look in looks]
    assert len(sold) > 90
    assert all(float(sell[gain >= 0.0].sum()) < 1e-4 for gain, sell in sold)


def test_a_large_company_in_a_sheltered_account_is_sold_and_no_cash_is_kept_of_it() -> None:
    """Small caps, which alone are on offer, take a fifth of US stocks at once; bought again as that leaves room."""
    track, history, holdings, rules = walk(IN_NVDA, Policy(), panel())
    nvda = history.symbols.index("NVDA")
    sold = sum(one.sold_usd.sum(axis=0) for one in track.decisions)
    assert np.flatnonzero(sold).tolist() == [nvda]
    first = trades_of(track)[0]
    value = track.values_usd[history.days.index(first.day) - START]
    (before, _), *_ = [
        pair
        for pair, one in zip(cash_after(track, history, holdings, rules), track.decisions, strict=True)
        if one is first
    ]
    assert first.sold_usd[0, nvda] / value == pytest.approx(0.2 * (1 - before), abs=2e-4)
    assert len(trades_of(track)) > 3
    assert all(after <= before + 1e-6 for before, after in cash_after(track, history, holdings, rules))
    assert all(not one.excess for one in track.decisions)  # a default bound is no limit of the user


def test_a_company_is_sold_down_to_its_share_where_a_broad_fund_is_on_offer() -> None:
    """SPY may be bought without end: the first sale leaves little more than the 10% that count as chosen."""
    text = IN_NVDA + "preferences: {return_uncertainty: 0%}\n"
    history, holdings, rules = surroundings(household(HEAD + text), panel())
    spy, nvda = history.symbols.index("SPY"), history.symbols.index("NVDA")
    open_to = replace(
        rules,
        may_buy=rules.may_buy | (np.arange(len(history.symbols)) == spy),
        half_spread=np.zeros(len(history.symbols)),
    )
    track = policy_walk(history, holdings, open_to, Policy(), START, "policy")
    first = trades_of(track)[0]
    place = history.days.index(first.day)
    shares = holdings.value_usd[0, nvda] / history.prices[START, nvda]
    held = (shares * history.prices[place, nvda] - first.sold_usd[0, nvda]) / track.values_usd[place - START]
    assert held == pytest.approx(0.1, abs=0.005)


def test_with_a_cap_the_sales_are_what_the_cap_needs() -> None:
    """What a company may be is left to the cap: each sale ends at it, and none is made below."""
    text = IN_NVDA + "limits: {single_company: {max: 40%}}\n"
    prices = panel()
    track, history, holdings, rules = walk(
        text, Policy(), prices, company_share=1.0, min_trade_usd=0.0, half_spread=np.zeros(6)
    )
    nvda = history.symbols.index("NVDA")
    shares = holdings.value_usd[0, nvda] / history.prices[START, nvda]
    sales = 0
    for one in track.decisions:
        row = history.days.index(one.day)
        price, value = history.prices[row, nvda], track.values_usd[row - START]
        needed = max(0.0, shares * price / value - 0.4)
        assert one.sold_usd[0, nvda] / value == pytest.approx(needed, abs=2e-6)
        assert one.sold_usd.sum() - one.sold_usd[0, nvda] == pytest.approx(0.0, abs=2e-6 * value)
        shares -= one.sold_usd[0, nvda] / price
        sales += needed > 1e-4
    assert sales >= 2
    raised = 0
    for (before, after), one in zip(cash_after(track, history, holdings, rules), track.decisions, strict=True):
        small = track.small_cap_weights[history.days.index(one.day) - START]
        room = 0.2 * (1 - before) - small  # after the trades; the market may lift small caps beyond it
        assert room > -1e-5 or one.bought_usd.sum() < 1e-5 * track.values_usd[0]
        if after > before + 1e-5:  # only where small caps have no more room
            assert room < 1e-5
            raised += 1
    assert 0 < raised < sales


def own_covariance(root: np.ndarray) -> np.ndarray:
    return np.einsum("ki,kj->ij", root, root)


def nearest(covariance: np.ndarray, offered: list[int], market: int) -> Vector:
    """The mix of `offered` with the least tracking error to the market, by a general solver."""

    def error(part: Vector) -> float:
        apart = np.zeros(len(covariance))
        apart[offered] = part
        apart[market] -= 1.0
        return 1e4 * float(apart @ covariance @ apart)

    size = len(offered)
    found = minimize(
        error,
        np.full(size, 1 / size),
        bounds=[(0.0, 1.0)] * size,
        constraints={"type": "eq", "fun": lambda part: part.sum() - 1.0},
        options={"ftol": 1e-14, "maxiter": 500},
    )
    mix = np.zeros(len(covariance))
    mix[offered] = found.x
    return mix


def test_each_look_expects_what_the_days_own_mix_implies_and_the_best_plan_its_reference(looks: list[Look]) -> None:
    prices = panel()
    _, history, _, rules = walk(PART_NVDA, Policy(taxed=False), prices)
    nvda, market = history.symbols.index("NVDA"), history.symbols.index("VTI")
    offered = [history.symbols.index(fund) for fund in ("IWM", "VTWO", "IJR")]
    by_day: dict[object, list[Look]] = {}
    for look in looks:
        by_day.setdefault(look.when, []).append(look)
    aversion = looks[0].problem.shape.risk_aversion
    pairs = 0
    for found in by_day.values():
        day, covariance = found[0].day, own_covariance(found[0].day.root)
        own = aversion * covariance @ day.weights - rules.expense_ratio
        np.testing.assert_allclose(day.expected, own, atol=1e-12)
        excess = day.weights[nvda] - 0.1
        assert len(found) == (2 if excess > 1e-9 else 1)
        if len(found) == 2:
            reference = day.weights + excess * nearest(covariance, offered, market)
            reference[nvda] = 0.1
            best = aversion * covariance @ reference - rules.expense_ratio
            np.testing.assert_allclose(found[1].day.expected, best, atol=2e-6)
            pairs += 1
    assert pairs > 10


def test_a_fund_without_the_whole_window_is_no_part_of_the_reference(looks: list[Look]) -> None:
    prices = panel()
    late = prices.prices.copy()
    late[:300, prices.symbols.index("IJR")] = np.nan
    _, history, _, rules = walk(IN_NVDA, Policy(taxed=False), replace(prices, prices=late))
    ijr, nvda, market = (history.symbols.index(symbol) for symbol in ("IJR", "NVDA", "VTI"))
    both = [history.symbols.index(fund) for fund in ("IWM", "VTWO")]
    aversion, offers = looks[0].problem.shape.risk_aversion, []
    for own, best in zip(looks[::2], looks[1::2], strict=True):  # two a day: NVDA is always more than a tenth
        covariance = own_covariance(own.day.root)
        offered = [ijr, *both] if covariance[ijr, ijr] > 0 else both
        reference = own.day.weights + (own.day.weights[nvda] - 0.1) * nearest(covariance, offered, market)
        reference[nvda] = 0.1
        expected = aversion * covariance @ reference - rules.expense_ratio * (np.diag(covariance) > 0)
        np.testing.assert_allclose(best.day.expected, expected, atol=2e-6)
        offers.append(len(offered))
    assert set(offers) == {2, 3}


@pytest.mark.parametrize("more", [1e-7, -1e-7])
def test_the_best_plan_is_measured_against_nothing_where_the_cheapest_is_not_worth_it(
    monkeypatch: pytest.MonkeyPatch, more: float
) -> None:
    """Plans made up: a cheapest one that gains a millionth, and a best one at about the least gain over nothing."""
    asked: list[WalkDay] = []

    def solve(problem: WalkProblem, day: WalkDay, when: object = "") -> DayTrades:
        del when
        asked.append(day)
        idle, sell = problem.standing(asked[-1 - (len(asked) + 1) % 2]), 0.1 * day.sellable
        buy, none = np.zeros(problem.shape.buy_account.size), np.zeros(0)
        if len(asked) % 2:
            return DayTrades(sell, buy, none, idle + 1e-6)
        earned = float((day.expected - asked[-2].expected) @ day.weights)
        return DayTrades(sell, buy, none, idle + earned + 0.0004 + more)

    monkeypatch.setattr(WalkProblem, "solve", solve)
    track, *_ = walk(IN_NVDA, Policy(taxed=False), panel(years=3.3), min_gain=0.0004, min_gain_usd=1e9)
    assert {one.reason for one in track.decisions} == {"solved" if more > 0 else "min_gain"}


def test_default_bounds_yield_where_an_account_has_less_cash_than_it_must_keep(looks: list[Look]) -> None:
    text = IN_NVDA.replace("    cash: 1000\n", "    cash: 1000\n    min_cash: 4000\n")
    track, history, holdings, rules = walk(text, Policy(taxed=False), panel(years=3.3), min_gain=1.0, min_gain_usd=1e9)
    assert looks[0].day.bounds[-3:] == pytest.approx([OUT_OF_REACH] * 3)
    (_, after), *_ = cash_after(track, history, holdings, rules)
    value = track.values_usd[history.days.index(track.decisions[0].day) - START]
    assert after * value == pytest.approx(4000.0, abs=0.01)  # whatever the least gain is
    assert looks[0].day.bounds[1] == pytest.approx(4000.0 / value, rel=1e-3)
    assert {one.reason for one in track.decisions[1:]} == {"min_gain"}


def test_the_risk_aversion_is_that_at_which_the_market_earns_the_premium_in_the_reference_of_the_start() -> None:
    history, holdings, rules = surroundings(household(HEAD + PART_NVDA), panel())
    nvda, market = history.symbols.index("NVDA"), history.symbols.index("VTI")
    returns = np.diff(history.prices[START - 784 : START + 1], axis=0) / history.prices[START - 784 : START]
    held = holdings.value_usd.sum(axis=0) / holdings.total_usd
    estimate = Estimator(history, 3).at(START)
    covariance = own_covariance(estimate.root)
    offered = [history.symbols.index(fund) for fund in ("IWM", "VTWO", "IJR")]
    reference = held + (held[nvda] - 0.1) * nearest(covariance, offered, market)
    reference[nvda] = 0.1
    assert risk_aversion(rules, estimate, reference) == pytest.approx(0.045 / float(covariance[market] @ reference))
    assert risk_aversion(replace(rules, risk_aversion=4.0), estimate, reference) == 4.0
    assert risk_aversion(rules, estimate, 0.01 * reference) == 10.0
    assert risk_aversion(rules, estimate, 100.0 * reference) == 0.5
    sample = 252 * float(np.cov(returns[:, market], returns @ held)[0, 1])  # shrunk by next to nothing
    assert float(covariance[market] @ held) == pytest.approx(sample, rel=0.05)


def test_the_walk_asks_with_the_risk_aversion_of_its_start(looks: list[Look]) -> None:
    prices = panel()
    _, history, holdings, _ = walk(PART_NVDA, Policy(taxed=False), prices)
    nvda, market = history.symbols.index("NVDA"), history.symbols.index("VTI")
    held = holdings.value_usd.sum(axis=0) / holdings.total_usd
    covariance = own_covariance(Estimator(history, 3).at(START).root)
    offered = [history.symbols.index(fund) for fund in ("IWM", "VTWO", "IJR")]
    reference = held + (held[nvda] - 0.1) * nearest(covariance, offered, market)
    reference[nvda] = 0.1
    implied = 0.045 / float(covariance[market] @ reference)
    (asked,) = {look.problem.shape.risk_aversion for look in looks}
    assert asked == pytest.approx(implied, rel=1e-5)


def test_shares_that_may_not_be_sold_are_part_of_the_reference(looks: list[Look]) -> None:
    track, *_ = walk(IN_NVDA + "limits: {do_not_sell: [{symbol: NVDA}]}\n", Policy(), panel())
    assert not trades_of(track)
    assert len(looks) == len(track.decisions)  # one plan a day: nothing of the excess can be sold


def test_default_bounds_are_those_of_the_day_by_hand() -> None:
    """Cash 1% and 3% where 2% must stay in each: 2% + 3%. A fifth of 60% of US stocks in small caps, which hold 5%."""
    history, _, rules = surroundings(household(HEAD + PART_NVDA), panel())
    defaults = DayDefaults(rules)
    assert [bound.label for bound in defaults.charged] == ["us_stocks", "cash_and_bills", "small_caps"]
    weights = np.zeros(len(history.symbols))
    weights[[history.symbols.index(symbol) for symbol in ("SPY", "IWM")]] = 0.91, 0.05
    cash = np.array([0.01, 0.03])
    bounds = defaults.bounds(weights, cash, np.full(2, 0.02))
    assert bounds == pytest.approx([0.96, 0.05, 0.2 * 0.96])
    least = DayDefaults(replace(rules, least_cash=0.08, least_small_caps=0.3))
    assert least.bounds(weights, cash, np.zeros(2)) == pytest.approx([0.96, 0.08, 0.3])
    assert defaults.levels(2.0 * weights, 0.08) == pytest.approx([0.96, 0.04, 0.05])
    assert [bound.price for bound in defaults.rows] == pytest.approx([0.045, 0.045, 0.09, *[UNREACHED] * 3])
    capped = DayDefaults(replace(rules, caps_small_caps=True))
    assert "small_caps" not in [bound.label for bound in capped.charged]


def test_bills_count_as_cash_and_only_classes_on_offer_are_bounded() -> None:
    history, _, rules = surroundings(household(HEAD + PART_NVDA), panel())
    n = len(history.symbols)
    bills = np.zeros(n)
    bills[0] = 1.0
    stocks = rules.classes[AssetClass.US_STOCKS] * (np.arange(n) > 0)
    bonds = np.zeros(n)
    bonds[1] = 1.0
    classes = {AssetClass.US_STOCKS: stocks, AssetClass.BONDS: bonds, AssetClass.CASH_AND_BILLS: bills}
    nothing = replace(rules, classes=classes, may_buy=np.zeros_like(rules.may_buy), caps_small_caps=True)
    assert [bound.label for bound in DayDefaults(nothing).charged] == ["cash_and_bills"]
    weights = np.full(n, 0.9 / n)
    assert DayDefaults(nothing).bounds(weights, np.array([0.1]), np.zeros(1)) == pytest.approx([0.1 + 0.9 / n])
    offered = replace(nothing, may_buy=np.arange(n)[None, :] == 1)
    assert [bound.label for bound in DayDefaults(offered).charged] == ["us_stocks", "bonds", "cash_and_bills"]
    with_bonds = replace(offered, classes={**classes, AssetClass.US_STOCKS: stocks - bonds})
    assert [bound.label for bound in DayDefaults(with_bonds).charged] == ["bonds", "cash_and_bills"]


@pytest.mark.parametrize("mode", ["", ", mode: soft, price: 5"])
def test_default_bounds_are_hard_while_every_limit_holds_and_yield_otherwise(looks: list[Look], mode: str) -> None:
    text = IN_NVDA + f"limits: {{single_company: {{max: 40%{mode}}}}}\n"
    _, history, _, rules = walk(text, Policy(), panel(), company_share=1.0)
    nvda, small = history.symbols.index("NVDA"), rules.small_caps
    states = set()
    for look in looks:
        day = look.day
        holds = day.weights[nvda] <= 0.4 + 1e-6
        stocks = day.weights.sum()  # all of them are of the US
        bounds = [stocks, day.cash.sum(), max(day.weights[small].sum(), 0.2 * stocks)]
        hard = bounds if holds else [OUT_OF_REACH] * 3
        assert day.bounds == pytest.approx([0.4, *bounds, *hard], abs=1e-9)
        states.add(holds)
    assert states == {True, False}


def test_the_best_plan_exceeds_no_default_bound_further_than_the_cheapest(looks: list[Look]) -> None:
    """A cap that small caps have no room for: the cheapest plan keeps cash, and the best plan no more of it."""
    walk(IN_NVDA + "limits: {single_company: {max: 20%}}\n", Policy(), panel())
    assert len(looks) > 2
    first, second = looks[:2]
    assert first.when == second.when

    def cash(look: Look) -> float:
        weights, left = look.problem.shape.after(look.day, look.trades)
        return left / (float(weights.sum()) + left)

    assert first.day.bounds[2] < cash(first) - 0.1
    assert second.day.bounds[-2] == pytest.approx(cash(first))
    assert second.day.bounds[2] == first.day.bounds[2]
    assert cash(second) <= cash(first) + 1e-6


def worth(look: Look, trades: DayTrades | None, expected: Vector) -> float:
    """The utility a year of trades, or of none, where `expected` is earned, in a walk without tax."""
    day, shape = look.day, look.problem.shape
    weights, cash, cost = day.weights.copy(), float(day.cash.sum()), 0.0
    if trades is not None:
        for security, sold in zip(shape.sell_security, trades.sell, strict=True):
            weights[security] -= sold
            cash += sold * (1 - shape.half_spread[security])
            cost += sold * (0.005 + shape.half_spread[security] / 3.0)
        for security, bought in zip(shape.buy_security, trades.buy, strict=True):
            weights[security] += bought
            cash -= bought * (1 + shape.half_spread[security])
            cost += bought * shape.half_spread[security] / 3.0
    total, small = weights.sum() + cash, weights[[0, 1, 5]].sum()
    stocks, bills, fifth = day.bounds[1:4]  # after the cap of the file
    beyond = [weights.sum() - stocks * total, cash - bills * total, small - fifth * total]
    charged = sum(price * max(0.0, one) for price, one in zip((0.045, 0.045, 0.09), beyond, strict=True))
    risk = weights @ own_covariance(day.root) @ weights
    return float(expected @ weights - shape.risk_aversion / 2 * risk - cost - charged)


@pytest.mark.parametrize(
    ("least_usd", "taken_on_some_day"),
    [(0.0, {"best"}), (30.0, {"best", "cheapest", "nothing"}), (500.0, {"best", "cheapest", "nothing"})],
)
def test_the_best_plan_is_taken_where_it_adds_the_least_gain_to_the_cheapest(
    looks: list[Look], least_usd: float, taken_on_some_day: set[str]
) -> None:
    text = IN_NVDA + "limits: {single_company: {max: 45%}}\n"
    track, history, *_ = walk(text, Policy(taxed=False), panel(), min_gain_usd=least_usd, min_trade_usd=0.0)
    assert history.symbols == ("IJR", "IWM", "NVDA", "SPY", "VTI", "VTWO")
    outcomes = set()
    for one in track.decisions:
        asked = [look for look in looks if look.when == one.day]
        cheapest, best = asked if len(asked) == 2 else (asked[0], None)
        least = min(0.0005, least_usd / track.values_usd[history.days.index(one.day) - START])
        own = cheapest.day.expected
        gained = worth(cheapest, cheapest.trades, own) - worth(cheapest, None, own)
        base = None if cheapest.day.weights[2] <= 0.45 + 1e-6 and gained < least else cheapest.trades
        name, taken = ("nothing" if base is None else "cheapest"), base
        if best is not None:
            added = worth(cheapest, best.trades, best.day.expected) - worth(cheapest, base, best.day.expected)
            if abs(added - least) < 1e-8:
                continue
            name, taken = ("best", best.trades) if added >= least else (name, taken)
        value = (
            0.0 if taken is None else float(taken.sell.sum()) * track.values_usd[history.days.index(one.day) - START]
        )
        assert one.sold_usd.sum() == pytest.approx(value, abs=1.0)
        outcomes.add(name)
    assert outcomes == taken_on_some_day


def test_the_doubt_is_charged_on_all_but_lots_at_a_loss_in_a_taxed_walk(looks: list[Look]) -> None:
    walk(PART_NVDA, Policy(), panel(seed=3))
    for look in looks:
        at_a_loss = look.day.gains.sum(axis=0) < 0
        np.testing.assert_array_equal(look.day.doubt, np.where(at_a_loss, 0.0, 0.005))
    assert any((look.day.doubt == 0.0).any() for look in looks)
    looks.clear()
    walk(PART_NVDA, Policy(taxed=False), panel(seed=3))
    assert {float(one) for look in looks for one in look.day.doubt} == {0.005}


def test_costs_are_spread_and_later_tax_saved_as_the_file_says() -> None:
    """A horizon of 5 years, of which 30% is held for 20 years until death: 1 / (0.7 / 5 + 0.3 / 20) years of cost.

    Later rate 15% + 5%, at today's riskless rate r: 0.7 x 0.2 / (1 + 0.8 ((1 + r)^5 - 1)) a dollar, in 5 years' terms.
    """
    text = PART_NVDA + (
        "tax: {filing_status: single, short_term_rate: 35%, long_term_rate: 15%, state_rate: 5%}\n"
        "preferences: {horizon_years: 5, unsold_gains: {sold: 70%, held_until_death: 30%}, held_years: 20}\n"
    )
    rules = surroundings(household(HEAD + text), panel())[2]
    years = 1 / (0.7 / 5 + 0.3 / 20)
    assert rules.cost_years == pytest.approx(years)
    riskless = market().risk_free.value
    delta = 1 / (1 + 0.8 * ((1 + riskless) ** 5 - 1))
    assert rules.later_tax_saved == pytest.approx(0.7 * delta * 0.2 * years / 5)
    assert rules.carried_value == pytest.approx(0.2 * max(1 / (1 + riskless), delta))


def test_the_least_trade_grows_with_the_household_up_to_a_hundredth_of_it() -> None:
    def least(shares: int, more: str = "") -> float:
        text = f"accounts: [{{name: A, type: roth, cash: 0, holdings: [{{symbol: SPY, shares: {shares}}}]}}]\n{more}"
        portfolio = household(HEAD + text)
        return surroundings(portfolio, panel())[2].min_trade_usd

    price = float(market().securities["SPY"].close_usd)
    assert least(1000) == pytest.approx(price, abs=0.5)  # a thousandth
    assert least(50) == 100.0
    assert least(5) == pytest.approx(0.05 * price)
    assert least(1000, "preferences: {min_trade: 250}\n") == 250.0
