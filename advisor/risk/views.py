"""The user's views put together with what the mix implies: the mean of expected returns, given both (Black-Litterman).

1. Before any view, expected returns are spread around the implied ones, ``pi``, like returns themselves, in proportion
   to ``Sigma``. Funds of one index are one row: they hold the same portfolio.
2. A view k says ``p_k'mu = q_k``; ``p_k`` has 1 for its security and -1 for the one it is held against. Its error has
   the variance ``omega_k = (1 - c_k) / c_k  p_k'Sigma p_k``: a confidence ``c_k`` of 0 leaves the view out, 1 lets it
   stand exactly, and a view by itself moves ``p_k'mu`` by the share ``c_k`` of the way to ``q_k`` (Idzorek).
3. ``mu = pi + Sigma P' (P Sigma P' + Omega)^-1 (q - P pi)``. The factor tau of the original stands before ``Sigma``
   and, with this ``Omega``, before that too: it cancels, and there is nothing to choose.
4. All of it is in total returns. Cash enters once, in ``pi``; a relative view holds it twice with opposite signs.
   ``Sigma`` stays as it is: views are on means, and risk is that of returns.
5. A view over fewer years than the household's horizon counts for that part of its distance from ``pi``: after them the
   security earns what ``pi`` says.

Source: Black and Litterman (1992), "Global Portfolio Optimization"; Idzorek (2005), "A Step-by-Step Guide to the
Black-Litterman Model"; He and Litterman (1999) for the form of the posterior mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from advisor.errors import InputError, Issue
from advisor.portfolio.clashes import Statement, clashes
from advisor.portfolio.model import View
from advisor.portfolio.validate_views import clash_issue
from advisor.units import Matrix, Vector

LEAST_VOLATILITY = 0.01  # a year, of what a view is of
NO_RISK = 1e-12  # of a variance: less than this is rounding
SAME = 1e-9  # a year: returns that differ by less are one


@dataclass(frozen=True, slots=True)
class Opinions:
    """Views in the form of the formula, k of them over m rows.

    picks: shape (k, m), ``P``; returns: shape (k,), ``q``, total returns a year; confidence: shape (k,), in [0, 1];
    share: shape (k,), of the horizon that each view is held, in (0, 1]; views: what they were made of.
    """

    views: tuple[View, ...]
    picks: Matrix
    returns: Vector
    confidence: Vector
    share: Vector


def opinions(views: Sequence[View], rows: Sequence[str], identity: Callable[[str], str], horizon: Decimal) -> Opinions:
    """The views over `rows`, the identities of a market; `horizon` in years.

    Raises `InputError` where two views are on one identity, or cannot be true at once for what funds hold the same.
    """
    _refuse_clashes(views, identity)
    picks = np.zeros((len(views), len(rows)))
    for row, view in zip(picks, views, strict=True):
        row[rows.index(identity(view.symbol))] = 1.0
        if view.over is not None:
            row[rows.index(identity(view.over))] = -1.0
    return Opinions(
        tuple(views),
        picks,
        np.array([float(view.annual_return) for view in views]),
        np.array([float(view.confidence) for view in views]),
        np.array([share_of_horizon(view, horizon) for view in views]),
    )


def share_of_horizon(view: View, horizon: Decimal) -> float:
    """Part of the household's horizon, in years, that the view is held: at most 1."""
    return min(1.0, float(view.years / horizon))


def _refuse_clashes(views: Sequence[View], identity: Callable[[str], str]) -> None:
    stated = [
        Statement(identity(view.symbol), None if view.over is None else identity(view.over), view.annual_return)
        for view in views
    ]
    names, places = [_named(view, identity) for view in views], [view.where for view in views]
    issues = tuple(clash_issue(clash, names, places) for clash in clashes(stated))
    if issues:
        raise InputError(issues, "views")


def _named(view: View, identity: Callable[[str], str]) -> str:
    """The view with the index behind each fund, where it has one."""
    return " over ".join(
        symbol if identity(symbol) == symbol else f"{symbol} ({identity(symbol)})" for symbol in view.symbols
    )


def posterior(prior: Vector, sigma: Matrix, stated: Opinions) -> Vector:
    """Expected total returns a year, shape (m,): the prior `prior`, shape (m,), moved by the views.

    `sigma` is the annual covariance, shape (m, m). Raises `InputError` for a view of two securities that move as one,
    and for one that cannot be certain beside others that are. One that follows from certain ones adds nothing.
    """
    told = _telling(prior, sigma, stated)
    if not told:
        return prior
    picks, confidence = stated.picks[told], stated.confidence[told]
    spread = sigma @ picks.T
    between = picks @ spread
    doubt = (1.0 - confidence) / confidence * np.diag(between)
    distance = _distance(prior, stated)[told]
    return np.asarray(prior + spread @ np.linalg.solve(between + np.diag(doubt), distance))


def _distance(prior: Vector, stated: Opinions) -> Vector:
    """How far each view is from what the mix implies, over the horizon, shape (k,)."""
    return np.asarray(stated.share * (stated.returns - stated.picks @ prior))


def _telling(prior: Vector, sigma: Matrix, stated: Opinions) -> list[int]:
    """Places of the views that add something: not of no confidence, nor certain and a consequence of certain ones."""
    told: list[int] = []
    certain: list[int] = []
    distance = _distance(prior, stated)
    for place, (pick, confidence) in enumerate(zip(stated.picks, stated.confidence, strict=True)):
        own = float(pick @ sigma @ pick)
        if own < LEAST_VOLATILITY**2:
            raise InputError((_moves_too_little(stated.views[place], own),), "views")
        known = stated.picks[certain]
        weights = np.linalg.solve(known @ sigma @ known.T, known @ sigma @ pick)
        if confidence == 1.0 and own - float(pick @ sigma @ known.T @ weights) <= NO_RISK * own:
            implied = float(weights @ distance[certain])
            if abs(implied - distance[place]) > SAME:
                raise InputError((_not_certain(stated.views[place]),), "views")
        elif confidence > 0.0:
            told.append(place)
            certain += [place] if confidence == 1.0 else []
    return told


def _moves_too_little(view: View, variance: float) -> Issue:
    """Next to no variance makes noise of its covariances: a view on bills would move stocks by percents."""
    of = "is of a security that hardly moves" if view.over is None else "is of securities that move as one"
    message = f"the view {view.name} {of} in the market data: {np.sqrt(variance):.2%} a year"
    return Issue(message, view.where, f"remove it: views are of what moves by {LEAST_VOLATILITY:.0%} a year or more")


def _not_certain(view: View) -> Issue:
    message = f"the view {view.name} cannot be certain beside the certain ones before it"
    return Issue(
        message, view.where, "they leave it another return: give one of them less than 100%, or the same years"
    )
