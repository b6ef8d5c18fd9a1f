"""``advisor schema``: the JSON Schema of the portfolio file, and of what the commands write."""

from __future__ import annotations

from typing import Any

import click

from advisor.cli.output import emit_json
from advisor.cli.suggest import SuggestingChoice

NAMES = ("portfolio", "recommendation", "what-if", "diff", "backtest")


@click.command()
@click.argument("name", type=SuggestingChoice(NAMES), default="portfolio", metavar="[NAME]")
def schema(*, name: str) -> None:
    """Print a JSON Schema: of the portfolio file, with which editors complete and check it, or of a document.

    NAME is portfolio (the default), recommendation, what-if, diff or backtest.

    \b
    Example:
      advisor schema > portfolio.schema.json
      # first line of the file:  # yaml-language-server: $schema=portfolio.schema.json
    """
    emit_json(_schema(name))


def _schema(name: str) -> dict[str, Any]:
    """The schema of that name; its module is loaded now."""
    match name:
        case "portfolio":
            from advisor.portfolio.schema import json_schema

            return json_schema()
        case "recommendation":
            from advisor.rebalance.record import recommendation_schema

            return recommendation_schema()
        case "what-if":
            from advisor.whatif.record import what_if_schema

            return what_if_schema()
        case "diff":
            from advisor.whatif.two_answers import diff_schema

            return diff_schema()
        case "backtest":
            from advisor.backtest.record import backtest_schema

            return backtest_schema()
        case _:
            raise ValueError(f"no schema is named {name!r}")
