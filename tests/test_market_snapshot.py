"""The embedded snapshot: published figures it must give back, and files that must be refused."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from advisor.errors import MarketDataError
from advisor.market.snapshot import EMBEDDED, load_snapshot
from advisor.portfolio.model import MAGNIFICENT_SEVEN

MARKET = load_snapshot()


def dense() -> tuple[np.ndarray, dict[str, int]]:
    covariance = MARKET.covariance
    matrix = covariance.loadings @ covariance.loadings.T + np.diag(covariance.idiosyncratic)
    return matrix, {symbol: place for place, symbol in enumerate(covariance.symbols)}


def correlation(first: str, second: str) -> float:
    matrix, place = dense()
    one, other = place[first], place[second]
    return matrix[one, other] / np.sqrt(matrix[one, one] * matrix[other, other])


def test_it_says_what_it_is():
    assert (MARKET.id, MARKET.source, MARKET.as_of) == ("snapshot-2026-07-13", "snapshot", date(2026, 7, 13))
    assert MARKET.sha256 == hashlib.sha256(EMBEDDED.read_bytes()).hexdigest()


def test_all_200_securities_close_on_its_day():
    assert len(MARKET.securities) == 200
    assert {security.close_date for security in MARKET.securities.values()} == {MARKET.as_of}
    assert MARKET.securities["SPY"].close_usd == Decimal("749.17")


def test_the_seven_are_eight_tickers():
    owners = {symbol: security.company for symbol, security in MARKET.securities.items()}
    tickers = {symbol for symbol, company in owners.items() if company in MAGNIFICENT_SEVEN}
    assert tickers == {"AAPL", "MSFT", "GOOGL", "GOOG", "AMZN", "NVDA", "META", "TSLA"}
    assert owners["GOOG"] == owners["GOOGL"] == "Alphabet"


def test_every_fund_has_constituents_and_every_interval_is_in_order():
    funds = {symbol for symbol, security in MARKET.securities.items() if security.is_fund}
    assert set(MARKET.constituents) == funds
    for fund in MARKET.constituents.values():
        low, high = fund.magnificent_seven
        assert low <= high <= fund.gross or fund.gross == 0.0
        assert high <= sum(fund.companies[company][1] for company in MAGNIFICENT_SEVEN) + 1e-9
        assert low >= sum(fund.companies[company][0] for company in MAGNIFICENT_SEVEN) - 1e-9
        assert sum(interval[0] for interval in fund.companies.values()) <= max(fund.gross, 0.0) + 1e-9


@pytest.mark.parametrize(
    ("fund", "percent", "futures"),
    [("IVV", 32.50, 0.1166), ("SPY", 32.83, 0.0), ("QQQ", 44.49, 0.0), ("IWM", 0.0, 0.0), ("IJR", 0.0, 0.0)],
)
def test_full_files_give_the_published_weight_of_the_seven(fund, percent, futures):
    """Sums of the issuers' files, to the hundredth of a point.

    IVV has futures on the S&P 500 beside them, $980,412,125 of its value; those of IWM and IJR are on the
    Russell 2000, which holds none of the seven.
    """
    low, high = MARKET.constituents[fund].magnificent_seven
    assert low == pytest.approx(percent / 100, abs=0.00005)
    assert high - low == pytest.approx(futures / 100, abs=0.000001)
    assert MARKET.constituents[fund].basis == "full file"


@pytest.mark.parametrize(
    ("fund", "low", "high"),
    [
        ("VOO", 32.32, 32.32),
        ("QQQM", 40.30, 40.30),
        ("VTI", 28.34, 28.34),
        ("VUG", 56.87, 56.87),
        ("MGK", 58.10, 58.10),
        ("RSP", 0.0, 1.82),
        ("XLK", 39.14, 40.11),
    ],
)
def test_ten_largest_lists_give_the_known_intervals(fund, low, high):
    """Weights of 2026-05-03 as tabulated by hand; XLK is open by its media sector alone (0.96%)."""
    found = MARKET.constituents[fund].magnificent_seven
    assert found == pytest.approx((low / 100, high / 100), abs=0.00011)


@pytest.mark.parametrize("fund", ["IWM", "VTWO", "IJR", "SPSM", "VXUS", "IJH", "XLE", "BND", "SGOV", "GLD", "VB"])
def test_small_foreign_and_bond_funds_hold_none_of_the_seven(fund):
    assert MARKET.constituents[fund].magnificent_seven == (0.0, 0.0)


def test_funds_of_one_index_say_whose_list_they_use():
    for fund, proxy in {"VTWO": "IWM", "SPYM": "IVV", "FXAIX": "IVV", "VFIAX": "VOO", "VIOO": "IJR"}.items():
        own, other = MARKET.constituents[fund], MARKET.constituents[proxy]
        assert (own.proxy, own.companies) == (proxy, other.companies)
        assert MARKET.securities[fund].index == MARKET.securities[proxy].index


def test_a_geared_fund_counts_three_times_and_the_seven_fund_is_nothing_else():
    triple, single = MARKET.constituents["TQQQ"], MARKET.constituents["QQQ"]
    assert triple.magnificent_seven == pytest.approx([3 * weight for weight in single.magnificent_seven], rel=1e-8)
    assert triple.note
    assert MARKET.constituents["MAGS"].magnificent_seven == (1.0, 1.0)
    assert MARKET.constituents["MAGS"].companies["Tesla"] == (0.1, 0.2)


def test_a_second_source_that_disagrees_is_named():
    assert "40.41 %" in (MARKET.constituents["QQQ"].note or "")


def test_risk_of_the_small_cap_funds_is_the_published_one():
    """Five years to 2026-07-13: correlations .848, .999, .973; condition number 3,683 (to half a unit)."""
    assert correlation("SPY", "IWM") == pytest.approx(0.848, abs=0.0005)
    assert correlation("IWM", "VTWO") == pytest.approx(0.999, abs=0.0005)
    assert correlation("IWM", "IJR") == pytest.approx(0.973, abs=0.0005)
    matrix, place = dense()
    three = [place[symbol] for symbol in ("IWM", "VTWO", "IJR")]
    assert np.linalg.cond(matrix[np.ix_(three, three)]) == pytest.approx(3683, abs=0.5)


def test_the_covariance_is_positive_definite_and_factors_have_no_residual():
    matrix, place = dense()
    assert np.linalg.eigvalsh(matrix).min() > 1e-6
    factors = [place[factor] for factor in MARKET.covariance.factors]
    assert (MARKET.covariance.idiosyncratic[factors] == 0.0).all()
    assert dict(MARKET.covariance.short_histories) == {"DFSV": 1097, "JEPQ": 1049, "MAGS": 815}


@pytest.mark.parametrize(
    ("symbol", "volatility", "drawdown"), [("SPY", 19.14, -55.2), ("IWM", 23.89, -58.6), ("IJR", 23.04, -58.2)]
)
def test_long_run_risk_is_the_published_one(symbol, volatility, drawdown):
    figures = MARKET.long_run[symbol]
    assert 100 * figures["volatility"] == pytest.approx(volatility, abs=0.005)
    assert 100 * figures["max_drawdown"] == pytest.approx(drawdown, abs=0.05)
    assert MARKET.long_run_start == date(2000, 5, 26)


def test_episodes_are_dated_and_cover_every_symbol():
    episodes = {episode.name: episode for episode in MARKET.episodes}
    spans = {name: (str(episode.start), str(episode.end)) for name, episode in episodes.items()}
    assert spans["financial_crisis"] == ("2007-10-09", "2009-03-09")
    assert spans["covid_2020"] == ("2020-02-19", "2020-03-23")
    assert spans["tariffs_2025"] == ("2025-02-19", "2025-04-08")
    assert sum(name.startswith("small_cap_winter") for name in spans) == 3
    for episode in MARKET.episodes:
        assert set(episode.returns) == set(MARKET.securities)
    assert episodes["financial_crisis"].returns["SPY"] == pytest.approx(-0.552, abs=0.0005)
    assert episodes["financial_crisis"].stand_ins["VTWO"] == "IWM"
    assert episodes["financial_crisis"].returns["VTWO"] == episodes["financial_crisis"].returns["IWM"]


def monthly(symbol: str) -> dict[str, float]:
    """Returns of a symbol by month, as 2020-03."""
    scenarios = MARKET.past_months
    column = scenarios.returns[:, scenarios.symbols.index(symbol)]
    return {f"{month:%Y-%m}": float(value) for month, value in zip(scenarios.months, column, strict=True)}


def test_scenarios_are_the_ten_years_of_months_to_the_last_full_one():
    months = MARKET.past_months.months
    assert len(months) == 120
    assert (months[0], months[-1]) == (date(2016, 7, 29), date(2026, 6, 30))
    following = [12 * month.year + month.month for month in months]
    assert following == list(range(following[0], following[0] + 120))
    assert set(MARKET.past_months.symbols) == set(MARKET.securities)
    assert "2016-06-30 to those of 2026-06-30" in MARKET.past_months.source


@pytest.mark.parametrize(("symbol", "percent"), [("SPY", 17.72), ("IWM", 12.66), ("IJR", 5.89)])
def test_the_months_of_2025_compound_to_its_published_return(symbol, percent):
    """Twelve roundings by half a basis point, grown by less than a fifth: 0.07 points at most."""
    values = [value for month, value in monthly(symbol).items() if month.startswith("2025")]
    assert len(values) == 12
    assert 100 * (np.prod([1 + value for value in values]) - 1) == pytest.approx(percent, abs=0.07)


def test_a_month_before_a_security_existed_is_that_of_the_stand_in_that_the_episodes_use():
    assert dict(MARKET.past_months.stand_ins) == {
        "AVUV": "39 months as IJS", "DFSV": "29 months as AVUV, 39 months as IJS", "FZROX": "26 months as VTI",
        "GLDM": "24 months as GLD", "JEPI": "47 months as USMV", "JEPQ": "71 months as QQQ",
        "MAGS": "82 months as QQQ", "PLTR": "51 months as XLK", "QQQM": "52 months as QQQ",
        "SGOV": "48 months as BIL", "UBER": "35 months as XLI", "XLC": "24 months as IGV",
    }  # fmt: skip
    for month in list(monthly("MAGS"))[:82]:
        assert monthly("MAGS")[month] == monthly("QQQ")[month]
    assert monthly("MAGS")["2024-01"] != monthly("QQQ")["2024-01"]
    episodes = {episode.name: episode for episode in MARKET.episodes}
    assert episodes["covid_2020"].stand_ins["MAGS"] == "QQQ"


def test_no_fault_of_the_panel_is_a_scenario():
    """Danaher's +61% of 2016-07-05 is out; the months left above 60 or below -40% each grew over many sessions."""
    assert abs(monthly("DHR")["2016-07"]) < 0.10
    extremes = {
        (symbol, month)
        for symbol in MARKET.securities
        for month, value in monthly(symbol).items()
        if value > 0.60 or value < -0.40
    }
    assert extremes == {
        ("PLTR", "2020-11"), ("PLTR", "2023-05"), ("PLTR", "2024-11"), ("TSLA", "2020-08"), ("AMD", "2026-04"),
        ("INTC", "2026-04"), ("MU", "2026-05"), ("AMAT", "2026-06"), ("AMD", "2018-10"), ("BA", "2020-03"),
        ("NFLX", "2022-04"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "points"),
    [("SPY", "VOO", 0.3), ("SPY", "FXAIX", 0.4), ("IWM", "VTWO", 0.6), ("IJR", "VIOO", 0.4), ("VTI", "VTSAX", 0.5)],
)
def test_funds_of_one_index_return_the_same_each_month(one, other, points):
    """Within the premium that an exchange-traded fund had over its assets at a month's end."""
    gaps = [abs(monthly(one)[month] - monthly(other)[month]) for month in monthly(one)]
    assert 100 * max(gaps) < points
    assert 100 * np.mean(gaps) < 0.1


