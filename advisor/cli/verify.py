"""``advisor verify``: the independent check of a written recommendation."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.cli.failure import PartialResultError
from advisor.cli.output import emit, emit_json
from advisor.errors import InputError, Issue, MarketDataError, UnverifiedAnswerError

if TYPE_CHECKING:
    from advisor.market.data import MarketData

MARKET_FILE = "market.json"  # what `advisor rebalance` writes beside the record
MAX_BYTES = 64 * 2**20  # a record holds its portfolio file, of at most 8 MiB, escaped


@click.command()
@click.argument("file", type=click.Path(readable=False, path_type=Path), metavar="RECOMMENDATION.json")
@click.option(
    "--market",
    metavar="snapshot|FILE",
    help="Market data used then [default: the embedded snapshot, or market.json beside the record].",
)
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
    from advisor.portfolio.load import load_portfolio
    from advisor.rebalance.verify import verify as check_record

    document = _read(file)
    text, as_of = _inputs(document, file)
    portfolio = load_portfolio(text, file=f"{file}, inputs.portfolio.text", today=as_of, as_of=as_of)
    data = resolve(_market(document, file, market), portfolio)
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


def _market(document: dict[str, Any], file: Path, named: str | None) -> MarketData:
    """Market data by name, else those whose digest was recorded."""
    from advisor.market.snapshot import load_snapshot

    if named is not None:
        return load_snapshot(None if named == "snapshot" else Path(named))
    embedded, beside = load_snapshot(), file.parent / MARKET_FILE
    recorded = _recorded_market(document)
    if recorded.get("sha256") == embedded.sha256 or not recorded:
        return embedded
    if not beside.is_file():
        raise MarketDataError(
            f"{file}: its market data, {str(recorded.get('id'))[:80]}, are not the embedded snapshot, and there is no "
            f"{MARKET_FILE} beside it; give them with --market FILE"
        )
    found = load_snapshot(beside)
    if found.sha256 != recorded.get("sha256"):
        raise MarketDataError(f"{beside}: not the market data of this recommendation; give them with --market FILE")
    return found


def _recorded_market(document: dict[str, Any]) -> dict[str, Any]:
    try:
        recorded = document["inputs"]["market"]
    except (KeyError, TypeError):
        return {}
    return recorded if isinstance(recorded, dict) else {}


def _read(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # a name with a NUL is a ValueError
        reason = getattr(error, "strerror", None) or "not a file name"
        raise _input_error(file, f"cannot be read: {reason.lower()}") from error
    if len(data) > MAX_BYTES:
        raise _input_error(file, f"is longer than {MAX_BYTES // 2**20} MiB")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _input_error(file, f"is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise _input_error(file, "is not a recommendation: it holds no JSON object")
    return document


def _inputs(document: dict[str, Any], file: Path) -> tuple[bytes, date]:
    """The portfolio text, whose digest must be the one that was recorded, and the day of the decision."""
    from advisor.portfolio.values import day

    try:
        stated = document["inputs"]["portfolio"]
        text, digest, as_of = stated["text"].encode(), stated["sha256"], day(document["as_of"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = "is not a recommendation of this program: no usable inputs.portfolio and as_of"
        raise _input_error(file, message) from error
    if hashlib.sha256(text).hexdigest() != digest:
        raise _input_error(file, "inputs.portfolio.text is not the text whose sha256 was recorded")
    return text, as_of


def _input_error(file: Path, message: str) -> InputError:
    return InputError((Issue(message),), str(file))
