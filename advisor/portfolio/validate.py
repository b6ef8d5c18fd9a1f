"""Holds the values of a portfolio file against each other.

Each check is one rule and reads the tree of texts, so that it finds its faults even where the schema has
found others; a value that cannot be read is the schema's business and is passed over here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain, islice
from typing import TypeVar

from advisor.dates import WASH_SALE_DAYS
from advisor.errors import Issue
from advisor.portfolio import values
from advisor.portfolio.document import MAX_ISSUES, Document, Node, Path, quoted
from advisor.portfolio.limit_types import LIMIT_TYPES, LimitType, Unit
from advisor.portfolio.model import AccountType, LimitMode
from advisor.portfolio.preferences import Preferences, TaxSituation
from advisor.portfolio.written import fraction_text

HELD = "held_until_death"
HISTORY_DAYS = 2 * WASH_SALE_DAYS + 1  # as far back as a past trade can matter to a sale of today

_Value = TypeVar("_Value")
_LOT_HINTS = {
    "cost_per_share": "the broker's list of lots has it: USD for one share",
    "acquired": "the broker's list of lots has it: the trade date, YYYY-MM-DD",
}


def check_all(document: Document, as_of: date | None, of_file: date | None = None) -> list[Issue]:
    """Faults between the values of a document, at most `MAX_ISSUES`.

    Parameters
    ----------
    document
        A whole document, faulty or not.
    as_of
        Day of the decision; None where it cannot be read, and then no date is judged.
    of_file
        The file's own day, where `as_of` is a scenario's: past trades that matter to the file belong there, although
        they may be too old to matter to the scenario.
    """
    checks = [check(document) for check in UNDATED_CHECKS]
    if as_of is not None:
        checks += [check_acquired(document, as_of), check_history_dates(document, as_of, of_file or as_of)]
    return list(islice(chain.from_iterable(checks), MAX_ISSUES))


def check_account_names(document: Document) -> Iterator[Issue]:
    """No two accounts have one name; capitals make no difference."""
    names = ((path, _text(account.get("name"))) for path, account in document.mappings("accounts"))
    for path, name, first in repeated(document, names, key="name"):
        where = document.where((*path, "name"))
        yield Issue(f"a second account is named {quoted(name)}", where, f"rename it; {first}")


def check_symbols_once_per_account(document: Document) -> Iterator[Issue]:
    """A security stands once in an account."""
    for account, _ in document.mappings("accounts"):
        holdings = ((path, _symbol(item)) for path, item in document.mappings(*account, "holdings"))
        for path, symbol, first in repeated(document, holdings, key="symbol"):
            where, hint = document.where((*path, "symbol")), f"put its lots into one entry; {first}"
            yield Issue(f"{quoted(symbol)} stands twice in one account", where, hint)


def check_holding_form(document: Document) -> Iterator[Issue]:
    """A holding has either lots or the short form of one lot."""
    for path, holding in _holdings(document):
        short = [key for key in ("shares", "cost_per_share", "acquired") if key in holding]
        if "lots" in holding and short:
            where = document.where_key((*path, short[0]))
            yield Issue(f"{short[0]} stands beside lots", where, "move it into a lot")
        elif "lots" in holding and not holding["lots"]:
            yield Issue("a holding without lots", document.where((*path, "lots")), "add one, or remove the holding")
        elif "lots" not in holding and "shares" not in holding:
            yield Issue("a holding needs shares or lots", document.where(path))


def check_lots_of_taxable_accounts(document: Document) -> Iterator[Issue]:
    """In a taxable account each lot has its cost and its date."""
    for path, lot in _lots(document):
        if document.get(*path[:2], "type") != AccountType.TAXABLE:
            continue
        for key, hint in _LOT_HINTS.items():
            if key not in lot:
                yield Issue(f"a lot in a taxable account needs {key}", document.where(path), hint)


def check_acquired(document: Document, as_of: date) -> Iterator[Issue]:
    """No lot was acquired after the day of the decision."""
    for path, lot in _lots(document):
        acquired = _read(values.day, lot.get("acquired"))
        if acquired is not None and acquired > as_of:
            where = document.where((*path, "acquired"))
            yield Issue(f"{acquired} is after as_of, {as_of}", where, "mend the date, or as_of")


def check_household_has_value(document: Document) -> Iterator[Issue]:
    """Some account holds cash or a security."""
    accounts = [account for _, account in document.mappings("accounts")]
    cash = [_read(values.usd, account.get("cash", "0")) for account in accounts]
    if accounts and not any(account.get("holdings") for account in accounts) and not any(map(_is_not_zero, cash)):
        where = document.where(("accounts",))
        yield Issue("no account holds cash or a security", where, "there is nothing to advise on")


def check_buy_list(document: Document) -> Iterator[Issue]:
    """What may be bought stands once in the list; that it is a fund with data, `market.resolve` says."""
    yield from _listed_twice(document, ("preferences", "buy"))


def check_account_buy_lists(document: Document) -> Iterator[Issue]:
    """What an account offers is among what may be bought."""
    buyable = _buyable(document)
    for account, _ in document.mappings("accounts"):
        path: Path = (*account, "buy")
        for place, symbol in _symbols(document, path):
            if symbol not in buyable:
                hint = "add it there, or remove it here"
                yield Issue(f"{quoted(symbol)} is not in preferences.buy", document.where(place), hint)
        yield from _listed_twice(document, path)


def check_bands(document: Document) -> Iterator[Issue]:
    """A limit with two sides has at least one of them, and its lower is not above its upper."""
    for kind, path, node in _limits(document):
        if len(kind.sides) < 2:
            continue
        band = _mapping(node)
        if node in (None, {}) or (band and not {"max", "min"} & band.keys()):
            yield Issue("a limit needs max, min or both", document.where(path))
        parse = values.number if kind.unit is Unit.RATIO else values.fraction
        low, high = _read(parse, band.get("min")), _read(parse, band.get("max"))
        if low is not None and high is not None and low > high:
            where = document.where((*path, "min"))
            yield Issue(f"min {band['min']} is above max {band['max']}", where, "no portfolio can keep both")


def check_modes(document: Document) -> Iterator[Issue]:
    """Only a soft limit has a price, and some limits cannot be soft."""
    for kind, path, node in _limits(document):
        band = _mapping(node)
        if not kind.may_be_soft and band.get("mode") == LimitMode.SOFT:
            hint = "write mode: hard, or not_worse_than_today"
            yield Issue(f"{kind.name} cannot be soft", document.where((*path, "mode")), hint)
        if "price" in band and band.get("mode") != LimitMode.SOFT:
            hint = "write mode: soft beside it, or remove it"
            yield Issue("a price belongs to a soft limit", document.where_key((*path, "price")), hint)


def check_fund_limits(document: Document) -> Iterator[Issue]:
    """A limit on a security is on one that is held or can be bought, and stands once."""
    known = set().union(_buyable(document), *held_by_account(document).values())
    seen: set[str] = set()
    for key in _mapping(document.get("limits", "funds")):
        symbol, where = values.loose_symbol(key), document.where_key(("limits", "funds", key))
        if symbol in seen:
            yield Issue(f"{quoted(symbol)} is limited twice", where, "keep one")
        elif symbol not in known:
            hint = values.did_you_mean(symbol, sorted(known)) or "the limit would have no effect: remove it"
            yield Issue(f"{quoted(symbol)} is neither held nor in preferences.buy", where, hint)
        seen.add(symbol)


def check_do_not_sell(document: Document) -> Iterator[Issue]:
    """What must not be sold is there."""
    held = held_by_account(document)
    everywhere = set().union(*held.values())
    for path, entry in document.mappings("limits", "do_not_sell"):
        if not {"symbol", "account"} & entry.keys():
            yield Issue("an entry of do_not_sell needs symbol, account or both", document.where(path))
        yield from unknown_account(document, path, entry, list(held))
        account, symbol = _text(entry.get("account")), _symbol(entry)
        there = held.get(account or "", everywhere)
        if symbol and symbol not in there:
            place = "in that account" if account in held else "in any account"
            hint = values.did_you_mean(symbol, sorted(there)) or "remove the entry"
            yield Issue(f"{quoted(symbol)} is not held {place}", document.where((*path, "symbol")), hint)


def check_tax_rates(document: Document) -> Iterator[Issue]:
    """Short-term gains are taxed no less than long-term ones, and no gain is taxed away."""
    default = TaxSituation()
    short = _rate(document, "short_term_rate", default.short_term_rate)
    long = _rate(document, "long_term_rate", default.long_term_rate)
    state = _rate(document, "state_rate", default.state_rate)
    if short is not None and long is not None and short < long:
        key = "long_term_rate" if document.get("tax", "long_term_rate") else "short_term_rate"
        hint = "as in the tax law; only then has the tax a convex form, which the optimizer needs"
        yield Issue("short_term_rate must be at least long_term_rate", document.where(("tax", key)), hint)
    value, most = _rate(document, "carryforward_value", default.carryforward_value), _sum(long, state)
    if value is not None and most is not None and value > most:
        hint = "at most long_term_rate and state_rate together: no later gain saves more"
        yield Issue("carryforward_value is too large", document.where(("tax", "carryforward_value")), hint)
    later = _rate(document, "later_long_term_rate", None)
    if later is not None and long is not None and later > long:
        hint = "at most long_term_rate: realizing a gain now is never a credit"
        where = document.where(("tax", "later_long_term_rate"))
        yield Issue("later_long_term_rate is above long_term_rate", where, hint)
    if short is not None and state is not None and short + state >= 1:
        where = document.where(("tax", "state_rate" if document.get("tax", "state_rate") else "short_term_rate"))
        yield Issue("short_term_rate and state_rate together must be below 100%", where)


def check_unsold_gains(document: Document) -> Iterator[Issue]:
    """The parts of unsold gains add up to all of them, and what is held until death has years until then."""
    path: Path = ("preferences", "unsold_gains")
    told = document.get(*path)
    parts = _mapping(told)
    shares = [_read(values.fraction, parts[key]) for key in parts]
    whole = sum(filter(None, shares), Decimal(0))
    if shares and None not in shares and whole != 1:
        yield Issue(f"unsold_gains add up to {fraction_text(whole)}", document.where(path), "its parts make up 100%")
    is_held = told == HELD or (_read(values.fraction, parts.get(HELD)) or 0) > 0
    if is_held and document.get("preferences", "held_years") is None:
        hint = "add `held_years: 25` beside it: the costs of a sale are spread over them"
        yield Issue("held_until_death needs held_years", document.where(path), hint)


def check_securities(document: Document) -> Iterator[Issue]:
    """A security is declared once, and its proxy has data of its own."""
    declared = [(path, _symbol(item)) for path, item in document.mappings("securities")]
    for path, symbol, first in repeated(document, declared, key="symbol"):
        yield Issue(f"{quoted(symbol)} is declared twice", document.where((*path, "symbol")), f"keep one; {first}")
    symbols = {symbol for _, symbol in declared if symbol}
    for path, item in document.mappings("securities"):
        if _symbol(item, "proxy") in symbols:
            where = document.where((*path, "proxy"))
            yield Issue("a proxy must have data of its own, not a proxy again", where, "name that one's proxy")


def check_history_entries(document: Document) -> Iterator[Issue]:
    """A past trade is of a known account, and only a sale has a gain; its symbol need not be held now."""
    names = list(held_by_account(document))
    for path, trade in document.mappings("history"):
        yield from unknown_account(document, path, trade, names)
        if trade.get("side") == "buy" and "gain" in trade:
            where = document.where_key((*path, "gain"))
            yield Issue("a purchase has no gain", where, "remove it, or write side: sell")


def check_history_dates(document: Document, as_of: date, of_file: date) -> Iterator[Issue]:
    """Past trades are neither after the day of the decision nor too old to matter on the file's."""
    for path, trade in document.mappings("history"):
        traded, where = _read(values.day, trade.get("date")), document.where((*path, "date"))
        if traded is not None and traded > as_of:
            yield Issue(f"{traded} is after as_of, {as_of}", where, "mend the date, or as_of")
        elif traded is not None and of_file - traded > timedelta(days=HISTORY_DAYS):
            message = f"{traded} is more than {HISTORY_DAYS} days before as_of, {of_file}"
            yield Issue(message, where, "no wash sale reaches so far back: remove the entry")


