"""The household at one moment, measured again from the raw tables: weights, look-through, risk and return."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from advisor.market.data import MarketData
from advisor.portfolio.model import MAGNIFICENT_SEVEN, Portfolio
from advisor.rebalance.verify.ledger import Ledger, household_value
from advisor.rebalance.verify.views import counted

MARKET_PORTFOLIO = "VTI"
SAME_RETURN = 1e-9  # a year
SPENT = 1e-12  # of a view's variance: what is left once others have told the same


@dataclass(frozen=True, slots=True)
class Book:
    """The household at one moment: weights by symbol, cash, and the market's tables."""

    weights: dict[str, float]
    cash: float
    value: Decimal
    market: MarketData
    portfolio: Portfolio

    def seven(self) -> tuple[float, float]:
        """Magnificent Seven weight: known, and with what no list rules out."""
        ends = [self._seven_of(symbol) for symbol in self.weights]
        low = sum(w * end[0] for w, end in zip(self.weights.values(), ends, strict=True))
        return low, sum(w * end[1] for w, end in zip(self.weights.values(), ends, strict=True))

    def _seven_of(self, symbol: str) -> tuple[float, float]:
        if self.market.securities[symbol].is_fund:
            return self.market.constituents[symbol].magnificent_seven
        held = float(self.market.securities[symbol].company in MAGNIFICENT_SEVEN)
        return held, held

    def company(self, name: str | None) -> tuple[float, float]:
        """Weight of one company; None stands for a company that no list names."""
        low = high = 0.0
        for symbol, weight in self.weights.items():
            least, most = self._company_of(symbol, name)
            low, high = low + weight * least, high + weight * most
        return low, high

    def _company_of(self, symbol: str, name: str | None) -> tuple[float, float]:
        security = self.market.securities[symbol]
        if not security.is_fund:
            held = float(name is not None and security.company == name)
            return held, held
        listed = self.market.constituents[symbol]
        return listed.companies.get(name or "", (0.0, listed.others_high))

    def companies(self) -> set[str | None]:
        """Every company that is held or listed, and the one that no list names."""
        named: set[str | None] = {None}
        for symbol in self.weights:
            security = self.market.securities[symbol]
            named |= set(self.market.constituents[symbol].companies) if security.is_fund else {security.company}
        return named

    def small_caps(self) -> float:
        """Weight of the funds whose category is a small-cap one."""
        categories = {symbol: self.market.securities[symbol].sector or "" for symbol in self.weights}
        return sum(w for symbol, w in self.weights.items() if categories[symbol].split(" ")[0] == "Small")

    def vector(self, symbols: list[str]) -> np.ndarray:
        """Weights in the order of `symbols`. Shape (n,)."""
        return np.array([self.weights.get(symbol, 0.0) for symbol in symbols])

    def deviation(self, benchmark: str | None = None) -> float:
        """Volatility a year, or tracking error against `benchmark`."""
        active = dict(self.weights)
        if benchmark is not None:
            active[benchmark] = active.get(benchmark, 0.0) - 1.0
        symbols = sorted(active)
        w = np.array([active[symbol] for symbol in symbols])
        return float(np.sqrt(max(0.0, w @ covariance(self.market, symbols) @ w)))

    def deviation_together(self) -> float:
        """Volatility a year if every security moved with every other."""
        return sum(
            weight * float(np.sqrt(covariance(self.market, [symbol])[0, 0])) for symbol, weight in self.weights.items()
        )

    def beta(self, benchmark: str) -> float:
        """Beta of the household to `benchmark`."""
        symbols = sorted({*self.weights, benchmark})
        sigma = covariance(self.market, symbols)
        b = symbols.index(benchmark)
        return float(self.vector(symbols) @ sigma[:, b] / sigma[b, b])

    def expense_ratio(self) -> float:
        """Fund fees a year; an unknown one counts nothing, as the report says."""
        known = {symbol: self.market.securities[symbol].expense_ratio for symbol in self.weights}
        return sum(weight * fee.value for symbol, weight in self.weights.items() if (fee := known[symbol]) is not None)

    def expected_return(self) -> float:
        """Expected return a year, after fund fees; cash earns the risk-free rate."""
        rate = self.market.risk_free.value
        returns = security_returns(self.weights, self)
        gross = sum(weight * returns[symbol] for symbol, weight in self.weights.items())
        return gross + self.cash * rate - self.expense_ratio()


def covariance(market: MarketData, symbols: list[str]) -> np.ndarray:
    """Annual covariance of `symbols` from loadings and idiosyncratic variances.

    Shape (n, n), fractions squared a year.
    """
    table = market.covariance
    rows = [table.symbols.index(symbol) for symbol in symbols]
    beta, own = table.loadings[rows], table.idiosyncratic[rows]
    same = np.equal.outer(rows, rows)  # a security's own variance is shared with itself alone
    return np.asarray(beta @ beta.T + np.where(same, own, 0.0))


