"""Covariance from price history, against textbook formulas, other estimators, and what must not change it."""

from __future__ import annotations

import csv
import itertools
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from advisor.errors import MarketDataError
from advisor.market.data import FactorCovariance
from advisor.market.estimate.covariance import covariance_from_history
from advisor.market.estimate.returns import PricePanel, returns_of
from advisor.portfolio.preferences import CovarianceChoice, CovarianceMethod, ReturnPeriod
from tests.command import CHECKOUT

END = date(2026, 7, 13)
SAMPLE, LEDOIT_WOLF, FACTOR, PAIRWISE = CovarianceMethod
NESTED = (SAMPLE, LEDOIT_WOLF)
WIDE = CHECKOUT.parent / "shared" / "data" / "prices_wide.csv"
BROAD = {"AAA", "BBB", "CCC"}
MARKET = "AAA"


def returns(seed: int, count: int, periods: int, *, spread: float = 0.006) -> np.ndarray:
    """Returns of `count` securities that share a market."""
    rng = np.random.default_rng(seed)
    common = rng.normal(0.0004, 0.01, (periods, 1))
    return common * rng.uniform(0.6, 1.4, count) + rng.normal(0.0, spread, (periods, count))


def days(count: int) -> tuple[date, ...]:
    return tuple(day.date() for day in pd.bdate_range(end=END, periods=count))


def names(count: int) -> tuple[str, ...]:
    return tuple(letter * 3 for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[:count])


def panel(X: np.ndarray, symbols: tuple[str, ...] | None = None, level: float = 100.0) -> PricePanel:
    """Prices with these returns; closes are missing before the first return of a column, and where it has NaN later."""
    prices = level * np.vstack([np.ones(X.shape[1]), np.cumprod(1.0 + np.nan_to_num(X), axis=0)])
    prices[1:][np.isnan(X)] = np.nan
    for column, start in enumerate(np.argmax(np.isfinite(X), axis=0)):
        prices[:start, column] = np.nan
        prices[start, column] = level
    return PricePanel(symbols or names(X.shape[1]), days(len(prices)), prices)


def late(X: np.ndarray, **starts: int) -> np.ndarray:
    """Without the first returns of the columns named: ``late(X, CCC=300)``."""
    X = X.copy()
    for name, start in starts.items():
        X[:start, names(X.shape[1]).index(name)] = np.nan
    return X


def estimate(
    prices: PricePanel, method: CovarianceMethod = SAMPLE, period: ReturnPeriod = ReturnPeriod.DAILY, years: int = 5
) -> FactorCovariance:
    return covariance_from_history(prices, END, CovarianceChoice(method, period, years), broad=BROAD, market=MARKET)


def dense(found: FactorCovariance) -> pd.DataFrame:
    matrix = found.loadings @ found.loadings.T + np.diag(found.idiosyncratic)
    return pd.DataFrame(matrix, index=found.symbols, columns=found.symbols)


def tracking_error(found: FactorCovariance, one: str, other: str) -> float:
    matrix = dense(found)
    return float(np.sqrt(matrix.loc[one, one] + matrix.loc[other, other] - 2 * matrix.loc[one, other]))


def own_volatility(X: np.ndarray, symbol: str) -> float:
    return float(np.nanstd(X[:, names(X.shape[1]).index(symbol)], ddof=1) * np.sqrt(252))


# Full histories.


def test_full_histories_have_the_sample_covariance_a_year() -> None:
    X = returns(1, 5, 500)
    for method in (SAMPLE, PAIRWISE):
        assert dense(estimate(panel(X), method)).to_numpy() == pytest.approx(np.cov(X.T) * 252, rel=1e-10)


def test_the_factor_method_keeps_the_factors_and_all_variances_and_makes_the_residuals_independent() -> None:
    """DDD and EEE are no broad funds: their covariance is that of their fitted parts, by pandas and lstsq alone."""
    X = returns(2, 5, 500)
    found = estimate(panel(X), FACTOR)
    assert found.factors == ("AAA", "BBB", "CCC")
    sample = np.cov(X.T) * 252
    assert dense(found).to_numpy()[:, :3] == pytest.approx(sample[:, :3], rel=1e-9)
    assert np.diag(dense(found)) == pytest.approx(np.diag(sample), rel=1e-10)
    centred = X - X.mean(axis=0)
    fitted = centred[:, :3] @ np.linalg.lstsq(centred[:, :3], centred[:, 3:], rcond=None)[0]
    assert dense(found).loc["DDD", "EEE"] == pytest.approx(252 * fitted[:, 0] @ fitted[:, 1] / 499, rel=1e-9)


