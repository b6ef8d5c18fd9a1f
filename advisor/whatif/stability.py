"""How far the answer hangs on history: the best one again, with risk estimated from months drawn anew.

1. The scenario months are drawn in blocks with replacement, as many as there are; their sample covariance takes the
   place of the one in force, and everything that follows from it is worked out anew: betas, implied returns, views,
   implied risk aversion, limits on risk. Limits on past months keep the months as they were.
2. The funds are chosen as for the proposal, and doing nothing is an answer as it is there (`decision`), so that a
   change of fund is one that the program makes.
3. The share in small caps, and in each index, has a band over the draws; what is bought is counted. Of fewer than
   `LEAST_FOR_BAND` draws there is no band but their range. A share that a limit or a default bound holds where it is,
   is called pinned.

Months that follow one another stay together, because large moves come in runs. Expected returns are not drawn: their
error is far larger, and is the business of views and of the other equity premia beside.

Source: Kuensch (1989), "The Jackknife and the Bootstrap for General Stationary Observations", for blocks; Politis and
Romano (1992), "A Circular Block-Resampling Procedure", for the wrapping that gives each month the same chance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from advisor.errors import MarketDataError
from advisor.market.assemble import broad_funds
from advisor.market.data import MARKET, FactorCovariance, MarketData
from advisor.market.estimate.covariance import covariance_from_history
from advisor.market.estimate.returns import PricePanel
from advisor.optimize.default_bounds import SMALL
from advisor.optimize.inputs import Indices
from advisor.optimize.problem import AllocationProblem
from advisor.optimize.reach import tightest
from advisor.portfolio.limit_types import MeasuredOn
from advisor.portfolio.model import Limit, LimitMode, Portfolio
from advisor.portfolio.preferences import CovarianceChoice, CovarianceMethod, ReturnPeriod
from advisor.rebalance.candidates import SurveyedHousehold, problem_of, problem_under
from advisor.rebalance.plan import question_of, survey, universe
from advisor.risk.past_months import month_returns, sample_of_months
from advisor.units import Matrix
from advisor.whatif.curves import with_movable
from advisor.whatif.decision import Decision, decision_of
from advisor.whatif.model import Band, Method, Stability

DRAWS, FEW_DRAWS = 60, 20
BLOCK_MONTHS = 6
LEAST_MONTHS = 60
A_YEAR = 12
SEED = 20260713  # any; fixed, so that the same file gives the same report
QUANTILES, RANGE = (0.05, 0.5, 0.95), (0.0, 0.5, 1.0)
LEAST_FOR_BAND = 60  # answers: with fewer, not even three lie beyond each end, and a band is next to the range
PINNED = 0.9  # part of the draws
AT, NO_ROOM = 1e-4, 0.005  # of the household: a share at its bound, and shares that are next to one
LEAST, MOST = "small_caps.min", "small_caps.max"
METHODS = {
    CovarianceMethod.SAMPLE: "sample covariance",
    CovarianceMethod.LEDOIT_WOLF: "shrunk covariance (Ledoit and Wolf)",
    CovarianceMethod.FACTOR: "broad funds as factors",
}


def stability(
    portfolio: Portfolio, market: MarketData, draws: int | None = None, in_orders: float | None = None
) -> Stability | None:
    """The answer over `draws` of history, and over methods of estimation; `in_orders` is the proposal's own share.

    Without a number of draws there are `DRAWS`, and `FEW_DRAWS` where a limit makes each of them costly.
    None where it cannot be told: fewer than `LEAST_MONTHS` scenario months, a security of the household without them,
    or no answer at all, as assumed or in any draw.
    """
    symbols, months = universe(portfolio), market.past_months.months
    if len(months) < LEAST_MONTHS or not set(symbols) <= set(market.past_months.symbols):
        return None
    if draws is None:
        draws = FEW_DRAWS if any(map(_is_costly, portfolio.limits)) else DRAWS
    household, problem = question_of(portfolio, market)
    proposed = decision_of(household, problem)
    returns = month_returns(market, symbols)
    drawn = [
        _under(problem, portfolio, replace(market, covariance=drawn_covariance(symbols, months, returns, rows)))
        for rows in drawn_months(len(months), draws)
    ]
    answers = [answer for answer in drawn if answer is not None]
    if proposed is None or not answers:
        return None
    is_range = len(answers) < LEAST_FOR_BAND
    shares = [answer.small_caps for answer in answers]
    return Stability(
        draws=draws,
        unmet=draws - len(answers),
        block_months=BLOCK_MONTHS,
        start=months[0],
        end=months[-1],
        proposed=proposed.small_caps,
        small_caps=_band(shares, is_range=is_range),
        indexes=tuple(_by_index(market, answers, is_range=is_range)),
        menus=tuple(Counter(answer.bought for answer in answers).most_common()),
        methods=tuple(_methods(problem, portfolio, market, returns)),
        is_range=is_range,
        pinned_by=_pinned_by(household, problem, shares) if any(one.bought for one in answers) else "",
        in_orders=in_orders,
    )


def _is_costly(limit: Limit) -> bool:
    """Whether a draw takes 0.05 to 0.15 s with the limit: its rows move with the risk model, or are one for a month."""
    return limit.type.has_benchmark or limit.type.measured_on is MeasuredOn.MONTHS


def _pinned_by(household: SurveyedHousehold, problem: AllocationProblem, shares: list[float]) -> str:
    """What holds the share where it is: its own bound in nearly every draw, or no room within all limits together."""
    for compiled in problem.formulation.limits:
        is_own = compiled.limit.name == "small_caps" and compiled.limit.mode is not LimitMode.SOFT
        if is_own and _stands_at(compiled.bound, shares):
            return compiled.limit.label
    for default in household.defaults:
        if default.name == SMALL and _stands_at(default.bound, shares):
            return default.label
    low, high = min(shares), max(shares)
    if high - low > NO_ROOM:
        return ""
    free = problem_of(survey(with_movable(household.portfolio, MOST, LEAST), household.market))
    most, least = (bound if bound is not None else end for bound, end in zip(_reach(free), (high, low), strict=True))
    return "limits" if _stands_at(most, shares) or _stands_at(least, shares) else ""


def _reach(free: AllocationProblem) -> tuple[float | None, ...]:
    """The greatest and the least share in small caps within all other limits."""
    least, most = tightest(free, MOST, LEAST)  # a cap is tightest at the least share that can be had
    return most, least


def _stands_at(bound: float, shares: list[float]) -> bool:
    return sum(abs(share - bound) <= AT for share in shares) >= PINNED * len(shares)


def drawn_months(count: int, draws: int) -> Iterator[Indices]:
    """Rows of the months of each draw, shape (count,): blocks of successive months, the last followed by the first."""
    rng = np.random.default_rng(SEED)
    blocks = -(-count // BLOCK_MONTHS)
    for _ in range(draws):
        starts = rng.integers(0, count, blocks)
        yield ((starts[:, np.newaxis] + np.arange(BLOCK_MONTHS)) % count).ravel()[:count]


def drawn_covariance(
    symbols: tuple[str, ...], months: tuple[date, ...], returns: Matrix, rows: Indices
) -> FactorCovariance:
    """Sample covariance, a year, of the months `rows` of `returns` (T, n), each drawn month a factor."""
    draws = tuple(f"draw {number}" for number in range(len(rows)))
    method = f"sample covariance of {len(rows)} months drawn in blocks of {BLOCK_MONTHS}, a year"
    return sample_of_months(symbols, returns[rows], draws, method, (months[0], months[-1]))


def _under(problem: AllocationProblem, portfolio: Portfolio, market: MarketData) -> Decision | None:
    household = survey(portfolio, market)
    return decision_of(household, problem_under(household, problem))


def _band(values: list[float], *, is_range: bool) -> Band:
    low, middle, high = (float(value) for value in np.quantile(values, RANGE if is_range else QUANTILES))
    return Band(low, middle, high)


def _by_index(
    market: MarketData, answers: list[Decision], *, is_range: bool
) -> Iterator[tuple[str, tuple[str, ...], Band]]:
    """Bands of the small-cap funds held or on offer, by their index."""
    funds: dict[str, list[str]] = {}
    for symbol in answers[0].shares:
        funds.setdefault(market.identity(symbol), []).append(symbol)
    for index, symbols in sorted(funds.items()):
        shares = [sum(answer.shares[symbol] for symbol in symbols) for answer in answers]
        yield index, tuple(symbols), _band(shares, is_range=is_range)


def _methods(problem: AllocationProblem, portfolio: Portfolio, market: MarketData, returns: Matrix) -> Iterator[Method]:
    """The answer with risk from all months, estimated in each way that they allow."""
    panel = _panel(problem.inputs.symbols, market.past_months.months, returns)
    years = len(returns) // A_YEAR
    for method, words in METHODS.items():
        choice = CovarianceChoice(method, ReturnPeriod.MONTHLY, years)
        try:
            covariance = covariance_from_history(panel, panel.days[-1], choice, broad=broad_funds(), market=MARKET)
        except MarketDataError:  # too few months for so many securities
            continue
        answer = _under(problem, portfolio, replace(market, covariance=covariance))
        share, bought = (None, ()) if answer is None else (answer.small_caps, answer.bought)
        yield Method(f"{words}, {years} years of months", share, bought)


def _panel(symbols: tuple[str, ...], months: tuple[date, ...], returns: Matrix) -> PricePanel:
    """Month-end prices that have these returns; the month before the first begins at 1."""
    before = months[0].replace(day=1) - timedelta(days=1)
    prices = np.vstack([np.ones(len(symbols)), np.cumprod(1.0 + returns, axis=0)])
    return PricePanel(symbols, (before, *months), prices)
