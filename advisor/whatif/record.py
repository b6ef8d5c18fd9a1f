"""Comparisons as plain JSON values, in the form of the recommendation's record: fractions, and money as text."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.resources import files
from typing import Any

from advisor.portfolio.limit_types import split_label
from advisor.portfolio.written import bound_text
from advisor.rebalance.record import limit_record, plans_record, state_record, tax_record, trade_record, usd_text
from advisor.whatif.model import (
    Cause,
    Change,
    CostPoint,
    Curve,
    CurvePoint,
    Grid,
    LeastCost,
    Measures,
    Outcome,
    Sensitivity,
    Stability,
    TradeOff,
    ViewAudit,
)
from advisor.whatif.picks import Pick

SCHEMA = "advisor.what-if/3"
Record = dict[str, Any]


def outcome_record(outcome: Outcome) -> Record:
    """One outcome; what has no answer is null, with the reason."""
    return {
        "name": outcome.name,
        "title": outcome.title,
        "status": outcome.status,
        "reason": outcome.reason,
        "changes": [change_record(change) for change in outcome.changes],
        "causes": [cause_record(cause) for cause in outcome.causes],
        "after": None if outcome.after is None else state_record(outcome.after),
        "trades": [trade_record(trade) for trade in outcome.trades],
        "tax": None if outcome.tax is None else tax_record(outcome.tax),
        "costs": None if outcome.spread_usd is None else {"spread_usd": usd_text(outcome.spread_usd)},
        "limits": [limit_record(limit) for limit in outcome.limits],
        "gain": None if outcome.net_benefit is None else asdict(outcome.net_benefit),
        "defaults": [asdict(default) for default in outcome.defaults],
        "plans": None if outcome.plans is None else plans_record(outcome.plans),
    }


def pick_record(pick: Pick, outcome: Outcome | None, folder: str | None) -> Record:
    """One of the picks, and the folder with its recommendation."""
    bounds = {label: bound_text(split_label(label)[0], bound) for label, bound in pick.bounds.items()}
    return {
        "name": pick.name,
        "title": pick.title,
        "share": pick.share,
        "bounds": bounds,
        "same_as": pick.same_as,
        "reason": pick.reason,
        "folder": folder,
        "outcome": None if outcome is None else outcome_record(outcome),
    }


def what_if_schema() -> dict[str, Any]:
    """The JSON Schema of what ``advisor what-if`` writes."""
    text = (files("advisor.whatif") / "schemas" / "what-if-3.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def change_record(change: Change) -> Record:
    """One input that differs."""
    return asdict(change)


def cause_record(cause: Cause) -> Record:
    """One change, and how far it moves the answer."""
    return {**change_record(cause.change), "moved": cause.moved}


def measures_record(measures: Measures) -> Record:
    """Figures of an optimum before rounding."""
    amounts = {"tax_usd": usd_text(measures.tax_usd), "spread_usd": usd_text(measures.spread_usd)}
    return {**asdict(measures), **amounts}


def curve_record(curve: Curve) -> Record:
    """The bound that moves, and the optimum at each point."""
    return {"label": curve.label, "points": [_point(point) for point in curve.points]}


def grid_record(grid: Grid) -> Record:
    """Optima over caps and shares; a point without one has null measures."""
    return {
        "caps": list(grid.caps),
        "shares": list(grid.shares),
        "points": [[_point(point) for point in row] for row in grid.points],
    }


def sensitivity_record(sensitivity: Sensitivity) -> Record:
    """The best answer under another assumption."""
    return {"kind": sensitivity.kind, "title": sensitivity.title, "measures": _measures(sensitivity.measures)}


def trade_off_record(trade_off: TradeOff) -> Record:
    """All that stands beside a proposal."""
    return {
        "alternatives": [outcome_record(outcome) for outcome in trade_off.alternatives],
        "cost_curve": None if trade_off.cost_curve is None else curve_record(trade_off.cost_curve),
        "frontier": None if trade_off.frontier is None else curve_record(trade_off.frontier),
        "sensitivities": [sensitivity_record(one) for one in trade_off.sensitivities],
        "note": trade_off.note,
        "views": [_audit(audit) for audit in trade_off.views],
        "stability": None if trade_off.stability is None else stability_record(trade_off.stability),
        "least_cost": None if trade_off.least_cost is None else least_cost_record(trade_off.least_cost),
        "more_room": None if trade_off.more_room is None else asdict(trade_off.more_room),
    }


def least_cost_record(found: LeastCost) -> Record:
    """The bound that moves, and the least costs at each point."""
    return {"label": found.label, "points": [_cost_point(point) for point in found.points]}


def _cost_point(point: CostPoint) -> Record:
    return {
        "at": point.at,
        "tax_usd": None if point.tax_usd is None else usd_text(point.tax_usd),
        "spread_usd": None if point.spread_usd is None else usd_text(point.spread_usd),
        "is_proved": point.is_proved,
    }


def _audit(audit: ViewAudit) -> Record:
    day = audit.prices_to
    return {**asdict(audit), "prices_to": None if day is None else day.isoformat()}


def stability_record(stability: Stability) -> Record:
    """Bands over draws of history, and the answer by method of estimation."""
    return {
        **asdict(stability),
        "start": stability.start.isoformat(),
        "end": stability.end.isoformat(),
        "indexes": [
            {"name": name, "symbols": list(symbols), "band": asdict(band)} for name, symbols, band in stability.indexes
        ],
        "menus": [{"bought": list(bought), "draws": draws} for bought, draws in stability.menus],
    }


def _point(point: CurvePoint) -> Record:
    return {"at": point.at, "measures": _measures(point.measures), "is_proved": point.is_proved}


def _measures(measures: Measures | None) -> Record | None:
    return None if measures is None else measures_record(measures)
