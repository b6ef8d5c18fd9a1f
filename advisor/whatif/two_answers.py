"""What two written recommendations say, side by side: orders, measures and limits that are not the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.resources import files
from typing import Any, TypeAlias

from advisor.portfolio.limit_types import Side, split_limit
from advisor.rebalance.model import LimitResult, Trade
from advisor.rebalance.record import OLDER_SCHEMAS, SCHEMA, Record
from advisor.whatif.difference import Difference, Step
from advisor.whatif.outcomes import CASH, apart, holdings
from advisor.whatif.record import change_record

DIFF_SCHEMA = "advisor.diff/1"
READ = (*OLDER_SCHEMAS, SCHEMA)  # what is compared is in both
Order: TypeAlias = tuple[str, str, str]  # account, symbol, side
Pair: TypeAlias = tuple[float | None, float | None]  # old, new
_OF_TRADES = {"tax": ("tax", "tax_usd"), "spread": ("costs", "spread_usd")}
MEASURES = {
    "value": "usd",
    "magnificent_seven": "fraction",  # upper end
    "small_caps": "fraction",
    "cash": "fraction",
    "volatility": "fraction",
    "tax": "usd",
    "spread": "usd",
}


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """One record, as far as two are compared; `measures` are those of today and of the proposal."""

    as_of: date
    status: str
    orders: Mapping[Order, Decimal]  # shares
    measures: Mapping[str, Pair]  # today, proposed; None of what is no measure of today
    limits: Mapping[str, LimitResult]  # by label
    proposed: Mapping[str, float]  # weights by symbol, and of cash


@dataclass(frozen=True, slots=True)
class OrderChange:
    """An order of one record or of both; None where it has none."""

    account: str
    symbol: str
    side: str
    old: Decimal | None
    new: Decimal | None


@dataclass(frozen=True, slots=True)
class MeasureChange:
    """A measure in both records; fractions, and dollars where `unit` is "usd"."""

    name: str
    unit: str
    today: Pair
    proposed: Pair


@dataclass(frozen=True, slots=True)
class LimitChange:
    """A limit that is new, gone, meant otherwise, or of another status."""

    label: str
    old: LimitResult | None
    new: LimitResult | None


@dataclass(frozen=True, slots=True)
class Causes:
    """The steps from the old inputs to the new ones, and what both ends leave: how far the records are from them."""

    found: Difference
    before: float | None  # from the old record to what this program makes of its inputs; None: it has no answer
    after: float | None  # from the last step to the new record


@dataclass(frozen=True, slots=True)
class TwoAnswers:
    """The changes from one recommendation to another."""

    old: RecordedAnswer
    new: RecordedAnswer
    orders: tuple[OrderChange, ...]  # those that are not the same
    measures: tuple[MeasureChange, ...]  # all
    limits: tuple[LimitChange, ...]  # those that are not the same

    @property
    def is_same_advice(self) -> bool:
        """Whether the orders are the same, in number and shares."""
        return not self.orders and self.old.status == self.new.status


def decided_of(record: Record) -> RecordedAnswer:
    """What a record says. Raises `ValueError` for one that is not of this program."""
    try:
        if record["schema"] not in READ:
            raise ValueError(f"schema is none of {', '.join(READ)}")
        after = record["after"]
        return RecordedAnswer(
            as_of=date.fromisoformat(record["as_of"]),
            status=str(record["status"]),
            orders={
                (str(one["account"]), str(one["symbol"]), str(one["side"])): _decimal(one["shares"])
                for one in record["trades"]
            },
            measures={name: _today_and_proposed(record, name) for name in MEASURES},
            limits={limit.label: limit for limit in map(_limit, record["limits"])},
            proposed={str(name): _number(weight) for name, weight in after["weights"].items()}
            | {CASH: _number(after["cash_weight"])},
        )
    except (KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise ValueError(f"not usable: {error!r}") from error


def _today_and_proposed(record: Record, name: str) -> Pair:
    if name in _OF_TRADES:
        part, key = _OF_TRADES[name]
        return None, _number(record[part][key])
    return _measure(record["before"], name), _measure(record["after"], name)


def _measure(state: Record, name: str) -> float:
    match name:
        case "value":
            return _number(state["value_usd"])
        case "magnificent_seven":
            return _number(state["magnificent_seven"]["high"])
    return _number(state[{"small_caps": "small_cap_weight", "cash": "cash_weight"}.get(name, name)])


def _limit(row: Record) -> LimitResult:
    name = str(row["name"])
    if row["unit"] != split_limit(name)[0].unit:
        raise ValueError(f"the limit {name} in another unit")
    charge = row["charge_bps_per_pp"]
    return LimitResult(
        name=name,
        side=Side(row["kind"]),
        mode=str(row["mode"]),
        bound=_number(row["bound"]),
        before=_number(row["before"]),
        after=_number(row["after"]),
        status=str(row["status"]),
        shadow_price_bps_per_pp=None,
        subject=None if row["subject"] is None else str(row["subject"]),
        subject_before=row.get("subject_before"),
        charge_bps_per_pp=None if charge is None else _number(charge),
    )


def _number(value: Any) -> float:  # noqa: ANN401 - of a JSON document
    """A finite number, or dollars as text."""
    return float(_decimal(value))


def _decimal(value: Any) -> Decimal:  # noqa: ANN401 - of a JSON document
    number = Decimal(str(value))
    if not number.is_finite() or abs(number) > 10**15 or isinstance(value, bool):
        raise ValueError(f"{str(value)[:40]} is no figure of a household")
    return number


def two_answers(old: RecordedAnswer, new: RecordedAnswer) -> TwoAnswers:
    """The changes from `old` to `new`."""
    orders = {key: (old.orders.get(key), new.orders.get(key)) for key in dict.fromkeys((*old.orders, *new.orders))}
    limits = {key: (old.limits.get(key), new.limits.get(key)) for key in dict.fromkeys((*old.limits, *new.limits))}
    return TwoAnswers(
        old=old,
        new=new,
        orders=tuple(OrderChange(*key, *pair) for key, pair in orders.items() if pair[0] != pair[1]),
        measures=tuple(
            MeasureChange(
                name,
                unit,
                (old.measures[name][0], new.measures[name][0]),
                (old.measures[name][1], new.measures[name][1]),
            )
            for name, unit in MEASURES.items()
        ),
        limits=tuple(LimitChange(label, *pair) for label, pair in limits.items() if _meant(pair[0]) != _meant(pair[1])),
    )


def _meant(limit: LimitResult | None) -> tuple[object, ...] | None:
    """What of a limit is compared: the file's words, and how the household stands to it."""
    return None if limit is None else (limit.mode, limit.bound, limit.charge_bps_per_pp, limit.status)