def check_identical(document: Document) -> Iterator[Issue]:
    """A group of identical securities has at least two members, each once."""
    groups = document.get("identical")
    for index, group in enumerate(groups if isinstance(groups, list) else ()):
        path: Path = ("identical", index)
        if isinstance(group, list) and len(group) == 1:
            yield Issue("a group of identical securities needs two symbols", document.where(path), "add the other")
        yield from _listed_twice(document, path)


UNDATED_CHECKS: tuple[Callable[[Document], Iterator[Issue]], ...] = (
    check_account_names,
    check_symbols_once_per_account,
    check_holding_form,
    check_lots_of_taxable_accounts,
    check_household_has_value,
    check_buy_list,
    check_account_buy_lists,
    check_bands,
    check_modes,
    check_fund_limits,
    check_do_not_sell,
    check_tax_rates,
    check_unsold_gains,
    check_securities,
    check_history_entries,
    check_identical,
)


def _limits(document: Document) -> Iterator[tuple[LimitType, Path, Node]]:
    """Each limit with its kind and path; keys that name no kind are the schema's business."""
    for name, node in _mapping(document.get("limits")).items():
        kind = LIMIT_TYPES.get(name)
        if kind is None:
            continue
        if kind.part is None:
            yield kind, ("limits", name), node
        else:
            yield from ((kind, ("limits", name, key), band) for key, band in _mapping(node).items())


