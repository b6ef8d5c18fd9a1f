"""``advisor exposure`` as a user runs it."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from advisor.exposure.lookthrough import look_through
from advisor.exposure.overlap import overlap
from advisor.exposure.sectors import household_sectors
from advisor.market.resolve import resolve
from advisor.units import ordered
from tests.command import PORTFOLIOS, call, contents
from tests.households import random_household
from tests.samples import ANSWERED, market, sample

ONE_FUND = (
    "version: 1\nname: x\nas_of: 2026-07-13\naccounts: [{name: A, type: roth, holdings: [{symbol: IWM, shares: 10}]}]\n"
)
CASH = "version: 1\nname: x\nas_of: 2026-07-13\naccounts: [{name: A, type: roth, cash: 10}]\n"


@pytest.mark.parametrize("name", [*ANSWERED, "impossible"])
def test_the_same_figures_are_in_both_forms(name: str, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    text = call(capsys, "exposure", PORTFOLIOS / f"{name}.yaml")
    document = call(capsys, "exposure", PORTFOLIOS / f"{name}.yaml", "--json").document
    assert text.code == 0
    assert text.err == "".join(f"warning: {warned['message']}\n" for warned in document["warnings"])
    low, high = (f"{100 * document['seven'][end]:.1f}" for end in ("low", "high"))
    weight = low if low == high else f"{low}–{high}"
    assert f"Magnificent Seven: {weight}% of ${float(document['value_usd']):,.0f};" in text.out
    assert all(account["name"] in text.out for account in document["accounts"])
    assert all(fund["symbol"] in text.out for fund in document["funds"])
    funds = len(document["funds"])
    assert len(document["overlaps"]) == funds * (funds - 1) // 2
    assert contents(tmp_path) == {}


def test_an_end_that_is_not_known_is_null(tmp_path: Path, capsys) -> None:
    file = tmp_path / "one.yaml"
    file.write_text(ONE_FUND)
    low, high = call(capsys, "exposure", file, "--json").document["effective_companies"]
    assert high is None
    assert f"Effective number of companies: at least {low:.1f}." in call(capsys, "exposure", file).out


def test_a_household_of_cash_has_no_tables_of_funds(tmp_path: Path, capsys) -> None:
    file = tmp_path / "cash.yaml"
    file.write_text(CASH)
    ended = call(capsys, "exposure", file)
    assert ended.code == 0
    assert "Magnificent Seven: 0.0% of $10;" in ended.out
    assert "basis" not in ended.out
    assert call(capsys, "exposure", file, "--json").document["companies"][0]["high"] == 0


def test_quiet_leaves_the_explanation_out(capsys) -> None:
    file = PORTFOLIOS / "young-saver.yaml"
    assert "cannot rule out" in call(capsys, "exposure", file).out
    assert "cannot rule out" not in call(capsys, "exposure", file, "--quiet").out


def test_a_price_of_ones_own_is_warned_of_with_what_else_the_market_data_leave_open(tmp_path: Path, capsys) -> None:
    """The same sentences as beside the proposal, and none of its trades."""
    file = PORTFOLIOS / "tech-employee.yaml"
    arguments = (file, "--accept-price", "NVDA=210")
    text = call(capsys, "exposure", *arguments)
    assert "warning: Prices as you set them, in place of the source's: NVDA at $210.\n" in text.err
    assert "warning: The prices are of 2026-07-13, 130 days before the day of the decision" in text.err
    assert call(capsys, "exposure", *arguments, "--quiet").err == ""
    told = call(capsys, "exposure", *arguments, "--json", "--quiet").document["warnings"]
    planned = call(capsys, "rebalance", *arguments, "--json", "--quiet", "--out", tmp_path).document["warnings"]
    assert {warned["code"] for warned in told} >= {"accepted_prices", "stale_prices"}
    assert all(warned in planned for warned in told)


def funds(count: int) -> str:
    symbols = ("IWM", "IJR", "VTI", "SPY", "VOO", "QQQ", "QQQM", "VTWO", "VXUS", "MGK", "VUG")[:count]
    held = ", ".join(f"{{symbol: {symbol}, shares: 10}}" for symbol in symbols)
    return ONE_FUND.replace("{symbol: IWM, shares: 10}", held)


@pytest.mark.parametrize("count", [4, 5, 11])
def test_the_largest_overlaps_are_shown_and_the_rest_is_counted(count: int, tmp_path: Path, capsys) -> None:
    file = tmp_path / "many.yaml"
    file.write_text(funds(count))
    document = call(capsys, "exposure", file, "--json").document["overlaps"]
    assert len(document) == count * (count - 1) // 2
    text, every = (call(capsys, "exposure", file, *option, "--quiet").out for option in ((), ("--all",)))
    pairs = [" and ".join(row["funds"]) for row in document]
    assert all(f" {pair} " in every for pair in pairs)
    assert " more pairs" not in every
    lows = sorted((row["low"] for row in document), reverse=True)
    shown = [row for row, pair in zip(document, pairs, strict=True) if f" {pair} " in text]
    assert len(shown) == min(8, len(pairs))
    assert sorted((row["low"] for row in shown), reverse=True) == lows[:8]
    assert (f"and {len(pairs) - 8} more pairs: --all" in text) == (len(pairs) > 8)


@pytest.mark.parametrize("seed", range(60))
def test_no_interval_ends_below_where_it_begins(seed: int) -> None:
    """Not by one bit: the ends are sums of the same weights in another order."""
    portfolio = random_household(seed)
    data = resolve(market(), portfolio)
    seen = look_through(portfolio, data)
    ends = [
        (seen.seven.low, seen.seven.high),
        *((company.low, company.high) for company in seen.companies),
        *((fund.seven_low, fund.seven_high) for fund in seen.funds),
        *((account.seven_low, account.seven_high) for account in seen.accounts),
        seen.hhi,
        seen.effective_companies,
        *household_sectors(data, dict.fromkeys(data.securities, 0.1)).values(),
        *(overlap(data, a.symbol, b.symbol) for a, b in combinations(seen.funds, 2)),
    ]
    assert all(low <= high for low, high in ends)


def test_the_engineers_seven_end_where_they_begin() -> None:
    """Low was 0.8802932355048328 and high 0.8802932355048327."""
    portfolio = sample("tech-employee")
    seven = look_through(portfolio, resolve(market(), portfolio)).seven
    assert seven.low == seven.direct + seven.through_funds <= seven.high
    assert seven.high == pytest.approx(seven.low, abs=1e-12)


def test_an_interval_the_wrong_way_round_is_no_rounding() -> None:
    assert ordered(0.5, 0.5 - 1e-16) == (0.5, 0.5)
    assert ordered(0.2, 0.5) == (0.2, 0.5)
    with pytest.raises(ValueError, match="no interval"):
        ordered(0.5, 0.499)
