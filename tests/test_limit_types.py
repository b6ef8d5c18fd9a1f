"""Each kind of limit, from the catalogue alone: whoever adds one is told here what is missing.

The household is measured by the optimizer's rows and by the independent check, which share nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal
from functools import cache

import jsonschema
import pytest

from advisor.errors import LimitsConflictError
from advisor.optimize.limits import compile_limits
from advisor.portfolio.limit_types import LIMIT_TYPES, LimitType, MeasuredOn, Side, Unit, limit_noun, split_limit
from advisor.portfolio.load import load_portfolio
from advisor.portfolio.model import Limit, LimitMode, Portfolio
from advisor.portfolio.schema import json_schema
from advisor.rebalance.model import RebalancePlan
from advisor.rebalance.outcome import limit_results
from advisor.rebalance.plan import survey
from advisor.rebalance.record import PortfolioFile, record, to_json
from advisor.rebalance.verify import verify
from advisor.rebalance.verify.ledger import read_ledger
from advisor.rebalance.verify.limits import measured
from advisor.report.limits import limit_words
from tests import made_up_past
from tests.limit_reference import written
from tests.samples import NEVER, answer, sample, text_of
from tests.small_households import planned, resolved

SAMPLE = "tech-employee"
EVERY_SIDE = [(name, side) for name, kind in LIMIT_TYPES.items() for side in kind.sides]
NOT_CONVEX = {"max_drawdown"}  # of today's limits, what the optimizer cannot charge for


def with_example(kind: LimitType) -> Portfolio:
    """The sample with the catalogue's example as its one limit."""
    text = re.sub(r"(?ms)^limits:\n(  .*\n)+", f"limits:\n  {kind.name}: {kind.example}\n", text_of(SAMPLE))
    return load_portfolio(text.encode(), file="example.yaml", today=NEVER)


def limit_of(kind: LimitType, side: Side, bound: Decimal) -> Limit:
    """A limit of that kind on what its example is on."""
    first = with_example(kind).limits[0]
    return replace(first, side=side, bound=bound)


@cache
def household() -> Portfolio:
    return replace(sample(SAMPLE), limits=(), scenarios=())


def under(*limits: Limit) -> Portfolio:
    return replace(household(), limits=limits)


def levels(limit: Limit) -> tuple[float, float]:
    """Today's level and that after the sample's own orders."""
    found, plan = survey(under(limit), resolved(household())), answer(SAMPLE).plan
    (result,) = limit_results(found.measurer, plan.before, plan.after, plan.trades)
    return result.before, result.after


def plan_or_refusal(portfolio: Portfolio) -> RebalancePlan | str:
    try:
        return planned(portfolio)
    except LimitsConflictError as error:
        return str(error)


@pytest.mark.parametrize("name", LIMIT_TYPES)
def test_the_example_is_a_limit_and_the_schema_takes_it(name: str) -> None:
    kind = LIMIT_TYPES[name]
    assert {limit.type for limit in with_example(kind).limits} == {kind}
    schema = json_schema()["$defs"]["LimitsEntry"]["properties"]
    assert schema[name]["description"].casefold() == f"{kind.meaning}.".casefold()


@pytest.mark.parametrize("name", LIMIT_TYPES)
def test_the_schema_knows_its_sides(name: str) -> None:
    kind = LIMIT_TYPES[name]
    for side in Side:
        bound = "10%" if kind.unit is Unit.FRACTION else "1"
        entry = {str(side): bound}
        part = with_example(kind).limits[0].part
        tree = {"version": 1, "name": "A", "accounts": [{"name": "B", "type": "roth", "cash": 1}],
                "limits": {name: {part: entry} if part else entry}}  # fmt: skip
        if side in kind.sides:
            jsonschema.validate(tree, json_schema())
        else:
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(tree, json_schema())


