"""Every variant of the policy beside doing nothing, the benchmark, and the policy without small caps."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from advisor.backtest import measures
from advisor.backtest.history import held_symbols, history_of, start_row
from advisor.backtest.model import Frequency, History, Holdings, Policy, Rules, Track
from advisor.backtest.rules import holdings_of, rules_of
from advisor.backtest.simulate import held_walk, policy_walk
from advisor.errors import InputError, Issue
from advisor.market.data import MarketData
from advisor.market.estimate.returns import PricePanel
from advisor.optimize.one_day import LARGEST, ShareLimit, TradedLimit
from advisor.portfolio.model import Portfolio
from advisor.units import TRADING_DAYS, Vector

HOLD, BENCHMARK, WITHOUT = "buy and hold", "benchmark", "without small caps"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user wants to see; every pair of frequency and band is a variant, `tried` are those tried before."""

    frequencies: tuple[Frequency, ...] = (Frequency.MONTHLY,)
    bands: tuple[float, ...] = (0.0,)
    window_years: int = 3
    delay: int = 0
    taxed: bool = True
    tried: int = 0
    start: date | None = None
    end: date | None = None

    def policies(self) -> tuple[Policy, ...]:
        """Every variant."""
        return tuple(
            Policy(frequency, band, self.window_years, self.delay, self.taxed)
            for frequency, band in itertools.product(self.frequencies, self.bands)
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one track, fractions and dollars; rates are a year. The Sharpe ratio is after tax and a year."""

    growth_before_tax: float
    growth: float  # after the tax that was paid
    growth_sold: float  # after what would be due if everything were sold at the end, too
    volatility: float
    drawdown: measures.Drawdown
    years: tuple[measures.YearReturn, ...]
    tracking_error: float
    sharpe_before_tax: float
    sharpe: float
    deflated_sharpe: float | None  # None for what is no variant of the policy
    turnover: float  # half of buys and sales, of value, a year
    final_usd: float
    tax_usd: float
    due_usd: float
    latent_usd: float
    spread_usd: float
    small_caps: float  # mean share of value


@dataclass(frozen=True, slots=True, eq=False)
class ShownTrack:
    """One row: what it is, its policy if it has one, its figures."""

    kind: str  # "policy" | HOLD | BENCHMARK | WITHOUT
    policy: Policy | None
    track: Track
    figures: Figures


@dataclass(frozen=True, slots=True, eq=False)
class Backtest:
    """The whole answer."""

    asked: Asked
    history: History
    rules: Rules
    holdings: Holdings
    benchmark: str
    rows: tuple[ShownTrack, ...]

    @property
    def start(self) -> date:
        """First day of every track."""
        return self.rows[0].track.days[0]

    @property
    def end(self) -> date:
        """Last day of every track."""
        return self.rows[0].track.days[-1]

    @property
    def limits_applied(self) -> tuple[str, ...]:
        """Labels of the limits that the policy keeps; without tax no gain is counted, nor limited."""
        limits = self.rules.limits
        return tuple(
            limit.label
            for limit in limits
            if self.asked.taxed or not (isinstance(limit, TradedLimit) and limit.what == "realized_gain")
        )

    @property
    def instead(self) -> str | None:
        """What is on offer in place of small caps in the policy without them; None where the benchmark is one."""
        return None if self.rules.small_caps[self.history.symbols.index(self.benchmark)] else self.benchmark

    @property
    def trials(self) -> int:
        """Number that the Sharpe ratios are deflated by."""
        return len(self.asked.policies()) + self.asked.tried


def backtest(
    portfolio: Portfolio, market: MarketData, panel: PricePanel, asked: Asked, step: Callable[[], None] | None = None
) -> Backtest:
    """Walk every variant and what it is compared with; `step` is called after each.

    Raises
    ------
    InputError
        A household without value, without a holding, or with more than `LARGEST` securities.
    MarketDataError
        Prices that are missing, have gaps or are too short, and a start that is too early.
    UnverifiedAnswerError
        A day on which the solver found no certain answer.
    """
    history = history_of(panel, portfolio, asked.end)
    holdings, rules = holdings_of(portfolio, market, history), rules_of(portfolio, market, history)
    if not held_symbols(portfolio) or holdings.total_usd <= 0:
        raise InputError((Issue("a backtest needs holdings: this household has none of any value"),), portfolio.name)
    if len(history.symbols) > LARGEST:
        many = f"a backtest walks at most {LARGEST} securities, and this household needs {len(history.symbols)}"
        raise InputError((Issue(many),), portfolio.name)
    needed = {*held_symbols(portfolio), portfolio.preferences.benchmark, *_benchmarks(portfolio)}
    start = start_row(history, needed, asked.window_years, asked.start)
    benchmark = portfolio.preferences.benchmark
    tracks: list[tuple[str, Policy | None, Track]] = []

    def add(kind: str, policy: Policy | None, track: Track) -> None:
        tracks.append((kind, policy, track))
        if step is not None:
            step()

    for policy in asked.policies():
        name = policy_name(policy)
        add("policy", policy, policy_walk(history, holdings, rules, policy, start, name))
    first = asked.policies()[0]
    fewer = without_small_caps(rules, history.symbols.index(benchmark))
    add(WITHOUT, first, policy_walk(history, holdings, fewer, first, start, WITHOUT))
    add(HOLD, None, held_walk(history, holdings, rules, start, HOLD, taxed=asked.taxed))
    all_in = in_one(holdings, history.symbols.index(benchmark))
    add(BENCHMARK, None, held_walk(history, all_in, rules, start, benchmark, taxed=asked.taxed))
    rows = _with_figures(tracks, history, start, len(asked.policies()) + asked.tried)
    return Backtest(asked, history, rules, holdings, benchmark, rows)


def walks(asked: Asked) -> int:
    """How often `step` of `backtest` is called."""
    return len(asked.policies()) + 3


def policy_name(policy: Policy) -> str:
    """``monthly, band 2%``."""
    band = f"{100 * policy.band:.2f}".rstrip("0").rstrip(".")
    return f"{policy.frequency}, band {band}%" if policy.band else str(policy.frequency)


def without_small_caps(rules: Rules, benchmark: int) -> Rules:
    """The same rules with the benchmark on offer in place of small-cap funds, and without the limits on these funds.

    Nothing is, where the benchmark is of small caps itself.
    """
    small = rules.small_caps
    may_buy = rules.may_buy & ~small
    may_buy[:, benchmark] |= (rules.may_buy & small).any(axis=1) & ~small[benchmark]
    kept = [
        k
        for k, limit in enumerate(rules.limits)
        if not (isinstance(limit, ShareLimit) and limit.rows[:, small].any() and not limit.rows[:, ~small].any())
    ]
    return replace(
        rules,
        limits=tuple(rules.limits[k] for k in kept),
        bounds=rules.bounds[kept],
        not_worse=rules.not_worse[kept],
        may_buy=may_buy,
    )


def in_one(holdings: Holdings, column: int) -> Holdings:
    """The same accounts with all their money, cash included, in one security."""
    value = np.zeros_like(holdings.value_usd)
    value[:, column] = holdings.value_usd.sum(axis=1) + holdings.cash_usd
    return replace(holdings, value_usd=value, cash_usd=np.zeros_like(holdings.cash_usd))


def _benchmarks(portfolio: Portfolio) -> set[str]:
    return {limit.benchmark for limit in portfolio.limits if limit.benchmark}


def _with_figures(
    tracks: Sequence[tuple[str, Policy | None, Track]], history: History, start: int, trials: int
) -> tuple[ShownTrack, ...]:
    cash = measures.returns_of_values(history.cash_growth[start:])
    market = measures.returns_of_values(next(track for kind, _, track in tracks if kind == BENCHMARK).values_usd)
    ratios = [
        measures.sharpe_ratio(measures.returns_of_values(track.values_usd), cash)
        for kind, _, track in tracks
        if kind == "policy"
    ]
    variance = trial_variance(ratios, len(cash))
    return tuple(
        ShownTrack(
            kind, policy, track, figures_of(track, cash, market, (trials, variance) if kind == "policy" else None)
        )
        for kind, policy, track in tracks
    )


def trial_variance(ratios: Sequence[float], periods: int) -> float:
    """Variance of daily Sharpe ratios among the trials: of those seen, or that of one without skill, if larger.

    Variants of one policy move together and say little of what else was tried.
    """
    seen = float(np.var(ratios, ddof=1)) if len(ratios) > 1 else 0.0
    return max(seen, 1.0 / (periods - 1))


def figures_of(track: Track, cash: Vector, market: Vector, trials: tuple[int, float] | None) -> Figures:
    """Figures of a track; `cash` and `market` are daily returns; `trials` their number and variance, if deflated.

    cash, market: shape (T - 1,).
    """
    values, days = track.values_usd, track.days
    untaxed = measures.before_tax(values, track.taxes_usd)
    returns, gross = measures.returns_of_values(values), measures.returns_of_values(untaxed)
    sold = values.copy()
    sold[-1] -= track.due_usd + track.latent_usd
    years = (days[-1] - days[0]).days / measures.DAYS_A_YEAR
    a_year = np.sqrt(TRADING_DAYS)
    return Figures(
        growth_before_tax=measures.growth_rate(untaxed, days),
        growth=measures.growth_rate(values, days),
        growth_sold=measures.growth_rate(sold, days),
        volatility=measures.realized_volatility(gross),
        drawdown=measures.largest_drawdown(untaxed, days),
        years=measures.year_returns(values, days),
        tracking_error=measures.realized_volatility(gross - market),
        sharpe_before_tax=float(measures.sharpe_ratio(gross, cash) * a_year),
        sharpe=float(measures.sharpe_ratio(returns, cash) * a_year),
        deflated_sharpe=measures.deflated_sharpe_ratio(returns, cash, *trials) if trials else None,
        turnover=float((track.traded_usd / values).sum() / 2 / years),
        final_usd=float(values[-1]),
        tax_usd=float(track.taxes_usd.sum()),
        due_usd=track.due_usd,
        latent_usd=track.latent_usd,
        spread_usd=float(track.spread_usd.sum()),
        small_caps=float(track.small_cap_weights.mean()),
    )


def exceeded(track: Track) -> Mapping[str, tuple[int, float]]:
    """Limits that could not be met on some days: on how many, and the most by which."""
    found: dict[str, tuple[int, float]] = {}
    for decision in track.decisions:
        for label, excess in decision.excess.items():
            count, most = found.get(label, (0, 0.0))
            found[label] = (count + 1, max(most, excess))
    return found
