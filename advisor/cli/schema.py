"""``advisor schema``: the JSON Schema of the portfolio file."""

from __future__ import annotations

import click

from advisor.cli.output import emit_json


@click.command()
def schema() -> None:
    """Print the JSON Schema of the portfolio file, with which editors complete and check it.

    \b
    Example:
      advisor schema > portfolio.schema.json
      # first line of the file:  # yaml-language-server: $schema=portfolio.schema.json
    """
    from advisor.portfolio.schema import json_schema

    emit_json(json_schema())