def causes_of(found: Difference, answers: TwoAnswers) -> Causes:
    """`found` with the distance of both records from its ends."""
    last = found.steps[-1].outcome if found.steps else found.start
    first, end = (None if one.after is None else holdings(one.after) for one in (found.start, last))
    return Causes(
        found,
        None if first is None else apart(answers.old.proposed, first),
        None if end is None else apart(end, answers.new.proposed),
    )


def with_other_orders(found: Difference) -> tuple[Step, ...]:
    """The steps after which the orders are not those before it."""
    before = (found.start, *(step.outcome for step in found.steps))
    return tuple(
        step
        for step, previous in zip(found.steps, before, strict=False)
        if _shares(step.outcome.trades) != _shares(previous.trades)
    )


def _shares(trades: tuple[Trade, ...]) -> dict[Order, Decimal]:
    return {(trade.account, trade.symbol, trade.side): trade.shares for trade in trades}


def diff_record(answers: TwoAnswers, causes: Causes | None, reason: str) -> Record:
    """The document of ``advisor diff``, without what names the two files; `reason` says why there are no causes."""
    return {
        "same_advice": answers.is_same_advice,
        "orders": [
            {
                "account": one.account,
                "symbol": one.symbol,
                "side": one.side,
                "old_shares": _shares_text(one.old),
                "new_shares": _shares_text(one.new),
            }
            for one in answers.orders
        ],
        "measures": [
            {
                "name": one.name,
                "unit": one.unit,
                "today": _pair(one.today, one.unit),
                "proposed": _pair(one.proposed, one.unit),
            }
            for one in answers.measures
        ],
        "limits": [
            {"label": one.label, "old": _limit_row(one.old), "new": _limit_row(one.new)} for one in answers.limits
        ],
        "causes": None if causes is None else _causes_record(causes),
        "reason": reason,
    }


def _pair(pair: Pair, unit: str) -> Record:
    """Money is text, as in the record of a recommendation."""
    old, new = (f"{value:.2f}" if value is not None and unit == "usd" else value for value in pair)
    return {"old": old, "new": new}


def _shares_text(shares: Decimal | None) -> str | None:
    return None if shares is None else f"{shares.normalize():f}"


def _limit_row(limit: LimitResult | None) -> Record | None:
    if limit is None:
        return None
    names = ("mode", "bound", "unit", "charge_bps_per_pp", "before", "after", "status")
    return {name: getattr(limit, name) for name in names}


def _causes_record(causes: Causes) -> Record:
    changed = with_other_orders(causes.found)
    return {
        "steps": [
            {
                **change_record(step.change),
                "status": step.outcome.status,
                "reason": step.outcome.reason,
                "moved": step.moved,
                "changes_orders": step in changed,
                "orders": len(step.outcome.trades),
                "magnificent_seven": None if step.outcome.after is None else step.outcome.after.exposure.seven.high,
            }
            for step in causes.found.steps
        ],
        "program": {"before": causes.before, "after": causes.after},
    }


def diff_schema() -> dict[str, Any]:
    """The JSON Schema of what ``advisor diff --json`` prints."""
    text = (files("advisor.whatif") / "schemas" / "diff-1.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
