"""``advisor data refresh``: fetch prices and facts now, whatever is kept, and check them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from advisor.cli.options import no_bar, progress_bar, today_in_new_york
from advisor.cli.output import emit, emit_json, note
from advisor.errors import MarketDataError

if TYPE_CHECKING:
    from advisor.market.live import Prices


@click.command(short_help="Fetch prices and fund facts from Yahoo now.")
@click.argument("names", nargs=-1, metavar="[FILE|SYMBOL]...")
@click.option("--forget", is_flag=True, help="Do not compare with what is kept: it was wrong, and the new is right.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
@click.option("--quiet", is_flag=True, help="Print no progress and no warnings.")
@click.option("--debug", is_flag=True, help="Show the stack of an error.")
def refresh(*, names: tuple[str, ...], forget: bool, as_json: bool, quiet: bool, debug: bool) -> None:
    """Fetch prices and fund facts from Yahoo now, check them, and keep them.

    For the symbols of portfolio files, symbols by name, or without either all that are kept. Ticker symbols, and
    nothing else, leave this machine.

    \b
    Example:
      advisor data refresh tech-employee.yaml
      advisor data refresh IWM VTWO IJR
    """
    del debug
    from advisor.market.sources import Request, refreshed

    symbols = _symbols(names)
    watch = no_bar if quiet else progress_bar
    request = Request("yahoo", datetime.now(UTC).replace(microsecond=0))
    prices, notes = refreshed(request, symbols, today_in_new_york(), watch, forget=forget)
    told = [warned.message for warned in prices.warnings]
    if as_json:
        emit_json({"schema": "advisor.data-refresh/1", "prices": _rows(prices), "notes": [*told, *notes]})
    else:
        from advisor.cli.summary import plain_table

        rows = [tuple(row[key] for key in ("symbol", "close", "as_of", "source")) for row in _rows(prices)]
        emit(plain_table(("Symbol", "Last close", "Of", "Read from"), rows))
    for text in () if quiet else (*told, *notes):
        note(text)


def _rows(prices: Prices) -> list[dict[str, Any]]:
    return [
        {
            "symbol": symbol,
            "close": f"{history.closes[-1]:.2f}",
            "as_of": history.days[-1].isoformat(),
            "source": prices.origins[symbol].source,
            "sha256": prices.origins[symbol].sha256,
        }
        for symbol, history in sorted(prices.histories.items())
    ]


def _symbols(names: tuple[str, ...]) -> tuple[str, ...]:
    """Symbols given by name or by portfolio file; all that are kept where nothing is given."""
    from advisor.market.live import PRICES
    from advisor.market.resolve import needed_symbols
    from advisor.market.sources import yahoo_cache
    from advisor.market.symbols import canonical_symbol
    from advisor.portfolio.load import read_portfolio
    from advisor.portfolio.values import ValueFaultError, symbol

    found: set[str] = set()
    for name in names:
        if Path(name).suffix.lower() in (".yaml", ".yml") or Path(name).is_file():
            portfolio, _ = read_portfolio(Path(name), today=today_in_new_york(), as_of=None)
            found.update(needed_symbols(portfolio))
            continue
        try:
            found.add(canonical_symbol(symbol(name)))
        except ValueFaultError as fault:
            raise click.BadParameter(f"{name!r} is neither a file nor a symbol: {fault}") from fault
    if not names:
        found = {entry.symbol for entry in yahoo_cache().entries() if entry.kind == PRICES}
        if not found:
            raise MarketDataError("nothing is kept that could be refreshed; give a portfolio file, or symbols")
    return tuple(sorted(found))
