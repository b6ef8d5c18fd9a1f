"""What expected returns start from, found again from the file and the tables: the reference mix, and what it implies.

The reference is today's holdings; what may be sold of one company beyond the part that counts as chosen stands in the
mix of the US stock funds on offer that is nearest to the market, and US stocks that a view is on count as the market.
Its implied returns are those at which it is the best portfolio (Sharpe, 1974); views move them one after another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.optimize import lsq_linear

from advisor.market.data import MarketData
from advisor.once import once
from advisor.portfolio.model import Portfolio
from advisor.rebalance.verify.book import MARKET_PORTFOLIO, Book, covariance, universe
from advisor.rebalance.verify.calendar import kept_lots
from advisor.rebalance.verify.classes import US, parts_of
from advisor.rebalance.verify.ledger import before_deposit, household_value, replayed
from advisor.rebalance.verify.views import counted

LEAST_AVERSION, MOST_AVERSION = 0.5, 10.0
SAME_RETURN = 1e-9  # a year
SPENT = 1e-12  # of a view's variance: what is left once others have told the same
FEW = 8  # funds, of which every combination is tried
NOTHING = 1e-12


@dataclass(frozen=True, slots=True)
class Frame:
    """The reference by symbol, fractions of today's value, what of it stands for a company or a viewed holding.

    `implied` are the returns a year by symbol before a view, `returns` with the views that count.
    """

    reference: dict[str, float]
    excess: dict[str, float]
    viewed: tuple[str, ...]
    aversion: float
    implied: dict[str, float]
    returns: dict[str, float]
    moved: frozenset[str] = frozenset()  # indexes and securities whose return a view moves


@once
def frame_of(portfolio: Portfolio, market: MarketData) -> Frame:
    """That of the best plan."""
    held = _weights_today(portfolio, market)
    reference, excess = _without_excess(held, portfolio, market)
    reference, viewed = _neutral(reference, portfolio, market)
    aversion = _aversion(reference, portfolio, market)
    implied = _implied(universe(portfolio), reference, aversion, portfolio, market)
    returns, moved = _told(implied, portfolio, market)
    return Frame(reference, excess, viewed, aversion, implied, returns, moved)


@once
def frame_of_today(portfolio: Portfolio, market: MarketData) -> Frame:
    """That of the cheapest plan: today's holdings, and no view."""
    held, aversion = _weights_today(portfolio, market), frame_of(portfolio, market).aversion
    implied = _implied(universe(portfolio), held, aversion, portfolio, market)
    return Frame(held, {}, (), aversion, implied, implied)


def _weights_today(portfolio: Portfolio, market: MarketData) -> dict[str, float]:
    """By symbol, fractions of value; those of the mix that new money was paid into."""
    ledger = replayed((), portfolio)
    value = household_value(ledger.shares_before, ledger.cash_before, market)
    found: dict[str, float] = {}
    for (_, symbol), shares in ledger.shares_before.items():
        found[symbol] = found.get(symbol, 0.0) + float(shares * market.securities[symbol].close_usd / value)
    grown = before_deposit(value, portfolio)
    return {symbol: weight * grown for symbol, weight in found.items()}


def expected_return(book: Book, frame: Frame) -> float:
    """Of a household a year, after fund fees; cash earns the risk-free rate."""
    gross = sum(weight * frame.returns[symbol] for symbol, weight in book.weights.items())
    return gross + book.cash * book.market.risk_free.value - book.expense_ratio()


def _without_excess(
    held: dict[str, float], portfolio: Portfolio, market: MarketData
) -> tuple[dict[str, float], dict[str, float]]:
    free = _free_today(portfolio, market)
    chosen, found, excess = float(portfolio.preferences.company_share), dict(held), {}
    for company in sorted({market.securities[symbol].company or "" for symbol in held} - {""}):
        own = [symbol for symbol in held if market.securities[symbol].company == company]
        movable = sum(free.get(symbol, 0.0) for symbol in own)
        beyond = min(sum(held[symbol] for symbol in own) - chosen, movable)
        if beyond > NOTHING:
            excess[company] = beyond
            for symbol in own:
                found[symbol] -= beyond * free.get(symbol, 0.0) / movable
    for symbol, part in _stand_in(portfolio, market).items() if excess else ():
        found[symbol] = found.get(symbol, 0.0) + part * sum(excess.values())
    return found, excess


