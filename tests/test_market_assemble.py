"""One household's market data from histories and facts, and the snapshot for what these lack."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from advisor.errors import MarketDataError
from advisor.market.assemble import Findings, assembled, frozen, with_accepted, with_files
from advisor.market.constituents import company_of
from advisor.market.data import MarketData, Origin
from advisor.market.prices.history import PriceHistory, SecurityFacts, SecurityKind, Split
from advisor.market.resolve import resolve
from advisor.market.snapshot import read_snapshot
from advisor.portfolio.preferences import CovarianceChoice, ReturnPeriod
from tests.market_households import LAST, NOW, calendar, history, portfolio
from tests.samples import market
from tests.small_market import small_market

BASIC = ("IJR", "IWM", "SPY", "VTI", "VTWO")
LISTED = (("AAPL", "Apple Inc", 0.05), ("ABC", "Abc Corp", 0.03), ("", "Cash", 0.02))


def facts(symbol: str, kind: SecurityKind = SecurityKind.ETF, **fields) -> SecurityFacts:
    given = {
        "name": f"{symbol} Fund",
        "category": "Small Value",
        "sector": None,
        "expense_ratio": 0.0025,
        "dividend_yield": 0.015,
        "price_to_earnings": None,
        "top_holdings": LISTED,
        "sectors": {"technology": 0.4, "healthcare": 0.6},
        "source": "made up",
        "fetched": NOW,
    }
    return SecurityFacts(symbol, kind=kind, **(given | fields))


def stock(symbol: str, **fields) -> SecurityFacts:
    given = {"category": None, "expense_ratio": None, "top_holdings": (), "sectors": {}, "name": f"{symbol} Inc."}
    return facts(symbol, SecurityKind.STOCK, **(given | fields))


def findings(
    *extra: PriceHistory, known: Mapping[str, SecurityFacts] | None = None, symbols: tuple[str, ...] = BASIC, **fields
) -> Findings:
    histories = {each.symbol: each for each in (*(history(symbol) for symbol in symbols), *extra)}
    origins = {symbol: Origin(f"made up {symbol}", each.sha256) for symbol, each in histories.items()}
    given = {"source": "Yahoo", "id": "yahoo-2026-11-20", "files": {}, "sessions": calendar()} | fields
    return Findings(histories=histories, origins=origins, facts=known or {}, **given)


def built(*extra: PriceHistory, choice: CovarianceChoice | None = None, **fields) -> MarketData:
    """Market data as they are read back from their own file."""
    return frozen(assembled(market(), findings(*extra, **fields), choice or CovarianceChoice()))[0]


def young(symbol: str, kind: SecurityKind, sessions: int = 300) -> PriceHistory:
    """A security that was listed lately."""
    made = history(symbol, kind=kind)
    return replace(
        made, **{name: getattr(made, name)[-sessions:] for name in ("days", "closes", "adjusted", "volumes")}
    )


# Securities that the snapshot does not know -------------------------------------------------------------------------
def test_an_unknown_fund_is_what_its_facts_say() -> None:
    data = built(young("NEWF", SecurityKind.ETF), known={"NEWF": facts("NEWF")})
    fund = data.securities["NEWF"]
    assert (fund.is_fund, fund.company, fund.sector, fund.index) == (True, None, "Small Value", None)
    assert fund.expense_ratio is not None
    assert fund.dividend_yield is not None
    assert (fund.expense_ratio.value, fund.dividend_yield.value, fund.half_spread.value) == (0.0025, 0.015, 0.0002)
    assert (fund.expense_ratio.as_of, fund.expense_ratio.source) == (LAST, "made up")
    assert data.is_small_cap("NEWF")
    assert data.identity("NEWF") == "NEWF"
    held = data.constituents["NEWF"]
    assert (held.basis, held.as_of, held.coverage) == ("ten largest", LAST, pytest.approx(0.10))
    assert held.companies["Apple"] == pytest.approx((0.05, 0.05))
    assert held.companies["Nvidia"] == pytest.approx((0.0, 0.02))  # less than the smallest that is named
    assert held.others_high == pytest.approx(0.03)


def test_an_unknown_stock_is_a_company_of_its_own() -> None:
    data = built(young("NEWS", SecurityKind.STOCK), known={"NEWS": stock("NEWS", sector="Financial Services")})
    share = data.securities["NEWS"]
    assert (share.is_fund, share.company, share.sector) == (False, "A made-up security", "Financials")
    assert share.half_spread.value == 0.0005
    assert share.expense_ratio is None
    assert not data.is_small_cap("NEWS")
    assert company_of(data, "NEWS") == "A made-up security"
    assert "A made-up security" not in data.constituents["SPY"].companies  # whose list was read without it


def test_a_security_of_which_only_prices_are_known() -> None:
    data = built(young("NEWS", SecurityKind.STOCK, 300), young("NEWF", SecurityKind.MUTUAL_FUND, 300))
    assert data.securities["NEWS"].sector is None
    assert (data.securities["NEWF"].sector, data.securities["NEWF"].half_spread.value) == (None, 0.0)
    assert "NEWF" not in data.constituents
    held = portfolio("{symbol: NEWF, shares: 10, cost_per_share: 40, acquired: 2026-06-01}")
    with pytest.raises(MarketDataError, match="NVDA"):
        resolve(data, held)


def past_months(data: MarketData, symbol: str) -> dict[date, float]:
    column = data.past_months.returns[:, data.past_months.symbols.index(symbol)]
    return dict(zip(data.past_months.months, column.tolist(), strict=True))


@pytest.mark.parametrize(
    ("symbol", "kind", "known", "stand_in"),
    [
        ("NEWS", SecurityKind.STOCK, {"sector": "Energy"}, "XLE"),
        ("NEWS", SecurityKind.STOCK, {"sector": "Communication Services"}, "XLC"),
        ("NEWS", SecurityKind.STOCK, {"sector": "Esoterics"}, "SPY"),
        ("NEWF", SecurityKind.ETF, {"category": "Small Blend"}, "SPY"),
        ("NEWF", SecurityKind.ETF, {"category": "Intermediate Core Bond"}, "AGG"),
        ("NEWF", SecurityKind.ETF, {"category": "Short Government"}, "AGG"),
    ],
)
def test_before_its_first_price_another_stands_in(symbol: str, kind: SecurityKind, known: dict, stand_in: str) -> None:
    make = stock if kind is SecurityKind.STOCK else facts
    data = built(young(symbol, kind), known={symbol: make(symbol, **known)})
    base = market()
    first = history(symbol).days[-300]
    theirs = past_months(data if stand_in in data.securities else base, stand_in)
    own = data.past_months.returns[:, data.past_months.symbols.index(symbol)]
    borrowed = [place for place, month in enumerate(data.past_months.months) if month < first]
    for place in borrowed:
        assert own[place] == pytest.approx(theirs[data.past_months.months[place]], abs=1e-12)
    months_before = sum(month in theirs for month in data.past_months.months if month <= first)
    assert data.past_months.stand_ins[symbol].endswith(f"months as {stand_in}")
    assert len(borrowed) in (months_before, months_before - 1)
    crash = next(episode for episode in data.episodes if episode.name == "covid_2020")
    known_crash = next(episode for episode in base.episodes if episode.name == "covid_2020")
    assert crash.returns[symbol] == known_crash.returns[stand_in]
    assert crash.stand_ins[symbol] == stand_in


def test_an_episode_within_the_history_is_its_own() -> None:
    """From the close of 2020-02-19 to that of 2020-03-23."""
    made = history("NEWF", kind=SecurityKind.ETF)
    data = built(made, known={"NEWF": facts("NEWF")})
    closes = dict(zip(made.days, made.adjusted, strict=True))
    expected = closes[date(2020, 3, 23)] / closes[date(2020, 2, 19)] - 1.0
    crash = next(episode for episode in data.episodes if episode.name == "covid_2020")
    assert crash.returns["NEWF"] == pytest.approx(expected, rel=1e-8)
    assert "NEWF" not in crash.stand_ins


# Securities that it knows -------------------------------------------------------------------------------------------
def test_a_known_security_keeps_what_no_source_says_anew() -> None:
    data = built(symbols=(*BASIC, "GOOG", "GOOGL", "BRK.B"), known={"IWM": facts("IWM", expense_ratio=None)})
    for symbol in ("GOOG", "GOOGL", "BRK.B", "IWM"):
        before, after = market().securities[symbol], data.securities[symbol]
        assert (after.company, after.sector, after.index, after.name) == (
            before.company, before.sector, before.index, before.name,
        )  # fmt: skip
        assert after.half_spread == before.half_spread
        assert after.expense_ratio == before.expense_ratio
        assert after.close_date == LAST
        assert after.origin is not None
        assert after.origin.source == f"made up {symbol}"
    assert data.securities["GOOG"].company == data.securities["GOOGL"].company == "Alphabet"
    assert data.securities["IWM"].dividend_yield.value == 0.015  # type: ignore[union-attr]


def test_another_kind_of_thing_than_is_known_is_refused() -> None:
    with pytest.raises(MarketDataError, match="SPY: Yahoo says it is a stock, and it is known as a fund: wrong instr"):
        built(history("SPY", kind=SecurityKind.STOCK))
    with pytest.raises(MarketDataError, match="NVDA: Yahoo says it is a mutual fund, and it is known as a stock"):
        built(history("NVDA", kind=SecurityKind.MUTUAL_FUND))


def test_a_close_is_in_cents_and_below_a_dollar_in_hundredths_of_cents() -> None:
    closes = history("NEWS").closes
    dear, cheap = closes.copy(), closes / 100.0
    dear[-1] = 187.12499999999997
    cheap[-1] = 0.51236
    data = built(
        history("DEAR", kind=SecurityKind.STOCK, closes=dear, adjusted=dear),
        history("CHEAP", kind=SecurityKind.STOCK, closes=cheap, adjusted=cheap),
    )
    assert data.securities["DEAR"].close_usd == Decimal("187.12")
    assert data.securities["CHEAP"].close_usd == Decimal("0.5124")


def test_another_spelling_of_a_share_class_is_resolved() -> None:
    data = built(symbols=(*BASIC, "BRK.B", "NVDA"))
    held = portfolio("{symbol: BRK-B, shares: 3, cost_per_share: 300, acquired: 2022-01-03}")
    resolved = resolve(data, held)
    assert resolved.securities == data.securities


def test_a_fund_that_is_only_in_the_history_keeps_its_index() -> None:
    """A purchase of VTWO disallows a loss in IWM, also where VTWO is no part of the market data."""
    data = built(symbols=("IJR", "IWM", "SPY", "VTI"))
    assert "VTWO" not in data.securities
    assert data.identity("VTWO") == data.identity("IWM") == "Russell 2000"
    assert data.identity("NVDA") == "NVDA"
    assert not set(data.indexes) & set(data.securities)


def test_splits_are_those_of_the_history_and_else_as_known() -> None:
    own = (Split(date(2026, 4, 21), Decimal(6)),)
    data = built(history("VUG", splits=own), symbols=(*BASIC, "MGK"))
    assert data.splits == {"MGK": market().splits["MGK"], "VUG": own}


# The whole ----------------------------------------------------------------------------------------------------------
def test_a_session_that_no_history_has_is_a_gap_and_not_a_day() -> None:
    """Two days' return is not one day's: the deviation of all closes after the gap is that of the days themselves."""
    whole = [history(symbol) for symbol in BASIC]
    lost = {day for place, day in enumerate(whole[0].days) if place % 120 == 5}
    kept = [place for place, day in enumerate(whole[0].days) if day not in lost]
    holed = [
        replace(
            made,
            days=tuple(made.days[place] for place in kept),
            closes=made.closes[kept],
            adjusted=made.adjusted[kept],
            volumes=made.volumes[kept],
        )
        for made in whole
    ]
    data = built(*holed, choice=CovarianceChoice(years=5))
    covariance = data.covariance
    variances = (covariance.loadings**2).sum(axis=1) + covariance.idiosyncratic
    start = covariance.start
    for place, symbol in enumerate(covariance.symbols):
        made = history(symbol)
        daily = made.adjusted[1:] / made.adjusted[:-1] - 1.0
        rows = [
            row for row, day in enumerate(made.days[1:]) if made.days[row] >= start and not {day, made.days[row]} & lost
        ]
        expected = np.var(daily[rows], ddof=1) * 252
        assert variances[place] == pytest.approx(expected, rel=1e-6)


def test_prices_once_a_week_are_not_taken_for_days() -> None:
    def ends_of_weeks(made: PriceHistory) -> PriceHistory:
        weeks = [day.isocalendar()[:2] for day in made.days]
        kept = [place for place in range(len(weeks) - 1) if weeks[place] != weeks[place + 1]]
        return replace(
            made,
            days=tuple(made.days[place] for place in kept),
            closes=made.closes[kept],
            adjusted=made.adjusted[kept],
            volumes=made.volumes[kept],
        )

    weekly = [ends_of_weeks(history(symbol)) for symbol in BASIC]
    with pytest.raises(MarketDataError, match="fewer than 24 daily returns"):
        built(*weekly)
    assert "weekly" in built(*weekly, choice=CovarianceChoice(returns=ReturnPeriod.WEEKLY)).covariance.method


def test_the_file_is_read_back_as_it_was_written_and_written_as_it_was_read() -> None:
    made = assembled(
        market(),
        findings(young("NEWF", SecurityKind.ETF), symbols=(*BASIC, "VUG", "MGK"), known={"NEWF": facts("NEWF")}),
        CovarianceChoice(),
    )
    given = with_accepted(made, {"IWM": Decimal("251.25")}, LAST)
    first, content = frozen(given)
    second, again = frozen(first)
    assert again == content
    assert first.sha256 == second.sha256
    assert first.securities == second.securities
    for name in ("source", "id", "as_of", "notes", "risk_free", "indexes", "splits", "accepted", "overlaps"):
        assert getattr(first, name) == getattr(given, name)
    assert read_snapshot(content, source="another name", file="market.json").source == "Yahoo"
    assert set(first.securities) == {*BASIC, "MGK", "NEWF", "VUG"}
    assert json.loads(content)["accepted"] == {"IWM": "251.25"}


def test_a_figure_that_is_not_finite_ends_in_a_named_error() -> None:
    made = small_market()
    broken = replace(made, long_run={"IWM": {"volatility": float("inf")}})
    with pytest.raises(MarketDataError, match="small: a figure is not a finite number"):
        frozen(broken)


def test_only_what_the_household_needs_is_in_it() -> None:
    data = built()
    assert set(data.securities) == set(BASIC) == set(data.covariance.symbols) == set(data.past_months.symbols)
    assert set(data.long_run) <= set(BASIC)
    assert {fund for pair in data.overlaps for fund in pair} <= set(BASIC)
    assert data.covariance.end == LAST
    assert data.past_months.months[-1] == date(2026, 10, 30)
    assert len(data.past_months.months) == 120


def test_an_accepted_price_is_of_the_day_of_the_decision() -> None:
    given = with_accepted(market(), {"IWM": Decimal("251.25")}, LAST)
    row = given.securities["IWM"]
    assert (row.close_usd, row.close_date, row.origin) == (
        Decimal("251.25"), LAST, Origin("your own price (--accept-price)", None),
    )  # fmt: skip
    assert (given.accepted, given.sha256) == ({"IWM": Decimal("251.25")}, "")
    with pytest.raises(MarketDataError, match="--accept-price: NONE is no symbol of snapshot-2026-07-13"):
        with_accepted(market(), {"NONE": Decimal(1)}, LAST)


def test_without_files_a_snapshot_is_what_it_is() -> None:
    assert with_files(market(), {}) is market()
