"""``advisor verify``: the independent check of a written recommendation."""

from __future__ import annotations

from pathlib import Path

import click

from advisor.cli.failure import PartialResultError
from advisor.cli.output import emit, emit_json
from advisor.cli.recorded import read_record, recorded_market, recorded_market_option, recorded_portfolio
from advisor.errors import UnverifiedAnswerError


@click.command()
@click.argument("file", type=click.Path(readable=False, path_type=Path), metavar="RECOMMENDATION.json")
@recorded_market_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
@click.option("--debug", is_flag=True, help="Show the stack of an error.")
def verify(*, file: Path, market: str | None, as_json: bool, debug: bool) -> None:
    """Check a recommendation again, from itself and the market data alone.

    Exit 0 when every check passes, 6 when one does not.

    \b
    Example:
      advisor verify reports/tech-employee-2026-11-20/recommendation.json
    """
    del debug
    from advisor.market.resolve import resolve
    from advisor.rebalance.verify import verify as check_record

    document = read_record(file)
    portfolio, _ = recorded_portfolio(document, file)
    data = resolve(recorded_market(document, file, market), portfolio)
    checks = check_record(document, portfolio, data)
    failed = sum(not check.passed for check in checks)
    rows = [{"name": check.name, "passed": check.passed, "detail": check.detail} for check in checks]
    age = (portfolio.as_of - data.as_of).days
    result = {
        "passed": not failed,
        "market": {"id": data.id, "as_of": data.as_of.isoformat(), "age_days": age},
        "checks": rows,
    }
    error = UnverifiedAnswerError(f"{failed} of {len(checks)} checks failed")
    if failed and as_json:
        raise PartialResultError(error, result)
    if as_json:
        emit_json(result)
        return
    emit(f"Checked against {data.id}, prices of {data.as_of.isoformat()}, {age} days before the decision\n")
    for check in checks:
        emit(f"{'passed' if check.passed else 'FAILED'}  {check.name}\n")
        if not check.passed:
            emit(f"        {check.detail}\n")
    if failed:
        raise error