def test_the_market_is_a_factor_though_it_is_not_in_the_list_of_broad_funds() -> None:
    X = returns(3, 4, 300)
    found = covariance_from_history(panel(X), END, CovarianceChoice(FACTOR), broad={"BBB"}, market="DDD")
    assert found.factors == ("DDD", "BBB")


def test_ledoit_and_wolf_moves_every_entry_by_the_stated_part_of_the_way() -> None:
    X = returns(4, 4, 300)
    found = estimate(panel(X), LEDOIT_WOLF)
    sample = np.cov(X.T, ddof=0) * 252
    shrinkage = 1.0 - dense(found).iloc[0, 1] / sample[0, 1]
    assert 0.0 < shrinkage < 1.0
    target = np.eye(4) * np.trace(sample) / 4
    assert dense(found).to_numpy() == pytest.approx((1 - shrinkage) * sample + shrinkage * target, rel=1e-9)
    assert f"shrunk by {shrinkage:.3f} of the way" in found.method


@pytest.mark.parametrize("period", [ReturnPeriod.WEEKLY, ReturnPeriod.MONTHLY])
def test_longer_periods_are_those_of_pandas_on_their_own_year(period: ReturnPeriod) -> None:
    prices = panel(returns(5, 3, 1000))
    frame = pd.DataFrame(prices.prices, index=pd.DatetimeIndex(prices.days))
    rule, a_year = ("W-SUN", 52) if period is ReturnPeriod.WEEKLY else ("ME", 12)
    closes = frame.resample(rule).last().iloc[:-1]  # the 13th of July ends neither its week nor its month
    expected = closes.pct_change().iloc[1:].cov().to_numpy() * a_year
    assert dense(estimate(prices, SAMPLE, period)).to_numpy() == pytest.approx(expected, rel=1e-9)


# Short histories.


def trap(seed: int = 6) -> np.ndarray:
    """SPY, IWM and IJR in small: AAA, BBB, and CCC, which follows BBB closely, with 60 of 1,250 returns."""
    rng = np.random.default_rng(seed)
    large = rng.normal(0.0004, 0.0105, 1250)
    small = 1.1 * large + rng.normal(0.0, 0.007, 1250)
    profitable = 0.9 * small + rng.normal(0.0, 0.003, 1250)
    return np.column_stack([large, small, profitable])


@pytest.mark.parametrize("method", [SAMPLE, LEDOIT_WOLF, FACTOR])
def test_a_short_history_keeps_its_volatility_because_a_missing_return_is_not_zero(method: CovarianceMethod) -> None:
    """With zeros in the place of 1,190 missing returns it would fall to about a fifth: sqrt(60 / 1250)."""
    X = trap()
    own = own_volatility(X, "CCC")
    short = late(X, CCC=1190)
    assert np.std(np.nan_to_num(short)[:, 2], ddof=1) * np.sqrt(252) < 0.27 * own
    found = dense(estimate(panel(short), method))
    assert np.sqrt(found.loc["CCC", "CCC"]) == pytest.approx(own, rel=0.05)


def test_the_same_history_contradicts_the_others_pair_by_pair_and_is_refused() -> None:
    """60 days know the pair of the two small ones, five years the others: the three do not fit together."""
    with pytest.raises(MarketDataError, match=r"not positive semidefinite.*mostly of BBB, CCC.*; the method sample"):
        estimate(panel(late(trap(), CCC=1190)), PAIRWISE)


