"""A right portfolio file, and what becomes of it with some values changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from advisor.errors import InputError, Issue
from advisor.portfolio.document import Document, Node, read_document
from advisor.portfolio.faults import scenario_faults
from advisor.portfolio.limit_types import split_label, split_limit
from advisor.portfolio.load import told
from advisor.portfolio.merge import NONE, SCENARIOS, file_text, merged
from advisor.portfolio.model import Portfolio, Scenario
from advisor.portfolio.settings import Setting, file_key, settings_changes
from advisor.portfolio.validate_scenarios import check_scenarios
from advisor.portfolio.values import ValueFaultError
from advisor.portfolio.variants import Changes, Reading, reading, scenario_changes, variant


@dataclass(frozen=True, slots=True)
class Original:
    """The file as it was read, for a day of decision."""

    base: Reading
    day: date

    def with_settings(self, settings: Sequence[Setting]) -> Portfolio:
        """The household with these values; raises `ValueFaultError`, which names the setting that is wrong."""
        try:
            changes = settings_changes(settings, self.base.document)
        except ValueFaultError as fault:
            raise ValueFaultError(f"{', '.join(one.words for one in settings)}: {fault}", fault.hint) from None
        as_scenario = _as_scenario(changes)
        issues = [*scenario_faults(as_scenario), *check_scenarios(as_scenario, self._accounts())]
        found, faults = variant(self.base, changes)
        if issues or found is None:
            issue = (*issues, *faults)[0]
            line = issue.where.line if issue.where else 0
            at = settings[line - 1].words if 0 < line <= len(settings) else changes.name
            message = issue.message.replace(" in scenarios[1]", "").replace("scenarios[1].", "")
            raise ValueFaultError(f"{at}: {message}", issue.hint)
        return found

    def past_months_of(self, data: bytes, file: str) -> tuple[Scenario, ...]:
        """The scenarios of another file, which holds nothing else; raises `InputError` with its faults."""
        document = read_document(data)
        issues: list[Issue] = [*document.issues]
        found: list[Scenario] = []
        if document.is_whole:
            issues += [*scenario_faults(document), *check_scenarios(document, self._accounts())]
            for changes in scenario_changes(document):
                portfolio, faults = variant(self.base, changes)
                issues += [_named(fault, changes.name) for fault in faults]
                found += [Scenario(changes.name, portfolio)] if portfolio else []
        if issues:
            raise InputError(told(tuple(issues)), file, document.text)
        return tuple(found)

    def text_with_bounds(self, bounds: Mapping[str, str]) -> str:
        """Text of the file, for its day, with these bounds of limits as a file has them, by label, all hard."""
        limits: dict[str, Node] = {}
        for label, bound in bounds.items():
            name, side = split_label(label)
            kind, part = split_limit(name)
            own = file_key(part, self.base.document.get("limits", kind.name)) if part else ""
            inner = limits.setdefault(kind.name, {})
            entry = inner.setdefault(own, {}) if own and isinstance(inner, dict) else inner
            if isinstance(entry, dict):
                entry.update({side.value: bound, "mode": NONE})
        tree = merged(self.base.document.root, {"limits": limits, "as_of": self.day.isoformat()})
        return file_text(tree)

    def _accounts(self) -> list[str]:
        accounts = (account.get("name") for _, account in self.base.document.mappings("accounts"))
        return [name for name in accounts if isinstance(name, str)]


def original(data: bytes, *, today: date, as_of: date | None) -> Original:
    """The file of these bytes, which `load_portfolio` has found right, for the same day."""
    base = reading(read_document(data), today=today, as_of=as_of)
    return Original(base, base.day or today)


def _as_scenario(changes: Changes) -> Document:
    """A document with the changes as its one scenario, where they stand."""
    places = {(SCENARIOS, 0, *path): where for path, where in changes.values.items()}
    tree: Node = {SCENARIOS: [{"name": "settings", **changes.tree}]}
    return Document(tree, "", (), is_whole=True, values=places, keys=places)


def _named(issue: Issue, scenario: str) -> Issue:
    return Issue(f"scenario {scenario!r}: {issue.message}", issue.where, issue.hint)


def is_portfolio(data: bytes) -> bool:
    """Whether a YAML file is a household, and not a list of scenarios."""
    root = read_document(data).root
    return isinstance(root, dict) and "accounts" in root
