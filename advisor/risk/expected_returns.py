"""Expected returns: what the market's own prices imply, moved by the views that the user holds.

1. The market portfolio is the total US stock market (`MARKET`); its premium over cash is the user's assumption.
2. In equilibrium a security earns cash plus its beta times that premium; there is no size premium on top
   (0.17% a year since 1982 with t = 0.11, Fama-French SMB 1982-01..2025-08).
3. Funds of one index hold the same portfolio, so they share one expected return.
4. The user's views move the equilibrium returns, each as far as it is trusted (`risk.views`); those of a named set as
   they count on the day (`risk.view_age`).

Source: Sharpe (1964), "Capital Asset Prices"; Black and Litterman (1992) for equilibrium as the neutral start.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from advisor.market.data import MARKET, MarketData
from advisor.portfolio.model import Portfolio
from advisor.portfolio.written import plain_text
from advisor.risk.covariance import RiskModel, betas
from advisor.risk.view_age import views_that_count
from advisor.risk.views import SAME, Opinions, opinions, posterior
from advisor.units import Matrix, Vector


@dataclass(frozen=True, slots=True)
class ExpectedReturns:
    """Annual total returns before tax and before expense ratios, as fractions.

    annual: shape (n,), in the order of the risk model's symbols; origin: where each comes from, in words.
    """

    annual: Vector
    origin: tuple[str, ...]
    risk_free: float


def expected_returns(portfolio: Portfolio, market: MarketData, model: RiskModel) -> ExpectedReturns:
    """Equilibrium returns for every security of `model`, moved by the user's views.

    Raises `InputError` for views that cannot be true at once (`risk.views`).
    """
    risk_free = market.risk_free.value
    premium = float(portfolio.preferences.equity_premium)
    identities = [market.identity(symbol) for symbol in model.symbols]
    rows = tuple(dict.fromkeys(identities))
    mean = _mean_of_each(rows, identities)
    prior = mean @ (risk_free + betas(model, MARKET) * premium)
    stated = opinions(views_that_count(portfolio, market), rows, market.identity, portfolio.preferences.horizon_years)
    found = posterior(prior, mean @ model.covariance @ mean.T, stated)
    moved = {row for row, one, other in zip(rows, prior, found, strict=True) if abs(one - other) > SAME}
    return ExpectedReturns(
        annual=found[[rows.index(identity) for identity in identities]],
        origin=tuple(_origin(symbol, market, stated, moved) for symbol in model.symbols),
        risk_free=risk_free,
    )


def _mean_of_each(rows: tuple[str, ...], identities: list[str]) -> Matrix:
    """Averages over the securities of each identity, shape (m, n)."""
    belongs = np.array([[float(identity == row) for identity in identities] for row in rows])
    return np.asarray(belongs / belongs.sum(axis=1, keepdims=True))


def _origin(symbol: str, market: MarketData, stated: Opinions, moved: set[str]) -> str:
    """Where the return of `symbol` comes from, in words."""
    own = market.identity(symbol)
    parts: list[str] = []
    for view, confidence, share in zip(stated.views, stated.confidence, stated.share, strict=True):
        is_it = view.over is None and market.identity(view.symbol) == own
        if is_it and confidence == 1.0 and share == 1.0:
            on = "" if view.symbol == symbol else f" on {view.symbol}, same index"
            return f"your view{on} ({view.source})"
        if share < 1.0 and confidence > 0.0 and own in map(market.identity, view.symbols):
            parts.append(f"{view.name} counts in part, for {plain_text(view.years)} years of the horizon")
    return "; ".join(("equilibrium, moved by your views", *parts)) if own in moved else "equilibrium"


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