@pytest.mark.skipif(not WIDE.is_file(), reason="the shared price panel is not beside this checkout")
@pytest.mark.parametrize("method", CovarianceMethod)
def test_ijr_with_sixty_of_its_returns_has_a_volatility_like_its_own(method: CovarianceMethod) -> None:
    """15.5% a year in these 60 days, 21.4% in the five years; with zeros in place of the others it would be 3.4%."""
    full = real("SPY", "IWM", "IJR", "VTI")
    prices = full.prices.copy()
    prices[: len(prices) - 61, full.symbols.index("IJR")] = np.nan
    short = PricePanel(full.symbols, full.days, prices)
    found = covariance_from_history(short, END, CovarianceChoice(method), broad={"SPY", "IWM", "IJR"}, market="VTI")
    assert found.short_histories == {"IJR": 60}
    volatility = np.sqrt(dense(found).loc["IJR", "IJR"])
    if method is PAIRWISE:
        assert volatility == pytest.approx(0.1551, abs=0.0001)
    else:  # what it has in common with IWM and SPY is carried over to the five years
        assert 0.175 < volatility < 0.2136


def real(*symbols: str) -> PricePanel:
    """Five years of real closes."""
    with WIDE.open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    places = [rows[0].index(symbol) for symbol in sorted(symbols)]
    kept = [row for row in rows[1:] if row[0] >= "2021-07-13"]
    values = [[float(row[place]) if row[place] else np.nan for place in places] for row in kept]
    return PricePanel(tuple(sorted(symbols)), tuple(date.fromisoformat(row[0]) for row in kept), np.array(values))


def test_two_blocks_are_stambaughs() -> None:
    """From his formulas: beta from the common days, covariance beta V, variance residual + beta V beta'."""
    X = late(returns(7, 4, 600), DDD=350)
    V = np.cov(X[:, :3].T)
    joint = np.cov(X[350:].T)
    beta = np.linalg.solve(joint[:3, :3], joint[:3, 3])
    found = dense(estimate(panel(X))).to_numpy() / 252
    assert found[:3, :3] == pytest.approx(V, rel=1e-10)
    assert found[3, :3] == pytest.approx(beta @ V, rel=1e-9)
    assert found[3, 3] == pytest.approx(joint[3, 3] - beta @ joint[:3, 3] + beta @ V @ beta, rel=1e-9)


def maximum_likelihood(X: np.ndarray, rounds: int = 3000) -> np.ndarray:
    """Covariance of jointly normal returns with missing ones, by the EM algorithm (Dempster et al. 1977)."""
    count = X.shape[1]
    mean, S = np.nanmean(X, axis=0), np.diag(np.nanvar(X, axis=0))
    patterns: dict[tuple[bool, ...], np.ndarray] = {}
    for row in X:
        key = tuple(np.isfinite(row))
        patterns[key] = np.vstack([patterns.get(key, np.empty((0, count))), row])
    for _ in range(rounds):
        first, second = np.zeros(count), np.zeros((count, count))
        for key, rows in patterns.items():
            known = np.array(key)
            filled = rows.copy()
            spread = np.zeros((count, count))
            if not known.all():
                slopes = np.linalg.solve(S[np.ix_(known, known)], S[np.ix_(known, ~known)])
                filled[:, ~known] = mean[~known] + (rows[:, known] - mean[known]) @ slopes
                spread[np.ix_(~known, ~known)] = S[np.ix_(~known, ~known)] - S[np.ix_(~known, known)] @ slopes
            first += filled.sum(axis=0)
            second += filled.T @ filled + len(rows) * spread
        mean = first / len(X)
        S = second / len(X) - np.outer(mean, mean)
    return S


def test_several_starts_are_the_maximum_likelihood_estimate() -> None:
    """Against EM on the returns, which knows nothing of regressions in turn.

    Slopes on all longer histories are the same; each variance beyond them is over T - 1 here and over T there.
    """
    X = late(returns(8, 4, 400), CCC=150, DDD=250)
    found, expected = dense(estimate(panel(X))).to_numpy() / 252, maximum_likelihood(X)
    for place, periods in ((2, 250), (3, 150)):
        for matrix, scale in ((found, (periods - 1) / periods),):
            before = np.ix_(range(place), range(place))
            slopes = np.linalg.solve(matrix[before], matrix[:place, place])
            theirs = np.linalg.solve(expected[before], expected[:place, place])
            assert slopes == pytest.approx(theirs, abs=1e-7)
            left = matrix[place, place] - slopes @ matrix[:place, place]
            beyond = expected[place, place] - theirs @ expected[:place, place]
            assert left * scale == pytest.approx(beyond, rel=1e-6)
    assert found[:2, :2] * 399 / 400 == pytest.approx(expected[:2, :2], rel=1e-8)


