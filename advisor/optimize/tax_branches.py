"""The year's tax as three convex branches; the best of the three is exact.

With S and L the year's net short and long gain (carryforwards included) and N = S + L, the law's tax is

    N <= 0            -tau_s min(-N, d), and tau_c for each dollar of loss carried forward
    N >= 0, L >= 0    tau_l N where S <= 0, else tau_s S + tau_l L
    N >= 0, L <= 0    tau_s N

Over all (S, L) it is not convex: a dollar of long gain costs the ordinary rate just below N = 0 and the long one just
above. On each branch it is the largest of one or two lines, and the branches agree where they meet.

Source: Schedule D (Form 1040), IRS Topic 409; Moehle, Kochenderfer, Boyd and Ang (2021), "Tax-Aware Portfolio
Construction via Convex Optimization" (convex once each side is fixed).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from advisor.optimize.inputs import AllocationInputs, TaxRates


@dataclass(frozen=True, slots=True)
class TaxLine:
    """One line ``short * S + long * L + constant`` under the tax."""

    short: float
    long: float
    constant: float = 0.0

    def at(self, short: float, long: float) -> float:
        """Value of the line."""
        return self.short * short + self.long * long + self.constant


@dataclass(frozen=True, slots=True)
class TaxBranch:
    """One branch: which lines hold, and on which side of zero N and L stay (0: on either)."""

    name: str  # "net_loss" | "net_gain" | "long_loss"
    lines: tuple[int, ...]  # into `tax_lines`
    net_side: int
    long_side: int


NET_LOSS = TaxBranch("net_loss", (0, 1), -1, 0)
NET_GAIN = TaxBranch("net_gain", (2, 3), 1, 1)
LONG_LOSS = TaxBranch("long_loss", (4,), 1, -1)


def tax_lines(rates: TaxRates) -> tuple[TaxLine, ...]:
    """The five lines of the three branches, in the order of their numbers."""
    carried = rates.carryforward_value
    return (
        TaxLine(rates.short_term, rates.short_term),
        TaxLine(carried, carried, (carried - rates.short_term) * rates.loss_deduction),
        TaxLine(rates.long_term, rates.long_term),
        TaxLine(rates.short_term, rates.long_term),
        TaxLine(rates.short_term, rates.short_term),
    )


def branch_at(short: float, long: float) -> TaxBranch:
    """The branch in which a year with these net gains ends."""
    if short + long < 0:
        return NET_LOSS
    return NET_GAIN if long >= 0 else LONG_LOSS


@dataclass(frozen=True, slots=True)
class GainRange:
    """Least and largest net gain that the household's sales can bring about, short-term, long-term and together."""

    short: tuple[float, float]
    long: tuple[float, float]

    @property
    def net(self) -> tuple[float, float]:
        """Both terms together."""
        return self.short[0] + self.long[0], self.short[1] + self.long[1]

    @property
    def size(self) -> float:
        """An amount beyond every net gain within reach."""
        return 1.0 + sum(abs(end) for end in (*self.short, *self.long))


def gain_range(inputs: AllocationInputs) -> GainRange:
    """Range of the year's gains over all sales that the lots allow."""
    lots, rates = inputs.lots, inputs.rates
    most = np.where(lots.taxable, lots.gain * lots.sellable, 0.0)

    def ends(so_far: float, of_term: np.ndarray) -> tuple[float, float]:
        return so_far + float(most[of_term & (most < 0)].sum()), so_far + float(most[of_term & (most > 0)].sum())

    return GainRange(ends(rates.short_so_far, ~lots.long_term), ends(rates.long_so_far, lots.long_term))


def reachable_branches(reach: GainRange) -> tuple[TaxBranch, ...]:
    """The branches that the household's sales can reach; a branch met only at its border is left to its neighbour."""
    (net_low, net_high), (long_low, long_high) = reach.net, reach.long
    branches = []
    if net_high >= 0 and long_high >= 0:
        branches.append(NET_GAIN)
    if long_low < 0 and reach.short[1] + min(long_high, 0.0) > 0:
        branches.append(LONG_LOSS)
    if net_low < 0 or not branches:  # a fixed year without a net gain lies on borders alone
        branches.append(NET_LOSS)
    return tuple(branches)
