"""``advisor data compare-risk`` as a user runs it, on a folder of made-up prices."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from advisor.market import sources
from advisor.market.prices.sessions import Sessions
from tests.command import PORTFOLIOS, call
from tests.samples import market

DAY = date(2026, 7, 13)
METHODS = ("sample", "ledoit_wolf", "factor", "pairwise")
PERIODS = ("daily", "weekly", "monthly")
HOUSEHOLD = """\
version: 1
name: A household
as_of: 2026-07-13
accounts:
  - name: Roth IRA
    type: roth
    cash: 5000
    holdings: [{symbol: NVDA, shares: 300}, {symbol: SPY, shares: 200}]
limits: {magnificent_seven: {max: 40%}, small_caps: {max: 30%}}
"""


def closes() -> dict[str, np.ndarray]:
    """Six years: a market, Nvidia, and small caps of which two follow one index but for 0.05% a day."""
    rng = np.random.default_rng(26)
    count = len(sessions())
    large = rng.normal(0.0004, 0.010, count)
    small = large + rng.normal(0.0, 0.007, count)
    returns = {
        "SPY": large,
        "VTI": large + rng.normal(0.0, 0.0008, count),
        "NVDA": 1.6 * large + rng.normal(0.0, 0.02, count),
        "IWM": small,
        "VTWO": small + rng.normal(0.0, 0.0005, count),
        "IJR": small + rng.normal(0.0, 0.002, count),
    }
    paths = {symbol: np.cumprod(1.0 + r) for symbol, r in returns.items()}
    return {
        symbol: path / path[-1] * float(market().securities[symbol].close_usd) for symbol, path in sorted(paths.items())
    }


def sessions() -> list[date]:
    return [day for day in Sessions.new_york(DAY, date(2020, 7, 13)).days if day <= DAY]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return written(tmp_path / "prices", closes())


def written(path: Path, columns: dict[str, np.ndarray]) -> Path:
    path.mkdir()
    rows = [
        ",".join([day.isoformat(), *("" if np.isnan(cell) else f"{cell:.6f}" for cell in row)])
        for day, row in zip(sessions(), np.column_stack(list(columns.values())), strict=True)
    ]
    (path / "prices.csv").write_text("\n".join([",".join(["Date", *columns]), *rows]) + "\n")
    return path


def household(path: Path, more: str = "", text: str = HOUSEHOLD) -> Path:
    file = path / "file.yaml"
    file.write_text(text + more)
    return file


def test_the_tables_have_a_row_for_each_method_and_period_and_mark_the_files_own(folder, tmp_path, capsys) -> None:
    ended = call(capsys, "data", "compare-risk", household(tmp_path), "--market", folder)
    assert (ended.code, ended.err) == (0, "")
    lines = [line.split() for line in ended.out.splitlines()]
    risk, proposal = (
        [line for line in lines if line[:1] and line[0] in METHODS and ("trade" in line) is traded]
        for traded in (False, True)
    )
    expected = [[method, period] for method in METHODS for period in PERIODS]
    assert [line[:2] for line in risk if line[2] != "the"] == expected
    assert [line[:2] for line in proposal] == expected
    assert [line[:2] for line in (*risk, *proposal) if "*" in line] == [["sample", "daily"]] * 2
    assert "tracking error   beta to SPY   IWM to VTWO" in ended.out
    assert "·" not in ended.out


@pytest.mark.parametrize(
    ("choice", "more"),
    [
        (("sample", "daily", 5), ""),
        (("ledoit_wolf", "weekly", 3), "preferences: {covariance: {method: ledoit_wolf, returns: weekly, years: 3}}\n"),
        (("factor", "monthly", 6), "preferences: {covariance: {method: factor, returns: monthly, years: 6}}\n"),
    ],
)
def test_the_row_of_the_files_own_choice_is_what_rebalance_says(choice, more, folder, tmp_path, capsys) -> None:
    file = household(tmp_path, more)
    document = call(capsys, "data", "compare-risk", file, "--market", folder, "--json").document
    (own,) = [row for row in document["rows"] if row["is_own"]]
    assert tuple(own["choice"].values()) == choice
    assert {row["choice"]["years"] for row in document["rows"]} == {choice[2]}
    record = call(
        capsys, "rebalance", file, "--market", folder, "--out", tmp_path / "out", "--json", "--quiet"
    ).document
    for name in ("volatility", "tracking_error", "beta"):
        assert own[name] == pytest.approx(record["before"][name], rel=1e-9)
    proposal, after = own["proposal"], record["after"]
    assert proposal["status"] == record["status"] == "trade"
    assert proposal["volatility"] == pytest.approx(after["volatility"], rel=1e-9)
    assert proposal["small_cap_weight"] == pytest.approx(after["small_cap_weight"], rel=1e-9)
    assert proposal["magnificent_seven"][1] == pytest.approx(after["magnificent_seven"]["high"], rel=1e-9)
    traded = sum(float(trade["amount_usd"]) for trade in record["trades"])
    assert proposal["turnover"] == pytest.approx(traded / 2 / float(record["before"]["value_usd"]), rel=1e-9)


def test_the_twins_differ_by_what_their_prices_do_except_where_shrinking_makes_it_up(folder, tmp_path, capsys) -> None:
    """Daily, from the prices themselves; Ledoit and Wolf give each of the two a risk of its own."""
    document = call(capsys, "data", "compare-risk", household(tmp_path), "--market", folder, "--json").document
    found = {tuple(row["choice"].values())[:2]: row["twins_tracking_error"] for row in document["rows"]}
    paths = {
        symbol: path[-len([day for day in sessions() if day >= date(2021, 7, 13)]) :]
        for symbol, path in closes().items()
    }
    gap = np.diff(paths["IWM"]) / paths["IWM"][:-1] - np.diff(paths["VTWO"]) / paths["VTWO"][:-1]
    truth = float(np.std(gap, ddof=1) * np.sqrt(252))
    for method in ("sample", "factor", "pairwise"):
        assert found[method, "daily"] == pytest.approx(truth, rel=1e-4)
    assert found["ledoit_wolf", "daily"] > 2 * truth
    assert (document["benchmark"], document["twins"]) == ("SPY", ["IWM", "VTWO"])


def test_prices_are_read_once(folder, tmp_path, capsys, monkeypatch) -> None:
    reads = []
    whole = sources.folder_findings
    monkeypatch.setattr(sources, "folder_findings", lambda *args, **named: reads.append(1) or whole(*args, **named))
    assert call(capsys, "data", "compare-risk", household(tmp_path), "--market", folder, "--json").code == 0
    assert reads == [1]


@pytest.mark.parametrize("options", [(), ("--market", "snapshot"), ("--market", "file.json"), ("--json",)])
def test_a_snapshot_has_no_history_and_the_way_out_is_named(options, tmp_path, capsys) -> None:
    ended = call(capsys, "data", "compare-risk", household(tmp_path), *options)
    assert ended.code == 4
    assert "--market yahoo, or a folder with prices.csv" in ended.err
    assert ended.out == "" or ended.document["error"]["kind"] == "market_data"


def test_a_choice_that_cannot_be_estimated_is_a_row_with_its_reason_even_the_files_own(
    folder, tmp_path, capsys
) -> None:
    file = household(tmp_path, "preferences: {covariance: {method: sample, returns: monthly, years: 1}}\n")
    document = call(capsys, "data", "compare-risk", file, "--market", folder, "--json").document
    assert len(document["rows"]) == 12
    for row in document["rows"]:
        is_monthly = row["choice"]["returns"] == "monthly"
        assert (row["volatility"] is None) == (row["proposal"] is None) == is_monthly
        assert (row["reason"] or "").startswith("fewer than 24 monthly returns" if is_monthly else "")
    text = call(capsys, "data", "compare-risk", file, "--market", folder).out
    assert "not estimated" in text
    assert "sample monthly: fewer than 24 monthly returns between 2025-07-13 and 2026-07-13" in text


def test_limits_that_conflict_are_a_reason_and_the_risk_of_today_stands(folder, tmp_path, capsys) -> None:
    text = HOUSEHOLD.replace("small_caps: {max: 30%}", "small_caps: {min: 30%}, turnover: {max: 1%}")
    file = household(tmp_path, text=text)
    ended = call(capsys, "data", "compare-risk", file, "--market", folder, "--json")
    assert ended.code == 0
    for row in ended.document["rows"]:
        assert row["volatility"] > 0.0
        assert row["proposal"] is None
        assert "small_caps.min" in row["reason"]
    assert call(capsys, "data", "compare-risk", file, "--market", folder).out.count("no answer") == 12


def test_where_nothing_can_be_estimated_the_command_fails_with_the_reason(tmp_path, capsys) -> None:
    columns = closes()
    columns["NVDA"][:-15] = np.nan
    ended = call(capsys, "data", "compare-risk", household(tmp_path), "--market", written(tmp_path / "young", columns))
    assert (ended.code, ended.out) == (4, "")
    assert "fewer than 24 daily returns between 2021-07-13 and 2026-07-13: NVDA (14)" in ended.err


def test_without_the_twins_there_is_no_figure_for_them(folder, tmp_path, capsys) -> None:
    file = household(tmp_path, "preferences: {buy: [IJR]}\n")
    document = call(capsys, "data", "compare-risk", file, "--market", folder, "--json").document
    assert {row["twins_tracking_error"] for row in document["rows"]} == {None}


def test_few_periods_are_noted(folder, tmp_path, capsys) -> None:
    text = call(capsys, "data", "compare-risk", household(tmp_path), "--market", folder).out
    assert "sample monthly: the covariance of 6 securities is estimated from 59 monthly returns only" in text


def test_a_wrong_file_is_an_input_error(tmp_path, capsys) -> None:
    assert call(capsys, "data", "compare-risk", tmp_path / "none.yaml", "--market", tmp_path).code == 3
    assert call(capsys, "data", "compare-risk", PORTFOLIOS / "young-saver.yaml", "--market", tmp_path).code == 4
