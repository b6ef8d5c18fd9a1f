from __future__ import annotations

from decimal import Decimal

import pytest

from advisor.errors import MarketDataError
from advisor.market.builder.panel import load_panel, long_run


def panel(folder, text: str):
    path = folder / "panel.csv"
    path.write_text(text, encoding="utf-8")
    return load_panel(path)


def test_last_closes_are_cents_and_share_classes_have_one_spelling(tmp_path):
    found = panel(tmp_path, "Date,BRK-B,BLK\n2026-07-10,500.1,\n2026-07-13,501,1031.5601\n")
    assert found.last_close == {"BRK.B": Decimal("501.00"), "BLK": Decimal("1031.56")}
    assert found.as_of.isoformat() == "2026-07-13"


def test_volatility_drawdown_and_years_by_hand(tmp_path):
    """100, 110, 99: returns +10% and -10%, sample deviation sqrt(0.02), a year sqrt(252) times that."""
    found = panel(tmp_path, "Date,AAA\n2026-07-09,100\n2026-07-10,110\n2026-07-13,99\n")
    figures = long_run(found)["AAA"]
    assert figures["volatility"] == pytest.approx(0.02**0.5 * 252**0.5, rel=1e-12)
    assert figures["max_drawdown"] == pytest.approx(-0.10, abs=1e-12)
    assert figures["years"] == pytest.approx(4 / 365.25, rel=1e-12)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("2026-07-10,100\n2026-07-13,\n", "gap"),
        ("2026-07-09,100\n2026-07-10,\n2026-07-13,100\n", "gap"),
        ("2026-07-10,100\n2026-07-13,-1\n", "not positive"),
        ("2026-07-10,100\n2026-07-13,x\n", "neither a price"),
        ("2026-07-13,100\n2026-07-10,100\n", "out of order"),
        ("2026-07-13,100\n2026-07-13,100\n", "out of order"),
        ("2026-07-10,100\n2026-07-13,145\n", "large_moves.csv"),
    ],
)
def test_a_panel_that_cannot_be_right_is_refused(tmp_path, rows, message):
    with pytest.raises(MarketDataError, match=message):
        panel(tmp_path, "Date,AAA\n" + rows)


def test_a_known_bad_print_leaves_a_flat_day_and_a_real_jump_stays(tmp_path):
    text = "Date,DHR,AMD\n2016-04-21,50,10\n2016-04-22,50,15\n2016-07-01,50,15\n2016-07-05,80,15\n2016-07-06,81.6,15\n"
    found = panel(tmp_path, text)
    assert found.returns["DHR"].to_list()[1:] == pytest.approx([0.0, 0.0, 0.0, 0.02], abs=1e-12)
    assert found.returns["AMD"].to_list()[1:] == pytest.approx([0.5, 0.0, 0.0, 0.0], abs=1e-12)
