"""What a check without an optimizer does not look at; planning again compares it."""

from __future__ import annotations

from typing import Any

from advisor.rebalance.verify.rules import has_one_price
from advisor.rebalance.verify.shape import FIRST_SCHEMA, is_older
from advisor.rebalance.verify.warnings import OF_HISTORY

OF_SCHEMA_1 = "what schema 1 does not state: companies before the orders, bounds as written, reasons of orders"
OF_AN_OLDER_QUESTION = (
    "expected returns, gain, reasons and whether to trade at all, which an earlier version asked otherwise"
)


def not_checked(record: dict[str, Any]) -> list[str]:
    """What of this record is the optimizer's word, each in a few words; of one that cannot be read, all of it."""
    try:
        return _not_checked(record)
    except (LookupError, TypeError, ValueError, AttributeError):
        return ["what only the optimizer knows"]


def _not_checked(record: dict[str, Any]) -> list[str]:
    told = ["that no better orders exist"]
    ranged = any(limit["price_range_bps_per_pp"] is not None for limit in record["limits"])
    if ranged or any(not has_one_price(limit["name"]) for limit in record["limits"]):
        told.append("shadow prices of limits that are not the same for each trade")
    told += [
        "what rounding to shares loses, below half a basis point a year",
        "what other horizons, funds and tax branches would give",
        "the solver's residuals, the versions and the name of the portfolio file",
    ]
    if any(warned["code"] == OF_HISTORY for warned in record["warnings"]):
        told.append("whether a lot is from before a split")
    if is_older(record):
        told.append(OF_AN_OLDER_QUESTION)
    if record["schema"] == FIRST_SCHEMA:
        told.append(OF_SCHEMA_1)
    return told + _beside(record.get("trade_off"))


def _beside(trade_off: dict[str, Any] | None) -> list[str]:
    """The same of what stands beside a proposal."""
    if trade_off is None:
        return []
    told = []
    if any(trade_off.get(curve) is not None for curve in ("cost_curve", "least_cost", "frontier")):
        told.append("the cost curve, the least cost of each level and the frontier")
    if trade_off.get("more_room") is not None:
        told.append("what more small caps, or one more fund, would make of the cash")
    if trade_off["sensitivities"]:
        told.append("sensitivities")
    if trade_off.get("views"):
        told.append("what each view does to the answer")
    if trade_off.get("stability") is not None:
        told.append("bootstrap intervals")
    unanswered = [one["name"] for one in trade_off["alternatives"] if one["after"] is None]
    if unanswered:
        told.append(f"that there is no answer for {', '.join(unanswered)}")
    if any(len(one["changes"]) > 1 for one in trade_off["alternatives"]):
        told.append("what each of several changes of a scenario does alone")
    return told
