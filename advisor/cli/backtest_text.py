"""What ``advisor backtest`` prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

from advisor import format as fmt
from advisor.backtest.compare import Backtest, Figures, exceeded
from advisor.backtest.measures import DAYS_A_YEAR
from advisor.backtest.words import DISCLOSURES, assumptions, hindsight
from advisor.cli.summary import plain_lines, plain_table
from advisor.errors import printable
from advisor.portfolio.model import Portfolio

WORST = 3  # years shown
CERTAIN = 0.999  # a larger probability is said to be above it


def backtest_text(test: Backtest, portfolio: Portfolio, prices: str, written: tuple[Path, ...]) -> str:
    """The figures of every row, then what has to be known of them, then the files."""
    years = (test.end - test.start).days / DAYS_A_YEAR
    head = [
        f"{portfolio.name} - {test.start} to {test.end} ({fmt.number(years)} years), prices of {prices}",
        "HYPOTHETICAL, computed with hindsight; nobody traded like this.",
        hindsight(test),
        f"At the start: the holdings of {portfolio.as_of}, {_money(test.holdings.total_usd)}, bought on {test.start}.",
    ]
    parts = [
        plain_lines(head),
        *_tables(test),
        plain_lines([*_limits(test), *assumptions(test), *DISCLOSURES]),
    ]
    return "\n".join(parts) + "".join(f"  {printable(str(path))}\n" for path in written)


def _tables(test: Backtest) -> Iterator[str]:
    taxed = test.asked.taxed
    sold = ("after tax", "if sold") if taxed else ()
    yield _table(
        ("Return a year", "before tax", *sold, "volatility", "fall"),
        test,
        lambda f: (
            fmt.percent(f.growth_before_tax),
            *((fmt.percent(f.growth), fmt.percent(f.growth_sold)) if taxed else ()),
            fmt.percent(f.volatility),
            fmt.percent(-f.drawdown.depth),
        ),
    )
    yield _table(
        ("", "track. error", "Sharpe", "deflated", "turnover", "small caps"),
        test,
        lambda f: (
            fmt.percent(f.tracking_error),
            fmt.number(f.sharpe, 2),
            "" if f.deflated_sharpe is None else _chance(f.deflated_sharpe),
            fmt.percent(f.turnover),
            fmt.percent(f.small_caps),
        ),
    )
    owed = ("tax paid", "tax latent") if taxed else ()
    yield _table(
        (f"From {_money(test.holdings.total_usd)}", "at the end", *owed, "spread"),
        test,
        lambda f: (
            _money(f.final_usd),
            *((_money(f.tax_usd), _money(f.due_usd + f.latent_usd)) if taxed else ()),
            _money(f.spread_usd),
        ),
    )
    rows = [(row.track.name, _losing(row.figures), _worst(row.figures)) for row in test.rows]
    yield plain_table(("Calendar years", "years lost", "the worst"), rows)


def _table(heads: tuple[str, ...], test: Backtest, cells: Callable[[Figures], tuple[str, ...]]) -> str:
    """One line for each row, figures to the right under their heads."""
    rows = [[cell.replace(fmt.NO_BREAK, " ") for cell in cells(row.figures)] for row in test.rows]
    widths = [max(map(len, column)) for column in zip(heads[1:], *rows, strict=True)]
    names = [row.track.name for row in test.rows]
    aligned = [[cell.rjust(width) for cell, width in zip(row, widths, strict=True)] for row in (heads[1:], *rows)]
    lines = [(name, *row) for name, row in zip(names, aligned[1:], strict=True)]
    return plain_table((heads[0], *aligned[0]), lines)


def _losing(figures: Figures) -> str:
    lost = sum(year.value < 0 for year in figures.years)
    return f"{lost} of {len(figures.years)}"


def _worst(figures: Figures) -> str:
    """The worst calendar years, after tax; a part of a year is marked."""
    worst = sorted(figures.years, key=lambda year: year.value)[:WORST]
    return ", ".join(f"{year.year}{'' if year.is_whole else '*'} {fmt.signed_percent(year.value)}" for year in worst)


def _limits(test: Backtest) -> Iterator[str]:
    """Limits that were kept, could not be kept on some days, or could not be applied to the past at all."""
    yield f"Limits applied: {', '.join(test.limits_applied) or 'none'}."
    for row in test.rows:
        for label, (count, most) in exceeded(row.track).items():
            on = f"{count} of {len(row.track.decisions)} decisions"
            yield f"{row.track.name}: {label} was not met by {on}, by up to {fmt.percent(most)}."
    for words in test.rules.not_applied:
        yield f"Not applied in full: {words}."
    if any(not year.is_whole for row in test.rows for year in row.figures.years):
        yield "* a part of a year."


def _chance(probability: float) -> str:
    """A probability, which is never certain."""
    return f"> {fmt.percent(CERTAIN)}" if probability > CERTAIN else fmt.percent(probability)


def _money(amount: float) -> str:
    return fmt.money(Decimal(repr(amount)))
