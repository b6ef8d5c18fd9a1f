from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from advisor.errors import MarketDataError
from advisor.market.builder.covariance_fit import fit_factor_covariance

END = date(2026, 7, 13)
FACTORS = ("AAA", "BBB")


def returns(days: int = 400, seed: int = 7) -> pd.DataFrame:
    """Two factors, a stock of both, and a late comer; made up."""
    rng = np.random.default_rng(seed)
    market = rng.normal(0.0, 0.01, (days, 2)) @ np.array([[1.0, 0.5], [0.0, 0.8]])
    stock = market @ [0.7, 0.4] + rng.normal(0.0, 0.005, days)
    late = market @ [1.5, -0.2] + rng.normal(0.0, 0.02, days)
    late[: days // 2] = np.nan
    index = pd.bdate_range(end=END, periods=days)
    return pd.DataFrame({"AAA": market[:, 0], "BBB": market[:, 1], "STK": stock, "LATE": late}, index=index)


def dense(fitted) -> pd.DataFrame:
    matrix = fitted.loadings @ fitted.loadings.T + np.diag(fitted.idiosyncratic)
    return pd.DataFrame(matrix, index=fitted.symbols, columns=fitted.symbols)


def test_full_histories_keep_their_sample_variances_and_covariances_with_every_factor():
    frame = returns()
    found, sample = dense(fit_factor_covariance(frame, FACTORS, END)), frame.cov() * 252
    for symbol in ("AAA", "BBB", "STK"):
        assert found.loc[symbol, symbol] == pytest.approx(sample.loc[symbol, symbol], rel=1e-12)
        for factor in FACTORS:
            assert found.loc[symbol, factor] == pytest.approx(sample.loc[symbol, factor], rel=1e-11)


def test_factors_have_no_idiosyncratic_variance_and_the_whole_is_positive_definite():
    fitted = fit_factor_covariance(returns(), FACTORS, END)
    places = [fitted.symbols.index(factor) for factor in FACTORS]
    assert (fitted.idiosyncratic[places] == 0.0).all()
    assert np.linalg.eigvalsh(dense(fitted)).min() > 0.0


def test_a_short_history_is_completed_as_stambaugh_does():
    """Two-block maximum likelihood, from the paper's formulas: the covariance with the long block is beta V_long,

    the variance the residual one (over T-1, as here) plus beta V_long beta'; beta comes from the common days.
    """
    frame = returns()
    fitted = fit_factor_covariance(frame, FACTORS, END)
    common = frame.dropna()
    long_block = np.cov(frame[list(FACTORS)].to_numpy(), rowvar=False)
    joint = np.cov(common[["LATE", *FACTORS]].to_numpy(), rowvar=False)
    beta = np.linalg.solve(joint[1:, 1:], joint[1:, 0])
    variance = joint[0, 0] - beta @ joint[1:, 0] + beta @ long_block @ beta
    found = dense(fitted)
    assert found.loc["LATE", "LATE"] == pytest.approx(252 * variance, rel=1e-10)
    assert found.loc["LATE", list(FACTORS)].to_numpy() == pytest.approx(252 * (beta @ long_block), rel=1e-10)
    assert fitted.short_histories == {"LATE": 200}


def test_returns_before_the_window_do_not_count():
    frame = returns(days=1600)
    spoiled = frame.copy()
    spoiled.loc[:"2021-07-12"] = 0.5
    one, other = (fit_factor_covariance(data, FACTORS, END) for data in (frame, spoiled))
    assert one.start == date(2021, 7, 13)
    np.testing.assert_array_equal(one.loadings, other.loadings)


def test_a_factor_that_lacks_a_day_is_refused():
    frame = returns()
    frame.iloc[10, 0] = np.nan
    with pytest.raises(MarketDataError, match="no return on a day"):
        fit_factor_covariance(frame, FACTORS, END)


def test_factors_that_repeat_each_other_are_refused():
    frame = returns()
    frame["BBB"] = -frame["AAA"]
    with pytest.raises(MarketDataError, match="linearly dependent"):
        fit_factor_covariance(frame, FACTORS, END)
