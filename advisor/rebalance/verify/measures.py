"""Weights, look-through, risk and return of the household, worked out again from the raw tables."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from advisor.market.data import MarketData
from advisor.portfolio.model import MAGNIFICENT_SEVEN, Portfolio
from advisor.rebalance.verify.ledger import Ledger, household_value
from advisor.rebalance.verify.taxes import realized, schedule_d

TOLERANCE = 1e-9  # of a fraction; sums of floats in another order
MARKET_PORTFOLIO = "VTI"
LEAST_AVERSION, MOST_AVERSION = 0.5, 10.0


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
        """Weights in the order of `symbols`."""
        return np.array([self.weights.get(symbol, 0.0) for symbol in symbols])

    def deviation(self, benchmark: str | None = None) -> float:
        """Volatility a year, or tracking error against `benchmark`."""
        active = dict(self.weights)
        if benchmark is not None:
            active[benchmark] = active.get(benchmark, 0.0) - 1.0
        symbols = sorted(active)
        w = np.array([active[symbol] for symbol in symbols])
        return float(np.sqrt(max(0.0, w @ covariance(self.market, symbols) @ w)))

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
        gross = sum(weight * security_return(symbol, self) for symbol, weight in self.weights.items())
        return gross + self.cash * rate - self.expense_ratio()


def covariance(market: MarketData, symbols: list[str]) -> np.ndarray:
    """Annual covariance of `symbols` from loadings and idiosyncratic variances."""
    table = market.covariance
    rows = [table.symbols.index(symbol) for symbol in symbols]
    beta, own = table.loadings[rows], table.idiosyncratic[rows]
    same = np.equal.outer(rows, rows)  # a security's own variance is shared with itself alone
    return np.asarray(beta @ beta.T + np.where(same, own, 0.0))


def security_return(symbol: str, book: Book) -> float:
    """Expected total return a year: the user's view on it or its index, or cash plus beta times premium."""
    market, preferences = book.market, book.portfolio.preferences
    index = market.securities[symbol].index
    own = [view for view in book.portfolio.views if view.symbol == symbol]
    kin = [v for v in book.portfolio.views if index is not None and market.securities[v.symbol].index == index]
    if own or kin:
        return float((own or kin)[0].annual_return)
    twins = [s for s in universe(book) if s == symbol or (index is not None and market.securities[s].index == index)]
    sigma = covariance(market, [*twins, MARKET_PORTFOLIO])
    mean_beta = float(np.mean(sigma[:-1, -1])) / float(sigma[-1, -1])
    return market.risk_free.value + mean_beta * float(preferences.equity_premium)


def universe(book: Book) -> list[str]:
    """Every security the decision could involve: held, on offer, viewed or a benchmark."""
    p = book.portfolio
    held = {position.symbol for account in p.accounts for position in account.positions}
    viewed = {view.symbol for view in p.views}
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