def _holdings(document: Document) -> Iterator[tuple[Path, dict[str, Node]]]:
    for account, _ in document.mappings("accounts"):
        yield from document.mappings(*account, "holdings")


def _lots(document: Document) -> Iterator[tuple[Path, dict[str, Node]]]:
    """Each lot, and each holding in short form."""
    for path, holding in _holdings(document):
        if "lots" in holding:
            yield from document.mappings(*path, "lots")
        else:
            yield path, holding


def held_by_account(document: Document) -> dict[str, set[str]]:
    """Symbols held, by account name."""
    held: dict[str, set[str]] = {}
    for path, account in document.mappings("accounts"):
        symbols = {_symbol(item) for _, item in document.mappings(*path, "holdings")}
        held.setdefault(_text(account.get("name")) or "", set()).update(symbol for symbol in symbols if symbol)
    return held


def _buyable(document: Document) -> set[str]:
    if document.get("preferences", "buy") is None:
        return set(Preferences().buy)
    return {symbol for _, symbol in _symbols(document, ("preferences", "buy"))}


def unknown_account(document: Document, path: Path, entry: dict[str, Node], known: list[str]) -> Iterator[Issue]:
    """The entry names an account that is not among those known."""
    name = _text(entry.get("account"))
    if name is not None and name not in known:
        hint = values.did_you_mean(name, known) or "give a name as under accounts"
        yield Issue(f"no account is named {quoted(name)}", document.where((*path, "account")), hint)


