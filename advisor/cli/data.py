"""``advisor data``: what the advice stands on, and where it comes from."""

from __future__ import annotations

import click

from advisor.cli.data_compare_risk import compare_risk
from advisor.cli.data_import_holdings import import_holdings
from advisor.cli.data_refresh import refresh
from advisor.cli.data_status import status
from advisor.cli.suggest import SuggestingGroup


@click.group(cls=SuggestingGroup)
def data() -> None:
    """See what market data are held, fetch prices, import holdings files."""


data.add_command(status)
data.add_command(refresh)
data.add_command(import_holdings)
data.add_command(compare_risk)
