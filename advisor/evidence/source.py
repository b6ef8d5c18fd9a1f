"""Prices for the case: a CSV file of closes, a folder with one, or Yahoo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from advisor.errors import MarketDataError
from advisor.evidence.recompute import SYMBOLS
from advisor.market.estimate.returns import PricePanel, panel_of
from advisor.market.folder import PRICES
from advisor.market.price_file import panel_of_table, read_prices
from advisor.market.prices.live import Watch, price_histories
from advisor.market.snapshot import load_snapshot
from advisor.market.sources import YAHOO, Request, has_histories, yahoo_desk

NO_PRICES = (
    "a snapshot file has no past prices to test a claim with: give --market yahoo, a folder with prices.csv or "
    "--prices PANEL.csv, or leave the option out for the dated results"
)


@dataclass(frozen=True, slots=True)
class PanelSource:
    """A panel of the funds of the case, where it came from in words, and the digest of its file (None: no file)."""

    panel: PricePanel
    name: str
    sha256: str | None


def price_panel(request: Request, prices: Path | None, as_of: date, watch: Watch) -> PanelSource:
    """Past prices of the funds of the case, as far as the source has them.

    Raises `MarketDataError` for a source without past prices, and for prices that cannot be used.
    """
    if prices is None and request.source == YAHOO:
        desk = yahoo_desk(request, as_of, watch)
        found = price_histories(SYMBOLS, desk, base=load_snapshot(), accepted={})
        return PanelSource(panel_of(found.histories.values()), desk.source_name, None)
    if prices is None and not has_histories(request):
        raise MarketDataError(f"{request.source}: {NO_PRICES}")
    path = prices or Path(request.source) / PRICES
    table = read_prices(path, SYMBOLS, date.min)
    return PanelSource(panel_of_table(table), path.name, table.sha256)