def test_fees_are_dated_fractions_and_never_zero_for_want_of_a_source():
    assert MARKET.securities["VTWO"].expense_ratio.value == pytest.approx(0.0007)
    assert MARKET.securities["VTWO"].expense_ratio.as_of == date(2025, 12, 1)
    assert MARKET.securities["QQQ"].expense_ratio.value == pytest.approx(0.0018)
    assert MARKET.securities["SPYM"].expense_ratio is None
    assert MARKET.risk_free.value == pytest.approx(0.0399)
    fees = [security.expense_ratio for security in MARKET.securities.values() if security.expense_ratio]
    assert all(0.0 < fee.value < 0.01 and fee.source for fee in fees)


def test_nothing_in_it_can_be_changed():
    with pytest.raises(TypeError):
        MARKET.securities["NEW"] = None
    with pytest.raises(ValueError, match="read-only"):
        MARKET.covariance.loadings[0, 0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        MARKET.past_months.returns[0, 0] = 1.0
    with pytest.raises(TypeError):
        MARKET.past_months.stand_ins["SPY"] = "none"


def spoiled(folder, change):
    document = json.loads(EMBEDDED.read_text(encoding="utf-8"))
    change(document)
    path = folder / "own.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.pop("risk_free"),
        lambda document: document.update(schema="advisor.snapshot/9"),
        lambda document: document["risk_free"].update(value=float("nan")),
        lambda document: document["covariance_rows"][0].update(idiosyncratic=float("inf")),
        lambda document: document["covariance_rows"][0].update(idiosyncratic=-1.0),
        lambda document: document["covariance_rows"][0].update(loadings=["x"]),
        lambda document: document["covariance_rows"].pop(),
        lambda document: document["securities"][0].update(close_usd="0"),
        lambda document: document["securities"][0].update(close_usd="NaN"),
        lambda document: document["securities"][0].update(close_usd="ten"),
        lambda document: document["securities"][0].update(close_usd="1e30"),
        lambda document: document["securities"][0].update(close_usd="1e999999999"),
        lambda document: document["securities"][0].update(close_usd=317.31),
        lambda document: document["securities"][0].update(is_fund="false"),
        lambda document: document["securities"][0].update(name=["x"]),
        lambda document: document["securities"][0].update(name="evil\u001b[31m"),
        lambda document: document["securities"][0].update(name="evil\u202e"),
        lambda document: document["securities"][0].update(symbol="../../x"),
        lambda document: document["securities"][0]["half_spread"].update(value=9.0),
        lambda document: document["securities"][4].update(expense_ratio={"value": 5, "as_of": None, "source": "x"}),
        lambda document: document["constituents"][0].update(magnificent_seven=[0.0, 0.0]),
        lambda document: document["constituents"][0].update(magnificent_seven=[0.0, 1.0]),
        lambda document: document["securities"][0].update(company=None),
        lambda document: document["securities"].append(document["securities"][0]),
        lambda document: document["constituents"][0].update(magnificent_seven=[0.3, 0.2]),
        lambda document: document["constituents"][0].update(coverage=True),
        lambda document: document["episodes"][0]["returns"].pop("SPY"),
        lambda document: document.pop("scenarios"),
        lambda document: document["scenario_rows"].pop(),
        lambda document: document["scenario_rows"][0]["basis_points"].pop(),
        lambda document: document["scenario_rows"][0]["basis_points"].__setitem__(0, 1.5),
        lambda document: document["scenario_rows"][0]["basis_points"].__setitem__(0, "1"),
        lambda document: document["scenario_rows"][0]["basis_points"].__setitem__(0, None),
        lambda document: document["scenario_rows"][0]["basis_points"].__setitem__(0, -10_001),
        lambda document: document["scenario_rows"][0].update(symbol="SPY"),
        lambda document: document["scenarios"]["months"].reverse(),
        lambda document: document.update(as_of="13 July"),
        lambda document: document.update(securities=None),
    ],
)
def test_a_file_that_cannot_be_right_is_refused_by_name(tmp_path, change):
    with pytest.raises(MarketDataError, match=r"own\.json: not a sound snapshot"):
        load_snapshot(spoiled(tmp_path, change))


