"""The whole backtest: variants, what they are compared with, and the record."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from functools import cache
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from advisor.backtest.compare import (
    BENCHMARK,
    HOLD,
    WITHOUT,
    Asked,
    Backtest,
    backtest,
    exceeded,
    policy_name,
    trial_variance,
    walks,
    without_small_caps,
)
from advisor.backtest.history import wanted_columns
from advisor.backtest.measures import deflated_sharpe_ratio, returns_of_values
from advisor.backtest.model import Frequency, Policy
from advisor.backtest.record import backtest_record, backtest_schema, daily_values
from advisor.backtest.words import assumptions
from advisor.errors import InputError
from advisor.market.price_file import PanelSource, panel_of_table, read_prices
from advisor.market.resolve import resolve
from advisor.portfolio.load import load_portfolio
from tests.made_up_past import HOUSEHOLD, household, panel, surroundings
from tests.samples import ANSWERED, market, text_of

SHARED = Path(__file__).parent.parent.parent / "shared" / "data" / "prices_wide.csv"
VARIANTS = Asked((Frequency.MONTHLY, Frequency.YEARLY), (0.0, 0.05), tried=6)


def run(asked: Asked, text: str = HOUSEHOLD) -> Backtest:
    portfolio = household(text)
    return backtest(portfolio, resolve(market(), portfolio), panel(), asked)


@cache
def four_variants() -> Backtest:
    return run(VARIANTS)


def test_every_pair_of_frequency_and_band_is_a_row_beside_the_three_comparisons() -> None:
    rows = four_variants().rows
    assert [row.track.name for row in rows] == [
        "monthly",
        "monthly, band 5%",
        "yearly",
        "yearly, band 5%",
        WITHOUT,
        HOLD,
        "SPY",
    ]
    assert len(rows) == walks(VARIANTS)
    assert rows[-1].kind == BENCHMARK
    assert all(row.track.values_usd[0] == pytest.approx(rows[0].track.values_usd[0]) for row in rows)


def test_the_sharpe_ratios_are_deflated_by_the_variants_shown_and_tried() -> None:
    test = four_variants()
    assert test.trials == 10
    row = test.rows[0]
    returns = returns_of_values(row.track.values_usd)
    start = len(test.history.days) - len(row.track.days)
    cash = returns_of_values(test.history.cash_growth[start:])
    plain = deflated_sharpe_ratio(returns, cash, 1, 0.0)
    assert row.figures.deflated_sharpe == pytest.approx(deflated_sharpe_ratio(returns, cash, 10, 1 / (len(cash) - 1)))
    assert row.figures.deflated_sharpe < plain
    assert all(row.figures.deflated_sharpe is None for row in test.rows if row.kind != "policy")


def test_the_variance_of_trials_is_that_seen_where_it_is_the_larger() -> None:
    assert trial_variance([0.01, 0.05], 1000) == pytest.approx(1 / 999)
    assert trial_variance([0.01, 0.09], 1000) == pytest.approx(0.0032)


def test_without_small_caps_none_is_bought_and_no_limit_asks_for_any() -> None:
    asking = HOUSEHOLD.replace("small_caps: {max: 30%}", "small_caps: {min: 10%, max: 30%}, funds: {IJR: {max: 9%}}")
    history, _, rules = surroundings(household(asking), panel())
    fewer = without_small_caps(rules, history.symbols.index("SPY"))
    assert [limit.label for limit in fewer.limits] == ["single_company.max", "cash.min"]
    row = next(row for row in run(Asked(), asking).rows if row.kind == WITHOUT)
    assert row.track.small_cap_weights.max() == 0.0


def test_the_benchmark_is_on_offer_in_place_of_small_caps_and_not_cash_alone() -> None:
    history, _, rules = surroundings(household(), panel())
    spy, iwm = history.symbols.index("SPY"), history.symbols.index("IWM")
    assert np.flatnonzero(without_small_caps(rules, spy).may_buy.any(axis=0)).tolist() == [spy]
    assert not without_small_caps(rules, iwm).may_buy.any()  # a benchmark of small caps is no way out of them
    row = next(row for row in run(Asked()).rows if row.kind == WITHOUT)
    bought = sum(one.bought_usd.sum(axis=0) for one in row.track.decisions)
    assert np.flatnonzero(bought).tolist() == [spy]
    assert "(monthly) with SPY in place of small-cap funds" in " ".join(assumptions(run(Asked())))


def test_a_gain_is_not_said_to_be_limited_where_none_is_taxed() -> None:
    limited = HOUSEHOLD.replace("limits: {", "limits: {realized_gain: {max: 4000}, ")
    assert "realized_gain.max" in run(Asked(), limited).limits_applied
    assert "realized_gain.max" not in run(Asked(taxed=False), limited).limits_applied


def test_what_a_reader_could_take_wrongly_is_said() -> None:
    words = " ".join(assumptions(four_variants()))
    assert "best of 10 tried without skill" in words
    assert "not that the holdings were chosen with hindsight" in words
    assert "saves tax on other income, on up to $3,000" in words
    assert "Withdrawals from a traditional account are not taxed" in words
    assert "expected returns implied by the household's own mix of the day" in words
    assert "risk aversion that at which VTI (SPY until VTI has the window) earns today's premium of 4.5%" in words
    assert "the lesser of 5 bp of the household and $500 a year" in words
    assert "Shares of one company above 10% of the household count as the US stock funds on offer" in words
    assert "do not grow beyond what they are on the day. These bounds yield" in words
    assert "shorter than a year" not in words
    days = panel().days
    short = run(Asked(start=days[-200]))
    assert "shorter than a year" in " ".join(assumptions(short))


def test_what_the_file_leaves_out_is_not_said_to_be_done() -> None:
    text = HOUSEHOLD.replace(", small_caps: {max: 30%}", "")
    text = text.replace("{horizon_years: 3}", "{horizon_years: 3, company_share: 100%, risk_aversion: 3}")
    words = " ".join(assumptions(run(Asked(), text)))
    assert "Shares of one company" not in words
    assert "risk aversion that of the file" in words
    assert "nor do small caps beyond 20% of US stocks" in words


def test_the_benchmark_has_neither_trades_nor_a_tracking_error() -> None:
    row = four_variants().rows[-1]
    assert row.figures.turnover == row.figures.tax_usd == 0.0
    assert row.figures.tracking_error == pytest.approx(0.0, abs=1e-12)
    assert row.figures.latent_usd > 0  # of the taxable account


def test_without_tax_nothing_is_paid_or_owed() -> None:
    for row in run(Asked(taxed=False)).rows:
        assert (row.figures.tax_usd, row.figures.due_usd, row.figures.latent_usd) == (0.0, 0.0, 0.0)
        assert row.figures.growth == pytest.approx(row.figures.growth_before_tax, abs=1e-12)


def test_tax_lowers_growth_and_selling_lowers_it_further() -> None:
    for row in four_variants().rows:
        assert row.figures.growth_sold <= row.figures.growth + 1e-12
        assert row.figures.growth <= row.figures.growth_before_tax + 0.002  # a loss may save other tax


def test_an_end_is_the_last_day_that_anything_is_known_of() -> None:
    assert run(Asked(end=date(2019, 6, 28))).end == date(2019, 6, 28)


def test_a_household_of_cash_alone_has_nothing_to_walk() -> None:
    text = """\