@pytest.mark.parametrize("method", NESTED)
def test_two_short_histories_keep_what_they_share_beyond_the_full_ones(method: CovarianceMethod) -> None:
    """Two funds of one coin: independent but for the market they would differ by 70% a year, and differ by 3%."""
    rng = np.random.default_rng(9)
    X = returns(9, 5, 1000)
    coin = rng.normal(0.0, 0.03, 1000)
    X[:, 3], X[:, 4] = coin + rng.normal(0, 0.0015, 1000), coin + rng.normal(0, 0.0015, 1000)
    X = late(X, DDD=500, EEE=520)
    truth = float(np.nanstd(X[:, 3] - X[:, 4], ddof=1) * np.sqrt(252))
    assert tracking_error(estimate(panel(X), method), "DDD", "EEE") == pytest.approx(truth, rel=0.05)


def test_a_history_too_short_for_all_slopes_is_regressed_on_the_nearest_and_not_on_the_market_alone() -> None:
    """Among 24 full histories, one with 100 returns follows the last of them: ten slopes at most, that with them."""
    rng = np.random.default_rng(10)
    X = returns(10, 25, 1000, spread=0.01)
    X[:, 24] = X[:, 23] + rng.normal(0.0, 0.0004, 1000)
    full = float(np.std(X[:, 24] - X[:, 23], ddof=1) * np.sqrt(252))
    found = estimate(panel(late(X, YYY=900)))
    assert tracking_error(found, "YYY", "XXX") == pytest.approx(full, rel=0.25)
    assert np.sqrt(dense(found).loc["YYY", "YYY"]) == pytest.approx(own_volatility(X, "YYY"), rel=0.03)


def with_gaps(X: np.ndarray, gaps: int) -> PricePanel:
    """Without so many closes in every column but the first, each on days of its own."""
    rng = np.random.default_rng(11)
    prices = panel(X)
    for column in range(1, X.shape[1]):
        prices.prices[rng.choice(np.arange(1, len(X)), gaps, replace=False), column] = np.nan
    return prices


def test_gaps_on_different_days_do_not_empty_the_sample() -> None:
    """25 securities: without 2 of 1,000 closes each, together they have 91% of the days; without 10 each, 61%.

    At least 90% of the days stay in every regression; where that leaves securities out, their own risk and their
    beta stay, and what they share with the ones left out is lost.
    """
    X = returns(11, 25, 1000)
    expected = np.cov(X.T) * 252
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    found = dense(estimate(with_gaps(X, 2))).to_numpy()
    assert found / scale == pytest.approx(expected / scale, abs=0.03)
    prices = with_gaps(X, 10)
    assert np.isfinite(prices.prices[1:] / prices.prices[:-1]).all(axis=1).mean() < 0.62
    found = dense(estimate(prices)).to_numpy()
    assert np.diag(found) == pytest.approx(np.diag(expected), rel=0.04)
    assert found[0] / scale[0] == pytest.approx(expected[0] / scale[0], abs=0.03)


# What cannot be estimated, and what is said.


def test_a_history_that_is_too_short_is_refused_by_name_with_the_way_out() -> None:
    X = late(returns(12, 3, 300), CCC=280)
    for method in CovarianceMethod:
        with pytest.raises(MarketDataError, match=r"fewer than 24 daily returns .*: CCC \(20\); .*more years.*proxy"):
            estimate(panel(X), method)


def test_a_pair_that_shares_too_few_periods_is_refused_by_name() -> None:
    X = late(returns(13, 3, 300), CCC=250)
    X[270:, 1] = np.nan
    with pytest.raises(MarketDataError, match=r"fewer than 24 common daily returns .*: BBB and CCC \(20\)"):
        estimate(panel(X), PAIRWISE)