@pytest.mark.parametrize(("row", "fault"), [({"idiosyncratic": -1e-9}, "negative"), ({"loadings": [1e999]}, "finite")])
def test_a_covariance_row_that_cannot_be_right_is_named(tmp_path, row, fault):
    own = spoiled(tmp_path, lambda document: document["covariance_rows"][7].update(row))
    own.write_text(own.read_text(encoding="utf-8").replace("Infinity", "1e999"), encoding="utf-8")
    with pytest.raises(
        MarketDataError, match=f"own.json: not a sound snapshot file: {MARKET.covariance.symbols[7]}: .*{fault}"
    ):
        load_snapshot(own)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b'{"a": 1e999}', b"[" * 100_000])
def test_a_file_that_is_no_snapshot_is_refused_by_name(tmp_path, content):
    path = tmp_path / "own.json"
    path.write_bytes(content)
    with pytest.raises(MarketDataError, match=r"own\.json"):
        load_snapshot(path)


def test_a_number_too_large_for_a_float_is_refused(tmp_path):
    text = EMBEDDED.read_text(encoding="utf-8").replace('"value": 0.0399', '"value": 1e999', 1)
    path = tmp_path / "own.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MarketDataError, match="finite"):
        load_snapshot(path)


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path):
    with pytest.raises(MarketDataError, match=r"gone\.json"):
        load_snapshot(tmp_path / "gone.json")


def test_a_file_of_the_users_is_named_as_the_source(tmp_path):
    path = spoiled(tmp_path, lambda document: document.update(id="mine"))
    found = load_snapshot(path)
    assert (found.source, found.id) == ("own.json", "mine")


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "own.json")
    with pytest.raises(MarketDataError, match=r"own\.json: the market data cannot be read: not a regular file"):
        load_snapshot(tmp_path / "own.json")
