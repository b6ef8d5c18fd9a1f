"""Writes what follows from `LIMIT_TYPES`: the tables of the README and docs/users/limits.md, and the schema.

::

    python -m tests.limit_reference
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from advisor.portfolio.limit_types import LIMIT_TYPES, LimitType, Side
from advisor.portfolio.schema import json_schema

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- limits: written by python -m tests.limit_reference -->\n", "<!-- end of limits -->\n"
DO_NOT_SELL = "`[{symbol: NVDA, account: Brokerage}]`"


def short_table() -> Iterator[str]:
    """The table of the README."""
    yield from ("| limit | of what | form |", "|---|---|---|")
    yield from (f"| `{one.name}` | {_meaning(one)} | `{one.example}` |" for one in LIMIT_TYPES.values())
    yield f"| `do_not_sell` | positions that stay | {DO_NOT_SELL} |"


def long_table() -> Iterator[str]:
    """The table of docs/users/limits.md."""
    yield from ("| Key | Sides | Meaning | Example |", "| --- | --- | --- | --- |")
    for one in LIMIT_TYPES.values():
        sides = ", ".join(f"`{side}`" for side in reversed(Side) if side in one.sides)
        yield f"| `{one.name}` | {sides} | {_meaning(one)} | `{one.example}` |"
    what = "list of `symbol`, `account` or both: a security everywhere, a whole account, a security in one account"
    yield f"| `do_not_sell` | | {what} | {DO_NOT_SELL} |"


TABLES: dict[str, Callable[[], Iterator[str]]] = {"README.md": short_table, "docs/users/limits.md": long_table}


def with_table(document: str, table: Iterator[str]) -> str:
    """The document with its table of limits renewed."""
    before, rest = document.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n" + "\n".join(table) + f"\n\n{END}{after}"


def written() -> Iterator[tuple[Path, str]]:
    """Each file with the text that it should have."""
    for name, table in TABLES.items():
        yield ROOT / name, with_table((ROOT / name).read_text("utf-8"), table())
    yield ROOT / "portfolios" / "portfolio.schema.json", json.dumps(json_schema(), indent=2) + "\n"


def _meaning(one: LimitType) -> str:
    return one.meaning.replace("preferences.buy", "`preferences.buy`").replace(
        "preferences.benchmark", "`preferences.benchmark`"
    )


if __name__ == "__main__":
    for path, text in written():
        path.write_text(text, "utf-8")
