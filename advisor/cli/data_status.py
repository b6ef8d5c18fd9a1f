"""``advisor data status``: which market data are held on this machine, how old they are, and where they came from."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from advisor.cli.output import emit, emit_json, note
from advisor.errors import printable

if TYPE_CHECKING:
    from advisor.market.prices.cache import Cache


@click.command(short_help="Which market data are held, and how old they are.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
@click.option("--debug", is_flag=True, help="Show the stack of an error.")
def status(*, as_json: bool, debug: bool) -> None:
    """Show what is held: the snapshot, prices and facts kept from Yahoo, and imported holdings files.

    Nothing is asked of anybody.

    \b
    Example:
      advisor data status
    """
    del debug
    from advisor.market.paths import imported_folder
    from advisor.market.sources import yahoo_cache

    cache = yahoo_cache()
    document = {
        "schema": "advisor.data-status/1",
        "snapshot": _snapshot(),
        "cache": {"folder": str(cache.folder), "prices": _prices(cache), "facts": _facts(cache)},
        "holdings": {"folder": str(imported_folder()), "files": _files()},
    }
    if as_json:
        emit_json(document)
    else:
        emit(_text(document, datetime.now(UTC).date()))
    for name in cache.set_aside:
        note(f"unreadable, set aside as .bad: {name}; it is fetched anew when it is needed")


def _snapshot() -> dict[str, Any]:
    from advisor.market.snapshot import load_snapshot

    market = load_snapshot()
    return {
        "id": market.id,
        "as_of": market.as_of.isoformat(),
        "symbols": len(market.securities),
        "sha256": market.sha256,
    }


def _prices(cache: Cache) -> list[dict[str, Any]]:
    from advisor.market.live import PRICES, read_history

    found = []
    for entry in cache.entries():
        history = read_history(cache, entry.symbol) if entry.kind == PRICES else None
        if history is not None and history.days:
            found.append(
                {
                    "symbol": entry.symbol,
                    "first": history.days[0].isoformat(),
                    "last": history.days[-1].isoformat(),
                    "closes": len(history.days),
                    "source": history.source,
                    "fetched": history.fetched.isoformat(),
                    "sha256": history.sha256,
                }
            )
    return found


def _facts(cache: Cache) -> list[dict[str, Any]]:
    from advisor.market.live import FACTS, read_facts

    found = []
    for entry in cache.entries():
        facts = read_facts(cache, entry.symbol) if entry.kind == FACTS else None
        if facts is not None:
            found.append(
                {
                    "symbol": entry.symbol,
                    "source": facts.source,
                    "fetched": facts.fetched.isoformat(),
                    "listed_holdings": len(facts.top_holdings),
                    "sha256": facts.sha256,
                }
            )
    return found


def _files() -> list[dict[str, Any]]:
    from advisor.market.holdings.library import imported
    from advisor.market.paths import imported_folder

    return [
        {"fund": file.fund, "as_of": file.as_of.isoformat(), "sha256_start": file.sha256, "file": file.path.name}
        for file in imported(imported_folder())
    ]


def _text(document: dict[str, Any], today: date) -> str:
    from advisor.cli.summary import plain_table

    snapshot, cache, holdings = document["snapshot"], document["cache"], document["holdings"]
    facts = {row["symbol"]: row for row in cache["facts"]}
    prices = [
        (
            row["symbol"],
            f"{row['first']} to {row['last']}",
            _age(row["last"], today),
            f"{row['closes']:,}",
            f"{row['source']}, {row['fetched'][:16].replace('T', ' ')} UTC",
            facts[row["symbol"]]["fetched"][:10] if row["symbol"] in facts else "-",
        )
        for row in cache["prices"]
    ]
    files = [(row["fund"], row["as_of"], _age(row["as_of"], today), row["file"]) for row in holdings["files"]]
    parts = [
        f"Snapshot: {snapshot['id']}, {snapshot['symbols']} symbols, {_age(snapshot['as_of'], today)}\n",
        f"Prices kept from Yahoo: {len(prices) or 'none'} ({printable(cache['folder'])})\n",
        plain_table(("Symbol", "Closes", "Last is", "Number", "Read from", "Facts read"), prices) if prices else "",
        f"Imported holdings files: {len(files) or 'none'} ({printable(holdings['folder'])})\n",
        plain_table(("Fund", "List of", "Age", "File"), files) if files else "",
    ]
    return "".join(parts)


def _age(day: str, today: date) -> str:
    days = (today - date.fromisoformat(day)).days
    return "of today" if days == 0 else f"{days} day{'' if days == 1 else 's'} old"
