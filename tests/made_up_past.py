"""A made-up past: closes on weekdays, a household on them, and what the backtest makes of both."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache

import numpy as np

from advisor.backtest.history import history_of
from advisor.backtest.model import History, Holdings, Rules
from advisor.backtest.rules import holdings_of, rules_of
from advisor.market.estimate.returns import PricePanel
from advisor.market.resolve import resolve
from advisor.portfolio.load import load_portfolio
from advisor.portfolio.model import Portfolio
from tests.samples import market

FIRST = date(2015, 1, 1)
SYMBOLS = ("BIL", "IJR", "IWM", "NVDA", "SPY", "VTI", "VTWO")
HOUSEHOLD = """\
version: 1
name: A household
as_of: 2026-07-13
accounts:
  - name: Brokerage
    type: taxable
    cash: 5000
    holdings:
      - {symbol: NVDA, shares: 400, cost_per_share: 20, acquired: 2020-01-02}
      - {symbol: SPY, shares: 100, cost_per_share: 300, acquired: 2020-01-02}
  - name: Roth IRA
    type: roth
    cash: 1000
    holdings: [{symbol: SPY, shares: 150}]
limits: {single_company: {max: 25%}, small_caps: {max: 30%}, cash: {min: 1%}}
tax: {filing_status: single, short_term_rate: 35%, long_term_rate: 20%, state_rate: 5%}
preferences: {horizon_years: 3}
"""


@cache
def weekdays(count: int) -> tuple[date, ...]:
    days = (FIRST + timedelta(days=k) for k in range(2 * count))
    return tuple(day for day in days if day.weekday() < 5)[:count]


def panel(years: float = 6, seed: int = 7, symbols: Sequence[str] = SYMBOLS) -> PricePanel:
    """A market, small caps that move alike, a share with a life of its own, and bills."""
    rng = np.random.default_rng(seed)
    count = int(261 * years)
    large = rng.normal(0.0004, 0.010, count)
    small = large + rng.normal(0.0, 0.006, count)
    returns = {
        "SPY": large,
        "VTI": large + rng.normal(0.0, 0.0008, count),
        "NVDA": 1.5 * large + rng.normal(0.0006, 0.022, count),
        "IWM": small,
        "VTWO": small + rng.normal(0.0, 0.0005, count),
        "IJR": small + rng.normal(0.0, 0.003, count),
        "BIL": np.full(count, 0.00008),
    }
    prices = 100.0 * np.cumprod(1.0 + np.column_stack([returns[symbol] for symbol in symbols]), axis=0)
    return PricePanel(tuple(symbols), weekdays(count), prices)


def household(text: str = HOUSEHOLD) -> Portfolio:
    return load_portfolio(text.encode(), file="file.yaml", today=date(2026, 7, 13))


def surroundings(portfolio: Portfolio, prices: PricePanel) -> tuple[History, Holdings, Rules]:
    facts, history = resolve(market(), portfolio), history_of(prices, portfolio)
    return history, holdings_of(portfolio, facts, history), rules_of(portfolio, facts, history)
