"""``advisor check``: whether a portfolio file is right, and every fault of one that is not."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.cli.options import Day, portfolio_argument, today_in_new_york
from advisor.errors import InputError

if TYPE_CHECKING:
    from advisor.portfolio.model import Portfolio


@click.command()
@portfolio_argument
@click.option("--as-of", type=Day(), help="Day of the decision, in place of the file's.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
@click.option("--debug", is_flag=True, help="Show the stack of an error.")
def check(*, file: Path, as_of: date | None, as_json: bool, debug: bool) -> None:
    """Check a portfolio file and name every fault, with line, column and the way out.

    \b
    Example:
      advisor check portfolios/tech-employee.yaml
    """
    del debug
    from advisor.portfolio.load import read_portfolio

    try:
        portfolio, _ = read_portfolio(file, today=today_in_new_york(), as_of=as_of)
    except InputError as error:
        if as_json:
            _print_json(file, _issues(error), {})
        raise
    counts = _counts(portfolio)
    if as_json:
        _print_json(file, [], counts)
    else:
        parts = ", ".join(_counted(number, noun) for noun, number in counts.items())
        click.echo(f"{file}: no fault found: {parts}")


def _counts(portfolio: Portfolio) -> dict[str, int]:
    positions = [position for account in portfolio.accounts for position in account.positions]
    return {
        "accounts": len(portfolio.accounts),
        "positions": len(positions),
        "lots": sum(len(position.lots) for position in positions),
        "limits": len(portfolio.limits) + len(portfolio.do_not_sell),
    }


def _counted(number: int, plural: str) -> str:
    return f"{number:,} {plural if number != 1 else plural.removesuffix('s')}"


def _issues(error: InputError) -> list[dict[str, Any]]:
    return [
        {
            "file": error.file,
            "line": issue.where.line if issue.where else None,
            "column": issue.where.column if issue.where else None,
            "message": issue.message,
            "hint": issue.hint,
        }
        for issue in error.issues
    ]


def _print_json(file: Path, issues: list[dict[str, Any]], counts: dict[str, int]) -> None:
    click.echo(json.dumps({"file": str(file), "issues": issues, **counts}, indent=2))
