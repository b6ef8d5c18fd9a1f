"""The household with some values changed: by a scenario of the file, by one of another file, or by a setting.

What comes out of the merge is read and checked like a whole file. The faults of a scenario of the file itself stand at
their places there; of changes from elsewhere the faults have places in those, and the household those of the file, but
for limits and views that are not the file's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from advisor.errors import Issue, Location
from advisor.portfolio import values
from advisor.portfolio.build import household
from advisor.portfolio.document import Document, Node, Path
from advisor.portfolio.faults import read_entries
from advisor.portfolio.merge import REPLACED, SCENARIOS, merged
from advisor.portfolio.model import Portfolio
from advisor.portfolio.schema import PortfolioEntry
from advisor.portfolio.validate import check_all
from advisor.portfolio.validate_scenarios import MAX_SCENARIOS, check_scenarios
from advisor.portfolio.validate_views import check_views


@dataclass(frozen=True, slots=True)
class Reading:
    """A document held against the schema and the rules: the entries, or None, and every fault."""

    document: Document
    entries: PortfolioEntry | None
    issues: tuple[Issue, ...]
    day: date | None  # of the decision; None where it cannot be read
    deposit: Node = None  # of a scenario, which is in the cash of its account

    def household(self) -> Portfolio | None:
        """The household without its scenarios; None where a fault leaves none."""
        if self.entries is None or self.day is None:
            return None
        return _with_new_money(household(self.entries, self.document, self.day), self.deposit)


def _with_new_money(portfolio: Portfolio, deposit: Node) -> Portfolio:
    """The household with a deposit, without fault, told apart from the cash that it is paid into."""
    if not isinstance(deposit, dict):
        return portfolio
    name, amount = deposit.get("account"), values.usd(str(deposit.get("amount")))
    accounts = (replace(one, deposit_usd=amount) if one.name == name else one for one in portfolio.accounts)
    return replace(portfolio, accounts=tuple(accounts))


@dataclass(frozen=True, slots=True)
class Changes:
    """A tree of changes, and the places of its parts by their paths in the file that they change."""

    name: str
    tree: Mapping[str, Node]
    values: Mapping[Path, Location] = field(default_factory=dict)
    keys: Mapping[Path, Location] = field(default_factory=dict)
    broken: frozenset[Path] = frozenset()


def reading(document: Document, *, today: date, as_of: date | None, of_file: date | None = None) -> Reading:
    """Entries and faults of a whole document; `today` is the day where neither it nor `as_of` gives one.

    `of_file` is the day of the file that the document changes.
    """
    entries, issues = read_entries(document)
    day = as_of or _stated_day(document, today)
    between = (*check_all(document, day, of_file), *check_views(document), *check_scenarios(document))
    return Reading(document, entries, (*issues, *between), day)


def _stated_day(document: Document, today: date) -> date | None:
    """Day of the file, `today` where it gives none, None where it cannot be read."""
    text = document.get("as_of")
    if text is None:
        return today
    try:
        return values.day(text) if isinstance(text, str) else None
    except values.ValueFaultError:
        return None


def own_scenarios(base: Reading) -> Iterator[tuple[str, Reading]]:
    """Name and reading of each of the file's scenarios that has a name; places are those of the file."""
    document = base.document
    for changes in scenario_changes(document):
        placed = replace(
            document,
            root=merged(document.root, changes.tree),
            values={**_kept(document.values, changes), **changes.values, (): document.where(())},
            keys={**_kept(document.keys, changes), **changes.keys},
            broken=document.broken | changes.broken,
        )
        yield changes.name, _variant(placed, changes, base)


def _kept(places: Mapping[Path, Location], changes: Changes) -> dict[Path, Location]:
    """The places of the file without those of the parts that the changes take the place of."""
    gone = {(key,) for key in REPLACED if key in changes.tree}
    return {path: where for path, where in places.items() if path[:1] not in gone}


def variant(base: Reading, changes: Changes) -> tuple[Portfolio | None, tuple[Issue, ...]]:
    """The household of `base`, a file without fault, with changes from elsewhere; or None, and the faults there."""
    document = base.document
    root = merged(document.root, changes.tree)
    told = replace(document, root=root, values=dict(changes.values), keys=dict(changes.keys), broken=changes.broken)
    found = _variant(told, changes, base)
    if found.issues:
        return None, found.issues
    return _unplaced(replace(found, document=replace(document, root=root)).household(), base), ()


def _unplaced(changed: Portfolio | None, base: Reading) -> Portfolio | None:
    """The household without places of limits and views that are not the file's: the file has others there, or none."""
    own = base.household()
    if changed is None or own is None:
        return changed
    limits = (limit if limit in own.limits else replace(limit, where=None) for limit in changed.limits)
    views = (view if view in own.views else replace(view, where=None) for view in changed.views)
    return replace(changed, limits=tuple(limits), views=tuple(views))


def _variant(document: Document, changes: Changes, base: Reading) -> Reading:
    """Reading of a changed document: of the day of `base`, unless the day is changed too."""
    day = None if "as_of" in changes.tree else base.day
    found = reading(document, today=base.day or date.min, as_of=day, of_file=base.day)
    return replace(found, deposit=changes.tree.get("deposit"))


def scenario_changes(document: Document) -> Iterator[Changes]:
    """The changes of each of the document's scenarios that has a name."""
    named = {path: tree for path, tree in document.mappings(SCENARIOS) if isinstance(tree.get("name"), str)}
    placed_values, placed_keys = _by_scenario(document.values), _by_scenario(document.keys)
    for path, tree in list(named.items())[:MAX_SCENARIOS]:
        yield Changes(
            name=str(tree["name"]),
            tree={key: node for key, node in tree.items() if key != "name"},
            values=placed_values.get(path, {}),
            keys=placed_keys.get(path, {}),
            broken=frozenset(part[2:] for part in document.broken if part[:2] == path and part[2:]),
        )


def _by_scenario(places: Mapping[Path, Location]) -> dict[Path, dict[Path, Location]]:
    """Places within each scenario, by the paths that they have in the file that is changed."""
    found: dict[Path, dict[Path, Location]] = {}
    for path, where in places.items():
        if path[:1] == (SCENARIOS,) and len(path) > 1:
            found.setdefault(path[:2], {})[path[2:]] = where
    return found
