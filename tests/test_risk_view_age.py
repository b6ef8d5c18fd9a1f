"""Views of a named set on a day: rolled with prices, aged, or switched off; by the program and by the check."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pandas as pd
import pytest

from advisor.market.data import MarketData
from advisor.market.prices.history import Split
from advisor.portfolio.model import Portfolio, PricedEarnings, View, Vintage
from advisor.portfolio.views import view_set
from advisor.rebalance.plan import survey
from advisor.rebalance.verify import verify
from advisor.rebalance.verify.views import counted, view_faults
from advisor.rebalance.warn import warnings_of
from advisor.risk.view_age import Use, UsedView, views_as_used, views_that_count
from tests.evidence_data import DATA, needs_data
from tests.samples import market, record_of, sample
from tests.views import view

SET_DAY = date(2025, 12, 31)
DAY = date(2026, 11, 20)


def household(as_of: date = DAY, *views: View) -> Portfolio:
    return replace(sample("tech-employee"), as_of=as_of, views=views or view_set("small-caps-2026").views)


def priced(**closes: tuple[str, date]) -> MarketData:
    """The snapshot with other closes: ``IJR=("124.12", day)``."""
    known = dict(market().securities)
    for symbol, (close, day) in closes.items():
        known[symbol] = replace(known[symbol], close_usd=Decimal(close), close_date=day)
    return replace(market(), securities=known)


def used(portfolio: Portfolio, data: MarketData | None = None) -> UsedView:
    (found,) = views_as_used(portfolio, data or market())
    return found


def test_a_gap_of_earnings_yields_goes_with_the_prices() -> None:
    """1/15.9 over 144.99/124.12, less 1/27 over 749.17/681.76: 2.0136% in place of 2.59%."""
    found = used(household())
    assert found.use is Use.ROLLED
    by_hand = 124.12 / 144.99 / 15.9 - 681.76 / 749.17 / 27
    assert float(found.used.annual_return) == pytest.approx(by_hand, abs=5e-7)
    assert float(found.used.annual_return) == pytest.approx(0.020136, abs=1e-9)
    assert (found.stated.annual_return, found.used.confidence) == (Decimal("0.0259"), Decimal("0.25"))
    assert found.prices_to == date(2026, 7, 13)


def test_prices_of_the_sets_day_give_back_what_it_states() -> None:
    """To a hundredth of a percent, to which the set is written."""
    day = date(2025, 12, 12)
    found = used(household(SET_DAY), priced(IJR=("124.12", day), SPY=("681.76", day)))
    assert found.use is Use.ROLLED
    assert float(found.used.annual_return) == pytest.approx(float(found.stated.annual_return), abs=5e-5)


def test_a_fund_that_rose_earns_less_and_one_that_fell_more() -> None:
    day = date(2026, 10, 5)
    up = used(household(), priced(IJR=("150", day))).used.annual_return
    down = used(household(), priced(IJR=("120", day))).used.annual_return
    large_up = used(household(), priced(SPY=("800", day))).used.annual_return
    assert up < used(household()).used.annual_return < down
    assert large_up > used(household()).used.annual_return


def test_a_split_between_the_two_days_changes_nothing() -> None:
    split = {"IJR": (Split(date(2026, 3, 2), Decimal(2)), Split(date(2025, 1, 2), Decimal(3)))}
    halved = replace(priced(IJR=("72.495", date(2026, 7, 13))), splits=split)
    assert used(household(), halved).used == used(household()).used


@pytest.mark.parametrize(
    "data",
    [
        priced(IJR=("60", date(2026, 7, 13))),
        priced(SPY=("1400", date(2026, 7, 13))),
        priced(SPY=("690", date(2025, 12, 11))),
        replace(market(), proxied={"IJR": "IWM"}),
    ],
    ids=["below half", "above twice", "before the day", "a proxy's price"],
)
def test_a_price_that_does_not_tell_leaves_the_confidence_to_age(data: MarketData) -> None:
    found = used(household(), data)
    assert found.use is Use.AGED
    assert found.used.annual_return == Decimal("0.0259")
    lived = (DAY - SET_DAY).days / 365.25
    assert float(found.used.confidence) == pytest.approx(0.25 * (1 - lived / 5), abs=5e-7)
    assert found.prices_to is None


def aged(years: str = "5", confidence: str = "0.8") -> View:
    made = view("IWM", "0.09", confidence=confidence, years=years)
    return replace(made, set="a set", vintage=Vintage(SET_DAY))


def test_confidence_falls_evenly_to_nothing_when_the_years_are_over() -> None:
    found = [
        float(used(household(SET_DAY + timedelta(days=days), aged())).used.confidence) for days in range(0, 1827, 29)
    ]
    assert found[0] == pytest.approx(0.8)
    steps = [one - other for one, other in pairwise(found)]
    assert steps == pytest.approx([0.8 * 29 / (5 * 365.25)] * len(steps), abs=2e-6)
    assert found[-1] == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize(
    ("as_of", "use"),
    [
        (SET_DAY - timedelta(days=1), Use.OFF),
        (SET_DAY, Use.ROLLED),
        (date(2030, 12, 31), Use.ROLLED),
        (date(2031, 1, 1), Use.OFF),
        (date(2040, 1, 1), Use.OFF),
    ],
)
def test_a_set_counts_from_its_day_until_its_years_are_over(as_of: date, use: Use) -> None:
    found = used(household(as_of))
    assert found.use is use
    assert (found.used.confidence == 0) is (use is Use.OFF)
    assert bool(views_that_count(household(as_of), market())) is (use is not Use.OFF)


def test_a_set_that_is_switched_off_leaves_what_is_implied() -> None:
    off, none = household(date(2031, 1, 1)), replace(household(date(2031, 1, 1)), views=())
    returns = [survey(portfolio, market()).measurer.returns for portfolio in (off, none)]
    symbols = [survey(portfolio, market()).inputs.symbols for portfolio in (off, none)]
    assert symbols[0] == symbols[1]
    assert returns[0].annual.tolist() == returns[1].annual.tolist()
    assert set(returns[0].origin) == {"implied by your own mix"}


def test_a_view_of_the_files_own_counts_as_it_is_stated_on_any_day() -> None:
    own = view("IJR", "0.0259", over="SPY", confidence="0.25", years="5")
    for as_of in (date(2020, 1, 1), DAY, date(2040, 1, 1)):
        assert used(household(as_of, own)) == UsedView(own, own, Use.STATED)


def test_a_view_that_was_rolled_is_not_rolled_again() -> None:
    once = used(household()).used
    assert used(household(DAY, once)) == UsedView(once, once, Use.STATED)
    assert once.set == "small-caps-2026"


def told(as_of: date, data: MarketData | None = None) -> dict[str, str]:
    made = survey(household(as_of), data or market())
    found = warnings_of(made.measurer, made.before, made.before, (), below_minimum=False)
    return {warned.code: warned.message for warned in found if warned.code.startswith("view_")}


def test_what_was_made_of_a_set_is_told() -> None:
    name = "The view IJR over SPY of small-caps-2026 (2025-12-31)"
    assert told(DAY) == {
        "view_rolled": f"{name} is rolled with prices to 2026-07-13: +2.01% a year in place of +2.59%, at the earnings "
        "of its day."
    }
    assert told(DAY, priced(IJR=("60", date(2026, 7, 13)))) == {
        "view_aged": f"{name} cannot be rolled with these prices and loses confidence with age: it counts with 20.6% "
        "in place of 25.0%."
    }
    assert told(date(2031, 1, 1)) == {
        "view_off": f"{name} is switched off: it is older than the 5 years that it is held for."
    }
    assert told(date(2025, 12, 30)) == {
        "view_off": f"{name} is switched off: it was not known on the day of the decision."
    }


def random_view(rng: random.Random) -> View:
    """A view of a set on one or two funds, with prices for all, some or none of them."""
    symbols = rng.sample(["IJR", "SPY", "IWM", "QQQ"], 2)
    over = symbols[1] if rng.random() < 0.7 else None
    made = view(
        symbols[0],
        f"{rng.uniform(-0.05, 0.1):.4f}",
        over=over,
        confidence=f"{rng.random():.2f}",
        years=rng.choice(("1", "2.5", "5")),
    )
    day = date(2026, 7, 13) - timedelta(days=rng.randint(-5, 1500))
    entries = tuple(
        PricedEarnings(
            symbol,
            Decimal(f"{rng.uniform(8, 40):.1f}"),
            (market().securities[symbol].close_usd * Decimal(f"{rng.uniform(0.4, 2.2):.3f}")).quantize(Decimal("0.01")),
            day,
            "a test",
        )
        for symbol in made.symbols
    )
    return replace(made, set="a set", vintage=Vintage(day, entries if rng.random() < 0.8 else ()))


def test_program_and_check_agree_on_how_a_view_counts() -> None:
    """400 draws: use and day are equal, returns and confidences to 1e-9; every use is drawn."""
    rng, seen = random.Random(13), set()
    for _ in range(400):
        portfolio = household(date(2026, 7, 13) + timedelta(days=rng.randint(-400, 400)), random_view(rng))
        found, checked = used(portfolio), counted(portfolio.views[0], portfolio, market())
        assert checked.use == found.use
        assert checked.annual_return == pytest.approx(float(found.used.annual_return), abs=1e-9)
        assert checked.confidence == pytest.approx(float(found.used.confidence), abs=1e-9)
        assert checked.prices_to == (found.prices_to.isoformat() if found.prices_to else None)
        seen.add(found.use)
    assert seen == {Use.ROLLED, Use.AGED, Use.OFF}


def changed(**fields) -> list[dict]:
    (line,) = record_of("tech-employee")["assumptions"]["views"]
    return [{**line, **fields}]


def test_a_record_states_how_its_views_count_and_the_check_agrees() -> None:
    (line,) = changed()
    assert (line["use"], line["set_as_of"], line["prices_to"]) == ("rolled", "2025-12-31", "2026-07-13")
    assert [entry["close_usd"] for entry in line["priced"]] == ["124.12", "681.76"]
    assert view_faults([line], sample("tech-employee"), market()) == []


@pytest.mark.parametrize(
    "stated",
    [
        None,
        [],
        changed() + changed(),
        changed(use="stated"),
        changed(used_return=0.0259),
        changed(used_confidence=0.26),
        changed(stated_return=0.03),
        changed(prices_to=None),
        changed(prices_to="2026-11-20"),
        changed(set_as_of="2026-11-20"),
        changed(priced=[]),
        changed(extra=1),
    ],
)
def test_another_statement_of_the_views_is_refused(stated: object) -> None:
    assert view_faults(stated, sample("tech-employee"), market())


def test_a_record_of_today_that_says_nothing_of_its_views_is_refused() -> None:
    document = record_of("tech-employee")
    del document["assumptions"]["views"]
    failed = [check.name for check in verify(document, sample("tech-employee"), market()) if not check.passed]
    assert "form: every key of its schema and no other, each value of its kind" in failed


def test_the_prices_of_a_sets_day_are_sourced_and_belong_to_its_views() -> None:
    for one in view_set("small-caps-2026").views:
        assert one.vintage is not None
        assert one.vintage.as_of == view_set("small-caps-2026").as_of
        assert tuple(entry.symbol for entry in one.vintage.priced) == one.symbols
        assert all(entry.source and entry.as_of <= one.vintage.as_of for entry in one.vintage.priced)


@needs_data
def test_the_closes_of_the_sets_day_are_the_quoted_ones() -> None:
    for entry in view_set("small-caps-2026").views[0].vintage.priced:
        quoted = pd.read_csv(DATA / "ohlc" / f"{entry.symbol}.csv", index_col="Date")["Close"][entry.as_of.isoformat()]
        assert float(entry.close_usd) == pytest.approx(quoted, abs=0.005)
