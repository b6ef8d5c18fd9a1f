"""The risk model: the market's factor covariance, cut to the securities of one household."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from advisor.errors import MarketDataError
from advisor.market.data import MarketData
from advisor.units import Matrix, Vector


@dataclass(frozen=True, slots=True)
class RiskModel:
    """Annual covariance of simple returns, ``covariance = root.T @ root``.

    covariance: shape (n, n), positive semidefinite; root: shape (n, n), upper triangular; both in the order of
    `symbols`. Cash has no risk and is not a symbol.
    """

    symbols: tuple[str, ...]
    covariance: Matrix
    root: Matrix

    def index(self, symbol: str) -> int:
        """Position of `symbol` in the arrays."""
        return self.symbols.index(symbol)


def risk_model(market: MarketData, symbols: tuple[str, ...]) -> RiskModel:
    """Risk model of `symbols` from the market's factor form.

    Raises `MarketDataError` for a symbol without covariance, or one whose loadings or variance are not finite or
    whose variance is below 0.
    """
    known = {symbol: row for row, symbol in enumerate(market.covariance.symbols)}
    missing = [symbol for symbol in symbols if symbol not in known]
    if missing:
        raise MarketDataError(f"no covariance for {', '.join(missing)} in {market.id}")
    rows = [known[symbol] for symbol in symbols]
    loadings = market.covariance.loadings[rows]
    idiosyncratic = market.covariance.idiosyncratic[rows]
    for symbol, loading, variance in zip(symbols, loadings, idiosyncratic, strict=True):
        if not (np.isfinite(loading).all() and np.isfinite(variance)):
            raise MarketDataError(f"the covariance of {symbol} in {market.id} holds a value that is not finite")
        if variance < 0.0:
            raise MarketDataError(f"the idiosyncratic variance of {symbol} in {market.id} is negative")
    stacked = np.vstack([loadings.T, np.diag(np.sqrt(idiosyncratic))])
    root: Matrix = np.asarray(np.linalg.qr(stacked, mode="r"))
    return RiskModel(symbols, root.T @ root, root)


def betas(model: RiskModel, benchmark: str) -> Vector:
    """Beta of each security to `benchmark`, shape (n,): cov(r_i, r_b) / var(r_b)."""
    column = model.index(benchmark)
    return np.asarray(model.covariance[:, column] / model.covariance[column, column])
