"""``advisor data import-holdings``: a fund's full list of holdings, from its issuer's own file."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.cli.output import emit, emit_json, note
from advisor.errors import printable

if TYPE_CHECKING:
    from advisor.market.holdings.model import HoldingsFile

USED = "Used from now on by every command, instead of older lists of the fund. To take it back, delete the file."


@click.command("import-holdings", short_help="Import a fund's full list of holdings.")
@click.argument("file", type=click.Path(readable=False, path_type=Path))
@click.option("--fund", metavar="SYMBOL", help="The fund's symbol, where the file does not say it (iShares, N-PORT).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
@click.option("--quiet", is_flag=True, help="Print no warnings, and the first line of the result alone.")
@click.option("--debug", is_flag=True, help="Show the stack of an error.")
def import_holdings(*, file: Path, fund: str | None, as_json: bool, quiet: bool, debug: bool) -> None:
    """Import a fund's full list of holdings from its issuer's own file, so that its companies are known exactly.

    FILE is a download of iShares (CSV), State Street (XLSX), Invesco (CSV) or Vanguard (CSV or JSON), or a filing of
    the SEC's Form N-PORT (XML), unchanged. It has to say its date.

    \b
    Example:
      advisor data import-holdings IWM_holdings.csv --fund IWM
    """
    del debug
    from advisor.market.holdings.library import import_file
    from advisor.market.paths import imported_folder

    folder = imported_folder()
    holdings = import_file(file, folder, fund=fund)
    if as_json:
        emit_json(_document(holdings, folder))
        return
    text = _text(holdings, folder)
    emit(text.partition("\n")[0] + "\n" if quiet else text)
    for warning in () if quiet else holdings.notes:
        note(warning)


def _text(holdings: HoldingsFile, folder: Path) -> str:
    from advisor.format import percent

    figures = _figures(holdings)
    counts = Counter(row.reason.partition(":")[0] for row in holdings.skipped)
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in counts.most_common())
    seven = ", ".join(
        f"{company} {percent(weight, 2)}" for company, weight in figures["companies"].items() if weight > 0.0
    )
    total = "" if figures["total_usd"] is None else f" of ${figures['total_usd']:,.0f}"
    lines = [
        f"{holdings.fund}: {holdings.source}, {holdings.imported:,} of {len(holdings.rows):,} rows imported",
        f"  imported: {percent(figures['imported'], 2)}{total}",
        f"  skipped: {reasons or 'none'}",
        f"  companies not named (futures, funds): {percent(figures['unnamed'], 2)}",
        f"  Magnificent Seven: {percent(figures['magnificent_seven'], 2)}" + (f" ({seven})" if seven else ""),
        f"  kept in {printable(str(folder))}",
        f"  {USED}",
    ]
    return "\n".join(lines) + "\n"


def _figures(holdings: HoldingsFile) -> dict[str, Any]:
    from advisor.market.holdings.identifiers import seven_of
    from advisor.market.holdings.read import share_weights, total_usd, unnamed_weights

    weights = share_weights(holdings)
    seven = seven_of(weights)
    return {
        "total_usd": total_usd(holdings),
        "imported": sum(weights.values()),
        "unnamed": sum(unnamed_weights(holdings).values()),
        "magnificent_seven": sum(seven.values()),
        "companies": seven,
    }


def _document(holdings: HoldingsFile, folder: Path) -> dict[str, Any]:
    return {
        "schema": "advisor.holdings-import/1",
        "fund": holdings.fund,
        "as_of": holdings.as_of.isoformat(),
        "source": holdings.source,
        "sha256": holdings.sha256,
        "rows": len(holdings.rows),
        "imported_rows": holdings.imported,
        "skipped": [asdict(row) for row in holdings.skipped],
        "weights": _figures(holdings),
        "notes": list(holdings.notes),
        "folder": str(folder),
    }
