"""``advisor verify``: the independent check of a written recommendation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.cli.failure import PartialResultError
from advisor.cli.output import emit, emit_json, shown
from advisor.cli.recorded import read_beside, read_record, recorded_market, recorded_market_option, recorded_portfolio
from advisor.errors import UnverifiedAnswerError

if TYPE_CHECKING:
    from advisor.market.data import MarketData
    from advisor.portfolio.model import Portfolio
    from advisor.rebalance.check import Check

ORDERS = "orders.csv"  # what `advisor rebalance` writes beside the record


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
    from advisor.market.resolve import resolve

    document = read_record(file)
    portfolio, _ = recorded_portfolio(document, file)
    data = resolve(recorded_market(document, file, market), portfolio)
    checks = _checks(document, portfolio, data, file)
    result = _document(document, checks, portfolio, data)
    failed = sum(not check.passed for check in checks)
    error = UnverifiedAnswerError(f"{failed} of {len(checks)} checks failed")
    if failed and as_json:
        raise PartialResultError(error, result)
    if as_json:
        emit_json(result)
        return
    emit(shown(_text(result)))
    if failed:
        raise error


def _checks(document: dict[str, Any], portfolio: Portfolio, data: MarketData, file: Path) -> tuple[Check, ...]:
    """Every check of the record, and of the orders file beside it where there is one."""
    from advisor.rebalance.verify import verify_written
    from advisor.rebalance.verify.orders_file import check_orders_file

    checks = verify_written(document, portfolio, data)
    orders = read_beside(file, ORDERS)
    return checks if orders is None else (*checks, check_orders_file(document, orders))


def _document(
    document: dict[str, Any], checks: tuple[Check, ...], portfolio: Portfolio, data: MarketData
) -> dict[str, Any]:
    from advisor.rebalance.verify import not_checked

    has_orders = any(check.name.startswith(ORDERS) for check in checks)
    return {
        "schema": "advisor.verification/1",
        "passed": all(check.passed for check in checks),
        "market": {
            "id": data.id,
            "as_of": data.as_of.isoformat(),
            "age_days": (portfolio.as_of - data.as_of).days,
        },
        "checks": [{"name": check.name, "passed": check.passed, "detail": check.detail} for check in checks],
        "not_checked": [*not_checked(document), *([] if has_orders else [f"{ORDERS}, which is not beside the record"])],
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
