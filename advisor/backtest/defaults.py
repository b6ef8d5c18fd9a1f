"""The program's own bounds (`optimize.default_bounds`) in the past: those of each day, from what is held on it.

They are hard while the household keeps every limit of its file, and yield at a charge otherwise. So each has two rows:
one at its charge, and one that is hard, out of reach where the bound yields. Nothing is added to that of cash for the
tax of the trades, because the ledger pays that in the next year. No view is held, so no class may grow because of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from advisor.backtest.model import Rules
from advisor.market.asset_classes import AssetClass
from advisor.optimize.default_bounds import CASH, SMALL, SMALL_CAPS, SMALL_CAPS_CHARGE
from advisor.optimize.one_day import UNREACHED, ShareLimit
from advisor.units import Vector

OUT_OF_REACH = 2.0  # times household value


class DayDefaults:
    """The bounds of one household; d of them."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.charged = tuple(_charged(rules))
        self.rows = (*self.charged, *(replace(bound, price=UNREACHED) for bound in self.charged))  # (2d,)

    def bounds(self, weights: Vector, cash: Vector, min_cash: Vector) -> Vector:
        """Each bound on a day, shape (d,), as a fraction of that day's value.

        weights: shape (n,); cash and min_cash: by account, shape (a,); all of them fractions.
        """
        return np.array([self._bound(one.label, one.rows[0], weights, cash, min_cash) for one in self.charged])

    def levels(self, weights: Vector, cash: float) -> Vector:
        """What a household has of each, shape (d,), as fractions of its value.

        weights: shape (n,), in the unit of `cash`, whichever that is.
        """
        total = float(weights.sum()) + cash
        return np.array([float(one.rows[0] @ weights + one.cash * cash) / total for one in self.charged])

    def _bound(self, name: str, row: Vector, weights: Vector, cash: Vector, min_cash: Vector) -> float:
        rules, today = self.rules, float(row @ weights)
        if name == CASH:
            return today + max(float(np.maximum(cash, min_cash).sum()), rules.least_cash)
        if name == SMALL:
            stocks = float(rules.classes[AssetClass.US_STOCKS] @ weights)
            return max(today, SMALL_CAPS * stocks, rules.least_small_caps)
        return today


def _charged(rules: Rules) -> Iterator[ShareLimit]:
    """Each bound at its charge: of cash and bills, of the other classes on offer, and of small caps."""
    offered = rules.may_buy.any(axis=0)
    charge = rules.equity_premium
    for one, row in rules.classes.items():
        if one is AssetClass.CASH_AND_BILLS:
            yield ShareLimit(CASH, row[None, :], 1.0, 1.0, charge)
        elif row[offered].any():
            yield ShareLimit(str(one), row[None, :], 0.0, 1.0, charge)
    if not rules.caps_small_caps:
        yield ShareLimit(SMALL, rules.small_caps[None, :].astype(float), 0.0, 1.0, SMALL_CAPS_CHARGE * charge)