version: 1
name: Cash
as_of: 2026-07-13
accounts: [{name: A, type: roth, cash: 100}]
"""
    with pytest.raises(InputError, match="needs holdings"):
        run(Asked(), text)


def test_limits_that_no_day_can_meet_together_are_come_close_to_and_counted() -> None:
    """Calmer than cash allows, as close to SPY as SPY alone, and no gain to be realised."""
    limits = (
        "limits: {volatility: {max: 3%}, tracking_error: {benchmark: SPY, max: 1%}, realized_gain: {max: 0}, "
        "single_company: {max: 5%}, small_caps: {min: 20%, max: 25%}}"
    )
    lines = [limits if line.startswith("limits:") else line for line in HOUSEHOLD.splitlines()]
    row = run(Asked(), "\n".join(lines)).rows[0]
    found = exceeded(row.track)
    assert found["volatility.max"][0] + found["tracking_error.max"][0] >= len(row.track.decisions)
    assert all(0 < most < 1 for _, most in found.values())
    assert "realized_gain.max" not in found


def test_a_household_of_too_many_securities_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("advisor.backtest.compare.LARGEST", 5)
    with pytest.raises(InputError, match="at most 5 securities, and this household needs 6"):
        run(Asked())


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ("sectors: {Energy: {max: 12%}}", "what funds held on a day in the past is not in the data"),
        ("max_drawdown: {max: 50%}", "its months lie on both sides"),
        ("stress: {covid_2020: {max: 25%}}", "had not happened yet"),
        ("magnificent_seven: {max: 40%}", "counts shares held directly alone"),
        ("expense_ratio: {max: 0.15%}", "fees of the past"),
    ],
)
def test_what_of_a_limit_could_not_be_known_is_said(limit: str, reason: str) -> None:
    rules = surroundings(household(HOUSEHOLD.replace("limits: {", f"limits: {{{limit}, ")), panel())[2]
    name = limit.partition(":")[0]
    assert [words for words in rules.not_applied if words.startswith(name) and reason in words]


def test_the_record_follows_its_schema_and_says_what_it_is() -> None:
    test, portfolio = four_variants(), household()
    record = backtest_record(
        test, portfolio, resolve(market(), portfolio), PanelSource(panel(), "closes.csv", "0" * 64)
    )
    jsonschema.validate(record, backtest_schema(), cls=jsonschema.Draft202012Validator)
    jsonschema.Draft202012Validator.check_schema(backtest_schema())
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    words = " ".join(record["disclosures"])
    assert "hypothetical in nature" in words
    assert "losing periods are included" in words
    assert "may have similar or superior characteristics" in words
    assert "not a registered investment adviser" in words
    assert "chosen knowing how they did" in words
    assert not any(banned in words.lower() for banned in ("guaranteed", " safe", "will outperform", "no tax"))


def test_the_daily_values_are_those_of_the_tracks() -> None:
    test = four_variants()
    rows = list(csv.reader(io.StringIO(daily_values(test))))
    assert rows[0] == ["Date", *(row.track.name for row in test.rows)]
    assert len(rows) == len(test.rows[0].track.days) + 1
    assert float(rows[-1][1]) == pytest.approx(test.rows[0].figures.final_usd, abs=0.005)


def test_variants_are_named_by_what_they_are() -> None:
    assert policy_name(Policy()) == "monthly"
    assert policy_name(Policy(Frequency.QUARTERLY, 0.025)) == "quarterly, band 2.5%"


@pytest.mark.skipif(not SHARED.exists(), reason="needs the shared price panel")
@pytest.mark.parametrize("name", [*ANSWERED, "impossible"])
def test_every_sample_walks_through_the_real_past(name: str) -> None:
    portfolio = load_portfolio(text_of(name).encode(), file=f"{name}.yaml", today=date(2026, 11, 20))
    prices = panel_of_table(read_prices(SHARED, wanted_columns(portfolio), date.min))
    test = backtest(portfolio, resolve(market(), portfolio), prices, Asked())
    policy, benchmark = test.rows[0], test.rows[-1]
    assert test.end == date(2026, 7, 13)
    assert np.isfinite(policy.track.values_usd).all()
    assert policy.track.values_usd.min() > 0
    of_2025 = next(year.value for year in benchmark.figures.years if year.year == 2025)
    assert of_2025 == pytest.approx(0.1772, abs=5e-5)  # published for SPY
