"""``advisor backtest``: the household's policy over past prices."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from advisor.api.naming import naming
from advisor.cli.options import Run, checked, common_options, portfolio_argument
from advisor.cli.output import emit
from advisor.cli.progress import late_bar
from advisor.cli.signals import finish
from advisor.cli.suggest import SuggestingChoice

if TYPE_CHECKING:
    from advisor.backtest.compare import Backtest
    from advisor.market.data import MarketData
    from advisor.market.price_file import PanelSource
    from advisor.portfolio.model import Portfolio

DOCUMENT, VALUES, TRADES = "backtest.json", "values.csv", "trades.csv"
LONGEST = 20  # years of a window


def _bands(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[float, ...]:
    """Parse ``2%`` or ``0.02``, or fail with exit code 2; each once."""
    del ctx, param
    from advisor.portfolio.values import ValueFaultError, fraction

    try:
        return tuple(dict.fromkeys(float(fraction(text, Decimal(0), Decimal(1))) for text in value))
    except ValueFaultError as fault:
        hint = f"; {fault.hint}" if fault.hint else ""
        raise click.BadParameter(f"{fault}{hint}") from fault


@click.command()
@portfolio_argument
@common_options
@click.option(
    "--prices",
    type=click.Path(readable=False, path_type=Path),
    metavar="PANEL.csv",
    help="Daily adjusted closes: a column Date, and one for each symbol.",
)
@click.option("--start", metavar="YYYY-MM-DD", help="First day [default: the first possible].")
@click.option("--end", metavar="YYYY-MM-DD", help="Last day [default: the last of the prices].")
@click.option(
    "--frequency",
    "frequencies",
    multiple=True,
    default=("monthly",),
    show_default=True,
    type=SuggestingChoice(("monthly", "quarterly", "yearly")),
    help="How often the policy looks; may be given again, each combination is a variant.",
)
@click.option(
    "--band",
    "bands",
    multiple=True,
    default=("0%",),
    show_default=True,
    callback=_bands,
    metavar="PERCENT",
    help="Do nothing while limits hold and no holding is further than this from its last target; again: a variant.",
)
@click.option(
    "--window-years",
    type=click.IntRange(1, LONGEST),
    default=3,
    show_default=True,
    help="Years of prices that an estimate of risk knows.",
)
@click.option("--delay", type=click.IntRange(0, 1), default=0, show_default=True, help="1: trade a session later.")
@click.option("--no-tax", is_flag=True, help="Leave tax out of decisions and figures.")
@click.option(
    "--tried",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Variants tried before: they deflate the Sharpe ratio.",
)
@click.option("--out", metavar="FOLDER", help="Write backtest.json, values.csv and trades.csv into this folder.")
def backtest(
    *,
    file: Path,
    run: Run,
    prices: Path | None,
    start: str | None,
    end: str | None,
    frequencies: tuple[str, ...],
    bands: tuple[float, ...],
    window_years: int,
    delay: int,
    no_tax: bool,
    tried: int,
    out: str | None,
) -> None:
    """Walk the household's policy through past prices, beside doing nothing, the benchmark and no small caps.

    Hypothetical, with hindsight: today's holdings and limits in the past. Needs past prices: --prices, --market yahoo,
    or a folder with prices.csv.

    \b
    Example:
      advisor backtest tech-employee.yaml --prices closes.csv
      advisor backtest tech-employee.yaml --prices closes.csv --frequency yearly --band 0% --band 2%
    """
    if out == "":  # most likely an unset variable of a script
        raise click.UsageError("--out is empty: give a folder, or leave it out")
    first, last = _days(start, end)
    from advisor.backtest.compare import Asked, walks
    from advisor.backtest.compare import backtest as backtest_of
    from advisor.backtest.model import Frequency
    from advisor.backtest.source import price_panel
    from advisor.market.resolve import resolve

    portfolio, data = run.read(file)
    variants = tuple(dict.fromkeys(Frequency(name) for name in frequencies))
    last = portfolio.as_of if last is None else min(last, portfolio.as_of)
    asked = Asked(variants, bands, window_years, delay, not no_tax, tried, first, last)
    with naming(file, data):
        request = run.request()
        source = price_panel(request, prices, portfolio, run.watch())
        found = run.market_for(portfolio)
        facts = resolve(found.market, portfolio)
        with late_bar(walks(asked), "Walking", quiet=run.quiet) as bar:
            test = backtest_of(portfolio, facts, source.panel, asked, bar.step)
    _show(test, portfolio, facts, source, out, as_json=run.as_json)


def _show(
    test: Backtest, portfolio: Portfolio, facts: MarketData, source: PanelSource, out: str | None, *, as_json: bool
) -> None:
    """Write the files, if asked to, and print the result; the files are taken back where that fails."""
    from advisor.backtest.record import backtest_record, daily_values, decided_trades
    from advisor.cli.backtest_text import backtest_text
    from advisor.files import replaced

    document = json.dumps(backtest_record(test, portfolio, facts, source), indent=2, allow_nan=False) + "\n"
    files = {
        DOCUMENT: document.encode(),
        VALUES: daily_values(test).encode(),
        TRADES: decided_trades(test).encode(),
    }
    with ExitStack() as stack:
        written = stack.enter_context(replaced(Path(out), files)) if out else ()
        emit(document if as_json else backtest_text(test, portfolio, source.name, written))
        finish()


def _days(start: str | None, end: str | None) -> tuple[date | None, date | None]:
    """Both days, or exit code 2."""
    from advisor.portfolio.values import day

    first = None if start is None else checked("--start", day, start)
    last = None if end is None else checked("--end", day, end)
    if first is not None and last is not None and first >= last:
        raise click.UsageError(f"--start {first} is not before --end {last}")
    return first, last