def check_measures(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """Every measure of both sides, within `TOLERANCE`."""
    faults = []
    for side in ("before", "after"):
        book, stated = book_of(side, ledger, portfolio, market), record[side]
        faults += _compare(f"{side}.weights", stated["weights"], book.weights)
        low, high = book.seven()
        expected = {
            "cash_weight": book.cash,
            "small_cap_weight": book.small_caps(),
            "volatility": book.deviation(),
            "tracking_error": book.deviation(portfolio.preferences.benchmark),
            "beta": book.beta(portfolio.preferences.benchmark),
            "expense_ratio": book.expense_ratio(),
            "expected_return": book.expected_return(),
        }
        faults += _compare(side, {name: stated[name] for name in expected}, expected)
        seven = stated["magnificent_seven"]
        faults += _compare(
            f"{side}.magnificent_seven", {"low": seven["low"], "high": seven["high"]}, {"low": low, "high": high}
        )
        for company, claim in seven["companies"].items():
            low, high = book.company(company)
            direct = sum(w for symbol, w in book.weights.items() if market.securities[symbol].company == company)
            worked_out = {"direct": direct, "through_funds": low - direct, "low": low, "high": high}
            faults += _compare(f"{side}.{company}", claim, worked_out)
    return faults


def _compare(where: str, stated: dict[str, float], expected: dict[str, float]) -> list[str]:
    if stated.keys() != expected.keys():
        return [f"{where}: {sorted(stated.keys() ^ expected.keys())} on one side only"]
    return [
        f"{where}.{name}: {stated[name]} stated, {value} worked out"
        for name, value in expected.items()
        if not abs(stated[name] - value) <= TOLERANCE
    ]


def risk_aversion(portfolio: Portfolio, market: MarketData, ledger: Ledger) -> float:
    """The user's, or the one at which today's market exposure is the best."""
    if portfolio.preferences.risk_aversion is not None:
        return float(portfolio.preferences.risk_aversion)
    today = book_of("before", ledger, portfolio, market)
    variance = float(covariance(market, [MARKET_PORTFOLIO])[0, 0])
    exposure = today.beta(MARKET_PORTFOLIO) * variance
    premium = float(portfolio.preferences.equity_premium)
    if exposure * MOST_AVERSION <= premium:
        return MOST_AVERSION
    return max(LEAST_AVERSION, min(MOST_AVERSION, premium / exposure))


def gain_parts(ledger: Ledger, portfolio: Portfolio, market: MarketData) -> dict[str, float]:
    """What the orders add to the objective a year, in fractions of today's value, with the exact tax."""
    before, after = (book_of(side, ledger, portfolio, market) for side in ("before", "after"))
    start = before.value
    size = float(after.value / start)
    aversion = risk_aversion(portfolio, market, ledger)
    years = float(portfolio.preferences.horizon_years)
    short, long = realized(ledger, portfolio)
    tax = schedule_d(portfolio, short, long)[0] - schedule_d(portfolio, Decimal(0), Decimal(0))[0]
    spread = sum((order.spread for order in ledger.orders), Decimal(0))
    sold = sum((order.amount for order in ledger.orders if not order.is_buy), Decimal(0))
    parts = {
        "expected_return": size * after.expected_return() - before.expected_return(),
        "risk": aversion / 2 * (before.deviation() ** 2 - (size * after.deviation()) ** 2),
        "trading_cost": -float(spread / start) / years,
        "tax": -float(tax / start) / years,
        "doubt": -float(portfolio.preferences.return_uncertainty * sold / start),
    }
    return parts | {"total": sum(parts.values())}


def check_no_worse(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """The stated gain is the objective's, part by part; where every limit holds today, the orders must be worth it.

    For "do_nothing" the record states the gain of orders that it does not list, which cannot be worked out again.
    """
    if not ledger.orders:
        return []
    parts = gain_parts(ledger, portfolio, market)
    faults = _compare("gain", record["gain"], parts)
    held_today = all(limit["status"] != "broken_before" for limit in record["limits"])
    if held_today and parts["total"] < -TOLERANCE:
        faults.append(
            f"every limit holds today, and the orders lose {-parts['total']:.3g} a year against doing nothing"
        )
    return faults


def check_assumptions(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """What the record says was taken as given, and what each stress episode would have returned."""
    preferences, stated = portfolio.preferences, record["assumptions"]
    expected = {
        "risk_aversion": risk_aversion(portfolio, market, ledger),
        "horizon_years": float(preferences.horizon_years),
        "return_uncertainty": float(preferences.return_uncertainty),
        "risk_free": market.risk_free.value,
        "equity_premium": float(preferences.equity_premium),
    }
    faults = _compare("assumptions", {name: stated[name] for name in expected}, expected)
    if stated["benchmark"] != preferences.benchmark:
        faults.append(f"assumptions.benchmark: {stated['benchmark']!r}")
    book = book_of("before", ledger, portfolio, market)
    market_variance = float(covariance(market, [MARKET_PORTFOLIO])[0, 0])
    for symbol, row in stated["securities"].items():
        pair = covariance(market, [symbol, MARKET_PORTFOLIO])
        claim = {name: row[name] for name in ("expected_return", "volatility", "beta")}
        worked_out = {
            "expected_return": security_return(symbol, book),
            "volatility": float(np.sqrt(pair[0, 0])),
            "beta": float(pair[0, 1]) / market_variance,
        }
        faults += _compare(f"assumptions.{symbol}", claim, worked_out)
    return faults + _stress_faults(record, portfolio, market, ledger)


def _stress_faults(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    faults = []
    for side in ("before", "after"):
        weights = book_of(side, ledger, portfolio, market).weights
        stated = {loss["name"]: loss["household_return"] for loss in record[side]["stress"]}
        expected = {
            episode.name: sum(weight * episode.returns[symbol] for symbol, weight in weights.items())
            for episode in market.episodes
        }
        faults += _compare(f"{side}.stress", stated, expected)
    return faults


def check_status(record: dict[str, Any], portfolio: Portfolio, market: MarketData, ledger: Ledger) -> list[str]:
    """A "trade" has orders; "do_nothing" has none and leaves no limit broken."""
    del portfolio, market
    status = record["status"]
    if status not in ("trade", "do_nothing"):
        return [f"status {status!r}"]
    if (status == "trade") != bool(ledger.orders):
        return [f"status {status!r} with {len(ledger.orders)} orders"]
    broken = [limit["name"] for limit in record["limits"] if limit["status"] == "broken_before"]
    return [f"nothing is done although {', '.join(broken)} is broken"] if status == "do_nothing" and broken else []
