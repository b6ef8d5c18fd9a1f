"""The builder on the real inputs, which are not part of the project."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from advisor.errors import MarketDataError
from advisor.market.builder.build import build, main
from advisor.market.snapshot import EMBEDDED, load_snapshot

INPUTS = Path(__file__).resolve().parents[1].parent / "shared"
needs_inputs = pytest.mark.skipif(
    not (INPUTS / "data" / "prices_wide.csv").is_file(),
    reason="the price panel and the issuers' files are not shipped (docs/developers/snapshot.md)",
)


@needs_inputs
def test_the_committed_snapshot_is_what_the_builder_writes_byte_for_byte(tmp_path):
    """But for a space before percent signs in its notes: its digest stands in records that have to stay readable."""
    out = tmp_path / "snapshot.json"
    paths = {
        "prices": INPUTS / "data" / "prices_wide.csv",
        "facts": INPUTS / "facts",
        "holdings": INPUTS / "data" / "holdings",
        "out": out,
    }
    main([f"--{name}={path}" for name, path in paths.items()])
    assert out.read_bytes().replace(b" %", b"%") == EMBEDDED.read_bytes().replace(b" %", b"%")


@needs_inputs
def test_portfolio_volatility_is_that_of_the_returns_themselves():
    """200 random mixes of ten full histories: the factor form is within 3% of the sample, 1% for most."""
    import pandas as pd

    market = load_snapshot()
    covariance = market.covariance
    matrix = covariance.loadings @ covariance.loadings.T + np.diag(covariance.idiosyncratic)
    prices = pd.read_csv(INPUTS / "data" / "prices_wide.csv", index_col=0).rename(columns={"BRK-B": "BRK.B"})
    returns = prices[list(covariance.symbols)].pct_change(fill_method=None).loc["2021-07-13":]
    assert len(returns) == 1255
    full = [place for place, symbol in enumerate(covariance.symbols) if symbol not in covariance.short_histories]
    rng = np.random.default_rng(0)
    errors = []
    for _ in range(200):
        chosen = rng.choice(full, 10, replace=False)
        weights = rng.dirichlet(np.ones(10))
        sample = (returns.iloc[:, chosen] @ weights).std() * 252**0.5
        errors.append(abs(np.sqrt(weights @ matrix[np.ix_(chosen, chosen)] @ weights) / sample - 1.0))
    assert max(errors) < 0.03
    assert np.quantile(errors, 0.9) < 0.01


def test_one_row_of_a_table_is_one_line_of_the_file():
    lines = EMBEDDED.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line.rstrip(",")) for line in lines if line.startswith('{"symbol"')]
    assert len(rows) == 200 * 4 + 4  # securities, covariance, scenarios, long run; four splits
    assert EMBEDDED.read_bytes().endswith(b"}\n")


def test_a_panel_with_an_unknown_symbol_names_the_table_to_extend(tmp_path):
    panel = tmp_path / "panel.csv"
    panel.write_text("Date,ZZZZ\n2026-07-10,1\n2026-07-13,1\n", encoding="utf-8")
    with pytest.raises(MarketDataError, match=r"stocks\.csv or funds\.csv for ZZZZ"):
        build(panel, tmp_path, tmp_path)


def test_a_panel_without_the_factors_names_them(tmp_path):
    panel = tmp_path / "panel.csv"
    panel.write_text("Date,SPY\n2026-07-10,1\n2026-07-13,1\n", encoding="utf-8")
    with pytest.raises(MarketDataError, match="IWM"):
        build(panel, tmp_path, tmp_path)
