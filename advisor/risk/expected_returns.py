"""Expected returns: what the market's own prices imply, unless the user holds a view.

1. The market portfolio is the total US stock market (`MARKET`); its premium over cash is the user's assumption.
2. In equilibrium a security earns cash plus its beta times that premium; there is no size premium on top
   (0.17 % a year since 1982 with t = 0.11, Fama-French SMB 1982-01..2025-08).
3. Funds of one index hold the same portfolio, so they share one expected return.
4. A user's view replaces the equilibrium return of the security, and of the other funds of its index.

Source: Sharpe (1964), "Capital Asset Prices"; Black and Litterman (1992) for equilibrium as the neutral start.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from advisor.market.data import MARKET, MarketData
from advisor.portfolio.model import Portfolio, View
from advisor.risk.covariance import RiskModel, betas
from advisor.units import Vector


@dataclass(frozen=True, slots=True)
class ExpectedReturns:
    """Annual total returns before tax and before expense ratios, as fractions.

    annual: shape (n,), in the order of the risk model's symbols; origin: where each comes from, in words.
    """

    annual: Vector
    origin: tuple[str, ...]
    risk_free: float


def expected_returns(portfolio: Portfolio, market: MarketData, model: RiskModel) -> ExpectedReturns:
    """Equilibrium returns for every security of `model`, with the user's views in place of them."""
    risk_free = market.risk_free.value
    premium = float(portfolio.preferences.equity_premium)
    annual = risk_free + betas(model, MARKET) * premium
    origin = ["equilibrium"] * len(model.symbols)
    views = _views_by_identity(portfolio.views, market)
    identities = [market.identity(symbol) for symbol in model.symbols]
    for identity in set(identities):
        rows = [row for row, other in enumerate(identities) if other == identity]
        annual[rows] = np.mean(annual[rows])
        if identity in views:
            for row in rows:
                view = views[identity].get(model.symbols[row]) or next(iter(views[identity].values()))
                annual[row] = float(view.annual_return)
                origin[row] = _view_origin(view, model.symbols[row])
    return ExpectedReturns(annual, tuple(origin), risk_free)


def _views_by_identity(views: tuple[View, ...], market: MarketData) -> dict[str, dict[str, View]]:
    grouped: dict[str, dict[str, View]] = {}
    for view in views:
        grouped.setdefault(market.identity(view.symbol), {})[view.symbol] = view
    return grouped


def _view_origin(view: View, symbol: str) -> str:
    on = "" if view.symbol == symbol else f" on {view.symbol}, same index"
    source = f" ({view.source})" if view.source else ""
    return f"your view{on}{source}"


def implied_risk_aversion(market_beta: float, market_volatility: float, premium: float) -> float:
    """Risk aversion at which a household's present market exposure is the best one.

    The maximiser of mu'w - (gamma/2) w'Sigma w over the market portfolio and cash holds the market at beta
    premium / (gamma sigma^2); solved for gamma, and kept within [0.5, 10] so that a household that is almost all
    cash, or far levered, still gets a usable value.

    Parameters: `market_beta` of the household to the market portfolio; `market_volatility` a year; `premium` a
    year. Source: Merton (1969), "Lifetime Portfolio Selection under Uncertainty", equation for the risky share.
    """
    least, most = 0.5, 10.0
    exposure = market_beta * market_volatility**2
    if exposure <= premium / most:
        return most
    return min(most, max(least, premium / exposure))
