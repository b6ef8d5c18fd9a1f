"""Prices of a backtest: what is read, refused, and where a backtest can begin."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from advisor.backtest.history import history_of, start_row
from advisor.errors import MarketDataError
from advisor.market.estimate.returns import PricePanel
from tests.made_up_past import HOUSEHOLD, SYMBOLS, household, panel


def without(prices: PricePanel, symbol: str, rows: slice) -> PricePanel:
    cells = prices.prices.copy()
    cells[rows, prices.symbols.index(symbol)] = np.nan
    return replace(prices, prices=cells)


def test_a_holding_without_prices_is_named_with_the_ways_out() -> None:
    with pytest.raises(MarketDataError, match=r"no prices for NVDA: add a column .* proxy"):
        history_of(panel(symbols=[s for s in SYMBOLS if s != "NVDA"]), household())


def test_a_fund_that_could_be_bought_may_be_missing() -> None:
    assert "VTWO" not in history_of(panel(symbols=[s for s in SYMBOLS if s != "VTWO"]), household()).symbols


def test_a_symbol_that_stops_trading_is_an_error_with_its_last_day() -> None:
    prices = panel()
    with pytest.raises(MarketDataError, match=f"NVDA: its last price is of {prices.days[1399]}, the panel's of"):
        history_of(without(prices, "NVDA", slice(1400, None)), household())


def test_a_gap_is_an_error_with_its_first_day() -> None:
    prices = panel()
    with pytest.raises(MarketDataError, match=f"IJR: no price on {prices.days[700]} and on 2 other days"):
        history_of(without(prices, "IJR", slice(700, 703)), household())


def test_a_panel_of_ten_rows_is_too_short() -> None:
    prices = panel()
    with pytest.raises(MarketDataError, match="10 days of prices: a backtest needs years"):
        history_of(replace(prices, days=prices.days[:10], prices=prices.prices[:10]), household())


def test_prices_of_weeks_are_not_taken_for_prices_of_days() -> None:
    prices = panel()
    with pytest.raises(MarketDataError, match="are not daily"):
        history_of(replace(prices, days=prices.days[::5], prices=prices.prices[::5]), household())


def test_a_proxys_prices_stand_for_a_symbol_without_any() -> None:
    text = HOUSEHOLD + "securities: [{symbol: MINE, proxy: IJR, price: 20}]\n"
    text = text.replace("holdings: [{symbol: SPY, shares: 150}]", "holdings: [{symbol: MINE, shares: 150}]")
    history = history_of(panel(), household(text))
    assert dict(history.stand_ins) == {"MINE": "IJR"}
    columns = [history.symbols.index(symbol) for symbol in ("MINE", "IJR")]
    np.testing.assert_array_equal(history.prices[:, columns[0]], history.prices[:, columns[1]])


def test_cash_earns_what_the_bills_returned_and_nothing_before_them() -> None:
    prices = without(panel(), "BIL", slice(0, 500))
    history = history_of(prices, household())
    assert history.bills == "BIL"
    assert set(history.cash_growth[:501]) == {1.0}
    assert history.cash_growth[-1] == pytest.approx(1.00008 ** (len(prices.days) - 501), rel=1e-9)
    assert history_of(panel(symbols=[s for s in SYMBOLS if s != "BIL"]), household()).bills is None


def test_the_first_day_is_the_one_on_which_every_holding_has_the_window() -> None:
    prices = panel(years=8)
    history = history_of(without(prices, "NVDA", slice(0, 400)), household())
    row = start_row(history, ("NVDA", "SPY"), 3, None)
    begins = prices.days[400]
    assert history.days[row] >= begins.replace(year=begins.year + 3) > history.days[row - 1]


def test_a_start_that_is_too_early_names_the_symbols_and_the_first_possible_day() -> None:
    history = history_of(without(panel(years=8), "NVDA", slice(0, 400)), household())
    first = history.days[start_row(history, ("NVDA", "SPY"), 3, None)]
    with pytest.raises(MarketDataError, match=rf"NVDA \(prices from .*first possible day is {first}"):
        start_row(history, ("NVDA", "SPY"), 3, date(2019, 1, 2))
    assert history.days[start_row(history, ("NVDA", "SPY"), 3, date(2021, 5, 1))] == date(2021, 5, 3)


def test_a_window_that_no_day_has_and_a_start_after_the_end_are_refused() -> None:
    history = history_of(panel(years=2), household())
    with pytest.raises(MarketDataError, match="no day has 3 years of prices before it"):
        start_row(history, ("NVDA",), 3, None)
    with pytest.raises(MarketDataError, match="no prices after it"):
        start_row(history, ("NVDA",), 1, date(2030, 1, 1))


def test_bills_that_stop_trading_are_an_error_and_not_cash_without_interest() -> None:
    prices = panel()
    with pytest.raises(MarketDataError, match=f"BIL: its last price is of {prices.days[899]}"):
        history_of(without(prices, "BIL", slice(900, None)), household())


def test_days_without_any_prices_are_an_error_with_both_ends() -> None:
    prices = panel()
    kept = [k for k in range(len(prices.days)) if not 500 <= k < 510]
    holed = replace(prices, days=tuple(prices.days[k] for k in kept), prices=prices.prices[kept])
    with pytest.raises(MarketDataError, match=f"no prices between {prices.days[499]} and {prices.days[510]}"):
        history_of(holed, household())


def test_a_past_of_some_weeks_is_refused() -> None:
    history = history_of(panel(), household())
    with pytest.raises(MarketDataError, match=r"59 sessions from .* at least 60 after its first day"):
        start_row(history, ("NVDA",), 3, history.days[-60])
    assert start_row(history, ("NVDA",), 3, history.days[-61]) == len(history.days) - 61
