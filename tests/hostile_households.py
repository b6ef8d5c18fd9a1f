"""Portfolio files that are well-formed and mean: every value may be one at the edge of what a field takes."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

BASE: dict[str, Any] = {
    "version": 1,
    "name": "Hostile",
    "as_of": "2026-11-20",
    "accounts": [
        {
            "name": "Brokerage",
            "type": "taxable",
            "cash": "1200.50",
            "min_cash": "0",
            "holdings": [
                {
                    "symbol": "NVDA",
                    "lots": [
                        {"shares": "100", "cost_per_share": "18.42", "acquired": "2019-05-14"},
                        {"shares": "7.125", "cost_per_share": "240", "acquired": "2026-11-01"},
                    ],
                },
                {"symbol": "VTWO", "shares": "50", "cost_per_share": "130", "acquired": "2026-10-30"},
            ],
        },
        {"name": "IRA", "type": "traditional", "cash": "10", "holdings": [{"symbol": "QQQ", "shares": "40"}]},
        {
            "name": "Roth",
            "type": "roth",
            "fractional": "true",
            "buy": ["IJR"],
            "holdings": [{"symbol": "FUND", "shares": "12"}],
        },
    ],
    "limits": {
        "magnificent_seven": {"max": "40%"},
        "single_company": {"max": "30%"},
        "small_caps": {"min": "5%", "max": "60%"},
        "funds": {"IWM": {"max": "20%"}},
        "volatility": {"max": "40%", "mode": "not_worse_than_today"},
        "sectors": {"Information Technology": {"max": "70%", "mode": "soft", "price": "5"}},
        "cvar_95": {"max": "20%"},
        "max_drawdown": {"max": "80%"},
        "stress": {"covid_2020": {"max": "60%"}},
        "expense_ratio": {"max": "1%"},
        "tracking_error": {"benchmark": "SPY", "max": "25%"},
        "beta": {"max": "2"},
        "turnover": {"max": "80%"},
        "realized_gain": {"max": "30000"},
        "cash": {"min": "0%"},
        "do_not_sell": [{"symbol": "QQQ", "account": "IRA"}],
    },
    "tax": {
        "short_term_rate": "35%",
        "long_term_rate": "15%",
        "state_rate": "5%",
        "year_to_date": {"short_term": "0", "long_term": "-1200"},
        "carryforward": {"short_term": "0", "long_term": "4100"},
        "carryforward_value": "1%",
    },
    "preferences": {
        "horizon_years": "3",
        "risk_aversion": "3",
        "return_uncertainty": "0.5%",
        "wait_days": "30",
        "equity_premium": "4%",
        "min_trade": "100",
        "min_gain": "0.05%",
        "benchmark": "SPY",
        "reserve_tax": "true",
        "whole_shares": "true",
        "covariance_inflation": "0.1",
    },
    "views": [{"symbol": "IJR", "annual_return": "7.5%", "years": "5", "source": "A test"}],
    "securities": [{"symbol": "FUND", "proxy": "VOO", "price": "655.10", "expense_ratio": "0.04%"}],
    "history": [{"date": "2026-11-02", "account": "Roth", "symbol": "VTWO", "side": "buy", "shares": "1"}],
    "identical": [["VTI", "ITOT"]],
}
AMOUNTS = ("0", "0.00000001", "0.01", "1", "999999999999", "999999999999.99999999", "-1", "-0", "1e9", "NaN", "")
FRACTIONS = ("0%", "0.000001%", "0.5", "1", "100%", "99.9999%", "101%", "-1%", "-0%", "50", ".inf", "%")
DAYS = ("1900-01-01", "2024-02-29", "2025-11-20", "2026-11-19", "2026-11-20", "2026-11-21", "2199-12-31", "0000-00-00")
NAMES = (
    "=cmd()|' /C calc'!A1",
    "[/red]",
    "{{7*7}}",
    "<script>alert(1)</script>",
    "x" * 80,
    "\u202eevil",
    "😀",
    "",
    "Roth",
)
SYMBOLS = ("ON", "NO", "NULL", "1E5", "ZZZZ", "BRK-B", "GOOG", "SGOV", "IWM", "FUND", "nvda", "A" * 16, "\u0410APL")
WORDS = ("true", "false", "null", "hard", "soft", "taxable", "hsa", "married_joint", "sell", "[]", "~")
KINDS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("name", "account"), NAMES),
    (("symbol", "proxy", "benchmark"), SYMBOLS),
    (("as_of", "acquired", "date"), DAYS),
    (("max", "min", "rate", "premium", "return", "ratio", "uncertainty", "gain"), FRACTIONS),
    (("cash", "shares", "price", "cost", "trade", "term", "years", "aversion", "days"), AMOUNTS),
    (("",), WORDS),
)


def hostile_households(count: int, seed: int) -> Iterator[str]:
    """Texts of files, each the base with one to three values changed or removed; equal seeds give equal texts."""
    rng = random.Random(seed)
    for _ in range(count):
        document = copy.deepcopy(BASE)
        for _ in range(rng.choice((1, 1, 1, 2))):
            _change(document, rng)
        yield json.dumps(document, ensure_ascii=False)


def _change(document: dict[str, Any], rng: random.Random) -> None:
    *path, last = rng.choice(list(_places(document)))
    parent: Any = document
    for key in path:
        parent = parent[key]
    if rng.random() < 0.15:
        del parent[last]
    elif not isinstance(parent[last], str):
        parent[last] = rng.choice(([], {}, [[]], "x", parent[last] * 2 if isinstance(parent[last], list) else 1))
    else:
        values = next(values for words, values in KINDS if any(word in str(last) for word in words))
        parent[last] = rng.choice(values)


def _places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in entries:
        yield (*path, key)
        yield from _places(item, (*path, key))
