"""``advisor verify``: the independent check of a written recommendation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.cli.failure import PartialResultError
from advisor.cli.options import recorded_market_option
from advisor.cli.output import emit, emit_json, shown
from advisor.errors import UnverifiedAnswerError

if TYPE_CHECKING:
    from advisor.api.verify_record import Verification


@click.command()
@click.argument("file", type=click.Path(readable=False, path_type=Path), metavar="RECOMMENDATION.json")
@recorded_market_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
@click.option("--debug", is_flag=True, help="Show the stack of an error.")
def verify(*, file: Path, market: str | None, as_json: bool, debug: bool) -> None:
    """Check a recommendation again, from itself and the market data alone.

    An orders.csv in the same folder is checked with it. Exit 0 when every check passes, 6 when one does not. What only
    planning again can tell is named at the end; advisor replay does that.

    \b
    Example:
      advisor verify reports/tech-employee-2026-11-20/recommendation.json
    """
    del debug
    from advisor.api.verify_record import verify_record

    found = verify_record(file, market=market)
    result = _document(found)
    error = UnverifiedAnswerError(f"{len(found.failed)} of {len(found.checks)} checks failed")
    if found.failed and as_json:
        raise PartialResultError(error, result)
    if as_json:
        emit_json(result)
        return
    emit(shown(_text(result)))
    if found.failed:
        raise error


def _document(found: Verification) -> dict[str, Any]:
    market, as_of = found.market, found.portfolio.as_of
    return {
        "schema": "advisor.verification/1",
        "passed": found.passed,
        "market": {"id": market.id, "as_of": market.as_of.isoformat(), "age_days": (as_of - market.as_of).days},
        "checks": [{"name": check.name, "passed": check.passed, "detail": check.detail} for check in found.checks],
        "not_checked": list(found.not_checked),
    }


def _text(result: dict[str, Any]) -> str:
    market = result["market"]
    lines = [
        f"Checked against {market['id']}, prices of {market['as_of']}, {market['age_days']} days before the decision"
    ]
    for check in result["checks"]:
        lines.append(f"{'passed' if check['passed'] else 'FAILED'}  {check['name']}")
        if not check["passed"]:
            lines.append(f"        {check['detail']}")
    left = "; ".join(result["not_checked"])
    lines.append(f"Not checked: {left}. advisor replay plans again and compares what the optimizer alone knows.")
    return "\n".join((*lines, ""))
