"""``advisor small-caps``: the small-cap case, claim by claim, with what its tests gave."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.cli.options import checked, market_options, no_bar, progress_bar, today_in_new_york
from advisor.cli.output import emit, emit_json

if TYPE_CHECKING:
    from advisor.evidence.model import Evidence
    from advisor.market.price_file import PanelSource

SCHEMA = "advisor.small-caps/2"
MARKET, OFFLINE, _ = market_options()


@click.command("small-caps")
@click.option(
    "--prices",
    type=click.Path(readable=False, path_type=Path),
    metavar="PANEL.csv",
    help="Daily adjusted closes: a column Date, and one for each of SPY, IWM and IJR.",
)
@MARKET
@OFFLINE
@click.option(
    "--as-of", metavar="YYYY-MM-DD", help="Day to show the case for; later prices do not count [default: today]."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
@click.option("--quiet", is_flag=True, help="Print no progress and no warnings.")
@click.option("--debug", is_flag=True, help="Show the stack of an error.")
def small_caps(
    *,
    prices: Path | None,
    market: str,
    offline: bool,
    as_of: str | None,
    as_json: bool,
    quiet: bool,
    debug: bool,
) -> None:
    """Show the case for small companies: each claim with its source, its test, what speaks against it, a verdict.

    Without prices, the results that come with the program, and their age; with prices, what they tell computed anew.
    A result of a later day than --as-of says so.

    \b
    Example:
      advisor small-caps
      advisor small-caps --prices closes.csv
      advisor small-caps --market yahoo
    """
    del debug
    if prices is not None and market != "snapshot":
        raise click.UsageError("--prices and --market name two sources of prices: give one")
    if offline and market != "yahoo":
        raise click.UsageError("--offline goes with --market yahoo")
    from advisor.evidence.case import case_from_prices, dated_case
    from advisor.evidence.source import price_panel
    from advisor.market.sources import Request
    from advisor.portfolio.values import day

    today = today_in_new_york()
    of = today if as_of is None else checked("--as-of", day, as_of)
    source = None
    if prices is None and market == "snapshot":
        evidence = dated_case(of)
    else:
        request = Request(market, datetime.now(UTC).replace(microsecond=0), offline)
        source = price_panel(request, prices, min(of, today), no_bar if quiet else progress_bar)
        evidence = case_from_prices(source.panel, of)
    if as_json:
        emit_json(_document(evidence, of, source))
        return
    from advisor.cli.small_caps_text import small_caps_text

    emit(small_caps_text(evidence, of, source.name if source else ""))


def _document(evidence: Evidence, as_of: date, source: PanelSource | None) -> dict[str, Any]:
    from advisor.evidence.headline import headline
    from advisor.evidence.results import record

    body = asdict(evidence)
    for claim in body["claims"]:
        claim["data_to"] = claim["data_to"].isoformat() if claim["data_to"] else None
        for figure in (*claim["standing"]["figures"], *claim["standing"]["before"]):
            figure["as_of"] = figure["as_of"].isoformat()
    return {
        "schema": SCHEMA,
        "as_of": as_of.isoformat(),
        "prices": {"name": source.name, "sha256": source.sha256} if source else None,
        "headline": headline(evidence.claims),
        **body,
        "results_to": evidence.results_to.isoformat(),
        "results": record(evidence.results),
    }