def _free_today(portfolio: Portfolio, market: MarketData) -> dict[str, float]:
    """What may be sold of each security, fraction of value: not what is locked, nor what the calendar keeps."""
    kept = {(entry.account, entry.symbol, entry.lot) for entry in kept_lots(portfolio, market)}
    free: dict[str, float] = {}
    worth = 0.0
    for account in portfolio.accounts:
        worth += float(account.cash_usd)
        for position in account.positions:
            price = float(market.securities[position.symbol].close_usd)
            for lot in position.lots:
                worth += float(lot.shares) * price
                if (
                    portfolio.may_sell(account.name, position.symbol)
                    and (account.name, position.symbol, lot) not in kept
                ):
                    free[position.symbol] = free.get(position.symbol, 0.0) + float(lot.shares) * price
    new = sum(float(account.deposit_usd) for account in portfolio.accounts)
    return {symbol: amount / (worth - new if worth > new else worth) for symbol, amount in free.items()}


def _stand_in(portfolio: Portfolio, market: MarketData) -> dict[str, float]:
    """The mix of US stock funds on offer whose return lies nearest to the market's."""
    funds = sorted({symbol for symbol in portfolio.preferences.buy if parts_of(symbol, market) == {US: 1.0}})
    if not funds:
        return {MARKET_PORTFOLIO: 1.0}
    sigma = covariance(market, [*funds, MARKET_PORTFOLIO])
    if len(funds) > FEW:
        return dict(zip(funds, _bounded(sigma), strict=True))
    tried = (
        _mix_of(rows, sigma) for size in range(1, len(funds) + 1) for rows in combinations(range(len(funds)), size)
    )
    best = min((mix for mix in tried if mix is not None), key=lambda mix: _distance(mix, sigma))
    return {symbol: float(part) for symbol, part in zip(funds, best, strict=True) if part > 0.0}


def _mix_of(rows: tuple[int, ...], sigma: np.ndarray) -> np.ndarray | None:
    """The nearest mix of these funds alone, whatever its signs, by Lagrange; None where one of them is short."""
    k = len(rows)
    system = np.ones((k + 1, k + 1))
    system[:k, :k], system[k, k] = sigma[np.ix_(rows, rows)], 0.0
    found = np.linalg.lstsq(system, np.append(sigma[list(rows), -1], 1.0), rcond=None)[0][:k]
    if (found < 0.0).any():
        return None
    mix = np.zeros(len(sigma) - 1)
    mix[list(rows)] = found
    return mix


def _distance(mix: np.ndarray, sigma: np.ndarray) -> float:
    apart = np.append(mix, -1.0)
    return float(apart @ sigma @ apart)


def _bounded(sigma: np.ndarray) -> list[float]:
    root = np.linalg.cholesky(sigma + 1e-15 * np.eye(len(sigma))).T
    rows = np.vstack([root[:, :-1], np.full(len(sigma) - 1, 1e3)])
    found = lsq_linear(rows, np.append(root[:, -1], 1e3), bounds=(0.0, np.inf), method="bvls", tol=1e-15).x
    return [float(part) for part in found / found.sum()]


def _neutral(
    weights: dict[str, float], portfolio: Portfolio, market: MarketData
) -> tuple[dict[str, float], tuple[str, ...]]:
    """US stocks that a view is on, other than the market itself, count as the market."""
    named = {
        _basis(symbol, market)
        for view in portfolio.views
        if counted(view, portfolio, market).confidence > 0.0
        for symbol in (view.symbol, view.over)
        if symbol is not None
    } - {_basis(MARKET_PORTFOLIO, market)}
    viewed = tuple(
        symbol
        for symbol in sorted(weights)
        if weights[symbol] > 0.0 and _basis(symbol, market) in named and parts_of(symbol, market) == {US: 1.0}
    )
    found = {symbol: weight for symbol, weight in weights.items() if symbol not in viewed}
    if viewed:
        found[MARKET_PORTFOLIO] = found.get(MARKET_PORTFOLIO, 0.0) + sum(weights[symbol] for symbol in viewed)
    return found, viewed


