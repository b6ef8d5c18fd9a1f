"""Records made once, and ways to tamper with them: what `tests/test_rebalance_verify_tampered.py` seeds."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from advisor.api.recommend import recommend, with_trade_off
from advisor.market.resolve import resolve
from advisor.portfolio.load import load_portfolio
from advisor.portfolio.model import Portfolio
from advisor.rebalance.verify import verify_written
from tests.samples import ANSWERED, NEVER, market, text_of

VERSIONS = {"advisor": "0.1.0", "clarabel": "0.11.1", "cvxpy": "1.9.3", "numpy": "2.0.0", "python": "3.11.7"}
MADE_UP = {
    "worth-it": """
version: 1
name: Trades because they are worth it
as_of: 2026-07-14
accounts:
  - {name: Roth, type: roth, cash: 1000.25, holdings: [{symbol: NVDA, shares: 900}, {symbol: SPY, shares: 100}]}
  - {name: IRA, type: traditional, cash: 500, holdings: [{symbol: QQQ, shares: 40}]}
limits: {magnificent_seven: {max: 99%}, small_caps: {max: 20%}}
""",
    "not-worth-it": """
version: 1
name: The same, and the user wants more of a gain
as_of: 2026-07-14
accounts:
  - {name: Roth, type: roth, cash: 1000.25, holdings: [{symbol: NVDA, shares: 900}, {symbol: SPY, shares: 100}]}
  - {name: IRA, type: traditional, cash: 500, holdings: [{symbol: QQQ, shares: 40}]}
limits: {magnificent_seven: {max: 99%}, small_caps: {max: 20%}}
preferences: {min_gain: 3%, min_gain_usd: 100000}
""",
    "warned": """
version: 1
name: Much to be warned of
as_of: 2026-11-20
accounts:
  - name: Joint
    type: taxable
    cash: 900
    holdings:
      - symbol: TSLA
        lots: [{shares: 90, cost_per_share: 450, acquired: 2024-03-01}]
      - symbol: NVDA
        lots:
          - {shares: 300, cost_per_share: 20, acquired: 2020-03-02}
          - {shares: 20, cost_per_share: 120, acquired: 2025-12-01}
      - symbol: IWM
        lots: [{shares: 30, cost_per_share: 400, acquired: 2025-02-03}]
  - name: Roth
    type: roth
    cash: 300
    holdings: [{symbol: ARKK, shares: 300}, {symbol: QQQ, shares: 40}, {symbol: MINE, shares: 100}]
securities:
  - {symbol: MINE, proxy: VOO, price: 50}
  - {symbol: SPY, proxy: VOO}
history: [{date: 2026-11-10, account: Roth, symbol: VTWO, side: buy, shares: 1}]
identical: [[TSLA, XLY]]
limits: {magnificent_seven: {max: 45%}, cvar_95: {max: 50%}, single_company: {max: 40%}}
preferences: {buy: [IJR]}
""",
    "every-limit": """
version: 1
name: A limit of each kind
as_of: 2026-07-14
accounts:
  - name: Joint
    type: taxable
    cash: 9000
    holdings:
      - symbol: NVDA
        lots:
          - {shares: 300, cost_per_share: 150, acquired: 2022-01-03}
          - {shares: 60, cost_per_share: 190, acquired: 2026-02-02}
      - symbol: VTI
        lots: [{shares: 200, cost_per_share: 200, acquired: 2021-01-04}]
  - {name: Roth, type: roth, cash: 4000, min_cash: 100, holdings: [{symbol: QQQ, shares: 50}]}
tax: {short_term_rate: 35%, long_term_rate: 15%}
limits:
  magnificent_seven: {max: 45.5%}
  single_company: {max: 35%}
  small_caps: {max: 22%, min: 1%}
  funds: {IJR: {max: 15%, mode: soft, price: 3}}
  sectors: {Information Technology: {max: 60%}}
  volatility: {max: 40%}
  tracking_error: {max: 20%, benchmark: VTI, mode: not_worse_than_today}
  beta: {max: 1.4, benchmark: SPY}
  turnover: {max: 60%}
  cash: {max: 9%, min: 0.5%}
  expense_ratio: {max: 0.3%}
  stress: {covid_2020: {max: 60%}}
  cvar_95: {max: 30%}
""",
}
NAMES = (*ANSWERED, *MADE_UP)


@cache
def file_text(name: str) -> str:
    """The text of the sample or made-up file."""
    return MADE_UP[name] if name in MADE_UP else text_of(name)


@cache
def household(name: str) -> Portfolio:
    """The household of that name."""
    return load_portfolio(file_text(name).encode(), file=f"{name}.yaml", today=NEVER)


@cache
def record_text(name: str) -> str:
    """The record with what stands beside it, made once."""
    made = recommend(household(name), market(), f"{name}.yaml", file_text(name), VERSIONS)
    return with_trade_off(made).json_text


def fresh(name: str) -> dict[str, Any]:
    """A copy of the record that a test may change."""
    record: dict[str, Any] = json.loads(record_text(name))
    return record


def failed(record: dict[str, Any], name: str) -> dict[str, str]:
    """The checks that the record fails, each by the first word of its name, with what they found."""
    portfolio = household(name)
    checks = verify_written(record, portfolio, resolve(market(), portfolio))
    return {check.name.split(":")[0]: check.detail for check in checks if not check.passed}


Tamper = Callable[[dict[str, Any]], object]


def put(path: str, value: object) -> Tamper:
    """Another value at ``limits/0/after``."""

    def tamper(record: dict[str, Any]) -> None:
        node, last = _node(record, path)
        assert node[last] != value, path
        node[last] = value

    return tamper


def drop(path: str) -> Tamper:
    """Nothing at that place."""

    def tamper(record: dict[str, Any]) -> None:
        node, last = _node(record, path)
        del node[last]

    return tamper


def add(path: str, by: float) -> Tamper:
    """A number that is larger by `by`."""

    def tamper(record: dict[str, Any]) -> None:
        node, last = _node(record, path)
        node[last] += by

    return tamper


def both(*tampers: Tamper) -> Tamper:
    """One after the other."""

    def tamper(record: dict[str, Any]) -> None:
        for one in tampers:
            one(record)

    return tamper


def _node(record: Any, path: str) -> tuple[Any, Any]:
    *folders, last = path.split("/")
    for step in folders:
        record = record[int(step) if isinstance(record, list) else step]
    return record, int(last) if isinstance(record, list) else last