def _symbols(document: Document, path: Path) -> Iterator[tuple[Path, str]]:
    """Each symbol of the list at `path`, with its own path."""
    node = document.get(*path)
    for index, item in enumerate(node if isinstance(node, list) else ()):
        if isinstance(item, str):
            yield (*path, index), values.loose_symbol(item)


def _listed_twice(document: Document, path: Path) -> Iterator[Issue]:
    seen: set[str] = set()
    for place, symbol in _symbols(document, path):
        if symbol in seen:
            yield Issue(f"{quoted(symbol)} is listed twice", document.where(place), "keep one")
        seen.add(symbol)


def repeated(
    document: Document, items: Iterable[tuple[Path, str | None]], *, key: str
) -> Iterator[tuple[Path, str, str]]:
    """Items whose text, capitals aside, came before, each with words on where it first came."""
    first: dict[str, int] = {}
    for path, text in items:
        if text is None:
            continue
        if text.casefold() in first:
            yield path, text, f"the first is in line {first[text.casefold()]}"
        else:
            first[text.casefold()] = document.where((*path, key)).line


def _rate(document: Document, key: str, default: Decimal | None) -> Decimal | None:
    text = document.get("tax", key)
    return default if text is None else _read(values.fraction, text)


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other


def _is_not_zero(amount: Decimal | None) -> bool:
    """Whether there is an amount, or may be one that cannot be read."""
    return amount is None or amount != 0


def _mapping(node: Node) -> dict[str, Node]:
    return node if isinstance(node, dict) else {}


def _text(node: Node) -> str | None:
    return node if isinstance(node, str) else None


def _symbol(entry: dict[str, Node], key: str = "symbol") -> str | None:
    text = _text(entry.get(key))
    return values.loose_symbol(text) if text else None


def _read(parse: Callable[[str], _Value], node: Node) -> _Value | None:
    """Value of a text, or None where the schema will find fault with it."""
    try:
        return parse(node) if isinstance(node, str) else None
    except values.ValueFaultError:
        return None
