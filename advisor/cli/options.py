"""Options that several commands share, the clock, and the market source."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

if TYPE_CHECKING:
    from advisor.market.data import MarketData

Command = TypeVar("Command", bound=Callable[..., Any])


class Day(click.ParamType[date]):
    """A date as YYYY-MM-DD."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:  # noqa: ANN401 - click's signature
        """Parse the text, or fail with exit code 2."""
        from advisor.portfolio.values import ValueFaultError, day

        if isinstance(value, date):
            return value
        try:
            return day(value)
        except ValueFaultError as fault:
            self.fail(str(fault), param, ctx)


def portfolio_argument(command: Command) -> Command:
    """The portfolio file; that it exists is checked by its reader, which names the way out."""
    return click.argument("file", type=click.Path(path_type=Path))(command)


def common_options(command: Command) -> Command:
    """Options that every command on a portfolio has."""
    options = [
        click.option("--as-of", type=Day(), help="Day of the decision, in place of the file's."),
        click.option(
            "--market",
            default="snapshot",
            show_default=True,
            metavar="snapshot|FILE",
            help="Market data: the embedded snapshot, or a snapshot file of your own.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text."),
        click.option("--quiet", is_flag=True, help="Print no progress and no warnings."),
        click.option("--debug", is_flag=True, help="Show the stack of an error."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def today_in_new_york() -> date:
    """Today, where the markets are."""
    return datetime.now(ZoneInfo("America/New_York")).date()


def load_market(source: str) -> MarketData:
    """Market data named by ``--market``."""
    if source == "yahoo":
        raise click.UsageError(
            "--market yahoo comes with a later version; this one reads the embedded snapshot or a snapshot file"
        )
    from advisor.market.snapshot import load_snapshot

    return load_snapshot(None if source == "snapshot" else Path(source))