def _aversion(reference: dict[str, float], portfolio: Portfolio, market: MarketData) -> float:
    """The user's, or that at which the US market earns the user's premium where it stands beside the reference."""
    if portfolio.preferences.risk_aversion is not None:
        return float(portfolio.preferences.risk_aversion)
    symbols = sorted(reference)
    sigma = covariance(market, [*symbols, MARKET_PORTFOLIO])
    exposure = float(sigma[-1, :-1] @ np.array([reference[symbol] for symbol in symbols]))
    premium = float(portfolio.preferences.equity_premium)
    if exposure * MOST_AVERSION <= premium:
        return MOST_AVERSION
    return max(LEAST_AVERSION, min(MOST_AVERSION, premium / exposure))


def _implied(
    symbols: Iterable[str], mix: dict[str, float], aversion: float, portfolio: Portfolio, market: MarketData
) -> dict[str, float]:
    """Cash, and aversion times what a dollar more adds to half the variance of the mix; inflated as risk is."""
    asked, held = sorted(set(symbols)), sorted(mix)
    sigma = covariance(market, [*asked, *held])
    w = np.array([mix[symbol] for symbol in held])
    own = np.sqrt(np.diag(sigma))
    n = len(asked)
    together = own[:n] * float(own[n:] @ w) * float(portfolio.preferences.covariance_inflation)
    found = market.risk_free.value + aversion * (sigma[:n, n:] @ w + together)
    return dict(zip(asked, map(float, found), strict=True))


def _told(
    implied: dict[str, float], portfolio: Portfolio, market: MarketData
) -> tuple[dict[str, float], frozenset[str]]:
    """The implied returns, told one view after another.

    After each view the means and their covariance are those given the view (Kalman's update), which together comes to
    the same as all views at once. Funds of one index share one return then.
    """
    known = sorted(implied)
    bases = sorted({_basis(symbol, market) for symbol in known})
    share = np.array([[_basis(symbol, market) == basis for symbol in known] for basis in bases], dtype=float)
    share /= share.sum(axis=1, keepdims=True)
    prior = share @ covariance(market, known) @ share.T
    start = share @ np.array([implied[symbol] for symbol in known])
    mean, spread = start.copy(), prior.copy()
    for view in portfolio.views:
        told = np.zeros(len(bases))
        told[bases.index(_basis(view.symbol, market))] += 1.0
        if view.over is not None:
            told[bases.index(_basis(view.over, market))] -= 1.0
        in_use = counted(view, portfolio, market)
        horizon = float(portfolio.preferences.horizon_years)
        trust, part = in_use.confidence, min(1.0, float(view.years) / horizon)
        own = told @ prior @ told
        if trust == 0.0 or told @ spread @ told <= SPENT * own:  # of no weight, or known already
            continue
        goal = told @ start + part * (in_use.annual_return - told @ start)
        gain = spread @ told / (told @ spread @ told + own * (1.0 / trust - 1.0))
        mean = mean + gain * (goal - told @ mean)
        spread = spread - np.outer(gain, told @ spread)
    moved = frozenset(
        basis for basis, one, other in zip(bases, start, mean, strict=True) if abs(one - other) > SAME_RETURN
    )
    if not moved:
        return implied, moved
    return {symbol: float(mean[bases.index(_basis(symbol, market))]) for symbol in known}, moved


def origins_of(symbols: Iterable[str], frame: Frame, portfolio: Portfolio, market: MarketData) -> dict[str, str]:
    """Where each expected return comes from, in words: the own mix, views that moved it, or a view that is certain."""
    return {symbol: _origin(symbol, frame, portfolio, market) for symbol in symbols}


def _origin(symbol: str, frame: Frame, portfolio: Portfolio, market: MarketData) -> str:
    own, horizon = _basis(symbol, market), portfolio.preferences.horizon_years
    words = ["implied by your own mix, moved by your views"]
    for view in portfolio.views:
        trust = counted(view, portfolio, market).confidence
        ends = [_basis(name, market) for name in (view.symbol, view.over) if name is not None]
        if view.over is None and own in ends and trust == 1.0 and view.years >= horizon:
            same = "" if view.symbol == symbol else f" on {view.symbol}, same index"
            return f"your view{same} ({view.source})"
        if view.years < horizon and trust > 0.0 and own in ends:
            name = view.symbol if view.over is None else f"{view.symbol} over {view.over}"
            words.append(f"{name} counts in part, for {view.years.normalize():f} years of the horizon")
    return "; ".join(words) if own in frame.moved else "implied by your own mix"


def _basis(symbol: str, market: MarketData) -> str:
    """What funds of one index have in common; else the security."""
    return market.securities[symbol].index or symbol
