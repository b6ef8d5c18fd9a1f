"""The reference portfolio: the mix that the household has chosen, from which an answer departs only for a reason.

1. It is today's holdings, with two exceptions; with new money, their mix before that was paid in.
2. Shares of one company above a part of the household (`Preferences.company_share`) are what an employer or a rise left
   behind, not a choice: what may be sold of the excess counts as US stocks, in the mix of the US stock funds on offer
   that is nearest to the US market; as the US market itself where no such fund is on offer.
3. A holding that the user has a view on counts as the US market, if it is of US stocks: a view is measured against what
   is neutral, and takes the place of what the holding says (Black and Litterman).

Source: Sharpe (1974), "Imputing Expected Security Returns from Portfolio Composition": a portfolio that is held says
what its owner expects; He and Litterman (1999), "The Intuition Behind Black-Litterman Model Portfolios".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from advisor.market.asset_classes import AssetClass, class_shares
from advisor.market.data import MARKET, MarketData
from advisor.portfolio.model import Portfolio
from advisor.risk.covariance import RiskModel
from advisor.risk.view_age import views_that_count
from advisor.units import Matrix, Vector

NOTHING = 1e-12  # of household value


@dataclass(frozen=True, slots=True)
class Reference:
    """weights: shape (n,), fractions of household value in the order of the risk model; the rest is cash.

    `excess` has, by company, how much of the household counts as US stocks in its place; `viewed` are the holdings that
    count as the US market because a view is on them.
    """

    weights: Vector
    excess: Mapping[str, float]
    viewed: tuple[str, ...]

    @property
    def is_own_mix(self) -> bool:
        """Whether the reference is the household's mix, with no exception."""
        return not self.excess and not self.viewed


def reference_portfolio(
    portfolio: Portfolio, market: MarketData, model: RiskModel, held: Vector, sellable: Vector
) -> Reference:
    """The reference of a household that holds `held`, of which `sellable` may be sold.

    held, sellable: fractions of household value by security, shape (n,), in the order of `model`. Raises ValueError for
    a model without `MARKET`.
    """
    companies = [market.securities[symbol].company for symbol in model.symbols]
    excess, weights = without_excess(held, sellable, companies, float(portfolio.preferences.company_share))
    if excess:
        offered = [model.index(s) for s in dict.fromkeys(portfolio.preferences.buy) if _is_us_stocks(s, market)]
        weights = weights + sum(excess.values()) * nearest_mix(model.root, offered, model.index(MARKET))
    viewed = _viewed(portfolio, market, model, weights)
    for row in viewed:
        weights[model.index(MARKET)] += weights[row]
        weights[row] = 0.0
    return Reference(weights, excess, tuple(model.symbols[row] for row in viewed))


def without_excess(
    held: Vector, sellable: Vector, companies: Sequence[str | None], most: float
) -> tuple[dict[str, float], Vector]:
    """What may be sold of each company's shares beyond `most`, by company, and the holdings without it.

    held, sellable: shape (n,), fractions of household value; companies: the issuer of each security, None of a fund.
    """
    rows: dict[str, list[int]] = {}
    for row, company in enumerate(companies):
        if company is not None and held[row] > 0.0:
            rows.setdefault(company, []).append(row)
    weights, excess = held.copy(), {}
    for company, own in rows.items():
        movable = min(held[own].sum() - most, sellable[own].sum())
        if movable > NOTHING:
            weights[own] -= movable * sellable[own] / sellable[own].sum()
            excess[company] = float(movable)
    return excess, weights


def nearest_mix(root: Matrix, offered: Sequence[int], market: int) -> Vector:
    """The mix of the securities `offered` whose return is nearest to that of `market`, shape (n,): weights sum to 1.

    ``min ||R (u - market)||`` over ``u >= 0, 1'u = 1``, R the root of the covariance, shape (k, n). With B the columns
    of R less the market's it is ``min ||B u||``, whose direction is that of ``min ||B u||^2 + (1'u - 1)^2`` over
    ``u >= 0``, where the length alone is weighed beside. The market itself where nothing is offered.
    """
    mix = np.zeros(root.shape[1])
    if not offered:
        mix[market] = 1.0
        return mix
    rows = list(offered)
    apart = root[:, rows] - root[:, [market]]
    found = nnls(np.vstack([apart, np.ones(len(rows))]), np.append(np.zeros(len(apart)), 1.0))[0]
    mix[rows] = found / found.sum()
    return mix


def _viewed(portfolio: Portfolio, market: MarketData, model: RiskModel, weights: Vector) -> tuple[int, ...]:
    """Rows of US stocks in the household, other than the market's own index, that a view is on."""
    counted = (view for view in views_that_count(portfolio, market) if view.confidence > 0)
    named = {market.identity(symbol) for view in counted for symbol in view.symbols} - {market.identity(MARKET)}
    return tuple(
        row
        for row, symbol in enumerate(model.symbols)
        if weights[row] > 0.0 and market.identity(symbol) in named and _is_us_stocks(symbol, market)
    )


def _is_us_stocks(symbol: str, market: MarketData) -> bool:
    return class_shares(market.securities[symbol]).get(AssetClass.US_STOCKS, 0.0) == 1.0
