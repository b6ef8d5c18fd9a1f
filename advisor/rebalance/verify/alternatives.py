"""What stands beside a proposal, replayed like the proposal itself: orders, lots, cash, tax, measures, gain, limits.

Every alternative that belongs there is there, by its name and title. Only what was solved for has to keep its limits
and the rule for doing nothing; half a move may break them, and is half of the proposal. One that is said to have no
answer has none of the record's other orders for an answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from advisor.market.data import MarketData
from advisor.portfolio.model import BUILT_IN_SCENARIOS, AccountType, Portfolio
from advisor.portfolio.preferences import UnsoldGains
from advisor.rebalance.verify.at_hand import faults_of
from advisor.rebalance.verify.calendar import check_calendar
from advisor.rebalance.verify.defaults import check_defaults
from advisor.rebalance.verify.frame import frame_of
from advisor.rebalance.verify.ledger import Ledger, check_cash, check_lots, check_orders, read_ledger
from advisor.rebalance.verify.limits import TOLERANCE, check_limits, check_stated_limits
from advisor.rebalance.verify.measures import check_gain, check_measures, check_stress
from advisor.rebalance.verify.plans import check_plans
from advisor.rebalance.verify.sequence import check_sequence
from advisor.rebalance.verify.shape import FIRST_SCHEMA, is_older
from advisor.rebalance.verify.status import check_status
from advisor.rebalance.verify.taxes import check_gains, check_tax
from advisor.rebalance.verify.views import counted

UNSOLVED = ("do_nothing", "half")
HELD, HELD_YEARS = "held_until_death", Decimal(20)
MENUS = {"ijr_only": ("IJR",), "russell_2000_only": ("IWM", "VTWO")}  # what may be bought there, whatever the file says
REPLAYED = (
    check_orders,
    check_sequence,
    check_lots,
    check_cash,
    check_gains,
    check_calendar,
    check_tax,
    check_measures,
    check_stress,
)
OF_THE_OBJECTIVE = (check_gain, check_defaults)  # which counts the household's own cash, whatever may be left of it
SOLVED = (check_limits,)
SOLVED_FOR_IT = (check_status, check_plans)
UNSOLVED_ONLY = (check_stated_limits,)
MOST_LOTS = 2_000
TOO_LARGE = (
    "Other funds, curves, assumptions, views and histories are not compared for more than 2,000 lots; advisor what-if "
    "compares scenarios on request."
)

Outcome = dict[str, Any]


def check_alternatives(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """All alternatives there are to be, each from its orders; one without an answer says why."""
    del ledger
    beside = record["trade_off"]
    outcomes: list[Outcome] = beside["alternatives"]
    large = is_large(portfolio)
    older = is_older(record)
    held = [] if older or not _has_gains(portfolio, market) else [HELD]
    names = [*UNSOLVED, *([] if large else [*MENUS, *held, *(scenario.name for scenario in portfolio.scenarios)])]
    if [outcome["name"] for outcome in outcomes] != names:
        return [f"alternatives: not {', '.join(names)}, in this order"]
    faults = [
        f"{outcome['name']}: {fault}"
        for outcome in outcomes
        for fault in _faults(outcome, record["schema"], portfolio, market)
    ]
    faults += [f"half: {fault}" for fault in _half_faults(record["trades"], outcomes[1], portfolio)]
    faults += _reason_faults(record, outcomes)
    faults += [
        f"{outcome['name']}: {fault}"
        for outcome in outcomes
        for fault in (*_word_faults(outcome, record, portfolio), *_refuted(outcome, record, portfolio, market))
    ]
    if beside["note"] != (TOO_LARGE if large else ""):
        faults.append("trade_off.note is not what is to be said")
    if is_older(record):
        return faults
    return faults + _view_faults(beside.get("views", []), portfolio, market)


def _has_gains(portfolio: Portfolio, market: MarketData) -> bool:
    """Whether some lot of a taxable account is worth more than it cost, and is not held until death anyway."""
    lots = (
        (market.securities[position.symbol].close_usd, lot.cost_per_share_usd)
        for account in portfolio.accounts
        if account.type is AccountType.TAXABLE
        for position in account.positions
        for lot in position.lots
    )
    return portfolio.preferences.unsold_gains.sold > 0 and any(
        cost is not None and price > cost for price, cost in lots
    )


def is_large(portfolio: Portfolio) -> bool:
    """Whether the household has more lots than are compared."""
    return sum(len(position.lots) for account in portfolio.accounts for position in account.positions) > MOST_LOTS


def _faults(outcome: Outcome, schema: str, portfolio: Portfolio, market: MarketData) -> list[str]:
    older = is_older({"schema": schema})
    if outcome["after"] is None:
        left = [outcome[part] for part in ("trades", "limits", "tax", "costs", "gain", "causes")]
        if outcome["name"] in UNSOLVED or outcome["status"] not in ("conflict", "unverified"):
            return [f"status {outcome['status']!r} without a measured household"]
        return [] if outcome["reason"] and not any(left) else ["neither an answer nor a reason"]
    if outcome["reason"] or (outcome["status"] == "trade") != bool(outcome["trades"]):
        return [f"status {outcome['status']!r} with {len(outcome['trades'])} orders, reason {outcome['reason'][:20]!r}"]
    household = household_of(outcome["name"], portfolio)
    parts = ("status", "after", "trades", "tax", "costs", "gain", "limits", *(() if older else ("defaults", "plans")))
    claim = {"schema": schema, **{part: outcome[part] for part in parts}}
    ledger = read_ledger(claim, household, market)
    is_solved = outcome["name"] not in UNSOLVED
    checkers = (
        *REPLAYED,
        *(SOLVED if is_solved else UNSOLVED_ONLY),
        *(SOLVED_FOR_IT if is_solved and not older else ()),
    )
    faults = [fault for checker in checkers for fault in checker(claim, household, market, ledger)]
    asked = household if is_solved else portfolio
    for checker in () if older else OF_THE_OBJECTIVE:
        faults += checker(claim, asked, market, ledger)
    if not (older or is_solved) and outcome["plans"] is not None:
        faults.append("plans of what was not solved for")
    return faults + [
        f"{limit['name']}: a price, which no alternative has"
        for limit in outcome["limits"]
        if (limit["price_bps_per_pp"], limit["price_range_bps_per_pp"]) != (None, None)
    ]


def household_of(name: str, portfolio: Portfolio) -> Portfolio:
    """The file with the alternative's own menu, or the scenario's; half a move need not raise all cash.

    The menu is the whole of it, bought or not: funds of one index on offer share one expected return.
    """
    if name in MENUS:
        return replace(portfolio, preferences=replace(portfolio.preferences, buy=MENUS[name]))
    if name == HELD:
        fate = UnsoldGains(sold=Decimal(0), held_until_death=Decimal(1))
        years = portfolio.preferences.held_years or HELD_YEARS
        return replace(portfolio, preferences=replace(portfolio.preferences, unsold_gains=fate, held_years=years))
    if name not in UNSOLVED:
        return next(scenario.portfolio for scenario in portfolio.scenarios if scenario.name == name)
    accounts = tuple(replace(account, min_cash_usd=Decimal(0)) for account in portfolio.accounts)
    return replace(portfolio, accounts=accounts, preferences=replace(portfolio.preferences, reserve_tax=False))


def _half_faults(trades: Iterable[dict[str, Any]], half: Outcome, portfolio: Portfolio) -> list[str]:
    """Half of each lot sold, rounded down; of each purchase no more than that."""
    whole = {(trade["account"], trade["symbol"], trade["side"]): trade for trade in trades}
    made = {(trade["account"], trade["symbol"], trade["side"]): trade for trade in half["trades"]}
    faults = [
        f"{side} {symbol} in {name}: no order of the proposal" for name, symbol, side in made.keys() - whole.keys()
    ]
    for key, trade in whole.items():
        account = next(one for one in portfolio.accounts if one.name == key[0])
        step = Decimal("0.001") if portfolio.may_trade_fractions(account, key[1]) else Decimal(1)
        lots = [Decimal(lot["shares"]) for lot in trade["lots"]] or [Decimal(trade["shares"])]
        expected = sum((shares / 2 // step * step for shares in lots), Decimal(0))
        found = Decimal(made[key]["shares"]) if key in made else Decimal(0)
        if found > expected or (key[2] == "sell" and found != expected):
            faults.append(f"{key[2]} {key[1]} in {key[0]}: {found} shares, half are {expected}")
    return faults


def _reason_faults(record: dict[str, Any], outcomes: list[Outcome]) -> list[str]:
    """Orders of a proposal alone have reasons; half of one had its words in the first schema."""
    words = {(trade["account"], trade["symbol"], trade["side"]): trade["why"] for trade in record["trades"]}
    has_words = record["schema"] == FIRST_SCHEMA
    return [
        f"{outcome['name']}: a reason for the order to {trade['side']} {trade['symbol']}"
        for outcome in outcomes
        for trade in outcome["trades"]
        if trade.get("reasons")
        or trade["why"]
        != (
            words.get((trade["account"], trade["symbol"], trade["side"]))
            if has_words and outcome["name"] == "half"
            else ""
        )
    ]


def _word_faults(outcome: Outcome, record: dict[str, Any], portfolio: Portfolio) -> list[str]:
    """Its title; its one change and how far that moves the answer. Of several changes the solver alone knows that."""
    name, changes, causes = outcome["name"], outcome["changes"], outcome["causes"]
    faults = (
        [] if outcome["title"] == BUILT_IN_SCENARIOS.get(name, name) else [f"its title is not {outcome['title']!r}"]
    )
    if name in (*UNSOLVED, HELD) and (changes or causes):
        faults.append("changes where nothing is changed, or its title says it")
    if name in MENUS and changes != _menu_change(name, portfolio):
        faults.append("not the change of funds that it is")
    if name not in (*UNSOLVED, HELD, *MENUS):
        faults += _bound_faults(changes, portfolio, household_of(name, portfolio))
    if name not in (*UNSOLVED, HELD) and outcome["after"] is not None:
        faults += _cause_faults(changes, causes, _distance(record["after"], outcome["after"]))
    return faults


def _cause_faults(changes: list[dict[str, Any]], causes: list[dict[str, Any]], moved: float) -> list[str]:
    """One change is the one cause, and moves all; of several, each at most once and what they do only together."""
    if len(changes) == 1:
        is_it = len(causes) == 1 and {key: causes[0][key] for key in changes[0]} == changes[0]
        if not is_it or abs(causes[0]["moved"] - moved) > TOLERANCE:
            return [f"its cause is the one change, which moves {moved:.6g}"]
        return []
    told = [{key: cause[key] for key in ("path", "before", "after")} for cause in causes]
    known = [*changes, {"path": "together", "before": None, "after": None}]
    moves = [cause["moved"] for cause in causes]
    faults = []
    if any(one not in known or told.count(one) > 1 for one in told) or known[-1] not in told:
        faults.append("its causes are not its changes and what they do together")
    if moves != sorted(moves, reverse=True):
        faults.append("its causes do not stand in the order of size")
    return faults


def _bound_faults(changes: list[dict[str, Any]], portfolio: Portfolio, scenario: Portfolio) -> list[str]:
    """Its changes of bounds are those between the file and the scenario."""
    first, second = ({f"limits.{limit.label}": limit.bound for limit in one.limits} for one in (portfolio, scenario))
    told = {change["path"]: (change["before"], change["after"]) for change in changes}
    return [
        f"{path}: {told.get(path, 'no change')} stated, {bounds[0]} and {bounds[1]} in the file"
        for path in sorted(first.keys() | second.keys())
        if not _is_said(told.get(path, (None, None)), bounds := (first.get(path), second.get(path)))
    ]


def _is_said(told: tuple[str | None, str | None], bounds: tuple[Decimal | None, Decimal | None]) -> bool:
    """Whether two written bounds are these; of a bound that stays nothing is said."""
    if bounds[0] == bounds[1]:
        return told == (None, None)
    return tuple(map(_bound, told)) == bounds


def _bound(text: str | None) -> Decimal | None:
    """``65%`` as 0.65 and ``120000`` as it is; NaN, which equals nothing, for what is no number."""
    if text is None:
        return None
    try:
        return Decimal(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except InvalidOperation:
        return Decimal("NaN")


def _menu_change(name: str, portfolio: Portfolio) -> list[dict[str, str]]:
    before, after = portfolio.preferences.buy, MENUS[name]
    told = {"path": "preferences.buy", "before": f"[{', '.join(before)}]", "after": f"[{', '.join(after)}]"}
    return [] if before == after else [told]


def _distance(one: dict[str, Any], other: dict[str, Any]) -> float:
    """The part of the value that is held elsewhere."""
    first, second = ({**state["weights"], "cash": state["cash_weight"]} for state in (one, other))
    moved = (abs(first.get(name, 0.0) - second.get(name, 0.0)) for name in first.keys() | second.keys())
    return float(sum(moved)) / 2


def _refuted(outcome: Outcome, record: dict[str, Any], portfolio: Portfolio, market: MarketData) -> list[str]:
    """Orders of the record that would be an answer where none is said to be possible."""
    if outcome["status"] != "conflict":
        return []
    household = household_of(outcome["name"], portfolio)
    others = [one for one in record["trade_off"]["alternatives"] if one["after"] is not None]
    for one in ({"name": "the proposal", "trades": record["trades"]}, *others):
        if not faults_of(read_ledger(one, household, market), household, market):
            return [f"said to be impossible, but the orders of {one['name']} keep its limits"]
    return []


def _view_faults(audits: list[dict[str, Any]], portfolio: Portfolio, market: MarketData) -> list[str]:
    """Each view as the file has it, with what the own mix and all views together expect of it."""
    views = () if is_large(portfolio) else portfolio.views
    if [audit["name"] for audit in audits] != [view.name for view in views]:
        return ["trade_off.views: not the file's views in its order"]
    frame = frame_of(portfolio, market)
    faults = []
    for audit, view in zip(audits, views, strict=True):
        in_use = counted(view, portfolio, market)
        stated = {
            "stated": float(view.annual_return),
            "confidence": float(view.confidence),
            "years": float(view.years),
            "source": view.source,
            "set": view.set,
            "use": in_use.use,
            "used": in_use.annual_return,
            "used_confidence": in_use.confidence,
            "prices_to": in_use.prices_to,
        }
        faults += [f"view {view.name}: {key} is not {value!r}" for key, value in stated.items() if audit[key] != value]
        for key, returns in (("equilibrium", frame.implied), ("expected", frame.returns)):
            worth = returns[view.symbol] - (returns[view.over] if view.over else 0.0)
            if abs(audit[key] - worth) > TOLERANCE:
                faults.append(f"view {view.name}: {key} {audit[key]} stated, {worth} worked out")
    return faults
