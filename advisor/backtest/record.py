"""The backtest as a JSON document (``advisor.backtest/1``), its daily values and its trades as CSV."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from importlib.resources import files
from typing import Any

import numpy as np

from advisor.backtest.compare import Backtest, Figures, ShownTrack, exceeded
from advisor.backtest.words import DISCLOSURES, assumptions, hindsight
from advisor.market.data import MarketData
from advisor.market.price_file import PanelSource
from advisor.portfolio.model import Portfolio
from advisor.rebalance.orders_file import inert

SCHEMA = "advisor.backtest/1"


def backtest_schema() -> dict[str, Any]:
    """JSON Schema of the document."""
    text = (files("advisor.backtest") / "schemas" / "backtest-1.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def backtest_record(test: Backtest, portfolio: Portfolio, market: MarketData, source: PanelSource) -> dict[str, Any]:
    """Everything that the terminal shows, and each row's years in full. Fractions and dollars, rates a year."""
    return {
        "schema": SCHEMA,
        "portfolio": portfolio.name,
        "as_of": portfolio.as_of.isoformat(),
        "hypothetical": True,
        "disclosures": [*DISCLOSURES, hindsight(test)],
        "assumptions": list(assumptions(test)),
        "prices": {"source": source.name, "sha256": source.sha256, "last": test.history.days[-1].isoformat()},
        "market": {"id": market.id, "as_of": market.as_of.isoformat()},
        "start": test.start.isoformat(),
        "end": test.end.isoformat(),
        "start_value_usd": test.holdings.total_usd,
        "benchmark": test.benchmark,
        "cash_earns": test.history.bills,
        "trials": test.trials,
        "limits_applied": list(test.limits_applied),
        "limits_not_applied": list(test.rules.not_applied),
        "rows": [_row(row) for row in test.rows],
    }


def _row(row: ShownTrack) -> dict[str, Any]:
    policy, track = row.policy, row.track
    return {
        "name": track.name,
        "kind": row.kind,
        "policy": None
        if policy is None
        else {
            "frequency": str(policy.frequency),
            "band": policy.band,
            "window_years": policy.window_years,
            "delay_sessions": policy.delay,
            "taxed": policy.taxed,
        },
        "figures": _figures(row.figures),
        "years": [{"year": y.year, "return": y.value, "whole": y.is_whole} for y in row.figures.years],
        "taxes": [asdict(year) for year in track.tax_years],
        "decisions": len(track.decisions),
        "days_with_trades": int((track.traded_usd > 0).sum()),
        "limits_not_met": [
            {"limit": label, "days": count, "most": most} for label, (count, most) in exceeded(track).items()
        ],
        "final_weights": dict(track.final_weights),
    }


def _figures(figures: Figures) -> dict[str, Any]:
    plain = {name: value for name, value in asdict(figures).items() if name not in ("drawdown", "years")}
    fall = figures.drawdown
    return plain | {
        "max_drawdown": -fall.depth,  # a return, as the schema has it
        "drawdown_peak": fall.peak.isoformat(),
        "drawdown_trough": fall.trough.isoformat(),
    }


def daily_values(test: Backtest) -> str:
    """CSV: the value of each row on each day in dollars, after the tax that was paid."""
    heads = ["Date", *(f'"{row.track.name}"' for row in test.rows)]
    lines = [
        ",".join([day.isoformat(), *(f"{row.track.values_usd[k]:.2f}" for row in test.rows)])
        for k, day in enumerate(test.rows[0].track.days)
    ]
    return "\n".join([",".join(heads), *lines]) + "\n"


def decided_trades(test: Backtest) -> str:
    """CSV: every trade of every row that has a policy, in dollars at the close of the day on which it was decided."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("row", "decided", "account", "side", "symbol", "amount_usd"))
    accounts, symbols = [inert(name) for name in test.holdings.accounts], test.history.symbols
    for row in test.rows:
        for decision in row.track.decisions:
            for side, amounts in (("sell", decision.sold_usd), ("buy", decision.bought_usd)):
                for a, n in np.argwhere(amounts > 0.0):
                    head = (row.track.name, decision.day.isoformat(), accounts[a], side, symbols[n])
                    writer.writerow((*head, f"{amounts[a, n]:.2f}"))
    return text.getvalue()
