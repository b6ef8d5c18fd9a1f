"""``advisor rebalance``: the main job, from the portfolio file to the written recommendation."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from advisor.api.naming import naming
from advisor.cli.options import Run, common_options, portfolio_argument, price_age_option, require_fresh_prices
from advisor.cli.output import emit, note
from advisor.cli.progress import late_bar
from advisor.cli.signals import finish
from advisor.cli.suggest import SuggestingChoice
from advisor.errors import printable

if TYPE_CHECKING:
    from advisor.api.recommend import Recommendation


def _with_template(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    """The folder, if the one file is in it that it must have; otherwise fail with exit code 2."""
    del ctx, param
    if value is not None and not (value / "report.html.j2").is_file():
        raise click.BadParameter(f"there is no report.html.j2 in {value}")
    return value


@click.command()
@portfolio_argument
@common_options
@price_age_option
@click.option("--out", metavar="FOLDER", help="Folder for the files [default: reports/<file>-<as_of>/].")
@click.option(
    "--pdf-engine",
    type=SuggestingChoice(["auto", "plutoprint", "weasyprint"]),
    default="auto",
    show_default=True,
    help="What makes report.pdf; auto: the first that is installed.",
)
@click.option(
    "--template",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    callback=_with_template,
    help="Folder with a report.html.j2 of your own.",
)
def rebalance(
    *,
    file: Path,
    run: Run,
    max_price_age: int | None,
    out: str | None,
    pdf_engine: str,
    template: Path | None,
) -> None:
    """Propose trades that bring a household within its limits, at the least cost after tax.

    Writes report.html, report.pdf, recommendation.json and orders.csv, and prints a summary. With other market data
    than the embedded snapshot, market.json holds them, for advisor verify.

    \b
    Example:
      advisor rebalance tech-employee.yaml
      advisor rebalance tech-employee.yaml --market yahoo
    """
    if out == "":  # most likely an unset variable of a script
        raise click.UsageError("--out is empty: give a folder, or leave it out")

    portfolio, data = run.read(file)

    from advisor.api.recommend import Page, proposal, report_files, require_engine
    from advisor.files import replaced
    from advisor.rebalance.record import PortfolioFile

    require_engine(pdf_engine)
    told: list[str] = []  # shown when the bar is gone
    with naming(file, data):
        found = run.market_for(portfolio)
        require_fresh_prices(found.market.as_of, portfolio.as_of, max_price_age)
    with late_bar(3, "Planning", quiet=run.quiet) as bar:
        with naming(file, data):
            own = PortfolioFile(printable(file.name), data.decode())
            recommendation = proposal(portfolio, found, own, lambda: bar.step("Comparing"))
        bar.step("Making the report")
        files = report_files(recommendation, told.append, Page(pdf_engine, template))
    folder = Path(out) if out else Path("reports") / f"{file.stem}-{portfolio.as_of.isoformat()}"
    with replaced(folder, files) as written:
        if run.as_json:
            emit(recommendation.json_text.encode())
        else:
            emit(_summary(recommendation, file, written))
        finish()
    if not run.quiet:
        for message in (*told, *(warned.message for warned in recommendation.plan.warnings)):
            note(message)


def _summary(made: Recommendation, file: Path, written: tuple[Path, ...]) -> str:
    from advisor.cli.summary import summary

    command = f"advisor what-if {shlex.quote(str(file))}"
    return summary(made.plan, made.portfolio, made.market, written, beside=made.trade_off, compare=command)