def security_returns(symbols: Iterable[str], book: Book) -> dict[str, float]:
    """Expected total return a year of each symbol: cash plus beta times premium, told one view after another.

    After each view the means and their covariance are those given the view (Kalman's update), which together comes to
    the same as all views at once.
    """
    market, preferences = book.market, book.portfolio.preferences
    known = sorted({*universe(book.portfolio), *symbols})  # an order may name what is not on offer: a fault
    bases = sorted({_basis(symbol, market) for symbol in known})
    share = np.array([[_basis(symbol, market) == basis for symbol in known] for basis in bases], dtype=float)
    share /= share.sum(axis=1, keepdims=True)
    sigma = covariance(market, [*known, MARKET_PORTFOLIO])
    to_market = share @ sigma[:-1, -1] / sigma[-1, -1]
    start = market.risk_free.value + to_market * float(preferences.equity_premium)
    prior = share @ sigma[:-1, :-1] @ share.T
    mean, spread = start.copy(), prior.copy()
    for view in book.portfolio.views:
        told = np.zeros(len(bases))
        told[bases.index(_basis(view.symbol, market))] += 1.0
        if view.over is not None:
            told[bases.index(_basis(view.over, market))] -= 1.0
        in_use = counted(view, book.portfolio, market)
        trust, part = in_use.confidence, min(1.0, float(view.years) / float(preferences.horizon_years))
        own = told @ prior @ told
        if trust == 0.0 or told @ spread @ told <= SPENT * own:  # of no weight, or known already
            continue
        goal = told @ start + part * (in_use.annual_return - told @ start)
        gain = spread @ told / (told @ spread @ told + own * (1.0 / trust - 1.0))
        mean = mean + gain * (goal - told @ mean)
        spread = spread - np.outer(gain, told @ spread)
    return {symbol: float(mean[bases.index(_basis(symbol, market))]) for symbol in symbols}


def origins_of(symbols: Iterable[str], book: Book) -> dict[str, str]:
    """Where each expected return comes from, in words: equilibrium, views that moved it, or a view that is certain."""
    symbols = list(symbols)
    neutral = replace(book, portfolio=replace(book.portfolio, views=()))
    with_views, without = security_returns(symbols, book), security_returns(symbols, neutral)
    return {
        symbol: _origin(symbol, book, is_moved=abs(with_views[symbol] - without[symbol]) > SAME_RETURN)
        for symbol in symbols
    }


def _origin(symbol: str, book: Book, *, is_moved: bool) -> str:
    own, horizon = _basis(symbol, book.market), book.portfolio.preferences.horizon_years
    words = ["equilibrium, moved by your views"]
    for view in book.portfolio.views:
        trust = counted(view, book.portfolio, book.market).confidence
        ends = [_basis(name, book.market) for name in (view.symbol, view.over) if name is not None]
        if view.over is None and own in ends and trust == 1.0 and view.years >= horizon:
            same = "" if view.symbol == symbol else f" on {view.symbol}, same index"
            return f"your view{same} ({view.source})"
        if view.years < horizon and trust > 0.0 and own in ends:
            name = view.symbol if view.over is None else f"{view.symbol} over {view.over}"
            words.append(f"{name} counts in part, for {view.years.normalize():f} years of the horizon")
    return "; ".join(words) if is_moved else "equilibrium"


def _basis(symbol: str, market: MarketData) -> str:
    """What funds of one index have in common; else the security."""
    return market.securities[symbol].index or symbol


def universe(p: Portfolio) -> list[str]:
    """Every security the decision could involve: held, on offer, viewed or a benchmark."""
    held = {position.symbol for account in p.accounts for position in account.positions}
    viewed = {symbol for view in p.views for symbol in view.symbols}
    benchmarks = {limit.benchmark for limit in p.limits if limit.benchmark} | {p.preferences.benchmark}
    return sorted(held | viewed | benchmarks | {*p.preferences.buy, MARKET_PORTFOLIO})


def book_of(side: str, ledger: Ledger, portfolio: Portfolio, market: MarketData) -> Book:
    """The household "before" or "after" the orders."""
    shares = ledger.shares_before if side == "before" else ledger.shares_after
    cash = ledger.cash_before if side == "before" else ledger.cash_after
    value = household_value(shares, cash, market)
    weights: dict[str, float] = {}
    for (_, symbol), n in shares.items():
        if n:
            weights[symbol] = weights.get(symbol, 0.0) + float(n * market.securities[symbol].close_usd / value)
    return Book(weights, float(sum(cash.values(), Decimal(0)) / value), value, market, portfolio)
