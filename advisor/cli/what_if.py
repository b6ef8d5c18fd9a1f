"""``advisor what-if``: scenarios, ranges of a value and cheaper ways beside the proposal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from advisor.api.naming import naming
from advisor.api.versions import versions
from advisor.cli.options import (
    Run,
    checked,
    common_options,
    portfolio_argument,
    price_age_option,
    require_fresh_prices,
    today_in_new_york,
)
from advisor.cli.output import emit, note
from advisor.cli.progress import late_bar
from advisor.cli.signals import finish
from advisor.errors import MarketDataError, printable

if TYPE_CHECKING:
    from advisor.api.compare import Comparison, Wanted
    from advisor.market.sources import MarketInput
    from advisor.portfolio.model import Portfolio, Scenario
    from advisor.portfolio.original import Original


@click.command("what-if")
@portfolio_argument
@common_options
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="PATH=VALUE",
    help="A value in place of the file's; all of one command are one scenario.",
)
@click.option(
    "--sweep", "sweeps", multiple=True, metavar="PATH=FROM:TO:STEP", help="A range of values, each solved by itself."
)
@click.option(
    "--scenarios",
    "files",
    multiple=True,
    type=click.Path(readable=False, path_type=Path),
    metavar="FILE",
    help="A file with scenarios:, or a whole other portfolio file.",
)
@price_age_option
@click.option("--out", metavar="FOLDER", help="Folder for the files [default: reports/<file>-<as_of>-what-if/].")
def what_if(
    *,
    file: Path,
    run: Run,
    settings: tuple[str, ...],
    sweeps: tuple[str, ...],
    files: tuple[Path, ...],
    max_price_age: int | None,
    out: str | None,
) -> None:
    """Compare scenarios with the proposal: what if a limit, a fund or an assumption were another.

    Beside the file's scenarios: doing nothing, half the move, IJR alone, the Russell 2000 alone, and three picks
    (cheap, balanced, full), each with its own recommendation.json and orders.csv.

    \b
    Example:
      advisor what-if tech-employee.yaml
      advisor what-if tech-employee.yaml --set limits.magnificent_seven.max=50%
      advisor what-if tech-employee.yaml --sweep limits.magnificent_seven.max=60%:85%:5%
    """
    if out == "":  # most likely an unset variable of a script
        raise click.UsageError("--out is empty: give a folder, or leave it out")
    from advisor.portfolio.original import original

    today = today_in_new_york()
    portfolio, data = run.read(file)
    base = original(data, today=today, as_of=run.as_of)
    wanted = _wanted(portfolio, base, settings, sweeps, files, today)

    from advisor.api.compare import Base, compared, steps_of
    from advisor.rebalance.record import PortfolioFile

    with naming(file, data):
        found = _market(portfolio, wanted, run)
        require_fresh_prices(found.market.as_of, portfolio.as_of, max_price_age)
        name = PortfolioFile(printable(file.name), data.decode())
        with late_bar(steps_of(wanted), "Comparing", quiet=run.quiet) as bar:
            asked = Base(portfolio, found.market, name, base, versions(), found.document)
            comparison = compared(asked, wanted, bar.step)
    folder = Path(out) if out else Path("reports") / f"{file.stem}-{portfolio.as_of.isoformat()}-what-if"
    _write(folder, comparison, as_json=run.as_json)
    if not run.quiet:
        for old in _left_over(folder, comparison):
            note(f"{old} is of an earlier run: that pick has no answer now")
        for warned in comparison.warnings():
            note(warned.message)


def _wanted(
    portfolio: Portfolio,
    base: Original,
    settings: tuple[str, ...],
    sweeps: tuple[str, ...],
    files: tuple[Path, ...],
    today: date,
) -> Wanted:
    """What the file, the options and the other files ask for; a wrong option fails with exit code 2."""
    from advisor.api.compare import Wanted
    from advisor.portfolio.model import Scenario
    from advisor.portfolio.settings import setting, sweep_points

    scenarios: list[Scenario] = [*portfolio.scenarios]
    others: list[Scenario] = []
    if settings:
        made = [checked("--set", setting, text, f"{text}: ") for text in settings]
        name = ", ".join(one.words for one in made)
        scenarios.append(Scenario(name, checked("--set", base.with_settings, made)))
    for path in files:
        added, is_whole = _scenarios_of(path, base, today, portfolio.as_of)
        (others if is_whole else scenarios).extend(added)
    swept = []
    for text in sweeps:
        points = checked("--sweep", sweep_points, text, f"{text}: ")
        found = (Scenario(point.words, checked("--sweep", base.with_settings, [point])) for point in points)
        swept.append((points[0].path, tuple(found)))
    names = [scenario.name.casefold() for scenario in (*scenarios, *others)]
    for name in names:
        if names.count(name) > 1:
            raise click.UsageError(f"two scenarios are named {printable(name)}: rename one")
    return Wanted(tuple(scenarios), tuple(others), tuple(swept))


def _scenarios_of(path: Path, base: Original, today: date, day: date) -> tuple[tuple[Scenario, ...], bool]:
    """PastMonths of a file, and whether it is a whole portfolio; that one is compared on the same day."""
    from advisor.portfolio.load import load_portfolio, read_bytes
    from advisor.portfolio.model import Scenario
    from advisor.portfolio.original import is_portfolio

    data = read_bytes(path)
    if not is_portfolio(data):
        return base.past_months_of(data, str(path)), False
    other = load_portfolio(data, file=str(path), today=today, as_of=day)
    return (Scenario(printable(path.stem), other),), True


def _market(portfolio: Portfolio, wanted: Wanted, run: Run) -> MarketInput:
    """Market data for all that is compared, or, where a source has not all of it, for the file."""
    from advisor.api.compare import needs

    try:
        return run.market_for(needs(portfolio, wanted))
    except MarketDataError:
        return run.market_for(portfolio)


def _write(folder: Path, comparison: Comparison, *, as_json: bool) -> None:
    """Write the files and print the result; the files are taken back where anything fails."""
    from advisor.cli.what_if_text import comparison_text

    with comparison.written(folder) as written:
        emit(comparison.document().encode() if as_json else comparison_text(comparison, written))
        finish()


def _left_over(folder: Path, comparison: Comparison) -> Iterator[Path]:
    """Folders of picks that an earlier run had and this one has not."""
    answered = {picked.pick.name for picked in comparison.picks if picked.files}
    for name in ("cheap", "balanced", "full"):
        if name not in answered and (folder / name).is_dir():
            yield folder / name
