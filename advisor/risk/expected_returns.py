"""Expected returns: what the household's own mix implies, moved by the views that the user holds.

1. A portfolio that is held says what its owner expects: the returns at which it is the best one. They are
   ``pi = r_f + gamma (Sigma w* + kappa vol (vol'w*))``, with w* the reference portfolio (`risk.reference`). They are a
   neutral start, not a forecast: without a view nothing is better than the reference.
2. gamma is the user's risk aversion, or the one at which the US stock market earns the user's equity premium.
3. The user's views move these returns, each as far as it is trusted (`risk.views`); those of a named set as they count
   on the day (`risk.view_age`). Funds of one index hold the same portfolio: a view on one moves them all to one return.

There is no size premium on top (0.17% a year since 1982 with t = 0.11, Fama-French SMB 1982-01..2025-08). Fund fees are
a cost of their own, and stand outside.

Source: Sharpe (1974), "Imputing Expected Security Returns from Portfolio Composition"; Black and Litterman (1992),
"Global Portfolio Optimization"; He and Litterman (1999), "The Intuition Behind Black-Litterman Model Portfolios".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from advisor.market.data import MARKET, MarketData
from advisor.portfolio.model import Portfolio
from advisor.portfolio.written import plain_text
from advisor.risk.covariance import RiskModel
from advisor.risk.view_age import views_that_count
from advisor.risk.views import SAME, Opinions, opinions, posterior
from advisor.units import Matrix, Vector

LEAST_AVERSION, MOST_AVERSION = 0.5, 10.0
OWN_MIX = "implied by your own mix"


@dataclass(frozen=True, slots=True)
class ExpectedReturns:
    """Annual total returns before tax and before expense ratios, as fractions.

    annual: shape (n,), in the order of the risk model's symbols; implied: the same before any view, (n,); origin: where
    each comes from, in words.
    """

    annual: Vector
    implied: Vector
    origin: tuple[str, ...]
    risk_free: float


def implied_returns(model: RiskModel, mix: Vector, risk_free: float, aversion: float, inflation: float) -> Vector:
    """Total returns a year at which `mix` is the best portfolio, shape (n,).

    mix: fractions of household value, shape (n,); `aversion` weighs half the variance, and `inflation`, the covariance
    inflation, the square of what all securities together would vary if they moved as one. Source: Sharpe (1974).
    """
    volatilities = np.sqrt(np.diag(model.covariance))
    together = inflation * volatilities * (volatilities @ mix)
    return np.asarray(risk_free + aversion * (model.covariance @ mix + together))


def expected_returns(
    portfolio: Portfolio, market: MarketData, model: RiskModel, reference: Vector, aversion: float
) -> ExpectedReturns:
    """What `reference` implies for every security of `model`, moved by the user's views.

    reference: fractions of household value, shape (n,). Raises `InputError` for views that cannot be true at once
    (`risk.views`).
    """
    risk_free = market.risk_free.value
    inflation = float(portfolio.preferences.covariance_inflation)
    implied = implied_returns(model, reference, risk_free, aversion, inflation)
    identities = [market.identity(symbol) for symbol in model.symbols]
    rows = tuple(dict.fromkeys(identities))
    mean = _mean_of_each(rows, identities)
    prior = mean @ implied
    stated = opinions(views_that_count(portfolio, market), rows, market.identity, portfolio.preferences.horizon_years)
    found = posterior(prior, mean @ model.covariance @ mean.T, stated)
    moved = {row for row, one, other in zip(rows, prior, found, strict=True) if abs(one - other) > SAME}
    return ExpectedReturns(
        annual=found[[rows.index(identity) for identity in identities]] if moved else implied,
        implied=implied,
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
    return "; ".join((f"{OWN_MIX}, moved by your views", *parts)) if own in moved else OWN_MIX


def implied_risk_aversion(model: RiskModel, mix: Vector, premium: float) -> float:
    """Risk aversion at which `mix` is the best portfolio if the US stock market earns `premium` over cash a year.

    ``premium / (Sigma mix)_market``, kept within [0.5, 10] so that a household that is almost all cash or bonds, or far
    levered, still gets a usable value. mix: fractions of household value, shape (n,). Raises ValueError for a model
    without `MARKET`. Source: Sharpe (1974), solved for the risk aversion.
    """
    with_market = float(model.covariance[model.index(MARKET)] @ mix)
    if with_market <= premium / MOST_AVERSION:
        return MOST_AVERSION
    return max(LEAST_AVERSION, premium / with_market)
