"""Price panels for a backtest: a CSV file, a folder with one, or Yahoo."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from advisor.backtest.history import CASH_FUNDS, LARGE_CAPS, wanted_columns
from advisor.errors import MarketDataError
from advisor.market.estimate.returns import panel_of
from advisor.market.folder import PRICES
from advisor.market.live import Watch, price_histories
from advisor.market.price_file import NAMED, PanelSource, PriceTable, panel_of_table, read_prices
from advisor.market.prices.moves import MoveKind, large_moves
from advisor.market.resolve import needed_symbols
from advisor.market.snapshot import load_snapshot
from advisor.market.sources import YAHOO, Request, has_histories, yahoo_desk
from advisor.portfolio.model import Portfolio

NO_PRICES = (
    "a backtest needs past prices, and a snapshot has none: give --prices PANEL.csv, a file of daily adjusted closes, "
    "or --market yahoo (or a folder with prices.csv)"
)
FAULTS = (MoveKind.SPIKE, MoveKind.UNIT, MoveKind.MISSING_SPLIT)


def price_panel(request: Request, prices: Path | None, portfolio: Portfolio, watch: Watch) -> PanelSource:
    """Past prices of what a backtest of `portfolio` needs, as far as the source has them.

    Raises `MarketDataError` for a source without past prices, and for a file that cannot be used.
    """
    if prices is None and not has_histories(request):
        raise MarketDataError(NO_PRICES)
    if prices is None and request.source == YAHOO:
        return _from_yahoo(request, portfolio, watch)
    path = prices or Path(request.source) / PRICES
    table = read_prices(path, wanted_columns(portfolio), date.min)
    _refuse_faults(table, path)
    return PanelSource(panel_of_table(table), path.name, table.sha256)


def _refuse_faults(table: PriceTable, path: Path) -> None:
    """Refuse steps of more than 40% that go back at once, or have a ratio of splits or units. Others may be real.

    Yahoo's closes are checked where they are fetched.
    """
    faults = []
    for symbol, known in table.closes.items():
        closes = np.array([close for _, close in known])
        for move in large_moves(closes):
            if move.kind in FAULTS:
                step = closes[move.place] / closes[move.place - 1] - 1.0
                faults.append(f"{path}: {symbol}: a step of {step:+.0%} to {known[move.place][0]}: a {move.kind}?")
    if faults:
        more = [f"  and {len(faults) - NAMED} more"] if len(faults) > NAMED else []
        ways = "a backtest needs closes adjusted for splits and dividends: mend the panel"
        raise MarketDataError("\n".join([*faults[:NAMED], *more, ways]))


def _from_yahoo(request: Request, portfolio: Portfolio, watch: Watch) -> PanelSource:
    """Yahoo's histories, which reach back eleven years; what was just fetched for the facts is not asked for again."""
    desk = yahoo_desk(request, portfolio.as_of, watch)
    needed = sorted({*needed_symbols(portfolio), LARGE_CAPS, *CASH_FUNDS[:1]})
    found = price_histories(
        needed, desk, base=load_snapshot(), accepted=request.accepted, optional=frozenset(CASH_FUNDS[:1])
    )
    return PanelSource(panel_of(found.histories.values()), desk.source_name, None)
