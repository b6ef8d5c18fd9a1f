"""The allocation problem written a second time, from the household and the raw tables, for SciPy.

It shares no code with `advisor.optimize`. The unknowns stand in one vector x: dollars sold of each lot, then dollars
bought of each fund in each account, as fractions of household value. The year's tax is Schedule D by if and else; it
is linear on each of five pieces, and each is solved by itself. Only for households without wash sales, waiting lots,
soft limits and least trades, which are not part of one such problem.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.optimize import linprog, minimize

from advisor.portfolio.model import Limit, Portfolio
from tests.small_households import AS_OF, resolved
from tests.test_risk_covariance import entry

SEVEN = {"Alphabet", "Amazon", "Apple", "Meta", "Microsoft", "Nvidia", "Tesla"}


def schedule_d(short: float, long: float, *, high: float, low: float, allowed: float, carried: float = 0.0) -> float:
    """Tax of a year with these net gains, in any unit; `carried` is the worth of a dollar of loss carried forward."""
    net = short + long
    if net < 0:
        return -high * -net if -net <= allowed else -high * allowed - carried * (-net - allowed)
    if short >= 0 and long >= 0:
        return high * short + low * long
    return net * (high if short > 0 else low)


@dataclass(frozen=True)
class Piece:
    """Years in which the tax is one line: its slopes and constant, and rows (of S, of L, constant) that are >= 0."""

    short: float
    long: float
    constant: float
    sides: tuple[tuple[float, float, float], ...]

    def tax(self, short: float, long: float) -> float:
        return self.short * short + self.long * long + self.constant


def pieces(high: float, low: float, allowed: float, carried: float) -> tuple[Piece, ...]:
    return (
        Piece(high, high, 0.0, ((-1, -1, 0.0), (1, 1, allowed))),
        Piece(carried, carried, (carried - high) * allowed, ((-1, -1, -allowed),)),
        Piece(high, low, 0.0, ((1, 0, 0.0), (0, 1, 0.0))),
        Piece(low, low, 0.0, ((1, 1, 0.0), (-1, 0, 0.0))),
        Piece(high, high, 0.0, ((1, 1, 0.0), (0, -1, 0.0))),
    )


class Textbook:
    """Weights, cash and tax as functions of x; `slacks` are zero or more where every limit holds."""

    def __init__(self, portfolio: Portfolio, risk_aversion: float) -> None:
        self.portfolio, self.risk_aversion = portfolio, risk_aversion
        self.data = resolved(portfolio)
        self.lots = [(a, p.symbol, lot) for a in portfolio.accounts for p in a.positions for lot in p.lots]
        self.buys = [(a, s) for a in portfolio.accounts for s in portfolio.preferences.buy if portfolio.may_buy(a, s)]
        held, viewed = {s for _, s, _ in self.lots}, {symbol for view in portfolio.views for symbol in view.symbols}
        self.symbols = sorted(held | viewed | {"SPY", "VTI", *portfolio.preferences.buy})
        prices = {s: float(self.data.securities[s].close_usd) for s in self.symbols}
        worth = [float(lot.shares) * prices[s] for _, s, lot in self.lots]
        self.total = sum(worth) + sum(float(a.cash_usd) for a in portfolio.accounts)
        self.worth = np.array(worth) / self.total
        traded = [s for _, s, _ in self.lots] + [s for _, s in self.buys]
        places = [a.name for a, *_ in self.lots] + [a.name for a, _ in self.buys]
        self.sign = np.array([-1.0] * len(self.lots) + [1.0] * len(self.buys))
        self.spread = np.array([self.data.securities[s].half_spread.value for s in traded])
        self.moves = np.array([[float(s == t) for t in traded] for s in self.symbols]) * self.sign
        self.today = np.array(
            [sum(v for (_, t, _), v in zip(self.lots, self.worth, strict=True) if s == t) for s in self.symbols]
        )
        own = np.array([[float(a.name == place) for place in places] for a in portfolio.accounts])
        self.paid = own * (self.sign + self.spread)
        self.cash_today = np.array([float(a.cash_usd) / self.total for a in portfolio.accounts])
        self.least_cash = np.array([float(a.min_cash_usd) / self.total for a in portfolio.accounts])
        sellable = [v * portfolio.may_sell(a.name, s) for (a, s, _), v in zip(self.lots, self.worth, strict=True)]
        self.most = np.array([*sellable, *([1.0] * len(self.buys))])
        self.sigma = np.array([[entry(one, other) for other in self.symbols] for one in self.symbols])
        self.gain = np.array([self._gain(a.is_taxable, s, lot, prices) for a, s, lot in self.lots])
        is_long = [lot.acquired is not None and (AS_OF - lot.acquired).days > 366 for *_, lot in self.lots]
        self.is_long = np.array(is_long, dtype=bool)
        self.net_return = self._returns() - np.array([self._fee(s) for s in self.symbols])
        self.taxable = [a.is_taxable for a in portfolio.accounts]

    @staticmethod
    def _gain(is_taxable: bool, symbol: str, lot, prices: dict[str, float]) -> float:
        cost = lot.cost_per_share_usd
        return (prices[symbol] - float(cost)) / prices[symbol] if is_taxable and cost is not None else 0.0

    def _fee(self, symbol: str) -> float:
        ratio = self.data.securities[symbol].expense_ratio
        return ratio.value if ratio else 0.0

    def _returns(self) -> np.ndarray:
        """Expected returns that fit equilibrium and the views best: least squares, certain views as constraints.

        Unknowns are the returns of the different portfolios, of which funds of one index are one.
        """
        funds = {s: self.data.securities[s].index or s for s in self.symbols}
        names = sorted(set(funds.values()))
        own = np.array([[float(funds[s] == name) for s in self.symbols] for name in names])
        mean = own / own.sum(axis=1, keepdims=True)
        sigma = mean @ self.sigma @ mean.T
        implied = self._implied(self.reference())
        if not any(one.confidence for one in self.portfolio.views):
            return implied
        start = mean @ implied
        left, right = np.linalg.inv(sigma), np.zeros(len(names))  # of the distance from equilibrium
        bound, goals = np.zeros((0, len(names))), []
        for one in self.portfolio.views:
            row = np.array([float(funds[one.symbol] == n) - float(n == funds.get(one.over)) for n in names])
            part = min(1.0, float(one.years / self.portfolio.preferences.horizon_years))
            goal, trust = part * (float(one.annual_return) - row @ start), float(one.confidence)
            if trust == 1.0:
                bound, goals = np.vstack([bound, row]), [*goals, goal]
            elif trust > 0.0:
                weight = trust / (1 - trust) / (row @ sigma @ row)
                left, right = left + weight * np.outer(row, row), right + weight * goal * row
        system = np.block([[left, bound.T], [bound, np.zeros((len(goals), len(goals)))]])
        moved = np.linalg.solve(system, np.concatenate([right, goals]))[: len(names)]
        return own.T @ (start + moved)

    def _implied(self, mix: np.ndarray) -> np.ndarray:
        """Returns at which `mix` is the best portfolio: its marginal risk, as this household weighs it, above cash."""
        own = np.sqrt(np.diag(self.sigma))
        together = float(self.portfolio.preferences.covariance_inflation) * own * (own @ mix)
        return self.data.risk_free.value + self.risk_aversion * (self.sigma @ mix + together)

    def reference(self) -> np.ndarray:
        """Today's weights, but shares of one company above their part, and US stocks that a view is on."""
        mix = self.today.astype(float)
        part = float(self.portfolio.preferences.company_share)
        excess = 0.0
        for company in {self.data.securities[s].company for s in self.symbols} - {None}:
            rows = [k for k, s in enumerate(self.symbols) if self.data.securities[s].company == company]
            free = np.array([self._free(self.symbols[k]) for k in rows])
            beyond = min(self.today[rows].sum() - part, free.sum())
            if beyond > 0:
                mix[rows] -= beyond * free / free.sum()
                excess += beyond
        mix += excess * self._stand_in()
        held = {self.data.securities[s].index or s for v in self.portfolio.views if v.confidence for s in v.symbols}
        for k, symbol in enumerate(self.symbols):
            if (self.data.securities[symbol].index or symbol) in held and symbol != "VTI":
                mix[self.symbols.index("VTI")] += mix[k]
                mix[k] = 0.0
        return mix

    def _free(self, symbol: str) -> float:
        most = self.most[: len(self.lots)]
        return sum(m for (_, s, _), m in zip(self.lots, most, strict=True) if s == symbol)

    def _stand_in(self) -> np.ndarray:
        """The nearest mix to VTI of the funds on offer, all of US stocks here: the best of every set, by Lagrange."""
        rows = sorted({self.symbols.index(s) for s in self.portfolio.preferences.buy})
        market, found = np.eye(len(self.symbols))[self.symbols.index("VTI")], []
        for chosen in (c for size in range(1, len(rows) + 1) for c in combinations(rows, size)):
            k = list(chosen)
            system = np.block(
                [[self.sigma[np.ix_(k, k)], np.ones((len(k), 1))], [np.ones((1, len(k))), np.zeros((1, 1))]]
            )
            parts = np.linalg.lstsq(system, np.append(self.sigma[k] @ market, 1.0), rcond=None)[0][:-1]
            if parts.min() >= 0:
                mix = np.zeros(len(self.symbols))
                mix[k] = parts
                found.append(((mix - market) @ self.sigma @ (mix - market), mix))
        return min(found, key=lambda one: one[0])[1] if found else market

    def weights(self, x: np.ndarray) -> np.ndarray:
        return self.today + self.moves @ x

    def cash(self, x: np.ndarray) -> np.ndarray:
        return self.cash_today - self.paid @ x

    def gains(self, x: np.ndarray) -> tuple[float, float]:
        """The year's net short-term and long-term gain."""
        law, sold = self.portfolio.tax, x[: len(self.lots)]
        short = float(law.year_to_date_short_usd - law.carryforward_short_usd) / self.total
        long = float(law.year_to_date_long_usd - law.carryforward_long_usd) / self.total
        short += float(np.where(self.is_long, 0.0, self.gain) @ sold)
        return short, long + float(np.where(self.is_long, self.gain, 0.0) @ sold)

    @property
    def law(self) -> dict[str, float]:
        tax = self.portfolio.tax
        return {
            "high": float(tax.short_term_rate + tax.state_rate),
            "low": float(tax.long_term_rate + tax.state_rate),
            "allowed": float(tax.loss_deduction_usd) / self.total,
        }

    @property
    def saved_later(self) -> float:
        """Later tax that a dollar of gain saves: the money left at the horizon, either way, on a lot without cost."""
        rate, years = self.law["low"], float(self.portfolio.preferences.horizon_years)
        grown = (1 + self.data.risk_free.value) ** years
        kept, sold = grown * (1 - rate), grown - rate * (grown - 1)
        return min(1 - kept / sold, self.carried)

    @property
    def carried(self) -> float:
        stated = self.portfolio.tax.carryforward_value
        if stated is not None:
            return float(stated)
        grown = (1 + self.data.risk_free.value) ** float(self.portfolio.preferences.horizon_years)
        in_a_year = self.law["low"] / (1 + self.data.risk_free.value)
        return max(in_a_year, 1 - grown * (1 - self.law["low"]) / (grown - self.law["low"] * (grown - 1)))

    def tax(self, x: np.ndarray, carried: float = 0.0) -> float:
        return schedule_d(*self.gains(x), **self.law, carried=carried)

    def objective(self, x: np.ndarray, tax: float | None = None) -> float:
        """The objective; `tax` in place of the law's, with what is carried forward taken off."""
        preferences, w = self.portfolio.preferences, self.weights(x)
        earned = self.net_return @ w + self.data.risk_free.value * self.cash(x).sum()
        sold = x[: len(self.lots)]
        doubt = float(preferences.return_uncertainty) * sold[self.gain >= 0].sum()
        cost = (
            self.spread @ x + (self.tax(x, self.carried) if tax is None else tax) - self.saved_later * self.gain @ sold
        )
        together = float(preferences.covariance_inflation) * (np.sqrt(np.diag(self.sigma)) @ w) ** 2
        risk = self.risk_aversion / 2 * (w @ self.sigma @ w + together)
        return float(earned - risk - doubt - cost / float(preferences.horizon_years))

    def slacks(self, x: np.ndarray, tax: float | None = None) -> list[float]:
        cash = self.cash(x)
        found = [*(cash - self.least_cash), *(self._slack(limit, x) for limit in self.portfolio.limits)]
        if self.portfolio.preferences.reserve_tax and any(self.taxable):
            due = (self.tax(x) if tax is None else tax) - self.tax(np.zeros_like(x))
            found.append(float((cash - self.least_cash)[self.taxable].sum()) - due)
        return found

    def _slack(self, limit: Limit, x: np.ndarray) -> float:
        w, total = self.weights(x), self.weights(x).sum() + self.cash(x).sum()
        scale = self.total if limit.name == "realized_gain" else 1.0
        beyond = self._measure(limit.name, w, total, x) - float(limit.bound)
        return (-beyond if limit.side == "max" else beyond) / scale

    def _measure(self, name: str, w: np.ndarray, total: float, x: np.ndarray) -> float:
        if name == "magnificent_seven":
            return sum(v * self._seven(s) for s, v in zip(self.symbols, w, strict=True)) / total
        if name == "small_caps":
            return sum(v for s, v in zip(self.symbols, w, strict=True) if self._is_small(s)) / total
        if name.startswith("funds."):
            return w[self.symbols.index(name.partition(".")[2])] / total
        if name == "cash":
            return self.cash(x).sum() / total
        if name == "volatility":
            return float(np.sqrt(w @ self.sigma @ w)) / total
        if name == "tracking_error":
            return self._deviation_from_spy(w / total)
        if name == "beta":
            return w @ self.sigma[:, self.symbols.index("SPY")] / entry("SPY", "SPY") / total
        if name == "turnover":
            return x.sum() / 2
        if name == "realized_gain":
            return self.gain @ x[: len(self.lots)] * self.total
        raise ValueError(name)

    def _seven(self, symbol: str) -> float:
        security = self.data.securities[symbol]
        if not security.is_fund:
            return float(security.company in SEVEN)
        return self.data.constituents[symbol].magnificent_seven[1]

    def _is_small(self, symbol: str) -> bool:
        security = self.data.securities[symbol]
        return security.is_fund and str(security.sector).startswith("Small ")

    def _deviation_from_spy(self, w: np.ndarray) -> float:
        active = w - np.array([float(s == "SPY") for s in self.symbols])
        return float(np.sqrt(active @ self.sigma @ active))

    def solve(self) -> float:
        """The best objective over the five pieces of the law, each by SciPy's SLSQP from three starts."""
        return max(self._solve_piece(piece) for piece in self._pieces())

    def _pieces(self) -> list[tuple[Piece, Piece]]:
        """Each piece with the worth of carried losses, for the objective, and without, for the cash to be kept."""
        return list(zip(pieces(**self.law, carried=self.carried), pieces(**self.law, carried=0.0), strict=True))

    def _solve_piece(self, piece: tuple[Piece, Piece]) -> float:
        weighed, due = piece
        best = -np.inf

        def slacks(x: np.ndarray) -> np.ndarray:
            gains = self.gains(x)
            sides = [s * gains[0] + t * gains[1] + c for s, t, c in weighed.sides]
            return np.array(self.slacks(x, due.tax(*gains)) + sides)

        for start in (0.0, 0.1, 0.5):
            found = minimize(
                lambda x: -100 * self.objective(x, weighed.tax(*self.gains(x))),
                self.most * start,
                method="SLSQP",
                bounds=[(0.0, cap) for cap in self.most],
                constraints={"type": "ineq", "fun": slacks},
                options={"maxiter": 3000, "ftol": 1e-14},
            )
            if min(slacks(found.x)) > -1e-9:
                best = max(best, -float(found.fun) / 100)
        return best

    def solve_linear(self) -> float:
        """The best objective of a household without risk aversion or risk limits, by HiGHS on each piece of the law.

        Every function is affine there, so its rows are read off at zero and at each unit vector.
        """
        return max(self._solve_linear_piece(piece) for piece in self._pieces())

    def _solve_linear_piece(self, piece: tuple[Piece, Piece]) -> float:
        weighed, due = piece

        def rows(x: np.ndarray) -> np.ndarray:
            gains = self.gains(x)
            sides = [s * gains[0] + t * gains[1] + c for s, t, c in weighed.sides]
            return np.array([self.objective(x, weighed.tax(*gains)), *self._linear_slacks(x, due.tax(*gains)), *sides])

        first = rows(np.zeros(len(self.most)))
        slopes = np.array([rows(column) - first for column in np.eye(len(self.most))]).T
        bounds = [(0.0, cap) for cap in self.most]
        found = linprog(-slopes[0], A_ub=-slopes[1:], b_ub=first[1:], bounds=bounds, method="highs")
        return float(first[0] - found.fun) if found.status == 0 else -np.inf

    def _linear_slacks(self, x: np.ndarray, tax: float) -> list[float]:
        """`slacks` with each share of value multiplied out by the value."""
        total = float(self.weights(x).sum() + self.cash(x).sum())
        plain = self.slacks(x, tax)
        first = len(self.cash_today)
        shares = [limit.name not in ("turnover", "realized_gain") for limit in self.portfolio.limits]
        return [
            slack * total if first <= k < first + len(shares) and shares[k - first] else slack
            for k, slack in enumerate(plain)
        ]
