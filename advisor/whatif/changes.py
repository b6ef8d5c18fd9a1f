"""What differs between two households, part by part, and one household with a part of the other.

A part is what a person would name: one limit, one rate, one preference, one view, one account. `parts` takes a
household apart, `with_part` puts one part of another household in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from typing import TypeAlias, TypeVar

from advisor.portfolio.model import Account, BuildingBlocks, DoNotSell, Limit, LimitMode, Portfolio, View
from advisor.portfolio.preferences import CovarianceChoice, UnsoldGains
from advisor.portfolio.written import bound_text, fraction_text, plain_text, unsold_text
from advisor.whatif.model import Change

Key: TypeAlias = tuple[str, ...]
_Item = TypeVar("_Item")

WHOLE = ("as_of", "securities", "history", "identical")  # parts of their own
_KEYS = {  # of the file, where a field has another name
    "year_to_date_short_usd": "year_to_date.short_term",
    "year_to_date_long_usd": "year_to_date.long_term",
    "carryforward_short_usd": "carryforward.short_term",
    "carryforward_long_usd": "carryforward.long_term",
    "min_trade_usd": "min_trade",
}
_VIEW_FIELDS = ("annual_return", "confidence", "years", "source", "blocks", "set")
_NO_INPUT = ("is_stated", "is_reserve_stated", "buy_where")  # whether and where the file has a value, not a value
_FRACTIONS = {
    "short_term_rate",
    "long_term_rate",
    "state_rate",
    "carryforward_value",
    "later_long_term_rate",
    "company_share",
    "equity_premium",
    "min_gain",
    "return_uncertainty",
}


def changes(old: Portfolio, new: Portfolio) -> dict[Key, Change]:
    """Every part in which `new` differs from `old`, in the order of `parts`, in the file's own words."""
    before, after = parts(old), parts(new)
    return {
        key: _view_change(key, old_view, new_view)
        if isinstance(old_view := before.get(key), View) and isinstance(new_view := after.get(key), View)
        else Change(_path(key), _text(key, before, after), _text(key, after, before))
        for key in {**before, **after}
        if before.get(key) != after.get(key)
    }


def _view_change(key: Key, old: View, new: View) -> Change:
    """The one field of a view that differs, by itself; the view in words where several do."""
    names = [field for field in _VIEW_FIELDS if getattr(old, field) != getattr(new, field)]
    if len(names) == 1:
        return Change(_path((*key, names[0])), _field_text(old, names[0]), _field_text(new, names[0]))
    return Change(_path(key), _view_text(old), _view_text(new))


def parts(portfolio: Portfolio) -> dict[Key, object]:
    """The inputs of a household by part; its name and its scenarios are none."""
    tax = [field.name for field in fields(portfolio.tax) if field.name not in _NO_INPUT]
    preferences = [field.name for field in fields(portfolio.preferences) if field.name not in _NO_INPUT]
    locks: dict[Key, object] = {("limits", "do_not_sell"): portfolio.do_not_sell} if portfolio.do_not_sell else {}
    return {
        ("as_of",): portfolio.as_of,
        **{("accounts", account.name): account for account in portfolio.accounts},
        **{("limits", limit.label): limit for limit in portfolio.limits},
        **locks,
        **{("tax", name): getattr(portfolio.tax, name) for name in tax},
        **{("preferences", name): getattr(portfolio.preferences, name) for name in preferences},
        **{("views", view.name): view for view in portfolio.views},
        **{(name,): getattr(portfolio, name) for name in WHOLE[1:] if getattr(portfolio, name)},
    }


def with_part(portfolio: Portfolio, other: Portfolio, key: Key) -> Portfolio:
    """`portfolio` with the part `key` as `other` has it. Raises ValueError for a key that is none."""
    match key:
        case ("accounts", name):
            accounts = _exchanged(portfolio.accounts, other.accounts, lambda account: account.name == name)
            return replace(portfolio, accounts=accounts)
        case ("limits", "do_not_sell"):
            return replace(portfolio, do_not_sell=other.do_not_sell)
        case ("limits", label):
            limits = _exchanged(portfolio.limits, other.limits, lambda limit: limit.label == label)
            return replace(portfolio, limits=limits)
        case ("views", name):
            views = _exchanged(portfolio.views, other.views, lambda view: view.name == name)
            return replace(portfolio, views=views)
        case ("tax", name):
            return replace(portfolio, tax=replace(portfolio.tax, **{name: getattr(other.tax, name)}))
        case ("preferences", name):
            preferences = replace(portfolio.preferences, **{name: getattr(other.preferences, name)})
            return replace(portfolio, preferences=preferences)
        case (name,) if name in WHOLE:
            return replace(portfolio, **{name: getattr(other, name)})
    raise ValueError(f"no part {key!r}")


