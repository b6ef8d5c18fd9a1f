"""What changed between two recommendations: inputs altered here, one kind after another."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

import pytest

from advisor.market.data import MarketData
from advisor.market.resolve import resolve
from advisor.portfolio.model import Portfolio
from advisor.rebalance.plan import rebalance
from advisor.whatif.difference import Difference, Inputs, difference
from tests.samples import market, sample
from tests.views import view

NAME = "couple-mixed-lots"


def old() -> Inputs:
    return Inputs(replace(sample(NAME), scenarios=()), market())


def with_prices(data: MarketData, **prices: str) -> MarketData:
    changed = {s: replace(data.securities[s], close_usd=Decimal(usd)) for s, usd in prices.items()}
    return replace(data, sha256="0" * 64, id="later", securities=MappingProxyType({**data.securities, **changed}))


def with_lists(data: MarketData) -> MarketData:
    """QQQM holds nothing of the seven any more."""
    known = data.constituents["QQQM"]
    emptied = replace(known, companies={"Walmart": (1.0, 1.0)}, magnificent_seven=(0.0, 0.0))
    changed = MappingProxyType({**data.constituents, "QQQM": emptied})
    return replace(data, sha256="1" * 64, id="other lists", constituents=changed)


def with_risk(data: MarketData) -> MarketData:
    """IJR swings half as much again."""
    loadings = data.covariance.loadings.copy()
    loadings[data.covariance.symbols.index("IJR")] *= 1.5
    covariance = replace(data.covariance, loadings=loadings)
    return replace(data, sha256="2" * 64, id="other risk", covariance=covariance)


def paths(found: Difference) -> list[str]:
    return [step.change.path for step in found.steps]


def fresh(inputs: Inputs) -> tuple:
    plan = rebalance(inputs.portfolio, resolve(inputs.market, inputs.portfolio))
    return plan.after, plan.tax


def test_equal_inputs_are_no_step() -> None:
    found = difference(old(), old())
    assert found.steps == ()
    assert (found.start.after, found.start.tax) == fresh(old())


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        (with_prices(market(), META="900"), "prices"),
        (with_lists(market()), "fund lists"),
        (with_risk(market()), "risk"),
    ],
)
def test_one_part_of_the_market_data_is_named_by_itself(changed: MarketData, path: str) -> None:
    new = Inputs(old().portfolio, changed)
    found = difference(old(), new)
    assert paths(found) == [path]
    if path == "risk":  # a riskier fund is expected to earn more, too: the orders are the same, and the risk is not
        assert found.steps[0].moved == 0
        assert found.steps[0].outcome.after.volatility > found.start.after.volatility + 1e-3
    else:
        assert found.steps[0].moved > 1e-3
    assert (found.steps[-1].outcome.after, found.steps[-1].outcome.tax) == fresh(new)


def test_every_group_is_a_step_in_the_stated_order_and_the_last_is_the_new_answer() -> None:
    base = old().portfolio
    joint, *rest = base.accounts
    portfolio = replace(
        base,
        as_of=base.as_of.replace(day=25),
        accounts=(replace(joint, cash_usd=Decimal(12500)), *rest),
        tax=replace(base.tax, state_rate=Decimal("0.05"), long_term_rate=Decimal("0.188")),
        preferences=replace(base.preferences, horizon_years=Decimal(5), min_gain=Decimal("0.001")),
        views=(view("IJR", "0.09"),),
        limits=(replace(base.limits[0], bound=Decimal("0.25")), *base.limits[1:-1]),
    )
    new = Inputs(portfolio, with_risk(with_lists(with_prices(market(), META="700", VOO="640"))))
    found = difference(old(), new)
    assert paths(found) == [
        "as_of",
        "prices",
        "fund lists",
        "risk",
        "accounts.Joint",
        "tax",
        "preferences.horizon_years",
        "preferences.min_gain",
        "views.IJR",
        "limits.magnificent_seven.max",
        "limits.small_caps.min",
    ]
    assert found.steps[5].change.before == "long_term_rate 15%, state_rate 0%"
    assert found.steps[5].change.after == "long_term_rate 18.8%, state_rate 5%"
    assert (found.steps[-1].outcome.after, found.steps[-1].outcome.tax) == fresh(new)
    states = [found.start.after, *(step.outcome.after for step in found.steps)]
    for before, after, step in zip(states, states[1:], found.steps, strict=False):
        names = before.weights.keys() | after.weights.keys()
        moved = sum(abs(before.weights.get(n, 0) - after.weights.get(n, 0)) for n in names)
        assert step.moved == pytest.approx((moved + abs(before.cash_weight - after.cash_weight)) / 2, abs=1e-15)


def test_a_step_without_an_answer_moves_nothing_that_can_be_told() -> None:
    base = old().portfolio
    limits = (replace(x, bound=Decimal("0.05")) if x.label == "small_caps.max" else x for x in base.limits)
    portfolio = replace(base, limits=tuple(limits))  # the least is 10%
    (step,) = difference(old(), Inputs(portfolio, market())).steps
    assert (step.outcome.status, step.moved) == ("conflict", None)


def test_market_data_that_lack_a_symbol_held_before_are_one_step() -> None:
    base: Portfolio = old().portfolio
    without = {symbol: security for symbol, security in market().securities.items() if symbol != "TSLA"}
    data = replace(market(), sha256="3" * 64, id="without", securities=MappingProxyType(without))
    joint, *rest = base.accounts
    sold = replace(joint, positions=tuple(p for p in joint.positions if p.symbol != "TSLA"))
    new = Inputs(replace(base, accounts=(sold, *rest)), data)
    found = difference(old(), new)
    assert paths(found) == ["market data", "accounts.Joint"]
    assert (found.steps[0].outcome.status, found.steps[0].moved) == ("unverified", None)
    assert "TSLA" in found.steps[0].outcome.reason or "No market data" in found.steps[0].outcome.reason
    assert found.steps[1].change.after == "TSLA 0"
    assert (found.steps[1].outcome.after, found.steps[1].outcome.tax) == fresh(new)
