"""``advisor check``: whether a portfolio file is right, and every fault of one that is not."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from advisor.cli.options import day_option, portfolio_argument, today_in_new_york
from advisor.cli.output import emit, emit_json
from advisor.errors import printable

if TYPE_CHECKING:
    from advisor.portfolio.model import Portfolio


@click.command()
@portfolio_argument
@day_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
@click.option("--debug", is_flag=True, help="Show the stack of an error.")
def check(*, file: Path, as_of: date | None, as_json: bool, debug: bool) -> None:
    """Check a portfolio file and name every fault, with line, column and the way out.

    \b
    Example:
      advisor check tech-employee.yaml
    """
    del debug
    from advisor.portfolio.load import read_portfolio

    portfolio, _ = read_portfolio(file, today=today_in_new_york(), as_of=as_of)
    counts = _counts(portfolio)
    if as_json:
        emit_json({"file": str(file), **counts})
    else:
        parts = ", ".join(_counted(number, noun) for noun, number in counts.items())
        emit(f"{printable(str(file))}: no fault found: {parts}\n")


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
