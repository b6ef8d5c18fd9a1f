"""``advisor verify``: the independent check of a written recommendation."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import click

from advisor.cli.options import load_market
from advisor.errors import InputError, Issue, UnverifiedAnswerError


@click.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="RECOMMENDATION.json")
@click.option("--market", default="snapshot", show_default=True, metavar="snapshot|FILE", help="Market data used then.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
@click.option("--debug", is_flag=True, help="Show the stack of an error.")
def verify(*, file: Path, market: str, as_json: bool, debug: bool) -> None:
    """Check a recommendation again, from itself and the market data alone.

    Exit 0 when every check passes, 6 when one does not.

    \b
    Example:
      advisor verify reports/tech-employee-2026-11-20/recommendation.json
    """
    del debug
    from advisor.market.resolve import resolve
    from advisor.portfolio.load import load_portfolio
    from advisor.rebalance.verify import verify as check_record

    document = _read(file)
    text, as_of = _inputs(document, file)
    portfolio = load_portfolio(text.encode(), file=f"{file}, inputs.portfolio.text", today=as_of, as_of=as_of)
    checks = check_record(document, portfolio, resolve(load_market(market), portfolio))
    if as_json:
        rows = [{"name": check.name, "passed": check.passed, "detail": check.detail} for check in checks]
        click.echo(json.dumps({"passed": all(check.passed for check in checks), "checks": rows}, indent=2))
    else:
        for check in checks:
            click.echo(f"{'passed' if check.passed else 'FAILED'}  {check.name}")
            if not check.passed:
                click.echo(f"        {check.detail}")
    failed = sum(not check.passed for check in checks)
    if failed:
        raise UnverifiedAnswerError(f"{failed} of {len(checks)} checks failed")


def _read(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise _input_error(file, f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise _input_error(file, f"is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise _input_error(file, "is not a recommendation: it holds no JSON object")
    return document


def _inputs(document: dict[str, Any], file: Path) -> tuple[str, date]:
    """The portfolio text, whose digest must be the one that was recorded, and the day of the decision."""
    try:
        stated = document["inputs"]["portfolio"]
        text, digest, as_of = str(stated["text"]), stated["sha256"], date.fromisoformat(document["as_of"])
    except (KeyError, TypeError, ValueError) as error:
        raise _input_error(file, f"is not a recommendation of this program: no usable {error}") from error
    if hashlib.sha256(text.encode()).hexdigest() != digest:
        raise _input_error(file, "inputs.portfolio.text is not the text whose sha256 was recorded")
    return text, as_of


def _input_error(file: Path, message: str) -> InputError:
    return InputError((Issue(message),), str(file))
