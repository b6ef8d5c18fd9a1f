"""``advisor data``: what the advice stands on, and where it comes from."""

from __future__ import annotations

import click

from advisor.cli.data_import_holdings import import_holdings


@click.group()
def data() -> None:
    """Import holdings files, and see what market data is held."""


data.add_command(import_holdings)
