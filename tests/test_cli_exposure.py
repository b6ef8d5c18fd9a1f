"""``advisor exposure`` as a user runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import PORTFOLIOS, call, contents
from tests.samples import ANSWERED

ONE_FUND = (
    "version: 1\nname: x\nas_of: 2026-07-13\naccounts: [{name: A, type: roth, holdings: [{symbol: IWM, shares: 10}]}]\n"
)
CASH = "version: 1\nname: x\nas_of: 2026-07-13\naccounts: [{name: A, type: roth, cash: 10}]\n"


@pytest.mark.parametrize("name", [*ANSWERED, "impossible"])
def test_the_same_figures_are_in_both_forms(name: str, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    text = call(capsys, "exposure", PORTFOLIOS / f"{name}.yaml")
    document = call(capsys, "exposure", PORTFOLIOS / f"{name}.yaml", "--json").document
    assert (text.code, text.err) == (0, "")
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
