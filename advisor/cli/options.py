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


def day_option(command: Command) -> Command:
    """``--as-of``: a date in place of the file's."""
    return click.option(
        "--as-of", callback=_day, metavar="YYYY-MM-DD", help="Day of the decision, in place of the file's."
    )(command)


def _day(ctx: click.Context, param: click.Parameter, value: str | None) -> date | None:
    """Parse the text, or fail with exit code 2."""
    del ctx, param
    from advisor.portfolio.values import ValueFaultError, day

    try:
        return None if value is None else day(value)
    except ValueFaultError as fault:
        raise click.BadParameter(str(fault)) from fault


def portfolio_argument(command: Command) -> Command:
    """The portfolio file; that it exists is checked by its reader, which names the way out."""
    return click.argument("file", type=click.Path(readable=False, path_type=Path))(command)


def common_options(command: Command) -> Command:
    """Options that every command on a portfolio has."""
    options = [
        day_option,
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
