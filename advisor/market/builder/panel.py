"""The price panel of a builder run: adjusted closes, one column per symbol, checked before anything is computed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd

from advisor.errors import MarketDataError
from advisor.market.fact_tables import own_table
from advisor.market.symbols import canonical_symbol
from advisor.units import TRADING_DAYS, Vector, to_cents

LARGE_MOVE = 0.40  # in one day; anything larger is explained in the table `large_moves` or refused
DAYS_A_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class Panel:
    """Adjusted closes as numbers, and the last close of each symbol in dollars and cents."""

    prices: pd.DataFrame
    last_close: dict[str, Decimal]
    as_of: date

    @property
    def returns(self) -> pd.DataFrame:
        """Daily simple returns; none before a symbol's second print."""
        return self.prices.pct_change(fill_method=None)


def load_panel(path: Path) -> Panel:
    """Read a CSV with a `Date` column and one column of adjusted closes per symbol.

    Raises
    ------
    MarketDataError
        A price that is not positive, a gap inside a history, dates out of order, a history that does not reach
        the last date, or a move of more than 40% in a day that the table `large_moves` does not explain.
    """
    text = pd.read_csv(path, index_col=0, dtype=str, keep_default_na=False)
    text.columns = pd.Index([canonical_symbol(name) for name in text.columns])
    text.index = pd.to_datetime(text.index, format="%Y-%m-%d")
    prices = text.apply(pd.to_numeric, errors="coerce")
    if (prices.isna() & (text != "")).to_numpy().any():
        raise MarketDataError(f"{path.name}: a cell is neither a price nor empty")
    if not (text.index.is_monotonic_increasing and text.index.is_unique and text.columns.is_unique):
        raise MarketDataError(f"{path.name}: dates or symbols are repeated or out of order")
    for symbol in prices:
        _check_history(prices[symbol].to_numpy(), f"{path.name}: {symbol}")
    last = {str(symbol): to_cents(Decimal(close)) for symbol, close in text.iloc[-1].items()}
    return Panel(_without_bad_prints(prices, path), last, prices.index[-1].date())


def _check_history(prices: Vector, where: str) -> None:
    known = np.isfinite(prices)
    if not known.any() or not known[np.argmax(known) :].all():
        raise MarketDataError(f"{where}: a gap in the history, or none that reaches the last date")
    if (prices[known] <= 0.0).any():
        raise MarketDataError(f"{where}: a price that is not positive")


def _without_bad_prints(prices: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Rescale the history before a bad print so that the return of that day is 0."""
    verdicts = {
        (row["symbol"], row["date"]): row["verdict"]
        for row in own_table("large_moves", ("symbol", "date", "verdict", "reason"))
    }
    clean = prices.to_numpy(dtype=float, copy=True)
    moves = clean[1:] / clean[:-1] - 1.0
    for place, column in np.argwhere(np.abs(moves) > LARGE_MOVE):
        symbol, day = str(prices.columns[column]), f"{prices.index[place + 1]:%Y-%m-%d}"
        move = moves[place, column]
        verdict = verdicts.get((symbol, day))
        if verdict is None:
            raise MarketDataError(
                f"{path.name}: {symbol} moved {move:+.0%} on {day}; say in large_moves.csv whether this is real"
            )
        if verdict == "bad":
            clean[: place + 1, column] *= 1.0 + move
    return pd.DataFrame(clean, index=prices.index, columns=prices.columns)


def long_run(panel: Panel) -> dict[str, dict[str, float]]:
    """Volatility a year, maximum drawdown (negative), and years of history, over each symbol's whole history."""
    figures = {}
    returns = panel.returns
    for symbol in panel.prices:
        prices = panel.prices[symbol].dropna()
        days = (prices.index[-1] - prices.index[0]).days
        figures[str(symbol)] = {
            "volatility": float(returns[symbol].std(ddof=1) * np.sqrt(TRADING_DAYS)),
            "max_drawdown": float((prices / prices.cummax() - 1.0).min()),
            "years": days / DAYS_A_YEAR,
        }
    return figures
