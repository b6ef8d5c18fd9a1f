"""``advisor check``: whether portfolio files are right, and every fault of those that are not."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.cli.failure import failure_document, issue_rows
from advisor.cli.options import day_option, today_in_new_york
from advisor.cli.output import emit, emit_json, shown
from advisor.errors import InputError, printable

if TYPE_CHECKING:
    from advisor.portfolio.model import Portfolio

SCHEMA = "advisor.check/1"
STDIN, NAME_OF_STDIN = Path("-"), "standard input"


@dataclass(frozen=True, slots=True)
class Checked:
    """One file: what it holds, or its faults."""

    name: str
    counts: dict[str, int] | None
    fault: InputError | None

    def line(self) -> str:
        """The file in one line."""
        if self.counts is None:
            number = len(self.fault.issues) if self.fault else 0
            return f"{printable(self.name)}: {_counted(number, 'faults')}\n"
        parts = ", ".join(_counted(number, noun) for noun, number in self.counts.items())
        return f"{printable(self.name)}: no fault found: {parts}\n"

    def row(self) -> dict[str, Any]:
        """The file for a program."""
        issues = issue_rows(self.fault) if self.fault else []
        return {"file": self.name, "passed": self.fault is None, **(self.counts or {}), "issues": issues}


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(readable=False, path_type=Path), metavar="FILE...")
@day_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
@click.option("--debug", is_flag=True, help="Show the stack of an error.")
def check(*, files: tuple[Path, ...], as_of: date | None, as_json: bool, debug: bool) -> None:
    """Check portfolio files and name every fault, with line, column and the way out; - is standard input.

    Exit 3 where any of them has a fault.

    \b
    Example:
      advisor check tech-employee.yaml
      advisor check clients/*.yaml --json
    """
    del debug
    if files.count(STDIN) > 1:
        raise click.UsageError("- is given twice: standard input can be read once")
    found = tuple(_checked(file, as_of) for file in files)
    faults = [one.fault for one in found if one.fault is not None]
    if as_json:
        _emit_document(found, faults)
    elif len(found) == 1 and faults:
        raise faults[0]
    else:
        emit("".join(one.line() for one in found))
        _tell(faults)
    if faults:
        click.get_current_context().exit(InputError.exit_code)


def _checked(file: Path, as_of: date | None) -> Checked:
    from advisor.portfolio.load import load_portfolio, read_bytes

    name = NAME_OF_STDIN if file == STDIN else str(file)
    try:
        data = _standard_input() if file == STDIN else read_bytes(file)
        portfolio = load_portfolio(data, file=name, today=today_in_new_york(), as_of=as_of)
    except InputError as fault:
        return Checked(name, None, fault)
    return Checked(name, _counts(portfolio), None)


def _standard_input() -> bytes:
    from advisor.portfolio.document import MAX_BYTES

    return sys.stdin.buffer.read(MAX_BYTES + 1)


def _emit_document(found: tuple[Checked, ...], faults: list[InputError]) -> None:
    """The files, and where any has a fault the error as of every command that fails."""
    result: dict[str, Any] = {"schema": SCHEMA, "passed": not faults, "files": [one.row() for one in found]}
    if faults:
        message = "\n".join(str(fault) for fault in faults)
        error = failure_document(InputError.exit_code, message, None)["error"]
        result["error"] = {**error, "issues": [row for fault in faults for row in issue_rows(fault)]}
    emit_json(result)
    _tell(faults)


def _tell(faults: Iterable[InputError]) -> None:
    for fault in faults:
        click.echo(shown(str(fault)), err=True)


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
