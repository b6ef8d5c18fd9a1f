"""The allocation problem written a second time, from the household and the raw tables, for SciPy.

It shares no code with `advisor.optimize`. The unknowns stand in one vector x: dollars sold of each lot, then dollars
bought of each fund in each account, as fractions of household value. Only for households without wash sales, waiting
lots and least trades, which are not part of one convex problem.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import linprog, minimize

from advisor.portfolio.model import Limit, Portfolio
from tests.small_households import AS_OF, resolved
from tests.test_risk_covariance import entry

SEVEN = {"Alphabet", "Amazon", "Apple", "Meta", "Microsoft", "Nvidia", "Tesla"}


class Textbook:
    """Weights, cash and tax as functions of x; `slacks` are zero or more where every limit holds."""

    def __init__(self, portfolio: Portfolio, risk_aversion: float) -> None:
        self.portfolio, self.risk_aversion = portfolio, risk_aversion
        self.data = resolved(portfolio)
        self.lots = [(a, p.symbol, lot) for a in portfolio.accounts for p in a.positions for lot in p.lots]
        self.buys = [(a, s) for a in portfolio.accounts for s in portfolio.preferences.buy if portfolio.may_buy(a, s)]
        held, viewed = {s for _, s, _ in self.lots}, {view.symbol for view in portfolio.views}
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
        self.net_return = np.array([self._return(s) - self._fee(s) for s in self.symbols])

    @staticmethod
    def _gain(is_taxable: bool, symbol: str, lot, prices: dict[str, float]) -> float:
        cost = lot.cost_per_share_usd
        return (prices[symbol] - float(cost)) / prices[symbol] if is_taxable and cost is not None else 0.0

    def _fee(self, symbol: str) -> float:
        ratio = self.data.securities[symbol].expense_ratio
        return ratio.value if ratio else 0.0

    def _return(self, symbol: str) -> float:
        index = self.data.securities[symbol].index
        twins = [s for s in self.symbols if s == symbol or (index and self.data.securities[s].index == index)]
        for view in self.portfolio.views:
            if view.symbol in twins:
                return float(view.annual_return)
        betas = [entry(s, "VTI") / entry("VTI", "VTI") for s in twins]
        return self.data.risk_free.value + sum(betas) / len(betas) * float(self.portfolio.preferences.equity_premium)

    def weights(self, x: np.ndarray) -> np.ndarray:
        return self.today + self.moves @ x

    def cash(self, x: np.ndarray) -> np.ndarray:
        return self.cash_today - self.paid @ x

    def tax_lines(self, x: np.ndarray) -> list[float]:
        law, sold = self.portfolio.tax, x[: len(self.lots)]
        short = float(law.year_to_date_short_usd - law.carryforward_short_usd) / self.total
        long = float(law.year_to_date_long_usd - law.carryforward_long_usd) / self.total
        short += float(np.where(self.is_long, 0.0, self.gain) @ sold)
        long += float(np.where(self.is_long, self.gain, 0.0) @ sold)
        high, low = float(law.short_term_rate + law.state_rate), float(law.long_term_rate + law.state_rate)
        return [low * (short + long), high * short + low * long, -high * float(law.loss_deduction_usd) / self.total]

    def tax(self, x: np.ndarray) -> float:
        return max(self.tax_lines(x))

    def objective(self, x: np.ndarray, tax: float | None = None) -> float:
        preferences, w = self.portfolio.preferences, self.weights(x)
        earned = self.net_return @ w + self.data.risk_free.value * self.cash(x).sum()
        doubt = float(preferences.return_uncertainty) * x[: len(self.lots)].sum()
        cost = self.spread @ x + (self.tax(x) if tax is None else tax)
        risk = self.risk_aversion / 2 * w @ self.sigma @ w
        return float(earned - risk - doubt - cost / float(preferences.horizon_years))

    def slacks(self, x: np.ndarray, tax: float | None = None) -> list[float]:
        cash = self.cash(x)
        found = [*(cash - self.least_cash), *(self._slack(limit, x) for limit in self.portfolio.limits)]
        taxable = [a.is_taxable for a in self.portfolio.accounts]
        if self.portfolio.preferences.reserve_tax and any(taxable):
            due = (self.tax(x) if tax is None else tax) - self.tax(np.zeros_like(x))
            found.append(float((cash - self.least_cash)[taxable].sum()) - due)
        return found

    def _slack(self, limit: Limit, x: np.ndarray) -> float:
        w, total = self.weights(x), self.weights(x).sum() + self.cash(x).sum()
        kind, _, fund = limit.name.partition(".")
        measure: dict[str, Callable[[], float]] = {
            "magnificent_seven": lambda: sum(v * self._seven(s) for s, v in zip(self.symbols, w, strict=True)) / total,
            "small_caps": lambda: sum(v for s, v in zip(self.symbols, w, strict=True) if self._is_small(s)) / total,
            "funds": lambda: w[self.symbols.index(fund)] / total,
            "cash": lambda: self.cash(x).sum() / total,
            "volatility": lambda: np.sqrt(w @ self.sigma @ w) / total,
            "tracking_error": lambda: self._deviation_from_spy(w / total),
            "beta": lambda: w @ self.sigma[:, self.symbols.index("SPY")] / entry("SPY", "SPY") / total,
            "turnover": lambda: x.sum() / 2,
            "realized_gain": lambda: self.gain @ x[: len(self.lots)] * self.total,
        }
        scale = self.total if kind == "realized_gain" else 1.0
        beyond = float(measure[kind]()) - float(limit.bound)
        return (-beyond if limit.kind == "max" else beyond) / scale

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
        """The best objective that SciPy's SLSQP finds from three starts, the tax one more unknown above its lines."""
        best = -np.inf
        for start in (0.0, 0.1, 0.5):
            x = self.most * start
            found = minimize(
                lambda y: -100 * self.objective(y[:-1], y[-1]),
                np.append(x, self.tax(x)),
                method="SLSQP",
                bounds=[*((0.0, cap) for cap in self.most), (-2.0, 2.0)],
                constraints={"type": "ineq", "fun": lambda y: self.slacks(y[:-1], y[-1]) + self._above(y)},
                options={"maxiter": 3000, "ftol": 1e-14},
            )
            if min(self.slacks(found.x[:-1], found.x[-1]) + self._above(found.x)) > -1e-9:
                best = max(best, -float(found.fun) / 100)
        return best

    def _above(self, y: np.ndarray) -> list[float]:
        return [float(y[-1]) - line for line in self.tax_lines(y[:-1])]

    def solve_linear(self) -> float:
        """The best objective of a household without risk aversion or risk limits, by HiGHS.

        Every function is affine then, so its rows are read off at zero and at each unit vector.
        """
        size = len(self.most) + 1
        origin, unit = np.zeros(size), np.eye(size)

        def rows(y: np.ndarray) -> np.ndarray:
            return np.array([self.objective(y[:-1], y[-1]), *self._linear_slacks(y), *self._above(y)])

        first = rows(origin)
        slopes = np.array([rows(column) - first for column in unit]).T
        bounds = [*((0.0, cap) for cap in self.most), (-2.0, 2.0)]
        found = linprog(-slopes[0], A_ub=-slopes[1:], b_ub=first[1:], bounds=bounds, method="highs")
        return float(first[0] - found.fun) if found.status == 0 else -np.inf

    def _linear_slacks(self, y: np.ndarray) -> list[float]:
        """`slacks` with each share of value multiplied out by the value."""
        total = float(self.weights(y[:-1]).sum() + self.cash(y[:-1]).sum())
        plain = self.slacks(y[:-1], y[-1])
        first = len(self.cash_today)
        shares = [limit.name not in ("turnover", "realized_gain") for limit in self.portfolio.limits]
        return [
            slack * total if first <= k < first + len(shares) and shares[k - first] else slack
            for k, slack in enumerate(plain)
        ]