def test_a_market_with_gaps_or_without_a_move_is_refused() -> None:
    with pytest.raises(MarketDataError, match="AAA: its price history has gaps between 2021-07-13 and 2026-07-13"):
        estimate(panel(late(returns(14, 3, 300), AAA=50)))
    X = returns(14, 3, 300)
    X[:, 0] = 0.0
    with pytest.raises(MarketDataError, match="AAA: its price does not move"):
        estimate(panel(X))


def test_too_few_periods_for_a_sample_covariance_are_refused_and_ledoit_and_wolf_named_and_able() -> None:
    prices = panel(returns(15, 26, 500))  # 22 months
    with pytest.raises(MarketDataError, match="fewer than 24 monthly returns"):
        estimate(prices, SAMPLE, ReturnPeriod.MONTHLY)
    prices = panel(returns(15, 26, 540))
    with pytest.raises(
        MarketDataError, match=r"too few for the sample covariance of 26 .* ledoit_wolf, shorter periods"
    ):
        estimate(prices, SAMPLE, ReturnPeriod.MONTHLY)
    assert np.linalg.eigvalsh(dense(estimate(prices, LEDOIT_WOLF, ReturnPeriod.MONTHLY))).min() > 0.0


def test_few_periods_for_each_security_are_said_with_what_they_hide() -> None:
    """20 securities, 100 days: sqrt(80 / 99) = 0.90. With 200 days nothing is said."""
    (note,) = estimate(panel(returns(16, 20, 100))).notes[-1:]
    assert "20 securities is estimated from 100 daily returns only" in note
    assert "as small as 0.90 of what it is" in note
    assert not [text for text in estimate(panel(returns(16, 20, 200))).notes if "returns only" in text]


def test_what_is_said_to_be_hidden_is_what_the_least_variance_loses_on_average() -> None:
    """Kan and Smith: 20 independent securities of equal variance, 100 days; the true least variance is 1/20."""
    rng = np.random.default_rng(17)
    seen = []
    for _ in range(400):
        S = np.cov(rng.normal(0.0, 1.0, (100, 20)).T)
        seen.append(1.0 / np.linalg.inv(S).sum())
    assert np.mean(seen) * 20 == pytest.approx(80 / 99, rel=0.02)  # 400 draws: standard error 0.008


@pytest.mark.parametrize("method", CovarianceMethod)
@pytest.mark.parametrize("scale", [1.0, -0.5])
def test_two_series_that_move_as_one_are_named_and_the_estimate_stands(method: CovarianceMethod, scale: float) -> None:
    X = returns(18, 4, 300)
    X[:, 2] = scale * X[:, 1]
    found = estimate(panel(X), method)
    assert [note for note in found.notes if "BBB and CCC move as one in all 300 daily returns" in note]
    matrix = dense(found)
    assert np.linalg.eigvalsh(matrix).min() > -1e-12
    assert matrix.loc["CCC", "AAA"] == pytest.approx(scale * matrix.loc["BBB", "AAA"], rel=1e-6)
    if method is not LEDOIT_WOLF or scale > 0:
        assert matrix.loc["CCC", "CCC"] == pytest.approx(scale**2 * matrix.loc["BBB", "BBB"], rel=1e-6)


def test_near_duplicates_are_not_taken_for_one_and_keep_their_difference() -> None:
    """As SPY and VOO differ, by 1e-4 a day, and a hundred times less."""
    for size in (1e-4, 1e-6):
        X = returns(19, 4, 500)
        X[:, 2] = X[:, 1] + np.random.default_rng(19).normal(0.0, size, 500)
        found = estimate(panel(X))
        assert found.notes[1:] == ()
        truth = float(np.std(X[:, 2] - X[:, 1], ddof=1) * np.sqrt(252))
        assert tracking_error(found, "BBB", "CCC") == pytest.approx(truth, rel=1e-3)


def test_two_histories_that_share_two_days_are_not_taken_for_one() -> None:
    """Over two days any two move as one."""
    X = late(returns(27, 3, 300), CCC=150)
    X[152:, 1] = np.nan
    assert not [note for note in estimate(panel(X)).notes if "as one" in note]


