"""The household at one moment, measured again from the raw tables: weights, look-through, risk and return."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from advisor.market.data import MarketData
from advisor.portfolio.model import MAGNIFICENT_SEVEN, Portfolio
from advisor.rebalance.verify.ledger import Ledger, household_value

MARKET_PORTFOLIO = "VTI"


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


def covariance(market: MarketData, symbols: list[str]) -> np.ndarray:
    """Annual covariance of `symbols` from loadings and idiosyncratic variances.

    Shape (n, n), fractions squared a year.
    """
    table = market.covariance
    rows = [table.symbols.index(symbol) for symbol in symbols]
    beta, own = table.loadings[rows], table.idiosyncratic[rows]
    same = np.equal.outer(rows, rows)  # a security's own variance is shared with itself alone
    return np.asarray(beta @ beta.T + np.where(same, own, 0.0))


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
