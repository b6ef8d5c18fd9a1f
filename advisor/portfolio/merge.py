"""A file's tree with changes merged into it, and a tree as the text of a file.

Changes are a tree of text like the file's own. Mappings are merged key by key, lists and single values take the place
of the file's, ``none`` removes a key, a limit without bounds goes with its last one, and the price of a soft limit with
its mode. A deposit adds to the cash of an account.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import yaml

from advisor.portfolio import values
from advisor.portfolio.document import MAX_BYTES, Node
from advisor.portfolio.model import LimitMode

NONE = "none"  # the value that removes a key
REMOVED = (NONE, "null")
MERGED = ("limits", "tax", "preferences")
REPLACED = ("views", "as_of")
SCENARIOS = "scenarios"
_BOUNDS = {"max", "min"}


def merged(root: Node, changes: Mapping[str, Node]) -> Node:
    """`root`, a file's tree, with `changes`, and without its scenarios."""
    if not isinstance(root, dict):
        return root
    tree = {key: node for key, node in root.items() if key != SCENARIOS}
    for key in MERGED:
        if changes.get(key) is not None:
            tree[key] = None if changes[key] in REMOVED else _merged(tree.get(key), changes[key])
    for key in REPLACED:
        if key in changes:
            tree[key] = None if changes[key] in REMOVED else changes[key]
    tree["accounts"] = _with_deposit(tree.get("accounts"), changes.get("deposit"))
    return {key: node for key, node in tree.items() if node is not None or key in root}


def _merged(old: Node, new: Node) -> Node:
    if not isinstance(new, dict) or not (old is None or isinstance(old, dict)):
        return new
    result = dict(old or {})
    for key, node in new.items():
        before = result.get(key)
        after = None if node is None or node in REMOVED else _merged(before, node)
        if after is None or (_has_bound(before) and isinstance(after, dict) and not _has_bound(after)):
            result.pop(key, None)
        else:
            result[key] = after
    return _without_stale_price(result, new)


def _without_stale_price(limit: dict[str, Node], new: Mapping[str, Node]) -> dict[str, Node]:
    """A limit that was soft and now has another mode has no price, unless it is given one."""
    is_stale = "mode" in new and "price" not in new and limit.get("mode") != LimitMode.SOFT
    return {key: node for key, node in limit.items() if not (is_stale and key == "price")}


def _has_bound(node: Node) -> bool:
    return isinstance(node, dict) and bool(_BOUNDS & node.keys())


def _with_deposit(accounts: Node, deposit: Node) -> Node:
    """`accounts` with the deposit's amount in cash; as they are where the deposit cannot be read."""
    if not (isinstance(accounts, list) and isinstance(deposit, dict)):
        return accounts
    return [_paid_into(account, deposit) for account in accounts]


def _paid_into(account: Node, deposit: Mapping[str, Node]) -> Node:
    if not isinstance(account, dict) or account.get("name") != deposit.get("account"):
        return account
    try:
        amounts = [values.usd(str(text)) for text in (account.get("cash", "0"), deposit.get("amount"))]
    except values.ValueFaultError:
        return account
    return {**account, "cash": f"{sum(amounts, Decimal(0)):f}"}


class _Dumper(yaml.SafeDumper):
    """Writes every value as the plain text that it is: nothing is guessed on the way back either."""


_Dumper.yaml_implicit_resolvers = {}


def file_text(root: Node) -> str:
    """YAML text of a tree; sections without a value are left out."""
    text = yaml.dump(
        _without_empty(root),
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=MAX_BYTES,
        default_flow_style=None,
    )
    return str(text)


def _without_empty(node: Node) -> Node:
    if isinstance(node, dict):
        return {key: _without_empty(item) for key, item in node.items() if item is not None}
    return [_without_empty(item) for item in node] if isinstance(node, list) else node
