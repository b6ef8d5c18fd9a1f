"""Options that several commands share, the clock, and the market source."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast
from zoneinfo import ZoneInfo

import click

from advisor.cli.output import note
from advisor.errors import printable

if TYPE_CHECKING:
    from advisor.market.sources import MarketInput, Request
    from advisor.portfolio.model import Portfolio

SOURCES = ("snapshot", "yahoo")
Command = TypeVar("Command", bound=Callable[..., Any])
_Given = TypeVar("_Given")
_Found = TypeVar("_Found")


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
        raise click.BadParameter(f"{fault}; {fault.hint}" if fault.hint else str(fault)) from fault


def portfolio_argument(command: Command) -> Command:
    """The portfolio file; that it exists is checked by its reader, which names the way out."""
    return click.argument("file", type=click.Path(readable=False, path_type=Path))(command)


@dataclass(frozen=True, slots=True)
class Run:
    """What the common options ask for."""

    as_of: date | None
    market: str
    offline: bool
    accepted: Mapping[str, Decimal]
    as_json: bool
    quiet: bool

    def read(self, file: Path) -> tuple[Portfolio, bytes]:
        """The portfolio on the day of the decision, and the bytes of its file."""
        from advisor.portfolio.load import read_portfolio

        return read_portfolio(file, today=today_in_new_york(), as_of=self.as_of)

    def request(self) -> Request:
        """The market data that are asked for, now."""
        from advisor.market.sources import Request

        return Request(self.market, datetime.now(UTC).replace(microsecond=0), self.offline, self.accepted)

    def watch(self) -> Callable[[str, Sequence[str]], AbstractContextManager[Callable[[str], None]]]:
        """What shows which symbols are being fetched."""
        return no_bar if self.quiet else progress_bar

    def market_for(self, portfolio: Portfolio) -> MarketInput:
        """Market data for a portfolio; a bar on standard error shows what is fetched."""
        from advisor.market.sources import load_market

        found = load_market(self.request(), portfolio, self.watch())
        if self.market == "yahoo" and not self.quiet:
            for text in found.kept_notes:
                note(text)
        return found


def common_options(command: Command) -> Command:
    """Options that every command on a portfolio has; it is given them as one `Run`."""

    @functools.wraps(command)
    def with_run(
        *,
        as_of: date | None,
        market: str,
        offline: bool,
        accepted: dict[str, Decimal],
        as_json: bool,
        quiet: bool,
        debug: bool,
        **own: Any,  # noqa: ANN401 - of the command
    ) -> Any:  # noqa: ANN401
        del debug  # read by `cli.main` from the arguments
        return command(run=Run(as_of, market, offline, accepted, as_json, quiet), **own)

    options = [
        day_option,
        *market_options(),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text."),
        click.option("--quiet", is_flag=True, help="Print no progress and no warnings."),
        click.option("--debug", is_flag=True, help="Show the stack of an error."),
    ]
    found: Any = with_run
    for option in reversed(options):
        found = option(found)
    return cast("Command", found)


def market_options() -> list[Callable[[Command], Command]]:
    """``--market``, ``--offline`` and ``--accept-price``: what `market_input` reads."""
    return [
        click.option(
            "--market",
            default="snapshot",
            show_default=True,
            callback=_source,
            metavar="snapshot|yahoo|PATH",
            help="Market data: the embedded snapshot, Yahoo, a snapshot file, or a folder with prices.csv.",
        ),
        click.option("--offline", is_flag=True, help="With --market yahoo: use what earlier runs kept, ask nobody."),
        accept_option,
    ]


def _source(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """The name of a source in any case; one that is none, nor a path, fails with exit code 2.

    So does an empty one, most likely an unset variable. What looks like a path is the reader's business.
    """
    del ctx, param
    if not value:
        raise click.BadParameter("is empty: give snapshot, yahoo, a file or a folder")
    if value.casefold() in SOURCES:
        return value.casefold()
    if value.isalpha() and not Path(value).exists():
        from advisor.portfolio.values import did_you_mean

        hint = did_you_mean(value, SOURCES) or "give snapshot, yahoo, or the path of a file or folder"
        raise click.BadParameter(f"{value!r} is no source, and no file or folder: {hint}")
    return value


def recorded_market_option(command: Command) -> Command:
    """``--market`` of a command on a record."""
    return click.option(
        "--market",
        metavar="snapshot|FILE",
        help="Market data used then [default: the embedded snapshot, or market.json beside the record].",
    )(command)


def price_age_option(command: Command) -> Command:
    """``--max-price-age``: refuses prices that are older."""
    return click.option(
        "--max-price-age",
        type=click.IntRange(0, 10_000),
        metavar="DAYS",
        help="Refuse prices that are more than this many trading days older than the decision.",
    )(command)


def require_fresh_prices(day_of_prices: date, as_of: date, most: int | None) -> None:
    """Raise `MarketDataError` if more than `most` trading days lie between the prices and the decision."""
    from advisor.errors import MarketDataError
    from advisor.market.prices.sessions import is_older

    if most is not None and is_older(day_of_prices, as_of, most):
        age = (as_of - day_of_prices).days
        raise MarketDataError(
            f"the prices are of {day_of_prices}, {age} days before the decision of {as_of} and more than "
            f"--max-price-age {most} trading days: use --market yahoo or a folder with newer prices, or allow more"
        )


def accept_option(command: Command) -> Command:
    """``--accept-price``, once for each symbol."""
    return click.option(
        "--accept-price",
        "accepted",
        multiple=True,
        callback=_prices,
        metavar="SYMBOL=USD",
        help="Your own price in place of a doubtful one; may be given again.",
    )(command)


def _prices(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> dict[str, Decimal]:
    """Parse ``SPY=123.45``, or fail with exit code 2."""
    del ctx, param
    from advisor.market.symbols import canonical_symbol
    from advisor.portfolio.values import ValueFaultError, positive, symbol

    found: dict[str, Decimal] = {}
    for text in value:
        name, equals, price = text.partition("=")
        if not equals:
            raise click.BadParameter(f"{text!r} is not of the form SYMBOL=123.45")
        try:
            ticker = canonical_symbol(symbol(name))
            amount = positive(price)
        except ValueFaultError as fault:
            raise click.BadParameter(f"{text!r}: {fault}") from fault
        if found.setdefault(ticker, amount) != amount:
            raise click.BadParameter(f"{ticker} is given two prices")
    return found


def checked(option: str, read: Callable[[_Given], _Found], given: _Given, words: str = "") -> _Found:
    """What `read` makes of `given`; its fault as a wrong use of the option."""
    from advisor.portfolio.values import ValueFaultError

    try:
        return read(given)
    except ValueFaultError as fault:
        hint = f"; {fault.hint}" if fault.hint else ""
        raise click.UsageError(printable(f"{option} {words}{fault}{hint}")) from fault


def today_in_new_york() -> date:
    """Today, where the markets are."""
    return datetime.now(ZoneInfo("America/New_York")).date()


@contextmanager
def progress_bar(what: str, symbols: Sequence[str]) -> Iterator[Callable[[str], None]]:
    """A bar on standard error, which steps on with each symbol; a line where no person watches."""
    with click.progressbar(length=len(symbols), label=f"Reading {what}", file=sys.stderr) as bar:

        def done(symbol: str) -> None:
            del symbol
            bar.update(1)

        yield done


@contextmanager
def no_bar(what: str, symbols: Sequence[str]) -> Iterator[Callable[[str], None]]:
    """Nothing is shown."""
    del what, symbols
    yield lambda _: None