def test_a_fixed_mix_of_others_is_refused_by_name() -> None:
    X = returns(20, 4, 300)
    X[:, 3] = 0.5 * X[:, 1] + 0.5 * X[:, 2]
    with pytest.raises(MarketDataError, match=r"linearly dependent: .*mix of (the )?other"):
        estimate(panel(X))
    assert np.linalg.eigvalsh(dense(estimate(panel(X), PAIRWISE))).min() > -1e-12


@pytest.mark.parametrize("method", [SAMPLE, FACTOR, PAIRWISE])
def test_a_price_that_does_not_move_has_no_risk(method: CovarianceMethod) -> None:
    X = returns(21, 4, 300)
    X[:, 1] = 0.0
    matrix = dense(estimate(panel(X), method))
    assert matrix.loc["BBB"].abs().max() < 1e-20
    assert matrix.loc["CCC", "CCC"] == pytest.approx(np.var(X[:, 2], ddof=1) * 252, rel=1e-9)


def test_weekly_prices_are_not_taken_for_daily_ones() -> None:
    X = returns(22, 3, 1300)
    prices = panel(X)
    weekly = PricePanel(prices.symbols, prices.days[4::5], prices.prices[4::5])
    with pytest.raises(MarketDataError, match="fewer than 24 daily returns"):
        estimate(weekly)
    every_other = PricePanel(prices.symbols, prices.days[::2], prices.prices[::2])
    with pytest.raises(MarketDataError, match="are not daily; choose returns: weekly or monthly"):
        estimate(every_other)
    assert estimate(weekly, SAMPLE, ReturnPeriod.WEEKLY).method.startswith("Sample covariance")


def test_an_impossible_pairwise_covariance_is_refused_with_the_way_out_and_a_near_one_repaired_with_a_note() -> None:
    """Three securities that each share only some days with each other: correlations of .9, .9 and near -.9."""
    rng = np.random.default_rng(23)
    a = rng.normal(0.0, 0.01, 900)
    noise = rng.normal(0.0, 0.002, (900, 3))
    signs = np.where(np.arange(900) < 300, 1.0, np.where(np.arange(900) < 600, 1.0, -1.0))
    X = np.column_stack([rng.normal(0.0, 0.01, 900), a, a, a * signs]) + np.column_stack([np.zeros(900), noise])
    X[:300, 3] = X[300:600, 2] = X[600:, 1] = np.nan
    with pytest.raises(
        MarketDataError, match=r"not positive semidefinite.*; the method sample cannot contradict itself"
    ):
        estimate(panel(X), PAIRWISE)
    Y = late(returns(24, 8, 900, spread=0.0004), GGG=30, HHH=60)
    found = estimate(panel(Y), PAIRWISE)
    assert any(
        "not positive semidefinite" in note and "repaired with its variances kept" in note for note in found.notes
    )
    assert np.linalg.eigvalsh(dense(found)).min() > -1e-15
    expected = pd.DataFrame(Y).var().to_numpy() * 252
    assert np.diag(dense(found)) == pytest.approx(expected, rel=1e-6)


def test_the_window_is_stated_as_it_is() -> None:
    found = estimate(panel(returns(25, 3, 300)))
    assert (found.start, found.end) == (days(301)[0], END)
    assert any("prices since 2025-05-19: there are none from 2021-07-13 on" in note for note in found.notes)
    whole = estimate(panel(returns(25, 3, 1400)))
    assert (whole.start, whole.end, whole.notes) == (date(2021, 7, 13), END, ())
    weekly = estimate(panel(returns(25, 3, 1400)), SAMPLE, ReturnPeriod.WEEKLY)
    assert weekly.end == date(2026, 7, 10)
    assert weekly.method.endswith("260 weekly simple total returns, 52 a year")


# What must not change it.


def random_panel(seed: int, count: int, periods: int) -> np.ndarray:
    """Some securities begin late, some lack single days; the first is whole."""
    rng = np.random.default_rng(seed)
    X = returns(seed, count, periods)
    for column in range(1, count):
        X[: rng.integers(0, periods - 60) * rng.integers(0, 2), column] = np.nan
    holes = rng.random(X.shape) < 0.003
    holes[:, 0] = False
    X[holes] = np.nan
    return X


