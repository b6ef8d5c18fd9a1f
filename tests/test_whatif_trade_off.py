from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import jsonschema
import pytest

from advisor.api.recommend import recommend, with_trade_off
from advisor.portfolio.load import load_portfolio
from advisor.portfolio.model import Lot
from advisor.rebalance.record import recommendation_schema
from advisor.whatif.record import what_if_schema
from advisor.whatif.trade_off import MOST_LOTS, trade_off
from tests.samples import ANSWERED, NEVER, answer, market, text_of


@pytest.fixture(scope="module", params=ANSWERED)
def made(request):
    return with_trade_off(answer(request.param))


def test_the_record_with_everything_beside_it_meets_its_schema(made):
    document = json.loads(made.json_text)
    jsonschema.validate(document, recommendation_schema(), cls=jsonschema.Draft202012Validator)
    assert document["trade_off"]["sensitivities"]


def test_an_outcome_has_one_form_in_both_records():
    assert recommendation_schema()["$defs"]["outcome"] == what_if_schema()["$defs"]["outcome"]


def test_the_file_s_scenarios_follow_the_five_alternatives(made):
    names = [found.name for found in made.trade_off.alternatives]
    is_taxed = any(account.is_taxable for account in made.portfolio.accounts)
    built_in = ["do_nothing", "half", "ijr_only", "russell_2000_only", *(["held_until_death"] if is_taxed else [])]
    assert names == [*built_in, *(scenario.name for scenario in made.portfolio.scenarios)]


def test_each_curve_falls_and_a_tighter_cap_never_gains_more(made):
    for curve in (made.trade_off.cost_curve, made.trade_off.frontier):
        if curve is None:
            continue
        places = [point.at for point in curve.points]
        assert places == sorted(places, reverse=True)
        gains = [point.measures.gain for point in curve.points if point.measures]
        assert all(later <= earlier + 1e-7 for earlier, later in pairwise(gains))


def test_the_cost_curve_begins_at_today_for_nothing_where_limits_are_broken():
    """With every limit no worse than today, today's household is within them: its own level costs no tax.

    Without the sample's views, which would sell some of its shares for what small companies are to earn more, and with
    its shares of Nvidia a choice, which are too many else.
    """
    text = text_of("tech-employee").replace("views: [small-caps-2026]\n", "")
    text = text.replace("preferences: {", "preferences: {company_share: 100%, ")
    portfolio = load_portfolio(text.encode(), file="without-views.yaml", today=NEVER)
    assert portfolio.views == ()
    found = with_trade_off(recommend(portfolio, market(), "without-views.yaml", text, {"advisor": "test"}))
    first = found.trade_off.cost_curve.points[0]
    assert first.at == pytest.approx(found.plan.before.exposure.seven.high, abs=1e-9)
    assert first.measures.tax_usd <= Decimal("0.01")


def test_a_household_of_very_many_lots_is_compared_without_solving():
    found = answer("young-saver")
    account = found.portfolio.accounts[0]
    position = account.positions[0]
    share = position.shares / (MOST_LOTS + 1)
    lots = tuple(
        Lot(share, position.lots[0].cost_per_share_usd, position.lots[0].acquired) for _ in range(MOST_LOTS + 1)
    )
    crowded = replace(account, positions=(replace(position, lots=lots), *account.positions[1:]))
    household = replace(found.portfolio, accounts=(crowded, *found.portfolio.accounts[1:]))
    beside = trade_off(household, found.market, found.plan)
    assert [outcome.name for outcome in beside.alternatives] == ["do_nothing", "half"]
    assert (beside.cost_curve, beside.frontier, beside.sensitivities) == (None, None, ())
    assert "2,000 lots" in beside.note