@pytest.mark.parametrize(("name", "side"), EVERY_SIDE)
def test_its_level_is_that_of_the_independent_check(name: str, side: Side) -> None:
    limit = limit_of(LIMIT_TYPES[name], side, Decimal("0.1"))
    document = json.loads(answer(SAMPLE).json_text)
    ledger = read_ledger(document, household(), resolved(household()))
    found = measured(limit, household(), resolved(household()), ledger)
    assert levels(limit) == pytest.approx((found.before, found.after), rel=1e-9, abs=1e-12)
    assert found.before != found.after  # the orders move every limit, so that a level that is always one is found


@pytest.mark.parametrize(("name", "side"), EVERY_SIDE)
def test_a_bound_between_today_and_the_orders_is_kept_by_an_answer_that_is_checked(name: str, side: Side) -> None:
    kind = LIMIT_TYPES[name]
    today, after = levels(limit_of(kind, side, Decimal("0.1")))
    bound = today + 0.01 * (after - today) if kind.measured_on is not MeasuredOn.TRADES else after / 2
    if side is Side.MAX and bound > today > 0 and kind.measured_on is not MeasuredOn.TRADES:
        bound = today * 0.99  # the orders raise it
    if side is Side.MIN and bound < today:
        bound = today + 0.01 * abs(today)
    limit = limit_of(kind, side, Decimal(f"{bound:.6f}"))
    portfolio = under(limit)
    plan = plan_or_refusal(portfolio)
    if isinstance(plan, str):
        assert limit_noun(limit.name) in plan
        return
    document = json.loads(to_json(record(plan, portfolio, resolved(portfolio), PortfolioFile("x.yaml", ""), {})))
    assert [check.detail for check in verify(document, portfolio, resolved(portfolio)) if not check.passed] == []
    document["limits"][0]["after"] += 0.001 if kind.unit is not Unit.USD else 1.0
    assert any(not check.passed for check in verify(document, portfolio, resolved(portfolio)))


@pytest.mark.parametrize("name", LIMIT_TYPES)
def test_a_soft_limit_has_rows_and_a_charge_where_it_may_be_soft(name: str) -> None:
    kind = LIMIT_TYPES[name]
    assert kind.may_be_soft is (name not in NOT_CONVEX)
    hard = limit_of(kind, kind.sides[0], Decimal("0.1"))
    portfolio = under(replace(hard, mode=LimitMode.SOFT) if kind.may_be_soft else hard)
    (compiled,) = compile_limits(portfolio, resolved(portfolio), survey(portfolio, resolved(portfolio)).inputs)
    assert compiled.limit == portfolio.limits[0]


@pytest.mark.parametrize("name", LIMIT_TYPES)
def test_a_backtest_keeps_it_or_says_why_not(name: str) -> None:
    kind = LIMIT_TYPES[name]
    portfolio = replace(made_up_past.household(), limits=(limit_of(kind, kind.sides[0], Decimal("0.1")),))
    _, _, rules = made_up_past.surroundings(portfolio, made_up_past.panel())
    if kind.not_in_backtest is None:
        assert len(rules.limits) == 1
    else:
        assert (rules.limits, rules.not_applied) == ((), (f"{portfolio.limits[0].label}: {kind.not_in_backtest}",))


def test_words_name_one_kind_each() -> None:
    made = [limit_of(kind, kind.sides[0], Decimal("0.1")) for kind in LIMIT_TYPES.values()]
    nouns = [limit_noun(limit.name) for limit in made]
    assert len({noun.casefold() for noun in nouns}) == len(made)
    plan = answer(SAMPLE).plan
    found = survey(under(*made), resolved(household()))
    labels = [limit_words(result) for result in limit_results(found.measurer, plan.before, plan.after, ())]
    assert len({label.casefold() for label in labels}) == len(made)
    assert not any("{" in words for words in (*nouns, *labels))


@pytest.mark.parametrize("name", ["no_such", "funds", "sectors", "magnificent_seven.x", "", "funds."])
def test_a_name_without_a_kind_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match="no limit is named"):
        split_limit(name)


def test_the_tables_and_the_schema_are_those_of_the_catalogue() -> None:
    """If this fails: python -m tests.limit_reference."""
    for path, text in written():
        assert path.read_text("utf-8") == text, path.name