def contradicts_itself(X: np.ndarray) -> bool:
    """Whether pandas' pairwise covariance is none, or of a pair with too few common periods."""
    frame = pd.DataFrame(X)
    counts = frame.notna().T.astype(int) @ frame.notna().astype(int)
    values = np.linalg.eigvalsh(pairwise_correlation(frame))
    return bool(counts.to_numpy().min() < 24 or values[0] < -1e-3 * values[-1])


def pairwise_correlation(frame: pd.DataFrame) -> np.ndarray:
    """Pairwise covariance on the scale of the securities' own volatilities."""
    S = frame.cov().to_numpy()
    return S / np.sqrt(np.outer(np.diag(S), np.diag(S)))


@given(
    seed=st.integers(0, 10**6),
    count=st.integers(2, 12),
    periods=st.integers(150, 500),
    method=st.sampled_from(CovarianceMethod),
)
@example(seed=11, count=11, periods=150, method=PAIRWISE)
@settings(max_examples=120, deadline=None)
def test_the_covariance_is_always_one_and_keeps_the_variances_of_full_histories(seed, count, periods, method) -> None:
    prices = panel(random_panel(seed, count, periods))
    X = returns_of(prices, ReturnPeriod.DAILY).returns  # a missing close is two missing returns
    if method is PAIRWISE and contradicts_itself(X):
        with pytest.raises(MarketDataError, match=r"not positive semidefinite|common daily returns"):
            estimate(prices, method)
        return
    found = estimate(prices, method)
    matrix = dense(found).to_numpy()
    assert np.isfinite(matrix).all()
    assert np.linalg.eigvalsh(matrix).min() > -1e-12 * np.trace(matrix)
    whole = np.isfinite(X).all(axis=0)
    if method in (SAMPLE, FACTOR) and len(found.short_histories) == (~whole).sum():
        assert np.diag(matrix)[whole] == pytest.approx(np.var(X[:, whole], axis=0, ddof=1) * 252, rel=1e-8)
    own = np.nanvar(X, axis=0, ddof=1) * 252
    assert (np.diag(matrix) > 0.3 * own).all()
    assert (np.diag(matrix) < 3.0 * own).all()


@given(seed=st.integers(0, 10**6), method=st.sampled_from(CovarianceMethod), order=st.permutations(range(6)))
@settings(max_examples=40, deadline=None)
def test_neither_the_unit_of_prices_nor_the_order_of_securities_matters(seed, method, order) -> None:
    X = random_panel(seed, 6, 300)
    plain = panel(X)
    units = np.exp(np.random.default_rng(seed).normal(0.0, 3.0, 6))
    other = PricePanel(tuple(plain.symbols[c] for c in order), plain.days, (plain.prices * units)[:, order])
    try:
        expected = dense(estimate(plain, method))
    except MarketDataError:
        with pytest.raises(MarketDataError):
            estimate(other, method)
        return
    found = dense(estimate(other, method)).loc[list(plain.symbols), list(plain.symbols)]
    scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
    assert found.to_numpy() / scale == pytest.approx(expected.to_numpy() / scale, abs=1e-9)


@pytest.mark.skipif(not WIDE.is_file(), reason="the shared price panel is not beside this checkout")
def test_the_published_figures_of_five_years_come_out() -> None:
    """data/README.md: correlations SPY-IWM .848, IWM-VTWO .999, IWM-IJR .973."""
    prices = real("SPY", "IWM", "VTWO", "IJR", "VTI")
    found = covariance_from_history(prices, END, CovarianceChoice(), broad=(), market="VTI")
    matrix = dense(found)
    for (one, other), expected in zip(itertools.pairwise(("SPY", "IWM", "VTWO")), (0.848, 0.999), strict=True):
        root = np.sqrt(matrix.loc[one, one] * matrix.loc[other, other])
        assert matrix.loc[one, other] / root == pytest.approx(expected, abs=0.0006)
    root = np.sqrt(matrix.loc["IWM", "IWM"] * matrix.loc["IJR", "IJR"])
    assert matrix.loc["IWM", "IJR"] / root == pytest.approx(0.973, abs=0.0006)