def _exchanged(old: Sequence[_Item], new: Sequence[_Item], is_it: Callable[[_Item], bool]) -> tuple[_Item, ...]:
    """`old` with the item that is it as in `new`: in its place, at the end, or gone."""
    wanted = next((item for item in new if is_it(item)), None)
    if wanted is None:
        return tuple(item for item in old if not is_it(item))
    if any(is_it(item) for item in old):
        return tuple(wanted if is_it(item) else item for item in old)
    return (*old, wanted)


def _path(key: Key) -> str:
    return ".".join(_KEYS.get(step, step) for step in key)


def _text(key: Key, own: dict[Key, object], others: dict[Key, object]) -> str | None:
    """The part as a file would have it, or None where it is absent."""
    value = own.get(key)
    match value:
        case Account():
            return _account_text(value, others.get(key))
        case Limit():
            return _limit_text(value)
        case View():
            return _view_text(value)
        case Decimal():
            return fraction_text(value) if key[-1] in _FRACTIONS else plain_text(value)
        case UnsoldGains():
            return unsold_text(value)
        case CovarianceChoice():
            return f"{value.method}, {value.returns}, {value.years} years"
        case bool():
            return str(value).lower()
        case tuple() if key == ("limits", "do_not_sell"):
            return _listed(" in ".join(part for part in (e.symbol, e.account) if part) for e in _locks(value))
        case tuple() if key[0] == "preferences":
            return _listed(value)
        case tuple():
            return f"{len(value)} entries"
        case None:
            return None
    return value.isoformat() if isinstance(value, date) else str(value)


def _locks(value: tuple[object, ...]) -> Iterable[DoNotSell]:
    return (entry for entry in value if isinstance(entry, DoNotSell))


def _account_text(account: Account, other: object) -> str:
    """What of an account differs from the other."""
    if not isinstance(other, Account):
        return f"{account.type}, cash {plain_text(account.cash_usd)}, {len(account.positions)} positions"
    known = {position.symbol: position.lots for position in other.positions}
    own = {position.symbol: position.lots for position in account.positions}
    told = [f"cash {plain_text(account.cash_usd)}"] if account.cash_usd != other.cash_usd else []
    told += [
        f"{position.symbol} {plain_text(position.shares)}"
        for position in account.positions
        if known.get(position.symbol) != position.lots
    ]
    told += [f"{symbol} 0" for symbol in known if symbol not in own]
    return ", ".join(told) or "other rules"


def _limit_text(limit: Limit) -> str:
    mode = {
        LimitMode.HARD: (),
        LimitMode.SOFT: (f"soft at {plain_text(limit.charge_bps_per_pp)}",),
        LimitMode.NOT_WORSE_THAN_TODAY: ("not_worse_than_today",),
    }[limit.mode]
    return ", ".join(
        (bound_text(limit.name, limit.bound), *mode, *((f"against {limit.benchmark}",) if limit.benchmark else ()))
    )


def _view_text(view: View) -> str:
    """``2.59%, confidence 25%, 5 years``, with what it was put together from."""
    terms = (f"confidence {_field_text(view, 'confidence')}", f"{_field_text(view, 'years')} years")
    blocks = () if view.blocks is None else (_field_text(view, "blocks"),)
    return ", ".join((_field_text(view, "annual_return"), *terms, *blocks))


def _field_text(view: View, name: str) -> str:
    value = getattr(view, name)
    match value:
        case Decimal():
            return plain_text(value) if name == "years" else fraction_text(round(value, 6))
        case BuildingBlocks():
            parts = f"yield {fraction_text(value.dividend_yield)}, growth {fraction_text(value.growth)}"
            return f"{parts}, P/E {plain_text(value.pe_now)} to {plain_text(value.pe_then)}"
    return str(value) or "your own"


def _listed(words: Iterable[object]) -> str:
    return f"[{', '.join(str(word) for word in words)}]"
