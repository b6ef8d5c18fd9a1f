"""The reason printed beside an order is one that the numbers bear out."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from advisor.errors import UnverifiedAnswerError
from advisor.portfolio.model import LimitMode, Portfolio
from advisor.portfolio.preferences import Preferences
from advisor.rebalance.explain import with_reasons
from tests.samples import ANSWERED, answer
from tests.small_households import account, household, limits, lot, planned, tax
from tests.views import view


def reasons(portfolio: Portfolio) -> dict[tuple[str, str], str]:
    return {(trade.side, trade.symbol): trade.why for trade in planned(portfolio).trades}


def test_a_sale_for_a_broken_limit_says_so_and_a_purchase_what_it_is_for() -> None:
    found = reasons(
        household(
            account("Roth", "roth", 0, {"NVDA": [lot(250)], "BND": [lot(600)]}),
            limits=limits(magnificent_seven_max="0.1", small_caps_min="0.4"),
        )
    )
    assert "brings the Magnificent Seven down to your limit of 10%" in found["sell", "NVDA"].split("; ")
    bought = [why for (side, _), why in found.items() if side == "buy"]
    assert bought
    assert all("brings small caps up to your minimum of 40%" in why.split("; ") for why in bought)


def test_a_sale_for_more_cash_does_not_bring_cash_down() -> None:
    found = reasons(
        household(
            account("Roth", "roth", 0, {"SPY": [lot(100)]}),
            limits=limits(cash_min="0.3"),
            preferences=Preferences(buy=()),
        )
    )
    parts = found["sell", "SPY"].split("; ")
    assert "brings cash up to your minimum of 30%" in parts
    assert parts[-1] == "untaxed in this account"


@pytest.mark.parametrize("name", ["volatility", "beta"])
def test_a_calm_security_is_not_said_to_calm_the_household_by_its_sale(name: str) -> None:
    """Half Nvidia, half Treasury bills: Nvidia alone carries the risk. Bills are sold for cash."""
    bound = {"volatility": "0.04", "beta": "0.15"}[name]
    portfolio = household(
        account("Roth", "roth", 0, {"NVDA": [lot(250)], "SGOV": [lot(500)]}),
        limits=limits(**{f"{name}_max": bound}, cash_min="0.7"),
    )
    found = reasons(portfolio)
    assert f"brings {name} down to your limit of" in found["sell", "NVDA"]
    assert name not in found["sell", "SGOV"]


def test_the_company_over_its_limit_today_is_the_reason_even_if_another_leads_afterwards() -> None:
    found = reasons(
        household(
            account("Roth", "roth", 0, {"NVDA": [lot(250)], "JPM": [lot(100)], "BND": [lot(200)]}),
            limits=limits(single_company_max="0.38"),
            preferences=Preferences(buy=(), return_uncertainty=Decimal("0.05")),
        )
    )
    assert found == {("sell", "NVDA"): "brings the largest company down to your limit of 38%; untaxed in this account"}


def test_a_loss_is_named_and_a_plain_sale_pays_for_purchases() -> None:
    positions = {"NVDA": [lot(100, 20)], "TSLA": [lot(100, 450, days=200)]}
    found = reasons(
        household(account("Joint", "taxable", 0, positions), limits=limits(magnificent_seven_max="0.4"), tax=tax())
    )
    assert "realizes a loss, which lowers tax" in found["sell", "TSLA"]
    plain = reasons(
        household(
            account("Roth", "roth", 0, {"SPY": [lot(100)]}),
            views=(view("IJR", "0.2"), view("IJR", "0.1", over="IWM")),
            limits=limits(),
        )
    )
    assert "pays for purchases in this account" in plain["sell", "SPY"].split("; ")
    assert plain["buy", "IJR"].split("; ") == [
        "keeps cash and bills no higher than today (a default)",
        "earns more by your views than your mix implies",
        "holds none of the seven",
    ]


def test_a_funds_own_limit_is_named() -> None:
    portfolio = household(
        account("Roth", "roth", 0, {"QQQ": [lot(100)], "SPY": [lot(100)]}), limits=limits(funds__QQQ_max="0.2")
    )
    assert "brings QQQ down to your limit of 20%" in reasons(portfolio)["sell", "QQQ"]


@pytest.mark.parametrize(
    ("bound", "words"),
    [
        ({"sectors__Energy_max": "0.2"}, "brings the Energy sector down to your limit of 20%"),
        ({"cvar_95_max": "0.06"}, "brings the average loss of the worst 5% of months down to your limit of 6%"),
        ({"max_drawdown_max": "0.1"}, "brings the largest fall from a peak down to your limit of 10%"),
        ({"stress__covid_2020_max": "0.2"}, "brings the loss in the episode covid_2020 down to your limit of 20%"),
    ],
)
def test_limits_of_every_kind_are_named_where_they_press(bound: dict[str, str], words: str) -> None:
    """Two thirds of the household in energy, the rest in bonds: what is too much is energy in every respect."""
    found = reasons(
        household(
            account("Roth", "roth", 0, {"XLE": [lot(1000)], "BND": [lot(400)]}),
            limits=limits(**bound),
            preferences=Preferences(buy=(), risk_aversion=Decimal(1)),
        )
    )
    assert words in found["sell", "XLE"]
    assert "limit" not in found.get(("sell", "BND"), "")


@pytest.mark.parametrize("aversion", [1, 3, 8])
def test_nothing_is_sold_for_less_risk_alone(aversion: int) -> None:
    assert not reasons(
        household(
            account("Roth", "roth", 0, {"XLE": [lot(1000)], "BND": [lot(400)]}),
            preferences=Preferences(buy=(), risk_aversion=Decimal(aversion)),
        )
    )


def test_a_dear_fund_is_sold_for_the_expense_ratio() -> None:
    found = reasons(
        household(
            account("Roth", "roth", 0, {"ARKK": [lot(500)], "VOO": [lot(50)]}),
            limits=limits(expense_ratio_max="0.002"),
            preferences=Preferences(buy=()),
        )
    )
    assert "brings the expense ratio down to your limit of 0.2%" in found["sell", "ARKK"]


def test_a_loss_makes_room_under_the_realized_gain_limit() -> None:
    """A household that dreads risk would sell all of Nvidia, nine tenths of it gain; the limit lets it sell less."""
    positions = {"NVDA": [lot(300, 20)], "TSLA": [lot(100, 450, days=200)]}
    found = reasons(
        household(
            account("Joint", "taxable", 0, positions),
            limits=limits(realized_gain_max="3000"),
            preferences=Preferences(risk_aversion=Decimal(9), horizon_years=Decimal(10)),
        )
    )
    parts = found["sell", "TSLA"].split("; ")
    assert {"keeps the realized gain within your limit of $3,000", "realizes a loss, which lowers tax"} <= {*parts}
    assert "realized gain" not in found["sell", "NVDA"]


def test_a_soft_limit_that_stays_exceeded_is_a_reason_and_said_to_stay() -> None:
    soft = replace(limits(magnificent_seven_max="0.05")[0], mode=LimitMode.SOFT, charge_bps_per_pp=Decimal(10))
    found = reasons(
        household(
            account("Roth", "roth", 0, {"NVDA": [lot(250)], "BND": [lot(600)]}),
            limits=(soft, *limits(turnover_max="0.1")),
        )
    )
    assert "keeps the Magnificent Seven nearer to your limit of 5%" in found["sell", "NVDA"]


@pytest.mark.parametrize("name", ANSWERED)
def test_the_reasons_of_a_sample_are_its_marginal_values_in_order_of_size(name: str) -> None:
    """Averaged here over the lots by shares, in a loop of its own."""
    plan = answer(name).plan
    for trade in plan.trades:
        rows = [
            r
            for r in plan.explanation.reasons
            if (r.account, r.symbol, r.side) == (trade.account, trade.symbol, trade.side)
        ]
        gains: dict[str, float] = {}
        shares = {(lot.acquired, lot.cost_per_share_usd): float(lot.shares) for lot in trade.lots} or {
            (None, None): 1.0
        }
        for row in rows:
            share = shares.get((row.acquired, row.cost_per_share_usd), 0.0) / sum(shares.values())
            for part, gain in row.parts.items():
                gains[part] = gains.get(part, 0.0) + share * gain
        stated = {reason.part: reason.gain for reason in trade.reasons}
        assert list(stated.values()) == sorted(stated.values(), reverse=True)
        if not any(row.traded > 1e-7 for row in rows):
            assert list(stated) == ["rounding"]
            assert trade.why.startswith("rounding to shares alone")
            continue
        assert stated == pytest.approx({part: gain for part, gain in gains.items() if gain > 1e-4}, abs=1e-12)
        assert len(trade.why.split("; ")) >= len(stated)


def test_cash_of_a_sale_pays_only_for_purchases_of_its_own_account() -> None:
    made = answer("tech-employee")
    plan = made.plan
    cash = tuple(replace(r, parts={"cash": 0.01}) for r in plan.explanation.reasons if r.side == "sell")

    def words(*, with_own_purchases: bool) -> list[str]:
        sales = tuple(t for t in plan.trades if t.side == "sell" and t.account == "Brokerage")
        bought = tuple(t for t in plan.trades if t.side == "buy" and (with_own_purchases or t.account != "Brokerage"))
        everywhere = tuple(r for r in plan.explanation.reasons if r.side == "buy")
        found = with_reasons(
            (*sales, *bought),
            plan.limits,
            plan.defaults,
            plan.reference,
            made.portfolio,
            made.market,
            (*cash, *everywhere),
        )
        assert bought
        return [trade.why for trade in found if trade.side == "sell"]

    assert words(with_own_purchases=True) == ["pays for purchases in this account"]
    assert words(with_own_purchases=False) == ["raises cash in this account"]


@pytest.mark.parametrize(
    ("status", "bound", "words"),
    [
        ("binding", 0.65, "keeps the Magnificent Seven within your limit of 65%"),
        ("slack", 0.65, "keeps the Magnificent Seven within your limit of 65%"),
        ("exceeded", 0.60, "keeps the Magnificent Seven nearer to your limit of 60%"),
        ("broken_before", 0.65, "brings the Magnificent Seven down to your limit of 65%"),
        ("broken_before", 0.60, "keeps the Magnificent Seven no worse than today"),
    ],
)
def test_words_of_a_limit_follow_from_how_it_stands_with_all_orders(status: str, bound: float, words: str) -> None:
    made = answer("tech-employee")
    plan = made.plan
    sale = next(trade for trade in plan.trades if trade.side == "sell")
    seven = next(limit for limit in plan.limits if limit.label == "magnificent_seven.max")
    limit = replace(seven, status=status, bound=bound)
    pressed = tuple(replace(r, parts={seven.label: 0.01}) for r in plan.explanation.reasons)
    (found,) = with_reasons((sale,), (limit,), plan.defaults, plan.reference, made.portfolio, made.market, pressed)
    assert found.why.split("; ")[0] == words


def test_an_order_for_which_nothing_speaks_is_no_answer() -> None:
    plan = answer("tech-employee").plan
    against = tuple(replace(r, parts=dict.fromkeys(r.parts, -0.01)) for r in plan.explanation.reasons)
    made = answer("tech-employee")
    with pytest.raises(UnverifiedAnswerError, match="nothing speaks for the order to sell NVDA in Brokerage"):
        with_reasons(plan.trades, plan.limits, plan.defaults, plan.reference, made.portfolio, made.market, against)


def test_a_part_that_cannot_speak_for_an_order_has_no_words() -> None:
    plan = answer("tech-employee").plan
    strange = tuple(replace(r, parts={"doubt": 0.5}) for r in plan.explanation.reasons)
    made = answer("tech-employee")
    with pytest.raises(KeyError):
        with_reasons(plan.trades, plan.limits, plan.defaults, plan.reference, made.portfolio, made.market, strange)


@pytest.mark.parametrize("name", ANSWERED)
def test_every_order_of_a_sample_has_a_reason(name: str) -> None:
    trades = answer(name).plan.trades
    assert all(trade.why for trade in trades)
    assert all("None" not in trade.why for trade in trades)


def test_a_purchase_from_cash_reinvests_no_proceeds() -> None:
    found = {trade.symbol: trade.why for trade in answer("young-saver").plan.trades}
    assert found == dict.fromkeys(found, "brings cash down to your limit of 0.2%; holds none of the seven")


def test_a_sale_for_the_cash_an_account_must_keep_says_so() -> None:
    found = reasons(
        household(
            account("IRA", "traditional", 1000, {"SPY": [lot(100)]}, min_cash_usd=Decimal(5000)),
            preferences=Preferences(buy=()),
        )
    )
    assert "raises cash to the account's minimum of $5,000" in found["sell", "SPY"].split("; ")
