"""``advisor rebalance``: the main job, from the portfolio file to the written recommendation."""

from __future__ import annotations

import platform
from datetime import date
from importlib.metadata import version
from pathlib import Path

import click

from advisor import __version__
from advisor.cli.options import common_options, load_market, portfolio_argument, today_in_new_york


@click.command()
@portfolio_argument
@common_options
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the files [default: reports/<file>-<as_of>/].")
def rebalance(
    *, file: Path, as_of: date | None, market: str, as_json: bool, quiet: bool, debug: bool, out: Path | None
) -> None:
    """Propose trades that bring a household within its limits, at the least cost after tax.

    Writes report.html, report.pdf, recommendation.json and orders.csv, and prints a summary.

    \b
    Example:
      advisor rebalance portfolios/tech-employee.yaml
    """
    del debug
    from advisor.portfolio.load import read_portfolio

    portfolio, data = read_portfolio(file, today=today_in_new_york(), as_of=as_of)

    from advisor.cli.recommend import recommend, report_files
    from advisor.cli.summary import print_summary
    from advisor.files import write_all

    note = (lambda _: None) if quiet else (lambda text: click.echo(text, err=True))
    recommendation = recommend(portfolio, load_market(market), file.name, data.decode(), versions())
    folder = out or Path("reports") / f"{file.stem}-{portfolio.as_of.isoformat()}"
    written = write_all(folder, report_files(recommendation, note))
    if as_json:
        click.echo(recommendation.json_text, nl=False)
    else:
        print_summary(recommendation.plan, portfolio, recommendation.market, written, quiet=quiet)


def versions() -> dict[str, str]:
    """Versions that a result depends on."""
    packages = ("cvxpy", "clarabel", "numpy")
    return {"advisor": __version__, "python": platform.python_version()} | {name: version(name) for name in packages}
