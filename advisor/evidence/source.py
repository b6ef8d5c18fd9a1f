"""Prices for the case: a CSV file of closes, a folder with one, or Yahoo."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from advisor.errors import MarketDataError
from advisor.evidence.quality import LONGEST_CLOSURE
from advisor.evidence.recompute import SYMBOLS
from advisor.market.estimate.returns import PricePanel, panel_of
from advisor.market.folder import PRICES
from advisor.market.live import Watch, price_histories
from advisor.market.price_file import NAMED, PanelSource, panel_of_table, read_prices
from advisor.market.prices.moves import large_moves
from advisor.market.snapshot import load_snapshot
from advisor.market.sources import YAHOO, Request, has_histories, yahoo_desk

NO_PRICES = (
    "a snapshot file has no past prices to test a claim with: give --market yahoo, a folder with prices.csv or "
    "--prices PANEL.csv, or leave the option out for the dated results"
)


def price_panel(request: Request, prices: Path | None, as_of: date, watch: Watch) -> PanelSource:
    """Past prices of the funds of the case, as far as the source has them.

    Raises `MarketDataError` for a source without past prices, and for prices that cannot be used. Yahoo's are checked
    where they are fetched.
    """
    if prices is None and request.source == YAHOO:
        desk = yahoo_desk(request, as_of, watch)
        found = price_histories(SYMBOLS, desk, base=load_snapshot(), accepted={})
        return PanelSource(panel_of(found.histories.values()), desk.source_name, None)
    if prices is None and not has_histories(request):
        raise MarketDataError(f"{request.source}: {NO_PRICES}")
    path = prices or Path(request.source) / PRICES
    table = read_prices(path, SYMBOLS, date.min)
    panel = panel_of_table(table)
    _check_jumps(panel, path)
    return PanelSource(panel, path.name, table.sha256)


def _check_jumps(panel: PricePanel, path: Path) -> None:
    """Refuse steps of more than 40% within a week: an index fund has none, a missed split or a slip has."""
    faults = []
    for symbol in panel.symbols:
        closes = panel.column(symbol)
        rows = np.flatnonzero(np.isfinite(closes))
        for move in large_moves(closes[rows]):
            before, after = rows[move.place - 1], rows[move.place]
            if (panel.days[after] - panel.days[before]).days <= LONGEST_CLOSURE:
                faults.append(
                    f"{path}: {symbol}: the close of {panel.days[after]} is {closes[after] / closes[before]:.3g} times "
                    f"that of {panel.days[before]}"
                )
    if faults:
        raise MarketDataError(
            "\n".join([*faults[:NAMED], "Give closes adjusted for splits and dividends, and correct what is a slip"])
        )
