"""``advisor exposure``: what the household owns of each company, looked through its funds."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.cli.options import Run, common_options, portfolio_argument
from advisor.cli.output import emit, emit_json, note

if TYPE_CHECKING:
    from advisor.exposure.lookthrough import Exposure
    from advisor.market.data import MarketData


@click.command()
@portfolio_argument
@common_options
@click.option("--all", "show_all", is_flag=True, help="Every pair of funds in the table of overlaps.")
def exposure(
    *,
    file: Path,
    run: Run,
    show_all: bool,
) -> None:
    """Show how much of a household is really the Magnificent Seven, directly and through its funds.

    Every figure is an interval where a fund's list of holdings stops early: what is known, and what the list
    cannot rule out.

    \b
    Example:
      advisor exposure tech-employee.yaml
    """
    from advisor.exposure.lookthrough import look_through
    from advisor.exposure.overlap import overlap
    from advisor.market.resolve import resolve
    from advisor.rebalance.warn import market_warnings

    portfolio, _ = run.read(file)
    found = run.market_for(portfolio)
    resolved = resolve(found.market, portfolio)
    seen = look_through(portfolio, resolved)
    funds = [fund.symbol for fund in seen.funds]
    overlaps = {(a, b): overlap(resolved, a, b) for i, a in enumerate(funds) for b in funds[i + 1 :]}
    warnings = market_warnings(portfolio, resolved, seen)
    if run.as_json:
        document = _document(seen, overlaps, portfolio.as_of, resolved)
        emit_json({**document, "warnings": [{"code": warned.code, "message": warned.message} for warned in warnings]})
    else:
        from advisor.cli.summary import exposure_text

        emit(exposure_text(seen, overlaps, portfolio, resolved, quiet=run.quiet, show_all=show_all))
    if not run.quiet:
        for warned in warnings:
            note(warned.message)


def _document(
    seen: Exposure, overlaps: dict[tuple[str, str], tuple[float, float]], as_of: date, market: MarketData
) -> dict[str, Any]:
    from dataclasses import asdict

    body = asdict(seen)
    for fund in body["funds"]:
        fund["as_of"] = fund["as_of"].isoformat() if fund["as_of"] else None
    body["effective_companies"] = [count if math.isfinite(count) else None for count in seen.effective_companies]
    for entry in (body, *body["accounts"]):
        entry["value_usd"] = f"{entry['value_usd']:.2f}"
    return {
        "schema": "advisor.exposure/1",
        "as_of": as_of.isoformat(),
        "market": {"id": market.id, "as_of": market.as_of.isoformat(), "age_days": (as_of - market.as_of).days},
        **body,
        "overlaps": [{"funds": list(pair), "low": ends[0], "high": ends[1]} for pair, ends in overlaps.items()],
    }
