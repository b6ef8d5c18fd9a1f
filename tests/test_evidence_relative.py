"""Small companies against large ones over all years: planted paths, the cut at a day, and the published figures."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from advisor.evidence.relative import relative_history
from advisor.evidence.results import dated_results
from tests.evidence_data import DATA, monthly_panel, needs_data


def planted():
    known = relative_history(
        monthly_panel(date(2003, 1, 6), date(2004, 6, 15), {(2003, 2): 0.02, (2004, 6): -0.5}), "SPY", ("IWM",)
    )
    assert known is not None
    return known


def test_a_path_runs_over_month_ends_to_the_last_day() -> None:
    known = planted()
    assert (known.first, known.ends[0], known.ends[1]) == (date(2003, 1, 6), date(2003, 1, 31), date(2003, 2, 28))
    assert known.ends[-2:] == (date(2004, 5, 31), date(2004, 6, 15))
    (path,) = known.paths
    assert path.relative_returns[:3] == pytest.approx([0.0, 0.02, 0.0], abs=1e-15)
    assert path.ratios[-2:] == pytest.approx([1.02, 0.51])
    assert path.total_return == pytest.approx(-0.49)


def test_a_day_knows_no_later_step() -> None:
    ends, ratios = planted().until(date(2004, 6, 14))
    assert ends[0] == date(2003, 1, 6)
    assert ends[-1] == date(2004, 5, 31)
    assert ratios["IWM"][0] == 1.0
    assert ratios["IWM"][-1] == pytest.approx(1.02)
    assert len(ends) == len(ratios["IWM"])
    assert planted().until(date(2002, 1, 1))[0] == (date(2003, 1, 6),)


def test_less_than_a_year_is_no_history() -> None:
    assert relative_history(monthly_panel(date(2003, 1, 6), date(2003, 11, 15), {}), "SPY", ("IWM",)) is None


def test_the_whole_history_is_as_published_beside_this_program() -> None:
    """To half a point: since 2000-05 IJR +1,155%, SPY +764%; IJR ahead in 11 of 25 whole years, IWM in 12."""
    known, years = dated_results().relative, dated_results().years
    assert known is not None
    assert years is not None
    assert known.first == date(2000, 5, 26)
    assert {path.symbol: round(100 * path.total_return) for path in known.paths} == {"IWM": 801, "IJR": 1155}
    assert round(100 * known.large_return) == 764
    for path in known.paths:
        assert path.ratios[-1] == pytest.approx((1 + path.total_return) / (1 + known.large_return), rel=1e-6)
    won = {symbol: years.won(symbol, "SPY", after=0, until=2025) for symbol in ("IWM", "IJR")}
    assert {symbol: (sum(by_year.values()), len(by_year)) for symbol, by_year in won.items()} == {
        "IWM": (12, 25), "IJR": (11, 25),
    }  # fmt: skip


@needs_data
def test_every_step_is_that_of_the_closes() -> None:
    """pandas, to 1e-8: the ratio of closes at each end over that at the first day."""
    panel = pd.read_csv(DATA / "prices_wide.csv", parse_dates=["Date"], index_col="Date")[
        ["IWM", "IJR", "SPY"]
    ].dropna()
    months = panel.groupby(panel.index.to_period("M")).tail(1)
    known = dated_results().relative
    assert known is not None
    assert [day.date() for day in months.index] == list(known.ends)
    for path in known.paths:
        ratio = panel[path.symbol] / panel["SPY"]
        true = ratio.loc[months.index] / ratio.iloc[0]
        assert np.array(path.ratios) == pytest.approx(true.to_numpy(), rel=1e-7)
